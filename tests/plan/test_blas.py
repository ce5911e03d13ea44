"""Products of large matrices: the same numbers by whichever library, and the usual one where the faster cannot be had."""

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.backends.c import blas
from symbackprop.backends.c.library import FLAGS
from tests.plan.test_c import STRICT

CC = next((name for name in ("cc", "gcc", "clang") if shutil.which(name)), None)
needs_library = pytest.mark.skipif(blas.product("float32") is None, reason="NumPy ships another library")
needs_cc = pytest.mark.skipif(CC is None, reason="no C compiler")
SHAPES = [(101, 110, 100), (2, 1_100, 1_000), (2, 3, 400_000)]  # the last is summed along its rows


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """A choice of its own, in a process that counts as one of one thread."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv(blas.CHOICE, raising=False)
    blas.large_product.cache_clear()
    yield
    blas.large_product.cache_clear()


@needs_cc
@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("m", "n", "k"), SHAPES)
def test_large_products_are_what_numpy_says(m: int, n: int, k: int, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forwards and with either factor transposed; where the processor wants it, by a copy of the library."""
    monkeypatch.setattr(blas, "_halves", lambda: True)
    function = sb.compile(f"A: parameter[{m}, {k}]\nB: parameter[{k}, {n}]\nL = sum((A @ B)**2)", dtype=dtype)
    assert "large_product_(" in function.c_source()
    random = np.random.default_rng(m)
    A, B = random.normal(size=(m, k)).astype(dtype), random.normal(size=(k, n)).astype(dtype)
    step = function.bind({"A": A, "B": B}, backend="c")
    A, B, close = A.astype(float), B.astype(float), float(50 * np.finfo(dtype).eps)
    assert step() == pytest.approx(np.sum((A @ B) ** 2), rel=close)
    for name, wants in (("A", 2 * A @ B @ B.T), ("B", 2 * A.T @ (A @ B))):
        np.testing.assert_allclose(step.gradients[name], wants, rtol=0, atol=close * np.abs(wants).max())


@needs_cc
@pytest.mark.parametrize("flags", [[], ["-DSTEP_BLAS"]])
def test_the_source_of_a_large_product_builds_without_a_warning(flags: list[str], tmp_path: Path) -> None:
    text = sb.compile("A: parameter[101, 110]\nB: parameter[110, 100]\nL = sum((A @ B)**2)", dtype="float32").c_source()
    (tmp_path / "step.c").write_text(text, encoding="utf-8")
    assert CC is not None
    assert "-DSTEP_BLAS" in FLAGS
    line = [CC, *STRICT, *flags, "-c", "-o", "step.o", "step.c"]
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@needs_library
def test_a_copy_leaves_neither_its_file_nor_its_wish(tmp_path: Path) -> None:
    assert blas._copied(blas._libraries()[0])
    assert blas.CHOICE not in os.environ
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@needs_library
def test_where_the_faster_library_cannot_be_had_it_is_the_usual_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """No room; a person who chose; several threads, which would stand in the way of NumPy's; another processor."""
    usual = blas.product("float32")
    asked = blas._asked
    full = OSError("no space left")

    def refuse(*_: object) -> None:
        raise full

    for name, value in (
        ("shutil.copyfile", refuse),
        ("_halves", lambda: False),
        ("_asked", lambda path, what, *n, **k: 4 if what == "get_num_threads" else asked(path, what, *n, **k)),
    ):
        with monkeypatch.context() as one:
            one.setattr(blas, "_halves", lambda: True)
            one.setattr(f"symbackprop.backends.c.blas.{name}", value)
            blas.large_product.cache_clear()
            assert blas.large_product("float32") is usual, name
    monkeypatch.setenv(blas.CHOICE, "Zen")
    blas.large_product.cache_clear()
    assert blas.large_product("float32") is usual
    assert blas.large_product("float64") is blas.product("float64")
