"""Formulas as one line of Unicode text: ∂L/∂W₁ = [W₂ᵀ 2(ŷ − y) ⊙ a ⊙ (1 − a)] xᵀ."""

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from symbackprop.formulas.symbols import ACCENTS, ALPHABET_HOLES, ENVIRONMENTS
from symbackprop.formulas.tree import (
    Accent,
    Atom,
    Fence,
    Fraction,
    Grid,
    Marked,
    Node,
    Root,
    Row,
    Script,
    is_sign,
    items_of,
    kind_of,
)

_LOW = dict(zip("0123456789+−=()aehijklmnoprstuvxβγρϕχ", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ", strict=True))
_HIGH = dict(zip("0123456789+−=()abcdefghijklmnoprstuvwxyz⊤′", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᵀ′", strict=True))
_LAYER = _HIGH | dict(zip("ABDEGHIJKLMNOPRUVW", "ᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵁⱽᵂ", strict=True))  # no T, which is a transpose
# A terminal draws these more clearly than the mathematical ones.
_CLEARER = {"∑": "Σ", "∏": "Π", "⋅": "·", "∣": "|", "∗": "*"}

_OPERATORS = ("binary", "relation")


@lru_cache(maxsize=4096)
def plain(node: Node) -> str:
    """The formula as a line of text: ∂L/∂W₁."""
    return unicodedata.normalize("NFC", _row(node))


def _row(node: Node) -> str:
    text = ""
    before: Node | None = None
    items = items_of(node)
    for place, item in enumerate(items):
        following = _next(items, place)
        kind = kind_of(item)
        if kind == "space":
            wide = float(_atom_of(item).text)
            text = text.rstrip() + ("   " if wide >= 1 else " " if wide > 0 else "")
            continue
        written = _write(item)
        if isinstance(item, Fraction) and (
            _operand(before) or kind_of(before) == "close" or _operand(following) or kind_of(following) in ("big", "open")
        ):
            written = f"({written})"
        if kind in _OPERATORS and not (kind == "binary" and is_sign(before)):
            text = text.rstrip() + f" {written} "
        else:
            gap = " " if not written.startswith(" ") and _gap(before, item, text) else ""
            text += gap + written + (" " if kind == "punctuation" else "")
        before = item
    return text.strip()


def _next(items: Sequence[Node], place: int) -> Node | None:
    """What follows an item; the room between two factors is nothing."""
    return next((item for item in items[place + 1 :] if not _is_thin(item)), None)


def _is_thin(item: Node) -> bool:
    return kind_of(item) == "space" and float(_atom_of(item).text) < 1


def _atom_of(item: Node | None) -> Atom:
    """The atom that an item stands for, its scripts left aside; an empty one for what is no atom."""
    head = item.base if isinstance(item, Script) else item
    return head if isinstance(head, Atom) else Atom("", "letter")


def _operand(item: Node | None) -> bool:
    """Whether the item multiplies what it stands next to."""
    return kind_of(item) not in ("", "binary", "relation", "open", "close", "punctuation", "space", "text", "big")


def _gap(before: Node | None, item: Node, text: str) -> bool:
    """Whether a space is due between the two: a product needs one, an opening parenthesis and a slash do not."""
    if not text or text.endswith(" ") or before is None:
        return False
    last, kind = kind_of(before), kind_of(item)
    if "/" in (_atom_of(before).text, _atom_of(item).text) or _atom_of(before).text in ("∂", "∇"):
        return False
    if last in ("binary", "open") or kind in ("close", "punctuation"):
        return False
    if kind in ("open", "fence") and not (last == "close" and isinstance(before, Script)):
        return last in ("big", "text") or (last == "limit" and isinstance(before, Script))
    return "|" not in (_atom_of(before).text, _atom_of(item).text)


def _write(node: Node) -> str:
    return _WRITERS[type(node)](node)


def _atom(atom: Atom) -> str:
    if atom.alphabet in ("mathbb", "boldsymbol"):
        return "".join(ALPHABET_HOLES[atom.alphabet].get(char, char) for char in atom.text)
    return _CLEARER.get(atom.text, atom.text)


def _compact(node: Node) -> str:
    """An index or exponent: no spaces in it, products of letters written together."""
    return _write(node).replace(" ", "")


def _script(node: Script) -> str:
    base = _write(node.base)
    if isinstance(node.base, Fraction) or (isinstance(node.base, Row) and len(node.base.items) > 1):
        base = f"({base})"
    if kind_of(node.base) in ("big", "limit", "relation"):
        return base + _mark("_", node.sub) + _mark("^", node.sup)
    return base + _shifted(node.sub, _LOW, "_") + _shifted(node.sup, _HIGH, "^")


def _shifted(node: Node | None, table: dict[str, str], mark: str) -> str:
    """The script in small characters where Unicode has all of them, after a mark otherwise."""
    if node is None:
        return ""
    text = _compact(node)
    if isinstance(node, Atom) and node.kind in ("text", "upright", "function") and len(node.text) > 1:
        return mark + text  # a word is read as one: data_loss
    if table is _HIGH and text.startswith("(") and text.endswith(")"):
        table = _LAYER
    if all(char in table for char in text):
        return "".join(table[char] for char in text)
    return _marked(mark, text)


def _mark(mark: str, node: Node | None) -> str:
    return "" if node is None else _marked(mark, _compact(node))


def _marked(mark: str, text: str) -> str:
    bracketed = text[0] + text[-1] in ("[]", "()") and not any(mark in text[1:-1] for mark in "[]()")
    return mark + (text if len(text) == 1 or bracketed else f"({text})")


def _fraction(node: Fraction) -> str:
    return f"{_part(node.over, under=False)}/{_part(node.under, under=True)}"


def _part(node: Node, under: bool) -> str:
    """The numerator or denominator, in parentheses unless it reads as one thing: W₁, ∂W₁, 2."""
    text = _write(node)
    items = items_of(node)
    if len(items) == 1:
        one = not isinstance(items[0], Fraction)
    elif len(items) == 2 and kind_of(items[0]) == "function" and isinstance(items[1], Fence) and items[1].call:
        one = True  # 1/sum(p)
    elif _atom_of(items[0]).text in ("∂", "∇"):
        one = not any(kind_of(item) in _OPERATORS or isinstance(item, Fraction) for item in items)
    else:
        one = not under and not any(
            kind_of(item) in (*_OPERATORS, "big", "limit")
            or isinstance(item, Fraction)
            or _atom_of(item).text == "/"
            or (kind_of(item) == "function" and kind_of(following) not in ("open", "fence"))
            for item, following in _outside(items)
        )
    return text if one else f"({text})"


def _outside(items: tuple[Node, ...]) -> Iterator[tuple[Node, Node | None]]:
    """The items with what follows each, but those within the brackets of a condition, 1[k = i]."""
    depth = 0
    for item, following in zip(items, (*items[1:], None), strict=True):
        depth -= kind_of(item) == "close"
        if not depth:
            yield item, following
        depth += kind_of(item) == "open"


def _root(node: Root) -> str:
    body = _write(node.body)
    sign = "√" if node.degree is None else {"3": "∛", "4": "∜"}.get(_write(node.degree), "")
    if not sign:
        return f"({body})^(1/{_compact(node.degree) if node.degree else ''})"
    return sign + (body if len(body) == 1 else f"({body})")


def _fence(node: Fence) -> str:
    return f"{node.left}{_write(node.body)}{node.right}"


def _accent(node: Accent) -> str:
    body = _write(node.body)
    is_one = sum(not unicodedata.combining(char) for char in body) == 1  # ŷ takes a dot above its hat
    return body + ACCENTS[node.name][1] if is_one else f"{node.name.removeprefix('wide')}({body})"


def _grid(node: Grid) -> str:
    left, right = ENVIRONMENTS[node.environment]
    rows = "; ".join(", ".join(_write(cell).rstrip(",") for cell in row) for row in node.rows)
    return f"{left}{rows}{'}' if left == '{' else right}"


def _framed(node: Marked) -> str:
    return f"⟦{_row(node.body).strip()}⟧"


_WRITERS: dict[type, Callable[..., str]] = {
    Atom: _atom,
    Row: _row,
    Script: _script,
    Fraction: _fraction,
    Root: _root,
    Fence: _fence,
    Accent: _accent,
    Grid: _grid,
    Marked: _framed,
}
