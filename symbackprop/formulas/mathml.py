"""Formulas as MathML, in the part that browsers draw themselves (MathML Core).

Not by latex2mathml: that one lets text through unescaped, passes unknown macros on in silence, and uses attributes
(`mathvariant="bold"`, `columnalign`) that browsers have dropped.
"""

from collections.abc import Callable
from functools import lru_cache
from html import escape

from symbackprop.formulas.plain import plain
from symbackprop.formulas.symbols import ACCENTS, ALPHABET_HOLES, ALPHABETS, ENVIRONMENTS
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
    prime_count,
)

THIN_SPACE = '<mspace width="0.1667em"/>'


@lru_cache(maxsize=4096)
def mathml(node: Node, display: bool = False, goes_on: bool = False) -> str:
    """The <math> element of a formula, with its plain text as `alttext`.

    display: large sums with their limits above and below, as in a displayed equation.
    goes_on: it goes on with the line above, so that a sign at its beginning stands between two operands.
    """
    style = ' displaystyle="true"' if display else ""
    return f'<math{style} alttext="{escape(plain(node))}">{_row(node, goes_on)}</math>'


def _row(node: Node, operand_before: bool = False) -> str:
    """The items side by side; what an operator is depends on what stands before it, as in TeX."""
    pieces = []
    items = items_of(node)
    for item, following in zip(items, (*items[1:], None), strict=False):
        kind = kind_of(item)
        if isinstance(item, Marked):
            pieces.append(_marked(item, operand_before))
        elif kind == "binary" and not (operand_before and pieces):
            pieces.append(_formed(item, "infix" if operand_before else "prefix"))
        else:
            pieces.append(_write(item))
        if kind in ("function", "limit") and not _opens(following):
            pieces.append(THIN_SPACE)
        if kind != "space":
            operand_before = not is_sign(item)
    return pieces[0] if len(pieces) == 1 else f"<mrow>{''.join(pieces)}</mrow>"


def _formed(item: Node, form: str) -> str:
    """An operator at the beginning of its row: the minus of -x, without space around it, or one after an operand outside."""
    return _write(item).replace("<mo", f'<mo form="{form}"', 1)


def _opens(item: Node | None) -> bool:
    """Whether no space is due before the item: a parenthesis, an operator or nothing."""
    if isinstance(item, Atom):
        return item.kind in ("open", "close", "punctuation", "binary", "relation", "space")
    return item is None or isinstance(item.base if isinstance(item, Script) else item, Fence)


def _atom(atom: Atom) -> str:
    if atom.kind == "space":
        return f'<mspace width="{atom.text}em"/>'
    if atom.kind == "text":
        # A space at the edge of a text would be dropped.
        return f"<mtext>{escape(atom.text.replace(' ', chr(0xA0)))}</mtext>"
    if atom.alphabet:
        letters = "".join(_letter(char, atom.alphabet) for char in atom.text)
        return f"<mn>{letters}</mn>" if atom.text.isdigit() else f"<mi>{escape(letters)}</mi>"
    if atom.kind == "number":
        return f"<mn>{atom.text}</mn>"
    if atom.kind == "letter":
        return f"<mi>{escape(atom.text)}</mi>"
    if atom.kind in ("upright", "function"):
        # One letter would be drawn slanted, several are upright anyway.
        return f"<mi{_UPRIGHT if len(atom.text) == 1 else ''}>{escape(atom.text)}</mi>"
    if atom.kind in ("open", "close"):
        form = "prefix" if atom.kind == "open" else "postfix"
        return f'<mo form="{form}" stretchy="false" lspace="0" rspace="0">{escape(atom.text)}</mo>'
    if atom.kind == "limit":
        return f'<mo movablelimits="true" form="prefix" lspace="0" rspace="0">{atom.text}</mo>'
    return f"{_RELATION if atom.kind == 'relation' else '<mo>'}{escape(atom.text)}</mo>"


# Browsers have their own spaces for operators; to some relations they give none.
_RELATION = '<mo lspace="0.2778em" rspace="0.2778em">'
_UPRIGHT = ' mathvariant="normal"'


