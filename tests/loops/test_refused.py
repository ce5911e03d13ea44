"""Loops of matrix algorithms that are refused: the mend, to let them run on arrays, is followed, and is right."""

from pathlib import Path

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.notation.errors import NotationError
from tests.loops.test_random_functions import function_of

HEAD = 'import numpy as np\n\n\ndef loss(A: "parameter[n, n]", b: "parameter[n]"):\n    n = len(b)\n'
BODIES = {
    "Cholesky, column by column": """    L = np.zeros((n, n))
    for j in range(n):
        L[j, j] = np.sqrt(A[j, j] - np.sum(L[j, :j]**2))
        L[j+1:, j] = (A[j+1:, j] - L[j+1:, :j] @ L[j, :j]) / L[j, j]
    return np.sum(L * b)
""",
    "Gauss": """    A, b = A.copy(), b.copy()
    for k in range(n):
        for i in range(k + 1, n):
            f = A[i, k] / A[k, k]
            A[i, k:] -= f * A[k, k:]
            b[i] -= f * b[k]
    x = np.zeros(n)
    for i in range(n - 1, -1, -1):
        x[i] = (b[i] - A[i, i+1:] @ x[i+1:]) / A[i, i]
    return np.sum(x**2)
""",
    "both halves of a matrix": """    K = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1):
            K[i, j] = np.exp(-np.sum((A[i] - A[j])**2) / 9)
            K[j, i] = K[i, j]
    return np.sum(K @ b)
""",
    "a ring": """    s = 0.0
    for i in range(n):
        s += A[i, 0] * b[(i + 1) % n]
    return s
""",
    "Bernstein": """    c, t = b, A[0, 0] / 9
    for k in range(1, n):
        c = (1 - t) * c[:-1] + t * c[1:]
    return c[0]
""",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BODIES)
def test_what_is_refused_runs_as_its_mend_says(tmp_path: Path, name: str) -> None:
    loss, rng = function_of(tmp_path / "loop.py", HEAD + BODIES[name]), np.random.default_rng(0)
    with pytest.raises(NotationError, match=r"trace"):
        sb.read(loss)
    A, b = rng.normal(size=(3, 3)), rng.normal(size=3)
    at = {"A": A @ A.T + 4 * np.eye(3), "b": b}
    value, gradients = sb.compile(sb.trace(loss, **at)).value_and_grad(at)
    assert value == pytest.approx(loss(**at))
    for k, gradient in gradients.items():
        way = rng.normal(size=gradient.shape)
        along = [loss(**{**at, k: at[k] + step * way}) for step in (1e-5, -1e-5)]
        assert np.sum(gradient * way) == pytest.approx((along[0] - along[1]) / 2e-5, rel=1e-6)
