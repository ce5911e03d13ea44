"""What one line of a box says is called by its name in the others: diag(delta_1) where delta_1 = delta_2^T 1 has a line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from symbackprop.algebra.lines import Line
from symbackprop.algebra.matrix import Form, Front, Leaf, leaves, negated, scaled
from symbackprop.algebra.poly import Number, Poly
from symbackprop.algebra.positions import tensor_of

SHORT = 3  # tokens of a block that is written where it is read


def shared(lines: Mapping[str, Line], named: Collection[str]) -> dict[str, Line]:
    """The lines, with the values in `named` read by name wherever their forms stand in the others."""
    found, readers = dict(lines), defaultdict[str, set[str]](set)
    for name, line in lines.items():
        for tensor in line.tensors:
            readers[tensor].add(name)
    for name in named:
        line = found[name]
        if line.form is None or line.form.op == "leaf" or line.subscripts or len(line.letters) > 2:
            continue
        read = _tensors(line.form)
        beside = set[str].intersection(*(readers[tensor] for tensor in read)) - {name} if read else set(found)
        before = _read_by(name, found) if beside else set[str]()
        own = Form("leaf", (), Leaf(name, (), len(line.letters) < 2))
        for other in beside - before:
            form = found[other].form
            made = None if form is None or form == line.form else _called(form, line.form, own)
            if form is not None and made is not None and made is not form:
                gone = _tensors(form) - _tensors(made)
                found[other] = replace(found[other], form=made, tensors=(found[other].tensors - gone) | {name})
                readers[name].add(other)
    return found


def said_once(
    lines: Mapping[str, Line], outputs: Sequence[str], multiple: Callable[[str], tuple[Poly, Number] | None]
) -> dict[str, Line]:
    """The lines, with an output that is a number times one before it read by its name: dL/dr = dL/dh, dL/db = -dL/da.

    outputs   in the order of the lines.
    multiple  a value as a number times a sum; None where it has too many terms.
    """
    found, first = dict(lines), dict[tuple[Form | Poly, int], tuple[str, Number]]()
    for name in outputs:
        line = found[name]
        if line.form is None or line.subscripts or len(line.letters) > 2 or line.form.tokens <= SHORT:
            continue
        told = [(line.form, 1), *([one] if (one := multiple(name)) else [])]
        known = next((first[key, len(line.letters)] + (c,) for key, c in told if (key, len(line.letters)) in first), None)
        if known is None:
            first |= {(key, len(line.letters)): (name, c) for key, c in told}
        else:
            other, below, above = known
            leaf = Form("leaf", (), Leaf(other, (), len(line.letters) < 2))
            found[name] = replace(line, form=scaled(Front(Fraction(above) / below), leaf), tensors=frozenset({other}))
    return found


def without_bracket(line: Line) -> Line:
    """A line that is minus a sum, -(A + B), as -A - B."""
    form = line.form
    if form is None or form.op != "scaled" or not form.parts or form.given != Front(-1) or form.parts[0].op != "sum":
        return line
    return replace(line, form=Form("sum", tuple(map(negated, form.parts[0].parts))))


def uncut(lines: Mapping[str, Line]) -> dict[str, Line]:
    """The lines, with a block of a value that a line puts together of short blocks written as what stands there."""
    found = dict(lines)
    for name, line in lines.items():
        if line.form is None or line.subscripts or not line.blocks:
            continue
        for view, part in zip(line.blocks, line.form.parts, strict=True):
            own = Form("leaf", (), Leaf(view, (), len(line.letters) < 2))
            for other, reader in found.items():
                if name not in reader.tensors or reader.form is None or part.tokens > SHORT:
                    continue
                made = _called(reader.form, own, part)
                if made is not reader.form:
                    gone = _tensors(reader.form) - _tensors(made)
                    found[other] = replace(reader, form=made, tensors=(reader.tensors - gone) | _tensors(part))
    return found


def _read_by(name: str, lines: Mapping[str, Line]) -> set[str]:
    """A line and all that it reads, however far."""
    found, waiting = {name}, [name]
    while waiting:
        more = [n for n in lines[waiting.pop()].tensors if n in lines and n not in found]
        found.update(more)
        waiting += more
    return found


def _called(form: Form, said: Form, name: Form) -> Form:
    """A form with a name in the place of what it says."""
    if form == said:
        return name
    parts = tuple(_called(part, said, name) for part in form.parts)
    if all(new is old for new, old in zip(parts, form.parts, strict=True)):
        return form
    if form.op == "sum" and len(set(parts)) == 1:  # what two values say is the same
        return scaled(Front(len(parts)), parts[0])
    return Form(form.op, parts, form.given)


def _tensors(form: Form) -> set[str]:
    return {tensor_of(leaf.name) for leaf in leaves(form)}
