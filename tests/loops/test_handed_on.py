"""Values that the steps of a loop hand on as they are, or hand round: what their reports say of them."""

from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

import symbackprop as sb
from symbackprop.core.derivation import Derivation
from symbackprop.core.program import Carry
from symbackprop.judge.witnesses.watched import watched
from symbackprop.notation.errors import NotationError
from tests.loops.test_random_functions import function_of

HEAD = "import numpy as np\n\n\n"
CASES = {  # the function, how many values it carries, how many gradients have no short form
    "kept": (
        """def loss(x: "data[T, d]", h: "parameter[d]", g: "parameter[d]"):
    s = {"h": h, "c": g}
    for t in range(len(x)):
        g = g
        s = dict(s, c=np.tanh(s["c"] + s["h"] * x[t]))
    return (g + s["h"]) @ s["c"]
""",
        1,
        0,
    ),
    "swapped": (
        """def loss(x: "data[T, d]", h: "parameter[d]", g: "parameter[d]"):
    u, v, total = h, g, 0.0
    for t in range(len(x)):
        u, v = v, u
        total = total + np.tanh(u @ x[t])
    return total + u @ v
""",
        2,
        2,
    ),
    "two_back": (
        """def loss(x: "data[T, d]", h: "parameter[d]", g: "parameter[d]"):
    s = [h, g]
    for t in range(len(x)):
        u, v = s
        s = [v, u * g + x[t]]
    return s[0] @ s[1]
""",
        2,
        0,
    ),
    "by_an_entry": (
        """def loss(x: "parameter[T]", W: "parameter[T, T]"):
    v = x[0]
    for t in range(len(x) - 1, -1, -1):
        v = np.tanh(v + x[t]) if t > 0 else v * W[t, t]
    return v
""",
        1,
        1,
    ),
    "by_turns": (
        """def loss(x: "parameter[T]"):
    v = 0.2
    for t in range(len(x)):
        if t % 2 == 0:
            v = np.tanh(v * x[t]) if t < len(x) - 1 else v + x[t]
    return v
""",
        1,
        0,
    ),
}


def derived(path: Path, name: str) -> Derivation:
    return sb.derive(sb.read(function_of(path / f"{name}.py", HEAD + CASES[name][0])))


@pytest.mark.parametrize("name", CASES)
def test_what_steps_hand_on_is_reported(tmp_path: Path, name: str) -> None:
    derivation, (_, carried, missing) = derived(tmp_path, name), CASES[name]
    assert sum(isinstance(e.op, Carry) for e in derivation.forward.equations) == carried
    assert len(derivation.box().missing) == missing


def test_a_network_is_checked_whose_steps_its_reader_refuses_to_write_out(tmp_path: Path) -> None:
    network = derived(tmp_path, "two_back").network
    assert network is not None

    def refuse(**_: object) -> NoReturn:
        raise NotationError("it is not written out", "")

    derivation = sb.derive(replace(network, written_out=refuse))
    assert watched(derivation, {"T": 2, "d": 2}).program is derivation.forward
    assert sb.check(derivation).ok
