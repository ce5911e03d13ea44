"""LaTeX that compiles with pdflatex and the packages of a basic TeX: a whole article, or what another document takes by \\input."""

import re
from collections.abc import Sequence

from symbackprop.documents.document import Content, Document, Figure, Formula, Part, Section, StepBlock
from symbackprop.documents.formats.paper import Line, Paper
from symbackprop.documents.formats.text import Text
from symbackprop.documents.writer import anchor_id
from symbackprop.formulas.ascii import ascii_latex, escape
from symbackprop.formulas.lines import INDENT
from symbackprop.formulas.told import told
from symbackprop.formulas.tree import Node
from symbackprop.pictures.picture import Picture, in_points, on_paper

_PACKAGES = "amsmath,amssymb,booktabs,graphicx"
_PREAMBLE = r"""\documentclass[10pt,a4paper]{article}
\usepackage{%s}
\IfFileExists{tikz.sty}{\usepackage{tikz}}{}
\IfFileExists{framed.sty}{\usepackage{framed}\setlength{\FrameSep}{5pt}}{}
\usepackage[hidelinks]{hyperref}
\setlength{\textwidth}{166mm}\setlength{\oddsidemargin}{-3mm}\setlength{\evensidemargin}{-3mm}
\setlength{\textheight}{256mm}\setlength{\topmargin}{-22mm}\setlength{\footskip}{9mm}
\setlength{\parindent}{0pt}
\setlength{\parskip}{0.4em}
\makeatletter
\def\@listI{\leftmargin\leftmargini\topsep0pt\parsep0pt\itemsep0pt}\let\@listi\@listI
\renewcommand{\section}{\@startsection{section}{1}{0pt}{-1.1em}{.45em}{\normalfont\large\bfseries}}
\setlength{\@fptop}{0pt}
\AtBeginDocument{\setlength{\abovedisplayskip}{-0.8em plus 2pt}\setlength{\belowdisplayskip}{0.4em plus 2pt}}
\makeatother
\setlength{\emergencystretch}{3em}\setlength{\jot}{2pt}
\renewcommand{\topfraction}{0.9}\renewcommand{\bottomfraction}{0.9}
\renewcommand{\textfraction}{0.1}\renewcommand{\floatpagefraction}{0.75}
\allowdisplaybreaks\relpenalty=5000\binoppenalty=7000
"""

# a table that is wider than the page is set as small as it takes, for it cannot be broken; a formula never is
_FITTED = r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}"

# at the end of the line, or of the next where it has no room in this one
_AT_THE_END = r"\unskip\nobreak\hfil\penalty50\hskip1em\null\nobreak\hfil\parfillskip0pt "

# a display begins a paragraph, whose first line is empty
_SPACED = r"\abovedisplayskip0pt plus 2pt\belowdisplayskip0.6em plus 2pt"

_BELOW = r"\nopagebreak\par\nopagebreak\vskip2pt\noindent"

PREFIX = r"\labelprefix"
"""What the labels of a fragment begin with: nothing, where the paper does not say it."""

TABLE_ROWS = 35
"""Rows of a table on one page."""

CONTENTS_FROM = 7
"""A document with this many sections opens with its table of contents."""

_EM = 10.0  # points, of the letters that a fragment is measured for
_ROOM = 345.0  # points: the column of an article in these letters
_EDGES = 1.5  # ems that a frame takes, and that a line's width may be wrong by
_BESIDE = 28.0  # ems: in a narrower column a step's labels stand above their formulas
_GUTTER = 12.0  # points between two columns


