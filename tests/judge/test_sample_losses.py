"""Gradients of the loss of one sample, of which the loss is the sum or the mean."""

from __future__ import annotations

import pytest

import symbackprop as sb

LOGIT = sb.read(
    "X: data[n, d]\ny: data[n] & binary\nw: parameter[d]\nb: parameter\nz = X @ w + b\np = sigmoid(z)\n"
    "J = -mean(y*log(p) + (1 - y)*log(1 - p))"
)
SOFTMAX = sb.read("X: data[n, d]\nY: labels[n, k]\nW: parameter[d, k]\nZ = X @ W\nP = softmax(Z)\nL = -sum(Y*log(P))/n")
LINE = sb.read("x: data[n]\ny: data[n]\nm: parameter\nb: parameter\nS = sum((y - (m*x + b))**2)")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("net", "claim", "slip"),
    [
        (LOGIT, r"\frac{\partial J_i}{\partial w_j} = (p_i - y_i)x_{ij}", ("p_i", "z_i")),
        (LOGIT, r"\nabla E_n(w) = (p_n - y_n)x_n", ("y_n", "1")),
        (LOGIT, r"\nabla_w J^{(i)} = (p_i - y_i)x_i", ("p_i - y_i", "y_i - p_i")),
        (
            LOGIT,
            r"\frac{\partial \ell_i}{\partial b} = \frac{\partial \ell_i}{\partial z_i}\cdot 1 = p_i - y_i",
            ("= p_i", "= 2p_i"),
        ),
        (SOFTMAX, r"\frac{\partial L_i}{\partial Z_{ij}} = P_{ij} - Y_{ij}", ("P", r"\frac1n P")),
        (SOFTMAX, r"\frac{\partial L_i}{\partial W} = x_i(p_i - y_i)^\top", ("p_i - ", "p_i + ")),
        (LINE, r"\frac{\partial S_i}{\partial m} = -2x_i(y_i - (mx_i + b))", ("-2x_i", "-2")),
    ],
)
def test_the_loss_of_a_sample_is_differentiated(net: sb.Network, claim: str, slip: tuple[str, str]) -> None:
    (found,) = sb.verify(net, claim)
    assert found.kind == "right, identity"
    assert "the loss of a sample alone" in str(found.remarks[-1])
    wrong = claim.replace(*slip)
    assert wrong != claim
    assert not sb.verify(net, wrong).ok


def test_beside_the_whole_loss() -> None:
    text = r"\nabla_w J_i = (p_i - y_i)x_i \\ \nabla_w J = \frac1n\sum_i (p_i - y_i)x_i"
    assert [one.kind for one in sb.verify(LOGIT, text)] == ["right, identity"] * 2


def test_a_loss_that_is_no_sum_over_samples_alone_has_none() -> None:
    ridge = sb.read("X: data[n, d]\ny: data[n]\nw: parameter[d]\nJ = sum((X @ w - y)**2) + sum(w**2)")
    (found,) = sb.verify(ridge, r"\nabla_w J_i = 2(x_i^\top w - y_i)x_i")
    assert found.open


LOGISTIC = "X: data[m, d]\ny: data[m]\nw: parameter[d]\nb: parameter\nz = X @ w + b\na = sigmoid(z)\nJ = -sum(y*log(a) + (1 - y)*log(1 - a))/m"


@pytest.mark.slow
@pytest.mark.parametrize("dz", ["dz^{(i)}", "dz_i", "dz"])
def test_what_each_sample_has_is_what_later_steps_read(dz: str) -> None:
    at, of = (r"^{(i)}", r"^{(i)}") if "(" in dz else ("_i", "_i") if "_" in dz else ("", "_i")
    said = (
        rf"$${dz} = a{at} - y{at}$$ $$dw = \frac{{1}}{{m}}\sum_{{i=1}}^m x{of} dz{of}, \qquad db = \frac1m\sum_{{i=1}}^m dz{of}$$"
    )
    assert sb.verify(LOGISTIC, said).ok
    assert not sb.verify(LOGISTIC, said.replace("- y", "+ y")).ok
    assert not sb.verify(LOGISTIC, said.replace("x_i", "2x_i").replace("x^{(i)}", "2x^{(i)}")).ok


