"""Claims in numbers: a worked example behind numbers for its inputs, and derivatives at a point."""

from __future__ import annotations

import math

import pytest

import symbackprop as sb
from symbackprop.judge.texts.displays import formulas

CIRCUIT = sb.read("x: parameter\ny: parameter\nz: parameter\nq = x + y\nf = q*z")
NEURON = sb.read("x: data[2]\nw: parameter[2]\nb: parameter\nt: data\nz = w @ x + b\na = sigmoid(z)\nE = (t - a)**2/2")
SADDLE = sb.read("x: parameter\ny: parameter\nf = x**3 - 3*x*y + y**3")
RIDGE = sb.read("X: data[n, d]\ny: data[n]\nw: parameter[d]\nlam: data & positive\nJ = sum((X @ w - y)**2) + lam*sum(w**2)")
NORMAL = sb.read("x: data[n]\nm: parameter\ns: parameter & positive\nl = -n*log(s) - sum((x - m)**2)/(2*s**2)")
GIVEN = r"x = (1, 2)^T,\ w = (0.5, -0.25)^T,\ b = 0.1,\ t = 1"


def kinds(net: sb.Network, claims: str) -> list[str]:
    return [one.kind for one in sb.verify(net, claims)]


@pytest.mark.parametrize(
    ("net", "claim", "slip"),
    [
        (SADDLE, r"\nabla f(1, 2) = (-3, 9)", ("9)", "8)")),
        (SADDLE, r"\left.\frac{\partial f}{\partial x}\right|_{(x, y) = (1, 2)} = 3 - 6 = -3", ("= -3", "= -4")),
        (SADDLE, r"\frac{\partial f}{\partial y}\bigg|_{x = 1, y = 2} = 9", ("9", "6")),
        (SADDLE, r"f_x(1, 2) = -3, \quad f_y(1, 2) = 9", ("9", "7")),
        (SADDLE, r"H(1, 1) = \begin{pmatrix}6 & -3 \\ -3 & 6\end{pmatrix}", ("6 &", "5 &")),
        (SADDLE, r"\frac{\partial f}{\partial x}\Big|_{y = 2} = 3x^2 - 6", ("- 6", "- 5")),
        (RIDGE, r"\nabla J(w)|_{w = 0} = -2X^\top y", ("-2", "2")),
        (RIDGE, r"\nabla J(0) = -2X^\top y", ("-2", "-")),
        (NORMAL, r"\left.\frac{\partial l}{\partial m}\right|_{m = \bar x} = 0", ("0", "1")),
    ],
)
def test_a_derivative_at_a_point_is_held_against_the_truth_there(net: sb.Network, claim: str, slip: tuple[str, str]) -> None:
    assert all(one.right for one in sb.verify(net, claim))
    wrong = claim.replace(*slip)
    assert wrong != claim
    assert not all(one.right for one in sb.verify(net, wrong))


@pytest.mark.parametrize("point", [r"(1, 2, 3)", r"(1)", r"|_{x = x_0}", r"|_{u = 1}"])
def test_a_point_that_is_none_is_refused(point: str) -> None:
    (found,) = sb.verify(SADDLE, rf"\nabla f{point} = (1, 2)")
    assert found.kind == "not understood"


@pytest.mark.parametrize(
    "text",
    [
        "x = -2, y = 5, z = -4\nq = 3\nf = -12\ndf/dz = 3\ndf/dq = -4\ndf/dx = -4",
        "x = -2; y = 5; z = -4\nq = x + y\nf = q * z\ndfdz = q\ndfdq = z\ndfdx = 1.0 * dfdq",
        r"x=-2,\ y=5,\ z=-4 \\ q = x+y = 3 \\ f = qz = -12 \\ \frac{\partial f}{\partial z} = q = 3 \\ \frac{\partial f}{\partial x} = 1\cdot(-4) = -4",
    ],
)
def test_a_worked_example_is_judged_at_its_numbers(text: str) -> None:
    found = sb.verify(CIRCUIT, text)
    assert found
    assert not any(one.wrong or one.open for one in found)
    assert any(one.right for one in found)
    slipped = text.replace("= 3", "= 4") if "= 3" in text else text.replace("dfdz = q", "dfdz = x")
    assert any(one.wrong for one in sb.verify(CIRCUIT, slipped))


