"""Steps that differ from the others: `if t > 0:`, `if t == T - 1:`, `if not hs:` in a loop over t.

if t == 0: h = b       at the begin of a block stands above the loop
if t == T - 1: ...     at its end, below it
if t > 0: L += f(t)    is a loop of its own over range(1, T), where it reads what the loop leaves behind
else the first or the last steps are written out, and the loop goes over the others
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence
from copy import deepcopy
from dataclasses import dataclass

from symbackprop.notation.identifiers import identifiers
from symbackprop.notation.loops.course import Course, course_of, difference, measures
from symbackprop.notation.loops.indices import assigned, items_of, mentions, targets
from symbackprop.notation.loops.lists import put

MOST = 3  # steps that are written out at one end


def steps_apart(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements, in which no loop asks which of its steps it is at."""
    return _block(body, measures(body), _begun(body))


def _begun(body: Sequence[ast.stmt]) -> dict[str, str]:
    """The names that begin as an empty list or as None, with which of both."""
    found: dict[str, str] = {}
    for node in (n for s in body for n in ast.walk(s)):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.List(elts=[]) | ast.Call(func=ast.Name(id="list"), args=[])):
                found.setdefault(name, "list")
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=None)):
                found.setdefault(name, "None")
            case _:
                pass
    return found


def _block(body: Sequence[ast.stmt], known: dict[str, str], begun: dict[str, str]) -> list[ast.stmt]:
    found: list[ast.stmt] = []
    for statement in body:
        if isinstance(statement, ast.For) and not statement.orelse:
            statement.body = _block(statement.body, known, begun)
            found += _apart(statement, known, begun)
        elif isinstance(statement, ast.If | ast.With):
            statement.body = _block(statement.body, known, begun)
            if isinstance(statement, ast.If):
                statement.orelse = _block(statement.orelse, known, begun)
            found.append(statement)
        else:
            found.append(statement)
    return found


@dataclass(frozen=True)
class Test:
    """A condition on the step of a loop.

    node    where it stands.
    front   how many steps at the begin of the loop must be known before it is the same for all others, and `back` at its end.
    rest    what it is for those.
    holds   what it is at the steps from the begin, and from the end.
    """

    node: ast.expr
    front: int
    back: int
    rest: bool
    holds: tuple[bool | None, ...] = ()


def _apart(loop: ast.For, known: dict[str, str], begun: dict[str, str]) -> list[ast.stmt]:
    course = course_of(loop, known)
    if course is None or not any(isinstance(n, ast.If | ast.IfExp) for s in loop.body for n in ast.walk(s)):
        return [loop]
    tests = _tests(loop, course, begun)
    if not tests or (course.count is not None and not _writes_steps(loop, course)):
        return [loop]
    above, below = list[ast.stmt](), list[ast.stmt]()
    while loop.body and (first := _alone(loop.body[0], tests, course, front=True)) is not None:
        above += first
        tests = _left(tests, loop.body.pop(0))
    while loop.body and (last := _alone(loop.body[-1], tests, course, front=False)) is not None:
        below = last + below
        tests = _left(tests, loop.body.pop())
    for statement in list(loop.body):
        split = _summed(statement, loop, tests, course)
        if split is not None:
            loop.body.remove(statement)
            below = [*_block([split], known, begun), *below]
            tests = _left(tests, statement)
    if not loop.body:
        return [*above, *below]
    front, back = max((t.front for t in tests), default=0), max((t.back for t in tests), default=0)
    if front > MOST or back > MOST or (course.count is not None and course.count <= front + back):
        return [*above, loop, *below] if front > MOST or back > MOST else [*above, *_every(loop, course, tests), *below]
    first_ones = [s for j in range(front) for s in _step(loop, course, tests, j)]
    last_ones = [s for j in range(back) for s in _step(loop, course, tests, j - back)]
    rest = course.without(front, back)
    rest.body = _Decided({id(t.node): t.rest for t in tests}).block(loop.body)
    return [*above, *first_ones, rest, *last_ones, *below]


def _every(loop: ast.For, course: Course, tests: list[Test]) -> list[ast.stmt]:
    """All steps, of a loop that has no more than differ."""
    assert course.count is not None
    return [s for j in range(course.count) for s in _step(loop, course, tests, j)]


def _left(tests: list[Test], gone: ast.stmt) -> list[Test]:
    inside = {id(n) for n in ast.walk(gone)}
    return [t for t in tests if id(t.node) not in inside]


def _writes_steps(loop: ast.For, course: Course) -> bool:
    return any(mentions(item, {course.letter or ""}) for t in targets(loop.body) for item in items_of(t))


# Conditions


def _tests(loop: ast.For, course: Course, begun: dict[str, str]) -> list[Test]:
    """The conditions of a loop's block that some of its steps decide."""
    found: list[Test] = []
    grown = {one.name for s in loop.body if (one := put(s)) is not None}
    again = {name for s in loop.body for name in (_first_given(s) if isinstance(s, ast.If) else assigned([s]))}
    for node in (n for s in loop.body for n in ast.walk(s) if isinstance(n, ast.If | ast.IfExp)):
        for leaf in _leaves(node.test):
            one = _of_letter(leaf, course) or _of_start(leaf, grown, again, begun)
            if one is not None:
                found.append(one)
    return found


