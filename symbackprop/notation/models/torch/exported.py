"""A module and its loss as a graph of operations: torch.export's, before it takes operations apart."""

from __future__ import annotations

import inspect
import linecache
import operator
import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import replace
from importlib import import_module
from typing import Any

import numpy as np
import sympy as sp
from numpy import ndarray
from sympy import Expr

from symbackprop.core.choices import INFINITE
from symbackprop.core.program import size
from symbackprop.notation.errors import NotationError, Place, shortened
from symbackprop.notation.models.torch.drawn import Drawn, redrawn, with_draws
from symbackprop.notation.models.torch.gradients import OPERATION, asked
from symbackprop.notation.models.torch.graph import Given, Graph, Node, Ref
from symbackprop.notation.models.torch.inlined import inlined
from symbackprop.notation.models.torch.masks import Places, places, unread, with_places
from symbackprop.notation.models.torch.precise import double, precise, unguarded
from symbackprop.notation.models.torch.tasks import called, task

LETTERS = "nmtkpq"  # of sizes, in the order of the inputs
PADDED = (
    "It packs sequences of several lengths: leave the padding in, and read the last state of each, "
    "out[torch.arange(len(x)), lengths - 1] where the batch is first."
)
COURSE = "Its course must not depend on the values of tensors: write torch.where in the place of if."
HABITS = (
    (r"Eq\(u\d+, u\d+\)", "Make the mask once, mask = y > 0, and read both by it, x[mask] and y[mask]."),
    (r"_ctc_loss", "The sum over alignments of ctc_loss is not in the language."),
    (r"specialized integer from data-dependent expression u\d+ ", "Count with mask.sum() in the place of len(x[mask])."),
)
"""What torch says of entries that masks choose and of a loss over alignments, and what to write."""
CONVERSIONS = ("to", "_to_copy", "type_as")


def exported(module: Any, inputs: tuple[Any, ...], loss: Any, targets: tuple[Any, ...], sizes: str, apart: bool = False) -> Graph:
    """The graph of the loss of a module. The module stays as it is: a copy is exported, in float64, on the processor.

    sizes   "batch": the first axis of every input is a symbol; "free": every axis that the module leaves free; "all": numbers.
    apart   whether nothing is to be written in place: what is written to a part of a tensor makes a new one.

    Raises NotationError where it raises on these inputs, and where torch cannot export it.
    """
    torch = import_module("torch")
    own = task(precise(module), loss)
    arguments = _tensors((inputs, targets))
    with double(), redrawn(()):
        called(own, *arguments)
    with double(), unguarded():
        program = _exported(own, arguments, sizes)
    inlined(program.graph_module)
    if apart:
        with double(), unguarded(), warnings.catch_warnings(action="ignore"):
            program = program.run_decompositions({})
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
        if value.is_complex():
            return value.to(torch.complex128)
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
        with asked(), warnings.catch_warnings(action="ignore"):  # they are about torch's own code
            return torch.export.export(own, arguments, dynamic_shapes=shapes, strict=False)
    except Exception as fault:
        if sizes != "all":
            return _exported(own, arguments, "all")
        first = str(fault).strip().split("\n")[0]
        mend = next((mend for pattern, mend in HABITS if re.search(pattern, first)), COURSE)
        raise NotationError(
            f"torch.export refuses the module: {type(fault).__name__}: {shortened(first, 300)}", PADDED if _packs(fault) else mend
        ) from fault


