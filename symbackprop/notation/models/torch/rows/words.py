"""The functions of the language, for the rows of the table."""

from __future__ import annotations

import math
from typing import Any

from sympy import Expr

from symbackprop import language
from symbackprop.core.choices import INFINITE
from symbackprop.core.program import same_size
from symbackprop.language.tensors import LanguageError, Tensor, as_number

lang: Any = language  # its functions are made from tables, which a type checker does not see

MASKED = -(10**5)  # stands for a score that may not be read, as in dot_product_attention
WHOLE = slice(None)
FAR = 2**62  # torch writes an open end as the largest whole number


def axes(dim: Any) -> Any:
    """The axes that torch means: None and no axis at all are all of them."""
    return (tuple(dim) or None) if isinstance(dim, list) else dim


def order(ord: Any) -> Any:
    """The order of a norm, of which the largest number stands for infinity."""
    endless = isinstance(ord, int | float) and abs(ord) >= INFINITE
    return math.copysign(math.inf, ord) if endless else ord


def cut_of(extent: Expr, start: Any, end: Any, step: Any) -> slice:
    """The part of an axis that torch's slice means; WHOLE where it is all of it."""
    open_end = end is None or end == extent or (isinstance(end, int) and end >= FAR)
    return slice(None if start in (None, 0) else start, None if open_end else end, None if step == 1 else step)


def counted(what: str, x: Tensor, dim: int) -> int:
    """The size of an axis that is gone through entry by entry. Raises LanguageError where it is a symbol."""
    extent = x.shape[dim]
    if not extent.is_Integer:
        raise LanguageError(f"{what}: axis {dim % x.ndim} has the size {extent}, so that its parts cannot be counted")
    return int(extent)


def reshaped(x: Tensor, sizes: Any) -> Tensor:
    """The entries in another shape; where only axes of size 1 come or go, nothing is counted anew."""
    sizes = tuple(sizes)
    if all(n != -1 for n in sizes):
        wanted = [as_number(n) for n in sizes]
        own, new = ([n for n in shape if n != 1] for shape in (x.shape, wanted))
        if len(own) == len(new) and all(map(same_size, own, new)):
            plain = lang.squeeze(x)
            return plain[tuple(None if n == 1 else WHOLE for n in wanted)] if 1 in wanted else plain
    return lang.reshape(x, sizes)
