"""The value and the gradient of every tensor at one point, as they are written beside a picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from symbackprop.core.derivation import Derivation
from symbackprop.core.differentiate import differentiate
from symbackprop.evaluate import tape
from symbackprop.evaluate.arrays import summary
from symbackprop.evaluate.domains import defined
from symbackprop.evaluate.points import own_point

_ROWS, _COLUMNS = 4, 4  # the largest array whose entries are all shown


def entries(
    asked: Derivation, at: Mapping[str, Any] | None = None, seed: int = 0, sizes: Mapping[str, int] | None = None
) -> tuple[dict[str, str], dict[str, str]]:
    """The entries of every tensor of the forward program, and those of its gradient, both by the name of the tensor.

    at      the point, an array for each input; None: a random point.
    seed    of the random point.
    sizes   fixed sizes for the random point.

    A value that nothing comes back to has no gradient, and neither has any in a Jacobian. Along a vector, the change of each value
    stands for its gradient.
    Raises PointError, SizeError or ArrayError for a point that does not fit the network.
    """
    program = asked.forward
    real = [n for n, t in program.tensors.items() if t.kind not in ("integers", "constant")]
    whole = asked if asked.vector else differentiate(program, asked.of, real, True, asked.upstream)
    if at is not None:
        bound, where = own_point(program, at, sizes)
    else:
        bound, where = defined(program, sizes, seed)
    values = {**where, **tape.forward(whole.program, where, bound)}
    zero = {e.step.wrt.name for e in whole.backward if e.step and e.step.rule == "zero" and e.step.wrt}
    shown = {name: _text(values[name]) for name in program.tensors if name in values}
    if asked.vector:
        changes = {n: replace(asked.role(asked.wrt[0]), of=n).name for n in program.tensors}
        return shown, {n: _text(values[change]) for n, change in changes.items() if change in values}
    moving = [n for n in real if n not in zero or program.tensors[n].kind != "value"] if asked.mode != "jacobian" else []
    return shown, {name: _text(values[whole.gradient(name)]) for name in moving}


def _text(array: Any) -> str:
    """The entries of a small array in rows, otherwise a summary of it."""
    array = np.asarray(array)
    if array.ndim == 0:
        return _number(array)
    rows = array.reshape(len(array), -1) if array.ndim < 3 else None
    if rows is not None and array.ndim == 1 and len(rows) <= _ROWS:
        return "\n".join(_number(x) for x in array)
    if rows is not None and rows.shape[0] <= _ROWS and rows.shape[1] <= _COLUMNS:
        return "\n".join("  ".join(_number(x) for x in row) for row in rows)
    return summary(array)


def _number(value: Any) -> str:
    """A number in three digits, as on a blackboard: -0.393, 12, 1.5e-08."""
    number = float(value) + 0.0  # no -0
    return f"{number:.2f}" if 0.1 <= abs(number) < 1000 and not number.is_integer() else f"{number:.3g}"
