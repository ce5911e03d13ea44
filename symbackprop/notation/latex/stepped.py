r"""Names at steps: h_t, h_{t-1}, a^{[l]}, \theta_{k+1}, and which letters number steps: those by which a value reads itself."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, NamedTuple

from symbackprop.core.letters import ALIKE
from symbackprop.notation.claims import steps
from symbackprop.notation.claims import syntax as sx
from symbackprop.notation.claims.grammar import syntax
from symbackprop.notation.claims.indices import letters_of
from symbackprop.notation.claims.limits import words
from symbackprop.notation.claims.statements import Equality
from symbackprop.notation.claims.syntax import Tokens, Word
from symbackprop.notation.claims.tokens import Token, bare
from symbackprop.notation.claims.words import Names, described
from symbackprop.notation.latex.equations import Line, head_of, named
from symbackprop.notation.latex.units import behind

_STEPS = ("ell", "tau")


class Index(NamedTuple):
    """One index below a name.

    tokens   as it is written.
    letter   of t and t - 1, the letter; None: it is a number, a size, a label.
    shift    what is added to the letter.
    text     a number or a size, as the language spells it; "" for a label.
    """

    tokens: Tokens
    letter: str | None
    shift: int
    text: str

    def spelt(self) -> str:
        """As the language spells it."""
        return self.text if self.letter is None else f"{self.letter}{self.shift:+d}" if self.shift else self.letter


@dataclass(frozen=True)
class Base:
    """A name without its indices: what it is called with its accent."""

    base: str
    accent: str

    @classmethod
    def of(cls, word: Word) -> Base:
        return cls(word.base, word.accent)


@dataclass(frozen=True)
class Raised:
    """What is raised without brackets and numbers a step: l of a^l, and the names that bear it, whose a^0 is a step as well."""

    letters: frozenset[str]
    bases: frozenset[Base]
    counts: Callable[[str], bool]

    @classmethod
    def of(cls, heads: Iterable[Word], counts: Callable[[str], bool], letters: Container[str] | None = None) -> Raised:
        """Those of left sides, which are no powers; `letters` are the only ones that number steps, `counts` tells sizes."""
        found = [(i.letter, Base.of(w)) for w in heads for i in [_index(w.sup)] if w.sup and i.letter and not _bracketed(w.sup)]
        found = [one for one in found if letters is None or one[0] in letters]
        return cls(frozenset(str(c) for c, _ in found), frozenset(base for _, base in found), counts)

    def lowered(self, word: Word) -> Word:
        r"""The word with a layer, ^{(l)} or ^{[l]} or ^l, as its first index."""
        if word.sup and not _bracketed(word.sup):
            one = _index(word.sup)
            is_number = one.text and (one.letter is None or self.counts(one.letter))
            if one.letter not in self.letters and not (is_number and Base.of(word) in self.bases):
                return word
            comma = (Token(",", word.at),) if word.sub else ()
            return replace(word, sub=(*bare(word.sup), *comma, *word.sub), sup=())
        found = steps.below(word)
        return found if isinstance(found, Word) else word


def _bracketed(sup: Tokens) -> bool:
    return bare(sup)[:1] != () and bare(sup)[0].text in ("(", "[")


def several(sub: Tokens) -> list[Index]:
    """The indices of a subscript, one by one."""
    own = sub[1:-1] if sub and sub[0].text == "{" and behind(sub, 0) == len(sub) else sub
    found: list[list[Token]] = []
    k, going_on = 0, False
    while k < len(own):
        text = own[k].text
        if text == ",":
            going_on = False
            k += 1
            continue
        end = k + 1
        if text[0] == "\\" and text[1:] not in _STEPS and k + 1 < len(own) and own[k + 1].text == "{":
            end = behind(own, k + 1)
        while end < len(own) and own[end].text in ("_", "^", "'"):  # a label: y_t, y^{(t)}
            end = end + 1 if own[end].text == "'" else behind(own, end + 1)
        if text in ("+", "-"):
            if not found:
                found.append([])
            found[-1].append(own[k])
            going_on = True
        elif going_on:
            found[-1] += own[k:end]
            going_on = False
        else:
            found.append(list(own[k:end]))
        k = end
    return [_index(tuple(part)) for part in found]


def _index(part: Tokens) -> Index:
    own = [t.text.lstrip("\\") for t in bare(part)]
    letters = [k for k, text in enumerate(own) if text.isalpha()]
    plain = all(text.isalnum() or text in "+-" for text in own) and all(len(t) == 1 or t.isdigit() or t in _STEPS for t in own)
    if not plain or not own:
        return Index(part, None, 0, "")
    if len(letters) == 1 and (own[letters[0]].islower()) and (letters[0] == 0 or own[letters[0] - 1] == "+"):
        rest = [text for k, text in enumerate(own) if k != letters[0]]
        shift, sign = 0, 1
        for text in rest:
            if text.isdigit():
                shift, sign = shift + sign * int(text), 1
            else:
                sign = -1 if text == "-" else 1
        return Index(part, own[letters[0]], shift, "".join(own))
    return Index(part, None, 0, "".join(own))


def entry_of(index: Index) -> tuple[str, str]:
    """The letter of an index, or that of a label with an index, y of y_i."""
    is_label = [t.text for t in index.tokens[1:2]] == ["_"]
    return ("", index.tokens[0].text) if is_label else (index.letter or "", "")


def step_letters(equalities: Iterable[Equality], counts: Callable[[str], bool], declared: Names) -> tuple[set[str], Raised]:
    """The letters that number steps: a value is given at them, and read at another step; and which of them are raised.

    counts    whether a letter is a size or a name of its own, which numbers nothing.
    declared  the names that are declared: h_{t-1} may be one, where there is one step alone.
    """
    known = list(equalities)
    heads = [one.left for one in known if isinstance(one.left, Word)]
    lowered = Raised.of(heads, counts).lowered
    given: dict[tuple[Base, str, int], set[int]] = {}
    for one in known:
        if isinstance(one.left, Word):
            for place, index in enumerate(several(lowered(one.left).sub)):
                if index.letter and not counts(index.letter):
                    given.setdefault((Base.of(one.left), index.letter, place), set()).add(index.shift)
    found: set[str] = set()
    for one in known:
        for word, hidden in words(one.right):
            whole = declared.lookup(word)
            if whole is not None and not (whole.index or whole.sample):
                continue
            for place, index in enumerate(several(lowered(word).sub)):
                key = Base.of(word), index.letter or "", place
                if index.letter not in hidden and any(shift != index.shift for shift in given.get(key, ())):
                    found.add(key[1])
    return found, Raised.of(heads, counts, found)


def ends(equalities: Iterable[Equality], letters: Container[str], lowered: Callable[[Word], Word]) -> dict[str, str]:
    """How far letters of steps run, as the step says that is read in the end: T of h_T."""
    known = list(equalities)
    heads = (lowered(one.left) for one in known if isinstance(one.left, Word))
    places = {
        (Base.of(head), place): index.letter
        for head in heads
        for place, index in enumerate(several(head.sub))
        if index.letter and index.letter in letters
    }
    return {
        letter: index.text
        for one in known
        for word, _ in words(one.right)
        for place, index in enumerate(several(lowered(word).sub))
        if index.text.isalpha() and index.letter is None and (letter := places.get((Base.of(word), place)))
    }


def same_sizes(
    several_words: Iterable[Word], letters: Container[str], sizes: Mapping[str, str], told: Container[str]
) -> dict[str, str]:
    r"""How far indices run that stand in one place below one name, j and k of a^l_j = \sigma(\sum_k w^l_{jk} a^{l-1}_k).

    letters   those of steps, which are none of these.
    sizes     how far they run otherwise; `told`: of which a sum or the text says it.
    """
    places: dict[tuple[Base, int], list[str]] = {}
    for word in several_words:
        for k, index in enumerate(several(word.sub)):
            letter = index.letter or ""
            if letter in sizes and letter in ALIKE and letter not in letters:  # b_u and b_i are two
                places.setdefault((Base.of(word), k), []).append(letter)
    found = dict(sizes)
    for own in places.values():
        size = next((sizes[c] for c in own if c in told), found[own[0]])
        found |= {c: size for c in own if c not in told}
    return found


def stepped_lines(equalities: Iterable[Equality], letters: Container[str], lowered: Callable[[Word], Word]) -> list[Line]:
    """The equations as lines whose first axis is that of the steps, to find what nobody declared; starts stand first.

    Those of 0 are left out.
    """
    heads = [(lowered(head_of(one.left, k)), one.right) for k, one in enumerate(equalities)]
    rows = [
        (Base.of(head), tuple(str(i.letter) for i in several(head.sub) if i.letter and i.letter in letters)) for head, _ in heads
    ]
    of = {base: own for base, own in rows if own}

    def below(word: Word, _: frozenset[str]) -> Word:  # W^{(l)} is W_l, and h^{[L]} is h_L
        low = lowered(word)
        own = several(low.sub)
        two = len(own) == 2 and (own[0].letter or "") in letters and own[1].text.isdigit()
        if two and Base.of(word) not in of:  # W_2^{(l)}, beside W_1^{(l)}
            return replace(low, base=f"{low.base}_{own[1].text}", sub=own[0].tokens)
        return low if Base.of(word) in of or any(i.letter and i.letter in letters for i in own) else word

    def entries(head: Word, base: Base) -> list[str]:
        """The letters of the entries of a value at steps, j of a^l_j."""
        return [i.letter for i in several(head.sub) if base in of and i.letter and i.letter not in letters]

    inner = sorted(zip(heads, rows, strict=True), key=lambda one: not (one[1][0] in of and not one[1][1]))  # starts stand first
    return [
        Line(named(replace(head, sup=()), "", ()), (*of.get(base, ()), *entries(head, base)), Rewriting(below)(right), head.at)
        for (head, right), (base, own) in inner
        if own or not head.sub or (base in of and not isinstance(right, sx.Number))
    ]


def labelled(word: Word, letters: Container[str]) -> str | None:
    """What a word is called whose subscript tells it from others, W_f; None where it has none, or `letters` are indices of it."""
    own = several(word.sub)
    return described(replace(word, sup=())) if own and not any(i.letter and i.letter in letters for i in own) else None


class Rewriting:
    """A formula with names in place of what stands at steps.

    named   what takes the place of a word, by the word and the letters that sums around it bind; None: the word stays.
    """

    def __init__(self, named: Callable[[Word, frozenset[str]], Word | None]) -> None:
        self.named = named

    def __call__(self, node: Any, hidden: frozenset[str] = frozenset()) -> Any:
        if isinstance(node, Word):
            new = self.named(node, hidden)
            return node if new is None else new
        if isinstance(node, sx.Big):
            hidden = hidden | frozenset(letters_of(node.under))
        if isinstance(node, tuple):
            return node if any(isinstance(part, Token) for part in node) else tuple(self(part, hidden) for part in node)
        if is_dataclass(node) and not isinstance(node, type):
            return replace(node, **{f.name: self(getattr(node, f.name), hidden) for f in fields(node)})
        return node

    def label(self, part: Tokens) -> Tokens:
        """A label below a name, y_t, by the name that stands for it."""
        node = syntax(part)
        new = self(node)
        return (Token(new.base, part[0].at),) if isinstance(new, Word) and new != node and not new.sub else part


def known_at(names: Names, word: Word) -> tuple[str, list[Index], Tokens] | None:
    """The tensor that a word names, with its indices and what its superscript still says."""
    if any(t.text in ("_", "^") for t in word.sub):
        found = names.lookup(replace(word, sub=()))
        return None if found is None or found.index else (found.name, several(word.sub), found.power)
    found = names.lookup(word)
    return None if found is None else (found.name, [*several(found.sample), *several(found.index)], found.power)
