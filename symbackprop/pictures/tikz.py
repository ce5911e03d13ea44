r"""A picture as TikZ: a tikzpicture for `\input`, with formulas as LaTeX in the fonts of the document that takes it in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple, assert_never

from symbackprop.formulas.ascii import ascii_latex, escape
from symbackprop.formulas.tree import Node as Formula
from symbackprop.pictures.canvas import number
from symbackprop.pictures.picture import Frame, Group, Item, Mark, Picture, Point, Sheet, Stroke, head

NEEDS = r"\usepackage{amsmath,amssymb,tikz}"
_SIGN = re.compile(r"(?<![\w)])-(?=[\d.])")  # of a number in words
_LOW = r"\smash{\lower0.15em\hbox{$%s$}}"  # TeX's dots stand high above their line
_DOTS = {"⋮": _LOW % r"\vdots", "⋱": _LOW % r"\ddots", "…": r"\dots"}
_SIZES = (5, 6, 7, 8, 9, 10, 11, 12)  # points in which TeX has its fonts, without others in their place
_LEADING = 1.2  # from line to line, in sizes of the font


def tikz(picture: Picture) -> str:
    """The picture as a file: a tikzpicture for each of its sheets, which pages may stand between."""
    said = f"% {escape(picture.title)}\n% needs {NEEDS}\n"
    return said + "\n\n".join(tikzpictures(picture)) + "\n"


class _How(NamedTuple):
    """points: of a pixel; hangul: whether a package sets Korean letters."""

    points: float
    hangul: bool


def tikzpictures(picture: Picture, hangul: bool = False) -> list[str]:
    """A tikzpicture for each sheet; `hangul`: for a document whose package sets Korean letters."""
    return [_tikzpicture(sheet, _How(picture.points, hangul)) for sheet in picture.sheets]


def _tikzpicture(sheet: Sheet, how: _How) -> str:
    lines = [line for item in sheet.items for line in _item(item, how)]
    colours = sorted({colour for item in sheet.items for colour in _colours(item)})
    named = [f"\\definecolor{{{_named(colour)}}}{{HTML}}{{{colour[1:].upper()}}}" for colour in colours]
    start = rf"\begin{{tikzpicture}}[x={how.points}pt,y=-{how.points}pt,line join=round]"
    box = rf"\useasboundingbox (0,0) rectangle ({number(sheet.width)},{number(sheet.height)});"
    return "\n".join([start, *named, box, *lines, r"\end{tikzpicture}"])


def _item(item: Item, how: _How) -> Iterator[str]:
    match item:
        case Mark():
            yield _mark(item, how)
        case Frame():
            yield _frame(item, how)
        case Stroke():
            yield _stroke(item, how)
            if item.arrow:
                yield _head(item)
        case Group(items):
            for part in items:
                yield from _item(part, how)
        case _:
            assert_never(item)


def _mark(mark: Mark, how: _How) -> str:
    """Writing around the middle of its place, since another font is as wide as it is; a matrix also from top to bottom."""
    writing = mark.writing
    ink = writing.ink
    size = min(_SIZES, key=lambda one: abs(one - how.points * writing.size))
    font = f"\\fontsize{{{size}}}{{{_LEADING * size:.3g}}}\\selectfont"
    rows = _rows(writing.says)
    if rows:
        stretch = how.points * ink.height / (_LEADING * size * len(rows))
        place, down, content = "center", (ink.descent - ink.ascent) / 2, _matrix(rows, stretch)
    else:
        place, down, content = "base", 0.0, _content(writing.says, how)
    middle = _point((mark.x + ink.width / 2, mark.y + down))
    room = f"{number(how.points * ink.width)}pt"  # no wider than it was measured
    fitted = rf"\resizebox{{\ifdim\width>{room} {room}\else\width\fi}}{{!}}{{{content}}}"
    return rf"\node[anchor={place},inner sep=0pt,text={_named(mark.colour)},font={font}] at {middle} {{{fitted}}};"


def _rows(says: Formula | str) -> list[list[str]]:
    """The entries of a matrix of numbers; none where something else is said."""
    rows = [row.split() for row in says.splitlines()] if isinstance(says, str) else []
    return rows if len(rows) > 1 and len({len(row) for row in rows}) == 1 else []


def _matrix(rows: list[list[str]], stretch: float) -> str:
    """As tall as it was measured, its columns as close."""
    cells = r" \\ ".join(" & ".join(map(_entry, row)) for row in rows)
    return rf"$\arraycolsep=2.5pt\def\arraystretch{{{min(stretch, 1.0):.2f}}}\begin{{bmatrix}} {cells} \end{{bmatrix}}$"


def _content(says: Formula | str, how: _How) -> str:
    if not isinstance(says, str):
        return f"$\\displaystyle {ascii_latex(says, how.hangul)}$"
    return escape(_SIGN.sub("−", " ".join(says.split())), how.hangul)


def _entry(number: str) -> str:
    """An entry of a matrix: dots, or a number, 1.5e-08 with its power of ten."""
    mantissa, power, exponent = _DOTS.get(number, number).partition("e-")
    return f"{mantissa}{{\\cdot}}10^{{-{int(exponent)}}}" if power and exponent.isdigit() else mantissa + power + exponent


def _frame(frame: Frame, how: _How) -> str:
    options = [f"draw={_named(frame.line)}", f"line width={number(how.points * frame.stroke)}pt"]
    options += [f"fill={_named(frame.fill)}"] if frame.fill else []
    options += [f"rounded corners={number(how.points * frame.corner)}pt"] if frame.corner else []
    options += _dashed(frame.dashes, how)
    corner = _point((frame.x + frame.width, frame.y + frame.height))
    return rf"\draw[{','.join(options)}] {_point((frame.x, frame.y))} rectangle {corner};"


def _stroke(stroke: Stroke, how: _How) -> str:
    start, *rest = stroke.curve[:-1] if stroke.arrow else stroke.curve
    pieces = [rest[k : k + 3] for k in range(0, len(rest), 3)]
    path = "".join(f" .. controls {_point(a)} and {_point(b)} .. {_point(c)}" for a, b, c in pieces)
    options = ",".join([f"draw={_named(stroke.colour)}", f"line width={number(1.3 * how.points)}pt", *_dashed(stroke.dashes, how)])
    return rf"\draw[{options}] {_point(start)}{path};"


def _dashed(dashes: str, how: _How) -> list[str]:
    if dashes == "none":
        return []
    on, off = (number(how.points * float(length)) for length in dashes.split())
    return [f"dash pattern=on {on}pt off {off}pt"]


def _head(stroke: Stroke) -> str:
    corners = " -- ".join(map(_point, head(stroke.curve[-2], stroke.curve[-1])))
    return rf"\fill[{_named(stroke.colour)}] {corners} -- cycle;"


def _point(point: Point) -> str:
    return f"({number(point[0])},{number(point[1])})"


def _named(colour: str) -> str:
    return f"graph{colour[1:]}"


def _colours(item: Item) -> set[str]:
    match item:
        case Mark() | Stroke():
            return {item.colour}
        case Frame():
            return {item.line, *([item.fill] if item.fill else [])}
        case Group(items):
            return {colour for part in items for colour in _colours(part)}
        case _:
            assert_never(item)
