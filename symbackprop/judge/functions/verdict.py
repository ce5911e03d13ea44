"""What the judge says of a person's backward pass: one row a gradient, and what was noticed on the way."""

from __future__ import annotations

import html
from dataclasses import dataclass

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
    """

    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()

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
        return "\n".join([*map(str, self.findings), *(f"note: {note}" for note in self.notes)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        cells = [[f.name, f.verdict, f.mistake] for f in self.findings]
        rows = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in cells)
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in self.notes)
        return f"<table><tr><th>gradient by</th><th>verdict</th><th>most likely</th></tr>{rows}</table>{notes}"
