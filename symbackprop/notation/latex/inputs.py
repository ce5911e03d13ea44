"""The inputs that a text of LaTeX tells beside its declarations, by the sets in which they lie and by what is minimised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.statements import lined, pieces, without_ranges
from symbackprop.notation.claims.syntax import Tokens, Word
from symbackprop.notation.claims.tokens import Token, tokens
from symbackprop.notation.claims.words import Names
from symbackprop.notation.errors import NotationError
from symbackprop.notation.grammar import parsed
from symbackprop.notation.inference import kind_of
from symbackprop.notation.latex.members import Member, members, ranges_of
from symbackprop.notation.latex.naming import name_of, word_of
from symbackprop.notation.latex.objective import objective
from symbackprop.notation.latex.ranges import Range, conditioned, ranged, spoken
from symbackprop.notation.reader import Reader
from symbackprop.notation.statements import statement


class Told(NamedTuple):
    """The formulas of a text, what a person should know of its inputs, and over which steps formulas hold."""

    formulas: list[Tokens]
    notes: tuple[str, ...]
    ranges: tuple[Range, ...] = ()


def enter(reader: Reader, text: str, file: str) -> None:
    """Declare what a text in the network language declares."""
    tree, source = parsed(text, file)
    reader.source = reader.evaluator.source = source
    reader.foresee(tree.body)
    for node in tree.body:
        statement(reader, node)


def inputs(reader: Reader, latex: str) -> Told:
    """Declare the inputs whose sets are told, where nothing else declares or defines them; the formulas are left.

    What stands below a \\min or \\max is a parameter, and then the rest is data; otherwise names tell which, and a note says so.
    """
    latex = spoken(latex)
    stream = lined(latex, tokens(latex))
    left, ranges = ranged(stream)
    several, sought, below = _objectives(pieces(conditioned(left)))
    found, formulas = members([*several, *below], ranges_of(stream))
    formulas = [piece for piece in formulas if not any(piece is one for one in below)]
    defined = {name for piece in formulas for name in _defined(piece)}
    names = Names({t.name: t.ndim for t in reader.inputs if t.name}, reader.sizes, {}, reader.aliases)
    own = {one.name: one for one in found if one.name not in defined and not names.lookup(one.word) and not names.size(one.word)}
    parameters = [one for one in own.values() if one.within.kind is None and _is_parameter(one, sought)]
    for one in own.values():
        try:
            enter(reader, one.declaration(one in parameters), "<text>")
        except NotationError as fault:
            raise Fault(fault.fault, fault.mend, one.at) from None
    free = [one for one in own.values() if one.within.kind is None and one not in parameters]
    if not (parameters and free) or sought:
        return Told(without_ranges(formulas), (), tuple(ranges))
    first, second = (", ".join(one.name for one in several) for several in (parameters, free))
    note = f"Taken by their names: parameters {first}; data {second}. A declaration says otherwise: {parameters[0].name}: data."
    return Told(without_ranges(formulas), (note,), tuple(ranges))


def _objectives(several: Sequence[Tokens]) -> tuple[list[Tokens], list[Word], list[Tokens]]:
    """The pieces, an objective as L = ..., the words that stand below its \\min, and what is said of them there."""
    formulas, sought, below = [], [], []
    for piece in several:
        found = objective(piece)
        formulas.append((Token("L", piece[0].at), Token("=", piece[0].at), *found.body) if found else piece)
        if found:
            sought += found.sought
            below += [part for part in found.below if word_of(part) is None]
    return formulas, sought, below


def _is_parameter(one: Member, sought: Sequence[Word]) -> bool:
    if sought:
        return any(name_of(word) == one.name for word in sought)
    letter, (_, domain, sizes) = one.name.partition("_")[0], one.within
    scales = letter == "gamma" and bool(sizes)  # of a normalisation
    return scales or (kind_of(letter) == "parameter" and (bool(sizes) or not domain))


def _defined(piece: Tokens) -> set[str]:
    """The names that a formula may give a value to: with its indices as a part of the name, and without."""
    signs = [t.text for t in piece]
    word = word_of(piece[: signs.index("=")]) if "=" in signs else None
    return {name for one in (word, word and replace(word, sub=())) if one and (name := name_of(one))}
