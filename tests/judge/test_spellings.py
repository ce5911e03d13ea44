"""Derivatives as quotients in code, dL/dz, and claims as one text or as a file: what people type first."""

from pathlib import Path

import pytest

import symbackprop as sb
from symbackprop.judge.texts.files import ClaimsError

NET = """x: data[n, d]
y: data[n, k]
W1: parameter[d, h]
W2: parameter[h, k]
z1 = x @ W1
a = tanh(z1)
z2 = a @ W2
L = sum((z2 - y)**2)
"""
STEPS = [
    ("dL/dz2", "2*(z2 - y)"),
    ("dL/dW2", "a.T @ {z2}"),
    ("da/dz1", "1 - a**2"),
    ("dL/dz1", "{z2} @ W2.T * {a}"),
    ("dL/dW1", "x.T @ {z1}"),
]
SPELLED = {
    "as quotients": {"z2": "dL/dz2", "a": "da/dz1", "z1": "dL/dz1"},
    "in brackets": {"z2": "(dL / dz2)", "a": "(da/dz1)", "z1": "(dL/dz1)"},
    "as names": {"z2": "dL_dz2", "a": "da_dz1", "z1": "dL_dz1"},
    "by half": {"z2": "dz2", "a": "da_dz1", "z1": "dz1"},
    "as on paper": {"z2": "∂L/∂z2", "a": "∂a/∂z1", "z1": "∂L/∂z1"},
}


ALIKE = ("in brackets", "as names", "by half")  # as those that stand beside them, but for the letters
WAYS = [pytest.param(how, marks=pytest.mark.slow if how in ALIKE else ()) for how in SPELLED]


@pytest.mark.slow
@pytest.mark.parametrize("how", WAYS)
def test_a_derivative_is_written_in_any_of_these_ways(how: str) -> None:
    steps = [(name, claim.format(**SPELLED[how])) for name, claim in STEPS]
    right = sb.verify(NET, steps).claims
    assert all(one.right for one in right)
    text = "\n".join(f"{name} = {claim}" for name, claim in steps)
    assert [one.verdict for one in sb.verify(NET, text).claims] == [one.verdict for one in right]
    wrong = sb.verify(NET, text.replace("1 - a**2", "1 + a**2")).claims
    assert [one.wrong for one in wrong][:3] == [False, False, True]
    assert not any(one.right for one in wrong[2:])


@pytest.mark.parametrize("how", WAYS)
def test_a_derivative_that_no_step_said_is_the_true_one(how: str) -> None:
    own = SPELLED[how]
    assert sb.verify(NET, {"W2": f"a.T @ {own['z2']}"}).claims[0].right
    assert sb.verify(NET, {"W1": f"x.T @ {own['z1']}"}).claims[0].right
    assert sb.verify(NET, {"W2": f"-a.T @ {own['z2']}"}).claims[0].wrong


def test_a_quotient_of_names_of_the_network_is_one() -> None:
    net = "dx: parameter[n]\ndt: data[n] & positive\nL = sum((dx/dt)**2)"
    assert sb.verify(net, {"dx": "2*dx/dt/dt"}).claims[0].right
    assert sb.verify("t: parameter\ndL: data\ndt: data & positive\nL = t*dL/dt", {"t": "dL/dt"}).claims[0].right


@pytest.mark.slow
def test_names_of_the_report_are_read_as_code_writes_them() -> None:
    net = (
        "x: data[n, d]\nt: integers[n, c]\nW1: parameter[d, h]\nW2: parameter[h, c]\na = tanh(x @ W1)\nL = cross_entropy(a @ W2, t)"
    )
    assert sb.verify(net, "dL/dW2 = a.T @ (softmax(z2) - one_hot(t, c))/n").claims[0].right
    found = sb.verify(
        net,
        r"""\delta_2 = \frac1n (P - \operatorname{onehot}(t))
\frac{\partial L}{\partial W_2} = a^\top \delta_2""",
    ).claims
    assert [one.kind for one in found] == ["abbreviation", "right"] or found[1].right
    assert not sb.verify(net, "dL/dW2 = a.T @ (softmax(z1) - one_hot(t, c))/n").claims[0].right


