"""Lines that a lecturer would write shorter: names looked through, sums turned upright, gradients that are multiples of others."""

from itertools import product

import pytest
import sympy as sp

import symbackprop as sb
from symbackprop.algebra.box import Search
from symbackprop.core.functions import Where

PAIR = "a: parameter[d]\nb: parameter[d]\ny: binary[()]\nm: data[()]\nD = sqrt(sum((a - b)**2))\nL = y*D**2/2 + (1 - y)*relu(m - D)**2/2"
TRANSE = (
    "h: parameter[d]\nr: parameter[d]\nt: parameter[d]\nn: data[d]\nm: data[()]\nL = relu(m + norm(h + r - t) - norm(h + r - n))"
)
APPNP = (
    "X: data[n, f]\nW: parameter[f, c]\nA: data[n, n] & symmetric\nY: labels[n, c]\na: data[()]\nH = X @ W\n"
    "Z1 = (1 - a)*A @ H + a*H\nZ2 = (1 - a)*A @ Z1 + a*H\nP = softmax(Z2)\nL = -sum(Y*log(P))"
)
ENTROPY = "{}\nL = -{}(y*log(a) + (1 - y)*log(1 - a))"


@pytest.mark.slow
def test_what_is_tried_is_few() -> None:
    """Normalisation of the channels of a convolution has sums over many letters, which come out one after the other in many ways."""
    network = (
        "X: data[N, C, H, W]\nK: parameter[O, C, 1, 1]\ngamma: parameter[O]\nbeta: parameter[O]\n"
        "L = sum(tanh(instance_norm(conv2d(X, K), gamma, beta))**2)"
    )
    search = Search(sb.derive(network).program, {}, each=False)
    search.box()
    assert 0 < search.lines.factoriser.visits < 200


