"""The signs of a printed page, in the letters of the language."""

from __future__ import annotations

import re
import unicodedata

TYPED = {
    "×": "*", "∗": "*", "⊙": "*", "∘": "*", "−": "-", "–": "-", "÷": "/", "²": "**2", "³": "**3", "≤": "<=", "≥": ">=", "≠": "!=",
    "ᵀ": ".T",
}  # fmt: skip
"""Signs with one meaning."""
_SIZES = re.compile(r"^\s*\w+\s*:\s*\w+\[[^\]]*×[^\]]*\]")  # as a page prints them: W: parameter[h × d]
_LOW = "₀₁₂₃₄₅₆₇₈₉"
_MARKS = {"\u0302": "hat", "\u0304": "bar", "\u0303": "tilde"}
SIGNS = {"·": "* between numbers, dot(x, y) between vectors", "⋅": "* between numbers, dot(x, y) between vectors"}
"""Signs with two meanings, and what to write for each."""


def typed(line: str) -> str:
    """A line with the signs of a printed page in the letters of the language: W_1 for W₁, theta for θ, yhat for ŷ, **2 for ²."""
    code, hash_sign, comment = line.partition("#")
    code = _SIZES.sub(lambda found: found.group().replace("×", ","), code)
    code = re.sub(r"[σ𝜎](?=\s*\()", "sigmoid", code)
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
