"""The signs of a printed page, in the letters of the language."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
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


def typed_text(text: str, around: str = "") -> str:
    """A text with the signs of a printed page in the letters of the language, line by line.

    around   further text that may give letters a meaning of their own: sigma: function.
    """
    free = {letter: name for letter, (own, name) in CALLED.items() if not _is_given(f"{letter}|{own}", f"{around}\n{text}")}
    return "\n".join(typed(line, free) for line in text.split("\n"))


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
