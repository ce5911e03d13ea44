"""Slides of LaTeX, and Word, EPUB and PowerPoint by pandoc: what is written holds every formula and every step."""

import re
from pathlib import Path

import pytest

import symbackprop as sb
from symbackprop.documents import office
from symbackprop.documents.beamer import Beamer
from symbackprop.documents.document import Code, Document, StepBlock
from symbackprop.documents.office import OfficeError, Pandoc, Slides, write_office
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
    assert text.count("# ") >= 5
    steps = sum(isinstance(block, StepBlock) for block in report.blocks)
    assert Slides.write(report).count("\n## **") + Slides.write(report).count("\n## []") == steps


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
