"""The signs of a printed page, in the letters of the language."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Callable, Mapping
from types import MappingProxyType

TYPED = {
    "×": "*", "∗": "*", "⊙": "*", "∘": "*", "−": "-", "–": "-", "÷": "/", "²": "**2", "³": "**3", "≤": "<=", "≥": ">=", "≠": "!=",
    "ᵀ": ".T",
}  # fmt: skip
"""Signs with one meaning."""
_SIZES = re.compile(r"^\s*\w+\s*:\s*\w+\[[^\]]*×[^\]]*\]")  # as a page prints them: W: parameter[h × d]
_LOW = "₀₁₂₃₄₅₆₇₈₉"
_MARKS = {"\u0302": "hat", "\u0304": "bar", "\u0303": "tilde"}
CALLED = {"[σ𝜎]": ("sigma", "sigmoid"), "[Φ𝛷]": ("Phi", "normal_cdf"), "[ϕ𝜙]": ("phi", "normal_pdf")}
"""Functions as a page prints them: the letter, how a person may call something of their own by it, and the function's name."""
SIGNS = {"·": "* between numbers, dot(x, y) between vectors", "⋅": "* between numbers, dot(x, y) between vectors"}
"""Signs with two meanings, and what to write for each."""


_KEYS = {
    **{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)},  # full width, as keyboards of East Asia write them
    **dict.fromkeys((0x00A0, 0x2002, 0x2003, 0x2005, 0x2007, 0x2009, 0x200A, 0x202F, 0x3000), " "),  # spaces of printed pages
    **dict.fromkeys((0x00AD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF)),  # nothing that is seen
    0x201C: '"', 0x201D: '"', 0x2018: "'", 0x2019: "'",
}  # fmt: skip


def keyed(text: str) -> str:
    """A text with the letters, signs and spaces that keyboards and pages put in the place of those of ASCII as those of ASCII."""
    return text if text.isascii() else text.translate(_KEYS)


def unicode_of(raw: bytes) -> str:
    """The text of bytes: UTF-8 or, where it begins so, UTF-16, as Windows writes. Raises UnicodeDecodeError."""
    is_wide = raw[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    return keyed(raw.decode("utf-16" if is_wide else "utf-8-sig"))


def typing(text: str, around: str = "") -> Callable[[str], str]:
    """What writes a line of a text, or the beginning of one, in the letters of the language.

    around   further text that may give letters a meaning of their own: sigma: function.
    """
    whole = f"{around}\n{keyed(text)}"
    free = {letter: name for letter, (own, name) in CALLED.items() if not _is_given(f"{letter}|{own}", whole)}
    return lambda line: line if line.isascii() else typed(keyed(line), free)


def typed_text(text: str) -> str:
    """A text with the signs of a printed page in the letters of the language."""
    return "\n".join(map(typing(text), text.split("\n")))


def _is_given(name: str, text: str) -> bool:
    """Whether a text declares or defines a name, or a function in it is given one so called."""
    return bool(re.search(rf"^\s*(?:{name})\s*[:=](?!=)|\bdef\s+(?:(?:{name})\b|\w+\([^)]*\b(?:{name})\b)", text, re.MULTILINE))


def typed(line: str, called: Mapping[str, str] = MappingProxyType({})) -> str:
    """A line with the signs of a printed page in the letters of the language: W_1 for W₁, theta for θ, yhat for ŷ, **2 for ².

    called   for letters that stand for functions of the language, what those are called there.
    """
    code, hash_sign, comment = line.partition("#")
    code = _SIZES.sub(lambda found: found.group().replace("×", ","), code)
    for letter, name in called.items():
        code = re.sub(rf"(?<!\w){letter}(?=\s*\()", name, code)
    code = re.sub(f"[{_LOW}]+", lambda found: "_" + "".join(str(_LOW.index(c)) for c in found.group()), code)
    code = "".join(TYPED.get(c, c) for c in code)
    code = "".join(_MARKS.get(c) or spelled(c) for c in unicodedata.normalize("NFD", code))
    return unicodedata.normalize("NFC", code) + hash_sign + comment


def spelled(character: str) -> str:
    """A Greek letter by its name; another character as it is."""
    words = unicodedata.name(character, "").split()
    if words[:1] == ["GREEK"] and words[2:3] == ["LETTER"] and len(words) == 4:
        name = words[-1].lower()
        return "lam" if name == "lamda" else name if words[1] == "SMALL" else name.title()
    return character
