"""Claims about some entries alone: behind a condition, or by the entry of a label."""

import pytest

import symbackprop as sb

SVM = "x: data[d]\nW: parameter[k, d]\ny: integers[k]\ns = W @ x\nL = sum(maximum(0, s - s[y] + 1)) - 1"
CE = "x: data[d]\ny: integers[k]\nW: parameter[k, d]\nz = W @ x\np = softmax(z)\nL = -log(p[y])"
SOFTMAX = "z: parameter[k]\np = softmax(z)\nu: data[k]\nL = sum(u*p)"
LOGISTIC = "x: data\nw: parameter\ny: data & binary\na = sigmoid(w*x)\nL = -(y*log(a) + (1 - y)*log(1 - a))"
MARGIN = r"\mathbb 1(w_j^Tx - w_{y}^Tx + 1 > 0)x"
RIGHT = [
    (SVM, rf"\nabla_{{w_j}} L = {MARGIN} \quad (j \ne y)", "L = ", "L = 2"),
    (SVM, rf"\nabla_{{w_j}} L = {MARGIN} \text{{ for all }} j \ne y", "L = ", "L = -"),
    (SVM, rf"\nabla_{{w_j}} L = {MARGIN}, \quad j \ne y", r"j \ne y", "j = y"),
    (CE, r"\frac{\partial L}{\partial z_y} = p_y - 1", "p_y - 1", "p_y"),
    (CE, r"\frac{\partial L}{\partial p_y} = -\frac{1}{p_y}", "-", "-p_y"),
    (CE, r"\frac{\partial L}{\partial z_k} = p_k - 1 \text{ if } k = y", "k = y", r"k \ne y"),
    (CE, r"\frac{\partial L}{\partial z_k} = p_k \text{ for } k \ne y", "p_k", "p_k - 1"),
    (CE, r"\nabla_{w_k}L = (p_k - \delta_{ky})x", r"\delta_{ky}", r"2\delta_{ky}"),
    (SOFTMAX, r"\frac{\partial p_i}{\partial z_j} = p_i(1 - p_i) \quad (i = j)", "1 - p_i", "1 + p_i"),
    (SOFTMAX, r"\frac{\partial p_i}{\partial z_j} = -p_ip_j \text{ for } i \neq j", "= -", "= "),
    (LOGISTIC, r"\frac{\partial L}{\partial a} = -\frac1a \text{ if } y = 1", "y = 1", "y = 0"),
    (LOGISTIC, r"\frac{\partial L}{\partial w} = (a - 1)x \quad (y = 1)", "y = 1", "y = 0"),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("net", "claim", "old", "new"), [*RIGHT[:5], *(pytest.param(*row, marks=pytest.mark.slow) for row in RIGHT[5:])]
)
def test_a_condition_behind_a_claim_says_for_which_entries_it_is_made(net: str, claim: str, old: str, new: str) -> None:
    assert sb.verify(net, claim).claims[0].kind == "right, identity"
    assert sb.verify(net, claim.replace(old, new, 1)).claims[0].wrong


def test_a_sum_may_run_where_a_label_is_met() -> None:
    net = "E: parameter[V, d]\nt: integers[n, V]\nW: data[d]\nL = sum(E[t] @ W)/n"
    claim = r"\frac{\partial L}{\partial E_v} = \frac1n\sum_{i: t_i = v} W"
    assert sb.verify(net, claim).ok  # the range of i was not known
    assert not sb.verify(net, claim.replace("= v}", r"\neq v}")).ok


@pytest.mark.slow
def test_several_conditions_stand_side_by_side() -> None:
    claims = r"\frac{\partial L}{\partial z_y} = p_y - 1, \quad \frac{\partial L}{\partial z_j} = p_j \text{ for } j \ne y"
    assert sb.verify(CE, claims).ok
    assert sb.verify(CE, claims.replace("p_y - 1", "1 - p_y")).claims[0].wrong


def test_a_claim_about_no_entry_is_not_right() -> None:
    found = sb.verify(CE, r"\frac{\partial L}{\partial z_k} = p_k - 1 \text{ for } k > 100").claims[0]
    assert str(found.because) == "there are no entries that it is about"


def test_one_case_of_a_value_is_zero_elsewhere() -> None:
    net = "z: parameter[n]\nu: data[n]\na = relu(z)\nL = sum(u*a)"
    assert sb.verify(net, r"\frac{\partial L}{\partial z_i} = u_i \mathbb 1[z_i > 0]").ok
    assert sb.verify(net, r"\frac{\partial a}{\partial z} = 1 \text{ if } z > 0").ok


