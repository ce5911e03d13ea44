r"""Indices of samples that a left side leaves unsaid: s = W x_i beside \ell_i = -\log s_{y_i} is s_i."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from symbackprop.notation.claims.grammar import syntax
from symbackprop.notation.claims.limits import words
from symbackprop.notation.claims.statements import Equality, equality
from symbackprop.notation.claims.syntax import Tokens, Word
from symbackprop.notation.claims.tokens import FONTS, Token
from symbackprop.notation.claims.words import Names
from symbackprop.notation.latex.equations import free_letters
from symbackprop.notation.latex.extents import group_at
from symbackprop.notation.latex.stepped import Base, several
from symbackprop.notation.latex.units import behind, units


def equalities_of(formulas: Iterable[Tokens], names: Names) -> list[Equality]:
    """The equations, each with such an index on the left, and below the value wherever another of that sample reads it."""
    written = list(formulas)
    found = [equality(syntax(part)) for part in written]
    for _ in written:
        unsaid = next(((k, letter) for k, one in enumerate(found) if (letter := _unsaid(found, one, names))), None)
        if unsaid is None:
            break
        place, letter = unsaid
        left = found[place].left
        assert isinstance(left, Word)
        for k, one in enumerate(found):
            if k == place or _has(one, letter):
                written[k] = _below(written[k], f"{left.accent} {left.base}".strip(), letter)
                found[k] = equality(syntax(written[k]))
    return found


def _unsaid(several_lines: Sequence[Equality], one: Equality, names: Names) -> str:
    """The one index that stands free on the right of a bare name, and is that of what reads the name; "" where there is none."""
    if not isinstance(one.left, Word) or one.left.sub or one.left.sup or names.lookup(one.left):
        return ""
    own = Base.of(one.left)
    reading = [e for e in several_lines if e is not one and any(Base.of(word) == own for word, _ in words(e.right))]
    free = [c for c in free_letters(one.right, names) if reading and all(_has(e, c) for e in reading)]
    return free[0] if len(free) == 1 else ""


def _has(one: Equality, letter: str) -> bool:
    """Whether a left side has the index."""
    return isinstance(one.left, Word) and letter in [index.letter for index in several(one.left.sub)]


def _below(formula: Tokens, name: str, letter: str) -> Tokens:
    """A formula with the index below a name, before what stands there; words, \\text{if } s, stay."""
    found: list[Token] = []
    done = 0  # what stands before it is copied
    for unit in units(formula):
        if unit.start < done:
            continue
        if unit.text[1:] in FONTS:
            found += formula[done : (end := behind(formula, unit.end))]
            done = end
        elif unit.text == name and not unit.below:
            found += formula[done : unit.start]
            own, has_index = formula[unit.start : unit.end], [t.text for t in formula[unit.end : unit.end + 1]] == ["_"]
            under = group_at(formula, unit.end + 1) if has_index else ()
            inside = bool(own) and own[-1].text == "}" and own[0].text == "{"  # e^{s}
            at = formula[unit.start].at
            below = (Token(letter, at), *((Token(",", at), *under) if under else ()))
            end = len(own) - inside
            found += [*own[:end], Token("_", at), Token("{", at), *below, Token("}", at), *own[end:]]
            done = behind(formula, unit.end + 1) if has_index else unit.end
    return (*found, *formula[done:])
