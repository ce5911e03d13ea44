"""Keras models by their JSON, `model.to_json()`: data that describe layers. Keras itself is not needed, and nothing is run."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import sympy as sp
from numpy import ndarray

from symbackprop.core.choices import nearest
from symbackprop.core.errors import shown
from symbackprop.core.network import Network
from symbackprop.core.program import shape_text, size
from symbackprop.language import operations as ops
from symbackprop.language.tensors import Tensor
from symbackprop.notation.declare import parameter
from symbackprop.notation.errors import NotationError, Place
from symbackprop.notation.models.built import Inputs, built
from symbackprop.notation.models.keras import attention, layers, losses, recurrent, windows
from symbackprop.notation.models.keras.layer import Layer
from symbackprop.notation.models.keras.layers import PENALTIES
from symbackprop.notation.models.names import fresh
from symbackprop.notation.models.objectives import OBJECTIVES, against, missing, with_loss
from symbackprop.notation.models.parameters import fitting

ROWS = {**layers.LAYERS, **windows.LAYERS, **recurrent.LAYERS, **attention.LAYERS}

LARGEST = 10**7  # characters of a description
MOST = 2_000  # layers


def from_keras(source: str | os.PathLike[str], loss: str | None = None, weights: Any = None) -> Network:
    """The network of a Keras model, Sequential or Functional: its layers one by one.

    source   what `model.to_json()` gives, or the path of a file that holds it.
    loss     one of cross_entropy, binary_cross_entropy, mse_loss, ..., or Keras' own name; None: the loss that the model was
             compiled with. The targets are a further input, y, as Keras takes them: classes are whole numbers for cross_entropy and
             sparse_categorical_crossentropy, one-hot rows for categorical_crossentropy.
    weights  what `model.get_weights()` gives: they are the example. None: the network has no example.

    Raises NotationError with the layer, the fault and the mend for what is no description of a model, for layers without a row,
    and for weights of other shapes.
    """
    text, place, name = _text(source)
    try:
        model = Model(_parsed(text), weights)
        chosen = model.chosen(loss)

        def reading(inputs: Inputs) -> Tensor:
            output = model.output(inputs)
            if chosen is None:
                raise missing(output.shape)
            found = chosen(inputs, output)
            for penalty in model.penalties:
                found = found + penalty
            return found

        network = built(reading, name=name or model.name, origin="keras", notes=model.notes())
    except NotationError as fault:
        raise NotationError(fault.fault, fault.mend, fault.place or place) from None
    return replace(network, aliases={loss: network.loss}) if loss and loss != network.loss else network


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
        built(lambda inputs: ops.sum(model.output(inputs)))
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
    if (
        not isinstance(found, dict)
        or not isinstance(found.get("config"), dict)
        or not isinstance(found["config"].get("layers"), list)
    ):
        raise NotationError("this JSON describes no Keras model: it has no config with layers.", "Give what model.to_json() gives.")
    return found


class Model:
    """A description of a model under reading.

    penalties  of regularisers, which the loss adds; `ending` is the activation that the output ends in, where it is known.
    found      its weights, in the order of model.get_weights().
    """

    def __init__(self, description: Mapping[str, Any], weights: Any) -> None:
        kind = description.get("class_name")
        if kind not in ("Sequential", "Functional", "Model"):
            raise NotationError(f"a Keras model of the class {shown(kind)} is not read.", "Sequential and Functional ones are.")
        self.config, self.compiled = description["config"], description.get("compile_config") or {}
        if str(description.get("keras_version", 3))[:1] in "12" and "'hard_sigmoid'" in repr(self.config):
            raise NotationError("hard_sigmoid of Keras 2 is another function than that of Keras 3.", "Save the model by Keras 3.")
        self.name = str(self.config.get("name", "model"))
        self.sequential = kind == "Sequential"
        if len(self.config["layers"]) > MOST:
            raise NotationError(f"the model has {len(self.config['layers'])} layers.", f"{MOST} are read at most.")
        self.layers = [Layer(entry) for entry in self.config["layers"]]
        self.given = None if weights is None else list(weights.values() if isinstance(weights, Mapping) else weights)
        self.penalties: list[Tensor] = []
        self.found: list[Weight] = []
        self.endings: dict[int, str | None] = {}  # of what layers gave, by its identity
        self.ending: str | None = None
        self.said: list[str] = []  # of its loss

    def chosen(self, loss: str | None) -> Callable[[Inputs, Tensor], Tensor] | None:
        """The loss of what the model computes: the one that is named, else the one that it was compiled with; None without one."""
        if loss in OBJECTIVES:
            return lambda inputs, output: with_loss(inputs, output, str(loss), self.ending)
        if loss is not None and loss not in losses.LOSSES:
            near = nearest(loss, [*OBJECTIVES, *losses.LOSSES])
            mend = f"Did you mean {near}?" if near else f"Those are: {', '.join(OBJECTIVES)}."
            raise NotationError(f"there is no loss {shown(loss)} for a model.", mend)
        word, settings = (loss, {}) if loss is not None else losses.word_of(self.compiled.get("loss"))
        if word is None:
            return None
        losses.require(word)
        self.said = losses.notes(word, settings)
        weight = losses.weight_of(None if loss else self.compiled.get("loss_weights"))

        def function(inputs: Inputs, output: Tensor) -> Tensor:
            own = losses.objective(word, settings, self.ending, loss is None)
            return weight * against(inputs, output, own)

        return function

    # -- the walk ---------------------------------------------------------------------------------------------------------

    def output(self, inputs: Inputs) -> Tensor:
        """What the model computes."""
        self.penalties, self.found, self._rest = [], [], iter(self.given or ())
        self.endings, self._kept = {}, []
        found = self._in_line(inputs) if self.sequential else self._in_graph(inputs)
        self.ending = self.endings.get(id(found))
        left = len(list(self._rest))
        if left:
            raise NotationError(f"{left} of the weights belong to no layer.", "Give what model.get_weights() of this model gives.")
        return found

    def _in_line(self, inputs: Inputs) -> Tensor:
        layers = list(self.layers)
        shape = self.config.get("build_input_shape") or next((s for s in map(Layer.input_shape, layers) if s), None)
        if shape is None:
            raise NotationError("the model does not say the shape of its input.", "Add keras.Input(shape=...) as its first layer.")
        x = self._input(inputs, "x", shape, next((a for a in layers if a.kind != "InputLayer"), None))
        for layer in layers:
            x = self._step(inputs, layer, [x])
        return x

    def _in_graph(self, inputs: Inputs) -> Tensor:
        """Layers by the layers that they read, each called once."""
        values: dict[str, Tensor] = {}
        outputs = self.config.get("output_layers") or []
        outputs = outputs if outputs and isinstance(outputs[0], list) else [outputs]
        readers = {name: layer for layer in self.layers for name in layer.reads()}
        for layer in self.layers:
            if layer.kind == "InputLayer":
                shape = layer.input_shape()
                if shape is None:
                    raise layer.refused("it does not say its shape.", "Give keras.Input(shape=...).")
                values[layer.name] = self._input(inputs, layer.name, shape, readers.get(layer.name))
                continue
            if len(layer.nodes()) != 1:
                raise layer.refused("it is called more than once.", "Export the model to ONNX.")
            unknown = [name for name in layer.reads() if name not in values]
            if unknown or not layer.reads():
                what = ", ".join(unknown) or "nothing"
                raise layer.refused(f"what it reads, {what}, is no layer before it.", "Write the model anew.")
            values[layer.name] = self._step(inputs, layer, [values[name] for name in layer.reads()])
        name = str(outputs[0][0]) if len(outputs) == 1 and outputs[0] else None
        if name is None or name not in values:
            raise NotationError("the model has several outputs, or none.", "Describe a model with one output.")
        return values[name]

    def _input(self, inputs: Inputs, name: str, shape: Sequence[Any], reader: Layer | None) -> Tensor:
        """An input; the batch is a symbol, and so is every axis that the description leaves open."""
        given = [shape[0], *shape[1:]] if len(shape) else [None]
        sizes: list[Any] = []
        for k, n in enumerate(given):
            sizes.append(size("N") if not k else n if isinstance(n, int) and n > 0 else size(f"n_{k}"))
        return inputs.awaited(fresh(name, inputs.tensors), sizes, reader is not None and reader.kind == "Embedding")

    def _step(self, inputs: Inputs, layer: Layer, values: list[Tensor]) -> Tensor:
        found = self._called(inputs, layer)(*values)
        if all(found is not value for value in values):  # a layer that passes its input on ends as that does
            self.endings[id(found)] = layer.ending()
            self._kept.append(found)
        return found

    def _called(self, inputs: Inputs, layer: Layer) -> Callable[..., Tensor]:
        """A layer as a function of what it reads."""
        row = ROWS.get(layer.row)
        if row is None:
            raise layer.refused("no row says what it computes.", "Export the model to ONNX, and read it by sb.from_onnx.")
        layer.weight = lambda *about: self._weight(inputs, layer, *about)
        layer.inner = lambda entry: self._called(inputs, self._inside(layer, entry))

        def called(*values: Tensor) -> Tensor:
            found = layer.fitted(lambda: row(layer, *values))
            layer.whole()
            if layer.row == layer.kind:
                layer.plainly()
            return found

        return called

    def _inside(self, layer: Layer, entry: Any) -> Layer:
        """A layer that another one holds."""
        inner = Layer(entry)
        inner.frozen = inner.frozen or layer.frozen
        return inner

    def notes(self) -> list[str]:
        """What a person must know beside the equations."""
        kinds = {inner.kind for layer in self.layers for inner in layer.all()}
        dropped = any("Dropout" in kind or "Noise" in kind for kind in kinds) or any(
            inner.config.get(setting)
            for layer in self.layers
            for inner in layer.all()
            for setting in ("dropout", "recurrent_dropout")
        )
        said = ["nothing is dropped, and no noise is drawn"] if dropped else []
        said += ["batch normalisation takes the means and variances that it keeps"] if "BatchNormalization" in kinds else []
        return [*([f"As the model is used, not as Keras trains it: {', '.join(said)}."] if said else []), *self.said]

    def _weight(self, inputs: Inputs, layer: Layer, stem: str, shape: tuple[Any, ...], learnt: bool, domain: str | None) -> Tensor:
        """The next of the weights, in the order of model.get_weights()."""
        learnt = learnt and not layer.frozen and self.config.get("trainable", True) is not False
        name, path = fresh(f"{stem}_{layer.name}" if len(self.layers) > 1 else stem, inputs.tensors), f"{layer.name}/{stem}"
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
