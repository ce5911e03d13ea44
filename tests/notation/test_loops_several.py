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


FUNCTIONS: list[Callable[..., Any]] = [appended, two_back, losses, carried, keyed, anew, nested, in_place]


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


def falling(x: "data[T, m]", h0: "data[m]"):  # type: ignore[no-untyped-def]  # noqa: F821
    states = [h0]
    for t in reversed(range(x.shape[0])):
        states.append(x[t] * states[-1])
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


REFUSED = {
    two_names: "changes h in place, which is h0 as well.",
    two_lists: "changes states in place, which is other as well.",
    in_part: "the list states does not grow by one value in each step",
    falling: "the list states does not grow by one value in each step",
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
