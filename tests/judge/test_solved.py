"""Closed solutions, and equations that set a gradient to zero."""

from __future__ import annotations

import pytest

import symbackprop as sb

RIDGE = "X: data[n, d]\ny: data[n]\nw: parameter[d]\nlam: data & positive\nL = sum((X @ w - y)**2)/n + lam*sum(w**2)"
OLS = "X: data[n, d]\ny: data[n]\nbeta: parameter[d]\nS = sum((y - X @ beta)**2)"
NORMAL = "x: data[n]\nmu: parameter\nsigma2: parameter & positive\nL = n*log(sigma2)/2 + sum((x - mu)**2)/(2*sigma2)"
COINS = "x: data[n] & binary\np: parameter & unit\nL = -sum(x*log(p) + (1 - x)*log(1 - p))"
MEANS = "x: data[n, d]\nc: parameter[k, d]\nr: data[n, k]\nJ = sum(r*sum((x[:, None, :] - c[None, :, :])**2, axis=2))"
SOLUTIONS = [
    (OLS, r"\hat\beta = (X'X)^{-1}X'y", "y", "(2y)"),
    (OLS, r"\beta_{OLS} = (X^TX)^{-1}X^Ty", "-1", "1"),
    (RIDGE, r"w^* = (X^TX + n\lambda I)^{-1}X^Ty", r"n\lambda", r"\lambda"),
    (
        NORMAL,
        r"\hat\mu = \frac1n\sum_i x_i, \quad \hat\sigma^2 = \frac1n\sum_i (x_i - \hat\mu)^2",
        r"\sigma^2 = \frac1n",
        r"\sigma^2 = \frac{1}{n-1}",
    ),
    (NORMAL, r"\hat\sigma^2_{ML} = \frac1n\sum_i (x_i - \mu)^2", r"\frac1n", r"\frac1{2n}"),
    (MEANS, r"\hat c_k = \frac{\sum_n r_{nk}x_n}{\sum_n r_{nk}}", r"\hat c_k = ", r"\hat c_k = 2"),
    (COINS, r"\hat p = \bar x", r"\bar x", r"\frac12\bar x"),
]


@pytest.mark.parametrize(
    ("net", "claim", "old", "new"), [*SOLUTIONS[:4], *(pytest.param(*row, marks=pytest.mark.slow) for row in SOLUTIONS[4:])]
)
def test_a_solution_is_right_where_the_gradient_is_zero_there(net: str, claim: str, old: str, new: str) -> None:
    found = sb.verify(net, claim)
    assert found.ok
    assert "is 0 there" in str(found.claims[-1].remarks[-1])
    slip = sb.verify(net, claim.replace(old, new, 1)).claims[-1]
    assert slip.wrong
    assert "is not 0 there" in str(slip.because)


CONSTRAINED = [
    ("c: data[k] & positive\np: parameter[k] & positive\nL = -sum(c*log(p))", r"\hat p_k = \frac{c_k}{\sum_j c_j}", "sum to 1"),
    ("c: data[k]\nw: parameter[k]\nL = -c @ w", r"w^* = \frac{c}{\|c\|}", "length 1"),
]


@pytest.mark.parametrize(("net", "claim", "said"), CONSTRAINED)
def test_a_solution_may_be_one_among_those_that_sum_to_one_or_have_length_one(net: str, claim: str, said: str) -> None:
    found = sb.verify(net, claim).claims[0]
    assert found.right  # the gradient itself is not 0
    assert said in str(found.remarks[-1])
    assert sb.verify(net, claim.replace(r"\frac{c", r"\frac{2c")).claims[0].wrong


@pytest.mark.parametrize(("net", "claim", "old", "new"), [SOLUTIONS[0], pytest.param(*SOLUTIONS[5], marks=pytest.mark.slow)])
def test_a_parameter_by_its_own_name_may_be_its_best_value(net: str, claim: str, old: str, new: str) -> None:
    plain = claim.replace(r"\hat", "", 1)
    assert sb.verify(net, plain).claims[0].kind == "right, numeric"  # it was a wrong gradient
    assert sb.verify(net, plain.replace(old.replace(r"\hat ", ""), new.replace(r"\hat ", ""), 1)).claims[0].kind in (
        "wrong",
        "undecided",
    )
    assert [one.kind for one in sb.verify(net, rf"\nabla L = 0 \implies {plain}".replace("L", sb.read(net).loss)).claims][1:] == [
        "right, numeric"
    ]


