"""What the judge says of a person's backward pass: one row a gradient, and what was noticed on the way."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

from symbackprop.core.network import listed as in_words
from symbackprop.documents.document import (
    Block,
    Bullets,
    Content,
    Document,
    Formula,
    FormulaRows,
    Inline,
    Link,
    Note,
    Paragraph,
    Section,
    Span,
    StepBlock,
    Table,
    Tone,
)
from symbackprop.documents.languages import ENGLISH
from symbackprop.documents.shown import Shown
from symbackprop.formulas.latex import latex
from symbackprop.formulas.plain import plain
from symbackprop.formulas.told import Said, Told, listed, told
from symbackprop.formulas.tree import Node
from symbackprop.judge.texts.prose import sentence, typeset

RANK = ("right", "up to convention", "undecided", "not understood", "wrong shape", "wrong")
"""From the best to the worst."""
NOTHING = Told()


@dataclass(frozen=True)
class Finding:
    """What is said of one gradient.

    name       the variable.
    verdict    "right, numeric", "up to convention: ...", "undecided: ...", "wrong shape: ..." or "wrong".
    matched    where the claim was found, and by what it was taken to be this gradient.
    mistake    what it most likely is, in words; "" where nothing fits.
    entry      the entry where it is worst, with the value there that is claimed and the true one; None where it is right.
    points     at how many points it was judged.
    deviation  the largest difference, relative to the gradient's largest slope.
    said       the mistake as it was named in the derivation of the loss; nothing where it was not.
    """

    name: str
    verdict: str
    matched: str = ""
    mistake: str = ""
    entry: tuple[int, ...] | None = None
    claimed: float | None = None
    true: float | None = None
    points: int = 0
    deviation: float = 0.0
    allowed: bool = False
    said: Told = NOTHING

    def because(self, mistake: Told) -> Finding:
        """The same with a mistake that was named in the derivation of the loss; as it is where none was."""
        return replace(self, mistake=ENGLISH.words(mistake), said=mistake) if mistake else self

    @property
    def why(self) -> Told | Said:
        """The mistake, as catalogues find it again."""
        return self.said or Said(self.mistake)

    @property
    def ok(self) -> bool:
        """Whether it counts as right."""
        return self.verdict.startswith("right") or self.allowed

    @property
    def tone(self) -> Tone:
        """Green where it is right, red where it is wrong, neither where that is not known."""
        return "good" if self.ok else "" if self.verdict.startswith(("undecided", "not understood")) else "bad"

    @property
    def called(self) -> Inline:
        """The variable as a formula; as code where it is a path."""
        return typeset(self.name) if self.name.isidentifier() else Span(self.name, style="code")

    @property
    def fails(self) -> str:
        """The entry where it is worst, with both values; "" where it is right."""
        if self.entry is None:
            return ""
        place = f"At entry {list(self.entry)} it" if self.entry else "It"
        return f"{place} gives {self.claimed:.6g}, right is {self.true:.6g}"

    def __str__(self) -> str:
        text = f"{self.name}: {self.verdict}"
        if self.mistake:
            text += f"; {self.mistake}"
        if self.fails:
            text += f". {self.fails}"
        return f"{text} ({self.matched})" if self.matched else text


@dataclass(frozen=True)
class FunctionVerdict(Shown):
    """The verdict on a backward pass. It shows itself as text, in a notebook and as a page.

    findings   one for each gradient.
    notes      what was noticed: arguments that were changed, what was printed, points that were left out.
    written    the functions as they were written, where formulas can show them: those of each by its name.
    """

    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()
    written: tuple[tuple[str, tuple[Node, ...]], ...] = ()

    @property
    def verdict(self) -> str:
        """The worst of the findings' verdicts."""
        if not self.findings:
            return "not understood"
        return max((f.verdict for f in self.findings), key=lambda v: max(k for k, word in enumerate(RANK) if v.startswith(word)))

    @property
    def ok(self) -> bool:
        """Whether every gradient counts as right."""
        return bool(self.findings) and all(f.ok for f in self.findings)

    @property
    def mistakes(self) -> list[str]:
        """What is wrong, one sentence each, the name first."""
        return [f"{f.name}: {f.mistake or f.verdict}" for f in self.findings if not f.ok]

    def __getitem__(self, name: str) -> Finding:
        for finding in self.findings:
            if finding.name == name:
                return finding
        raise KeyError(f"there is no gradient by {name}; there are those by {', '.join(f.name for f in self.findings)}")

    def __bool__(self) -> bool:
        raise TypeError("a verdict is no yes or no: read .verdict, or .ok where only right and not right matter")

    def __str__(self) -> str:
        shown = [f"{name} as written: {'; '.join(map(plain, formulas))}" for name, formulas in self.written]
        return "\n".join([*map(str, self.findings), *(f"note: {note}" for note in self.notes), *shown])

    def __repr__(self) -> str:
        return f"<FunctionVerdict of {in_words(f.name for f in self.findings)}: {self.verdict.partition(chr(10))[0]}>"

    def facts(self) -> dict[str, Any]:
        """All evidence, for JSON; formulas are LaTeX."""
        findings = [{**_evidence(f), "entry": None if f.entry is None else list(f.entry), "right": f.ok} for f in self.findings]
        written = {name: [latex(formula) for formula in formulas] for name, formulas in self.written}
        return {"verdict": self.verdict, "findings": findings, "notes": list(self.notes), "written": written}

    def to_json(self) -> str:
        """The evidence as JSON; what is not finite is null."""
        return json.dumps(_finite(self.facts()), indent=2, allow_nan=False)

    def document(self) -> Document:
        """The verdict as blocks."""
        blocks: list[Block] = [self._summary()]
        if len(self.findings) > 1:
            rows = [(Link(str(k), f"gradient-{k}"), f.called, Span(_kind(f), f.tone)) for k, f in enumerate(self.findings, 1)]
            blocks.append(Table(("", told("Gradient by"), told("Verdict")), tuple(rows)))
        blocks += [Section(told("The gradients") if len(self.findings) > 1 else told("The gradient")), *self._steps()]
        if self.written:
            blocks += [
                Section(told("As written")),
                *(block for name, formulas in self.written for block in _written(name, formulas)),
            ]
        if self.notes:
            blocks += [Section(told("What was noticed")), Bullets(tuple(sentence(told("{}", Said(note))) for note in self.notes))]
        return Document(told("A backward pass: the verdict"), tuple(blocks))

    def _summary(self) -> Note:
        wrong = [f for f in self.findings if not f.ok]
        if self.findings and not wrong:
            points = min(f.points for f in self.findings)
            return Note(told("Every gradient agrees with the slopes of the loss at {} points.", str(points)), "good")
        if not any(f.tone == "bad" for f in wrong):
            return Note(sentence(_verdict(self.verdict)), "warning", told("Not decided"))
        by = listed([f.called for f in wrong])
        off = told("The gradients by {} are not right", by) if len(wrong) > 1 else told("The gradient by {} is not right", by)
        return Note(told("{}: {}.", off, wrong[0].why) if wrong[0].mistake else told("{}.", off), "bad")

    def _steps(self) -> Iterator[StepBlock]:
        for place, f in enumerate(self.findings, 1):
            said = _verdict(f.verdict, f.tone)
            held = told("held against the slopes of the loss at {} points", str(f.points))
            sentences: list[Content] = [told("{}; {}.", said, held) if f.points else told("{}.", said)]
            if f.mistake:
                sentences.append((Span(told("Most likely: "), style="strong"), told("{}.", f.why)))
            sentences += [sentence(told("{}", Said(text))) for text in (f.fails, f.matched) if text]
            yield StepBlock(told("The gradient by {}", f.called), (), "", tuple(sentences), f"gradient-{place}", f.tone)


def _evidence(finding: Finding) -> dict[str, Any]:
    """All of a finding that JSON has a word for."""
    return {field.name: getattr(finding, field.name) for field in fields(finding) if field.name != "said"}


def _kind(finding: Finding) -> Told:
    """The verdict's name, without its reason."""
    return Told(finding.verdict.partition(":")[0])


def _verdict(verdict: str, tone: Tone = "") -> Told:
    """A verdict with its reason, its name in its colour."""
    kind, _, why = verdict.partition(": ")
    said = listed([Said(part) for part in why.split(", ")]) if kind == "up to convention" else Said(why)
    return told("{}: {}", Span(Told(kind), tone), said) if why else told("{}", Span(Told(kind), tone))


def _written(name: str, formulas: tuple[Node, ...]) -> tuple[Block, ...]:
    return Paragraph((Span(name, style="code"), ":")), FormulaRows(tuple(map(Formula, formulas)))


def _finite(value: Any) -> Any:
    """The same without numbers that JSON has no word for."""
    if isinstance(value, dict):
        return {key: _finite(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_finite(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
