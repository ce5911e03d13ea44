r"""What sentences around displays say: updates, conditions, the loss again; and what is no claim of any."""

from __future__ import annotations

import pytest

import symbackprop as sb

NET = "X: data[n, d]\ny: data[n]\nw: parameter[d]\nL = sum((X@w - y)**2)"
FIRST = "$$\\nabla_w L = 2X^\\top(Xw - y)$$\n\n"
UPDATES = [
    r"w_{k+1} = w_k - ",
    r"w^{(t+1)} = w^{(t)} - ",
    "w^{new} = w - ",
    "w = w - ",
    r"\mathbf{w} = \mathbf{w} - ",
    r"w \leftarrow w - ",
]
NO_CLAIMS = [
    r"Here $X = X - \bar x$ is centred.", "as $y = y - Xw$ in boosting.", r"The momentum is $v = v - \eta g$.",
    "The counter is $t = t + 1$.", "Set $n = n + 1$ and repeat.", r"Then $\eta = \eta - 0.1$.",
]  # fmt: skip


@pytest.mark.parametrize("update", UPDATES)
def test_an_update_within_a_sentence_is_judged(update: str) -> None:
    r"""It was passed over."""
    said = FIRST + rf"We then update ${update}\eta X^\top(Xw {{}} y)$ in each step."
    assert sb.verify(NET, said.replace("{}", "-")).ok
    assert sb.verify(NET, said.replace("{}", "+")).claims[-1].wrong


@pytest.mark.parametrize("sentence", NO_CLAIMS)
def test_what_moves_no_parameter_is_no_claim(sentence: str) -> None:
    assert sb.verify(NET, FIRST + sentence).ok


CONDITIONS = [
    ("For $n > d$,", r"\hat w = (X^\top X)^{-1}X^\top y"),
    (r"For $0 < \eta < 1$:", r"w = w - \eta X^\top(Xw - y)"),
    (r"For $t \geq 1$:", r"w^{(t+1)} = w^{(t)} - \eta X^\top(Xw^{(t)} - y)"),
    (r"For $\lambda > 0$:", r"\nabla_w L = 2X^\top(Xw - y)"),
]


@pytest.mark.parametrize(("before", "claim"), CONDITIONS)
def test_a_condition_of_no_index_stays_in_its_sentence(before: str, claim: str) -> None:
    assert sb.verify(NET, f"{before} $${claim}$$").ok
    wrong = claim.replace("y", "2y")
    assert sb.verify(NET, f"{before} $${wrong}$$").claims[-1].wrong


SOFTMAX = "z: parameter[c]\nt: labels[c]\np = softmax(z)\nL = -sum(t*log(p))"


@pytest.mark.slow
def test_cases_by_indices_are_told_before_their_displays() -> None:
    left = r"\frac{\partial p_i}{\partial z_j} = "
    cases = f"For $i = j$:\n$${left}p_i(1 - p_i)$$\nFor $i \\neq j$:\n$${left}-p_ip_j$$"
    assert sb.verify(SOFTMAX, cases).ok
    assert not sb.verify(SOFTMAX, cases.replace("1 - p_i", "1 - 2p_i")).ok
    assert not sb.verify(SOFTMAX, cases.replace("-p_ip_j", "p_ip_j")).ok


NORMAL = "x: data[n, d]\nt: data[n]\nw: parameter[d]\ns: parameter & positive\nL = n*log(s) + sum((t - x@w)**2)/(2*s**2)"


@pytest.mark.parametrize("factor", ["", "2"])
def test_the_loss_said_again_in_a_sentence_is_the_networks(factor: str) -> None:
    loss = rf"The loss is $L = n\log s + \frac{{1}}{{2s^2}}{factor}\sum_i(t_i - w^\top x_i)^2$."
    found = sb.verify(NORMAL, loss + r" $$\nabla_w L = -\frac{1}{s^2}\sum_i(t_i - w^\top x_i)x_i$$")
    assert found.ok == (not factor)
    assert found.claims[-1].right


@pytest.mark.parametrize("claim", ["f|_ = 3", "f|_{} = 3", r"\left. = 2", "|_x = 1", "f'( = 2"])
def test_left_sides_that_are_none_are_no_tracebacks(claim: str) -> None:
    assert not sb.verify(NET, claim).ok


def test_probabilities_under_other_conditions_are_others() -> None:
    r"""p(h_i = 1 \mid \tilde v) was taken for p(h_i = 1 \mid v)."""
    network = "v: data[d]\nW: parameter[h, d]\nb: parameter[h]\nF = -sum(log(1 + exp(b + W@v)))"
    said = (
        r"p(h_i = 1 \mid v) = \sigma(b_i + \sum_j W_{ij}v_j)"
        + "\n"
        + r"\frac{\partial F}{\partial W_{ij}} = -p(h_i = 1 \mid {})v_j"
    )
    assert sb.verify(network, said.replace("{}", "v")).ok
    assert not sb.verify(network, said.replace("{}", r"\tilde v")).ok


