"""A turn of a loop that is run again and again is the same objects, so that what was found of them is found once."""

import sympy as sp

import symbackprop as sb
from symbackprop.core.loops import For, schedule
from symbackprop.core.loops.turns import turn


def test_items_at_a_step_are_the_same_each_time() -> None:
    plain = "x: data[T]\nw: parameter\nh[0] = 0\nfor t in 1..T:\n    h[t] = tanh(w * h[t-1] + x[t])\nL = h[T]"
    for text in (plain, plain.replace("+ x[t]", "+ t * x[t]")):
        program = sb.read(text).program
        (loop,) = [item for item in schedule(program) if isinstance(item, For)]
        one = turn(program, loop)
        assert one.at(sp.Integer(2)) is one.at(sp.Integer(2))
        assert one.mentions == ("t * x" in text) == (one.at(sp.Integer(2)) is not one.at(sp.Integer(3)))