def test_a_number_behind_a_right_formula_is_judged_as_well() -> None:
    given = r"x=-2,\ y=5,\ z=-4 \\ "
    *_, found = sb.verify(CIRCUIT, given + r"\frac{\partial f}{\partial x} = z = -5")
    assert found.wrong
    *_, found = sb.verify(CIRCUIT, given + r"\frac{\partial f}{\partial x} = z = -4")
    assert found.right


def test_what_is_right_for_all_numbers_is_an_identity_behind_numbers_too() -> None:
    *_, last = sb.verify(CIRCUIT, "x = -2\ny = 5\nz = -4\ndf/dx = z")
    assert last.kind == "right, identity"


@pytest.mark.slow
@pytest.mark.parametrize("digits", [2, 3, 5, 9])
def test_numbers_are_right_to_their_digits(digits: int) -> None:
    a = 1 / (1 + math.exp(-0.1))
    slope = (a - 1) * a * (1 - a)
    for shift, is_right in ((0.49, True), (30, False)):
        near = slope + shift * 10.0**-digits / 2
        text = rf"{GIVEN} \\ \frac{{\partial E}}{{\partial b}} \approx {near:.{digits}f}"
        found = sb.verify(NEURON, text)
        assert found[-1].right is is_right or (digits > 3 and found[-1].kind == "undecided"), (text, found[-1].kind)


@pytest.mark.slow
def test_steps_carry_what_was_rounded_before() -> None:
    text = rf"{GIVEN} \\ a \approx 0.525 \\ \delta = (a - t)a(1 - a) = -0.1185 \\ \frac{{\partial E}}{{\partial w}} = \delta x"
    assert kinds(NEURON, text)[-1].startswith("right")
    text += (
        r" = \begin{pmatrix}-0.1185 \\ -0.2369\end{pmatrix} \\ w := w - 0.5\delta x = \begin{pmatrix}0.5593\\ -0.1315\end{pmatrix}"
    )
    *_, gradient, update = sb.verify(NEURON, text)
    assert gradient.right
    assert update.right
    *_, update = sb.verify(NEURON, text.replace("0.5593", "0.4407"))
    assert update.wrong


def test_a_value_that_is_another_is_told_with_its_number() -> None:
    *_, value, gradient = sb.verify(NEURON, rf"{GIVEN} \\ a = 0.625 \\ \frac{{\partial E}}{{\partial b}} = -0.1185")
    assert value.wrong
    assert "0.52497" in str(value.because)
    assert gradient.right


def test_the_other_sign_is_named_behind_rounding() -> None:
    *_, found = sb.verify(NEURON, rf"{GIVEN} \\ \frac{{\partial E}}{{\partial b}} = 0.1185")
    assert found.kind == "up to convention"
    assert found.convention is not None
    assert found.convention.kinds == ("sign",)


@pytest.mark.parametrize(
    "text", [r"\frac{\partial E}{\partial b} = (a - t)a(1 - a) \approx -0.1185", "dE/db ≈ 0.1385", "a = 1\ndE/db = 3"]
)
def test_a_number_without_numbers_for_the_inputs_is_not_convicted(text: str) -> None:
    assert not any(one.wrong for one in sb.verify(NEURON, text))


def test_numbers_that_do_not_fit_are_told_and_convict_nothing() -> None:
    first, *others = sb.verify(NEURON, "x = (1, 2, 3), w = (0.5, -0.25), b = 0.1, t = 1\ndE/db = -0.118")
    assert first.kind == "not understood"
    assert "(3,)" in str(first.because)
    assert not any(one.wrong for one in others)


