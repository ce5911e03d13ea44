"""Pictures as files: their formats, by whichever program is there, and beside a report in Markdown."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

import symbackprop as sb
from symbackprop.core.choices import DRAWN
from symbackprop.core.machine.files import FileError, write_together
from symbackprop.documents import painted
from symbackprop.documents.formats import FormatError
from symbackprop.documents.formats.pdf import PdfError
from symbackprop.documents.painted import ENGINES, converted
from symbackprop.documents.pictures import PICTURES, picture_format_of, picture_named
from symbackprop.pictures.canvas import svgs
from symbackprop.pictures.picture import PAPER
from tests.documents.sample import picture

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
BEGINS = {"png": b"\x89PNG", "pdf": b"%PDF-"}


@pytest.mark.slow
@pytest.mark.parametrize("kind", BEGINS)
@pytest.mark.parametrize("row", [row for row in ENGINES if row.found()], ids=lambda row: row.name)
def test_each_program_that_is_here_makes_a_picture(row, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(painted, "ENGINES", (row,))
    made = converted(kind, picture(PAPER))
    assert made.startswith(BEGINS[kind])
    assert len(made) > 2000


def test_the_formats_are_those_that_the_shell_names() -> None:
    assert {row.name: row.suffix for row in PICTURES} == DRAWN
    assert [picture_format_of(f"a{row.suffix.upper()}") for row in PICTURES] == list(PICTURES)
    with pytest.raises(FormatError, match='there is no format "jpg" of pictures: '):
        picture_named("jpg")
    with pytest.raises(FormatError, match=r"a\.jpg: end the name by \.svg or \.png or \.pdf or \.tex"):
        picture_format_of("a.jpg")


def test_where_no_program_is_that_is_said_with_the_mend(monkeypatch: pytest.MonkeyPatch, run) -> None:
    monkeypatch.setattr(painted, "ENGINES", tuple(row._replace(found=lambda: None) for row in ENGINES))
    with pytest.raises(PdfError, match="a picture as PNG is made by typst or Chromium, and none of them is here: install one"):
        sb.draw(EXAMPLES / "gates.net", format="png")
    told = run("draw", EXAMPLES / "gates.net", "-o", "a.pdf")
    assert (told.code, told.out) == (2, "")
    assert "as .tex, which LaTeX takes in" in told.err
    assert not Path("a.pdf").exists()


def test_one_that_fails_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = [row._replace(found=lambda: "false", command=lambda *_: ["false"]) for row in ENGINES]
    monkeypatch.setattr(painted, "ENGINES", tuple(broken))
    with pytest.raises(PdfError, match="no PNG was made: typst failed: it said nothing; Chromium failed"):
        converted("png", picture(PAPER))


def test_the_shell_draws_by_suffix_and_by_format(run) -> None:
    assert run("draw", EXAMPLES / "gates.net", "-o", "a.tex").out == "a.tex: drawn\n"
    assert r"\begin{tikzpicture}" in Path("a.tex").read_text(encoding="ascii")
    assert run("draw", EXAMPLES / "gates.net", "--format", "tikz").out.strip() == Path("a.tex").read_text().strip()
    assert run("draw", EXAMPLES / "gates.net", "--width", "390", "-o", "b.svg").code == 0
    assert float(re.findall(r'width="([\d.]+)', Path("b.svg").read_text())[0]) <= 390
    told = run("draw", EXAMPLES / "gates.net", "--format", "png")
    assert (told.code, "name its file by -o picture.png" in told.err) == (2, True)


def test_a_report_in_markdown_has_its_picture_beside_it(run) -> None:
    told = run("derive", EXAMPLES / "gates.net", "-o", "report.md")
    assert told.out.splitlines() == ["report-graph.svg: the picture", "report.md: 3 gradients, derived and checked"]
    assert "](report-graph.svg)" in Path("report.md").read_text(encoding="utf-8")
    assert Path("report-graph.svg").read_text(encoding="utf-8").startswith("<svg")
    assert "](" not in run("derive", EXAMPLES / "gates.net", "--format", "markdown").out
    assert sb.derive(EXAMPLES / "gates.net").save("other.md") == ("other.md", "other-graph.svg")


def test_both_files_are_written_or_none(tmp_path: Path) -> None:
    (tmp_path / "report-graph.svg").mkdir()
    with pytest.raises(FileError, match=r"report-graph\.svg is a folder"):
        sb.derive(EXAMPLES / "gates.net").save(tmp_path / "report.md")
    assert [path.name for path in tmp_path.iterdir()] == ["report-graph.svg"]


def test_files_that_belong_together_are_written_when_all_are_complete(tmp_path: Path) -> None:
    write_together({tmp_path / "a": "one", tmp_path / "b": b"two"})
    assert [(tmp_path / name).read_text() for name in "ab"] == ["one", "two"]
    with pytest.raises(FileError, match="there is no folder"):
        write_together({tmp_path / "a": "new", tmp_path / "none" / "b": "new"})
    assert (tmp_path / "a").read_text() == "one"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_latex_holds_the_picture_and_a_paper_without_tikz_leaves_it_out() -> None:
    tex = sb.derive(EXAMPLES / "gates.net").report("latex")
    begin = tex.index("\\ifdefined\\tikzpicture\n")
    shown = tex[begin : tex.index("\n\\fi", begin)]
    assert shown.count(r"\begin{tikzpicture}") == 1
    assert "usepackage{tikz}" in sb.derive(EXAMPLES / "gates.net").report("fragment").splitlines()[2]


@pytest.mark.slow
def test_a_page_has_a_picture_for_the_screen_and_one_for_a_telephone_where_they_differ() -> None:
    small = sb.derive(EXAMPLES / "gates.net").html()
    assert small.count("<svg ") == 1 or small.count('class="picture narrow"') == 1
    page = sb.derive(EXAMPLES / "mlp_3_4_4_1.net").html()
    widths = {
        kind: float(re.findall(rf'class="picture {kind}".*?width="([\d.]+)', page)[0])
        for kind in re.findall(r"picture (\w+)\"", page)
    }
    assert all(width <= {"wide": 940, "narrow": 480}[kind] for kind, width in widths.items())


def test_a_picture_of_a_page_stands_in_pieces_that_paper_holds_and_that_share_their_outlines() -> None:
    """A browser cuts no SVG where the page is printed; each outline is written once and named wherever it is drawn."""
    sheet = picture(PAPER).sheets[0]
    drawn = replace(picture(PAPER), sheets=(sheet, replace(sheet, width=sheet.width - 40.0), sheet))
    page = svgs(drawn, "p-")
    assert page.count("<svg") == len(drawn.sheets) == len(drawn.pieces())
    assert len(set(re.findall(r'<svg [^>]*?(?<!-)width="([\d.]+)"', page))) == 1  # so that all are shown at one size
    assert '<rect x="0.5" y="0.5"' not in page  # the page draws the frame around them
    ids = re.findall(r'id="([^"]*)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]*)"', page)) == set(ids)