@pytest.mark.parametrize(
    "claim", ["β̂ = (XᵀX)⁻¹Xᵀy", "beta = np.linalg.solve(X.T @ X, X.T @ y)", "beta_hat = (X^T X)^-1 X^T y", r"\beta = (X'X)^{-1}X'y"]
)
def test_solutions_are_read_as_they_are_typed(claim: str) -> None:
    assert sb.verify(OLS, claim).claims[0].kind == "right, numeric"


def test_limits_of_sums_are_no_sides() -> None:
    gradient = r"\nabla J(\beta) = 2\sum_{i=1}^n (x_i^T\beta - y_i)x_i"
    assert sb.verify(OLS, rf"J(\beta) = \sum_{{i=1}}^n (y_i - x_i^T\beta)^2 \\ {gradient}").ok
    found = sb.verify(OLS, r"\sum_{i=1}^n x_ix_i^T\beta = \sum_{i=1}^n x_iy_i").claims[0]
    assert (found.kind, found.name) == ("right, numeric", r"\sum_{i=1}^n x_ix_i^T\beta")


@pytest.mark.slow
def test_the_way_from_the_gradient_to_its_zero_is_judged_whole() -> None:
    way = r"\nabla S = 2X^T(X\beta - y) \overset{!}{=} 0 \iff X^TX\beta = X^Ty \implies \hat\beta = (X^TX)^{-1}X^Ty"
    found = sb.verify(OLS, way)
    assert [one.what for one in found.claims] == ["dS/dbeta", "dS/dbeta = 0", "dS/dbeta = 0"]
    assert found.ok
    assert not sb.verify(OLS, way.replace("X^TX\\beta = X^Ty", "X^TX\\beta = 2X^Ty")).ok
    assert sb.verify(OLS, way.replace("2X^T(", "-2X^T(")).claims[0].kind == "up to convention"


def test_a_gradient_that_is_set_to_zero_is_no_claim_that_it_is_zero() -> None:
    assert sb.verify(NORMAL, r"\frac{\partial L}{\partial\mu} = -\frac{1}{\sigma^2}\sum_i (x_i - \mu) = 0").ok
    assert sb.verify(NORMAL, r"\frac{\partial L}{\partial\mu} = 0").claims[0].wrong


def test_a_name_that_goes_on_is_no_solution() -> None:
    steps = r"\hat\beta = \beta \\ r = X\hat\beta - y \\ \frac{\partial S}{\partial\beta} = 2X^Tr"
    assert sb.verify(OLS, steps).ok


@pytest.mark.slow
def test_an_equation_of_gradients_says_nothing_of_zero() -> None:
    assert sb.verify(OLS, r"X^T(X\beta - y) = 0").claims[0].kind == "right, numeric"
    assert sb.verify(OLS, r"2\frac{\partial S}{\partial\beta} = 2X^T(X\beta - y)").claims[0].kind == "up to convention"
    for claim in (
        r"2X^T(X\beta - y) = X^T(X\beta - y)",
        r"X^TX\beta = 2X^Ty",
    ):
        found = sb.verify(OLS, claim).claims[0]
        assert (found.kind, found.reason) == ("undecided", "it does not say that a gradient is 0")


def test_a_value_that_is_made_of_the_parameter_is_no_solution() -> None:
    net = "x: parameter[d]\ng: parameter[d]\nu: data[d]\nm = mean(x)\nc = x - m\nr = sqrt(mean(c**2))\nL = sum(u*g*c/r)"
    assert sb.verify(net, r"\hat x = 2c/r").claims[0].kind == "abbreviation"


def test_what_stands_beside_a_solution_is_a_step_of_its_own() -> None:
    beside = r"\hat\beta = (X^TX)^{-1}X^Ty, \quad S(\hat\beta) = y^Ty - y^TX\hat\beta, \quad G(\beta) = 2X^TX"
    found = sb.verify(OLS, beside)
    assert [one.kind for one in found.claims] == ["right, numeric", "right, numeric", "undecided"]  # nothing says what G is
    assert sb.verify(OLS, r"\nabla S = -2X^Tr(y), \quad r(y) = y - X\beta").claims[0].right  # of it the r before it is made


