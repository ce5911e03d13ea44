r"""A formula cut into pieces: the terms of a sum, else the factors of \odot, else factors side by side; and put together again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal, NamedTuple

from symbackprop.formulas import build as f
from symbackprop.formulas.tree import Atom, Binds, Fence, Node, Row, Script, is_sign, items_of, kind_of, rebuilt

_HEADS, _OPENS = (f.bold("1"), f.letter("σ")), ("open", "fence")  # what takes the bracket behind it as its argument
Join = Literal["sum", "had", "row"]


class Piece(NamedTuple):
    """A term with its sign, or a factor, whose sign is empty."""

    sign: Literal["", "+", "−"]
    node: Node


def fenced(node: Node) -> Node:
    """The formula with every pair of brackets as one part of it, but for those of 1[...]; arguments are known as such."""
    node = rebuilt(node, fenced)
    if not isinstance(node, Row):
        return node
    out: list[Node] = []
    opened: list[int] = []
    for item in node.items:
        base = item.base if isinstance(item, Script) else item
        if kind_of(item) == "close" and isinstance(base, Atom) and opened:
            start = opened.pop()
            first = out[start]
            if isinstance(first, Atom) and out[start - 1 : start] != [f.bold("1")]:
                base = Fence(first.text, f.beside(*out[start + 1 :]), base.text)
                item, out = Script(base, item.sub, item.sup) if isinstance(item, Script) else base, out[:start]
        elif kind_of(item) == "open":
            opened.append(len(out))
        if isinstance(base, Fence) and out and (kind_of(out[-1]) == "function" or out[-1] in _HEADS):
            base = replace(base, call=True)
            item = Script(base, item.sub, item.sup) if isinstance(item, Script) else base
        out.append(item)
    return Row(tuple(out), node.binds)


def plainer(node: Node) -> Node:
    """The formula without brackets that change nothing: round a product within a product, and within \\odot."""
    node = rebuilt(node, plainer)
    if not isinstance(node, Row):
        return node
    join, pieces = cut(node)
    if join == "sum" or len(pieces) == 1:
        return node
    return joined(join, [Piece(p.sign, _opened(p.node, join)) for p in pieces])


def _opened(node: Node, join: Join) -> Node:
    if not isinstance(node, Fence) or node.call or (node.left, node.right) not in (("(", ")"), ("[", "]")):
        return node
    inner, pieces = cut(node.body)
    plain = not any(kind_of(i) in ("big", "limit", "relation", "punctuation") for p in pieces for i in items_of(p.node))
    return node.body if plain and (inner == join or (inner == "row" and join == "had")) else node


def cut(node: Node) -> tuple[Join, list[Piece]]:
    """The formula as signed terms, else as factors of \\odot, else as factors side by side."""
    units = list(units_of(items_of(node)))
    signs = [k for k, unit in enumerate(units) if unit in (f.PLUS, f.MINUS) and (k == 0 or not is_sign(units[k - 1]))]
    if signs:
        ends = [*signs, len(units)]
        terms = [Piece("", Row(tuple(units[: signs[0]])))] if signs[0] else []
        terms += [Piece("", Row(tuple(units[a:b]))) for a, b in zip(signs, ends[1:], strict=True)]
        return "sum", [_term(term.node) for term in terms]
    if f.ODOT in units:
        factors: list[list[Node]] = [[]]
        for unit in units:
            if unit == f.ODOT:
                factors.append([])
            else:
                factors[-1].append(unit)
        return "had", [Piece("", f.beside(*several)) for several in factors if several]
    return "row", [Piece("", unit) for unit in units] or [Piece("", node)]


def _term(node: Node) -> Piece:
    first, *rest = items_of(node)
    if first in (f.PLUS, f.MINUS):
        return Piece("−" if first == f.MINUS else "+", f.beside(*rest) if rest else Row(()))
    return Piece("+", f.beside(first, *rest))


def units_of(items: tuple[Node, ...]) -> Iterator[Node]:
    """The items without spaces; a function with its argument, 1[...] and a sum with what it sums are one."""
    own = [item for item in items if kind_of(item) != "space"]
    k = 0
    while k < len(own):
        end = k + 1
        if kind_of(own[k]) == "big":
            while end < len(own) and own[end] not in (f.PLUS, f.MINUS):
                end += 1
        elif end < len(own) and (kind_of(own[k]) in ("function", "limit") or (own[k] in _HEADS and kind_of(own[end]) in _OPENS)):
            end = _after(own, end)
        elif kind_of(own[k]) == "open":
            end = _after(own, k)
        yield f.beside(*own[k:end])
        k = end


def _after(own: list[Node], k: int) -> int:
    """The place after the item at k, or after the brackets that open there."""
    depth, start = 0, k
    while k < len(own):
        depth += (kind_of(own[k]) == "open") - (kind_of(own[k]) == "close")
        k += 1
        if depth == 0:
            return k
    return start + 1


def joined(join: Join, pieces: list[Piece]) -> Node:
    """The pieces as one formula."""
    match join:
        case "sum":
            items: list[Node] = []
            for piece in pieces:
                sign = f.MINUS if piece.sign == "−" else f.PLUS
                items += [piece.node] if not piece.sign or (not items and sign == f.PLUS) else [sign, piece.node]
            return f.beside(*items)
        case "had":
            return f.hadamard([p.node for p in pieces])
        case "row":
            return f.juxtapose([p.node for p in pieces], Binds.PRODUCT)
