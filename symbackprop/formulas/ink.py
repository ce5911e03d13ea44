"""Formulas, text and small matrices as outlines, measured before they are drawn, for pictures that need no fonts.

Everything is an `Ink`: named glyph outlines and rules around an origin on the baseline, with its extent.
"""

import os
import re
import unicodedata
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from threading import RLock
from typing import Any
from xml.etree import ElementTree

import ziafont.font
import ziamath.zmath
from ziamath.drawable import Glyph, HLine, VLine

from symbackprop.core.errors import SymbackpropError
from symbackprop.formulas.lines import lines
from symbackprop.formulas.mathml import mathml
from symbackprop.formulas.plain import plain
from symbackprop.formulas.symbols import CHARACTERS, SYMBOLS
from symbackprop.formulas.tree import Atom, Node, Row, items_of, split
from symbackprop.formulas.widths import width


class DrawingError(SymbackpropError):
    """A picture that cannot be drawn: the message names the place, the fault and the mend."""


@dataclass(frozen=True)
class Ink:
    """Outlines in pixels, x to the right and y down, from an origin at the left end of the baseline."""

    width: float
    ascent: float
    descent: float
    glyphs: tuple[tuple[str, float, float, float], ...] = ()  # outline, x, y, size of the font
    rules: tuple[tuple[float, float, float, float], ...] = ()  # x, y, width, height
    words: tuple[tuple[str, float, float, float, float], ...] = ()  # text without outlines, x, y, size, width

    @property
    def height(self) -> float:
        """ascent + descent, in pixels."""
        return self.ascent + self.descent

    def moved(self, dx: float, dy: float) -> "Ink":
        """The same outlines, further to the right and down; the extent stays."""
        return replace(
            self,
            glyphs=tuple((outline, x + dx, y + dy, size) for outline, x, y, size in self.glyphs),
            rules=tuple((x + dx, y + dy, width, height) for x, y, width, height in self.rules),
            words=tuple((word, x + dx, y + dy, size, width) for word, x, y, size, width in self.words),
        )


NOTHING = Ink(0.0, 0.0, 0.0)

# ziafont reads glyphs by seeking in one shared buffer, so that only one thread may measure at a time.
_fonts_in_use = RLock()
if hasattr(os, "register_at_fork"):  # a process that is forked has no thread that would give it back
    os.register_at_fork(before=_fonts_in_use.acquire, after_in_parent=_fonts_in_use.release, after_in_child=_fonts_in_use.release)
OUTLINES: dict[str, str] = {}
"""Each glyph that was measured, by name: its path in thousandths of the font's size, empty for a blank."""


class TooLarge(DrawingError):
    """A formula that would take seconds to set, and that no box would hold."""


MOST_EFFORT = 5000
"""The largest formula that is set, by `_effort`: some 500 terms, or brackets 8 deep; about 0.4 s."""


_DOTS = Atom("…", "upright")
MOST_LINES = 4
SURELY = 1.6  # wider than the room by this much, as widths are guessed, a formula is not set to learn whether it fits


def formula(node: Node, size: float, even: bool = False) -> Ink:
    """The outlines of a formula.

    Arguments: node, the formula; size of its letters in pixels; even, whether it is at least as high as a line of text, so that
    `a` and `b` take the same room.
    Raises: DrawingError for what has no outline in the font; TooLarge.
    """
    ink = _set(node, size)
    return replace(ink, ascent=max(ink.ascent, 0.72 * size), descent=max(ink.descent, 0.22 * size)) if even else ink


@lru_cache(maxsize=4096)
def _set(node: Node, size: float) -> Ink:
    tree = _spliced(_for_ziamath(ElementTree.fromstring(mathml(node, display=True)), size))
    if _effort(tree) > MOST_EFFORT:
        raise TooLarge("the formula is too long or too deeply nested to be drawn: give a part of it a name of its own")
    found = _Found([], [], [])
    with _fonts_in_use:
        # The font is named because the process may have set another one.
        root = ziamath.zmath.Math(tree, size=size, font="default").node
        _collect(root, 0.0, 0.0, found, node)
    if not found.boxes:
        raise DrawingError(f"formula {plain(node)!r} has nothing to draw: write at least a name")
    left, right = min(box[0] for box in found.boxes), max(box[2] for box in found.boxes)
    top, bottom = min(box[1] for box in found.boxes), max(box[3] for box in found.boxes)
    return Ink(right - left, -top, bottom, tuple(found.glyphs), tuple(found.rules)).moved(-left, 0.0)


def _effort(element: ElementTree.Element) -> int:
    """How many elements ziamath sets: a row twice, to learn its height first, a row within a row four times, ..."""
    within = sum(map(_effort, element))
    return 1 + (2 * within if element.tag in ("math", "mrow", "mtr", "mtd") else within)


_ROWS = ("math", "mrow", "mtd")
_STILL = frozenset("=+−-±×·⊙,<>≤≥∈∑∏′∂")  # signs that never stretch