def test_a_gradient_that_is_claimed_to_be_zero_is_wrong_beside_other_gradients() -> None:
    net = "x: data[d]\nW: parameter[h, d]\nb: parameter[h]\nL = sum((W @ x + b)**2)/2"
    steps = r"\frac{\partial L}{\partial b} = 0 \\ \frac{\partial L}{\partial W} = (Wx + b)x^\top"
    assert [one.wrong for one in sb.verify(net, steps).claims] == [True, False]


@pytest.mark.slow
def test_a_best_value_for_signs_is_told_how_they_are_declared() -> None:
    net = "F: data[n]\nh: data[n]\ny: data[n]\nalpha: parameter\nL = sum(exp(-y*(F + alpha*h)))"
    claim = (
        r"\alpha = \frac12\ln\frac{1-\epsilon}{\epsilon}, \ \epsilon = \frac{\sum_{i:h_i\neq y_i}w_i}{\sum_iw_i}, w_i=e^{-y_iF_i}"
    )
    found = sb.verify(net, claim).claims[0]
    assert (found.kind, str(found.because)) == (  # it was wrong
        "undecided",
        "right where every h and y is -1 or 1; declare h: data[n] & sign, y: data[n] & sign",
    )
    assert sb.verify(net.replace("h: data[n]", "h: data[n] & sign").replace("y: data[n]", "y: data[n] & sign"), claim).ok


LEAST_SQUARES = sb.read("X: data[n, d]\ny: data[n]\nw: parameter[d]\nJ = 1/(2*n) * sum((X @ w - y)**2)")
QUADRATIC = sb.read("A: symmetric[n, n]\nb: data[n]\nx: parameter[n]\nf = 1/2 * x @ A @ x - b @ x")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("net", "equation", "slip"),
    [
        (LEAST_SQUARES, r"X^\top X\hat w = X^\top y", ("= X", "= 2X")),
        (LEAST_SQUARES, r"X^\top X w^* = X^\top y", ("= X", "= -X")),
        (LEAST_SQUARES, r"X^\top(y - X\hat{w}) = 0", ("- X", "+ X")),
        (LEAST_SQUARES, r"(X^\top X)^{-1}X^\top y - \hat w = 0", ("- ", "+ ")),
        (QUADRATIC, r"A x^* = b", ("= b", "= 2b")),
        (QUADRATIC, r"b - A\hat x = 0", ("b -", "b +")),
    ],
)
def test_an_equation_for_the_best_value_is_held_against_the_gradient_at_its_solution(
    net: sb.Network, equation: str, slip: tuple[str, str]
) -> None:
    (found,) = sb.verify(net, equation)
    assert found.right
    (found,) = sb.verify(net, equation.replace(*slip))
    assert found.wrong


def test_a_loss_without_its_constants_is_told_to_be_one() -> None:
    text = r"J(w) = \frac{1}{2n}(w^TX^TXw - 2w^TX^Ty) \\ \nabla J = \frac1n(X^TXw - X^Ty)"
    loss, gradient = sb.verify(LEAST_SQUARES, rf"\[{text}\]")
    assert loss.kind == "abbreviation"
    assert "no parameter" in str(loss.remarks[0])
    assert gradient.right
    loss, gradient = sb.verify(LEAST_SQUARES, rf"\[{text.replace('- 2w', '- w')}\]")
    assert loss.wrong
    assert gradient.right


LINE = sb.read("x: data[n]\ny: data[n]\na: parameter\nb: parameter\nS = sum((y - a*x - b)**2)")
RATE = sb.read("x: data[n] & positive\nlam: parameter & positive\nl = n*log(lam) - lam*sum(x)")
BUDGET = sb.read("x: parameter\ny: parameter\nlam: parameter\nL = x*y - lam*(x + y - 10)")


