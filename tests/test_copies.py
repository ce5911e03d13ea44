"""What a user may hold is pickled and copied: sent to other processes, kept in caches."""

import copy
import importlib
import multiprocessing
import pickle
import pkgutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy as sp

import symbackprop as sb
from symbackprop.core.errors import SymbackpropError
from symbackprop.notation import NotationError

XOR = Path(__file__).parent.parent / "examples" / "xor.net"
TEXT = "x: data[d]\nW: parameter[h, d]\ny: data[h]\nq = gelu(W @ x)\nL = sum((q - y)**2)"
POINT = {"x": np.array([0.5, -1.0]), "W": np.array([[1.0, 2.0], [0.3, -0.4], [2.0, 0.1]]), "y": np.array([1.0, 0.0, 2.0])}
COPIES: dict[str, Callable[[Any], Any]] = {
    "pickle": lambda thing: pickle.loads(pickle.dumps(thing)), "copy": copy.copy, "deepcopy": copy.deepcopy,
}  # fmt: skip


@sb.network
def decorated(x: "data[d]", w: "parameter[d]"):  # noqa: F821
    """A neuron."""
    a = sb.sigmoid(w @ x)
    return a**2


def deep() -> Any:
    """Many operations, of which nobody named one."""
    x = sb.parameter("x")
    for _ in range(300):
        x = sb.sin(x)
    return {"L": x}


NETWORKS: dict[str, Callable[[], Any]] = {
    "a text": lambda: TEXT,
    "a function": lambda: decorated,
    "tensors": lambda: sb.sum(sb.exp(sb.parameter("w", "n")) * sb.data("x", "n")),
    "deep": deep,
    "SymPy": lambda: sp.sin(sp.Symbol("x")) * sp.Symbol("y") ** 2,
}


@cache
def derived() -> Any:
    """A derivation, made once."""
    return sb.derive(TEXT)


def trained() -> Any:
    """Two epochs on the table of XOR."""
    return sb.train(XOR, dict(np.load(XOR.with_suffix(".npz"))), epochs=2, rate=0.5, batch=4, progress=False)


THINGS: dict[str, Callable[[], Any]] = {
    "a derivation": derived,
    "a second derivative": lambda: sb.derive(derived(), of="W"),
    "a gradient": lambda: derived().gradients["W"],
    "its gradients": lambda: derived().gradients,
    "a program": lambda: derived().program,
    "an equation": lambda: derived().backward[0],
    "a check": lambda: sb.check(derived(), points=1),
    "a verification": lambda: sb.verify(TEXT.replace("gelu", "tanh"), {"W": r"2 ((q - y) \odot (1 - q^2)) x^\top"}),
    "a verdict on a function": lambda: sb.verify_function(lambda x: np.sum(x**2), lambda x: 2 * x, np.array([1.0, 2.0])),
    "a tensor": lambda: sb.exp(sb.parameter("w", "n")),
    "a function of the language": lambda: sb.leaky_relu,
    "what was trained": trained,
    "a report": lambda: derived().document(),
}


@pytest.mark.parametrize("way", COPIES)
@pytest.mark.parametrize("origin", NETWORKS)
@pytest.mark.slow
def test_a_network_and_its_derivation_are_copied(origin: str, way: str) -> None:
    network = sb.read(NETWORKS[origin]())
    for thing in (network, sb.derive(network, of="L")):
        again = COPIES[way](thing)
        assert again == thing
        assert repr(again) == repr(thing)
        assert str(again) == str(thing)
    assert sb.derive(COPIES[way](network)).program == sb.derive(network).program


@cache
def made(what: str) -> Any:
    """One of the THINGS, made once."""
    return THINGS[what]()


@pytest.mark.parametrize("way", COPIES)
@pytest.mark.parametrize("what", THINGS)
def test_whatever_a_verb_returns_is_copied(what: str, way: str) -> None:
    thing = made(what)
    again = COPIES[way](thing)
    assert type(again) is type(thing)
    assert repr(again) == repr(thing)
    assert str(again) == str(thing)


@pytest.mark.parametrize("way", COPIES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_compiled_function_computes_the_same_wherever_it_is(dtype: str, way: str) -> None:
    compiled = sb.compile(TEXT, dtype=dtype)
    for _ in range(2):  # before its functions are made, and after
        again = COPIES[way](compiled)
        assert again.source == compiled.source
        (value, gradients), (same, others) = again.value_and_grad(POINT), compiled.value_and_grad(POINT)
        assert (value, again.value(POINT)) == (same, compiled.value(POINT))
        np.testing.assert_array_equal(gradients["W"], others["W"])
        np.testing.assert_array_equal(again.outputs(POINT)["q"], compiled.outputs(POINT)["q"])


def _elsewhere(derived: Any, compiled: Any) -> tuple[str, float, Any]:
    return derived.gradients["W"].latex(), compiled.value(POINT), NotationError("no", "mend")


@pytest.mark.slow
def test_another_process_takes_and_returns_them() -> None:
    derived, compiled = sb.derive(TEXT), sb.compile(TEXT)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        latex, value, error = pool.apply(_elsewhere, (derived, compiled))
    assert (latex, value) == (derived.gradients["W"].latex(), compiled.value(POINT))
    assert (str(error), error.fault, error.mend) == ("no mend", "no", "mend")


def _errors(kind: type[SymbackpropError]) -> list[type[SymbackpropError]]:
    return [kind, *[deeper for below in kind.__subclasses__() for deeper in _errors(below)]]


@pytest.mark.parametrize("way", COPIES)
def test_a_refusal_keeps_its_words_and_its_place(way: str) -> None:
    for module in pkgutil.walk_packages(sb.__path__, "symbackprop."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for kind in _errors(SymbackpropError):
        again = COPIES[way](kind("a fault"))
        assert (type(again), str(again)) == (kind, "a fault")
    with pytest.raises(NotationError) as refused:
        sb.read("x: data[n\n")
    again = COPIES[way](refused.value)
    assert (str(again), again.line, again.column, again.mend) == (
        str(refused.value), refused.value.line, refused.value.column, refused.value.mend,
    )  # fmt: skip
