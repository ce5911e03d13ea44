"""Reading and writing at pinned positions: slices, windows, reshapes and takes in the place of indicators."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import sympy as sp
from sympy import Expr, S, Symbol

from symbackprop.backends.dialect import WINDOWS, Dialect
from symbackprop.backends.numpy.arrays import Array, Letters, aligned, elementwise, indexed, shape_text
from symbackprop.backends.numpy.body import ATOM, Shown, printed
from symbackprop.core.guards import Affine, affine, digits, letters_of, proven
from symbackprop.core.program import position


@dataclass
class Scope:
    """What the reading of one equation must know.

    sizes        the size of every letter.
    conditions   expressions of sizes that are not negative.
    names        the identifier of every size.
    loops        the identifier of every letter that is a loop's variable.
    integers     the slots that stand for tensors of integers, as arrays.
    helpers      the names of the helpers that its text calls, beside those of its functions.
    temporaries  what is computed before the equation itself: a hint for the name, the text and the shape; `{v[k]}` is the k-th.
    """

    sizes: Mapping[str, Expr]
    conditions: tuple[Expr, ...]
    names: Mapping[Symbol, str]
    dialect: Dialect
    used: set[Symbol]
    integers: dict[Symbol, Array]
    temporaries: list[tuple[str, str, tuple[Expr, ...]]]
    helpers: set[str] = field(default_factory=set)

    def show(self, extent: Expr, loops: Mapping[str, str] | None = None) -> str:
        """The text of an expression of sizes and of loop variables."""
        names: dict[Symbol, str] = {position(c): name for c, name in (loops or {}).items()}
        symbols = sorted(extent.free_symbols, key=lambda s: (s not in names, str(s)))  # r + 3 for a loop's r
        self.used |= {s for s in symbols if s not in names}  # type: ignore[misc]
        shown = tuple(Shown(s, 0, "whole") for s in symbols)  # type: ignore[arg-type]
        return printed(extent, shown).text.format(*[names.get(s) or self.names[s] for s in symbols])  # type: ignore[call-overload, index]

    def arange(self, letter: str) -> Array:
        return Array(f"{self.dialect.np}.arange({self.show(self.sizes[letter])})", (letter,), kind="int")

    def positions(self, expression: sp.Basic) -> dict[Symbol, Array]:
        """An array for every symbol of an expression but the slots: its positions and its sizes."""
        found: dict[Symbol, Array] = {}
        for symbol in sorted(expression.free_symbols, key=str):
            assert isinstance(symbol, Symbol)
            if symbol in self.names:
                self.used.add(symbol)
                found[symbol] = Array(self.names[symbol], kind="whole")
            elif symbol.name in self.sizes and symbol == position(symbol.name):
                found[symbol] = self.arange(symbol.name)
        return found

    def whole(self, at: Expr, frame: Letters) -> Array:
        """The array of whole numbers `at`, its axes as in `frame`."""
        return aligned(elementwise(at, self.positions(at) | self.integers, frame, self.dialect.of("float64")), frame)

    def keep(self, hint: str, text: str, shape: Sequence[Expr]) -> str:
        """Compute `text` before the equation; returns the name that it will have."""
        entry = (hint, text, tuple(shape))
        if entry not in self.temporaries:
            self.temporaries.append(entry)
        return f"{{v[{self.temporaries.index(entry)}]}}"

    def shape(self, letters: Letters) -> list[Expr]:
        return [S.One if c == "1" else self.sizes[c.lstrip("@")] for c in letters]


@dataclass(frozen=True)
class Pinned:
    """An axis that is read or written at the position `at`, which may stand `below` 0 and `above` extent - 1."""

    at: Expr
    extent: Expr
    below: Expr = S.Zero
    above: Expr = S.Zero

    @property
    def form(self) -> Affine:
        return affine(self.at)

    @property
    def hangs(self) -> bool:
        return (self.below, self.above) != (0, 0)

    def shifted(self) -> Pinned:
        """The same position in an array that has been padded."""
        return Pinned(self.at + self.below, self.extent + self.below + self.above)

    def clipped(self) -> Expr:
        """The position brought into range; unevaluated, so that it keeps its letters."""
        at = sp.Min(self.at, self.extent - 1, evaluate=False) if self.above != 0 else self.at
        return sp.Max(S.Zero, at, evaluate=False) if self.below != 0 else at


def way(pinned: Pinned, others: Sequence[str], sizes: Mapping[str, Expr]) -> str:
    """How a view reaches a pinned axis: "at", "slice", "digits", "window", or "take" where only an array of positions can.

    others   the letters of the other axes and of their positions: a view cannot use a letter twice.
    """
    form = pinned.form
    slopes = list(form.slopes.values())
    if form.opaque != 0 or any(c in others for c in form.slopes):
        return "take"
    if not slopes:
        return "at"
    if not pinned.hangs and digits(form, pinned.extent, sizes):
        return "digits"
    if len(slopes) == 1 and slopes[0].is_Integer and (slopes[0] > 0 or _runs_back(pinned, sizes)):
        return "slice"
    whole = len(slopes) == 2 and all(slope.is_Integer for slope in slopes)
    return "window" if whole and max(slopes) > 0 else "take"


def _runs_back(pinned: Pinned, sizes: Mapping[str, Expr]) -> bool:
    """Whether a slice with a negative step can be written: it ends at the first entries, where NumPy needs no stop."""
    ((letter, step),) = pinned.form.slopes.items()
    last = pinned.form.offset + step * (sizes[letter] - 1)
    return not pinned.hangs and proven(last) and proven(-step - 1 - last)


def ways(letters: Letters, axes: Mapping[str, Pinned], sizes: Mapping[str, Expr]) -> dict[str, str]:
    """The way to every pinned axis of an array with these letters."""
    result = {}
    for own, pinned in axes.items():
        others = [c for c in letters if c != own] + [c for o, p in axes.items() if o != own for c in letters_in(p.at)]
        result[own] = way(pinned, others, sizes)
    return result


def letters_in(at: Expr) -> list[str]:
    """The letters that a position depends on, those that it is linear in first."""
    form = affine(at)
    return [*form.slopes, *sorted(letters_of(form.opaque) - set(form.slopes))]


def read(array: Array, axes: Mapping[str, Pinned], scope: Scope, hint: str) -> Array:
    """The array read at pinned positions: the letters of a position take the place of its axis.

    axes   the pinned axes by their letters in `array`.
    hint   what the name of a padded or windowed copy begins with.
    """
    by = ways(array.letters, axes, scope.sizes)
    plain = {c: p for c, p in axes.items() if by[c] != "take"}
    if any(p.hangs for p in plain.values()):
        array = _padded(array, plain, scope, hint)
        plain = {c: p.shifted() for c, p in plain.items()}
    array = _sliced(array, {c: p for c, p in plain.items() if by[c] in ("at", "slice")}, scope)
    array = _windows(array, {c: p for c, p in plain.items() if by[c] == "window"}, scope, hint)
    array = _spread(array, {c: p for c, p in plain.items() if by[c] == "digits"}, scope)
    return _taken(array, {c: p for c, p in axes.items() if by[c] == "take"}, scope)


def _padded(array: Array, axes: Mapping[str, Pinned], scope: Scope, hint: str) -> Array:
    widths = [(axes[c].below, axes[c].above) if c in axes else (S.Zero, S.Zero) for c in array.letters]
    text = ", ".join(f"({scope.show(below)}, {scope.show(above)})" for below, above in widths)
    text = text if len(widths) == 1 else f"({text})"
    shape = [extent + below + above for extent, (below, above) in zip(scope.shape(array.letters), widths, strict=True)]
    padded = scope.keep(f"{hint}_padded", f"{scope.dialect.np}.pad({array.text}, {text})", shape)
    return Array(padded, array.letters, ATOM, array.kind, True)


def _sliced(array: Array, axes: Mapping[str, Pinned], scope: Scope) -> Array:
    if not axes:
        return array
    entries, letters = [], []
    for c in array.letters:
        entry, letter = entry_text(axes[c], scope) if c in axes else (":", c)
        entries.append(entry)
        letters += [letter] if letter else []
    return indexed(array, entries, tuple(letters))


def entry_text(pinned: Pinned, scope: Scope) -> tuple[str, str]:
    """One place inside the brackets of a basic index, and the letter of the axis that it leaves ("" for none)."""
    form = pinned.form
    if not form.slopes:
        back = sp.expand(form.offset - pinned.extent)
        return (scope.show(back) if back.is_Integer and form.offset.free_symbols else scope.show(form.offset)), ""
    ((letter, step),) = form.slopes.items()
    return slice_text(form.offset, scope.sizes[letter], int(step), pinned.extent, scope), letter  # type: ignore[call-overload]


def slice_text(start: Expr, count: Expr, step: int, extent: Expr, scope: Scope, loops: Mapping[str, str] | None = None) -> str:
    """start : stop : step for `count` entries of an axis of size `extent`, with no more written than needed."""
    last = sp.expand(start + step * (count - 1))
    if step < 0:
        return f"{'' if sp.expand(start - extent + 1) == 0 else scope.show(start, loops)}::{step}"
    left = sp.expand(extent - last - 1)  # entries after the last one
    first = "" if start == 0 else scope.show(start, loops)
    if proven(left) and proven(step - 1 - left):
        stop = ""
    elif left.is_Integer and (last + 1).free_symbols and not loops:
        stop = scope.show(-left)
    else:
        stop = scope.show(last + 1, loops)
    parts = [first, stop] if step == 1 else [first, stop, str(step)]
    simple = all(re.fullmatch(r"-?\w*", part) for part in parts)
    return ":".join(parts) if simple else " : ".join(parts).strip().replace(" :  : ", " :: ")


def _windows(array: Array, axes: Mapping[str, Pinned], scope: Scope, hint: str) -> Array:
    """Sliding windows: a position in two letters is read by an axis for each, the windows' axes at the end."""
    if not axes:
        return array
    spans, numbers, letters, ends = [], [], list(array.letters), []
    entries, outer_letters = [":"] * len(array.letters), []
    for c, pinned in axes.items():
        axis, form = array.letters.index(c), pinned.form
        inner = window_letter(form, scope.sizes)
        (outer,) = set(form.slopes) - {inner}
        step = int(form.slopes[inner])  # type: ignore[call-overload]
        reach = (scope.sizes[inner] - 1) * step
        span = sp.expand(abs(step) * (scope.sizes[inner] - 1) + 1)
        start = form.offset if step > 0 else sp.expand(form.offset + reach)  # where the window begins
        numbers.append(str(axis))
        spans.append(scope.show(span))
        stride = int(form.slopes[outer])  # type: ignore[call-overload]
        entries[axis] = slice_text(start, scope.sizes[outer], stride, sp.expand(pinned.extent - span + 1), scope)
        entries.append(":" if step == 1 else f"::{step}")
        letters[axis] = outer
        outer_letters.append(outer)
        ends.append(inner)
    helped = scope.dialect.pure or any(not proven(scope.sizes[c] - 1, scope.conditions) for c in outer_letters)
    scope.helpers |= {WINDOWS} if helped else set()
    text = scope.dialect.windows(array.text, spans, numbers, helped)
    result = indexed(Array(text, kind=array.kind, view=True), entries, (*letters, *ends))
    return replace(result, text=scope.keep(f"{hint}_windows", result.text, scope.shape(result.letters)))


