r"""What sides of a chain differentiate: formulas, \frac{\partial}{\partial w} (...)^2, and values of a derivation's own."""

import pytest

import symbackprop as sb

pytestmark = pytest.mark.slow

LINEAR = "X: data[n, d]\ny: data[n]\nw: parameter[d]\nb: parameter\nr = X @ w + b - y\nL = mean(r**2)"
RIDGE = "X: data[n, d]\ny: data[n]\nw: parameter[d]\nlam: data\nC = sum((X @ w - y)**2) + lam*sum(w**2)"
NETWORK = "x: data[d]\nW: parameter[c, d]\ny: data[c]\nz = W @ x\nL = sum((z - y)**2)/2"
GATES = "x: parameter\ny: parameter\nz: parameter\nq = x + y\nf = q*z"
DIFFERENTIATED = [  # a derivation, and a slip in the middle of its chain
    (
        LINEAR,
        r"$\frac{\partial L}{\partial w} = \frac1n\sum_i\frac{\partial}{\partial w}(w^\top x_i + b - y_i)^2 = \frac2n\sum_i r_i x_i$",
        ("b - y_i)^2", "b - y_i)^3"),
    ),
    (
        LINEAR,
        r"$\frac{\partial L}{\partial w} = \frac2n\sum_i r_i\,\frac{\partial}{\partial w}(w^\top x_i + b - y_i) = \frac2n\sum_i r_i x_i$",
        ("}(w^", "}(2w^"),
    ),
    (
        RIDGE,
        r"$\nabla C = \nabla\|Xw - y\|^2 + \nabla(\lambda\|w\|^2) = 2X^\top(Xw - y) + 2\lambda w$",
        ("Xw - y\\|", "Xw + y\\|"),
    ),
    (
        RIDGE,
        r"$\nabla C = \nabla\|Xw - y\|^2 + 2\lambda w = 2X^\top(Xw - y) + 2\lambda w$",
        (r"y\|^2 + 2", r"y\|^2 + "),
    ),
    (
        LINEAR,
        r"Let $q_i = w^\top x_i + b - y_i$. $\frac{\partial L}{\partial b} = \frac2n\sum_i q_i\frac{\partial q_i}{\partial b} = \frac2n\sum_i q_i$",
        (r"\frac2n\sum_i q_i\frac", r"\frac1n\sum_i q_i\frac"),
    ),
    (
        RIDGE,
        r"Let $q = \|Xw - y\|^2$ and $u = \lambda\|w\|^2$. $\nabla C = \nabla_w q + \nabla_w u = 2X^\top(Xw - y) + 2\lambda w$",
        (r"u = \lambda", r"u = 2\lambda"),
    ),
]


@pytest.mark.parametrize(("net", "text", "slip"), DIFFERENTIATED)
def test_what_a_side_differentiates_is_judged(net: str, text: str, slip: tuple[str, str]) -> None:
    assert sb.verify(net, text).ok
    found = sb.verify(net, text.replace(*slip)).claims[-1]
    assert found.wrong
    assert found.kind == "right result, wrong step"


def test_a_value_of_ones_own_is_differentiated() -> None:
    said = r"Let $q_i = w^\top x_i + 2b - y_i$. $\frac{\partial q_i}{\partial b} = 2$"
    assert sb.verify(LINEAR, said).ok
    assert sb.verify(LINEAR, said.replace("b} = 2", "b} = 1")).claims[-1].wrong


@pytest.mark.parametrize("said", [r"Let $\hat y = z$. ${}$", r"${}$ where $\hat y = z$.", r"${}$, where $\hat y = Wx$."])
def test_a_value_of_the_network_is_differentiated_by_another_name(said: str) -> None:
    claim = r"\frac{\partial L}{\partial \hat y} = \hat y - y"
    assert sb.verify(NETWORK, said.replace("{}", claim)).ok
    assert not sb.verify(NETWORK, said.replace("{}", claim.replace("y -", "y +"))).ok


def test_a_second_example_has_numbers_of_its_own() -> None:
    text = r"$\frac{\partial f}{\partial x}=z$. With $x=1,y=2,z=3$: $\frac{\partial f}{\partial x}=3$. With $x=1,y=2,z=5$: $\frac{\partial f}{\partial x}=5$."
    assert sb.verify(GATES, text).ok
    assert sb.verify(GATES, text.replace("=5$.", "=3$.")).claims[-1].wrong


