r"""Entries in brackets, \alpha_t(i), b_j(o_t), V_k(s), P(s' | s, a), as indices below: \alpha_{t,i}, b_{j,o_t}, V_{k,s}, P_{r,s,a}.

A name has its indices in brackets where it is declared with as many axes or stands so on a left side, and wherever it is called, it
is with indices alone: letters that stand below something or that a sum is over, whole numbers, sizes, labels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from symbackprop.core.letters import LETTERS
from symbackprop.notation.claims.syntax import Tokens, Word
from symbackprop.notation.claims.tokens import Token, bare
from symbackprop.notation.claims.words import Names
from symbackprop.notation.latex.stepped import several
from symbackprop.notation.latex.units import behind, bound, split, units

BETWEEN = (",", ";", "|", r"\mid")


class _Entry(NamedTuple):
    """A name, its scripts and what stands in brackets behind it: the places of the tokens."""

    base: str
    start: int
    end: int
    head: Tokens
    below: Tokens
    above: Tokens
    arguments: tuple[Tokens, ...]

    def lowered(self) -> Tokens:
        """The name with all its indices below."""
        at, parts = self.head[0].at, [part for part in (bare(self.below), *self.arguments) if part]
        below: list[Token] = []
        for part in parts:
            below += [Token(",", part[0].at)] if below else []
            below += part
        return (*self.head, Token("_", at), Token("{", at), *below, Token("}", at), *self.above)


def lowered(pieces: Sequence[Tokens], names: Names, integers: frozenset[str]) -> list[Tokens]:
    """The formulas with their indices below; `integers` are the names of declared whole numbers, which may be labels."""
    pieces = _unprimed(pieces)
    letters = {u.text for piece in pieces for u in units(piece) if u.below and u.letter}
    letters |= {c for piece in pieces for c in bound(units(piece))}
    entries = [(k, entry) for k, piece in enumerate(pieces) for entry in _entries(piece)]
    while True:  # the arguments of a declared name are indices of others
        before = len(letters)
        for _, entry in entries:
            rank = axes_of(names, entry.base)
            own = [part[0].text.lstrip("\\") for part in entry.arguments if len(part) == 1]
            if rank and len(entry.arguments) > 1 and len(own) == len(entry.arguments) == rank - len(several(entry.below)):
                letters |= {c for c in own if c.isalpha() and names.lookup(Word(c, 0)) is None}
        if len(letters) == before:
            break

    def is_index(part: Tokens) -> bool:
        (one, *more) = several(part) or [None]
        if one is None or more:
            return False
        if not one.text:
            label = units(part)[0].text
            return label in integers and len(part) > 1
        return (
            one.letter is None or one.letter in names.sizes or (one.letter in letters and names.lookup(Word(one.letter, 0)) is None)
        )

    heads = {entry.base for k, entry in entries if entry.start == 0 and [t.text for t in pieces[k][entry.end :][:1]] == ["="]}
    found: list[str] = []
    for base in {entry.base: None for _, entry in entries}:
        own = [entry for _, entry in entries if entry.base == base]
        counts = {len(several(entry.below)) + len(entry.arguments) for entry in own}
        rank = axes_of(names, base)
        is_fit = counts == {rank} if rank else base in heads and len(counts) == 1
        lettered = any(not part[0].text.isdigit() for entry in own for part in entry.arguments)
        if is_fit and lettered and all(is_index(part) for entry in own for part in entry.arguments):
            found.append(base)
    return [_put(piece, found) for piece in pieces]


def _put(piece: Tokens, found: Sequence[str]) -> Tokens:
    """A formula with the indices of some names below."""
    out, last = list[Token](), 0
    for entry in _entries(piece):
        if entry.base in found:
            out += [*piece[last : entry.start], *entry.lowered()]
            last = entry.end
    return (*out, *piece[last:])


def axes_of(names: Names, base: str) -> int:
    """How many axes a declared name has; 0 for none."""
    accent, _, letter = base.rpartition(" ")
    found = names.lookup(Word(letter, 0, accent=accent))
    return names.known[found.name] if found is not None and not found.index else 0


def _entries(piece: Tokens) -> Iterator[_Entry]:
    """The names of a formula with brackets behind them."""
    for unit in units(piece):
        if not unit.letter or unit.below:
            continue
        k = unit.end
        scripts: dict[str, Tokens] = {"_": (), "^": ()}
        while k < len(piece) - 1 and piece[k].text in scripts:
            end = behind(piece, k + 1) if piece[k + 1].text == "{" else k + 2
            scripts[piece[k].text] = piece[k + 1 : end] if piece[k].text == "_" else piece[k:end]
            k = end
        if k < len(piece) and piece[k].text == "(" and (end := shut(piece, k)):
            arguments = tuple(split(piece[k + 1 : end - 1], *BETWEEN))
            if all(arguments):
                yield _Entry(unit.text, unit.start, end, piece[unit.start : unit.end], scripts["_"], scripts["^"], arguments)


def shut(piece: Tokens, k: int) -> int:
    """The place behind the bracket that opens at k; 0 where it is never shut."""
    depth = 0
    for j in range(k, len(piece)):
        depth += (piece[j].text in "({[") - (piece[j].text in ")}]")
        if depth == 0:
            return j + 1
    return 0


def _unprimed(pieces: Sequence[Tokens]) -> list[Tokens]:
    """The formulas with a letter of its own for s' of \\sum_{s'}."""
    texts = [[t.text for t in piece] for piece in pieces]
    big = (r"\sum", r"\prod", r"\max", r"\min")
    starts = [(own, k) for own in texts for k in range(len(own) - 4) if own[k] in big and own[k + 1 : k + 3] == ["_", "{"]]
    primed = sorted({own[k + 3] for own, k in starts if own[k + 4] == "'"})
    taken = {text.lstrip("\\") for own in texts for text in own}
    fresh = dict(zip(primed, (c for c in LETTERS if c not in taken), strict=False))
    found: list[Tokens] = []
    for piece in pieces:
        out, k = list[Token](), 0
        while k < len(piece):
            is_primed = piece[k].text in fresh and k + 1 < len(piece) and piece[k + 1].text == "'"
            out.append(Token(fresh[piece[k].text], piece[k].at) if is_primed else piece[k])
            k += 1 + is_primed
        found.append(tuple(out))
    return found