@pytest.mark.slow
def test_no_sum_is_shortened_entry_by_entry_that_has_too_many_terms_for_a_line() -> None:
    network = (
        "X: data[N, C, H, W]\nK: parameter[O, C, 2, 1]\ngamma: parameter[O]\nbeta: parameter[O]\n"
        "L = sum(tanh(batch_norm(conv2d(X, K), gamma, beta))**2)"
    )
    search = Search(sb.derive(network).program, {}, each=False)
    search.box()
    assert search.lines.entries.visits < 100 < search.lines.factoriser.visits


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "s: parameter[d]\ng: data[d]\nq = s @ s\nv = sqrt(q)/(1 + q)*s\nL = g @ v",
            r"\frac{1}{1 + q} \left[\frac{L \left(1 - q\right)}{q}\,s + \sqrt{q} g\right]",
        ),
        (
            "W: parameter[h, d]\nx: data[d]\nl: data[()]\na = sigmoid(W @ x)\nD = a*(1 - a)\ns = sum(W**2, axis=1)\nL = l/2*sum(D**2*s)",
            r"l\,\operatorname{diag}\left(D^{\odot 2}\right) \left(\left[s\odot \left(1 - 2 a\right)\right] x^{\top} + W\right)",
        ),
        (
            "X: data[n, f]\nw: parameter[f]\nZ: data[m, f]\nL = mean((X@w - 1)**2)/2 + mean((Z@w)**2)/2",
            r"X^{\top} \left(X w - 1\right)",
        ),
        ("x: parameter[n]\nB: data[n, n]\nA = B + B.T\nL = sum((outer(x, x) - A)**2)", r"4 \left(x x^{\top} - A\right) x"),
        (PAIR, r"y D - \operatorname{ReLU}\left(m - D\right) \left(1 - y\right)"),
        (PAIR, r"\frac{\partial L}{\partial b} = -\frac{\partial L}{\partial a}"),
        (
            "z: parameter[n]\ng: data[n]\na = sigmoid(z)\nL = g @ (a*(1 - a))**2",
            r"2 g\odot a^{\odot 2}\odot \left(1 - a\right)^{\odot 2}\odot \left(1 - 2 a\right)",
        ),
        (APPNP, r"\left(1 - a\right) A \delta_{Z_{1}} + a \left(\delta_{Z_{1}} + \delta_{Z_{2}}\right)"),
        (TRANSE, r"= -\frac{\mathbf{1}[L > 0]}{\left\lVert h + r - t\right\rVert} \left(h + r - t\right)"),
        (TRANSE, r"\frac{\partial L}{\partial r} = \frac{\partial L}{\partial h}"),
        ("x: parameter[n]\nL = sum(x + x**3/3)", r"= 1 + x^{\odot 2}"),
        (ENTROPY.format("a: parameter[n]\ny: data[n]", "mean"), r"\frac{a - y}{n a\odot \left(1 - a\right)}"),
        (ENTROPY.format("a: parameter\ny: data", ""), r"\frac{a - y}{a \left(1 - a\right)}"),
        (ENTROPY.format("a: parameter[n, m]\ny: data[n, m]", "sum"), r"\frac{a - y}{a\odot \left(1 - a\right)}"),
        ("a: parameter[n]\ny: data[n]\nb: data[n]\nL = sum((a - y*log(a))/b)", r"\frac{a - y}{a\odot b}"),
        ("a: parameter[n]\nq: data[n]\np: data[n]\nb: data[n]\nL = sum((p*a - q*log(a))/b)", r"\frac{p - \frac{q}{a}}{b}"),
        ("a: parameter\nk: data\nm: data\nL = -k*log(a) - (m - k)*log(1 - a)", r"\frac{a m - k}{a \left(1 - a\right)}"),
        (
            "a: parameter[n]\nb: data[n]\nL = sum(log(a/(1 + a)**2)*b)",
            r"\frac{b\odot \left(1 - a\right)}{a\odot \left(1 + a\right)}",
        ),
        ("a: parameter[n]\ny: data[n]\nL = mean(a - y*log(a))", r"\frac{1}{n} \left(1 - \frac{y}{a}\right)"),
        ("x: parameter[n]\nL = sum(sqrt(x**2 + 1/100))", r"\sqrt{x^{\odot 2} + 0.01}"),
    ],
)
def test_what_a_lecturer_writes_shorter(text: str, line: str) -> None:
    box = sb.derive(text).box()
    assert not box.missing
    assert any(line in shown.latex() for shown in box.lines), [shown.latex() for shown in box.lines]


@pytest.mark.parametrize("text", [PAIR, TRANSE, APPNP])
def test_no_line_reads_a_gradient_by_the_square_of_a_norm(text: str) -> None:
    shown = "\n".join(line.latex() for line in sb.derive(text).box().lines)
    assert r"2 \left\lVert" not in shown


@pytest.mark.parametrize("relation", [sp.Gt, sp.Ge, sp.Lt, sp.Le, sp.Eq, sp.Ne])
def test_a_comparison_of_cases_of_numbers_asks_what_the_cases_ask(relation: type) -> None:
    i, j, x, y = sp.symbols("i j x y")
    for first, second, number in product((-1, 0, 1, 2), repeat=3):
        for turned in (False, True):
            sides = (Where(j > i, first, second), sp.Integer(number))
            found = Where(relation(*(sides[::-1] if turned else sides)), x, y)
            for at in ({i: 0, j: 1}, {i: 1, j: 0}):
                value = first if at[j] > at[i] else second
                holds = relation(*((number, value) if turned else (value, number)))
                assert found.subs(at) == (x if holds else y)


def test_a_mask_of_ones_that_is_compared_is_a_triangle() -> None:
    (line,) = sb.derive("x: parameter[n]\nA: data[n, n]\nL = sum(where(triu(ones((n, n)), 1) > 0, A*outer(x, x), 0))").box().lines
    assert "triu" in line.latex()
    assert "mathbf{1}[" not in line.latex()


