"""Modules of PyTorch as torch exported them once: their networks have the loss and the gradients that torch computed. It needs no torch."""

from collections.abc import Iterable, Mapping

import numpy as np
import pytest
from numpy import ndarray

import symbackprop as sb
from symbackprop.core.network import Network
from symbackprop.evaluate import tape
from symbackprop.notation.models.torch.reading import network_of
from symbackprop.notation.models.torch.rows import ROWS, complexes
from tests.notation.models.torch.recorded import FOLDER, Recorded, read, written

NETWORKS, EXPRESSIONS = read("networks"), read("expressions")
QUICK = {
    "residual-train",
    "memory-eval",
    "attention, masked-eval",
    "embedding bag-eval",
    "Hamiltonian-eval",
    "picked",
    "masks",
    "convolutions",
}

OURS = {"kept_alpha"} | {f"special_{name}" for name in ("bessel_j0", "bessel_j1", "modified_bessel_i0", "modified_bessel_i1")}
"""Rows of operations that are no torch's: what reading a module makes of some of them; and rows of which torch knows no slope."""


def marked(cases: Iterable[str]) -> list[object]:
    return [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in cases]


def require_gradients(case: Recorded, net: Network, found: Mapping[str, ndarray], tolerance: float) -> None:
    """Hold gradients by their names in the network against those that torch computed."""
    ours = {net.paths[key]: gradient for key, gradient in found.items()}
    largest = max(np.abs(gradient).max() for gradient in case.gradients.values())
    for path in ours.keys() | case.gradients.keys():
        np.testing.assert_allclose(ours.get(path, 0), case.gradients.get(path, 0), rtol=tolerance, atol=tolerance * largest)


@pytest.mark.parametrize("name", marked(NETWORKS))
def test_gradients_of_modules_are_those_of_autograd(name: str) -> None:
    case = NETWORKS[name]
    _, net = network_of(case.graph, "Module", "batch")
    value, gradients = sb.compile(net).value_and_grad(net.example)
    assert value == pytest.approx(case.loss, rel=1e-11)
    require_gradients(case, net, gradients, 1e-11)


@pytest.mark.parametrize("name", marked(EXPRESSIONS))
def test_every_row_has_the_slope_of_autograd(name: str) -> None:
    case, tolerance = EXPRESSIONS[name], 1e-7 if name == "hardsigmoid" else 1e-11  # torch multiplies by a sixth in float32 there
    _, net = network_of(case.graph, "Expression", "batch")
    derived = sb.derive(net)
    found = tape.forward(derived.program, net.example)
    assert found[net.loss] == pytest.approx(case.loss, rel=tolerance)
    learnt = [t.name for t in net.program.inputs if t.kind == "parameter"]
    require_gradients(case, net, {name: found[derived.gradient(name)] for name in learnt}, tolerance)


def test_every_row_is_used_by_an_expression() -> None:
    rows = ROWS.keys() | complexes.MAKES.keys() | complexes.TAKES.keys() | complexes.PRODUCTS.keys() | complexes.LINEAR
    assert rows - OURS <= {node.operation for case in EXPRESSIONS.values() for node in case.graph.nodes}


@pytest.mark.parametrize("name", ["networks", "expressions"])
def test_what_is_recorded_is_small_and_written_as_it_is_read(name: str) -> None:
    text, arrays = written(read(name))
    assert text == (FOLDER / f"{name}.json").read_text()
    assert sum(array.nbytes for array in arrays.values()) < 250_000
