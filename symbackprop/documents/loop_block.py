"""The backward pass through loops, as a lecturer tells it: each line at its step, where a recursion starts, what leaves it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from symbackprop.core.derivation import Derivation
from symbackprop.core.flows import flows_into
from symbackprop.core.loops import has_loops
from symbackprop.core.loops.recursion import NoRecursionError
from symbackprop.core.program import Carry
from symbackprop.display.box import ShownBox, ShownLine, StepChain
from symbackprop.display.step_forms import StepForm, forward_steps
from symbackprop.documents.document import Content, Part, StepBlock
from symbackprop.documents.layer_block import Lecture, packed
from symbackprop.documents.layers import Layer
from symbackprop.formulas import build as f
from symbackprop.formulas.told import Told, listed, several, told
from symbackprop.formulas.tree import Node, items_of, split


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
    return list(_Telling(lecture, box, forms).blocks(layers))


class _Telling:
    """Tells the layers of a network with loops; no sentence twice, and no layer like one before, as those of gates are.

    box    its lines.
    forms  the equations of the network at one step.
    """

    def __init__(self, lecture: Lecture, box: ShownBox, forms: Sequence[StepForm]) -> None:
        self.lecture, self.derivation, self.box, self.forms = lecture, lecture.derivation, box, forms
        self.said: set[Told] = set()
        self.told: set[Hashable] = set()
        self.by = {wrt: line.by for line in box.lines if line.by is not None and (wrt := _wrt(self.derivation, line.name))}

    def blocks(self, layers: Sequence[Layer]) -> Iterator[StepBlock]:
        """A step for each layer; layers like those before, one after the other, are one."""
        for is_alike, group in groupby(layers, self._is_told):
            some = list(group)
            yield from [self._likewise(some)] if is_alike else map(self._block, some)

    def _is_told(self, layer: Layer) -> bool:
        """Whether a layer is told as one before it is: it has no recursion of its own, and no kind of line that is new."""
        kinds = {line.kind for line in layer.lines}
        is_known = kinds <= self.told and all(line.meant is None for line in self._lines(layer))
        self.told |= kinds
        return is_known

    def _lines(self, layer: Layer) -> list[ShownLine]:
        names = {line.name for line in layer.lines}
        return [line for line in self.box.lines if line.name in names]

    def _likewise(self, layers: Sequence[Layer]) -> StepBlock:
        lines = [line for layer in layers for line in self._lines(layer)]
        starts = [self._named(layer.start) for layer in layers]
        ends = several([self._named(_wrt(self.derivation, line.name)) for line in lines])
        is_one = len(layers) == 1
        title = told("Likewise from {} back to {}", starts[0], ends) if is_one else told("Likewise from {}", several(starts))
        self.lecture.anchors |= {line.name: lines[0].name for line in lines}
        product = Part(told("Product"), tuple(packed(map(_product, lines))), "result")
        new = [sentence for sentence in self._served(lines) if sentence not in self.said]
        self.said |= {*new}
        sentences: tuple[Content, ...] = (listed(new, " "),) if new else ()
        shape: Content = listed(list(self._shapes(lines))) if is_one else ""  # of several the box has the shapes
        return StepBlock(title, (product,), shape, sentences, lines[0].name)

    def _block(self, layer: Layer) -> StepBlock:
        names = {line.name for line in layer.lines}
        lines = self._lines(layer)
        through = set(_through(self.derivation, layer))
        before = [form.formula for form in self.forms if form.name in through and not _is_zero(form.formula)]
        chains = [line.chain() for line in lines]
        slopes = tuple(_locals(chains))
        said_before = {split(x)[1] for x in slopes}  # the local derivative, where nothing comes from above
        rows = [x for chain in chains for x in chain.rows if split(x)[1] not in said_before]
        parts = [
            Part(told("Differentiated"), packed(before)),
            Part(told("Local derivative"), packed(slopes)),
            Part(told("Chain rule"), packed(rows), folded=True),
            Part(told("Product"), tuple(packed(map(_product, lines))), "result"),
        ]
        reasons = dict.fromkeys([*(sentence for line in lines for sentence in line.why), *self._served(lines)])
        new = [*self._recognised(layer, lines, chains), *(sentence for sentence in reasons if sentence not in self.said)]
        self.said |= reasons.keys()
        sentences: tuple[Content, ...] = (listed(new, " "),) if new else ()
        anchor = layer.lines[0].name
        self.lecture.anchors |= dict.fromkeys(names, anchor)
        shown = tuple(part for part in parts if part.formulas)
        return StepBlock(self._title(layer, lines), shown, listed(list(self._shapes(lines))), sentences, anchor)

    def _recognised(self, layer: Layer, lines: Sequence[ShownLine], chains: Sequence[StepChain]) -> Iterator[Told]:
        """What lines are known as, in the tensors at their steps."""
        whole = {line.name: line for line in layer.lines}
        for line, chain in zip(lines, chains, strict=True):
            yield from self.lecture.reasons.recognised(replace(whole[line.name], formula=line.formula), chain.names)

    def _title(self, layer: Layer, lines: Sequence[ShownLine]) -> Told:
        ends = several(list(dict.fromkeys(self._named(_wrt(self.derivation, line.name)) for line in lines)))
        if any(_wrt(self.derivation, line.name) == layer.start for line in lines):
            return told("Back through the steps to {}", ends)
        return told("From {} back to {}", self._named(layer.start), ends)

    def _shapes(self, lines: Sequence[ShownLine]) -> Iterator[Told]:
        """The shape of each gradient; of one that the box gave a letter, at one step."""
        for line in {line.name: line for line in lines}.values():
            left, _ = split(line.formula)
            wrt = _wrt(self.derivation, line.name)
            if line.meant is not None:
                yield from [told("{}: {}", left, line.shape)] if line.shape else []
            elif self.lecture.names.signature(wrt).shape:
                names = self.lecture.names
                own = names.at_layer(wrt) if names.widths.steps(wrt) else self._named(wrt)
                yield told("{}: {}", own, names.dimensions(wrt))

    def _served(self, lines: Sequence[ShownLine]) -> Iterator[Told]:
        """What is said of all parameters, by the steps that they serve, where the first of them is."""
        for serves in dict.fromkeys(line.serves for line in lines if line.serves):
            alike = dict.fromkeys(self._named(_wrt(self.derivation, line.name)) for line in self.box.lines if line.serves == serves)
            yield _serving(serves, several(list(alike)), len(alike))

    def _named(self, name: str) -> Node:
        """What a gradient is by, in a few letters."""
        by = self.by.get(name)
        return by if by is not None else self.lecture.plain.tensor(flows_into(self.derivation.program, name))


def _serving(serves: str, named: Told, count: int) -> Told:
    if serves == "all" and count == 1:
        return told("{} serves every step, and each adds its part: its gradient is the sum over the steps.", named)
    if serves == "all":
        return told("{} serve every step, and each adds its part: their gradients are sums over the steps.", named)
    if count == 1:
        return told("{} has an entry for each step, which serves its step alone.", named)
    return told("{} have an entry for each step, which serves its step alone.", named)


def _locals(chains: Iterable[StepChain]) -> Iterable[Node]:
    """The local derivatives of some lines, each once: at all steps, where it is told at a certain one as well."""
    return {key: shown for chain in chains for key, shown in chain.locals.items()}.values()


def _product(line: ShownLine) -> Node:
    """A line with the derivative that it says, where it calls it by a name."""
    left, right = split(line.formula)
    if line.meant is None or right is None:
        return line.formula
    return f.beside(left, f.EQUALS, line.meant, right)


def _is_zero(formula: Node) -> bool:
    """Whether an equation says that a loop starts at 0, which the network says: nothing comes back through it."""
    right = split(formula)[1]
    return right is not None and items_of(right)[1:] == (f.ZERO,)


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