def test_claims_are_one_text_or_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "dL/dz2 = 2*(z2 - y)\ndL/dW2 = a.T @ dL/dz2\n"
    monkeypatch.chdir(tmp_path)
    for name in ("claims.txt", "claims.py"):
        (tmp_path / name).write_text(text)
        assert sb.verify(NET, tmp_path / name).ok
        assert sb.verify(NET, name).ok
    assert sb.verify(NET, text).ok
    assert sb.verify(NET, r"\frac{\partial L}{\partial W_2} = 2 a^\top (z_2 - y)").ok
    assert sb.verify(NET, '{"W2": "2*a.T @ (z2 - y)"}').ok


@pytest.mark.parametrize(
    ("claims", "fault"),
    [
        ("dW2 = a.T @ gelu'(z2)", "write gelu' out, or the claim in LaTeX"),
        ("dW2 = a.T @ (z2", "line 1 is not Python, 'dW2 = a.T @ (z2': at column 13, '(' was never closed; write name"),
        ("dW2 = outer(a  z2)", "column 13, invalid syntax; write name = formula"),  # no product of the letters o u t e r
        (r"W2 \leftarow W2 - a", r"did you mean \leftarrow?"),
        ("none.tex", "'none.tex' is no claim and no file"),
        ("", "there is no claim"),
    ],
)
def test_a_text_that_is_no_claim_says_what_to_write(claims: str, fault: str) -> None:
    with pytest.raises(ClaimsError) as caught:
        sb.verify(NET, claims)
    assert fault in str(caught.value)


def test_a_local_derivative_of_each_entry_is_an_array_of_its_shape() -> None:
    assert sb.verify(NET, {"z1": "dz2 @ W2.T * da_dz1"}).claims[0].right
    assert sb.verify(NET, {"W1": "x.T @ (dz2 @ W2.T * da/dz1)"}).claims[0].right
    assert sb.verify(NET, {"z1": "dz2 @ W2.T + da_dz1"}).claims[0].wrong
    single = "x: data[d]\nW: parameter[h, d]\nv: data[h]\nz = W @ x\na = tanh(z)\nL = sum(v * a)"
    for claim in ("v * da_dz", "da_dz.T @ v", "da_dz @ v"):  # as the diagonal, and as the whole Jacobian
        assert sb.verify(single, {"z": claim}).claims[0].right, claim


def test_a_derivative_that_has_other_entries_is_no_array_of_one_shape() -> None:
    net = "x: data[n, d]\nW: parameter[d, k]\nz = x @ W\np = softmax(z)\nL = sum(p**2)"
    assert not sb.verify(net, {"z": "2*p * dp_dz"}).claims[0].right


def test_claims_as_a_page_prints_them() -> None:
    net = "X: data[n, d]\ny: data[n]\nw: parameter[d]\np = sigmoid(X @ w)\nL = -mean(y*log(p) + (1 - y)*log(1 - p))"
    for text in (
        "∂L/∂w = (1/n) Xᵀ(p − y)",
        "δ = (1/n)(p − y)\n∂L/∂w = Xᵀ δ",
        "δ = (p - y)/n\ndw = X.T @ δ",
        "δ = (p − y)/n\ndw = np.dot(X.T, δ)",
    ):
        assert sb.verify(net, text).claims[-1].right, text
    assert sb.verify(net, "∂L/∂w = (1/n) Xᵀ(p + y)").claims[0].wrong


def test_texts_in_a_file_of_code_stay_as_they_are_written(tmp_path: Path) -> None:
    """Letters of names are spelled out in code, not in what a file quotes: Xᵀ(p − y) was X.T(p - y)."""
    net = "X: data[n, d]\ny: data[n]\nw: parameter[d]\np = sigmoid(X @ w)\nL = -mean(y*log(p) + (1 - y)*log(1 - p))"
    path = tmp_path / "claims.py"
    for claim in ("(1/n) Xᵀ(p − y)", r"\frac{1}{n} X^\top(σ(X w) - y)"):
        path.write_text(f"claims = {{'w': {claim!r}}}\n", encoding="utf-8")
        assert sb.verify(net, path).ok, claim


LOGISTIC = """X: data[n, d]
y: data[n]
w: parameter[d]
p = sigmoid(X @ w)
L = -mean(y*log(p) + (1 - y)*log(1 - p))
"""


