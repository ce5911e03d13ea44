"""A module and its loss as a graph of operations: torch.export's, before it takes operations apart."""

from __future__ import annotations

import inspect
import linecache
import operator
import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

import numpy as np
import sympy as sp
from numpy import ndarray
from sympy import Expr

from symbackprop.core.program import size
from symbackprop.notation.errors import NotationError, Place, shortened
from symbackprop.notation.models.torch.drawn import Drawn, drawn, is_drawn, redrawn
from symbackprop.notation.models.torch.drawn import called as called_by
from symbackprop.notation.models.torch.inlined import inlined
from symbackprop.notation.models.torch.precise import double, precise
from symbackprop.notation.models.torch.tasks import called, task

LETTERS = "nmtkpq"  # of sizes, in the order of the inputs
PADDED = (
    "It packs sequences of several lengths: leave the padding in, and read the last state of each, "
    "out[torch.arange(len(x)), lengths - 1] where the batch is first."
)
CONVERSIONS = ("to", "_to_copy", "type_as")


@dataclass(frozen=True)
class Ref:
    """What an operation reads: the result of another node, or an input."""

    name: str


@dataclass(frozen=True)
class Given:
    """An input of the graph.

    kind   "parameter", "buffer", "constant" (written in the code of the module), "input", or "drawn" at random by the module.
    path   of a parameter or a buffer, as `state_dict` calls it; of an input, how the module's `forward` calls it.
    array  its value, in float64 where it holds floats; None where it is no tensor: then `value` is what it is.
    layer  the class of the module that holds it.
    """

    name: str
    kind: str
    path: str
    array: ndarray | None
    shape: tuple[Any, ...] = ()
    layer: str = ""
    value: Any = None


@dataclass(frozen=True)
class Node:
    """One operation.

    operation  such as "linear"; "getitem" reads one of several results; "size" is a number of the shape: `shape` holds it.
    arguments  by the names of torch's schema, without those at their defaults: Ref, numbers, sizes, None, lists of these.
    shape      of the result; None where there are several results.
    in_place   whether it changes its first argument.
    path       of the module that it belongs to, `layer` its class; `place` the line of code.
    """

    name: str
    operation: str
    arguments: Mapping[str, Any]
    shape: tuple[Expr, ...] | None
    in_place: bool = False
    path: str = ""
    layer: str = ""
    place: Place | None = None


@dataclass(frozen=True)
class Graph:
    """A module and its loss.

    inputs, nodes, loss   the graph; the loss is a Ref.
    value   the loss that the module computes with other arrays, by the names of `inputs`.
    exact   whether it computes in float64 throughout.
    """

    inputs: tuple[Given, ...]
    nodes: tuple[Node, ...]
    loss: Ref
    value: Any
    exact: bool


def exported(module: Any, inputs: tuple[Any, ...], loss: Any, targets: tuple[Any, ...], sizes: str) -> Graph:
    """The graph of the loss of a module. The module stays as it is: a copy is exported, in float64, on the processor.

    sizes   "batch": the first axis of every input is a symbol; "free": every axis that the module leaves free; "all": numbers.

    Raises NotationError where it raises on these inputs, and where torch cannot export it.
    """
    torch = import_module("torch")
    own = task(precise(module), loss)
    arguments = _tensors((inputs, targets))
    with double(), redrawn(()):
        called(own, *arguments)
    with double():
        program = _exported(own, arguments, sizes)
    inlined(program.graph_module)
    return _Reading(torch, own, module, arguments, program).graph()


