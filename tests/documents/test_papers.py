"""LaTeX for papers: what `\\input` takes, its labels and numbers, and that every formula of every example fits its page."""

import re
import shutil
import subprocess
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import ClassVar

import pytest

import symbackprop as sb
from symbackprop.documents.document import Document, Figure, Formula, FormulaRows, Math, Part, StepBlock
from symbackprop.documents.formats import format_named
from symbackprop.documents.formats.latex import Latex, LatexFragment, NumberedFragment
from symbackprop.documents.formats.markdown import Markdown
from symbackprop.documents.formats.paper import content_width
from symbackprop.formulas.read_latex import parse
from symbackprop.formulas.tree import Node
from symbackprop.formulas.widths import width
from tests.documents.sample import SAMPLE

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
NETS = sorted(EXAMPLES.rglob("*.net"))
WIDE = "+".join(f"x_{{{k}}}" for k in range(40))
OVERFULL = 10.0  # points
GROUPS = 8  # of examples: a paper takes several in, since TeX takes most of its time to start
TEX = shutil.which("pdflatex")  # where it is not, lines are measured, and not set


def compiled(tex: str, folder: Path) -> list[float]:
    """By how many points each overfull line of a compiled document sticks out."""
    assert TEX is not None
    (folder / "paper.tex").write_text(tex, encoding="ascii")
    command = [TEX, "-draftmode", "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stdout[-2000:]
    return [float(points) for points in re.findall(rb"Overfull \\hbox \(([0-9.]+)pt", ran.stdout)]


COLUMN = 252.0
USE_TIKZ = r"\usepackage{tikz}"
TWO_COLUMNS = rf"\setlength{{\textwidth}}{{{2 * COLUMN + 12}pt}}\setlength{{\columnsep}}{{12pt}}"


def paper(*fragments: str, columns: bool = False, pictures: bool = True) -> str:
    """A document that takes fragments in, with the packages that they ask for: in one column, or in two as journals have them.

    pictures  whether it has the package that draws them; fragments leave them out where it has not.
    """
    packages = re.search(r"^% needs (.*)$", fragments[0], re.MULTILINE)
    assert packages
    begun = rf"\documentclass{'[twocolumn]' * columns}{{article}}{packages[1]}{USE_TIKZ * pictures}{TWO_COLUMNS * columns}"
    return begun + "\\begin{document}" + "\\clearpage\n".join(fragments) + "\\end{document}\n"


DRAWN = re.compile(r"\\begin\{tikzpicture\}.*?\\end\{tikzpicture\}", re.DOTALL)


def pictures(tex: str) -> list[str]:
    """Those that a document draws."""
    return DRAWN.findall(tex)


def without(drawn: Collection[str], tex: str) -> str:
    """A document with a dot in the place of each picture that another one draws just so."""
    return DRAWN.sub(lambda found: r"\rule{9pt}{9pt}" if found[0] in drawn else found[0], tex)


def at_once(whole: Sequence[str]) -> str:
    """Documents as one, which have all that stands before them in common: TeX takes some time to start."""
    begin, end = "\\begin{document}", "\\end{document}"
    heads, bodies = zip(*(text.replace(end, "").split(begin) for text in whole), strict=True)
    assert len(set(heads)) == 1
    return heads[0] + begin + "\\clearpage\n".join(bodies) + end


class Measured(LatexFragment):
    """Remembers how wide each formula is that it writes."""

    widths: ClassVar[list[float]] = []

    def formula(self, formula: Node) -> str:
        self.widths.append(width(formula))
        return super().formula(formula)

    @classmethod
    def within(cls, widest: float, document: Document) -> str:
        """What it writes, no formula of which is wider."""
        cls.widths.clear()
        written = cls.write(document)
        assert max(cls.widths) <= widest
        return written


def document_of(path: Path) -> Document:
    """The report of an example, whose picture is drawn once for each width."""
    network = sb.read(path)
    document = sb.derive(network, of=network.loss if network.program.shape(network.loss) else None).document()
    blocks = (replace(one, draw=cache(one.draw)) if isinstance(one, Figure) else one for one in document.blocks)
    return replace(document, blocks=tuple(blocks))


@pytest.mark.slow
@pytest.mark.parametrize("paths", [NETS[k::GROUPS] for k in range(GROUPS)], ids=lambda paths: ",".join(p.stem for p in paths))
def test_every_formula_of_every_example_fits_the_page(paths: list[Path], tmp_path: Path) -> None:
    documents = [document_of(path) for path in paths]
    narrow = [replace(document, column=COLUMN) for document in documents]
    fragments = [Measured.within(LatexFragment.page_width, document) for document in documents]
    in_columns = [Measured.within(COLUMN / 10, document) for document in narrow]
    numbered, numbered_in_columns = (list(map(NumberedFragment.write, some)) for some in (documents, narrow))
    # TeX takes most of its time for pictures: each is set once for each width, and once where two widths have the same.
    assert list(map(pictures, fragments)) == list(map(pictures, numbered))
    assert list(map(pictures, in_columns)) == list(map(pictures, numbered_in_columns))
    if TEX:
        whole = at_once(list(map(Latex.write, documents)))
        texts = [whole, without({*pictures(whole)}, paper(*fragments)), paper(*numbered, pictures=False)]
        texts += [paper(*in_columns, columns=True), paper(*numbered_in_columns, columns=True, pictures=False)]
        assert max((points for text in texts for points in compiled(text, tmp_path)), default=0.0) <= OVERFULL


if TEX:

    @pytest.mark.slow
    @pytest.mark.parametrize("writer", [LatexFragment, NumberedFragment], ids=lambda writer: writer.__name__)
    def test_a_fragment_of_every_block_is_taken_in_by_a_paper(writer: type[LatexFragment], tmp_path: Path) -> None:
        assert not compiled(paper(writer().write(SAMPLE)), tmp_path)


def test_a_fragment_has_no_preamble_and_uses_amsmath_alone() -> None:
    fragment = LatexFragment.write(SAMPLE)
    for word in (r"\documentclass", r"\usepackage[", r"\begin{document}", r"\hyper", r"\newcommand", r"\texorpdfstring", r"\fit"):
        assert word not in fragment.replace("% needs", "")
    assert r"\subsection{Forward pass}\label{\labelprefix sec:forward-pass}" in fragment
    assert r"\subsubsection{At one point}\label{\labelprefix sec:at-one-point}" in fragment
    assert r"\tag" not in fragment
    assert fragment.count(r"\providecommand{\labelprefix}{}") == 1  # which a paper that takes in several may have said


def test_equations_have_numbers_and_labels_by_name() -> None:
    numbered = sb.derive(EXAMPLES / "two_layer.net", update="eta").report("numbered-fragment")
    labels = re.findall(r"\\label\{\\labelprefix (eq:[^}]*)\}", numbered)
    assert len(labels) == len(set(labels))
    assert {"eq:dL/dW_1", "eq:dL/dyhat", "eq:W_2:update", "eq:a", "eq:L"} <= set(labels)
    plain = sb.derive(EXAMPLES / "two_layer.net").report("fragment")
    assert "eq:" not in plain
    assert r"\begin{alignat*}{2}" in plain


def test_a_long_formula_is_broken_and_only_its_first_line_is_numbered() -> None:
    rows = FormulaRows((Formula(parse(f"y = {WIDE}"), "a note", label="y"), Formula(parse("z = 1"), label="z")))
    numbered = NumberedFragment.write(Document("", (rows,)))
    lines = numbered[numbered.index(r"\begin{alignat}") : numbered.index(r"\end{alignat}")].splitlines()[1:]
    assert len(lines) > 3
    assert r"\label{\labelprefix eq:y}" in lines[0]
    assert all(r"\notag" in line for line in lines[1:-1])
    assert all(re.search(r"&\\hspace\{2.0em\}\{\}\+", line) for line in lines[1:-2])
    assert r"\label{\labelprefix eq:z}" in lines[-1]
    assert r"\resizebox" not in numbered


def test_a_note_that_leaves_no_room_stands_below_its_formula() -> None:
    note = "a note of so many words that nothing else has room in the line"
    assert content_width((note,)) < LatexFragment.page_width
    rows = FormulaRows((Formula(parse("y = a + b + c + d + e + f + g + h + i + j + k"), note),))
    assert "\\\\\n&\\hspace{2.0em}\\parbox" in LatexFragment.write(Document("", (rows,)))
    assert "\\\\\n" not in LatexFragment.write(Document("", (FormulaRows((Formula(parse("y = a"), "a note"),)),)))


def narrow(*rows: Formula) -> str:
    return LatexFragment.write(Document("", (FormulaRows(rows),), column=COLUMN))


def test_in_a_narrow_column_a_note_stands_where_a_line_leaves_it_room() -> None:
    long = "y = a_1 + a_2 + a_3 + a_4 + a_5 + a_6 + a_7 + a_8"
    assert narrow(Formula(parse("y = a"), "a note")).count(r"&\text{a note}&") == 1
    short, wide = narrow(Formula(parse(long), "4"), Formula(parse("z = 1"), "a note of ten words")).split(r"\\")
    assert r"\rlap" in short
    assert r"&\text{4}&" in short
    assert r"\rlap" not in wide
    below = narrow(Formula(parse(long), "a note of ten words")).split(r"\\")
    assert [r"\text" in line for line in below] == [False, True]
    longer = narrow(Formula(parse(f"y = {WIDE}"), "a note of ten words")).split(r"\\")
    assert r"\text" in longer[-1]
    assert r"\displaystyle" not in longer[-1]


def test_a_note_stands_below_where_what_cannot_be_broken_would_push_it_out() -> None:
    tall = r"y = \begin{bmatrix} (a_1 + a_2 + a_3 + a_4 + a_5 + a_6)^\top b \\ c \end{bmatrix}"
    rows = FormulaRows((Formula(parse(tall), "a note of ten words"),))
    assert r"\parbox" in NumberedFragment.write(Document("", (rows,), column=COLUMN))
    assert r"\parbox" not in NumberedFragment.write(Document("", (rows,)))


def test_in_a_narrow_column_labels_stand_above_and_what_is_wide_goes_across() -> None:
    written = LatexFragment.write(replace(SAMPLE, column=COLUMN))
    assert r"\makebox" not in written
    assert r"\begin{table*}" in written
    assert r"\begin{figure}" in written
    wide = LatexFragment.write(replace(SAMPLE, column=400.0))
    assert r"\makebox" in wide
    assert r"\begin{table*}" not in wide


@pytest.mark.parametrize(
    ("width", "points"), [("252pt", 252.0), (" 3.5 in", 252.945), ("8.9cm", 253.23), ("89mm", 253.23), ("25.2em", 252.0)]
)
def test_a_column_has_a_width(width: str, points: float) -> None:
    found = format_named("fragment").column(width)
    assert found is not None
    assert abs(found - points) < 0.01


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("--fragment", "--column", "252"), "write a number and pt, in, cm, mm, em, such as 252pt"),
        (("--fragment", "--column", "3cm"), "give at least 150pt"),
        (("--column", "252pt"), "text is none: write a fragment"),
    ],
)
def test_what_is_no_column_is_refused(asked: tuple[str, ...], said: str, run) -> None:
    told = run("derive", "x**2", *asked)
    assert (told.code, said in told.err) == (2, True)


