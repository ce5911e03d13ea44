"""The verdict on claims as a document: each claim beside the truth, what differs marked, why, and the derivation behind it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from symbackprop.documents.document import (
    Block,
    Content,
    Document,
    Inline,
    Math,
    Note,
    Paragraph,
    Part,
    Section,
    Span,
    StepBlock,
    Table,
    Tone,
)
from symbackprop.documents.steps import report as derivation
from symbackprop.formulas.read_latex import parse
from symbackprop.judge.counterexample import Counterexample, plain
from symbackprop.judge.verdict import Judged, Verification


def report(verification: Verification) -> Document:
    """The document of a verdict."""
    claims = verification.claims
    blocks: list[Block] = [_summary(verification)]
    if len(claims) > 1:
        blocks.append(_overview(verification))
    blocks.append(Section("The steps" if verification.steps else "The claims" if len(claims) > 1 else "The claim"))
    for place, claim in enumerate(claims):
        blocks += _claim(verification, place, claim)
    if verification.derived is not None:
        network = verification.derived.network
        shown = derivation(verification.derived, source=network.source if network else None)
        blocks += shown.blocks
    return Document((f"{verification.title}: " if verification.title else "", "the verdict"), tuple(blocks))


def _summary(verification: Verification) -> Note:
    first, worst = verification.first_wrong_step, verification.worst
    kind: Literal["good", "bad", "warning"] = {0: "good", 1: "bad"}.get(verification.exit_code, "warning")  # type: ignore[assignment]
    label = {"good": "Right", "bad": "Wrong", "warning": "Not decided"}[kind]
    if verification.steps and first is not None:
        name = verification.claims[first].name
        where: Content = (
            f"The first wrong step is number {first}, ",
            Span(name, style="code"),
            f" (counted from 0). {_said(worst)}",
        )
        return Note(where, kind, label)
    return Note(_said(worst) if len(verification.claims) == 1 else f"{worst.name}: {_said(worst)}", kind, label)


def _said(claim: Judged) -> str:
    """The verdict as a sentence, and what most likely went wrong."""
    words = f"{claim.kind[0].upper()}{claim.kind[1:]}"
    words += f": {claim.reason}" if claim.reason else ""
    return " ".join([f"{words.rstrip('.')}.", *(_sentence(m.sentence) for m in claim.mistakes[:1])])


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def _overview(verification: Verification) -> Table:
    rows = []
    for place, claim in enumerate(verification.claims):
        name = Span(claim.name, style="code")
        rows.append((*([str(place)] if verification.steps else []), name, claim.what, Span(claim.verdict, _tone(claim))))
    heads = (*(["Step"] if verification.steps else []), "Name", "What it claims to be", "Verdict")
    return Table(heads, tuple(rows))


def _tone(claim: Judged) -> Tone:
    return "good" if claim.right else "bad" if claim.wrong else ""


def _claim(verification: Verification, place: int, claim: Judged) -> Iterator[Block]:
    tone = _tone(claim)
    first = verification.steps and place == verification.first_wrong_step
    number = f"{place}  " if verification.steps else ""
    title: tuple[Inline, ...] = (number, Span(claim.name, style="code"), f" {claim.what}" if claim.what != claim.name else "")
    claimed, true = claim.compared
    parts = [Part("As understood", claimed)] if claimed else []
    if true is not None and not claim.right:
        parts.append(Part("Right is", (true,), "good"))
    verdict: Content = (Span("The first wrong step. ", style="strong") if first else "", Span(claim.verdict, tone), _points(claim))
    yield StepBlock(title, tuple(parts), "", (verdict, *_written(claim), *map(_sentence, claim.notes)), f"claim-{place}", tone)
    for finding, corrected in zip(claim.mistakes, claim.corrected, strict=True):
        yield Paragraph((Span("Most likely: ", style="strong"), f"{_sentence(finding.sentence)} ({finding.name}, at ",
                         Span(finding.place, style="code"), ") Right there is ", Math(parse(corrected)), "."))  # fmt: skip
    if claim.counterexample is not None:
        yield _counterexample(claim.counterexample)


def _points(claim: Judged) -> str:
    held = f": held against the truth at {claim.points} points" if claim.points else ""
    chance = f", and modulo large primes: a wrong formula passes with a chance below 2^-{claim.bits}" if claim.bits else ""
    return f"{held}{chance}."


def _written(claim: Judged) -> Iterator[Content]:
    if claim.given:
        yield ("As written: ", Span(" ".join(claim.given.split()), style="code"))


def _counterexample(found: Counterexample) -> Table:
    """Where a claim fails: the inputs, and both values."""
    rows: list[tuple[Content, ...]] = [("size", Span(name, style="code"), str(size)) for name, size in found.sizes.items()]
    rows += [("input", Span(name, style="code"), plain(array)) for name, array in found.point.items()]
    entry = f"entry {list(found.entry)}" if found.entry else "the value"
    rows += [("claimed", entry, Span(f"{found.claimed:.6g}", "bad")), ("true", entry, Span(f"{found.true:.6g}", "good"))]
    return Table(("", "", "Value"), tuple(rows), "llr", "The smallest example at which the claim fails; entries count from 0.")
