"""Document -> one HTML file that needs nothing else: no script, no request, its own formula face."""

import re
from collections.abc import Callable
from functools import lru_cache
from html import escape
from importlib.resources import files

from symbackprop.documents.document import (
    STEP_PARTS,
    Bullets,
    Code,
    Content,
    Document,
    Figure,
    Formula,
    FormulaRows,
    Link,
    Math,
    Note,
    Paragraph,
    Section,
    StepBlock,
    Table,
    anchor_id,
    numbers,
    pieces,
    printable,
    section_anchor,
)
from symbackprop.documents.font import math_font
from symbackprop.documents.text import line as plain_line
from symbackprop.formulas.mathml import mathml
from symbackprop.formulas.plain import plain
from symbackprop.formulas.tree import split
from symbackprop.pictures.svg import inline_svg

CONTENTS_FROM = 4
"""A document with this many sections opens with its table of contents."""

LONG = 30
"""A formula in running text with more characters than this scrolls by itself where the page is narrow."""

# The browser itself holds the page to what is promised: nothing is run and nothing is loaded.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; font-src data:; base-uri 'none'; form-action 'none'"

_PAGE_STYLE = """html{background:#fffdf9;-webkit-text-size-adjust:100%}body{margin:0}
@media (prefers-color-scheme:dark){html{background:#191a1c}}@media print{html{background:#fff}}@page{margin:20mm}"""


def write_html(document: Document) -> str:
    """The document as a whole page.

    The formula face is cut down to the characters of the page; a page with the common ones is about 100 KB.
    """
    body = _article(document, _contents(document))
    characters = frozenset(re.sub(r"<[^>]*>", "", "".join(re.findall(r"<math.*?</math>", body, re.DOTALL))))
    face = (
        f'@font-face{{font-family:"STIX Two Math Report";src:url(data:font/woff2;base64,{math_font(characters)}) format("woff2")}}'
        if characters
        else ""
    )
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="color-scheme" content="light dark">\n<meta name="generator" content="symbackprop">\n'
        f"<title>{escape(plain_line(document.title))}</title>\n"
        f"<style>{_PAGE_STYLE}\n{_style()}{face}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def fragment(document: Document) -> str:
    """The document as a piece of a page, such as a notebook's output; formulas in the reader's own formula face."""
    return f"<style>{_style()}</style>\n{_article(document, '')}"


@lru_cache(maxsize=1)
def _style() -> str:
    return files("symbackprop.documents").joinpath("style.css").read_text(encoding="utf-8")


def _article(document: Document, contents: str) -> str:
    level = 1
    blocks = []
    for place, (block, number) in enumerate(zip(document.blocks, numbers(document), strict=True)):
        if isinstance(block, Section):
            level = number.count(".") + 1
            blocks.append(_section(block, number))
        elif isinstance(block, StepBlock):
            blocks.append(_step(block, level + 2))
        elif isinstance(block, Figure):
            blocks.append(_figure(block, f"picture-{place}-"))
        else:
            blocks.append(_WRITERS[type(block)](block))
    return f'<main class="symbackprop" lang="en">\n<h1>{_line(document.title)}</h1>\n{contents}' + "\n".join(blocks) + "\n</main>"


def _contents(document: Document) -> str:
    entries = [
        (block, number)
        for block, number in zip(document.blocks, numbers(document), strict=True)
        if isinstance(block, Section) and number.count(".") < 2
    ]
    if len(entries) < CONTENTS_FROM:
        return ""
    items = "\n".join(
        f'<li class="level-{number.count(".") + 1}"><a href="#{anchor_id(section_anchor(block, number))}">'
        f'<span class="number">{number}</span>{_line(block.heading, links=False)}</a></li>'
        for block, number in entries
    )
    return f'<nav aria-label="Contents">\n<ol>\n{items}\n</ol>\n</nav>\n'


def _text(text: str) -> str:
    return escape(printable(text))


def _line(content: Content, links: bool = True) -> str:
    """The content as HTML; without links where it stands inside one already."""
    parts = []
    for piece in pieces(content):
        if isinstance(piece, str):
            parts.append(_text(piece))
        elif isinstance(piece, Math):
            found = _toned(mathml(piece.formula), piece.tone)
            parts.append(f'<span class="long">{found}</span>' if len(plain(piece.formula)) > LONG else found)
        elif isinstance(piece, Link):
            target = anchor_id(piece.anchor)
            parts.append(f'<a href="#{target}">{_text(piece.text)}</a>' if links else _text(piece.text))
        else:
            tag = {"": "", "code": "code", "strong": "strong"}[piece.style]
            text = _text(piece.text)
            parts.append(_toned(f"<{tag}>{text}</{tag}>" if tag else text, piece.tone))
    return "".join(parts)


