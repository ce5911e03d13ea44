"""Values that the steps of a loop hand on as they are, or hand round: what their reports say of them."""

from collections.abc import Callable
from dataclasses import replace
from typing import NoReturn

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.core.program import Carry
from symbackprop.judge.watched import watched
from symbackprop.notation.errors import NotationError


def kept(x: "data[T, d]", h: "parameter[d]", g: "parameter[d]"):
    s = {"h": h, "c": g}
    total = 0.0
    for t in range(len(x)):
        g = g
        s = dict(s, c=np.tanh(s["c"] + s["h"] * x[t]))
        total = total + g @ s["c"]
    return total + s["h"] @ s["c"]


def swapped(x: "data[T, d]", h: "parameter[d]", g: "parameter[d]"):
    u, v, total = h, g, 0.0
    for t in range(len(x)):
        u, v = v, u
        total = total + np.tanh(u @ x[t])
    return total + u @ v


def two_back(x: "data[T, d]", h: "parameter[d]", g: "parameter[d]"):
    s = [h, g]
    for t in range(len(x)):
        u, v = s
        s = [v, u * g + x[t]]
    return s[0] @ s[1]


def by_an_entry(x: "parameter[T]", W: "parameter[T, T]"):
    v = x[0]
    for t in range(len(x) - 1, -1, -1):
        v = np.tanh(v + x[t]) if t > 0 else v * W[t, t]
    return v


def by_turns(x: "parameter[T]"):
    v = 0.2
    for t in range(len(x)):
        if t % 2 == 0:
            v = np.tanh(v * x[t]) if t < len(x) - 1 else v + x[t]
    return v


CASES = [(kept, 1, 0), (swapped, 2, 2), (two_back, 2, 0), (by_an_entry, 1, 1), (by_turns, 1, 0)]


@pytest.mark.parametrize(("function", "carried", "missing"), CASES)
def test_what_steps_hand_on_is_reported(function: Callable[..., float], carried: int, missing: int) -> None:
    derivation = sb.derive(sb.read(function))
    assert sum(isinstance(e.op, Carry) for e in derivation.forward.equations) == carried
    assert len(derivation.box().missing) == missing


def test_a_network_is_checked_whose_steps_its_reader_refuses_to_write_out() -> None:
    network = sb.read(two_back)

    def refuse(**_: object) -> NoReturn:
        raise NotationError("it is not written out", "")

    derivation = sb.derive(replace(network, written_out=refuse))
    assert watched(derivation, {"T": 2, "d": 2}).program is derivation.forward
    assert sb.check(derivation).ok
