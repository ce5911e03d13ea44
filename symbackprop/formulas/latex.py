r"""Formulas as LaTeX: \frac{\partial L}{\partial W_{1}} = W_{2}^{\top}\,2 \left(\hat{y} - y\right)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import assert_never

from symbackprop.formulas.symbols import CHARACTERS, DELIMITERS, SPACES, SYMBOLS
from symbackprop.formulas.tree import (
    Accent,
    Atom,
    Fence,
    Fraction,
    Grid,
    Marked,
    Node,
    Root,
    Row,
    Script,
    is_sign,
    items_of,
    kind_of,
    prime_count,
    split,
)

_SIGNS = {sign: char for char, sign in reversed(CHARACTERS.items())}
_SIGNS = {sign: f"\\{name}" for name, sign in reversed(SYMBOLS.items())} | _SIGNS
_OPERATORS = {char for char, kind in _SIGNS if kind in ("binary", "relation", "punctuation")}
_SPACES = {str(width): f"\\{name}" for name, width in SPACES.items()}
_LEFT, _RIGHT = ({char: name for name, char in reversed(DELIMITERS.items())} | {"‖": bars} for bars in (r"\lVert", r"\rVert"))
_ESCAPED = re.compile(r"[_%&#${}]")


def latex(node: Node, spelling: Mapping[str, str] | None = None) -> str:
    r"""The formula as LaTeX without dollar signs, in the macros of `formulas.symbols`.

    spelling   macros and characters that the reader of the text wants written otherwise, such as < as \lt.
    """
    return _plainly(node) if spelling is None else _Writer(spelling).row(node)


def aligned(equations: Iterable[Node]) -> str:
    """Equations below each other, aligned at their first relation."""
    sides = map(split, equations)
    rows = " \\\\\n".join(f"{latex(left)} &{latex(right) if right else ''}" for left, right in sides)
    return f"\\begin{{aligned}}\n{rows}\n\\end{{aligned}}"


def escape_words(text: str) -> str:
    r"""The text as it stands inside \text{...}, \mathrm{...} or \operatorname{...}; what is no character on paper is U+FFFD."""
    text = text.replace("\\", "/").replace("^", "'").replace("~", " ").replace("`", "'")
    text = "".join(char if char.isprintable() else "\ufffd" for char in text)
    return _ESCAPED.sub(lambda match: "\\" + match.group(), text)


@lru_cache(maxsize=4096)
def _plainly(node: Node) -> str:
    return _Writer({}).row(node)


class _Writer:
    """One walk over the nodes; every macro and sign passes `spelt`."""

    def __init__(self, spelling: Mapping[str, str]) -> None:
        self.spelling = spelling

    def spelt(self, token: str) -> str:
        return self.spelling.get(token, token)

    def row(self, node: Node, tight: bool = False) -> str:
        """Items side by side; tight: at the foot of a name, where letters stand together."""
        text, before = "", None
        signed = False  # whether the item before is the sign of what follows
        for item in items_of(node):
            written = self.write(item)
            gap = "" if before is None or tight or (signed and _is(before, "−")) else _gap(before, item)
            if not gap and text and written[:1].isalpha() and re.search(r"\\[A-Za-z]+$", text):
                gap = " "
            text += gap + written
            before, signed = item, is_sign(before)
        return text

    def write(self, node: Node) -> str:
        match node:
            case Atom():
                return self.atom(node)
            case Row():
                return f"{{{self.row(node)}}}"
            case Script(base, sub, sup):
                written = f"{{{self.write(base)}}}" if isinstance(base, Script) else "" if base == Row(()) else self.write(base)
                below = "" if sub is None else f"_{{{self.row(sub, tight=True)}}}"
                primes = "'" * prime_count(sup)
                return (primes and written + primes + below) or written + below + ("" if sup is None else f"^{{{self.row(sup)}}}")
            case Fraction(over, under):
                return rf"\frac{{{self.row(over)}}}{{{self.row(under)}}}"
            case Root(body, degree):
                return rf"\sqrt{'' if degree is None else f'[{self.row(degree)}]'}{{{self.row(body)}}}"
            case Fence(left, body, right):
                opening, closing = self.spelt(_LEFT[left]), self.spelt(_RIGHT[right])
                return rf"\left{opening}{' ' if opening[-1:].isalpha() else ''}{self.row(body)}\right{closing}"
            case Accent(name, body):
                return rf"\{name}{{{self.row(body)}}}"
            case Grid(environment, rows):
                cells = f" {self.spelt(chr(92) * 2)} ".join(" & ".join(map(self.row, row)) for row in rows)
                return rf"\begin{{{environment}}} {cells} \end{{{environment}}}"
            case Marked(body):  # a frame, which is seen without colours and needs no package beside amsmath
                return rf"\boxed{{{self.row(body)}}}"
        assert_never(node)

    def atom(self, atom: Atom) -> str:
        if atom.alphabet:
            return rf"\{atom.alphabet}{{{_SIGNS.get((atom.text, 'letter')) or escape_words(atom.text)}}}"
        match atom.kind:
            case "number":
                return atom.text
            case "space":
                return self.spelt(_SPACES[atom.text])
            case "text":
                return rf"\text{{{escape_words(atom.text)}}}"
        known = _SIGNS.get((atom.text, atom.kind))
        if known is not None:
            return self.spelt(known)
        if atom.kind == "function":
            return self.spelt(r"\operatorname") + f"{{{escape_words(atom.text)}}}"
        if atom.kind == "letter":
            return atom.text
        if atom.text in _OPERATORS:  # an operator by itself, without its space
            return f"{{{next(self.spelt(name) for (char, _), name in _SIGNS.items() if char == atom.text)}}}"
        return rf"\mathrm{{{escape_words(atom.text)}}}"


def _is(item: Node | None, *texts: str) -> bool:
    return isinstance(item, Atom) and item.text in texts


def _gap(before: Node, item: Node) -> str:
    """The space between two items, for the eye of who reads the source; TeX sets its own."""
    last, kind = kind_of(before), kind_of(item)
    head = item.base if isinstance(item, Script) else item
    together = (
        "space" in (last, kind)
        or _is(before, "/")
        or _is(head, "/", "⊙", "|")
        or kind in ("close", "punctuation", "open")
        or last == "open"
        or (isinstance(head, Fence) and head.call)
        or (isinstance(before, Atom) and last == "function" and kind in ("function", "limit", "big"))
    )
    return "" if together else " "
