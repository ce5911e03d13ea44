"""Claims that give names to things: sets of indices, diagonal matrices, losses, Hessians, what moves from step to step."""

from __future__ import annotations

import pytest

import symbackprop as sb

MARGIN = sb.read(
    "x: data[n, d]\ny: data[n] & sign\nw: parameter[d]\nb: parameter\nlam: data\n"
    "L = lam/2*sum(w**2) + mean(maximum(0, 1 - y*(x @ w + b)))"
)
LOGISTIC = sb.read(
    "X: data[N, D]\ny: data[N]\nw: parameter[D]\nb: parameter\np = sigmoid(X @ w + b)\nL = -mean(y*log(p) + (1-y)*log(1-p))"
)
RAYLEIGH = sb.read("S: symmetric[d]\nw: parameter[d]\nL = w @ S @ w / (w @ w)")
VALLEY = sb.read("x: parameter\ny: parameter\nf = (1 - x)**2 + 100*(y - x**2)**2")
QUADRATIC = sb.read("A: symmetric[n, n]\nb: data[n]\nx: parameter[n]\nf = 1/2 * x @ A @ x - b @ x")
DETERMINANT = sb.read("X: parameter[n, n]\nf = log(det(X))")
GATES = sb.read(
    "x: data[d]\nh: data[n]\nc: data[n]\ny: data[n]\n"
    + "".join(f"W_{g}: parameter[n, d]\nU_{g}: parameter[n, n]\n" for g in "ifog")
    + "".join(f"{g} = {'tanh' if g == 'g' else 'sigmoid'}(W_{g} @ x + U_{g} @ h)\n" for g in "ifog")
    + "c_1 = f*c + i*g\nh_1 = o*tanh(c_1)\nL = 1/2*sum((h_1 - y)**2)"
)
WORDS = sb.read("v: parameter[d]\nu: parameter[d]\nU: parameter[k, d]\nJ = -log(sigmoid(u @ v)) - sum(log(sigmoid(-U @ v)))")
DEEP = sb.read(
    "x: data[n]\ny: data[n]\nW: parameter[N, n, n]\nb: parameter[N, n]\nz[0] = x\n"
    "for l in 1..N:\n    u[l] = W[l] @ z[l-1] + b[l]\n    z[l] = sigmoid(u[l])\nC = 1/2*sum((z[N] - y)**2)"
)
LENGTH = sb.read("x: parameter[n]\nf = norm(x)")

