"""A derivation as slides of LaTeX: a frame for each section and each step, which builds up part by part."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from math import ceil

from symbackprop.documents.document import Document, Figure, Formula, Section, StepBlock
from symbackprop.documents.formats.latex import LatexFragment
from symbackprop.documents.formats.paper import content_width
from symbackprop.documents.formats.text import Text
from symbackprop.documents.languages import language
from symbackprop.documents.writer import Writer, numbers
from symbackprop.pictures.picture import SLIDES, on_paper

_PREAMBLE = r"""\documentclass[aspectratio=169,10pt]{beamer}
\usepackage{%s}
\IfFileExists{tikz.sty}{\usepackage{tikz}}{}
\setbeamertemplate{navigation symbols}{}
\setbeamertemplate{footline}[frame number]
\setbeamertemplate{frametitle continuation}[from second]
\allowdisplaybreaks
"""
# no taller and no wider than what is left of a slide
_FITTED = (
    r"\resizebox{!}{\ifdim\height>0.72\textheight 0.72\textheight\else\height\fi}"
    r"{\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%s}}"
)
_LINES = 13.0
"""Lines of text that a frame holds."""
_FORMULA = 2.2
"""Lines of text that a line of a display is as tall as."""
_PLAIN = 1.3
"""The same where it has no fraction and no sum."""
_BREAKS = "allowframebreaks"  # what is long goes on on the next frame; such a frame cannot build up


class Beamer(LatexFragment):
    """A complete .tex file for the class beamer."""

    page_width = 38.0
    label_width = 9.0
    aside = Writer.aside

    @classmethod
    def write(cls, document: Document) -> str:
        """The document as slides."""
        self = cls(language(document.lang))
        heading, frames, waiting = "", [], list[str]()
        placed = zip(document.blocks, numbers(document), strict=True)
        for place, (block, number) in enumerate(placed):
            own = self.language.block(block)
            match own:
                case Section(shown):
                    frames += self._frames(heading, waiting)
                    heading, waiting = self.line(shown), []
                case StepBlock() | Figure():
                    frames += self._frames(heading, waiting)
                    waiting = []
                    frames.append(self.block(own, number, place))
                case _:
                    waiting.append(self.block(own, number, place))
        return self.page(document, "\n\n".join([*frames, *self._frames(heading, waiting)]))

    def _frames(self, heading: str, blocks: list[str]) -> list[str]:
        """What stands below a heading, as one frame."""
        body = "\n\n".join(filter(None, blocks))
        return [f"\\begin{{frame}}[{_BREAKS}]{{{heading}}}\n{body}\n\\end{{frame}}"] if body else []

    def page(self, document: Document, body: str) -> str:
        title = f"\\begin{{frame}}\n\\centering\\LARGE {self.line(document.title)}\n\\end{{frame}}"
        name = Text(self.language).line(document.title)
        about = f"\\hypersetup{{pdftitle={{{self.text(name)}}}}}" if name.isascii() else ""  # pdflatex knows no σ there
        return f"{_PREAMBLE % self.packages}{about}\n\\begin{{document}}\n{title}\n\n{body}\n\n\\end{{document}}\n"

    def framed(self, rows: tuple[Formula, ...]) -> str:
        """In a frame where a slide holds all of it."""
        shown = self.rows(rows)
        tall = sum(_FORMULA if re.search(r"\\[dt]?frac|\\sum", line) else _PLAIN for line in shown.split("\\\\\n"))
        if tall > _LINES:
            return shown
        return f"\\fbox{{\\begin{{minipage}}{{0.96\\linewidth}}\n{shown}\n\\end{{minipage}}}}"

    def step(self, step: StepBlock, title: str, number: str) -> str:
        """Frames that build up part by part, as many as it takes for none to be fuller than a slide."""
        shape = f"\\hspace{{0pt plus 1filll}}{{\\normalsize {self.line(step.shape)}}}" if step.shape else ""
        shown = [part for part in step.parts if not part.folded]
        parts = [(_FORMULA * sum(map(len, self.part_lines(part))), self._part(part)) for part in shown]
        parts += [(1.0 + text.count("\n"), text) for text in self.source(step)]
        said = [(ceil(content_width(self.pieces(one)) / self.page_width), self.line(one)) for one in step.sentences]
        parts += [(1.0 * tall, f"\\smallskip{{\\small {words}}}\\par") for tall, words in said if words]
        frames = ("\n\\pause\n".join(some) for some in _filled(parts))
        return "\n\n".join(f"\\begin{{frame}}{{{title}{shape}}}\n{body}\n\\end{{frame}}" for body in frames)

    def figure(self, figure: Figure, caption: str, place: int) -> str:
        from symbackprop.pictures.tikz import tikzpictures  # fonts are read where something is drawn

        drawn = tikzpictures(on_paper(figure.draw, self.language.words, SLIDES), self.hangul)
        frames = (f"\\begin{{frame}}{{{caption}}}\n\\centering {_FITTED % one}\n\\end{{frame}}" for one in drawn)
        return "\n\n".join(f"\\ifdefined\\tikzpicture\n{frame}\n\\fi" for frame in frames)


def _filled(parts: Sequence[tuple[float, str]]) -> Iterator[list[str]]:
    """As many parts at a time as a frame has room for, each with the lines that it takes."""
    held, room = list[str](), _LINES
    for tall, part in parts:
        if held and tall > room:
            yield held
            held, room = [], _LINES
        held.append(part)
        room -= tall
    if held:
        yield held
