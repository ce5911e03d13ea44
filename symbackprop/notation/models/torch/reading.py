"""From a module to a network: the operations of its graph by the rows of the table; and parameters back into a module."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any

import numpy as np
from numpy import ndarray

from symbackprop.core.choices import INFINITE
from symbackprop.core.errors import shown
from symbackprop.core.network import Network
from symbackprop.core.program import same_size, shape_text
from symbackprop.language.lower.nodes import ordered
from symbackprop.language.tensors import LanguageError, Tensor, as_number, as_tensor
from symbackprop.notation.errors import NotationError
from symbackprop.notation.models.built import Inputs, Model, built
from symbackprop.notation.models.names import fresh, names_of
from symbackprop.notation.models.parameters import fitting
from symbackprop.notation.models.torch.exported import exported
from symbackprop.notation.models.torch.gradients import OPERATION
from symbackprop.notation.models.torch.graph import Given, Graph, Node, Ref, refs, tied
from symbackprop.notation.models.torch.packed import Packed, applied, packed, plain
from symbackprop.notation.models.torch.precise import copied
from symbackprop.notation.models.torch.rows import MENDS, VIEWS, bound
from symbackprop.notation.models.torch.rows.complexes import Complex, of_pairs
from symbackprop.notation.models.torch.rows.words import lang

NORMS = ("BatchNorm", "LayerNorm", "GroupNorm", "InstanceNorm", "RMSNorm", "SyncBatchNorm")
FORMED = ("linear", "conv1d", "conv2d", "conv_transpose1d", "conv_transpose2d", "bilinear")
"""Operations whose result is called by their weight: z_fc by W_fc."""

CLASSES, IGNORED = ("cross_entropy_loss", "nll_loss_nd"), -100
"""Losses of classes, and the class that they leave out where nobody names one."""

SIZES = ("batch", "free", "all")

FREE = ("input", "drawn", "places")
"""Kinds of inputs that are no part of the module's state."""


def model_of(module: Any, inputs: tuple[Any, ...], loss: Any, targets: Any, sizes: str) -> Model:
    """A module with its loss as a network, and what the module itself computes; see `from_torch`."""
    torch = _torch()
    if not isinstance(module, torch.nn.Module):
        raise NotationError(f"{shown(module)} is no module of torch.", "Give an instance of a torch.nn.Module.")
    if sizes not in SIZES:
        raise NotationError(f"sizes={shown(sizes)} is none of {', '.join(SIZES)}.", 'Write sizes="batch".')
    given = tuple(targets) if isinstance(targets, tuple | list) else () if targets is None else (targets,)
    graph = graph_of(module, inputs, loss, given, sizes)
    reading, network = network_of(graph, type(module).__name__, sizes)
    by_name = {name: node for node, name in reading.names.items()}
    arrays = [g for g in graph.inputs if g.array is not None]
    fixed = frozenset(
        reading.names[g.name] for g in arrays if g.kind == "constant" or g.spare or np.asarray(g.array).dtype.kind != "f"
    )
    return Model(network, lambda arrays: graph.value({by_name[n]: a for n, a in arrays.items()}), graph.exact, fixed)


def graph_of(module: Any, inputs: tuple[Any, ...], loss: Any, targets: tuple[Any, ...], sizes: str) -> Graph:
    """The graph of a module in which nothing that is written in place is read by another name."""
    graph = exported(module, inputs, loss, targets, sizes)
    return graph if graph.rewritten(VIEWS) is None else exported(module, inputs, loss, targets, sizes, apart=True)


def network_of(graph: Graph, name: str, sizes: str) -> tuple[Reading, Network]:
    """The network of a graph; it asks torch for nothing.

    Batches that torch keeps apart are one size where only so the graph can be read: nothing but equal ones is meant.
    """
    try:
        return _network(graph, name, sizes)
    except NotationError:
        equal = tied(graph)
        if equal is None:
            raise
        return _network(equal, name, sizes)


def _network(graph: Graph, name: str, sizes: str) -> tuple[Reading, Network]:
    reading = Reading(graph)
    return reading, built(reading.loss, name=name, origin="torch", notes=tuple(reading.notes(sizes)))


def _torch() -> Any:
    try:
        return import_module("torch")
    except ImportError:
        raise NotationError("torch is not installed here.", 'Write pip install "symbackprop[torch]".') from None