@pytest.mark.parametrize(("letter", "shown"), [(r"\hat{y}", "ŷ"), (r"\hat p", "p̂"), ("a", "a"), ("h", "h"), (r"\mu", "μ")])
def test_a_letter_that_stands_nowhere_may_be_a_value_of_the_network(letter: str, shown: str) -> None:
    right = sb.verify(LOGISTIC, rf"\nabla_w L = \frac{{1}}{{n}} X^\top ({letter} - y)")
    assert f"∂L/∂w  right, identity if {shown} is p\n" in str(right)
    turned = sb.verify(LOGISTIC, rf"\nabla_w L = \frac{{1}}{{n}} X^\top (y - {letter})")
    assert f"∂L/∂w  undecided: what is {shown}?" in str(turned)


@pytest.mark.parametrize("key", ["phat", r"\hat{p}", r"\hat p"])
def test_a_letter_may_be_called_by_its_name(key: str) -> None:
    claim = r"\nabla_w L = \frac{1}{n} X^\top (y - \hat{p})"
    assert sb.verify(LOGISTIC, claim, symbols={key: "p"}).claims[0].kind == "up to convention"


GAUSS = "x: data[n]\nm: parameter\ns: parameter & positive\nL = sum(log(s) + (x - m)**2/(2*s**2))"


@pytest.mark.parametrize(("letter", "symbols"), [("s", {}), (r"\sigma", {"sigma": "s"})])
def test_the_derivative_by_a_square_is_not_taken_for_that_by_its_base(letter: str, symbols: dict[str, str]) -> None:
    by_square = (
        rf"\frac{{\partial L}}{{\partial {letter}^2}} = \frac{{n}}{{2{letter}^2}} - \frac{{1}}{{2{letter}^4}}\sum_i (x_i - m)^2"
    )
    assert sb.verify(GAUSS, by_square, symbols=symbols).claims[0].right
    (other,) = sb.verify(GAUSS, by_square.replace(r"\partial L", r"\partial^2 L"), symbols=symbols)
    assert not other.right
    by_base = rf"\frac{{\partial L}}{{\partial {letter}}} = \frac{{n}}{{{letter}}} - \frac{{1}}{{{letter}^3}}\sum_i (x_i - m)^2"
    assert sb.verify(GAUSS, by_base, symbols=symbols).claims[0].right


TWO = "x: data[d]\nW: parameter[k, d]\ny: data[k]\nz = W @ x\nL = sum((z - y)**2)/2"


@pytest.mark.parametrize("by", [r"\partial L/\partial {}", r"\frac{{dL}}{{d{}}}", r"\frac{{\mathrm{{d}}L}}{{\mathrm{{d}}{}}}"])
def test_claims_beside_each_other_are_claims_of_their_own(by: str) -> None:
    found = sb.verify(TWO, f"{by.format('z')} = z - y, {by.format('W')} = (z - y) x^T").claims
    assert [one.right for one in found] == [True, True]


def test_cases_are_shown_as_they_were_written() -> None:
    net = "x: data[k]\nw: parameter[k]\nz = w * x\np = softmax(z)\nL = sum(p**2)"
    claim = r"\frac{\partial p_i}{\partial z_j} = \begin{cases} p_i(1-p_i) & i = j \\ -p_i p_j & i \neq j \end{cases}"
    found = sb.verify(net, claim).claims[0]
    assert found.right
    assert "pᵢ(1 − pᵢ), if i = j; −pᵢ pⱼ, otherwise" in str(found)