def test_a_part_that_one_line_reads_has_no_name_of_its_own() -> None:
    box = sb.derive(
        "X: data[N, T, d]\nA: parameter[d, 2*k]\nB: parameter[d, 2*k]\nC: parameter[d, 2*k]\nD: parameter[2*k, d]\n"
        "Y = multi_head_attention(X, A, B, C, D, heads=2)\nL = sum(Y**2)"
    ).box()
    shown = [line.latex() for line in box.lines]
    assert r"Q_{nl} = q_{n,:,kl:kl+k}" in shown
    assert not any(line.startswith("q_{nl} =") for line in shown)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("x: parameter[n]\ns: positive[n]\nc: positive[n]\nL = sum(x*(c/s + s/c)/(s**2 + c**2))", r"= \frac{1}{s\odot c}"),
        ("x: parameter[n]\ns: positive[n]\nc: positive[n]\nL = sum(x*(c/s + 2 + s/c)/(s + c))", r"= \frac{1}{c} + \frac{1}{s}"),
        ("u: parameter[n]\na: data[n]\nz = 2 + sum((u - a)**2)\nL = arccosh(z)", r"\frac{2}{\sqrt{z^{2} - 1}} \left(u - a\right)"),
        ("x: parameter[n] & positive\nc: data[n]\nm: data[()]\nL = c @ x + m*sum(x*log(x))", r"= c + m \left(1 + \log x\right)"),
        (
            "w: parameter[n]\nK: data[n, n] & symmetric\nf: data[n]\nm: data[()]\nL = 0.5*(w @ K @ w) - f @ w + m*(sum(w) - 1)**2",
            r"= 2 m \left(\operatorname{sum}\left(w\right) - 1\right) + K w - f",
        ),
        (
            "x: data[d]\nw: parameter[d]\na: parameter[()]\nb: parameter[()]\np = sigmoid(b - w @ x) - sigmoid(a - w @ x)\nL = -log(p)",
            r"= \sigma\left(b - x^{\top} w\right)",
        ),
        (
            "p: parameter[()] & unit\nm: positive[()]\nL = -log(p + (1 - p)*exp(-m))",
            r"{p + \exp\left(-m\right) \left(1 - p\right)}",
        ),
        ("x: parameter[n]\na: data[n]\nb: data[n]\nL = sum(a*x/(a*b + a*a))", r"= \frac{1}{a + b}"),
        (
            "m: parameter\ny: data\nz = y - m\nL = z*(2*norm.cdf(z) - 1) + 2*norm.pdf(z)",
            r"= 1 - 2 \Phi\left(z\right)",
        ),
        (
            "z: parameter[k]\na: labels[k]\nb: labels[k]\nl: unit\np = softmax(z)\nL = -l*sum(a*log(p)) - (1 - l)*sum(b*log(p))",
            r"= p - \left(1 - l\right) b - l a",
        ),
        (
            "x: parameter[n]\ny: data[n]\nL = log(mean((x - y)**2))",
            r"= \frac{2}{\left\lVert x - y\right\rVert^{2}} \left(x - y\right)",
        ),
        (
            "z: parameter[k]\nt: data[k]\ny: labels[k]\nT: positive[()]\na: data[()]\np = softmax(z)\ns = softmax(z/T)\nq = softmax(t/T)\n"
            "L = -(1 - a)*sum(y*log(p)) - a*T**2*sum(q*log(s))",
            r"= \left(1 - a\right) \left(p - y\right) + T a \left(s - q\right)",
        ),
        (
            "X: data[N, d]\nW: parameter[d, k]\nZ = X @ W\nL = mean(logsumexp(Z, axis=1)**2)",
            r"\log\left(\operatorname{rowsum}\left(\exp\left(Z\right)\right)\right)\right)\,\operatorname{softmax}\left(Z\right)",
        ),
        (
            "X: data[n, d]\nA: data[n, n]\nW: parameter[d, h]\ne: data[()]\nG: data[n, h]\nZ = A @ X @ W + e*(X @ W) + X @ W\nL = sum(G*tanh(Z))",
            r"\left(1 + e\right) \delta_{Z} + A^{\top} \delta_{Z}",
        ),
        (
            "a: parameter[n]\nb: data[n]\nG: data[n, n]\nE = leaky_relu(outer(a, b) + outer(b, a))\nP = softmax(E)\nL = sum(G*P)",
            r"\begin{cases} \delta_{2} & \text{if } E > 0",
        ),
    ],
    ids=[
        "cancelled",
        "cancelled with a square",
        "one root",
        "a number beside what has axes",
        "no number in a square factor",
        "a sigmoid as it was written",
        "a mixture of two",
        "a factor of what stands below",
        "a density beside its distribution",
        "labels that are mixed",
        "what stands below in all of it",
        "two weights",
        "a softmax of a sum without a name",
        "a factor that was opened",
        "a leaky unit",
    ],
)
def test_what_cancels_is_gone_and_what_is_known_has_its_name(text: str, line: str) -> None:
    box = sb.derive(text).box()
    assert not box.missing
    assert any(line in shown.latex() for shown in box.lines), [shown.latex() for shown in box.lines]


