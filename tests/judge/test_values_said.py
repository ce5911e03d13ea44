r"""Values that sentences give at a point: "At $(1, 1)$: $D = 27 > 0$ and $f_{xx} = 6$", "$f(1, 1) = -1$"."""

from __future__ import annotations

import pytest

import symbackprop as sb

NET = "x: parameter\ny: parameter\nf = x**3 - 3*x*y + y**3"
SLOPES = "$$f_x = 3x^2 - 3y, f_y = 3y^2 - 3x$$ "
SAID = [
    ("At $(1, 1)$: $D = 27 > 0$ and $f_{xx} = 6 > 0$, a minimum.", "27"),
    ("At $(1, 1)$: $D = 27 > 0$ and $f_{xx} = 6 > 0$, a minimum.", "6"),
    ("At the critical point $(0, 0)$ we have $D = -9 < 0$, a saddle.", "-9"),
    ("The value there is $f(1, 1) = -1$.", "-1"),
    (r"At $(1, 1)$ $$H = \begin{pmatrix} 6 & -3 \\ -3 & 6 \end{pmatrix}$$", "6 &"),
    (r"Since $\det H(1, 1) = 27$, it is a minimum.", "27"),
    ("$(1, 1)$에서 $D = 27 > 0$이다.", "27"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("said", "number"), SAID)
def test_a_value_at_a_point_is_judged(said: str, number: str) -> None:
    """It was passed over."""
    assert sb.verify(NET, SLOPES + said).ok
    found = sb.verify(
        NET, SLOPES + said.replace(number, number.replace("6", "5").replace("27", "28").replace("9", "8").replace("-1", "-2"))
    )
    assert any(one.wrong for one in found.claims)


@pytest.mark.parametrize(
    "said",
    [
        "Start at $(1, 1)$ with the step size $h = 0.1$.",
        "At $(1, 1)$, $k = 3$ steps were made.",
        "Not $f(1, 1) = 3$.",
        "If $f(1, 1) = 3$, we stop.",
    ],
)
def test_what_is_no_value_of_what_is_differentiated(said: str) -> None:
    assert sb.verify(NET, SLOPES + said).ok


def test_the_determinant_by_its_definition() -> None:
    said = r"$$D = f_{xx}f_{yy} - f_{xy}^2 = 36xy - 9$$ $$D(1, 1) = 27$$ $$D(0, 0) = -9$$"
    assert sb.verify(NET, said).ok
    assert sb.verify(NET, said.replace("27", "28")).claims[1].wrong
    assert not sb.verify(NET, r"$$D = 36xy$$ $$D(1, 1) = 36$$").ok


@pytest.mark.parametrize("left", [r"\Delta f", r"\nabla \cdot \nabla f"])
def test_the_laplacian(left: str) -> None:
    assert sb.verify(NET, f"$${left} = 6x + 6y$$").ok
    assert sb.verify(NET, f"$${left} = 6x + 3y$$").claims[0].wrong


def test_zeros_of_a_second_derivative_are_no_stationary_points() -> None:
    """x = 2 was wrong: it was held against f'."""
    net = "x: parameter\nf = x**3 - 6*x**2 + 9*x + 1"
    assert sb.verify(net, "The second derivative is $6x - 12$, which is zero at $x = 2$.").ok
    assert sb.verify(net, r"$$f' = 3x^2 - 12x + 9$$ $$f''(x) = 6x - 12,$$ which vanishes at $x = 2$.").ok
    assert not sb.verify(net, r"$$f' = 3x^2 - 12x + 9,$$ which vanishes at $x = 2$.").ok


@pytest.mark.parametrize("left", [r"\frac{dAC}{dq}", r"\frac{d\,AC}{d q}", "dAC/dq", r"\frac{d\text{AC}}{dq}"])
def test_a_loss_that_is_called_by_a_word(left: str) -> None:
    net = "q: parameter & positive\nF: data & positive\nc: data & positive\nAC = F/q + c*q"
    assert sb.verify(net, f"{left} = -F/q^2 + c").ok
    assert not sb.verify(net, f"{left} = F/q^2 + c").ok


def test_a_derivative_in_a_sentence_is_a_claim() -> None:
    """It was a name that nothing uses."""
    net = "x: parameter & positive\ny: parameter & positive\na: data & unit\nu = a*log(x) + (1-a)*log(y)"
    said = r"The marginal utilities are $u_x = a/x$ and $u_y = (1-a)/y$; so $$\frac{u_x}{u_y} = \frac{a}{1-a}\frac{y}{x}$$"
    assert sb.verify(net, said).ok
    assert sb.verify(net, said.replace("a/x", "2a/x")).claims[0].wrong


BANANA = "x: parameter[()]\ny: parameter[()]\nf = (1 - x)**2 + 100*(y - x**2)**2"
ITS_GRADIENT = r"$$\nabla f = (-2(1-x) - 400x(y-x^2), 200(y-x^2))$$"


def test_a_matrix_at_a_point_in_a_sentence_is_judged() -> None:
    """It was passed over behind a display."""
    hessian = r"$$H = \begin{pmatrix} 1200x^2 - 400y + 2 & -400x\\ -400x & 200\end{pmatrix}$$"
    text = hessian + r" and $H(1,1) = \begin{pmatrix}802 & -400\\ -400 & 200\end{pmatrix}$."
    assert sb.verify(BANANA, text).ok
    assert not sb.verify(BANANA, text.replace("& 200\\end{pmatrix}$", "& 300\\end{pmatrix}$")).ok


@pytest.mark.parametrize("number", ["1", "2"])
def test_one_is_no_derivative_of_the_loss_by_itself(number: str) -> None:
    """f(1, 1) = 1 was right, as df/df."""
    found = sb.verify(BANANA, f"{ITS_GRADIENT} so $f(1,1) = {number}$.")
    assert found.claims[-1].wrong
    assert sb.verify(BANANA, f"{ITS_GRADIENT} so $f(1,1) = 0$.").ok
    assert sb.verify(BANANA, r"$\frac{df}{df} = 1$, $f_y = 200(y - x^2)$").ok


SINE = "x: parameter[()]\ny: parameter[()]\nf = x**2*y + sin(y)"


@pytest.mark.parametrize(
    "text",
    [
        r"At $(1,0)$ we have $\nabla f = (0, {})$.",
        r"At $(1,0)$ we have $\frac{\partial f}{\partial y} = {}$.",
        r"At $(1,0)$: $$\nabla f = (0, {})$$",
        r"At the point $(1,0)$, $\nabla f = \begin{pmatrix}0\\{}\end{pmatrix}$.",
        r"The gradient at $(1,0)$ is $\nabla f = (0, {})$.",
    ],
)
def test_a_gradient_in_numbers_is_one_at_the_point_that_a_sentence_says(text: str) -> None:
    """It was wrong, as one everywhere."""
    assert sb.verify(SINE, text.replace("{}", "2")).ok
    assert sb.verify(SINE, text.replace("{}", "3")).claims[-1].wrong


@pytest.mark.parametrize(
    "text", ["grad f = (2xy, x^2 + cos y)", "nabla f = (2xy, x^2 + cos(y))", "∂f/∂x = 2xy, ∂f/∂y = x² + cos y"]
)
def test_gradients_are_typed_without_latex(text: str) -> None:
    """grad f was a claim of f, cos y three letters."""
    assert sb.verify(SINE, text).ok
    assert sb.verify(SINE, text.replace("2xy", "3xy")).claims[0].wrong


def test_each_of_two_points_in_a_sentence_is_that_of_what_follows_it() -> None:
    text = r"At $(1,0)$ we have $\nabla f = (0, 2)$, and at $(2, 0)$ we have $\nabla f = (0, {})$."
    assert sb.verify(SINE, text.replace("{}", "5")).ok
    assert sb.verify(SINE, text.replace("{}", "4")).claims[-1].wrong


SURFACE = "x: parameter\ny: parameter\nf = x**2*y + y**2 - x**2"
SAID_BESIDE = [
    (r"f_x = 0 \text{ at } (1, 1)", ("0", "2")),
    (r"\frac{\partial f}{\partial y} = 3 \quad \text{at the point } (1, 1)", ("3", "4")),
    (r"\nabla f = (0, 3) \text{ at } x = 1, y = 1", ("3)", "4)")),
    (r"f_x = 2xy - 2x = 0 \text{ at } (1, 1)", ("2xy - 2x", "3xy - 3x")),
    (r"f_y = 3 \text{ at } (x, y) = (1, 1)", ("3", "4")),
    (r"f_y = 3 \text{ evaluated at } (1, 1)", ("3", "4")),
    ("df/dy = 3 evaluated at x = 1 and y = 1", ("= 3", "= 4")),
    ("df/dx = 0 and df/dy = 3 at x = 1, y = 1", ("= 0", "= 1")),
    (r"f_x = 0, \quad f_y = 3 \text{ at } (1, 1)", ("0", "1")),
    ("df/dx = 2xy - 2x, df/dy = 3 at (1, 1)", ("2xy - 2x", "3xy - 3x")),
    (r"\text{At } (1, 1): \quad f_x = 0, \quad f_y = 3", ("3", "4")),
    ("At (1, 1): f_x = 0, f_y = 3", ("3", "4")),
    ("At x = 1, y = 1 we have df/dx = 0 and df/dy = 3", ("= 3", "= 4")),
    ("df/dx = 2xy - 2x = 0 at (1, 1)", ("2xy - 2x", "3xy - 3x")),
    ("df/dy at (1, 1) = 3", ("= 3", "= 4")),
    ("grad f(1, 1) = (0, 3)", ("3)", "4)")),
    ("df/dx = 2xy - 2x, which is 0 at (1, 1)", ("2xy - 2x", "3xy - 3x")),
]


@pytest.mark.parametrize(("claim", "slip"), SAID_BESIDE, ids=[claim for claim, _ in SAID_BESIDE])
def test_words_beside_a_formula_say_the_point(claim: str, slip: tuple[str, str]) -> None:
    found = sb.verify(SURFACE, claim)
    assert found.ok
    assert not sb.verify(SURFACE, claim.replace(*slip)).ok
