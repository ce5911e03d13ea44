"""The losses of Keras, as `compile` takes them: a row for each, with the settings that it is read with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from symbackprop.core.errors import shown
from symbackprop.language import losses
from symbackprop.language import operations as ops
from symbackprop.language.losses.arguments import bits
from symbackprop.language.operations import TABLE
from symbackprop.language.tensors import Tensor, as_number
from symbackprop.notation.errors import NotationError
from symbackprop.notation.models.keras.layer import Value
from symbackprop.notation.models.objectives import OBJECTIVES, Objective

EPSILON = as_number(1e-7)  # keras.config.epsilon()
LOGITS = "from_logits"
POSITIVE = ("sigmoid", "softplus", "exponential")  # activations that may be divided by their sum
AVERAGES = ("sum_over_batch_size", "mean", "auto")  # of a batch without weights
COMMON = ("name", "dtype", "reduction", "fn")

Values = Callable[[Tensor, Tensor, Mapping[str, Any]], Tensor]


class Row(NamedTuple):
    """A loss.

    targets  as for `Objective`.
    values   its values: one for each entry, which a sample averages, or, where `rows` says so, one for each sample.
    settings what it may be called with.
    unsaid   those that Keras does not write into a description.
    """

    targets: str
    values: Values
    rows: bool = False
    settings: tuple[str, ...] = ()
    unsaid: str = ""


def objective(word: str, settings: Mapping[str, Any], given: Value, compiled: bool) -> Objective:
    """The loss of a name and its settings.

    given     what the model gives: the activation that it ends in, as far as it is known, and which of its steps count.
    compiled  whether the model was compiled so; else a person named it, and what ends in no softmax or sigmoid gives logits.
    """
    row = ROWS[LOSSES[word]]
    said = {name: value for name, value in settings.items() if name not in COMMON and value is not None}
    odd = [name for name in said if name not in row.settings]
    if odd:
        raise _other(f"the loss {word}: {odd[0]}={shown(said[odd[0]])} is not read.")
    if said.get("axis", -1) != -1:
        raise _other(f"the loss {word}: axis={said['axis']} is not read.")
    if compiled and row.unsaid and settings and row.unsaid not in settings:
        fault = f"the model was compiled with {word}, and Keras does not write down its {row.unsaid}."
        raise NotationError(fault, f'Say loss="{word}" for the {row.unsaid} that Keras begins with.')
    if LOGITS in row.settings:
        said.setdefault(LOGITS, not compiled and given.ending not in PROBABLE[row.targets])
        said["ending"] = given.ending
    how = settings.get("reduction") or AVERAGES[0]
    if how not in (*AVERAGES, "sum"):
        raise _other(f"the loss {word}: reduction={how!r} is not read.")

    def function(p: Tensor, y: Tensor) -> Tensor:
        values = row.values(p, y, said)
        if given.mask is not None:
            return _of_steps(values if row.rows else ops.mean(values, -1), given.mask, how)
        if how in AVERAGES:
            return ops.mean(values)
        return ops.sum(values) / (1 if row.rows or values.ndim < 2 else values.shape[-1])

    return Objective(row.targets, function, {})


def _of_steps(values: Tensor, mask: Tensor, how: str) -> Tensor:
    """The sum of the values of the steps that count, or their mean."""
    if values.ndim != mask.ndim:
        raise _other("some steps of what the model gives do not count, and its losses are not those of steps.")
    total = ops.sum(mask * values)
    return total / ops.sum(mask) if how in AVERAGES else total


def word_of(stored: Any) -> tuple[str | None, Mapping[str, Any]]:
    """The name of a loss that a model was compiled with, and its settings; None where there is none."""
    while isinstance(stored, list) and len(stored) == 1:
        stored = stored[0]
    if isinstance(stored, dict) and "class_name" not in stored and len(stored) == 1:  # by the name of the one output
        return word_of(next(iter(stored.values())))
    if stored is None or isinstance(stored, str):
        return stored, {}
    kind, settings = (stored.get("class_name"), stored.get("config")) if isinstance(stored, dict) else (None, None)
    if isinstance(settings, str):  # a function of Keras, by its name
        return settings, {}
    if not isinstance(settings, dict) or kind == "__lambda__":
        raise _other("the model was compiled with a loss of its own.")
    return CLASSES.get(str(kind), str(kind)), settings


def require(word: str) -> None:
    """Raise NotationError where a loss has no row."""
    if word not in LOSSES:
        raise _other(f"the model was compiled with the loss {shown(word)}.")


def notes(word: str, settings: Mapping[str, Any]) -> list[str]:
    """What a person must know of a loss beside its formula."""
    row = ROWS[LOSSES[word]]
    if LOGITS in row.settings and not settings.get(LOGITS):
        return ["Keras keeps probabilities 1e-7 away from 0 and 1 in a cross-entropy; here they are as they are."]
    return ["Keras takes targets 0 and 1 of a hinge loss for -1 and 1; here they are -1 and 1."] if row.targets == "signs" else []


def weight_of(stored: Any) -> Any:
    """The factor of the loss of one output."""
    while isinstance(stored, list | dict) and len(stored) == 1:
        stored = next(iter(stored.values())) if isinstance(stored, dict) else stored[0]
    if stored is None:
        return 1
    if not isinstance(stored, int | float):
        raise _other(f"the model was compiled with loss_weights={shown(stored)}, which are not read.")
    return as_number(stored)


def _other(fault: str) -> NotationError:
    return NotationError(fault, f"Say another: loss= one of {', '.join(OBJECTIVES)}.")


def _smoothed(y: Tensor, settings: Mapping[str, Any], classes: Any) -> Tensor:
    e = as_number(settings.get("label_smoothing") or 0)
    return y if e == 0 else (1 - e) * y + e / classes


def _probabilities(p: Tensor, settings: Mapping[str, Any], taken: tuple[str, ...], word: str) -> Tensor:
    """What a model ends in, as the probabilities that a loss takes."""
    ending = settings["ending"]
    if ending in taken:
        return p
    if word == "categorical" and ending in POSITIVE:
        return p / ops.sum(p, -1, keepdims=True)
    fault = (
        f"the model was compiled with a {word} cross-entropy of probabilities, and ends in none: {ending or 'in no activation'}."
    )
    loss = "cross_entropy" if word == "categorical" else "binary_cross_entropy"
    raise NotationError(fault, f'Compile it with from_logits=True, or say loss="{loss}", which takes logits.')


def _categorical(p: Tensor, y: Tensor, settings: Mapping[str, Any]) -> Tensor:
    """-sum_k y[k] log p[k], of shares y or of the number of a class."""
    if settings[LOGITS]:
        return losses.cross_entropy(p, _smoothed(y, settings, p.shape[-1]), reduction="none")
    p = _probabilities(p, settings, ("softmax",), "categorical")
    return losses.nll_loss(TABLE["log"](p), _smoothed(y, settings, p.shape[-1]), reduction="none")


def _binary(p: Tensor, y: Tensor, settings: Mapping[str, Any]) -> Tensor:
    y = _smoothed(y, settings, 2)
    if settings[LOGITS]:
        return losses.binary_cross_entropy_with_logits(p, y, reduction="none")
    return bits(_probabilities(p, settings, ("sigmoid", "softmax"), "binary"), y)


def _logarithmic(p: Tensor, y: Tensor) -> Tensor:
    log_p, log_y = (TABLE["log"](TABLE["maximum"](x, EPSILON) + 1) for x in (p, y))
    return ops.square(log_p - log_y)


def _divergence(p: Tensor, y: Tensor) -> Tensor:
    p, y = (ops.clip(x, EPSILON, 1) for x in (p, y))
    return ops.sum(y * TABLE["log"](y / p), -1)


def _hinge_of_classes(p: Tensor, y: Tensor) -> Tensor:
    return TABLE["maximum"](ops.max((1 - y) * p, -1) - ops.sum(y * p, -1) + 1, 0)


def _plain(function: Callable[[Tensor, Tensor], Tensor]) -> Values:
    return lambda p, y, settings: function(p, y)


_LOGITS = (LOGITS, "label_smoothing", "axis")

ROWS: Mapping[str, Row] = {
    "mean_squared_error": Row("numbers", _plain(lambda p, y: losses.mse_loss(p, y, "none"))),
    "mean_absolute_error": Row("numbers", _plain(lambda p, y: losses.mae_loss(p, y, "none"))),
    "mean_absolute_percentage_error": Row(
        "numbers", _plain(lambda p, y: 100 * TABLE["abs"]((y - p) / TABLE["maximum"](TABLE["abs"](y), EPSILON)))
    ),
    "mean_squared_logarithmic_error": Row("numbers", _plain(_logarithmic)),
    "huber": Row(
        "numbers", lambda p, y, s: losses.huber_loss(p, y, as_number(s.get("delta", 1)), "none"), False, ("delta",), "delta"
    ),
    "log_cosh": Row("numbers", _plain(lambda p, y: losses.log_cosh_loss(p, y, "none"))),
    "poisson": Row("numbers", _plain(lambda p, y: p - y * TABLE["log"](p + EPSILON))),
    "hinge": Row("signs", _plain(lambda p, y: losses.hinge_loss(p, y, "none"))),
    "squared_hinge": Row("signs", _plain(lambda p, y: losses.squared_hinge_loss(p, y, "none"))),
    "categorical_hinge": Row("rows", _plain(_hinge_of_classes), True),
    "kl_divergence": Row("rows", _plain(_divergence), True),
    "cosine_similarity": Row("rows", _plain(lambda p, y: -losses.cosine_similarity(p, y)), True, ("axis",), "axis"),
    "categorical_crossentropy": Row("rows", _categorical, True, _LOGITS),
    "sparse_categorical_crossentropy": Row("classes", _categorical, True, (LOGITS, "axis")),
    "binary_crossentropy": Row("bits", _binary, False, _LOGITS),
}  # fmt: skip
"""The losses by the names of Keras' functions."""

PROBABLE = {"rows": ("softmax",), "classes": ("softmax",), "bits": ("sigmoid", "softmax")}
"""What a loss that a person names takes as probabilities, by its targets; anything else is logits."""

LOSSES: Mapping[str, str] = {
    **{name: name for name in ROWS}, "mse": "mean_squared_error", "mae": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error", "msle": "mean_squared_logarithmic_error", "huber_loss": "huber",
    "logcosh": "log_cosh", "kld": "kl_divergence", "kullback_leibler_divergence": "kl_divergence", "bce": "binary_crossentropy",
}  # fmt: skip
"""The names that Keras has for them."""

SAME = {
    "cross_entropy": "sparse_categorical_crossentropy", "binary_cross_entropy": "binary_crossentropy",
    "mse_loss": "mean_squared_error", "mae_loss": "mean_absolute_error", "huber_loss": "huber",
}  # fmt: skip
"""Losses of the language that are losses of Keras."""

CLASSES = {"".join(part.capitalize() for part in name.split("_")): name for name in ROWS} | {
    "KLDivergence": "kl_divergence", "LogCosh": "log_cosh", "CosineSimilarity": "cosine_similarity",
}  # fmt: skip
"""The names of their classes."""
