"""Lists that grow by one value in each step of a loop: hs.append(h), hs = hs + [h], hs.insert(0, h)."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sympy as sp
from sympy import Expr

from symbackprop.core.program import same_size, shape_text
from symbackprop.language.tensors import Tensor, as_tensor
from symbackprop.notation.errors import NotationError
from symbackprop.notation.grown import Fresh, Grown, Values, mapped
from symbackprop.notation.loops.frame import Frame, Growth
from symbackprop.notation.loops.header import Header
from symbackprop.notation.loops.indices import Numbered, assigned
from symbackprop.notation.loops.several import changes, is_anew, parts, rebuilt, require_lone, stem
from symbackprop.notation.rounds import List

if TYPE_CHECKING:
    from symbackprop.notation.loops.steps import Steps


@dataclass(frozen=True)
class Put:
    """A statement that puts one value into a list: at its end, or in front.

    anew   whether the name is bound to another list: hs = hs + [h].
    """

    name: str
    value: ast.expr
    front: bool = False
    anew: bool = False


def put(statement: ast.stmt) -> Put | None:
    """What a statement puts into a list; None for any other statement."""
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="append"), args=[value], keywords=[])):
            return Put(name, value)
        case ast.Expr(
            value=ast.Call(
                func=ast.Attribute(value=ast.Name(id=name), attr="insert"), args=[ast.Constant(value=0), value], keywords=[]
            )
        ):
            return Put(name, value, front=True)
        case ast.AugAssign(target=ast.Name(id=name), op=ast.Add(), value=ast.List(elts=[value])) if _is_one(value):
            return Put(name, value)
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return _anew(name, value)
        case _:
            return None


def _anew(name: str, value: ast.expr) -> Put | None:
    """hs + [h], [*hs, h], [h] + hs, [h, *hs] of the list itself."""
    match value:
        case (
            ast.BinOp(left=ast.Name(id=own), op=ast.Add(), right=ast.List(elts=[one]))
            | ast.List(elts=[ast.Starred(value=ast.Name(id=own)), one])
        ) if own == name and _is_one(one):
            return Put(name, one, anew=True)
        case (
            ast.BinOp(left=ast.List(elts=[one]), op=ast.Add(), right=ast.Name(id=own))
            | ast.List(elts=[one, ast.Starred(value=ast.Name(id=own))])
        ) if own == name and _is_one(one):
            return Put(name, one, front=True, anew=True)
        case _:
            return None


def _is_one(node: ast.expr) -> bool:
    return not isinstance(node, ast.Starred)


def growing(steps: Steps, head: Header) -> tuple[dict[str, Expr], dict[str, Growth]]:
    """The lists that grow by one value in each step: how far from the step's number their values stand, and how they grow."""
    reader, body = steps.reader, head.node.body
    places, found = dict[str, Expr](), dict[str, Growth]()
    for name, held in list(reader.names.items()):
        puts = [one for s in body if (one := put(s)) is not None and one.name == name] if isinstance(held, List | Grown) else []
        changed = changes(body, name) if isinstance(held, List | Grown) else []
        if (not changed and not any(one.anew for one in puts)) or is_anew(body, name):
            continue
        if not puts and all(isinstance(one, ast.Subscript) for one in changed):
            continue  # its values are set one by one
        others = [s for s in body if (one := put(s)) is None or one.name != name]
        if isinstance(held, Grown) or len(puts) != 1 or changes(others, name) or name in assigned(others):
            place, begins = steps.place(head), isinstance(held, Grown)
            fault = f"the list {name} is as long as a size before {place}." if begins else ""
            mend = "Begin another list, and join them below the loop." if begins else ""
            fault = fault or f"the list {name} does not grow by one value in each step of {place}."
            mend = mend or f"Write {name}.append(...) once in the block, or set the rows of an array of zeros."
            raise reader.fault([*changed, *(s for s in body if put(s))][0], fault, mend)
        if not puts[0].anew:
            require_lone(steps, head, name)
        growth = Growth(puts[0].front, head.step < 0, len(held))
        found[name], places[name] = growth, sp.expand((0 if growth.falls else len(held)) - head.low)
        _begin(steps, head, name, growth, held)
        for own in growth.leaves:
            places[own] = places[name]
        steps.lines.setdefault(name, steps.line(head.node))
        steps.depths.setdefault(name, 1)
    return places, found


