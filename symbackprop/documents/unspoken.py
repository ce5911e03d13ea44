"""Which values of a network nobody speaks of: they are written out where they are read, in the network and in the steps."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from symbackprop.core.letters import is_nameless
from symbackprop.core.program import Equation, Program, Sum, slot
from symbackprop.display.box import ShownBox
from symbackprop.display.equations import equation_formula
from symbackprop.display.pinned import pinned_body
from symbackprop.documents.layer_block import Lecture
from symbackprop.documents.layers import Layer
from symbackprop.documents.spoken import Spoken
from symbackprop.formulas.widths import width

AS_WRITTEN = 36.0
"""The widest equation of the network into which values that nobody named are written, in ems."""


def unspoken(lecture: Lecture, told_: Sequence[Layer], box: ShownBox | None) -> frozenset[str]:
    """The values that nobody named and that steps need not speak of: the network writes them out, and no step begins there."""
    forward, names = lecture.derivation.forward, lecture.plain
    lines = {line.name for layer in told_ for line in layer.lines} | {line.name for line in (box.lines if box else ())}
    roles = [names.signature(n).role for n in lines if n in names.program.tensors]
    spoken = {n for role in roles if role is not None for n in (role.wrt, role.of)} | {layer.start for layer in told_}
    spoken |= read_by_gradients(lecture, box) if box else set()
    written = as_written(lecture, spoken) - set(lecture.softmaxes)
    unnamed = {n for n in written if not _is_given(forward, n)}
    own, within = forward.equation_of(), _within(forward)
    return frozenset(n for n in unnamed if n in within or is_nameless(n) or _is_moved(own[n]) or _is_part(forward, own[n]))


def read_by_gradients(lecture: Lecture, box: ShownBox) -> set[str]:
    """What the lines of gradients read: a box has a line for each value, of which a report shows these alone."""
    tensors = lecture.derivation.program.tensors
    return {n for line in box.lines if line.name in tensors and tensors[line.name].role for n in line.needs}


def to_spell(lecture: Lecture, box: ShownBox | None, gone: frozenset[str] | None) -> frozenset[str]:
    """The values that are called by their formulas: nobody named them, and no line of the box reads them.

    gone   the values that steps are told without; None: there are no steps. The local derivative by another value is that by its
           formula, which it is not where what reads it is told by the same in another way besides: such a value keeps its name.
    """
    program, lined = lecture.derivation.program, {line.name for line in box.lines} if box is not None else set[str]()
    written = lecture.derivation.forward.equation_of()
    found = {n for n, e in written.items() if not _is_given(lecture.derivation.forward, n) and (is_nameless(n) or _is_moved(e))}
    inner = {n for tensor in program.tensors.values() if tensor.inner is not None for n in (tensor.inner.of, tensor.inner.wrt)}
    lines = Spoken(lecture.plain, lecture.derivation.forward)
    lines.hear([line.formula for line in box.lines] if box is not None else [])
    found -= {*lined, *lines.read, *inner, lecture.derivation.of, *lecture.softmaxes}
    differentiated = {role.wrt for tensor in program.tensors.values() if (role := tensor.role) is not None}

    def ends(name: str, without: str = "") -> set[str]:
        """What a value is made of, as its formula says it."""
        read = {r.name for r in written[name].operands if r.name != without}
        passed = gone or frozenset()  # what is told with its reader: the derivative by the value is by all ways through it
        inside = {n: ends(n, without if n in passed else "") for n in read if n in found and n in written}
        return {m for n in read for m in inside.get(n, {n})} & differentiated

    readers: dict[str, list[str]] = {n: [] for n in found}
    for e in written.values():
        for n in dict.fromkeys(r.name for r in e.operands if r.name in found):
            readers[n].append(e.target.name)
    for n in found - gone if gone is not None else ():
        if any(ends(n) & ends(reader, n) for reader in readers[n]):
            found.discard(n)
    return frozenset(found)


def _is_moved(equation: Equation) -> bool:
    """Whether a value is another one whose entries stand elsewhere: S^T."""
    return isinstance(equation.op, Sum) and equation.op.body == slot(0) and not equation.op.over


def _is_part(forward: Program, equation: Equation) -> bool:
    """Whether a value is a slice of another one, entry by entry: the gate's part of p_3, which a layer calls z_{o,3}."""
    op = equation.op
    if not isinstance(op, Sum) or not op.over or len(equation.operands) != 1:
        return False
    body, over, _, _ = pinned_body(forward, equation)
    return body == slot(0) and not over


def _is_given(forward: Program, name: str) -> bool:
    """Whether an author or a layer named a value; what a layer calls a slice is told as that slice."""
    tensor = forward.tensors[name]
    return tensor.named or (tensor.called and not _is_part(forward, forward.equation_of()[name]))


def _within(forward: Program) -> frozenset[str]:
    """The values that are made entry by entry of what has a name, and read so: tanh(c) of h = o tanh(c), m - D of relu(m - D)^2."""
    own, found = forward.equation_of(), set[str]()
    readers: dict[str, list[Equation]] = {}
    for e in forward.equations:
        for name in {r.name for r in e.operands}:
            readers.setdefault(name, []).append(e)
        is_made = isinstance(e.op, Sum) and not e.op.over and not _is_given(forward, e.target.name)
        if is_made and all(r.name in found or r.name not in own or _is_given(forward, r.name) for r in e.operands):
            found.add(e.target.name)
    return frozenset(n for n in found if all(_is_entrywise(e, n) for e in readers.get(n, ())))


def _is_entrywise(reader: Equation, name: str) -> bool:
    """Whether an equation reads a value entry by entry, and sums over no letters but the value's."""
    letters = {c for r in reader.operands if r.name == name for c in r.index}
    return isinstance(reader.op, Sum) and all(c in letters for c, _ in reader.op.over) and {*reader.target.index} <= letters


def as_written(lecture: Lecture, spoken: Collection[str]) -> frozenset[str]:
    """The values that the network writes out where they are read: nobody named them, one equation reads them and can hold them.

    spoken   what is spoken of elsewhere by its name.
    """
    names, forward = lecture.plain, lecture.derivation.forward
    uses, found = forward.uses(), set(lecture.hidden)
    bound = {lecture.derivation.of, *spoken, *(n for n, tensor in forward.tensors.items() if tensor.named or uses[n] != 1)}
    alike = {_kind(e) for e in forward.equations if e.target.name in bound}
    bound |= {e.target.name for e in forward.equations if forward.tensors[e.target.name].called and _kind(e) in alike}
    for equation in forward.equations:
        new = {r.name for r in equation.operands if r.name in names.written} - bound
        if new and width(equation_formula(names, equation, found | new)) <= AS_WRITTEN:
            found |= new
    return frozenset(found)


def _kind(equation: Equation) -> tuple[str, object]:
    """What two values have in common that are told alike, s_1 and s_2: the name but for its number, and the body."""
    return re.sub(r"_\d+$", "", equation.target.name), equation.op.body if isinstance(equation.op, Sum) else equation.op
