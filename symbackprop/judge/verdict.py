"""What is answered: a verdict for each claim, and for all of them together. Never a bare yes or no."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

from symbackprop.formulas.mathml import mathml
from symbackprop.formulas.read_latex import parse
from symbackprop.judge.counterexample import Counterexample
from symbackprop.judge.mistakes.edit import Finding

WRONG = ("wrong", "up to convention", "right result, wrong step")
OPEN = ("undecided", "not understood")


@dataclass(frozen=True)
class Judged:
    """One claim with its verdict.

    name            what the person called it.
    what            what it claims to be, such as dL/dW_1; "" where it claims nothing.
    verdict         begins with "right, identity", "right, numeric", "up to convention", "wrong", "wrong shape", "wrong region",
                    "wrong, carried forward", "undecided", "not understood" or "abbreviation".
    understood      the claim as it was read, LaTeX.
    correct         the right formula, LaTeX.
    notes           how it was read, and what was assumed.
    mistakes        at most three mistakes that give just this claim, the likeliest first.
    counterexample  a small point at which it fails, or None.
    points          at how many generic points it was held against the truth.
    error           the largest error there, relative to the truth.
    bits            -log2 of the chance that a claim that passed as an identity is none.
    allowed         whether a convention was allowed, by which it counts as right.
    """

    name: str
    what: str
    verdict: str
    understood: str = ""
    correct: str = ""
    notes: tuple[str, ...] = ()
    mistakes: tuple[Finding, ...] = ()
    counterexample: Counterexample | None = None
    points: int = 0
    error: float = 0.0
    bits: int = 0
    allowed: bool = False

    @property
    def right(self) -> bool:
        return self.verdict.startswith("right,") or self.allowed

    @property
    def wrong(self) -> bool:
        return self.verdict.startswith(WRONG) and not self.allowed

    @property
    def open(self) -> bool:
        return self.verdict.startswith(OPEN)

    def lines(self) -> list[str]:
        """What a terminal shows below the verdict."""
        out = [f"  understood: {self.understood}"] if self.understood else []
        out += [f"  note: {note}" for note in self.notes]
        out += [f"  mistake: {m.sentence} [{m.name}]" for m in self.mistakes]
        if self.counterexample is not None:
            out.append(f"  it fails at {self.counterexample}")
        if self.correct and not self.right:
            out.append(f"  right is: {self.correct}")
        return out

    def facts(self) -> dict[str, Any]:
        """All evidence, for JSON."""
        return {
            "name": self.name, "what": self.what, "verdict": self.verdict, "understood": self.understood, "correct": self.correct,
            "notes": list(self.notes), "mistakes": [m.facts() for m in self.mistakes],
            "counterexample": self.counterexample.facts() if self.counterexample else None, "points": self.points,
            "error": self.error if self.error < float("inf") else None, "bits": self.bits, "allowed": self.allowed,
        }  # fmt: skip


@dataclass(frozen=True)
class Verification:
    """The verdict on claims about one network. It shows itself in a terminal and in a notebook.

    claims   one for each claim, in their order.
    steps    whether they are the steps of one derivation.
    """

    claims: tuple[Judged, ...]
    steps: bool = False
    exit_code: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        code = 1 if any(c.wrong for c in self.claims) else 3 if any(c.open for c in self.claims) else 0
        object.__setattr__(self, "exit_code", code)

    def __getitem__(self, key: str | int) -> Judged:
        if isinstance(key, int):
            return self.claims[key]
        return next(c for c in self.claims if c.name == key)

    @property
    def first_wrong_step(self) -> int | None:
        """The position from 0 of the first claim that is wrong as it stands; None where none is."""
        return next((k for k, c in enumerate(self.claims) if c.wrong), None)

    @property
    def worst(self) -> Judged:
        """The claim that the verdict on all of them rests on."""
        judged = [c for c in self.claims if c.what] or list(self.claims)
        for test in (lambda c: c.wrong, lambda c: c.open, lambda c: c.verdict.startswith("right, numeric"), lambda c: c.right):
            for claim in judged:
                if test(claim):
                    return claim
        return judged[-1]

    @property
    def verdict(self) -> str:
        """The verdict on all claims together: it begins with the name of the worst."""
        if len(self.claims) == 1:
            return self.claims[0].verdict
        first = self.first_wrong_step
        judged = [c for c in self.claims if c.what]
        if self.steps and first is not None and judged and judged[-1].right:
            return f"right result, wrong step: {self.claims[first].name}"
        worst = self.worst
        return f"{worst.verdict} ({worst.name})" if not worst.right else worst.verdict

    @property
    def mistakes(self) -> tuple[Finding, ...]:
        return self.worst.mistakes

    @property
    def counterexample(self) -> Counterexample | None:
        return self.worst.counterexample

    @property
    def understood(self) -> str:
        """What was understood, LaTeX: the claim's formula, or an alignment of all of them."""
        if len(self.claims) == 1:
            return self.claims[0].understood
        return r"\begin{aligned}" + r" \\ ".join(c.understood for c in self.claims if c.understood) + r"\end{aligned}"

    @property
    def correct(self) -> str:
        return self.worst.correct

    def table(self) -> str:
        """A line for each claim with its verdict, and below it what shows why."""
        width = max((len(c.name) for c in self.claims), default=0)
        out = []
        for k, claim in enumerate(self.claims):
            number = f"{k:>2}  " if self.steps else ""
            out.append(f"{number}{claim.name:<{width}}  {claim.verdict}")
            out += claim.lines()
        if len(self.claims) > 1:
            out.append(f"all: {self.verdict}")
        return "\n".join(out)

    def __str__(self) -> str:
        return self.table()

    def __repr__(self) -> str:
        return self.table()

    def to_json(self) -> str:
        facts: Mapping[str, Any] = {
            "verdict": self.verdict, "exit_code": self.exit_code, "first_wrong_step": self.first_wrong_step,
            "claims": [c.facts() for c in self.claims],
        }  # fmt: skip
        return json.dumps(facts, indent=2)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.understood}$"

    def _repr_html_(self) -> str:
        rows = "".join(_row(c) for c in self.claims)
        return f"<table><tr><th>claim</th><th>verdict</th><th>understood</th><th>right</th></tr>{rows}</table>"


def _row(claim: Judged) -> str:
    why = "".join(f"<br>{escape(m.sentence)}" for m in claim.mistakes)
    fails = f"<br>it fails at {escape(str(claim.counterexample))}" if claim.counterexample else ""
    right = _formula(claim.correct) if not claim.right else ""
    return (
        f"<tr><td>{escape(claim.name)}</td><td>{escape(claim.verdict)}{why}{fails}</td>"
        f"<td>{_formula(claim.understood)}</td><td>{right}</td></tr>"
    )


def _formula(latex: str) -> str:
    return "<br>".join(mathml(parse(line)) for line in latex.split(r" \\ ") if line) if latex else ""
