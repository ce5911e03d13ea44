"""Lists that a loop fills, tuples and dicts that it carries: what Python computes, kept and written out."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from symbackprop.core.loops import has_loops
from symbackprop.core.network import Network
from symbackprop.evaluate.tape import forward
from symbackprop.notation import NotationError
from symbackprop.notation.python_function import read_function

RNG = np.random.default_rng(11)
SIZES = {"T": 4, "m": 2}
ARRAYS = {"x": RNG.normal(size=(4, 2)), "U": RNG.normal(size=(2, 2)), "h0": RNG.normal(size=2)}


def appended(x: "data[T, m]", U: "parameter[m, m]", h0: "data[m]"):  # type: ignore[no-untyped-def]  # noqa: F821
    states = [h0]
    for t in range(x.shape[0]):
        states.append(np.tanh(x[t] + U @ states[-1]))
    return np.sum(states[-1] * h0) + np.sum(np.stack(states) ** 2) + np.sum(states[1:]) + np.sum(states[2] * states[-2])


def two_back(x: "data[T, m]", U: "parameter[m, m]", h0: "data[m]"):  # type: ignore[no-untyped-def]  # noqa: F821
    states = [h0, 2 * h0]
    outs = []
    for t, row in enumerate(x):
        states += [np.tanh(row + U @ states[-1]) - states[-2]]
        outs.append(states[-1] * states[t] + states[t + 2])
    return np.sum(np.stack(outs, axis=1)[0]) + np.sum(outs[-1]) + np.sum(np.array(states)[-1])


def losses(x: "data[T, m]", U: "parameter[m, m]", h0: "data[m]"):  # type: ignore[no-untyped-def]  # noqa: F821
    each, h = [], h0
    for row in x:
        h = np.tanh(row + U @ h)
        each.append(np.sum(h**2))
    return np.sum(np.array(each)) + each[0] * each[-1]


def carried(x: "data[T, m]", U: "parameter[m, m]", h0: "data[m]"):  # type: ignore[no-untyped-def]  # noqa: F821
    state = (h0, h0 / 2)
    for t in range(x.shape[0]):
        h, c = state
        c = c + np.tanh(x[t] + U @ h)
        state = (np.tanh(c), c)
    return np.sum(state[0] * state[1])


def keyed(x: "data[T, m]", U: "parameter[m, m]", h0: "data[m]"):  # type: ignore[no-untyped-def]  # noqa: F821
    state = {"h": h0, "pair": (h0, 3.0)}
    other = state
    scale = 1
    for t in range(x.shape[0]):
        state["h"] = np.tanh(x[t] + U @ state["h"]) + state["pair"][0]
        state["pair"] = (state["h"] * t, state["pair"][1] * 2)
        scale = 3
    return np.sum(state["h"]) + np.sum(other["pair"][0]) * state["pair"][1] * scale


def anew(x: "data[T, m]", U: "parameter[m, m]", h0: "data[m]"):  # type: ignore[no-untyped-def]  # noqa: F821
    state = {"h": h0}
    for t in range(x.shape[0]):
        state = {"h": np.tanh(x[t] + U @ state["h"])}
    return np.sum(state["h"] ** 2)


def nested(x: "data[T, m]", U: "parameter[m, m]", h0: "data[m]"):  # type: ignore[no-untyped-def]  # noqa: F821
    total, h = 0.0, h0
    for row in x:
        hs = [h]
        for k in range(x.shape[1]):
            hs.append(np.tanh(row + U @ hs[-1]) + k)
        h = hs[-1] / 3
        total = total + np.sum(hs[1:])
    return total + np.sum(h)


def in_place(x: "data[T, m]", U: "parameter[m, m]", h0: "data[m]"):  # type: ignore[no-untyped-def]  # noqa: F821
    h, total, both = h0.copy(), 0 * h0, 0 * U[0]
    for row in x:
        h[0] = h[1] * 2 + row[0]
        h += np.tanh(U @ h)
        total += row
        both += h0
    return np.sum(h * h0) + np.sum(total**2) + np.sum(both)


def falling(x: "data[T, m]", h0: "data[m]"):  # type: ignore[no-untyped-def]  # noqa: F821
    states = [h0]
    for t in reversed(range(x.shape[0])):
        states.append(x[t] * states[-1])
    return np.sum(states[-1])


def in_front(x: "data[T, m]", U: "parameter[m, m]", h0: "data[m]"):  # type: ignore[no-untyped-def]  # noqa: F821
    hs, pairs = [h0], []
    for t, row in enumerate(x):
        hs = [np.tanh(row + U @ hs[0]), *hs]
        pairs.append((hs[1] * t, hs[0]))
    firsts, _ = zip(*pairs)  # noqa: B905
    return np.sum(hs[0] * hs[-1]) + np.sum(np.stack(hs)[1:]) + np.sum(firsts[-1]) + sum(np.sum(a * b) for a, b in pairs)


def of_lists(x: "data[T, m]", U: "parameter[m, m]", h0: "data[m]"):  # type: ignore[no-untyped-def]  # noqa: F821
    hs, us = [], [U @ row for row in x]
    for row in reversed(x):
        h0 = h0 * row + 1
        hs += [row * h0]
    both = hs[::-1] + us + [h0]
    hs = hs * 2
    hs.append(h0)
    return np.sum(sum(both) ** 2) + np.sum(np.array(both) ** 3) * len(hs) + np.sum(np.concatenate(hs) ** 2) + np.sum(row)


def of_dicts(x: "data[T, m]", h0: "data[m]"):  # type: ignore[no-untyped-def]  # noqa: F821
    record = []
    for t, row in enumerate(x):
        h0 = np.tanh(h0 * row)
        record.append({"h": h0, "y": row, "pair": (row, t)})
    return sum(np.sum(one["h"] * one["y"]) * one["pair"][1] for one in record) + np.sum(record[0]["pair"][0])


def given_anew(x: "data[T, m]", U: "parameter[m, m]", h0: "data[m]"):  # type: ignore[no-untyped-def]  # noqa: F821
    z = np.zeros_like(x)
    for t in range(len(x)):
        z[t] = x[len(x) - 1 - t] * h0
    last, z = z[-1], z[::-1] * 2
    total = 0.0
    for t in range(x.shape[0]):
        total = total / 2 + np.sum(z[t] * x[t]) * t
    z += 1
    return total + np.sum(z[0] * last) + t


def helped(x: "data[T, m]", U: "parameter[m, m]", h0: "data[m]"):  # type: ignore[no-untyped-def]  # noqa: F821
    def cell(state, row, scale=1.0):  # type: ignore[no-untyped-def]
        rows = np.zeros_like(U)
        for k in range(len(U)):
            rows[k] = U[k] * scale
        return {"h": np.tanh(rows @ state["h"] + row), "c": state["c"] + rows[0]}

    state, record = {"h": h0, "c": h0}, {"n": 1}
    for row in x:
        state = {**cell(state, row, scale=2.0), "c": state["c"] * 0.5}
        record.update(n=2)
        args = (state, row)
        other = cell(*args)
    return np.sum(state["h"] * state["c"]) * record["n"] + np.sum(other["h"])


FUNCTIONS: list[Callable[..., Any]] = [
    appended, two_back, losses, carried, keyed, anew, nested, in_place, falling, in_front, of_lists, of_dicts, given_anew, helped,
]  # fmt: skip


@pytest.mark.parametrize("function", FUNCTIONS)
def test_what_python_computes(function: Callable[..., Any]) -> None:
    network: Network = read_function(function)
    assert has_loops(network.program)
    assert network.written_out is not None
    arrays = {name: ARRAYS[name] for name in (t.name for t in network.program.inputs) if name in ARRAYS}
    assert len(arrays) == len(network.program.inputs)
    loss = str(network.loss)
    for program, sizes in ((network.program, SIZES), (network.written_out(numbers=SIZES).program, {})):
        assert np.isclose(forward(program, arrays, sizes)[loss], function(**arrays))


def in_part(x: "data[T, m]", h0: "data[m]"):  # type: ignore[no-untyped-def]  # noqa: F821
    states = [h0]
    for row in x:
        states.append(row)
        states.append(row)
    return np.sum(states[-1])


def another_shape(x: "data[T, m]", h0: "data[m]"):  # type: ignore[no-untyped-def]  # noqa: F821
    states = [1.0]
    for row in x:
        states += [row + h0]
    return np.sum(states[-1])


def without_start(x: "data[T, m]", h0: "data[m]"):  # type: ignore[no-untyped-def]  # noqa: F821
    states = []
    for row in x:
        states.append(row + states[-1])
    return np.sum(states[-1])


def shrinks(x: "data[T, m]", h0: "data[m]"):  # type: ignore[no-untyped-def]  # noqa: F821
    state = (h0, h0)
    for row in x:
        state = (row + state[1],)  # type: ignore[misc]
    return np.sum(state[0])


def two_names(x: "data[T, m]", h0: "data[m]"):  # type: ignore[no-untyped-def]  # noqa: F821
    h = h0
    for row in x:
        h += row
    return np.sum(h * h0)


def two_lists(x: "data[T, m]", h0: "data[m]"):  # type: ignore[no-untyped-def]  # noqa: F821
    states = other = [h0]
    for row in x:
        states.append(row * states[-1])
    return np.sum(other[-1])


def held_twice(x: "data[T, m]", h0: "data[m]"):  # type: ignore[no-untyped-def]  # noqa: F821
    state = {"h": h0}
    for row in x:
        state["h"] += row
    return np.sum(state["h"] * h0)


def two_a_step(x: "data[T, m]", h0: "data[m]"):  # type: ignore[no-untyped-def]  # noqa: F821
    states = [h0]
    for row in x:
        states = [*states, row, row]
    return np.sum(states[-1])


def read_as_other(x: "data[T, m]", h0: "data[m]"):  # type: ignore[no-untyped-def]  # noqa: F821
    state = {"h": h0}
    other = state
    for row in x:
        state["h"] = np.tanh(row + other["h"])
    return np.sum(state["h"])


def rows_of_python(x: "data[T, m]"):  # type: ignore[no-untyped-def]  # noqa: F821
    return np.sum(sum(x) ** 2)


def from_the_end(x: "data[T, m]", h0: "data[m]"):  # type: ignore[no-untyped-def]  # noqa: F821
    h = h0
    for t in range(len(x)):
        h = np.tanh(h + x[-t])
    return np.sum(h)


def by_a_function(x: "data[T, m]", h0: "data[m]"):  # type: ignore[no-untyped-def]  # noqa: F821
    def added(a, row):  # type: ignore[no-untyped-def]
        a += row
        return a * row

    h = h0.copy()
    for row in x:
        last = added(h, row)
    return np.sum(h) + np.sum(last)


def none_at_first(x: "data[T, m]"):  # type: ignore[no-untyped-def]  # noqa: F821
    h, kept = None, x[0]
    for row in x:
        kept = h
        h = row
    return np.sum(h) + np.sum(kept)


def a_flag(x: "data[T, m]", h0: "data[m]"):  # type: ignore[no-untyped-def]  # noqa: F821
    state = {"first": True, "h": h0}
    for row in x:
        state["h"] = row if state["first"] else state["h"] * row
        state["first"] = False
    return np.sum(state["h"])


REFUSED = {
    by_a_function: "a function changes h in the loop",
    none_at_first: "h is None before the first step of the loop",
    a_flag: 'state["first"] is not known before the numbers are.',
    held_twice: "changes in place what state and h0 both hold.",
    two_a_step: "states does not hold after a step of ",
    read_as_other: "changes state in place, which is other as well.",
    rows_of_python: "sum(x) adds up the rows in Python, and all entries in NumPy.",
    from_the_end: "x[-t] is outside at t = T - 1",
    two_names: "changes h in place, which is h0 as well.",
    two_lists: "changes states in place, which is other as well.",
    in_part: "the list states does not grow by one value in each step",
    another_shape: "states begins with ",
    without_start: "states[-1] is no value at ",
    shrinks: "state does not hold after a step of ",
}


@pytest.mark.parametrize("function", REFUSED)
def test_what_is_refused(function: Callable[..., Any]) -> None:
    with pytest.raises(NotationError) as caught:
        read_function(function)
    assert REFUSED[function] in caught.value.fault, str(caught.value)
    assert caught.value.mend