CLAIMS = [  # the network, a right claim, and a slip in it
    (MARGIN, r"\frac{\partial L}{\partial w} = \lambda w - \frac1n \sum_{i\in\mathcal I} y_i x_i, \quad \mathcal I = \{i : y_i(w^\top x_i + b) < 1\}", ("< 1", "> 1")),
    (MARGIN, r"\nabla_w L = \lambda w - \frac1n \sum_{j \in S} y_j x_j \text{ where } S = \{i \mid y_i(w^\top x_i + b) < 1\}", ("y_j x_j", "x_j")),
    (MARGIN, r"\frac{\partial L}{\partial b} = -\frac1n \sum_{i\in M} y_i, \; M = \{i : y_i(w^\top x_i + b) < 1\}", ("-", "")),
    (LOGISTIC, r"\nabla_w^2 L = \frac1N X^\top D X, \quad D = \mathrm{diag}(p \odot (1-p))", ("(1-p)", "(1+p)")),
    (LOGISTIC, r"\nabla_w^2 L = \frac1N X^\top R X, \quad R_{ii} = p_i(1-p_i)", ("(1-p_i)", "")),
    (RAYLEIGH, r"\nabla R(w) = \frac{2}{\|w\|^2}(Sw - R(w)w)", ("R(w)w", "w")),
    (RAYLEIGH, r"\frac{\partial R}{\partial w} = \frac{2}{w^\top w}(Sw - R w)", ("- R", "+ R")),
    (VALLEY, r"H_{11} = 1200x^2 - 400y + 2", ("400", "200")),
    (VALLEY, r"H_{12} = H_{21} = -400x", ("-400x", "400x")),
    (VALLEY, r"H_{11} = 1200x^2 - 400y + 2, \quad H_{12} = -400x, \quad H_{22} = 200", ("200", "100")),
    (DETERMINANT, r"d\log\det X = \mathrm{tr}(X^{-1}dX)", ("X^{-1}", r"X^{-\top}")),
    (LENGTH, r"\nabla^2\|x\| = \frac{1}{\|x\|}\left(I - \frac{xx^T}{\|x\|^2}\right)", (r"\|x\|^2}", r"\|x\|}")),
    (LENGTH, r"\frac{\partial^2 \|x\|}{\partial x_i \partial x_j} = \frac{\delta_{ij}}{\|x\|} - \frac{x_i x_j}{\|x\|^3}", ("- ", "+ ")),
    (QUADRATIC, r"r_k = b - A x_k, \quad x_{k+1} = x_k + \alpha r_k", (r"+ \alpha", r"- \alpha")),
    (QUADRATIC, r"x_{k+1} = x_k + \alpha_k r_k, \quad r_k = b - A x_k", ("b - A", "A")),
    (QUADRATIC, r"x^{(t+1)} = x^{(t)} - \eta_t g_t, \quad g_t = A x^{(t)} - b", ("- b", "+ b")),
    (GATES, r"\delta h = h_1 - y \\ \delta o = \delta h \odot \tanh(c_1) \\ \delta c = \delta h \odot o \odot (1 - \tanh^2(c_1)) \\ \delta f = \delta c \odot c", (r"\delta c \odot c", r"\delta c \odot c_1")),
    (GATES, r"\frac{\partial L}{\partial W_f} = \left[\delta c \odot c \odot f \odot (1-f)\right] x^T, \quad \delta c = (h_1 - y)\odot o\odot(1-\tanh^2 c_1)", (r"\odot f", r"\odot i")),
    (WORDS, r"\frac{\partial J}{\partial v} = (\sigma(u^Tv) - 1)u + \sum_{k=1}^K \sigma(u_k^Tv) u_k", ("- 1", "+ 1")),
    (WORDS, r"\frac{\partial J}{\partial u_k} = \sigma(u_k^\top v) v", ("v) v", "v) u")),
    (DEEP, r"\frac{\partial C}{\partial W^{(l)}_{jk}} = \delta^{(l)}_j z^{(l-1)}_k", ("(l-1)", "(l)")),
    (DEEP, r"\frac{\partial C}{\partial b^{(l)}_j} = \delta^{(l)}_j", (r"= \delta^{(l)}_j", r"= z^{(l)}_j")),
    (LOGISTIC, r"w_{t+1} = w_t - \frac{\eta}{N} X^\top (p_t - y)", ("(p_t - y)", "(y - p_t)")),
    (VALLEY, r"x_{k+1} = x_k - \alpha(-2(1-x_k) - 400x_k(y_k - x_k^2)), \quad y_{k+1} = y_k - 200\alpha(y_k - x_k^2)", ("(y_k - x_k^2)", "y_k")),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("net", "claim", "slip"), CLAIMS)
def test_a_name_stands_for_what_is_said_of_it(net: sb.Network, claim: str, slip: tuple[str, str]) -> None:
    found = sb.verify(net, claim)
    assert all(one.right or one.kind == "abbreviation" for one in found)
    assert any(one.right for one in found)
    wrong = claim.replace(*slip)
    assert wrong != claim
    assert any(one.wrong or one.kind == "undecided" for one in sb.verify(net, wrong))  # a delta that nothing defines is open


@pytest.mark.parametrize("definition", [r", \quad D = \mathrm{diag}(p \odot (1-p))", r" \text{ where } D_{ii} = p_i(1-p_i)"])
def test_an_h_is_the_second_derivative_by_any_parameter(definition: str) -> None:
    """D is a size of the network as well."""
    (found,) = sb.verify(LOGISTIC, r"H = \frac1N X^\top D X" + definition)
    assert found.right
    (found,) = sb.verify(LOGISTIC, r"H = \frac1N X^\top D X" + definition.replace("p_i)", "p_i^2)").replace("(1-p)", "p"))
    assert found.kind == "undecided"
    assert "no second derivative" in found.reason


