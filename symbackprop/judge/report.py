"""The verdict on claims as a document: each claim beside the truth, what differs marked, why, and the derivation behind it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from textwrap import dedent
from typing import Literal

from symbackprop.display.box import shown_box
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
from symbackprop.formulas.told import in_line, told
from symbackprop.formulas.tree import Node
from symbackprop.judge.counterexample import Counterexample, plain
from symbackprop.judge.prose import formula, inline, sentence, typeset
from symbackprop.judge.proved import proved_box
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
        box = shown_box(verification.derived, proved_box(verification.derived))
        blocks += derivation(verification.derived, source=network.source if network else None, box=box).blocks
    known = verification.derived.forward.tensors.keys() if verification.derived else ()
    title: Content = (*titles.typeset(verification.title, known), ": the verdict") if verification.title else "The verdict"
    return Document(title, tuple(blocks))


def _summary(verification: Verification) -> Note:
    first, worst = verification.first_wrong_step, verification.worst
    kind: Literal["good", "bad", "warning"] = {0: "good", 1: "bad"}.get(verification.exit_code, "warning")  # type: ignore[assignment]
    label = {"good": "Right", "bad": "Wrong", "warning": "Not decided"}[kind]
    if verification.steps and first is not None:
        wrong = verification.claims[first]
        number = Link(f"number {first}", f"claim-{first}")
        where: Content = ("The first wrong step is ", number, " (counted from 0), ", *inline(wrong.called), ". ", *_likely(wrong))
        return Note(where, kind, label)
    if kind == "good":
        return Note(_proved(verification), kind, label)
    likely = _likely(worst)
    said: Content = sentence((worst.kind, *_reason(worst)))
    if worst.verdict == "wrong" and likely:
        said = likely
    elif likely:
        said = (*said, " ", *likely)
    return Note(said if len(verification.claims) == 1 else (*inline(worst.called), ": ", *said), kind, label)


def _proved(verification: Verification) -> Content:
    """How far claims that count as right are."""
    kinds = [claim.kind for claim in verification.claims if claim.what]
    if not kinds or not all(kind == "right, identity" for kind in kinds):
        return sentence(inline(verification.worst.said))
    conditions = [inline(claim.because) for claim in verification.claims if claim.because]
    what = "It is" if len(kinds) == 1 else f"All {len(kinds)} are"
    return (
        f"{what} equal to the derived gradient{'s' * (len(kinds) > 1)} as a formula",
        *(p for c in conditions for p in (", ", *c)),
        ".",
    )


def _likely(claim: Judged) -> tuple[Inline, ...]:
    """What most likely went wrong."""
    return sentence(inline(claim.mistakes[0].said)) if claim.mistakes else ()


def _overview(verification: Verification) -> Table:
    rows = []
    for place, claim in enumerate(verification.claims):
        number = Link(str(place), f"claim-{place}")
        rows.append((number, inline(claim.called), Span(claim.kind, _tone(claim))))
    return Table(("Step" if verification.steps else "", "Claim", "Verdict"), tuple(rows))


def _tone(claim: Judged) -> Tone:
    return "good" if claim.right else "bad" if claim.wrong else ""


def _claim(verification: Verification, place: int, claim: Judged) -> Iterator[Block]:
    first = verification.steps and place == verification.first_wrong_step
    number = (f"{place}  ",) if len(verification.claims) > 1 else ()
    claimed, true = claim.compared
    parts = list(_as_written(claim, claimed))
    if true is not None and not claim.right:
        parts.append(Part("Right is", (true,), "good"))
    verdict: Content = (Span("The first wrong step: " if first else "", style="strong"), *_verdict(claim), *_held(claim))
    sentences = (verdict, *(sentence(inline(note)) for note in claim.remarks), *_mistakes(claim))
    source = dedent(claim.verdict.partition("\n")[2]) or claim.given
    yield StepBlock((*number, *inline(claim.called)), tuple(parts), "", sentences, f"claim-{place}", _tone(claim), source)
    if claim.counterexample is not None and claim.kind != "wrong, carried forward":
        yield _counterexample(claim.counterexample)


def _as_written(claim: Judged, understood: tuple[Node, ...]) -> Iterator[Part]:
    """The claim as its author wrote it, where it is LaTeX, and as it was read; once where both look alike."""
    written = formula(claim.given) if "\\" in claim.given else None
    if written is None:
        yield from [Part("As understood", understood)] if understood else []
    elif [line(written)] == [re.sub("[⟦⟧]", "", line(shown)) for shown in understood]:
        yield Part("As written", understood)
    else:
        yield Part("As written", (written,))
        yield from [Part("As understood", understood)] if understood else []


def _verdict(claim: Judged) -> Iterator[Inline]:
    """The verdict in one line, its name in its colour."""
    yield Span(claim.kind, _tone(claim))
    yield from _reason(claim)


def _reason(claim: Judged) -> tuple[Inline, ...]:
    """What the verdict says beside its kind, in one line: the place in what is not understood is shown below it."""
    if claim.kind not in ("not understood", "wrong shape"):
        return inline(claim.said)[1:]
    return (": ", re.sub(r"^<claim>(:\d+)*: ", "", claim.reason.partition("\n")[0]))


def _held(claim: Judged) -> Iterator[Inline]:
    """At how many points it was held against the truth, and what that proves."""
    if claim.points:
        yield "; " if claim.reason else ": "
        yield f"held against the truth at {claim.points} points"
    if claim.bits:
        yield ", and modulo large primes: a wrong formula passes with a chance below "
        yield Math(f.power(f.number(2), f.number(-claim.bits)))
    if claim.points or not claim.reason.partition("\n")[0].endswith((".", "?")):
        yield "."


def _mistakes(claim: Judged) -> Iterator[Content]:
    """The mistakes that give just this claim, and what would be right where they were made."""
    shown = {claim.truth}
    for place, (finding, corrected) in enumerate(zip(claim.mistakes, claim.corrected, strict=True)):
        here: tuple[Inline, ...] = () if finding.stands else inline(told(", at {}", finding.where))
        right: tuple[Inline, ...] = () if corrected in shown or corrected is None else (" Right there is ", Math(corrected), ".")
        shown.add(corrected)
        label = Span("Most likely: " if place == 0 else "Or: ", style="strong")
        yield (label, *inline(finding.said), *here, ".", *right)


def _counterexample(found: Counterexample) -> Table:
    """Where a claim fails: the inputs, and both values."""
    rows: list[tuple[Content, ...]] = [(typeset(name), plain(array)) for name, array in found.point.items()]
    if found.sizes:
        sizes = [f.equation(_node(name), f.number(size)) for name, size in found.sizes.items()]
        listed: Content = tuple(part for shown in sizes for part in (", ", Math(shown)))[1:]
        rows.insert(0, ("sizes", listed))
    entry = f" at entry {list(found.entry)}" if found.entry else ""
    rows += [(f"claimed{entry}", Span(f"{found.claimed:.6g}", "bad")), (f"true{entry}", Span(f"{found.true:.6g}", "good"))]
    return Table(("The smallest example at which it fails", "Value"), tuple(rows), "ll")


def _node(name: str) -> Node:
    shown = formula(name)
    return f.word(name) if shown is None else in_line(shown)