BATCH_NORM = """X: data[n, d]
g: parameter[d]
b: parameter[d]
R: data[n, d]
mu = mean(X, axis=0)
VAR = mean((X - mu)**2, axis=0)
xhat = (X - mu)/sqrt(VAR + 1e-5)
y = g*xhat + b
L = sum(R*y)
"""
PAPER = (  # Ioffe and Szegedy, Batch Normalization (2015), section 3
    r"\frac{\partial L}{\partial \hat{x}_i} = \frac{\partial L}{\partial y_i} \cdot g",
    r"\frac{\partial L}{\partial \sigma_{\mathcal{B}}^2} = \sum_{i=1}^n \frac{\partial L}{\partial \hat{x}_i} \cdot (x_i - \mu_{\mathcal{B}})"
    r" \cdot \frac{-1}{2}(\sigma_{\mathcal{B}}^2 + \epsilon)^{-3/2}",
    r"\frac{\partial L}{\partial \mu_B} = \sum_i \frac{\partial L}{\partial \hat{x}_i} \cdot \frac{-1}{\sqrt{\sigma_B^2 + \epsilon}}"
    r" + \frac{\partial L}{\partial \sigma_B^2} \cdot \frac{\sum_i -2(x_i - \mu_B)}{n}",
    r"\frac{\partial L}{\partial x_i} = \frac{\partial L}{\partial \hat{x}_i} \cdot \frac{1}{\sqrt{\sigma_B^2 + \epsilon}}"
    r" + \frac{\partial L}{\partial \sigma_B^2} \cdot \frac{2(x_i - \mu_B)}{n} + \frac{\partial L}{\partial \mu_B} \cdot \frac{1}{n}",
)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "claim"),
    [
        ("var", PAPER[2]),
        *(pytest.param(name, PAPER[k], marks=pytest.mark.slow) for name, k in [("var", 0), ("sigma2", 1), ("variance", 3)]),
    ],
)
def test_batch_normalization_is_judged_as_its_paper_has_it(name: str, claim: str) -> None:
    """The index B of a batch was taken for an entry, and the right formula found wrong."""
    assert sb.verify(BATCH_NORM.replace("VAR", name), claim).claims[0].right
    slip = claim.replace("-1}", "1}").replace("2(x_i", "3(x_i").replace(r"\cdot g", r"\cdot b")
    assert sb.verify(BATCH_NORM.replace("VAR", name), slip).claims[0].kind in ("wrong", "up to convention")


POLICY = """s: data[n, d]
a: integers[n, k]
G: data[n]
W: parameter[d, k]
p = softmax(s @ W)
L = -mean(G*log(p[arange(n), a]))
"""


@pytest.mark.parametrize("hot", [r"\mathbb{1}_{a_i}", r"\mathbf 1_{a_i}", "e_{a_i}", r"\operatorname{onehot}(a_i)"])
def test_a_one_at_a_label_is_no_vector_of_ones(hot: str) -> None:
    found = sb.verify(POLICY, rf"\nabla_W L = \frac1n\sum_i G_i s_i (p_i - {hot})^T")
    assert found.ok, found
    assert "onehot(aᵢ)" in str(found)


@pytest.mark.slow
def test_the_row_of_a_label_is_not_taken_for_every_row() -> None:
    net = "x: data[d]\nW: parameter[k, d]\ny: integers[k]\ns = W @ x\nL = sum(maximum(0, s - s[y] + 1)) - 1"
    own = r"\nabla_{w_y} L = -\left(\sum_{j\neq y} 1[s_j - s_y + 1 > 0]\right) x"
    assert sb.verify(net, own).ok
    assert sb.verify(net, own.replace(r"j\neq y", "j")).claims[0].wrong
    every = r"\nabla_{w_j} L = 1[s_j - s_y + 1 > 0]x - 1[j = y]\left(\sum_k 1[s_k - s_y + 1 > 0]\right)x"
    assert sb.verify(net, every).ok


@pytest.mark.parametrize(
    "claim",
    [
        r"\nabla_\mu L = \mathrm{diag}(r^T 1)\mu - r^T X",
        r"\nabla_\mu L = \mathrm{diag}(1^\top r)\mu - r^\top X",
        r"\nabla_\mu L = \mathrm{diag}(r^T \mathbf{1})\mu - r^T X",
    ],
)
def test_a_plain_one_beside_a_matrix_is_the_vector_of_ones(claim: str) -> None:
    mixture = "X: data[n, d]\nmu: parameter[k, d]\nr: data[n, k]\nL = sum(r*sum((X[:, None] - mu[None])**2, axis=2))/2"
    assert sb.verify(mixture, claim).ok


COSINE = "a: parameter[d]\nb: parameter[d]\nL = a @ b/(norm(a)*norm(b))"


