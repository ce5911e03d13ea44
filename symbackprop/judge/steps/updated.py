r"""Updates of parameters, \theta := \theta - \alpha X^\top r and \Delta w_j = \eta\,\delta x_j: what they say of the gradient."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from symbackprop.core.errors import SymbackpropError
from symbackprop.core.program import Program
from symbackprop.evaluate.arithmetic import FLOATS
from symbackprop.evaluate.magnitude import largest_of
from symbackprop.evaluate.points import PointError
from symbackprop.formulas.latex import latex
from symbackprop.formulas.names import parse_name
from symbackprop.formulas.told import Told, told
from symbackprop.formulas.told import name as named
from symbackprop.judge.sides.asked import Asked
from symbackprop.judge.sides.at_values import RATES
from symbackprop.judge.sides.best_names import is_spelled
from symbackprop.judge.sides.goals import spelled, tensor_of
from symbackprop.judge.steps.known import Known
from symbackprop.judge.steps.sample_losses import sample_loss, sample_of
from symbackprop.judge.steps.step_reading import said_left
from symbackprop.judge.texts.prose import without_place
from symbackprop.judge.texts.sentences import ASIDE, MOVED
from symbackprop.judge.verdicts.judge import Judge
from symbackprop.judge.verdicts.verdict import Judged
from symbackprop.judge.weighing.conventions import Convention
from symbackprop.judge.weighing.reading import CLAIM, equal_shapes, read
from symbackprop.judge.weighing.truth import Truth
from symbackprop.judge.weighing.weigh import value
from symbackprop.notation.claims.bracketed import behind, outside
from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.side import is_next, now, side_of, whole_side
from symbackprop.notation.claims.syntax import Tokens
from symbackprop.notation.claims.tokens import FONTS, Token, plain, tokens

TRIED = 3  # points at which it is seen that without a rate nothing moves
_RATES = tuple(rf"\{one}" for one in RATES)
_OLD = re.compile(r"old|prev|cur")
_DECIMAL = re.compile(r"\d*\.\d+")
_TIMES = frozenset([r"\cdot", r"\times", "*"])
_OPENS = frozenset(["{", "(", "[", "+", "-", "=", r"\frac", r"\left", "^", "_", "/", *_TIMES])
_LIKELIHOODS = frozenset(["l", "ell", "ll", "loglik", "logL", "log_likelihood"])  # that are made large
_TAKEN_UP = frozenset(["2", "N"])  # the factors that a rate takes up


class Update(NamedTuple):
    r"""What an update says: the gradient by which parameter, \frac{\partial L}{\partial w_j}, and what that is at which rate.

    along      what it says of the gradient; with a rate of 2 it is twice that, with a rate of 0 nothing.
    rest       what is said behind it.
    has_rate   whether it has one; a step of Newton has none.
    is_certain whether it is an update by its rate or its moments, and no gradient of a w that stands in it.
    """

    gradient: str
    along: dict[int, str]
    rest: str
    has_rate: bool
    is_certain: bool

    @property
    def claim(self) -> str:
        return f"{self.gradient} = {self.along[1]} {self.rest}"


def moved_parameters(
    truth: Truth, steps: Sequence[tuple[str, Any, str]], symbols: Mapping[str, str]
) -> list[tuple[str, Any, str]]:  # fmt: skip
    """The steps, of which what sentences move by itself, $w = w - \\eta g$, is an update of a parameter, or no step.

    symbols   what claims call tensors of the network otherwise.
    """
    out: list[tuple[str, Any, str]] = []
    for name, claim, what in steps:
        if what != MOVED:
            out.append((name, claim, what))
            continue
        side = side_of(claim.lstrip().removeprefix(r"\Delta"))
        word = None if side is None or side.of is None else now(side.of) or side.of
        entry = next((t.name for t in truth.program.parameters if side is not None and is_spelled(t.name, side.stem)), None)
        own = None if word is None else tensor_of(truth, word) or entry or symbols.get(word.base)
        if side is not None and side.at is not None:  # \ell(\lambda) = ..., what a sentence says of the loss again
            again = rf"{latex(parse_name(truth.of).formula())} {side.rest}"
            own_loss = [(name, claim, "")] if own is None and _is_differentiated(side.base, steps) else []
            out += [(truth.of, again, ASIDE)] if own == truth.of else own_loss
        elif own is not None and truth.program.tensors[own].kind == "parameter":
            out.append((name, claim, ""))
        elif own is None and side is not None and word == side.of and name not in map(str, truth.program.sizes()):
            out.append((name, claim, ASIDE))
    return out


def _is_differentiated(letter: str, steps: Sequence[tuple[str, Any, str]]) -> bool:
    """Whether a step says a derivative of a letter, \\nabla\\ell = ..."""
    above = r"\\nabla\s*(?:\^\s*2\s*)?(?:_\s*(?:\\?\w+|\{[^{}]*\})\s*)?|\\partial\s*|\bd\s*"
    of = re.compile(rf"(?:{above})\\?{re.escape(letter)}(?![A-Za-z])")
    return any(of.search(claim.partition("=")[0]) for _, claim, _ in steps if isinstance(claim, str))


def update_of(judge: Judge, known: Known, claim: str) -> Update | None:
    """What a claim says of a gradient as an update; None where it is none."""
    truth = judge.truth
    try:
        several = tuple(tokens(claim))
    except Fault:
        return None
    own = list(outside(several))
    end = next((k for k in own if several[k].text in (",", ";", r"\\")), len(several))
    signs = [k for k in own if several[k].text == "=" and k < end]
    if not signs:
        return None
    left, right = several[: signs[0]], several[signs[-1] + 1 : end]
    is_change = len(left) > 1 and left[0].text == r"\Delta"
    left = left[1:] if is_change else left
    rate = next((one for one in _RATES if _stands(right, one) and not _means_more(judge, known, one)), None)
    numbered = _without_number(right) if rate is None else right
    is_numbered, right = numbered != right, numbered
    if not left or any(t.text in (r"\frac", r"\partial", r"\nabla") for t in left):
        return None
    here, before = _moments(left, right)
    if rate is None and not (before or _starts(right, here)):
        return None
    right = _at_no_moment(right, here, before)
    gradient = rf"\frac{{\partial {latex(parse_name(truth.of).formula())}}}{{\partial {_text(here)}}}"
    if not _moves(judge, known, gradient):
        return None
    moved = () if is_change else here
    is_before = len(right) > len(here) and right[len(here)].text in ("+", "-")  # and no factor, w (1 - \eta\lambda)
    if not is_change and not (_starts(right, here) and is_before):
        if rate is None:
            return None
        along = {k: f"{_text(here)} - ({_text(_at_rate(right, rate, k))})" for k in (1, 2, 0)}
    elif (turned := _turned(right[len(moved) :], rate)) is not None:
        along = {1: _text(turned)}
    else:
        return None
    if (sample := sample_of(truth, claim)) and (of := sample_loss(truth)) is not None:
        gradient = rf"\frac{{\partial {of}_{{{sample}}}}}{{\partial {_text(here)}}}"
    found = Update(gradient, along, _text(several[end:]), rate is not None or is_numbered, rate is not None or bool(before))
    return found if len(along) == 1 or _is_linear(judge, known, found) else None


def _without_number(right: Tokens) -> Tokens:
    """An update without the decimal number behind its sign, w - 0.1 \\cdot g, that is its rate."""
    k = next((k for k in outside(right) if k and right[k].text in ("+", "-")), len(right))
    if k + 1 >= len(right) or _DECIMAL.fullmatch(right[k + 1].text) is None:
        return right
    end = k + 2 + (k + 2 < len(right) and right[k + 2].text in _TIMES)
    return (*right[: k + 1], *right[end:])


def goes_along(judge: Judge, known: Known, update: Update) -> Asked | None:
    r"""The gradient, where an update goes along the very one that it says, w - \eta\nabla L(w), x - 0.1 f'(x)."""
    said, own = (said_left(judge, known, one, f"{one} = 0", "")[0] for one in (update.along[1].strip(" ()"), update.gradient))
    along = whole_side(update.along[1])
    is_slope = along is not None and (along.kind, along.order, along.sign) == ("slope", 1, 1)  # f'(x)
    is_slope = is_slope and along is not None and along.of is not None and tensor_of(judge.truth, along.of) == judge.truth.of
    is_own = said is not None and own is not None and (said.of, said.wrt) == (own.of, own.wrt)
    return own if is_slope or is_own else None