def _spliced(element: ElementTree.Element) -> ElementTree.Element:
    """The same without rows that stand in a row for nothing: each would have what it holds set twice as often.

    A row that is alone is its items; so is one among others, where they care neither for its height nor for what stands before it.
    """
    for child in element:
        _spliced(child)
    if element.tag not in _ROWS:
        return element
    last = len(element) - 1
    for place, child in enumerate(element):  # a sign at an end has other spaces than one between, and stays what it is
        if child.tag in ("mo", "mi") and not child.get("form"):
            child.set("form", "none" if not last else "prefix" if not place else "postfix" if place == last else "infix")
    element[:] = [
        item for child in element for item in (child if child.tag == "mrow" and (not last or _is_loose(child)) else (child,))
    ]
    return element


def _is_loose(row: ElementTree.Element) -> bool:
    return len(row) > 0 and row[0].tag not in ("mrow", "mfrac") and not any(map(_stretches, row))


def _stretches(element: ElementTree.Element) -> bool:
    """Whether a sign, or one in its scripts, may stretch to the height of its row."""
    if element.tag in ("mo", "mi"):  # ziamath takes a bar for a sign, whatever it was called
        sign = element.text or ""
        return element.get("stretchy") != "false" and sign not in _STILL and not sign.isalpha()
    return element.tag != "mrow" and any(map(_stretches, element))


_ROLES = dict([*SYMBOLS.values(), *CHARACTERS.values()])
# The space before and after a sign, in eighteenths of an em, as in TeX.
_SPACE_AROUND = {"binary": (4, 4), "relation": (5, 5), "punctuation": (0, 3)}
# What ziamath stretches, or draws as a rule, over its base.
_MARKS = {"^": "\u0302", "~": "\u0303"}
_RULE = "\u2015"


def _for_ziamath(tree: ElementTree.Element, size: float) -> ElementTree.Element:
    """The MathML that ziamath draws as TeX does: of spaces, it lacks some, and its em is a third too long."""
    for sign in tree.iter("mo"):
        around = _SPACE_AROUND.get(_ROLES.get(sign.text or "", ""))
        if sign.get("form") == "prefix":
            around = (0, 0)
        if around and not sign.get("lspace"):
            sign.set("lspace", f"{around[0] / 18}em")
            sign.set("rspace", f"{around[1] / 18}em")
    for element in tree.iter():
        for trait, length in element.attrib.items():
            if trait in ("lspace", "rspace", "width") and length.endswith("em"):
                element.set(trait, f"{float(length[:-2]) * size:.4f}")
    for accented in tree.iter("mover"):
        mark = list(accented)[1]
        if accented.get("accent") and mark.text:
            is_rule = mark.text == "¯" and mark.get("stretchy") == "true"
            mark.text = _RULE if is_rule else _MARKS.get(mark.text, mark.text)
            mark.set("lspace", "0")
            mark.set("rspace", "0")
    for grid in tree.iter("mtable"):
        if grid.get("class") == "cases":
            grid.set("columnalign", "left")
    return tree


@dataclass
class _Found:
    glyphs: list[tuple[str, float, float, float]]
    rules: list[tuple[float, float, float, float]]
    boxes: list[tuple[float, float, float, float]]  # left, top, right, bottom of what is visible


def _collect(node: Any, x: float, y: float, found: _Found, whole: Node) -> None:
    """Walk ziamath's tree: its own drawing repeats every outline, or shares them by a setting of the whole process."""
    if isinstance(node, Glyph):
        if not node.glyph.index and node.char.strip():
            raise DrawingError(f"formula {plain(whole)!r}: the font lacks {node.char!r}: write the name in Latin or Greek letters")
        if outline := _outline("S", node.glyph):
            scale, box = node.size / node.glyph.font.info.layout.unitsperem, node.glyph.bbox
            found.glyphs.append((outline, x, y, node.size))
            found.boxes.append((x + box.xmin * scale, y - box.ymax * scale, x + box.xmax * scale, y - box.ymin * scale))
    elif isinstance(node, HLine):
        found.rules.append((x, y, node.length, node.lw))
        found.boxes.append((x, y, x + node.length, y + node.lw))
    elif isinstance(node, VLine):
        found.rules.append((x - node.lw / 2, y, node.lw, node.height))
        found.boxes.append((x, y, x + node.lw, y + node.height))
    else:
        for (dx, dy), child in zip(getattr(node, "nodexy", []), node.nodes, strict=False):
            _collect(child, x + dx, y + dy, found, whole)


def _outline(font: str, glyph: Any) -> str:
    """The name of a glyph's outline, which is kept for the canvas; empty for a blank."""
    name = f"{font}{glyph.index}"
    if offsets := getattr(glyph, "offsets", None):  # a tall bar or bracket, put together of pieces
        name = f"{font}{glyph.glyphs[0].index}_{offsets[0]:.0f}_{offsets[-1]:.0f}"
    if name not in OUTLINES:
        path = glyph.svgpath(scale_factor=1000 / glyph.DFLT_SIZE_PT)
        data = "" if path is None else " ".join(piece.get("d", "") for piece in path.iter())
        data = re.sub(r"-?\d+\.\d+", lambda entry: f"{float(entry[0]):.0f}", data)
        OUTLINES[name] = re.sub(r"\s*([A-Z])\s*", r"\1", data).strip()
    return name if OUTLINES[name] else ""