def test_a_best_value_is_one_where_the_other_parameters_are_at_their_best() -> None:
    slope = r"\hat a = \frac{n\sum x_iy_i - \sum x_i\sum y_i}{n\sum x_i^2 - (\sum x_i)^2}"
    (found,) = sb.verify(LINE, slope)
    assert found.right
    assert "other parameters at their best" in str(found.remarks[0])
    (found,) = sb.verify(LINE, slope.replace("n\\sum x_iy_i".replace("\\\\", "\\"), r"\sum x_iy_i"))
    assert found.wrong


@pytest.mark.slow
def test_values_that_follow_from_gradients_set_to_0_are_no_gradients() -> None:
    zero = r"\frac{\partial L}{\partial x} = y - \lambda = 0, \frac{\partial L}{\partial y} = x - \lambda = 0"
    *_, last = sb.verify(BUDGET, zero + r" \implies x = y")
    assert last.kind == "right, numeric"
    assert "by all parameters" in str(last.remarks[0])
    *_, last = sb.verify(BUDGET, zero + r" \implies x = 2y")
    assert last.wrong
    ridge = r"\nabla J = \frac1n X^T(Xw - y) = 0 \Rightarrow w = {}"
    *_, last = sb.verify(LEAST_SQUARES, ridge.replace("{}", "(X^TX)^{-1}X^Ty"))
    assert last.right
    *_, last = sb.verify(LEAST_SQUARES, ridge.replace("{}", "(X^TX)^{-1}X^Ty/n"))
    assert last.wrong


@pytest.mark.parametrize("sign", ["< 0", r"\le 0", r"\prec 0"])
def test_the_sign_behind_a_second_derivative_is_told_to_be_open(sign: str) -> None:
    (found,) = sb.verify(RATE, rf"\frac{{d^2l}}{{d\lambda^2}} = -\frac{{n}}{{\lambda^2}} {sign}")
    assert found.right
    assert "sign" in str(found.remarks[-1])
    (found,) = sb.verify(RATE, rf"\frac{{d^2l}}{{d\lambda^2}} = -\frac{{n}}{{\lambda}} {sign}")
    assert found.wrong


def test_values_of_the_network_in_numbers_are_no_best_values() -> None:
    net = sb.read("x: data[2]\nW: parameter[2, 2]\nv: parameter[2]\nz = W @ x\no = v @ z\nE = o**2")
    assert not any(one.right for one in sb.verify(net, "z = -0.5\no = 0.244"))


def test_a_name_of_another_shape_than_the_gradient_that_it_stands_for_is_told() -> None:
    net = sb.read(
        "X: data[N, D]\ny: data[N]\nw: parameter[D]\nb: parameter\nz = X @ w + b\np = sigmoid(z)\nL = -mean(y*log(p) + (1-y)*log(1-p))"
    )
    assert not all(one.right for one in sb.verify(net, r"dz = ps- y dw7 = X^T dz, \quad db = \um dz"))


MIXTURE = (
    "x: data[n]\nmu: parameter[K]\npi: data[K] & positive\nN = exp(-(x[:, None] - mu)**2/2)\nl = sum(log(sum(pi*N, axis=1)))\n"
)
SHARES = r"\gamma_{ik} = \frac{\pi_k N_{ik}}{\sum_j \pi_j N_{ij}}"
MEAN = r"\mu_k = \frac{\sum_i \gamma_{ik} x_i}{\sum_i \gamma_{ik}}"


@pytest.mark.slow
@pytest.mark.parametrize("text", [f"{MEAN}, {SHARES}", f"$${SHARES}$$\n\n$${MEAN}$$"])
def test_a_best_value_that_is_made_of_itself_holds_where_the_gradient_is_0(text: str) -> None:
    """The steps of expectation and maximisation were names of a person's own."""
    assert sb.verify(MIXTURE, text).claims[-1].kind == "right, numeric"
    assert not sb.verify(MIXTURE, text.replace(r"x_i}{\sum", r"x_i}{2\sum")).ok


