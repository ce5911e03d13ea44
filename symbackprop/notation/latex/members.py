r"""What a text of LaTeX says of its inputs beside the formulas: W \in \mathbb{R}^{h \times d}, y_i \in \{0, 1\}, \lambda > 0.

An index runs as far as the text says, \sum_{i=1}^n or i = 1, \dots, n: x_i \in \mathbb{R}^d is a row of X, which is (n, d).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import takewhile
from typing import NamedTuple

from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.syntax import Tokens, Word
from symbackprop.notation.claims.tokens import FONTS, GREEK, Token, bare, plain
from symbackprop.notation.latex.naming import name_of, word_of
from symbackprop.notation.latex.units import Unit, bound, units

_DOTS = frozenset([r"\ldots", r"\dots", r"\cdots"])
_ENUMERATED = {"0,1": "binary", "-1,1": "sign", "-1,+1": "sign", "1,-1": "sign", "+1,-1": "sign", "1,0": "binary"}
_MATRICES = {"++": "spd", "+": "symmetric", "": "symmetric"}  # \mathbb{S}^n_{++}: semidefinite is not more than symmetric
_ABOVE = frozenset(["+", "++", ">0", "geq0"])
_OPEN, _SHUT = frozenset(["{", "(", "[", r"\{"]), frozenset(["}", ")", "]", r"\}"])


class Set(NamedTuple):
    """The set of a tensor: a kind that it must be (None: data, or a parameter), a domain, and sizes as text."""

    kind: str | None
    domain: str | None
    sizes: tuple[str, ...]


class Member(NamedTuple):
    r"""One tensor and its set; `word` is what names it, its indices left out."""

    name: str
    word: Word
    within: Set
    at: int

    def declaration(self, is_parameter: bool) -> str:
        """W: parameter[h, d], as the network language has it."""
        own, domain, sizes = self.within
        kinds = [own or ("parameter" if is_parameter else "data" if not domain else "")]
        first = f"{kinds[0] or domain}[{', '.join(sizes)}]" if sizes or domain in _MATRICES.values() else kinds[0] or domain or ""
        return f"{self.name}: {first}{f' & {domain}' if kinds[0] and domain else ''}"


def members(pieces: Sequence[Tokens], ranges: Mapping[str, str]) -> tuple[list[Member], list[Tokens]]:
    r"""What pieces of a text say of sets, each tensor by itself, of x, y \in \mathbb{R}^n both; and the pieces that are left.

    ranges   how far each index runs, as `ranges_of` finds it.

    Raises Fault for a set of x_i where i runs, and nothing says how far.
    """
    running, indices = {c for piece in pieces for c in bound(units(piece))} - {*ranges}, indices_of(pieces) & {*ranges}
    found: list[Member] = []
    beside: list[Member] = []  # those before a comma, of which another set may be said
    others: list[Tokens] = []
    waiting: list[Word] = []  # the words before a comma
    for piece in pieces:
        place = _sign(piece)
        word = word_of(piece if place is None else piece[:place])
        within = None if place is None else _set(piece[place + 1 :]) if piece[place].text == r"\in" else _compared(piece[place:])
        if within and word:
            _require_ranges((*waiting, word), running)
            found += [_member(word, within, ranges)] if _letter(word) not in indices else []
            beside += [_member(one, within, ranges) for one in waiting if _letter(one) not in indices]
            others = others[: len(others) - len(waiting)]
        elif place is None or piece[place].text != r"\in":
            others.append(piece)
        waiting = [*waiting, word] if word and place is None else []
    told = {one.name for one in found}
    found += [one for one in beside if one.name not in told]
    return sorted((one for one in found if one.name), key=lambda one: one.at), others


def indices_of(pieces: Iterable[Tokens]) -> set[str]:
    """The letters that stand below a left side, or that a sum is over."""
    return {c for piece in pieces for c in (*bound(units(piece)), *(unit.text for unit in _left(piece) if unit.below))}


def _require_ranges(several: Iterable[Word], running: Collection[str]) -> None:
    for word in several:
        letters = [t.text for t in (*bare(word.sub), *bare(word.sup)) if t.text in running]
        if letters:
            mend = f"Write \\sum_{{{letters[0]}=1}}^n, once alike, or declare the tensor: {word.base.upper()}: data[n, d]."
            raise Fault(f"{letters[0]} runs over samples or entries, and how far is not said, or in two ways.", mend, word.at)


def _left(piece: Tokens) -> list[Unit]:
    """What stands before an equals sign."""
    several = units(piece)
    signs = [unit.text for unit in several]
    return several[: signs.index("=")] if "=" in signs else []


def _letter(word: Word) -> str:
    """A letter without scripts; nothing for any other word."""
    return "" if word.sub or word.sup or word.accent else word.base


def ranges_of(stream: Sequence[Token]) -> dict[str, str]:
    r"""How far indices run: \sum_{i=1}^n, \{x_i\}_{i=1}^n, i = 1, \dots, n, i \in \{1, \dots, n\}, i \in [n].

    An index that runs in two ways is left out.
    """
    found: dict[str, set[str]] = {}
    for k, token in enumerate(stream):
        letters = _before(stream, k)
        if token.text == "=" and letters and k + 1 < len(stream) and stream[k + 1].text in ("0", "1"):
            end = _end(stream, k + 2)
        elif token.text == r"\in" and letters:
            end = _of_set(stream, k + 1)
        else:
            continue
        size = size_text(end) if end else None
        size = f"{size} + 1" if size and token.text == "=" and stream[k + 1].text == "0" else size
        for c in letters if size else ():
            found.setdefault(c, set()).add(str(size))
    return {c: sizes.pop() for c, sizes in found.items() if len(sizes) == 1}


def _before(stream: Sequence[Token], k: int) -> list[str]:
    """The letters that stand before a sign: i, j = 1. In y_i \\in ... it stands before no letter, but behind a subscript."""
    letters: list[str] = []
    if k > 1 and stream[k - 2].text in ("_", "^"):
        return letters
    while k > 0 and len(stream[k - 1].text) == 1 and stream[k - 1].text.isalpha() and stream[k - 1].text.islower():
        letters.append(stream[k - 1].text)
        if k < 2 or stream[k - 2].text != ",":
            break
        k -= 2
    return letters


def _end(stream: Sequence[Token], k: int) -> Tokens:
    r"""The last number of an index that begins before a place: } ^ n behind \sum_{i=1, and , \dots, n."""
    texts = [t.text for t in stream[k : k + 4]]
    if texts[:2] == ["}", "^"]:
        return _group(stream, k + 2)
    k += texts[:1] == [","]
    if k < len(stream) and stream[k].text in _DOTS:
        k += 1
        k += k < len(stream) and stream[k].text == ","
        return tuple(takewhile(lambda t: t.text.isalnum() or t.text in "_{}-+" or t.text[1:] in FONTS, stream[k:]))
    return ()


def _of_set(stream: Sequence[Token], k: int) -> Tokens:
    r"""The n of \{1, \dots, n\} and of [n]."""
    if k < len(stream) and stream[k].text == "[":
        inner = tuple(takewhile(lambda t: t.text != "]", stream[k + 1 :]))
        return inner if not any(t.text == "," for t in inner) else ()
    if [t.text for t in stream[k : k + 2]] == [r"\{", "1"]:
        return _end((*stream[: k + 2], *takewhile(lambda t: t.text != r"\}", stream[k + 2 :])), k + 2)
    return ()


def _group(stream: Sequence[Token], k: int) -> Tokens:
    """One token, or what stands in the braces that begin at a place."""
    if k >= len(stream) or stream[k].text != "{":
        return tuple(stream[k : k + 1])
    depth = 0
    for end in range(k, len(stream)):
        depth += (stream[end].text == "{") - (stream[end].text == "}")
        if depth == 0:
            return tuple(stream[k + 1 : end])
    return ()


def size_text(several: Tokens) -> str | None:
    r"""A size as the network language writes it: 2 d_{\text{model}} is 2*d_model; None for what is no size."""
    out: list[str] = []
    k = 0
    while k < len(several):
        text = several[k].text
        if text in "{}":
            k += 1
        elif text[1:] in FONTS:
            group = _group(several, k + 1)
            out.append(plain(group))
            k += 1 + len(group) + 2 * (several[k + 1].text == "{")
        elif text == "_" and out:
            group = _group(several, k + 1)
            out[-1] += f"_{plain(group)}"
            k += 1 + len(group) + 2 * (several[k + 1].text == "{")
        elif text in (r"\cdot", "*"):
            out.append("*")
            k += 1
        elif text.isalnum() or text in ("+", "-", "/", "(", ")") or text[1:] in GREEK:
            out.append(text.lstrip("\\"))
            k += 1
        else:
            return None
    joined = ""
    for before, piece in zip(("", *out), out, strict=False):
        side_by_side = before and (before[-1].isalnum() or before == ")") and (piece[0].isalnum() or piece == "(")
        joined += f"*{piece}" if side_by_side else piece
    return joined or None


def _sign(piece: Tokens) -> int | None:
    r"""The place of \in, of > or of \geq outside brackets; None where there is none, or an equation."""
    depth, found = 0, None
    for k, token in enumerate(piece):
        depth += (token.text in _OPEN) - (token.text in _SHUT)
        if depth == 0 and token.text == "=":
            return None
        if depth == 0 and found is None and token.text in (r"\in", ">", r"\geq"):
            found = k
    return found


def _compared(right: Tokens) -> Set | None:
    """What > 0 says."""
    return Set(None, "positive", ()) if [t.text for t in right] in ([">", "0"], [r"\geq", "0"]) else None


def _set(right: Tokens) -> Set | None:
    r"""\mathbb{R}^{h \times d}, \mathbb{R}_{>0}, \mathbb{S}^n_{++}, \{0,1\}^n, \{1,\dots,K\}, [0, 1], \Delta^{K-1}."""
    if not right:
        return None
    head = right[0].text
    if head == r"\mathbb" and len(right) > 1:
        letter = _group(right, 1)
        below, sizes = _scripts(right[1 + len(letter) + 2 * (right[1].text == "{") :])
        if sizes is None or below is None:
            return None
        if plain(letter) == "S":
            return Set(None, _MATRICES[below], sizes[:1]) if below in _MATRICES and sizes else None
        return (
            Set(None, "positive" if below in _ABOVE else None, sizes) if plain(letter) == "R" and below in ("", *_ABOVE) else None
        )
    if head in (r"\{", "[", "("):
        inner = tuple(takewhile(lambda t: t.text not in (r"\}", "]", ")"), right[1:]))
        below, sizes = _scripts(right[len(inner) + 2 :])
        if sizes is None or below:
            return None
        listed = plain(inner)
        if head != r"\{":
            return Set(None, "unit", sizes) if listed == "0,1" else None
        if listed in _ENUMERATED:
            return Set(None, _ENUMERATED[listed], sizes)
        last = _of_set(right, 0)
        bound = size_text(last) if last else None
        return Set("integers", None, (*sizes, bound)) if bound else None
    if head == r"\Delta":
        below, sizes = _scripts(right[1:])
        if below or not sizes or len(sizes) != 1 or not sizes[0].endswith("-1"):
            return None
        return Set("labels", None, (sizes[0].removesuffix("-1"),))
    return None


def _scripts(several: Tokens) -> tuple[str | None, tuple[str, ...] | None]:
    """What stands below a set, and the sizes above it; None for what is neither."""
    below, sizes, k = "", (), 0
    while k < len(several):
        group = _group(several, k + 1)
        if several[k].text == "_":
            below = plain(group)
        elif several[k].text == "^":
            parts = _parted(group)
            read = [size_text(part) for part in parts]
            if not all(read):
                return None, None
            sizes = tuple(text for text in read if text)
        else:
            return None, None
        k += 1 + len(group) + 2 * (k + 1 < len(several) and several[k + 1].text == "{")
    return below, sizes


def _parted(several: Tokens) -> list[Tokens]:
    r"""h \times d and h, d in their parts."""
    found: list[list[Token]] = [[]]
    for token in several:
        if token.text in (r"\times", ","):
            found.append([])
        else:
            found[-1].append(token)
    return [tuple(part) for part in found]


def _member(word: Word, within: Set, ranges: Mapping[str, str]) -> Member:
    """x_i of a set as a row of X: what runs over samples comes first among the sizes."""
    label = plain(word.sup).strip("()[]")
    letters = [t.text for t in bare(word.sub) if t.text != ","]
    rows: list[str] = []
    if label in ranges:
        rows, word = [ranges[label]], _bare_word(word, sup=True)
    if letters and all(c in ranges for c in letters):
        rows, word = [*rows, *(ranges[c] for c in letters)], _bare_word(word)
    if rows and within.sizes and within.kind is None and len(word.base) == 1 and word.base.islower():
        word = Word(word.base.upper(), word.at, word.accent, sub=word.sub, sup=word.sup)
    sizes = (*rows, *within.sizes)
    return Member(name_of(word) or "", word, within._replace(sizes=sizes), word.at)


def _bare_word(word: Word, sup: bool = False) -> Word:
    """The word without its subscript, or without its superscript."""
    own = (word.sub, ()) if sup else ((), word.sup)
    return Word(word.base, word.at, word.accent, word.font, *own, word.primes)