def test_the_shell_writes_for_a_column(run) -> None:
    written = run("derive", EXAMPLES / "gates.net", "--fragment", "--column", "252pt").out
    assert written.strip() == sb.derive(EXAMPLES / "gates.net").report("fragment", column="252pt").strip()
    blank = run("derive", EXAMPLES / "two_layer.net", "--fragment", "--column", "8.9cm", "--blank", "W_1", "-o", "part.tex")
    assert blank.code == 0
    assert r"\begin{flalign*}" in Path("part-solution.tex").read_text()


def test_the_labels_of_every_step_are_in_a_column_of_one_width() -> None:
    parts = tuple(Part(label, (parse("y = a"), parse("z = b"))) for label in ("Short", "A label that is long"))
    tex = LatexFragment.write(Document("", (StepBlock("One", parts), StepBlock("Two", parts))))
    assert re.findall(r"\\makebox\[(.*?)\]", tex) == ["10.0em"] * 4


def test_the_check_is_one_table() -> None:
    for name in ("latex", "fragment"):
        tex = sb.derive(EXAMPLES / "two_layer.net").report(name)
        table = tex[tex.index("complex step") :]
        assert table.count(r"\end{tabular}") == 1
        assert "Relative errors" in table


def test_the_shell_writes_a_fragment(run) -> None:
    assert run("derive", EXAMPLES / "gates.net", "--fragment", "-o", "part.tex").code == 0
    assert Path("part.tex").read_text() == sb.derive(EXAMPLES / "gates.net").report("fragment")
    assert r"\label{\labelprefix eq:" in run("derive", EXAMPLES / "gates.net", "--fragment", "--numbered").out
    told = run("derive", EXAMPLES / "gates.net", "--numbered")
    assert (told.code, "--fragment" in told.err) == (2, True)


def test_markdown_aligns_its_formulas_and_says_shapes_beside_them() -> None:
    rows = FormulaRows(
        (Formula(parse("y = a"), "shape (N, 4*h)"), Formula(parse("z_{1} = b"), ("by ", Math(parse("x")))), Formula(parse("c")))
    )
    written = Markdown.write(Document("", (rows,)))
    assert written.strip().splitlines()[2:] == [
        "$$",
        r"\begin{aligned}",
        r"y &= a && \quad \text{shape (N, 4} \ast \text{h)} \cr",
        r"z_{1} &= b && \quad \text{by } x \cr",
        "& c",
        r"\end{aligned}",
        "$$",
    ]


def test_a_note_that_markdown_would_read_stands_below() -> None:
    written = Markdown.write(Document("", (FormulaRows((Formula(parse("y = a"), "a_b & <c>"),)),)))
    assert written.partition("$$\n\n")[2].replace("\\", "") == "a_b & <c>\n"


def test_the_network_of_four_layers_is_short_in_markdown() -> None:
    written = sb.derive(EXAMPLES / "mlp_3_4_4_1.net").markdown()
    assert written.count("\n") < 200
    assert r"&& \quad 4 \times 3" in written
