"""Descriptions of Keras 2, as Keras 3 writes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from symbackprop.notation.errors import NotationError

ACTIVATIONS = {"hard_sigmoid": "hard_sigmoid_of_keras_2", "softmax_v2": "softmax"}
"""Activations that are called otherwise, or were others."""

OPERATIONS = {
    "__operators__.add": "Add", "math.add": "Add", "math.subtract": "Subtract", "math.multiply": "Multiply",
    "math.truediv": "TrueDivide", "math.divide": "TrueDivide", "math.negative": "Negative", "math.pow": "Power",
    "math.square": "Square", "math.sqrt": "Sqrt", "math.exp": "Exp", "math.log": "Log", "math.abs": "Absolute",
    "math.tanh": "Tanh", "math.sigmoid": "Sigmoid", "math.maximum": "Maximum", "math.minimum": "Minimum", "nn.relu": "Relu",
    "nn.softmax": "Softmax", "math.reduce_sum": "Sum", "math.reduce_mean": "Mean", "math.reduce_max": "Max",
    "linalg.matmul": "Matmul", "expand_dims": "ExpandDims",
}  # fmt: skip
"""Functions of TensorFlow that stand between layers, by those of keras.ops."""

OLDEST = "Load it in Keras 2 and save it again."
SECOND = ("y", "b")  # the argument that keras.ops takes in its place


def as_keras_3(description: Mapping[str, Any]) -> Mapping[str, Any]:
    """The description of a model, its layers as Keras 3 writes them.

    Raises NotationError for Keras 1, whose layers have other settings, and for what is no description.
    """
    version = str(description.get("keras_version", 3)).partition(".")[0]
    if version in ("0", "1"):
        raise NotationError(f"the description is of Keras {version}, whose layers have other settings.", OLDEST)
    if version != "2":
        return description
    try:
        return _layer(description)
    except (TypeError, ValueError, KeyError, IndexError, AttributeError, RecursionError):
        raise NotationError("a layer of this description, or a call of one, is none.", "Give what model.to_json() gives.") from None


def _layer(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    config = entry.get("config")
    if isinstance(config, list):  # of Sequential, before 2.2
        config = {"name": "sequential", "layers": config}
    if not isinstance(config, dict):
        return entry
    if entry.get("class_name") == "TFOpLambda" and config.get("function") in OPERATIONS:
        return _operation(entry, OPERATIONS[config["function"]])
    config = {name: _setting(name, value) for name, value in config.items()}
    if str(entry.get("class_name")).startswith("GRU"):
        config.setdefault("reset_after", False)
    return {**entry, "config": config}


def _setting(name: str, value: Any) -> Any:
    """A setting of a layer; layers that it holds."""
    if isinstance(value, dict) and "class_name" in value and "config" in value:
        return _layer(value)
    if isinstance(value, list):
        return [_setting(name, one) for one in value]
    return ACTIVATIONS.get(value, value) if name.endswith("activation") and isinstance(value, str) else value


def _operation(entry: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    """A function of TensorFlow as an operation, called with tensors and numbers."""
    calls = []
    for node in entry.get("inbound_nodes") or []:
        name, place, output, named = [*node, {}][:4]
        args = [output if name == "_CONSTANT_VALUE" else _tensor(name, place, output)]
        args += [_value(named[one]) for one in SECOND if one in named]
        rest = {one: _value(value) for one, value in named.items() if one not in (*SECOND, "name") and value is not None}
        calls.append({"args": args, "kwargs": rest})
    name = entry.get("name", entry["config"].get("name"))
    return {"class_name": kind, "module": "keras.src.ops.numpy", "name": name, "config": {"name": name}, "inbound_nodes": calls}


def _value(value: Any) -> Any:
    """An argument: a tensor is [name, 0, 0]."""
    is_tensor = isinstance(value, list) and len(value) == 3 and isinstance(value[0], str)
    return _tensor(*value) if is_tensor else value


def _tensor(name: str, place: int, output: int) -> Mapping[str, Any]:
    return {"class_name": "__keras_tensor__", "config": {"dtype": "float32", "keras_history": [name, place, output]}}
