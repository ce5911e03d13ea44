"""Several values that a block changes: (h, c) and {"h": h}, carried one by one."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from symbackprop.language.tensors import Tensor
from symbackprop.notation.grown import Grown
from symbackprop.notation.identifiers import names_in
from symbackprop.notation.loops.frame import Frame
from symbackprop.notation.loops.header import Header
from symbackprop.notation.loops.indices import assigned, targets
from symbackprop.notation.rounds import List
from symbackprop.notation.sequences import CHANGES

if TYPE_CHECKING:
    from symbackprop.notation.loops.steps import Steps


def parts(name: str, value: Any) -> dict[str, Any]:
    """The values of several by how they are read, state[0] and s['h']; of a single one itself."""
    match value:
        case tuple():
            pairs = list(enumerate(value))
        case dict():
            pairs = list(value.items())
        case Grown():
            return parts(name, value.values)
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
        case Grown():
            return Grown(rebuilt(name, value.values, known))
        case _:
            return known.get(name, value)


def is_several(value: Any) -> bool:
    """Whether a value is several: a tuple, a list, a dict."""
    return isinstance(value, tuple | dict | Grown)


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
                | ast.AugAssign(target=ast.Name(id=own) | ast.Subscript(value=ast.Name(id=own)))
            ) if own == name:
                found.append(node)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=own), attr=how)) if own == name and how in CHANGES:
                found.append(node)
            case _:
                pass
    return found


def given(statements: Sequence[ast.stmt]) -> list[str]:
    """The names to which statements give values, whole or in part, or by a method: s.update(h=h)."""
    parted = [t.value.id for t in targets(statements) if isinstance(t.value, ast.Name)]
    calls = [n.func for s in statements for n in ast.walk(s) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)]
    by_method = [f.value.id for f in calls if isinstance(f.value, ast.Name) and f.attr in CHANGES]
    return list(dict.fromkeys([*assigned(statements), *parted, *by_method]))


def is_anew(statements: Sequence[ast.stmt], name: str) -> bool:
    """Whether statements give a name a value before they read it, or change it."""

    def has(node: ast.AST) -> bool:
        return name in names_in(node)

    first = next((statement for statement in statements if has(statement)), None)
    match first:
        case ast.For(target=target, iter=several, body=body):
            return not has(several) and (has(target) or is_anew(body, name))
        case ast.Assign(targets=given_to, value=value):
            own = [one for target in given_to for one in names_of(target)]
            return not has(value) and any(isinstance(one, ast.Name) and one.id == name for one in own)
        case _:
            return False


def names_of(target: ast.expr) -> list[ast.expr]:
    """What an assignment gives values to: a of a = ..., a and b of a, b = ..."""
    return [one for part in target.elts for one in names_of(part)] if isinstance(target, ast.Tuple | ast.List) else [target]


def require_lone(steps: Steps, head: Header, name: str) -> None:
    """Raise NotationError where a loop changes in place what another name holds as well."""
    names, body = steps.reader.names, head.node.body
    places, held = changes(body, name), names.get(name)
    if not places or is_anew(body, name):
        return
    in_place = [held] if isinstance(held, List | Grown) or (isinstance(held, Tensor) and held.shape) else []
    if isinstance(held, dict):
        read = names_in(*body)
        in_place += [held] if any(value is held and other in read for other, value in names.items() if other != name) else []
        if any(isinstance(place, ast.AugAssign) for place in places):
            in_place += [one for one in parts(name, held).values() if isinstance(one, Tensor) and one.shape]
    for other, value in names.items():
        if other != name and any(one is changed for one in (value, *parts(other, value).values()) for changed in in_place):
            fault = f"{steps.place(head)} changes {name} in place, which is {other} as well."
            mend = f"Write {name} = {other}.copy() above." if isinstance(held, Tensor) else f"Use one name: {name}."
            if isinstance(held, dict) and value is not held:
                fault = f"{steps.place(head)} changes in place what {name} and {other} both hold."
                mend = f"Write {other}.copy() into {name} above, or {name}[...] = {name}[...] + ... in the loop."
            raise steps.reader.fault(places[0], fault, mend)


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
    if name not in given(body):
        fault = f"a function changes {name} in {steps.place(frame.head)}."
        raise steps.reader.fault(frame.head.node, fault, f"Return the new value: {name} = f({name}).")
    settings = [own for own, one in before.items() if one is None or isinstance(one, bool | str)]
    if now.keys() != before.keys() or any(now[own] is not before[own] for own in settings):
        fault = f"{name} does not hold after a step of {steps.place(frame.head)} what it held before."
        raise steps.reader.fault(frame.head.node, fault, "What a loop carries keeps its places.")
    return True
