"""Korean particles, which follow the last sound of a word: W는, L은, 기울기를, 값을."""

from __future__ import annotations

import re
import unicodedata

_PAIRS = {  # after a closed syllable, after an open one
    "은": ("은", "는"), "이": ("이", "가"), "을": ("을", "를"), "과": ("과", "와"), "으로": ("으로", "로"),
}  # fmt: skip
_RIEUL = 8  # the last consonant ㄹ, after which 로 stands
_CLOSED = {  # how letters and digits end when they are read aloud, by the number of the last consonant
    "l": 8, "m": 16, "n": 4, "r": 8, "0": 21, "1": 8, "3": 16, "6": 1, "7": 8, "8": 8,
    "ε": 4, "ο": 4, "υ": 4, "∞": 1, "\u0302": 19,
}  # fmt: skip
_IN_WORDS = dict.fromkeys("aiouyrsxzfvh", 0) | {"l": 8, "m": 16, "n": 4}
"""How foreign words of several letters end: scores는, kernel은; of other letters it is the word that tells."""


def with_particle(word: str, particle: str) -> str:
    """The form of a particle that fits what stands before it; both, where that cannot be read aloud letter by letter."""
    closed, opened = _PAIRS[particle]
    end = _end(word)
    if end is None:
        return f"{closed}({opened})"
    return opened if end == 0 or (particle == "으로" and end == _RIEUL) else closed


def _end(word: str) -> int | None:
    """The number of the last consonant that is heard: 0 where there is none, None where nobody knows."""
    if inside := re.fullmatch(r".*?([^(\[{, ]+)[)\]}]+", word, re.DOTALL):  # rowsum(X) ends as X does
        word = inside[1]
    parts = (
        [char for char in part if char.isalnum() or char in _CLOSED]
        for part in re.split(r"[\s_]", unicodedata.normalize("NFC", word))
    )
    letters = next((part for part in reversed([*parts]) if part), None)  # of w, s, b, v the v is heard
    if letters is None:
        return 0
    last = letters[-1]
    if "가" <= last <= "힣":
        return (ord(last) - ord("가")) % 28
    base, *marks = unicodedata.normalize("NFKD", last)
    heard = next((mark for mark in marks if mark in _CLOSED), base.lower())
    if heard.isalpha() and len(letters) > 3 and all(char.isascii() and char.isalpha() for char in letters):
        return _IN_WORDS.get(heard)
    return _CLOSED.get(heard, 0)
