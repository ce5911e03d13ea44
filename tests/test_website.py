"""The pages of the documentation site, without Sphinx: each formula can be read, each page can be reached, the gallery shows its box."""

import inspect
import re
from pathlib import Path

import website

import symbackprop as sb
from symbackprop.formulas.read_latex import parse
from symbackprop.server.gallery import gallery

DOCS = Path(website.__file__).parent


def test_each_formula_of_the_documents_is_one_that_we_can_set() -> None:
    count = 0
    for path in [*DOCS.glob("*.md"), DOCS.parent / "CHANGELOG.md"]:
        prose = re.sub(r"(?ms)^```.*?^```|`[^`\n]*`", "", path.read_text(encoding="utf-8"))
        opened = [match.start() for match in re.finditer(r"\$\$", prose)][::2]
        assert all(prose[at - 1] == "\n" for at in opened), f"{path.name}: a displayed formula begins a line"
        for formula in re.findall(r"(?s)\$\$(.+?)\$\$|\$(.+?)\$", prose):
            parse("".join(formula).strip())
            count += 1
    assert count > 150


def test_each_page_stands_in_a_table_of_contents() -> None:
    text = website.indexed((DOCS / "index.md").read_text(encoding="utf-8"))
    named = set(re.findall(r"(?m)^([\w/]+)$", text))
    assert {path.stem for path in DOCS.glob("*.md")} - {"index"} <= named
    assert {one.name for one in gallery()} <= set(website.overview().splitlines())


def test_links_to_examples_lead_to_the_gallery() -> None:
    assert website.linked("[a](../examples/layers/gru.net)") == "[a](gallery/layers/gru.md)"
    assert website.linked("[a](../examples/grading)") == "[a](gallery/index.md)"
    assert website.linked("[a](language.md)") == "[a](language.md)"


def test_an_example_is_shown_with_its_box_and_its_picture() -> None:
    (one,) = (one for one in gallery() if one.name == "two_layer")
    *pictures, (name, page) = website.shown(one)
    assert [path for path, _ in pictures] == ["gallery/two_layer.svg", "gallery/two_layer-narrow.svg"]
    assert name == "gallery/two_layer.md"
    wide, narrow = (float(re.search(r'width="([\d.]+)', svg)[1]) for _, svg in pictures)
    assert narrow < wide
    assert page.count("<math") == len(sb.derive(sb.read(one.text)).box().lines)
    assert "(two_layer.svg)" in page
    assert "(two_layer-narrow.svg)" in page
    assert "## The network" not in page  # its author names every value


def test_the_reference_names_everything_public() -> None:
    page = website.reference()
    assert all(f"### sb.{name}\n" in page for name in sb.PUBLIC)
    for name in website.RESULTS:
        assert f"### {name}\n" in page
    assert "#### Derivation.save" in page


def test_a_text_stays_what_it_is_in_markdown() -> None:
    assert website.plain("a*b of `x_y`, <T> & [q]") == r"a\*b of `x_y`, \<T\> & \[q\]"
    assert website.plain("x `_y") == r"x `\_y"


def test_a_docstring_loses_no_word_on_its_page() -> None:
    """What it lists in columns is a list: names, what is said of them, in their order; nothing is left over as it was typed."""
    for name in sb.PUBLIC:
        rest = inspect.cleandoc(getattr(sb, name).__doc__ or "").partition("\n")[2]
        shown = "\n".join(website.explained(rest))
        assert re.sub(r"\W", "", shown.replace("```text", "")) == re.sub(r"\W", "", rest), name
    assert website.columns(["a, b  one", "      goes on", "long name", "Returns c."])[0] == [("a, b", "one goes on")]