@pytest.mark.slow
def test_a_parameter_behind_its_gradient_is_a_best_value_and_no_definition() -> None:
    r"""\mu_k = ... behind \partial l/\partial\mu_k = ... said what the \mu_k in that is, and made it wrong; a wrong \hat p was passed over."""
    slope = r"\frac{\partial l}{\partial\mu_k} = \sum_i \gamma_{ik}(x_i - \mu_k)"
    assert [one.kind for one in sb.verify(MIXTURE, f"{slope}, {SHARES}, {MEAN}").claims] == ["right, identity", "right, numeric"]
    coins = "p: parameter & unit\nk: data & positive\nn: data & positive\nl = k*log(p) + (n - k)*log(1 - p)"
    score = r"\frac{dl}{dp} = \frac kp - \frac{n - k}{1 - p}"
    for name in (r"\hat p", "p", "p^*", r"p_{MLE}"):
        assert [one.kind for one in sb.verify(coins, rf"{score}, {name} = \frac kn").claims] == [
            "right, identity",
            "right, numeric",
        ]
        assert not sb.verify(coins, rf"{score}, {name} = \frac{{2k}}{{n}}").ok, name


LAGRANGE = "x: parameter\ny: parameter\nlam: parameter\nL = x*y - lam*(x + y - 10)"
VALLEY = "x: parameter\ny: parameter\nf = (1 - x)**2 + 100*(y - x**2)**2"


@pytest.mark.slow
@pytest.mark.parametrize("claim", [r"x = y = {} \text{{ is a minimum}}", "x^* = y^* = {}", "(x^*, y^*) = ({0}, {0})"])
def test_several_parameters_have_one_value(claim: str) -> None:
    """x = y = 1, in LaTeX, was a wrong gradient by x; (x^*, y^*) = (1, 1) was not read."""
    assert [one.kind for one in sb.verify(VALLEY, claim.format(1)).claims] == ["right, numeric"] * 2
    assert not sb.verify(VALLEY, claim.format(2)).ok


@pytest.mark.slow
def test_best_values_of_all_parameters_hold_together() -> None:
    """x^* = 6 was right beside y^* = 5 and \\lambda^* = 5, each with the others at their best."""
    assert sb.verify(LAGRANGE, r"x^* = 5, y^* = 5, \lambda^* = 5").ok
    for wrong in (r"x^* = 6, y^* = 5, \lambda^* = 5", r"x^* = 5, y^* = 6, \lambda^* = 5", r"x^* = 5, y^* = 5, \lambda^* = 6"):
        assert "wrong" in [one.kind for one in sb.verify(LAGRANGE, wrong).claims]
    assert sb.verify(LAGRANGE, r"L_x = 0, L_y = 0, L_\lambda = 0 \implies x = y = 5").ok
    assert not sb.verify(LAGRANGE, r"L_x = 0, L_y = 0, L_\lambda = 0 \implies x = y = 6").ok


CUBIC = "x: parameter\ny: parameter\nf = x**3 + y**3 - 3*x*y"
AT_CUBIC = r"f_x = 3x^2 - 3y = 0, f_y = 3y^2 - 3x = 0 \implies "
SQUARES = "x: parameter\ny: parameter\nlam: parameter\nc: data & positive\nL = x**2*y**2 + lam*(c - x - y)"
AT_SQUARES = r"L_x = 2xy^2 - \lambda = 0, L_y = 2x^2y - \lambda = 0 \implies "


@pytest.mark.slow
@pytest.mark.parametrize(
    ("network", "claim", "kind"),
    [
        (CUBIC, AT_CUBIC + "x = y^2", "right, numeric"),  # at (0, 0) and at (1, 1)
        (CUBIC, AT_CUBIC + "x = -y", "undecided"),  # at (0, 0) alone
        (CUBIC, AT_CUBIC + "x = 2 - y", "undecided"),  # at (1, 1) alone
        (CUBIC, AT_CUBIC + "x = 3 - y", "wrong"),
        (CUBIC, AT_CUBIC + "x = 1", "right, numeric"),  # (1, 1) has it
        (CUBIC, AT_CUBIC + "x = 2", "wrong"),
        (SQUARES, AT_SQUARES + "x = y", "undecided"),  # at the maximum; the gradients are 0 where x or y is, too
        (SQUARES, AT_SQUARES + "x = 3y", "wrong"),
    ],
)
def test_what_holds_where_some_of_the_gradients_zeros_are_is_undecided(network: str, claim: str, kind: str) -> None:
    """x = y was told wrong, x = -y right, and x = 1 was passed over: Newton's method had come to one of several places."""
    *_, last = sb.verify(network, claim)
    assert last.kind == kind


