"""Keras models by their JSON, `model.to_json()`: data that describe layers. Keras itself is not needed, and nothing is run."""

from __future__ import annotations

import json
import operator
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import sympy as sp
from numpy import ndarray

from symbackprop.core.errors import shown
from symbackprop.core.network import Network
from symbackprop.core.program import shape_text, size
from symbackprop.language import operations as ops
from symbackprop.language.tensors import Tensor, as_number
from symbackprop.notation.declare import parameter
from symbackprop.notation.errors import NotationError, Place
from symbackprop.notation.models.built import Inputs, built
from symbackprop.notation.models.keras.graph import MODELS, Graph, entered, graph_of
from symbackprop.notation.models.keras.layer import Layer, Value
from symbackprop.notation.models.keras.layers import PENALTIES
from symbackprop.notation.models.keras.older import as_keras_3
from symbackprop.notation.models.keras.outputs import Losses, names_of
from symbackprop.notation.models.names import fresh
from symbackprop.notation.models.parameters import fitting

OPEN = "nmkpqr"  # what sizes that are left open are called, of the first input, of the second, ...
LARGEST = 10**7  # characters of a description


def from_keras(
    source: str | os.PathLike[str], loss: str | Sequence[str | None] | Mapping[str, str] | None = None, weights: Any = None
) -> Network:
    """The network of a Keras model, Sequential or Functional: its layers one by one.

    source   what `model.to_json()` gives, or the path of a file that holds it.
    loss     one of cross_entropy, binary_cross_entropy, mse_loss, ..., or Keras' own name; None: the loss that the model was
             compiled with. The targets are a further input, y, as Keras takes them: classes are whole numbers for cross_entropy and
             sparse_categorical_crossentropy, one-hot rows for categorical_crossentropy. Of a model with several outputs one for
             all, or one for each, in their order or by their names; their targets are y_ and the name of the output.
    weights  what `model.get_weights()` gives: they are the example. None: the network has no example.

    Raises NotationError with the layer, the fault and the mend for what is no description of a model, for layers without a row,
    and for weights of other shapes.
    """
    text, place, name = _text(source)
    try:
        model = Model(_parsed(text), weights)
        losses = Losses(model.compiled, model.outputs, loss)

        def reading(inputs: Inputs) -> Tensor:
            found = losses.of(inputs, model.values(inputs))
            for penalty in model.penalties:
                found = found + penalty
            return found

        notes = [*model.notes(), *losses.notes]
        network = model.fitting(lambda: built(reading, name=name or model.name, origin="keras", notes=notes))
    except NotationError as fault:
        raise NotationError(fault.fault, fault.mend, fault.place or place) from None
    return replace(network, aliases={loss: network.loss}) if isinstance(loss, str) and loss != network.loss else network


def to_keras(parameters: Any, source: str | os.PathLike[str], weights: Any = None) -> list[ndarray]:
    """What `model.set_weights` of a Keras model takes: its weights with these parameters in their places.

    parameters  what `sb.train` returned, or a dict with an array for each parameter of `from_keras(source)`.
    source      what `model.to_json()` gives, or the path of a file that holds it.
    weights     what `model.get_weights()` gives: those that are not learnt, such as running means, stay as they are, in the types
                that they have. None: of a model that learns all its weights, in float32.

    Raises NotationError where a parameter is missing, unknown or of another shape, and where weights are needed.
    """
    text, place, _ = _text(source)
    try:
        model = Model(_parsed(text), weights)
        model.fitting(lambda: built(lambda inputs: reduce(operator.add, [ops.sum(value.tensor) for value in model.values(inputs)])))
    except NotationError as fault:
        raise NotationError(fault.fault, fault.mend, fault.place or place) from None
    still = [w.name for w in model.found if not w.learnt]
    if still and weights is None:
        raise NotationError(f"{', '.join(still)} are weights that are not learnt.", "Give weights=model.get_weights() as well.")
    own = {w.name: np.zeros(tuple(map(int, w.shape))) if w.array is None else w.array for w in model.found if w.learnt}
    arrays = fitting(parameters, own)
    return [(arrays[w.name] if w.learnt else np.asarray(w.array)).astype(w.dtype) for w in model.found]


class Weight(NamedTuple):
    """A weight as the model has it: its name here, its shape, whether it is learnt, its array where it is known, its type there."""

    name: str
    shape: tuple[Any, ...]
    learnt: bool
    array: ndarray | None
    dtype: Any


