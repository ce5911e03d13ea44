"""Losses as students write them are derived unchanged, or refused with a mend that holds when it is obeyed."""

from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from tests.notation.trace import students
from tests.notation.trace.students import PROGRAMS
from tests.notation.trace.test_trace import slopes

QUICK = ("ndenumerate_", "shuffle_split", "class_attr", "logsumexp_scipy", "numpy_random_generator", "dot_1d_list")
OVER_VALUES = ("early_stop_value", "filter_learnt", "while_value")  # break, a filter and while over what is learnt


@pytest.fixture
def made(request: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(students, "rng", np.random.default_rng(3))
    function, args, *settings = PROGRAMS[request.param]()
    return function, args, dict(*settings)


@pytest.mark.parametrize(
    "made",
    [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in PROGRAMS if n not in OVER_VALUES],
    indirect=True,
)
def test_a_program_is_derived_unchanged(made: Any) -> None:
    function, args, settings = made
    network = sb.trace(function, *args, **settings)
    assert slopes(network, function, args) < 2e-6
    assert sb.check(network).ok


@pytest.mark.parametrize("made", OVER_VALUES, indirect=True)
def test_a_course_over_values_is_refused_and_its_mend_holds(made: Any) -> None:
    function, args, _ = made
    with pytest.raises(sb.NotationError, match=r'students.py:.*so the other course would never be seen.*branches="example"'):
        sb.trace(function, *args)
    network = sb.trace(function, *args, branches="example")
    assert any("a branch is taken as in the example" in note for note in network.notes)
    assert slopes(network, function, args) < 2e-6


def test_a_container_is_named_for_all_that_it_holds() -> None:
    def loss(params: Any, X: Any, scale: Any) -> Any:
        return np.mean(np.tanh(X @ params["W"] + params["b"]) * scale["s"])

    args = {"W": np.ones((3, 2)), "b": np.ones(2)}, np.ones((4, 3)), {"s": np.ones(2)}
    network = sb.trace(loss, *args, wrt="params")
    assert [t.name for t in network.program.inputs if t.kind == "parameter"] == ["W", "b"]
    with pytest.raises(sb.NotationError, match="there is no array of floats 'param'"):
        sb.trace(loss, *args, wrt="param")


def test_what_takes_plain_whole_numbers_alone_keeps_the_sizes_of_the_example() -> None:
    def loss(W: Any, X: Any) -> Any:
        table = np.array(bytearray(len(X)), dtype=float)  # which takes whole numbers of C
        return np.mean((X @ W + table[:, None]) ** 2)

    network = sb.trace(loss, np.ones((3, 2)), np.ones((4, 3)), wrt="W")
    assert slopes(network, loss, (np.ones((3, 2)), np.ones((4, 3)))) < 1e-6
