r"""Steps about views: a legend, W_{q,l} = W_{q,:,kl:kl+k}, and what is claimed block by block, \partial L / \partial W_{q,l} = ...

A legend is taken as it is said. What is claimed of a view is put together to the whole, 0 where no view stands, and held against
the truth as any claim of the whole is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from symbackprop.core.program import Program
from symbackprop.judge.sides.asked import Asked
from symbackprop.judge.sides.goals import about, spelled
from symbackprop.judge.verdicts.judge import Judge
from symbackprop.judge.weighing.reading import CLAIM, Claim, Shape, context_of, read
from symbackprop.notation.claims import Left, View, Viewed, legend, named_blocks, viewed

if TYPE_CHECKING:
    from symbackprop.judge.steps.known import Known


class ByBlocks(NamedTuple):
    """A claim of a whole that was made block by block: the view, what it is about where that is said, and the claim."""

    view: View
    goal: Asked | None
    claim: Claim


def legend_of(known: Known, claim: Any) -> View | None:
    """The legend that a step is; None for any other. Raises NotUnderstood where it is none that is read."""
    return legend(claim, context_of(known.truth, known.said)) if isinstance(claim, str) else None


def by_blocks(judge: Judge, known: Known, name: str, claim: Any, goal: Asked | None) -> ByBlocks | None:
    """What a step claims block by block; None for any other step.

    Raises NotUnderstood where it is not read, where its blocks share entries, and where they leave gaps of which nothing is said.
    """
    if not isinstance(claim, str) or not known.views:
        return None
    truth = judge.truth
    for said, view, whole in _ways(known, claim):
        if said.gradient:
            contradicts = goal is not None and (goal.of, goal.wrt) != (truth.of, view.name)
            left = Left("gradient", truth.of, view.name, contradicts=contradicts)
            goal = goal or about(truth, name, truth.of, view.name)
        else:
            left = Left("abbreviation", name=view.name)
        if whole is None:
            found = read(claim, truth, truth.of, None, judge.symbols, known.said)
            if found.left.letters != said.letters:
                continue
        else:
            letters = tuple(zip(said.letters, view.shape(whole), strict=False))
            found = read(said.right, truth, truth.of, None, judge.symbols, known.said, letters)
        return ByBlocks(view, goal, _assembled(view, whole, said.elsewhere, replace(found, left=left)))
    return None


def _ways(known: Known, claim: str) -> Iterator[tuple[Viewed, View, Shape | None]]:
    """The ways to read a claim as one of a view, with the shape of the whole, where that is known."""
    for said in viewed(claim, context_of(known.truth, known.said)):
        own = known.views.get(said.name)
        if said.gradient or (own is not None and known.shape(said.name) is None):
            view = own
        else:  # \delta_A is the gradient by A, and has its views
            by = spelled(known.truth, said.name.partition("_")[2])
            own = known.views.get(by) if by and known.shape(said.name) is None else None
            view = replace(own, name=said.name) if own is not None else None
        if own is not None and view is not None and len(view.letters) == len(said.letters):
            yield said, view, known.shape(own.name)


def _assembled(view: View, whole: Shape | None, elsewhere: bool, claim: Claim) -> Claim:
    """The claim of the whole. Raises NotUnderstood where its blocks do not make one."""
    readings = []
    for reading in claim.readings:
        shape = reading.program.shape(CLAIM)
        own = whole if whole is not None else view.whole(shape)
        if own is not None and view.shape(own) == shape:
            readings.append(replace(reading, program=view.assembled(reading.program, own), shape=own, fits=True))
    view.require_whole(readings[0].shape if readings else None, elsewhere)
    return replace(claim, readings=tuple(readings), between=())


def blocks_named(known: Known, claim: Any) -> dict[str, Program]:
    """The names that a step gives to the parts of a value: p = [p_i, p_f]."""
    if not isinstance(claim, str) or not ("matrix" in claim or "[" in claim):
        return {}
    return named_blocks(claim, context_of(known.truth, known.said))