def test_a_newton_step_is_no_step_along_the_gradient() -> None:
    (found,) = sb.verify(QUADRATIC, r"x_{k+1} = x_k - A^{-1}\nabla f(x_k)")
    assert found.right
    (found,) = sb.verify(QUADRATIC, r"x_{k+1} = x_k - \alpha_k\nabla f(x_k)")
    assert found.kind == "abbreviation"


def test_a_step_of_a_sample_keeps_its_index() -> None:
    """x_k is the sample k, whatever counts the updates."""
    linear = sb.read("X: data[n, d]\ny: data[n]\nw: parameter[d]\nJ = 1/2*sum((X @ w - y)**2)")
    (found,) = sb.verify(linear, r"w_{k+1} = w_k - \eta (w_k^\top x_k - y_k) x_k")
    assert not found.right


def test_the_mean_of_a_matrix_is_over_all_of_it_or_along_what_makes_a_claim_right() -> None:
    net = sb.read("X: parameter[n, d]\nq = mean(X, axis=0)\ns = mean(X)\nL = sum(q**2) + s**2")
    for claim in (r"\frac{\partial L}{\partial s} = 2\,\mathrm{mean}(X)", r"\frac{\partial L}{\partial q} = 2\,\mathrm{mean}(X)"):
        assert sb.verify(net, claim).ok
        assert sb.verify(net, claim.replace("2", "3")).claims[0].wrong
    with pytest.raises(sb.NotationError, match="does not say over what"):
        sb.read(r"L = \operatorname{mean}(X)", let=["X: data[n, d]"])


def test_a_letter_of_the_loss_is_no_transpose_and_no_expectation() -> None:
    assert sb.verify(QUADRATIC, r"\nabla T = A^T x - b").ok
    assert sb.verify(QUADRATIC, r"\nabla R = A x - b, \quad x \in \mathbb{R}^n").ok


@pytest.mark.parametrize(("claim", "verdict"), [
    (r"\frac{\partial f}{\partial x_i} = e_i^\top(Ax - b)", "right, identity"),
    (r"\frac{\partial f}{\partial x_i} = \mathbf{e}_i^\top Ax - b_i", "right, identity"),
    (r"\nabla f = \sum_i(e_i^\top Ax - b_i)\mathbf{e}_i", "right, identity"),
    (r"\frac{\partial f}{\partial x_i} = e_i^\top(Ax + b)", "wrong"),
])  # fmt: skip
def test_unit_vectors(claim: str, verdict: str) -> None:
    (found,) = sb.verify("A: symmetric[n, n]\nb: data[n]\nx: parameter[n]\nf = 1/2*x @ A @ x - b @ x", claim)
    assert found.kind == verdict
    assert "unit vector" in str(found.remarks[0])
    assert "\\mathbf{e}_{i}" in found.understood


@pytest.mark.parametrize("said", ["P(t=1|x_n)", "P(t_n=1|x_n)", r"p(t=1\mid x_n; w)", "(1 - P(t=0|x_n))"])
def test_a_probability_has_the_index_of_what_it_is_given(said: str) -> None:
    network = "X: data[n, d]\nt: data[n] & binary\nw: parameter[d]\np = sigmoid(X @ w)\nE = -sum(t*log(p) + (1-t)*log(1-p))"
    assert sb.verify(network, rf"\nabla E = \sum_n({said} - t_n)x_n").ok
    assert not sb.verify(network, rf"\nabla E = \sum_n({said} + t_n)x_n").ok


BATCH = "X: data[n, d]\ny: labels[n, k]\nW: parameter[d, k]\nZ = X @ W\nP = softmax(Z)\nL = -sum(y*log(P))/n"


@pytest.mark.slow
def test_a_capital_is_the_matrix_of_its_small_letter() -> None:
    """What Y is was asked, and behind dZ = P - Y a right dW = X^T dZ/n was wrong."""
    right = sb.verify(BATCH, r"\frac{\partial L}{\partial W} = \frac1n X^\top(P - Y)")
    assert right.ok
    assert "Y is taken to be y" in str(right.claims[0].remarks[-1])
    assert sb.verify(BATCH, r"\frac{\partial L}{\partial W} = \frac1n X^\top(Y - P)").claims[0].kind == "up to convention"
    assert sb.verify(BATCH, r"$$dZ = P - Y$$ $$dW = \frac1n X^\top dZ$$").ok
    given = r"$$\frac{\partial L}{\partial W} = \frac1n X^\top Y$$ where $Y = P - y$"
    assert sb.verify(BATCH, given).ok  # a capital that the text gives is no other


