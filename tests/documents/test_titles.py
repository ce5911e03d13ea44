"""What is mathematics in an author's title is set as a formula; words stay words."""

from pathlib import Path

import pytest

import symbackprop as sb
from symbackprop.documents.document import Math, Span
from symbackprop.documents.titles import typeset
from symbackprop.formulas.latex import latex

EXAMPLES = Path(__file__).parent.parent.parent / "examples"


def shown(title: str, names: str) -> str:
    written = []
    for piece in typeset(title, names.split()):
        match piece:
            case Math(formula):
                written.append(f"${latex(formula)}$")
            case Span(text, style="code"):
                written.append(f"`{text}`")
            case _:
                written.append(str(piece))
    return "".join(written)


@pytest.mark.parametrize(
    ("title", "names", "expected"),
    [
        ("L = (yhat - y)^2 through sigma(W_1 x) and W_2", "L yhat y W_1 x W_2 a z",
         r"$L = \left(\hat{y} - y\right)^{2}$ through $\sigma\left(W_{1} x\right)$ and $W_{2}$"),
        ("A residual connection: h + f(h), and more", "h A", r"A residual connection: $h + f\left(h\right)$, and more"),
        ("elementary gates: times -1, exp, +1, 1/x", "x", "elementary gates: times -1, exp, +1, $1/x$"),
        ("A 3072-100-10 image classifier", "X A", "A 3072-100-10 image classifier"),
        ("beyond delta an error counts linearly", "delta a", r"beyond $\delta$ an error counts linearly"),
        ("derive it with --loss p", "p", "derive it with `--loss p`"),
        ("The product of a sum: f = (x + y) z", "f x y z", r"The product of a sum: $f = \left(x + y\right) z$"),
        ("W is used twice", "W", "$W$ is used twice"),
        ("from u = -sin(pi x) on", "u x", r"from $u = -\sin\left(\pi x\right)$ on"),
        ("words (x) near other words", "x words", "words ($x$) near other words"),
        ("an anchor, a positive and x-rays", "anchor positive a x", "an anchor, a positive and x-rays"),
        (r"The loss $\frac{1}{2} r^2$ costs $5", "r", r"The loss $\frac{1}{2} r^{2}$ costs $5"),
        ("f(x, y) = x*y/2 - 1", "f x y", r"$f\left(x, y\right) = x y/2 - 1$"),
        ("(x, y) - (and so on, x", "x y", "($x$, $y$) - (and so on, $x$"),
        ("$\\input{a}$ stays", "a", r"$\input{a}$ stays"),
        ("", "x", ""),
    ],
)  # fmt: skip
def test_mathematics_in_a_title_is_set(title: str, names: str, expected: str) -> None:
    assert shown(title, names) == expected


@pytest.mark.slow
def test_titles_are_set_in_every_format() -> None:
    derived = sb.derive(EXAMPLES / "two_layer.net")
    assert derived.markdown().startswith(r"# $L = \left(\hat{y} - y\right)^{2}$ through")
    assert "<h1><math" in derived.html() or '<h1><span class="long"><math' in derived.html()
    assert derived.report("text").startswith("L = (ŷ − y)² through σ(W₁ x) and W₂\n")


def test_a_title_has_no_full_stop() -> None:
    net = "# {}\nx: data[d]\nw: parameter[d]\nL = (w @ x)**2"
    for said, shown in (("A neuron.", "A neuron"), ("And so on...", "And so on..."), ("A neuron", "A neuron")):
        assert sb.derive(net.format(said)).text().split("\n")[0] == shown
