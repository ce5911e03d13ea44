"""x[mask]: how many entries it has depends on values, so the places where a mask is true are data of the network.

They are those of the masks in the example; a mask that depends on what is learnt has other places at every step, and is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

import numpy as np
import sympy as sp
from numpy import ndarray
from sympy import Expr

from symbackprop.notation.errors import NotationError
from symbackprop.notation.models.torch.drawn import MASKS, drawn, is_drawn
from symbackprop.notation.models.torch.graph import Given, Node, Ref, refs
from symbackprop.notation.models.torch.precise import double
from symbackprop.notation.models.torch.rows import LEARNT

COUNTED = ("nonzero", "argwhere", "nonzero_numpy", "where")
"""Operations whose result is the places themselves; `where` of one argument."""


@dataclass(frozen=True)
class Places:
    """Where one mask is true.

    mask    the node of torch's graph that is the mask.
    arrays  the places along each of its axes.
    count   torch's symbol for how many there are; None where it knows the number.
    """

    mask: Any
    arrays: tuple[ndarray, ...]
    count: Any

    @property
    def key(self) -> Any:
        """Equal for masks that are true at the same places."""
        return tuple(array.tobytes() for array in self.arrays)


def places(module: Any, values: Sequence[Any]) -> dict[Any, list[Places]]:
    """The masks that each node of a graph reads entries by, in the order of its arguments.

    module  a torch.fx.GraphModule.
    values  its inputs in the example.
    """
    torch = import_module("torch")
    wanted = {node: found for node in module.graph.nodes if (found := _masks(torch, node))}
    if not wanted:
        return {}
    seen = _values(torch, module, values, {mask for masks in wanted.values() for mask in masks} | {n.args[0] for n in wanted})
    seen = {node: array != 0 for node, array in seen.items()}
    if any(not seen[mask].any() for masks in wanted.values() for mask in masks):
        raise NotationError(
            "a mask chooses no entry of these inputs, so that they do not show what it does.",
            "Give inputs of which it chooses some.",
        )
    return {
        node: [Places(mask, tuple(np.nonzero(_spread(node, seen[mask], seen))), _count(torch, node)) for mask in masks]
        for node, masks in wanted.items()
    }


def unread(module: Any, values: Sequence[Any]) -> frozenset[str]:
    """The attentions whose mask lets some query read nothing at all: torch gives 0 for such a row, not a softmax.

    module, values   as `places` takes them.
    """
    masks = {node: mask for node in module.graph.nodes if (mask := _mask_of(node)) is not None}
    if not masks:
        return frozenset()
    seen = _values(import_module("torch"), module, values, set(masks.values()))
    return frozenset(node.name for node, mask in masks.items() if _hides(seen[mask]))


def _mask_of(node: Any) -> Any:
    """The mask of an attention; None without one."""
    if getattr(getattr(node.target, "overloadpacket", None), "__name__", "") != "scaled_dot_product_attention":
        return None
    return node.args[3] if len(node.args) > 3 else node.kwargs.get("attn_mask")


def _hides(mask: ndarray) -> bool:
    """Whether a row of a mask lets nothing be read."""
    read = mask if mask.dtype == bool else mask > -np.inf
    return bool((~read.any(-1)).any())


def _spread(node: Any, mask: ndarray, seen: Mapping[Any, ndarray]) -> ndarray:
    """A mask as wide as what `masked_select` reads by it."""
    wide = node.target.overloadpacket.__name__ == "masked_select"
    return np.broadcast_to(mask, np.broadcast_shapes(mask.shape, seen[node.args[0]].shape)) if wide else mask


def _masks(torch: Any, node: Any) -> list[Any]:
    """The masks that a node reads or writes entries by, or whose places it counts."""
    overload = getattr(node.target, "overloadpacket", None)
    name = getattr(overload, "__name__", "").rstrip("_")
    if name in ("index", "index_put"):
        return [one for one in node.args[1] if one is not None and _is_mask(torch, one)]
    if name == "masked_select":
        return [node.args[1]]
    return [node.args[0]] if name in COUNTED and len(node.args) == 1 else []


def _is_mask(torch: Any, node: Any) -> bool:
    return getattr(node.meta.get("val"), "dtype", None) in (torch.bool, torch.uint8)


def _count(torch: Any, node: Any) -> Any:
    """The symbol of torch's for the number of entries that a node reads."""
    found = node.meta.get("val")
    tensors = found if isinstance(found, list | tuple) else [found]
    sizes = (n for t in tensors if isinstance(t, torch.Tensor) for n in t.shape if isinstance(n, torch.SymInt))
    return next((s for n in sizes for s in n.node.expr.free_symbols if str(s).startswith("u")), None)