def _tensors(tree: Any) -> Any:
    """The arrays and tensors of the inputs as tensors of float64, whole numbers and truth values."""
    torch, trees = import_module("torch"), import_module("torch.utils._pytree")

    def one(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            value = torch.from_numpy(value.copy())
        if not isinstance(value, torch.Tensor):
            return value
        value = value.detach().cpu()
        return value.double() if value.is_floating_point() else value

    return trees.tree_map(one, tree)


def _exported(own: Any, arguments: Any, sizes: str) -> Any:
    torch, trees = import_module("torch"), import_module("torch.utils._pytree")
    free = torch.export.Dim.AUTO

    def axes(value: Any) -> Any:
        if not isinstance(value, torch.Tensor) or not value.ndim:
            return None
        return dict.fromkeys(range(1 if sizes == "batch" else value.ndim), free)

    shapes = None if sizes == "all" else trees.tree_map(axes, arguments)
    try:
        with warnings.catch_warnings(action="ignore"):  # they are about torch's own code
            return torch.export.export(own, arguments, dynamic_shapes=shapes, strict=False)
    except Exception as fault:
        if sizes != "all":
            return _exported(own, arguments, "all")
        first = str(fault).strip().split("\n")[0]
        raise NotationError(
            f"torch.export refuses the module: {type(fault).__name__}: {shortened(first, 300)}",
            PADDED
            if _packs(fault)
            else "Its course must not depend on the values of tensors: write torch.where in the place of if.",
        ) from fault


def _packs(fault: BaseException) -> bool:
    """Whether sequences of several lengths are packed where an exception rose."""
    at = fault.__traceback__
    while at is not None:
        if any(type(value).__name__ == "PackedSequence" for value in at.tb_frame.f_locals.values()):
            return True
        at = at.tb_next
    return False


def tied(graph: Graph) -> Graph | None:
    """The same graph, where sizes of its inputs that are equal in the example are one; None where none are."""
    first: dict[int, Expr] = {}
    swap: dict[Expr, Expr] = {}
    for g in graph.inputs:
        for extent, number in zip(g.shape, g.array.shape if g.array is not None else (), strict=False):
            if isinstance(extent, sp.Symbol) and first.setdefault(number, extent) != extent:
                swap[extent] = first[number]

    def renamed(value: Any) -> Any:
        if isinstance(value, Expr):
            return value.xreplace(swap)
        return type(value)(map(renamed, value)) if isinstance(value, list | tuple) else value

    inputs = tuple(replace(g, shape=renamed(g.shape)) for g in graph.inputs)
    nodes = tuple(
        replace(n, shape=renamed(n.shape), arguments={name: renamed(value) for name, value in n.arguments.items()})
        for n in graph.nodes
    )
    return replace(graph, inputs=inputs, nodes=nodes) if swap else None


class _Reading:
    """An exported program, read into a Graph."""

    def __init__(self, torch: Any, own: Any, module: Any, arguments: Any, program: Any) -> None:
        self.torch, self.own, self.arguments, self.program = torch, own, arguments, program
        self.names = _argument_names(module, arguments)
        self.layers = {name: type(part).__name__ for name, part in module.named_modules()}
        self.state = dict(own.named_parameters()) | dict(own.named_buffers())
        self.first = {id(tensor): name for name, tensor in self.state.items()}  # of weights that are tied, the first name counts
        self.every = dict(own.named_parameters(remove_duplicate=False)) | dict(own.named_buffers(remove_duplicate=False))
        self.symbols: dict[Any, Expr] = {}
        self.held: dict[str, str] = {}  # the names of inputs of the graph -> of the state
        self.users: list[str] = []
        self.draws: dict[str, Drawn] = {}

    def graph(self) -> Graph:
        nodes = list(self.program.graph.nodes)
        given = tuple(self.inputs([n for n in nodes if n.op == "placeholder"]))
        output = next(n for n in nodes if n.op == "output")
        last = [n for n in output.args[0] if n is not None][-1]
        operations = tuple(self.node(n) for n in nodes if n.op == "call_function")
        given, operations = self.without_draws(given, operations, {n.name: n for n in nodes})
        single = any(self.kind(n) in (self.torch.float32, self.torch.float16, self.torch.bfloat16) for n in nodes)
        return Graph(given, operations, Ref(last.name), self.value, not single)

    def without_draws(
        self, given: tuple[Given, ...], operations: tuple[Node, ...], found: Mapping[str, Any]
    ) -> tuple[tuple[Given, ...], tuple[Node, ...]]:
        """The graph with what is drawn at random as inputs: a dropout multiplies by what it keeps."""
        kept: list[Node] = []
        for node in operations:
            name = f"{node.operation}_" if node.in_place else node.operation
            if not is_drawn(name, node.arguments):
                kept.append(node)
                continue
            masks = name == "dropout"
            numbers = drawn(name, [self.number(n) for n in found[node.name].meta["val"].shape], node.arguments, len(self.draws))
            rate = 1 - node.arguments["p"] if masks else 1.0
            own = f"{node.name}_drawn" if masks else node.name
            self.draws[own] = Drawn(numbers / rate, rate)
            given = (*given, Given(own, "drawn", called_by(name, node.place), self.draws[own].array, node.shape or ()))
            if masks:
                kept.append(replace(node, operation="mul", arguments={"x": node.arguments["x"], "other": Ref(own)}))
        return given, tuple(kept)

    def number(self, extent: Any) -> int:
        """A size of torch's in the example."""
        return extent if isinstance(extent, int) else int(extent.node.hint)

    def inputs(self, placeholders: list[Any]) -> Iterable[Given]:
        leaves = iter(zip(self.names, self.torch.utils._pytree.tree_leaves(self.arguments), strict=True))
        for node, spec in zip(placeholders, self.program.graph_signature.input_specs, strict=True):
            if spec.kind.name == "USER_INPUT":
                path, value = next(leaves)
                self.users.append(node.name)
                if isinstance(value, self.torch.Tensor):
                    yield Given(node.name, "input", path, value.numpy(), self.shape(node) or ())
                else:
                    yield Given(node.name, "input", path, None, value=value)
                continue
            tensor = self.every[spec.target] if spec.target in self.every else self.program.constants[spec.target]
            name = self.first.get(id(tensor), spec.target)
            self.held[node.name] = name
            path = name.removeprefix("module.")
            kind = {"PARAMETER": "parameter", "BUFFER": "buffer"}.get(spec.kind.name, "constant")
            kind = "buffer" if kind == "parameter" and not tensor.requires_grad else kind
            array = tensor.detach().cpu().numpy()
            if kind == "constant" and not array.ndim:
                yield Given(node.name, kind, path, None, value=array.item())
                continue
            yield Given(node.name, kind, path, array, array.shape, self.layers.get(path.rpartition(".")[0], ""))

    def node(self, node: Any) -> Node:
        path, layer = self.module(node)
        about: dict[str, Any] = {"path": path, "layer": layer, "place": _place(node.meta.get("stack_trace"))}
        found = node.meta.get("val")
        if self.leaves(found):  # a position that is computed has become a number of Python: v[v.argmax()]
            read = getattr(node.target, "_schema", None) is not None and node.target.overloadpacket.__name__ == "item"
            return Node(node.name, *(("clone", {"x": Ref(node.args[0].name)}, ()) if read else ("item", {}, ())), **about)
        if isinstance(found, int | self.torch.SymInt):
            return Node(node.name, "size", {}, (self.expression(found),), **about)
        if node.target is operator.getitem:
            return Node(node.name, "getitem", {"x": Ref(node.args[0].name), "index": node.args[1]}, self.shape(node), **about)
        schema = getattr(node.target, "_schema", None)
        if schema is None:
            return Node(node.name, str(node.target), {}, self.shape(node), **about)
        name = node.target.overloadpacket.__name__
        named: dict[str, Any] = {p.name: value for p, value in zip(schema.arguments, node.args, strict=False)} | node.kwargs
        plain = {parameter.name: parameter.default_value for parameter in schema.arguments if parameter.has_default_value()}
        kept = {
            ("x" if key in ("self", "input") else key): self.argument(value)
            for key, value in named.items()
            if key not in plain or not _same(value, plain[key])
        }
        if name in CONVERSIONS:
            name, kept = self.conversion(node)
        in_place = name.endswith("_") and not name.startswith("_")
        return Node(node.name, name.rstrip("_") if in_place else name, kept, self.shape(node), in_place, **about)

    def conversion(self, node: Any) -> tuple[str, dict[str, Any]]:
        """A conversion between kinds of numbers, by what it does to the numbers."""
        x = {"x": Ref(node.args[0].name)}
        before, after = self.kind(node.args[0]), self.kind(node)
        if after == self.torch.bool and before != self.torch.bool:
            return "ne", {**x, "other": 0}
        return ("trunc" if before.is_floating_point and not after.is_floating_point else "clone"), x

    def argument(self, value: Any) -> Any:
        """An argument of an operation, without torch's types."""
        if isinstance(value, self.torch.fx.Node):
            found = value.meta.get("val")
            whole = isinstance(found, int | self.torch.SymInt) and not self.leaves(found)
            return self.expression(found) if whole else Ref(value.name)
        if isinstance(value, list | tuple):
            return [self.argument(one) for one in value]
        if value is None or isinstance(value, bool | int | float | str):
            return value
        return str(value).removeprefix("torch.")

    def leaves(self, value: Any) -> bool:
        """Whether a whole number of torch's depends on the entries of a tensor, as that of item() does."""
        return isinstance(value, self.torch.SymInt) and any(str(s).startswith("u") for s in value.node.expr.free_symbols)

    def shape(self, node: Any) -> tuple[Expr, ...] | None:
        found = node.meta.get("val")
        return tuple(self.expression(n) for n in found.shape) if isinstance(found, self.torch.Tensor) else None

    def kind(self, node: Any) -> Any:
        return getattr(node.meta.get("val"), "dtype", None)

    def expression(self, extent: Any) -> Expr:
        """A size of torch's as one of ours."""
        if isinstance(extent, int):
            return sp.Integer(extent)
        found = extent.node.expr
        for symbol in sorted(found.free_symbols - self.symbols.keys(), key=str):
            letters = (c for c in (*LETTERS, *(f"n_{k}" for k in range(1, 1000))) if size(c) not in self.symbols.values())
            self.symbols[symbol] = size(next(letters))
        found = found.replace(lambda e: type(e).__name__ == "FloorDiv", lambda e: sp.floor(e.args[0] / e.args[1]))
        return sp.expand(found.xreplace(self.symbols))

    def module(self, node: Any) -> tuple[str, str]:
        """The path of the innermost module that an operation belongs to, and its class."""
        paths = [path for path, _ in (node.meta.get("nn_module_stack") or {}).values() if path.startswith("module")]
        path = paths[-1].removeprefix("module").removeprefix(".") if paths else ""
        return path, self.layers.get(path, "")

    def value(self, arrays: Mapping[str, ndarray]) -> float:
        """The loss that the module computes with these arrays, by the names of the inputs; others are as they are."""
        torch, trees = self.torch, self.torch.utils._pytree
        leaves, spec = trees.tree_flatten(self.arguments)
        state = {name: tensor.detach().clone() for name, tensor in self.state.items()}
        draws = {name: one.array * one.rate for name, one in self.draws.items()}
        for name, array in arrays.items():
            if name in draws:
                draws[name] = np.array(array) * self.draws[name].rate
            elif name in self.users:
                k = self.users.index(name)
                leaves[k] = torch.as_tensor(np.array(array)).to(leaves[k].dtype)
            elif self.held[name] in state:
                state[self.held[name]] = torch.as_tensor(np.array(array)).to(state[self.held[name]].dtype)
        inputs, targets = trees.tree_unflatten(leaves, spec)
        with double(), redrawn(list(draws.values())):
            return called(lambda *given: torch.func.functional_call(self.own, state, given, strict=False), inputs, targets)


def _same(value: Any, plain: Any) -> bool:
    """Whether an argument stands at its default; one number is a default for all axes."""
    if isinstance(value, list | tuple):
        several = list(plain) if isinstance(plain, list | tuple) else [plain] * len(value)
        return len(value) == len(several) and all(map(_same, value, several))
    return type(value) in (bool, int, float, str, type(None)) and value == plain


def _argument_names(module: Any, arguments: Any) -> list[str]:
    """How `forward` calls each of the inputs; the targets are y."""
    trees = import_module("torch.utils._pytree")
    own = list(inspect.signature(module.forward).parameters.values())
    inputs, targets = arguments
    known = [p.name if p.kind is not p.VAR_POSITIONAL else "x" for p in own][: len(inputs)]
    called = [*known, *[known[-1] if known else "x"] * (len(inputs) - len(known))]
    found: list[str] = []
    for name, value in (*zip(called, inputs, strict=True), *(("y", value) for value in targets)):
        for path, _ in trees.tree_flatten_with_path(value)[0]:
            inner = "".join(f"_{part}" for part in re.findall(r"\w+", trees.keystr(path)))
            found.append({"input": "x", "src": "x", "input_ids": "t"}.get(name, name) + inner)
    return [f"{name}_{found[: k + 1].count(name)}" if found.count(name) > 1 else name for k, name in enumerate(found)]


def _place(trace: str | None) -> Place | None:
    """The line of a person's code in a stack trace: the innermost that is no library's."""
    from symbackprop.notation.trace.frames import is_own

    lines = re.findall(r'File "([^"]+)", line (\d+)', trace or "")
    own = [(file, int(line)) for file, line in lines if is_own(file)]
    if not own:
        return None
    file, line = own[-1]
    text = linecache.getline(file, line).rstrip("\n")
    start = len(text) - len(text.lstrip())
    return Place(file, line, start + 1, max(len(text.strip()), 1), text)
