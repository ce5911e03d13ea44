"""Claims that are right of what their writer means: of other data than was declared, another letter, a function of their own."""

import ast

import pytest

import symbackprop as sb

MARGIN = """X: data[n, d]
y: data[n]
w: parameter[d]
L = sum(log(1 + exp(-y*(X @ w))))/n
"""
HESSIAN = r"\nabla^2 L(w) = \frac1n\sum_{i=1}^n \sigma(w^Tx_i)(1-\sigma(w^Tx_i))x_ix_i^T"
HUBER = """X: data[n, d]
y: data[n]
w: parameter[d]
c: data
r = X @ w - y
L = sum(where(abs(r) <= c, r**2/2, c*(abs(r) - c/2)))
"""
DISTILLED = """z: parameter[k]
q: data[k]
p = softmax(z)
L = -sum(q*log(p))
"""
GAN = """x: data[n, d]
z: data[n, d]
w: parameter[d]
D = sigmoid(x @ w)
F = sigmoid(z @ w)
V = mean(log(D)) + mean(log(1 - F))
"""
OTHER_DATA = [
    (MARGIN, HESSIAN, "y: data[n]", "y: data[n] & sign"),
    (DISTILLED, r"\frac{\partial L}{\partial z_i} = p_i - q_i", "q: data[k]", "q: labels[k]"),
    (HUBER, r"\nabla L = X^T\max(-c, \min(c, r))", "c: data", "c: data & positive"),
]


@pytest.mark.parametrize(
    ("net", "claim", "declared", "better"),
    [*OTHER_DATA[:2], *(pytest.param(*row, marks=pytest.mark.slow) for row in OTHER_DATA[2:])],
)
def test_a_claim_about_other_data_is_told_how_they_are_declared(net: str, claim: str, declared: str, better: str) -> None:
    found = sb.verify(net, claim).claims[0]
    assert found.kind == "undecided"
    assert str(found.because).endswith(f"declare {better}")
    assert sb.verify(net.replace(declared, better), claim).ok


@pytest.mark.slow
@pytest.mark.parametrize(
    ("net", "claim"),
    [
        (MARGIN, HESSIAN.replace("x_ix_i^T", "x_i")),
        (MARGIN, HESSIAN.replace(r"\frac1n", r"\frac2n")),
        (DISTILLED, r"\frac{\partial L}{\partial z_i} = q_i - 2p_i"),
        (HUBER, r"\nabla L = X^T\max(-c, \min(c, 2r))"),
        ("x: data[d]\nw: parameter[d]\nL = (w @ x)**2", r"\frac{\partial^2 L}{\partial w_j^2} = 2x_j"),  # x^2, of x in {0, 1}
    ],
)
def test_a_mistake_is_no_claim_about_other_data(net: str, claim: str) -> None:
    assert sb.verify(net, claim).claims[0].wrong


def test_what_is_transposed_is_no_number() -> None:
    net = "v: parameter[d]\nu: parameter[d]\nK: parameter[k, d]\nL = -log(sigmoid(u @ v)) - sum(log(sigmoid(-K @ v)))"
    claim = r"\nabla_v L = -(1-\sigma(u^\top v))u + \sum_{k}(1-\sigma(-u_k^\top v))u_k"
    assert "u_k is transposed" in str(sb.verify(net, claim).claims[0].because)
    assert sb.verify(net, claim, symbols={"u_k": "K[k]"}).ok
    assert sb.verify(net, claim.replace("u_k", "K_k")).ok


def test_a_letter_with_a_mark_is_another() -> None:
    net = "q: parameter[d]\nK: data[n, d]\nt: labels[n]\np = softmax(K @ q)\nL = -sum(t*log(p))"
    found = sb.verify(net, r"\nabla_q L = \sum_i p_i k_i - k_+").claims[0]
    assert str(found.because) == "what is k_+?"  # it was the first row
    net = "x: data[v]\nW: parameter[v, m]\nU: parameter[m, k]\nt: labels[k]\nh = W.T @ x\ny = softmax(U.T @ h)\nE = -sum(t*log(y))"
    for claim in (r"\frac{\partial E}{\partial w'_{ij}} = (y_j - t_j)h_i", r"\frac{\partial E}{\partial W'} = h(y - t)^T"):
        found = sb.verify(net, claim).claims[0]
        assert found.kind == "not understood"  # it was judged as the gradient by W
        mend = ast.literal_eval(str(found.because).partition("symbols={")[2].partition(":")[0])
        assert sb.verify(net, claim, symbols={mend: "U"}).ok


@pytest.mark.parametrize("mark", [r"^\top", "'"])
def test_a_gradient_by_a_row_is_the_row(mark: str) -> None:
    net = "X: data[n, d]\ny: data[n]\nw: parameter[d]\nm = exp(X @ w)\nL = sum(m - y*(X @ w))"
    assert sb.verify(net, rf"\frac{{\partial L}}{{\partial w{mark}}} = (m - y)^\top X").ok
    assert sb.verify(net, rf"\frac{{\partial m}}{{\partial w{mark}}} = \operatorname{{diag}}(m)X").ok
    assert sb.verify(net, rf"\frac{{\partial^2 L}}{{\partial w \partial w{mark}}} = X^\top\operatorname{{diag}}(m)X").ok
    assert sb.verify(net, rf"\frac{{\partial L}}{{\partial w{mark}}} = (y - m)^\top X").claims[0].kind == "up to convention"


