"""What C turns in memory, and what not: what a mask leaves out, and copies that repeat entries."""

import pytest

from symbackprop.backends.c.entries import Turned
from symbackprop.backends.c.turned import TURNED, turned
from symbackprop.plan.handed import Flat, Layout
from symbackprop.plan.made import Plan
from symbackprop.plan.neighbours import out_of
from symbackprop.plan.statements import Apply, Buffer, Copy, Statement, Window

M, N = 40, 50
ACROSS, ALONG = ((N, 1), (M, N)), ((N, M), (M, 1))


def of(*statements: Statement) -> tuple[Statement, ...]:
    """What C makes of some statements."""
    buffers = {"work a": Buffer(3 * M * N), "work b": Buffer(M * N), "work mask": Buffer(M * N, "boolean")}
    return turned(Plan(statements, 0.0, buffers, {}, Layout(Flat({}, 0), Flat({}, 0), {}, {}, {}))).statements


def read_before_written(statements: tuple[Statement, ...]) -> bool:
    """Whether turned memory is read, or kept, where nothing was written."""
    written = False
    for s in statements:
        assert isinstance(s, Apply | Copy)
        operands = s.operands if isinstance(s, Apply) else (s.a, *([s.out] if s.where else []))
        if any(isinstance(w, Window) and w.buffer == TURNED for w in operands) and not written:
            return True
        written = written or out_of(s).buffer == TURNED
    return False


@pytest.mark.parametrize("before", [(), (Copy(0.0, Window("work a", 0, ACROSS)),)])
def test_what_a_mask_leaves_out_keeps_its_value(before: tuple[Statement, ...]) -> None:
    out, mask = Window("work a", 0, ACROSS), Window("work mask", 0, ALONG)
    masked = Copy(Window("work b", 0, ALONG), out, mask)
    assert not read_before_written(of(*before, masked))


@pytest.mark.parametrize("dims", [ACROSS, ((1, 0), *ACROSS), ((1, M * N), *ACROSS), ((3, 0), *ACROSS)])
def test_a_copy_that_repeats_entries_turns_what_it_reads_before(dims: tuple[tuple[int, int], ...]) -> None:
    out = Window("work a", 0, ((3, M * N), *ALONG))
    made = of(Copy(Window("work b", 0, dims), out))
    for s in made:
        assert isinstance(s, Copy)
        assert isinstance(s.a, Window)
        assert not isinstance(s, Turned) or [n for n, _ in s.a.dims] == [n for n, _ in s.out.dims]
    assert out_of(made[-1]) == out


def test_what_is_written_whole_is_turned() -> None:
    out = Window("work a", 0, ACROSS)
    made = of(Apply("tanh", (Window("work b", 0, ALONG),), out))
    assert [out_of(s).buffer for s in made if isinstance(s, Apply | Copy)] == [TURNED, "work a"]
