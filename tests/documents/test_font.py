"""The formula face: the characters asked for, the table of formula layout, the same bytes each time."""

import base64
import io

import pytest
from fontTools.ttLib import TTFont

from symbackprop.documents.formats.font import math_font
from symbackprop.formulas.symbols import ACCENTS, CHARACTERS, DELIMITERS, SYMBOLS


def test_the_face_has_every_character_that_formulas_use() -> None:
    wanted = frozenset(
        "".join(char for char, _ in (*SYMBOLS.values(), *CHARACTERS.values()))
        + "".join(mark for mark, _ in ACCENTS.values())
        + "".join(DELIMITERS.values())
    )
    font = TTFont(io.BytesIO(base64.b64decode(math_font(wanted))))
    held = font.getBestCmap()
    assert not [char for char in wanted if ord(char) not in held]
    assert "MATH" in font
    assert ord("√") in held


def test_a_letter_brings_its_italic_and_only_what_is_needed() -> None:
    font = TTFont(io.BytesIO(base64.b64decode(math_font(frozenset("xhα")))))
    held = font.getBestCmap()
    assert {ord("𝑥"), ord("ℎ"), ord("𝛼")} <= set(held)
    assert ord("y") not in held


@pytest.mark.slow
def test_the_same_characters_give_the_same_bytes() -> None:
    first = math_font(frozenset("abc="))
    math_font.cache_clear()
    assert math_font(frozenset("abc=")) == first