def _text(source: Any) -> tuple[str, Place | None, str | None]:
    """The description, where it stands, and what to call it."""
    if isinstance(source, str) and source.lstrip().startswith("{"):
        return source, None, None
    if not isinstance(source, str | os.PathLike):
        raise NotationError(f"{shown(source)} is no description of a model.", "Give model.to_json(), or a path.")
    place = Place(str(source))
    try:
        if os.stat(source).st_size > LARGEST:
            raise NotationError("the file is too large for a description.", "Write model.to_json() into it.", place)
        return Path(source).read_text(encoding="utf-8"), place, Path(source).stem
    except (OSError, UnicodeDecodeError) as fault:
        said = getattr(fault, "strerror", None) or "it is no text"
        raise NotationError(f"the file cannot be read: {said}.", "", place) from None


def _parsed(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise NotationError("this is no JSON.", "Give what model.to_json() gives.") from None
    found = as_keras_3(found) if isinstance(found, dict) else found
    if (
        not isinstance(found, dict)
        or not isinstance(found.get("config"), dict)
        or not isinstance(found["config"].get("layers"), list)
    ):
        raise NotationError("this JSON describes no Keras model: it has no config with layers.", "Give what model.to_json() gives.")
    return found


class Model:
    """A description of a model under reading.

    outputs    their names.
    penalties  of regularisers, which the loss adds.
    found      its weights, in the order of model.get_weights().
    """

    def __init__(self, description: Mapping[str, Any], weights: Any) -> None:
        kind = description.get("class_name")
        if kind not in MODELS:
            raise NotationError(f"a Keras model of the class {shown(kind)} is not read.", "Sequential and Functional ones are.")
        self.config, self.compiled = description["config"], description.get("compile_config") or {}
        self.name, self.outputs = str(self.config.get("name", "model")), names_of(self.config)
        self.description = description
        self.several = len(self.config["layers"]) > 1
        self.given = None if weights is None else list(weights.values() if isinstance(weights, Mapping) else weights)
        self.penalties: list[Tensor] = []
        self.found: list[Weight] = []
        self.joined = False  # whether axes that are left open have one size in all inputs

    def fitting(self, step: Callable[[], Network]) -> Network:
        """What a step makes of the model: axes that are left open have sizes of their own, or, where that does not fit, one."""
        try:
            return step()
        except NotationError:
            if sum(layer.get("class_name") == "InputLayer" for layer in self.config["layers"]) < 2:
                raise
            self.joined = True
            return step()

    def values(self, inputs: Inputs) -> list[Value]:
        """What the model computes, one for each of its outputs."""
        self.penalties, self.found, self._rest = [], [], iter(self.given or ())
        self._inputs = inputs
        self._differing: dict[Any, tuple[Tensor, Tensor]] = {}
        graph = Graph(self.description, self._bind)
        found = graph.run(lambda k, layer: Value(self._input(graph, k, layer)))
        if len(found) != len(self.outputs):
            raise NotationError(f"the model gives {len(found)} values.", f"Its description names {len(self.outputs)}.")
        left = len(list(self._rest))
        if left:
            raise NotationError(f"{left} of the weights belong to no layer.", "Give what model.get_weights() of this model gives.")
        return found

    def _input(self, graph: Graph, k: int, layer: Layer | None) -> Tensor:
        """An input; the batch is a symbol, and so is every axis that the description leaves open."""
        shape = layer.input_shape() if layer else None
        if graph.sequential:
            shape = self.config.get("build_input_shape") or next((s for s in map(Layer.input_shape, graph.layers) if s), None)
        if shape is None and layer is not None and not graph.sequential:
            raise layer.refused("it does not say its shape.", "Give keras.Input(shape=...).")
        if shape is None:
            raise NotationError("the model does not say the shape of its input.", "Add keras.Input(shape=...) as its first layer.")
        given = [shape[0], *shape[1:]] if len(shape) else [None]
        sizes: list[Any] = []
        letter = "n" if self.joined or k >= len(OPEN) else OPEN[k]
        for axis, n in enumerate(given):
            sizes.append(size("N") if not axis else n if isinstance(n, int) and n > 0 else size(f"{letter}_{axis}"))
        name = "x" if layer is None or graph.sequential else layer.name
        return self._inputs.awaited(fresh(name, self._inputs.tensors), sizes, graph.holds_positions(k))

    def _bind(self, layer: Layer) -> None:
        """Give a layer what it asks for."""
        held: list[Layer] = []
        layer.weight = lambda *about: self._weight(layer, *about)
        layer.differing = self._other_than
        layer.constant = self._constant

        def hold(entry: Any) -> Layer:
            """The next of the layers that it holds, the same in each of its calls."""
            if layer.place_held == len(held):
                inner = Layer(entry)
                inner.frozen = inner.frozen or layer.frozen
                self._bind(inner)
                held.append(inner)
            layer.place_held += 1
            inner = held[layer.place_held - 1]
            inner.place = inner.place_held = 0
            return inner

        def enter(entry: Any, *tensors: Tensor, mask: Tensor | None = None, **named: Any) -> Any:
            inner = hold(entry)
            values = [Value(tensor, None if k else mask) for k, tensor in enumerate(tensors)]
            if inner.kind in MODELS:
                found = graph_of(inner, self._bind).run(lambda k, _: values[k])
            else:
                found = entered(inner, values, named)
            return found[0].tensor if len(found) == 1 else tuple(value.tensor for value in found)

        layer.held, layer.inner = hold, enter

    def _other_than(self, x: Tensor, number: Any) -> Tensor:
        """Where a tensor is other than a number."""
        key = id(x), number
        if key not in self._differing:
            self._differing[key] = x, (x != as_number(number)).called("m")
        return self._differing[key][1]

    def _constant(self, array: Any) -> Tensor:
        """An array of the description."""
        return self._inputs.data(fresh("c", self._inputs.tensors), np.asarray(array))

    def notes(self) -> list[str]:
        """What a person must know beside the equations."""
        layers = [inner for entry in self.config["layers"] for inner in Layer(entry).all()]
        kinds = {layer.kind for layer in layers}
        dropped = any("Dropout" in kind or "Noise" in kind for kind in kinds) or any(
            layer.config.get(setting) for layer in layers for setting in ("dropout", "recurrent_dropout")
        )
        said = ["nothing is dropped, and no noise is drawn"] if dropped else []
        said += ["batch normalisation takes the means and variances that it keeps"] if "BatchNormalization" in kinds else []
        return [f"As the model is used, not as Keras trains it: {', '.join(said)}."] if said else []

    def _weight(self, layer: Layer, stem: str, shape: tuple[Any, ...], learnt: bool, domain: str | None) -> Tensor:
        """The next weight of a layer: of its first call the next of model.get_weights(), of a later one that of the first."""
        layer.place += 1
        if layer.place > len(layer.made):
            layer.made.append(self._new_weight(layer, stem, shape, learnt and not layer.frozen, domain))
        found = layer.made[layer.place - 1]
        if found.shape != tuple(map(as_number, shape)):
            raise layer.refused(f"its calls ask for {stem} of several shapes.", "Give each a layer of its own.")
        return found

    def _new_weight(self, layer: Layer, stem: str, shape: tuple[Any, ...], learnt: bool, domain: str | None) -> Tensor:
        inputs = self._inputs
        name, path = fresh(f"{stem}_{layer.name}" if self.several else stem, inputs.tensors), f"{layer.name}/{stem}"
        array: ndarray | None = None
        dtype: Any = np.float32
        if self.given is not None:
            array = next(self._rest, None)
            if array is None:
                raise layer.refused("there are too few weights.", "Give what model.get_weights() of this model gives.")
            dtype, array = np.asarray(array).dtype, np.asarray(array, dtype=float)
            if array.shape != tuple(shape):
                fault = f"{stem} is {shape_text(tuple(map(sp.Integer, array.shape)))} in the weights."
                raise layer.refused(fault, f"The description says ({', '.join(map(str, shape))}).")
        self.found.append(Weight(name, tuple(shape), learnt, array, dtype))
        if learnt and array is not None:
            tensor = inputs.parameter(name, array, path)
        elif learnt:
            tensor = inputs.tensors[name] = parameter(name, *shape)
        elif array is not None:
            tensor = inputs.data(name, array, None, path, domain)
        else:
            tensor = inputs.awaited(name, shape, domain=domain)
        self.penalties += list(_penalties(layer, stem, tensor))
        return tensor


REGULARISERS = {
    "W": "kernel_regularizer", "U": "recurrent_regularizer", "b": "bias_regularizer", "E": "embeddings_regularizer",
    "gamma": "gamma_regularizer", "beta": "beta_regularizer",
}  # fmt: skip


def _penalties(layer: Layer, stem: str, tensor: Tensor) -> Iterator[Tensor]:
    """What the regulariser of a weight adds to the loss."""
    setting = REGULARISERS.get(stem)
    given = layer.config.get(setting) if setting else None
    if not given:
        return
    layer.penalised.add(str(setting))
    rows: Mapping[str, Callable[[Mapping[str, Any], Tensor], list[Tensor]]] = PENALTIES
    kind = str(given.get("class_name") if isinstance(given, dict) else given)
    if kind not in rows:
        raise layer.refused(f"the regulariser {shown(kind)} is not read.", f"{', '.join(rows)} are.")
    yield from rows[kind](given.get("config", {}) if isinstance(given, dict) else {}, tensor)
