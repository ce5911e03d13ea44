"""Arrays that loops fill, row by row: h = np.zeros((T, d)), and any other, whose old rows are read until the loop writes them."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp
from sympy import Expr

from symbackprop.core.program import Sum
from symbackprop.language.operations import zeros
from symbackprop.language.tensors import Tensor

MOST = 8  # rows beside those of a loop that are told one by one


@dataclass(frozen=True)
class Filled:
    """An array before a loop fills it.

    held   what it holds, with the rows that were set above the loop.
    low    the number of the first row that the loop writes, and `high` of the last.
    empty  whether all other rows are zeros but for those that were set.
    list   whether it is a list of as many values.
    """

    held: Tensor
    low: Expr
    high: Expr
    empty: bool
    list: bool = False

    @property
    def size(self) -> Expr:
        return self.held.shape[0]

    @property
    def after(self) -> Expr:
        """How many rows stand behind those that the loop writes."""
        return sp.expand(self.size - 1 - self.high)

    def writes(self, number: Expr) -> bool | None:
        """Whether a row is one that the loop writes, so that what was set there above is gone below; None where sizes decide."""
        behind = sp.expand(self.high - self.size + 1)  # a row that was set is there, so that it is not behind the last
        inside = (sp.expand(number - self.low), behind if behind.is_nonnegative else sp.expand(self.high - number))
        return False if any(n.is_negative for n in inside) else True if all(n.is_nonnegative for n in inside) else None

    def place(self, number: Expr) -> Expr:
        """A row's number, counted from the first one where it is below 0."""
        return sp.expand(number + self.size) if number.is_negative else number

    def row(self, number: Expr) -> Tensor | None:
        """A row as it was before the loop; None where there is none for every size."""
        place = self.place(number)
        if not place.is_nonnegative or not sp.expand(self.size - 1 - place).is_nonnegative:
            return None
        return self._held(place)

    def _held(self, place: Expr) -> Tensor:
        return zeros(self.held.shape[1:]) if self.empty else self.held[place]

    def beside(self) -> tuple[dict[Expr, Tensor], Tensor | None, Tensor | None]:
        """The rows that the loop does not write: a few by their numbers, others as blocks before and behind.

        They are there where the loop has a step, whatever is known of the size.
        """
        rows, blocks = dict[Expr, Tensor](), list[Tensor | None]()
        for begin, count in ((sp.S.Zero, self.low), (sp.expand(self.high + 1), self.after)):
            few = count.is_Integer and count <= MOST
            for k in range(int(count)) if few else ():
                place = sp.expand(begin + k)
                rows[place] = self._held(place)
            blocks.append(None if few else self._block(begin, count))
        return rows, blocks[0], blocks[1]

    def _block(self, begin: Expr, count: Expr) -> Tensor:
        return self.held[begin : sp.expand(begin + count)]


def filled(held: Tensor, begun: Tensor | None, low: Expr, high: Expr) -> Filled | None:
    """An array that a loop fills from one row to another; None where these are not rows of it for every size.

    begun   the array of zeros in which rows were set one by one above the loop, if there is one.
    """
    found = Filled(held, low, high, is_empty(held if begun is None else begun))
    return found if low.is_nonnegative and found.after.is_nonnegative else None


def is_empty(held: Tensor) -> bool:
    """Whether an array is zeros(...), its axes in whatever order."""
    while isinstance(held.op, Sum) and len(held.operands) == 1 and not held.op.over and held.op.body == held.op.slots[0]:
        held = held.operands[0][0]
    return isinstance(held.op, Sum) and not held.operands and not held.op.body
