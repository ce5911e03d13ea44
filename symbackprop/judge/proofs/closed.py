"""A derivative of a gradient, told of the gradient as its box has it: of g = X^T (p - y) / n, not of the steps that led there.

The lines of the box, each proved, become the equations of the gradient; what follows is derived of these, and is held against what
the network's own equations give.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from sympy import Expr

from symbackprop.algebra.lines import Line, Lines
from symbackprop.algebra.matrix import Form
from symbackprop.core.derivation import Derivation
from symbackprop.core.differentiate import differentiate
from symbackprop.core.errors import SymbackpropError
from symbackprop.core.grammar import check
from symbackprop.core.loops import has_loops
from symbackprop.core.program import Program, Signature
from symbackprop.evaluate.magnitude import largest_of
from symbackprop.evaluate.walk import walk
from symbackprop.judge.proofs.proved import CLOSE, proved_box, random_points
from symbackprop.judge.proofs.tensors import DOWN, RIGHT, FormTensor, Meant, NoTensorError, ordered, subscript
from symbackprop.language.lower.tracing import trace, with_letters
from symbackprop.language.tensors import Tensor


def closed(derivation: Derivation) -> Derivation:
    """The same derivative, derived of the gradient's closed form; the derivation itself where that has none."""
    first = derivation.first
    if first is None or has_loops(derivation.program) or derivation.forward.equations != first.program.equations:
        return derivation
    first = closed(first)
    forward = _closed_program(first, derivation.of)
    if forward is None:
        return derivation
    try:
        found = differentiate(forward, derivation.of, derivation.wrt, True, derivation.upstream, derivation.vector)
    except SymbackpropError:
        return derivation
    found = replace(derivation, forward=found.forward, program=found.program, first=first)
    return found if _is_same(derivation, found) else derivation


def _is_same(derivation: Derivation, found: Derivation) -> bool:
    """Whether two derivations give the same numbers, each of them at a point at which it is finite.

    What leads to the gradient that is differentiated is among them.
    """
    own = [n for n, t in found.forward.tensors.items() if t.role and n in derivation.program.tensors]
    held = dict.fromkeys((*own, *derivation.program.outputs), False)
    for point in random_points(derivation):
        values = walk(found.program, {t.name: point.values[t.name] for t in found.forward.inputs}, point.sizes)
        for name in held:
            truth, got = (np.asarray(v[name], dtype=float) for v in (point.values, values))
            if not np.all(np.isfinite(truth)):
                continue
            scale = max(largest_of(truth) or 1.0, 1e-6)
            if not largest_of(got - truth) <= CLOSE * scale:
                return False
            held[name] = True
    return all(held.values())


def _closed_program(first: Derivation, of: str) -> Program | None:
    """The network, and after it the lines of the box that the gradient needs."""
    if of not in first.program.outputs:
        return None
    box = proved_box(replace(first, program=replace(first.program, outputs=(of,))))
    known = {n: Tensor(t.shape, signature=_as_input(t)) for n, t in first.forward.tensors.items()}
    inputs = list(known.values())
    forms = _forms(first, known, {line.name for line in box.lines})
    try:
        for line in box.lines:
            if line.name not in known:
                made = _tensor(line, first.program.shape(line.name), forms)
                known[line.name] = forms.made.setdefault(line.name, made)
        written = trace(forms.made, inputs, "whole") if of in forms.made else None
    except (NoTensorError, SymbackpropError):
        return None
    return None if written is None else _joined(first, written, of)


def _as_input(tensor: Signature) -> Signature:
    return Signature(
        tensor.name, tensor.shape, "data" if tensor.kind == "value" else tensor.kind, tensor.domain, tensor.bound, tensor.value
    )


def _forms(first: Derivation, known: dict[str, Tensor], lets: set[str]) -> FormTensor:
    """Reads forms; what the network has computed is not computed anew, and what is a gradient on the way is called so."""
    lines, computed, called = Lines(first.program, {}), dict[Form, Meant](), dict[Form, str]()
    for name, tensor in first.program.tensors.items():
        if name in lines.kept or name not in lines.equations or tensor.rank > 2:
            continue
        line = lines.line(name, lets - {name})
        if line.form is None or not line.form.parts or line.subscripts:
            continue
        if name in known:
            computed.setdefault(line.form, Meant(known[name], (DOWN, RIGHT)[: tensor.rank]))
        else:
            called.setdefault(line.form, name)
    return FormTensor(known, computed, called)


def _tensor(line: Line, shape: tuple[Expr, ...], forms: FormTensor) -> Tensor:
    """What a line says, with the axes of the value that it is a line of."""
    if line.form is None or len(line.letters) > len(line.subscripts) + 2:
        raise NoTensorError("a line that is no formula")
    found, rest = forms.read(line.form), iter((DOWN, RIGHT))
    letters = tuple(subscript(c) if c in line.subscripts else next(rest) for c in line.letters)
    is_new = not found.tensor.is_input and found.tensor.name is None
    return found.tensor if is_new and found.letters == letters else ordered(found, letters, shape)


def _joined(first: Derivation, written: Program, of: str) -> Program:
    """The network, and the equations that were written, in the letters of one program."""
    forward, own = first.forward, {e.target.name for e in written.equations}
    roles = {n: t for n, t in first.program.tensors.items() if n in own}
    tensors = {**forward.tensors, **{n: t for n, t in written.tensors.items() if n in own}, **roles}
    whole = Program(tensors, (*forward.equations, *written.equations), (of,), first.program.conditions)
    equations = (*forward.equations, *with_letters(whole).equations[len(forward.equations) :])
    return check(replace(whole, equations=equations))
