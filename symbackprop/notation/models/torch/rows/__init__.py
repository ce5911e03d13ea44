"""The table of operations: what each of torch's `aten` operations is in the language, a function of the arguments of its schema.

A row takes the arguments that it understands, by the names of the schema (`self` and `input` are x), with torch's defaults. An
argument that a row does not take must stand at its default: what is left is refused by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from symbackprop.notation.models.torch.rows import (
    complexes,
    derived,
    entrywise,
    further,
    images,
    layers,
    losses,
    matrices,
    places,
    pools,
    recurrent,
    reductions,
    sampled,
    shapes,
)

Row = Callable[..., Any]

ROWS: Mapping[str, Row] = {
    **entrywise.ROWS, **shapes.ROWS, **reductions.ROWS, **matrices.ROWS, **layers.ROWS, **pools.ROWS,
    **recurrent.ROWS, **losses.ROWS, **further.ROWS, **places.ROWS, **images.ROWS, **sampled.ROWS, **derived.ROWS,
}  # fmt: skip

VIEWS = shapes.VIEWS
"""Operations whose result shares its memory with what they read: what is written into one is written into the other."""

IGNORED = frozenset([
    "layout", "device", "pin_memory", "memory_format", "non_blocking", "copy", "implicit", "cudnn_enabled", "cudnn_enable",
    "momentum", "scale_grad_by_freq", "sparse", "weights_only", "path",
])  # fmt: skip
"""Arguments that are about memory, about the order of computing, or about what is not computed here."""

LEARNT = "index by a mask of what is learnt"
"""What an operation is called that reads entries by a mask which depends on parameters."""

MENDS: Mapping[str, str] = {
    "rrelu": "Call module.eval(), or take LeakyReLU: its slope is drawn at random.",
    "normal": "Draw random numbers outside of the module, mean + std * torch.randn_like(mean), or give them as an input.",
    "multinomial": "Draw random numbers outside of the module, and give them as an input.",
    LEARNT: "How many entries there are changes as it learns: multiply by the mask, or write torch.where.",
    "nonzero": "How many entries there are depends on the values: multiply by a mask, or write torch.where.",
    "item": "A number of Python has left the graph: leave tensors as they are.",
    "bincount": "Write F.one_hot(x, n).sum(0), with n as many as there are.",
    "ctc_loss": "Its sum over alignments is not in the language.",
}
"""What to do about operations that have no row; for all others, see `refusal`."""


def bound(operation: str, arguments: Mapping[str, Any]) -> tuple[Row, dict[str, Any]] | str:
    """The row of an operation and the arguments that it takes; where there is none, what stands in its way."""
    row = ROWS.get(operation) or complexes.MAKES.get(operation) or complexes.TAKES.get(operation)
    if operation == LEARNT:
        return "the mask of x[mask] depends on what is learnt."
    if row is None:
        return f"torch's {operation} is not in the table of operations."
    known = row.__code__.co_varnames[: row.__code__.co_argcount]
    taken = {name: value for name, value in arguments.items() if name in known}
    strange = [name for name in arguments if name not in known and name not in IGNORED]
    if strange:
        return f"torch's {operation} with {strange[0]}={arguments[strange[0]]} is not in the table of operations."
    return row, taken
