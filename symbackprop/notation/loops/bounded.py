"""Inner loops that begin or end at the outer one: `for j in range(i):` is a loop over all j, whose steps count where j < i.

So do the steps of a loop at which `if i != j:` holds.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass

import sympy as sp
from sympy import Expr

from symbackprop.notation.identifiers import identifiers, names_in, names_written
from symbackprop.notation.loops.choices import of_steps, spelt
from symbackprop.notation.loops.course import Course, course_of, measured, measures
from symbackprop.notation.loops.header import is_dotted, is_plain
from symbackprop.notation.loops.indices import items_of, mentions, targets
from symbackprop.notation.loops.later import read_later
from symbackprop.notation.loops.masked import Around, Masked, placed, sides
from symbackprop.notation.loops.nodes import like
from symbackprop.notation.loops.several import is_anew


@dataclass(frozen=True)
class Steps:
    """The least and the largest number of a loop's steps."""

    low: Expr
    high: Expr


def bounded(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements, in which no loop begins or ends at the step of another one, as far as their steps may be left out."""
    whole = ast.Module(list(body), [])
    return [_Bounded(whole, measures(body)).visit(statement) for statement in body]


def may_be_empty(body: Sequence[ast.stmt]) -> None:
    """Note the loops that have no step at some steps of one around them."""
    for loop in (n for s in body for n in ast.walk(s) if isinstance(n, ast.For)):
        own = names_in(loop.target)
        for inner in (n for s in loop.body for n in ast.walk(s) if isinstance(n, ast.For)):
            if any(isinstance(n, ast.Name) and n.id in own for n in ast.walk(inner.iter)):
                inner.may_be_empty = True  # type: ignore[attr-defined]


class _Bounded(ast.NodeTransformer):
    """Widens inner loops, and masks their steps.

    whole   all statements.
    known   names and what they measure.
    around  the steps of the loops around, by their letters, and `loops` these.
    """

    def __init__(self, whole: ast.Module, known: dict[str, str]) -> None:
        self.whole, self.known = whole, known
        self.around: dict[str, Steps] = {}
        self.loops: dict[str, ast.For] = {}

    def visit_For(self, node: ast.For) -> ast.AST:
        node = self._in_ones(node)
        course = course_of(node, self.known)
        steps = None if course is None else self._steps(course)
        if course is not None and steps is not None and course.letter is not None:
            found = self._widened(node, course, steps)
            if found is not None:
                node, steps = found
            before, outer = self.around.get(course.letter), self.loops.get(course.letter)
            self.around[course.letter], self.loops[course.letter] = steps, node
            self.generic_visit(node)
            del self.around[course.letter], self.loops[course.letter]
            if before is not None and outer is not None:
                self.around[course.letter], self.loops[course.letter] = before, outer
            return node
        self.generic_visit(node)
        return node

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        """The statements that count at some steps alone, where the numbers of steps say at which: `if i != j:`."""
        self.generic_visit(node)
        tests = of_steps(node.test, self.around)
        if tests is None:
            return node
        letters = names_in(*tests) & self.around.keys()
        around = Around(node.test, self._outside(node), self._made(), self._over(letters))
        others = of_steps(ast.copy_location(ast.UnaryOp(ast.Not(), node.test), node.test), self.around) or []
        opposite = spelt(others[0] if len(others) == 1 else ast.BoolOp(ast.And(), others))
        found = sides(around, [spelt(test) for test in tests], opposite, deepcopy(node.body), deepcopy(node.orelse))
        return node if found is None else found

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        """`a if i < j else b` as where(i < j, a, b)."""
        self.generic_visit(node)
        tests = of_steps(node.test, self.around)
        if tests is None:
            return node
        return Masked(Around(node.test, set(), set()), [], [spelt(test) for test in tests]).where(node.body, node.orelse)

    def _over(self, letters: set[str]) -> Callable[[str], set[str]]:
        """Of an array, which of some loops go over it, and do not make it anew at each of their steps."""
        return lambda name: {c for c in letters if c not in self.loops or not is_anew(self.loops[c].body, name)}

    def _steps(self, course: Course) -> Steps | None:
        if course.first is None or course.last is None or not (_is_end(course.first) and _is_end(course.last)):
            return None
        first, last = measured(course.first, self.known), measured(course.last, self.known)
        return Steps(first, last) if course.rises else Steps(last, first)

    def _in_ones(self, node: ast.For) -> ast.For:
        """`for t in range(a, b, 2):` as a loop in steps of one, of which every second counts."""
        turned = False
        match node:
            case ast.For(target=ast.Name(id=letter), iter=ast.Call(func=ast.Name(id="range"), args=[start, stop, step]), orelse=[]):
                places = measured(step, self.known)
            case ast.For(
                target=ast.Name(id=letter),
                iter=ast.Call(func=ast.Name(id="reversed"), args=[ast.Call(func=ast.Name(id="range"), args=[start, stop, step])]),
                orelse=[],
            ):
                places, turned = measured(step, self.known), True
            case _:
                return node
        plain = is_plain(start) and is_plain(stop) and places.is_Integer and abs(int(places)) > 1
        fills = any(mentions(item, [letter]) for target in targets(node.body) for item in items_of(target))
        if not plain or not (fills or (measured(stop, self.known) - measured(start, self.known)).free_symbols):
            return node  # of numbers, written out
        begins = isinstance(start, ast.Constant) and start.value == 0
        number = ast.Name(letter, ast.Load())
        gone = number if begins else ast.BinOp(number, ast.Sub(), deepcopy(start))
        left = ast.BinOp(gone, ast.Mod(), ast.Constant(abs(int(places))))
        test = like(node.iter, ast.Compare(left, [ast.Eq()], [ast.Constant(0)]))
        around = Around(node.iter, self._outside(node), self._made(), self._over({letter}))
        block = deepcopy(node.body)
        masked = Masked(around, block, [test]).several(block)
        if masked is None:
            return node
        back: list[ast.expr] = [] if places.is_positive else [ast.UnaryOp(ast.USub(), ast.Constant(1))]
        several = like(node.iter, ast.Call(ast.Name("range", ast.Load()), [start, stop, *back], []))
        several = like(node.iter, ast.Call(ast.Name("reversed", ast.Load()), [several], [])) if turned else several
        return ast.copy_location(ast.For(node.target, several, masked, [], node.type_comment), node)

    def _widened(self, node: ast.For, course: Course, steps: Steps) -> tuple[ast.For, Steps] | None:
        """A loop over all steps that it ever has, and those; None where no loop around it bounds it."""
        letters = [sp.Symbol(c) for c in self.around if c != course.letter]
        if not any(steps.low.has(c) or steps.high.has(c) for c in letters):
            return None
        lows, highs = _ends(steps.low, sp.Max), _ends(steps.high, sp.Min)
        if not all(end.is_polynomial(*letters) for end in (*lows, *highs)):
            return None
        letter, bare = course.letter or "", _is_bare(node, course.letter or "")
        bounds = {letter, *(c.name for c in letters if steps.low.has(c) or steps.high.has(c))}
        least, most = (self._end(ends, k == 0, letter, letters, bare) for k, ends in enumerate((lows, highs)))
        if least is None or most is None:
            return None
        (low, tests), (high, others) = least, most
        tests += others
        around = Around(node.iter, self._outside(node), self._made(), self._over(bounds))
        statements = Masked(around, node.body, tests).several(node.body)
        if statements is None:
            return None
        ends = f"range({low}, {sp.expand(high + 1)})" if course.rises else f"range({high}, {sp.expand(low - 1)}, -1)"
        if is_dotted(node):
            ends = f"({low}) << ({high})" if course.rises else f"({high}) << ({low})"
        several = placed(node.iter, ast.parse(ends, mode="eval").body)
        new = ast.For(node.target, several, statements, [], node.type_comment)
        new.adds = getattr(node, "adds", ())  # type: ignore[attr-defined]
        return ast.copy_location(new, node), Steps(sp.expand(low), sp.expand(high))

    def _end(
        self, ends: Sequence[Expr], least: bool, letter: str, letters: Sequence[sp.Symbol], bare: bool
    ) -> tuple[Expr, list[ast.expr]] | None:  # fmt: skip
        """The least number that a loop ever begins at, or the largest that it ends at, and when a step is no step beyond it."""
        found, tests = [end for end in ends if not end.has(*letters)], list[ast.expr]()
        for end in (end for end in ends if end.has(*letters)):
            wide, test = end, f"{letter} {('>=' if least else '<=')} {end}"
            for c in letters:
                own, slope = self.around[c.name], sp.expand(end).coeff(c)
                if slope not in (-1, 0, 1):
                    return None
                wide = wide.subs(c, own.low if (slope > 0) == least else own.high)
                if slope == 1 and sp.expand(end - c) == (1 if least else -1):
                    test = f"{letter} {('>' if least else '<')} {c}"
                    wide = (own.low if least else own.high) if bare else wide  # all that the outer one goes over: whole arrays
            tests.append(ast.parse(test, mode="eval").body)
            found += [wide] if len(ends) == 1 else []
        return (sp.expand(found[0]), tests) if len(found) == 1 else None

    def _made(self) -> set[str]:
        """The names that statements give values to as a whole."""
        return names_written(self.whole)

    def _outside(self, node: ast.For | ast.If) -> set[str]:
        """The names that are read outside of a block, as it leaves them."""
        inside = {id(n) for n in ast.walk(node)}
        names = (n for n in identifiers(self.whole) if isinstance(n.ctx, ast.Load))
        return read_later(self.whole, node, {n.id for n in names if id(n) not in inside})


def _is_end(node: ast.expr) -> bool:
    """Whether a loop may begin or end there: at a number over sizes and letters, or at the larger or the less of two."""
    match node:
        case ast.Call(func=ast.Name(id="max" | "min"), args=[one, other], keywords=[]):
            return is_plain(one) and is_plain(other)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=ast.Constant(value=int())):
            return _is_end(left)
        case _:
            return is_plain(node)


def _ends(end: Expr, kind: type[sp.Max] | type[sp.Min]) -> list[Expr]:
    """The ends of which one is the largest, or the least: n - 1 and i + 1 of min(n, i + 2) - 1."""
    rest, several = end.as_independent(kind, as_Add=True)
    return [sp.expand(arg + rest) for arg in several.args] if isinstance(several, kind) else [end]


def _is_bare(loop: ast.For, letter: str) -> bool:
    """Whether a letter stands alone in all indices, x[j] and never x[j - 1]."""
    for node in (n for s in loop.body for n in ast.walk(s)):
        if isinstance(node, ast.Subscript):
            items = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            if any(letter in names_in(item) and not isinstance(item, ast.Name | ast.Subscript) for item in items):
                return False
    return True
