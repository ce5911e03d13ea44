"""What the judge says of a person's backward pass: one row a gradient, and what was noticed on the way."""

from __future__ import annotations

import html
import json
import math
from dataclasses import asdict, dataclass
from typing import Any

from symbackprop.formulas.latex import latex
from symbackprop.formulas.mathml import mathml
from symbackprop.formulas.plain import plain
from symbackprop.formulas.tree import Node

RANK = ("right", "up to convention", "undecided", "not understood", "wrong shape", "wrong")
"""From the best to the worst."""


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

    @property
    def ok(self) -> bool:
        """Whether it counts as right."""
        return self.verdict.startswith("right") or self.allowed

    def __str__(self) -> str:
        text = f"{self.name}: {self.verdict}"
        if self.mistake:
            text += f"; {self.mistake}"
        if self.entry is not None:
            place = f"At entry {list(self.entry)} it" if self.entry else "It"
            text += f". {place} gives {self.claimed:.6g}, right is {self.true:.6g}"
        return f"{text} ({self.matched})" if self.matched else text


@dataclass(frozen=True)
class FunctionVerdict:
    """The verdict on a backward pass.

    findings   one for each gradient.
    notes      what was noticed: arguments that were changed, what was printed, points that were left out.
    written    the functions as they were written, where they are functions of numbers: the formulas of each by its name.
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

    __repr__ = __str__

    def facts(self) -> dict[str, Any]:
        """All evidence, for JSON; formulas are LaTeX."""
        findings = [{**asdict(f), "entry": None if f.entry is None else list(f.entry), "right": f.ok} for f in self.findings]
        written = {name: [latex(formula) for formula in formulas] for name, formulas in self.written}
        return {"verdict": self.verdict, "findings": findings, "notes": list(self.notes), "written": written}

    def to_json(self) -> str:
        """The evidence as JSON; what is not finite is null."""
        return json.dumps(_finite(self.facts()), indent=2, allow_nan=False)

    def _repr_html_(self) -> str:
        cells = [[f.name, f.verdict, f.mistake] for f in self.findings]
        rows = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in cells)
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in self.notes)
        shown = "".join(
            f"<p>{html.escape(name)} as written: {'; '.join(map(mathml, formulas))}</p>" for name, formulas in self.written
        )
        return f"<table><tr><th>gradient by</th><th>verdict</th><th>most likely</th></tr>{rows}</table>{notes}{shown}"


def _finite(value: Any) -> Any:
    """The same without numbers that JSON has no word for."""
    if isinstance(value, dict):
        return {key: _finite(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_finite(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