@pytest.mark.slow
def test_conditions_may_be_alternatives() -> None:
    net = "l: parameter\nA: data\neps: data & positive\nr = exp(l)\nL = -minimum(r*A, clip(r, 1 - eps, 1 + eps)*A)"
    either = r"(A > 0 \land r < 1 + \epsilon) \lor (A < 0 \land r > 1 - \epsilon)"
    for claim in (rf"-rA\,\mathbb 1[{either}]", rf"-rA \text{{ if }} {either}, 0 \text{{ otherwise}}"):
        assert sb.verify(net, rf"\frac{{\partial L}}{{\partial l}} = {claim}").ok
        assert sb.verify(net, rf"\frac{{\partial L}}{{\partial l}} = {claim}".replace(r"\lor", r"\land")).claims[0].wrong


@pytest.mark.parametrize(
    ("net", "claim"),
    [
        ("A: symmetric[n]\nx: parameter[n]\nR = (x @ A @ x)/(x @ x)", r"\nabla R = \frac{2}{x^Tx}(Ax - R(x)x)"),  # R x x
        ("v: data[n]\nb: parameter[n]\nF = -sum(log(1 + exp(b + v)))", r"-\frac{\partial F}{\partial b_j} = \sigma(b_j + v_j)"),
        ("X: data[n, d]\ny: data[n]\nbeta: parameter[d]\nS = sum((y - X @ beta)**2)", r"\nabla S = 2X'X\beta - (2y'X)'"),
        ("x: data[d]\nw: parameter[d]\ny: data\nz = w @ x\nL = (z - y)**2/2", r"dz = z - y, dw_1 = x_1dz, dw_2 = x_2dz"),
        (
            "x: data[m]\nt: data[m]\nW: parameter[m, m]\no = sigmoid(W @ x)\nh = tanh(o)\nL = sum((h - t)**2)/2",
            r"\delta h = h - t \\ \delta o = \delta h \odot (1 - h^2) \\ \frac{\partial L}{\partial W} = (\delta o \odot o \odot (1 - o))x^T",
        ),
    ],
)
def test_spellings_that_were_found_wrong_or_not_read(net: str, claim: str) -> None:
    assert sb.verify(net, claim).ok


OLS = "X: data[n, d]\ny: data[n]\nbeta: parameter[d]\nS = sum((y - X @ beta)**2)"
CALLED = [
    (
        "A: data[m, n]\nX: parameter[n, p]\nB: data[p, m]\nL = trace(A @ X @ B)",
        r"\frac{\partial}{\partial X}\mathrm{Tr}(AXB) = A^TB^T",
    ),
    ("X: parameter[n, n]\nL = log(abs(det(X)))", r"\frac{\partial \log|\det X|}{\partial X} = X^{-T}"),
    ("X: parameter[n, n]\na: data[n]\nL = a @ inv(X) @ a", r"\frac{\partial a^TX^{-1}a}{\partial X} = -X^{-T}aa^TX^{-T}"),
    ("A: data[m, n]\nX: parameter[n]\nB: data[m]\nL = sum((A @ X - B)**2)/2", r"\nabla_X\frac12\|AX - B\|^2 = A^T(AX - B)"),
    ("x: data\nw: parameter\nz = w*x\na = sigmoid(z)\nL = a**2", r"\frac{d\sigma(z)}{dz} = \sigma(z)(1 - \sigma(z))"),
]


@pytest.mark.parametrize(("net", "claim"), [*CALLED[:2], *(pytest.param(*row, marks=pytest.mark.slow) for row in CALLED[2:])])
def test_what_is_differentiated_may_be_written_out(net: str, claim: str) -> None:
    assert sb.verify(net, claim).ok
    assert sb.verify(net, claim.replace(" = ", " = 3")).claims[0].wrong


