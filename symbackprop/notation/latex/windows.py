r"""Windows, strides and differences: \sum_k w_k x_{i+k-1}, x_{2i}, x_{i+1} - x_i, \sum_{k=t}^T \gamma^{k-t} r_k.

In such a formula every index runs as its limits say, or as far as all that it reads has entries (`reach`); nothing beyond is read.
A tensor counts from 1, or from 0 where it is read so: \sum_{k=0}^{K-1} w_k x_{i+k}.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields, is_dataclass, replace
from typing import Any, NamedTuple

import sympy as sp
from sympy import Expr, S

from symbackprop.core.guards import proven
from symbackprop.core.program import Signature
from symbackprop.notation.claims import syntax as sx
from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.grammar import syntax
from symbackprop.notation.claims.indices import below
from symbackprop.notation.claims.limits import from_one
from symbackprop.notation.claims.places import Place, joined
from symbackprop.notation.claims.syntax import Span, Syntax, Tokens, Word
from symbackprop.notation.claims.tokens import RELATIONS, Token, bare, plain, tokens
from symbackprop.notation.claims.words import Names, described, indices
from symbackprop.notation.latex.extents import DOTS
from symbackprop.notation.latex.ranges import Range
from symbackprop.notation.latex.reach import Form, Letter, Read, ends, require_entries, settle, shown
from symbackprop.notation.latex.units import split

Scope = Mapping[str, Letter]
ROUNDS = 3  # in which tensors may be found to count from 0


class Spanned(NamedTuple):
    """A formula whose sums know how their indices run; how those of the left side do, and what is said of it."""

    right: Syntax
    spans: tuple[Span, ...] = ()
    notes: tuple[str, ...] = ()


class Windows:
    """What the formulas of a text read, and from where its tensors count.

    names       their spellings.
    signatures  of the tensors that are known so far.
    ranges      what the text says of indices.
    firsts      the numbers of the first entries, by tensors and the places of their axes; those that are not here count from 1.
    """

    def __init__(self, names: Names, signatures: Mapping[str, Signature], ranges: Sequence[Range]) -> None:
        self.names, self.signatures, self.ranges = names, signatures, ranges
        self.firsts: dict[str, dict[int, Expr]] = {}
        self.held: set[tuple[str, int]] = set()  # axes of which a formula said from where they count

    def __call__(self, name: str, letters: Sequence[str], right: Syntax, at: int, end: int) -> Spanned:
        """The formula of a name at some letters, which stands from `at` up to `end`; as it is where it has no window."""
        found = _Found(self, {c: Letter(c, False, at) for c in letters})
        found.say([one for one in self.ranges if at <= one.at < end])
        found.walk(right, found.free, True)
        if not (found.is_window or found.is_part()) or found.is_numbered:
            return Spanned(right)
        reads = found.settled()
        require_entries(reads)
        self.held |= {read.axis for read in reads}
        spans = [one.span() for one in (*found.free.values(), *found.below.values())]
        own = {k: span.low for k, span in enumerate(spans[: len(letters)]) if span.low != 1}
        if own:
            self.firsts[name] = own
        return Spanned(found.put(right), tuple(spans), tuple(_notes(found)))

    def size(self, text: str) -> str | None:
        """The size that a letter is."""
        return self.names.size(Word(text, 0))


class _Found:
    """What one formula reads.

    free, below   its letters on the left side, and those that stand below a maximum.
    sums          the letters of each sum, by the place where its syntax is in memory.
    is_window     whether an index is more than a letter, or does not count from 1.
    is_numbered   whether an index numbers tensors.
    """

    def __init__(self, text: Windows, free: dict[str, Letter]) -> None:
        self.text, self.free = text, free
        self.below: dict[str, Letter] = {}
        self.sums: dict[int, list[Letter]] = {}
        self.reads: list[tuple[tuple[str, int], Form, Expr, int, str, bool]] = []
        self.is_window = self.is_numbered = False

    @property
    def letters(self) -> list[Letter]:
        return [*self.free.values(), *self.below.values(), *(one for several in self.sums.values() for one in several)]

    def say(self, ranges: Sequence[Range]) -> None:
        """What the text says of letters of the left side."""
        for one in ranges:
            letter = self.free.get(one.letter)
            if letter is not None:
                letter.lows += self.forms(one.low, {})
                letter.highs += self.forms(one.high, {})
                self.is_window |= any(low.added != 1 for low in letter.lows)

    def is_part(self) -> bool:
        """Whether the text says that a letter stops at another number than an axis that it reads has."""
        return any(
            letter is own and extent.is_Integer and high.added.is_Integer and not high.letters and high.added != extent
            for _, form, extent, *_ in self.reads
            for _, letter in form.letters
            for own in self.free.values()
            for high in own.highs
        )

    def forms(self, text: str | None, scope: Scope) -> list[Form]:
        form = self.form(tuple(tokens(text)), scope) if text else None
        return [] if form is None else [form]

    # ---- what is read
    def walk(self, node: Any, scope: Scope, sure: bool) -> None:
        match node:
            case Word():
                self.word(node, scope, sure)
            case sx.Big():
                own = self.limits(node, scope)
                self.sums[id(node)] = own
                self.walk(node.body, {**scope, **{one.name: one for one in own}}, sure)
            case sx.Product():
                sure = sure and not any(map(_is_condition, node.factors))
                for factor in node.factors:
                    if isinstance(factor, Word) and factor.base in ("max", "min") and factor.sub:
                        own = self.limits(sx.Big(factor.sub, (), factor, factor.at), scope)
                        self.below |= {one.name: one for one in own}
                        scope = {**scope, **{one.name: one for one in own}}
                    self.walk(factor, scope, sure)
            case sx.Cases():
                for value, test in node.rows:
                    self.walk(value, scope, False)
                    self.walk(test, scope, sure)
            case tuple() if not any(isinstance(part, Token) for part in node):
                for part in node:
                    self.walk(part, scope, sure)
            case _ if is_dataclass(node) and not isinstance(node, type):
                for one in fields(node):
                    self.walk(getattr(node, one.name), scope, sure)

    def word(self, word: Word, scope: Scope, sure: bool) -> None:
        if word.base == "e" and word.sup:
            with suppress(Fault):
                self.walk(syntax(word.sup), scope, sure)
        found = self.text.names.lookup(word)
        if found is None:
            self.is_numbered |= self.text.names.family(word) is not None and bool(word.sub or word.sup)
            return
        own = self.text.signatures.get(found.name)
        several = (*found.sample, *found.index)
        if own is None or not several:
            return
        parts = indices(several)
        if parts is None:
            self.labels(several, scope, sure)
            return
        parts = joined(parts, len(own.shape))
        for part, (place, extent) in zip(parts, below(len(parts), own.shape), strict=False):
            form = self.form(part, scope)
            if form is not None and (form.letters or not form.added.is_Integer):
                self.reads.append(((found.name, place), form, extent, word.at, _shown(word), sure))
                first = self.text.firsts.get(found.name, {}).get(place, S.One)
                self.is_window |= form.added != 0 or [k for k, _ in form.letters] != [1] or first != 1

    def labels(self, several: Tokens, scope: Scope, sure: bool) -> None:
        """The labels among indices, which are read themselves."""
        for part in split(bare(several), ","):
            with suppress(Fault):
                self.walk(syntax(part), scope, sure)

    def form(self, part: Tokens, scope: Scope) -> Form | None:
        """An index; None where a letter of it is neither bound nor a size, as a label is."""
        try:
            place = Place.of(bare(part), lambda text: None if text in scope or text in self.free else self.text.size(text))
        except Fault:
            return None
        known = {**self.free, **scope}
        if any(c not in known for _, c in place.letters):
            return None
        return Form(tuple((k, known[c]) for k, c in place.letters), place.added)

    # ---- limits
    def limits(self, node: sx.Big, scope: Scope) -> list[Letter]:
        """The letters of a sum with what its limits say of them."""
        node = from_one(node)
        under = tuple(t for t in node.under if t.text not in "{}" or t.text == "")
        if any(t.text in DOTS for t in under):  # k = 1, \\dots, K
            last = len(under) - [t.text for t in under][::-1].index(",") if "," in [t.text for t in under] else len(under)
            node = replace(node, over=under[last:])
            under = under[: [t.text for t in under].index(",")] if last < len(under) else under
        several = split(under, ",")
        signs = [[t.text for t in part if t.text in RELATIONS] for part in several]
        if any(t.text in (":", r"\mid") for t in under):
            k = next(k for k, t in enumerate(under) if t.text in (":", r"\mid"))
            several, signs = split(under[:k], ","), [[]]
        names = dict[str, Letter]()
        plainly = [part[0].text.lstrip("\\") for part, own in zip(several, signs, strict=False) if not own and len(part) == 1]
        first = next((k for k, own in enumerate(signs) if own), None)
        head = several[first][0].text.lstrip("\\") if first is not None and several[first] else ""
        if first is not None and signs[first] in (["="], [r"\in"]):
            plainly += [t.text.lstrip("\\") for t in several[first][: 1 if len(several[first]) > 1 else 0]]
            names = {c: Letter(c, True, node.at) for c in plainly if _is_letter(c)}
            low = several[first][2:] if signs[first] == ["="] else ()
            inner = {**scope}
            for one in names.values():
                for forms, said in ((one.lows, low), (one.highs, node.over)):
                    form = self.form(said, inner) if said else None
                    forms += [form] if form is not None else []
                    one.unread = plain(said) if said and form is None else one.unread
                self.is_window |= any(form.letters or form.added != 1 for form in one.lows)
        elif first is not None:
            relation = None
            with suppress(Fault):
                relation = syntax(node.under)
            if isinstance(relation, sx.Relation):
                names = self.compared(relation, scope, node.at, head)
        else:
            letters = [t.text.lstrip("\\") for t in (under if len(several) == 1 else [part[0] for part in several if part])]
            names = {c: Letter(c, True, node.at) for c in letters if _is_letter(c)}
        return [*names.values()]

    def compared(self, relation: sx.Relation, scope: Scope, at: int, head: str) -> dict[str, Letter]:
        r"""The letters of \sum_{s<t}, \sum_{i<j}, \sum_{1 \leq k \leq K}, with what is said of them."""
        lone = [side.base for side in relation.sides if isinstance(side, Word) and not side.sub and _is_letter(side.base)]
        known = {*scope, *self.free}
        fresh = [c for c in lone if c not in known and self.text.size(c) is None and self.text.names.named(c) is None]
        names = {c: Letter(c, True, at) for c in (dict.fromkeys(fresh) if fresh else [head] if _is_letter(head) else [])}
        inner = {**scope, **names}
        forms = [self.side(side, inner) for side in relation.sides]
        for left, sign, right in zip(forms, relation.signs, forms[1:], strict=False):
            if left is None or right is None or sign not in ("<", "<=", ">", ">="):
                continue
            less, more = (left, right) if sign[0] == "<" else (right, left)
            gap = Form((), S.One if len(sign) == 1 else S.Zero)
            for one in names.values():
                if _is(less, one):
                    one.highs.append(Form(more.letters, more.added - gap.added))
                if _is(more, one):
                    one.lows.append(Form(less.letters, less.added + gap.added))
        return names

    def side(self, side: Syntax, scope: Scope) -> Form | None:
        """A side of a comparison as an index."""
        match side:
            case sx.Number(text=text) if text.isdigit():
                return Form((), sp.Integer(text))
            case Word(sub=(), sup=(), accent="", primes=0):
                return self.form((Token(side.base, side.at),), scope)
            case sx.Terms():
                total = Form((), S.Zero)
                for sign, part in side.parts:
                    own = self.side(part, scope)
                    if own is None:
                        return None
                    total = Form((*total.letters, *((sign * k, c) for k, c in own.letters)), total.added + sign * own.added)
                return total
        return None

    # ---- what is found
    def settled(self) -> list[Read]:
        """What is read, when the letters run as they do; tensors that are read from 0 count from there."""
        firsts, reads = self.text.firsts, list[Read]()
        for _ in range(ROUNDS):
            reads = []
            for (name, place), form, extent, at, text, sure in self.reads:
                first = firsts.get(name, {}).get(place, S.One)
                read = Read((name, place), form, first, sp.expand(first + extent - 1), at, text, sure)
                reads.append(read._replace(sure=sure or read.plain))
            settle(self.letters, reads)
            zeros = {read.axis for read in reads if read.first == 1 and self._is_from_zero(read)}
            if not zeros:
                return reads
            for name, place in zeros:
                if (name, place) in self.text.held:
                    at = next(read.at for read in reads if read.axis == (name, place))
                    raise Fault(f"{name} counts from 1 before, and from 0 here.", "Let it count from one of the two.", at)
                firsts.setdefault(name, {})[place] = S.Zero
        return reads

    def _is_from_zero(self, read: Read) -> bool:
        """Whether what is declared is read at 0 first, and not at its last number."""
        lows, highs = ([*ends(read.form, upper)] for upper in (False, True))
        own = self.text.signatures[read.axis[0]]
        return (
            read.sure and own.kind != "value" and S.Zero in lows and any(proven(sp.expand(read.last - 1 - high)) for high in highs)
        )

    def put(self, node: Any) -> Any:
        """The formula with how the letters of its sums run."""
        if isinstance(node, Word | Token):
            return node
        if isinstance(node, tuple):
            return tuple(self.put(part) for part in node)
        if not is_dataclass(node) or isinstance(node, type):
            return node
        kept = [f.name for f in fields(node) if f.name not in ("under", "over", "spans")]
        new = replace(node, **{name: self.put(getattr(node, name)) for name in kept})
        if isinstance(node, sx.Big) and isinstance(new, sx.Big) and self.sums.get(id(node)):
            own = self.sums[id(node)]
            exact = not any(t.text in RELATIONS - {"=", r"\in"} or t.text in (":", r"\mid") for t in node.under)
            exact = exact and not any(form.letters for one in own for form in (*one.lows, *one.highs))
            comma = Token(",", node.at)
            under = tuple(t for k, one in enumerate(own) for t in ((comma,) * (k > 0) + (Token(one.name, node.at),)))
            limits = {"under": under, "over": ()} if exact else {}
            return replace(new, **limits, spans=tuple(one.span() for one in own))
        return new


def spans_of(node: Any) -> Iterator[Span]:
    """How the letters of the sums of a formula run."""
    if isinstance(node, sx.Big):
        yield from node.spans
    for part in sx.below(node):
        if not isinstance(part, Token | Span | str | int):
            yield from spans_of(part)


def _notes(found: _Found) -> Iterator[str]:
    """What a person should know of how indices run that nobody said."""
    for one in found.letters:
        span = one.span()
        said = any(not form.letters for form in one.highs)
        if not said and one.found:
            last = shown(span.low + span.extent - 1)
            yield f"{one.name} runs from {shown(span.low)} to {last}, where all that is read has entries."


def _shown(word: Word) -> str:
    """A name with its indices, as it is written."""
    return f"{described(replace(word, sub=(), sup=()))}_{{{plain(word.sub)}}}"


def _is(form: Form, letter: Letter) -> bool:
    return form.added == 0 and len(form.letters) == 1 and form.of(letter) == 1


def _is_letter(text: str) -> bool:
    return (len(text) == 1 and text.isalpha()) or text in ("ell", "tau")


def _is_condition(node: Syntax) -> bool:
    """Whether a factor is 1 where something holds, and else 0."""
    body = node.body if isinstance(node, sx.Scripted) else node
    return any(isinstance(part, sx.Relation) for part in (body.items if isinstance(body, sx.Group) else (body,)))
