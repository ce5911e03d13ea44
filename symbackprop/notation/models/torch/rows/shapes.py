"""The same entries in another shape, parts of them, several tensors as one; tensors made of sizes alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any

import sympy as sp
from sympy import Expr

from symbackprop.core.program import Sum, position
from symbackprop.language.tensors import LanguageError, Tensor, as_number, as_tensor
from symbackprop.notation.models.torch.rows.words import WHOLE, counted, cut_of, lang, reshaped


def _flatten(x: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    first, last = start_dim % max(x.ndim, 1), end_dim % max(x.ndim, 1)
    return reshaped(x, (*x.shape[:first], sp.expand(sp.Mul(*x.shape[first : last + 1])), *x.shape[last + 1 :]))


def _unflatten(x: Tensor, dim: int, sizes: Sequence[Any]) -> Tensor:
    place = dim % x.ndim
    known = sp.Mul(*[as_number(n) for n in sizes if n != -1])
    inner = [sp.cancel(x.shape[place] / known) if n == -1 else n for n in sizes]
    return reshaped(x, (*x.shape[:place], *inner, *x.shape[place + 1 :]))


def _squeeze(x: Tensor, dim: Any = None) -> Tensor:
    """Axes that are named and have another size stay, as torch has it."""
    several = range(x.ndim) if dim is None else dim if isinstance(dim, list) else [dim]
    gone = tuple(sorted({a % x.ndim for a in several if x.ndim and x.shape[a] == 1}))
    return lang.squeeze(x, gone) if gone else x


def _movedim(x: Tensor, source: Any, destination: Any) -> Tensor:
    sources, destinations = ([n % x.ndim for n in (v if isinstance(v, list) else [v])] for v in (source, destination))
    order = [k for k in range(x.ndim) if k not in sources]
    for place, axis in sorted(zip(destinations, sources, strict=True)):
        order.insert(place, axis)
    return lang.transpose(x, tuple(order))


def _expand(x: Tensor, size: Sequence[Any]) -> Tensor:
    own = (None,) * (len(size) - x.ndim) + x.shape
    return lang.broadcast_to(x, tuple(b if a == -1 else a for a, b in zip(size, own, strict=True)))


def _broadcast_tensors(tensors: Sequence[Tensor]) -> list[Tensor]:
    widest = max(tensors, key=lambda t: (t.ndim, sum(n != 1 for n in t.shape)))
    return [t if t.shape == widest.shape else lang.broadcast_to(t, widest.shape) for t in tensors]


def _select(x: Tensor, dim: int, index: Any) -> Tensor:
    return x[(*[WHOLE] * (dim % x.ndim), index)]


def _cut(x: Tensor, dim: int = 0, start: Any = None, end: Any = None, step: Any = 1) -> Tensor:
    place = dim % x.ndim
    part = cut_of(x.shape[place], start, end, step)
    return x if part == WHOLE else x[(*[WHOLE] * place, part)]


def _split(x: Tensor, split_size: Any, dim: int = 0) -> list[Tensor]:
    if isinstance(split_size, list):
        return _parts(x, split_size, dim)
    whole, rest = divmod(counted("split", x, dim), int(split_size))
    return _parts(x, [int(split_size)] * whole + [rest] * bool(rest), dim)


def _parts(x: Tensor, split_sizes: Sequence[Any], dim: int = 0) -> list[Tensor]:
    ends: list[Expr] = list(accumulate(map(as_number, split_sizes)))
    return [_cut(x, dim, end - as_number(width), end) for end, width in zip(ends, split_sizes, strict=True)]


def _chunk(x: Tensor, chunks: int, dim: int = 0) -> list[Tensor]:
    return _split(x, -(-counted("chunk", x, dim) // chunks), dim)


def _roll(x: Tensor, shifts: Sequence[Any], dims: Sequence[int] = ()) -> Tensor:
    if not dims:
        return lang.roll(x, shifts[0])
    for shift, dim in zip(shifts, dims, strict=True):
        x = lang.roll(x, shift, dim)
    return x


PADS = {"circular": "wrap", "replicate": "edge"}
"""NumPy's names of torch's ways to pad."""


def _pad(x: Tensor, pad: Sequence[Any], mode: str = "constant", value: Any = None) -> Tensor:
    """torch names the last axis first."""
    pairs = [(0, 0)] * (x.ndim - len(pad) // 2) + [(pad[k], pad[k + 1]) for k in range(len(pad) - 2, -1, -2)]
    cut = [[max(-n, 0) if as_number(n).is_Integer else 0 for n in pair] for pair in pairs]
    if any(map(any, cut)):  # a negative width cuts entries off
        x = x[tuple(slice(before, -after or None) for before, after in cut)]
        pairs = [tuple(n if as_number(n) > 0 else 0 for n in pair) if any(c) else pair for pair, c in zip(pairs, cut, strict=True)]
    return lang.pad(x, tuple(pairs), PADS.get(mode, mode), 0 if value is None else value)


def _diagonal(x: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    if x.ndim != 2 or (dim1 % 2, dim2 % 2) != (0, 1) or offset:
        raise LanguageError("diagonal: the main diagonal of a matrix is in the language, no other")
    return lang.diagonal(x)


def _one_hot(x: Tensor, num_classes: Any = -1) -> Tensor:
    if num_classes == -1:
        raise LanguageError("one_hot: the number of classes must be given; write one_hot(t, 10), say")
    return lang.one_hot(x, num_classes)


def _eye(n: Any, m: Any) -> Tensor:
    if n == m:
        return lang.eye(n)
    more = (as_number(n) - as_number(m)).is_positive  # rows than columns: those below are 0
    return lang.swapaxes(_one_hot(lang.arange(m), n), 0, 1) if more else _one_hot(lang.arange(n), m)


def _full(size: Sequence[Any], value: Any) -> Tensor:
    return lang.full(tuple(size), value) if size else as_tensor(value)


def _arange(end: Any, start: Any = 0, step: Any = 1, dtype: Any = None) -> Tensor:
    start, end, step = map(as_number, (start, end, step))
    count = sp.cancel((end - start) / step)
    count = sp.ceiling(count) if count.is_number else count
    return lang.arange(count) if (start, step) == (0, 1) else Tensor((count,), Sum(start + step * position("0")), (), ("0",))


VIEWS = frozenset([
    "view", "view_as", "reshape", "reshape_as",
    "flatten", "unflatten", "squeeze", "unsqueeze", "transpose", "t", "numpy_T", "mT", "mH", "permute",
    "movedim",
    "expand", "expand_as", "broadcast_to", "select", "slice", "narrow", "split", "split_with_sizes", "chunk", "unbind",
    "diagonal", "alias", "getitem", "swapaxes", "broadcast_tensors", "contiguous",
])  # fmt: skip
"""What may share its memory with what it reads."""

ROWS: dict[str, Callable[..., Any]] = {
    "view": lambda x, size: reshaped(x, size),
    "reshape": lambda x, shape: reshaped(x, shape),
    "view_as": lambda x, other: reshaped(x, other.shape),
    "reshape_as": lambda x, other: reshaped(x, other.shape),
    "flatten": _flatten,
    "unflatten": _unflatten,
    "squeeze": _squeeze,
    "unsqueeze": lambda x, dim: lang.expand_dims(x, dim),
    "transpose": lambda x, dim0, dim1: lang.swapaxes(x, dim0, dim1),
    "swapaxes": lambda x, axis0, axis1: lang.swapaxes(x, axis0, axis1),
    "t": lambda x: x.T,
    "numpy_T": lambda x: x.T,
    "mT": lambda x: lang.swapaxes(x, -1, -2),
    "mH": lambda x: lang.swapaxes(x, -1, -2),
    "permute": lambda x, dims: lang.transpose(x, tuple(dims)),
    "movedim": _movedim,
    "expand": _expand,
    "expand_as": lambda x, other: lang.broadcast_to(x, other.shape),
    "broadcast_to": _expand,
    "broadcast_tensors": _broadcast_tensors,
    "select": _select,
    "slice": _cut,
    "narrow": lambda x, dim, start, length: _cut(x, dim, start, as_number(start) + as_number(length)),
    "split": _split,
    "split_with_sizes": _parts,
    "chunk": _chunk,
    "unbind": lambda x, dim=0: [_select(x, dim, k) for k in range(counted("unbind", x, dim))],
    "cat": lambda tensors, dim=0: lang.concatenate(tensors, dim),
    "listed": lambda tensors: list(tensors),
    "stack": lambda tensors, dim=0: lang.stack(tensors, dim),
    "flip": lambda x, dims: lang.flip(x, tuple(dims)),
    "roll": _roll,
    "repeat": lambda x, repeats: lang.tile(x, tuple(repeats)),
    "tile": lambda x, dims: lang.tile(x, tuple(dims)),
    "repeat_interleave": lambda x, repeats, dim=None: lang.repeat(x, repeats, dim),
    "pad": _pad,
    "diagonal": _diagonal,
    "tril": lambda x, diagonal=0: lang.tril(x, diagonal),
    "triu": lambda x, diagonal=0: lang.triu(x, diagonal),
    "one_hot": _one_hot,
    # of sizes alone
    "zeros": lambda size, dtype=None: _full(size, 0),
    "ones": lambda size, dtype=None: _full(size, 1),
    "full": lambda size, fill_value, dtype=None: _full(size, fill_value),
    "zero": lambda x: _full(x.shape, 0),
    "zeros_like": lambda x, dtype=None: _full(x.shape, 0),
    "ones_like": lambda x, dtype=None: _full(x.shape, 1),
    "full_like": lambda x, fill_value, dtype=None: _full(x.shape, fill_value),
    "new_zeros": lambda x, size, dtype=None: _full(size, 0),
    "new_ones": lambda x, size, dtype=None: _full(size, 1),
    "new_full": lambda x, size, fill_value, dtype=None: _full(size, fill_value),
    "scalar_tensor": lambda s, dtype=None: as_tensor(s),
    "eye": lambda n, m=None, dtype=None: _eye(n, n if m is None else m),
    "arange": _arange,
}
