r"""Formulas that a sentence says to be a derivative of the loss: "the gradient is $$2X^\top(Xw - y)$$"."""

from __future__ import annotations

import re

import pytest

import symbackprop as sb
from symbackprop.judge.texts.announced import with_announced

NET = "X: data[n, d]\ny: data[n]\nw: parameter[d]\nL = sum((X@w - y)**2)"
TWO = "X: data[n, d]\ny: data[n]\nw: parameter[d]\nb: parameter\nr = X@w + b - y\nL = sum(r**2)"
RIGHT = r"2X^\top(Xw - y)"
SAID = [
    "The gradient is {}", "Then the gradient is given by: {}", "the gradient of the loss with respect to $w$ is {}",
    "Gradient of $L$: {}", "The derivative w.r.t. $w$ is then {}", "so that the score function becomes {}",
    "The gradient of the cost function by $w$ reads {}", "The gradient equals {} with respect to $w$.",
]  # fmt: skip
SURE = re.compile(r"of the|of \$L|\$w")  # a sentence that says neither of what nor by what may be about something else
SET = ["${}$", "$${}$$", "$g = {}$", "$$g = {}$$", r"\[g(w) = {}\]", r"\({}\)"]


@pytest.mark.slow
@pytest.mark.parametrize("said", SAID)
@pytest.mark.parametrize("formula", SET)
def test_a_formula_is_judged_as_what_a_sentence_says_it_is(said: str, formula: str) -> None:
    r"""$g = 3X^\top r$ was a name that nothing uses, and a formula without an equals sign was no claim."""
    text = said.replace("{}", formula)
    found = sb.verify(NET, text.replace("{}", RIGHT))
    assert found.ok
    assert found.claims[0].what == "dL/dw"
    other = sb.verify(NET, text.replace("{}", RIGHT.replace("2", "3"))).claims[0]
    assert other.wrong if SURE.search(said) else other.kind == "undecided"


@pytest.mark.slow
def test_second_derivatives_and_several_parameters() -> None:
    assert sb.verify(NET, r"The Hessian is $$H = 2X^\top X.$$").ok
    assert sb.verify(NET, r"The Hessian of $L$ is $3X^\top X$.").claims[0].wrong
    both = r"The gradient with respect to $w$ is $2X^\top r$, and the gradient with respect to $b$ is $2 \cdot 1^\top r$."
    assert sb.verify(TWO, both).ok
    assert [one.wrong for one in sb.verify(TWO, both.replace(r"2 \cdot 1", r"3 \cdot 1")).claims] == [False, True]
    rows = r"The gradient is $$\begin{pmatrix} 4x \\ 2y \end{pmatrix}$$"
    net = "x: parameter\ny: parameter\nf = 2*x**2 + y**2"
    assert sb.verify(net, rows).ok
    assert not sb.verify(net, rows.replace("4x", "3x")).ok


@pytest.mark.parametrize(
    "sentence",
    [
        "The gradient of the penalty is $2w$.",
        "Its derivative is $2r$.",
        "The derivative of the square is $2r$.",
        "At the minimum the gradient is $0$.",
        "If the gradient is $3w$, we stop.",
        "The gradient is not $3w$.",
        "The local derivative is $2r$.",
        r"By gradient descent is meant $w - \eta g$.",
        "The gradient of $f$ is $3w$.",
        "The Jacobian of $r$ is $X$.",
        "the sub-gradient is $3w$.",
        "When the data are centred, the gradient is $3w$.",
        "For a single sample the gradient is $2(x_i^\\top w - y_i)x_i$.",
        "In the first case the gradient is $3w$.",
        "For the first term, the gradient is $3w$.",
        "The inverse Hessian is $3I$.",
        "The trace of the Hessian is $3n$.",
        "A bound for the Hessian is $3nI$.",
        "The gradient is $L$-Lipschitz.",
        "The Hessian is $d \\times d$.",
        "The stochastic gradient is $3(x_i^\\top w - y_i)x_i$.",
        "The score is $w^\\top x_i$.",
        "The gradient of the error $e = Xw - y$ is $X$.",
        "The gradient of the function $g(w) = Xw$ is $X$.",
        "The gradient is $X^\\top$ times the residual.",
        "The Hessian is $\\succeq 0$.",
        "Near the minimum, the gradient is $3w$.",
    ],
)
def test_what_is_said_of_something_else_is_no_claim(sentence: str) -> None:
    right = rf"$$\nabla_w L = {RIGHT}$$"
    for text in (f"{right} {sentence}", f"{sentence} {right}"):
        assert [one.what for one in sb.verify(NET, text).claims] == ["dL/dw"]
        assert sb.verify(NET, text).ok