def test_nobody_divides_by_a_gradient() -> None:
    net = "x: parameter[d]\ng: data[d]\nr = sqrt(mean(x**2))\nL = sum(g*x/r)"
    claim = r"\frac{\partial L}{\partial x_i} = \frac{g_i}{r} - \frac{x_i}{dr^3}\sum_j g_jx_j"
    assert sb.verify(net, claim).ok
    assert sb.verify(net, claim.replace(r"\frac{x_i}{dr^3}", r"\frac{x_i}{r^2}\frac{1}{dr}")).ok


@pytest.mark.slow
@pytest.mark.parametrize(
    ("net", "claim", "slip"),
    [
        (HUBER.replace("c: data", "c: data & positive"), r"\nabla L = \sum_i \psi(r_i) x_i, \psi(u) = \max(-c, \min(c, u))", "+"),
        (
            HUBER,
            r"\psi(u) = \begin{cases} u & |u| \le c \\ c\,\mathrm{sign}(u) & |u| > c\end{cases} \\ \nabla L = X^T\psi(Xw - y)",
            "+",
        ),
        (GAN, r"\nabla_w V = \frac1n\sum_i (1-D(x_i))x_i - \frac1n\sum_i D(z_i)z_i, \quad D(x) = \sigma(w^Tx)", r"\sum_i D"),
        (GAN, r"\nabla_w V = \frac1n\sum_i (1-D(x_i))x_i - \frac1n\sum_i F(z^{(i)})z_i", r"\sum_i F"),
    ],
)
def test_functions_of_a_persons_own_stand_for_what_they_are_defined_as(net: str, claim: str, slip: str) -> None:
    assert sb.verify(net, claim).ok
    wrong = claim.replace(slip, "2" + slip) if slip != "+" else claim.replace(r"\nabla L =", r"\nabla L = 2")
    assert any(one.wrong for one in sb.verify(net, wrong).claims)


def test_a_value_is_applied_to_data_that_it_is_made_of() -> None:
    claim = r"\nabla_w V = \frac1n\sum_i (1-D(x_i))x_i - \frac1n\sum_i D(z_i)z_i"
    assert "D is not made of z_i" in str(sb.verify(GAN, claim).claims[0].because)  # it was a product, of the wrong shape


@pytest.mark.parametrize("called", [r"h_\theta(x^{(i)})", r"h_{\theta}(x_i)", r"h(x_i; \theta)", r"h(x^{(i)})", "h_i"])
def test_a_value_at_a_sample_may_name_its_parameters(called: str) -> None:
    net = "X: data[m, n]\ny: data[m]\ntheta: parameter[n]\nh = sigmoid(X @ theta)\nJ = -mean(y*log(h) + (1 - y)*log(1 - h))"
    loss = rf"J(\theta) = -\frac1m\sum_{{i=1}}^m\left[y^{{(i)}}\log {called} + (1 - y^{{(i)}})\log(1 - {called})\right]"
    assert sb.verify(net, rf"{loss} \\ \frac{{\partial J}}{{\partial\theta_j}} = \frac1m\sum_i({called} - y^{{(i)}})x_j^{{(i)}}").ok


@pytest.mark.slow
def test_powers_of_matrices_are_products_of_them() -> None:
    net = "K: spd[n]\ny: data[n]\ns: parameter & positive\nC = K + s*eye(n)\nL = y @ solve(C, y)/2 + log(det(C))/2"
    claim = r"\frac{\partial L}{\partial s} = \frac12\mathrm{tr}(C^{-1}) - \frac12 y^\top C^{-2}y"  # C^{-2} was that of its entries
    assert sb.verify(net, claim).ok
    assert sb.verify(net, claim.replace("{-2}", "{-3}")).claims[0].wrong
    cubed = "X: parameter[n, n]\nL = trace(X @ X @ X @ X)"
    found = sb.verify(cubed, r"\frac{\partial L}{\partial X} = 4(X^3)^\top").claims[0]
    assert found.kind == "undecided"  # it was wrong: a power of the entries
    assert str(found.remarks[0]) == "the power of a matrix is its product with itself"


def test_the_number_e_may_stand_beside_data_of_that_name() -> None:
    net = "e: data[k]\ns: parameter[k]\nL = sum(exp(s/2)*e)"
    assert sb.verify(net, r"\frac{\partial L}{\partial s_j} = \frac12 e^{s_j/2}e_j").ok
    assert sb.verify(net, r"\frac{\partial L}{\partial s} = \frac12\epsilon\odot e^{s/2}").ok


def test_names_of_several_letters_go_through_a_derivation() -> None:
    net = "x: data[v]\nW: parameter[v, m]\nU: parameter[m, k]\nt: labels[k]\nh = W.T @ x\ny = softmax(U.T @ h)\nE = -sum(t*log(y))"
    steps = (
        r"\frac{\partial E}{\partial h_i} = \sum_j (y_j - t_j) U_{ij} := EH_i \\ \frac{\partial E}{\partial W_{ki}} = EH_i\cdot x_k"
    )
    assert sb.verify(net, steps).ok
    assert sb.verify(net, r"EH_i = \sum_j U_{ij}(y_j-t_j) \\ \frac{\partial E}{\partial W_{ki}} = EH_i x_k").ok
    assert sb.verify(net, r"\frac{\partial E}{\partial W} = x \otimes EH, \; EH = U(y-t)").ok
    number = "w: parameter\nx: data\ntarget: data\nout = sigmoid(w*x)\nE = (target - out)**2/2"
    claim = r"\frac{\partial E}{\partial w} = -(target_{o1} - out)\,out(1 - out)x"
    assert sb.verify(number, claim).ok
    assert sb.verify(number, claim.replace("= -", "=")).claims[0].kind == "up to convention"
