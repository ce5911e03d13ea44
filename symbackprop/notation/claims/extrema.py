r"""The largest and the smallest: \max(0, z), \max z, \max_j s_j, \max_{j \neq y} s_j."""

from __future__ import annotations

import re

from symbackprop.language.operations.values import LOWEST
from symbackprop.notation.claims import nodes as nd
from symbackprop.notation.claims import sums
from symbackprop.notation.claims import syntax as sx
from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.grammar import syntax
from symbackprop.notation.claims.nodes import DOWN, Node
from symbackprop.notation.claims.shapes import Senses, made, over_all
from symbackprop.notation.claims.state import State
from symbackprop.notation.claims.syntax import Tokens, Word
from symbackprop.notation.claims.tokens import RELATIONS, Token, plain

PLACE = "place"  # the axis along which an entry is looked for


def extremum(state: State, kind: str, arguments: list[Senses], at: int, below: Tokens) -> Senses:
    """The largest or smallest entry of one argument, all or along letters, or the larger of two, entry by entry.

    below   what stands below the word: letters, or a condition on one.
    """
    sub = plain(below)
    if sub and not (len(sub) == 1 and sub.isalpha() and all(not r.node.letters for part in arguments for r in part)):
        return _over(state, kind, arguments, at, below)
    if len(arguments) == 1:
        return made(lambda x: over_all(x, lambda y, axes: nd.reduced(kind, y, axes)), arguments[0])
    if len(arguments) != 2:
        raise Fault(f"{kind} takes one or two arguments.", "", at)
    first, second = arguments
    if all(isinstance(r.node.op, nd.Const) for r in first):  # max(0, z) is relu, whose slope at 0 is 0
        first, second = second, first
    return made(lambda a, b: nd.applied(f"{kind}imum", a, b), first, second)


def place_of(state: State, kind: str, value: Senses, at: int, below: Tokens) -> Senses:
    r"""\arg\max_j s_j, \arg\max s: where the largest or smallest entry stands, which is one place."""
    letter = plain(below) or PLACE
    if not below:
        value = [r._replace(node=nd.renamed(r.node, [(DOWN, PLACE)])) for r in value if r.node.matrix == {DOWN}]
    value = [r for r in value if letter in r.node.axes]
    if not value or letter in state.outer:
        raise Fault(f"arg{kind} over {letter} is not read.", f"Write \\arg\\{kind}_j s_j, with j an index of what follows.", at)
    state.counted = True

    def place(x: Node) -> Node:
        here = nd.compared("==", x, nd.reduced(kind, x, (letter,)))
        return nd.summed(nd.arithmetic("*", nd.positions(letter, x.extent(letter), state.origin), here), letter)

    return made(place, value)


def _over(state: State, kind: str, arguments: list[Senses], at: int, below: Tokens) -> Senses:
    r"""\max_j s_j: over the letters below it, which stand nowhere else; of those alone that a condition lets through."""
    value = arguments[0]
    below = _counted(state, below, value)
    mend = f"Write \\{kind}_j s_j, with the letter below the sign an index of what follows."
    unread = Fault(f"{kind} over {plain(below)} is not read.", mend, at)
    try:
        test = syntax(below) if any(t.text in RELATIONS for t in below) else None
    except Fault:
        raise unread from None
    sides = test.sides if isinstance(test, sx.Relation) else ()
    compared = [w.base for w in sides if isinstance(w, Word) and all(w.base in r.node.axes for r in value)]
    letters = tuple(compared[:1] if sides else dict.fromkeys(plain(below).replace(",", "")))
    fits = len(arguments) == 1 and letters and all(c.isalpha() and c not in state.outer for c in letters)
    if not fits or not all(set(letters) <= set(r.node.axes) for r in value):
        raise unread
    if test is not None:
        lowest = nd.const(lower := LOWEST if kind == "max" else -LOWEST, complex(lower))
        with state.bound(list(letters)):
            state.ranged(letters[0], next(r.node.extent(letters[0]) for r in value))
            mask = sums.condition(state, test)
        value = made(lambda m, x: nd.chosen(m, x, lowest), mask, value)
    return made(lambda x: nd.reduced(kind, x, letters), value)


def _counted(state: State, below: Tokens, value: Senses) -> Tokens:
    r"""The letter alone of k = 1, \dots, K, k \in \{1, \dots, K\}, k \in [K] and 1 \leq k \leq K, if all of its are."""
    if [t.text for t in (*below[:2], *below[3:4])] == ["1", r"\leq", r"\leq"]:
        below = (below[2], Token("=", below[0].at), Token("1", below[0].at), Token(",", below[0].at), *below[4:])
    k = next((k for k, t in enumerate(below) if t.text in ("=", r"\in")), len(below))
    rest, letter = plain(below[k + 1 :]), plain(below[:k])
    if not rest.startswith(("1,", "{1,", "[")):
        return below
    last = re.split(r"[,\[]", rest.rstrip("]}"))[-1]
    size = last if last.isdigit() else state.names.size(Word(last, below[k].at))
    runs = all(letter in r.node.axes and str(state.probe.expression.get(r.node.extent(letter))) == size for r in value)
    return below[:k] if runs else below
