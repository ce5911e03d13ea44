r"""How the rows of the tables of functions are printed: the LaTeX in a row, read once, with arguments in its places."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from symbackprop.formulas.build import beside, bracket, call, scripted
from symbackprop.formulas.read_latex import parse
from symbackprop.formulas.tree import Atom, Binds, Fence, Node, Row, Script, binds, items_of, rebuilt

_PLACES = "אבג"  # letters that no row writes, for {0}, {1}, {2}


def applied(latex: str, arguments: Sequence[Node]) -> Node:
    r"""name(arguments), or the notation of a row, in which {0} stands for the first argument: \left|{0}\right|."""
    notation, has_places = _read(latex)
    if not has_places:
        return call(notation, arguments)
    node = _filled(notation, dict(zip(map(_place, _PLACES), arguments, strict=False)))
    last = items_of(node)[-1]
    is_call = isinstance(last, Fence) and last.call and last.left == "("  # log|det A| to a power needs brackets
    return Row(node.items, Binds.ATOM if is_call else Binds.PRODUCT) if isinstance(node, Row) else node


def named(latex: str) -> Node:
    r"""The name of a row by itself: \sigma, \max."""
    return _read(latex)[0]


@lru_cache(maxsize=256)
def _read(latex: str) -> tuple[Node, bool]:
    text = latex
    for k, place in enumerate(_PLACES):
        text = text.replace(f"{{{k}}}", f"{{{place}}}")
    return beside(*parse(text).items), text != latex


def _place(char: str) -> Atom:
    return Atom(char, "letter")


def _filled(node: Node, arguments: dict[Atom, Node]) -> Node:
    """The notation with the arguments in their places; one that stands free, and is no name or call, gets brackets."""

    def put(part: Node, free: bool) -> Node:
        if isinstance(part, Atom):
            given = arguments.get(part)
            return part if given is None else bracket(given) if free and binds(given) < Binds.ATOM else given
        return _filled(part, arguments)

    if isinstance(node, Row):
        return beside(*[put(item, len(node.items) > 1) for item in node.items], binds=node.binds)
    if isinstance(node, Script):
        return scripted(put(node.base, True), node.sub and put(node.sub, False), node.sup and put(node.sup, False))
    return put(node, False) if isinstance(node, Atom) else rebuilt(node, lambda part: put(part, False))