@pytest.mark.slow
def test_a_letter_that_is_found_by_guessing_stands_for_the_same_in_later_steps() -> None:
    assert sb.verify(BATCH, "dZ = P - T").claims[0].kind == "undecided"  # a T is no number of rows there
    text = r"$$dZ = P - Q$$ $$dW = \frac1n X^\top dZ$$"
    assert sb.verify(BATCH, text).ok
    assert not sb.verify(BATCH, text.replace("X^", "3X^")).ok


@pytest.mark.slow
def test_a_name_with_an_accent_is_said_behind_where_it_stands() -> None:
    net = "u: parameter[V, d]\nv: parameter[d]\no: integers[V]\nJ = -log(softmax(u @ v)[o])"
    text = r"$$\nabla_v J = U^\top(\hat y - y)$$ where $\hat y = \text{softmax}(Uv)$ and $y$ is the one-hot vector of $o$."
    assert sb.verify(net, text).ok
    assert not sb.verify(net, text.replace("- y)", "+ y)")).ok


@pytest.mark.parametrize("name", ["V", r"\mathcal{V}", r"\mathcal V"])
def test_a_set_of_indices_that_a_sentence_gives(name: str) -> None:
    """A right sum over it was wrong: every index was taken to be in it."""
    said = rf"The violators are ${name} = \{{i : y_i(w^\top x_i + b) < 1\}}$ and "
    claim = rf"$$\frac{{\partial L}}{{\partial b}} = -\frac1n\sum_{{i \in {name}}} y_i$$"
    assert sb.verify(MARGIN, said + claim).ok
    assert not sb.verify(MARGIN, said.replace("< 1", "> 1") + claim).ok
    unknown = sb.verify(MARGIN, claim).claims[0]
    assert (unknown.kind, "every i is taken to be in" in str(unknown.because)) == ("undecided", True)


@pytest.mark.slow
def test_a_sentence_says_which_column_a_letter_is() -> None:
    """x_j stood for a row, and the shapes did not fit."""
    net = "X: data[n, d]\ny: data[n]\nw: parameter[d]\nL = sum((X @ w - y)**2)"
    for which in ("$j$-th", "$j$th", r"$j^{\text{th}}$"):
        for text in (
            r"$$\frac{\partial L}{\partial w_j} = 2x_j^\top(Xw - y)$$ where {}",
            r"Let {}. $$\frac{\partial L}{\partial w_j} = 2x_j^\top(Xw - y)$$",
        ):
            said = text.replace("{}", f"$x_j$ is the {which} column of $X$")
            assert sb.verify(net, said).ok
            assert not sb.verify(net, said.replace("- y", "+ y")).ok


@pytest.mark.slow
@pytest.mark.parametrize(
    ("own", "part", "net"), [("w", "row", "W @ x"), ("w", "column", "W.T @ x"), (r"\mathbf{w}", "row", "W @ x")]
)
@pytest.mark.parametrize("left", [r"\frac{\partial L}{\partial {}}", r"\nabla_{{}} L", r"\partial L/\partial {}"])
def test_a_part_of_a_matrix_that_has_a_name_has_a_gradient(own: str, part: str, net: str, left: str) -> None:
    shape = "m, d" if part == "row" else "d, m"
    own_net = f"x: data[d]\ny: data[m]\nW: parameter[{shape}]\nL = sum(({net} - y)**2)/2"
    said = f"Let ${own}_k$ be the $k$-th {part} of $W$. $${left.replace('{}', f'{own}_j')} = ({own}_j^\\top x - y_j) x$$"
    assert [one.kind for one in sb.verify(own_net, said).claims] == ["abbreviation", "right, identity"]
    assert sb.verify(own_net, said.replace("- y_j", "+ y_j"))[-1].wrong


