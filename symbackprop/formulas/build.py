r"""How formulas are put together: sums, products, powers, calls, derivatives, with brackets where `Binds` asks for them.

Every constructor returns the tree that reading its LaTeX would give: rows are flat, and a script sits on the last item of its base.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from symbackprop.formulas.symbols import CHARACTERS, SYMBOLS
from symbackprop.formulas.tree import (
    Atom,
    Binds,
    Fence,
    Fraction,
    Grid,
    Node,
    Root,
    Row,
    Script,
    binds,
    items_of,
    kind_of,
    walk,
)

MINUS, PLUS, ODOT = (Atom(sign, "binary") for sign in "−+⊙")
EQUALS, COMMA = Atom("=", "relation"), Atom(",", "punctuation")
THIN, QUAD = Atom("0.1667", "space"), Atom("1.0", "space")
ONE, ZERO = Atom("1", "number"), Atom("0", "number")
SUM, TOP = Atom("∑", "big"), Atom("⊤", "upright")
PARTIAL = Atom("∂", "letter")


PRIMES = 3  # more are written as a number in brackets


def symbol(name: str) -> Atom:
    r"""The character of a macro or a sign: \partial, \le, =."""
    return Atom(*(SYMBOLS.get(name) or CHARACTERS[name]))


BOLD_PI = Atom("π", "letter", "boldsymbol")
r"""A tensor that is called \pi, beside the number."""


def number(value: int | str) -> Node:
    """A whole or decimal number; a negative one has its sign in front."""
    text = str(value)
    return negative(Atom(text[1:], "number")) if text.startswith("-") else Atom(text, "number")


def letter(text: str) -> Atom:
    """A letter."""
    return Atom(text, "letter")


def word(text: str) -> Atom:
    """A name of several letters, upright."""
    return Atom(text, "upright")


def function(name: str) -> Atom:
    """The name of a function."""
    return Atom(name, "function")


def bold(text: str) -> Atom:
    """A bold letter or number."""
    return Atom(text, "letter", "mathbf")


def words(text: str) -> Atom:
    """A piece of a sentence."""
    return Atom(text, "text")


def beside(*nodes: Node, binds: Binds = Binds.SUM) -> Node:
    """The nodes side by side, as one flat row."""
    items = tuple(item for node in nodes for item in items_of(node))
    return items[0] if len(items) == 1 else Row(items, binds)


def joined(sign: Node, nodes: Sequence[Node], binds: Binds = Binds.SUM) -> Node:
    """The nodes with a sign between them."""
    return beside(*[part for node in nodes for part in (sign, node)][1:], binds=binds)


def listed(nodes: Sequence[Node]) -> Node:
    """The nodes with commas between them."""
    return joined(COMMA, nodes)


def block_row(blocks: Sequence[Node]) -> Node:
    """[A, B, C]: blocks beside one another, as they stand on one line and on several."""
    return Fence("[", listed(blocks), "]")


def side_by_side(nodes: Sequence[Node]) -> Node:
    """Formulas in one line, with room between them."""
    return beside(*[part for node in nodes for part in (COMMA, QUAD, node)][2:])


def bracket(node: Node) -> Fence:
    """Round brackets, or square ones round round ones; the brackets of a function's arguments do not count."""
    inside = {part.left for part in walk(node) if isinstance(part, Fence) and not part.call}
    return Fence("[", node, "]") if "(" in inside and "[" not in inside else Fence("(", node, ")")


def within(node: Node, level: Binds) -> Node:
    """The node as part of something that binds with `level`: in brackets where it binds less tightly."""
    return bracket(node) if binds(node) < level else node


def holds(node: Node, *kinds: type) -> bool:
    """Whether a node of one of the kinds is in it."""
    return any(isinstance(part, kinds) for part in walk(node))


def negative(node: Node) -> Node:
    """-x."""
    return beside(MINUS, node)


def is_negative(node: Node) -> bool:
    """Whether it begins with a minus."""
    return isinstance(node, Row) and node.items[0] == MINUS


def add(terms: Sequence[Node]) -> Node:
    """Terms with plus between them; a term that begins with a minus is subtracted, and a zero beside others left out."""
    first, *rest = [term for term in terms if term != ZERO] or [ZERO]
    return beside(first, *[part for term in rest for part in ((term,) if is_negative(term) else (PLUS, term))])


