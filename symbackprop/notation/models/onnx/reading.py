"""From an ONNX graph to a network: a walk over its operators."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy import ndarray
from sympy import Expr

from symbackprop.core.choices import nearest
from symbackprop.core.errors import shown
from symbackprop.core.network import Network
from symbackprop.core.program import size
from symbackprop.language import operations as ops
from symbackprop.language.tensors import Tensor, as_tensor
from symbackprop.notation.errors import NotationError, Place
from symbackprop.notation.models.built import Inputs, built
from symbackprop.notation.models.names import fresh, names_of
from symbackprop.notation.models.objectives import OBJECTIVES, SHORT, missing, with_loss
from symbackprop.notation.models.onnx import attention, elementary, layers, recurrent, sampling, shapes
from symbackprop.notation.models.onnx.constants import computed
from symbackprop.notation.models.onnx.control import CONTROL, read_by, within
from symbackprop.notation.models.onnx.learnt import is_learnt, told_of
from symbackprop.notation.models.onnx.load import STANDARD, loaded, version_of
from symbackprop.notation.models.onnx.node import Node, Value, fits, whole_numbers
from symbackprop.notation.vocabulary import name_fault

ROWS = {**elementary.ROWS, **shapes.ROWS, **layers.ROWS, **recurrent.ROWS, **attention.ROWS, **sampling.ROWS}

QUANTISED = re.compile(r"Quantize|QLinear|Integer$")
SEVERAL = re.compile(r"^(Sequence|SplitToSequence|Optional|ConcatFromSequence)")
RANDOM = re.compile(r"^Random|^Bernoulli|^Multinomial")
FLAT = {"ArgMax", "ArgMin", "Ceil", "Floor", "Round", "NonZero", "Hardmax", "Unique", "IsInf", "BitShift"}
"""Operators through which nothing comes back: a model may compute positions or masks by them, and not end in one."""

ROLES = {
    "BatchNormalization": ("", "gamma", "beta", "mu", "v"), "InstanceNormalization": ("", "gamma", "beta"),
    "LayerNormalization": ("", "gamma", "beta"), "GroupNormalization": ("", "gamma", "beta"), "RMSNormalization": ("", "gamma"),
    "Conv": ("", "W", "b"), "ConvTranspose": ("", "W", "b"), "Gemm": ("W", "W", "b"), "MatMul": ("W", "W"), "Add": ("b", "b"),
    "Gather": ("E",), "LSTM": ("", "W", "R", "b"), "GRU": ("", "W", "R", "b"), "RNN": ("", "W", "R", "b"),
}  # fmt: skip
"""What an input of an operator is called where the file has a number for it alone."""
BATCH = re.compile(r"^(batch(_?size)?|n|b|none|unk__\d+|\?|-1)?$", re.IGNORECASE)
LONGEST_NAME = 12  # characters: longer names of values are made by programs


def from_onnx(path: str | os.PathLike[str], loss: str | None = None) -> Network:
    """The network of an ONNX file: every operator as equations, its weights as parameters and as the example.

    path  a file. It is data: nothing of it is run.
    loss  the name of the output that is the loss; or, where the model ends in predictions, one of cross_entropy,
          binary_cross_entropy, mse_loss, ...: then y, the targets, is a further input. None: the output, which is one number.
    returns a network in which sizes that the file leaves open are symbols; the batch is N.

    Raises NotationError with the file, the operator, the fault and the mend: for what is no ONNX, is quantised, branches on
    data, draws random numbers, uses operators that are not ONNX's own, or lacks its weights.
    """
    model = loaded(path)
    graph = Graph(str(path), model)

    def reading(inputs: Inputs) -> Tensor:
        return Walk(graph, inputs).loss(loss)

    try:
        network = built(reading, name=Path(path).stem, origin="onnx", title=_title(model))
        return replace(network, aliases={loss: network.loss}) if loss and loss != network.loss else network
    except NotationError as fault:
        if fault.place is not None:
            raise
        raise NotationError(fault.fault, fault.mend, Place(str(path))) from None


def _title(model: Any) -> str | None:
    lines = model.graph.doc_string.strip().split("\n")
    return lines[0] if lines[0] and len(lines) == 1 else None


class Graph:
    """A graph that was loaded: its operators, its weights, what its names are called here.

    weights  arrays of floats, which are inputs of the network; `constants` all other arrays.
    stored   the weights that are not learnt: the statistics of batch normalisations; each with its domain.
    whole    the names of whole numbers.
    """

    def __init__(self, file: str, model: Any) -> None:
        from onnx import numpy_helper

        self.file, self.version, self.proto = file, version_of(model), model.graph
        graphs = list(within(self.proto))
        self.nodes = [node for graph in graphs for node in graph.node]
        arrays = {t.name: numpy_helper.to_array(t) for graph in graphs for t in graph.initializer}
        _statistics_apart(self.nodes, arrays)
        self.stored: dict[str, str | None] = {}
        self.whole = whole_numbers(self.proto.input, arrays, self.nodes)
        for node in self.nodes:
            if node.op_type == "BatchNormalization":
                self.stored |= dict(zip(node.input[3:5], (None, "positive"), strict=False))
        told = {name: says for graph in graphs for name, says in told_of(graph).items()}
        self.weights = {n: a for n, a in arrays.items() if n in self.stored or is_learnt(a, told.get(n, {}))}
        self.constants = {n: a for n, a in arrays.items() if n not in self.weights}
        self.inputs = [i for i in self.proto.input if i.name not in arrays]
        self.outputs = [o.name for o in self.proto.output]
        self.names = self._names()

    def _names(self) -> dict[str, str]:
        """What inputs and weights are called."""
        names: dict[str, str] = {}
        for one in self.inputs:
            names[one.name] = fresh(one.name, names.values())
        roles = dict(self._roles())
        anonymous = [n for n in self.weights if re.fullmatch(r"(onnx::)?[A-Za-z]*_?\d+|.*::.*", n) and roles.get(n)]
        stems = {n: role for n, role in roles.items() if role and role not in "WbE"}
        ordinary = [n for n in self.weights if n not in anonymous]
        names |= names_of(ordinary, {n: s for n, s in stems.items() if n in ordinary}, names.values())
        for name in anonymous:
            alone = sum(roles[n] == roles[name] for n in anonymous) == 1
            wish = roles[name] if alone else next(w for k in range(1, 10**6) if (w := f"{roles[name]}_{k}") not in names.values())
            names[name] = fresh(wish, names.values())
        return names

    def _roles(self) -> Iterator[tuple[str, str]]:
        for node in self.nodes:
            for name, role in zip(node.input, ROLES.get(node.op_type, ()), strict=False):
                if name in self.weights:
                    yield name, role

    def needed(self, outputs: Iterable[str], graph: Any = None) -> list[Any]:
        """The operators that these outputs depend on, in order; of a graph within this one where one is given."""
        wanted, found = set(outputs), []
        for node in reversed((graph or self.proto).node):
            if wanted & set(node.output):
                found.append(node)
                wanted |= read_by(node)
        return found[::-1]


def _statistics_apart(nodes: Sequence[Any], arrays: dict[str, Any]) -> None:
    """Give the statistics of a batch normalisation arrays of their own where an exporter merged them with weights that are equal.

    In a network that was not trained a variance of 1 is the array of the scale; what is learnt would move both.
    """
    kept = {(id(node), k) for node in nodes if node.op_type == "BatchNormalization" for k in (3, 4)}
    learnt = {name for node in nodes for k, name in enumerate(node.input) if (id(node), k) not in kept}
    for node in nodes:
        for k, word in ((3, "running_mean"), (4, "running_var")) if node.op_type == "BatchNormalization" else ():
            if (name := node.input[k]) in arrays and name in learnt:
                before, point, _ = node.input[1].rpartition(".")
                wish = f"{before}{point}{word}"
                own = wish if wish not in arrays else f"{wish}_{k}_{len(arrays)}"
                arrays[own] = arrays[name]
                node.input[k] = own


class Walk:
    """One walk over a graph, which writes its operators as tensors of the language."""

    def __init__(self, graph: Graph, inputs: Inputs) -> None:
        self.graph, self.inputs = graph, inputs
        self.values: dict[str, Value] = dict[str, Value](graph.constants)
        self.declared: dict[str, Tensor] = {}
        self.sizes: dict[str, Expr] = {}
        self.depth = 0  # of the graph within the others
        for one in graph.inputs:
            self.values[one.name] = self._given(one)

    # -- inputs ---------------------------------------------------------------------------------------------------------

    def _given(self, one: Any) -> Tensor:
        """An input of the model."""
        from onnx import TensorProto

        name, kind = self.graph.names[one.name], one.type.tensor_type
        whole = {TensorProto.INT64, TensorProto.INT32, TensorProto.INT16, TensorProto.INT8, TensorProto.UINT8}
        real = {TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16, TensorProto.BFLOAT16}
        if not one.type.HasField("tensor_type") or kind.elem_type not in {*whole, *real, TensorProto.BOOL}:
            raise NotationError(f"the input {one.name} holds no real numbers.", "Export a model of floats and whole numbers.")
        if not kind.HasField("shape"):
            raise NotationError(f"the input {one.name} has no shape.", "Export the model with the shapes of its inputs.")
        shape = [self._extent(d, axis) for axis, d in enumerate(kind.shape.dim)]
        domain = "binary" if kind.elem_type == TensorProto.BOOL else None
        return self.inputs.awaited(name, shape, kind.elem_type in whole, domain=domain)

    def _extent(self, dimension: Any, axis: int) -> Any:
        """A size of an input: a number, or a symbol where the file leaves it open."""
        if dimension.HasField("dim_value"):
            return dimension.dim_value
        given = dimension.dim_param
        if given and given in self.sizes:
            return self.sizes[given]
        taken = {*self.graph.names.values(), *map(str, self.sizes.values())}
        if not axis and BATCH.match(given):
            found = next((s for key, s in self.sizes.items() if key == ""), None) or size(fresh("N", taken))
            self.sizes[""] = found
        else:
            found = size(fresh(given or "n", taken))
        self.sizes[given or str(found)] = found
        return found

    def _declare(self, name: str, array: ndarray) -> Tensor:
        """An array that the file holds, as an input of the network."""
        if name not in self.declared:
            graph = self.graph
            if name in graph.weights and name not in graph.stored:
                self.declared[name] = self.inputs.parameter(graph.names[name], array.astype(float), name)
            else:
                computed = {output for node in graph.proto.node for output in node.output}
                own = graph.names.get(name) or fresh("c", {*self.inputs.tensors, *computed})
                self.declared[name] = self.inputs.data(own, array, None, name, graph.stored.get(name))
        return self.declared[name]

    # -- operators --------------------------------------------------------------------------------------------------------

    def output(self, name: str) -> Tensor:
        """A value of the graph by its name."""
        for proto in self.graph.needed([name]):
            if proto.output[0] not in self.values:
                self._step(proto)
        return as_tensor(self._value(name))

    def _value(self, name: str) -> Value:
        return self._declare(name, self.graph.weights[name]) if name in self.graph.weights else self.values[name]

    def inner(self, graph: Any, given: Sequence[Value]) -> list[Value]:
        """The outputs of a graph within this one at these inputs. It sees the names around it, which do not see its own."""
        around, self.values = self.values, {**self.values, **dict(zip((i.name for i in graph.input), given, strict=True))}
        outputs = [o.name for o in graph.output]
        self.depth += 1
        for proto in self.graph.needed(outputs, graph):
            self._step(proto)
        self.depth -= 1
        found, self.values = [self._value(name) for name in outputs], around
        return found

    def _node(self, proto: Any) -> Node:
        return Node(self.graph.file, proto, self.values, self.graph.weights, self.graph.version, self._declare, self.graph.whole)

    def _step(self, proto: Any) -> None:
        node = self._node(proto)
        if node.op == "Constant":
            self.values[node.outputs[0]] = _constant(node)
            return
        if proto.domain not in STANDARD:
            raise node.refused(f"it is of {proto.domain}, not one of ONNX's own.", "Export the model with standard operators.")
        constant = computed(node)
        if constant is not None:
            self.values[node.outputs[0]] = constant
            return
        row, course = ROWS.get(node.op), CONTROL.get(node.op)
        if row is None and course is None:
            raise _unknown(node)
        found = tuple(course(self, node)) if course else fits(node, lambda: row(node))  # type: ignore[misc]
        for name, value in zip(node.outputs, found if isinstance(found, tuple) else (found,), strict=False):
            self.values[name] = value
            self._call(name, value)

    def _call(self, name: str, value: Value) -> None:
        """Call a value as the file does, where a person did."""
        if not isinstance(value, Tensor) or value.is_input or value.name or not value.operands:
            return
        own = re.match(r"[a-zA-Z]+", name)
        made = not own or own[0].lower() in {*MADE, *(op.lower() for op in ROWS)} or len(name) > LONGEST_NAME
        taken = {*self.graph.names.values(), *map(str, self.sizes.values()), "y", "L"}
        if not made and name_fault(name) is None and name not in taken:
            value.called(name) if self.depth else value.named(name)

    # -- the loss ---------------------------------------------------------------------------------------------------------

    def loss(self, chosen: str | None) -> Tensor:
        """The loss: an output of the model, or one of its predictions."""
        outputs = self.graph.outputs
        if not isinstance(chosen, str | None):
            raise NotationError(f"loss={shown(chosen)} is no name.", f"Give one of {', '.join([*outputs, *OBJECTIVES])}.")
        if chosen is None or chosen in outputs:
            found = self.output(chosen or self._scalar() or outputs[0])
            if any(n != 1 for n in found.shape):
                raise missing(found.shape)
            return ops.reshape(found, ()) if found.shape else found
        if SHORT.get(chosen, chosen) not in OBJECTIVES:
            known = [*outputs, *OBJECTIVES]
            near = nearest(chosen, known)
            mend = f"Did you mean {near}?" if near else f"Those are: {', '.join(known)}."
            raise NotationError(f"there is no output and no loss {shown(chosen)}.", mend)
        last = self.graph.needed(outputs[:1])
        if last and last[-1].op_type in FLAT:
            raise self._node(last[-1]).refused(*SLOPE)
        return with_loss(self.inputs, self.output(outputs[0]), chosen, self._ending())

    def _scalar(self) -> str | None:
        """The output that the file says to be one number."""
        for one in self.graph.proto.output:
            kind = one.type.tensor_type
            if kind.HasField("shape") and all(d.dim_value == 1 for d in kind.shape.dim):
                return one.name
        return None

    def _ending(self) -> str | None:
        last = self.graph.needed(self.graph.outputs[:1])
        known: Mapping[str, str] = {"Softmax": "softmax", "LogSoftmax": "log_softmax", "Sigmoid": "sigmoid"}
        return known.get(last[-1].op_type) if last else None


MADE = {"val", "node", "output", "input", "tensor", "t", "x", "n", "view", "addmm", "getitem", "tmp", "linear", "onnx", "variable"}
"""How names begin that exporters make up."""


SLOPE = "it has no slope, so that nothing comes back through it.", "Say the output before it: loss= its name."


def _constant(node: Node) -> ndarray:
    from onnx import numpy_helper

    for name, value in node.attributes.items():
        match name:
            case "value":
                return numpy_helper.to_array(value)
            case "value_float" | "value_floats":
                return np.array(value, dtype=np.float32)
            case "value_int" | "value_ints":
                return np.array(value, dtype=np.int64)
    raise node.refused("it holds no array of numbers.", "Export the model anew.")


def _unknown(node: Node) -> NotationError:
    """Why an operator is not read."""
    if QUANTISED.search(node.op):
        return node.refused("the model is quantised: it computes with small whole numbers.", "Export it before it is quantised.")
    if SEVERAL.search(node.op):
        return node.refused("it holds several tensors, or none.", "Export the model with tensors of one shape, side by side.")
    if RANDOM.search(node.op):
        return node.refused("it draws random numbers.", "Export the model in evaluation mode.")
    if node.op in FLAT:
        return node.refused("it has no slope, so that nothing comes back through it.", "Say the output before it: loss= its name.")
    near = nearest(node.op, list(ROWS))
    return node.refused("no row says what it computes.", f"Write it with others, such as {near}." if near else "")
