"""Derivatives that a module asks for while it runs, by torch.autograd.grad: one operation of its graph, derived here anew."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from typing import Any

from symbackprop.notation.errors import NotationError

OPERATION = "inner_gradient"
"""What the operation is called: of `outputs`, by each of `inputs`, times what comes to each output from above."""


@contextmanager
def asked() -> Iterator[None]:
    """In this context torch.autograd.grad writes down what it is asked, and computes nothing."""
    torch, modes = import_module("torch"), import_module("torch.overrides")

    class Written(modes.TorchFunctionMode):
        def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            if function is torch.autograd.grad:
                return _written(torch, *args, **(kwargs or {}))
            return function(*args, **(kwargs or {}))

    with Written():
        yield


def _written(
    torch: Any, outputs: Any, inputs: Any, grad_outputs: Any = None, retain_graph: Any = None, create_graph: bool = False,
    only_inputs: bool = True, allow_unused: Any = None, is_grads_batched: bool = False, materialize_grads: bool = False,
) -> Any:  # fmt: skip
    """What stands for torch.autograd.grad, with its arguments."""
    if is_grads_batched:
        raise NotationError("torch.autograd.grad of a batch of vectors at once is not read.", "Call it for each of them.")
    of, by = ([one] if isinstance(one, torch.Tensor) else list(one) for one in (outputs, inputs))
    above = [grad_outputs] if isinstance(grad_outputs, torch.Tensor) else list(grad_outputs or [None] * len(of))
    above = [torch.ones_like(y) if v is None else v for y, v in zip(of, above, strict=True)]
    return tuple(_operation()(of, by, above, create_graph))


@cache
def _operation() -> Any:
    torch = import_module("torch")

    def inner_gradient(outputs, inputs, upstream, create_graph):  # type: ignore[no-untyped-def]  # torch is given its types as text
        raise AssertionError("an operation of a graph that is read and never run")

    schema = "(Tensor[] outputs, Tensor[] inputs, Tensor[] upstream, bool create_graph) -> Tensor[]"
    made = torch.library.custom_op(f"symbackprop::{OPERATION}", inner_gradient, mutates_args=(), schema=schema)
    made.register_fake(lambda outputs, inputs, upstream, create_graph: [torch.empty_like(x) for x in inputs])
    return made
