"""Slides of LaTeX, and Word, EPUB and PowerPoint by pandoc: what is written holds every formula and every step."""

import io
import re
import zipfile
from html import escape, unescape
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import symbackprop as sb
from symbackprop.documents.document import Code, Document, Figure, Formula, FormulaRows, Math, Part, Section, StepBlock
from symbackprop.documents.formats import office
from symbackprop.documents.formats.beamer import Beamer
from symbackprop.documents.formats.docx import finished
from symbackprop.documents.formats.office import OfficeError, write_office
from symbackprop.documents.formats.pandoc import FRAMED, INDENT, Book, Pandoc, Word
from symbackprop.documents.formats.pptx import placed
from symbackprop.documents.formats.slides import FORMULA, LABEL, NOTE, ROOM, Room, Slides, read_mark
from symbackprop.formulas.plain import plain
from symbackprop.formulas.read_latex import parse
from symbackprop.formulas.told import told
from symbackprop.formulas.widths import width
from symbackprop.pictures.picture import Picture, Sheet
from tests.documents.sample import SAMPLE

TWO_LAYER = Path(__file__).parents[2] / "examples" / "two_layer.net"


@pytest.fixture(scope="module")
def report() -> Document:
    return sb.derive(TWO_LAYER).document()


def test_slides_of_latex_build_up_a_step_a_frame(report: Document) -> None:
    text = Beamer.write(report)
    steps = [block for block in report.blocks if isinstance(block, StepBlock)]
    frames = re.findall(r"(?s)\\begin\{frame\}.*?\\end\{frame\}", text)
    assert text.startswith(r"\documentclass[aspectratio=169,10pt]{beamer}")
    building = [frame for frame in frames if r"\pause" in frame]
    assert len(building) == len(steps) == 2
    shown = [part for part in steps[1].parts if not part.folded]
    assert building[1].count(r"\pause") == len(shown) + len(steps[1].sentences) - 1
    for environment in ("frame", "aligned", "tikzpicture", "itemize", "document", "tabular"):
        assert text.count(f"\\begin{{{environment}}}") == text.count(f"\\end{{{environment}}}")
    assert text.isascii()
    assert sb.derive(TWO_LAYER).report("beamer") == text


def test_slides_of_latex_hold_every_block() -> None:
    text = Beamer.write(SAMPLE)
    assert text.count(r"\begin{frame}") == text.count(r"\end{frame}") > 3


def test_pandoc_reads_plain_latex(report: Document) -> None:
    text = Pandoc.write(report)
    assert "<a id=" not in text
    assert r"\thinspace" not in text
    assert r"\cr" not in text
    assert text.count("# ") == 4


def test_word_aligns_by_tables_and_no_formula_by_marks(report: Document) -> None:
    """Readers of its files beside Word show a mark of alignment in a formula as it stands."""
    text = Word.write(report)
    assert "aligned" not in text
    tables = re.findall(r"(?m)^\| +\| +\|\n\| :-+ \| :-+ \|\n(?:\| .*\|\n?)+", text)
    rows = sum(isinstance(block, FormulaRows) for block in report.blocks)
    assert len(tables) == rows + sum(isinstance(block, StepBlock) for block in report.blocks)


def test_word_breaks_a_formula_that_its_cell_cannot_hold() -> None:
    """Readers of its files beside Word break none, and cut it at the cell."""
    terms = [rf"\frac{{x_{{{k}}}}}{{y}}" for k in range(60)]
    wide = Formula(parse("L = " + " + ".join(terms)), ("wide",))
    text = Word.write(Document("t", (FormulaRows((wide,)), FormulaRows((Formula(parse("y = 1")),)))))
    found = re.findall(r"(?m)^\| (?:&emsp;)*\$(.*)\$ \| (.*) \|$", text)
    assert len(found) > 3
    assert [note for _, note in found] == ["wide", *[""] * (len(found) - 1)]
    assert found[-1][0] == "y = 1"
    assert all(width(parse(math.removeprefix("+"))) <= 36 for math, _ in found)
    assert "".join(math for math, _ in found).count(r"\frac") == len(terms)