def test_bars_around_a_vector_may_be_its_length() -> None:
    """They were the magnitudes of its entries only, and the right formula was found wrong."""
    right = r"\frac{\partial L}{\partial a} = \frac{1}{|a|}\left(\frac{b}{|b|} - L\frac{a}{|a|}\right)"
    found = sb.verify(COSINE, right)
    assert found.claims[0].kind == "undecided"
    assert "right if read as (1/‖a‖)(b/‖b‖ − L (a/‖a‖))" in str(found)
    entries = "a: parameter[d]\nL = sum(abs(a)**3)"
    assert sb.verify(entries, r"\nabla_a L = 3|a| \odot a").claims[0].right


def test_norms_are_shown_as_norms() -> None:
    claim = r"\nabla_a L = \frac{b}{\|a\|\|b\|} - \frac{a^\top b}{\|a\|^3\|b\|}a"
    assert "b/(‖a‖‖b‖) − (aᵀ b/(‖a‖³‖b‖)) a" in str(sb.verify(COSINE, claim))
    squares = "a: parameter[d]\nL = sum(a**2)**2"
    assert "(4‖a‖²) a" in str(sb.verify(squares, r"\nabla_a L = 4\|a\|^2 a"))


LINEAR = "x: data[d]\ny: data\nw: parameter[d]\nb: parameter\nL = (w @ x + b - y)**2"


@pytest.mark.parametrize(
    "claim",
    [
        r"L_w = 2(w \cdot x + b - y)x",  # w was an index
        r"\nabla L(w) = 2(w^\top x + b - y)x",
        r"\nabla_w L(w, b) = 2(w^\top x + b - y)x",
        r"\frac{\partial L}{\partial w} = 2(\hat{y} - y)x \text{ with } \hat{y} = w^\top x + b",
        r"\frac{\partial L}{\partial w} = 2(\hat{y} - y)x \text{ where } \hat{y} = w^\top x + b",
    ],
)
def test_ways_to_say_by_what_and_with_what(claim: str) -> None:
    assert sb.verify(LINEAR, claim).ok
    assert sb.verify(LINEAR, claim.replace("= 2(", "= 3(")).claims[0].wrong


@pytest.mark.parametrize("prime", ["'", r"^\prime", r"^{\prime}"])
def test_a_sum_may_run_over_a_letter_with_a_prime(prime: str) -> None:
    net = "E: parameter[T, k]\nL = sum(logsumexp(E, axis=1))"
    claim = r"\frac{\partial L}{\partial E_{tk}} = \frac{e^{E_{tk}}}{\sum_{k'} e^{E_{tk'}}}".replace("'", prime)
    assert sb.verify(net, claim).claims[0].kind == "right, identity"
    assert sb.verify(net, claim.replace(r"\frac{e^{E_{tk}}}", r"\frac{2e^{E_{tk}}}")).claims[0].wrong
    slopes = "z: parameter[n]\nw: data[n]\na = tanh(z)\nL = sum(w*a)**2"
    assert sb.verify(
        slopes, rf"\frac{{\partial L}}{{\partial z_i}} = 2\sum_{{a{prime}}} w_{{a{prime}}} a_{{a{prime}}} w_i \tanh'(z_i)"
    ).ok


def test_a_plain_one_that_is_divided_stays_a_number() -> None:
    assert sb.verify(LOGISTIC, r"\nabla_w L = X^\top (p - y) 1/n").claims[0].right
    assert not sb.verify(LOGISTIC, r"\nabla_w L = X^\top (p - y) 1/2").claims[0].right


def test_a_letter_with_a_prime_is_taken_for_no_index_that_stands_beside_others() -> None:
    net = "E: parameter[T, k]\nL = sum(logsumexp(E, axis=1))"
    claim = r"\frac{\partial L}{\partial E_{uv}} = \frac{e^{E_{uv}}}{\sum_{v'} e^{E_{uv'}}}"
    assert sb.verify(net, claim).claims[0].right


def test_an_index_may_have_the_letter_of_labels_of_many_samples() -> None:
    net = "x: data[n, d]\nt: integers[n, k]\nW: parameter[d, k]\nL = cross_entropy(x @ W, t)"
    claim = r"\frac{\partial L}{\partial W_{ti}} = \frac1n\sum_j x_{jt}(\mathrm{softmax}(xW)_{ji} - 1[t_j = i])"
    assert sb.verify(net, claim).claims[0].right