def test_another_number_is_another_tensor() -> None:
    """W_3 was taken to be W_2 of a network of two layers."""
    network = "x: data[d]\nW_1: parameter[q, d]\nW_2: parameter[k, q]\nz_1 = W_1@x\na = tanh(z_1)\nL = sum((W_2@a)**2)/2"
    assert sb.verify(network, r"\frac{\partial L}{\partial a} = W_2^\top W_2 a").ok
    assert not sb.verify(network, r"\frac{\partial L}{\partial a} = W_3^\top W_2 a").ok


@pytest.mark.slow
def test_a_multiplier_has_no_best_value_by_itself() -> None:
    network = "Q: spd[n]\nA: data[m, n]\nb: data[m]\nx: parameter[n]\nnu: parameter[m]\nL = x@Q@x/2 + nu@(A@x - b)"
    best = r"x^* = Q^{-1}A^\top(AQ^{-1}A^\top)^{-1}b"
    assert sb.verify(network, best).ok
    assert not sb.verify(network, best.replace("= Q", "= 2Q")).ok
    said = sb.verify(network, rf"\nu^* = -(AQ^{{-1}}A)^{{-1}}b, {best}")
    assert [one.kind for one in said.claims] == ["undecided", "right, numeric"]


COLUMNS = "W: parameter[m, n]\nX: data[n, N]\nY: data[m, N]\nL = norm(W @ X - Y)**2/(2*N)"


def test_a_best_value_in_a_sentence_is_judged() -> None:
    """It was passed over; with samples as columns there was no place at which it has an inverse."""
    text = r"$$\nabla_W L = \frac1N(WX-Y)X^\top$$ Equating to zero, $W^* = YX^\top(XX^\top)^{-1}$."
    assert sb.verify(COLUMNS, text).claims[-1].right
    assert sb.verify(COLUMNS, text.replace("= YX", "= 2YX")).claims[-1].wrong
    assert not sb.verify(COLUMNS, text.replace("(XX^", "(X^")).ok


@pytest.mark.slow
def test_what_a_sentence_says_of_entries_of_a_value_is_held_against_the_network() -> None:
    net = "c: data\na: parameter[n]\nr: data[n]\nh = c*(a - r)\nL = -mean(log(sigmoid(h)))"
    said = r"Let $h_i = c(a_i - r_i)$. Since $\frac{d}{dh}\log\sigma(h) = 1 - \sigma(h) = \sigma(-h)$, $$\frac{\partial L}{\partial h_i} = -\frac1n\sigma(-h_i)$$"
    assert sb.verify(net, said).ok
    assert sb.verify(net, said.replace("a_i - r_i", "a_i + r_i")).claims[0].kind == "undecided"
    assert sb.verify(net, said.replace("= \\sigma(-h)", "= 2\\sigma(-h)")).claims[1].wrong


def test_a_product_with_a_derivative_is_a_claim_and_a_mere_chain_rule_is_none() -> None:
    net = "x: data[d]\nW: parameter[h, d]\nc: data[h]\na = W @ x\nL = c @ tanh(a)"
    said = r"By the chain rule $\frac{\partial L}{\partial W} = \frac{\partial L}{\partial a}\frac{\partial a}{\partial W}$. $$\frac{\partial L}{\partial a} = c \odot (1 - \tanh^2(a))$$ So $\frac{\partial L}{\partial W} = \frac{\partial L}{\partial a} x^\top$."
    assert [one.what for one in sb.verify(net, said).claims] == ["dL/da", "dL/dW"]
    assert sb.verify(net, said).ok
    assert sb.verify(net, said.replace("a} x", "a} 2x")).claims[-1].wrong


@pytest.mark.parametrize("name", [r"\delta", r"\delta_a", "g"])
def test_a_name_for_a_derivative_that_says_what_it_is_is_a_claim(name: str) -> None:
    net = "x: data[d]\nW: parameter[h, d]\nc: data[h]\na = W @ x\nL = c @ tanh(a)"
    said = rf"Let ${name} = \partial L/\partial a = c \odot (1 - \tanh^2(a))$. Then $$\frac{{\partial L}}{{\partial W}} = {name} x^\top$$"
    assert sb.verify(net, said).ok
    assert sb.verify(net, said.replace("1 -", "1 +")).claims[0].kind == "wrong"
    name = r"\delta"
    apart = rf"$${name} = \frac{{\partial L}}{{\partial a}}$$ Here ${name} = c \odot (1 - \tanh^2(a))$, so $$\nabla_W L = {name} x^\top, \quad {name} = c \odot (1 - \tanh^2(a))$$"
    assert sb.verify(net, apart).ok  # the first claims nothing
    assert not sb.verify(net, apart.replace("1 -", "1 +")).ok


COUNTS = "X: data[n, d]\ny: data[n]\nb: parameter[d]\nm = exp(X @ b)\nL = sum(m - y*log(m))"


