"""One operator of an ONNX graph under reading: its tensors, its constants, its settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from typing import Any

import numpy as np
import sympy as sp
from numpy import ndarray
from sympy import Expr

from symbackprop.core.choices import INFINITE
from symbackprop.core.program import shape_text
from symbackprop.language import operations as ops
from symbackprop.language.tensors import LanguageError, Tensor, as_number, as_tensor
from symbackprop.notation.errors import NotationError, Place

Value = Tensor | ndarray  # what a name of the graph stands for; arrays are constants, of sympy expressions where sizes are symbols


class Node:
    """An operator.

    file     where it stands.
    proto    the operator as ONNX describes it; `op` its type, `attributes` its settings.
    values   what the names of the graph stand for so far, and `weights` the arrays that are no constants.
    version  of the operators.
    declare  an array that the graph holds as an input of the network.
    whole    the names that stand for whole numbers.
    """

    def __init__(
        self, file: str, proto: Any, values: Mapping[str, Value], weights: Mapping[str, ndarray], version: int,
        declare: Callable[[str, ndarray], Tensor], whole: Set[str] = frozenset(),
    ) -> None:  # fmt: skip
        from onnx import helper

        self.file, self.values, self.weights, self.version, self.declare = file, values, weights, version, declare
        self.whole = whole
        self.op: str = proto.op_type
        self.name: str = proto.name or (proto.output[0] if proto.output else "")
        self.inputs: list[str] = list(proto.input)
        self.outputs: list[str] = list(proto.output)
        self.attributes: dict[str, Any] = {a.name: _plain(helper.get_attribute_value(a)) for a in proto.attribute}

    def refused(self, fault: str, mend: str = "") -> NotationError:
        """What is not read, with its place in the graph."""
        return NotationError(f"the operator {self.op} ({self.name}): {fault}", mend, Place(self.file))

    # -- inputs ---------------------------------------------------------------------------------------------------------

    def has(self, k: int) -> bool:
        """Whether the optional input k is there."""
        return k < len(self.inputs) and bool(self.inputs[k])

    def value(self, k: int) -> Value:
        """Input k, a tensor or a constant array."""
        if not self.has(k):
            raise self.refused(f"its input {k} is missing.", "Export the model anew.")
        name = self.inputs[k]
        return self.declare(name, self.weights[name]) if name in self.weights else self.values[name]

    def tensor(self, k: int) -> Tensor:
        """Input k as a tensor. A constant of one entry is a number without axes; see `rank`."""
        value = self.value(k)
        if isinstance(value, Tensor):
            return value
        if value.dtype == object or value.size == 1:
            if value.size != 1:
                raise self.refused("sizes that are symbols are used as an array.", "Export the model with fixed sizes.")
            return as_tensor(exact(value.reshape(())[()]))
        if not value.size:
            raise self.refused(f"its input {self.inputs[k]} is empty.")
        if np.all(value == value.flat[0]):
            return ops.full(tuple(value.shape), exact(value.flat[0]))
        return self.declare(self.inputs[k], np.clip(value, -INFINITE, INFINITE) if value.dtype.kind == "f" else value)

    def tensors(self) -> list[Tensor]:
        """All inputs as tensors."""
        return [self.tensor(k) for k in range(len(self.inputs))]

    def rank(self, k: int) -> int:
        """How many axes input k has."""
        return self.value(k).ndim

    def array(self, k: int, what: str) -> ndarray:
        """Input k, which must be a constant."""
        value = self.weights[self.inputs[k]] if self.has(k) and self.inputs[k] in self.weights else self.value(k)
        if isinstance(value, Tensor):
            raise self.refused(f"{what} is computed from the inputs of the model.", "Export the model with a fixed one.")
        return value

    def integers(self, k: int, what: str) -> list[Any]:
        """Input k as whole numbers or sizes."""
        return [size_of(n) for n in self.array(k, what).ravel()]

    def positions(self, k: int, extent: Expr) -> Tensor:
        """Input k, constant whole numbers, as positions on an axis of that size."""
        array = self.array(k, "the positions")
        if array.dtype.kind not in "iu" or (np.any(array < 0) and not extent.is_Integer):
            raise self.refused("its positions are counted from an end that is not known.", "Export the model with fixed sizes.")
        return self.declare(self.inputs[k], np.where(array < 0, array + int(extent), array) if np.any(array < 0) else array)

    def number(self, k: int, what: str) -> Expr:
        """Input k, one constant number."""
        value = self.array(k, what)
        if value.size != 1:
            raise self.refused(f"{what} has {value.size} entries, where one number is read.")
        return exact(value.reshape(())[()])

    # -- settings -------------------------------------------------------------------------------------------------------

    def get(self, name: str, default: Any = None) -> Any:
        """A setting as ONNX stores it."""
        return self.attributes.get(name, default)

    def real(self, name: str, default: float) -> Any:
        """A setting that is a real number. It is stored in float32: 0.01 is one hundredth, as it was meant."""
        return exact(np.float32(self.attributes.get(name, default)))

    def only(self, **settings: Any) -> None:
        """Raise NotationError where a setting is another than those that are read."""
        for name, plain in settings.items():
            found = self.get(name, plain)
            if found != plain:
                raise self.refused(f"{name}={found!r} is not read.", f"{name}={plain!r} is.")

    def axis(self, default: int, rank: int) -> int:
        """The setting `axis`, counted from the front."""
        axis = int(self.get("axis", default))
        if not -rank <= axis < max(rank, 1):
            raise self.refused(f"there is no axis {axis} of {rank}.")
        return axis % max(rank, 1)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return value


def exact(value: Any) -> Expr:
    """A constant as an exact number: a float32 is the shortest decimal number that it is nearest to, infinity a large number.

    Raises LanguageError for what is no number.
    """
    if isinstance(value, Expr):
        return value
    if np.isinf(value):
        return sp.Integer(INFINITE if value > 0 else -INFINITE)
    if isinstance(value, np.floating):
        return as_number(float(str(value)))
    return as_number(value.item() if isinstance(value, np.generic) else value)


def size_of(value: Any) -> Any:
    """A size: a plain whole number, or an expression of symbols."""
    if isinstance(value, Expr):
        return int(value) if value.is_Integer else sp.expand(value)
    return int(value)


def shape_array(shape: tuple[Expr, ...]) -> ndarray:
    """A shape as a constant array: of whole numbers where all are known."""
    if all(n.is_Integer for n in shape):
        return np.array([int(n) for n in shape], dtype=np.int64)
    return np.array([size_of(n) for n in shape], dtype=object)


COUNTED = {"Shape", "Size", "ArgMax", "ArgMin", "NonZero"}
"""Operators that give whole numbers, whatever they read."""


def whole_numbers(inputs: Iterable[Any], arrays: Mapping[str, ndarray], nodes: Iterable[Any]) -> set[str]:
    """The names that stand for whole numbers, found along the graph: most operators keep the kind of what they read."""
    from onnx import TensorProto, helper

    kinds = {TensorProto.INT64, TensorProto.INT32, TensorProto.INT16, TensorProto.INT8, TensorProto.UINT8}
    found = {i.name for i in inputs if i.type.tensor_type.elem_type in kinds} | {
        n for n, a in arrays.items() if a.dtype.kind in "iu"
    }
    for node in nodes:
        settings = {a.name: a for a in node.attribute}
        if node.op_type == "Cast":
            whole = settings["to"].i in kinds
        elif node.op_type == "Constant":
            value = helper.get_attribute_value(node.attribute[0])
            whole = value.data_type in kinds if isinstance(value, TensorProto) else "int" in node.attribute[0].name
        else:
            read = node.input[1 if node.op_type in ("Where", "CastLike") else 0 : None]
            whole = node.op_type in COUNTED or bool(read and read[0] in found)
        found |= set(node.output) if whole else {*node.output[1:2]} if node.op_type == "TopK" else set()
    return found


def fits(node: Node, step: Callable[[], Any]) -> Any:
    """What a row makes of an operator; what the language refuses is said with the place."""
    try:
        return step()
    except LanguageError as fault:
        given = [v for v in map(node.values.get, node.inputs) if v is not None]
        shapes = ", ".join(shape_text(v.shape) if isinstance(v, Tensor) else str(v.shape) for v in given)
        open_sizes = any(not n.is_Integer for v in given if isinstance(v, Tensor) for n in v.shape)
        mend = "Export the model with fixed sizes, or with one name for sizes that are equal." if open_sizes else ""
        raise node.refused(f"{fault}; its inputs are {shapes}.", mend) from None
