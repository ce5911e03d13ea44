"""Loops that fill from behind, and those over several numbers at once, as loops over one number that stands where they write.

for t in range(T): a[T-1-t] = f(x[t])              is      for t in range(T-1, -1, -1): a[t] = f(x[T-1-t])
for t, s in zip(range(T), reversed(range(T)))      is      for t in range(T), with T-1-t for s
for k, t in enumerate(reversed(range(T)))          is      for t in reversed(range(T)), with T-1-t for k
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

import sympy as sp
from sympy import Expr

from symbackprop.notation.identifiers import names_written
from symbackprop.notation.loops.course import Course, course_of, measured
from symbackprop.notation.loops.indices import is_plain, items_of, mentions, targets
from symbackprop.notation.loops.masked import placed
from symbackprop.notation.rounds import numbered


def by_one_number(body: Sequence[ast.stmt], known: dict[str, str]) -> list[ast.stmt]:
    """The statements, each of whose loops counts by one number, the one at which it writes.

    known   names and what they measure.
    """
    change = _Loops(known)
    return [change.visit(statement) for statement in body]


class _Loops(ast.NodeTransformer):
    def __init__(self, known: dict[str, str]) -> None:
        self.known = known

    def visit_For(self, node: ast.For) -> ast.AST:
        self._alone(node)
        course = course_of(node, self.known)
        if course is not None and course.letter is not None and _is_told(course):
            end = _mirror(node, course.letter)
            if end is not None:
                _turn(node, course, end)
        self.generic_visit(node)
        return node

    def _alone(self, node: ast.For) -> None:
        """Let one number count where several do: what the others are is written where they are read."""
        match node.target, node.iter:
            case ast.Tuple(elts=names), ast.Call(func=ast.Name(id="zip"), args=parts, keywords=[]) if len(names) == len(parts):
                courses = [self._counted(node, *pair) for pair in zip(names, parts, strict=True)]
            case ast.Tuple(elts=[ast.Name() as count, own]), ast.Call(func=ast.Name(id="enumerate")) if (
                found := numbered(node.iter)
            ) is not None:
                inner = self._counted(node, own, found[0])
                if inner is None:
                    return
                names, parts = [own, count], [found[0], found[0]]
                high = _spelt(node, _number(found[1]) + _further(inner, {}))
                courses = [inner, Course(node, count.id, found[1], high, True, self.known)]
            case _:
                return
        counted = [c for c in courses if c is not None and not _is_given(node.body, c.letter or "")]
        if not counted:
            return
        lead, *others = counted
        others = [c for c in others if self._steps(c) == self._steps(lead)]
        for other in others:
            gone = sp.Symbol(lead.letter or "") - _number(lead.first)
            here = _number(other.first) + (gone if lead.rises == other.rises else -gone)
            node.body = _put(node.body, other.letter or "", here)
        if not others:
            return
        kept = [(n, p) for n, p, c in zip(names, parts, courses, strict=True) if c not in others]
        if len(kept) == 1:
            node.target, node.iter = kept[0]
        else:
            assert isinstance(node.target, ast.Tuple)
            node.target.elts = [n for n, _ in kept]
            node.iter.args = [p for _, p in kept]  # type: ignore[attr-defined]

    def _counted(self, loop: ast.For, name: ast.expr, several: ast.expr) -> Course | None:
        """How one of several numbers goes; None for what is no number."""
        one = ast.copy_location(ast.For(name, several, [], []), loop)
        found = course_of(one, self.known) if isinstance(name, ast.Name) and not isinstance(several, ast.BinOp) else None
        return found if found is not None and found.letter and _is_told(found) else None

    def _steps(self, course: Course) -> Expr:
        """How many steps follow the first one."""
        return sp.expand(_further(course, self.known))


def _further(course: Course, known: dict[str, str]) -> Expr:
    assert course.first is not None
    assert course.last is not None
    places = measured(course.last, known) - measured(course.first, known)
    return places if course.rises else -places


def _is_told(course: Course) -> bool:
    """Whether the numbers between which a loop goes can be reckoned with."""
    return all(end is not None and _is_sum(measured(end, {})) for end in (course.first, course.last))


def _is_sum(number: Expr) -> bool:
    """Whether a number is made of names and of lengths by + - * alone, so that what is printed of it means the same."""
    names = [s.name for s in number.free_symbols]  # type: ignore[attr-defined]
    return not number.has(sp.Max, sp.Min) and all(name.isidentifier() or name.endswith("]") for name in names)


def _number(node: ast.expr | None) -> Expr:
    assert node is not None
    return measured(node, {})


def _mirror(loop: ast.For, letter: str) -> Expr | None:
    """c, where a loop over t writes at c - t, and nowhere at t; None for any other loop, and where a line changes t."""
    found: list[Expr] = []
    for target in targets(loop.body):
        for item in (i for i in items_of(target) if mentions(i, [letter])):
            end = sp.expand(measured(item, {}) + sp.Symbol(letter))
            if end.has(sp.Symbol(letter)) or not _is_sum(end):
                return None
            found.append(end)
    inner = names_written(loop)
    is_fixed = found and not any(s.name in inner for s in found[0].free_symbols)  # type: ignore[attr-defined]
    return found[0] if is_fixed and not _is_given(loop.body, letter) else None


def _turn(loop: ast.For, course: Course, end: Expr) -> None:
    """Count a loop by c - t."""
    first, last = (sp.expand(end - _number(one)) for one in (course.first, course.last))
    stop = f"{last - 1}, -1" if course.rises else f"{last + 1}"
    loop.iter = placed(loop.iter, ast.parse(f"range({first}, {stop})", mode="eval").body)
    loop.body = _put(loop.body, course.letter or "", end - sp.Symbol(course.letter))


def _is_given(body: Sequence[ast.stmt], name: str) -> bool:
    """Whether statements give a name a value."""
    return name in names_written(*body)


def _put(body: Sequence[ast.stmt], letter: str, number: Expr) -> list[ast.stmt]:
    """The statements with a number in the place of a letter."""
    change = _Put(letter, sp.expand(number))
    for statement in body:
        change.visit(statement)
    return list(body)


def _spelt(where: ast.expr | ast.stmt, number: Expr) -> ast.expr:
    """A number as it is written, at the place of what it stands for."""
    own = ast.parse(str(sp.expand(number)), mode="eval").body
    for n in ast.walk(own):
        if isinstance(n, ast.expr):
            ast.copy_location(n, where)
    return own


class _Put(ast.NodeTransformer):
    """Writes a number for a letter; what is arithmetic of it is put together, so that T-1-(T-1-t) is t."""

    def __init__(self, letter: str, number: Expr) -> None:
        self.letter, self.number = letter, number

    def visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, ast.Name | ast.BinOp | ast.UnaryOp) and is_plain(node) and mentions(node, [self.letter]):
            own = measured(node, {}).subs(sp.Symbol(self.letter), self.number)
            if _is_sum(own):
                return _spelt(node, own)
        return super().visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return _spelt(node, self.number) if node.id == self.letter and isinstance(node.ctx, ast.Load) else node
