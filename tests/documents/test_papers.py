"""LaTeX for papers: what `\\input` takes, its labels and numbers, and that every formula of every example fits its page."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import ClassVar

import pytest

import symbackprop as sb
from symbackprop.documents.document import Document, Formula, FormulaRows, Math, Part, StepBlock
from symbackprop.documents.latex import Latex, LatexFragment, NumberedFragment
from symbackprop.documents.markdown import Markdown
from symbackprop.documents.paper import content_width
from symbackprop.formulas.read_latex import parse
from symbackprop.formulas.tree import Node
from symbackprop.formulas.widths import width
from tests.documents.sample import SAMPLE

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
NETS = sorted(EXAMPLES.rglob("*.net"))
WIDE = "+".join(f"x_{{{k}}}" for k in range(40))
OVERFULL = 10.0  # points
TEX = shutil.which("pdflatex")  # where it is not, lines are measured, and not set


def compiled(tex: str, folder: Path) -> list[float]:
    """By how many points each overfull line of a compiled document sticks out."""
    assert TEX is not None
    (folder / "paper.tex").write_text(tex, encoding="ascii")
    command = [TEX, "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stdout[-2000:]
    return [float(points) for points in re.findall(rb"Overfull \\hbox \(([0-9.]+)pt", ran.stdout)]


def paper(fragment: str) -> str:
    """A document that takes a fragment in, with the packages that it asks for."""
    packages = re.search(r"^% needs (.*)$", fragment, re.MULTILINE)
    assert packages
    return f"\\documentclass{{article}}\n{packages[1]}\n\\begin{{document}}\n{fragment}\\end{{document}}\n"


class Measured(LatexFragment):
    """Remembers how wide each formula is that it writes."""

    widths: ClassVar[list[float]] = []

    def formula(self, formula: Node) -> str:
        self.widths.append(width(formula))
        return super().formula(formula)


def document_of(path: Path) -> Document:
    network = sb.read(path)
    return sb.derive(network, of=network.loss if network.program.shape(network.loss) else None).document()


@pytest.mark.slow
@pytest.mark.parametrize("path", NETS, ids=lambda path: path.stem)
def test_every_formula_of_every_example_fits_the_page(path: Path, tmp_path: Path) -> None:
    document = document_of(path)
    Measured.widths.clear()
    Measured.write(document)
    assert max(Measured.widths) <= LatexFragment.page_width
    if TEX:
        texts = [Latex.write(document), paper(LatexFragment.write(document)), paper(NumberedFragment().write(document))]
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
    assert r"\subsection{Forward pass}\label{sec:forward-pass}" in fragment
    assert r"\subsubsection{At one point}\label{sec:at-one-point}" in fragment
    assert r"\tag" not in fragment


def test_equations_have_numbers_and_labels_by_name() -> None:
    numbered = sb.derive(EXAMPLES / "two_layer.net", update="eta").report("numbered-fragment")
    labels = re.findall(r"\\label\{(eq:[^}]*)\}", numbered)
    assert len(labels) == len(set(labels))
    assert {"eq:dL/dW_1", "eq:dL/dyhat", "eq:W_2:update", "eq:a", "eq:L"} <= set(labels)
    plain = sb.derive(EXAMPLES / "two_layer.net").report("fragment")
    assert r"\label{eq:" not in plain
    assert r"\begin{alignat*}{2}" in plain


def test_a_long_formula_is_broken_and_only_its_first_line_is_numbered() -> None:
    rows = FormulaRows((Formula(parse(f"y = {WIDE}"), "a note", label="y"), Formula(parse("z = 1"), label="z")))
    numbered = NumberedFragment.write(Document("", (rows,)))
    lines = numbered[numbered.index(r"\begin{alignat}") : numbered.index(r"\end{alignat}")].splitlines()[1:]
    assert len(lines) > 3
    assert r"\label{eq:y}" in lines[0]
    assert all(r"\notag" in line for line in lines[1:-1])
    assert all(re.search(r"&\\hspace\{2.0em\}\{\}\+", line) for line in lines[1:-2])
    assert r"\label{eq:z}" in lines[-1]
    assert r"\resizebox" not in numbered


def test_a_note_that_leaves_no_room_stands_below_its_formula() -> None:
    note = "a note of so many words that nothing else has room in the line"
    assert content_width((note,)) < LatexFragment.page_width
    rows = FormulaRows((Formula(parse("y = a + b + c + d + e + f + g + h + i + j + k"), note),))
    assert "\\\\\n&\\hspace{2.0em}\\parbox" in LatexFragment.write(Document("", (rows,)))
    assert "\\\\\n" not in LatexFragment.write(Document("", (FormulaRows((Formula(parse("y = a"), "a note"),)),)))


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
    assert r"\label{eq:" in run("derive", EXAMPLES / "gates.net", "--fragment", "--numbered").out
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
