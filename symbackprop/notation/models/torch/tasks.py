"""A module together with its loss: what is exported, and what the network is held against."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from symbackprop.core.choices import nearest
from symbackprop.core.errors import shown
from symbackprop.notation.errors import NotationError, shortened
from symbackprop.notation.models.objectives import SHORT
from symbackprop.notation.models.torch.precise import gaussian_nll_loss


def task(module: Any, loss: Any) -> Any:
    """A module of torch that takes (inputs, targets) and returns the loss of `module`.

    loss   the name of a loss of torch.nn.functional, a function of (output, *targets), the key or position of the loss in what
           the module returns, or None: what the module returns is its loss.
    """
    torch = import_module("torch")

    class Task(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.module = module
            self.loss = chosen(loss)

        def forward(self, inputs: Any, targets: Any) -> Any:
            return self.loss(self.module(*inputs), *targets)

    return Task()


def chosen(loss: Any) -> Callable[..., Any]:
    """The function of (output, *targets) that `loss` means."""
    functional = import_module("torch.nn.functional")
    if loss is None or (isinstance(loss, int) and not isinstance(loss, bool)):
        return lambda output, *targets: _scalar(output, loss, targets)
    if isinstance(loss, str):
        function = OWN.get(loss) or getattr(functional, loss, None) or getattr(functional, SHORT.get(loss, ""), None)
        if callable(function):
            return lambda output, *targets: _key(output, loss) if not targets and _has(output, loss) else function(output, *targets)
        return lambda output, *targets: _key(output, loss)
    if callable(loss):
        return loss
    raise NotationError(f"loss={shown(loss)} is no loss.", 'Give a name, loss="cross_entropy", or a function of (output, target).')


DEVICES = "A copy of it is called on the processor: make tensors on the device of its inputs, device=x.device."

OWN: Mapping[str, Callable[..., Any]] = {"gaussian_nll_loss": gaussian_nll_loss}


def _has(output: Any, key: str) -> bool:
    return isinstance(output, Mapping) and key in output


def _key(output: Any, key: str) -> Any:
    if _has(output, key):
        return output[key]
    functional = import_module("torch.nn.functional")
    losses = [*SHORT, *(name for name in dir(functional) if name.endswith(("_loss", "entropy", "_logits", "kl_div")))]
    near = nearest(key, losses)
    mend = f"Did you mean {near}?" if near else 'Give the name of one of torch.nn.functional, such as "cross_entropy".'
    raise NotationError(f"there is no loss {shown(key)}.", mend)


def _scalar(output: Any, position: int | None, targets: tuple[Any, ...]) -> Any:
    """The loss in what a module returns."""
    if targets:
        raise NotationError("there are targets, and no loss that takes them.", 'Say which: loss="cross_entropy".')
    parts = list(output.values()) if isinstance(output, Mapping) else list(output) if isinstance(output, tuple | list) else None
    if parts is None:
        return output
    if position is not None:
        if -len(parts) <= position < len(parts):
            return parts[position]
        raise NotationError(f"loss={position} is none of the {len(parts)} values that the module returns.", "")
    scalars = [part for part in parts if getattr(part, "ndim", None) == 0]
    if len(scalars) == 1:
        return scalars[0]
    raise NotationError(
        f"the module returns {len(parts)} values, of which {len(scalars)} are numbers.", "Say which is the loss: loss=1, say."
    )


def called(task: Any, inputs: Any, targets: Any, back: bool = False) -> float:
    """The loss that the module computes.

    back   whether it asks for derivatives on its way; where that is not known yet, it is found out.

    Raises NotationError where it raises, or returns no number.
    """
    torch = import_module("torch")
    try:
        found = _computed(torch, task, inputs, targets, back)
    except NotationError:
        raise
    except Exception as fault:
        said = f"the module raised {type(fault).__name__}: {shortened(str(fault), 200)}"
        raise NotationError(said, DEVICES if re.search(r"same device|device meta|device type", str(fault)) else "") from fault
    if not isinstance(found, torch.Tensor) or found.numel() != 1:
        what = f"an array {tuple(found.shape)}" if isinstance(found, torch.Tensor) else shown(found)
        raise NotationError(
            f"the loss is {what}, which is no number.", 'Say which loss is meant, loss="mse_loss", and give its targets.'
        )
    return float(found.detach())


def _computed(torch: Any, task: Any, inputs: Any, targets: Any, back: bool) -> Any:
    """What a task returns, with a way back where it needs one."""
    try:
        with torch.set_grad_enabled(back):
            return task(inputs, targets)
    except RuntimeError as fault:
        if back or "does not require grad" not in str(fault):
            raise
    return _computed(torch, task, inputs, targets, True)