def test_a_table_has_its_gradients_in_the_column_that_says_so() -> None:
    text = "$\\nabla_z L = z - y$\n\n| parameter | shape | gradient |\n|---|---|---|\n| $W$ | $c\\times d$ | $(z - y)x^\\top$ |\n"
    assert sb.verify(NETWORK, text).ok
    assert [one.wrong for one in sb.verify(NETWORK, text.replace("(z - y)x", "2(z - y)x")).claims] == [False, True]


def test_where_a_derivative_is_zero_is_no_claim_of_a_value() -> None:
    assert not any(one.wrong for one in sb.verify(NETWORK, r"$\nabla_z L = z - y$, which is zero at $z = y$.").claims)


NEURON = "x: data\nw: parameter\nb: parameter\ny: data\nz = w*x + b\na = sigmoid(z)\nL = (a - y)**2/2"


def test_a_delta_of_one_value_is_not_that_of_another() -> None:
    r"""The slip of forgetting \sigma': it was taken for the gradient by a, and passed."""
    right = r"$\delta_a = a - y$, $\delta_z = \delta_a a(1-a)$, $\partial L/\partial w = \delta_z x$."
    assert sb.verify(NEURON, right).ok
    found = sb.verify(NEURON, right.replace(r"\delta_a a(1-a)", r"\delta_a")).claims
    assert [one.kind for one in found] == ["right, identity", "wrong", "wrong, carried forward"]


@pytest.mark.parametrize("letter", [r"\pi", "e"])
def test_the_letter_of_a_number_may_be_a_name(letter: str) -> None:
    assert sb.verify(NETWORK, rf"$\frac{{\partial L}}{{\partial z}} = {letter}$ where ${letter} = z - y$.").ok
    assert not sb.verify(NETWORK, rf"$\frac{{\partial L}}{{\partial z}} = 2{letter}$ where ${letter} = z - y$.").ok


def test_a_side_whose_shapes_do_not_fit_says_a_rule_alone() -> None:
    said = r"$\frac{\partial L}{\partial w} = X\frac{\partial L}{\partial r} = \frac2n X^\top r$"
    assert "the rule alone" in " ".join(map(str, sb.verify(LINEAR, said).claims[0].notes))
    assert "the rule alone" not in str(sb.verify(LINEAR, said.replace("= X\\frac", "= X^\\top\\frac")).claims[0].notes)


def test_a_loss_of_another_name_is_held_against_the_loss() -> None:
    net = "X: data[n, d]\ny: data[n]\nw: parameter[d]\neta = X @ w\nl = sum(y*eta - exp(eta))"
    text = r"$\ell(w) = \sum_i y_i w^\top x_i - e^{w^\top x_i}$. $\nabla\ell(w) = \sum_i (y_i - e^{w^\top x_i})x_i$."
    assert sb.verify(net, text).ok
    assert sb.verify(net, text.replace("- e^{w^\\top x_i}$.", "+ e^{w^\\top x_i}$.", 1)).claims[0].wrong


def test_a_weight_of_a_layer_that_is_not_there_is_not_taken_for_another() -> None:
    net = "x: data\nw1: parameter\nw2: parameter\ny: data\na1 = sigmoid(w1*x)\na2 = w2*a1\nC = (a2 - y)**2"
    said = r"$\frac{\partial C}{\partial a^{(1)}} = 2w^{(2)}(a^{(2)} - y)$"
    assert sb.verify(net, said).ok
    assert not sb.verify(net, said.replace("w^{(2)}", "w^{(3)}")).ok


def test_a_name_of_a_value_of_the_network_may_stand_unused() -> None:
    found = sb.verify(LINEAR, r"Let $\hat y_i = w^\top x_i + b$. $\frac{\partial L}{\partial b} = \frac2n\sum_i r_i$")
    assert found.ok
    assert found.claims[0].notes == ("as the network has it",)
    assert not sb.verify(LINEAR, r"Let $\hat y_i = w^\top x_i - b$. $\frac{\partial L}{\partial b} = \frac2n\sum_i r_i$").ok


