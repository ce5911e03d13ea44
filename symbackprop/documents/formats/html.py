"""HTML that needs nothing else: no script, no request, its own formula face."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from html import escape
from importlib.resources import files
from itertools import groupby

from symbackprop.documents.document import Content, Document, Figure, Formula, Link, Part, Section, StepBlock
from symbackprop.documents.formats.font import math_font
from symbackprop.documents.formats.paper import content_width
from symbackprop.documents.formats.text import Text
from symbackprop.documents.writer import Writer, anchor_id, numbers, printable
from symbackprop.formulas.lines import clauses, lines
from symbackprop.formulas.mathml import mathml
from symbackprop.formulas.plain import plain
from symbackprop.formulas.told import told
from symbackprop.formulas.tree import Node, set_apart, split
from symbackprop.formulas.widths import width
from symbackprop.pictures.picture import Page

CONTENTS_FROM = 4
"""A document with this many sections opens with its table of contents."""

WIDE, NARROW = Page(940.0), Page(480.0)
"""The room for a picture on a screen and on a telephone: it is shown at most a quarter smaller than it is drawn."""

LONG = 40
"""A formula in running text with more characters than this scrolls by itself where the page is narrow."""

ROOM, STEP_ROOM = 41.0, 33.0
"""The ems of a displayed formula, and of one beside its label in a step: what is wider is broken."""

PHONE, PHONE_STEP = 19.0, 18.0
"""The same on a telephone: what is wider stands in the page once more, in lines for it."""

TWO_COLUMNS, HALF = 8, 20.0
"""So many equations stand in two columns on a screen where none of them, with its note, is wider than that."""

CARDS = 6
"""A table of so many columns stands on a telephone row by row, each cell behind its heading: nothing scrolls sideways."""

GAP, NARROWEST_NOTE = 2.0, 8.5
"""Between a formula and its note, and what is kept for a note, in ems."""

ENTRIES = told("entry by entry")
"""What a step folds away."""

_FORMULA = r"<math[^>]*>(?:(?!</math>).)*</math>"
_MATH = rf'(?:<span class="long">{_FORMULA}</span>|{_FORMULA})'
_CLINGS = re.compile(rf"[(\[]{_MATH}[)\].,;:]*|{_MATH}[)\].,;:]+", re.DOTALL)
"""A formula in a line with the bracket before it, or with what ends a clause behind it."""

# where the table of contents stands: what is seen first is the result
_BEHIND_RESULT = "<!-- contents -->"

# The browser itself holds the page to what is promised: nothing is run and nothing is loaded.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; font-src data:; base-uri 'none'; form-action 'none'"

_PAGE_STYLE = """html{background:#fffdf9;-webkit-text-size-adjust:100%}body{margin:0}
@media (prefers-color-scheme:dark){html{background:#191a1c}}@media print{html{background:#fff}}@page{size:A4;margin:14mm 16mm}"""


class Fragment(Writer):
    """A piece of a page, such as a notebook's output; formulas in the reader's own formula face."""

    gap = "\n"
    coloured = True

    def text(self, text: str) -> str:
        return escape(text)

    def mono(self, text: str) -> str:
        return f"<code>{escape(text)}</code>"

    def strong(self, written: str) -> str:
        return f"<strong>{written}</strong>"

    def toned(self, written: str, tone: str) -> str:
        return f'<span class="{tone}">{written}</span>' if tone else written

    def link(self, written: str, anchor: str) -> str:
        return f'<a href="#{anchor}">{written}</a>'

    def line(self, content: Content) -> str:
        """The content as one line; no line ends between a formula and its brackets or what ends a clause."""
        return _CLINGS.sub(r'<span class="kept">\g<0></span>', super().line(content))

    def math(self, formula: Node) -> str:
        if len(plain(formula)) <= LONG:
            return mathml(formula)
        parts = [mathml(part, goes_on=place > 0) for place, part in enumerate(clauses(formula))]
        return " ".join(f'<span class="long">{part}</span>' for part in parts)

    def page(self, document: Document, body: str) -> str:
        return f"<style>{_style()}</style>\n{self.main(document, body.replace(_BEHIND_RESULT, ''))}"

    def main(self, document: Document, body: str, tag: str = "main") -> str:
        """The document as one element."""
        title = self.line(document.title)
        return f'<{tag} class="symbackprop" lang="{self.language.code}">\n<h1>{title}</h1>\n{body}\n</{tag}>'

    def section(self, heading: Content, number: str, anchor: str) -> str:
        tag = f"h{number.count('.') + 2}"
        return f'<{tag} id="{anchor}"><span class="number">{number}</span> {self.line(heading)}</{tag}>'

    def paragraph(self, words: str) -> str:
        return f"<p>{words}</p>"

    def bullets(self, items: list[str]) -> str:
        return "<ul>" + "".join(f"<li>{item}</li>" for item in items) + "</ul>"

    def rows(self, rows: tuple[Formula, ...]) -> str:
        notes = [content_width(self.pieces(row.note)) for row in rows]
        left = max((width(split(row.formula)[0]) for row in rows if split(row.formula)[1]), default=0.0)
        noted = max(notes, default=0.0)
        room = ROOM - left - (max(noted, NARROWEST_NOTE) + GAP if noted else 0.0)
        widest = max((width(row.formula) for row in rows), default=0.0) + (noted + GAP / 2 if noted else 0.0)
        tight = widest > PHONE
        begins = f' style="--left: {1.1 * left:.1f}em"' if tight else ""  # where equations align that have no columns
        at = _middle(rows) if len(rows) >= TWO_COLUMNS and widest <= HALF else len(rows)
        columns = []
        for own in filter(None, (rows[:at], rows[at:])):
            shown = "\n".join(self._row(row, room, PHONE - left if tight else room) for row in own)
            columns.append(f"<div{_class('rows', 'tight' if tight else '')}{begins}>{shown}</div>")
        return columns[0] if len(columns) == 1 else f'<div class="halves">{"".join(columns)}</div>'

    def framed(self, rows: tuple[Formula, ...]) -> str:
        return f'<div class="framed">{self.rows(rows)}</div>{_BEHIND_RESULT}'

    def folded(self, above: str, written: str) -> str:
        return f"<details><summary>{above}</summary>{written}</details>"

    def _row(self, row: Formula, room: float, phone: float) -> str:
        """A row of equations; where it is too wide for a telephone, in lines for a screen and in lines for that, its note below."""
        left, right = split(row.formula)
        side, whole = ("right", right) if right is not None else ("whole", left)
        cells = f"<span{_class('left', row.tone)}>{mathml(left, display=True)}</span>" if right is not None else ""
        note = self.line(row.note)
        wide, narrow = lines(whole, room), lines(whole, phone)
        if wide == narrow:
            cells += _lines(side, wide, row.tone, note, "" if room == phone else "wide")
            cells += _note(note, "narrow") if room != phone else ""
        else:
            cells += _lines(side, wide, row.tone, note, "wide", "wide") + _lines(side, narrow, row.tone, "", "", "narrow")
            cells += _note(note, "narrow")
        return f"<div{_id(row.anchor)}>{cells}</div>"

    def _part(self, part: Part) -> Iterator[tuple[str, str]]:
        """The lines of a part of a step, each with its class: equations side by side, or one that is broken where it is wide.

        Neighbours that fit a telephone are one line, which the page breaks where it is full.
        """
        lines = [set_apart(shown) for shown in part.formulas]
        for is_narrow, group in groupby(lines, lambda equations: max(map(width, equations)) <= PHONE_STEP):
            if is_narrow:
                yield "", " ".join(mathml(equation, display=True) for equations in group for equation in equations)
                continue
            for equations in group:
                if max(map(width, equations)) <= STEP_ROOM:
                    yield "wide", " ".join(mathml(equation, display=True) for equation in equations)
                else:
                    yield from _broken(equations, STEP_ROOM, "wide")
                yield from _broken(equations, PHONE_STEP, "narrow")

    def step(self, step: StepBlock, title: str, number: str) -> str:
        shape = f'<span class="shape">{self.line(step.shape)}</span>' if step.shape else ""
        parts = ""
        for part in step.parts:
            parts += f"<dt{_class(part.tone)}>{self.line(part.label)}</dt>"
            if part.folded:
                within = "".join(f"<div{_class(name)}>{line}</div>" for name, line in self._part(part))
                parts += f"<dd{_class(part.tone)}>{self.folded(self.line(ENTRIES), within)}</dd>"
            else:
                parts += "".join(f"<dd{_class(name, part.tone)}>{line}</dd>" for name, line in self._part(part))
        tag = f"h{number.count('.') + 3}"
        sentences = "".join(map(self.paragraph, self.lines(step.sentences)))
        head = f"<header><{tag}>{title}</{tag}>{shape}</header>"
        shown = (f"<dl>{parts}</dl>" if parts else "") + "".join(self.source(step))
        return f"<section{_class('step', step.tone)}{_id(step.anchor)}>{head}{shown}{sentences}</section>"

    def table(self, head: list[str], rows: list[list[str]], sides: str, caption: str) -> str:
        titles = "".join(f'<th scope="col" class="{side}">{cell}</th>' for side, cell in zip(sides, head, strict=True))
        many = len(head) >= CARDS
        labels = [f' data-head="{re.sub("<[^>]*>", "", cell)}"' if many else "" for cell in head]
        cells = [
            "".join(f'<td class="{side}"{label}>{cell}</td>' for side, cell, label in zip(sides, row, labels, strict=True))
            for row in rows
        ]
        body = "\n".join(f"<tr>{row}</tr>" for row in cells)
        below = f"<caption>{caption}</caption>" if caption else ""
        shown = f'<table class="cells">{below}<thead><tr>{titles}</tr></thead>\n<tbody>{body}</tbody></table>'
        return f"<div{_class('table', 'cards' if many else '')}>{shown}</div>"

    def figure(self, figure: Figure, caption: str, place: int) -> str:
        from symbackprop.pictures.canvas import svgs  # fonts are read where something is drawn

        pictures = {
            name: figure.draw(page._replace(say=self.language.words)) for name, page in (("wide", WIDE), ("narrow", NARROW))
        }
        if pictures["wide"] == pictures["narrow"]:
            pictures = {"": pictures["wide"]}
        below = f"<figcaption>{caption}</figcaption>" if caption else ""
        words = escape(printable(self.language.words(figure.alt)))
        shown = "".join(
            f'<div{_class("picture", width)} role="img" aria-label="{words}">{svgs(p, f"picture-{place}{width}-")}</div>'
            for width, p in pictures.items()
        )
        return f"<figure>{shown}{below}</figure>"

    def code(self, text: str, language: str) -> str:
        return f"<pre><code>{escape(text)}</code></pre>"

    def note(self, label: str, words: str, kind: str) -> str:
        return f'<aside class="{kind}" role="note"><b>{label}.</b> {words}</aside>'


class Html(Fragment):
    """A whole page. The formula face is cut down to its characters: a page with the common ones is about 100 KB."""

    def page(self, document: Document, body: str) -> str:
        contents = self._contents(document)
        shown = body.replace(_BEHIND_RESULT, contents, 1) if _BEHIND_RESULT in body else contents + body
        main = self.main(document, shown)
        characters = frozenset(re.sub(r"<[^>]*>", "", "".join(re.findall(r"<math.*?</math>", main, re.DOTALL))))
        font = math_font(characters) if characters else ""
        source = f'url(data:font/woff;base64,{font}) format("woff")'
        face = f'@font-face{{font-family:"STIX Two Math Report";src:{source}}}' if font else ""
        return (
            f'<!DOCTYPE html>\n<html lang="{self.language.code}">\n<head>\n<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
            f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f'<meta name="color-scheme" content="light dark">\n<meta name="generator" content="symbackprop">\n'
            f"<title>{escape(Text(self.language).line(document.title))}</title>\n"
            f"<style>{_PAGE_STYLE}\n{_style()}{face}</style>\n</head>\n<body>\n{main}\n</body>\n</html>\n"
        )

    def _contents(self, document: Document) -> str:
        placed = zip(document.blocks, numbers(document), strict=True)
        entries = [(block, n) for block, n in placed if isinstance(block, Section) and n.count(".") < 2]
        if len(entries) < CONTENTS_FROM:
            return ""
        items = "\n".join(
            f'<li class="level-{number.count(".") + 1}"><a href="#{anchor_id(block.anchor or f"section-{number}")}">'
            f'<span class="number">{number}</span> {self.line(self._unlinked(block.heading))}</a></li>'
            for block, number in entries
        )
        label = escape(self.language.words(told("Contents")))
        return f'<nav aria-label="{label}">\n<ol>\n{items}\n</ol>\n</nav>\n'

    def _unlinked(self, content: Content) -> Content:
        """The content as it stands inside a link."""
        return tuple(piece.text if isinstance(piece, Link) else piece for piece in self.pieces(content))


def _middle(rows: Sequence[Formula]) -> int:
    """Where a second column begins: near the middle, before the longest line, with which a layer begins."""
    n = len(rows)
    near = range(n - n // 2 - n // 8, n - n // 2 + n // 8 + 1)
    return max(near, key=lambda k: (round(width(rows[k].formula), 1), -abs(2 * k - n))) if n > 1 else n


def _lines(side: str, shown: Sequence[Node], tone: str, note: str, noted: str, where: str = "") -> str:
    """The lines of one formula, its note beside the first; `where`, `noted`: wide or narrow, where only such a page has them."""
    first, *rest = shown
    more = "".join(f"<span{_class(side, 'more', where, tone)}>{mathml(n, display=True, goes_on=True)}</span>" for n in rest)
    return f"<span{_class(side, where, tone)}>{mathml(first, display=True)}</span>{_note(note, noted)}{more}"


def _note(note: str, where: str) -> str:
    return f"<span{_class('note', where)}>{note}</span>" if note else ""


def _broken(equations: Sequence[Node], room: float, where: str) -> Iterator[tuple[str, str]]:
    """Equations one below the other, each in lines that fit, with the classes of these."""
    for equation in equations:
        first, *rest = lines(equation, room)
        yield where, mathml(first, display=True)
        yield from ((f"more {where}".strip(), mathml(line, display=True, goes_on=True)) for line in rest)


@lru_cache(maxsize=1)
def _style() -> str:
    return files("symbackprop.documents.formats").joinpath("style.css").read_text(encoding="utf-8")


def _class(*names: str) -> str:
    found = " ".join(filter(None, names))
    return f' class="{found}"' if found else ""


def _id(anchor: str) -> str:
    return f' id="{anchor_id(anchor)}"' if anchor else ""
