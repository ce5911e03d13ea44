"""The backward pass through loops, as a lecturer tells it: each line at its step, where a recursion starts, what leaves it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from symbackprop.core.derivation import Derivation
from symbackprop.core.loops import has_loops
from symbackprop.core.program import Carry
from symbackprop.core.recursion import NoRecursionError
from symbackprop.display.box import ShownBox, ShownLine
from symbackprop.display.recursion import flows_into
from symbackprop.display.step_forms import StepForm, forward_steps
from symbackprop.documents.document import Content, Part, StepBlock
from symbackprop.documents.layer_block import Lecture, packed
from symbackprop.documents.layers import Layer
from symbackprop.formulas import build as f
from symbackprop.formulas.told import Told, listed, several, told
from symbackprop.formulas.tree import Node, split


def loop_blocks(lecture: Lecture, layers: Sequence[Layer], box: ShownBox | None) -> list[StepBlock]:
    """A block for each layer of a network with loops, of the box's lines; none where one of them has no line at a step."""
    derivation = lecture.derivation
    if (
        box is None
        or not has_loops(derivation.program)
        or not all(line.name in box.by_name for layer in layers for line in layer.lines)
    ):
        return []
    try:
        forms = forward_steps(derivation)
    except NoRecursionError:
        return []
    said: set[Told] = set()
    return [_block(lecture, layer, box, forms, said) for layer in layers]


def _block(lecture: Lecture, layer: Layer, box: ShownBox, forms: Sequence[StepForm], said: set[Told]) -> StepBlock:
    names = {line.name for line in layer.lines}
    lines = [line for line in box.lines if line.name in names]
    through = set(_through(lecture.derivation, layer))
    parts = [Part(told("Differentiated"), packed(form.formula for form in forms if form.name in through))]
    parts.append(Part(told("Product"), tuple(packed(map(_product, lines))), "result"))
    derivation = lecture.derivation
    by = [_wrt(derivation, line.name) for line in layer.lines]
    ends = several([_named(lecture, name) for name in by])
    is_own, start = layer.start in by, _named(lecture, layer.start)
    title = told("Back through the steps to {}", ends) if is_own else told("From {} back to {}", start, ends)
    reasons = [sentence for line in lines for sentence in line.why if sentence not in said]
    reasons += _served(lecture, lines)
    said |= {*reasons}
    sentences: tuple[Content, ...] = (listed(list(dict.fromkeys(reasons)), " "),) if reasons else ()
    shapes = [told("{}: {}", _named(lecture, name), lecture.names.dimensions(name)) for name in by
              if lecture.names.signature(name).shape]  # fmt: skip
    anchor = layer.lines[0].name
    lecture.anchors |= dict.fromkeys(names, anchor)
    return StepBlock(title, tuple(part for part in parts if part.formulas), listed(shapes), sentences, anchor)


def _served(lecture: Lecture, lines: Sequence[ShownLine]) -> Iterator[Told]:
    """What is said of parameters, by the steps that they serve."""
    shared, own = ([_named(lecture, _wrt(lecture.derivation, line.name)) for line in lines if line.serves == serves]
                   for serves in ("all", "own"))  # fmt: skip
    if len(shared) == 1:
        yield told("{} serves every step, and each adds its part: its gradient is the sum over the steps.", shared[0])
    elif shared:
        yield told("{} serve every step, and each adds its part: their gradients are sums over the steps.", several(shared))
    if len(own) == 1:
        yield told("{} has an entry for each step, which serves its step alone.", own[0])
    elif own:
        yield told("{} have an entry for each step, which serves its step alone.", several(own))


def _named(lecture: Lecture, name: str) -> Node:
    """A tensor by its name, or by that of what it alone flows into."""
    return lecture.plain.tensor(flows_into(lecture.derivation.program, name))


def _product(line: ShownLine) -> Node:
    """A line with the derivative that it says, where it calls it by a name."""
    left, right = split(line.formula)
    if line.meant is None or right is None:
        return line.formula
    return f.beside(left, f.EQUALS, line.meant, right)


def _wrt(derivation: Derivation, name: str) -> str:
    role = derivation.program.tensors[name].role
    return role.wrt if role is not None else ""


def _through(derivation: Derivation, layer: Layer) -> Iterator[str]:
    """The values whose equations are gone back through: what nobody named by the name of what it is a part of."""
    forward = derivation.forward
    written = forward.equation_of()
    waiting = [e.step.through.name for line in layer.lines for e in line.path if e.step is not None and e.step.through is not None]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in seen or name not in written:
            continue
        seen.add(name)
        if isinstance(written[name].op, Carry):
            waiting += [r.name for r in written[name].operands[:1]]
        elif forward.tensors[name].has_name:
            yield name
        else:
            waiting += [e.target.name for e in forward.equations if any(r.name == name for r in e.operands)]
