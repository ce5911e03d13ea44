"""Where numbers break what a formula takes for granted there is a refusal, or not-a-number: never a number that looks right."""

import numpy as np
import pytest
from numpy import ndarray

import symbackprop as sb

RNG = np.random.default_rng(5)
LOW, WIDE = RNG.normal(size=(5, 2)) @ RNG.normal(size=(2, 3)), RNG.normal(size=(3, 2)) @ RNG.normal(size=(2, 5))
SQUARE = RNG.normal(size=(3, 2)) @ RNG.normal(size=(2, 3))
TURN = np.linalg.qr(RNG.normal(size=(3, 3)))[0]
EQUAL = TURN @ np.diag([1.0, 1.0, 2.0]) @ TURN.T + 1e-16
TALL_EQUAL = np.linalg.qr(RNG.normal(size=(4, 3)))[0] @ np.diag([2.0, 1.0, 1.0]) @ TURN.T
BELOW, BEYOND = np.array([-1.0, -2.0]), np.array([2.0, 1.5])

MATRICES: dict[str, tuple[str, ndarray]] = {
    "pinv of dependent columns": ("A: parameter[5, 3]\nL = sum(sin(pinv(A)))", LOW),
    "pinv of dependent rows": ("A: parameter[3, 5]\nL = sum(pinv(A)**2)", WIDE),
    "lstsq of dependent columns": ("A: parameter[n, 3]\nL = sum(lstsq(A, A[:, 0] + 1)[0])", LOW),
    "residues of lstsq": ("A: parameter[n, 3]\nL = lstsq(A, ones(n))[1]", LOW),
    "inv": ("A: parameter[n, n]\nL = sum(inv(A)**2)", SQUARE),
    "solve": ("A: parameter[n, n]\nL = sum(solve(A, ones(n)))", SQUARE),
    "a power below 0": ("A: parameter[n, n]\nL = trace(matrix_power(A, -2))", SQUARE),
    "cond": ("A: parameter[n, n]\nL = cond(A, 1)", SQUARE),
    "cholesky of what is not positive": ("A: parameter[n, n]\nL = sum(cholesky(A))", SQUARE - SQUARE.T - np.eye(3)),
    "cholesky of what is positive by rounding": ("A: parameter[n, n]\nL = sum(cholesky(A)**3)", SQUARE @ SQUARE.T),
    "sqrtm": ("A: parameter[n, n]\nL = sum(sqrtm(A))", -np.eye(3)),
    "logm": ("A: parameter[n, n]\nL = sum(logm(A))", SQUARE),
}
"""What has no value."""

SLOPES: dict[str, tuple[str, ndarray]] = {
    "logdet": ("A: parameter[n, n]\nL = logdet(A)", SQUARE),
    "vectors of equal eigenvalues": ("A: parameter[n, n]\nL = sum(eigh(A)[1]**3)", EQUAL),
    "vectors of equal singular values": ("A: parameter[4, 3]\nL = sum(svd(A, full_matrices=False)[2]**3)", TALL_EQUAL),
    "vectors of a singular value 0": ("A: parameter[5, 3]\nL = sum(svd(A, full_matrices=False)[0]**3)", LOW),
    "qr of dependent columns": ("A: parameter[5, 3]\nL = sum(qr(A)[0]**3)", LOW),
}
"""What has a value and no derivative."""

ENTRIES: dict[str, tuple[str, ndarray]] = {
    "log": ("x: parameter[n]\nL = sum(log(x))", BELOW),
    "log1p": ("x: parameter[n]\nL = sum(log1p(x))", 2 * BELOW),
    "a root": ("x: parameter[n]\nL = sum(sqrt(x))", BELOW),
    "a root squared": ("x: parameter[n]\nL = sum(sqrt(x)**2)", BELOW),
    "a root times itself": ("x: parameter[n]\nL = sum(sqrt(x) * sqrt(x))", BELOW),
    "roots that make a square": ("x: parameter[n]\nL = sum(x**1.5 * x**0.5)", BELOW),
    "a root of a cube": ("x: parameter[n]\nL = sum((x**3)**(1/3))", BELOW),
    "exp of log": ("x: parameter[n]\nL = sum(exp(2 * log(x)))", BELOW),
    "sin of arcsin": ("x: parameter[n]\nL = sum(sin(arcsin(x)))", BEYOND),
    "cos of arccos": ("x: parameter[n]\nL = sum(cos(arccos(x)))", BEYOND),
    "tanh of arctanh": ("x: parameter[n]\nL = sum(tanh(arctanh(x)))", BEYOND),
    "cosh of arccosh": ("x: parameter[n]\nL = sum(cosh(arccosh(x)))", 1 / BEYOND),
    "the norm of nothing": ("x: parameter[n]\nL = sum(x / norm(x))", 0 * BELOW),
    "a quotient by 0": ("x: parameter[n]\nL = sum(1 / (x - x[0]))", BELOW),
    "x log x at 0": ("x: parameter[n]\nL = sum(x * log(x))", 0 * BELOW),
}
"""What NumPy makes not-a-number or infinite of."""


