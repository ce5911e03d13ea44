"""Neighbouring functions of entries over the same positions: done position by position, in any parts, they are the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from symbackprop.plan.statements import Apply, Copy, Statement, Window


def groups(statements: Sequence[Statement]) -> Iterator[list[Statement]]:
    """The statements, those together that can be done position by position."""
    group: list[Statement] = []
    for statement in statements:
        if group and not joins(group, statement):
            yield group
            group = []
        group.append(statement)
    if group:
        yield group


def out_of(s: Statement) -> Window:
    """What a function of entries writes."""
    assert isinstance(s, Apply | Copy)
    return s.out


def reads(s: Statement) -> list[Window]:
    """What a function of entries reads."""
    assert isinstance(s, Apply | Copy)
    operands = s.operands if isinstance(s, Apply) else (s.a, *([s.where] if s.where else []))
    return [o for o in operands if isinstance(o, Window)]


def joins(group: Sequence[Statement], s: Statement) -> bool:
    """Whether one statement more can be done with them: over the same positions, each of which reads and writes its own entries."""
    if not isinstance(s, Apply | Copy) or not isinstance(group[0], Apply | Copy):
        return False
    if [n for n, _ in s.out.dims] != [n for n, _ in out_of(group[0]).dims]:
        return False
    written = [out_of(other) for other in group]
    touched = [w for other in group for w in (*reads(other), out_of(other))]
    late = any(w.buffer == r.buffer and w != r for w in written for r in reads(s))
    return not late and all(w == s.out or w.buffer != s.out.buffer for w in touched)
