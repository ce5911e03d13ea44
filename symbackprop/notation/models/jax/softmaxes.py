"""Exponentials that are shifted by their maximum, so that they do not overflow: what is meant is the softmax.

exp(x - m) / sum exp(x - m) is softmax(x), and m + log sum exp(x - m) is logsumexp(x), whatever m is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from symbackprop.language import operations as ops
from symbackprop.language.tensors import Tensor
from symbackprop.notation.models.jax.values import Spread, Value, spread

if TYPE_CHECKING:
    from symbackprop.notation.models.jax.walk import Walk


@dataclass(frozen=True)
class Part:
    """A piece of a softmax of x along axes.

    what  "max": the maximum; "shift": the same with its gradient stopped; "shifted": x minus it; "exp": exp of that; "sum": the
          sum of these; "log": its logarithm.
    seen  the tensor that it is, which must live as long as its identity is remembered.
    """

    what: str
    x: Tensor
    axes: tuple[int, ...]
    seen: Tensor

    @property
    def axis(self) -> Any:
        """The axes, or the one axis."""
        return self.axes[0] if len(self.axes) == 1 else self.axes


def _inner(value: Value) -> Tensor | None:
    return value.tensor if isinstance(value, Spread) else value if isinstance(value, Tensor) else None


@dataclass
class Softmaxes:
    """The pieces that were met, by the identity of their tensors."""

    parts: dict[int, Part] = field(default_factory=dict)

    def of(self, value: Value) -> Part | None:
        tensor = _inner(value)
        return None if tensor is None else self.parts.get(id(tensor))

    def note(self, value: Value, what: str, x: Tensor, axes: tuple[int, ...]) -> Value:
        """Remember a piece; the value is handed on."""
        tensor = _inner(value)
        if tensor is not None:
            self.parts[id(tensor)] = Part(what, x, axes, tensor)
        return value

    def same(self, old: Value, new: Value) -> Value:
        """The piece is the same in another shape."""
        part = self.of(old)
        return new if part is None or part.what in ("shifted", "exp") else self.note(new, part.what, part.x, part.axes)

    def _step(self, before: tuple[str, ...], after: str, old: Value, new: Value) -> Value:
        part = self.of(old)
        return self.note(new, after, part.x, part.axes) if part is not None and part.what in before else new

    def stopped(self, old: Value, new: Value) -> Value:
        return self._step(("max", "shift"), "shift", old, new)

    def exponential(self, old: Value, new: Value) -> Value:
        return self._step(("shifted",), "exp", old, new)

    def logarithm(self, old: Value, new: Value) -> Value:
        return self._step(("sum",), "log", old, new)

    def total(self, old: Value, new: Value, axes: tuple[int, ...]) -> Value:
        """A sum along axes."""
        part = self.of(old)
        return self.note(new, "sum", part.x, axes) if part is not None and part.what == "exp" and part.axes == axes else new


def summed_up(walk: Walk, name: str, a: Value, b: Value) -> Value | None:
    """What a sum, a difference or a quotient of pieces means, or None where it means nothing more."""
    one, two = walk.softmaxes.of(a), walk.softmaxes.of(b)
    match name, one and one.what, two and two.what:
        case "sub", _, "shift" if two is not None and a is two.x:
            difference = spread(walk.narrow(a) - walk.narrow(b), two.x.shape)
            return walk.softmaxes.note(difference, "shifted", two.x, two.axes)
        case "div", "exp", "sum" if one is not None and two is not None and one.x is two.x and one.axes == two.axes:
            return ops.softmax(one.x, one.axis)
        case "sub", "shifted", "log" if one is not None and two is not None and one.x is two.x and one.axes == two.axes:
            return ops.log_softmax(one.x, one.axis)
        case "add", "log", ("shift" | "max"):
            return _logsumexp(one, two, a)
        case "add", ("shift" | "max"), "log":
            return _logsumexp(two, one, b)
    return None


def _logsumexp(log: Part | None, shift: Part | None, value: Value) -> Value | None:
    if log is None or shift is None or log.x is not shift.x or log.axes != shift.axes:
        return None
    tensor = _inner(value)
    return ops.logsumexp(log.x, log.axes, keepdims=tensor is not None and tensor.ndim == log.x.ndim)
