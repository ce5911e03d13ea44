"""Conditions in loops: those that numbers of steps decide, in the words of the language, and those that values decide.

`if abs(i - j) <= 1:` is one on i - j <= 1 and j - i <= 1; `if x[t] > 0:` has beside its two blocks one list of statements that
hold in both cases, for whoever does not know the value.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence
from copy import deepcopy

from symbackprop.notation.identifiers import identifiers, names_in
from symbackprop.notation.loops.header import is_plain
from symbackprop.notation.loops.indices import assigned, targets
from symbackprop.notation.loops.masked import Around, flat, sides
from symbackprop.notation.loops.nodes import like
from symbackprop.notation.loops.plainer import opposite

ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Mod)
FLIPPED = {ast.And: ast.Or, ast.Or: ast.And}


def valued(body: Sequence[ast.stmt]) -> None:
    """Note of every `if` the statements that do the same whatever its condition is, where there are such."""
    whole = ast.Module(list(body), [])
    taken = names_in(whole)
    for node in _ifs(whole.body):
        if not hasattr(node, "masked") and _compares(node.test):
            _note(whole, node, taken)


def _ifs(body: Sequence[ast.stmt]) -> list[ast.If]:
    """The conditions of a block, innermost first."""
    found: list[ast.If] = []
    for statement in body:
        if isinstance(statement, ast.For | ast.If | ast.With):
            found += _ifs([*statement.body, *getattr(statement, "orelse", ())])
        if isinstance(statement, ast.If):
            found.append(statement)
    return found


def _note(whole: ast.Module, node: ast.If, taken: set[str]) -> None:
    inside = {id(n) for n in ast.walk(node)}
    names = list(identifiers(whole))
    outside = {n.id for n in names if isinstance(n.ctx, ast.Load) and id(n) not in inside}
    made = {n.id for n in names if isinstance(n.ctx, ast.Store)}
    test, above = node.test, list[ast.stmt]()
    both = flat([*node.body, *node.orelse])
    changed = {*assigned(both), *(t.value.id for t in targets(both) if isinstance(t.value, ast.Name))}
    if changed & names_in(test) and len(both) > 1:
        name = next(n for n in ("case", *(f"case_{k}" for k in range(2, len(taken) + 3))) if n not in taken)
        taken.add(name)
        above = [like(test, ast.Assign([ast.Name(name, ast.Store())], test))]
        test = like(test, ast.Name(name, ast.Load()))
    around = Around(test, outside, made, values=True)
    found = sides(around, [test], opposite(test), deepcopy(node.body), deepcopy(node.orelse))
    if found is not None:
        node.masked = [*above, *found]  # type: ignore[attr-defined]


def _compares(test: ast.expr) -> bool:
    """Whether a condition is made of comparisons, and says nothing of what a thing is."""
    match test:
        case ast.BoolOp(values=values):
            return all(map(_compares, values))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return _compares(operand)
        case ast.Compare(ops=ops):
            return not any(isinstance(op, ast.Is | ast.IsNot | ast.In | ast.NotIn) for op in ops)
        case _:
            return False


def of_steps(test: ast.expr, letters: Collection[str]) -> list[ast.expr] | None:
    """When a condition holds that compares numbers of steps and sizes alone: when all of these do; None for any other.

    letters   those of the loops around.
    """
    plain = _plain(test, letters, True)
    if plain is None or not any(isinstance(n, ast.Name) and n.id in letters for n in ast.walk(plain)):
        return None
    return plain.values if isinstance(plain, ast.BoolOp) and isinstance(plain.op, ast.And) else [plain]


def _plain(test: ast.expr, letters: Collection[str], holds: bool) -> ast.expr | None:
    """A condition, or its opposite, of comparisons, `and` and `or`, without abs and without chains."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return _plain(operand, letters, not holds)
        case ast.BoolOp(op=way, values=values):
            parts = [_plain(value, letters, holds) for value in values]
            own = way if holds else FLIPPED[type(way)]()
            return None if None in parts else _joined(test, own, [part for part in parts if part is not None])
        case ast.Compare(left=left, ops=ops, comparators=others) if len(ops) > 1:
            pairs = zip([left, *others[:-1]], ops, others, strict=True)
            chain = [ast.copy_location(ast.Compare(a, [op], [b]), test) for a, op, b in pairs]
            return _plain(ast.copy_location(ast.BoolOp(ast.And(), [*chain]), test), letters, holds)
        case ast.Compare(
            left=ast.Call(func=ast.Name(id="abs") | ast.Attribute(attr="abs"), args=[inner]), ops=[op], comparators=[end]
        ):
            return _of_distance(test, inner, op, end, letters, holds)
        case ast.Compare(left=left, ops=[op], comparators=[right]) if _is_number(left) and _is_number(right):
            if isinstance(op, ast.Is | ast.IsNot | ast.In | ast.NotIn):
                return None
            return test if holds else opposite(test)
        case ast.BinOp(op=ast.Mod()) if _is_number(test):  # if i % 2:
            return like(test, ast.Compare(test, [ast.NotEq() if holds else ast.Eq()], [ast.Constant(0)]))
        case _:
            return None


def _of_distance(
    test: ast.Compare, inner: ast.expr, op: ast.cmpop, end: ast.expr, letters: Collection[str], holds: bool
) -> ast.expr | None:  # fmt: skip
    """abs(i - j) <= 1 as i - j <= 1 and -(i - j) <= 1, and each other comparison as what its two signs say."""
    within = isinstance(op, ast.Lt | ast.LtE | ast.NotEq)
    ends = [inner, ast.copy_location(ast.UnaryOp(ast.USub(), inner), inner)]
    both: list[ast.expr] = [ast.copy_location(ast.Compare(e, [op], [deepcopy(end)]), test) for e in ends]
    joined = ast.copy_location(ast.BoolOp(ast.And() if within else ast.Or(), both), test)
    return _plain(joined, letters, holds)


def _joined(test: ast.expr, way: ast.boolop, parts: list[ast.expr]) -> ast.expr:
    same = [part.values if isinstance(part, ast.BoolOp) and type(part.op) is type(way) else [part] for part in parts]
    return ast.copy_location(ast.BoolOp(way, [one for part in same for one in part]), test)


def _is_number(node: ast.expr) -> bool:
    """Whether an expression is one of numbers of steps and sizes."""
    return is_plain(node) and all(isinstance(n.op, ARITHMETIC) for n in ast.walk(node) if isinstance(n, ast.BinOp))


def spelt(test: ast.expr) -> ast.expr:
    """A condition in the operators of the language: (i == j) | (j == 0)."""
    if not isinstance(test, ast.BoolOp):
        return test
    sign, (found, *others) = ast.BitAnd() if isinstance(test.op, ast.And) else ast.BitOr(), map(spelt, test.values)
    for other in others:
        found = ast.copy_location(ast.BinOp(found, sign, other), test)
    return found
