r"""What a text of LaTeX says of its inputs beside the formulas: W \in \mathbb{R}^{h \times d}, y_i \in \{0, 1\}, \lambda > 0.

An index runs as far as the text says, \sum_{i=1}^n or i = 1, \dots, n: x_i \in \mathbb{R}^d is a row of X, which is (n, d), and so
are x_1, \dots, x_n \in \mathbb{R}^d.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.syntax import Tokens, Word
from symbackprop.notation.claims.tokens import bare, plain
from symbackprop.notation.latex.extents import DOTS, size_text
from symbackprop.notation.latex.naming import name_of, word_of
from symbackprop.notation.latex.sets import MATRICES, WITHIN, Set, sets_of
from symbackprop.notation.latex.units import OPEN, SHUT, Unit, bound, split, units

_STEPS = frozenset("tls")  # letters of steps and layers: x_t is no row of a matrix of samples


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
        first = f"{kinds[0] or domain}[{', '.join(sizes)}]" if sizes or domain in MATRICES.values() else kinds[0] or domain or ""
        return f"{self.name}: {first}{f' & {domain}' if kinds[0] and domain else ''}"


def members(
    pieces: Sequence[Tokens], ranges: Mapping[str, str], steps: Collection[str] = (), ends: Collection[int] = ()
) -> tuple[list[Member], list[Tokens]]:
    r"""What pieces of a text say of sets, each tensor by itself, of x, y \in \mathbb{R}^n both; and the pieces that are left.

    ranges   how far each index runs, as `ranges_of` finds it.
    steps    the letters that number steps of recursions.
    ends     where a sentence parts names: of A that stands before it the next set says nothing.

    Raises Fault for a set of x_i where i runs, and nothing says how far.
    """
    running, indices = {c for piece in pieces for c in bound(units(piece))} - {*ranges}, indices_of(pieces) & {*ranges}
    found: list[Member] = []
    beside: list[Member] = []  # those before a comma, of which another set may be said
    others: list[Tokens] = []
    waiting: list[list[Word]] = []  # what stands before a comma; [] for dots
    before_it = 0
    for piece in pieces:
        if any(before_it < end < piece[0].at for end in ends):
            waiting = []
        before_it = piece[-1].at
        place = _sign(piece)
        several = _named(piece if place is None else piece[:place])
        sets = sets_of(piece[place:]) if place is not None else []
        if sets and several and len(sets) in (1, len(several)):
            before = len(waiting)
            listed = [one for one in _listed(waiting, several) if len(one[0]) == len(several)]
            _require_ranges([word for words, count in listed if count is None for word in words], running)
            for words, count in listed:
                own = sets if len(sets) == len(words) else [sets[0]] * len(words)
                pairs = [*zip(words, own, strict=True)]
                made = [_member(w, one, ranges, {*_STEPS, *steps}, count) for w, one in pairs if _letter(w) not in indices]
                (found if words is several else beside).extend(made)
            others = others[: len(others) - before]
        elif place is None or piece[place].text not in WITHIN:
            others.append(piece)
        is_waiting = place is None and (several or all(t.text in DOTS for t in piece))
        waiting = [*waiting, several] if is_waiting else []
    told = {one.name for one in found}
    found += [one for one in beside if one.name not in told]
    return sorted((one for one in found if one.name), key=lambda one: one.at), others


def _named(left: Tokens) -> list[Word]:
    r"""The words of x, of (x_i, y_i) and of \{(x_i, y_i)\}_{i=1}^n; none where something else stands there."""
    signs = [t.text for t in left]
    if signs[:1] == [r"\{"] and r"\}" in signs:
        return _named(left[1 : len(signs) - 1 - signs[::-1].index(r"\}")])
    if signs[:1] == ["("] and signs[-1:] == [")"]:
        found = [word_of(part) for part in split(left[1:-1], ",")]
        return [word for word in found if word] if all(found) else []
    word = word_of(left)
    return [word] if word else []


def _listed(before: Sequence[list[Word]], several: list[Word]) -> list[tuple[list[Word], str | None]]:
    r"""What stands before commas and the last, x_1, \dots, x_n as one with how many there are; None where one stands by itself."""
    found: list[tuple[list[Word], str | None]] = []
    for words in (*before, several):
        count = _rows(found[-2][0], words) if len(found) > 1 and not found[-1][0] else None
        found = [*(found[:-2] if count else found), (words, count)]
    return [one for one in found if one[0]]


def _rows(first: Sequence[Word], several: Sequence[Word]) -> str | None:
    r"""How many there are of x_1, \dots, x_n, by the first and the last; None for anything else."""
    if len(first) != len(several):
        return None
    pairs = [*zip(first, several, strict=True)]
    fits = all(one.base == last.base and plain(one.sub) == "1" and plain(one.sup) == plain(last.sup) for one, last in pairs)
    return size_text(tuple(bare(several[0].sub))) if fits and len({plain(w.sub) for w in several}) == 1 else None


def indices_of(pieces: Iterable[Tokens]) -> set[str]:
    """The letters that stand below a left side, or that a sum is over."""
    return {c for piece in pieces for c in (*bound(units(piece)), *(unit.text for unit in left_of(piece) if unit.below))}


def _require_ranges(several: Iterable[Word], running: Collection[str]) -> None:
    for word in several:
        letters = [t.text for t in (*bare(word.sub), *bare(word.sup)) if t.text in running]
        if letters:
            mend = f"Write \\sum_{{{letters[0]}=1}}^n, once alike, or declare the tensor: {word.base.upper()}: data[n, d]."
            raise Fault(f"{letters[0]} runs over samples or entries, and how far is not said, or in two ways.", mend, word.at)


def left_of(piece: Tokens) -> list[Unit]:
    """What stands before an equals sign."""
    several = units(piece)
    signs = [unit.text for unit in several]
    return several[: signs.index("=")] if "=" in signs else []


def _letter(word: Word) -> str:
    """A letter without scripts; nothing for any other word."""
    return "" if word.sub or word.sup or word.accent else word.base


def _sign(piece: Tokens) -> int | None:
    r"""The place of \in, of > or of \geq outside brackets; None where there is none, or an equation."""
    depth, found = 0, None
    for k, token in enumerate(piece):
        depth += (token.text in OPEN) - (token.text in SHUT)
        if depth == 0 and token.text == "=":
            return None
        if depth == 0 and found is None and token.text in (*WITHIN, ">", r"\geq"):
            found = k
    return found


def _member(word: Word, within: Set, ranges: Mapping[str, str], steps: Collection[str], count: str | None = None) -> Member:
    """x_i of a set as a row of X: what runs over samples comes first among the sizes.

    count   how many there are of x_1, ..., x_n, whose last is the word.
    """
    label = plain(word.sup).strip("()[]")
    letters = [t.text for t in bare(word.sub) if t.text != ","]
    is_step = not {*letters, label}.isdisjoint(steps)
    rows: list[str] = []
    if label in ranges:
        rows, word = [ranges[label]], _bare_word(word, sup=True)
    if count:
        rows, word = [count], _bare_word(word)
    elif letters and all(c in ranges for c in letters):
        rows, word = [*rows, *(ranges[c] for c in letters)], _bare_word(word)
    if rows and not is_step and within.sizes and within.kind is None and len(word.base) == 1 and word.base.islower():
        word = Word(word.base.upper(), word.at, word.accent, sub=word.sub, sup=word.sup)
    if rows and within.domain in MATRICES.values():
        n = within.sizes[-1]
        mend = f"Write \\mathbb{{R}}^{{{n} \\times {n}}}."
        raise Fault(f"a matrix for each {''.join(letters) or label} has no set of its own but that of all matrices.", mend, word.at)
    sizes = (*rows, *within.sizes)
    return Member(name_of(word) or "", word, within._replace(sizes=sizes), word.at)


def _bare_word(word: Word, sup: bool = False) -> Word:
    """The word without its subscript, or without its superscript."""
    own = (word.sub, ()) if sup else ((), word.sup)
    return Word(word.base, word.at, word.accent, word.font, *own, word.primes)
