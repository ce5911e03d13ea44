"""Every layer, and every operation of linear algebra, in a small network: its gradients against four witnesses, twice."""

import inspect
import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from symbackprop.core.derivation import Derivation
from symbackprop.core.differentiate import differentiate
from symbackprop.core.passes.simplify import simplify
from symbackprop.core.program import Equation, Program, Ref, Signature, Sum, slot
from symbackprop.evaluate import points, tape
from symbackprop.evaluate.sizes import draw_sizes
from symbackprop.judge.witnesses.crosscheck import check
from symbackprop.language import layers
from symbackprop.notation import read
from symbackprop.verbs import compile
from tests.along import directional

NETWORKS = Path(__file__).parent.parent / "networks"
EXAMPLES = Path(__file__).parent.parent.parent / "examples"
FILES = sorted([*EXAMPLES.glob("layers/*.net"), *NETWORKS.glob("layers/*.net"), *NETWORKS.glob("linear_algebra/*.net")])
ALGEBRA = [
    "inverse", "det", "logdet", "cholesky", "eigh", "svd", "qr", "cond", "expm", "sqrtm", "logm", "solve", "matrix_power", "kron", "vec", "quadratic_form", "norm", "trace", "outer",
    "cumsum", "cumprod", "prod", "tril", "triu", "split", "stack", "concatenate",
]  # fmt: skip


@cache
def derived(path: Path) -> Derivation:
    """The gradients by everything that has one: a 0 or 1 and an integer cannot move."""
    program = read(path).program
    return differentiate(program, "L", [t.name for t in program.inputs if t.kind != "integers" and t.domain != "binary"])


@pytest.mark.parametrize("name", [*layers.__all__, *ALGEBRA])
def test_every_layer_has_a_network(name: str) -> None:
    assert any(re.search(rf"\b{name}\(", path.read_text(encoding="utf-8")) for path in FILES), f"no network calls {name}"


@pytest.mark.parametrize("name", layers.__all__)
def test_a_docstring_begins_with_the_equation_and_says_what_is_refused(name: str) -> None:
    text = inspect.getdoc(getattr(layers, name)) or ""
    first, _, rest = text.partition("\n")
    assert re.match(r"\w+(\[[\w. ]+\])? = ", first), first
    assert "Returns" in rest
    assert "Raises LanguageError" in rest


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
@pytest.mark.slow
def test_the_gradients_agree_with_the_tape_the_differences_and_the_compiled_function(path: Path) -> None:
    compiled = compile(derived(path))
    outcome = check(derived(path), points=1, compiled=compiled.value_and_grad)
    assert outcome, outcome.table()
    assert not any(row.note == "the gradient is zero" for row in outcome.rows), outcome.table()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
@pytest.mark.slow
def test_the_gradients_of_the_gradients_agree_with_the_tape_and_the_differences(path: Path) -> None:
    first = derived(path)
    squared = squares_of(first)
    second = differentiate(squared, "squares", first.wrt)
    at = draw_sizes(squared, seed=1)
    where = points.point(squared, at, seed=1)
    witness = tape.gradients(squared, "squares", first.wrt, where, at)
    for program in (second.program, simplify(second.program)):
        shown = tape.forward(program, where, at)
        for name in first.wrt:
            np.testing.assert_allclose(
                shown[second.gradient(name)], witness[name], rtol=1e-8, atol=1e-10 * (1 + abs(witness[name]).max())
            )
    rng = np.random.default_rng(1)
    directions = {name: rng.standard_normal((1, *where[name].shape)) for name in first.wrt}
    [slope] = directional(squared, "squares", where, at, directions)
    expected = sum(np.sum(directions[name] * witness[name]) for name in first.wrt)
    scale = sum(np.sum(abs(directions[name] * witness[name])) for name in first.wrt)
    assert abs(slope - expected) <= 1e-9 * scale


def squares_of(first: Derivation) -> Program:
    """The program of the gradients with `squares`, the sum of all their squares."""
    tensors, equations, parts = dict(first.program.tensors), list(first.program.equations), []
    for k, name in enumerate(first.wrt):
        shape = first.program.shape(first.gradient(name))
        letters = tuple(f"a{j}" for j in range(len(shape)))
        over = tuple(zip(letters, shape, strict=True))
        tensors[f"squares_{k}"] = Signature(f"squares_{k}")
        parts.append(Ref(f"squares_{k}"))
        equations.append(Equation(parts[-1], Sum(slot(0) ** 2, (slot(0),), over), (Ref(first.gradient(name), letters),)))
    slots = tuple(slot(k) for k in range(len(parts)))
    tensors["squares"] = Signature("squares")
    equations.append(Equation(Ref("squares"), Sum(sum(slots), slots), tuple(parts)))
    return Program(tensors, tuple(equations), ("squares",), first.program.conditions)