@pytest.mark.slow
@pytest.mark.parametrize("loss", [r"\mathcal L", r"\mathcal{L}", r"\ell"])
def test_another_letter_beside_that_of_the_loss_is_the_loss_of_a_sample(loss: str) -> None:
    said = (
        rf"For one example, $\frac{{\partial {loss}}}{{\partial z}} = a - y$, so that "
        r"$\frac{\partial J}{\partial w} = \frac1m\sum_i (a_i - y_i)x_i$."
    )
    assert sb.verify(LOGISTIC, said).ok
    assert sb.verify(LOGISTIC, said.replace("= a - y", "= a + y")).claims[0].wrong
    assert sb.verify(LOGISTIC, said.split(", so")[0]).claims[0].kind == "up to convention"  # nothing says that it is another


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["J_i", "J^{(i)}", "J^{(i)}(w, b)", r"\ell_i"])
def test_the_loss_of_a_sample_is_written_out(loss: str) -> None:
    """It was wrong: the network says something else of its loss."""
    plain = loss.partition("(w")[0]
    said = rf"$${loss} = -y_i\log a_i - (1 - y_i)\log(1 - a_i)$$ $$\partial_{{\mathbf w}} {plain} = (a_i - y_i)x_i$$ $$\nabla_w J = \frac1m\sum_i (a_i - y_i)x_i$$"
    assert sb.verify(LOGISTIC, said).ok
    assert sb.verify(LOGISTIC, said.replace("= (a_i - y_i)x_i", "= (a_i + y_i)x_i")).claims[1].wrong
    assert not sb.verify(LOGISTIC, said.replace("-y_i", "y_i")).ok


@pytest.mark.slow
@pytest.mark.parametrize("function", ["h", "h_w", r"h_{w,b}"])
@pytest.mark.parametrize("where", ["before", "behind"])
def test_a_function_of_a_sample_is_defined_in_a_sentence(function: str, where: str) -> None:
    claim = rf"$$\frac{{\partial}}{{\partial w_j}} J(w) = \frac1m\sum_{{i=1}}^m ({function}(x^{{(i)}}) - y^{{(i)}})x_j^{{(i)}}$$"
    said = rf"where ${function}(x) = \sigma(w^\top x + b)$."
    text = claim + said if where == "behind" else said + claim
    assert sb.verify(LOGISTIC, text).ok
    assert not sb.verify(LOGISTIC, text.replace("w^\\top x + b", "w^\\top x - b")).ok


@pytest.mark.slow
def test_an_entry_at_the_letter_of_a_sum_stands_in_brackets() -> None:
    net = "u: data[V, d]\nv: parameter[d]\no: integers[V]\np = softmax(u @ v)\nJ = -log(p[o])"
    assert sb.verify(net, r"\nabla_v J = \sum_k p(k) u_k - u_o").ok
    assert not sb.verify(net, r"\nabla_v J = \sum_k p(k) u_k + u_o").ok


@pytest.mark.slow
def test_a_row_of_a_gradient_has_its_small_letter_and_a_loss_of_a_sample_its_own_scale() -> None:
    net = "X: data[n, d]\nY: data[n, k]\nW: parameter[d, k]\nb: parameter[k]\nP = X @ W + b\nL = sum((P - Y)**2)/(2*n)"
    for at in ("_i", "^{(i)}"):
        said = rf"$dp{at} = p{at} - y{at}$, $db = \frac1n\sum_i dp{at}$."
        assert sb.verify(net, said).ok
        assert not sb.verify(net, said.replace("- y", "+ y")).ok
    line = "X: data[n, d]\ny: data[n]\nw: parameter[d]\nL = sum((X @ w - y)**2)/n"
    own = sb.verify(
        line, r"$\ell_i = \frac12(w^\top x_i - y_i)^2$, $\frac{\partial L}{\partial w} = \frac2n\sum_i(w^\top x_i - y_i)x_i$"
    )
    assert own.ok
    assert sb.verify(line, r"$\ell_i = \frac12(w^\top x_i + y_i)^2$").claims[0].wrong


ONE_SAMPLE = "X: data[m, n]\ny: data[m]\ntheta: parameter[n]\nh = X @ theta\nJ = sum((h - y)**2)/2"


@pytest.mark.parametrize(
    "said",
    [
        r"\theta_j := \theta_j + \alpha(y^{(i)} - h_\theta(x^{(i)}))x_j^{(i)}",  # Ng, the LMS rule
        r"\theta \leftarrow \theta - \eta(\theta^\top x_i - y_i)x_i",
    ],
)
def test_an_update_goes_by_the_loss_of_one_sample(said: str) -> None:
    assert sb.verify(ONE_SAMPLE, f"${said}$").ok
    slip = said.replace("x_i)x_i", "x_i)y_i").replace("y_i)x_i", "y_i)y_i").replace(")x_j^{(i)}", ")y^{(i)}")
    assert slip != said
    assert sb.verify(ONE_SAMPLE, f"${slip}$").claims[0].wrong
