"""What every test starts from: one thread, one seed, no surprise from the machine."""

import os

# before NumPy is imported: one thread a process, so that a test's time and last digit do not depend on its neighbours
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ[variable] = "1"
os.environ["MPLBACKEND"] = "Agg"

import sys  # noqa: E402
from pathlib import Path  # noqa: E402

if sys.dont_write_bytecode:  # kept for the processes that tests start, beside the cache of the tests: none is left in the tree
    sys.dont_write_bytecode, sys.pycache_prefix = False, str(Path(__file__).parents[1] / ".pytest_cache/compiled")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix

import gc  # noqa: E402
import random  # noqa: E402
import sys  # noqa: E402
from collections.abc import Iterator  # noqa: E402
from types import ModuleType  # noqa: E402
from typing import Any  # noqa: E402

import numpy as np  # noqa: E402
import pytest  # noqa: E402
from hypothesis import HealthCheck, given, settings, strategies  # noqa: E402
from hypothesis.internal.conjecture import providers  # noqa: E402

from symbackprop.core.machine import garbage  # noqa: E402
from symbackprop.judge.proofs import lines  # noqa: E402

collect_ignore = ["jax_words"]  # words for JAX, which is an extra: no tests of their own

# time is no verdict: a busy machine is slow without being wrong
settings.register_profile("fresh", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.register_profile("same", settings.get_profile("fresh"), derandomize=True, database=None)
settings.load_profile("fresh" if os.environ.get("FRESH") else "same")  # by default, two runs give the same answer


# which modules happen to be loaded is no part of a test: newer versions of Hypothesis try the numbers that stand in them
if hasattr(providers, "_get_local_constants"):
    providers._get_local_constants = lambda: providers._local_constants

lines.BOXES = 10_000  # a box that one test has searched, others read


@pytest.fixture(autouse=True)
def seeds() -> None:
    """Every test begins with the same random numbers, whatever ran before it."""
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002


@pytest.fixture(scope="session")
def jax() -> ModuleType:
    """JAX as an independent witness, in float64 on the processor. `make slow` runs the tests that ask for it."""
    os.environ["JAX_PLATFORMS"] = "cpu"
    os.environ["XLA_FLAGS"] = (
        "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"  # compiled once, run once
    )
    import jax

    jax.config.update("jax_enable_x64", True)
    return jax


@pytest.fixture(scope="session")
def onnx() -> ModuleType:
    """The package onnx, with its reference evaluator. `make slow` runs the tests that ask for it."""
    import onnx

    return onnx


@pytest.fixture(scope="session")
def mcp() -> ModuleType:
    """The package mcp, with a client within the process. `make slow` runs the tests that ask for it."""
    import mcp

    return mcp


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The command line in an empty folder: exit code, output and complaint of `run("derive", "x**2")`."""
    from tests.command import Run

    monkeypatch.chdir(tmp_path)
    return Run(capsys)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """What is collected, modules and eighteen thousand tests, stays: a look for garbage among it takes a sixth of the time."""
    given(strategies.none())(lambda _: None)()  # its first test goes through all that the process holds: now that is little
    with garbage.without_collections():
        return (yield)


GROWN = 4_000_000  # blocks of memory, about 400 MB, before which there is no look for garbage among all that tests keep
gc.set_threshold(700, 10, 10**9)
garbage.OLD = 10**12  # neither the collector nor symbackprop looks by itself: each look takes seconds in a process of so many tests
_blocks: list[int] = []


def pytest_runtest_teardown() -> None:
    """One look for garbage each time the process has grown by a half: a look goes through all that there is.

    What JAX has compiled goes too: it is kept for programs that no later test has.
    """
    held = sys.getallocatedblocks()
    if not _blocks:
        _blocks.append(held)
    if held - _blocks[0] > max(GROWN, _blocks[0] // 2):
        if "jax" in sys.modules:
            sys.modules["jax"].clear_caches()
        gc.collect()
        _blocks[0] = sys.getallocatedblocks()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """A last look for garbage; what is left stays to the end: pytest and the interpreter look four times more."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that ask for JAX, ONNX or mcp: they are extras, and `make test` does without."""
    for item in items:
        if {"jax", "onnx", "mcp"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)