class Reading:
    """A graph under reading.

    names   what the inputs of the graph are called in the network.
    needed  the nodes that the loss depends on.
    flat    parameters that it depends on through what is detached alone, as those of a target network: they are not learnt.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        state = [g for g in graph.inputs if g.kind not in FREE and g.array is not None]
        stems = {g.path: stem for g in state for stem in [_stem(g)] if stem}
        called = names_of(dict.fromkeys(g.path for g in state), stems)
        self.names = {g.name: called[g.path] for g in state}
        for g in graph.inputs:
            if g.kind in FREE and g.array is not None:
                self.names[g.name] = fresh(g.path, set(self.names.values()))
        self.nodes = {node.name: node for node in graph.nodes}
        self.needed = self._needed()
        asked = [node.arguments["inputs"] for node in self.needed if node.operation == OPERATION]
        self.by = {ref.name for ref in refs(asked)}  # what derivatives on the way are by

    def _needed(self) -> list[Node]:
        self.wanted, live = self.graph.reached(), self.graph.reached(["detach"])
        learnt = [g for g in self.graph.inputs if g.kind == "parameter" and g.name in self.wanted]
        alive = {self.names[g.name] for g in learnt if g.name in live}
        self.flat = {g.name for g in learnt if self.names[g.name] not in alive} if alive else set[str]()
        return [node for node in self.graph.nodes if node.name in self.wanted]

    def notes(self, sizes: str) -> Iterable[str]:
        """What a person must know beside the equations."""
        given = [g for g in self.graph.inputs if g.kind == "input" and g.shape]
        if given and sizes != "all" and not any(as_number(n).free_symbols for g in given for n in g.shape):
            mend = " Give a batch of two or more." if given[0].shape[0] == 1 else ""
            yield f"All sizes are numbers, those of the example.{mend}"
        if came := [self.names[g.name] for g in self.graph.inputs if g.kind == "drawn" and g.name in self.wanted]:
            yield f"Random numbers are drawn: {', '.join(came)} are data of the network, as drawn for the example."
        if came := [self.names[g.name] for g in self.graph.inputs if g.kind == "places" and g.name in self.wanted]:
            yield f"Entries are read where masks are true: {', '.join(came)} are those places, data of the network."
        if self.flat:
            held = ", ".join(dict.fromkeys(self.names[g.name] for g in self.graph.inputs if g.name in self.flat))
            yield f"What is read under torch.no_grad() or detached alone is not learnt: {held} are data of the network."
        if any(node.arguments.get("or_zero") for node in self.needed):
            yield "A query that its mask lets read no key has 0 for its attention, as torch computes it."
        if any(node.operation == "batch_norm" and node.arguments.get("training") for node in self.needed):
            yield "Batch normalisation takes the mean and variance of the batch, as in training; module.eval() takes those kept."

    # -- the loss ----------------------------------------------------------------------------------------------------------

    def loss(self, inputs: Inputs) -> Tensor:
        """The loss as a tensor of the inputs."""
        values: dict[str, Any] = {}
        known: dict[str, Tensor] = {}
        for g in self.graph.inputs:
            if g.array is None:
                values[g.name] = g.value
            else:
                name = self.names[g.name]
                known[name] = known[name] if name in known else self._input(inputs, g, name)
                values[g.name] = of_pairs(known[name]) if g.paired else known[name]
        for node in self.needed:
            values[node.name] = self._value(node, values)
            if node.name in self.by:
                values[node.name] = self._alone(plain(values[node.name]), values, node.name)
        loss = as_tensor(plain(values[self.graph.loss.name]))
        reached = {id(tensor) for tensor in ordered([loss])}
        inputs.drop(
            [
                self.names[g.name]
                for g in self.graph.inputs
                if (g.kind in ("buffer", "constant", "drawn", "places") or g.spare)
                and g.name in self.names
                and id(known[self.names[g.name]]) not in reached
            ]
        )
        return loss

    def _alone(self, tensor: Tensor, values: Mapping[str, Any], name: str) -> Tensor:
        """A tensor that stands for nothing else: a copy is another thing to differentiate by than what it is a copy of."""
        others = (value for other, value in values.items() if other != name)
        return (
            lang.identity(tensor) if any(packed(v).tensor is tensor for v in others if isinstance(v, Packed | Tensor)) else tensor
        )

    def _input(self, inputs: Inputs, g: Given, name: str) -> Tensor:
        array, path = np.asarray(g.array), "" if g.kind in FREE else g.path
        if g.kind == "parameter" and g.name not in self.flat:
            return inputs.parameter(name, array, path)
        if array.dtype.kind == "f" and np.isinf(array).any():
            array = np.clip(array, -INFINITE, INFINITE)
        return inputs.data(name, array, g.shape, path, "positive" if g.path.endswith("running_var") else None)

    def _value(self, node: Node, values: Mapping[str, Any]) -> Any:
        match node.operation:
            case "size":
                assert node.shape is not None
                return node.shape[0]
            case "getitem":
                found = values[node.arguments["x"].name][node.arguments["index"]]
                if isinstance(found, LanguageError):
                    raise _refusal(node, f"{found}.")
                return found
            case _:
                pass
        row = bound(node.operation, node.arguments)
        if isinstance(row, str):
            raise _refusal(node, row, MENDS.get(node.operation, ""))
        arguments = row[1]
        if node.operation in CLASSES:
            arguments = self._counted(arguments)
        try:
            found = applied(node.operation, {name: _resolved(value, values) for name, value in arguments.items()})
        except LanguageError as fault:
            raise _refusal(node, f"{fault}.") from None
        if node.shape is not None:
            self._require_shape(node, found)
        weight = arguments.get("weight")
        if node.operation in FORMED and isinstance(weight, Ref) and weight.name in self.names:
            packed(found).tensor.called("_".join(filter(None, ["z", self.names[weight.name].partition("_")[2]])))
        return found

    def _counted(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """The arguments of a loss of classes: what it ignores is said where the example has such an entry."""
        ignored = arguments.get("ignore_index", IGNORED)
        rest = {name: value for name, value in arguments.items() if name != "ignore_index"}
        return {**rest, "ignore_index": ignored} if ignored >= 0 or self._has(ignored) else rest

    def _has(self, number: int) -> bool:
        """Whether a whole number is an entry of what is given, or written in the code of the module."""
        arrays = (g.array for g in self.graph.inputs if g.array is not None and g.array.dtype.kind in "iu")
        written = (value for node in self.graph.nodes for value in node.arguments.values())
        single = (g.value for g in self.graph.inputs if g.array is None)
        return any((array == number).any() for array in arrays) or any(
            type(value) in (int, float) and value == number for value in (*written, *single)
        )

    def _require_shape(self, node: Node, found: Any) -> None:
        shape = found.shape if isinstance(found, Packed | Complex) else as_tensor(found).shape
        wanted = node.shape or ()
        if len(shape) != len(wanted) or not all(map(same_size, shape, wanted)):
            fault = f"torch's {node.operation} is {shape_text(wanted)}, what it was read as is {shape_text(shape)}."
            raise _refusal(node, fault, 'Give sizes="all".' if any(n.free_symbols for n in wanted) else "")


def _stem(g: Given) -> str | None:
    """What a weight of a normalisation, a table of vectors, or its like is called."""
    leaf = g.path.rpartition(".")[2]
    if g.layer.startswith(NORMS):
        return {"weight": "gamma", "bias": "beta"}.get(leaf)
    return "E" if g.layer.startswith("Embedding") and leaf == "weight" else None


def _resolved(value: Any, values: Mapping[str, Any]) -> Any:
    """An argument with its references resolved, and numbers that the language knows."""
    if isinstance(value, Ref):
        return values[value.name]
    if isinstance(value, list):
        return [_resolved(one, values) for one in value]
    if isinstance(value, float) and math.isinf(value):
        return INFINITE if value > 0 else -INFINITE
    return value


def _refusal(node: Node, fault: str, mend: str = "") -> NotationError:
    """A refusal with the layer and the line that it is about."""
    where = f"{node.path or 'the module'}{f' ({node.layer})' if node.layer else ''}"
    return NotationError(f"{where}: {fault}", mend, node.place)


# -- out again -----------------------------------------------------------------------------------------------------------------


def to_torch(parameters: Any, module: Any) -> Any:
    """A copy of a module of torch that has these parameters.

    parameters  what `sb.train` returned, or a dict with an array for each parameter of the network, by its names.
    module      the module that was given to `from_torch`; it is not changed. Its buffers, such as running means, stay as they are,
                and so does what the network that was trained has as data, such as the parameters of a target network.

    Raises NotationError where a parameter is missing, unknown or of another shape.
    """
    torch = _torch()
    if not isinstance(module, torch.nn.Module):
        raise NotationError(f"{shown(module)} is no module of torch.", "Give an instance of a torch.nn.Module.")
    new = copied(module)
    own = {name: tensor for name, tensor in new.named_parameters() if tensor.requires_grad}
    layers = {name: type(part).__name__ for name, part in new.named_modules()}
    paths = [*dict(new.named_parameters()), *dict(new.named_buffers())]
    given = [Given("", "parameter", path, None, (), layers.get(path.rpartition(".")[0], "")) for path in paths]
    names = names_of(paths, {g.path: stem for g in given for stem in [_stem(g)] if stem})
    current: dict[str, ndarray] = {names[path]: tensor.detach().cpu().double().numpy() for path, tensor in own.items()}
    trained = getattr(parameters, "network", None)
    held = {t.name for t in trained.program.inputs if t.kind != "parameter"} if trained is not None else set[str]()
    arrays = fitting(parameters, {name: array for name, array in current.items() if name not in held})
    with torch.no_grad():
        for path, tensor in own.items():
            if names[path] in held:
                continue
            tensor.copy_(torch.from_numpy(arrays[names[path]]).to(tensor.dtype))
    return new