def by_itself(judge: Judge, step: Asked, update: Update) -> Judged:
    """The verdict on an update along the very gradient that it says: of its sign alone."""
    itself = told("an update by the gradient itself: it says nothing of what that is")
    if not update.along[1].lstrip(" (").startswith("-") or step.of in _LIKELIHOODS:
        return Judged(step.name, step, "abbreviation", remarks=(itself,))
    up = told("it goes along the gradient, by which {} grows: descent goes against it", named(judge.truth.of))
    sign = Convention(("sign",), up, told("multiply by -1"))
    return Judged(step.name, step, "up to convention", up, remarks=(itself,), convention=sign, allowed="sign" in judge.allow)


def as_update(judged: Judged, step: str, truth: Truth) -> Judged:
    """The verdict on an update, by that on the gradient that it says: constant factors are its rate's."""
    taken = judged.convention
    if judged.open:
        why = told("an update; what it goes along is not read: {}", without_place(judged.because))
        return Judged(step, None, "undecided", why)
    judged = replace(judged, name=step)
    if judged.right and taken is None and truth.of in _LIKELIHOODS:
        downhill = told("it goes against the gradient: {} grows by an ascent", named(truth.of))
        judged = replace(judged, remarks=(*judged.remarks, downhill))
    if taken is not None and {*taken.kinds} <= _TAKEN_UP:
        remarks = (*judged.remarks, told("the rate takes up a factor: {}", taken.says))
        judged = replace(judged, kind="right, numeric", because=Told(), remarks=remarks)
        return replace(judged, convention=None, allowed=False, mistakes=(), corrected=())
    if taken is not None and "sign" in taken.kinds and {*taken.kinds} <= {*_TAKEN_UP, "sign"}:
        if truth.of in _LIKELIHOODS:
            uphill = told("it goes along the gradient, by which {} grows: an ascent", named(truth.of))
            judged = replace(judged, kind="right, numeric", because=Told(), remarks=(*judged.remarks, uphill))
            return replace(judged, convention=None, allowed=False, mistakes=(), corrected=())
        up = told("it goes along the gradient, by which {} grows: descent goes against it", named(truth.of))
        return replace(judged, because=up)
    return judged