def _letter(char: str, alphabet: str) -> str:
    """The character of an alphabet such as bold; a character the alphabet lacks stays as it is."""
    capital, small, digit = ALPHABETS[alphabet]
    if char in ALPHABET_HOLES.get(alphabet, {}):
        return ALPHABET_HOLES[alphabet][char]
    if "A" <= char <= "Z":
        return chr(capital + ord(char) - ord("A"))
    if "a" <= char <= "z":
        return chr(small + ord(char) - ord("a"))
    if "0" <= char <= "9" and digit:
        return chr(digit + ord(char) - ord("0"))
    return char


def _write(node: Node) -> str:
    """A node as exactly one element, which a parent with places needs."""
    return _WRITERS[type(node)](node)


def _script(node: Script) -> str:
    big = isinstance(node.base, Atom) and node.base.kind in ("big", "limit") and node.base.text != "∫"
    tags = ("munder", "mover", "munderover") if big else ("msub", "msup", "msubsup")
    base, sup = _write(node.base), node.sup
    if primes := "′" * prime_count(sup):
        # The prime of the font is raised and small already.
        base, sup = f'<mrow>{base}<mo form="postfix" lspace="0" rspace="0">{primes}</mo></mrow>', None
    scripts = "".join(_write(part) for part in (node.sub, sup) if part is not None)
    if not scripts:
        return base
    # In an index, an operator has no space around it.
    for spaced in ("<mo>", _RELATION):
        scripts = scripts.replace(spaced, '<mo lspace="0" rspace="0">')
    tag = tags[2] if node.sub is not None and sup is not None else tags[0] if node.sub is not None else tags[1]
    return f"<{tag}>{base}{scripts}</{tag}>"


def _fraction(node: Fraction) -> str:
    return f"<mfrac>{_write(node.over)}{_write(node.under)}</mfrac>"


def _root(node: Root) -> str:
    if node.degree is None:
        return f"<msqrt>{_write(node.body)}</msqrt>"
    return f"<mroot>{_write(node.body)}{_write(node.degree)}</mroot>"


def _fence(node: Fence) -> str:
    grows = not _is_low(node.body)
    return f"<mrow>{_delimiter(node.left, 'prefix', grows)}{_write(node.body)}{_delimiter(node.right, 'postfix', grows)}</mrow>"


def _is_low(node: Node) -> bool:
    """Whether brackets need not grow: names and operators alone, with what stands beside them in small letters."""
    parts = [item.base if isinstance(item, Script) else item for item in items_of(node)]
    letters = [part.body if isinstance(part, Accent) else part for part in parts]
    return all(isinstance(part, Atom) and part.kind not in ("big", "limit") for part in letters)


def _delimiter(char: str, form: str, grows: bool) -> str:
    if not char:
        return ""
    how = 'stretchy="true" symmetric="true"' if grows else 'stretchy="false"'
    return f'<mo fence="true" {how} form="{form}" lspace="0" rspace="0">{char}</mo>'


def _accent(node: Accent) -> str:
    mark = ACCENTS[node.name][0]
    stretchy = "true" if node.name in ("widehat", "overline") else "false"
    return f'<mover accent="true">{_write(node.body)}<mo stretchy="{stretchy}">{mark}</mo></mover>'


def _grid(node: Grid) -> str:
    left, right = ENVIRONMENTS[node.environment]
    rows = "".join("<mtr>" + "".join(f"<mtd>{_write(cell)}</mtd>" for cell in row) + "</mtr>" for row in node.rows)
    body = f'<mtable class="{node.environment}">{rows}</mtable>'
    return f"<mrow>{_delimiter(left, 'prefix', True)}{body}{_delimiter(right, 'postfix', True)}</mrow>"


def _marked(node: Marked, operand_before: bool = False) -> str:
    return f'<mrow class="{node.tone}">{_row(node.body, operand_before)}</mrow>'


_WRITERS: dict[type, Callable[..., str]] = {
    Atom: _atom,
    Row: _row,
    Script: _script,
    Fraction: _fraction,
    Root: _root,
    Fence: _fence,
    Accent: _accent,
    Grid: _grid,
    Marked: _marked,
}
