"""Names that nobody gave: what the report calls a value that it does not write out, such as u_1, may stand in a claim as well."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from symbackprop.core.loops import carried
from symbackprop.core.passes.simplify import without_dead
from symbackprop.core.program import Program, Ref
from symbackprop.judge.weighing.reading import CLAIM, Shape
from symbackprop.judge.weighing.truth import Truth
from symbackprop.judge.weighing.weigh import Bindings


def displayed(truth: Truth) -> dict[str, Shape]:
    """The values that only the report names, with their shapes: z_2, and z2 as code writes it."""
    return {name: truth.network.program.tensors[own].shape for name, own in _own_names(truth).items()}


def bound(truth: Truth, names: Iterable[str]) -> Bindings:
    """These names, bound to what computes them."""
    own = _own_names(truth)
    return tuple((name, _behind(truth.network.program, own[name])) for name in names)


def _own_names(truth: Truth) -> dict[str, str]:
    """The names of the program's values, by how a claim may write them."""
    program = truth.network.program
    hidden = {*truth.named, *carried(program)}
    shown = [n for n, t in program.tensors.items() if t.kind == "value" and n not in hidden]
    return {n.replace("_", ""): n for n in shown if n.replace("_", "") not in program.tensors} | {n: n for n in shown}


def _behind(program: Program, name: str) -> Program:
    """The program of one of its values, as a claim."""
    own = without_dead(replace(program, outputs=(name,)), [name])
    *before, last = own.equations
    tensors = {n: t for n, t in own.tensors.items() if n != name}
    target = replace(own.tensors[name], name=CLAIM)
    written = replace(last, target=Ref(CLAIM, last.target.index))
    return Program({**tensors, CLAIM: target}, (*before, written), (CLAIM,), own.conditions)
