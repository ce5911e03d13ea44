"""What is given for the memory of a step is written into it, however it is given."""

import copy
import pickle
from collections.abc import Callable

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.backends.arguments import ArgumentError
from symbackprop.backends.step import Step

NETWORK = "X: data[n, 2]\nE: parameter[v, 2]\nt: integers[n, v]\nw: parameter[2]\nL = sum((X @ w - E[t] @ w)**2)"
RNG = np.random.default_rng(4)
ARRAYS = {"X": RNG.normal(size=(5, 2)), "E": RNG.normal(size=(3, 2)), "t": np.array([0, 2, 1, 1, 0]), "w": RNG.normal(size=2)}
NEW = np.array([0.7, -1.3])


def bound() -> Step:
    return sb.compile(NETWORK, {"v": 3}).bind(ARRAYS)


def in_place(step: Step) -> None:
    step.parameters["w"][...] = NEW


def as_an_item(step: Step) -> None:
    step.parameters["w"] = NEW


def as_items(step: Step) -> None:
    step.parameters.update(w=NEW)
    step.parameters |= {"w": step.parameters["w"]}


def as_an_attribute(step: Step) -> None:
    step.parameters = {"w": NEW}  # type: ignore[assignment]


def as_one_vector(step: Step) -> None:
    step.flat = step.like({"E": ARRAYS["E"], "w": NEW})


def by_what_is_missing(step: Step) -> None:
    step.parameters["w"] += NEW - ARRAYS["w"]


def by_the_vector(step: Step) -> None:
    step.flat += step.like({"w": NEW - ARRAYS["w"]})


@pytest.mark.parametrize(
    "write", [in_place, as_an_item, as_items, as_an_attribute, as_one_vector, by_what_is_missing, by_the_vector]
)
def test_a_step_reads_what_it_was_given(write: Callable[[Step], None]) -> None:
    step = bound()
    step()
    write(step)
    value, gradients = sb.compile(NETWORK, {"v": 3}).value_and_grad({**ARRAYS, "w": NEW})
    assert step() == pytest.approx(value)
    for name, gradient in gradients.items():
        np.testing.assert_allclose(step.gradients[name], gradient)


@pytest.mark.parametrize(
    ("name", "array", "words"),
    [
        ("w", np.ones(3), r"w has shape \(3,\), and \(2,\) in this step: reshape the array, or bind a step for it"),
        ("E", np.ones(2), r"E has shape \(2,\), and \(3, 2\) in this step"),
        ("w", 1.0, r"w has shape \(\), and \(2,\) in this step"),
        ("w", np.ones(2) * 1j, r"w holds complex128, not real numbers; give an array of numbers"),
        ("w", ["a", "b"], r"w holds .*, not real numbers"),
        ("t", np.full(5, 0.5), r"t holds whole numbers in this step, and not all of these are; give whole ones"),
        ("t", np.full(5, np.nan), r"t holds whole numbers in this step"),
        ("W", np.ones(2), r"this step holds no W; did you mean w\?"),
    ],
)
def test_what_does_not_fit_in_a_step_is_refused(name: str, array: object, words: str) -> None:
    step = bound()
    before = step()
    with pytest.raises(ArgumentError, match=words):
        step.put({name: array})  # type: ignore[dict-item]
    places = step.data if name == "t" else step.parameters
    with pytest.raises(ArgumentError):
        places[name] = array  # type: ignore[assignment]
    assert step() == before


def test_copies_of_the_arrays_by_name_are_plain_and_of_the_step_another_step() -> None:
    step = bound()
    for again in (copy.deepcopy(step.parameters), pickle.loads(pickle.dumps(step.parameters))):
        assert type(again) is dict
        again["w"] = np.ones(7)
    for other in (copy.deepcopy(step), pickle.loads(pickle.dumps(step))):
        other.parameters["w"] = NEW
        assert other() != step()


@pytest.mark.parametrize(("name", "word"), [("flat", "parameters"), ("flat_gradient", "gradients")])
def test_memory_of_another_length_names_how_arrays_are_written(name: str, word: str) -> None:
    step = sb.compile(sb.read("W: parameter[2, 3]\nL = sum(W**2)"), backend="numpy").bind({"W": np.ones((2, 3))})
    with pytest.raises(ArgumentError, match=rf'given is the shape \(6,\): write each by its name, step\.{word}\["W"\] = array'):
        setattr(step, name, np.ones(6))


@pytest.mark.parametrize("backend", ["numpy", "c"])
def test_a_step_is_bound_in_the_memory_of_one_of_the_same_network_alone(backend: str) -> None:
    rng = np.random.default_rng(0)
    text = "X: data[n, d]\nW: parameter[d, c]\nL = sum((X @ W)**2)"
    function = sb.compile(text)
    arrays = {"X": rng.normal(size=(5, 2)), "W": rng.normal(size=(2, 3))}
    first = function.bind(arrays, backend=backend)
    few = function.bind(arrays | {"X": arrays["X"][:2]}, backend=backend, shared=first)
    assert np.shares_memory(few.flat, first.flat)
    others = [
        (sb.compile("X: data[n, d]\nw: parameter[d]\nL = sum((X @ w)**2)"), {"X": arrays["X"], "w": np.ones(2)}, "w, "),
        (function, {"X": rng.normal(size=(5, 40)), "W": rng.normal(size=(40, 3))}, "W, "),
        (sb.compile(text, dtype="float32"), arrays, "float64, and float32"),
    ]
    before = first.flat.copy()
    for other, given, words in others:
        with pytest.raises(ArgumentError, match=f"shared: .*{words}"):
            other.bind(given, backend=backend, shared=first)
    with pytest.raises(ArgumentError, match="give a step, which bind returned"):
        function.bind(arrays, backend=backend, shared=function)  # type: ignore[arg-type]
    assert (first.flat == before).all()


AWAY: dict[str, Callable[[dict], object]] = {
    "del": lambda arrays: arrays.__delitem__("w"),
    "pop": lambda arrays: arrays.pop("w"),
    "popitem": lambda arrays: arrays.popitem(),
    "clear": lambda arrays: arrays.clear(),
    "setdefault": lambda arrays: arrays.setdefault("v", NEW),
}


@pytest.mark.parametrize("away", AWAY)
def test_arrays_stay_in_a_step(away: str) -> None:
    step = sb.compile("w: parameter[n]\nL = sum(w**2)").bind({"w": np.ones(3)})
    with pytest.raises(ArgumentError, match="stay where it reads them"):
        AWAY[away](step.parameters)
    assert step() == 3
