r"""Products of matrices with an order: \prod_{k=l+1}^{n} A_k is A_{l+1} \cdots A_n, \prod_{k=n}^{l+1} A_k is A_n \cdots A_{l+1}.

What the limits leave out is a factor I, so that an empty product is I. Papers write such a product with its factors the other way
as well.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from symbackprop.formulas.told import told
from symbackprop.notation.claims import nodes as nd
from symbackprop.notation.claims import syntax as sx
from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.grammar import syntax
from symbackprop.notation.claims.indices import is_square
from symbackprop.notation.claims.nodes import DOWN, RIGHT, Node
from symbackprop.notation.claims.shapes import OUTER, TURNED, Senses, best, made, product
from symbackprop.notation.claims.state import State
from symbackprop.notation.claims.syntax import Syntax, Tokens, Word
from symbackprop.notation.claims.tokens import Token

_EITHER = 0.5
_FALLING = told("a product between two indices is taken to fall, from the first to the second")

Condition = Callable[[State, Syntax], Senses]


def parted(state: State, node: sx.Big, letter: str) -> tuple[Syntax, tuple[Syntax, ...], tuple[str, ...]]:
    """The factors of a product, up to the last with its letter and the square matrices after it; those behind, and their signs."""
    body = node.body
    if not isinstance(body, sx.Product):
        return body, (), ()
    last = max((k for k, one in enumerate(body.factors) if _mentions(one, letter)), default=len(body.factors) - 1)
    while last + 1 < len(body.factors) and not body.ops[last] and _squares(state, body.factors[last + 1]):
        last += 1
    held = body.factors[: last + 1]
    inner = held[0] if len(held) == 1 else sx.Product(held, body.ops[:last], body.at)
    return inner, body.factors[last + 1 :], body.ops[last:]


def _squares(state: State, node: Syntax) -> bool:
    try:
        return all(is_square(r.node) for r in state.read(node))
    except Fault:
        return False


def _mentions(node: Any, letter: str) -> bool:
    if isinstance(node, Token):
        return node.text.lstrip("\\") == letter
    return any(_mentions(part, letter) for part in sx.below(node))


def ordered(state: State, node: sx.Big, letter: str, body: Senses, condition: Condition) -> Senses:
    """The product of matrices over a letter, in the order of its limits."""
    matrices = [r for r in body if is_square(r.node)]
    under = tuple(t for t in node.under if t.text not in "{}" or t.text == "")
    at = next((k for k, t in enumerate(under) if t.text == "="), None)
    if not matrices or at is None or not node.over:
        return []
    lower, upper = under[at + 1 :], node.over
    rises, falls = _rank(state, lower) <= _rank(state, upper), _rank(state, lower) >= _rank(state, upper)
    found: Senses = []
    if rises:
        found += _taken(state, node, letter, matrices, (lower, upper), False, condition)
    if falls and (not rises or _rank(state, lower) == 1):
        cost = _EITHER if rises else 0.0
        taken = _taken(state, node, letter, matrices, (upper, lower), True, condition)
        found += [r._replace(cost=r.cost + cost, notes=(*r.notes, _FALLING) if cost else r.notes) for r in taken]
    return best(found)


def _rank(state: State, limit: Tokens) -> int:
    """0 for a number, 1 for an index, 2 for a size: which of two limits is the larger one."""
    names = [t.text.lstrip("\\") for t in limit if t.text.lstrip("\\").isalpha()]
    if names and all(state.context.loops.counts(name) for name in names):
        return 2
    return 1 if names else 0


def _taken(
    state: State, node: sx.Big, letter: str, body: Senses, limits: tuple[Tokens, Tokens], falls: bool, condition: Condition
) -> Senses:
    """The factors from the least to the largest limit, in rising or in falling order; or in the other one, which costs."""
    for one in (t.text.lstrip("\\") for limit in limits for t in limit):
        named = state.names.lookup(Word(one, node.at)) or state.context.loops.counts(one)
        if one.isalpha() and len(one) == 1 and not named:  # an index that stands in limits alone
            state.ranged(one, state.range(letter, node.at))
    word = Word(letter, node.at)
    low, high = (syntax(limit) for limit in limits)
    state.counted = True
    tests = [condition(state, sx.Relation((word, one), (sign,), node.at)) for one, sign in ((low, ">="), (high, "<="))]
    for test in tests:
        body = made(_or_identity, test, body)
    if not all(letter in r.node.axes for r in body):
        raise Fault(f"the factors of this product have no index {letter}.", r"Write \prod_{k} A_k.", node.at)
    own = made(lambda x: chained(x, letter, falls), body)
    other = made(lambda x: chained(x, letter, not falls), body, cost=OUTER, note=TURNED)
    return own + other


def _or_identity(test: Node, x: Node) -> Node:
    return nd.chosen(test, x, nd.eye((DOWN, RIGHT), (x.extent(DOWN), x.extent(RIGHT))))


def with_rest(state: State, found: Senses, rest: tuple[Syntax, ...], ops: tuple[str, ...]) -> Senses:
    """The product and the factors behind it."""
    for op, one in zip(ops, rest, strict=True):
        found = product(op, found, state.read(one))
    return found


def chained(x: Node, axis: str, falls: bool) -> Node:
    """The product of the matrices along an axis, in its order or the other way."""
    rest = tuple(a for a in x.axes if a not in (axis, DOWN, RIGHT))
    value = x.value.transpose([x.axes.index(a) for a in (axis, *rest, DOWN, RIGHT)])
    total = value[0]
    for one in value[1:]:
        total = one @ total if falls else total @ one
    return Node(nd.Chained(axis, falls), (x,), (*rest, DOWN, RIGHT), total)


def limits_of(x: Node) -> tuple[dict[str, Node], Node]:
    """The limits of the factors of a product, by the sign that compares with them, and the factors alone."""
    limits: dict[str, Node] = {}
    while isinstance(x.op, nd.Chosen) and isinstance(x.args[0].op, nd.Compared) and isinstance(x.args[2].op, nd.Eye):
        limits[x.args[0].op.sign], x = x.args[0].args[1], x.args[1]
    return limits, x
