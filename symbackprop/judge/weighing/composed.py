"""Programs with further values, each a program over the tensors that are there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from symbackprop.core.grammar import check
from symbackprop.core.program import Program, Ref

CLAIM = "claim"  # the output of a claim's program


def with_values(program: Program, values: Mapping[str, Program]) -> Program:
    """A program with further values by their names: what each claims, in a program over tensors of the first.

    Raises ProgramError where one reads what is not there.
    """
    for own, said in values.items():
        program = _with_value(program, own, said)
    return check(program) if values else program


def _with_value(program: Program, own: str, said: Program) -> Program:
    written = [t for t in said.tensors.values() if t.kind == "value" and t.name in said.equation_of()]
    called = {t.name: own if t.name == CLAIM else f"{own}_{t.name}" for t in written}
    further = {called[t.name]: replace(t, name=called[t.name], named=t.name == CLAIM) for t in written}

    def ref(one: Ref) -> Ref:
        return one._replace(name=called.get(one.name, one.name))

    equations = [replace(e, target=ref(e.target), operands=tuple(map(ref, e.operands))) for e in said.equations]
    return replace(program, tensors={**program.tensors, **further}, equations=(*program.equations, *equations))