def test_a_bar_over_a_square_is_the_mean_of_squares() -> None:
    """It was the square of the mean: a right claim was told wrong."""
    net = "x: data[n]\ny: data[n]\nw: parameter\nJ = mean((w*x - y)**2)/2"
    assert sb.verify(net, r"\frac{dJ}{dw} = w\overline{x^2} - \overline{xy}").ok
    assert sb.verify(net, r"\frac{d^2J}{dw^2} = \overline{x^2}").ok
    assert sb.verify(net, r"\frac{d^2J}{dw^2} = \bar x^2").claims[0].wrong
    assert sb.verify(net, r"\frac{d^2J}{dw^2} = \overline{x}^2").claims[0].wrong


def test_names_in_a_line_of_adjoints_are_steps() -> None:
    net = "X: data[n, d]\nW: parameter[d, k]\nV: parameter[k, m]\nG: data[n, m]\nH = X @ W\nL = sum(G*(H @ V))"
    found = sb.verify(net, r"\bar V = H^\top G, \bar H = GV^\top, \bar W = X^\top\bar H")
    assert [one.kind for one in found.claims] == ["right, identity"] * 3


BLOCKS = "X: data[n, d]\ny: labels[n, K]\nW: parameter[d, K]\nlam: data\nP = softmax(X @ W, axis=1)\nJ = -sum(y*log(P))/n + lam/2*sum(W**2)"
BLOCK = r"\frac1n\sum_i p_{ik}(\delta_{kl} - p_{il})x_ix_i^\top + \lambda\delta_{kl}I"


@pytest.mark.slow
@pytest.mark.parametrize("left", [r"\frac{\partial^2 J}{\partial w_k\partial w_l^\top}", r"\nabla_{w_k}\nabla_{w_l}J"])
def test_a_block_of_the_hessian_by_columns(left: str) -> None:
    assert sb.verify(BLOCKS, f"{left} = {BLOCK}").ok
    assert not sb.verify(BLOCKS, f"{left} = 2({BLOCK})").ok


@pytest.mark.slow
@pytest.mark.parametrize(("shape", "loss"), [("d, K", "W.T @ A @ W @ C"), ("K, d", "W @ A @ W.T @ C")])
def test_the_rows_of_a_block_are_those_of_what_is_named_first(shape: str, loss: str) -> None:
    network = f"W: parameter[{shape}]\nA: data[d, d]\nC: data[K, K]\nL = trace({loss})"
    left = r"\frac{\partial^2 L}{\partial w_k\partial w_l^\top} = "
    assert sb.verify(network, left + r"A C_{lk} + A^\top C_{kl}").ok
    assert sb.verify(network, left + r"A C_{kl} + A^\top C_{lk}").claims[0].kind == "undecided"
    assert sb.verify(network, left + r"2A C_{lk} + A^\top C_{kl}").claims[0].kind == "wrong"


@pytest.mark.slow
def test_what_is_derived_of_a_sample_beside_a_penalty() -> None:
    network = BLOCKS.replace("P = softmax(X @ W, axis=1)", "Z = X @ W\nP = softmax(Z, axis=1)")
    assert sb.verify(network, r"\frac{\partial J_i}{\partial z_{ik}} = p_{ik} - y_{ik}").ok
    assert not sb.verify(network, r"\frac{\partial J_i}{\partial z_{ik}} = 2(p_{ik} - y_{ik})").ok
    assert not sb.verify(
        network, r"\frac{\partial J_i}{\partial W_{jk}} = x_{ij}(p_{ik} - y_{ik})"
    ).ok  # with the penalty, or without


BOLTZMANN = "v: data[n] & binary\nW: parameter[m, n]\nb: parameter[m]\nF = -sum(log(1 + exp(b + W @ v)))"


def test_a_probability_that_a_step_defines_is_a_name() -> None:
    said = (
        r"p(h_i = 1 \mid v) = {}\sigma(b_i + \sum_j W_{{ij}}v_j)"
        + "\n"
        + r"\frac{{\partial F}}{{\partial W_{{ij}}}} = -p(h_i = 1 \mid v)v_j"
    )
    assert sb.verify(BOLTZMANN, said.format("")).ok
    assert not sb.verify(BOLTZMANN, said.format("2")).ok