def test_by_the_sentence_before_another_function_may_be_meant() -> None:
    net = "x: data\nt: data\nw: parameter\nz = w*x\na = tanh(z)\nL = (a - t)**2/2"
    text = r"We use the tanh activation. The derivative is $1 - \tanh^2(z)$. $$\frac{dL}{dw} = (a - t)(1 - a^2)x$$"
    assert [one.kind for one in sb.verify(net, text).claims] == ["undecided", "right, identity"]


@pytest.mark.parametrize(
    "said", ["the second derivative with respect to $y$ is ${}$", "the partial derivative with respect to $y$ is ${}$"]
)
def test_partial_and_second_derivatives_by_name(said: str) -> None:
    net, right = "x: parameter\ny: parameter\nf = x**3 - 3*x*y + y**3", "6y" if "second" in said else "3y^2 - 3x"
    assert sb.verify(net, f"Then {said}".replace("{}", right)).ok
    assert sb.verify(net, f"Then {said}".replace("{}", f"2({right})")).claims[0].wrong


@pytest.mark.slow
def test_at_a_point_a_formula_is_judged_there() -> None:
    said = r"At $w = 0$ the gradient is $-2X^\top y$."
    for text in (said, f"$$\\nabla_w L = {RIGHT}$$ {said}"):
        assert sb.verify(NET, text).ok
        assert not sb.verify(NET, text.replace("-2X", "-3X")).ok


def test_of_several_parameters_a_sentence_says_which() -> None:
    with pytest.raises(sb.SymbackpropError, match="there is no claim"):
        sb.verify(TWO, r"The gradient is $2X^\top r$.")
    assert sb.verify(TWO, r"The gradient is $2X^\top r$ for $w$.").ok


def test_a_long_text_is_read() -> None:
    """In time that grows with it: a pattern that looks for words in every order takes years."""
    assert with_announced("the gradient of the loss is then thus therefore simply now " * 500 + "$$x^2$$ and $y$ " * 500)


FORM = "A: data[n, n]\nb: data[n]\nx: parameter[n]\nf = x @ A @ x/2 - b @ x"


@pytest.mark.slow
@pytest.mark.parametrize(
    "said", ["If $A$ is symmetric, then {}", "For symmetric $A$, {}", "Since $A$ is a symmetric matrix, {}", r"$$A = A^\top$$ {}"]
)
@pytest.mark.parametrize(
    "claim", [r"the gradient is $Ax - b$.", r"$$\nabla f = Ax - b.$$", r"$$\nabla f = 0 \Rightarrow x^* = A^{-1}b$$"]
)
def test_a_matrix_is_symmetric_where_a_sentence_says_so(said: str, claim: str) -> None:
    """What holds of symmetric matrices alone was wrong."""
    found = sb.verify(FORM, said.replace("{}", claim))
    assert found.ok
    assert "of symmetric A" in str(found.claims[-1].remarks[-1])
    assert not sb.verify(FORM, said.replace("{}", claim.replace("b", "2b"))).ok
    assert not sb.verify(FORM, claim).ok
    for other in ("The Hessian $H$ is symmetric. ", "For non-symmetric $A$: ", "We do not assume that $A$ is symmetric. "):
        assert not sb.verify(FORM, other + claim).ok