def _first_given(statement: ast.If) -> list[str]:
    """What `if h is None:` gives a value to where it has none."""
    match statement.test:
        case ast.Compare(ops=[ast.Is()]):
            return assigned(statement.body)
        case ast.Compare(ops=[ast.IsNot()]):
            return assigned(statement.orelse)
        case _:
            return []


def _leaves(test: ast.expr) -> list[ast.expr]:
    match test:
        case ast.BoolOp(values=values):
            return [leaf for value in values for leaf in _leaves(value)]
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return _leaves(operand)
        case _:
            return [test]


FLIPPED = {ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE, ast.Eq: ast.Eq, ast.NotEq: ast.NotEq}


def _of_letter(leaf: ast.expr, course: Course) -> Test | None:
    """t > 0, t == T - 1, or t alone, as far as a fixed number of steps from an end decide it."""
    match leaf:
        case ast.Name(id=name) if name == course.letter:
            op, other = ast.NotEq, ast.copy_location(ast.Constant(0), leaf)
        case ast.Compare(left=ast.Name(id=name), ops=[own], comparators=[other]) if name == course.letter and type(own) in FLIPPED:
            op = type(own)
        case ast.Compare(left=other, ops=[own], comparators=[ast.Name(id=name)]) if name == course.letter and type(own) in FLIPPED:
            op = FLIPPED[type(own)]
        case _:
            return None
    if not course.rises:
        op = FLIPPED[op]
    for front, end in ((True, course.first), (False, course.last)):
        places = None if end is None else difference(other, end, course.known)
        if places is None:
            continue
        steps = (places if course.rises else -places) * (1 if front else -1)  # from that end inwards
        if steps < 0:
            continue
        inwards = op if front else FLIPPED[op]
        count = steps + (1 if inwards in (ast.Eq, ast.NotEq, ast.Gt, ast.LtE) else 0)
        rest = inwards in (ast.NotEq, ast.Gt, ast.GtE)
        holds = tuple(_compared(inwards, j, steps) for j in range(count))
        return Test(leaf, count if front else 0, 0 if front else count, rest, holds)
    return None


def _compared(op: type[ast.cmpop], a: int, b: int) -> bool:
    return {ast.Eq: a == b, ast.NotEq: a != b, ast.Lt: a < b, ast.LtE: a <= b, ast.Gt: a > b, ast.GtE: a >= b}[op]


def _of_start(leaf: ast.expr, grown: Collection[str], again: Collection[str], begun: dict[str, str]) -> Test | None:
    """hs, len(hs) > 0 of a list that begins empty and grows in each step; h is None of what begins so."""
    match leaf:
        case ast.Name(id=name) if name in grown and begun.get(name) == "list":
            return Test(leaf, 1, 0, True, (False,))
        case ast.Call(func=ast.Name(id="len"), args=[ast.Name(id=name)]) if name in grown and begun.get(name) == "list":
            return Test(leaf, 1, 0, True, (False,))
        case ast.Compare(
            left=ast.Call(func=ast.Name(id="len"), args=[ast.Name(id=name)]), ops=[op], comparators=[ast.Constant(value=0)]
        ) if name in grown and begun.get(name) == "list" and isinstance(op, ast.Gt | ast.Eq | ast.NotEq):
            return Test(leaf, 1, 0, not isinstance(op, ast.Eq), (isinstance(op, ast.Eq),))
        case ast.Compare(left=ast.Name(id=name), ops=[op], comparators=[ast.Constant(value=None)]) if (
            begun.get(name) == "None" and name in again and isinstance(op, ast.Is | ast.IsNot)
        ):
            return Test(leaf, 1, 0, isinstance(op, ast.IsNot), (isinstance(op, ast.Is),))
        case _:
            return None


class _Decided(ast.NodeTransformer):
    """Puts what conditions are in their places, and leaves out what they leave out.

    known   conditions by their identity, and whether they hold.
    """

    def __init__(self, known: dict[int, bool]) -> None:
        self.known = known

    def block(self, body: Sequence[ast.stmt]) -> list[ast.stmt]:
        """Statements with their conditions decided; one that does nothing where nothing is left."""
        found: list[ast.stmt] = []
        for statement in body:
            new = self.visit(statement)
            found += new if isinstance(new, list) else [new]
        return found or [ast.copy_location(ast.Pass(), body[0])] if body else []

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        holds, test = self._test(node.test)
        if holds is not None:
            return self.block(node.body if holds else node.orelse)
        node.test, node.body, node.orelse = test, self.block(node.body), self.block(node.orelse)
        return node

    def visit_For(self, node: ast.For) -> ast.AST:
        node.iter, node.body = self.visit(node.iter), self.block(node.body)
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        holds, test = self._test(node.test)
        if holds is not None:
            return self.visit(node.body if holds else node.orelse)
        node.test, node.body, node.orelse = test, self.visit(node.body), self.visit(node.orelse)
        return node

    def _test(self, test: ast.expr) -> tuple[bool | None, ast.expr]:
        """Whether a condition holds, as far as that is known, and what is left of it."""
        if id(test) in self.known:
            return self.known[id(test)], test
        match test:
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                holds, operand = self._test(operand)
                return None if holds is None else not holds, ast.copy_location(ast.UnaryOp(ast.Not(), operand), test)
            case ast.BoolOp(op=op, values=values):
                parts = [self._test(value) for value in values]
                ends = isinstance(op, ast.Or)  # what decides the whole
                if any(holds is ends for holds, _ in parts):
                    return ends, test
                left = [part for holds, part in parts if holds is None]
                if not left:
                    return not ends, test
                return None, left[0] if len(left) == 1 else ast.copy_location(ast.BoolOp(op, left), test)
            case _:
                return None, self.visit(test)