def _values(torch: Any, module: Any, values: Sequence[Any], wanted: set[Any]) -> dict[Any, ndarray]:
    """What these nodes are in the example, with the numbers drawn that the network is given."""
    seen: dict[Any, ndarray] = {}

    class Run(torch.fx.Interpreter):
        draws = 0

        def run_node(self, node: Any) -> Any:
            found = self.given(node)
            found = super().run_node(node) if found is None else found
            if node in wanted:
                seen[node] = found.detach().cpu().numpy()
            return found

        def given(self, node: Any) -> Any:
            schema, packet = getattr(node.target, "_schema", None), getattr(node.target, "overloadpacket", None)
            if schema is None or packet is None:
                return None
            args, kwargs = self.fetch_args_kwargs_from_env(node)
            named = {p.name: value for p, value in zip(schema.arguments, args, strict=False)} | kwargs
            if not is_drawn(packet.__name__, named):
                return None
            name, x = packet.__name__, args[0]
            shape = [int(n) for n in super().run_node(node).shape]
            numbers, self.draws = drawn(name, shape, named, self.draws), self.draws + 1
            if name in MASKS:
                return x * torch.as_tensor(numbers) / (1 - named["p"])
            found = torch.as_tensor(numbers)
            return (found < x).to(x.dtype) if name == "bernoulli" else found

    with torch.no_grad(), double():
        Run(module).run(*values)
    return seen


def with_places(
    given: tuple[Given, ...], operations: tuple[Node, ...], found: Mapping[str, Sequence[Places]], letter: Callable[[Any], Expr]
) -> tuple[tuple[Given, ...], tuple[Node, ...]]:
    """The graph with the places where masks are true as inputs, by which entries are read and written.

    found    the places by the nodes that read by them; `letter` the size that a symbol of torch's is.
    """
    reads = {node.name: [ref.name for ref in refs(node.arguments.values())] for node in operations}
    learnt = {g.name for g in given if g.kind == "parameter"}
    shapes = {node.name: node.shape for node in operations} | {g.name: g.shape for g in given}
    paths = {g.name: g.path for g in given}
    inputs: dict[Any, list[Given]] = {}
    spare: set[str] = set()
    kept: list[Node] = []
    for node in operations:
        several = found.get(node.name, ())
        if not several or (node.operation == "index_put" and not shapes.get(node.arguments["values"].name)):
            kept.append(node)  # one number under a mask needs no places
            continue
        before = set[str]().union(*(_before(one.mask.name, reads) for one in several))
        if before & learnt:
            kept.append(replace(node, operation=LEARNT, arguments={}))
            continue
        spare |= before
        named: dict[str, list[Ref]] = {}
        for one in several:
            if one.key not in inputs:
                extent = _written(node, shapes) if one.count is None else letter(one.count)
                inputs[one.key] = _inputs(one, len(inputs), paths.get(one.mask.name, ""), extent)
            named[one.mask.name] = [Ref(g.name) for g in inputs[one.key]]
        kept.append(_by_places(node, named))
    added = [g for several in inputs.values() for g in several]
    return (*(replace(g, spare=True) if g.name in spare else g for g in given), *added), tuple(kept)


def _written(node: Node, shapes: Mapping[str, Any]) -> Expr | None:
    """How many rows are written under a mask; None where none are."""
    rows = shapes.get(node.arguments["values"].name) if node.operation == "index_put" else None
    return rows[0] if rows and rows[0] != 1 else None


def _inputs(one: Places, number: int, path: str, extent: Expr | None) -> list[Given]:
    """Places as inputs: `at` followed by the name of the mask, where it has one, and counted where it has several axes."""
    stem = f"at_{path}" if path else "at"
    names = [stem] if len(one.arrays) == 1 else [f"{stem}_{k + 1}" for k in range(len(one.arrays))]
    shape = (sp.Integer(len(one.arrays[0])) if extent is None else extent,)
    return [Given(f"places_{number}_{k}", "places", names[k], array, shape) for k, array in enumerate(one.arrays)]


def _by_places(node: Node, named: Mapping[str, list[Ref]]) -> Node:
    """An operation that reads by masks, with the places in their stead."""
    match node.operation:
        case "index" | "index_put":
            items: list[Any] = []
            for one in node.arguments["indices"]:
                items += named[one.name] if isinstance(one, Ref) and one.name in named else [one]
            return replace(node, arguments={**node.arguments, "indices": items})
        case "masked_select":
            [items] = named.values()
            return replace(node, operation="index", arguments={"x": node.arguments["x"], "indices": items})
        case name:
            [items] = named.values()
            if name in ("nonzero", "argwhere"):
                return replace(node, operation="stack", arguments={"tensors": items, "dim": 1})
            return replace(node, operation="listed", arguments={"tensors": items})


def _before(name: str, reads: Mapping[str, Sequence[str]]) -> set[str]:
    """A node and all that it is computed of."""
    found, stack = set[str](), [name]
    while stack:
        one = stack.pop()
        if one not in found:
            found.add(one)
            stack += reads.get(one, ())
    return found
