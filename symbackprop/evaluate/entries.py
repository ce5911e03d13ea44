"""The value and the gradient of every tensor at one point, as they are written beside a picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from symbackprop.core.derivation import Derivation
from symbackprop.core.differentiate import differentiate
from symbackprop.core.passes.stable import stable
from symbackprop.core.program import Program
from symbackprop.evaluate import tape
from symbackprop.evaluate.arrays import summary
from symbackprop.evaluate.domains import defined
from symbackprop.evaluate.magnitude import largest_of
from symbackprop.evaluate.points import PointError, last_digit, own_point

LONG = 4  # entries of a vector that are all shown; of more the first two and the last
WIDE = 3  # the same of a matrix, along each axis; of more the first and the last
CANCELLED = 1e-12  # of the largest value: smaller entries may be what is left of terms that cancel
DRAWS = 8


def entries(
    asked: Derivation,
    at: Mapping[str, Any] | None = None,
    seed: int = 0,
    sizes: Mapping[str, int] | None = None,
    values: str = "entries",
) -> tuple[dict[str, str], dict[str, str]]:
    """The entries of every tensor of the forward program, and those of its gradient, both by the name of the tensor.

    at      the point, an array for each input; None: a random point.
    seed    of the random point.
    sizes   fixed sizes for the random point.
    values  one of VALUES: numbers in their places, those of a large array cut short; mean and largest; none at all.

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
    if values == "none":
        return {}, {}
    said = {"entries": in_places, "statistics": _statistics}[values]
    try:
        found = {**where, **tape.forward(whole.program, where, bound)}
    except PointError:  # out of the range of floats: what stable spellings still hold
        steady = stable(program, [asked.of])
        if steady is program or asked.vector:
            raise
        program, real = steady, [n for n in real if n in steady.tensors]
        whole = differentiate(program, asked.of, real, True, asked.upstream)
        found = {**where, **tape.forward(whole.program, where, bound)}
    found = without_rounding(whole.program, found, bound)
    zero = {e.step.wrt.name for e in whole.backward if e.step and e.step.rule == "zero" and e.step.wrt}
    shown = {name: said(np.asarray(found[name])) for name in program.tensors if name in found}
    if asked.vector:
        changes = {n: replace(asked.role(asked.wrt[0]), of=n).name for n in program.tensors}
        return shown, {n: said(np.asarray(found[change])) for n, change in changes.items() if change in found}
    still = zero if asked.upstream else {n for n in zero if program.tensors[n].kind == "value"}  # a layer's targets are none of it
    moving = [n for n in real if n not in still] if asked.mode != "jacobian" else []
    return shown, {name: said(np.asarray(found[whole.gradient(name)])) for name in moving}


def without_rounding(program: Program, found: Mapping[str, np.ndarray], sizes: Mapping[str, int]) -> dict[str, np.ndarray]:
    """The values of a program with 0 in the place of entries that rounding alone has left, as -2.78e-17 of terms that cancel.

    The first digit of such an entry moves, where every rounded result moves in its last.
    """
    exact = {name: np.asarray(array) for name, array in found.items()}
    largest = max((largest_of(array) for array in exact.values()), default=0.0)
    small = {name: (array != 0) & (np.abs(array) < CANCELLED * largest) for name, array in exact.items()}
    where = {t.name: exact[t.name] for t in program.inputs if t.name in exact}
    names = [e.target.name for e in program.equations if np.any(small.get(e.target.name, False))]
    jitter = last_digit(np.random.default_rng(0))
    for _ in range(DRAWS if names else 0):
        try:
            moved = tape.forward(program, where, sizes, jitter)
        except PointError:
            break
        for name in names:
            exact[name] = np.where(small[name] & (10 * np.abs(moved[name] - exact[name]) >= np.abs(exact[name])), 0.0, exact[name])
    return exact


def in_places(array: np.ndarray) -> str:
    """A vector as a column, a matrix as its rows, with dots for what is left out; the entries of a larger array in one line."""
    match array.ndim:
        case 0:
            return _number(array)
        case 1:
            return "\n".join(_cut(array, LONG, "⋮", _number))
        case 2:
            dots = " ".join(_cut("⋮" * array.shape[1], WIDE, "⋱", str))
            return "\n".join(_cut(array, WIDE, dots, lambda row: " ".join(_cut(row, WIDE, "…", _number))))
    return ", ".join(_cut(array.ravel(), LONG, "…", _number))


def _cut(parts: Any, most: int, dots: str, said: Callable[[Any], str]) -> list[str]:
    """All parts where there are few, or the first ones and the last with dots between them."""
    return [said(x) for x in parts] if len(parts) <= most else [*map(said, parts[: most - 2]), dots, said(parts[-1])]


def _statistics(array: np.ndarray) -> str:
    return summary(array) if array.ndim else _number(array)


def _number(value: Any) -> str:
    """A number in three digits, as on a blackboard: -0.393, 12, 1.5e-08."""
    number = float(value) + 0.0  # no -0
    return f"{number:.2f}" if 0.1 <= abs(number) < 1000 and not number.is_integer() else f"{number:.3g}"
