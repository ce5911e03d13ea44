r"""Slopes of a person's own functions: \phi'(r) behind \phi(t) = ..., said by them or not, in displays or in sentences."""

from __future__ import annotations

import pytest

import symbackprop as sb

NETWORK = """
A: data[m, n]
b: data[m]
x: parameter[n]
lam: data & positive
f = sum({}) + lam*sum(x**2)/2"""
GRADIENT, HESSIAN = (
    r"\nabla f(x) = A^\top\phi'(Ax - b) + \lambda x",
    r"\nabla^2 f(x) = A^\top\mathrm{diag}(\phi''(Ax - b))A + \lambda I",
)
FUNCTIONS = [  # in the network, on paper, its slope and the slope of that
    ("sqrt((A@x - b)**2 + 1)", r"\sqrt{t^2 + 1}", r"\frac{t}{\sqrt{t^2 + 1}}", r"(t^2 + 1)^{-3/2}"),
    ("log(1 + exp(A@x - b))", r"\log(1 + e^t)", r"\frac{1}{1 + e^{-t}}", r"\frac{e^{-t}}{(1 + e^{-t})^2}"),
    ("(A@x - b)**4/4", r"\frac14 t^4", "t^3", "3t^2"),
    ("log(cosh(A@x - b))", r"\log\cosh t", r"\tanh t", r"1 - \tanh^2(t)"),
    ("arctan(A@x - b)", r"\arctan(t)", r"\frac{1}{1 + t^2}", r"-\frac{2t}{(1 + t^2)^2}"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("own", "function", "slope", "second"), FUNCTIONS)
def test_a_slope_follows_from_the_function_that_a_step_defines(own: str, function: str, slope: str, second: str) -> None:
    """\\phi' was a letter that stood nowhere, and \\phi(t) = ... no name."""
    network = NETWORK.format(own).strip()
    for claims in ([GRADIENT], [HESSIAN], [rf"\phi'(t) = {slope}", GRADIENT, HESSIAN], [rf"\phi''(t) = {second}", HESSIAN]):
        assert sb.verify(network, "\n".join([rf"\phi(t) = {function}", *claims])).ok
    sentence = (
        rf"Let $\phi(t) = {function}$, so $\phi^\prime(t) = {slope}$. Then $$\nabla f(x) = A^\top\phi^\prime(Ax - b) + \lambda x$$"
    )
    assert [one.right for one in sb.verify(network, sentence).claims] == [False, True, True]


@pytest.mark.slow
@pytest.mark.parametrize(("own", "function", "slope", "second"), FUNCTIONS)
def test_a_wrong_slope_is_the_one_mistake(own: str, function: str, slope: str, second: str) -> None:
    network, begun = NETWORK.format(own).strip(), rf"\phi(t) = {function}"
    kinds = [one.kind for one in sb.verify(network, f"{begun}\n\\phi'(t) = 3({slope})\n{GRADIENT}").claims]
    assert kinds[1:] == ["wrong", "wrong, carried forward"]
    kinds = [one.kind for one in sb.verify(network, f"{begun}\n\\phi''(t) = -({second})\n{HESSIAN}").claims]
    assert kinds[1:] == ["up to convention", "wrong, carried forward"]
    assert not sb.verify(network, f"{begun}\n{GRADIENT.replace('A^', '3A^')}").ok


def test_a_function_that_nothing_uses_is_undecided() -> None:
    """It was told to be no derivative and no name."""
    network = NETWORK.format("(A@x - b)**4/4").strip()
    found = sb.verify(network, f"\\psi(t) = t^4\n\\phi(t) = t^4/4\n{GRADIENT}")
    assert [one.kind for one in found.claims] == ["undecided", "abbreviation", "right, identity"]


VALUE = r"\nabla f(x) = A^\top\frac{Ax - b}{\sqrt{(Ax - b)^2 + 1}} + \lambda x"
SLOPES = [
    (r"\phi(t) = \sqrt{t^2 + 1}", r"\phi'(u) = \frac{u}{{}\sqrt{u^2 + 1}}"),
    (r"\phi(\lambda) = \sqrt{\lambda^2 + 1}", r"\phi'(\lambda) = \frac{\lambda}{{}\sqrt{\lambda^2 + 1}}"),
    (r"\phi(e) = \sqrt{e^2 + 1}", r"\phi'(e) = \frac{e}{{}\sqrt{e^2 + 1}}"),
    (r"\phi(t) = \sqrt{t^2 + 1}", r"\phi'(t) = \frac{1}{2{}}(t^2 + 1)^{-1/2}\cdot 2t = \frac{t}{\sqrt{t^2 + 1}}"),
    ("\\psi(t) = t^2 + 1\n\\phi(t) = \\sqrt{\\psi(t)}", r"\phi'(t) = \frac{\psi'(t)}{{}2\sqrt{\psi(t)}}"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("function", "slope"), SLOPES)
def test_a_slope_is_judged_in_any_letter_by_every_side(function: str, slope: str) -> None:
    """A wrong one in another letter, or by a function of a function, was told to be a name."""
    network = NETWORK.format("sqrt((A@x - b)**2 + 1)").strip()
    assert sb.verify(network, "\n".join([function, slope.replace("{}", ""), VALUE])).ok
    assert sb.verify(network, "\n".join([function, slope.replace("{}", "3"), VALUE])).claims[-2].wrong


BESIDE = "A: data[m, n]\nb: data[m]\nx: parameter[n]\nt: data & positive\nf = sum(sqrt((A@x - b)**2 + t))"


@pytest.mark.parametrize("said", ["", "\\phi'(u) = \\frac{u}{\\sqrt{u^2 + t}}\n"])
def test_a_letter_of_ours_is_none_of_the_networks(said: str) -> None:
    """t beside u became one letter, by which the slope was taken."""
    claims = f"\\phi(u) = \\sqrt{{u^2 + t}}\n{said}\\nabla f(x) = A^\\top\\phi'(Ax - b)"
    assert sb.verify(BESIDE, claims).ok
    assert not sb.verify(BESIDE, claims.replace(r"\nabla f(x) = ", r"\nabla f(x) = 2")).ok


@pytest.mark.parametrize("slope", ["3t =", "(3t", "= t", r"\frac{t}", "", r"t \\ t"])
def test_a_slope_that_is_not_read_is_no_traceback(slope: str) -> None:
    network = NETWORK.format("(A@x - b)**4/4").strip()
    assert not sb.verify(network, f"\\phi(t) = t^4\n\\phi'(t) = {slope}\n{GRADIENT}").ok


def test_a_function_made_of_the_loss_is_not_judged() -> None:
    r"""\phi(t) = f(x - t g) was f times x - t g, and its slope wrong."""
    net = "Q: data[d, d] & spd\nx: parameter[d]\nc: data[d]\nf = 0.5*(x @ Q @ x) - c @ x"
    found = sb.verify(net, r"Let $g = Qx - c$ and $\phi(\alpha) = f(x - \alpha g)$. Then $\phi'(0) = -g^\top g$.")
    assert [one.kind for one in found.claims][-1] == "undecided"


SIGMOID = "u: parameter[d]\nv: parameter[d]\nz: data[d]\nL = -log(sigmoid(u @ v)) + sum(z)"
FORMULAS = {
    r"\frac{d}{dt}\log\sigma(t)": (r"1 - \sigma(t)", r"1 + \sigma(t)"),
    r"\frac{d \tanh x}{dx}": (r"1 - \tanh^2 x", r"1 - \tanh x"),
    r"\frac{d}{dx} e^{-x^2}": (r"-2x e^{-x^2}", r"-x e^{-x^2}"),
    r"\frac{\partial}{\partial t} \ln(1+e^t)": (r"\frac{1}{1+e^{-t}} = \sigma(t)", r"\frac{1}{1+e^{t}}"),
    r"\frac{d\sigma(s)}{ds}": (r"\sigma(s)(1-\sigma(s))", r"\sigma(s)(1+\sigma(s))"),
    r"\frac{d}{dz}\tanh(z)": (r"1 - \tanh^2(z)", r"1 + \tanh^2(z)"),  # of each entry, where the network has a vector z
}


@pytest.mark.parametrize("left", FORMULAS)
def test_the_derivative_of_a_formula_in_a_letter_of_its_own_is_judged(left: str) -> None:
    """It was not understood, and with it nothing was right as a whole."""
    right, wrong = FORMULAS[left]
    assert sb.verify(SIGMOID, rf"We use ${left} = {right}$.").ok
    assert sb.verify(SIGMOID, rf"We use ${left} = {wrong}$.").claims[0].wrong
