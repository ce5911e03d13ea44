r"""Steps that define a function of a person's own, \psi(u) = ...: the steps that apply it are judged with it written out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from symbackprop.formulas.told import Told, told
from symbackprop.judge.steps.own_slopes import judged_slope, primes_as_signs, slopes_of, without_faults
from symbackprop.judge.steps.unused import unused
from symbackprop.judge.verdicts.judge import Judge
from symbackprop.judge.verdicts.verdict import Judged
from symbackprop.judge.weighing.truth import Truth
from symbackprop.notation.claims.own_functions import functions, without_functions

Step = tuple[str, Any, str]
_LOSSES = frozenset(["L", "J", "C", "E", "ell"])  # of what is learnt, and no functions that are applied to other things


def without_own_functions(
    judge: Judge, steps: Sequence[Step], judged: Callable[[list[Step]], tuple[Judged, ...]]
) -> tuple[Judged, ...]:  # fmt: skip
    """The verdicts on the steps, those that define a function among them.

    A slope of the network's such as \\sigma'(z) = ... is judged by itself, one of a person's own against their function; a value
    of the network is what the network says of it.
    """
    places = [k for k, (_, claim, _) in enumerate(steps) if isinstance(claim, str) and "\n" not in claim]
    if not any(True for _ in functions([steps[k][1] for k in places], lone=True)):
        return judged(list(steps))
    given = [primes_as_signs(steps[k][1]) for k in places]
    slopes = slopes_of(given, lambda name: _may(judge.truth, name))
    every = [one for several in slopes.values() for one in several]
    own_slopes = {places[one.place]: judged_slope(judge, given[one.place], one) for one in every if one.place is not None}
    own = {one.name: places[one.number] for one in functions(given, lone=True) if _may(judge.truth, one.name)}
    based = {own[name] for name in slopes}

    def answered(given: Sequence[str], further: Sequence[str]) -> dict[int, Judged]:
        """The verdicts on the steps but those that say slopes, with functions written out."""
        may = {name + "'" * k for name, several in slopes.items() for k in range(1, len(several) + 1)}
        texts = without_functions([*given, *further], lambda name: name in may or _may(judge.truth, name), lone=True)
        out = dict(zip(places, texts, strict=False))
        blank = {k for k in places if steps[k][1].strip() and not out[k].strip()}
        defined = (based | blank) - own_slopes.keys()
        left = [k for k in range(len(steps)) if k not in defined and k not in own_slopes]
        told_ = judged([(steps[k][0], out.get(k, steps[k][1]), steps[k][2]) for k in left])
        plain = {k: Judged(steps[k][0], None, "abbreviation", given=steps[k][1]) for k in defined}
        return plain | dict(zip(left, told_, strict=True))

    found = own_slopes | answered(given, [one.text(one.said) for one in every if one.place is None and one.said])
    said = {one.place for one in every if one.place is not None}
    if any(found[places[k]].wrong for k in said):
        true = [text for several in slopes.values() for text in without_faults(several)]
        right = {k for k, one in answered(["" if k in said else text for k, text in enumerate(given)], true).items() if one.right}
        found |= {k: _carried_forward(found[k]) for k in right if found[k].wrong}
    for k in own.values():
        if found[k].kind == "not understood":
            found[k] = unused(found[k])
    return tuple(found[k] for k in range(len(steps)))


def _carried_forward(one: Judged) -> Judged:
    remarks = (*one.remarks, told("right if the steps before it were right: no second mistake"))
    return replace(one, kind="wrong, carried forward", because=Told(), remarks=remarks, mistakes=(), corrected=())


def _may(truth: Truth, name: str) -> bool:
    return not (name.endswith("'") or name in truth.program.tensors or name in _LOSSES)
