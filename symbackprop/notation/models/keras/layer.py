"""One layer of a description: its settings, what it is called with, and what of both is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from symbackprop.language import operations as ops
from symbackprop.language.operations import TABLE
from symbackprop.language.tensors import LanguageError, Tensor
from symbackprop.notation.errors import NotationError

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "linear": lambda x: x, "relu": TABLE["relu"], "sigmoid": TABLE["sigmoid"], "tanh": TABLE["tanh"], "softmax": ops.softmax,
    "log_softmax": ops.log_softmax, "softplus": TABLE["softplus"], "softsign": TABLE["softsign"], "elu": TABLE["elu"],
    "selu": TABLE["selu"], "gelu": TABLE["gelu"], "silu": TABLE["silu"], "swish": TABLE["silu"], "exponential": TABLE["exp"],
    "mish": TABLE["mish"], "relu6": TABLE["relu6"], "log_sigmoid": TABLE["log_sigmoid"], "hard_tanh": TABLE["hard_tanh"],
    "leaky_relu": lambda x: TABLE["leaky_relu"](x, sp.Rational(1, 5)), "hard_sigmoid": lambda x: TABLE["relu6"](x + 3) / 6,
}  # fmt: skip
"""The values of a layer's setting `activation`."""

INWARD = ("GRU", "LSTM", "SimpleRNN")
"""Layers whose activation is not the last that they do."""

UNREAD = {
    "mask_zero": "The layers behind it leave out steps of zeros: set mask_zero=False, or give sequences of one length.",
    "lora_rank": "Merge the low ranks into the weights, with lora_rank=None.",
    "rms_scaling": "Export the model to ONNX, and read it by sb.from_onnx.",
    "time_major": "Give sequences with their steps on axis 1.",
}
"""Settings that change what is computed, and what to do instead."""


READ_OF_CALLS = {"MultiHeadAttention": ("use_causal_mask", "query_mask", "value_mask", "key_mask", "attention_mask")}
"""What the rows of layers read of how these are called, by name."""


def is_tensor(value: Any) -> bool:
    """Whether it is a tensor of a description."""
    return isinstance(value, dict) and value.get("class_name") == "__keras_tensor__"


def flat(values: Any) -> list[Any]:
    """The values in nested lists."""
    return [inner for one in values for inner in flat(one)] if isinstance(values, list) else [values]


class Layer:
    """A layer of a description: its class, its name, its settings."""

    weight: Callable[..., Tensor]  # the next weight: stem, shape, whether it is learnt, its domain
    inner: Callable[[Any], Callable[..., Tensor]]  # a layer that this one holds, as a function of what it reads

    def __init__(self, entry: Any) -> None:
        if not isinstance(entry, dict) or not isinstance(entry.get("config"), dict):
            raise NotationError("an entry of `layers` is no layer.", "Give what model.to_json() gives.")
        self.kind, self.config, self.entry = str(entry.get("class_name")), entry["config"], entry
        self.name = str(self.config.get("name") or entry.get("name") or self.kind.lower())
        self.frozen = self.config.get("trainable", True) is False
        self.penalised: set[str] = set()  # its regularisers that the loss has

    @property
    def row(self) -> str:
        """What its row is called: a layer by its class, an operation that stands between layers, x + 1, as such."""
        return f"ops.{self.kind}" if ".ops." in str(self.entry.get("module")) else self.kind

    def refused(self, fault: str, mend: str = "") -> NotationError:
        """What is not read, with the layer."""
        return NotationError(f"the layer {self.name} ({self.kind}): {fault}", mend)

    def fitted(self, step: Callable[[], Tensor]) -> Tensor:
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

    def call(self) -> tuple[list[Any], dict[str, Any]]:
        """What the layer is called with: values in their order, and by name."""
        node = self.nodes()[0] if self.nodes() else {}
        if isinstance(node, dict):
            return list(node.get("args") or []), dict(node.get("kwargs") or {})
        named = {name: value for one in node if isinstance(one, list) and len(one) == 4 for name, value in one[3].items()}
        return [], named  # as Keras 2 writes it: [name, 0, 0, {}] for each

    def plainly(self) -> None:
        """Refuse a call with more than tensors, but for what the row of the layer reads."""
        given, named = self.call()
        known = READ_OF_CALLS.get(self.kind, ())
        beside = [value for value in flat(given) if value is not None and not is_tensor(value)]
        beside += [f"{name}={value}" for name, value in named.items() if name not in known and value and not is_tensor(value)]
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
        held = [self.config[key] for key in ("layer", "backward_layer") if isinstance(self.config.get(key), dict)]
        return [self, *(inner for entry in held for inner in Layer(entry).all())]

    def nodes(self) -> list[Any]:
        """The calls of the layer."""
        return list(self.entry.get("inbound_nodes") or [])

    def reads(self) -> list[str]:
        """The names of the layers that it reads."""
        found: list[str] = []

        def look(value: Any) -> None:
            if isinstance(value, dict):
                history = value.get("config", {}).get("keras_history") if value.get("class_name") == "__keras_tensor__" else None
                if history:
                    found.append(str(history[0]))
                else:
                    for inner in value.values():
                        look(inner)
            elif isinstance(value, list) and len(value) in (3, 4) and isinstance(value[0], str) and isinstance(value[1], int):
                found.append(value[0])  # as Keras 2 writes it: [name, 0, 0, {}]
            elif isinstance(value, list):
                for inner in value:
                    look(inner)

        look(self.nodes())
        return found

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
    """An activation by its name."""
    word = name.get("config", name.get("class_name")) if isinstance(name, dict) else name
    if not isinstance(word, str) or word not in ACTIVATIONS:
        raise layer.refused(f"the activation {word!r} is not read.", f"Those are: {', '.join(ACTIVATIONS)}.")
    return x if word == "linear" else ACTIVATIONS[word](x).called("a")
