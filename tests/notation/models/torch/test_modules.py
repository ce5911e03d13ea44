"""Modules of PyTorch as networks: gradients equal to autograd's in float64, and parameters back into a module."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

import symbackprop as sb
from symbackprop.notation.models.torch.tasks import task
from tests.notation.models.torch.modules import LAYERS, NETWORKS, Case

pytestmark = pytest.mark.slow
CASES = {**NETWORKS, **LAYERS}
MODES = [(name, mode) for name in CASES for mode in ("eval", "train") if mode == "eval" or name not in ("images", "graphs")]


def autograd(module: nn.Module, case: Case, inputs: tuple, targets: tuple) -> tuple[float, dict[str, np.ndarray]]:
    """The loss and the gradients of torch, in float64, by the names of `state_dict`."""
    own = task(copy.deepcopy(module).double(), case.loss)
    loss = own(*[tuple(t.double() if t.is_floating_point() else t for t in several) for several in (inputs, targets)])
    loss.backward()
    return loss.item(), {n.removeprefix("module."): p.grad.numpy() for n, p in own.named_parameters() if p.grad is not None}


@pytest.mark.parametrize(("name", "mode"), MODES, ids="-".join)
def test_gradients_are_those_of_autograd(name: str, mode: str) -> None:
    torch.manual_seed(1)
    case = CASES[name]
    module, inputs, targets = getattr(case.make(), mode)(), case.inputs(), case.targets()
    net = sb.from_torch(module, *inputs, loss=case.loss, targets=targets)
    loss, theirs = autograd(module, case, inputs, targets)
    value, ours = sb.compile(net).value_and_grad(net.example)
    assert value == pytest.approx(loss, rel=1e-12)
    assert {net.paths[key] for key in ours} == theirs.keys()
    largest = max(np.abs(gradient).max() for gradient in theirs.values())
    for key, gradient in ours.items():
        np.testing.assert_allclose(gradient, theirs[net.paths[key]], rtol=1e-12, atol=1e-12 * largest)