def _packs(fault: BaseException) -> bool:
    """Whether sequences of several lengths are packed where an exception rose."""
    at = fault.__traceback__
    while at is not None:
        if any(type(value).__name__ == "PackedSequence" for value in at.tb_frame.f_locals.values()):
            return True
        at = at.tb_next
    return False


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
        self.draws: Mapping[str, Drawn] = {}
        self.values: list[Any] = []  # of the inputs of the graph
        self.places: Mapping[Any, list[Places]] = {}
        self.unread = frozenset[str]()  # attentions with rows that may read nothing

    def graph(self) -> Graph:
        nodes = list(self.program.graph.nodes)
        given = tuple(self.inputs([n for n in nodes if n.op == "placeholder"]))
        self.places = places(self.program.graph_module, self.values)
        self.unread = unread(self.program.graph_module, self.values)
        self.count_places()
        output = next(n for n in nodes if n.op == "output")
        last = [n for n in output.args[0] if n is not None][-1]
        operations = tuple(self.node(n) for n in nodes if n.op == "call_function")
        shown = {n.name: self.result(n) for n in nodes}
        given, operations = with_places(given, operations, {n.name: found for n, found in self.places.items()}, self.letter)
        given, operations, self.draws = with_draws(
            given, operations, lambda name: (self.numbers(shown[name]), self.extents(shown[name]))
        )
        single = any(self.kind(n) in (self.torch.float32, self.torch.float16, self.torch.bfloat16) for n in nodes)
        return Graph(given, operations, Ref(last.name), self.value, not single)

    def result(self, node: Any) -> Any:
        """What stands for the result of a node, or for the first of several."""
        found = node.meta.get("val")
        return found[0] if isinstance(found, list | tuple) and found else found

    def numbers(self, found: Any) -> tuple[int, ...]:
        """The shape of a result in the example."""
        return tuple(extent if isinstance(extent, int) else int(extent.node.hint) for extent in found.shape)

    def count_places(self) -> None:
        """Give one letter to the numbers of entries that equal masks have."""
        first: dict[Any, Expr] = {}
        for one in (one for several in self.places.values() for one in several):
            if one.count is not None:
                self.symbols[one.count] = first.setdefault(one.key, self.letter(one.count))

    def letter(self, symbol: Any) -> Expr:
        """The size that a symbol of torch's is here."""
        if symbol not in self.symbols:
            taken = {*map(str, self.symbols.values()), *self.names, *self.every}  # a tensor may be called n
            self.symbols[symbol] = size(next(c for c in (*LETTERS, *(f"n_{k}" for k in range(1, 1000))) if c not in taken))
        return self.symbols[symbol]

    def inputs(self, placeholders: list[Any]) -> Iterable[Given]:
        leaves = iter(zip(self.names, self.torch.utils._pytree.tree_leaves(self.arguments), strict=True))
        for node, spec in zip(placeholders, self.program.graph_signature.input_specs, strict=True):
            if spec.kind.name == "USER_INPUT":
                path, value = next(leaves)
                self.users.append(node.name)
                self.values.append(value)
                if isinstance(value, self.torch.Tensor):
                    yield self.given(Given(node.name, "input", path, None, self.shape(node) or ()), value)
                else:
                    yield Given(node.name, "input", path, None, value=value)
                continue
            tensor = self.every[spec.target] if spec.target in self.every else self.program.constants[spec.target]
            name = self.first.get(id(tensor), spec.target)
            self.values.append(tensor)
            self.held[node.name] = name
            path = name.removeprefix("module.")
            kind = {"PARAMETER": "parameter", "BUFFER": "buffer"}.get(spec.kind.name, "constant")
            kind = "buffer" if kind == "parameter" and not tensor.requires_grad else kind
            if kind == "constant" and not tensor.ndim:
                yield Given(node.name, kind, path, None, value=tensor.item())
                continue
            layer = self.layers.get(path.rpartition(".")[0], "")
            yield self.given(Given(node.name, kind, path, None, tuple(tensor.shape), layer), tensor)

    def given(self, g: Given, tensor: Any) -> Given:
        """An input with its array; complex numbers are pairs along a last axis."""
        if not tensor.is_complex():
            return replace(g, array=tensor.detach().cpu().numpy())
        pairs = self.torch.view_as_real(tensor.detach().resolve_conj()).cpu().numpy()
        return replace(g, array=pairs, shape=(*g.shape, 2), paired=True)

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
        if node.name in self.unread:
            kept["or_zero"] = True
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
        if before.is_complex != after.is_complex:
            return ("to_complex" if after.is_complex else "real"), x
        return ("trunc" if before.is_floating_point and not after.is_floating_point else "clone"), x

    def argument(self, value: Any) -> Any:
        """An argument of an operation, without torch's types."""
        if isinstance(value, self.torch.fx.Node):
            found = value.meta.get("val")
            whole = isinstance(found, int | self.torch.SymInt) and not self.leaves(found)
            return self.expression(found) if whole else Ref(value.name)
        if isinstance(value, list | tuple):
            return [self.argument(one) for one in value]
        if value is None or isinstance(value, bool | int | float | complex | str):
            return value
        return str(value).removeprefix("torch.")

    def leaves(self, value: Any) -> bool:
        """Whether a whole number of torch's depends on the entries of a tensor, as that of item() does."""
        return isinstance(value, self.torch.SymInt) and any(str(s).startswith("u") for s in value.node.expr.free_symbols)

    def shape(self, node: Any) -> tuple[Expr, ...] | None:
        found = node.meta.get("val")
        return self.extents(found) if isinstance(found, self.torch.Tensor) else None

    def extents(self, found: Any) -> tuple[Expr, ...]:
        return tuple(self.expression(n) for n in found.shape)

    def kind(self, node: Any) -> Any:
        return getattr(node.meta.get("val"), "dtype", None)

    def expression(self, extent: Any) -> Expr:
        """A size of torch's as one of ours."""
        if isinstance(extent, int):
            return sp.Integer(extent)
        found = extent.node.expr
        for symbol in sorted(found.free_symbols, key=str):
            self.letter(symbol)
        found = found.replace(lambda e: type(e).__name__ == "FloorDiv", lambda e: sp.floor(e.args[0] / e.args[1]))
        return sp.expand(found.xreplace(self.symbols))

    def module(self, node: Any) -> tuple[str, str]:
        """The path of the innermost module that an operation belongs to, and its class."""
        paths = [path for path, _ in (node.meta.get("nn_module_stack") or {}).values() if path.startswith("module")]
        path = paths[-1].removeprefix("module").removeprefix(".") if paths else ""
        return path, self.layers.get(path, "")

    def back(self, array: ndarray, like: Any) -> Any:
        """An array as a tensor of the kind of another; what stands for an infinity of that is infinite."""
        tensor = self.torch.as_tensor(np.array(array))
        if not like.is_complex() and like.is_floating_point() and like.shape == tensor.shape:
            tensor = self.torch.where(like.isinf() & (tensor.abs() > INFINITE / 2), like.detach(), tensor)
        return self.torch.view_as_complex(tensor) if like.is_complex() else tensor.to(like.dtype)

    def value(self, arrays: Mapping[str, ndarray]) -> float:
        """The loss that the module computes with these arrays, by the names of the inputs; others are as they are."""
        torch, trees = self.torch, self.torch.utils._pytree
        leaves, spec = trees.tree_flatten(self.arguments)
        back = any(OPERATION in str(node.target) for node in self.program.graph.nodes)
        state = {name: tensor.detach().clone().requires_grad_(back and tensor.requires_grad) for name, tensor in self.state.items()}
        draws = {name: one.numbers(one.array) for name, one in self.draws.items()}
        for name, array in arrays.items():
            if name in draws:
                draws[name] = self.draws[name].numbers(np.array(array))
            elif name in self.users:
                k = self.users.index(name)
                leaves[k] = self.back(array, leaves[k])
            elif self.held.get(name) in state:
                own = state[self.held[name]]
                state[self.held[name]] = self.back(array, own).requires_grad_(own.requires_grad)
        inputs, targets = trees.tree_unflatten(leaves, spec)
        with double(), redrawn(list(draws.values())):
            return called(lambda *given: torch.func.functional_call(self.own, state, given, strict=False), inputs, targets, back)


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