def test_a_derivative_of_entries_that_is_one_number_is_said_as_that() -> None:
    net = "c: data\na: parameter[n]\nb: parameter[n]\nw: data[n]\nh = c*a\ng = tanh(b)\nL = sum(h*g*w)"
    for right in ("dh/da = c", r"$\frac{\partial h}{\partial a} = c$", r"$\frac{\partial h}{\partial a} = c I$"):
        assert sb.verify(net, right).ok, right
    assert sb.verify(net, "dh/da = 3*c")[0].wrong
    assert sb.verify(net, "dg/db = 1 - c")[0].kind == "wrong shape"  # it differs from entry to entry


SOFTMAX = "X: data[n, d]\nY: labels[n, c]\nW: parameter[d, c]\nP = softmax(X @ W)\nL = -mean(sum(Y*log(P), axis=1))"


@pytest.mark.parametrize(
    "left",
    [r"\frac{\partial L}{\partial Z} = \frac{1}{n}(P - Y)", r"\frac{\partial L}{\partial z_{ik}} = \frac{1}{n}(p_{ik} - y_{ik})"],
)
@pytest.mark.parametrize("behind", ["${}$ with $Z = XW$.", "$${},$$ where $Z = XW$."])
def test_what_is_derived_by_is_said_behind(left: str, behind: str) -> None:
    assert sb.verify(SOFTMAX, behind.replace("{}", left)).ok
    assert sb.verify(SOFTMAX, behind.replace("{}", left.replace("-", "+"))).claims[0].wrong


@pytest.mark.parametrize("one", [r"\mathbb{1}\{y_i = k\}", r"\mathbf{1}\{k = y_i\}", r"\mathbf 1[y^{(i)} = k]", r"1\{y_i = k\}"])
@pytest.mark.parametrize("p", [r"P(y_i = k \mid x_i)", "p_{ik}"])
def test_a_label_is_compared_with_a_class_where_the_network_has_it_one_hot(one: str, p: str) -> None:
    claim = rf"\nabla_{{w_k}} L = -\frac1n \sum_{{i=1}}^n x_i ({one} - {p})"
    assert sb.verify(SOFTMAX, f"${claim}$").ok
    assert sb.verify(SOFTMAX, f"${claim.replace(' - ', ' + ')}$").claims[0].wrong


@pytest.mark.slow
def test_a_number_is_a_value_of_a_vector() -> None:
    net = "m: parameter[d]\ns: parameter[d]\nL = -sum(1 + s - m**2 - exp(s))/2"
    for said in (r"Both vanish at $m = 0$, $s = 0$.", r"The minimum is at $m = \mathbf{0}$.", r"$\hat m = 0$, $\hat s = 0$"):
        assert sb.verify(net, said).ok, said
    assert sb.verify(net, "Both vanish at $m = 0$, $s = 1$.").claims[1].wrong


@pytest.mark.parametrize("behind", [r"\succeq 0", r"\ge 0"])
def test_what_is_said_of_the_sign_of_a_hessian_stands_behind_it(behind: str) -> None:
    net = "X: data[n, d]\ny: data[n]\nw: parameter[d]\nL = sum(exp(X @ w) - y*(X @ w))"
    claim = rf"$\nabla^2 L = X^\top \mathrm{{diag}}(e^{{Xw}}) X {behind}$"
    assert sb.verify(net, claim).claims[0].notes == ("its sign is not judged",)
    assert sb.verify(net, claim.replace("= X", "= 2X")).claims[0].wrong


VARIANCE = "X: data[n, d]\ny: data[n]\nw: parameter[d]\ns: parameter & positive\nL = n/2*log(2*pi*s) + sum((y - X @ w)**2)/(2*s)"
DERIVED = r"\frac{\partial L}{\partial \sigma^2} = \frac{n}{2\sigma^2} - \frac{1}{2\sigma^4}\|y - Xw\|^2"
BEST = r"\hat\sigma^2 = \frac1n\|y - Xw\|^2"


