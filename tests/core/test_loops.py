"""Loops are found as circles of equations; what breaks their rules is refused."""

from collections.abc import Callable

import pytest
import sympy as sp

from symbackprop.core.grammar import check
from symbackprop.core.loops import For, has_loops, schedule, without_loops
from symbackprop.core.passes.simplify import nameless, renamed
from symbackprop.core.program import Carry, ProgramError, describe
from tests.by_hand import Hand


def mlp() -> Hand:
    net = Hand(l="n", i="h", j="h").inputs("parameter W[l i j] b[l i]", "data x[i]")
    net.carry("p[l i]", "z[l i]", "x[i]")
    net.sum("u[l i]", lambda W, p: W * p, "W[l i j]", "p[l j]")
    net.sum("z[l i]", lambda u, b: sp.tanh(u + b), "u[l i]", "b[l i]")
    return net.sum("L", lambda z: z**2, "z[l i]")


def grid() -> Hand:
    """Layers over time: h[l, t] = tanh(h[l-1, t] + a h[l, t-1])."""
    net = Hand(l="n", t="T").inputs("parameter a", "data x[t] k[l]")
    net.carry("p[l t]", "h[l t]", "x[t]", along="l").carry("q[l t]", "h[l t]", "k[l]", along="t")
    net.sum("h[l t]", lambda p, a, q: sp.tanh(p + a * q), "p[l t]", "a", "q[l t]")
    return net.sum("L", lambda h: h, "h[l t]")


def test_a_circle_is_a_loop_and_nothing_else_is() -> None:
    program = mlp().program("L")
    loop, last = schedule(program)
    assert isinstance(loop, For)
    assert (loop.step, str(loop.extent), dict(loop.axes)) == (1, "n", {"p": 0, "u": 0, "z": 0})
    assert [e.target.name for e in loop.equations()] == ["p", "u", "z"]
    assert last == program.equations[-1]
    assert has_loops(program)


def test_loops_lie_inside_one_another() -> None:
    outer, _ = schedule(grid().program("L"))
    assert isinstance(outer, For)
    (inner,) = outer.items
    assert isinstance(inner, For)
    assert ([e.target.name for e in outer.carries], [e.target.name for e in inner.carries]) == (["p"], ["q"])
    assert (outer.axes["h"], inner.axes["h"]) == (0, 1)


def test_the_axis_that_all_share_is_the_outer_one_wherever_it_stands() -> None:
    net = Hand(s="S", t="T").inputs("data k[t] x[s] m[s]")  # steps within time, whose letter stands behind
    net.carry("q[s t]", "v[s t]", "g[t]", along="s")
    net.carry("g[t]", "h[t]")
    net.equations.reverse()
    net.sum("v[s t]", lambda q, x: sp.tanh(q + x), "q[s t]", "x[s]")
    net.sum("h[t]", lambda v, k, m: v * k * m, "v[s t]", "k[t]", "m[s]")
    (outer,) = schedule(net.program("h"))
    assert isinstance(outer, For)
    assert str(outer.extent) == "T"
    assert dict(outer.axes) == {"g": 0, "q": 1, "v": 1, "h": 0}


def test_a_shift_on_no_circle_is_no_loop() -> None:
    net = Hand(t="T").inputs("data x[t]").carry("p[t]", "x[t]").sum("L", lambda p: p, "p[t]")
    assert schedule(net.program("L")) == net.equations


def test_letters_are_renamed_in_a_carry_as_well() -> None:
    carry = mlp().equations[0]
    other = renamed(carry, {"l": "i", "i": "l"})
    assert other.op == Carry("i", 1)
    assert nameless(other) == nameless(carry)
    assert describe(carry) == "z[l-1 i], first x[i]"
    assert describe(Hand(t="T").carry("p[t]", "z[t]", step=-1).equations[0]) == "z[t+1], first 0"


def both_ways(net: Hand) -> Hand:
    return net.carry("p[l i]", "z[l i]").carry("q[l i]", "z[l i]", step=-1).sum("z[l i]", lambda p, q: p + q, "p[l i]", "q[l i]")


@pytest.mark.parametrize(
    ("write", "fault"),
    [
        (lambda net: net.carry("p[l i]", "b[l i]", step=2), "one step along a letter"),
        (lambda net: net.carry("p[l i]", "b[l i]", along="j"), "one step along a letter"),
        (lambda net: net.carry("p[l m]", "c[m l]"), "keeps its letters from step to step"),
        (lambda net: net.carry("p[l i]", "z[l i]", "b[l i]").sum("z[l i]", sp.tanh, "p[l i]"), "without l, each once"),
        (
            lambda net: net.carry("p[l i]", "z[l i]").sum("y[l i]", sp.tanh, "z[l i]").sum("z[l i]", sp.tanh, "p[l i]"),
            "z is read before it is written",
        ),
        (both_ways, "runs forwards and backwards at once"),
        (lambda net: net.carry("p[l m]", "z[l m]").sum("z[l m]", lambda p: p, "p[m l]"), "read at another step than l"),
        (
            lambda net: net.carry("p[l i]", "z[l i]").sum("s[i]", sp.tanh, "p[l i]").sum("z[l i]", sp.tanh, "s[i]"),
            "the loop's l is summed within the loop",
        ),
    ],
)
def test_what_breaks_the_rules_is_refused(write: Callable[[Hand], Hand], fault: str) -> None:
    net = Hand(l="n", m="n", i="h", j="h").inputs("parameter b[l i] c[l m]")
    with pytest.raises(ProgramError, match=fault):
        check(write(net).unchecked())


def test_a_reader_of_no_loops_says_so() -> None:
    with pytest.raises(ValueError, match="the picture reads no loop, and z is carried from step to step: write its steps out"):
        without_loops(mlp().program("L"), "the picture")
    without_loops(Hand(i="h").inputs("data x[i]").sum("L", sp.tanh, "x[i]").program("L"), "the picture")