class LatexFragment(Paper):
    """What `\\input` takes: no preamble, no packages beside amsmath and amssymb, no colours; sections and equations have labels."""

    page_width = _ROOM / _EM - _EDGES
    label_width = 10.0
    column = _ROOM
    """Points that a line has."""
    tall = 500.0
    """Points that a picture may have, with its caption below: an article's page has 550."""
    narrow = False
    """Whether the column has no room for a label beside a formula: it is one of two."""
    numbered = False
    """Whether equations have numbers, and with them labels such as eq:dL/dW_1."""

    def arranged(self, document: Document) -> Document:
        if document.column is not None:
            self.column = document.column
            self.page_width = self.column / _EM - _EDGES
            self.narrow = self.page_width < _BESIDE
        if self.narrow:
            self.label_width = 0.0
            self.passes_notes = not self.numbered  # a number has the end of the line
        return super().arranged(document)

    @property
    def hangul(self) -> bool:
        """Whether a package sets Korean letters, so that they stand in the file as they are."""
        return self.language.package == "kotex"

    @property
    def packages(self) -> str:
        return ",".join(filter(None, (_PACKAGES, self.language.package)))

    def text(self, text: str) -> str:
        return escape(text, self.hangul)

    def mono(self, text: str) -> str:
        return f"\\texttt{{{self.text(text)}}}"

    def strong(self, written: str) -> str:
        return f"\\textbf{{{written}}}"

    def link(self, written: str, anchor: str) -> str:
        return written

    def math(self, formula: Node) -> str:
        return f"${self.formula(formula)}$"

    def formula(self, formula: Node) -> str:
        return ascii_latex(formula, self.hangul)

    def page(self, document: Document, body: str) -> str:
        said = f"% {self.line(document.title)}\n% needs \\usepackage{{{self.packages}}}"
        if any(isinstance(block, Figure) for block in document.blocks):
            said += "\n% its pictures stand where the paper has \\usepackage{tikz} as well"
        said += f"\n% where a paper takes in several: \\def{PREFIX}{{a:}} before one has its labels begin so, a:sec:..."
        return f"{said}\n\\providecommand{{{PREFIX}}}{{}}\n\\begingroup\\allowdisplaybreaks{_SPACED}\n{body}\n\\endgroup\n"

    def section(self, heading: Content, number: str, anchor: str) -> str:
        slug = "-".join(re.findall(r"[a-z0-9]+", Text().line(heading).lower()))  # of the English heading, in every language
        return f"\\{'sub' * (number.count('.') + 1)}section{{{self.line(heading)}}}\\label{{{PREFIX} sec:{slug}}}"

    def bullets(self, items: list[str]) -> str:
        listed = "\n".join(f"\\item[$\\bullet$] {item}" for item in items)
        return f"\\begin{{itemize}}\n{listed}\n\\end{{itemize}}" if listed else ""

    def run_in(self, above: str, words: str) -> str:
        return f"{{\\small\\noindent\\textbf{{{above}.}} {words}\\par}}"

    def display(self, rows: Sequence[Line]) -> str:
        begun = ended = "flalign*"  # from the left to the right of a narrow column
        if not self.passes_notes:
            ended = "alignat" if self.numbered else "alignat*"
            begun = f"{ended}}}{{2"
        shown = " \\\\\n".join(map(self._row, rows))
        return f"\\begin{{{begun}}}\n{shown}\n\\end{{{ended}}}"

    def _row(self, line: Line) -> str:
        if line.note and not line.right:  # below its formula
            words = f"\\parbox{{0.7\\linewidth}}{{\\raggedright {line.note}}}"
            if self.passes_notes:
                return f"&&\\text{{{line.note}}}&" if line.reach < self.page_width else f"&\\hspace{{{INDENT}em}}\\rlap{{{words}}}"
            return f"&\\hspace{{{INDENT}em}}{words}{self._number(line) if self.numbered else ''}"
        note = (f" &\\text{{{line.note}}}&" if self.passes_notes else f" &&\\qquad \\text{{{line.note}}}") if line.note else ""
        return f"{self.target(line)}{_sides(line)}{note}{self._number(line) if self.numbered else ''}"

    def _number(self, line: Line) -> str:
        if line.of is None:
            return r" \notag"
        return f" \\label{{{PREFIX} eq:{_key(line.of.label)}}}" if line.of.label else ""

    def target(self, line: Line) -> str:
        """The place that links lead to."""
        return ""

    def framed(self, rows: tuple[Formula, ...]) -> str:
        """In a frame, where the document has the package; it may be cut between lines."""
        close = r"\postdisplaypenalty10000 \abovedisplayskip-0.4em \belowdisplayskip0pt"
        begin = rf"\ifdefined\framed\FrameSep5pt\begin{{framed}}{close}\fi"
        end = r"\ifdefined\framed\end{framed}\fi"
        return f"{begin}\n{self.rows(rows)}\n{end}"

    def step(self, step: StepBlock, title: str, number: str) -> str:
        shape = f"{_AT_THE_END}{self.line(step.shape)}" if step.shape else ""
        head = f"{{\\noindent {self.anchored(step.anchor)}{self.strong(title)}{shape}\\nopagebreak\\par}}"
        parts = [self._part(part) for part in step.parts]
        words = [f"\\smallskip\\noindent {words}\\par" for words in self.lines(step.sentences)]
        return "\n".join([r"\medskip", head, *parts, *self.source(step), *words])

    def _part(self, part: Part) -> str:
        """The label in a column that is as wide in every step, and the formulas."""
        shown = " \\\\\n".join(_sides(line) for lines in self.part_lines(part) for line in lines)
        words = self.line(part.label)
        label = f"\\makebox[{self.label_width}em][l]{{{words}}}" if not self.narrow else f"{{\\small {words}}}{_BELOW}"
        return f"\\smallskip\\noindent{label}$\\displaystyle\\begin{{aligned}}\n{shown}\n\\end{{aligned}}$\\par"

    def anchored(self, anchor: str) -> str:
        """A place that links lead to."""
        return ""

    def table(self, head: list[str], rows: list[list[str]], sides: str, caption: str) -> str:
        titles = " & ".join(map(self.strong, head))
        tables = []
        for start in range(0, len(rows) or 1, TABLE_ROWS):
            shown = rows[start : start + TABLE_ROWS]
            lines = "".join(" & ".join(f"{{{cell}}}" for cell in row) + " \\\\\n" for row in shown)
            tables.append(
                f"\\small\\setlength{{\\tabcolsep}}{{4pt}}{_FITTED}{{\\begin{{tabular}}{{{sides}}}\n\\toprule\n"
                f"{titles} \\\\\n\\midrule\n{lines}\\bottomrule\n\\end{{tabular}}}}"
            )
        begin, end = (r"\begin{table*}[tbp]\centering", r"\end{table*}") if self.narrow else (r"\begin{center}", r"\end{center}")
        if caption:  # on the page of the table
            tables[-1] += f"\\par\\nopagebreak\\medskip\n{caption}"
        return "\n".join(f"{begin}{table}{end}" for table in tables)

    def figure(self, figure: Figure, caption: str, place: int) -> str:
        from symbackprop.pictures.tikz import tikzpictures  # fonts are read where something is drawn

        picture, figure_ = self._drawn(figure)
        places = "!hbp" if figure_ == "figure" else "tp"  # at the top of its page it would stand within a step
        drawn = [f"{_FITTED}{{{one}}}" for one in tikzpictures(picture, self.hangul)]
        drawn[-1] += f"\n\n\\small {caption}"
        shown = "\n".join(f"\\begin{{{figure_}}}[{places}]\n\\centering\n{one}\n\\end{{{figure_}}}" for one in drawn)
        return f"\\ifdefined\\tikzpicture\n{shown}\n\\fi"

    def _drawn(self, figure: Figure) -> tuple[Picture, str]:
        """A picture and the environment that it stands in: in one column where it fits there on one sheet, else across two."""
        one = on_paper(figure.draw, self.language.words, in_points(self.column, self.tall))
        if not self.narrow or (len(one.sheets) == 1 and one.width * one.points <= self.column):
            return one, "figure"
        return on_paper(figure.draw, self.language.words, in_points(2 * self.column + _GUTTER, self.tall)), "figure*"

    def code(self, text: str, language: str) -> str:
        # Spaces that all count, and at which a long line may break; the empty box holds those at the line's start.
        lines = (self.text(line).replace(" ", "\\ ") for line in text.expandtabs(4).split("\n"))
        return "\\begin{flushleft}\\small\\ttfamily\n" + "\n".join(f"\\mbox{{}}{line}\\\\" for line in lines) + "\n\\end{flushleft}"

    def note(self, label: str, words: str, kind: str) -> str:
        return f"\\begin{{quote}}\\textbf{{{label}:}} {words}\\end{{quote}}"


