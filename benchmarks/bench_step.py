"""One training step, bound, against the same step by hand in NumPy, in JAX and in torch: medians of one interleaved run, one thread.

python benchmarks/bench_step.py            every case; the libraries that are there
python benchmarks/bench_step.py LeNet      the cases whose names begin so
"""

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from statistics import median
from typing import NoReturn

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import numpy as np  # after the threads are set
import pytest
from in_numpy import by_hand
from step_networks import CASES, Case, JaxWords, TorchWords

import symbackprop as sb
from symbackprop.backends.c.library import NativeError
from symbackprop.backends.function import Compiled
from symbackprop.backends.printed import code_of
from symbackprop.backends.step import Step
from symbackprop.plan.pieces import in_pieces
from symbackprop.plan.schedule import plan
from symbackprop.plan.statements import Loop, Product, Statement

OURS = {"bound", "C", "readable", "products"}
ROUNDS, SECONDS = 40, 0.004  # of each contender, and how long one round of it takes at least


def arrays_of(program, seed: int = 0) -> dict[str, np.ndarray]:
    """Weights of the scale that training begins with, data of the order of one."""
    rng, arrays = np.random.default_rng(seed), {}
    for tensor in program.inputs:
        shape = tuple(int(n) for n in tensor.shape)
        a = rng.standard_normal(shape)
        if tensor.kind == "integers":
            a = rng.integers(0, int(tensor.bound), shape)
        elif tensor.kind == "labels":
            a = np.eye(shape[-1])[rng.integers(0, shape[-1], shape[:-1])]
        elif tensor.kind == "parameter" and len(shape) > 1:
            a = a / np.sqrt(np.prod(shape[1:]) if len(shape) > 2 else shape[0])
        arrays[tensor.name] = a
    return arrays


def products(compiled: Compiled) -> Step | None:
    """The matrix products of a bound step and nothing else of it, as NumPy's BLAS takes them; None where there is none."""

    def kept(statements: Iterable[Statement]) -> Iterator[Statement]:
        for s in statements:
            if isinstance(s, Loop) and (body := tuple(kept(s.body))):
                yield replace(s, body=body)
            elif isinstance(s, Product):
                yield s

    whole = in_pieces(plan(compiled.program, compiled.value_name, compiled.gradients))
    found = tuple(kept(whole.statements))
    if not found:
        return None

    def refused(*_: object) -> NoReturn:
        raise AssertionError("products fell back on the source")

    step = Step(whole.layout, code_of(replace(whole, statements=found, value=0.0), compiled.dtype), compiled.dtype, refused)
    for array in (step.flat, *step.data.values()):
        array[...] = np.random.default_rng(0).standard_normal(array.shape) if array.dtype.kind == "f" else 0
    return step


def held(bound: Step, gradients: Mapping[str, np.ndarray]) -> None:
    """See that a contender computes the same gradients."""
    assert gradients.keys() == bound.gradients.keys()
    for k, gradient in gradients.items():
        np.testing.assert_allclose(bound.gradients[k], gradient, rtol=1e-3, atol=1e-3 * abs(np.asarray(gradient)).max())


def contenders(name: str, case: Case) -> dict[str, Callable[[], object]]:
    """Every way to do the step of a case, each held against ours first."""
    compiled = sb.compile(case.text, case.sizes, dtype=case.dtype)
    arrays = {k: a.astype(case.dtype) if a.dtype.kind == "f" else a for k, a in arrays_of(compiled.program).items()}
    bound = compiled.bind(arrays)
    bound()
    found: dict[str, Callable[[], object]] = {"bound": bound, "readable": lambda: compiled.value_and_grad(arrays)}
    with suppress(NativeError):  # no compiler
        found["C"] = compiled.bind(arrays, backend="c")
    if (alone := products(compiled)) is not None:
        found["products"] = alone
    own = {k: arrays[k] for k in bound.parameters}
    data = {k: arrays[k] for k in bound.data}
    found["by hand"] = hand = by_hand(name, own, data)
    held(bound, hand()[1])
    for word, words in (("JAX", JaxWords), ("torch", TorchWords)):
        try:
            library = words() if case.forward else None
        except ImportError:
            continue
        if library is None:
            continue
        step, gradients = library.step(case, own, data)
        held(bound, gradients())
        found[word] = step
        if isinstance(library, TorchWords) and (way := library.compiled(case, own, data)) is not None:
            held(bound, way[1]())
            found["torch.compile"] = way[0]
    return found


def timed(found: dict[str, Callable[[], object]]) -> dict[str, float]:
    """The median time of each, all of them in turn."""
    times: dict[str, list[float]] = {word: [] for word in found}
    for _ in range(ROUNDS):
        for word, step in found.items():
            often = max(1, int(SECONDS / times[word][-1])) if times[word] else 1
            begun = time.perf_counter()
            for _ in range(often):
                step()
            times[word].append((time.perf_counter() - begun) / often)
    return {word: median(list_) for word, list_ in times.items()}


@pytest.mark.parametrize("name", CASES)
def bench_a_step(name: str) -> None:
    times = timed(contenders(name, CASES[name]))
    ours = times["bound"]
    others = "  ".join(f"{word} {t / ours:6.2f}x" for word, t in times.items() if word != "bound")
    best = min(t for word, t in times.items() if word not in OURS) if times.keys() - OURS else float("nan")
    print(f"\n{name:32} {1e6 * ours:10.1f} us   {others}   of the best of the others: {ours / best:.2f}")


if __name__ == "__main__":
    for wanted in sys.argv[1:] or [""]:
        for name in CASES:
            if name.startswith(wanted):
                bench_a_step(name)
