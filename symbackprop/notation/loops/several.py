"""Several values that a block changes: (h, c) and {"h": h}, carried one by one, and lists that grow by one value in each step."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import sympy as sp
from sympy import Expr

from symbackprop.core.program import same_size, shape_text
from symbackprop.language.tensors import Tensor, as_tensor
from symbackprop.notation.loops.frame import Frame
from symbackprop.notation.loops.header import Header
from symbackprop.notation.loops.indices import Numbered, assigned, targets
from symbackprop.notation.rounds import List

if TYPE_CHECKING:
    from symbackprop.notation.loops.steps import Steps


def parts(name: str, value: Any) -> dict[str, Any]:
    """The values of several by how they are read, state[0] and s['h']; of a single one itself."""
    match value:
        case tuple():
            pairs = list(enumerate(value))
        case dict():
            pairs = list(value.items())
        case _:
            return {name: value}
    return {own: part for key, one in pairs for own, part in parts(f"{name}[{key!r}]", one).items()}


def rebuilt(name: str, value: Any, known: Mapping[str, Any]) -> Any:
    """Several values with others in their places, by how they are read."""
    match value:
        case tuple():
            several = (rebuilt(f"{name}[{k!r}]", one, known) for k, one in enumerate(value))
            return List(several) if isinstance(value, List) else tuple(several)
        case dict():
            return {key: rebuilt(f"{name}[{key!r}]", one, known) for key, one in value.items()}
        case _:
            return known.get(name, value)


def is_several(value: Any) -> bool:
    """Whether a value is several: a tuple, a list, a dict."""
    return isinstance(value, tuple | dict)


def stem(name: str) -> str:
    """What to call a part where a name is needed: state_0."""
    return re.sub(r"\W+", "_", name).strip("_")


def changes(statements: Sequence[ast.stmt], name: str) -> list[ast.AST]:
    """Where statements change a name in place, entry by entry or by a method: s["h"] = ..., hs.append(...), hs += ..."""
    found: list[ast.AST] = []
    for node in (n for statement in statements for n in ast.walk(statement)):
        match node:
            case (
                ast.Subscript(value=ast.Name(id=own), ctx=ast.Store())
                | ast.Call(func=ast.Attribute(value=ast.Name(id=own), attr="append" | "extend"))
                | ast.AugAssign(target=ast.Name(id=own))
            ) if own == name:
                found.append(node)
            case _:
                pass
    return found


def given(statements: Sequence[ast.stmt]) -> list[str]:
    """The names to which statements give values, whole or in part."""
    parted = [t.value.id for t in targets(statements) if isinstance(t.value, ast.Name)]
    return list(dict.fromkeys([*assigned(statements), *parted]))


def require_lone(steps: Steps, head: Header, name: str) -> None:
    """Raise NotationError where a loop changes in place what another name holds as well."""
    names, places = steps.reader.names, changes(head.node.body, name)
    held = names.get(name)
    if not places or (not isinstance(held, List) and not (isinstance(held, Tensor) and held.shape)):
        return
    for other, value in names.items():
        if other != name and any(one is held for one in (value, *parts(other, value).values())):
            fault = f"{steps.place(head)} changes {name} in place, which is {other} as well."
            mend = f"Write {name} = {other}.copy() above." if isinstance(held, Tensor) else f"Use one name: {name}."
            raise steps.reader.fault(places[0], fault, mend)


def appended(statement: ast.stmt) -> tuple[str, ast.expr] | None:
    """The list to which a statement appends one value, hs.append(h) or hs += [h], and the value; None for any other."""
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="append"), args=[value], keywords=[])):
            return name, value
        case ast.AugAssign(target=ast.Name(id=name), op=ast.Add(), value=ast.List(elts=[value])) if not isinstance(
            value, ast.Starred
        ):
            return name, value
        case _:
            return None


def growing(steps: Steps, head: Header) -> dict[str, Expr]:
    """The lists that grow by one value in each step, each with how far from the step's number that value stands."""
    reader, body, found = steps.reader, head.node.body, dict[str, Expr]()
    for name, held in list(reader.names.items()):
        places = changes(body, name) if isinstance(held, List) else []
        if not places:
            continue
        lone = len(places) == 1 and any((one := appended(s)) is not None and one[0] == name for s in body)
        if not lone or head.step < 0 or name in assigned([s for s in body if appended(s) is None]):
            fault = f"the list {name} does not grow by one value in each step of {steps.place(head)}."
            mend = f"Write {name}.append(...) once in the block of a loop that rises, or set the rows of an array of zeros."
            raise reader.fault(places[0], fault, mend)
        require_lone(steps, head, name)
        starts = [reader.evaluator.plain(one) for one in held]
        if not all(isinstance(one, Tensor | int | Expr) for one in starts):
            raise reader.fault(places[0], f"{name} holds what is no value.", "Append tensors alone.")
        found[name] = sp.expand(len(held) - head.low)
        steps.starts[name] = {sp.Integer(k): as_tensor(one) for k, one in enumerate(starts)}
        steps.lines.setdefault(name, steps.line(head.node))
        steps.depths.setdefault(name, 1)
    return found


def listed(steps: Steps, frame: Frame, name: str, numbered: Numbered) -> Numbered:
    """The values of a list that grew, with those that stood in it before, as one array."""
    value = numbered.tensor.shape[1:]
    for start in numbered.starts.values():
        if len(start.shape) != len(value) or not all(map(same_size, start.shape, value)):
            fault = f"{name} begins with {shape_text(start.shape)}, and {steps.place(frame.head)} appends {shape_text(value)}."
            raise steps.reader.fault(frame.head.node, fault, f"Begin with a value of that shape, or with {name} = [].")
    return numbered.extended()


def changed(steps: Steps, frame: Frame, name: str) -> bool:
    """Whether several values of a name are others behind a step than before the loop, or new.

    Raises NotationError where something else than the block's own lines changed them.
    """
    now, before = parts(name, steps.reader.names[name]), frame.held.get(name)
    if before is None:
        return True
    carried = {own: frame.carried.get(own, one) for own, one in before.items()}
    if now.keys() == carried.keys() and all(now[own] is carried[own] for own in now):
        return False
    body = frame.head.node.body
    if name not in assigned(body) and not changes(body, name):
        fault = f"a function changes {name} in {steps.place(frame.head)}."
        raise steps.reader.fault(frame.head.node, fault, f"Return the new value: {name} = f({name}).")
    gone = [frame.carried[own] for own in before if own in frame.carried and own not in now]
    read = [*steps.reader.outputs.values(), *(one for one in now.values() if isinstance(one, Tensor))]
    if any(frame.loop.is_read(one, read) for one in gone):
        fault = f"{name} does not hold after a step of {steps.place(frame.head)} what it held before."
        raise steps.reader.fault(frame.head.node, fault, "What a loop carries keeps its places.")
    return True