@pytest.mark.slow
@pytest.mark.parametrize("said", [r"s = \sigma^2", r"\sigma^2 = s"])
def test_a_value_is_said_as_the_square_of_a_letter(said: str) -> None:
    text = rf"$${DERIVED}$$ with ${said}$. Hence ${BEST}$."
    assert sb.verify(VARIANCE, text).ok
    assert sb.verify(VARIANCE, text.replace(r"{2\sigma^4}", r"{\sigma^4}")).claims[0].wrong
    assert sb.verify(VARIANCE, text.replace(r"\frac1n", r"\frac2n")).claims[-1].wrong
    assert sb.verify(VARIANCE, f"$${DERIVED}$$").claims[0].open  # nobody says what it is


def test_targets_that_sum_to_one_are_those_that_no_parameter_weighs() -> None:
    net = "x: data[d]\nt: data[k]\nW: parameter[k, d]\ny = softmax(W @ x)\nE = -sum(t*log(y))"
    said = r"Since the targets are one-hot, $\nabla_W E = (y - t) x^\top$."
    assert sb.verify(net, said).ok
    assert sb.verify(net, said.replace("- t", "- 2t")).claims[0].wrong


HEAD = "q: parameter[d]\nK: parameter[n, d]\nV: parameter[n, e]\ng: data[e]\ns = K @ q\na = softmax(s)\no = a @ V\nL = o @ g"
BARS = r"$$\bar o = g, \quad \bar V = a g^\top, \quad \bar a = Vg$$ $$\bar s = a \odot (\bar a - (a^\top \bar a) \mathbf 1)$$ $$\bar q = K^\top \bar s$$"


@pytest.mark.slow
@pytest.mark.parametrize(("place", "slip"), [(3, (r"\bar a -", r"\bar a +")), (4, ("= K", "= 2K")), (2, ("= Vg", "= 3Vg"))])
def test_names_with_one_mark_are_gradients_together(place: int, slip: tuple[str, str]) -> None:
    assert sb.verify(HEAD, BARS).ok
    assert sb.verify(HEAD, BARS.replace(*slip)).claims[place].wrong


@pytest.mark.parametrize("said", ["a = p", r"\sigma = p"])
def test_a_letter_that_is_said_to_be_a_value_is_differentiated_by(said: str) -> None:
    net = "z: parameter[n]\ny: data[n]\np = sigmoid(z)\nL = -sum(y*log(p) + (1 - y)*log(1 - p))"
    letter = said.replace("p", "").replace("=", "").strip()
    text = rf"$$\frac{{\partial L}}{{\partial {letter}}} = \frac{{{letter} - y}}{{{letter}(1 - {letter})}}$$ where ${said}$."
    assert sb.verify(net, text).ok
    assert sb.verify(net, text.replace("- y", "+ y")).claims[0].wrong


@pytest.mark.parametrize("claim", [r"-2e+2\lambda c", "-2e+2 c \\lambda", r"2\lambda c-2e"])
def test_an_e_beside_a_number_is_the_value_e(claim: str) -> None:
    net = "r: data\nc: parameter\nlam: data\ne = r - c\nL = e**2 + lam*c**2"
    assert sb.verify(net, rf"$\partial L/\partial c = {claim}$").ok
    assert sb.verify("c: parameter\nL = 1e-2*c", r"$\partial L/\partial c = 1e-2$").ok


RATE = "x: data[n]\nth: parameter & positive\nL = -n*log(th) + th*sum(x)"


@pytest.mark.slow
@pytest.mark.parametrize("own", [r"Here $\theta = th$. ", r"$$\theta = th$$ ", ""])
@pytest.mark.parametrize("prime", ["'", r"^\prime"])
def test_a_prime_behind_a_log_likelihood_is_its_slope(own: str, prime: str) -> None:
    r"""\ell' was a name for anything."""
    loss = r"$\ell(\theta) = n\log\theta - \theta\sum_i x_i$. "
    slope = rf"$\ell{prime}(\theta) = \frac n\theta - \sum_i x_i$ and $\ell''(\theta) = -n/\theta^2$."
    assert sb.verify(RATE, loss + own + slope).ok
    assert not sb.verify(RATE, loss + own + slope.replace("n\\theta -", "{2n}\\theta -")).ok
    assert not sb.verify(RATE, loss + own + slope.replace("-n/", "n/")).ok


