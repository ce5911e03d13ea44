"""Word, EPUB and PowerPoint as pandoc writes them: formulas are formulas there."""

import io
import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest

import symbackprop as sb
from symbackprop.documents.formats.office import write_epub, write_office, write_pptx
from symbackprop.documents.formats.pandoc import Word

TWO_LAYER = Path(__file__).parents[2] / "examples" / "two_layer.net"


@pytest.mark.slow
def test_word_has_formulas_of_its_own() -> None:
    report = sb.derive(TWO_LAYER).document()
    page = zipfile.ZipFile(io.BytesIO(write_office(".docx", Word, report))).read("word/document.xml").decode()
    assert page.count("<m:oMath>") > 30
    assert "$" not in page
    slides = zipfile.ZipFile(io.BytesIO(write_pptx(report)))
    shown = [slides.read(name).decode() for name in slides.namelist() if name.startswith("ppt/slides/slide")]
    assert len(shown) >= 6
    assert sum(page.count('name="Formula ') for page in shown) > 12
    for page in shown:
        assert len(re.findall("<m:oMathPara[ >]", page)) == page.count('name="Formula ')
        assert "\ue000" not in page
        own = re.findall(r'cNvPr id="(1\d\d)"', page)
        assert len(set(own)) == len(own)
        ElementTree.fromstring(page)
    book = zipfile.ZipFile(io.BytesIO(write_epub(report)))
    assert book.testzip() is None
    pages = "".join(book.read(name).decode() for name in book.namelist() if name.endswith(".xhtml"))
    assert pages.count("<math") > 30
    assert pages.count("<style>") >= 5  # the table of the check fits a narrow page
    assert 'class="math' not in pages  # TeX, where a formula was not turned


def test_formulas_side_by_side_are_formulas_each_by_itself() -> None:
    """Word's kin lose the room within a formula: it stands between formulas, in words."""
    written = Word.write(sb.derive(TWO_LAYER).document())
    assert ",&emsp;$" in written
    assert "quad" not in written
