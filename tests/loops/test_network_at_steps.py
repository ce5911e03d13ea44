"""The network of a report with loops: each equation at one step is what the whole program computes there."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import symbackprop as sb
from symbackprop.algebra.facts import known_algebra
from symbackprop.algebra.lines import Line
from symbackprop.algebra.recursion import StepLine
from symbackprop.core.derivation import Derivation
from symbackprop.core.loops.recursion import NoRecursionError, Recursion
from symbackprop.core.loops.step_line import step_line
from symbackprop.core.program import Carry
from symbackprop.display.step_forms import forward_steps
from symbackprop.formulas.latex import latex
from symbackprop.judge.proofs import recursed
from symbackprop.judge.proofs.proved import random_points
from symbackprop.notation.errors import NotationError
from tests.loops import random_branches, random_loops, random_tables
from tests.loops.random_shapes import EVERY, MORE
from tests.loops.test_random_functions import function_of

TEXTS: dict[str, Callable[[int], str]] = {
    "loops": lambda seed: random_loops.written(random.Random(seed)),
    "more": lambda seed: random_loops.written(random.Random(seed), EVERY, MORE),
    "tables": random_tables.written,
    "branches": random_branches.written,
}


def lines(derivation: Derivation) -> Iterator[StepLine]:
    """The equations that a report has at one step."""
    of = Recursion(derivation.program)
    sums = of.told_sums()
    for equation in derivation.forward.equations:
        name, line = equation.target.name, None
        if isinstance(equation.op, Carry) or not (derivation.forward.tensors[name].has_name or name in sums):
            continue
        try:
            several = [step_line(of, name, sums, terms=terms) for terms in of.terms(name, sums)]
        except NoRecursionError:
            continue
        for at in several:
            line = StepLine(name, at, Line(name), line)
        assert line is not None
        yield line


def assert_holds(path: Path, text: str) -> None:
    derivation = sb.derive(sb.read(function_of(path, text)))
    points, recursion = random_points(derivation), Recursion(derivation.program)
    for line in lines(derivation):
        assert all(recursed._agrees(recursion, line, point) is not False for point in points), (line.name, text)


@pytest.mark.parametrize(("kind", "seed"), [("loops", 16), ("tables", 14)])
def test_an_equation_at_a_step_is_that_of_the_program(tmp_path: Path, kind: str, seed: int) -> None:
    assert_holds(tmp_path / f"{kind}_{seed}.py", TEXTS[kind](seed))


def test_a_start_counts_as_steps_do_and_no_letter_of_another_axis_is_its_step(tmp_path: Path) -> None:
    derivation = sb.derive(sb.read(function_of(tmp_path / "tables_23.py", TEXTS["tables"](23))))
    said = [latex(form.formula) for form in forward_steps(derivation)]
    assert "u_{6}^{(0)} = u_{2}" in said  # it was u^{(-1)} = F_i^{(j)} ..., with j for the entries of F
    assert all(left != right for left, _, right in (formula.partition(" = ") for formula in said))
    at = step_line(Recursion(derivation.program), "u_6", ())
    assert "j" in known_algebra(at.program, ()).reserved  # no sum in a line at step j runs over j


@pytest.mark.slow
@pytest.mark.parametrize("kind", TEXTS)
def test_many_equations_at_a_step_are_those_of_the_program(tmp_path: Path, kind: str) -> None:
    refused = 0
    for seed in range(5):
        try:
            assert_holds(tmp_path / f"{kind}_{seed}.py", TEXTS[kind](seed))
        except NotationError:
            refused += 1
    assert refused <= 1
