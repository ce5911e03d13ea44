"""Regions of a module that torch.export keeps as graphs of their own: `with torch.no_grad():` and its like, put in their places."""

from __future__ import annotations

from importlib import import_module
from typing import Any

REGIONS = {"wrap_with_set_grad_enabled": 1, "wrap_with_autocast": 4}
"""What keeps a region, and where its graph stands among the arguments; what it reads follows."""


def inlined(module: Any) -> None:
    """Put the operations of each region where the region stands; what leaves one without gradients is detached.

    module  a torch.fx.GraphModule, which is changed.
    """
    torch = import_module("torch")
    for node in list(module.graph.nodes):
        place = REGIONS.get(str(node.target)) if node.op == "call_function" else None
        if place is None:
            continue
        region = getattr(module, node.args[place].target)
        inlined(region)
        flat = str(node.target) == "wrap_with_set_grad_enabled" and not node.args[0]
        given = iter(node.args[place + 1 :])
        known: dict[Any, Any] = {}
        results: list[Any] = []
        with module.graph.inserting_before(node):
            for inner in region.graph.nodes:
                if inner.op == "placeholder":
                    known[inner] = next(given)
                elif inner.op == "output":
                    results = [known.get(one, one) for one in inner.args[0]]
                else:
                    known[inner] = module.graph.node_copy(inner, known.__getitem__)
            for k, one in enumerate(results):
                if flat and isinstance(getattr(one, "meta", {}).get("val"), torch.Tensor):
                    results[k] = module.graph.call_function(torch.ops.aten.detach.default, (one,))
                    results[k].meta = dict(one.meta)
        for user in list(node.users):
            user.replace_all_uses_with(results[user.args[1]])
            module.graph.erase_node(user)
        module.graph.erase_node(node)
