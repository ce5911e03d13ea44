"""Markdown with formulas between dollar signs, as GitHub and notebooks read it."""

import re
from collections.abc import Sequence
from functools import lru_cache

from symbackprop.documents.document import Content, Document, Figure, Formula, Math, Part, StepBlock, in_files
from symbackprop.documents.formats.paper import content_width
from symbackprop.documents.writer import Writer, anchor_id, printable
from symbackprop.formulas.latex import latex
from symbackprop.formulas.lines import lines
from symbackprop.formulas.tree import Node, split
from symbackprop.formulas.widths import width

# Markdown reads some characters of a formula before the formula's reader does; GitHub refuses \operatorname.
_SPELLING = {
    r"\{": r"\lbrace ", r"\}": r"\rbrace ", r"\|": r"\Vert ", "|": r"\vert ", "<": r"\lt ", ">": r"\gt ", "*": r"\ast ",
    r"\,": r"\thinspace ", r"\:": r"\medspace ", r"\;": r"\thickspace ", r"\!": r"\negthinspace ", r"\ ": r"\enspace ",
    r"\\": r"\cr ", r"\operatorname": r"\mathrm",
}  # fmt: skip
_SPECIAL = re.compile(r"[\\`*_\[\]|<~$&]|:(?=//)|^[#+\-=>]")
_PLAIN = re.compile(r"[A-Za-z0-9가-힣 ,.;:()+*/=-]*")
_NUMBERED = re.compile(r"^(\d+)([.)])")


_LABEL, _GAP = 8.0, 1.5
"""Ems of the label of a part of a step, and between a formula and its note."""


