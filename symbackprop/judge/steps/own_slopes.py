r"""Slopes of a person's own functions: \phi'(r) behind \phi(t) = \sqrt{t^2 + 1}, and steps that say them, \phi'(t) = ..."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import sympy as sp

from symbackprop.core.errors import SymbackpropError
from symbackprop.core.program import Sum, slot, substituted
from symbackprop.display.body import BodyPrinter
from symbackprop.formulas.latex import latex
from symbackprop.formulas.names import parse_name
from symbackprop.formulas.told import told
from symbackprop.judge.sides.asked import Asked
from symbackprop.judge.sides.goals import about
from symbackprop.judge.steps.slopes import activations
from symbackprop.judge.texts.prose import written
from symbackprop.judge.verdicts.judge import Judge
from symbackprop.judge.verdicts.verdict import Judged
from symbackprop.judge.weighing.truth import Truth
from symbackprop.notation.claims.bracketed import sides
from symbackprop.notation.claims.own_functions import OwnFunction, functions, said_at, written_out
from symbackprop.notation.latex.network import read_latex

HIGHEST = 2  # order of a slope
_D = r"(?:\\partial|\\mathrm\s*\{\s*d\s*\}|d)\s*"
_OF_FORMULA = re.compile(
    rf"\s*\\[dt]?frac\s*\{{\s*{_D}(?P<above>.*?)\}}\s*\{{\s*{_D}(?P<letter>\\?[A-Za-z]+)\s*\}}(?P<behind>[^=]*)=(?P<right>.+)",
    re.DOTALL,
)
_PRIME = re.compile(r"\^\s*(?:\\prime|\{\s*((?:\\prime\s*)+)\})")
_VALUE, _LETTERS = "q", "tuvzxsr"


class Slope(NamedTuple):
    r"""A slope of a function of a person's own, \phi'(t), in a letter of ours, as LaTeX.

    name    what it is called.
    place   the text that says it; None: it follows from the function.
    said    what it is as a person has it, or as it follows; "" where it is not known.
    below   the function, or the slope, whose derivative it is, as a person has it.
    letter  ours, which stands for nothing else in the functions.
    sides   what a person's step says that it is, one after the other; none where they are not read.
    """

    name: str
    place: int | None
    said: str
    below: str
    letter: str
    sides: tuple[str, ...] = ()

    def text(self, said: str) -> str:
        """A definition of it, by which it is written out elsewhere."""
        return rf"{self.name}({self.letter}) = {said}"


def primes_as_signs(text: str) -> str:
    r"""A text with \phi'(t) for \phi^\prime(t)."""
    return _PRIME.sub(lambda found: "'" * max(1, (found[1] or "").count(r"\prime")), text)


def slopes_of(texts: Sequence[str], may: Callable[[str], bool]) -> dict[str, list[Slope]]:
    """The slopes of functions that a text defines, of those that any text applies or says; each from what is said before it.

    may   whether a name may be that of such a function.
    """
    own = [one for one in functions(texts, lone=True) if len(one.letters) == 1]
    said = {one.name: one for one in own}
    letter = next((c for c in _LETTERS if all(c in one.letters or c not in {t.text for t in one.right} for one in own)), None)
    if letter is None:
        return {}
    known: list[tuple[OwnFunction, str]] = []  # functions and slopes so far, and the text that defines each
    found: dict[str, list[Slope]] = {}
    for one in own:
        if one.name.endswith("'") or not may(one.name):
            continue
        below = _without(known, said_at(one, texts[one.number], letter))
        known.append((one, texts[one.number]))
        most = max((k for k in range(1, HIGHEST + 1) if any(_applies(text, one.name, k) for text in texts)), default=0)
        for order in range(1, most + 1):
            given = said.get(one.name + "'" * order)
            derived = _derived(below, letter) or ""
            told_sides = () if given is None else _sides(texts[given.number], given, letter)
            said_sides = tuple(_without(known, side) for side in told_sides)
            says = said_sides[-1] if said_sides else derived
            head = texts[one.number][one.start :].partition("(")[0].strip() + "'" * order
            slope = Slope(head, None if given is None else given.number, says, below, letter, said_sides)
            found.setdefault(one.name, []).append(slope)
            known += [(each, slope.text(says)) for each in functions([slope.text(says)], lone=True)]
            below = says
    return found


def without_faults(slopes: Sequence[Slope]) -> list[str]:
    """The slopes of one function as they follow from it, whatever a person says of them."""
    found, below = list[str](), slopes[0].below
    for slope in slopes:
        below = _derived(below, slope.letter) or slope.said
        found.append(slope.text(below))
    return found


