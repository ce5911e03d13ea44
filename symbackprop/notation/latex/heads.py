r"""Left sides that are read in another order: f(z)_i = ... as f_i(z) = ..., and \log p(x|z) = ... as a value of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.syntax import Tokens, Word
from symbackprop.notation.claims.tokens import Token
from symbackprop.notation.claims.words import Names
from symbackprop.notation.latex.arguments import axes_of, shut
from symbackprop.notation.latex.units import behind, units

ENTRIES = frozenset("deg")  # small letters that claims keep for errors and gradients; where a network has D, d_{ij} is its entry
LOGARITHMS = (r"\log", r"\ln")


class _Called(NamedTuple):
    """A name: the places where it starts, behind its scripts, behind the brackets that follow, behind an index after these."""

    base: str
    start: int
    scripts: int
    end: int
    after: int


def turned(pieces: Sequence[Tokens], names: Names) -> list[Tokens]:
    """The formulas with indices before the brackets of what has them behind on a left side, and with logarithms as one name."""
    own = {one.base for piece in pieces for one in _heads(piece)}
    matrices = {c for c in ENTRIES - own if axes_of(names, c) == 0 and axes_of(names, c.upper()) == 2}
    pieces = [_capital(piece, matrices) for piece in pieces] if matrices else list(pieces)
    indexed = {one.base for piece in pieces for one in _heads(piece) if one.after > one.end > one.scripts}
    found = [_moved(piece, indexed) for piece in pieces]
    logs: dict[str, set[str]] = {}
    for piece in found:
        if one := _logged(piece, names):
            logs.setdefault(one.base, set()).add(_letters(piece, one))
    return [_joined(piece, logs) for piece in found] if logs else found


def _called(piece: Tokens) -> list[_Called]:
    found = []
    for unit in units(piece):
        if unit.letter and not unit.below:
            scripts = _scripts(piece, unit.end)
            is_open = scripts < len(piece) and piece[scripts].text == "("
            end = (shut(piece, scripts) if is_open else 0) or scripts
            found.append(_Called(unit.text, unit.start, scripts, end, _scripts(piece, end, "_") if end > scripts else end))
    return found


def _scripts(piece: Tokens, k: int, marks: str = "_^") -> int:
    while k < len(piece) - 1 and piece[k].text in marks:
        k = behind(piece, k + 1) if piece[k + 1].text == "{" else k + 2
    return k


def _heads(piece: Tokens) -> list[_Called]:
    return [one for one in _called(piece)[:1] if one.start == 0 and _is_head(piece, one.after)]


def _capital(piece: Tokens, matrices: set[str]) -> Tokens:
    """d_{ij} as D_{ij}, where both indices stand."""
    out = list(piece)
    for one in _called(piece):
        below = piece[one.start + 1 : _scripts(piece, one.start + 1, "_")]
        if one.base in matrices and sum(t.text.isalnum() for t in below) == 2:
            out[one.start] = Token(one.base.upper(), piece[one.start].at)
    return tuple(out)


def _is_head(piece: Tokens, end: int) -> bool:
    return end < len(piece) and piece[end].text == "="


def _moved(piece: Tokens, indexed: set[str]) -> Tokens:
    out, last = list[Token](), 0
    for one in _called(piece):
        if one.base in indexed and one.after > one.end and one.start >= last:
            out += [*piece[last : one.scripts], *piece[one.end : one.after], *piece[one.scripts : one.end]]
            last = one.after
    return (*out, *piece[last:])


def _letters(piece: Tokens, one: _Called) -> str:
    """What stands in the brackets, letters and numbers alone: xz of p(x|z)."""
    texts = (token.text.lstrip("\\") for token in piece[one.scripts : one.end])
    return "".join(text for text in texts if text.isalnum() and text != "mid")


def _logged(piece: Tokens, names: Names) -> _Called | None:
    r"""The name whose logarithm stands alone on the left, \log p(x|z) = ...; None where there is none."""
    one = next((one for one in _called(piece) if one.start == 1), None) if piece and piece[0].text in LOGARITHMS else None
    if one is None or one.after > one.end or not _is_head(piece, one.end):
        return None
    return one if names.lookup(Word(one.base.lstrip("\\"), 0)) is None else None


def _joined(piece: Tokens, logs: dict[str, set[str]]) -> Tokens:
    r"""\log p(x|z) as \mathrm{logp}(x|z), or as \mathrm{logpxz}(x|z) beside \log p(z). Raises Fault where p stands alone."""
    out, last = list[Token](), 0
    for one in _called(piece):
        if one.base not in logs or one.start < last:
            continue
        before = piece[one.start - 1] if one.start else None
        if before is None or before.text not in LOGARITHMS:
            mend = rf"Write {one.base}(...) = \exp(...), of which \log {one.base}(...) may stand wherever it is needed."
            raise Fault(f"{one.base} is known by its logarithm alone.", mend, piece[one.start].at)
        own = _letters(piece, one) if len(logs[one.base]) > 1 else ""
        name = f"log{one.base.lstrip(chr(92))}{own}"
        out += [*piece[last : one.start - 1], *(Token(t, before.at) for t in (r"\mathrm", "{", *name, "}"))]
        last = _behind_name(piece, one)
    return (*out, *piece[last:])


def _behind_name(piece: Tokens, one: _Called) -> int:
    return next(unit.end for unit in units(piece) if unit.start == one.start)
