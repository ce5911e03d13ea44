"""What the page says itself: each of its labels has a translation, and nothing is translated that it does not say."""

import re
from html.parser import HTMLParser
from importlib.resources import files

import pytest

from symbackprop.documents.languages import LANGUAGES
from symbackprop.server.labels import labels

STATIC = files("symbackprop.server").joinpath("static")
SAME = {"symbackprop", *(row.name for row in LANGUAGES.values()), "HTML", "PDF", "LaTeX", "Markdown", "JSON", "NumPy", "JAX", "C"}
ASKED = {"parameter", "data", "labels", "value"}  # kinds of tensors


class Texts(HTMLParser):
    """The texts of a page that a person reads or hears; code is none."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = tag
        self.found |= {said for name, said in attrs if name == "aria-label" and said}

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside not in ("title", "code") and data.strip():
            self.found.add(data.strip())


def said() -> set[str]:
    texts = Texts()
    texts.feed(STATIC.joinpath("page.html").read_text(encoding="utf-8"))
    scripts = [path.read_text(encoding="utf-8") for path in STATIC.iterdir() if path.name.endswith(".js")]
    of_scripts = {found for script in scripts for found in re.findall(r'(?:\blabel\(|notice\.textContent = )"([^"]+)"', script)}
    return (texts.found - SAME) | of_scripts | ASKED


@pytest.mark.parametrize("code", [row for row in LANGUAGES if row != "en"])
def test_each_label_of_the_page_is_translated_and_nothing_else(code: str) -> None:
    found = labels()[code]
    assert found.keys() == said()
    assert all(text.count("{}") == english.count("{}") for english, text in found.items())
