"""Layers by what they read: a model, or one that another model holds and calls like a layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from symbackprop.language.tensors import Tensor
from symbackprop.notation.errors import NotationError
from symbackprop.notation.models.keras import attention, convolved, further, layers, operations, placed, recurrent, signals, windows
from symbackprop.notation.models.keras.calls import Call, Reference, exchanged, leaves, references_in
from symbackprop.notation.models.keras.layer import Layer, Value
from symbackprop.notation.models.keras.masks import mask_of

ROWS: Mapping[str, Callable[..., Any]] = {
    **layers.LAYERS, **windows.LAYERS, **recurrent.LAYERS, **convolved.LAYERS, **attention.LAYERS, **operations.LAYERS,
    **further.LAYERS,
    **placed.LAYERS,
    **signals.LAYERS,
}  # fmt: skip
MODELS = ("Sequential", "Functional", "Model")
MOST = 2_000  # layers

Bind = Callable[[Layer], None]
Given = Callable[[int, Layer | None], Value]


class Graph:
    """The layers of a model, in the order in which it has their weights.

    bind  gives a layer what it asks the model for: weights, layers that it holds.
    """

    def __init__(self, entry: Mapping[str, Any], bind: Bind, frozen: bool = False) -> None:
        self.config, self.bind = entry["config"], bind
        self.sequential = entry.get("class_name") == "Sequential"
        if len(self.config["layers"]) > MOST:
            raise NotationError(f"the model has {len(self.config['layers'])} layers.", f"{MOST} are read at most.")
        self.layers = [Layer(one) for one in self.config["layers"]]
        frozen = frozen or self.config.get("trainable", True) is False
        for layer in self.layers:
            layer.frozen = layer.frozen or frozen
            bind(layer)
        self._counts_itself()
        said = {r.layer: r for layer in self.layers for call in layer.calls for r in call.references()}
        for layer in self.layers:
            if layer.name in said:
                layer.gives, layer.rank = said[layer.name].dtype, said[layer.name].rank

    def _counts_itself(self) -> None:
        """Let the calls of a model count from 0: its own making is the first for Keras 2, and among the outputs for Keras 3."""
        old = any(isinstance(node, list) for layer in self.layers for node in layer.entry.get("inbound_nodes") or [])
        built = {layer.name for layer in self.layers if layer.kind in (MODELS if old else MODELS[1:])}

        def counted(r: Reference) -> Reference:
            return r._replace(call=r.call - 1) if r.layer in built else r

        self.outputs = list(map(counted, references_in(self.config.get("output_layers"))))
        if old and built:
            for layer in self.layers:
                layer.calls = [Call(*exchanged(list(call), Reference, counted)) for call in layer.calls]

    def inputs(self) -> list[str]:
        """The names of the layers that stand for its inputs."""
        said = [one.layer for one in references_in(self.config.get("input_layers"))]
        return list(dict.fromkeys([*said, *(layer.name for layer in self.layers if layer.kind == "InputLayer")]))

    def holds_positions(self, k: int) -> bool:
        """Whether its k-th input is read as positions in a table."""
        if self.sequential:
            reader = next((layer for layer in self.layers if layer.kind != "InputLayer"), None)
            return reader is not None and self._reads_positions(reader, 0)
        name = self.inputs()[k]
        return any(
            self._reads_positions(layer, place)
            for layer in self.layers
            for call in layer.calls
            for place, one in enumerate(call.references())
            if one.layer == name
        )

    def _reads_positions(self, layer: Layer, k: int) -> bool:
        if layer.kind in MODELS:
            return graph_of(layer, self.bind).holds_positions(k)
        held = layer.config.get("layer")
        if (layer.row, k) in POSITIONS:
            return True
        return layer.kind == "Embedding" or (isinstance(held, dict) and held.get("class_name") == "Embedding")

    def run(self, given: Given) -> list[Value]:
        """What it gives of its inputs; `given` says what those are, the layer that stands for one where there is such a layer."""
        if not self.sequential:
            return self._by_calls(given)
        first = self.layers[0] if self.layers and self.layers[0].kind == "InputLayer" else None
        found = [given(0, first)]
        for layer in self.layers:
            if len(found) > 1:
                raise layer.refused(f"what it reads are {len(found)} values.", "Write the model by keras.Model.")
            found = found if layer is first else self.called(layer, Call([found[0]], {}))
        return found

    def _by_calls(self, given: Given) -> list[Value]:
        """Each layer in its turn, and each of its calls as soon as what it reads is there."""
        found: dict[tuple[str, int], list[Value]] = {}
        places = {name: k for k, name in enumerate(self.inputs())}
        waiting: list[tuple[Layer, int, Call]] = []
        for layer in self.layers:
            if layer.kind == "InputLayer":
                found[layer.name, 0] = [given(places.get(layer.name, len(places)), layer)]
                continue
            waiting += [(layer, k, call) for k, call in enumerate(layer.calls)]
            moved = True
            while moved:
                ready = [one for one in waiting if all((r.layer, r.call) in found for r in one[2].references())]
                waiting = [one for one in waiting if one not in ready]
                for one, k, call in ready:
                    found[one.name, k] = self.called(one, call, found)
                moved = bool(ready) and bool(waiting)
            if not any(name == layer.name for name, _ in found):
                unknown = [r.layer for call in layer.calls for r in call.references() if (r.layer, r.call) not in found]
                what = ", ".join(dict.fromkeys(unknown)) or "nothing"
                raise layer.refused(f"what it reads, {what}, is no layer before it.", "Write the model anew.")
        if waiting:
            raise waiting[0][0].refused("what one of its calls reads is nowhere.", "Write the model anew.")
        return [self._one(found, r) for r in self.outputs]

    @staticmethod
    def _one(found: Mapping[tuple[str, int], list[Value]], r: Reference) -> Value:
        values = found.get((r.layer, r.call), [])
        if r.output >= len(values):
            fault = f"what the model gives, or a layer reads, is no value of {r.layer}."
            raise NotationError(fault, "Give what model.to_json() gives.")
        return values[r.output]

    def called(self, layer: Layer, call: Call, found: Mapping[tuple[str, int], list[Value]] | None = None) -> list[Value]:
        """What a layer gives in one call."""
        if ".ops." not in str(layer.entry.get("module")) and layer.kind not in MODELS and found is not None:
            layer.plainly(call)
        args = exchanged(call.args, Reference, lambda r: self._one(found or {}, r))
        named = exchanged(call.named, Reference, lambda r: self._one(found or {}, r))
        values = [leaf for leaf in leaves(args) if isinstance(leaf, Value)]
        if layer.kind in MODELS:
            inner = graph_of(layer, self.bind)
            if len(values) != len(inner.inputs()) and not inner.sequential:
                raise layer.refused(f"it is called with {len(values)} tensors.", f"It has {len(inner.inputs())} inputs.")
            given = _masked(layer, values, named.pop("mask", None))
            return inner.run(lambda k, _: given[k])
        return entered(layer, args, named)


POSITIONS = (
    ("ops.OneHot", 0), ("ops.MultiHot", 0), ("ops.Take", 1), ("ops.SegmentSum", 1), ("ops.SegmentMax", 1), ("ops.SegmentMin", 1),
    ("ops.Scatter", 0), ("ops.ScatterUpdate", 1),
)  # fmt: skip
"""Which of the tensors that an operation is called with hold positions."""


def graph_of(layer: Layer, bind: Bind) -> Graph:
    """The layers of a model that stands as a layer: the same in each of its calls."""
    if layer.graph is None:
        layer.graph = Graph(layer.entry, bind, layer.frozen)
    return layer.graph


def entered(layer: Layer, args: Sequence[Any], named: Mapping[str, Any]) -> list[Value]:
    """What a layer gives of values."""
    row = ROWS.get(layer.row)
    if layer.kind == "Lambda":
        raise layer.refused("it holds a function of Python.", "Write it by the functions of keras.ops.")
    if row is None:
        raise layer.refused("no row says what it computes.", "Export the model to ONNX, and read it by sb.from_onnx.")
    masks = None if layer.row.startswith("ops.") else named.get("mask")
    values = _masked(layer, [leaf for leaf in leaves(list(args)) if isinstance(leaf, Value)], masks)
    layer.args = exchanged(list(args), Value, lambda value: value.tensor)
    layer.named = exchanged(dict(named), Value, lambda value: value.tensor)
    layer.named_masks = {name: value.mask for name, value in named.items() if isinstance(value, Value)}
    layer.masks, tensors = [value.mask for value in values], [value.tensor for value in values]
    layer.place, layer.place_held = 0, 0
    made = layer.fitted(lambda: row(layer, *tensors))
    layer.whole()
    made = made if isinstance(made, tuple) else (made,)
    first = next((value for value in values if value.tensor is made[0]), None)  # passed on: it ends as that does
    mask = mask_of(layer, tensors, layer.masks)
    ending = first.ending if first else layer.ending()
    return [Value(tensor, None if k else mask, None if k else ending) for k, tensor in enumerate(made)]


def _masked(layer: Layer, values: list[Value], masks: Any) -> list[Value]:
    """The values with the masks that a call says, where it says some."""
    said = [one.tensor if isinstance(one, Value) else one for one in leaves(masks)] if masks is not None else []
    if any(not isinstance(one, Tensor | None) for one in said):
        raise layer.refused("its mask is no tensor.", "Leave it out.")
    more = said + [None] * (len(values) - len(said))
    return [value if mask is None else value._replace(mask=mask) for value, mask in zip(values, more, strict=False)]