def test_a_picture_in_word_is_a_file_a_sheet_that_fits_its_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture that is taller than a page was cut at its end by LibreOffice."""
    monkeypatch.setattr("symbackprop.documents.painted.converted", lambda kind, picture: b"")
    drawn = Picture((Sheet(700.0, 1000.0, ()), Sheet(300.0, 200.0, ())), "t", "w")
    document = Document("t", (Figure(lambda page: drawn, told("said"), told("alt")),))
    for writer in (Word, Book, Slides):
        shown, files = office._with_pictures(document, writer.pages, writer.sized)
        assert list(files) == ["picture0.png", "picture1.png"]
        sizes = [float(inches) for inches in re.findall(r" width=([\d.]+)in\}", writer.write(shown))]
        assert len(sizes) == (2 if writer.sized else 0)
        for inches, sheet in zip(sizes, drawn.sheets[: len(sizes)], strict=True):
            assert 1 < inches <= 6
            assert inches * sheet.height <= 7.81 * sheet.width
        assert writer.write(shown).count("said") == 1


def test_a_picture_says_in_words_what_it_shows_on_each_sheet() -> None:
    figure = Figure(lambda page: page, told("said"), told('the "graph" of {}', "L"), source="picture0.png")  # type: ignore[arg-type]
    for writer in (Pandoc, Book, Word):
        assert writer.write(Document("t", (figure,))).count(r'](picture0.png){alt="the \"graph\" of L"}') == 1


def test_no_page_of_word_ends_within_a_formula_or_a_short_table() -> None:
    def rows(count: int, first: str) -> str:
        cells = [first, *[f"{unescape(INDENT)}x" if k % 3 == 1 else "x" for k in range(1, count)]]
        return "".join(f'<w:tr><w:p><w:pPr><w:pStyle w:val="Compact" /></w:pPr><w:t>{cell}</w:t></w:p></w:tr>' for cell in cells)

    short, long = (f"<w:tbl><w:tblLayout />{rows(n, f'w:name={FRAMED!r}')}</w:tbl>".replace("'", '"') for n in (4, 30))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("word/document.xml", f"<w:body>{short}{long}</w:body>")
        made.writestr("other.xml", "<w:tbl><w:tr></w:tr></w:tbl>")
    with zipfile.ZipFile(io.BytesIO(finished(file.getvalue()))) as read:
        page = read.read("word/document.xml").decode()
        assert read.read("other.xml") == b"<w:tbl><w:tr></w:tr></w:tbl>"
    kept = [["keepNext" in row for row in re.findall("<w:tr>.*?</w:tr>", one)] for one in re.findall("<w:tbl>.*?</w:tbl>", page)]
    assert kept[0] == [True, True, True, False]
    assert kept[1] == [k % 3 == 0 and k < 29 for k in range(30)]
    assert page.count("<w:tblBorders>") == 2
    assert re.sub("<w:keepNext />|<w:tblBorders>.*?</w:tblBorders>", "", page) == f"<w:body>{short}{long}</w:body>"


def test_a_book_breaks_formulas_for_narrow_pages() -> None:
    wide = FormulaRows((Formula(parse("L = " + " + ".join(f"x_{{{k}}} y" for k in range(40))), ("wide",)),))
    rows = {writer: writer.write(Document("t", (wide,))).count("$ |") for writer in (Word, Book)}
    assert rows[Book] > rows[Word] > 1


def _slides(text: str) -> list[list[Room]]:
    """The rooms of the formulas of each slide."""
    marks = ([read_mark(unescaped(line)) for line in slide.splitlines()] for slide in re.split(r"(?m)^# ", text))
    return [[room for room in found if room is not None] for found in marks]


def unescaped(text: str) -> str:
    return re.sub(r"\\([^A-Za-z0-9])", r"\1", text)


def test_slides_have_a_step_each_and_no_more_than_they_hold(report: Document) -> None:
    text = Slides.write(report)
    steps = [block for block in report.blocks if isinstance(block, StepBlock)]
    assert len(re.findall(r"(?m)^# \[\]\{#", text)) == len(steps)
    assert text.count("$$\n\n") + text.count("$$\n") // 2 >= len(steps)
    deep = FormulaRows(tuple(Formula(parse(rf"x_{{{k}}} = \frac{{1}}{{y}}"), ("note",)) for k in range(20)))
    text = Slides.write(Document("t", (Section(told("Deep")), deep)))
    assert text.count("# 1 Deep") == len(_slides(text)) - 1 == 4
    assert [room.says for slide in _slides(text) for room in slide] == [f"x{sub} = 1/y" for sub in _subscripts(20)]


def _subscripts(count: int) -> list[str]:
    return [plain(parse(f"x_{{{k}}}"))[1:] for k in range(count)]


@pytest.mark.slow
@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=6), st.sampled_from(["", r"n \times h"]))
def test_no_formula_of_a_slide_is_cut(terms: list[int], note: str) -> None:
    rows = tuple(Formula(parse("L = " + " + ".join([r"\frac{x}{y}"] * n)), (Math(parse(note)),) if note else "") for n in terms)
    step = StepBlock(told("t"), (Part(told("Product"), tuple(row.formula for row in rows)),), "", ("why " * 30,), "a")
    text = Slides.write(Document("t", (Section(told("s")), FormulaRows(rows), step)))
    shown = _slides(text)
    for slide in shown:
        assert sum(room.ends for room in slide) <= ROOM
        for before, room in zip([None, *slide], slide, strict=False):
            beside = before is not None and before.ends == 0
            assert room.left >= (before.left + before.wide if beside and before else 0)
            assert room.left + room.wide <= LABEL + FORMULA - (NOTE if room.note else 0)
    assert sum(room.says.count("x/y") for slide in shown for room in slide) == 2 * sum(terms)


def test_each_formula_of_a_slide_stands_in_a_box_of_its_own() -> None:
    rooms = (Room("a & b", "", 8.5, 3.0, 2.0, 2.0, 0.0, 'x "1" < 2'), Room("", "n", 14.0, 2.0, 1.0, 2.0, 2.5, "y"))
    m, p = (
        '<a14:m><m:oMathPara><m:oMathParaPr><m:jc m:val="center" /></m:oMathParaPr></m:oMathPara></a14:m>',
        "<a:p><a:r><a:rPr /><a:t>{}</a:t></a:r></a:p>",
    )
    said = [
        p.format("words"),
        *(x for room in rooms for x in (p.format(escape(room.mark(), quote=False)), f"<a:p>{m}</a:p>")),
        p.format("more"),
    ]
    body = f'<p:sp><p:ph idx="1" />{"".join(said)}</p:sp>'
    whole = f'<mc:AlternateContent xmlns:mc="m"><mc:Choice xmlns:a14="a">{body}</mc:Choice></mc:AlternateContent>'
    title = '<p:sp><p:ph type="title" /><a:rPr /></p:sp>'
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr(
            "ppt/slides/slide1.xml", f'<p:s xmlns:p="p" xmlns:a="a" xmlns:m="m" xmlns:a14="b">{title}{whole}{title}</p:s>'
        )
    with zipfile.ZipFile(io.BytesIO(placed(file.getvalue()))) as read:
        tree = ElementTree.fromstring(read.read("ppt/slides/slide1.xml"))
    names = [one.attrib["name"] for one in tree.iter("{p}cNvPr")]
    assert names == ["Words 1", "Label 2", "Formula 3", "Formula 4", "Note 5", "Words 6"]
    assert [one.attrib["descr"] for one in tree.iter("{p}cNvPr") if "descr" in one.attrib] == ['x "1" < 2', "y"]
    assert [one.text for one in tree.iter("{a}t")] == ["words", "a & b", "n", "more"]
    off = [(int(one.attrib["x"]), int(one.attrib["y"])) for one in tree.iter("{a}off")]
    assert off[0][1] < off[2][1] < off[3][1] < off[5][1]
    assert off[2][0] < off[3][0] < off[4][0]


def test_without_pandoc_it_is_refused_with_the_mend(report: Document, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(office, "pandoc", lambda: None)
    for name in ("report.docx", "report.epub", "report.pptx"):
        with pytest.raises(
            OfficeError, match=r'made by pandoc, which is not here: install it by pip install "symbackprop\[office\]"'
        ):
            sb.derive(TWO_LAYER).save(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_what_pandoc_says_is_told(report: Document, monkeypatch: pytest.MonkeyPatch) -> None:
    for program, why in (("false", "pandoc made no .docx: it said nothing"), ("no-such-program", "pandoc cannot be run")):
        monkeypatch.setattr(office, "pandoc", lambda program=program: program)
        with pytest.raises(OfficeError, match=why):
            write_office(".docx", Pandoc, Document("t", (Code("x"),)))
