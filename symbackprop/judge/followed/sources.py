"""What the whole text of code says beside its lines: gradients that these do not say, and parameters that a loop changes."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from symbackprop.core.loops import has_loops
from symbackprop.formulas.told import name, told
from symbackprop.judge.followed.whole import StoppedError, followed_whole, gradient_named
from symbackprop.judge.functions.numbered import coarse_in
from symbackprop.judge.texts.arrays import Code, Whole
from symbackprop.judge.texts.code import ClaimsError, as_code, parsed
from symbackprop.judge.texts.descended import changed_in_loops
from symbackprop.judge.texts.unfolded import REMADE
from symbackprop.judge.verdicts.judge import Judge
from symbackprop.judge.verdicts.verdict import Judged
from symbackprop.judge.weighing.truth import Truth
from symbackprop.notation.identifiers import identifiers


def by_source(judge: Judge, read: Sequence[Judged], claims: Iterable[tuple[str, Any]]) -> tuple[Judged, ...]:
    """The verdicts; on gradients by inputs whose lines are not understood, as all of the text gives them where it is followed.

    A gradient by a parameter that the text gives and no claim is, db of a loop that adds nothing to it, is judged so as well.

    claims   their names and what they say.
    """
    sources = {claim.source: claim for _, claim in claims if isinstance(claim, Code) and claim.source}
    missed = [one for one in read if one.kind == "not understood" and one.asked is not None]
    if len(sources) != 1 or has_loops(judge.truth.program):
        return tuple(read)
    if coarse := coarse_in(next(iter(sources))):
        note = told("{} in it loses digits, which is passed over", coarse)
        read = [replace(one, remarks=(*one.remarks, note)) if one.right else one for one in read]
    (source,) = sources
    read = _undescended(judge.truth, source, read)
    unsaid = _unsaid(judge.truth, source, {one.asked.wrt for one in read if one.asked is not None})
    if not (missed or unsaid):
        return tuple(read)
    try:
        found = {one.asked.wrt: one for one in followed_whole(judge, Whole(source)) if one.asked is not None}
    except StoppedError as fault:
        return tuple(
            replace(one, kind="wrong shape", because=told("line {}: {}", str(fault.line), fault.why)) if one in missed else one
            for one in read
        )
    except ClaimsError:
        return tuple(read)
    judged = [
        replace(own, name=one.name, given=one.given) if one in missed and one.asked and (own := found.get(one.asked.wrt)) else one
        for one in read
    ]
    return (*judged, *(found[wrt] for wrt in unsaid if wrt in found))


def _undescended(truth: Truth, source: str, read: Sequence[Judged]) -> Sequence[Judged]:
    """The verdicts; of a loop of descent one turn is judged, which is told.

    Where a loop changes a parameter in another way, what comes out of it is not called wrong.
    """
    try:
        tree = parsed(Path("CLAIMS"), as_code(source))
    except ClaimsError:
        return read
    if getattr(tree, REMADE):
        note = told("of its loop one turn is judged, without its steps")
        read = [replace(one, remarks=(*one.remarks, note)) if one.asked is not None and one.right else one for one in read]
    moved = changed_in_loops(tree, [t.name for t in truth.program.parameters])
    if not moved:
        return read
    why = told("a loop in it changes {}: leave that out", name(moved))
    return [Judged(one.name, one.asked, "undecided", why, given=one.given) if one.wrong else one for one in read]


def _unsaid(truth: Truth, source: str, judged: set[str]) -> list[str]:
    """The parameters whose gradients a text gives by their names, but for some."""
    try:
        tree = ast.parse(as_code(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    given = dict.fromkeys(n.id for n in identifiers(tree) if isinstance(n.ctx, ast.Store))
    meant = [gradient_named(truth, one) for one in given if one not in truth.program.tensors]
    own = {t.name for t in truth.program.parameters} - judged
    return list(dict.fromkeys(what.wrt for what in meant if what is not None and what.of == truth.of and what.wrt in own))