def _text(several: Sequence[Token]) -> str:
    return " ".join(token.text for token in several)


def _stands(several: Tokens, letter: str) -> bool:
    return any(token.text == letter for token in several)


def _means_more(judge: Judge, known: Known, letter: str) -> bool:
    own = letter[1:]
    given = next((what for name, what in known.written if name in (own, letter)), None)
    is_number = isinstance(given, Program) and not given.shape(CLAIM)  # \alpha_k = r^\top r/r^\top A r is a rate
    return spelled(judge.truth, own) is not None or own in judge.symbols or (given is not None and not is_number)


def _moves(judge: Judge, known: Known, gradient: str) -> bool:
    """Whether a gradient is that of the loss by a parameter."""
    goal, _ = said_left(judge, known, gradient, f"{gradient} = 0", "")
    tensors = judge.truth.program.tensors
    return goal is not None and goal.of == judge.truth.of and goal.wrt in tensors and tensors[goal.wrt].kind == "parameter"


def _base(left: Tokens) -> int:
    """Where the scripts of a name begin."""
    return behind(left, 1) if left[0].text[1:] in FONTS else 1


def _scripts(several: Tokens, k: int) -> list[Tokens]:
    """The scripts from a place on, with their marks."""
    found = []
    while k < len(several) and several[k].text in ("_", "^"):
        end = behind(several, k + 1)
        found.append(several[k:end])
        k = end
    return found