def _begin(steps: Steps, head: Header, name: str, growth: Growth, held: List) -> None:
    """Note what stands in a list above its loop as what stands before the first step."""
    if not held:
        return
    growth.values = held[0]
    leaves = [parts(name, one) for one in held]
    if any(one.keys() != leaves[0].keys() for one in leaves):
        fault = f"the values of {name} are not of one kind."
        raise steps.reader.fault(head.node, fault, "Begin with values that the loop appends.")
    for own in leaves[0]:
        starts = [steps.reader.evaluator.plain(one[own]) for one in leaves]
        if not all(isinstance(one, Tensor | int | Expr) for one in starts):
            raise steps.reader.fault(head.node, f"{name} holds what is no value.", "Append tensors alone.")
        recent = starts if growth.front else starts[::-1]  # the value that was put in last comes first
        first = head.extent if growth.falls else sp.Integer(len(held) - 1)
        way = 1 if growth.falls else -1
        steps.starts[own] = {sp.expand(first + way * k): as_tensor(one) for k, one in enumerate(recent)}
        growth.leaves.append(own)


def grow(steps: Steps, statement: ast.stmt) -> bool:
    """Read a statement that puts a value into a list in the loop in which that grows; False where it is another statement."""
    one = put(statement)
    if one is None or not steps.frames or one.name not in steps.frames[-1].lists:
        return False
    frame = steps.frames[-1]
    growth, reader = frame.lists[one.name], steps.reader
    given = reader.evaluator.value(one.value)
    given = given.array() if isinstance(given, Grown) else given
    leaves = parts(one.name, given)
    if growth.values is not None and leaves.keys() != parts(one.name, growth.values).keys():
        raise _unlike(steps, frame, one)
    growth.values, growth.leaves = given, list(leaves)
    for own, value in leaves.items():
        frame.writes[own] = frame.writes[one.name]
        tensor = steps.defined(one.value, stem(own), reader.evaluator.numeric(one.value, value))
        steps.stacks[own] = Numbered(tensor)
    growth.put = True
    return True


def _unlike(steps: Steps, frame: Frame, one: Put) -> NotationError:
    fault = f"{one.name} begins with values of another kind than {steps.place(frame.head)} appends."
    return steps.reader.fault(one.value, fault, f"Begin with {one.name} = [].")


def back(growth: Growth, name: str, item: ast.expr) -> int:
    """How many steps before the next one the value was put in that an index of the block reads: 1 for hs[-1]; 0 for another index.

    hs[len(hs) - 1] is hs[-1]; hs[0] and hs[1] where values are put in front.
    """
    match item:
        case ast.BinOp(left=ast.Call() as length, op=ast.Sub(), right=ast.Constant(value=int(k))) if not growth.front:
            return k if ast.unparse(length) == f"len({name})" else 0
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(k))) if not growth.front:
            return k
        case ast.Constant(value=int(k)) if growth.front and k >= 0:
            return k + 1
        case _:
            return 0


def last_of(growth: Growth, item: ast.expr) -> list[int]:
    """How many steps before the next one the values were put in that a part of the list holds: 2 and 1 for hs[-2:]."""
    if not isinstance(item, ast.Slice) or item.step is not None or growth.front:
        return []
    match item.lower, item.upper:
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(k))), None:
            return list(range(k, 0, -1))
        case (
            ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(k))),
            ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(j))),
        ):
            return list(range(k, j, -1))
        case _:
            return []


def left(steps: Steps, frame: Frame, stacks: Mapping[str, Numbered], whole: Mapping[int, Tensor]) -> None:
    """Bind the names of lists that grew to what they hold below the loop."""
    for name, growth in frame.lists.items():
        if not growth.put:
            continue
        own = {leaf: whole[id(stacks[leaf].tensor)] for leaf in growth.leaves}
        turned = growth.front != growth.falls
        every: dict[str, Any] = {}
        for leaf, tensor in own.items():
            starts = steps.starts.pop(leaf, {})
            _require_alike(steps, frame, name, starts, tensor)
            low = sp.S.Zero if growth.falls else sp.Integer(growth.begun)
            every[leaf] = Numbered(tensor, {0: low}, starts).extended().tensor
        fresh = Fresh(_of(name, growth, own, turned), 0 if growth.front else growth.begun)
        steps.reader.names[name] = Grown(_of(name, growth, every, turned), fresh)


def _of(name: str, growth: Growth, leaves: Mapping[str, Tensor], turned: bool) -> Values:
    values = rebuilt(name, growth.values, leaves)
    return mapped(lambda t: t[::-1], values) if turned else values


def _require_alike(steps: Steps, frame: Frame, name: str, starts: Mapping[Expr, Tensor], tensor: Tensor) -> None:
    """Raise NotationError where a list begins with another shape than the loop appends."""
    value = tensor.shape[1:]
    for start in starts.values():
        if len(start.shape) != len(value) or not all(map(same_size, start.shape, value)):
            fault = f"{name} begins with {shape_text(start.shape)}, and {steps.place(frame.head)} appends {shape_text(value)}."
            raise steps.reader.fault(frame.head.node, fault, f"Begin with a value of that shape, or with {name} = [].")
