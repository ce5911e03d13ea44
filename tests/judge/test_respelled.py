"""Left sides as mathematicians write them, Newton's steps, and what the gradient is a function of."""

from __future__ import annotations

import pytest

import symbackprop as sb

QUADRATIC = sb.read("A: symmetric[n]\nb: data[n]\nx: parameter[n]\nf = x @ A @ x/2 - b @ x")
POISSON = sb.read("x: data[n] & positive\nlam: parameter & positive\nell = sum(x*log(lam) - lam)")
LOGISTIC = sb.read("X: data[N, d]\nt: data[N]\nw: parameter[d]\ny = sigmoid(X @ w)\nE = -sum(t*log(y) + (1 - t)*log(1 - y))")


@pytest.mark.parametrize(
    ("net", "claim", "kind"),
    [
        (QUADRATIC, r"\nabla f(x_k) = Ax_k - b", "right, identity"),
        (QUADRATIC, r"\nabla f(x^{(k)}) = Ax^{(k)} + b", "wrong"),
        (QUADRATIC, r"Df(x) = x^\top A - b^\top", "right, identity"),
        (QUADRATIC, r"f''(x) = A", "right, identity"),
        (QUADRATIC, "H = 2A", "undecided"),
        (POISSON, r"\ell''(\lambda) = -\frac{1}{\lambda^2}\sum_i x_i", "right, identity"),
        (POISSON, r"\ell''(\lambda) = \frac{1}{\lambda^2}\sum_i x_i", "up to convention"),
        (LOGISTIC, r"H = \nabla\nabla E(w) = \sum_n y_n(1 - y_n)x_nx_n^T = X^TRX, R = \mathrm{diag}(y(1 - y))", "right, identity"),
        (LOGISTIC, r"H_{jk} = \sum_n y_n(1 - y_n)x_{nj}x_{nk}", "right, identity"),
        (LOGISTIC, r"H = \sum_n y_n^2x_nx_n^T", "undecided"),
    ],
)
def test_left_sides_are_read_in_spellings_of_their_own(net: sb.Network, claim: str, kind: str) -> None:
    assert sb.verify(net, claim).claims[0].kind == kind


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        (r"w^{(new)} = w^{(old)} - H^{-1}\nabla E(w), H = X^TRX, R = \mathrm{diag}(y(1-y))", "a step of Newton"),
        pytest.param(r"w_{t+1} = w_t - (X^TRX)^{-1}X^T(y - t), R = \mathrm{diag}(y(1-y))", "a step of Newton", marks=pytest.mark.slow),
        pytest.param(r"w^{(new)} = w^{(old)} - (X^TX)^{-1}X^T(y - t)", "no step of Newton", marks=pytest.mark.slow),
    ],
)  # fmt: skip
def test_a_step_of_newton_is_the_gradient_times_the_inverse_of_the_hessian(claim: str, said: str) -> None:
    found = sb.verify(LOGISTIC, claim).claims[0]
    assert said in str(found.remarks[-1] if found.right else found.because)
    assert found.kind == ("right, numeric" if said == "a step of Newton" else "undecided")


def test_what_a_gradient_is_a_function_of_is_no_factor() -> None:
    steps = r"\nabla E(w) = X^T(y - t) \\ w^{(\tau+1)} = w^{(\tau)} - \eta\nabla E(\mathbf{w}^{(\tau)})"
    assert [one.kind for one in sb.verify(LOGISTIC, steps).claims] == ["right, identity", "abbreviation"]


def test_a_product_on_the_left_is_an_equation() -> None:
    assert [one.kind for one in sb.verify(QUADRATIC, r"\nabla f = Ax - b = 0 \iff Ax = b").claims] == [
        "right, identity",
        "right, numeric",
    ]


SOFTMAX = sb.read(
    "X: data[m, n]\ny: integers[m, K]\ntheta: parameter[K, n]\nP = softmax(X @ theta.T)\nJ = -sum(log(P[arange(m), y]))"
)


@pytest.mark.parametrize(
    ("net", "claim", "slip"),
    [
        pytest.param(SOFTMAX, r"\nabla_{\theta^{(k)}}J(\theta) = -\sum_{i=1}^m\left[x^{(i)}\left(1\{y^{(i)}=k\} - P(y^{(i)}=k|x^{(i)};\theta)\right)\right]", "- P", marks=pytest.mark.slow),
        (LOGISTIC, r"\frac{\partial E}{\partial w_j} = \sum_i\left(P(t_i=1 \mid x_i) - t_i\right)x_{ij}", "1 \\mid"),
    ],
)  # fmt: skip
def test_a_probability_is_the_entry_of_the_value_that_holds_it(net: sb.Network, claim: str, slip: str) -> None:
    assert sb.verify(net, claim).ok
    assert not sb.verify(net, claim.replace(slip, {"- P": "+ P"}.get(slip, "0 \\mid"))).ok


def test_what_a_divergence_is_between_is_no_factor() -> None:
    net = "p: data[n] & positive\nq: parameter[n] & positive\nD = sum(p*log(p/q))"
    assert sb.verify(net, r"\frac{\partial D_{KL}(p\,\|\,q)}{\partial q_i} = -\frac{p_i}{q_i}").ok


ENCODED = "mu: parameter[d]\nlogvar: parameter[d]\nkl = -sum(1 + logvar - mu**2 - exp(logvar))/2"


@pytest.mark.parametrize(
    "said",
    [
        r"\frac{\partial KL}{\partial \log\sigma_j^2} = -\frac12(1 - \sigma_j^2)",
        r"\frac{\partial\,\mathrm{KL}}{\partial\log\sigma^2} = -\frac12(1 - \sigma^2)$ with $\sigma^2 = e^{logvar}",
        r"\frac{\partial \mathrm{NLL}}{\partial \log\sigma^2} = \frac12(\sigma^2 - 1)",
    ],
)
def test_the_logarithm_of_a_variance_may_be_a_value_of_the_network(said: str) -> None:
    assert sb.verify(ENCODED, f"${said}$").ok
    assert sb.verify(ENCODED, f"${said}$".replace(r"\frac12", r"\frac13")).claims[0].wrong
