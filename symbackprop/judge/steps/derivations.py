"""A whole derivation: the first wrong step, what is carried forward from it, and errors that cancel.

Every step is weighed as it is written, over what the person derived before, and again over the true values of the same
names. Wrong as written and wrong over the truth is a mistake of its own; wrong as written and right over the truth is carried
forward; right as written and wrong over the truth is an error that makes up for an earlier one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from symbackprop.core.errors import SymbackpropError
from symbackprop.core.machine.progress import counted
from symbackprop.formulas.names import parse_name
from symbackprop.formulas.told import listed, told
from symbackprop.judge.sides.deltas import with_differentials
from symbackprop.judge.sides.goals import asked, named_by_step, stepped
from symbackprop.judge.sides.layers import with_layers
from symbackprop.judge.steps.asides import aside
from symbackprop.judge.steps.at_best import anywhere
from symbackprop.judge.steps.cases_in_words import case_in_words
from symbackprop.judge.steps.changed import may_mention, may_pass, with_updates
from symbackprop.judge.steps.critical import at_points_told
from symbackprop.judge.steps.differentials import differentials_of
from symbackprop.judge.steps.general import General
from symbackprop.judge.steps.known import Known, spelled
from symbackprop.judge.steps.meant import beside_others, meant_by_mark, meant_by_use, misused_again, used_as
from symbackprop.judge.steps.newton import newton_step
from symbackprop.judge.steps.rounded import moved_to, without_number
from symbackprop.judge.steps.samples import NO_SAMPLES, Samples, by_samples, with_samples
from symbackprop.judge.steps.single import SingleStep
from symbackprop.judge.steps.solved import as_solution, as_solutions
from symbackprop.judge.steps.step_reading import read_step
from symbackprop.judge.steps.stepped import names_at_steps, own_name, said_at_steps
from symbackprop.judge.steps.taken import in_code, or_beside
from symbackprop.judge.steps.turned_out import as_names, with_name
from symbackprop.judge.steps.updated import as_update, by_itself, goes_along, update_of
from symbackprop.judge.steps.viewed import by_blocks, legend_of
from symbackprop.judge.texts.arrays import BEGUN, CHANGED
from symbackprop.judge.texts.displays import left_side
from symbackprop.judge.texts.prose import written
from symbackprop.judge.texts.sentences import AMONG, ASIDE
from symbackprop.judge.verdicts.displayed import bound, displayed
from symbackprop.judge.verdicts.judge import Judge
from symbackprop.judge.verdicts.small import NAMES, WRITTEN, as_claim, small_number, with_small
from symbackprop.judge.verdicts.verdict import Judged
from symbackprop.judge.weighing.reading import NotUnderstood

_CONSTANTS = re.compile(r"\\pi(?![A-Za-z])|(?<![A-Za-z\\])e(?![A-Za-z])")
_LETTERS = re.compile(r"_[a-z]+$")
_ACCENT = re.compile(r"\\(hat|bar|tilde|dot|vec|check|widehat|widetilde|overline)(?![a-z])")
_PLAIN = {BEGUN: "", CHANGED: "", AMONG: "", ASIDE: "abbreviation"}  # what such a step is said to be


def judge_steps(judge: Judge, steps: list[tuple[str, Any, str]]) -> tuple[Judged, ...]:
    """A verdict for every step of a derivation, in order.

    A name such as delta that turned out to be nothing, and that no right step uses, is judged as the gradient for which a wrong
    step takes it: that step would be right with this gradient in its place. Where the loss is a mean, dZ may hold those of each
    sample's own loss, if what follows takes their mean. Names that only the report gives
    are read where they make open steps right, and convict none: a person may mean others by them. An array that code changes
    in its place (BEGUN, CHANGED) is the gradient of its name at its last line; that by a value which later steps read at the
    first of its lines that is right.
    """
    steps = with_layers(judge.truth, with_updates(judge, with_differentials(judge.truth, steps)))
    general = General(judge.truth, steps)
    found = _all(judge, general.steps)
    if general.stated(found):
        found = _all(judge, general.steps)
    found = or_beside(judge, steps, found, lambda own: _all(judge, own))
    return as_names(general.together(found, steps))


def _all(judge: Judge, steps: list[tuple[str, Any, str]]) -> tuple[Judged, ...]:
    """A verdict for every step, each about one thing."""
    found = _in_order(judge, steps)
    return _by_the_report(judge, steps, found) or found


def _by_the_report(judge: Judge, steps: Sequence[tuple[str, Any, str]], found: Sequence[Judged]) -> tuple[Judged, ...] | None:
    """The verdicts where open steps mean what the report shows: z of sigma(W x); None where that makes none of them right."""
    own, open_ = {spelled(name) for name, _, _ in steps}, [k for k, one in enumerate(found) if one.open]
    names = {
        k: [n for n in displayed(judge.truth) if spelled(n) not in own and may_mention(steps[k][1], n)] for k in open_
    }  # fmt: skip
    used = list(dict.fromkeys(name for several in names.values() for name in several))
    if not used:
        return None
    again = list(_in_order(judge, steps, used))
    follows = [one.right or one.kind == "wrong, carried forward" for one in again]
    if any(now.wrong and not (before.wrong or fits) for now, before, fits in zip(again, found, follows, strict=True)):
        return None
    right = [k for k in open_ if names[k] and (follows[k] or not again[k].open)]
    for k in right:
        said = told("{} as the report names it", listed(list(dict.fromkeys(written(one) for one in names[k]))))
        again[k] = replace(again[k], remarks=(*again[k].remarks, said))
    return tuple(again) if right else None


def _in_order(
    judge: Judge, steps: Sequence[tuple[str, Any, str]], shown: Sequence[str] = (), samples: Samples = NO_SAMPLES
) -> tuple[Judged, ...]:  # fmt: skip
    """A verdict for every step.

    shown     names of the report that may stand in them.
    samples   the steps that give gradients of each sample's own loss.
    """
    known = Known(judge.truth, samples=samples, differentials=differentials_of(judge.truth, steps))
    shapes = displayed(judge.truth) if shown else {}
    for name, program in bound(judge.truth, shown):
        known.bind([name], program, program, shapes[name])
    small = None if any(WRITTEN.search(step[0]) for step in steps) else small_number(judge.truth)
    if small is not None:
        known.bind(NAMES, as_claim(small), as_claim(small), ())
    stepped = names_at_steps(judge, steps) if judge.truth.loops else {}
    for name, wrt in stepped.items():
        known.stand(name, wrt)
    owns = [own_name(judge, step) if stepped else "" for step in steps]
    steps = [said_at_steps(judge, step, stepped.get(own)) for step, own in zip(steps, owns, strict=True)]
    given = [own or _letter(step[0]) for own, step in zip(owns, steps, strict=True)]
    changes = {k: what for k, (_, _, what) in enumerate(steps) if what in _PLAIN}
    whole, steps = steps, [(name, claim, _PLAIN.get(what, what)) for name, claim, what in steps]
    told_: dict[int, Judged] = {}
    for _ in counted(steps):
        k = _next(judge, known, steps, given, [j for j in range(len(steps)) if j not in told_])
        passes = changes.get(k) in (BEGUN, CHANGED) and may_pass(judge.truth, steps, k)
        was_right = passes and any(told_[j].right and steps[j][0] == steps[k][0] for j in told_)
        if was_right or (changes.get(k) == BEGUN and not passes):
            told_[k] = _told(judge, known, k, steps, "abbreviation")
        elif changes.get(k) == BEGUN:
            told_[k] = _begun(judge, known, k, steps)
        elif changes.get(k) == ASIDE:
            told_[k] = aside(known, *steps[k][:2], partial(_told, judge, place=k, steps=steps))
        else:
            told_[k] = _told(judge, known, k, steps, steps[k][2])
    steps = whole
    found = at_points_told(known, as_solutions(known, [told_[k] for k in range(len(steps))], steps), steps)
    found = tuple(with_small(one, steps[k][1], small) for k, one in enumerate(found))
    found = tuple(with_name(judge.truth, one, own, stepped.get(own)) for one, own in zip(found, owns, strict=True))
    found = tuple(with_samples(one, known.samples.get(k)) for k, one in enumerate(found))
    several = {} if samples else by_samples(known, steps)
    if several:
        return _in_order(judge, steps, shown, several)
    by_mark = meant_by_mark(known, found)
    meant = meant_by_use(known, found) | by_mark
    if not meant:
        return misused_again(known, found)
    loss = judge.truth.of
    stated = [f"d{loss}/d{meant[k]}" if k in meant else what for k, (_, _, what) in enumerate(steps)]
    again = _in_order(judge, [(name, claim, what) for (name, claim, _), what in zip(steps, stated, strict=True)], shown, samples)
    said = {k: beside_others if k in by_mark else used_as for k in meant}
    return tuple(said[k](judge.truth, one, meant[k]) if k in meant else one for k, one in enumerate(again))


def _begun(judge: Judge, known: Known, place: int, steps: Sequence[tuple[str, Any, str]]) -> Judged:
    """An array that later lines change: the gradient of its name where it is right as that, and else a name for something."""
    attempt = known.copy()
    judged = _told(judge, attempt, place, steps, "")
    if not judged.right:
        return _told(judge, known, place, steps, "abbreviation")
    known.take(attempt)
    return judged


def _next(judge: Judge, known: Known, steps: Sequence[tuple[str, Any, str]], given: Sequence[str], open_: Sequence[int]) -> int:
    """The first step that is open, or one below it that says what a letter in it stands for: "where delta = ..."."""
    place, seen = open_[0], set[int]()
    while place not in seen:
        seen.add(place)
        below = [k for k in open_[1:] if k != place and _gives(given[k], known.shapes, steps[place][1])]
        unknown = {*_unknown(judge, known, *steps[place]), *_constants(steps[place][1])} if below else set[str]()
        place = next((k for k in below if {*_spoken(given[k])} & unknown), place)
        if not unknown:
            return place
    return place if len(seen) == 1 else open_[0]  # letters that say one another in a circle are read as they come


def _constants(claim: Any) -> list[str]:
    r"""The letters of numbers in a claim, \pi and e, which a step below it may give to something else."""
    return [found.lstrip("\\") for found in _CONSTANTS.findall(claim)] if isinstance(claim, str) else []


def _letter(name: str) -> str:
    """A name as letters that stand nowhere are told: Y, hat y."""
    return " ".join(re.sub(r"[\\{}\s]", "", part) for part in _ACCENT.sub("\\1\n", name).split("\n"))


def _gives(given: str, shapes: Mapping[str, Any], claim: Any) -> bool:
    """Whether a name that a step gives stands nowhere so far and may stand in a claim."""
    return any(own not in shapes and may_mention(claim, own) for own in _spoken(given))


def _spoken(given: str) -> tuple[str, ...]:
    """How claims may say a name that a step gives: Y, the Y of Y_{ij}, and the y_{ij} of Y."""
    return given, _LETTERS.sub("", given), *([given.lower()] if len(given) == 1 else [])


def _unknown(judge: Judge, known: Known, name: str, claim: Any, what: str) -> tuple[str, ...]:
    """The letters of a step that stand nowhere so far."""
    truth = judge.truth
    try:
        goal = asked(truth, name, what) if what and what != "abbreviation" else named_by_step(truth, name)
        if legend_of(known, claim) is not None:
            return ()
        by = by_blocks(judge, known, name, claim, goal)
        return (by.claim if by else read_step(judge, known, name, claim, goal, look=False)[0]).unknown
    except NotUnderstood as fault:
        return (fault.unknown,) if fault.unknown else ()
    except SymbackpropError:
        return ()


def _told(judge: Judge, known: Known, place: int, steps: Sequence[tuple[str, Any, str]], what: str) -> Judged:
    """A step with what it was written as, and what the names in it stand for."""
    stands = tuple(known.stands.items())
    _, claim, _ = steps[place]
    unread = known.unread
    judged = in_code(judge, known, steps, place, what, lambda *said: _step(judge, known, place, *said))
    judged = as_solution(known, judged, steps, place)
    known.unread = known.unread and (judged.open or unread)
    if len(judged.formulas) == 1:
        names = (parse_name(one).formula() for one in known.shapes)
        known.stands |= {name: judged.formulas[0] for name in names if name not in known.stands}
    return replace(judged, given=str(claim), stands=stands)


def _step(judge: Judge, known: Known, place: int, name: str, claim: Any, what: str) -> Judged:
    """The verdict on a step by itself."""
    of_case = case_in_words(known, claim, lambda own, rest: _step(judge, own, place, name, rest, what))
    if of_case is not None:
        return of_case
    if (whole := anywhere(judge.truth, claim)) is not None:
        return _step(judge, known, place, left_side(whole), whole, what)
    is_formula = not (what or known.differentials) and isinstance(claim, str) and re.search(r"[\\^']", claim)
    return (_update(judge, known, place, name, claim) if is_formula else None) or _said(judge, known, place, name, claim, what)


def _said(judge: Judge, known: Known, place: int, name: str, claim: Any, what: str) -> Judged:
    """The verdict on a step that is no update."""
    return SingleStep(judge, known, place, name, claim, what).judged()


def _update(judge: Judge, known: Known, place: int, name: str, claim: str) -> Judged | None:
    """The verdict on an update of a parameter, by the gradient that it says; None for any other step."""
    claim, moved = without_number(judge, claim)
    found = update_of(judge, known, claim)
    if found is None or (not found.is_certain and _said(judge, known.copy(), place, name, claim, "").right):
        return None  # w = w - C X^T y may be the gradient of a penalty and a loss
    if found.has_rate and (along := goes_along(judge, known, found)) is not None:
        return moved_to(judge, known, by_itself(judge, stepped(judge.truth, name, along.wrt), found), claim, moved)
    judged = _said(judge, known.copy(), place, found.gradient, found.claim, "")
    if not (found.has_rate or judged.right):
        with suppress(NotUnderstood):
            along, goal = read_step(judge, known, found.gradient, found.claim, None, look=True)
            of_newton = newton_step(known, name, goal.wrt, along) if goal is not None else None
            if of_newton is not None:
                of_newton = replace(of_newton, allowed=of_newton.convention is not None and "sign" in judge.allow)
                return moved_to(judge, known, as_update(of_newton, name, judge.truth), claim, moved)
    if not (found.has_rate or judged.right or judged.open):
        return Judged(name, None, "undecided", told("an update without a rate, and no step of Newton"))
    return moved_to(judge, known, as_update(judged, name, judge.truth), claim, moved)