@pytest.mark.slow
def test_a_condition_may_stand_before_what_is_announced() -> None:
    net = "x: data[d]\ny: data\nw: parameter[d]\nL = maximum(0, 1 - y*(w@x))**2"
    text = r"If $y w^\top x < 1$ the gradient is $$-2y(1 - y w^\top x)x$$ and otherwise it is zero."
    assert sb.verify(net, text).ok
    assert not sb.verify(net, text.replace("-2y", "-y")).ok
    assert not sb.verify(net, text.replace("< 1", "> 1")).ok


@pytest.mark.slow
def test_mathematics_as_it_is_typed_is_no_code() -> None:
    """Python takes X^T (p - y) and sum_i (p_i - y_i) for calls."""
    net = "X: data[n, d]\ny: data[n] & binary\nw: parameter[d]\nb: parameter\np = sigmoid(X@w + b)\nL = -mean(y*log(p) + (1-y)*log(1-p))"
    for text in ("dL/dw = X^T (p - y)/n\ndL/db = sum_i (p_i - y_i)/n", "∂L/∂w = Xᵀ(p − y)/n\n∂L/∂b = (1/n) Σᵢ (pᵢ − yᵢ)"):
        assert sb.verify(net, text).ok
        assert not sb.verify(net, text.replace("p_i -", "p_i +").replace("pᵢ −", "pᵢ +")).ok


KINK = "x: data[d]\nt: data\nw: parameter[d]\nb: parameter\nz = w@x + b\na = relu(z)\nL = (a - t)**2/2"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("net", "text", "wrong"),
    [
        (NET, r"손실의 $w$에 대한 기울기는 $2X^\top(Xw - y)$이다.", ("2X", "3X")),
        (NET, r"기울기는 다음과 같다. $$g = 2X^\top(Xw - y)$$", ("2X", "3X")),
        (NET, r"$L$의 헤시안은 $2X^\top X$이다.", ("2X", "3X")),
        (FORM, r"$A$가 대칭이면 기울기는 $Ax - b$이고 $x^* = A^{-1}b$이다.", ("Ax", "2Ax")),
        (
            KINK,
            r"$z > 0$이면 $$\frac{\partial L}{\partial z} = a - t$$ 그렇지 않으면 $$\frac{\partial L}{\partial z} = 0$$",
            ("= 0", "= t"),
        ),
        (KINK, r"$z > 0$일 때, $$\frac{\partial L}{\partial w} = (a - t)x$$", ("> 0", "< 0")),
        ("x: parameter\nf = x**2*exp(-x)", r"도함수는 $$f' = x(2-x)e^{-x}$$ 이고, 임계점은 $x = 0, 2$이다.", ("0, 2", "0, 3")),
    ],
)
def test_sentences_in_korean(net: str, text: str, wrong: tuple[str, str]) -> None:
    assert sb.verify(net, text).ok
    assert not sb.verify(net, text.replace(*wrong)).ok


def test_what_a_sentence_in_korean_denies() -> None:
    assert len(sb.verify(NET, r"기울기는 $3X^\top y$가 아니다. $$\nabla_w L = 2X^\top(Xw - y)$$").claims) == 1


ANY = "A: data[n, n]\nb: data[n]\nx: parameter[n]\nf = x @ A @ x - b @ x"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "is_right"),
    [
        (r"The gradient is $\nabla f = 2Ax - b$. If $A$ is symmetric, we have $\nabla^2 f = 2A$.", False),
        (r"$$\nabla f = 2Ax - b.$$ When $A$ is symmetric, $$\nabla^2 f = 2A.$$", False),
        (r"The gradient is $\nabla f = (A + A^\top)x - b$. If $A$ is symmetric, $\nabla f = 2Ax - b$.", True),
        (r"$$\nabla f = (A+A^\top)x - b.$$ For symmetric $A$, this is $$\nabla f = 2Ax - b$$", True),
        (r"$\nabla f = 2Ax - b$ since $A$ is symmetric.", True),
        (r"$\nabla f = 2Ax - b$ if $A$ is symmetric.", True),
    ],
)
def test_if_a_matrix_is_symmetric_is_said_of_what_follows(text: str, is_right: bool) -> None:
    """What stood before it was right as well, of symmetric matrices."""
    found = sb.verify(ANY, text)
    assert found.claims[0].right == is_right
    assert found.claims[-1].right