def window_letter(form: Affine, sizes: Mapping[str, Expr]) -> str:
    """Which of two letters runs inside the window: one that runs back, or the one of the smaller or simpler size."""
    back = [letter for letter, slope in form.slopes.items() if slope.is_negative]
    if back:
        return back[0]

    def rank(letter: str) -> tuple[bool, int, int, str]:
        extent = sizes[letter]
        number = int(extent) if extent.is_Integer else 0  # type: ignore[call-overload]
        return not extent.is_Integer, number, int(extent.count_ops()), letter  # type: ignore[attr-defined]

    return min(form.slopes, key=rank)


def _spread(array: Array, axes: Mapping[str, Pinned], scope: Scope) -> Array:
    """An axis that counts several letters as digits becomes an axis for each of them."""
    if not axes:
        return array
    parts = {c: digits(p.form, p.extent, scope.sizes) or () for c, p in axes.items()}
    letters = tuple(d for c in array.letters for d in parts.get(c, (c,)))
    shape = shape_text([scope.show(extent) for extent in scope.shape(letters)])
    return Array(f"{array.atom}.reshape{shape}", letters, ATOM, array.kind, array.view)


def take_entries(letters: Sequence[str], axes: Mapping[str, Pinned], scope: Scope) -> tuple[list[str], Letters, Letters]:
    """The entries of an index with arrays of positions, the letters of the arrays, and the letters of what it selects."""
    frame = tuple(dict.fromkeys(c for p in axes.values() for c in letters_in(p.at) if scope.sizes[c] != 1))
    frame += tuple(dict.fromkeys(c for p in axes.values() for a in p.at.free_symbols if a in scope.integers
                                 for c in scope.integers[a].free if c not in frame))  # type: ignore[index]  # fmt: skip
    entries, places = [], []
    for k, c in enumerate(letters):
        if c in axes:
            entries.append(scope.whole(axes[c].clipped(), frame).text)
        elif c in frame:
            entries.append(aligned(scope.arange(c), frame).text)
        else:
            entries.append(":")
            continue
        places.append(k)
    rest = [(k, c) for k, c in enumerate(letters) if k not in places]
    together = places == list(range(places[0], places[-1] + 1))
    before = [c for k, c in rest if together and k < places[0]]
    after = [c for k, c in rest if not together or k > places[0]]
    return entries, frame, (*before, *frame, *after)


def _taken(array: Array, axes: Mapping[str, Pinned], scope: Scope) -> Array:
    if not axes:
        return array
    entries, _, letters = take_entries(array.letters, axes, scope)
    return replace(indexed(array, entries, letters), view=False)
