"""Every block in every format: complete, escaped, numbered alike."""

import re
import shutil
import subprocess
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from symbackprop.documents.conventions import conventions
from symbackprop.documents.document import (
    Block,
    Bullets,
    Code,
    Document,
    Figure,
    Formula,
    FormulaRows,
    Link,
    Math,
    Note,
    Paragraph,
    Part,
    Section,
    Span,
    StepBlock,
    Table,
)
from symbackprop.documents.formats import FORMATS, latex, markdown
from symbackprop.documents.formats.html import CARDS, Fragment, Html
from symbackprop.documents.formats.text import columns, in_terminal
from symbackprop.documents.writer import Writer, numbers, printable
from symbackprop.formulas import build as f
from symbackprop.formulas.plain import plain
from symbackprop.formulas.read_latex import parse
from symbackprop.formulas.told import told
from symbackprop.formulas.tree import Fence
from tests.documents.sample import FORMULAS, SAMPLE, WHITELIST, picture

fragment = Fragment.write
WRITE = {row.name: row.write for row in FORMATS if not row.binary}
write_text, write_markdown, write_latex, write_html = (WRITE[name] for name in ("text", "markdown", "latex", "html"))
WRITERS = (*WRITE.values(), fragment)
VOID = {"meta", "br", "img", "link", "hr"}
NASTY = "<script>alert(1)</script> & a_b 100% #1 $x$ `c` \\input{x} ^~ [l](u) *s* | \" ' -- \x1b[31m \u202e"