class NumberedFragment(LatexFragment):
    """The same with numbers, to which the document refers by \\eqref{eq:dL/dW_1}."""

    numbered = True


class Latex(LatexFragment):
    """A complete .tex file in ASCII, but for Korean letters; pdflatex, xelatex and lualatex set it."""

    page_width = 45.0
    column = 444.0
    tall = 654.0

    def link(self, written: str, anchor: str) -> str:
        return f"\\hyperlink{{{anchor}}}{{{written}}}"

    def page(self, document: Document, body: str) -> str:
        sections = sum(isinstance(block, Section) for block in document.blocks)
        headed = f"\\renewcommand{{\\contentsname}}{{{self.line(told('Contents'))}}}"
        contents = f"{headed}\\tableofcontents\n" if sections >= CONTENTS_FROM else ""
        title = f"\\begin{{center}}\\LARGE {self.line(document.title)}\\end{{center}}\\suppressfloats[t]"  # no picture above it
        named = _in_ascii(Text(self.language).line(document.title))
        own = f"\\hypersetup{{pdftitle={{{named}}}}}\n" if named else ""
        return f"{_PREAMBLE % self.packages}\\begin{{document}}\n{own}{title}\n{contents}\n{body}\n\n\\end{{document}}\n"

    def section(self, heading: Content, number: str, anchor: str) -> str:
        # A PDF's bookmarks hold no formulas: only the letters and digits of the heading.
        bookmark = " ".join(re.findall(r"[A-Za-z0-9가-힣]+", Text(self.language).line(heading)))
        command = "sub" * number.count(".") + "section"
        return f"\\{command}{{\\texorpdfstring{{{self.line(heading)}}}{{{bookmark}}}}}{self.anchored(anchor)}"

    def target(self, line: Line) -> str:
        return self.anchored(line.of.anchor) if line.of else ""

    def anchored(self, anchor: str) -> str:
        return f"\\hypertarget{{{anchor_id(anchor)}}}{{}}" if anchor else ""


def _sides(line: Line) -> str:
    r"""left &right, with {} before an operator that goes on with the line above."""
    indent = f"\\hspace{{{INDENT}em}}{{}}" if line.goes_on else ""
    right = f"\\rlap{{$\\displaystyle {{}}{line.right}$}}" if line.far else line.right
    return f"{line.left} &{indent}{right}"


def _in_ascii(words: str) -> str:
    """Words as hyperref puts them into a PDF."""
    return "".join(c if c.isascii() and (c.isalnum() or c == " ") else f'\\unichar{{"{ord(c):04X}}}' for c in words)


def _key(name: str) -> str:
    r"""A name as the argument of \label: what TeX reads otherwise is left out."""
    return re.sub(r"[^A-Za-z0-9_/.:|^-]", "", name)
