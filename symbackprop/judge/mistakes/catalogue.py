"""The mistakes that people make in gradients, each a row: its name, its kind, the commonest first; and where each can be made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from symbackprop.judge.mistakes.activations import indicators, slopes, too_many
from symbackprop.judge.mistakes.convolutions import convolutions
from symbackprop.judge.mistakes.edit import Backward, Edit, each
from symbackprop.judge.mistakes.factors import factors, rated, scaled
from symbackprop.judge.mistakes.loops import loops
from symbackprop.judge.mistakes.paths import paths
from symbackprop.judge.mistakes.products import operands, products
from symbackprop.judge.mistakes.softmaxes import jacobians, softmaxes
from symbackprop.judge.mistakes.sums import skipped, sums
from symbackprop.judge.mistakes.updates import updates
from symbackprop.judge.mistakes.whole import whole


@dataclass(frozen=True)
class Mistake:
    """One mistake.

    name    what it is called.
    family  its kind; two names of one family may be one function, as 1/2 is "averaged" where two paths meet.
    often   whether people make it at every place alike.
    """

    name: str
    family: str
    often: bool = False


# the order is how often people make them: of two that give the same claim, the earlier is named first
MISTAKES = {
    m.name: m
    for m in (
        Mistake("path left out", "paths", True),
        Mistake("paths averaged", "paths", True),
        Mistake("paths multiplied", "paths", True),
        Mistake("slope at the wrong place", "activation", True),
        Mistake("wrong sign", "sign"),
        Mistake("slope missing", "activation", True),
        Mistake("softmax taken entry by entry", "softmax"),
        Mistake("Jacobian taken as diagonal", "softmax"),
        Mistake("2 or 1/2", "scale"),
        Mistake("1/N", "scale", True),
        Mistake("weights already updated", "updates", True),
        Mistake("step for gradient", "updates"),
        Mistake("penalty forgotten", "penalty"),
        Mistake("penalty scaled", "penalty"),
        Mistake("penalty where none is", "penalty"),
        Mistake("transpose missing", "order", True),
        Mistake("order or layout", "order"),
        Mistake("summed over the wrong axes", "sums"),
        Mistake("assigned for added", "sums"),
        Mistake("another step", "steps"),
        Mistake("steps not summed", "steps"),
        Mistake("slope too many", "activation", True),
        Mistake("wrong slope formula", "activation", True),
        Mistake("indicator missing", "mask", True),
        Mistake("wrong indicator", "mask"),
        Mistake("entrywise for matrix product", "order"),
        Mistake("grouping", "order", True),
        Mistake("shifted index or layer", "index", True),
        Mistake("kernel not flipped", "index"),
        Mistake("chain factor missing", "scale", True),
        Mistake("term missing", "paths"),
        Mistake("wrong tensor", "index"),
        Mistake("wrong axis", "sums"),
        Mistake("mean for sum", "scale"),
        Mistake("quotient for Jacobian", "quotient"),
        Mistake("targets assumed to sum to one", "softmax"),
        Mistake("matrix assumed symmetric", "order"),
        Mistake("wrong exponent", "scale"),
        Mistake("factor too many", "scale"),
    )
}
RANK = {name: k for k, name in enumerate(MISTAKES)}
ROWS = (
    loops, paths, scaled, slopes, too_many, indicators, factors, rated, operands, skipped, sums, products, softmaxes, convolutions,
    updates,
)  # fmt: skip


def edits(backward: Backward) -> Iterator[Edit]:
    """Every mistake at every place of a backward pass."""
    yield from whole(backward)
    yield from jacobians(backward)
    yield from each(ROWS, backward)
