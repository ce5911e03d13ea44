"""The loss of a model: of each of its outputs the one that is said, or that it was compiled with, and their weighted sum."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

from symbackprop.core.choices import nearest
from symbackprop.core.errors import shown
from symbackprop.language.tensors import Tensor
from symbackprop.notation.errors import NotationError
from symbackprop.notation.models.built import Inputs
from symbackprop.notation.models.keras import losses
from symbackprop.notation.models.keras.calls import references_in
from symbackprop.notation.models.keras.layer import Value
from symbackprop.notation.models.objectives import OBJECTIVES, against, missing, with_loss

Own = Callable[[Inputs, Value, str], Tensor]


def names_of(config: Mapping[str, Any]) -> list[str]:
    """The names of the outputs of a model: those of a dict, in their order, or of the layers that give them."""
    stored = config.get("output_layers")
    if isinstance(stored, dict):
        return sorted(stored)
    return [one.layer for one in references_in(stored)] or [""]


class Losses:
    """The losses of the outputs of a model.

    notes  what a person must know of them beside their formulas.
    """

    def __init__(self, compiled: Mapping[str, Any], names: Sequence[str], said: Any) -> None:
        self.names, self.notes = names, list[str]()
        stored, weights = (compiled.get("loss"), compiled.get("loss_weights")) if said is None else (said, None)
        each = zip(self._apart("loss", stored), self._apart("loss_weights", weights), strict=True)
        self._each = [self._one(loss, weight, said is None) for loss, weight in each]

    def _apart(self, what: str, stored: Any) -> list[Any]:
        """What is said for each output: one for all, or one each, in their order or by their names."""
        if len(self.names) == 1:
            return [stored]
        if isinstance(stored, list | tuple):
            if len(stored) != len(self.names):
                fault = f"{what} has {len(stored)} entries, and the model {len(self.names)} outputs."
                raise NotationError(fault, f"They are {', '.join(self.names)}.")
            return list(stored)
        if isinstance(stored, Mapping) and "class_name" not in stored:
            odd = [name for name in stored if name not in self.names]
            if odd:
                raise NotationError(f"{what} names an output {shown(odd[0])}.", f"There are {', '.join(self.names)}.")
            return [stored.get(name) for name in self.names]
        return [stored] * len(self.names)

    def _one(self, loss: Any, weight: Any, compiled: bool) -> Own | None:
        """The loss of one output; None without one."""
        if not compiled and isinstance(loss, str) and loss in OBJECTIVES:
            return lambda inputs, value, name: _named(inputs, value, loss, name)
        if not compiled and loss is not None and loss not in losses.LOSSES:
            near = nearest(str(loss), [*OBJECTIVES, *losses.LOSSES])
            mend = f"Did you mean {near}?" if near else f"Those are: {', '.join(OBJECTIVES)}."
            raise NotationError(f"there is no loss {shown(loss)} for a model.", mend)
        word, settings = losses.word_of(loss) if compiled else (loss, {})
        if word is None:
            return None
        losses.require(word)
        self.notes += [note for note in losses.notes(word, settings) if note not in self.notes]
        factor = losses.weight_of(weight)

        def function(inputs: Inputs, value: Value, name: str) -> Tensor:
            return factor * against(inputs, value.tensor, losses.objective(word, settings, value, compiled), name=name)

        return function

    def of(self, inputs: Inputs, values: Sequence[Value]) -> Tensor:
        """The sum of the losses; the targets are y, or y and the name of the output where there are several."""
        found = [
            own(inputs, value, f"y_{name}" if len(values) > 1 else "y")
            for own, value, name in zip(self._each, values, self.names, strict=True)
            if own is not None
        ]
        if not found:
            raise missing(values[0].tensor.shape)
        return reduce(lambda a, b: a + b, found)


def _named(inputs: Inputs, value: Value, loss: str, name: str) -> Tensor:
    """A loss of the language; of steps that do not all count, the one of Keras that is the same."""
    if value.mask is None:
        return with_loss(inputs, value.tensor, loss, value.ending, name)
    if loss not in losses.SAME:
        fault = f"some steps of what the model gives do not count, and {loss} is not read of such."
        raise NotationError(fault, f"Say another: loss= one of {', '.join(losses.SAME)}.")
    return against(inputs, value.tensor, losses.objective(losses.SAME[loss], {}, value, False), name=name)
