r"""Sums over a set of pairs, \sum_{(u, i) \in \mathcal{K}}: over all pairs, with a matrix that is 1 on the set."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.grammar import syntax
from symbackprop.notation.claims.syntax import Tokens, Word
from symbackprop.notation.claims.tokens import Token, plain
from symbackprop.notation.claims.words import Names
from symbackprop.notation.latex.extents import group_at

BIG = (r"\sum", r"\prod")


def with_pairs(piece: Tokens, names: Names) -> Tokens:
    r"""A formula in which \sum_{(i, j) \in E} is \sum_{i, j} E_{i j}, for a declared matrix E.

    names   what is declared.

    Raises Fault, with the declaration to write, where the set is not declared, or its matrix has other axes.
    """
    found: list[Token] = []
    k = 0
    while k < len(piece):
        limits = _limits(piece, k)
        if limits is None:
            found.append(piece[k])
            k += 1
            continue
        letters, of, end = limits
        if piece[k].text == r"\prod":
            raise Fault("a product over a set of pairs is not read.", r"Write the sum of logarithms.", piece[k].at)
        if _rank(names, of) != len(letters):
            raise _unsaid(piece, letters, of, piece[k].at)
        at = piece[k].at
        below = [token for n, letter in enumerate(letters) for token in ([Token(",", at)] if n else []) + list(letter)]
        found += [piece[k], Token("_", at), Token("{", at), *below, Token("}", at), *of, Token("_", at), Token("{", at), *below]
        found.append(Token("}", at))
        k = end
    return tuple(found)


def extents(stream: Tokens, shape: Callable[[Tokens], Sequence[str]]) -> dict[str, str]:
    """How far the letters of pairs run, by the matrices of their sets.

    shape   the sizes of what is called so; nothing where it is not declared.

    Raises Fault, with the declaration to write, where a set is not declared.
    """
    found: dict[str, str] = {}
    for k in range(len(stream)):
        limits = _limits(stream, k)
        if limits is not None:
            sizes = shape(limits[1])
            if not sizes:
                raise _unsaid(stream, limits[0], limits[1], stream[k].at)
            found |= dict(zip(map(plain, limits[0]), sizes, strict=False))
    return found


def _unsaid(stream: Tokens, letters: Sequence[Tokens], of: Tokens, at: int) -> Fault:
    """What is said of a set that is not declared, with a declaration."""
    name, own = plain(of).replace("\\mathcal", "").strip("{}\\ "), [plain(letter) for letter in letters]
    sizes = ", ".join("n" if _alike(stream, own) else "nmk"[k] for k in range(len(own)))
    mend = f"Declare the set as what is 1 on it and 0 elsewhere, in a line of its own: {name}: binary[{sizes}]."
    return Fault(f"which ({','.join(own)}) are in {name} is not said.", mend, at)


def _limits(piece: Tokens, k: int) -> tuple[list[Tokens], Tokens, int] | None:
    r"""The letters, the set and the end of \sum_{(i, j) \in E} at a place; None where none stands there."""
    if piece[k].text not in BIG or [t.text for t in piece[k + 1 : k + 3]] != ["_", "{"]:
        return None
    inner = group_at(piece, k + 2)
    texts = [t.text for t in inner]
    if texts[:1] != ["("] or r"\in" not in texts:
        return None
    place = texts.index(r"\in")
    if texts[place - 1] != ")" or not inner[place + 1 :]:
        return None
    letters = _split(inner[1 : place - 1])
    if len(letters) < 2 or any(len(letter) != 1 for letter in letters):
        return None
    return letters, inner[place + 1 :], k + 2 + len(inner) + 2


def _alike(piece: Tokens, letters: Sequence[str]) -> bool:
    """Whether one name stands with each of the letters, x_i and x_j: they run over the same."""
    below: dict[str, set[str]] = {}
    for k in range(len(piece) - 2):
        if piece[k + 1].text == "_" and piece[k].text not in BIG:
            below.setdefault(piece[k].text, set()).add(plain(group_at(piece, k + 2)))
    return any(set(letters) <= own for own in below.values())


def _split(several: Sequence[Token]) -> list[Tokens]:
    parts: list[list[Token]] = [[]]
    for token in several:
        if token.text == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    return [tuple(part) for part in parts]


def _rank(names: Names, of: Tokens) -> int | None:
    """How many axes the tensor has that is written so; None where none is."""
    word = syntax(of)
    found = names.lookup(word) if isinstance(word, Word) else None
    return names.known[found.name] if found is not None else None