@pytest.mark.slow
@pytest.mark.parametrize(
    "update", [r"$\beta \leftarrow \beta + \eta X^\top(y - m)$.", r"$$\beta_{t+1} = \beta_t + \eta X^\top(y - m)$$", ""]
)
def test_another_letter_for_a_parameter_stands_below_a_gradient_and_moves(update: str) -> None:
    said = rf"The log-likelihood is $\ell(\beta) = \sum_i (y_i x_i^\top\beta - e^{{x_i^\top\beta}})$ with $\beta = b$. $$\nabla_\beta\ell = X^\top(y - m)$$ {update}"
    assert sb.verify(COUNTS, said).ok
    assert not sb.verify(COUNTS, said.replace("(y - m)$$", "(y + m)$$")).ok
    if update:
        assert sb.verify(COUNTS, said).claims[-1].right
        assert not sb.verify(COUNTS, said.replace(r"+ \eta X", r"+ \eta 3yX")).ok


@pytest.mark.parametrize("kind", ["aligned", "eqnarray", "align*", "gathered"])
def test_an_environment_alone_is_a_display(kind: str) -> None:
    said = rf"So $\partial L/\partial m = 1 - y/m$ and \begin{{{kind}}} \nabla_b L &= -X^\top(y - m) \end{{{kind}}}"
    assert len(sb.verify(COUNTS, said).claims) == 2
    assert sb.verify(COUNTS, said).ok
    assert not sb.verify(COUNTS, said.replace("= -X", "= X")).ok


def test_a_size_times_a_name_that_divides_is_no_gradient() -> None:
    """It raised: of a name that a step gives the network has no gradient."""
    net = "x: parameter[d]\nc: data[d]\ne: data & positive\nv = mean(x)\nL = sum(c*x)/(d*sqrt(v**2 + e))"
    said = r"Let $s = \sqrt{v^2 + e}$. $\frac{\partial L}{\partial c_i} = \frac1{ds}x_i$"
    for one in (said, said.replace(r"\frac1{ds}x_i", r"x_i/(ds)"), said.replace("ds", r"d\,s")):
        assert sb.verify(net, one).ok, one
    assert not sb.verify(net, said.replace("x_i$", "2x_i$")).ok


LOGISTIC = "X: data[n, d]\ny: data[n]\nw: parameter[d]\nb: parameter\np = sigmoid(X@w + b)\nL = -mean(y*log(p) + (1-y)*log(1-p))"
ROWS = r"$$\nabla_w L = \frac1n\sum_{i=1}^n (A - y^{(i)})x^{(i)}, \quad \frac{\partial L}{\partial w_j} = \frac1n\sum_{i=1}^n (A - y^{(i)})x_j^{(i)}$$"
OWN = [r"\hat y^{(i)}", r"\hat{y}^{(i)}", "a^{(i)}", r"\mathbf{p}^{(i)}", "h_i"]


@pytest.mark.slow
@pytest.mark.parametrize("own", OWN)
@pytest.mark.parametrize(
    "said", [r"Let $OWN = \sigma(w^\top x^{(i)} + b)$. ROWS", r"ROWS where $OWN = p_i$", "With $NAME = p$: ROWS"]
)
def test_an_own_name_has_its_sample_above(own: str, said: str) -> None:
    text = said.replace("ROWS", ROWS.replace("A", own)).replace("OWN", own).replace("NAME", own.split("^")[0].split("_")[0])
    assert sb.verify(LOGISTIC, text).ok
    assert not sb.verify(LOGISTIC, text.replace("- y", "+ y")).ok


DIAGONALS = [
    r"With $D_{ii} = p_i(1-p_i)$ diagonal, HESSIAN.",
    r"HESSIAN where $D_{ii} = p_i(1-p_i)$.",
    r"$D$ is diagonal with $D_{ii} = p_i(1-p_i)$. HESSIAN",
]


@pytest.mark.slow
@pytest.mark.parametrize("said", DIAGONALS)
@pytest.mark.parametrize("hessian", [r"$\nabla^2_w L = \frac1n X^TDX$", r"$$\nabla^2_w L = \frac1nX^TDX$$"])
def test_a_diagonal_matrix_is_said_by_its_entries(said: str, hessian: str) -> None:
    text = said.replace("HESSIAN", hessian)
    assert sb.verify(LOGISTIC, text).ok
    assert not sb.verify(LOGISTIC, text.replace("(1-p_i)", "(1+p_i)")).ok


def test_a_table_of_gradients_has_the_names_in_its_first_column() -> None:
    net = "x: data[d]\nW: parameter[h, d]\nb: parameter[h]\ny: data[h]\nL = sum((W @ x + b - y)**2)/2"
    table = "| parameter | gradient |\n|---|---|\n| $W$ | $(Wx + b - y)x^\\top$ |\n| $b$ | $Wx + b - y$ |"
    assert len(sb.verify(net, table).claims) == 2
    assert sb.verify(net, table).ok
    assert sb.verify(net, table.replace("| $Wx + b", "| $Wx - b")).claims[1].wrong