@pytest.mark.parametrize("name", MATRICES)
def test_matrices_without_a_value_are_refused(name: str) -> None:
    text, array = MATRICES[name]
    function = sb.compile(text)
    for compute in (lambda: function.value({"A": array}), lambda: function({"A": array}), function.bind({"A": array})):
        with pytest.raises(sb.SymbackpropError, match="give other arrays, at which this has a value"):
            compute()


@pytest.mark.parametrize("name", SLOPES)
def test_slopes_that_are_not_there_are_refused(name: str) -> None:
    text, array = SLOPES[name]
    function = sb.compile(text)
    assert np.isfinite(function.value({"A": array}))
    for compute in (lambda: function({"A": array}), function.bind({"A": array})):
        with pytest.raises(sb.SymbackpropError, match="give other arrays, at which this has a value"):
            compute()


@pytest.mark.parametrize("name", ENTRIES)
def test_entries_off_a_domain_have_no_number(name: str) -> None:
    text, array = ENTRIES[name]
    function = sb.compile(text)
    assert not np.isfinite(function.value({"x": array}))
    assert not np.isfinite(function({"x": array})[0])
    assert not np.isfinite(function.bind({"x": array})())


@pytest.mark.slow
@pytest.mark.parametrize("name", [*MATRICES, *SLOPES])
def test_jax_and_c_have_not_a_number_there(name: str) -> None:
    pytest.importorskip("jax")
    text, array = (MATRICES | SLOPES)[name]
    array = -np.eye(3) if name == "logm" else array  # eigenvalues have no JAX on every device
    value, gradients = sb.compile(text, backend="jax")({"A": array})
    assert np.isnan(gradients["A"]).any()
    assert np.isnan(value) == (name in MATRICES)
    if any(word in text for word in ("sqrtm", "logm", "eigh", "svd", "qr")):  # which have no C
        return
    step = sb.compile(text).bind({"A": array}, backend="c")
    value = step()
    assert np.isnan(step.gradients["A"]).any()
    assert np.isnan(value) == (name in MATRICES)


def test_regular_matrices_are_not_refused() -> None:
    """One that has lost twelve of sixteen digits is as good as NumPy's."""
    near = np.diag([1.0, 1e-6, 1e-12]) + 1e-14
    at = {"A": near}
    np.testing.assert_allclose(sb.compile("A: parameter[n, n]\nL = sum(inv(A))").value(at), np.linalg.inv(near).sum(), rtol=1e-3)
    spread = TURN @ np.diag([1.0, 1.0 + 1e-9, 2.0]) @ TURN.T
    assert np.isfinite(sb.compile("A: parameter[n, n]\nL = sum(eigh(A)[1]**3)").grad({"A": spread})["A"]).all()


def test_roots_whose_sign_is_known_are_put_together() -> None:
    """|x|^2 has a derivative where |x| has none."""
    gradient = sb.compile("x: parameter[n]\nL = norm(x)**2 + sqrt(sum(x**4 + x**2))**2").grad({"x": np.zeros(3)})["x"]
    np.testing.assert_array_equal(gradient, 0)


def test_labels_that_do_not_sum_to_one_are_refused() -> None:
    function = sb.compile("S: parameter[b, c]\nY: labels[b, c]\nL = -sum(Y * log_softmax(S))")
    with pytest.raises(sb.SymbackpropError, match="Y is declared as labels: it must sum to one along its last axis"):
        function(S=np.zeros((2, 3)), Y=np.ones((2, 3)))


def test_a_loss_that_is_an_entry_outlives_the_memory_of_its_array() -> None:
    A = RNG.normal(size=(4, 3))
    step = sb.compile("A: parameter[m, n]\nL = norm(A @ eye(n), 2)", sizes={"m": 4, "n": 3}).bind({"A": A})
    np.testing.assert_allclose([step(), step()], np.linalg.norm(A, 2))


def test_a_check_at_a_point_without_a_slope_says_so() -> None:
    """At 0 a norm has no slope: that is no wrong gradient."""
    with pytest.raises(sb.SymbackpropError, match="L has no slope by x at the tested point"):
        sb.check(sb.read("x: parameter[3]\nL = norm(x)"), at={"x": np.zeros(3)})
