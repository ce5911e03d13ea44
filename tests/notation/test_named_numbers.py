"""Numbers that have names are numbers: n, m = x.shape of fixed sizes and K = 2 are sizes, shifts and widths as if they were written."""

from pathlib import Path

import numpy as np
import pytest

import symbackprop as sb
from tests.loops.test_random_functions import function_of

TEXT = """import numpy as np


def loss(x: "parameter[5, 7]", w: "parameter[2, 3]"):
    n, m = x.shape
    K = 2
    r = n - K
    y = {}
    return np.sum(y**2) + np.sum(x) + np.sum(w)
"""
FORMS = (
    "np.zeros(r)", "np.eye(r)", "np.arange(r)", "np.full((r, K), 2.0)", "np.ones((r, m)) * K", "x.reshape(m, n)", "np.reshape(x, (n * m,))",
    "x.reshape(-1, n * m)", "x[K:, :n]", "np.tile(w, (K, r))", "np.repeat(w, K, axis=0)", "np.linspace(0, 1, r)", "np.split(x[:4], K)[0]",
    "np.roll(x, K)", "np.roll(x, (K, 1), axis=(0, 1))", "np.pad(w, K)", "np.pad(w, ((K, 0), (0, r)))", "np.broadcast_to(w[0], (r, 3))",
    "np.tril(x, K)", "x[: n // K] / m",
)  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_a_named_number_is_a_setting(tmp_path: Path, form: str) -> None:
    loss = function_of(tmp_path / "named.py", TEXT.format(form))
    rng = np.random.default_rng(0)
    at = {"x": rng.normal(size=(5, 7)), "w": rng.normal(size=(2, 3))}
    np.testing.assert_allclose(sb.compile(sb.read(loss)).value(at), loss(**at), rtol=1e-12)