@pytest.mark.slow
def test_code_with_numbers_for_its_arrays_is_judged_for_all() -> None:
    code = (
        "import numpy as np\nx = np.array([1., 2.])\nw = np.array([0.5, -0.25])\nb = 0.1\nt = 1\n"
        "z = w @ x + b\na = 1/(1 + np.exp(-z))\ndz = (a - t)*a*(1 - a)\ndw = dz*x\ndb = dz"
    )
    assert kinds(NEURON, code)[-3:] == ["right, identity"] * 3
    assert sb.verify(NEURON, code.replace("*(1 - a)", ""))[-3].kind == "wrong"


def test_names_of_several_letters_are_differentiated_as_they_are_typed() -> None:
    net = sb.read("w1: parameter\ni1: data\nnet_o1 = w1*i1\nout_o1 = sigmoid(net_o1)\nE = out_o1**2/2")
    for claim in (
        r"\frac{\partial out_{o1}}{\partial net_{o1}} = out_{o1}(1 - out_{o1})",
        "d out_o1/d net_o1 = out_o1*(1 - out_o1)",
    ):
        (found,) = sb.verify(net, claim)
        assert found.kind == "right, identity"
    assert str(found.called) == "dout_o1/dnet_o1"


@pytest.mark.slow
@pytest.mark.parametrize(("rate", "factor", "is_right"), [("0.1", "2", True), ("0.01\\cdot ", "2", True), ("0.1", "3", False)])
def test_an_update_may_have_its_rate_in_numbers(rate: str, factor: str, is_right: bool) -> None:
    (found,) = sb.verify(RIDGE, rf"w := w - {rate}({factor}X^\top(Xw - y) + 2\lambda w)")
    assert found.right is is_right


@pytest.mark.parametrize(
    ("net", "claims"),
    [
        (CIRCUIT, r"\frac{\partial f}{\partial x} = z = -4, \frac{\partial f}{\partial z} = q = 3"),
        (CIRCUIT, r"\text{Let } x=-2, y=5, z=-4. \\ q = 3, f = -12 \\ \frac{\partial f}{\partial x} = -4"),
        (sb.read("x: parameter\nf = x**4 - 2*x**2"), r"f'(x) = 4x^3 - 4x \\ f'(2) = 24 \\ f''(2) = 44"),
        (sb.read("x: parameter\nf = x**4 - 2*x**2"), "f'(2) = 4*8 - 8 = 24"),
        (RIDGE, "X = np.array([[1,0],[0,1],[1,1]])\nw = np.zeros(2)\nr = X @ w - y\ngrad = 2*X.T @ r + 2*lam*w"),
    ],
)
def test_numbers_as_people_write_them_beside_formulas(net: sb.Network, claims: str) -> None:
    found = sb.verify(net, claims)
    assert any(one.right for one in found)
    assert not any(one.wrong or one.open for one in found)


def test_a_gradient_at_the_best_point_is_a_condition() -> None:
    (found,) = sb.verify(RIDGE, r"\nabla J(w^*) = 0")
    assert not found.wrong


HOMEWORK = r"""
Take $x = (1, 2)^T$, $w = (0.5, -0.25)^T$, $b = 0.1$ and $t = 1$, and a learning rate of $r = 0.5$.

$$z = 0.5 \cdot 1 - 0.25 \cdot 2 + 0.1 = 0.1 \qquad a = \frac{1}{1 + e^{-0.1}} = 0.525$$

Backward:

$$\frac{\partial E}{\partial a} = a - t = -0.475, \quad \frac{\partial a}{\partial z} = a(1 - a) = 0.2494$$
$$\frac{\partial E}{\partial b} = -0.475 \cdot 0.2494 = -0.1185$$
"""


