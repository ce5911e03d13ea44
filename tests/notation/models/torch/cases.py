"""The modules of the tests by name, what torch itself computes of them, and expressions as modules. It needs torch."""

import inspect
from unittest.mock import patch

import numpy as np
import torch
from torch import nn

from symbackprop.notation.models.torch.precise import copied
from symbackprop.notation.models.torch.tasks import task
from tests.notation.models.torch.architectures import ARCHITECTURES
from tests.notation.models.torch.asking import ASKING
from tests.notation.models.torch.expressions import DATA, EXPRESSIONS, PARAMETERS
from tests.notation.models.torch.modules import LAYERS, NETWORKS, Case
from tests.notation.models.torch.published import PUBLISHED

CASES = {**NETWORKS, **LAYERS, **ARCHITECTURES, **PUBLISHED, **ASKING}
ALIKE = ("images", "graphs", "encoder and decoder", "masked patches", "spoken", "boxes", "actor", "closure", "replayed", *ASKING)
"""Networks that are the same in training."""

MODES = [(name, mode) for name in CASES for mode in ("eval", "train") if mode == "eval" or name not in ALIKE]


def autograd(module: nn.Module, case: Case, inputs: tuple, targets: tuple) -> tuple[float, dict[str, np.ndarray]]:
    """The loss and the gradients of torch, in float64, by the names of `state_dict`."""
    own = task(copied(module).double(), case.loss)
    torch.set_default_dtype(torch.float64)
    try:
        with patch.object(torch.Tensor, "float", torch.Tensor.double):
            loss = own(*[tuple(t.double() if t.is_floating_point() else t for t in several) for several in (inputs, targets)])
    finally:
        torch.set_default_dtype(torch.float32)
    loss.backward()
    return loss.item(), {n.removeprefix("module."): p.grad.numpy() for n, p in own.named_parameters() if p.grad is not None}


class Expression(nn.Module):
    """The sum of the sines of an expression of parameters and data that it names."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.expression = EXPRESSIONS[name]
        self.names = [n for n in inspect.signature(self.expression).parameters if n != "name"]
        for n in self.names:
            if n in PARAMETERS:
                self.register_parameter(n, nn.Parameter(PARAMETERS[n].double().clone()))
            else:
                self.register_buffer(f"data_{n}", DATA[n].double() if DATA[n].is_floating_point() else DATA[n])

    def forward(self) -> torch.Tensor:
        return torch.sum(torch.sin(self.expression(*[getattr(self, n if n in PARAMETERS else f"data_{n}") for n in self.names])))