FITTED = "x: data[n]\ny: data[n]\nw: parameter\nb: parameter\nL = mean((w*x + b - y)**2)"
SLOPE = r"\frac{\sum_i(x_i - \bar x)(y_i - \bar y)}{\sum_i(x_i - \bar x)^2}"


@pytest.mark.slow
def test_a_value_by_its_own_name_is_best_beside_the_others_at_their_best() -> None:
    r"""w = \sum_i(x_i - \bar x)(y_i - \bar y)/... behind b = \bar y - w\bar x was a wrong gradient by w."""
    for said in (rf"w = {SLOPE}", rf"b = \bar y - w\bar x, \quad w = {SLOPE}", rf"Then $b = \bar y - w\bar x$ and $w = {SLOPE}$."):
        assert sb.verify(FITTED, said).ok
        assert not sb.verify(FITTED, said.replace(SLOPE, rf"2{SLOPE}")).ok


@pytest.mark.slow
@pytest.mark.parametrize(
    ("said", "kind"), [("x = 1", "right, numeric"), ("x = 2", "wrong"), ("x = 3 - y", "wrong"), ("y = x^2", "right, numeric")]
)
def test_a_parameter_by_its_own_name_behind_its_gradient_is_a_value(said: str, kind: str) -> None:
    """They were told to be wrong gradients."""
    found = sb.verify(CUBIC, f"$f_x = 3x^2 - 3y$, $f_y = 3y^2 - 3x$. They vanish where ${said}$.")
    assert [one.kind for one in found.claims] == ["right, identity", "right, identity", kind]
    assert sb.verify(CUBIC, "$f_x = 3x^2 - 3y$, $f_y = 3y^2 - 3x$. They vanish where $x = 1$, $y = 1$.").ok


@pytest.mark.parametrize(
    ("net", "right", "wrong"),
    [
        (
            "x: data[n]\nmu: parameter[()]\ns: parameter[()] & positive\nL = n*log(s) + sum((x - mu)**2)/(2*s**2)",
            r"$$\hat\mu = \bar x$$ $$\hat s^2 = \frac1n\sum_i(x_i - \hat\mu)^2$$",
            r"\hat\mu = 2\bar x",
        ),
        (
            "x: parameter[()]\ny: parameter[()]\nf = x**2 + x*y + y**2 - 3*x",
            r"$$y^* = -1, \quad x^* = \frac{3 - y^*}{2}$$",
            r"y^* = -2",
        ),
    ],
)
def test_a_best_value_that_a_later_one_reads_is_judged(net: str, right: str, wrong: str) -> None:
    """A wrong one was a name for what follows."""
    own = wrong.partition("=")[0]
    assert sb.verify(net, right).ok
    found = sb.verify(net, right.replace(right[right.index(own) : right.index("$$" if "mu" in own else ",", 3)], wrong))
    assert found.claims[0].wrong


FACTORS = (
    "R: data[n, m]\nU: parameter[n, k]\nV: parameter[m, k]\nlam: data & positive\nE = R - U @ V.T\n"
    "L = sum(E**2)/2 + lam/2*(sum(U**2) + sum(V**2))"
)


@pytest.mark.slow
@pytest.mark.parametrize(
    "claim",
    [
        r"\sum_j (r_{ij} - u_i^\top v_j) v_j = \lambda u_i",
        r"\sum_j e_{ij} v_j = \lambda u_i",
        r"\sum_i e_{ij} u_i = \lambda v_j",
        r"E V = \lambda U",
    ],
)
def test_an_equation_of_rows_says_that_a_gradient_is_zero(claim: str) -> None:
    (found,) = sb.verify(FACTORS, f"Setting the gradient to zero gives $${claim}$$").claims
    assert found.kind == "right, numeric"
    (found,) = sb.verify(FACTORS, f"Setting the gradient to zero gives $${claim.replace('= ', '= 2')}$$").claims
    assert (found.kind, found.reason) == ("undecided", "it does not say that a gradient is 0")