def _toned(html: str, tone: str) -> str:
    return f'<span class="{tone}">{html}</span>' if tone else html


def _id(anchor: str) -> str:
    return f' id="{anchor_id(anchor)}"' if anchor else ""


def _section(block: Section, number: str) -> str:
    tag = f"h{number.count('.') + 2}"
    heading = f'<span class="number">{number}</span>{_line(block.heading)}'
    return f"<{tag}{_id(section_anchor(block, number))}>{heading}</{tag}>"


def _paragraph(block: Paragraph) -> str:
    return f"<p>{_line(block.content)}</p>"


def _bullets(block: Bullets) -> str:
    return "<ul>" + "".join(f"<li>{_line(item)}</li>" for item in block.items) + "</ul>"


def _formula(block: Formula) -> str:
    return _rows(FormulaRows((block,)))


def _rows(block: FormulaRows) -> str:
    return '<div class="rows">' + "\n".join(map(_row, block.rows)) + "</div>"


def _row(row: Formula) -> str:
    left, right = split(row.formula)
    tone = f" {row.tone}" if row.tone else ""
    cells = (
        f'<span class="left{tone}">{mathml(left, display=True)}</span>'
        f'<span class="right{tone}">{mathml(right, display=True)}</span>'
        if right
        else f'<span class="whole{tone}">{mathml(left, display=True)}</span>'
    )
    note = _line(row.note)
    return f"<div{_id(row.anchor)}>{cells}" + (f'<span class="note">{note}</span>' if note else "") + "</div>"


def _step(block: StepBlock, level: int) -> str:
    shape = f'<span class="shape">shape {_text(block.shape)}</span>' if block.shape else ""
    parts = []
    for label, field in STEP_PARTS:
        mark = ' class="result"' if field == "result" else ""
        shown = getattr(block, field)
        if shown:
            parts.append(f"<dt{mark}>{label}</dt>" + "".join(f"<dd{mark}>{mathml(each, display=True)}</dd>" for each in shown))
    sentences = "".join(f"<p>{_line(sentence)}</p>" for sentence in (block.pattern, block.note) if _line(sentence))
    heading = f"<header><h{level}>{_line(block.title)}</h{level}>{shape}</header>"
    return f'<section class="step"{_id(block.anchor)}>{heading}<dl>{"".join(parts)}</dl>{sentences}</section>'


def _table(block: Table) -> str:
    align = block.align or "l" * len(block.headers)
    head = "".join(f'<th scope="col" class="{side}">{_line(cell)}</th>' for side, cell in zip(align, block.headers, strict=True))
    rows = "\n".join(
        "<tr>" + "".join(f'<td class="{side}">{_line(cell)}</td>' for side, cell in zip(align, row, strict=True)) + "</tr>"
        for row in block.rows
    )
    caption = f"<caption>{_line(block.caption)}</caption>" if _line(block.caption) else ""
    return f'<div class="table"><table class="cells">{caption}<thead><tr>{head}</tr></thead>\n<tbody>{rows}</tbody></table></div>'


def _figure(block: Figure, prefix: str) -> str:
    caption = f"<figcaption>{_line(block.caption)}</figcaption>" if _line(block.caption) else ""
    picture = inline_svg(block.svg, prefix)
    role = "group" if "<a " in picture else "img"  # the links of an image would be hidden from a screen reader
    return f'<figure><div class="picture" role="{role}" aria-label="{_text(block.alt)}">{picture}</div>{caption}</figure>'


def _code(block: Code) -> str:
    return f"<pre><code>{_text(block.text.rstrip())}</code></pre>"


def _note(block: Note) -> str:
    label = "Warning" if block.kind == "warning" else "Note"
    return f'<aside class="{block.kind}" role="note"><b>{label}.</b> {_line(block.content)}</aside>'


_WRITERS: dict[type, Callable[..., str]] = {
    Paragraph: _paragraph,
    Bullets: _bullets,
    Formula: _formula,
    FormulaRows: _rows,
    Table: _table,
    Code: _code,
    Note: _note,
}