@pytest.mark.slow
def test_numbers_stand_in_sentences_too() -> None:
    given = list(formulas(HOMEWORK))
    found = sb.verify(NEURON, given)
    assert not any(one.wrong or one.open for one in found)
    assert [one.right for one in found if one.asked is not None] == [True] * 3
    (wrong,) = [one for one in sb.verify(NEURON, list(formulas(HOMEWORK.replace("= -0.1185", "= -0.1285")))) if one.wrong]
    assert wrong.asked is not None
    assert wrong.asked.text == "dE/db"


def test_without_its_numbers_a_homework_in_numbers_is_undecided() -> None:
    found = sb.verify(NEURON, list(formulas(HOMEWORK.split("\n\n", 1)[1])))
    assert not any(one.wrong for one in found)
    assert found[0].open


SOFTMAX = sb.read("z: parameter[3]\nt: labels[3]\np = softmax(z)\nL = -sum(t*log(p))")


@pytest.mark.slow
@pytest.mark.parametrize(("digits", "last"), [(2, "-0.33"), (4, "-0.3348")])
def test_lists_of_numbers_are_columns(digits: int, last: str) -> None:
    p = ", ".join(f"{one:.{digits}f}" for one in (0.09003, 0.24473))
    text = rf"z = (1, 2, 3)^T,\ t = (0, 0, 1)^T \\ \frac{{\partial L}}{{\partial z}} = p - t = ({p}, {last})^T"
    assert sb.verify(SOFTMAX, text)[-1].right
    assert sb.verify(SOFTMAX, text.replace(last, "-0.43"))[-1].wrong


def test_what_a_value_was_rounded_to_is_carried() -> None:
    text = rf"{GIVEN} \\ a = 0.525 \\ \frac{{\partial E}}{{\partial b}} = (a - t)a(1 - a) = "
    exact = -0.475 * 0.525 * 0.475
    assert sb.verify(NEURON, text + f"{exact:.6f}")[-1].right
    assert sb.verify(NEURON, text + f"{1.02 * exact:.6f}")[-1].wrong


@pytest.mark.slow
@pytest.mark.parametrize(
    "form", [r"b \leftarrow 0.1 - 0.5\cdot({}) = {}", r"b = b - 0.5({}) = {}", r"b_{{new}} = b - 0.5({}) = {}"]
)
def test_a_new_number_for_a_parameter_is_judged(form: str) -> None:
    begin = rf"{GIVEN} \\ \frac{{\partial E}}{{\partial b}} = -0.1185 \\ "
    *_, gradient, moved = sb.verify(NEURON, begin + form.format("-0.1185", "0.1592"))
    assert gradient.right
    assert moved.right
    if "new" not in form:
        *_, moved = sb.verify(NEURON, begin + form.format("-0.1185", "0.1692"))
        assert moved.wrong
        assert "it comes to" in str(moved.because)
        *_, moved = sb.verify(NEURON, begin + form.format("-0.4185", "0.3093"))
        assert moved.wrong


def test_sentences_that_give_numbers_alone_are_no_claim() -> None:
    with pytest.raises(sb.SymbackpropError, match="no claim"):
        sb.verify(NEURON, list(formulas(r"With $n = 3$ samples. \[x = 1\]"))[:1])
    with pytest.raises(sb.SymbackpropError, match="no claim"):
        sb.verify(NEURON, [("b", "b = 0.1", "given")])


@pytest.mark.parametrize(
    "number", ["1/0", r"\sqrt{-1}", "(1, 2)", "1e999999999", "10^{999999999}", "[]", "(" * 300 + "1" + ")" * 300]
)
def test_what_is_no_number_is_told_and_convicts_no_other_number(number: str) -> None:
    first, *others = sb.verify(CIRCUIT, rf"x = {number},\ y = 5,\ z = -4 \\ \frac{{\partial f}}{{\partial x}} = -4")
    assert first.kind == "not understood"
    assert not any(one.wrong for one in others)


def test_arrays_of_any_size_are_no_burden() -> None:
    line = sb.read("x: data[n]\nw: parameter\nL = sum(w*x)")
    first, gradient = sb.verify(line, "x = np.zeros(1000000000)\ndL/dw = 0.25")
    assert first.kind == "not understood"
    assert not gradient.wrong


