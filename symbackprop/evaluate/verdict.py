"""What the witnesses said of each gradient, as numbers, as a table and as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

import numpy as np
from numpy import ndarray

from symbackprop.core.network import listed
from symbackprop.core.result import Result

SHARP = 1e-12  # an error below is not shown as a number: it is rounding, which differs from processor to processor
BLUNT = 1e-9  # the same for complex steps and differences, which hear all entries together
NOTES = ("the gradient is zero", "differences straddle a kink", "zero to rounding")  # beside a verdict that is ok
COLUMNS = ("shape", "largest", "tape", "differences", "complex step", "compiled", "verdict")


@dataclass
class Witness:
    """How far a gradient is from what one witness says, at worst over the points.

    absolute, relative   the errors; relative to the largest entry of the gradient. None: the witness did not speak.
    compared, left_out   numbers that were compared, and that were not because they lie on a kink or are too vague.
    wrong                whether the witness contradicts.
    """

    absolute: float | None = None
    relative: float | None = None
    compared: int = 0
    left_out: int = 0
    wrong: bool = False

    def hear(self, errors: ndarray, scale: ndarray | float, wrong: bool, spoken: ndarray | None = None) -> None:
        """Take the errors of one point into account, where the witness has spoken."""
        spoken = np.ones(errors.shape, bool) if spoken is None else spoken
        self.compared += int(spoken.sum())
        self.left_out += int((~spoken).sum())
        self.wrong |= wrong
        if spoken.any():
            relative = errors / np.where(scale == 0, 1.0, scale)
            self.absolute = max(self.absolute or 0.0, float(errors[spoken].max()))
            self.relative = max(self.relative or 0.0, float(relative[spoken].max()))

    def agree(self, other: Witness) -> None:
        """Take what the witness said elsewhere into account."""
        self.compared += other.compared
        self.left_out += other.left_out
        self.wrong |= other.wrong
        if other.absolute is not None and other.relative is not None:
            self.absolute, self.relative = max(self.absolute or 0.0, other.absolute), max(self.relative or 0.0, other.relative)


@dataclass
class Row:
    """The verdict on one gradient.

    name, shape, scale   of the tensor w; the largest entry of d of / d w.
    gradient             what the gradient itself is called: dL/dw.
    tape, differences, complex_step   the witnesses, each against the equations as they are shown.
    compiled             the compiled function against the tape.
    note                 what a reader must know.
    """

    name: str
    shape: str
    scale: float = 0.0
    tape: Witness = field(default_factory=Witness)
    differences: Witness = field(default_factory=Witness)
    complex_step: Witness = field(default_factory=Witness)
    compiled: Witness = field(default_factory=Witness)
    note: str = ""
    gradient: str = ""

    @property
    def status(self) -> str:
        """ "ok", "wrong" or "undecided".

        The tape and the complex step are exact to rounding, differences are vague, above all at kinks. "wrong" takes two of them,
        or the tape where no complex step can be taken; a compiled function is wrong where it differs from a tape that nobody
        contradicts. Where the exact ones disagree, and where there is none but the tape, nothing is decided.
        """
        stepped = self.complex_step.compared > 0
        against = [w.wrong for w in (self.tape, self.complex_step, self.differences)]
        if sum(against) >= 2 or (self.tape.wrong and not stepped) or (self.compiled.wrong and not self.tape.wrong):
            return "wrong"
        heard = stepped or (self.differences.compared and not self.differences.wrong)
        return "ok" if heard and not (self.tape.wrong or self.complex_step.wrong) else "undecided"

    def cells(self) -> list[str]:
        """The shape, the largest entry, the errors relative to it, the verdict: what stands in COLUMNS."""
        errors = [_error(self.tape), _error(self.differences, BLUNT), _error(self.complex_step, BLUNT), _error(self.compiled)]
        return [self.shape, f"{self.scale:.3g}", *errors, self.status + (f" ({self.note})" if self.note else "")]

    def remark(self) -> str:
        """What the numbers alone do not say."""
        if self.scale == 0 and self.status == "ok":
            return NOTES[0]
        if self.status == "ok" and (self.differences.wrong or (self.differences.left_out and not self.differences.compared)):
            return NOTES[1]
        return ""


@dataclass(repr=False)
class Check(Result):
    """The outcome: true where every gradient is ok, and the compiled value is that of the tape.

    of, rows   the differentiated tensor, and a row for each gradient.
    sizes      the sizes of the points.
    points     how many points were tested; `redrawn` more were put aside: outside a function's domain, or on kinks.
    value      the value of `of` by the compiled function against the tape.
    inner      the outcome of each derivative that the network itself asks for.
    steps      of loops, the numbers of steps that were tested, by the size that counts them.
    widths     of layers whose widths differ, those that were tested as well, layer by layer, by the size.
    """

    of: str
    rows: list[Row]
    sizes: dict[str, int]
    points: int
    redrawn: int = 0
    value: Witness = field(default_factory=Witness)
    inner: tuple[Check, ...] = ()
    steps: dict[str, list[int]] = field(default_factory=dict)
    widths: list[dict[str, list[int]]] = field(default_factory=list)

    def apart(self, other: Check, entry_of: Mapping[str, str], widths: dict[str, list[int]]) -> None:
        """Take the outcome into account of the same network, its layers written out at these widths; W_2 is an entry of W."""
        rows = {row.name: row for row in self.rows}
        for found in other.rows:
            own = rows[entry_of[found.name]]
            for kind in ("tape", "differences", "complex_step", "compiled"):
                getattr(own, kind).agree(getattr(found, kind))
            own.scale = max(own.scale, found.scale)
            own.note = own.note or ("" if found.status == "ok" else f"at the widths {widths}: {found.note or found.status}")
        self.value.agree(other.value)
        self.widths.append(widths)

    def numbers(self, size: str) -> list[int]:
        """What a size was at the points: of a loop, several numbers of steps."""
        return sorted(set(self.steps.get(size, [self.sizes[size]])))

    @property
    def ok(self) -> bool:
        return not self.value.wrong and all(row.status == "ok" for row in self.rows) and all(inner.ok for inner in self.inner)

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        return self.table()

    def __repr__(self) -> str:
        by = listed(row.name for row in self.rows)
        return f"<Check of {self.of} by {by}: {'ok' if self.ok else 'not ok'} at {_count(self.points, 'point')}>"

    def _repr_markdown_(self) -> str:
        head, *body = self._cells()
        rows = [head, ["---"] * len(head), *([f"`{gradient}`", *cells] for gradient, *cells in body)]
        table = "\n".join(f"| {' | '.join(row)} |".replace("<", "&lt;") for row in rows)
        return f"{table}\n\n{self.remark()}"

    def _cells(self) -> list[list[str]]:
        """The head of the table and a row for each gradient."""
        rows = [row for check in (*self.inner, self) for row in check.rows]
        return [["gradient", *COLUMNS], *([row.gradient or f"d{self.of}/d{row.name}", *row.cells()] for row in rows)]

    def table(self) -> str:
        """The outcome as plain text: errors are relative to the largest entry of the gradient."""
        head, *body = self._cells()
        widths = [max(map(len, column)) for column in zip(head, *body, strict=True)]
        lines = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in [head, *body]]
        return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:], "", self.remark()])

    def remark(self) -> str:
        """Where the gradients were tested, and what was left out."""
        at = ", ".join(f"{name} = {_several(self.numbers(name))}" for name in self.sizes)
        text = f"Relative errors, the worst of {_count(self.points, 'point')}" + (f" with {at}" if at else "")
        apart = "; ".join(", ".join(f"{name} = {several}" for name, several in widths.items()) for widths in self.widths)
        text += f", and of {len(self.widths)} more, where the layers are written out at the widths {apart}." if apart else "."
        left = sum(row.differences.left_out for row in self.rows)
        if left:
            total = left + sum(row.differences.compared for row in self.rows)
            text += f" Left out, for straddling a kink or being too vague: {left} of {total} differences."
        if self.value.wrong:
            text += f" The compiled function is wrong about {self.of} itself: it is off by {self.value.relative:.1e} of its value."
        if self.redrawn:
            text += f" Drawn anew, for lying on kinks or outside a domain: {_count(self.redrawn, 'point')}."
        return text

    def to_json(self) -> str:
        """The outcome as JSON: ok, of, sizes, points, redrawn, value, and the rows with their witnesses."""
        record = {"ok": self.ok, **asdict(self), "rows": [{**asdict(row), "status": row.status} for row in self.rows]}
        return json.dumps(record, indent=1)


def _several(numbers: list[int]) -> str:
    """3, or 1, 2, 3 and 5."""
    *first, last = map(str, numbers)
    return f"{', '.join(first)} and {last}" if first else last


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'s' * (number != 1)}"


def _error(witness: Witness, bound: float = SHARP) -> str:
    if witness.relative is None:
        return "-"
    return f"{witness.relative:.1e}" if witness.relative >= bound else f"< {bound:.0e}".replace("e-0", "e-")
