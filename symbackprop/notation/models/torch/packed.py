"""Views that are not written down: axes taken together or apart, or in another order, until an operation needs them as they are.

torch's attention and losses pack axes only to unpack them again: (n, T, d) is seen as (n T, d), each row is worked on, and the rows
are (n, T) again. Here the axes stay apart, and what works row by row is given them so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp
from sympy import Expr

from symbackprop.core.program import same_size
from symbackprop.language.tensors import Tensor, as_number
from symbackprop.notation.models.torch.rows import ROWS, entrywise
from symbackprop.notation.models.torch.rows.complexes import MAKES, complex_row, is_complex
from symbackprop.notation.models.torch.rows.losses import ROWWISE
from symbackprop.notation.models.torch.rows.words import WHOLE, lang


@dataclass(frozen=True)
class Packed:
    """A value each of whose axes is made of axes of a tensor, row by row; () is an axis of size 1."""

    tensor: Tensor
    groups: tuple[tuple[int, ...], ...]

    @property
    def shape(self) -> tuple[Expr, ...]:
        return tuple(sp.expand(sp.Mul(*self.sizes(k))) for k in range(len(self.groups)))

    def sizes(self, axis: int) -> tuple[Expr, ...]:
        """The sizes that an axis is made of."""
        return tuple(self.tensor.shape[k] for k in self.groups[axis])

    def spread(self) -> Tensor:
        """The tensor with its axes in the order of the groups."""
        order = [k for group in self.groups for k in group]
        return lang.transpose(self.tensor, tuple(order)) if order != sorted(order) else self.tensor

    def whole(self) -> Tensor:
        """The value as a tensor with the axes that it has."""
        spread = self.spread()
        if all(len(group) == 1 for group in self.groups):
            return spread
        if all(len(group) < 2 for group in self.groups):
            return spread[tuple(WHOLE if group else None for group in self.groups)]
        return lang.reshape(spread, self.shape)

    def permuted(self, order: Sequence[int]) -> Packed:
        return Packed(self.tensor, tuple(self.groups[k] for k in order))

    def reshaped(self, sizes: Sequence[Any]) -> Packed | None:
        """The same entries with axes of these sizes; None where a size is made of parts that do not divide it."""
        wanted = list(sizes)
        if -1 in wanted:
            rest = sp.Mul(*[as_number(n) for n in wanted if n != -1])
            wanted[wanted.index(-1)] = sp.cancel(sp.Mul(*self.shape) / rest)
        tensor, left = self.spread(), list(range(self.tensor.ndim))
        groups: list[tuple[int, ...]] = []
        for extent in map(as_number, wanted):
            group: list[int] = []
            room = extent
            while room != 1:
                if not left:
                    return None
                axis, size = left[0], tensor.shape[left[0]]
                if _divides(size, room):
                    room = sp.cancel(room / size)
                    left.pop(0)
                elif _divides(room, size):
                    inner = sp.cancel(size / room)
                    tensor = lang.reshape(tensor, (*tensor.shape[:axis], room, inner, *tensor.shape[axis + 1 :]))
                    left = [axis + 1, *(k + 1 for k in left[1:])]
                    room = sp.S.One
                else:
                    return None
                group.append(axis)
            groups.append(tuple(group))
        if any(tensor.shape[k] != 1 for k in left):
            return None
        if left:  # axes of size 1 that no group needs
            tensor = lang.squeeze(tensor, tuple(left))
            groups = [tuple(k - sum(gone < k for gone in left) for k in group) for group in groups]
        return Packed(tensor, tuple(groups))


def packed(value: Any) -> Packed:
    """A value with each of its axes for itself."""
    return value if isinstance(value, Packed) else Packed(value, tuple((k,) for k in range(value.ndim)))


def plain(value: Any) -> Any:
    """What rows without packed axes take: tensors as they are."""
    if isinstance(value, Packed):
        return value.whole()
    return [plain(one) for one in value] if isinstance(value, list) else value


def simple(value: Packed) -> Any:
    """A packed value, or its tensor where nothing is packed."""
    return value.tensor if value.groups == tuple((k,) for k in range(value.tensor.ndim)) else value


def applied(operation: str, arguments: Mapping[str, Any]) -> Any:
    """The result of a row on values of which some may be packed."""
    seen = VIEWS.get(operation)
    x = arguments.get("x")
    if seen is not None and isinstance(x, Packed | Tensor):
        found = seen(packed(x), **{name: value for name, value in arguments.items() if name != "x"})
        if found is not None:
            return simple(found)
    if operation in MAKES or any(map(is_complex, arguments.values())):
        return complex_row(operation, {name: plain(value) for name, value in arguments.items()}, ROWS)
    if any(isinstance(value, Packed) for value in arguments.values()):
        found = _by_rows(operation, arguments)
        if found is not None:
            return simple(found)
    return ROWS[operation](**{name: plain(value) for name, value in arguments.items()})


# -- views -------------------------------------------------------------------------------------------------------------------


def _sizes(name: str) -> Callable[..., Packed | None]:
    return lambda x, **arguments: x.reshaped(arguments[name])


def _flatten(x: Packed, start_dim: int = 0, end_dim: int = -1) -> Packed | None:
    first, last = start_dim % max(len(x.groups), 1), end_dim % max(len(x.groups), 1)
    joined = tuple(k for group in x.groups[first : last + 1] for k in group)
    return Packed(x.tensor, (*x.groups[:first], joined, *x.groups[last + 1 :]))


def _unflatten(x: Packed, dim: int, sizes: Sequence[Any]) -> Packed | None:
    place = dim % len(x.groups)
    inner = list(sizes)
    if -1 in inner:
        inner[inner.index(-1)] = sp.cancel(x.shape[place] / sp.Mul(*[as_number(n) for n in inner if n != -1]))
    return x.reshaped((*x.shape[:place], *inner, *x.shape[place + 1 :]))


def _transpose(x: Packed, dim0: int, dim1: int) -> Packed:
    order = list(range(len(x.groups)))
    order[dim0], order[dim1] = order[dim1], order[dim0]
    return x.permuted(order)


def _unsqueeze(x: Packed, dim: int) -> Packed:
    place = dim % (len(x.groups) + 1)
    return Packed(x.tensor, (*x.groups[:place], (), *x.groups[place:]))


def _squeeze(x: Packed, dim: int | None = None) -> Packed | None:
    place = None if not isinstance(dim, int) else dim % len(x.groups)
    if place is None or x.groups[place]:
        return None
    return Packed(x.tensor, tuple(group for k, group in enumerate(x.groups) if k != place))


def _select(x: Packed, dim: int, index: Any) -> Packed | None:
    group = x.groups[dim]
    if len(group) != 1:
        return None
    found = x.tensor[(*[WHOLE] * group[0], index)]
    groups = [tuple(k - (k > group[0]) for k in g) for at, g in enumerate(x.groups) if at != dim % len(x.groups)]
    return Packed(found, tuple(groups))


VIEWS: Mapping[str, Callable[..., Packed | None]] = {
    "view": _sizes("size"),
    "reshape": _sizes("shape"),
    "flatten": _flatten,
    "unflatten": _unflatten,
    "transpose": _transpose,
    "permute": lambda x, dims: x.permuted([k % len(x.groups) for k in dims]),
    "unsqueeze": _unsqueeze,
    "squeeze": _squeeze,
    "select": _select,
    "contiguous": lambda x: x,
    "clone": lambda x: x,
}
"""Operations that only see the entries otherwise; None: the row itself is asked."""


# -- what works row by row -----------------------------------------------------------------------------------------------------

ENTRYWISE = entrywise.ROWS.keys() - {"prelu", "glu"} | {"dropout"}
TAILS: Mapping[str, Mapping[str, int]] = {
    "linear": {"x": 1}, "bmm": {"x": 2, "mat2": 2}, "matmul": {"x": 2, "other": 2}, "baddbmm": {"x": 2, "batch1": 2, "batch2": 2},
    "cross_entropy_loss": {"x": 1, "target": 0}, "nll_loss_nd": {"x": 1, "target": 0},
}  # fmt: skip
"""How many of the last axes of each argument a row looks at; it does the same for all entries of those before."""


def _by_rows(operation: str, arguments: Mapping[str, Any]) -> Packed | None:
    """The result of a row on the axes as they are apart; None where they do not fit one another so."""
    tensors = {name: packed(value) for name, value in arguments.items() if isinstance(value, Packed | Tensor)}
    if operation in ENTRYWISE:
        tails = dict.fromkeys(tensors, 0)
    elif operation in ROWWISE and (arguments.get("reduction") == 0 or [len(tensors[n].groups) for n in ("x", "target")] != [2, 1]):
        return None
    elif operation in TAILS:
        tails = {name: tail for name, tail in TAILS[operation].items() if name in tensors}
    else:
        return None
    heads = {name: len(tensors[name].groups) - tail for name, tail in tails.items()}
    rank = max(heads.values())
    if any(count < 0 for count in heads.values()) or (operation == "matmul" and len(set(heads.values())) > 1):
        return None
    lead: list[tuple[Expr, ...]] = []
    for k in range(rank):
        parts = [tensors[n].sizes(k - rank + h) for n, h in heads.items() if k - rank + h >= 0]
        lead.append(max(parts, key=lambda sizes: (sp.Mul(*sizes) != 1, len(sizes))))
    given = {name: _spread(tensors[name], lead[rank - heads[name] :], tail) for name, tail in tails.items()}
    if any(value is None for value in given.values()):
        return None
    function = ROWWISE.get(operation) or ROWS[operation]
    found = function(**{**{name: plain(value) for name, value in arguments.items()}, **given})
    sizes = [max(len(part), 1) for part in lead] if found.ndim else []
    groups, at = [], 0
    for count in [*sizes, *[1] * (found.ndim - sum(sizes))]:
        groups.append(tuple(range(at, at + count)))
        at += count
    return Packed(found, tuple(groups))


def _spread(x: Packed, lead: Sequence[tuple[Expr, ...]], tail: int) -> Tensor | None:
    """The tensor with its leading axes apart as in `lead`, an axis of size 1 with as many of them, and its last axes whole."""
    sizes: list[Expr] = []
    for k, part in enumerate(lead):
        own = x.shape[k]
        if own != 1 and not same_size(own, sp.Mul(*part)):
            return None
        sizes += [sp.S.One] * max(len(part), 1) if own == 1 else part
    found = x.reshaped((*sizes, *x.shape[len(x.groups) - tail :]))
    return None if found is None else found.whole()


def _divides(a: Expr, b: Expr) -> bool:
    return sp.denom(sp.together(sp.cancel(b / a))) == 1
