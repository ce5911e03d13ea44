"""The result is seen first, in a frame; on paper a picture floats, so that it leaves no page half empty."""

import io
from dataclasses import replace
from zipfile import ZipFile

from symbackprop.documents.document import Bullets, Document, Figure, Formula, FormulaRows, Paragraph, Section, StepBlock, Table
from symbackprop.documents.formats.beamer import Beamer
from symbackprop.documents.formats.docx import finished
from symbackprop.documents.formats.html import CONTENTS_FROM, Html
from symbackprop.documents.formats.latex import Latex, LatexFragment
from symbackprop.documents.formats.markdown import Markdown
from symbackprop.documents.formats.pandoc import FRAMED, Pandoc, Word
from symbackprop.documents.formats.typst import Typst
from symbackprop.documents.languages import ENGLISH
from symbackprop.formulas.read_latex import parse
from symbackprop.pictures.picture import Picture, Sheet


def test_the_result_is_framed_in_every_format_that_has_frames() -> None:
    document = Document("t", (Section("One"), FormulaRows((Formula(parse("y = 1")),), framed=True), Paragraph("Words.")))
    bare = replace(document, blocks=(document.blocks[0], replace(document.blocks[1], framed=False), document.blocks[2]))
    for write, frame in (
        (Html.write, '<div class="framed">'),
        (Typst.write, "#result[$"),
        (Latex.write, r"\ifdefined\framed\FrameSep5pt\begin{framed}"),
        (LatexFragment.write, r"\ifdefined\framed\end{framed}"),
        (Beamer.write, r"\fbox{\begin{minipage}"),
        (Markdown.write, r"\boxed{\begin{aligned}"),
        (Pandoc.write, '::: {style="border'),
        (Word.write, "[]{#result}"),
    ):
        assert write(document).count(frame) == 1
        assert frame not in write(bare)


def test_on_a_page_the_result_stands_before_the_table_of_contents() -> None:
    sections = tuple(Section(f"Part {k}") for k in range(CONTENTS_FROM))
    framed = FormulaRows((Formula(parse("y = 1")),), framed=True)
    page = Html.write(Document("t", (sections[0], framed, *sections[1:])))
    assert page.index('<div class="framed">') < page.index("<nav") < page.index("Part 1</h2>")
    assert Html.write(Document("t", sections)).index("<nav") < page.index("<h2")
    assert "<!--" not in page


def test_on_paper_a_section_that_is_a_picture_floats_and_its_heading_begins_the_caption() -> None:
    figure = Figure(lambda page: Picture((Sheet(70.0, 100.0, ()),), "t", "w"), "Values.", "alt")
    document = Document("t", (Section("One"), Section("The graph"), figure, Section("Two"), Paragraph("More.")))
    for written, floats in (
        (Typst.write(document), "#whole[#picture("),
        (Latex.write(document), r"\begin{figure}[!hbp]"),
    ):
        assert written.count(floats) == written.count("The graph") == 1
        assert written.count("heading(level: 1)") + written.count(r"\section{") == 2
        assert written.index("Values.") < written.index("Two")
    steps = replace(document, blocks=(*document.blocks[:4], StepBlock("From L back to x"), StepBlock("to y"), Section("The check")))
    for written in (Typst.write(steps), Latex.write(steps)):  # never within or between steps
        assert written.index("to y") < written.index("The graph") < written.index("The check")
    beside = replace(document, blocks=(*document.blocks[:3], Paragraph("It shows."), *document.blocks[3:]))
    assert len(Latex(ENGLISH).arranged(beside).blocks) == len(beside.blocks)


def test_a_picture_with_a_page_of_its_own_stands_at_its_top() -> None:
    tall, short = (Figure(lambda page, h=h: Picture((Sheet(70.0, h, ()),), "t", "w"), "Values.", "alt") for h in (900.0, 100.0))
    assert "#place(top, float: true)[#picture(" in Typst.write(Document("t", (tall,)))
    assert "#whole[#picture(" in Typst.write(Document("t", (short,)))  # where it leaves no gap, with what follows below it
    assert r"\setlength{\@fptop}{0pt}" in Latex.write(Document("t", (tall,)))


def test_on_paper_no_picture_stands_above_the_title_and_what_is_said_of_a_table_stays_with_it() -> None:
    figure = Figure(lambda page: Picture((Sheet(70.0, 100.0, ()),), "t", "w"), "Values.", "alt")
    written = Latex.write(Document("t", (figure, Table(("a",), (("1",),), "l", "Said of it."))))
    assert written.index("LARGE t") < written.index(r"\suppressfloats[t]") < written.index(r"\begin{figure}")
    table = written.partition(r"\begin{center}\small")[2].partition(r"\end{center}")[0]
    assert r"\nopagebreak" in table.partition("tabular}}")[2].partition("Said of it.")[0]


def test_what_many_readers_pass_over_is_one_paragraph_on_paper() -> None:
    document = Document("t", (Bullets(("One.", "Two."), "How to read it"),))
    assert '#runin[#"How to read it";][#"One."; #"Two.";]' in Typst.write(document)
    assert "\\textbf{How to read it.} One. Two." in Latex.write(document)
    assert Beamer.write(document).count("\\item") == Html.write(document).count("<li>") == 2


def test_the_table_of_word_that_is_marked_has_borders_and_no_other() -> None:
    table = '<w:tbl><w:tblPr><w:tblLayout w:type="fixed" /></w:tblPr>{}</w:tbl>'
    text = table.format("first") + table.format(f'<w:bookmarkStart w:name="{FRAMED}" />') + table.format("last")
    file = io.BytesIO()
    with ZipFile(file, "w") as new:
        new.writestr("word/document.xml", text)
        new.writestr("other.xml", text)
    with ZipFile(io.BytesIO(finished(file.getvalue()))) as made:
        assert made.read("other.xml").decode() == text
        before, borders, after = made.read("word/document.xml").decode().partition("<w:tblBorders>")
    assert borders
    assert before.count("<w:tbl>") == 2
    assert after.partition("</w:tblBorders>")[2] == text[len(before) :]
    assert after.partition("</w:tblBorders>")[0].count('w:val="single"') == 4