def test_formulas_and_samples_have_values_of_their_own() -> None:
    """Both took the same letter."""
    text = (
        r"$\frac{\partial L}{\partial b} = \frac1n\sum_i\frac{\partial}{\partial b}(w^\top x_i + b - y_i)^2 = \frac2n\sum_i r_i$, "
        r"SGD: $w \leftarrow w - \eta(w^\top x_i + b - y_i)x_i$."
    )
    assert sb.verify(LINEAR, text).ok
    assert sb.verify(LINEAR, text.replace("y_i)x_i", "y_i)y_i")).claims[-1].wrong


HALVED = "X: data[m, n]\ny: data[m]\nw: parameter[n]\nJ = sum((X @ w - y)**2)/(2*m)"


@pytest.mark.parametrize(
    ("said", "slip"),
    [
        (
            r"$\frac{\partial J}{\partial w_j} = \frac1{2m}\sum_i\frac{\partial}{\partial w_j}(w^\top x^{(i)} - y^{(i)})^2"
            r" = \frac1m\sum_i(w^\top x^{(i)} - y^{(i)})x_j^{(i)}$",
            (r"\frac1{2m}", r"\frac1m"),
        ),
        (
            r"$\mathrm{MSE} = \frac1m\sum_i(w^\top x_i - y_i)^2$, so $\frac{\partial\mathrm{MSE}}{\partial w} = \frac2mX^\top(Xw - y)$.",
            ("2m", "1m"),
        ),
        (
            r"For one example $J_i = (w^\top x_i - y_i)^2$: $\frac{\partial J_i}{\partial w_j} = 2(w^\top x_i - y_i)x_{ij}$",
            (r"= 2(", "= ("),
        ),
    ],
)
def test_what_a_text_defines_is_what_it_differentiates(said: str, slip: tuple[str, str]) -> None:
    assert sb.verify(HALVED, said).ok
    assert not sb.verify(HALVED, said.replace(*slip)).ok


def test_a_divergence_beside_other_terms_is_the_value_of_its_name() -> None:
    net = "mu: parameter[d]\na: data[d]\nkl = sum(mu**2)/2\nL = kl + a @ mu"
    assert sb.verify(net, r"$\frac{\partial D_{KL}}{\partial\mu} = \mu$").ok
    assert not sb.verify(net, r"$\frac{\partial D_{KL}}{\partial\mu} = \mu + a$").ok


def test_decay_may_stand_behind_what_it_shrinks() -> None:
    said = r"$w \leftarrow w(1 - 2\eta\lambda) - 2\eta X^\top(Xw - y)$"
    assert sb.verify(RIDGE, said).ok
    assert not sb.verify(RIDGE, said.replace(r"2\eta\lambda", r"\eta\lambda")).ok


@pytest.mark.parametrize(
    "said",
    [
        r"Let $q_i = 3\frac{\partial L}{\partial r_i} + 1$ and $u_i = q_i^2$. Then $\frac{\partial u_i}{\partial w} = 2q_i\frac{\partial q_i}{\partial w}$.",
        r"Let $q = Xw - 2y$, $u = \|q\|^2$. Now let $q = Xw + y$. $\nabla_w u = 2X^\top q$.",
    ],
)
def test_what_is_not_made_of_the_network_alone_is_not_differentiated(said: str) -> None:
    """It ended in an error of the program that was made."""
    assert not any(
        one.right and one.name.startswith(("\\frac{\\partial u", "\\nabla_w u")) for one in sb.verify(LINEAR, said).claims
    )


@pytest.mark.parametrize(
    "said",
    [
        r"\nabla L = \nabla \left(\|Xw - y\|^2 = 2X^\top r",
        r"\left(\nabla L = \nabla \|r\|^2 = 2r",
        r"\nabla L = \nabla_w",
        r"\nabla_ = 2r",
        r"\nabla L = \nabla_ = 2r",
        r"\nabla L = \frac{d}{dw}(",
    ],
)
def test_what_is_not_shut_is_no_traceback(said: str) -> None:
    assert not any(one.right for one in sb.verify(LINEAR, f"${said}$").claims)