def in_lines(node: Node, size: float, widest: float) -> tuple[Node, ...]:
    """The formula in up to four lines of at most this width; where it needs more, its left-hand side."""
    with suppress(TooLarge):
        if width(node) * size < SURELY * widest and formula(node, size).width <= widest:
            return (node,)
        found = lines(node, widest / size)
        if len(found) <= MOST_LINES and max(formula(line, size).width for line in found) <= 1.1 * widest:
            return found
    left, right = split(node)
    with suppress(TooLarge):
        short = Row((*items_of(left), Atom("=", "relation"), _DOTS))
        if right is not None and formula(short, size).width <= widest:
            return (short,)
    return (_DOTS,)


class _Outlines(ziafont.font.Font):
    """A font of which only outlines and widths are asked for: to read where accents would stand takes a second."""

    def _readtables(self) -> None:
        super()._readtables()
        for table in ("GPOS", "GSUB"):
            self.tables.pop(table, None)


@lru_cache(maxsize=1)
def _text_font() -> Any:
    """DejaVu Sans, which ziafont carries: even digits, legible at eleven pixels."""
    return _Outlines()


@lru_cache(maxsize=8192)
def text(words: str, size: float) -> Ink:
    """The outlines of one line of plain text, in letters of the size; a hyphen before a digit becomes a minus sign.

    A line with a character that has no outline (Chinese, say) is left to the viewer's fonts, squeezed into its width.
    """
    words = re.sub(r"(?<![\w)])-(?=[\d.])", "−", " ".join(words.split()))
    if not words:
        return NOTHING
    ascent, descent = 0.76 * size, 0.24 * size
    with _fonts_in_use:
        font = _text_font()
        shapes = [font.glyph(letter) for letter in words]
        if not all(shape.index for shape in shapes):
            width = size * sum(1.0 if unicodedata.east_asian_width(letter) in "WF" else 0.6 for letter in words)
            return Ink(width, ascent, descent, words=((words, 0.0, 0.0, size, width),))
        glyphs, x = [], 0.0
        for shape in shapes:
            if outline := _outline("D", shape):
                glyphs.append((outline, x, 0.0, size))
            x += shape.advance() * size / font.info.layout.unitsperem
    return Ink(x, ascent, descent, tuple(glyphs))


_NUMBER = re.compile(r"[-+−]?(\d[\d.,]*(e[-+]?\d+)?|\.\d+|inf|nan|∞|[…⋮⋱]|\.\.\.)", re.IGNORECASE)


def value(summary: str, size: float) -> Ink:
    r"""A number, a remark in words, or rows of numbers in brackets: `-0.39`, `mean 0.12`, `0.1 0.5\n-0.3 0.8`.

    Rows of equally many numbers, a line each with blanks between its numbers, are a matrix; a single number is none.
    """
    rows = [row.split() for row in summary.splitlines() if row.strip()]
    numbers = all(_NUMBER.fullmatch(entry) for row in rows for entry in row)
    if not numbers or len({len(row) for row in rows}) != 1 or len(rows) == len(rows[0]) == 1:
        return stack([text(" ".join(row), size) for row in rows], 0.15 * size)
    columns = [stack([text(entry, size) for entry in column], 0.15 * size, 1.0) for column in zip(*rows, strict=True)]
    parts, x = [], 0.42 * size
    for column in columns:
        parts.append(column.moved(x, 0.0))
        x += column.width + 0.75 * size
    width, ascent, descent = x - 0.33 * size, columns[0].ascent + 0.06 * size, columns[0].descent + 0.06 * size
    stroke, lip = max(0.8, 0.07 * size), 0.25 * size
    brackets = [
        (x, y, across, down)
        for side, inner in ((0.0, 0.0), (width - stroke, width - lip))
        for x, y, across, down in (
            (side, -ascent, stroke, ascent + descent),
            (inner, -ascent, lip, stroke),
            (inner, descent - stroke, lip, stroke),
        )
    ]
    return _together([*parts, Ink(width, ascent, descent, rules=tuple(brackets))], width, ascent, descent)


def stack(lines: Sequence[Ink], gap: float, align: float = 0.5) -> Ink:
    """Lines under one another, on the first one's baseline; align is 0 for left, 0.5 for centred, 1 for right."""
    lines = [line for line in lines if line.width]
    if not lines:
        return NOTHING
    width, y, parts = max(line.width for line in lines), -lines[0].ascent, []
    for line in lines:
        parts.append(line.moved((width - line.width) * align, y + line.ascent))
        y += line.height + gap
    return _together(parts, width, lines[0].ascent, y - gap)


def _together(parts: Iterable[Ink], width: float, ascent: float, descent: float) -> Ink:
    parts = tuple(parts)
    return Ink(
        width,
        ascent,
        descent,
        tuple(glyph for part in parts for glyph in part.glyphs),
        tuple(rule for part in parts for rule in part.rules),
        tuple(word for part in parts for word in part.words),
    )