def test_an_update_within_a_sentence_and_a_product_in_angles() -> None:
    network = "W: parameter[m, d]\nX: data[d, n]\nY: data[m, n]\nO = W @ X\nL = sum((O - Y)**2)/2"
    assert sb.verify(network, r"The update is $W \leftarrow W - \eta(O - Y)X^\top$.").ok
    assert not sb.verify(network, r"The update is $W \leftarrow W - \eta(O - Y)$.").ok
    assert sb.verify(
        network, r"$$dL = \langle O - Y, dO\rangle, \quad dO = dW\,X$$ $$\frac{\partial L}{\partial W} = (O - Y)X^\top$$"
    ).ok


@pytest.mark.slow
@pytest.mark.parametrize("between", ["", r" Let $W = \mathrm{diag}(\mu)$. Then "])
def test_an_update_without_a_rate_that_is_no_step_of_newton_is_undecided(between: str) -> None:
    """It was a name for something, and passed over, within a sentence as well."""
    network = "X: data[n, d]\ny: data[n]\nbeta: parameter[d]\neta = X @ beta\nmu = exp(eta)\nl = sum(y*eta - mu)"
    first = r"$$\frac{\partial l}{\partial\beta} = X^\top(y - \mu)$$ "
    own = "W" if between else r"\mathrm{diag}(\mu)"
    update = rf"\beta^{{(t+1)}} = \beta^{{(t)}} + (X^\top {own} X)^{{-1}}X^\top(y - \mu)"
    for begun, ended in (("$$", "$$"), ("so $", "$.")):
        assert sb.verify(network, f"{first}{between}{begun}{update}{ended}").ok
        assert not sb.verify(network, f"{first}{between}{begun}{update.replace('+ (', '+ 3(')}{ended}").ok


HINGE = "x: data[d]\nW: parameter[k, d]\ny: integers[k]\ns = W @ x\nL = sum(maximum(0, s - s[y] + 1)) - 1"


@pytest.mark.slow
@pytest.mark.parametrize("before", [r"For $j \neq y$:", r"If $j \ne y$, we have", r"When $j\neq y$"])
def test_a_sentence_before_a_display_says_for_which_entries_it_is(before: str) -> None:
    """What holds for j other than y was told wrong, with the condition in the sentence."""
    other = r"\frac{\partial L}{\partial w_j} = \mathbb 1(s_j - s_y + 1 > 0)\,x"
    own = r"\frac{\partial L}{\partial w_y} = -\Big(\sum_{j\ne y}\mathbb 1(s_j - s_y + 1 > 0)\Big)x"
    assert sb.verify(HINGE, f"{before} $${other}$$ and for the class itself $${own}$$").ok
    assert not sb.verify(HINGE, f"{before} $${other.replace('= ', '= 2')}$$").ok
    assert not sb.verify(HINGE, f"$${other}$$").ok


POISSON = "X: data[n, d]\ny: data[n]\nbeta: parameter[d]\nmu = exp(X @ beta)\nl = sum(y*(X @ beta) - mu)"


@pytest.mark.parametrize("name", ["U", r"U(\beta)", r"s(\beta)", r"\mathbf{g}(\beta)"])
@pytest.mark.parametrize("derived", [r"\frac{\partial l}{\partial\beta}", r"\nabla l(\beta)", r"\nabla_\beta l"])
def test_a_gradient_under_a_name_of_a_persons_own_is_judged(name: str, derived: str) -> None:
    r"""The score U(\beta) was a name that nothing uses."""
    assert sb.verify(POISSON, rf"{name} = {derived} = X^\top(y - \mu)").ok
    assert sb.verify(POISSON, rf"{name} = {derived} = 3X^\top(y - \mu)").claims[0].wrong


@pytest.mark.parametrize("name", ["I", r"I(\beta)", r"\mathcal{I}(\beta)"])
def test_the_information_is_the_hessian_turned(name: str) -> None:
    for derived in (r"-\frac{\partial^2 l}{\partial\beta\partial\beta^\top}", r"-\nabla^2 l"):
        assert sb.verify(POISSON, rf"{name} = {derived} = X^\top\mathrm{{diag}}(\mu)X").ok
        assert not sb.verify(POISSON, rf"{name} = {derived} = -X^\top\mathrm{{diag}}(\mu)X").ok