@pytest.mark.slow
def test_differences_stay_what_they_are_and_no_fraction_stands_in_a_fraction() -> None:
    box = sb.derive(
        "u: parameter[n]\nnu: data[()]\nh: positive[()]\nd = (u[2:] - u[:-2])/(2*h)\ndd = (u[2:] - 2*u[1:-1] + u[:-2])/h**2\n"
        "r = u[1:-1]*d - nu*dd\nL = mean(r**2)"
    ).box()
    assert [line.latex() for line in box.lines] == [
        r"\delta_{r} = \frac{2}{n - 2}\,r",
        r"\frac{\partial L}{\partial u_{j}} = \frac{u_{j-1} \delta_{r,j-2} - u_{j+1} \delta_{r,j}}{2 h} + d_{j-1} \delta_{r,j-1}"
        r" - \frac{\nu \left(\delta_{r,j} - 2 \delta_{r,j-1} + \delta_{r,j-2}\right)}{h^{2}},"
        r"\quad\delta_{r} = d = 0 \text{ outside}",
    ]


@pytest.mark.parametrize(
    ("loss", "gradient"),
    [
        ("-sum(y*log(p) + (1 - y)*log(1 - p))", "p − y"),
        ("-sum(y*log(p))", "y ⊙ (p − 1)"),
        ("-sum((1 - y)*log(1 - p))", "p ⊙ (1 − y)"),
        ("sum((p - y)**2)/2", "(p − y) ⊙ p ⊙ (1 − p)"),
    ],
)
def test_a_gate_that_is_taken_apart_ends_in_the_gradient_of_the_gate(loss: str, gradient: str) -> None:
    """It ended in e ⊙ p ⊙ (p − y)/(1 − p)."""
    text = f"y: data[n]\nz: parameter[n]\ne = exp(-z)\np = 1/(1 + e)\nL = {loss}"
    assert str(sb.derive(text).box()) == f"∂L/∂z = {gradient}"


@pytest.mark.parametrize("loss", ["-sum(y*log(p) + (1 - y)*log(1 - p))", "-sum(y*log(p))", "-sum((1 - y)*log(1 - p))"])
def test_an_expanded_sigmoid_ends_in_the_gradient_of_the_sigmoid(loss: str) -> None:
    whole = f"y: data[n]\nz: parameter[n]\np = sigmoid(z)\nL = {loss}"
    apart = str(sb.derive(sb.read(whole, expand="sigmoid")).box()).splitlines()[-1]
    assert apart == str(sb.derive(whole).box()).splitlines()[-1]