def juxtapose(factors: Sequence[Node], level: Binds = Binds.PRODUCT) -> Node:
    """Factors beside each other, with a thin space where they would run together; a sum over letters at their end binds as one.

    Only the last may be a log x without brackets: log s v is the logarithm of s v.
    """
    factors = [*map(_closed, factors[:-1]), *factors[-1:]]
    spaced = list(factors[:1])
    for before, factor in pairwise(factors):
        spaced += [THIN, factor] if _runs_into(before, factor) else [factor]
    return beside(*spaced, binds=level) if spaced else ONE


def _closed(factor: Node) -> Node:
    """A factor with brackets around the argument of a bare log x at its end."""
    *before, last = items_of(factor)
    if not before or before[-1] != Atom("log", "function") or isinstance(last, Fence):
        return factor
    return beside(*before, Fence("(", last, ")", call=True), binds=binds(factor))


def _runs_into(before: Node, factor: Node) -> bool:
    first = items_of(factor)[0]
    if kind_of(first) == "number":
        return True
    head = first.base if isinstance(first, Script) else first
    opens = kind_of(first) == "big" or (isinstance(head, Fence) and head.left in ("(", "["))
    return not opens and (kind_of(first) in ("function", "limit") or any(map(_is_wide, (*walk(before), *walk(factor)))))


def _is_wide(node: Node) -> bool:
    if not isinstance(node, Atom):
        return isinstance(node, Fraction)
    if node.kind == "upright":
        return len(node.text) > 1 or (node.text.isascii() and node.text.isalpha())
    return node.alphabet == "mathbf" or (node.kind == "function" and node.text not in SYMBOLS)


def hadamard(factors: Sequence[Node]) -> Node:
    """The product entry by entry."""
    return joined(ODOT, factors, Binds.HADAMARD)


def scripted(base: Node, sub: Node | None = None, sup: Node | None = None) -> Node:
    """A base with scripts; they stand at the last item of a call, and join those that are there."""
    *before, last = items_of(base)
    if isinstance(last, Script) and (sub is None or last.sub is None) and (sup is None or last.sup is None):
        own = Script(last.base, sub or last.sub, sup or last.sup)
    else:
        own = Script(last, sub, sup)
    return beside(*before, own, binds=Binds.POWER if sup is not None else binds(base))


def primed(base: Node, order: int) -> Node:
    r"""A derivative of a function by its name: \sigma, \sigma', \sigma^{(4)}."""
    if not order:
        return base
    marks = beside(*[Atom("′", "upright")] * order) if order <= PRIMES else Fence("(", number(order), ")")
    return Script(base.base, base.sub, marks) if isinstance(base, Script) and base.sup is None else Script(base, None, marks)


def power(base: Node, exponent: Node) -> Node:
    """A base to a power."""
    return scripted(within(base, Binds.ATOM), sup=exponent)


def root(body: Node) -> Node:
    """The square root; that of the square of a norm is the norm."""
    if isinstance(body, Script) and isinstance(body.base, Fence) and body.base.left == "‖" and body.sup == number(2):
        return body.base if body.sub is None else Script(body.base, body.sub)
    return Root(body)


def over(top: Node, bottom: Node) -> Node:
    """A fraction."""
    return Fraction(top, bottom)


def call(function: Node, arguments: Sequence[Node], level: Binds = Binds.ATOM) -> Node:
    """function(arguments)."""
    return beside(function, Fence("(", listed(arguments), ")", call=True), binds=level)


def relation(*parts: Node) -> Node:
    """a = b, 0 <= a < b: sides and relations by turns."""
    return beside(*parts)


def equation(left: Node, right: Node) -> Node:
    """left = right."""
    return relation(left, EQUALS, right)


def indicator(condition: Node) -> Node:
    """1[condition]."""
    return beside(bold("1"), symbol("["), condition, symbol("]"), binds=Binds.POWER)


def cases(first: Node, test: Node, second: Node, otherwise: Node | None = None) -> Node:
    """One value where a test holds, another one where it does not, or where another test holds; cases of cases as one list."""
    row = first, beside(words("if "), test)
    if otherwise is None and isinstance(second, Grid) and second.environment == "cases":
        return Grid("cases", (row, *second.rows))
    return Grid("cases", (row, (second, words("otherwise") if otherwise is None else beside(words("if "), otherwise))))


def over_letters(operator: Node, letters: Sequence[Node], body: Node) -> Node:
    """A sum, a product, a maximum over letters."""
    return beside(scripted(operator, sub=listed(letters)), body)


def partial(node: Node, order: int = 1) -> Node:
    """A small change, or one of a higher order."""
    return beside(PARTIAL if order == 1 else Script(PARTIAL, None, number(order)), node)
