"""Loops of gradient descent: the gradient in them is what is judged, at the parameters that the network has.

What a turn keeps for later ones, a velocity or the moments of Adam, is no part of the gradient that it is made of.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from symbackprop.judge.texts.unfolded import REMADE
from symbackprop.notation.identifiers import names_in

_RATE = re.compile(r"(?:self\.)?(?:lr|alpha|eta|rate|step|step_size|learning_rate|learningRate|gamma|epsilon_lr|a|h)$")
_BEGUN = re.compile(r"zeros|ones|random|randn|rand|normal|uniform|copy|deepcopy|zeros_like|initiali[sz]e|init")


def descended(tree: ast.Module) -> bool:
    """Put the body of a loop that updates parameters, w = w - rate * dw, in its place; whether there was one.

    The updates are left out, with what they keep for later turns, and so is where the parameters begin: they are the network's.
    What an update takes its step along and no line names, w -= 0.1 * (X.T @ r), is the line dw = X.T @ r.
    """
    found = False
    for holder in ast.walk(tree):
        body = getattr(holder, "body", None)
        if not isinstance(body, list) or isinstance(holder, ast.For | ast.While):
            continue
        for k, loop in enumerate(body):
            if not isinstance(loop, ast.For | ast.While):
                continue
            turn = _without_memory(loop.body)
            if turn and (updated := turn.moved | _updated(loop, turn.lines)):
                own = [*_without_start(body[:k], updated | turn.kept), *_turn(turn.lines, updated), *body[k + 1 :]]
                body[:] = [s for s in own if not _reports(s)]
                found = True
                break
    return found


def descends(tree: ast.Module) -> bool:
    """Whether a loop still makes steps of descent, such as one over samples: what comes out of it is no gradient."""
    loops = [n for n in ast.walk(tree) if isinstance(n, ast.For | ast.While)]
    steps = [(loop, step[0]) for loop in loops for n in ast.walk(loop) if isinstance(n, ast.stmt) and (step := _step(n))]
    return any(_name(target) in _read(loop) for loop, target in steps)


def _read(loop: ast.For | ast.While) -> set[str]:
    """The names that a loop reads outside of the targets of its steps."""
    parts = [n for n in ast.walk(loop) if isinstance(n, ast.stmt) and not isinstance(n, ast.For | ast.While | ast.If)]
    made_of = [part if (step := _step(part)) is None else step[1] for part in parts]
    return {_name(n) for part in made_of for n in ast.walk(part) if isinstance(n, ast.Name | ast.Attribute)}


def changed_in_loops(tree: ast.AST, names: Iterable[str]) -> str:
    """The first of some names that a loop gives another value, w += velocity; "" where none does."""
    own = set(names)
    loops = [n for n in ast.walk(tree) if isinstance(n, ast.For | ast.While)]
    lines = [n for loop in loops for n in ast.walk(loop) if isinstance(n, ast.Assign | ast.AugAssign)]
    for line in lines:
        targets = line.targets if isinstance(line, ast.Assign) else [line.target]
        read = {_name(n) for n in ast.walk(line.value) if isinstance(n, ast.Name | ast.Attribute)}
        changed = {_name(t) for t in targets if isinstance(t, ast.Name | ast.Attribute)} & own
        changed = changed & read if isinstance(line, ast.Assign) else changed
        if changed:
            return min(changed)
    return ""


class _Turn(NamedTuple):
    """The lines of a turn without those that keep something for later ones.

    moved   the parameters that what is kept moves, w += velocity.
    kept    the names that are kept: velocity.
    """

    lines: list[ast.stmt]
    moved: AbstractSet[str] = frozenset()
    kept: AbstractSet[str] = frozenset()


def _without_memory(body: Sequence[ast.stmt]) -> _Turn | None:
    """A turn without what it keeps for later ones and what is made of that; None where its gradients are made of that too."""
    lines = [line for line in body if not _reports(line)]
    targets = [_moved(line) for line in lines]
    parameters = {t for k, t in enumerate(targets) if t and any(t in _reads(line) for line in lines[:k])}  # read first
    begun, given = set[str](), set[str]()
    for line in lines:
        begun |= _reads(line) - given
        given |= _writes(line)
    made = kept = begun & given - parameters
    for _ in lines:
        made = made.union(*(_writes(line) - parameters for line in lines if _reads(line) & made))
    apart = [line for line in lines if (_reads(line) | _writes(line)) & made]
    left = [line for line in lines if line not in apart]
    moved = parameters & {t for t, line in zip(targets, lines, strict=True) if line in apart}
    gradients = set[str]().union(*map(_reads, apart)) & set[str]().union(*map(_writes, left))
    if not moved:
        return _Turn([*body])
    return _Turn(left, moved, kept) if gradients else None


def _moved(line: ast.stmt) -> str:
    """The name that a line moves along something that is no number: w += velocity, w = w - rate * m / (sqrt(v) + eps)."""
    match line:
        case ast.AugAssign(target=target, op=ast.Add() | ast.Sub(), value=along):
            pass
        case ast.Assign(targets=[target], value=ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=along)) if _same(target, left):
            pass
        case _:
            return ""
    return "" if isinstance(along, ast.Constant) else _name(target)


def _reads(line: ast.stmt) -> set[str]:
    """The names that a line reads, with what it changes in its place."""
    own = {_name(line.target)} if isinstance(line, ast.AugAssign) else set[str]()
    read = {n for n in ast.walk(line) if isinstance(n, ast.Name | ast.Attribute) and isinstance(n.ctx, ast.Load)}
    return own | {_name(n) for n in read}


def _writes(line: ast.stmt) -> set[str]:
    """The names that a line gives a value."""
    return {_name(n) for n in ast.walk(line) if isinstance(n, ast.Name | ast.Attribute) and isinstance(n.ctx, ast.Store)}


def _updated(loop: ast.For | ast.While, lines: Sequence[ast.stmt]) -> set[str]:
    """The parameters that the lines of a loop make a step of descent along; none where its turns are told apart."""
    counts = set[str]()
    if isinstance(loop, ast.For):
        if not (isinstance(loop.iter, ast.Call) and ast.unparse(loop.iter.func) in ("range", "trange", "tqdm")):
            return set()
        counts = names_in(loop.target)
    body = [line for line in lines if not _reports(line)]
    loops = [n for line in body for n in ast.walk(line) if isinstance(n, ast.For | ast.While)]
    inner = any(_step(n) for one in loops for n in ast.walk(one) if isinstance(n, ast.stmt))
    if inner or counts & names_in(*body):
        return set()
    steps = [(line, _step(line)) for line in body]
    made_of = [line if step is None else step[1] for line, step in steps]
    read = {_name(n) for part in made_of for n in ast.walk(part) if isinstance(n, ast.Name | ast.Attribute)}
    return read & {_name(step[0]) for _, step in steps if step is not None}


def _step(line: ast.stmt) -> tuple[ast.expr, ast.expr] | None:
    """What a line makes a step of descent of, and the step: w -= rate * dw, w = w - rate * dw."""
    match line:
        case ast.AugAssign(target=target, op=ast.Sub(), value=step):
            pass
        case ast.Assign(targets=[target], value=ast.BinOp(left=left, op=ast.Sub(), right=step)) if _same(target, left):
            pass
        case _:
            return None
    return (target, step) if isinstance(target, ast.Name | ast.Attribute) and _along(step) is not None else None


def _along(step: ast.expr) -> ast.expr | None:
    """What a step of descent goes along: it without its rate; None where it has none."""
    match step:
        case ast.BinOp(left=left, op=ast.Mult(), right=right) if _is_rate(left):
            return right
        case ast.BinOp(left=left, op=ast.Mult(), right=right) if _is_rate(right):
            return left
        case ast.BinOp(left=left, op=ast.Mult() | ast.Div() | ast.MatMult() as op, right=right):
            inner = _along(left)
            return None if inner is None else ast.copy_location(ast.BinOp(inner, op, right), step)
    return None


def _is_rate(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=float() as value):
            return 0 < value < 1
        case ast.Name() | ast.Attribute():
            return bool(_RATE.match(ast.unparse(node).rpartition(".")[2]))
    return False


def _turn(body: Sequence[ast.stmt], updated: AbstractSet[str]) -> Iterable[ast.stmt]:
    """One turn, in which the gradients have names and nothing is updated."""
    for line in body:
        step = _step(line)
        if step is None or _name(step[0]) not in updated:
            yield line
            continue
        along = _along(step[1])
        assert along is not None
        if not isinstance(along, ast.Name | ast.Attribute | ast.Subscript):
            new = ast.Assign([ast.Name(f"d{_name(step[0])}", ast.Store())], along)
            for node in ast.walk(new):
                if isinstance(node, ast.stmt | ast.expr) and not hasattr(node, "lineno"):
                    ast.copy_location(node, line)
            setattr(new, REMADE, True)
            yield new


def _without_start(body: Sequence[ast.stmt], updated: AbstractSet[str]) -> Iterable[ast.stmt]:
    """The lines before a loop, but for those that say where parameters begin."""
    for line in body:
        match line:
            case ast.Assign(value=ast.List(elts=[])):  # losses, which nothing is made of
                continue
            case ast.Assign(value=value) if (own := _writes(line)) and own <= updated:
                called = [n for n in ast.walk(value) if isinstance(n, ast.Call)]
                if not called or any(_BEGUN.search(ast.unparse(n.func)) for n in called):
                    continue
        yield line


def _reports(line: ast.stmt) -> bool:
    """Whether a line only tells or keeps how far the descent is: print(...), losses.append(...), if i % 10 == 0: print(...)."""
    match line:
        case ast.Expr(value=ast.Call(func=ast.Name(id="print") | ast.Attribute(attr="append"))):
            return True
        case ast.If(body=body, orelse=orelse):
            return all(_reports(s) or isinstance(s, ast.Break | ast.Pass) for s in (*body, *orelse))
    return False


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _same(a: ast.expr, b: ast.expr) -> bool:
    return ast.unparse(a) == ast.unparse(b)
