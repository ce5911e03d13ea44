"""Equal layers and steps that were written out are loops of the same statements: the same numbers, to the last bit."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.backends.function import Compiled
from symbackprop.backends.printed import code_of
from symbackprop.backends.step import Step
from symbackprop.plan import folding
from symbackprop.plan.graph import PASSES
from symbackprop.plan.schedule import Plan, plan
from symbackprop.plan.statements import Loop, every


def dense(layers: int) -> str:
    lines = ["x: data[N, h]", "y: data[N, h]", *(f"W_{k}: parameter[h, h]\nb_{k}: parameter[h]" for k in range(layers))]
    return "\n".join([*lines, "z = x", *(f"z = tanh(z @ W_{k} + b_{k})" for k in range(layers)), "L = sum((z - y)**2) / N"])


def squared(layers: int) -> str:
    """The last layer's value is squared, so that its gradient stands where it stood, and its slope elsewhere than those before."""
    return dense(layers).replace("(z - y)**2", "z**2")


def lstm(steps: int) -> str:
    """A loss at every step, so that numbers of each are read at the end."""
    lines = [f"x: data[{steps}, N, d]\nW: parameter[d, 4*m]\nU: parameter[m, 4*m]\nh: data[N, m]\nc: data[N, m]\nL = 0"]
    for k in range(steps):
        lines.append(f"a = x[{k}] @ W + h @ U")
        lines.append("c = sigmoid(a[:, :m]) * c + sigmoid(a[:, m:2*m]) * tanh(a[:, 2*m:3*m])")
        lines += ["h = sigmoid(a[:, 3*m:]) * tanh(c)", "L = L + sum(h**2)"]
    return "\n".join(lines)


def inputs(steps: int) -> str:
    """A recurrent network whose inputs are arrays of their own, declared in another order than that of the steps."""
    lines = [f"x{k}: data[N, d]" for k in sorted(range(steps), key=str)]
    lines += ["W: parameter[d, m]", "U: parameter[m, m]", "b: parameter[m]", "h: data[N, m]"]
    lines += [f"h = tanh(x{k} @ W + h @ U + b)" for k in range(steps)]
    return "\n".join([*lines, "L = sum(h**2) + sum(x3 * x4)"])


def tower(blocks: int) -> str:
    """Residual blocks of windows: margins of zeros, which must stay."""
    lines = ["x: data[N, 2, 6]", *(f"K_{k}: parameter[2, 2, 3]" for k in range(blocks)), "z = x"]
    return "\n".join([*lines, *(f"z = z + tanh(conv1d(z, K_{k}, padding=1))" for k in range(blocks)), "L = sum(z**2)"])


NETWORKS = {
    "dense": (dense, 8, {"N": 3, "h": 4}),
    "squared": (squared, 8, {"N": 3, "h": 4}),
    "lstm": (lstm, 7, {"N": 2, "d": 3, "m": 2}),
    "inputs": (inputs, 12, {"N": 2, "d": 3, "m": 2}),
    "tower": (tower, 7, {"N": 2}),
}


@cache
def compiled(name: str, count: int, dtype: str = "float64") -> Compiled:
    text, _, sizes = NETWORKS[name]
    return sb.compile(text(count), sizes=sizes, dtype=dtype)


def planned(function: Compiled, fold: bool = True) -> Plan:
    return plan(function.program, "L", function.gradients, [p for p in PASSES if fold or p != "fold"])


def numbers(function: Compiled, made: Plan, backend: str = "numpy") -> list[np.ndarray]:
    def refused(*_: object) -> None:
        raise AssertionError("the step fell back on the source")

    step = Step(made.layout, code_of(made, function.dtype, backend), function.dtype, refused)  # type: ignore[arg-type]
    random = np.random.default_rng(3)
    step.flat[...] = random.normal(size=step.flat.shape) / 2
    for array in step.data.values():
        array[...] = random.normal(size=array.shape)
    step()  # what a first call leaves in memory must not matter
    return [np.array(step()), *(array.copy() for array in step.gradients.values())]


@pytest.mark.parametrize("name", NETWORKS)
def test_a_folded_plan_computes_the_same_numbers(name: str) -> None:
    function = compiled(name, NETWORKS[name][1])
    whole, loops = planned(function, fold=False), planned(function)
    assert any(isinstance(s, Loop) for s in loops.statements)
    assert not any(isinstance(s, Loop) for s in whole.statements)
    for a, b in zip(numbers(function, whole), numbers(function, loops), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dense", "squared", "inputs", "tower"])
def test_a_folded_plan_is_as_long_for_more_layers(name: str) -> None:
    few, many = (planned(compiled(name, n)) for n in (20, 32))
    assert [type(s) for s in every(few.statements)] == [type(s) for s in every(many.statements)]


def test_values_of_one_layer_alone_need_room_for_one() -> None:
    function = sb.compile(dense(12), sizes={"N": 16, "h": 8})
    lengths = [sum(b.length for n, b in planned(function, fold).buffers.items() if n.startswith("work")) for fold in (False, True)]
    assert lengths[1] <= 1.2 * lengths[0]


def test_inputs_that_stand_side_by_side_are_named_where_they_begin() -> None:
    function = compiled("inputs", 12)
    made = planned(function)
    assert list(made.layout.held) == ["data x0 and on", "data h"]
    assert "data_0[32]  x2 (2, 3)" in function.c_source()
    data = {name: np.random.default_rng(k).normal(size=shape) for k, (name, shape) in enumerate(made.layout.data.items())}
    params = {"W": np.ones((3, 2)), "U": np.eye(2), "b": np.ones(2)}
    ns: dict = {}
    exec(function.fast_source(), ns)
    for got in (ns["value_and_grad"](params | data), (function.bind(params, data)(), {})):
        value, gradients = function.value_and_grad(params, data)
        assert got[0] == pytest.approx(value, rel=1e-13)
        for name, gradient in got[1].items():
            np.testing.assert_allclose(gradient, gradients[name], rtol=1e-12)


def test_layers_that_stand_anywhere_in_memory_are_compared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = dense(40).split("\n")
    declared = [line for line in lines if ": parameter" in line]
    order = iter(sorted(declared, key=lambda line: (int(line.split(":")[0][2:]) * 17 % 41, line)))
    function = sb.compile("\n".join(next(order) if line in declared else line for line in lines), sizes={"N": 3, "h": 4})
    looked: list[int] = []
    way = folding._way
    monkeypatch.setattr(folding, "_way", lambda told, at, period: looked.append(at) or way(told, at, period))
    planned(function)
    assert len(looked) < 400  # it was every period from every statement on


def test_a_short_plan_stays_as_it_is() -> None:
    function = sb.compile(dense(2), sizes={"N": 3, "h": 4})
    assert planned(function).statements == planned(function, fold=False).statements


if any(map(shutil.which, ("cc", "gcc", "clang"))):

    @pytest.mark.slow
    @pytest.mark.parametrize("name", NETWORKS)
    def test_native_code_of_a_folded_plan(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        for dtype, close in (("float64", 1e-11), ("float32", 2e-4)):
            function = compiled(name, NETWORKS[name][1], dtype)
            wants = numbers(function, planned(function, fold=False))
            for found, want in zip(numbers(function, planned(function), "c"), wants, strict=True):
                np.testing.assert_allclose(found, want, rtol=close, atol=close * max(1, abs(want).max()))
