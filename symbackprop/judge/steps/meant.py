r"""What a name that a derivation gives is meant to be, by how later steps use it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from symbackprop.formulas.told import told
from symbackprop.judge.sides.goals import goal_for, spelled, tensor_of
from symbackprop.judge.steps.changed import may_mention
from symbackprop.judge.steps.following import carried
from symbackprop.judge.steps.known import Known, Used
from symbackprop.judge.steps.known import spelled as letters_of
from symbackprop.judge.steps.turned_out import is_multiple
from symbackprop.judge.texts.prose import written
from symbackprop.judge.verdicts.diagnose import definitions
from symbackprop.judge.verdicts.verdict import Judged
from symbackprop.judge.weighing.reading import equal_shapes
from symbackprop.judge.weighing.truth import Truth
from symbackprop.judge.weighing.weigh import needed, weigh
from symbackprop.notation.claims.side import word_of


def used_as(truth: Truth, judged: Judged, wrt: str) -> Judged:
    """The verdict on a step that was taken for a gradient by how it is used."""
    notes = [told("{} is used as {} by what follows", written(judged.name), truth.gradient(wrt))]
    if wrt not in truth.named:
        notes += [told("{} has no name in the network", one) for one in definitions(truth.program, [wrt], {*_unnamed(truth)})]
    return replace(judged, remarks=(*judged.remarks, *notes))


def _unnamed(truth: Truth) -> list[str]:
    """The values that nobody named: what an activation is taken of."""
    return [t.name for t in truth.program.tensors.values() if t.kind == "value" and t.name not in truth.named]


FAMILY = 2  # names with one mark that are gradients: then the others are as well
_DELTA = re.compile(r"\s*\\?(?:delta|Delta)_\s*(\\?\w+|\{.*\})\s*")
_BAR = re.compile(r"(\w+?)_?bar")  # of code
_NUMBERED = re.compile(r"(\w*[^\W\d])(\d+)")
_LIKE_A_GRADIENT = re.compile(r"\\?(delta|Delta|grad|nabla|d(?=[A-Za-z])|[gG](?![A-Za-z]))")


def meant_by_use(known: Known, judged: Sequence[Judged]) -> dict[int, str]:
    r"""By what the steps that gave a name to nothing, or to another gradient, were meant to be, by how the name is used.

    A \delta_a that is the gradient by a is meant so, whatever uses it.
    """
    meant: dict[int, str] = {}
    for name, place in (known.nameless | known.turned).items():
        users = _users(known, name)
        own = judged[place]
        is_by_mark = own.right and own.asked is not None and own.asked.wrt == _mark(known.truth, own.name)[1]
        if place in meant or is_by_mark or not _LIKE_A_GRADIENT.match(name) or any(u.judged.right for u in users):
            continue
        wrong = [u for u in users if u.judged.wrong]
        takes = [instead(known, name, u) for u in wrong] if name in known.nameless or len(wrong) > 1 else []
        if name not in known.nameless and len({*takes}) != 1:  # a step slips, and not the name
            continue
        found = next(filter(None, takes), None)
        misfit = any(may_mention(claim, name) for claim in known.misfits)
        if not found and name in known.nameless:
            found = _below(known, name) or _beside(known, name) if wrong or misfit else None
        if found:
            meant[place] = found
    return meant


def misused_again(known: Known, found: Sequence[Judged]) -> tuple[Judged, ...]:
    """The verdicts; of steps that take a name for one gradient, which it is not, the first is convicted, and others follow it."""
    again = list(found)
    for name in known.nameless | known.turned:
        users = _users(known, name)
        if any(u.judged.right for u in users):
            continue
        taken: set[str] = set()
        for used in (u for u in users if found[u.place].wrong):
            wrt = instead(known, name, used)
            if wrt in taken:
                note = told("the slip of a step before it: {} is no {}", written(name), known.truth.gradient(wrt))
                again[used.place] = carried(found[used.place], note)
            taken |= {wrt} if wrt else set()
    return tuple(again)


def _users(known: Known, name: str) -> list[Used]:
    """The steps about gradients that are made of a name."""
    return [u for u in known.used if name in known.shapes and name in {n for n, _ in needed(u.program, u.written)}]


def meant_by_mark(known: Known, found: Sequence[Judged]) -> dict[int, str]:
    r"""By what an \bar s that turned out to be nothing, or that by another, is: \bar a and \bar o are the gradients by a and o.

    A \delta_s is by s for certain where that is a parameter: of a value it may be by what goes into that.
    """
    marks = [_mark(known.truth, one.name) for one in found]
    own = [mark for (mark, wrt), one in zip(marks, found, strict=True) if mark and one.right and one.asked and one.asked.wrt == wrt]
    nameless = {*known.nameless.values(), *(k for k, one in enumerate(found) if any(map(is_multiple, one.remarks)))}
    taken = {(mark, wrt) for (mark, wrt), one in zip(marks, found, strict=True) if one.right and one.asked and one.asked.wrt == wrt}
    again = {  # \delta_z = \delta_a, beside a \delta_a that is by a
        place: wrt
        for place, ((mark, wrt), one) in enumerate(zip(marks, found, strict=True))
        if mark and one.right and one.asked is not None and one.asked.wrt != wrt and (mark, one.asked.wrt) in taken
    }
    return again | {
        place: wrt
        for place, ((mark, wrt), one) in enumerate(zip(marks, found, strict=True))
        if own.count(mark) >= FAMILY
        and (mark != "delta" or known.truth.program.tensors[wrt].kind == "parameter")
        and ((place in nameless and one.kind == "abbreviation") or (one.right and one.asked is not None and one.asked.wrt != wrt))
    }


def _mark(truth: Truth, name: str) -> tuple[str, str]:
    """The mark of a name, \\bar o, o_bar or \\delta_o, and the value of the network without it; nothing of any other name."""
    behind, below = _BAR.fullmatch(name), _DELTA.fullmatch(name)
    word = word_of(behind[1]) if behind else word_of(below[1].strip("{}")) if below else word_of(name)
    mark = "bar" if behind else "delta" if below else word.accent if word is not None else ""
    wrt = tensor_of(truth, replace(word, accent="" if mark == word.accent else word.accent)) if word is not None and mark else None
    has_gradient = wrt is not None and f"d{truth.of}/d{wrt}" in truth.everything.tensors
    return (mark, wrt) if wrt is not None and has_gradient else ("", "")


def beside_others(truth: Truth, judged: Judged, wrt: str) -> Judged:
    """The verdict on a step that was taken for a gradient as the others with its mark are."""
    note = told("{} is taken to be {}, as the others with that mark are", written(judged.name), truth.gradient(wrt))
    return replace(judged, remarks=(*judged.remarks, note))


def _below(known: Known, name: str) -> str | None:
    r"""The value v that a name has below it, \delta_v, where what it was given has another shape than its gradient."""
    truth = known.truth
    wrt = spelled(truth, re.sub(r"^\\?[^\W_]+_", "", name))
    gradient = f"d{truth.of}/d{wrt}"
    fits = wrt is not None and gradient in truth.everything.tensors
    return wrt if fits and not equal_shapes(truth.everything.shape(gradient), known.shapes[name]) else None


def _beside(known: Known, name: str) -> str | None:
    r"""The value z_1 of \delta_1 beside a \delta_2 that is the gradient by z_2, where what it was given has another shape."""
    truth = known.truth
    own = _NUMBERED.fullmatch(letters_of(name))
    for used in known.used:
        other, value = _NUMBERED.fullmatch(letters_of(used.judged.name)), _NUMBERED.fullmatch(used.goal.wrt)
        if own is None or other is None or value is None or not used.judged.right or other[1] != own[1] or other[2] != value[2]:
            continue
        wrt = f"{value[1]}{own[2]}"
        gradient = f"d{truth.of}/d{wrt}"
        if gradient in truth.everything.tensors and not equal_shapes(truth.everything.shape(gradient), known.shapes[name]):
            return wrt
    return None


def instead(known: Known, name: str, used: Used) -> str | None:
    """The value of the network whose gradient, in the place of a name, makes a step right."""
    truth = known.truth
    for wrt in (*reversed(truth.named), *reversed(_unnamed(truth))):
        gradient = f"d{truth.of}/d{wrt}"
        everything = truth.everything
        if gradient not in everything.tensors or not equal_shapes(everything.shape(gradient), known.shapes[name]):
            continue
        last = max((k for k, (n, _) in enumerate(used.written) if n == name), default=-1)
        written = tuple((n, gradient if k == last else what) for k, (n, what) in enumerate(used.written))
        goal = goal_for(truth, used.goal, used.program)
        if used.goal.text != gradient and weigh(goal, used.program, written).agrees:
            return wrt
    return None
