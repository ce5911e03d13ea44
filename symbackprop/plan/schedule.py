"""A graph whose values have places as a plan: the statements that compute them, in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from typing import assert_never

from symbackprop.core.program import Program
from symbackprop.plan import entrywise, folds, lookups, moves
from symbackprop.plan.folding import FROM, folded, packed
from symbackprop.plan.graph import PASSES
from symbackprop.plan.handed import GRADIENTS
from symbackprop.plan.layout import strides_of
from symbackprop.plan.lengthened import lengthened
from symbackprop.plan.lower import lowered
from symbackprop.plan.made import Plan
from symbackprop.plan.memory import Late, Memory
from symbackprop.plan.node import (
    Add,
    Carried,
    Dot,
    Enter,
    Fixed,
    Fold,
    Input,
    Map,
    Multiply,
    Node,
    Pad,
    PlanError,
    Put,
    Scatter,
    Square,
    Stack,
    Take,
    Track,
    Value,
    View,
)  # fmt: skip
from symbackprop.plan.outside import outside
from symbackprop.plan.products import Products
from symbackprop.plan.scaling import scaled_early
from symbackprop.plan.statements import Apply, Combine, Copy, Factor, Operand, Scalar, Window
from symbackprop.plan.stepped import Repeat, Stepped, stepped
from symbackprop.plan.writer import Writer


def plan(program: Program, loss: str, gradients: Mapping[str, str], passes: Iterable[str] = PASSES) -> Plan:
    """The plan of a program.

    program     whose sizes are all numbers.
    loss        the name of the value; one with axes stands among the gradients, and the number is 0.
    gradients   for each name that it is differentiated by, the tensor of the gradient.
    passes      of `graph.PASSES`, those that are on.
    Raises PlanError for what no plan can hold.
    """
    passes = frozenset(passes)
    gradients = {loss: loss, **gradients} if program.shape(loss) else gradients

    def looped(program: Program, gradients: Mapping[str, str]) -> Plan | Stepped:
        """A plan with loops, every value in memory of its own; the nodes where nothing comes again."""
        if "fold" in passes and (found := lengthened(program, gradients, looped)) is not None:
            return found
        steps = _nodes(program, [loss, *gradients.values()], passes)
        if "fold" in passes and len(steps.nodes) >= FROM // 2:  # a node is seldom more than two statements
            apart = _written(Memory(program, steps, loss, gradients, passes, apart=True), steps, loss)
            if (loops := folded(apart.statements, apart.buffers)) is not None:
                return replace(apart, statements=tuple(loops[0]), buffers=loops[1])
        return steps

    made = looped(program, gradients)
    if isinstance(made, Plan):
        statements, buffers = packed(made.statements, made.buffers)
        return replace(made, statements=tuple(statements), buffers=buffers)
    return _written(Memory(program, made, loss, gradients, passes), made, loss)


def _nodes(program: Program, asked: Sequence[str], passes: Set[str]) -> Stepped:
    """The nodes of a program, those of loops by their steps."""
    graph = lowered(program, passes)
    if "scale early" in passes:
        graph = scaled_early(graph, asked[0], asked[1:])
    if "outside" in passes:
        graph = outside(graph, asked)
    return stepped(graph, asked)


def _written(memory: Memory, steps: Stepped, loss: str) -> Plan:
    """The statements of all nodes."""
    writer = Writer(memory)
    _write_all(writer, Products(writer), steps.items)
    for late in (*memory.late, *memory.scaled):
        _write_late(writer, late)
    value = 0.0 if loss in memory.gradients.places else _finished(writer, steps.values[loss][0])
    return Plan(tuple(writer.said), value, memory.buffers, memory.fixed, memory.layout)


def _write_all(w: Writer, products: Products, items: Sequence[Node | Repeat]) -> None:
    for item in items:
        if isinstance(item, Repeat):
            for number in _numbers_from_before(item, w.memory):
                w.number(number)
            with w.loop(item.number, item.count):
                _write_all(w, products, item.items)
            w.memory.release_after(item.number)
        else:
            _write(w, products, item)
            w.memory.release(item)


def _numbers_from_before(repeat: Repeat, memory: Memory) -> Iterator[Node]:
    """The numbers that a loop reads and does not change: they are read once."""
    for item in repeat.items:
        if isinstance(item, Repeat):
            yield from (n for n in _numbers_from_before(item, memory) if repeat.number not in memory.loops(n))
        else:
            yield from (a.node for a in item.args if not a.node.rank and repeat.number not in memory.loops(a.node))


def _write(w: Writer, products: Products, node: Node) -> None:
    match node.op:
        case Input() | Fixed() | View():
            pass  # they stand where they are read
        case Add():
            entrywise.add(w, node, node.op)
        case Multiply():
            entrywise.multiply(w, node, node.op)
        case Map():
            entrywise.function(w, node, node.op)
        case Dot():
            w.said += products.statements(node) if len(node.args) == 2 else folds.total(w, node)
        case Fold():
            folds.fold(w, node, node.op)
        case Pad():
            moves.pad(w, node, node.op)
        case Scatter():
            moves.scatter(w, node, node.op)
        case Stack():
            moves.stack(w, node, node.op)
        case Take():
            lookups.take(w, node)
        case Put():
            lookups.put(w, node, node.op)
        case Track():
            moves.track(w, node, node.op)
        case Enter():
            moves.enter(w, node)
        case Carried(name):
            raise PlanError(f"{name} is carried from step to step")
        case Square():
            _square(w, node, node.op)
        case _:
            assert_never(node.op)


def _square(w: Writer, node: Node, op: Square) -> None:
    a, *along = [_whole(w, arg.node) for arg in node.args]
    out = _whole(w, node) if node.rank else Scalar(f"t{node.number}")
    w.said.append(Factor(op.kind, a, out, tuple(along)))


def _whole(w: Writer, node: Node) -> Window:
    """All entries of a node."""
    store = w.memory.store(node)
    return store.window(tuple(zip(node.shape, store.strides, strict=True)))


def _write_late(w: Writer, late: Late) -> None:
    """A gradient that was not computed in its place: copied, or spread over axes that it lacks; or scaled there."""
    offset, shape = w.memory.gradients.places[late.name]
    out = Window(GRADIENTS, offset, tuple(zip(shape, strides_of(shape, range(len(shape))), strict=True)))
    value = late.value
    if value.node is None:
        w.said.append(Copy(value.coefficient, out))
        return
    source: Operand
    if value.node.rank:
        store = w.memory.store(value.node)
        step = dict(zip(value.letters, store.strides, strict=True))
        dims = tuple((n if c in step else 1, step.get(c, 0)) for c, n in zip(late.letters, shape, strict=True))
        source = store.window(dims)
    else:
        source = w.number(value.node)
    w.said.append(Copy(source, out) if value.coefficient == 1 else Apply("multiply", (source, value.coefficient), out))


def _finished(w: Writer, loss: Value) -> Operand:
    if loss.node is None:
        return loss.coefficient
    number = w.number(loss.node)
    if loss.coefficient == 1:
        return number
    w.said.append(Combine((number,), Scalar("value"), (loss.coefficient,)))
    return Scalar("value")
