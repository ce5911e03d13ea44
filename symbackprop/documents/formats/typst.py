"""A report as typst sets it: a page that looks like TeX's, from one Python wheel."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib.resources import files

from symbackprop.documents.document import Content, Document, Figure, Formula, Part, StepBlock
from symbackprop.documents.formats.paper import Line, Paper
from symbackprop.documents.formats.text import Text
from symbackprop.documents.writer import anchor_id
from symbackprop.formulas.lines import INDENT
from symbackprop.formulas.tree import Node, width
from symbackprop.formulas.typst import quoted, typst
from symbackprop.pictures.picture import on_paper

_WHOLE = 15.0
"""Letters across of the formulas that no line is broken in."""

_OWN_PAGE = 410.0
"""Points from which on a picture has a page of its own, at whose top it stands: more than half of one."""


_MANY = 8
"""A table of so many columns stands in smaller letters, so that no heading and no shape is broken."""


class Typst(Paper):
    """A whole .typ file."""

    gap = "\n\n"
    coloured = True
    page_width = 45.0
    label_width = 10.5

    def text(self, text: str) -> str:
        return f"#{quoted(text)};"

    def mono(self, text: str) -> str:
        return f"#raw({quoted(text)});"

    def strong(self, written: str) -> str:
        return f"#strong[{written}]"

    def toned(self, written: str, tone: str) -> str:
        return f'#toned("{tone}")[{written}]' if tone else written

    def link(self, written: str, anchor: str) -> str:
        return f'#to("{anchor}")[{written}]'

    def math(self, formula: Node) -> str:
        shown = f"${typst(formula)}$"
        return f"#box[{shown}]" if width(formula) < _WHOLE else shown

    def formula(self, formula: Node) -> str:
        return typst(formula)

    def page(self, document: Document, body: str) -> str:
        title = self.line(document.title)
        named = quoted(Text(self.language).line(document.title))
        head = f"#align(center, text(size: 1.5em)[{title}])\n#v(.6em)"
        return f"#set document(title: {named}, date: none)\n{_style()}\n{self._letters()}{head}\n\n{body}\n"

    def _letters(self) -> str:
        """The language, and the fonts that have its letters, within formulas as well."""
        if not self.language.fonts:
            return ""
        words, formulas = (
            ", ".join(map(quoted, (own, *self.language.fonts))) for own in ("New Computer Modern", "New Computer Modern Math")
        )
        return (
            f"#set text(lang: {quoted(self.language.code)}, font: ({words}))\n#show math.equation: set text(font: ({formulas}))\n"
        )

    def section(self, heading: Content, number: str, anchor: str) -> str:
        return f"#heading(level: {number.count('.') + 1})[{self.line(heading)}]#metadata(none)<{anchor}>"

    def paragraph(self, words: str) -> str:
        return f"#block(sticky: true)[{words}]"

    def bullets(self, items: list[str]) -> str:
        return f"#list({', '.join(f'[{item}]' for item in items)})"

    def run_in(self, above: str, words: str) -> str:
        return f"#runin[{above}][{words}]"

    def display(self, rows: Sequence[Line]) -> str:
        anchors = "".join(_anchored(line.of.anchor) for line in rows if line.of)
        return f"{anchors}$ " + " \\\n".join(map(self._line, rows)) + " $"

    def _line(self, line: Line) -> str:
        if line.note and not line.right:  # below its formula
            return f"& #h({INDENT}em);#quiet[{line.note}]"
        right = f'#h({INDENT}em);""{line.right}' if line.goes_on else line.right
        tone = line.of.tone if line.of else ""
        sides = [self.toned(f"${side}$", tone) if tone and side else side for side in (line.left, right)]
        return " & ".join([*sides, *(["", f"#h(1.2em)#quiet[{line.note}]"] if line.note else [])])

    def framed(self, rows: tuple[Formula, ...]) -> str:
        return f"#result[{self.rows(rows)}]"

    def step(self, step: StepBlock, title: str, number: str) -> str:
        shape = self.line(step.shape)
        parts = [f"[{row}]" for part in step.parts for row in self._part(part)]
        parts += [f"[{written}]" for written in (*self.source(step), *self.lines(step.sentences))]
        return f"#step([{_anchored(step.anchor)}{self.strong(title)}], [{shape}], {', '.join(parts)})"

    def _part(self, part: Part) -> Iterator[str]:
        """The label beside the first formula, each formula in a row of its own, what goes on with it below."""
        label = self.line(part.label)
        for first, *rest in self.part_lines(part):
            whole = first._replace(left="", right=f"{first.left} {first.right}")
            yield f"#part[{label}][{self.display([whole, *rest])}]"
            label = ""

    def table(self, head: list[str], rows: list[list[str]], sides: str, caption: str) -> str:
        align = ", ".join({"l": "left", "c": "center", "r": "right"}[side] for side in sides)
        cells = "".join(f"[{cell}], " for row in rows for cell in row)
        titles = "".join(f"[*{cell}*], " for cell in head)
        narrow = len(head) >= _MANY
        table = (
            f"#table(columns: {len(head)}, align: ({align},), stroke: none, inset: (x: {4 if narrow else 5}pt, y: 3pt), "
            f"table.hline(stroke: .8pt), table.header({titles}), table.hline(stroke: .5pt), {cells}table.hline(stroke: .8pt))"
        )
        table = f"#text(size: .94em)[{table}]" if narrow else table
        return f"#whole[{table}\n\n#quiet[{caption}]]" if caption else f"#whole[{table}]"

    def figure(self, figure: Figure, caption: str, place: int) -> str:
        from symbackprop.pictures.canvas import svg  # fonts are read where something is drawn

        pieces = on_paper(figure.draw, self.language.words).pieces()
        shown = [f"#picture({piece.points * piece.width:.1f}, {quoted(svg(piece))})" for piece in pieces]
        shown[-1] += f"\n#align(center, quiet[{caption}])"
        tall = [piece.points * piece.height > _OWN_PAGE for piece in pieces]  # others stand where they are, before the check
        places = ("#place(top, float: true)[{}]" if is_tall else "#whole[{}]" for is_tall in tall)
        return "\n\n".join(place.replace("{}", one) for place, one in zip(places, shown, strict=True))

    def code(self, text: str, language: str) -> str:
        return f"#raw({quoted(text)}, block: true)"

    def note(self, label: str, words: str, kind: str) -> str:
        return f"#aside[#strong[{label}.] {words}]"


@lru_cache(maxsize=1)
def _style() -> str:
    return files("symbackprop.documents.formats").joinpath("style.typ").read_text(encoding="utf-8")


def _anchored(anchor: str) -> str:
    return f"#metadata(none)<{anchor_id(anchor)}>" if anchor else ""
