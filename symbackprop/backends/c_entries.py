"""Functions of entries over the same positions, which one loop does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from symbackprop.backends.c_circular import ROWS
from symbackprop.plan.statements import Apply, Copy, Statement, Window


def groups(statements: Sequence[Statement]) -> Iterator[list[Statement]]:
    """The statements, those together that one loop can do."""
    group: list[Statement] = []
    for statement in statements:
        if group and not _joins(group, statement):
            yield group
            group = []
        group.append(statement)
    if group:
        yield group


def is_row(s: Statement) -> bool:
    """Whether many entries are computed by one call."""
    return isinstance(s, Apply) and s.function in ROWS and bool(s.out.dims) and isinstance(s.operands[0], Window)


def out_of(s: Statement) -> Window:
    """What a function of entries writes."""
    assert isinstance(s, Apply | Copy)
    return s.out


def held(group: Sequence[Statement]) -> dict[Window, str]:
    """Names for the entries that a loop writes and then reads or writes again: it keeps them, and writes them to memory once."""
    found: dict[Window, str] = {}
    written: set[Window] = set()
    for s in group:
        for window in [*reads(s), out_of(s)]:
            if window in written and window not in found:
                found[window] = f"own{len(found)}"
        written.add(out_of(s))
    return found


def reads(s: Statement) -> list[Window]:
    """What a function of entries reads."""
    assert isinstance(s, Apply | Copy)
    operands = s.operands if isinstance(s, Apply) else (s.a, *([s.where] if s.where else []))
    return [o for o in operands if isinstance(o, Window)]


def _joins(group: Sequence[Statement], s: Statement) -> bool:
    """Whether a loop can do one statement more: over the same positions, each of which reads and writes its own entries alone."""
    if not isinstance(s, Apply | Copy) or not isinstance(group[0], Apply | Copy) or is_row(s) or is_row(group[0]):
        return False
    if [n for n, _ in s.out.dims] != [n for n, _ in out_of(group[0]).dims]:
        return False
    written = [out_of(other) for other in group]
    touched = [w for other in group if isinstance(other, Apply | Copy) for w in (*reads(other), other.out)]
    late = any(w.buffer == r.buffer and w != r for w in written for r in reads(s))
    return not late and all(w == s.out or w.buffer != s.out.buffer for w in touched)