@pytest.mark.parametrize("said", [r"$d_{next} = dnext$", r"$d_{\text{next}} = dnext$", r"$\theta = th$"])
def test_another_spelling_of_a_tensor_claims_nothing(said: str) -> None:
    """It was a wrong gradient by that tensor."""
    net = "dnext: data[n]\nth: parameter[n]\nL = sum(dnext*tanh(th))"
    assert sb.verify(net, said + r", $\frac{\partial L}{\partial\theta} = dnext \odot (1 - \tanh^2(\theta))$").ok


@pytest.mark.slow
def test_a_second_derivative_has_its_letter_below() -> None:
    net = "s: parameter[n]\ny: data[n]\np = sigmoid(s)\nL = -sum(y*log(p) + (1-y)*log(1-p))"
    said = r"$g_i = \partial_{s_i}L = p_i - y_i$ and $h_i = \partial^2_{s_i}L = p_i(1-p_i)$"
    assert sb.verify(net, said).ok
    assert sb.verify(net, said.replace("p_i(1", "2p_i(1")).claims[-1].wrong


@pytest.mark.slow
def test_a_column_that_a_sentence_defines_behind_its_use_is_no_row() -> None:
    net = "x: parameter[d]\nA: data[m, d]\nb: data[m]\nf = sum((A @ x - b)**2)/2"
    said = r"$\frac{\partial f}{\partial x_i} = a_i^\top (Ax - b)$, where $a_i$ is the $i$-th column of $A$"
    assert sb.verify(net, said).ok
    assert not sb.verify(net, said.replace("Ax - b", "Ax + b")).ok


@pytest.mark.slow
def test_a_norm_of_what_is_0_hides_no_gradient_by_others() -> None:
    """At no point were all gradients finite: those by the data have no value on the diagonal of a kernel."""
    net = (
        "X: data[n, d]\na: parameter[n]\ny: data[n]\nK = exp(-norm(X[:, None, :] - X[None, :, :], axis=2)**2)\n"
        "J = sum((y - K @ a)**2)/2"
    )
    assert sb.verify(net, r"\nabla_a J = -K(y - Ka)").ok
    assert not sb.verify(net, r"\nabla_a J = K(y - Ka)").ok


def test_a_density_that_a_sentence_recalls_claims_nothing() -> None:
    said = (
        r"The density is $f(x; \theta) = \theta e^{-\theta x}$. $\frac{\partial L}{\partial\theta} = -\frac n\theta + \sum_i x_i$."
    )
    assert sb.verify(RATE, said).ok


READ_OUT = "x: data[d]\nW: parameter[h, d]\nv: parameter[h]\ny: data\nq = tanh(W @ x)\no = v @ q\nL = (o - y)**2/2"
MARKS = [
    (
        r"\bar o = o - y \\ \bar v = \bar o q \\ \bar q = \bar o v \\ \bar W = (\bar q \odot (1 - q^2)) x^\top",
        (r"\bar o q", r"\bar o v"),
    ),
    ("o_bar = o - y\nv_bar = o_bar * q\nq_bar = o_bar * v\nW_bar = np.outer(q_bar*(1 - q**2), x)", ("o_bar * q", "o_bar * v")),
    (r"\delta_o = o - y \\ \delta_v = \delta_o q \\ \delta_q = \delta_o v", (r"\delta_o q", r"\delta_o v")),
]


@pytest.mark.slow
@pytest.mark.parametrize(("said", "slip"), MARKS)
def test_a_name_with_the_mark_of_others_is_the_gradient_by_its_own_letter(said: str, slip: tuple[str, str]) -> None:
    """It was right as the gradient by another letter."""
    assert sb.verify(READ_OUT, said).ok
    assert [one.kind for one in sb.verify(READ_OUT, said.replace(*slip)).claims[:2]] == ["right, identity", "wrong"]


def test_a_bare_name_within_a_chain_is_judged() -> None:
    net = "x: data\nw: parameter\nz = w*x\nf = z**2"
    said = r"At $x = 1$, $w = 2$: $\frac{\partial f}{\partial z} = 2z = 4$."
    assert sb.verify(net, said).ok
    assert sb.verify(net, said.replace("2z", "z")).claims[-1].wrong