FURTHER = [
    ("theta: parameter[k]\na: labels[k]\npi = softmax(theta)\nL = sum(a*pi)", r"\frac{\partial\log\pi_j}{\partial\theta_i} = \delta_{ij} - \pi_i", "- ", "+ "),
    ("theta: parameter[k]\na: labels[k]\npi = softmax(theta)\nL = sum(a*pi)", r"\nabla_\theta\, a^\top\log\pi = a - \pi", "= a", "= 2a"),
    (OLS, r"\frac{\partial}{\partial\beta}\|X\beta\|^2 = 2X^\top X\beta", "2X", "X"),
    (OLS, r"\frac{\partial(y - X\beta)}{\partial\beta} = -X", "-X", "X"),
    (
        "K: spd[n]\ny: data[n]\ns: parameter & positive\nC = K + s*eye(n)\nL = y @ solve(C, y)",
        r"\frac{\partial\log|C|}{\partial s} = \mathrm{tr}\left(C^{-1}\frac{\partial C}{\partial s}\right)",
        "= ", "= 2",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("net", "claim", "old", "new"), [*FURTHER[:3], *(pytest.param(*row, marks=pytest.mark.slow) for row in FURTHER[3:])]
)
def test_what_no_value_is_may_be_differentiated(net: str, claim: str, old: str, new: str) -> None:
    found = sb.verify(net, claim)
    assert found.ok
    assert str(found.claims[0].remarks[-1]).startswith("with q")
    assert not sb.verify(net, claim.replace(old, new)).ok


def test_a_formula_of_several_readings_convicts_nobody() -> None:
    net = "x: parameter[n]\ny: parameter[n]\nL = sum(x*y)**2"
    assert sb.verify(net, r"\frac{\partial xy}{\partial x} = y").claims[0].right
    assert sb.verify(net, r"\frac{\partial xy}{\partial x} = x + y^2").claims[0].kind == "undecided"
    assert sb.verify(net, r"\frac{\partial x^\top y}{\partial x} = x + y^2").claims[0].wrong


def test_several_formulas_are_differentiated_side_by_side() -> None:
    assert sb.verify("x: parameter\ny: parameter\nf = x*y", r"\frac{\partial x^2}{\partial x} = 2x").ok
    parts = [
        r"\frac{\partial \beta^\top X^\top X\beta}{\partial\beta} = 2X^\top X\beta",
        r"\frac{\partial y^\top X\beta}{\partial\beta} = X^\top y",
    ]
    assert sb.verify(OLS, ", ".join([*parts, r"\frac{\partial S}{\partial\beta} = 2X^\top X\beta - 2X^\top y"])).ok


@pytest.mark.parametrize(
    ("claim", "kind"),
    [
        (r"-\nabla S = 2X^\top(y - X\beta)", "right, identity"),
        (r"\frac12\nabla S = X^\top(X\beta - y)", "right, identity"),
        (r"\frac{1}{n}\frac{\partial S}{\partial\beta} = \frac2nX^\top(X\beta - y)", "right, identity"),
        (r"2\nabla_\beta S = X^\top(X\beta - y)", "up to convention"),
        (r"\frac{\partial}{\partial\beta_j}S(\beta) = 2\sum_i(x_i^\top\beta - y_i)x_{ij}", "right, identity"),
    ],
)
def test_a_number_or_what_it_is_a_function_of_may_stand_at_a_gradient(claim: str, kind: str) -> None:
    assert sb.verify(OLS, claim).claims[0].kind == kind


@pytest.mark.parametrize(("sign", "said"), [("", "as the network has it"), ("-", "the other sign"), ("2", "another than the loss")])
def test_a_step_may_say_of_which_function_the_gradient_is(sign: str, said: str) -> None:
    net, gradient = "A: data[m, n]\nX: parameter[n]\nB: data[m]\nL = sum((A @ X - B)**2)", r"\nabla f(X) = 2A^T(AX - B)"
    found = sb.verify(net, rf"f(X) = {sign}\|AX - B\|^2 \\ {gradient}")  # it was not understood
    assert said in str(found.claims[0].remarks[0])
    assert found.claims[1].right == (sign == "")
    own = gradient.replace("= 2", {"": "= 2", "-": "= -2", "2": "= 4"}[sign])  # of the function that is said
    assert sb.verify(net, rf"f(X) = {sign}\|AX - B\|^2 \\ {own}").ok
    assert sb.verify(net, rf"{gradient} \text{{ where }} f(X) = \|AX - B\|^2").ok


def test_a_function_that_is_written_out_keeps_its_braces() -> None:
    net = "A: symmetric[n]\nx: parameter[n]\nR = (x @ A @ x)/(x @ x)"
    assert sb.verify(net, r"f(x) = \frac{x^TAx}{x^Tx} \\ \nabla f(x) = \frac{2}{x^Tx}(Ax - f(x)x)").ok


def test_a_claim_is_kept_as_it_was_written() -> None:
    net, claim = CALLED[0]
    assert sb.verify(net, claim).claims[0].given == claim
    steps = [r"\psi(u) = 2u", r"\nabla L = \psi(x)"]
    found = sb.verify("x: parameter[n]\nL = sum(x**2)", " \\\\ ".join(steps))
    assert [one.given for one in found.claims] == steps


def test_another_value_that_is_written_out_is_not_taken_for_the_loss() -> None:
    net, claim = CALLED[3]
    found = sb.verify(net, claim.replace("AX - B", "2AX - B", 1)).claims[0]
    assert (found.kind, found.asked and found.asked.of) == ("wrong", "q")  # of that value


def test_the_entry_of_a_label_is_printed_as_one() -> None:
    found = sb.verify(SVM, r"\nabla_{w_y} L = -\left(\sum_{j \neq y} \mathbb 1[s_j - s_y + 1 > 0]\right) x").claims[0]
    assert next(line for line, _ in found.lines()) == "  understood: ∂L/∂W_y = −(Σ_j 1[j ≠ y] 1[sⱼ − s_y + 1 > 0]) x"
