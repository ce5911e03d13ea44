"""Losses of a model that ends in predictions: by their name, with the targets that they need as a further input."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from symbackprop.core.choices import nearest
from symbackprop.core.errors import shown
from symbackprop.core.program import shape_text
from symbackprop.language import losses
from symbackprop.language import operations as ops
from symbackprop.language.operations import TABLE
from symbackprop.language.tensors import Tensor
from symbackprop.notation.errors import NotationError
from symbackprop.notation.models.built import Inputs
from symbackprop.notation.models.names import fresh
from symbackprop.notation.torch_words import LAYERS


@dataclass(frozen=True)
class Objective:
    """A loss of predictions and targets.

    targets   "classes": whole numbers below the last axis of the predictions; "numbers", "bits" (0 or 1) or "signs" (-1 or 1) of
              their shape, that of a vector where there is one prediction a sample; "rows": numbers of their shape as it is.
    function  the loss of what the model computes.
    squashed  what the model ends in, and the loss of that: cross_entropy takes logits, or what softmax made of them.
    """

    targets: str
    function: Callable[..., Tensor]
    squashed: dict[str, Callable[..., Tensor]]


def _of_probabilities(p: Tensor, y: Tensor) -> Tensor:
    return losses.nll_loss(TABLE["log"](p), y)


def _bits(p: Tensor, y: Tensor) -> Tensor:
    return losses.binary_cross_entropy(p, y)


OBJECTIVES: dict[str, Objective] = {
    "cross_entropy": Objective("classes", losses.cross_entropy, {"softmax": _of_probabilities, "log_softmax": losses.nll_loss}),
    "nll_loss": Objective("classes", losses.nll_loss, {}),
    "binary_cross_entropy": Objective("bits", losses.binary_cross_entropy_with_logits, {"sigmoid": _bits}),
    "binary_cross_entropy_with_logits": Objective("bits", losses.binary_cross_entropy_with_logits, {}),
    "mse_loss": Objective("numbers", losses.mse_loss, {}),
    "mae_loss": Objective("numbers", losses.mae_loss, {}),
    "l1_loss": Objective("numbers", losses.mae_loss, {}),
    "huber_loss": Objective("numbers", losses.huber_loss, {}),
    "smooth_l1_loss": Objective("numbers", losses.smooth_l1_loss, {}),
    "squared_error": Objective("numbers", losses.squared_error, {}),
    "poisson_nll_loss": Objective("numbers", losses.poisson_nll_loss, {}),
}  # fmt: skip
"""The losses that a model may be given, by the names that the language has for them."""


_LAYERS = {layer: function for layer, function in LAYERS.items() if layer.endswith("Loss")}
SHORT = {
    **{name.removesuffix("_loss"): name for name in (*OBJECTIVES, *_LAYERS.values()) if name.endswith("_loss")}, **_LAYERS,
    "bce": "binary_cross_entropy", "bce_with_logits": "binary_cross_entropy_with_logits", "mae": "l1_loss",
}  # fmt: skip
"""What losses are called for short, and as layers of torch."""


def with_loss(inputs: Inputs, output: Tensor, loss: str, ends_in: str | None = None, name: str = "y") -> Tensor:
    """The loss of what a model computes, against targets that are a new input, y or of another name.

    ends_in  "softmax", "log_softmax" or "sigmoid", where the model ends in one.
    Raises NotationError for a loss that is not known, or that does not fit the shape.
    """
    objective = OBJECTIVES.get(SHORT.get(loss, loss))
    if objective is None:
        near = nearest(loss, list(OBJECTIVES))
        mend = f"Did you mean {near}?" if near else f"Those are: {', '.join(OBJECTIVES)}."
        raise NotationError(f"there is no loss {shown(loss)} for a model.", mend)
    return against(inputs, output, objective, ends_in, name)


def against(inputs: Inputs, output: Tensor, objective: Objective, ends_in: str | None = None, name: str = "y") -> Tensor:
    """The same for an objective."""
    shape = output.shape
    if objective.targets not in ("classes", "rows") and len(shape) == 2 and shape[1] == 1:
        output, shape = ops.squeeze(output, 1), shape[:1]  # one prediction a sample: targets are a vector
    settings: dict[str, Any] = {}
    match objective.targets:
        case "classes":
            if not shape or shape[-1] == 1:
                mend = 'Say loss="binary_cross_entropy" for one output.'
                raise NotationError(f"the model gives {shape_text(shape)}, which has no axis of classes.", mend)
            shape, settings = shape[:-1], {"bound": output.shape[-1]}
        case "bits":
            settings = {"domain": "binary"}
        case "signs":
            settings = {"domain": "sign"}
    y = inputs.awaited(fresh(name, inputs.tensors), shape, **settings)
    return objective.squashed.get(ends_in or "", objective.function)(output, y)


def missing(shape: tuple[Any, ...]) -> NotationError:
    """That a model has no loss, and what to say."""
    return NotationError(
        f"the model gives {shape_text(shape)} and has no loss.", f"Say which: loss= one of {', '.join(OBJECTIVES)}."
    )