def test_a_small_number_has_its_power_of_ten() -> None:
    *_, found = sb.verify(CIRCUIT, "x = 1e-3\ny = 5\nz = 2.5e2\ndf/dz = 5.001")
    assert found.right


def test_what_ends_in_a_number_without_saying_so_keeps_it() -> None:
    net = sb.read("Z: parameter[n, k]\ny: integers[n, k]\nP = softmax(Z)\nL = -mean(log(P)[range(n), y])")
    code = "P = softmax(Z)\ndZ = P.copy()\ndZ[np.arange(n), y] -= 1\ndZ = dZ / n"
    assert all(one.right for one in sb.verify(net, code) if one.asked is not None)
    loss = sb.read("x: data\nw: parameter\ny: data & binary\na = sigmoid(w*x)\nL = -(y*log(a) + (1 - y)*log(1 - a))")
    (found,) = sb.verify(loss, r"\frac{\partial L}{\partial a} = -\frac1a \text{ if } y = 1")
    assert found.right


ENTRIES = "x: data[2]\ny: data\nw: parameter[2]\nb: parameter\nz = w @ x + b\na = sigmoid(z)\nL = (a - y)**2/2\n"
AT = "w_{0} = 0.1, w_{1} = -0.2, x_{0} = 1, x_{1} = 2, b = 0.3, y = 1\n\\frac{{\\partial L}}{{\\partial b}} = -0.125\n"


@pytest.mark.parametrize(
    ("last", "kind"),
    [
        (r"w_{0}^{{new}} = 0.1 - 0.1 \cdot (-0.125) = 0.1125", "right, numeric"),
        (r"w_{1}^{{new}} = -0.2 - 0.1 \cdot (-0.25) = -0.175", "right, numeric"),
        (r"w_{0} = 0.1 - 0.1 \cdot (-0.125) = 0.1125", "right, numeric"),
        (r"w_{0}^{{new}} = 0.1 - 0.1 \cdot (-0.125) = 0.125", "wrong"),  # the arithmetic
        (r"w_{1}^{{new}} = -0.2 - 0.1 \cdot (-0.375) = -0.1625", "wrong"),  # no gradient
        (r"w_{0}^{{new}} = 0.1 + 0.1 \cdot (-0.125) = 0.0875", "up to convention"),
    ],
)
@pytest.mark.parametrize("first", [0, 1])
def test_a_new_number_for_an_entry_goes_against_its_gradient(last: str, kind: str, first: int) -> None:
    """It was passed over, right or wrong."""
    found = sb.verify(ENTRIES, (AT + last).format(first, first + 1))
    assert found.claims[-1].kind == kind


WHOLE = "x = (1, 2)^T, w = (0.1, -0.2)^T, b = 0.3, y = 1\n\\frac{\\partial L}{\\partial b} = -0.125\n"
FIRST, SECOND = r"^{new} = 0.1 - 0.1 \cdot (-0.125) = 0.1125", r"^{new} = -0.2 - 0.1 \cdot (-0.25) = -0.175"


@pytest.mark.parametrize(
    ("claims", "kinds"),
    [
        ([f"w_0{FIRST}", f"w_1{SECOND}"], ["right, numeric"] * 2),
        ([f"w_1{FIRST}", f"w_2{SECOND}"], ["right, numeric"] * 2),
        ([f"w_1{SECOND}"], ["right, numeric"]),  # where it counts from, nothing says
        ([f"w_1{SECOND}", f"w_2{FIRST}"], ["wrong"] * 2),
        ([f"w_0{SECOND}"], ["wrong"]),
        ([f"w_3{SECOND}"], ["undecided"]),
        ([f"w_0{FIRST}", f"w_2{SECOND}"], ["right, numeric", "undecided"]),
    ],
)
def test_entries_of_what_is_given_whole_count_as_new_numbers_say(claims: list[str], kinds: list[str]) -> None:
    """w_1 counted from 0 was told wrong, and w_0 passed over."""
    found = sb.verify(ENTRIES, WHOLE + "\n".join(claims))
    assert [one.kind for one in found.claims[-len(claims) :]] == kinds


