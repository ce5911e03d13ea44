"""Formulas as typst writes them between dollar signs: frac(∂L, ∂W_(1)) = δ x^(⊤).

Characters stand for themselves, so that no name of a symbol is asked for, which versions of typst change.
"""

from __future__ import annotations

from functools import lru_cache
from typing import assert_never

from symbackprop.formulas.symbols import ACCENTS
from symbackprop.formulas.tree import Accent, Atom, Fence, Fraction, Grid, Marked, Node, Root, Row, Script, items_of

_ACCENTS = {"hat": "hat", "widehat": "hat", "bar": "macron", "overline": "overline", "tilde": "tilde", "dot": "dot",
            "ddot": "dot.double", "vec": "arrow"}  # fmt: skip
_ALPHABETS = {
    "mathbf": "bold(upright({}))",
    "mathbb": "bb({})",
    "mathcal": "cal({})",
    "mathrm": "upright({})",
    "boldsymbol": "bold({})",
}
_LIVE = set("\\_^&/#$\"',;()[]{}|~`*-<>:!?.@=+⌊⌋⌈⌉⟨⟩‖")
assert set(_ACCENTS) == set(ACCENTS)


@lru_cache(maxsize=4096)
def typst(node: Node) -> str:
    """The formula, without dollar signs."""
    return _row(node)


def quoted(text: str) -> str:
    """A text as a string of typst, which is shown as it is."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", " ")
    return f'"{escaped}"'


def _row(node: Node) -> str:
    text = ""
    for item in items_of(node):
        written = _write(item)
        runs_together = text and (text[-1].isalnum() or text[-1] == "_") and written[:1].isalnum()
        text += f" {written}" if runs_together else written
    return text


def _write(node: Node) -> str:
    match node:
        case Atom():
            return _atom(node)
        case Row():
            return _row(node)
        case Script():
            return _script(node)
        case Fraction(over, under):
            return f"frac({_row(over)}, {_row(under)})"
        case Root(body, degree):
            return f"sqrt({_row(body)})" if degree is None else f"root({_row(degree)}, {_row(body)})"
        case Fence(left, body, right):
            return f"lr({_escaped(left)}{_row(body)}{_escaped(right)})"
        case Accent(name, body):
            return f"{_ACCENTS[name]}({_row(body)})"
        case Grid(environment, rows):
            return _grid(environment, rows)
        case Marked(body):
            return f"#box(stroke: .6pt, inset: (x: 1.5pt), outset: (y: 2.5pt))[${_row(body)}$]"
    assert_never(node)


def _script(node: Script) -> str:
    marks = [] if node.sup is None else [item.text if isinstance(item, Atom) else "" for item in items_of(node.sup)]
    below = "" if node.sub is None else f", b: {_row(node.sub)}"
    above = "" if node.sup is None else f", t: {_row(node.sup)}"
    if marks and set(marks) == {"′"}:  # the font has the prime raised already
        above = f", tr: primes(#{len(marks)})"
    return f"attach({_write(node.base)}{below}{above})"


def _escaped(text: str) -> str:
    return "".join(f"\\{char}" if char in _LIVE else char for char in text)


def _atom(atom: Atom) -> str:
    if atom.alphabet:
        inner = _escaped(atom.text) if len(atom.text) == 1 else quoted(atom.text)
        return _ALPHABETS[atom.alphabet].format(inner)
    match atom.kind:
        case "space":
            return f"#h({atom.text}em);"
        case "text":
            return quoted(atom.text)
        case "function":
            return f"op({quoted(atom.text)})"
        case "limit":
            return f"op({quoted(atom.text)}, limits: #true)"
        case "number":
            return _escaped(atom.text)
        case "upright":
            plain = len(atom.text) > 1 or (atom.text.isascii() and atom.text.isalpha())
            return quoted(atom.text) if plain else _escaped(atom.text)
    return _escaped(atom.text)


def _grid(environment: str, rows: tuple[tuple[Node, ...], ...]) -> str:
    if environment == "cases":
        return f"cases({', '.join(' & '.join(map(_row, row)) for row in rows)})"
    delimiters = {"bmatrix": '"["', "pmatrix": '"("', "vmatrix": '"|"', "matrix": "#none"}
    return f"mat(delim: {delimiters[environment]}, {'; '.join(', '.join(map(_row, row)) for row in rows)})"
