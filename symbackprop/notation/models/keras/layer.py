"""One layer of a description: its settings, what it is called with, and what of both is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import sympy as sp

from symbackprop.language import operations as ops
from symbackprop.language.operations import TABLE
from symbackprop.language.tensors import LanguageError, Tensor
from symbackprop.notation.errors import NotationError
from symbackprop.notation.models.keras.calls import Call, Reference, calls_of, leaves

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "linear": lambda x: x, "relu": TABLE["relu"], "sigmoid": TABLE["sigmoid"], "tanh": TABLE["tanh"], "softmax": ops.softmax,
    "log_softmax": ops.log_softmax, "softplus": TABLE["softplus"], "softsign": TABLE["softsign"], "elu": TABLE["elu"],
    "selu": TABLE["selu"], "gelu": TABLE["gelu"], "silu": TABLE["silu"], "swish": TABLE["silu"], "exponential": TABLE["exp"],
    "mish": TABLE["mish"], "relu6": TABLE["relu6"], "log_sigmoid": TABLE["log_sigmoid"], "hard_tanh": TABLE["hard_tanh"],
    "leaky_relu": lambda x: TABLE["leaky_relu"](x, sp.Rational(1, 5)), "hard_sigmoid": lambda x: TABLE["relu6"](x + 3) / 6,
    **dict.fromkeys(("hard_silu", "hard_swish"), lambda x: x * TABLE["relu6"](x + 3) / 6), "celu": TABLE["celu"],
    "hard_sigmoid_of_keras_2": lambda x: ops.clip(x / 5 + sp.Rational(1, 2), 0, 1),
}  # fmt: skip
"""The values of a layer's setting `activation`."""