PLACES = ["f_x = 3x^2 - 3y", "f_y = 3y^2 - 3x", "f_{xx} = 6x", "f_{yy} = 6y", "f_{xy} = -3", r"f_{xx}(1, 1) = 6", r"f_x(1, 2) = -3"]


@pytest.mark.parametrize("wrong", range(len(PLACES)))
def test_every_step_beside_a_derivative_at_a_point_is_judged(wrong: int) -> None:
    """Every second step before one was left out of the answer, right or wrong."""
    steps = [step.replace("=", "= 1 +") if k == wrong else step for k, step in enumerate(PLACES)]
    found = sb.verify("x: parameter\ny: parameter\nf = x**3 + y**3 - 3*x*y", "\n".join(steps)).claims
    assert [one.right for one in found] == [k != wrong for k in range(len(PLACES))]


def test_a_formula_is_not_right_since_a_gradient_is_zero_at_the_numbers() -> None:
    net = "m: parameter[d]\ns: parameter[d]\nL = -sum(1 + s - m**2 - exp(s))/2"
    said = r"$$\frac{\partial L}{\partial s_j} = \frac12(e^{s_j} - 1)$$ The minimum at $m = s = 0$ is unique."
    assert sb.verify(net, said).ok
    assert sb.verify(net, said.replace(r"\frac12", r"\frac13")).claims[-1].wrong


SLOPE = "x: data\nt: data\nw: parameter\ny = w*x\nL = (y - t)**2/2"


@pytest.mark.parametrize(
    ("numbers", "end"),
    [("$x = 2$, $w = 0.5$, $t = 0.7$", "0.6"), ("$x = 2$, $w = 0.5$, $t = 0.5$", "1"), ("$x = 2$, $w = 1$, $t = 2$", "0")],
)
def test_the_sides_before_a_number_are_judged(numbers: str, end: str) -> None:
    said = rf"Let {numbers}. $$\frac{{\partial L}}{{\partial w}} = (y - t)x = {end}$$"
    assert sb.verify(SLOPE, said).ok
    assert sb.verify(SLOPE, said.replace("= (y", "= 3(y")).claims[-1].wrong


ONE_NEURON = "x: data\nw: parameter\nv: parameter\nt: data\nh = sigmoid(w*x)\ny = v*h\nE = (y - t)**2/2"
AT_ONE = "With $x = 1$, $w = 0$, $v = 2$, $t = 0$: "


@pytest.mark.parametrize(
    ("said", "is_right"),
    [
        ("y - t = 1", True),
        ("1 - t = 1", True),  # y is 1 there
        ("y + t = 1", False),  # right since t is 0
        (r"2\sigma(0) - t = 1", True),
        (r"2\sigma(0) = 1", True),
        (r"\sigma(0) + \frac12", True),
        (r"\sigma(1) + \frac12", False),
    ],
)
def test_a_formula_at_numbers_is_right_for_other_numbers_of_what_it_says_too(said: str, is_right: bool) -> None:
    found = sb.verify(ONE_NEURON, AT_ONE + rf"$\frac{{\partial E}}{{\partial y}} = {said}$.").claims[-1]
    assert (found.right, found.wrong) == (is_right, not is_right)


@pytest.mark.parametrize(
    ("h", "is_right"), [(r"\sigma(0)", True), (r"2\sigma(0)", False), (r"\frac{1}{1 + e^0}", True), (r"\sigma(1)", False)]
)
def test_the_sides_before_the_number_of_a_value_are_judged(h: str, is_right: bool) -> None:
    found = sb.verify(ONE_NEURON, AT_ONE + rf"$$h = {h} = 0.5$$ $$\frac{{\partial E}}{{\partial y}} = y - t = 1$$")
    assert found.ok == is_right
    assert found.claims[-2].wrong != is_right


