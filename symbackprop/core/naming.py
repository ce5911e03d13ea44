"""Bodies as plain text, with names in the place of their slots."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from sympy import Expr, Symbol

MARK = re.compile("\ue000(\\d+)\ue001")  # of a name in a text: its number among the names, in their order


def named(body: Expr, slots: tuple[Symbol, ...], names: tuple[str, ...]) -> str:
    """The text of a body; that of equal bodies whose names are in the same order is made once."""
    free: Any = body.free_symbols
    others = sorted(free - set(slots), key=str)
    own = [*map(str, others)]
    order = sorted({*names, *own})
    if not {*names}.isdisjoint(own) or len({*own}) < len(own):  # two symbols of one name
        return str(body.xreplace({s: Symbol(name) for s, name in zip(slots, names, strict=True)}))
    text = _marked(body, slots, tuple(map(order.index, names)), tuple(others), tuple(map(order.index, own)))
    return MARK.sub(lambda found: order[int(found[1])], text)


@lru_cache(maxsize=4096)
def _marked(
    body: Expr, slots: tuple[Symbol, ...], places: tuple[int, ...], others: tuple[Symbol, ...], apart: tuple[int, ...]
) -> str:
    """The text of a body with numbers in the place of its names, which SymPy sorts as it does the names."""
    swap: dict[Any, Any] = {s: Symbol(f"\ue000{k:04}\ue001") for s, k in zip(slots, places, strict=True)}
    swap |= {s: Symbol(f"\ue000{k:04}\ue001", **s.assumptions0) for s, k in zip(others, apart, strict=True)}
    return str(body.xreplace(swap))
