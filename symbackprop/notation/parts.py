"""Several arrays in an argument, params["W1"] or W, b = params: each is an input, called as its key or what it is unpacked to."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from symbackprop.notation.annotations import declaration
from symbackprop.notation.declarations import inside, is_kind
from symbackprop.notation.errors import NotationError
from symbackprop.notation.functions import Helper
from symbackprop.notation.identifiers import identifiers
from symbackprop.notation.reader import Reader
from symbackprop.notation.rounds import List
from symbackprop.notation.vocabulary import name_fault
from symbackprop.notation.walked import listed

BRACKETS = ("{", "[", "(")  # which several declarations stand in


def declared(reader: Reader, node: ast.AST, name: str, annotation: ast.expr, body: list[ast.stmt]) -> None:
    """Declare one input, or each of {"W": parameter[h, d]} and [parameter[h, d], ...], called as in `body`."""
    several = _several(reader, annotation)
    if several is None:
        reader.declared(node, name, annotation)
        return
    reader.fresh(node, name)
    taken = _taken(body, name) | set(reader.names)
    unpacked = _unpacked(body, name)

    def part(names: list[str], own: ast.expr) -> Any:
        inner = _several(reader, own)
        if inner is not None:
            return _held(inner, lambda key, one: part([*names, key], one))
        wish = names[1] if len(names) == 2 else ""
        wish = unpacked[int(wish)] if wish.isdecimal() and int(wish) < len(unpacked) else wish
        called = named(names, wish, taken)
        reader.declared(node, called, own)
        return reader.names[called]

    reader.names[name] = _held(several, lambda key, one: part([name, key], one))


def left_open(reader: Reader, node: ast.AST, name: str, body: list[ast.stmt], helpers: Mapping[str, Helper]) -> bool:
    """Take an argument that nobody declared to be a dict of inputs, where it is read by written keys and nothing else."""
    keys = _keys(body, name, helpers, set())
    if not keys:
        return False
    taken = _taken(body, name) | set(reader.names)
    reader.entries[name] = {key: named([name, key], key, taken) for key in dict.fromkeys(keys)}
    reader.names[name] = {key: reader.scalar(node, own) for key, own in reader.entries[name].items()}
    return True


def named(path: list[str], wish: str, taken: set[str]) -> str:
    """What an input is called: as wished, where that is a name that is free, else by its whole path."""
    if name_fault(wish) is not None or wish in taken:
        wish = "_".join("".join(c if c.isalnum() else "_" for c in part) for part in path)
    taken.add(wish)
    return wish


def _several(reader: Reader, annotation: ast.expr) -> dict[Any, ast.expr] | list[ast.expr] | None:
    """The declarations that an annotation holds, by key or in a row; None where it is one."""
    if (
        isinstance(annotation, ast.Constant)
        and isinstance(annotation.value, str)
        and annotation.value.lstrip()[:1] in ("{", "[", "(")
    ):
        annotation = inside(annotation, annotation.value, reader.source)
    match annotation:
        case ast.Dict(keys=keys, values=values) if keys and all(isinstance(key, ast.Constant) for key in keys):
            return {key.value: one for key, one in zip(keys, values, strict=True) if isinstance(key, ast.Constant)}
        case ast.List(elts=parts) | ast.Tuple(elts=parts) if parts and all(_declares(one) for one in parts):
            return parts
    return None


def _declares(node: ast.expr) -> bool:
    match node:
        case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Dict(values=parts):
            return all(map(_declares, parts))
    return is_kind(node) or declaration("", node, NotationError) is not None


def _held(several: dict[Any, ast.expr] | list[ast.expr], part: Callable[[str, ast.expr], Any]) -> Any:
    if isinstance(several, dict):
        return {key: part(str(key), one) for key, one in several.items()}
    return List(part(str(k), one) for k, one in enumerate(several))


def _taken(body: list[ast.stmt], name: str) -> set[str]:
    """Names that the lines give to something else than the entry of that key, or that stand for what is not theirs."""
    own = {id(target) for target, value in _pairs(body) if _is_entry(value, name, target.id)}
    own |= {id(target) for target in _targets(body, name)}
    written = {one.id for one in identifiers(*body) if isinstance(one.ctx, ast.Store)}
    elsewhere = {one.id for one in identifiers(*body) if isinstance(one.ctx, ast.Store) and id(one) not in own}
    return elsewhere | {one.id for one in identifiers(*body) if one.id not in written}


def _pairs(body: list[ast.stmt]) -> Iterator[tuple[ast.Name, ast.expr]]:
    """Names and what they are given, one by one."""
    for node in (inner for statement in body for inner in ast.walk(statement)):
        match node:
            case ast.Assign(targets=[ast.Name() as target], value=value):
                yield target, value
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=value):
                found = listed(value)
                values = [ast.Subscript(found[0], ast.Constant(key), ast.Load()) for key in found[1]] if found else []
                values = value.elts if isinstance(value, ast.Tuple) else values
                yield from ((one, own) for one, own in zip(targets, values, strict=False) if isinstance(one, ast.Name))


def _is_entry(node: ast.expr, name: str, key: str) -> bool:
    match node:
        case ast.Subscript(value=ast.Name(id=own), slice=ast.Constant(value=one)):
            return (own, one) == (name, key)
    return False


def _targets(body: list[ast.stmt], name: str) -> list[ast.Name]:
    """The names that an argument is unpacked to, where that is done once."""
    found = [
        node.targets[0].elts
        for statement in body for node in ast.walk(statement)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple)
        and isinstance(node.value, ast.Name) and node.value.id == name
    ]  # fmt: skip
    return [one for one in found[0] if isinstance(one, ast.Name)] if len(found) == 1 else []


def _unpacked(body: list[ast.stmt], name: str) -> list[str]:
    return [one.id for one in _targets(body, name)]


def _keys(body: list[ast.stmt], name: str, helpers: Mapping[str, Helper], seen: set[str]) -> list[str] | None:
    """The texts that a name is read at, also by helpers that it is handed to; None where it is used otherwise."""
    keys: list[tuple[int, int, list[str]]] = []
    explained: set[int] = set()
    for node in (inner for statement in body for inner in ast.walk(statement)):
        for place, found in _read_at(node, helpers, seen):
            if place.id == name:
                explained.add(id(place))
                if found is None:
                    return None
                keys.append((place.lineno, place.col_offset, found))
    if not all(id(one) in explained for one in identifiers(*body) if one.id == name):
        return None
    return [key for *_, found in sorted(keys) for key in found]


def _read_at(node: ast.AST, helpers: Mapping[str, Helper], seen: set[str]) -> Iterator[tuple[ast.Name, list[str] | None]]:
    """Names, and the texts that a node reads them at."""
    match node:
        case ast.Subscript(value=ast.Name() as place, slice=ast.Constant(value=str() as key), ctx=ast.Load()):
            yield place, [key]
        case ast.ListComp() if (found := listed(node)) is not None:
            yield found
        case ast.Call(func=ast.Name(id=called), args=args, keywords=keywords) if called in helpers and called not in seen:
            helper = helpers[called].function
            places = [one.arg for one in (*helper.args.posonlyargs, *helper.args.args)]
            given = [*zip(places, args, strict=False), *((one.arg or "", one.value) for one in keywords)]
            for argument, value in given:
                if isinstance(value, ast.Name):
                    yield value, _keys(helper.body, argument, helpers, {*seen, called})
        case _:
            pass
