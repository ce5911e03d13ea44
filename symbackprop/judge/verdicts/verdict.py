"""What is answered: a verdict for each claim, and for all of them together. Never a bare yes or no."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from symbackprop.core.derivation import Derivation
from symbackprop.core.network import listed
from symbackprop.documents.document import Document
from symbackprop.documents.formats.text import columns
from symbackprop.documents.languages import language
from symbackprop.documents.shown import Shown
from symbackprop.formulas import build as f
from symbackprop.formulas.difference import difference
from symbackprop.formulas.latex import latex
from symbackprop.formulas.plain import plain
from symbackprop.formulas.told import Told, told
from symbackprop.formulas.tree import Marked, Node, Row, items_of, split
from symbackprop.judge.mistakes.edit import ONE, Finding
from symbackprop.judge.sides.asked import Asked
from symbackprop.judge.texts.prose import first_line, written
from symbackprop.judge.verdicts.terminal import BAD, DOUBT, GOOD, QUIET, coloured
from symbackprop.judge.weighing.conventions import Convention
from symbackprop.judge.weighing.counterexample import Counterexample

WRONG = ("wrong", "up to convention", "right result, wrong step")
OPEN = ("undecided", "not understood")
KINDS = (
    "right, identity", "right, numeric", "up to convention", "wrong shape", "wrong region", "wrong, carried forward", "wrong",
    "right result, wrong step", "undecided", "not understood", "abbreviation",
)  # fmt: skip
"""What a verdict begins with."""
NOTHING = Told()
LINES = r" \\ "


@dataclass(frozen=True, repr=False)
class Judged:
    """One claim with its verdict.

    name            what the person called it.
    asked           what it claims to be; None where it claims nothing.
    kind            which of `KINDS` the verdict is.
    because         what the verdict says beside its kind.
    given           the claim as it was written.
    formulas        the claim as it was read: a right side, or an equation a line.
    truth           the right formula, an equation; None where none is known.
    remarks         how it was read, and what was assumed.
    mistakes        at most three mistakes that give just this claim, the likeliest first.
    corrected       for each of them the right formula at the place where it was made, None where none is known.
    convention      what it differs from the truth by, where that is a convention.
    counterexample  a small point at which it fails, or None.
    points          at how many generic points it was held against the truth.
    error           the largest error there, relative to the truth.
    bits            -log2 of the chance that a claim that passed as an identity is none.
    witnesses       what agreed with the truth that the claim was held against.
    allowed         whether a convention was allowed, by which it counts as right.
    stands          what the names of earlier steps stand for.
    left            what it claims at its steps of loops; None where it claims none.
    where           FILE:line where it was written, of code; "" where that is not known.
    """

    name: str
    asked: Asked | None
    kind: str
    because: Told = NOTHING
    formulas: tuple[Node, ...] = ()
    truth: Node | None = None
    remarks: tuple[Told, ...] = ()
    mistakes: tuple[Finding, ...] = ()
    corrected: tuple[Node | None, ...] = ()
    convention: Convention | None = None
    counterexample: Counterexample | None = None
    points: int = 0
    error: float = 0.0
    bits: int = 0
    witnesses: tuple[str, ...] = ()
    allowed: bool = False
    given: str = ""
    stands: tuple[tuple[Node, Node], ...] = ()
    left: Node | None = None
    where: str = ""

    def __str__(self) -> str:
        return "\n".join([f"{self.called.line()}  {self.said.line()}", *(line for line, _ in self.lines())])

    def __repr__(self) -> str:
        return f"<{self.called.line()}: {self.kind}>"

    @property
    def what(self) -> str:
        """What it claims to be, such as dL/dW_1; "" where it claims nothing."""
        return "" if self.asked is None else self.asked.text

    @property
    def title(self) -> str:
        r"""What it is called in a line of text: a formula on its left, such as \frac{..}{..}, is no name."""
        return self.name if self.name.isidentifier() else self.what or self.name

    @property
    def said(self) -> Told:
        """The kind, and why."""
        kind = Told(self.kind)
        if not self.because:
            return kind
        return told("{} {}", kind, self.because) if self.kind.startswith("right,") else told("{}: {}", kind, self.because)

    @property
    def first_line(self) -> Told:
        """The same without the place in what was not understood."""
        return self.said if "\n" not in self.reason else told("{}: {}", Told(self.kind), first_line(self.because))

    @property
    def verdict(self) -> str:
        """It begins with one of `KINDS`."""
        return str(self.said)

    @property
    def reason(self) -> str:
        """What the verdict says beside its kind."""
        return str(self.because)

    @property
    def notes(self) -> tuple[str, ...]:
        """How it was read, and what was assumed."""
        return tuple(map(str, self.remarks))

    @property
    def right(self) -> bool:
        return self.kind.startswith("right,") or self.allowed

    @property
    def wrong(self) -> bool:
        return self.kind.startswith(WRONG) and not self.allowed

    @property
    def open(self) -> bool:
        return self.kind in OPEN

    @cached_property
    def called(self) -> Told:
        r"""What the person called it, and what it claims to be where the name does not say that: \delta_2 as dL/dyhat."""
        if self.asked is None:
            return told("{}", written(self.name))
        name, what = written(self.name), self.asked.shown
        says_it = self.asked.stated or plain(name.node).replace(" ", "") == plain(what.node).replace(" ", "")
        return told("{}", what) if says_it else told("{} as {}", name, what)

    @cached_property
    def compared(self) -> tuple[tuple[Node, ...], Node | None]:
        """The claim as equations, and the right one (None where none is known); where it is wrong, what differs is marked."""
        claimed = self.formulas
        if self.truth is None:
            return claimed, None
        left, right = split(self.truth)
        equals, true = items_of(right)[0], Row(items_of(right)[1:])  # type: ignore[arg-type]  # `truth` is an equation
        if len(claimed) != 1 or split(claimed[0])[1] is not None:
            return claimed, self.truth
        own = claimed[0]
        if self.wrong:
            own, true = difference(own, true, dict(self.stands))
        return (_equation(self.left or left, equals, own),), _equation(left, equals, true)

    @property
    def understood(self) -> str:
        """The claim as it was read, LaTeX."""
        return LINES.join(map(latex, self.formulas))

    @property
    def correct(self) -> str:
        """The right formula, LaTeX: an equation; "" where none is known."""
        return "" if self.truth is None else latex(self.truth)

    @property
    def placed(self) -> tuple[Told, ...]:
        """Where the code of a claim that is not right was written, unless the reason says it."""
        says_it = bool(self.where) and f"{self.where.rpartition(':')[0]}:" in self.reason
        return (told("written at {}", self.where),) if self.where and (self.wrong or self.open) and not says_it else ()

    @property
    def style(self) -> str:
        """The colour of the verdict in a terminal."""
        return GOOD if self.right else BAD if self.wrong else DOUBT if self.open else ""

    def lines(self, lang: str = "en") -> list[tuple[str, str]]:
        """What a terminal shows below the verdict in a language, each line with its style."""
        claimed, true = self.compared
        out: list[tuple[Told, str]] = [(one, "") for one in self.placed]
        out += [(told("understood: {}", plain(formula)), BAD if f.holds(formula, Marked) else "") for formula in claimed]
        out += [(told("note: {}", note), QUIET) for note in self.remarks]
        for k, m in enumerate(self.mistakes):  # all of two mistakes were made, of other findings one
            out.append((told("or: {} [{}]" if k and m.said.pattern != ONE else "mistake: {} [{}]", m.said, m.name), ""))
        if self.counterexample is not None:
            out.append((told("it fails at {}", self.counterexample.said), ""))
        if true is not None and not self.right:
            out.append((told("right is: {}", plain(true)), GOOD))
        return [(f"  {language(lang).words(said)}", style) for said, style in out]

    def facts(self) -> dict[str, Any]:
        """All evidence, for JSON; docs/verify.md says what each entry is."""
        corrected = ("" if formula is None else latex(formula) for formula in self.corrected)
        return {
            "name": self.name, "what": self.what, "where": self.where or None, "given": self.given,
            "understood": self.understood, "verdict": self.verdict,
            "kind": self.kind, "reason": self.reason, "right": self.right, "allowed": self.allowed,
            "convention": self.convention.facts() if self.convention else None, "correct": self.correct, "notes": list(self.notes),
            "mistakes": [{**m.facts(), "corrected": c} for m, c in zip(self.mistakes, corrected, strict=True)],
            "counterexample": self.counterexample.facts() if self.counterexample else None, "points": self.points,
            "error": self.error if self.error < float("inf") else None,
            "error_probability": 2.0**-self.bits if self.kind == "right, identity" else None, "witnesses": list(self.witnesses),
        }  # fmt: skip


def _equation(left: Node, equals: Node, right: Node) -> Node:
    return Row((*items_of(left), equals, *items_of(right)))


@dataclass(frozen=True, repr=False)
class Verification(Shown):
    """The verdict on claims about one network. It shows itself in a terminal, in a notebook and as a page.

    claims   one for each claim, in their order.
    steps    whether they are the steps of one derivation.
    title    of the network.
    derived  the derivation of what was claimed, beside which the page shows the verdict; None where there is none.
    inputs   of the network: a wrong gradient by one of these is a wrong result, whatever comes after it.
    shown_by what makes a document of it.
    """

    claims: tuple[Judged, ...]
    steps: bool = False
    title: str = ""
    derived: Derivation | None = field(default=None, compare=False)
    inputs: frozenset[str] = frozenset()
    shown_by: Callable[[Verification], Document] = field(default=lambda _: Document("", ()), compare=False, repr=False)
    exit_code: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        open_ = any(c.open for c in self.claims) or self.claims_nothing
        code = 1 if any(c.wrong for c in self.claims) else 3 if open_ else 0
        object.__setattr__(self, "exit_code", code)

    @property
    def ok(self) -> bool:
        """Whether every claim is right, nothing left open. So `assert sb.verify(net, claims)` holds right claims alone."""
        return self.exit_code == 0

    def __bool__(self) -> bool:
        return self.ok

    def __getitem__(self, key: str | int) -> Judged:
        if isinstance(key, int):
            return self.claims[key]
        return next(c for c in self.claims if c.name == key)

    @property
    def claims_nothing(self) -> bool:
        """Whether nothing is judged: each step gives a name to something."""
        return not any(c.what or c.right or c.wrong or c.open for c in self.claims)

    @property
    def first_wrong_step(self) -> int | None:
        """The position from 0 of the first claim that is wrong as it stands; None where none is.

        A claim that only uses what a step below it says wrongly does not come before that step.
        """
        wrong = [k for k, c in enumerate(self.claims) if c.wrong]
        return next((k for k in wrong if self.claims[k].kind != "wrong, carried forward"), wrong[0] if wrong else None)

    @property
    def worst(self) -> Judged:
        """The claim that the verdict on all of them rests on."""
        judged = [c for c in self.claims if c.what or c.right or c.open] or list(self.claims)
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
        worst = self.worst
        if self._ends_right:
            return f"right result, wrong step: {self.claims[self.first_wrong_step or 0].title}"
        return f"{worst.verdict} ({worst.title})" if not worst.right else worst.verdict

    @property
    def _ends_right(self) -> bool:
        """Whether the last of the steps is right, and each gradient by an input, although a step on the way is wrong."""
        judged = [(c, c.asked.wrt) for c in self.claims if c.asked is not None]
        if not self.steps or self.first_wrong_step is None or not judged:
            return False
        return judged[-1][0].right and not any(c.wrong and (wrt in self.inputs or c.kind == "wrong shape") for c, wrt in judged)

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
        return r"\begin{aligned}" + LINES.join(c.understood for c in self.claims if c.understood) + r"\end{aligned}"

    @property
    def correct(self) -> str:
        return self.worst.correct

    def lines(self, lang: str = "en") -> list[tuple[str, str]]:
        """A line for each claim with its verdict, and below it what shows why, in a language; what differs stands in ⟦ ⟧."""
        say = language(lang).words
        called = [say(c.called) for c in self.claims]
        width = max(map(columns, called), default=0)
        out: list[tuple[str, str]] = []
        for number, (claim, name) in enumerate(zip(self.claims, called, strict=True), 1):
            padded = name + " " * (width - columns(name))
            step = f"{number:>2}  " if self.steps else ""
            out.append((f"{step}{padded}  {say(claim.said)}", claim.style))
            out += claim.lines(lang)
        if self.claims_nothing:
            said = told(
                "nothing is judged: no step claims a gradient of this network; name one on the left: W_1 = ... or dL/dW_1 = ..."
            )
            out.append((say(said), DOUBT))
        if len(self.claims) > 1:
            out.append((say(told("all: {}", self._whole())), self.worst.style))
        return out

    def _whole(self) -> Told:
        """The verdict on several claims as a line."""
        worst = self.worst
        if self._ends_right:
            return told("{}: {}", Told("right result, wrong step"), self.claims[self.first_wrong_step or 0].called)
        verdict = worst.first_line
        return verdict if worst.right else told("{} ({})", verdict, worst.called)

    def table(self, lang: str = "en") -> str:
        """The lines as one text, in a language."""
        return "\n".join(line for line, _ in self.lines(lang))

    def in_terminal(self, lang: str = "en") -> Any:
        """The lines with their colours, in a language."""
        return coloured(self.lines(lang))

    def __rich__(self) -> Any:
        return self.in_terminal()

    def __str__(self) -> str:
        return self.table()

    def __repr__(self) -> str:
        return f"<Verification of {listed(c.name for c in self.claims)}: {self.verdict.partition(chr(10))[0]}>"

    def facts(self) -> dict[str, Any]:
        """All evidence, for JSON."""
        return {
            "verdict": self.verdict, "exit_code": self.exit_code, "steps": self.steps, "first_wrong_step": self.first_wrong_step,
            "claims": [c.facts() for c in self.claims],
        }  # fmt: skip

    def to_json(self) -> str:
        return json.dumps(self.facts(), indent=2, allow_nan=False)

    def document(self) -> Document:
        """The verdict as blocks, the derivation behind it."""
        return self.shown_by(self)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.understood}$"
