"""A formula in lines that fit: broken before a relation, a sign, a product, as an author breaks it, and never made smaller.

What is too wide and in brackets is broken inside them; a fraction whose numerator is too wide is written as 1/n [ ... ], a row of
blocks with commas.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import inf

from symbackprop.formulas import build as f
from symbackprop.formulas.tree import Atom, Binds, Fence, Fraction, Grid, Node, Row, Script, is_sign, items_of, kind_of
from symbackprop.formulas.widths import behind, width

INDENT = 2.0
"""Ems by which the lines after the first begin further right."""

_LINE, _DEPTH, _CONDITION, _RAGGED = 10.0, 6.0, 40.0, 12.0
"""What one more line costs, a bracket that a break stands in, the condition of an indicator, a line left empty."""
_SEVERAL = 30.0
"""What it costs to break one of several equations that stand side by side, not between two of them."""
_ENTRY = 40.0
"""What it costs to break an entry of a list, not the list between two of them."""
_AT = {"relation": 0.0, "sum": 1.0, "list": 0.5, "entry": 3.0, "product": 5.0}
_FACTORS = ("letter", "number", "upright", "fence", "function", "limit", "big")
_NAME = 6.0  # a left side up to this many ems is a name
_DOT = Atom("⋅", "binary")
_DOTTED = 1.3  # its width, with its spaces


def lines(node: Node, room: float) -> tuple[Node, ...]:
    """The formula in lines of at most `room` ems, where it can be broken; a line after the first begins with its operator."""
    if width(node) <= room:
        return (node,)
    items = list(items_of(node))
    while True:
        pieces = _pieces(items)
        wide = max(pieces, key=_width)
        opened = _opened(wide, room) if _width(wide) > room - INDENT - _DOTTED else None
        if opened is None:
            return _filled(pieces, room)
        at = _place(items, wide)
        items[at : at + len(wide)] = opened


def clauses(node: Node) -> tuple[Node, ...]:
    """The parts between which a line of a sentence may end: before a relation or a sign; x = stays with what follows."""
    items = items_of(node)
    found: list[list[Node]] = [[items[0]]]
    depth = 0
    for place, (before, item) in enumerate(pairwise(items), 1):
        depth += (kind_of(before) == "open") - (kind_of(before) == "close")
        ends = depth == 0 and _kind_of_break(items, place, before, item) in ("relation", "sum")
        if ends and (len(found) > 1 or kind_of(item) != "relation" or _width(found[0]) > _NAME):
            found.append([])
        found[-1].append(item)
    return tuple(Row(tuple(part)) for part in found)


def balanced(line: Node) -> Node:
    """A line in which every bracket has its partner: an invisible one where its own stands on another line."""
    opened: list[tuple[str, list[Node]]] = [("", [])]
    for item in items_of(line):
        base = item.base if isinstance(item, Script) else item
        if isinstance(base, Atom) and base.kind == "open" and base.text in "([{":
            opened.append((base.text, []))
        elif isinstance(base, Atom) and base.kind == "close" and base.text in ")]}":
            left, inside = opened.pop()
            fence = Fence(left, Row(tuple(inside)), base.text)
            opened = opened or [("", [])]
            opened[-1][1].append(Script(fence, item.sub, item.sup) if isinstance(item, Script) else fence)
        else:
            opened[-1][1].append(item)
    while len(opened) > 1:
        left, inside = opened.pop()
        opened[-1][1].append(Fence(left, Row(tuple(inside)), ""))
    return Row(tuple(opened[0][1]))


def _width(piece: Sequence[Node]) -> float:
    return width(Row(tuple(piece)))


def _place(items: Sequence[Node], piece: Sequence[Node]) -> int:
    """Where a piece begins."""
    size = len(piece)
    return next(k for k in range(len(items) - size + 1) if items[k : k + size] == piece)


def _pieces(items: Sequence[Node]) -> list[list[Node]]:
    """The items between the places at which a line may begin."""
    found: list[list[Node]] = [[items[0]]]
    for place, (before, item) in enumerate(pairwise(items), 1):
        if _kind_of_break(items, place, before, item):
            found.append([])
        found[-1].append(item)
    return found


def _kind_of_break(items: Sequence[Node], place: int, before: Node, item: Node) -> str:
    """What stands at a place at which a line may begin; "" where none may."""
    kind, last = kind_of(item), kind_of(before)
    if kind == "relation" or last == "punctuation":
        return "relation" if kind == "relation" else "entry"
    if kind == "binary":
        return "" if is_sign(before) else "sum" if isinstance(item, Atom) and item.text in "+−" else "entry"
    if last == "space" and place > 1:
        before, last = items[place - 2], kind_of(items[place - 2])
    closes = last in ("letter", "number", "upright", "fence", "close") and before not in (f.PARTIAL, f.symbol("/"))
    head = item.base if isinstance(item, Script) else item
    follows = kind in _FACTORS and head != f.symbol("/") and not (isinstance(head, Fence) and head.call)
    names = isinstance(before, Script) and isinstance(before.base, Atom) and before.base.kind in ("big", "limit", "function")
    return "product" if closes and follows and not names else ""


def _filled(pieces: Sequence[Sequence[Node]], room: float) -> tuple[Node, ...]:
    """The pieces in lines: as few as fit, broken where the eye expects it."""
    costs = _costs(pieces)
    best = [(0.0, 0)] + [(inf, 0)] * len(pieces)  # of the pieces up to here: the least cost, and where the last line begins
    for start, first in enumerate(pieces):
        more = INDENT + _DOTTED * _is_dotted(first, pieces[start - 1]) if start else 0.0
        wide, before = 0.0, None
        for end in range(start + 1, len(pieces) + 1):
            wide, before = behind(before, pieces[end - 1], wide), pieces[end - 1][-1]
            over = wide + more - room
            if over > 0 and end > start + 1:
                if best[end][0] == inf:
                    break
                best[end] = inf, 0  # a longer line is no choice, even where it would have no indent
                continue
            cost = best[start][0] + (_LINE + costs[start] if start else 0.0) + 100 * max(over, 0.0)
            if end < len(pieces):
                cost += _RAGGED * max(-over, 0.0) / room
            best[end] = min(best[end], (cost, start))
    starts, end = [], len(pieces)
    while end:
        starts.append(end := best[end][1])
    bounds = [*reversed(starts), len(pieces)]
    rows = [[item for piece in pieces[a:b] for item in piece] for a, b in pairwise(bounds)]
    return tuple(_line(row, before) for before, row in pairwise([[], *rows]))


def _costs(pieces: Sequence[Sequence[Node]]) -> list[float]:
    """What it costs to begin a line with each piece."""
    opened: list[float] = []
    within = _lists([item for piece in pieces for item in piece])
    passed = 0
    costs, before = [], None
    several = any(f.QUAD in piece for piece in pieces)  # equations side by side: a line ends between them
    for place, piece in enumerate(pieces):
        kind = kind_of(piece[0])
        sign = isinstance(piece[0], Atom) and piece[0].text in "+−"
        dotted = _is_dotted(piece, pieces[place - 1])
        at = "product" if dotted else kind if kind in _AT else "sum" if sign else "entry" if kind == "binary" else "list"
        within_entry = _ENTRY if place and within[passed] and kind_of(pieces[place - 1][-1]) != "punctuation" else 0.0
        costs.append(_AT[at] + sum(opened) + within_entry + (_SEVERAL if several and piece[0] != f.QUAD else 0.0))
        passed += len(piece)
        for item in piece:
            if kind_of(item) == "open":
                opened.append(_CONDITION if before == f.bold("1") else _DEPTH)
            elif kind_of(item) == "close" and opened:
                opened.pop()
            before = item
    return costs


def _lists(items: Sequence[Node]) -> list[bool]:
    """Of each item, whether it stands in an entry of a list: in brackets with a comma between them."""
    inside: list[list[int]] = [[]]  # the items of each bracket that is open
    found = [False] * len(items)
    commas = [False]
    for place, item in enumerate(items):
        kind = kind_of(item)
        if kind == "close" and len(inside) > 1:
            whole = inside.pop()
            if commas.pop():
                for k in whole:
                    found[k] = True
            inside[-1] += whole
        inside[-1].append(place)
        commas[-1] |= kind == "punctuation" and len(inside) > 1
        if kind == "open":
            inside.append([])
            commas.append(False)
    return found


def _line(row: Sequence[Node], before: Sequence[Node]) -> Node:
    """One line, after the line before; a space at either end goes, and a product that goes on says so by a dot."""
    items = list(row)
    while before and kind_of(items[0]) == "space":
        items.pop(0)
    while kind_of(items[-1]) == "space":
        items.pop()
    return Row((*([_DOT] if before and _is_dotted(items, before) else []), *items))


def _is_dotted(line: Sequence[Node], before: Sequence[Node]) -> bool:
    """Whether a line that goes on begins in the middle of a product."""
    return kind_of(line[0]) not in ("relation", "binary") and kind_of(before[-1]) != "punctuation"


def _opened(piece: Sequence[Node], room: float) -> list[Node] | None:
    """A piece with its widest part taken apart, so that it can be broken inside; None where nothing can be taken apart."""
    for item in sorted(piece, key=width, reverse=True):
        if (apart := _apart(item, room)) is not None:
            place = next(k for k, other in enumerate(piece) if other is item)
            return [*piece[:place], *apart, *piece[place + 1 :]]
    return None


def _apart(item: Node, room: float) -> list[Node] | None:
    if width(item) <= room / 4:
        return None
    match item:
        case Fence(left, body, right) if left in ("(", "[", "{") and right in (")", "]", "}"):
            return [Atom(left, "open"), *items_of(body), Atom(right, "close")]
        case Script(Fence(left, _, right) as base, sub, sup) if left in ("(", "[") and right in (")", "]"):
            opening, *inner, closing = _apart(base, 0.0) or [base]
            return [opening, *inner, Script(closing, sub, sup)] if inner else None
        case Fraction(over, under) if width(over) > width(under):
            return [Fraction(f.ONE, under), f.THIN, *items_of(f.within(over, Binds.PRODUCT))]
        case Grid("bmatrix", (cells,)):  # a row of blocks: its entries one after the other
            return _apart(f.block_row(cells), 0.0)
        case Row(items):
            return list(items)
    return None