def _moments(left: Tokens, right: Tokens) -> tuple[Tokens, frozenset[str]]:
    r"""A name without when it is so, \beta of \beta^{(t+1)}, and what then stands at it before that: (t)."""
    if _starts(right, left):  # W^{(l+1)} = W^{(l+1)} - ...
        return left, frozenset()
    k = _base(left)
    scripts = _scripts(left, k)
    later = [one for one in scripts if is_next(one[1:])]
    here = (*left[:k], *(token for one in scripts if one not in later for token in one))
    return here, frozenset(plain(one).replace("+1", "") for one in later)


def _at_no_moment(right: Tokens, here: Tokens, before: frozenset[str]) -> Tokens:
    """A right side without when what moves is so."""
    if not before:
        return right
    base, out, k = here[: _base(here)], list[Token](), 0
    while k < len(right):
        if not _starts(right[k:], base):
            out.append(right[k])
            k += 1
            continue
        out += base
        k += len(base)
        for script in _scripts(right, k):
            is_moment = plain(script) in before or _OLD.search(plain(script[1:]))
            out += () if is_moment else script
            k += len(script)
    return tuple(out)


def _starts(several: Tokens, own: Tokens) -> bool:
    return [t.text for t in several[: len(own)]] == [t.text for t in own]


def _turned(right: Tokens, rate: str | None) -> Tokens | None:
    """The terms of a change with the other sign and without their rate; None where one does not have it once as a factor."""
    if not right:
        return None
    signs = [k for k in outside(right) if right[k].text in "+-" and not (k and right[k - 1].text in {*_TIMES, "/", "^", "_"})]
    if signs[:1] != [0]:
        right, signs = (Token("+", right[0].at), *right), [0, *(k + 1 for k in signs)]
    out: list[Token] = []
    for a, b in zip(signs, [*signs[1:], len(right)], strict=True):
        term = right[a + 1 : b]
        if rate is not None and [t.text for t in term].count(rate) != 1:
            return None
        sign = Token("-" if right[a].text == "+" else "+", right[a].at)
        out += [sign, *(term if rate is None else _at_rate(term, rate, 1))]
    return tuple(out[1:] if out and out[0].text == "+" else out) or None


def _at_rate(several: Tokens, rate: str, number: int) -> Tokens:
    r"""What stands there where a rate, \eta or \eta_t, is a number; 1 is written where a number has to stand."""
    out, k = list[Token](), 0
    while k < len(several):
        if several[k].text != rate:
            out.append(several[k])
            k += 1
            continue
        k = k + 1 + sum(map(len, _scripts(several, k + 1)))
        before, after = out[-1].text if out else "", several[k].text if k < len(several) else ""
        is_factor = before not in (r"\frac", "^", "_", "/", *_TIMES) and after not in ("", "}", ")", "]", "+", "-", "/", "^", "_")
        if number == 1 and is_factor:
            k += after in _TIMES
        elif before and before not in _OPENS and after not in ("^", "_"):  # the last factor of several, \frac{2\eta}{n}
            out += [Token(r"\cdot", 0), Token(str(number), 0)]
        else:
            out.append(Token(str(number), 0))
    return tuple(out)


def _is_linear(judge: Judge, known: Known, found: Update) -> bool:
    """Whether a parameter stays as it is at a rate of 0, and moves twice as far at a rate of 2."""
    truth = judge.truth
    try:
        once, twice, none = ([r.program for r in _readings(judge, known, found, k)] for k in (1, 2, 0))
        for place in truth.places.first(TRIED):
            far = [value(truth, several[0], known.written, place, place.values, FLOATS) for several in (once, twice, none)]
            scale = float(np.abs(far[0]).max(initial=1.0))
            if largest_of(far[1] - 2 * far[0]) > 1e-9 * scale or largest_of(far[2]) > 1e-9 * scale:
                return False
    except (SymbackpropError, PointError, Fault):
        return False
    return equal_shapes(once[0].shape(CLAIM), twice[0].shape(CLAIM))


def _readings(judge: Judge, known: Known, found: Update, rate: int) -> Sequence[Any]:
    text = f"{found.gradient} = {found.along[rate]} {found.rest}"
    return read(text, judge.truth, judge.truth.of, None, judge.symbols, known.said).readings