class Page(HTMLParser):
    """The elements and texts of a page; every element must be closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()
        assert not self.open, f"not closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)


def document(*blocks: Block) -> Document:
    return Document("Title", blocks)


@pytest.mark.parametrize("write", WRITERS)
def test_the_sample_holds_every_block_and_is_written_the_same_each_time(write) -> None:
    kinds = {type(block) for block in SAMPLE.blocks}
    assert kinds == set(Block.__args__)
    assert write(SAMPLE) == write(SAMPLE)


@pytest.mark.parametrize("write", WRITERS)
def test_every_format_says_every_sentence(write) -> None:
    said = write(SAMPLE)
    for words in (
        "Forward pass",
        "At one point",
        "Values are green",
        "Chain rule",
        "Local derivative",
        "(h, d)",
        "Upstream gradient",
        "Product",
        "Multiplication swaps",
        "every sample adds",
        "The slope of relu",
        "agrees",
        "sigmoid",
        "is nonlinear",
        "in the middle",
    ):
        assert words in re.sub(r"\\(?=[^A-Za-z])", "", said), words


def test_a_page_is_well_formed_and_asks_for_nothing() -> None:
    page = Page(write_html(SAMPLE))
    tags = Counter(tag for tag, _ in page.elements)
    assert not {"script", "link", "img", "iframe", "object"} & tags.keys()
    for tag, traits in page.elements:
        assert not [name for name in traits if name.startswith("on")]
        assert (traits.get("href") or "#").startswith("#")
        assert tag != "math" or traits.get("alttext")
        assert tag != "th" or traits.get("scope") == "col"
    ids = [traits["id"] for _, traits in page.elements if "id" in traits]
    assert len(ids) == len(set(ids))
    links = {traits["href"][1:] for tag, traits in page.elements if tag == "a" and traits.get("href")}
    assert links <= set(ids)
    assert dict(page.elements)["html"]["lang"] == "en"
    assert tags["h1"] == 1


def test_headings_leave_out_no_level() -> None:
    levels = [int(tag[1]) for tag, _ in Page(write_html(SAMPLE)).elements if re.fullmatch(r"h\d", tag)]
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_a_page_is_small_and_loads_no_address() -> None:
    page = write_html(SAMPLE)
    assert len(page) < 120_000
    assert set(re.findall(r"https?://[^\s\"')]+", page)) <= set()
    assert re.findall(r"url\((?!#)([^)]{0,21})", page) == ["data:font/woff;base64"]


def test_a_fragment_brings_no_font_and_no_page() -> None:
    part = fragment(SAMPLE)
    assert "@font-face" not in part
    assert "<html" not in part
    Page(part)


def test_mathml_is_well_formed() -> None:
    for found in re.findall(r"<math.*?</math>", write_html(SAMPLE), re.DOTALL):
        ElementTree.fromstring(found)


X = parse("x")
HOSTILE = Document(
    NASTY,
    (
        Section(NASTY, anchor=NASTY),
        Paragraph((NASTY, Span(NASTY, "bad", "code"), Link(NASTY, NASTY))),
        Bullets((NASTY,)),
        Formula(X, NASTY, NASTY),
        StepBlock(NASTY, (Part(NASTY, (X,)),), NASTY, (NASTY, NASTY), NASTY, "bad"),
        Table((NASTY,), ((NASTY,),), caption=NASTY),
        Figure(picture, NASTY, NASTY, NASTY),
        Code(NASTY, NASTY),
        Note(NASTY, label=NASTY),
        Paragraph("grün ß łódź naïve Ångström 中文 ‘a’ “b” – — … • ≤ ∂ σ ² 🙂 \u0301 -- ---  ?` !` ,, << >>"),
        Formula(parse(r"\mathrm{größe}_中 + \text{łódź} = α \cdot σ"), "größe"),
    ),
)


@pytest.mark.parametrize("write", WRITERS)
def test_nasty_text_stays_text_in_every_place(write) -> None:
    said = write(HOSTILE)
    assert "\x1b" not in said
    assert "\u202e" not in said
    if write in (write_html, fragment):
        assert "script" not in {tag for tag, _ in Page(said).elements}
    if write is write_latex:
        assert "\\input" not in said
        assert said.isascii()
        assert balanced(said)


EVERY_MACRO = document(*(Formula(parse(text)) for text in WHITELIST))


@pytest.mark.slow
@pytest.mark.parametrize("written", [SAMPLE, HOSTILE, document(), EVERY_MACRO])
def test_tex_compiles_the_file_where_there_is_tex(written: Document, tmp_path: Path) -> None:
    tex = write_latex(written)
    assert balanced(tex)
    (tmp_path / "report.tex").write_text(tex, encoding="ascii")
    if program := shutil.which("pdflatex"):
        ran = subprocess.run(
            [program, "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "report.tex"],
            cwd=tmp_path,
            capture_output=True,
            timeout=120,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout[-2000:]
        assert b"Overfull" not in ran.stdout or written is HOSTILE


words = st.text(st.characters(codec="utf-8") | st.sampled_from("#-+=*_`~|<>[]()$&!.1 \\\n"), max_size=30)


@given(words)
def test_html_shows_the_text_as_it_is(text: str) -> None:
    page = Page(fragment(document(Code("|" + text + "|"))))
    assert "".join(page.words).split("|", 1)[1].rpartition("|")[0] == printable(text)


@given(words)
def test_markdown_shows_the_text_as_it_is(text: str) -> None:
    for before in ("a", ""):
        blocks = MarkdownIt("commonmark").enable("table").parse(f"{before}{markdown.escape(printable(text))}b")
        assert [block.type for block in blocks] == ["paragraph_open", "inline", "paragraph_close"]
        shown = blocks[1].children or []
        assert {token.type for token in shown} <= {"text", "text_special"}
        assert "".join(token.content for token in shown) == f"{before}{' '.join(printable(text).split())}b"


@given(words)
def test_markdown_code_shows_the_text_as_it_is(text: str) -> None:
    shown = MarkdownIt("commonmark").parse(write_markdown(document(Code(text))))
    [block] = [token for token in shown if token.type == "fence"]
    assert block.content.rstrip("\n") == printable(text).rstrip("\n")


@given(words)
def test_latex_text_is_ascii_balanced_and_free_of_live_characters(text: str) -> None:
    escaped = latex.escape(text)
    assert escaped.isascii()
    bare = re.sub(r"\\char`\\\"|\\[^A-Za-z]", "", escaped)
    assert not set(bare) & set("%#$&_")
    assert balanced(escaped)


def balanced(tex: str) -> bool:
    depth = 0
    for token in re.findall(r"\\.|[{}]", tex, re.DOTALL):
        depth += {"{": 1, "}": -1}.get(token, 0)
        if depth < 0:
            return False
    return depth == 0


def test_the_tex_file_is_balanced_and_uses_basic_packages_only() -> None:
    tex = write_latex(SAMPLE)
    assert balanced(tex)
    environments: list[str] = []
    for kind, name in re.findall(r"\\(begin|end)\{(\w+)\}", tex):
        if kind == "begin":
            environments.append(name)
        else:
            assert environments.pop() == name
    assert not environments
    packages = {name for found in re.findall(r"\\usepackage(?:\[.*?\])?\{(.*?)\}", tex) for name in found.split(",")}
    assert packages == {"amsmath", "amssymb", "booktabs", "framed", "graphicx", "hyperref", "tikz"}
    assert r"\IfFileExists{tikz.sty}{\usepackage{tikz}}{}" in tex  # without it there are no pictures


def test_markdown_leaves_no_formula_that_markdown_would_change() -> None:
    said = write_markdown(document(*(Formula(parse(text)) for text in FORMULAS)))
    inside = "".join(re.findall(r"\$\$\n(.*?)\n\$\$", said, re.DOTALL))
    assert not re.search(r"\\[,;:!{}|\\ ]|[<>|*]|operatorname", inside.replace(r"\_", ""))
    assert inside.count("{") == inside.count("}")


def test_markdown_tables_have_as_many_cells_as_the_header() -> None:
    said = write_markdown(document(Table(("a|b", "c"), ((Span("x|y", style="code"), "|"),))))
    rows = [row for row in said.split("\n") if row.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {3}


def test_sections_are_numbered_alike() -> None:
    several = document(Section("a"), Section("b", 2), Section("c", 3), Section("d", 2), Paragraph("p"), Section("e"))
    assert numbers(several) == ("1", "1.1", "1.1.1", "1.2", "1.2", "2")
    for write in (write_html, write_markdown, write_text):
        assert re.search(r"1\.2.*d", re.sub(r"<[^>]*>", " ", write(several)))


def test_text_aligns_relations_notes_and_columns() -> None:
    lines = [line for line in write_text(SAMPLE).split("\n") if "(h,)" in line or "scalar" in line][:3]
    assert len({line.index("=") for line in lines}) == 1
    assert len({columns(line[: line.rindex("  ")]) for line in lines}) == 1
    assert columns("ŷ中e\u0301") == 4


def test_a_table_whose_rows_do_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="row 2 has 1 cells, the header has 2"):
        Table(("a", "b"), (("1", "2"), ("1",)))
    with pytest.raises(ValueError, match="align 'lx' needs one of l, c, r for each of the 2 columns"):
        Table(("a", "b"), (), "lx")


@pytest.mark.parametrize("write", WRITERS)
def test_an_empty_document_is_a_title(write) -> None:
    assert "Title" in write(document())
    assert write(document(Bullets(()), Table(("a",), ()), StepBlock("s"), Paragraph("")))


def test_what_is_right_and_wrong_is_seen_in_every_format_with_colours_and_without() -> None:
    shown = {name: write(SAMPLE) for name, write in WRITE.items()}
    assert "✗ A claim about W₁" in shown["text"]
    assert "Claimed           δ ⟦2 x⟧" in shown["text"]
    assert "First wrong step: The step is wrong." in shown["text"]
    assert r"{\delta} \boxed{2 x}" in shown["markdown"]
    assert r"{\delta} \boxed{x^{\top}}" in shown["latex"]
    assert r"\textbf{\ensuremath{\times} A claim about $W_{1}$}" in shown["latex"]
    assert '<section class="step bad" id="claim-W_1">' in shown["html"].replace("_5f_", "_")
    assert '<mrow class="bad">' in shown["html"]
    assert '<aside class="good" role="note"><b>Right.</b> No claim is wrong but one.</aside>' in shown["html"]


def test_words_that_are_bad_and_strong_stand_out_once() -> None:
    words = document(Paragraph((Span("no", "bad", "strong"), " and ", Span("never", "bad"))))
    assert "**no** and **never**" in write_markdown(words)
    assert r"\textbf{no} and \textbf{never}" in write_latex(words)
    assert '<span class="bad"><strong>no</strong></span> and <span class="bad">never</span>' in write_html(words)


def test_a_format_without_a_leaf_is_none() -> None:
    with pytest.raises(TypeError, match="abstract"):
        type("Half", (Writer,), {"text": str})()


def test_a_wide_formula_is_broken_on_a_page_and_what_goes_on_begins_with_its_operator_between_two_operands() -> None:
    wide = parse("y = " + " + ".join(f"x_{{{k}}}" for k in range(40)))
    page = Html.write(Document("", (FormulaRows((Formula(wide),)), StepBlock("One", (Part("Product", (wide,)),)))))
    for formula in re.findall("<math.*?</math>", page):
        assert formula.count("<mi>x</mi>") < 20
    more = re.findall(r'class="(?:right more wide|more wide)"><math[^>]*>(?:<mrow>)?<mo([^>]*)>\+', page)
    assert len(more) >= 4
    assert all('form="infix"' in mark for mark in more)


def test_what_is_too_wide_for_a_telephone_stands_there_in_more_lines_with_its_note_once() -> None:
    wide = parse("y = " + " + ".join(f"x_{{{k}}}" for k in range(20)))
    rows = FormulaRows((Formula(wide, "h"), Formula(parse("z = 1"), "c")))
    page = Html.write(Document("", (rows, StepBlock("One", (Part("Product", (wide,)),)))))
    assert page.count('class="rows tight"') == 1
    for kind, least in (("right(?: more)?", 3), ("(?:more )?", 3)):
        narrow = re.findall(rf'class="{kind}\s?narrow"><math', page)
        assert len(narrow) >= least
        assert len(re.findall(rf'class="{kind}\s?wide"><math', page)) < len(narrow)
    for where in ("wide", "narrow"):  # on either page each note stands once
        assert re.findall(rf'class="note {where}">(.*?)</span>', page) == ["h", "c"]
    short = Html.write(Document("", (FormulaRows((Formula(parse("z = 1"), "c"),)), StepBlock("One", (Part("Product", (wide,)),)))))
    assert 'class="rows"' in short
    assert re.findall(r'class="note[^"]*">(.*?)</span>', short) == ["c"]


@pytest.mark.parametrize("rows", [7, 8, 12, 13])
@pytest.mark.parametrize("terms", [3, 30])
def test_many_short_equations_stand_in_two_columns_and_none_is_lost(rows: int, terms: int) -> None:
    last = parse("w = " + " + ".join(f"x_{{{k}}}" for k in range(terms)))
    shown = [
        *(Formula(parse(f"y_{{{k}}} = {'a + b + c' if k % 3 == 0 else 'a'}"), "h") for k in range(rows - 1)),
        Formula(last, "h"),
    ]
    page = Html.write(Document("", (FormulaRows(tuple(shown), framed=True),)))
    columns = [column.count('class="left"') for column in page.split('<div class="rows')[1:]]
    assert sum(columns) == rows
    assert len(columns) == (2 if rows >= 8 and terms == 3 else 1)
    if len(columns) == 2:
        assert max(columns) - min(columns) <= 4
        assert columns[0] % 3 == 0  # the second begins with the longest line near the middle


@pytest.mark.parametrize("columns", range(1, 10))
def test_each_cell_of_a_table_of_many_columns_knows_its_heading(columns: int) -> None:
    """A telephone shows the rows of such a table one below the other."""
    heads = tuple(f"{n} & more" for n in range(columns))
    written = Html.write(Document("", (Table(heads, (("<", *"x" * (columns - 1)),)),)))
    known = re.findall(r'data-head="(.*?)"', written)
    assert known == ([f"{n} &amp; more" for n in range(columns)] if columns >= CARDS else [])
    assert ('class="table cards"' in written) == (columns >= CARDS)


def test_a_line_may_end_before_relations_and_signs_of_a_long_formula_in_a_sentence_but_not_behind_its_name() -> None:
    terms, few = (f.add([f.letter(c) for c in text]) for text in ("abcdefghijklm", "ab"))
    of_terms = f.juxtapose([f.letter("k"), f.bracket(terms)])
    for formula, parts in (
        (f.equation(terms, f.letter("x")), ["a", *(f"+{c}" for c in "bcdefghijklm"), "= x"]),
        (f.equation(f.letter("x"), terms), ["x = a", *(f"+{c}" for c in "bcdefghijklm")]),
        (f.joined(f.EQUALS, [f.letter("x"), of_terms, f.ZERO]), [f"x = k({plain(terms)})", "= 0"]),
        (f.equation(f.letter("x"), few), []),
    ):
        written = Html.write(Document("", (Paragraph(told("{}", formula)),)))
        assert re.findall(r'<span class="long"><math alttext="([^"]*)"', written) == parts
    ended = Html.write(Document("", (Paragraph(told("{}: {}.", f.equation(terms, f.letter("x")), f.letter("y"))),)))
    assert re.search(r'<span class="kept"><span class="long"><math alttext="= x">(?:(?!</span>).)*</span>:</span>', ended)


@pytest.mark.parametrize("width", [40, 60, 88, 200])
def test_a_terminal_has_the_words_and_the_formulas_of_steps_in_its_columns(width: int) -> None:
    whole, fitted = write_text(SAMPLE), in_terminal(SAMPLE, width)
    assert re.sub(r"\s+", "", fitted) == re.sub(r"\s+", "", whole)
    for block in SAMPLE.blocks:
        if isinstance(block, Paragraph | Note | Bullets):
            lines = in_terminal(replace(SAMPLE, blocks=(block,)), width).splitlines()[3:]
            assert all(columns(line) <= width or " " not in line.strip() for line in lines)
    step = StepBlock("a step", (Part("formulas", (parse(r"a = b,\quad c = d,\quad e = f + g"),)),))
    lines = in_terminal(replace(SAMPLE, blocks=(step,)), width).splitlines()
    assert max(map(columns, lines[3:])) <= width
    assert len(lines[4:]) == (2 if width == 40 else 1)


@pytest.mark.parametrize(
    ("norm", "own", "at_steps", "is_told"),
    [
        ("A_{i} - B_{i}", "AB", False, True),
        ("h_{T} - y", "hy", True, False),
        (r"\delta_{1}", "x", False, False),
        ("A - B", "AB", False, False),
    ],
)
def test_what_a_row_in_a_norm_is_is_told_where_one_stands(norm: str, own: str, at_steps: bool, is_told: bool) -> None:
    said = conventions([Fence("‖", parse(norm), "‖")], "gradient", False, at_steps, own={parse(x).items[0] for x in own})
    assert any("is row" in str(sentence) for sentence in said) == is_told


def test_a_pdf_by_tex_has_the_title_of_its_report() -> None:
    tex = write_latex(replace(document(), title=("A 50% ", Math(parse(r"\hat{y}")))))
    assert r"""\hypersetup{pdftitle={A 50\unichar{"0025} \unichar{"0177}}}""" in tex


def test_a_line_of_words_ends_at_no_place_within_a_short_formula() -> None:
    said = (
        "word " * 16,
        Math(parse("a b = c d + e")),
        " and ",
        Math(parse(" + ".join(f"a_{k % 9} b_{k % 9}" for k in range(1, 20)))),
    )
    lines = write_text(document(Paragraph(said))).splitlines()
    assert "a b = c d + e and a₁ b₁" in lines[4]
    assert all(len(line) <= 88 for line in lines)
    assert all(line.startswith("+ a") for line in lines[5:] if line), "a long one goes on with its sign"
    assert "\x01" not in "".join(lines)


def test_markdown_breaks_what_is_wider_than_a_page() -> None:
    long = parse(" + ".join(rf"W_{{{k}}} x_{{{k}}}" for k in range(30)))
    shown = write_markdown(document(Formula(f.equation(parse("z"), long)))).split("$$")[1].splitlines()[2:-1]
    assert len(shown) > 1
    assert shown[0].startswith("z &=")
    assert all(line.startswith(r"& \quad {}+ ") for line in shown[1:])
