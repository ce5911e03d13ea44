"""One network written as text, as a Python function, as tensors with operators and in SymPy: one program."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import sympy as sp

import symbackprop as sb
from symbackprop.core.passes.stable import stable

EXAMPLES = Path(__file__).parent.parent / "examples"
CLOSE = {"rtol": 1e-12, "atol": 1e-14}


def loaded(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_text_function_and_tensors_make_the_same_program():
    text = sb.read(EXAMPLES / "two_layer.net")
    function = loaded("two_layer_function").two_layer
    tensors = loaded("two_layer_tensors").two_layer
    by_path = sb.read(f"{EXAMPLES / 'two_layer_function.py'}:two_layer")
    for other in (function, tensors, by_path):
        assert other.program == text.program
        assert other.loss == text.loss
    assert function.title == text.title


def test_sympy_makes_the_same_values_and_gradients():
    rng = np.random.default_rng(0)
    params = {"W_1": rng.standard_normal((3, 4)), "W_2": rng.standard_normal((2, 3))}
    data = {"x": rng.standard_normal(4), "y": rng.standard_normal(2)}
    network = loaded("two_layer_sympy").two_layer
    assert [t.name for t in network.program.parameters] == ["W_1", "W_2"]
    value, gradients = sb.compile(network).value_and_grad(params, data)
    expected, expected_gradients = sb.compile(EXAMPLES / "two_layer.net").value_and_grad(params, data)
    np.testing.assert_allclose(value, expected, **CLOSE)
    for name, array in expected_gradients.items():
        np.testing.assert_allclose(gradients[name], array, **CLOSE)


def test_scalars_make_the_same_program_in_all_four_ways():
    x, y, z = sp.symbols("x y z")
    tensors = [sb.parameter(name, "") for name in "xyz"]

    @sb.network
    def f(x, y, z):
        return (x + y) * z

    text = sb.read("x: parameter\ny: parameter\nz: parameter\nf = (x + y)*z")
    by_tensors = sb.network({"f": (tensors[0] + tensors[1]) * tensors[2]})
    by_sympy = sb.from_sympy((x + y) * z, name="f")
    assert by_tensors.program == text.program
    swapped = sb.read(text.source.replace("(x + y)*z", "z*(x + y)"))  # SymPy keeps no order of factors, only its own
    assert by_sympy.program == swapped.program
    assert str(f.program).replace("L =", "f =") == str(text.program)


def test_the_sigmoid_of_sympy_is_that_of_the_text():
    example = loaded("two_layer_sympy")
    network = example.neuron
    inside = example.w_0 * example.x_0 + example.w_1 * example.x_1 + example.w_2
    whole = sb.from_sympy(1 / (1 + sp.exp(-inside)), name="f", gates="whole")
    assert [str(e) for e in whole.program.equations] == ["f = 1/(exp(-w_0*x_0 - w_1*x_1 - w_2) + 1)"]
    assert str(stable(whole.program)).endswith("f = sigmoid(w_0*x_0 + w_1*x_1 + w_2)")
    assert str(sb.read(EXAMPLES / "sigmoid_neuron.net", gates="whole").program).endswith("f = sigmoid(z)")
    text = sb.read(EXAMPLES / "sigmoid_gates.net")
    point = {"w_0": 2, "w_1": -3, "w_2": -3, "x_0": -1, "x_1": -2}
    np.testing.assert_allclose(sb.compile(network).value_and_grad(point)[0], sb.compile(text).value_and_grad(point)[0], **CLOSE)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["two_layer_function", "two_layer_tensors", "two_layer_sympy"])
def test_the_python_examples_print_a_report(name: str):
    shown = subprocess.run(
        [sys.executable, str(EXAMPLES / f"{name}.py")],
        capture_output=True, text=True, encoding="utf-8", cwd=EXAMPLES.parent, timeout=120,
        env={"PYTHONPATH": str(EXAMPLES.parent), "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    assert shown.stderr == ""
    assert "1  The gradients" in shown.stdout