class Markdown(Writer):
    """Markdown; a figure is an image where it names its file, and left out otherwise."""

    row_end = r"\cr"
    """What ends a row of a display."""
    line_width = 44.0
    """Ems of a line: as wide as the pages that show it are."""

    def spell(self, formula: Node) -> str:
        """A formula as the format's reader of formulas takes it."""
        return _spell(formula)

    def anchored(self, anchor: str) -> str:
        """A place that links lead to."""
        return f'<a id="{anchor_id(anchor)}"></a>\n\n' if anchor else ""

    def display(self, rows: Sequence[str], framed: bool = False) -> str:
        """Rows of one display, aligned."""
        body = f" {self.row_end}\n".join(rows)
        shown = f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"
        return f"$$\n\\boxed{{{shown}}}\n$$" if framed else f"$$\n{shown}\n$$"

    def line(self, content: Content) -> str:
        return super().line(content).strip()

    def text(self, text: str) -> str:
        # The spaces at the edges belong to the sentence, not to the formula beside it.
        left, right = (" " if edge.isspace() else "" for edge in (text[:1], text.strip() and text[-1:]))
        return left + escape(text) + right

    def mono(self, text: str) -> str:
        """A code span is closed by as many backticks as open it, so it opens with more than the text has in a row."""
        text = " ".join(text.split())
        if not text:
            return ""
        if "|" in text:  # it would end a table's cell, and between backticks nothing can be escaped
            return f"<code>{escape(text)}</code>"
        edge = " " if text.startswith("`") or text.endswith("`") else ""
        return f"{_fence(text, 1)}{edge}{text}{edge}{_fence(text, 1)}"

    def strong(self, written: str) -> str:
        return f"**{written.strip()}**" if written.strip() else written

    def link(self, written: str, anchor: str) -> str:
        return f"[{written.strip()}](#{anchor})"

    def math(self, formula: Node) -> str:
        return f"${self.spell(formula)}$"

    def arranged(self, document: Document) -> Document:
        return in_files(document)

    def page(self, document: Document, body: str) -> str:
        return "\n\n".join(filter(None, (f"# {self.line(document.title)}", body))) + "\n"

    def section(self, heading: Content, number: str, anchor: str) -> str:
        return f"{self.anchored(anchor)}{'#' * (number.count('.') + 2)} {number} {self.line(heading)}"

    def bullets(self, items: list[str]) -> str:
        return "\n".join(f"- {item}" for item in items)

    def rows(self, rows: tuple[Formula, ...]) -> str:
        return self._rows(rows)

    def framed(self, rows: tuple[Formula, ...]) -> str:
        return self._rows(rows, framed=True)

    def _rows(self, rows: tuple[Formula, ...], framed: bool = False) -> str:
        anchors = "".join(self.anchored(row.anchor) for row in rows)
        notes = [self._inside(row.note) for row in rows]
        below = [self.line(row.note) for row, note in zip(rows, notes, strict=True) if note is None]
        left = max((width(split(row.formula)[0]) for row in rows if split(row.formula)[1]), default=0.0)
        room = self.line_width - left - max((content_width(self.pieces(r.note)) for r in rows), default=0.0) - _GAP
        shown = []
        for row, note in zip(rows, notes, strict=True):
            first, *rest = self._aligned(row.formula, room)
            shown += [first + (f" && \\quad {note}" if note else ""), *rest]
        return "\n\n".join([anchors + self.display(shown, framed), *below])

    def step(self, step: StepBlock, title: str, number: str) -> str:
        parts = [line for part in step.parts for line in self._labelled(part)]
        head = f"{self.anchored(step.anchor)}{self.strong(title)}{self.shaped(step)}"
        return "\n\n".join([head, *([self.display(parts)] if parts else []), *self.source(step), *self.lines(step.sentences)])

    def shaped(self, step: StepBlock) -> str:
        """What has which shape, behind a title."""
        return f" ({self.line(step.shape)})" if step.shape else ""

    def table(self, head: list[str], rows: list[list[str]], sides: str, caption: str) -> str:
        rules = [{"l": ":---", "c": ":---:", "r": "---:"}[side] for side in sides]
        table = "\n".join(f"| {' | '.join(row)} |" for row in (head, rules, *rows))
        return f"{table}\n\n*{caption}*" if caption else table

    def figure(self, figure: Figure, caption: str, place: int) -> str:
        target = printable(figure.source).replace("\\", "/")
        target = re.sub(r"[% \n<>()]", lambda match: f"%{ord(match.group()):02X}", target)
        return f"![{escape(printable(self.language.words(figure.alt)))}]({target})\n\n*{caption}*"

    def _labelled(self, part: Part) -> list[str]:
        """The formulas of a part, the first beside its label."""
        label = self._inside(part.label) or ""
        found = [self._broken(shown, self.line_width - _LABEL) for shown in part.formulas]
        return [f"& {'' if k else label} && {shown}" for k, shown in enumerate(line for own in found for line in own)]

    def _inside(self, content: Content) -> str | None:
        """A note inside a formula; None where its text has what Markdown or TeX would read."""
        written = []
        for piece in self.pieces(content):
            match piece:
                case str(text) if _PLAIN.fullmatch(text):
                    # a star in a formula would begin what Markdown makes slanted
                    written += [r"\ast" if part == "*" else rf"\text{{{part}}}" for part in re.split(r"(\*)", text) if part]
                case Math(formula):
                    written.append(self.spell(formula))
                case _:
                    return None
        return " ".join(written)

    def _aligned(self, formula: Node, room: float) -> list[str]:
        left, right = split(formula)
        first, *rest = self._broken(left if right is None else right, room)
        return [f"& {first}" if right is None else f"{self.spell(left)} &{first}", *(f"& {more}" for more in rest)]

    def _broken(self, formula: Node, room: float) -> list[str]:
        """A formula in lines that fit; those after the first are indented."""
        first, *rest = lines(formula, room)
        return [self.spell(first), *(rf"\quad {{}}{self.spell(more)}" for more in rest)]

    def code(self, text: str, language: str) -> str:
        return f"{_fence(text, 3)}{''.join(filter(str.isalnum, language))}\n{text}\n{_fence(text, 3)}"

    def note(self, label: str, words: str, kind: str) -> str:
        return f"> **{label}:** {words}"


def escape(text: str) -> str:
    """The text so that Markdown shows it as it is."""
    return _NUMBERED.sub(r"\1\\\2", _SPECIAL.sub(r"\\\g<0>", " ".join(text.split())))


def _fence(text: str, least: int) -> str:
    return "`" * max(least, *(len(run) + 1 for run in re.findall("`+", text)), 0)


@lru_cache(maxsize=4096)
def _spell(node: Node) -> str:
    return " ".join(latex(node, _SPELLING).split())
