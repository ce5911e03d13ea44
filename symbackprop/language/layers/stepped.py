"""A recurrent layer's steps: a few are written out one after the other, as a lecture does; more, or T of them, are one loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from symbackprop.core.program import shape_text
from symbackprop.language.loop import Loop
from symbackprop.language.operations import stack, swapaxes, where, zeros
from symbackprop.language.tensors import LanguageError, Tensor, as_number, as_tensor, label

FEW = 4  # so many steps are written out
State = Tensor | None  # None: zero, as before the first step


@dataclass(frozen=True)
class Name:
    """What the values of a step are called: h_3 of the third of several that are written out, h in a loop.

    number   the step's, or None in a loop.
    taken    what sizes are called, so that nothing else is: there the next stem serves.
    """

    number: int | None
    taken: frozenset[str] = frozenset()

    def __call__(self, *stems: str) -> str:
        if self.number is not None:
            return f"{stems[0]}_{self.number}"
        return next((s for s in stems if s not in self.taken), stems[0])


Step = Callable[[Tensor, tuple[State, ...], Name], tuple[Tensor, ...]]

_ALL: ContextVar[bool] = ContextVar("all steps are written out", default=False)


@contextmanager
def all_written_out(are: bool = True) -> Iterator[None]:
    """Within it every step is written out, however many there are; nothing changes where not `are`."""
    token = _ALL.set(_ALL.get() or are)
    try:
        yield
    finally:
        _ALL.reset(token)


class Stepped:
    """The states s_t = step(x_t, s_{t-1}) of a layer for t = 1, ..., T.

    layer    what messages call it.
    x        the sequence, its steps along the axis `time`.
    starts   the states before the first step; None: zeros.
    shape    of a state, or the shapes of all of them.
    step     from x_t, the states of the step before and the names of the step to its states.
    back     whether the last step comes first.
    mask     (N, T), which steps of the samples count: the others leave the states as they are.

    Raises LanguageError for no steps.
    """

    def __init__(
        self,
        layer: str,
        x: Tensor,
        time: int,
        starts: Sequence[State],
        shape: Sequence[Any],
        step: Step,
        back: bool = False,
        mask: Tensor | None = None,
    ) -> None:
        count = x.shape[time]
        if count.is_Integer and count < 1:
            raise LanguageError(f"{layer}: {label(x)} is {shape_text(x.shape)}: it has no steps; a sequence has one step or more")
        self.x, self.time, self.count, self.back, self.mask = x, time, count, back, mask
        self.written: list[tuple[Tensor, ...]] = []
        self.stacks: list[Tensor] = []
        if count.is_Integer and (count <= FEW or _ALL.get()):
            self._write_out(tuple(starts), step)
        else:
            self._loop(starts, list(shape) if isinstance(shape[0], tuple) else [tuple(shape)] * len(starts), step)

    def last(self, k: int = 0) -> Tensor:
        """The k-th state after the step that comes last."""
        place = 0 if self.back else -1
        return self.written[place][k] if self.written else self.stacks[k][0 if self.back else self.count - 1]

    def all(self, k: int = 0, axis: int = 0) -> Tensor:
        """The k-th state of every step, along the axis."""
        if self.written:
            return stack([states[k] for states in self.written], axis)
        return swapaxes(self.stacks[k], 0, axis) if axis else self.stacks[k]

    def _write_out(self, states: tuple[State, ...], step: Step) -> None:
        order = range(int(self.count))
        for t in reversed(order) if self.back else order:
            x = self.x[(*[slice(None)] * self.time, t)].called(f"x_{t + 1}")
            new = step(x, states, Name(t + 1))
            states = new if self.mask is None else self._kept(self.mask[:, t].called(f"m_{t + 1}"), new, states)
            self.written.append(states)
        if self.back:
            self.written.reverse()

    def _loop(self, starts: Sequence[State], shapes: Sequence[tuple[Any, ...]], step: Step) -> None:
        loop = Loop("t", self.count, -1 if self.back else 1)
        before = [
            loop.before(zeros(shape) if start is None else as_tensor(start), "before")
            for start, shape in zip(starts, shapes, strict=True)
        ]
        extents = [*(n for shape in shapes for n in shape), *self.x.shape]
        sizes = frozenset(str(s) for n in extents for s in as_number(n).free_symbols)
        new = step(loop.at(self.x, (self.time,)), tuple(before), Name(None, sizes))
        if self.mask is not None:
            new = self._kept(loop.at(self.mask, (1,)), new, tuple(before))
        for stand_in, value in zip(before, new, strict=True):
            loop.carry(stand_in, value)
            loop.befores[id(stand_in)].stem = f"{value.stem}_{'next' if self.back else 'prev'}"
        self.stacks = loop.whole(new)

    def _kept(self, mask: Tensor, new: tuple[Tensor, ...], old: tuple[State, ...]) -> tuple[Tensor, ...]:
        """The new states of the samples whose step counts, and the old ones of the others."""
        kept = []
        for value, before in zip(new, old, strict=True):
            stem, _, number = str(value.stem).partition("_")
            value.called(f"{stem}tilde_{number}" if number else f"{stem}tilde")
            kept.append(where(mask[:, None], value, 0 if before is None else before).called(f"{stem}_{number}" if number else stem))
        return tuple(kept)