PRODUCT = "x: parameter\ny: parameter\nz: parameter\nq = x + y\nf = q*z"
GENERAL = r"$\frac{\partial f}{\partial q} = z$ and $\frac{\partial f}{\partial z} = q$. "
EXAMPLE = r"$x=-2$, $y=5$, $z=-4$: $\frac{\partial f}{\partial x} = -4$, $\frac{\partial f}{\partial z} = 3$."


@pytest.mark.parametrize("words", ["For ", "With ", "For example, at ", "Now take ", "Plugging in ", "Let "])
def test_a_worked_example_stands_behind_a_derivation(words: str) -> None:
    """Its numbers were judged as those of a best value."""
    said = GENERAL + words + EXAMPLE
    assert sb.verify(PRODUCT, said).ok
    assert sb.verify(PRODUCT, said.replace("= q", "= 2q")).claims[1].wrong
    assert sb.verify(PRODUCT, said.replace("= z", "= z^2")).claims[0].wrong
    assert sb.verify(PRODUCT, said.replace("= 3", "= 4")).claims[-1].wrong


def test_the_numbers_of_a_best_value_are_no_example() -> None:
    net = "x: parameter\ny: parameter\nf = (x - 1)**2 + (y - 2)**2"
    said = r"$f_x = 2(x - 1)$, $f_y = 2(y - 2)$. Setting them to zero gives $x = 1$, $y = 2$. There $f = 0$."
    assert not sb.verify(net, said.replace("x = 1", "x = 3")).ok


SAID = [
    "For example, when $x=2$, $y=5$, $z=-4$ we get ",
    "Check: with $x=2,y=5,z=-4$ we have ",
    "Consider $x=2$, $y=5$, $z=-4$. Then ",
    "Using the values $x=2$, $y=5$ and $z=-4$: ",
]


@pytest.mark.parametrize("words", SAID)
def test_an_example_is_said_in_many_ways(words: str) -> None:
    """Its numbers were wrong as best values."""
    said = GENERAL + words + r"$\frac{\partial f}{\partial x} = -4$."
    assert sb.verify(PRODUCT, said).ok
    assert sb.verify(PRODUCT, said.replace("= -4$.", "= 4$.")).claims[-1].wrong


@pytest.mark.slow
def test_numbers_for_some_inputs_are_an_example_where_a_sentence_says_so() -> None:
    net = "X: data[n, d]\ny: data[n]\nw: parameter[d]\np = sigmoid(X @ w)\nL = -mean(y*log(p) + (1-y)*log(1-p))"
    said = r"$\nabla_w L = \frac1n X^\top (p - y)$. At $w = 0$: $\nabla_w L = \frac1n X^\top (\frac12 - y)$."
    assert sb.verify(net, said).ok
    assert not sb.verify(net, said.replace(r"\frac12", r"\frac13")).ok


@pytest.mark.parametrize("side", ["(y - t) v h^2 x", "t h", "y"])
def test_names_alone_are_said_for_any_numbers(side: str) -> None:
    """h^2 is h(1 - h) where h is a half."""
    said = rf"With $x=1$, $w=0$, $v=2$, $t=0$: $h = 0.5$, $y = 1$. $\frac{{\partial E}}{{\partial w}} = {side}$"
    assert sb.verify(ONE_NEURON, said).claims[-1].wrong


@pytest.mark.parametrize("side", ["(y - t) h", "h (y - t)"])
def test_names_alone_before_what_they_come_to_are_judged_without_that(side: str) -> None:
    said = rf"With $x=1$, $w=0$, $v=2$, $t=0$: $\frac{{\partial E}}{{\partial v}} = {side} = 1 \cdot 0.5 = 0.5$"
    assert sb.verify(ONE_NEURON, said).ok
    assert sb.verify(ONE_NEURON, said.replace("- t", "+ t")).claims[-1].wrong