def judged_slope(judge: Judge, step: str, slope: Slope) -> Judged:
    """The verdict on a step that says a slope, each of its sides held against the function below it."""
    name, truth = step.partition("=")[0], _truth(slope.below)
    is_of_value = re.search(
        rf"(?<![A-Za-z\\]){re.escape(judge.truth.of)}\s*(?:\\left\s*)?\(", slope.below
    )  # f(x - t g) of a loss f
    if truth is None or slope.letter not in truth.program.tensors or not slope.sides or is_of_value:
        return Judged(name.strip(), None, "undecided", told("its function is not read"), given=step)
    goal = about(truth, name.strip(), truth.of, slope.letter)
    found = [judge.beside(truth).alone(goal, said) for said in slope.sides]
    first = next((one for one in found if not one.right), found[-1])
    asked = Asked(name.strip(), judge.truth.of, judge.truth.of, 0, written(name.strip()))
    return replace(first, name=name.strip(), asked=asked, truth=None, given=step)


def formula_slope(judge: Judge, name: str, claim: Any) -> Judged | None:
    r"""A step that says the derivative of a function as a formula, \frac{d}{dz} \log\sigma(z) = ...; None for any other step."""
    found = _of_formula(judge.truth, claim)
    verdicts = [judged_slope(judge, claim, one._replace(name=name)) for one in found]
    return next((one for one in verdicts if one.right), verdicts[0] if verdicts else None)


def is_of_formula(truth: Truth, claim: Any) -> bool:
    """Whether a step says the derivative of a function of numbers, in a letter of its own or in that of a vector or a matrix."""
    return bool(_of_formula(truth, claim))


def _of_formula(truth: Truth, claim: Any) -> list[Slope]:
    """What such a step says, for each activation that a sigma may be."""
    found = _OF_FORMULA.fullmatch(claim) if isinstance(claim, str) else None
    if found is None or bool(found["above"].strip()) == bool(found["behind"].strip()):
        return []
    letter, formula = found["letter"].lstrip("\\"), found["above"].strip() or found["behind"].strip()
    if letter in truth.named and not truth.program.shape(letter):
        return []
    out, said = list[Slope](), sides(f"q = {found['right']}")[1:]
    for activation in activations(truth, "sigma") or ["sigmoid"]:
        word = r"\\sigma" if activation == "sigmoid" else rf"\\operatorname{{{activation}}}"
        own, *others = (re.sub(r"\\sigma(?![A-Za-z])", word, one) for one in (formula, *said))
        of = _truth(own)
        inputs = [] if of is None else [t for t in of.program.inputs if t.kind != "constant"]
        if [t.name for t in inputs] == [letter] and not inputs[0].shape:
            out.append(Slope("", None, "", own, letter, tuple(others)))
    return out


def _sides(step: str, given: OwnFunction, letter: str) -> Iterator[str]:
    """What a step says that a slope is, side by side, in our letter."""
    for side in sides(f"q = {step.partition('=')[2]}")[1:]:
        text = f"q({given.letters[0]}) = {side}"
        yield from (said_at(own, text, letter) for own in functions([text], lone=True))


def _without(known: Sequence[tuple[OwnFunction, str]], text: str) -> str:
    """A text without functions that are known, each as its definition."""
    for own, source in reversed(known):
        text = written_out(text, own, source)
    return text


def _applies(text: str, name: str, order: int) -> bool:
    """Whether a text may apply a slope of a function."""
    return re.search(rf"(?:\\|(?<![A-Za-z\\])){re.escape(name)}\s*'{{{order}}}(?!')", text) is not None


def _truth(formula: str) -> Truth | None:
    """A formula as a network; None where it is none."""
    try:
        network = read_latex(f"{_VALUE} = {formula}")
        return Truth(network, network.loss)
    except SymbackpropError:
        return None


def _derived(formula: str, letter: str) -> str | None:
    """The derivative of a formula by a letter, as LaTeX; None where it has none."""
    truth = _truth(formula)
    if truth is None or letter not in truth.program.tensors:
        return None
    entries: dict[str, sp.Expr] = {t.name: slot(k) for k, t in enumerate(truth.program.inputs)}
    for e in truth.everything.equations:
        if not isinstance(e.op, Sum) or e.op.over or any(ref.name not in entries for ref in e.operands):
            return None
        entries[e.target.name] = substituted(
            e.op.body, {s: entries[ref.name] for s, ref in zip(e.op.slots, e.operands, strict=True)}
        )
    names = {slot(k): parse_name(t.name).formula() for k, t in enumerate(truth.program.inputs)}
    return latex(BodyPrinter(names).formula(entries[f"d{truth.of}/d{letter}"]))
