"""Random programs against JAX's own derivatives: as derived and as compiled; some twice; some as whole reports."""

import re
from collections.abc import Hashable
from types import ModuleType

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

import symbackprop as sb
from symbackprop.core.derivation import Derivation
from symbackprop.core.differentiate import differentiate
from symbackprop.core.network import Network
from symbackprop.core.program import Program
from symbackprop.evaluate import points, tape
from tests.random_programs import programs

CHUNKS, CHUNK = 8, 215  # of first derivatives
TWICE, REPORTS = 60, 10  # in each of four chunks
POINTS = 100
SIZES = {"n": 3, "m": 2}  # the same for all: JAX compiles anew for every shape


def sizes_of(program: Program) -> dict[str, int]:
    return {str(name): SIZES[str(name)] for name in program.sizes()}


def assert_close(found: np.ndarray, theirs: np.ndarray, name: str) -> None:
    scale = max(1.0, float(np.abs(theirs).max(initial=0.0)))
    np.testing.assert_allclose(found / scale, theirs / scale, rtol=1e-9, atol=1e-11, err_msg=name)


def assert_as_jax_says(derivation: Derivation, point: dict[str, np.ndarray], sizes: dict[str, int]) -> None:
    from tests.jax_words.program import value_and_derivatives

    equations = tape.forward(derivation.program, point, sizes)
    value, theirs = value_and_derivatives(derivation.forward, derivation.of, point, sizes, derivation.wrt)
    assert_close(equations[derivation.of], np.asarray(value), derivation.of)
    compiled = sb.compile(derivation, sizes=sizes)
    _, gradients = compiled.value_and_grad(point)
    for name in derivation.wrt:
        assert_close(equations[derivation.gradient(name)], np.asarray(theirs[name]), name)
        assert_close(gradients[name], np.asarray(theirs[name]), f"{name}, compiled")


def is_new(program: Program, seed: int, drawn: set[Hashable]) -> bool:
    """Whether an example is the first of its kind: about one in four that Hypothesis draws is not."""
    example = (*program.tensors.values(), *program.equations, seed)
    return example not in drawn and not drawn.add(example)


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_first_derivatives(jax: ModuleType, chunk: int) -> None:
    drawn: set[Hashable] = set()

    @seeded(chunk)
    @settings(max_examples=CHUNK, phases=[Phase.generate])
    @given(program=programs(), seed=st.integers(0, POINTS))
    def agree(program: Program, seed: int) -> None:
        if not is_new(program, seed, drawn):
            return
        derivation = differentiate(program, "L", [t.name for t in program.inputs if t.kind != "integers"])
        sizes = sizes_of(program)
        assert_as_jax_says(derivation, points.point(program, sizes, seed), sizes)

    agree()


@pytest.mark.parametrize("chunk", range(4))
def test_second_derivatives(jax: ModuleType, chunk: int) -> None:
    from tests.jax_words.program import value_and_derivatives

    drawn: set[Hashable] = set()

    @seeded(chunk)
    @settings(max_examples=TWICE, phases=[Phase.generate])
    @given(program=programs(kinks=False, steps=4), seed=st.integers(0, POINTS))
    def agree(program: Program, seed: int) -> None:
        if not is_new(program, seed, drawn):
            return
        first = differentiate(program, "L")
        sizes = sizes_of(program)
        point = points.point(program, sizes, seed)
        _, theirs = value_and_derivatives(program, "L", point, sizes, first.wrt, order=2)
        for name in first.wrt:
            second = differentiate(first.program, first.gradient(name), first.wrt, jacobian=True)
            found = tape.forward(second.program, point, sizes)
            for other in first.wrt:
                assert_close(found[second.gradient(other)], np.asarray(theirs[name][other]), f"{name}, {other}")

    agree()


@pytest.mark.parametrize("chunk", range(4))
def test_reports(jax: ModuleType, chunk: int) -> None:
    drawn: set[Hashable] = set()

    @seeded(chunk)
    @settings(max_examples=REPORTS, phases=[Phase.generate])
    @given(program=programs(), seed=st.integers(0, POINTS))
    def agree(program: Program, seed: int) -> None:
        if not is_new(program, seed, drawn):
            return
        derivation = sb.derive(Network(program, "L"))
        sizes = sizes_of(program)
        assert_as_jax_says(derivation, points.point(program, sizes, seed), sizes)
        assert derivation.check(seed=seed).ok
        for text in (derivation.text(), derivation.latex(), derivation.markdown()):
            assert not re.search(r"\bnan\b|\binf\b", text, re.IGNORECASE), text
        assert derivation.html().rstrip().endswith("</html>")

    agree()
