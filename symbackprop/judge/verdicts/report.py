"""The verdict on claims as a document: each claim beside the truth, what differs marked, why, and the derivation behind it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from textwrap import dedent
from typing import Literal

from symbackprop.documents import titles
from symbackprop.documents.document import (
    Block,
    Content,
    Document,
    Inline,
    Link,
    Math,
    Note,
    Part,
    Section,
    Span,
    StepBlock,
    Table,
    Tone,
)
from symbackprop.documents.steps import report as derivation
from symbackprop.formulas import build as f
from symbackprop.formulas.plain import plain as line
from symbackprop.formulas.told import Told, in_line, listed, told
from symbackprop.formulas.tree import Node
from symbackprop.judge.proofs.boxed import boxed
from symbackprop.judge.texts.prose import formula, sentence, typeset, without_place
from symbackprop.judge.verdicts.verdict import Judged, Verification
from symbackprop.judge.weighing.counterexample import Counterexample, plain


def report(verification: Verification) -> Document:
    """The document of a verdict."""
    claims = verification.claims
    blocks: list[Block] = [_summary(verification)]
    if len(claims) > 1:
        blocks.append(_overview(verification))
    several = told("The claims") if len(claims) > 1 else told("The claim")
    blocks.append(Section(told("The steps") if verification.steps else several))
    for place, claim in enumerate(claims):
        blocks += _claim(verification, place, claim)
    if verification.derived is not None:
        network = verification.derived.network
        source = network.source if network else None
        blocks += derivation(verification.derived, source=source, box=boxed(verification.derived)).blocks
    known = verification.derived.forward.tensors.keys() if verification.derived else ()
    titled: Content = (*titles.typeset(verification.title, known), told(": the verdict")) if verification.title else ""
    return Document(titled or told("The verdict"), tuple(blocks))


def _summary(verification: Verification) -> Note:
    first, worst = verification.first_wrong_step, verification.worst
    kind: Literal["good", "bad", "warning"] = {0: "good", 1: "bad"}.get(verification.exit_code, "warning")  # type: ignore[assignment]
    label = {"good": told("Right"), "bad": told("Wrong"), "warning": told("Not decided")}[kind]
    if verification.steps and first is not None:
        wrong = verification.claims[first]
        number = Link(told("number {}", str(first + 1)), f"claim-{first + 1}")
        where = told("The first wrong step is {}, {}.", number, wrong.called)
        return Note((where, " ", *_likely(wrong)), kind, label)
    if kind == "good":
        return Note(_proved(verification), kind, label)
    likely = _likely(worst)
    said: tuple[Inline, ...] = (sentence(_said(worst)),)
    if worst.verdict == "wrong" and likely:
        said = likely
    elif likely:
        said = (*said, " ", *likely)
    return Note(said if len(verification.claims) == 1 else (worst.called, ": ", *said), kind, label)


def _proved(verification: Verification) -> Content:
    """How far claims that count as right are."""
    kinds = [claim.kind for claim in verification.claims if claim.what]
    if not kinds or not all(kind == "right, identity" for kind in kinds):
        return sentence(verification.worst.said)
    conditions = listed([told(", {}", claim.because) for claim in verification.claims if claim.because], "")
    if len(kinds) == 1:
        return told("It is equal to the derived gradient as a formula{}.", conditions)
    return told("All {} are equal to the derived gradients as a formula{}.", str(len(kinds)), conditions)


def _likely(claim: Judged) -> tuple[Inline, ...]:
    """What most likely went wrong."""
    return (sentence(claim.mistakes[0].said),) if claim.mistakes else ()


def _overview(verification: Verification) -> Table:
    rows = []
    for place, claim in enumerate(verification.claims, 1):
        number = Link(str(place), f"claim-{place}")
        rows.append((number, claim.called, Span(Told(claim.kind), _tone(claim))))
    return Table((told("Step") if verification.steps else "", told("Claim"), told("Verdict")), tuple(rows))


def _tone(claim: Judged) -> Tone:
    return "good" if claim.right else "bad" if claim.wrong else ""


def _claim(verification: Verification, place: int, claim: Judged) -> Iterator[Block]:
    first = verification.steps and place == verification.first_wrong_step
    number = (f"{place + 1}  ",) if len(verification.claims) > 1 else ()
    claimed, true = claim.compared
    parts = list(_as_written(claim, claimed))
    if true is not None and not claim.right:
        parts.append(Part(told("Right is"), (true,), "good"))
    opening = (Span(told("The first wrong step: "), style="strong"),) if first else ()
    verdict: Content = (*opening, _said(claim, _tone(claim)), *_held(claim))
    sentences = (verdict, *map(sentence, (*claim.placed, *claim.remarks)), *_mistakes(claim))
    source = dedent(claim.verdict.partition("\n")[2]) or claim.given
    yield StepBlock((*number, claim.called), tuple(parts), "", sentences, f"claim-{place + 1}", _tone(claim), source)
    if claim.counterexample is not None and claim.kind != "wrong, carried forward":
        yield _counterexample(claim.counterexample)


def _as_written(claim: Judged, understood: tuple[Node, ...]) -> Iterator[Part]:
    """The claim as its author wrote it, where it is LaTeX, and as it was read; once where both look alike."""
    written = formula(claim.given) if "\\" in claim.given else None
    if written is None:
        yield from [Part(told("As understood"), understood)] if understood else []
    elif [line(written)] == [re.sub("[⟦⟧]", "", line(shown)) for shown in understood]:
        yield Part(told("As written"), understood)
    else:
        yield Part(told("As written"), (written,))
        yield from [Part(told("As understood"), understood)] if understood else []


def _said(claim: Judged, tone: Tone = "") -> Told:
    """The verdict in one line, its name in its colour: the place in what is not understood is shown below it."""
    kind, why = Span(Told(claim.kind), tone), claim.because
    if claim.kind in ("not understood", "wrong shape"):
        why = without_place(claim.because)
    if not why:
        return told("{}", kind)
    return told("{} {}", kind, why) if claim.kind.startswith("right,") else told("{}: {}", kind, why)


def _held(claim: Judged) -> Iterator[Inline]:
    """At how many points it was held against the truth, and what that proves."""
    if claim.points:
        yield "; " if claim.reason else ": "
        at_one = told("held against the truth at the numbers that are given")
        yield at_one if claim.points == 1 else told("held against the truth at {} points", str(claim.points))
    if claim.bits:
        chance = f.power(f.number(2), f.number(-claim.bits))
        yield told(", and modulo large primes: a wrong formula passes with a chance below {}", Math(chance))
    if claim.points or not claim.reason.partition("\n")[0].endswith((".", "?")):
        yield "."


def _mistakes(claim: Judged) -> Iterator[Content]:
    """The mistakes that give just this claim, and what would be right where they were made."""
    shown = {claim.truth}
    for place, (finding, corrected) in enumerate(zip(claim.mistakes, claim.corrected, strict=True)):
        said = finding.said if finding.stands else told("{}, at {}", finding.said, finding.where)
        right = () if corrected in shown or corrected is None else (" ", told("Right there is {}.", Math(corrected)))
        shown.add(corrected)
        label = Span(told("Most likely: ") if place == 0 else told("Or: "), style="strong")
        yield (label, told("{}.", said), *right)


def _counterexample(found: Counterexample) -> Table:
    """Where a claim fails: the inputs, and both values."""
    rows: list[tuple[Content, ...]] = [(typeset(name), plain(array)) for name, array in found.point.items()]
    if found.sizes:
        sizes = [Math(f.equation(_node(name), f.number(size))) for name, size in found.sizes.items()]
        rows.insert(0, (told("sizes"), listed(sizes)))
    claimed, true = told("claimed"), told("true")
    if found.entry:
        claimed, true = told("claimed at entry {}", str(list(found.entry))), told("true at entry {}", str(list(found.entry)))
    rows += [(claimed, Span(f"{found.claimed:.6g}", "bad")), (true, Span(f"{found.true:.6g}", "good"))]
    return Table((told("The smallest example at which it fails"), told("Value")), tuple(rows), "ll")


def _node(name: str) -> Node:
    shown = formula(name)
    return f.word(name) if shown is None else in_line(shown)
