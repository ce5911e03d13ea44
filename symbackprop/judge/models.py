"""Models of other libraries as networks, each held against what its own library computes before it is handed on."""

from __future__ import annotations

from typing import Any

from symbackprop.core.network import Network
from symbackprop.judge.modelled import held


def from_torch(module: Any, *inputs: Any, loss: Any = None, targets: Any = (), sizes: str = "batch") -> Network:
    """The loss of a module of PyTorch as a network: its layers one by one, its weights as the example.

    module   a torch.nn.Module; a copy is exported by torch.export, in float64. In training or not, as `module.training` says.
    inputs   what the module is called with: tensors or arrays, the batch on their first axis.
    loss     the name of a loss of torch.nn.functional, or a function of (output, *targets); where the module returns its loss
             itself, the key or position of it, or None.
    targets  what the loss takes beside the output: one tensor, or several.
    sizes    "batch": the first axis of every input is a symbol; "free": every axis of them that the module leaves free; "all":
             numbers.

    Names are those of `state_dict`, short: fc.weight is W_fc. The network's loss is held against the module's at the example and
    beside it. Raises NotationError, with the layer, the line and the operation, for what is not in the table.
    """
    from symbackprop.notation.models.torch.reading import model_of

    return held(model_of(module, inputs, loss, targets, sizes))