# Steps


def _step(loop: ast.For, course: Course, tests: list[Test], j: int) -> list[ast.stmt]:
    """The statements of one step, from the begin or, where `j` is below 0, from the end."""
    decided: dict[int, bool] = {}
    for test in tests:
        place = j if test.front else -1 - j  # how many steps from the end that the condition is about
        decided[id(test.node)] = bool(test.holds[place]) if 0 <= place < len(test.holds) else test.rest
    return course.step(_Decided(decided).block(_copies(loop.body, decided)), j)


def _copies(body: Sequence[ast.stmt], decided: dict[int, bool]) -> list[ast.stmt]:
    """The statements anew; what is decided of their conditions is of the copies' as well."""
    new = deepcopy(list(body))
    pairs = zip((n for s in body for n in ast.walk(s)), (n for s in new for n in ast.walk(s)), strict=True)
    decided |= {id(other): decided[id(node)] for node, other in pairs if id(node) in decided}
    return new


def _alone(statement: ast.stmt, tests: list[Test], course: Course, front: bool) -> list[ast.stmt] | None:
    """`if t == 0:` at the begin of a block, or `if t == T - 1:` at its end, over what stands above or below the loop as well."""
    if not isinstance(statement, ast.If) or statement.orelse:
        return None
    test = next((t for t in tests if t.node is statement.test), None)
    own = [t for t in tests if any(n is t.node for s in statement.body for n in ast.walk(s))]
    only = test is not None and not test.rest and len(test.holds) == 1 and test.holds[0] is True
    if test is None or not only or own or bool(test.front) != front or course.letter is None or not _is_numbered(test.node):
        return None
    others = course.names - {course.letter}
    if any(isinstance(n, ast.Name) and n.id in others for s in statement.body for n in ast.walk(s)):
        return None
    if any(put(s) is not None for s in statement.body) or any(
        isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Store) for s in statement.body for n in ast.walk(s)
    ):
        return None
    return course.numbered(statement.body, 0 if front else -1)


def _is_numbered(node: ast.expr) -> bool:
    """Whether a condition is about the number of the step, which is where it is above the loop and below it."""
    return isinstance(node, ast.Compare | ast.Name)


def _summed(statement: ast.stmt, loop: ast.For, tests: list[Test], course: Course) -> ast.For | None:
    """The loop of its own that `if t > 0: L += ...` is; None where it reads what only its step knows."""
    if not isinstance(statement, ast.If) or statement.orelse or course.letter is None:
        return None
    test = next((t for t in tests if t.node is statement.test), None)
    if test is None or not test.rest or any(test.holds) or not _is_numbered(test.node) or _of_lists(test.node, course):
        return None
    sums = [s.target.id for s in statement.body if isinstance(s, ast.AugAssign) and isinstance(s.op, ast.Add | ast.Sub)
            and isinstance(s.target, ast.Name)]  # fmt: skip
    if len(sums) < len(statement.body):
        return None
    values = [s.value for s in statement.body if isinstance(s, ast.AugAssign)]
    written = {
        t.value.id for t in targets(loop.body) if isinstance(t.value, ast.Name) and mentions(items_of(t)[0], {course.letter})
    }
    grown = {one.name for s in loop.body if (one := put(s)) is not None}
    changed = {*assigned(loop.body), *grown, *(t.value.id for t in targets(loop.body) if isinstance(t.value, ast.Name))}
    entries = {id(n.value) for v in values for n in ast.walk(v) if isinstance(n, ast.Subscript) and isinstance(n.value, ast.Name)
               and n.value.id in written | grown and mentions(items_of(n)[0], {course.letter})}  # fmt: skip
    for node in (n for v in values for n in identifiers(v)):
        if (node.id in changed | (course.names - {course.letter}) and id(node) not in entries) or node.id in sums:
            return None
    added = [s for s in ast.walk(loop) if isinstance(s, ast.AugAssign) and isinstance(s.op, ast.Add | ast.Sub)]
    only = {id(s.target) for s in added}
    if any(isinstance(n, ast.Name) and n.id in sums and id(n) not in only for n in ast.walk(loop)):
        return None
    other = course.without(test.front, test.back)
    other.body = deepcopy(statement.body)
    return other


def _of_lists(node: ast.expr, course: Course) -> bool:
    return isinstance(node, ast.Name) and node.id != course.letter