INWARD = ("GRU", "LSTM", "SimpleRNN", "RNN", "Bidirectional", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
"""Layers whose activation is not the last that they do."""

UNREAD = {
    "lora_rank": "Merge the low ranks into the weights, with lora_rank=None.",
    "rms_scaling": "Export the model to ONNX, and read it by sb.from_onnx.",
    "time_major": "Give sequences with their steps on axis 1.",
}
"""Settings that change what is computed, and what to do instead."""


STATES = ("mask", "initial_state")
READ_OF_CALLS: Mapping[str, tuple[str, ...]] = {
    "MultiHeadAttention": ("use_causal_mask", "query", "value", "key", "query_mask", "value_mask", "key_mask", "attention_mask"),
    "Attention": ("mask", "use_causal_mask"), "AdditiveAttention": ("mask", "use_causal_mask"),
    **dict.fromkeys(("SimpleRNN", "LSTM", "GRU", "RNN", "Bidirectional"), STATES),
}  # fmt: skip
"""What the rows of layers read of how these are called, by name; a mask is read of every call."""


class Value(NamedTuple):
    """What a layer gives.

    mask    which of its steps count, (N, T); None: all.
    ending  the activation that it ends in; None where it is not known.
    """

    tensor: Tensor
    mask: Tensor | None = None
    ending: str | None = None


class Layer:
    """A layer of a description: its class, its name, its settings."""

    weight: Callable[..., Tensor]  # the next weight: stem, shape, whether it is learnt, its domain
    held: Callable[[Any], Layer]  # a layer that this one holds
    inner: Callable[..., Any]  # what a layer that this one holds gives: its entry, tensors, a mask of the first, further by name
    constant: Callable[[Any], Tensor]  # an array of the description
    differing: Callable[[Tensor, Any], Tensor]  # where a tensor is other than a number, one tensor for all that ask
    args: list[Any]  # of the call under way, with its tensors
    named: dict[str, Any]
    masks: list[Tensor | None]  # of the tensors in `args`
    named_masks: dict[str, Tensor | None]

    def __init__(self, entry: Any) -> None:
        if not isinstance(entry, dict) or not isinstance(entry.get("config"), dict):
            raise NotationError("an entry of `layers` is no layer.", "Give what model.to_json() gives.")
        self.kind, self.config, self.entry = str(entry.get("class_name")), entry["config"], entry
        self.name = str(self.config.get("name") or entry.get("name") or self.kind.lower())
        self.frozen = self.config.get("trainable", True) is False
        self.penalised: set[str] = set()  # its regularisers that the loss has
        self.calls = calls_of(entry)
        self.gives, self.rank = "", -1  # the type and the number of axes of the first that it gives, where another layer says them
        self.graph: Any = None  # of a model that another one holds
        self.made: list[Tensor] = []  # its weights, in their order
        self.place = self.place_held = 0  # how many of them, and of the layers that it holds, the call under way has asked for

    @property
    def row(self) -> str:
        """What its row is called: a layer by its class, an operation that stands between layers, x + 1, as such."""
        return f"ops.{self.kind}" if ".ops." in str(self.entry.get("module")) else self.kind

    def refused(self, fault: str, mend: str = "") -> NotationError:
        """What is not read, with the layer."""
        return NotationError(f"the layer {self.name} ({self.kind}): {fault}", mend)

    def fitted(self, step: Callable[[], Any]) -> Any:
        """What a row makes; what the language or the settings refuse is said with the layer."""
        try:
            return step()
        except NotationError:
            raise
        except LanguageError as fault:
            raise self.refused(f"{fault}.") from None
        except (KeyError, TypeError, ValueError, IndexError) as fault:
            raise self.refused(
                f"its settings are no settings of {self.kind} ({fault}).", "Give what model.to_json() gives."
            ) from None

    def plainly(self, call: Call) -> None:
        """Refuse a call with more than tensors, but for what the row of the layer reads."""
        known = READ_OF_CALLS.get(self.kind, ("mask",))
        beside = [str(leaf) for leaf in leaves(call.args) if leaf is not None and not isinstance(leaf, Reference)]
        for name, value in call.named.items():
            told = [leaf for leaf in leaves(value) if leaf is not None and leaf is not False]
            if name not in known and told:
                beside.append(f"{name}={'...' if isinstance(told[0], Reference) else value}")
        if beside:
            raise self.refused(f"it is called with {beside[0]}.", "Leave it out, or export the model to ONNX.")

    def whole(self) -> None:
        """Refuse settings that change what the layer computes, or what the loss adds, and are not read."""
        for setting, mend in UNREAD.items():
            if self.config.get(setting):
                raise self.refused(f"{setting}={self.config[setting]!r} is not read.", mend)
        for setting, value in self.config.items():
            if setting.endswith("_regularizer") and value and setting not in self.penalised:
                raise self.refused(f"its {setting} adds to the loss, and is not read.", "Leave it out, or write it into the loss.")

    def input_shape(self) -> list[Any] | None:
        """The shape of the input that a layer says, with the batch."""
        found = self.config.get("batch_shape") or self.config.get("batch_input_shape")
        return list(found) if isinstance(found, list | tuple) and found else None

    def all(self) -> list[Layer]:
        """The layer, and those that it holds."""
        held = [self.config[key] for key in ("layer", "backward_layer", "cell") if isinstance(self.config.get(key), dict)]
        held += [entry for key in ("layers", "cells") for entry in self.config.get(key) or []]
        return [self, *(inner for entry in held for inner in Layer(entry).all())]

    def activated(self, x: Tensor) -> Tensor:
        """f(x) for the setting `activation`."""
        return activation(self, self.config.get("activation") or "linear", x)

    def ending(self) -> str | None:
        """The activation that the layer ends in; None where it is not known. A softmax is one along the last axis."""
        if self.kind == "Softmax":
            return "softmax" if self.config.get("axis", -1) == -1 else None
        if self.kind == "TimeDistributed":
            return Layer(self.config["layer"]).ending()
        named = self.config.get("activation")
        return named if isinstance(named, str) and self.kind not in INWARD else None

    def numbers(self, name: str, rank: int, default: Any = 1) -> tuple[int, ...]:
        """A setting of one whole number for each axis."""
        given = self.config.get(name)
        given = default if given is None else given
        return tuple(map(int, given)) if isinstance(given, list | tuple) else (int(given),) * rank

    def last(self) -> None:
        """Require the channels on the last axis."""
        if self.config.get("data_format", "channels_last") != "channels_last":
            raise self.refused("its channels stand first.", "Use channels_last, or export the model to ONNX.")


def activation(layer: Layer, name: Any, x: Tensor) -> Tensor:
    """An activation by its name, with a name for its value."""
    y = applied(layer, name, x)
    return y if y is x else y.called("a")


def applied(layer: Layer, name: Any, x: Tensor) -> Tensor:
    """An activation by its name."""
    word = name.get("config", name.get("class_name")) if isinstance(name, dict) else name
    if not isinstance(word, str) or word not in ACTIVATIONS:
        raise layer.refused(f"the activation {word!r} is not read.", f"Those are: {', '.join(ACTIVATIONS)}.")
    return ACTIVATIONS[word](x)
