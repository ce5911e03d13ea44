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
from symbackprop.formulas import build as f
from symbackprop.formulas.tree import Fraction, items_of, split
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
    name = Span(worst.name, style="code")
    if verification.steps and first is not None:
        where: Content = (f"The first wrong step is number {first} (counted from 0), ", name, ". ", _likely(worst))
        return Note(where, kind, label)
    said = f"{worst.verdict.rstrip('.')}. {_likely(worst)}".rstrip()
    return Note(_sentence(said) if len(verification.claims) == 1 else (name, f": {said}"), kind, label)


def _likely(claim: Judged) -> str:
    """What most likely went wrong."""
    return _sentence(claim.mistakes[0].sentence) if claim.mistakes else ""


def _sentence(text: str) -> str:
    """The text as a sentence; a name at its beginning stays as it is."""
    first = text.partition(" ")[0]
    capital = first.isalpha() and first.islower() and (len(first) > 1 or first == "a")
    return f"{text[:1].upper() if capital else text[:1]}{text[1:].rstrip('.')}."


def _overview(verification: Verification) -> Table:
    rows = []
    for place, claim in enumerate(verification.claims):
        number = [str(place)] if verification.steps else []
        rows.append((*number, Span(claim.name, style="code"), _what(claim), Span(claim.verdict, _tone(claim))))
    heads = (*(["Step"] if verification.steps else []), "Name", "Claims to be", "Verdict")
    return Table(heads, tuple(rows))


def _what(claim: Judged) -> Inline:
    """What a claim is about: the left side of the right formula, where there is one."""
    true = claim.compared[1]
    if true is None:
        return claim.what
    left, *more = items_of(split(true)[0])
    if isinstance(left, Fraction) and not more:  # in one line, as in running text
        left = f.beside(left.over, f.symbol("/"), left.under)
    return Math(f.beside(left, *more))


def _tone(claim: Judged) -> Tone:
    return "good" if claim.right else "bad" if claim.wrong else ""


def _claim(verification: Verification, place: int, claim: Judged) -> Iterator[Block]:
    tone = _tone(claim)
    first = verification.steps and place == verification.first_wrong_step
    number = f"{place}  " if verification.steps else ""
    title: tuple[Inline, ...] = (number, Span(claim.name, style="code"), *([" ", _what(claim)] if claim.what else []))
    claimed, true = claim.compared
    parts = [Part("As understood", claimed)] if claimed else []
    if true is not None and not claim.right:
        parts.append(Part("Right is", (true,), "good"))
    verdict: Content = (Span("The first wrong step. " if first else "", style="strong"), Span(claim.verdict, tone), *_held(claim))
    yield StepBlock(title, tuple(parts), "", (verdict, *_written(claim), *map(_sentence, claim.notes)), f"claim-{place}", tone)
    for finding, corrected in zip(claim.mistakes, claim.corrected, strict=True):
        right: tuple[Inline, ...] = () if corrected is None else (" Right there is ", Math(corrected), ".")
        yield Paragraph((Span("Most likely: ", style="strong"), f"{finding.sentence.rstrip('.')} ({finding.name}, at ",
                         Span(finding.place, style="code"), ").", *right))  # fmt: skip
    if claim.counterexample is not None and claim.kind != "wrong, carried forward":
        yield _counterexample(claim.counterexample)


def _held(claim: Judged) -> Iterator[Inline]:
    """At how many points it was held against the truth, and what that proves."""
    yield f": held against the truth at {claim.points} points" if claim.points else ""
    if claim.bits:
        yield ", and modulo large primes: a wrong formula passes with a chance below "
        yield Math(f.power(f.number(2), f.number(-claim.bits)))
    yield "."


def _written(claim: Judged) -> Iterator[Content]:
    if claim.given:
        yield ("As written: ", Span(" ".join(claim.given.split()), style="code"))


def _counterexample(found: Counterexample) -> Table:
    """Where a claim fails: the inputs, and both values."""
    rows: list[tuple[Content, ...]] = [(Span(name, style="code"), plain(array)) for name, array in found.point.items()]
    if found.sizes:
        rows.insert(0, ("sizes", ", ".join(f"{name} = {size}" for name, size in found.sizes.items())))
    entry = f" at entry {list(found.entry)}" if found.entry else ""
    rows += [(f"claimed{entry}", Span(f"{found.claimed:.6g}", "bad")), (f"true{entry}", Span(f"{found.true:.6g}", "good"))]
    return Table(("The smallest example at which it fails", "Value"), tuple(rows), "ll")
