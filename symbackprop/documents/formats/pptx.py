"""Slides of PowerPoint whose formulas stand where they were given room, each with what it says in words.

Pandoc puts all that a slide holds into one box. PowerPoint sets its formulas in the letters of the box, whatever fits; its kin
show one formula of a box, stretched to its size. So each formula gets a box of its own, as large as it is.
"""

from __future__ import annotations

import io
import re
from html import escape, unescape
from zipfile import ZIP_DEFLATED, ZipFile

from symbackprop.documents.formats.slides import BETWEEN, FORMULA, LABEL, LINE, NOTE, Room, read_mark, rows_of

_EM = 18 * 12700
"""An em of 18 points, in the units of the format."""
_LEFT, _TOP = 457200, 1150000
_WIDE = int((LABEL + FORMULA) * _EM)
_BODY = re.compile(
    r"<mc:AlternateContent(?:(?!</mc:AlternateContent>).)*?</mc:AlternateContent>|<p:sp>(?:(?!</p:sp>).)*?</p:sp>", re.S
)
_PARAGRAPH = re.compile(r"<a:p>.*?</a:p>", re.S)
_FORMULA = re.compile(r"<a14:m>.*?</a14:m>", re.S)
_WORDS = re.compile(r"<a:t>(.*?)</a:t>", re.S)
_A14 = 'xmlns:a14="http://schemas.microsoft.com/office/drawing/2010/main"'
_MC = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'


def placed(pptx: bytes) -> bytes:
    """The same slides with every formula that has a mark in a box of its own, and words in letters of 18 points."""
    found = io.BytesIO()
    with ZipFile(io.BytesIO(pptx)) as old, ZipFile(found, "w", ZIP_DEFLATED) as new:
        for item in old.infolist():
            content = old.read(item)
            if re.fullmatch(r"ppt/slides/slide\d+\.xml", item.filename):
                content = _BODY.sub(lambda body: _body(body.group()), content.decode()).encode()
            new.writestr(item, content)
    return found.getvalue()


def _body(body: str) -> str:
    """What stands below a title, as boxes; what has no formula keeps its place."""
    if '<p:ph type="title"' in body:
        return body.replace("<a:rPr", '<a:rPr sz="2400"')
    if '<p:ph idx="1"' not in body:
        return body
    paragraphs = _PARAGRAPH.findall(body)
    if not any(read_mark(_said(one)) for one in paragraphs):
        return body.replace("<a:rPr", '<a:rPr sz="1800"')
    boxes, words, below, room = list[str](), list[str](), _TOP, None
    for one in paragraphs:
        mark = read_mark(_said(one))
        if mark is None and room is None:
            words.append(one)
            continue
        if words:
            below = _add_words(boxes, words, below)
            words = []
        if mark is not None:
            room = mark
        elif room is not None:
            below = _add_formula(boxes, "".join(_FORMULA.findall(one)), room, below)
            room = None
    if words:
        _add_words(boxes, words, below)
    return "".join(boxes)


def _said(paragraph: str) -> str:
    return unescape("".join(_WORDS.findall(paragraph)))


def _add_words(boxes: list[str], paragraphs: list[str], top: int) -> int:
    """Add a box of words; returns where it ends."""
    tall = int(sum(LINE * rows_of(_said(one)) for one in paragraphs) * _EM)
    text = "".join(paragraphs).replace("<a:rPr", '<a:rPr sz="1800"')
    bullet = '<a:pPr marL="285750" indent="-285750"><a:buFont typeface="Arial" /><a:buChar char="•" /></a:pPr>'
    boxes.append(_box(len(boxes), "Words", "", (_LEFT, top, _WIDE, tall), text.replace('<a:pPr lvl="0" />', bullet)))
    return top + tall + int(BETWEEN * _EM)


def _add_formula(boxes: list[str], formula: str, room: Room, top: int) -> int:
    """Add a formula with its label and its note; returns where the next one begins."""
    row, tall, line = int(room.row * _EM), int(room.tall * _EM), int(LINE * _EM)
    middle = top + (row - line) // 2
    if room.label:
        boxes.append(_box(len(boxes), "Label", "", (_LEFT, middle, int(LABEL * _EM), line), _run(room.label)))
    formula = re.sub(r'<m:jc m:val="center" ?/>', '<m:jc m:val="left" />', formula, count=1)
    at = (_LEFT + int(room.left * _EM), top + (row - tall) // 2, int(room.wide * _EM), tall)
    shape = _box(len(boxes), "Formula", room.says, at, f"<a:p>{formula}</a:p>", "none")
    boxes.append(f'<mc:AlternateContent {_MC}><mc:Choice {_A14} Requires="a14">{shape}</mc:Choice></mc:AlternateContent>')
    if room.note:
        beside = _LEFT + _WIDE - int(NOTE * _EM)
        boxes.append(_box(len(boxes), "Note", "", (beside, middle, int(NOTE * _EM), line), _run(room.note, 'i="1" ')))
    return top + int(room.ends * _EM)


def _run(words: str, style: str = "") -> str:
    colour = '<a:solidFill><a:srgbClr val="595959" /></a:solidFill>'
    return f'<a:p><a:r><a:rPr {style}sz="1400">{colour}</a:rPr><a:t>{escape(words)}</a:t></a:r></a:p>'


def _box(number: int, name: str, says: str, at: tuple[int, int, int, int], text: str, wrap: str = "square") -> str:
    """A box without a line at (left, top, width, height)."""
    x, y, wide, tall = at
    about = f' descr="{escape(says)}"' if says else ""
    named = f'<p:cNvPr id="{100 + number}" name="{name} {number + 1}"{about} /><p:cNvSpPr txBox="1" /><p:nvPr />'
    place = f'<a:xfrm><a:off x="{x}" y="{y}" /><a:ext cx="{wide}" cy="{tall}" /></a:xfrm>'
    shape = f'{place}<a:prstGeom prst="rect"><a:avLst /></a:prstGeom><a:noFill />'
    body = (
        f'<a:bodyPr wrap="{wrap}" lIns="0" tIns="0" rIns="0" bIns="0" anchor="ctr"><a:noAutofit /></a:bodyPr><a:lstStyle />{text}'
    )
    return f"<p:sp><p:nvSpPr>{named}</p:nvSpPr><p:spPr>{shape}</p:spPr><p:txBody>{body}</p:txBody></p:sp>"
