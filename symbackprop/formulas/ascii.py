"""Formulas and words as LaTeX in ASCII, which every TeX reads, whatever its fonts and its encoding."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from symbackprop.formulas.latex import latex
from symbackprop.formulas.symbols import CHARACTERS, SYMBOLS
from symbackprop.formulas.tree import Node

_ESCAPES = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "_": r"\_", "%": r"\%", "&": r"\&", "#": r"\#", "$": r"\$",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}",
    "`": r"\char18{}", '"': r"\char`\"{}", "[": "{[}", "]": "{]}", "–": r"\textendash{}", "—": r"\textemdash{}",
    "“": r"\textquotedblleft{}", "”": r"\textquotedblright{}", "‘": r"\textquoteleft{}", "’": r"\textquoteright{}",
    "…": r"\ldots{}", "\u00a0": "~", "§": r"\S{}", "©": r"\copyright{}", "•": r"\ensuremath{\bullet}",
    "ß": r"\ss{}", "æ": r"\ae{}", "Æ": r"\AE{}", "œ": r"\oe{}", "Œ": r"\OE{}", "ø": r"\o{}", "Ø": r"\O{}",
    "ł": r"\l{}", "Ł": r"\L{}", "ı": r"\i{}",
}  # fmt: skip
_MARKS = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0308": '"', "\u0304": "=", "\u0307": ".",
    "\u030c": "v ", "\u0306": "u ", "\u030b": "H ", "\u030a": "r ", "\u0327": "c ", "\u0323": "d ",
}  # fmt: skip
_MACRO_OF = (
    {char: f"\\{name}" for name, (char, kind) in SYMBOLS.items() if not char.isascii() and kind not in ("limit", "function")}
    | {char: name for name, (char, _) in CHARACTERS.items() if not char.isascii()}
    | {
        "·": r"\cdot",
        "²": "^{2}",
        "³": "^{3}",
        "¹": "^{1}",
        "⁻": "^{-}",
        "°": r"^{\circ}",
        "√": r"\surd",
        "✓": r"\surd",
        "✗": r"\times",
    }
)


def escape(text: str, hangul: bool = False) -> str:
    """The text so that TeX prints it as it is, in ASCII; a character that TeX's fonts lack is named by its number.

    hangul   whether Korean letters stand as they are, for the package that sets them.
    """
    escaped = "".join(_character(char, hangul) for char in unicodedata.normalize("NFC", text.replace("\n", " ")))
    # TeX joins two hyphens to a dash and two apostrophes to a quotation mark.
    return escaped.replace("--", "-{}-").replace("--", "-{}-").replace("''", "'{}'").replace("''", "'{}'")


@lru_cache(maxsize=1024)
def _character(char: str, hangul: bool) -> str:
    if hangul and "가" <= char <= "힣":
        return char
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char.isascii():
        return " " if char == "\t" else char
    if char in _MACRO_OF:
        return f"\\ensuremath{{{_MACRO_OF[char]}}}"
    base, *marks = unicodedata.normalize("NFD", char)
    if base.isascii() and base.isalpha() and len(marks) == 1 and marks[0] in _MARKS:
        return f"\\{_MARKS[marks[0]]}{{{base}}}"
    return f"{{[}}U+{ord(char):04X}{{]}}"


@lru_cache(maxsize=4096)
def ascii_latex(node: Node, hangul: bool = False) -> str:
    """The formula in ASCII."""
    return "".join(char if char.isascii() else _in_formula(char, hangul) for char in latex(node))


def _in_formula(char: str, hangul: bool) -> str:
    return f"{{{_MACRO_OF[char]}}}" if char in _MACRO_OF else f"\\text{{{_character(char, hangul)}}}"
