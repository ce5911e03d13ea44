"""A module of torch in float64: its own copy, and what its code makes in single precision while it runs."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from types import CellType, FunctionType
from typing import Any


def copied(module: Any) -> Any:
    """A copy of a module; what it keeps of a computation, as `weight_norm` keeps a weight, is copied as numbers.

    Functions that it keeps, and that read parts of it from where they were made, read those of the copy.
    """
    torch = import_module("torch")
    kept: dict[int, Any] = {}
    for part in module.modules():
        for value in vars(part).values():
            if isinstance(value, torch.Tensor) and value.grad_fn is not None:
                kept[id(value)] = value.detach().clone()
    new = copy.deepcopy(module, kept)
    for part in new.modules():
        for name, value in vars(part).items():
            if isinstance(value, FunctionType) and value.__closure__:
                vars(part)[name] = _rebound(value, kept)
    return new


def _rebound(function: FunctionType, copies: Mapping[int, Any]) -> FunctionType:
    """A function whose cells hold the copies of what they held, where there are any."""
    cells: list[CellType] = []
    for cell in function.__closure__ or ():
        try:
            held = cell.cell_contents
        except ValueError:  # nothing yet
            cells.append(cell)
        else:
            cells.append(CellType(copies.get(id(held), held)))
    new = FunctionType(function.__code__, function.__globals__, function.__name__, function.__defaults__, tuple(cells))
    new.__kwdefaults__ = function.__kwdefaults__
    return new


def precise(module: Any) -> Any:
    """A copy of a module in float64, on the processor; tensors that it keeps beside its state as well."""
    torch = import_module("torch")
    new = copied(module).cpu().double()
    for part in new.modules():
        for name, value in vars(part).items():
            if isinstance(value, torch.Tensor) and (value.is_floating_point() or value.is_complex()):
                vars(part)[name] = value.cpu().to(torch.complex128 if value.is_complex() else torch.float64)
        for tensor in (*part.parameters(recurse=False), *part.buffers(recurse=False)):
            if tensor.is_complex():
                tensor.data = tensor.data.to(torch.complex128)
        if isinstance(part, torch.nn.modules.batchnorm._NormBase) and part.momentum is None:
            part.momentum = 0.1  # of what it keeps for later, which no loss reads
    return new


@contextmanager
def unguarded() -> Iterator[None]:
    """In this context torch's own code does not ask for values that are known at a call alone.

    Those are whether the arguments of a distribution are valid, whether the variances of a Gaussian are not negative, and whether
    a mask of nn.Transformer is the causal one, for which it may take a faster way to the same numbers.
    """
    distributions, transformer = import_module("torch.distributions"), import_module("torch.nn.modules.transformer")
    before, asked = distributions.Distribution._validate_args, "_detect_is_causal_mask"
    own = getattr(transformer, asked, None)
    functional: Any = import_module("torch.nn.functional")
    gaussian, functional.gaussian_nll_loss = functional.gaussian_nll_loss, gaussian_nll_loss
    distributions.Distribution.set_default_validate_args(False)
    if own is not None:
        setattr(transformer, asked, lambda mask, is_causal=None, size=None: bool(is_causal))
    try:
        yield
    finally:
        functional.gaussian_nll_loss = gaussian
        distributions.Distribution.set_default_validate_args(before)
        if own is not None:
            setattr(transformer, asked, own)


def gaussian_nll_loss(input: Any, target: Any, var: Any, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> Any:
    """(log v + (x - t)^2 / v) / 2, where v is at least eps and keeps its slope: torch's, without its test that no v is negative."""
    torch = import_module("torch")
    if isinstance(var, int | float):
        var = var * torch.ones_like(input)
    if var.dim() < input.dim():
        var = var.unsqueeze(-1)
    var = var + (var.clamp(min=eps) - var).detach()
    loss = (torch.log(var) + (input - target) ** 2 / var) / 2
    loss = loss + math.log(2 * math.pi) / 2 if full else loss
    return loss.mean() if reduction == "mean" else loss.sum() if reduction == "sum" else loss


@contextmanager
def double() -> Iterator[None]:
    """In this context what torch makes is float64: new tensors, `x.float()`, `x.to(torch.float32)`, `dtype=torch.float16`."""
    torch, modes = import_module("torch"), import_module("torch.overrides")
    trees = import_module("torch.utils._pytree")
    singles = (torch.float32, torch.float16, torch.bfloat16, torch.FloatTensor, torch.HalfTensor)
    casts = (torch.Tensor.float, torch.Tensor.half, torch.Tensor.bfloat16)

    def wide(value: Any) -> Any:
        if value is torch.complex64 or value is torch.complex32:
            return torch.complex128
        return torch.float64 if any(value is single for single in singles) else value

    class Wide(modes.TorchFunctionMode):
        def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            if function in casts:
                return args[0].double()
            args, kwargs = trees.tree_map_only((torch.dtype, type), wide, (args, kwargs or {}))
            return function(*args, **kwargs)

    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with Wide():
            yield
    finally:
        torch.set_default_dtype(before)
