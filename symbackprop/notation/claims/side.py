r"""What a left side says, as it is drawn, before anybody asks what its names mean.

Side = value | derivative | row | determinant | several of what, where
f''(x), \nabla^2 f, \frac{d^2f}{dx^2} and f^{(2)} are derivatives of order 2 of f; w_1^{new} and \hat\beta are values.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from symbackprop.formulas.latex import latex
from symbackprop.formulas.names import parse_name
from symbackprop.notation.claims import syntax as sx
from symbackprop.notation.claims.bracketed import behind, between_commas, outside
from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.grammar import syntax
from symbackprop.notation.claims.syntax import Syntax, Tokens, Word
from symbackprop.notation.claims.tokens import ACCENTS, GREEK, bare, plain, tokens

Kind = Literal["value", "slope", "gradient", "derivative", "row", "determinant", "several"]
MOST = 2000  # tokens of a left side
READ = 4096  # left sides that are remembered
_BEST = frozenset(["*", "star", "hat", "ML", "MLE", "mle", "MAP", "map", "OLS", "ols", "LS", "opt", "ridge"])
_NEXT = re.compile(r"new|next|\+|.*\+1")


@dataclass(frozen=True)
class Side:
    r"""What a left side says.

    kind     "value" of a name, its "slope" f', its "gradient" \nabla f, "derivative" \frac{df}{dx}, "row" Df, "determinant" of
             it, or "several" names in brackets.
    of       of what; None where that is a formula, or nothing is said.
    order    how often it is differentiated.
    by       the names by which it is, in turn.
    at       where: what stands in brackets behind it, or below a bar, between commas, as it was written.
    barred   whether that stands below a bar.
    is_log   whether it is by the logarithm of that.
    sign     -1 of -f'(x).
    stem     what it says, but for where and for its sign, as it was written.
    rest     what stands behind it, from its equals sign on.
    """

    kind: Kind
    of: Word | None
    order: int = 0
    by: tuple[Word, ...] = ()
    at: tuple[str, ...] | None = None
    barred: bool = False
    is_log: bool = False
    sign: int = 1
    stem: str = ""
    rest: str = ""

    @property
    def base(self) -> str:
        """The letter of what it is of, where that has no scripts; else ""."""
        return "" if self.of is None or self.of.sub or self.of.sup or self.of.accent or self.of.primes else self.of.base

    @property
    def times(self) -> int:
        """How often it is differentiated, where f^{(3)} is no layer."""
        above = "" if self.of is None else plain(self.of.sup)
        return self.order or (int(above[1:-1]) if above[:1] == "(" and above[1:-1].isdigit() else 0)

    @property
    def points(self) -> tuple[Word, ...]:
        r"""The names of the values at which it is: \hat\theta of f(\hat\theta) and of f|_{\theta = \hat\theta}."""
        found = (word_of(text.rpartition("=")[2]) for text in self.at or ())
        return tuple(word for word in found if word is not None)

    @property
    def name(self) -> Word | None:
        """The name that the whole of it is; None where it is more."""
        return self.of if self.kind == "value" and self.at is None and self.sign == 1 else None


@lru_cache(READ)
def side_of(claim: str) -> Side | None:
    """What the left side of the first equation of a claim says; None where it is a formula, or there is none."""
    try:
        several = tuple(tokens(claim))
    except Fault:
        return None
    equals = next((k for k in outside(several) if several[k].text == "="), 0)
    if not 0 < equals <= MOST or several[equals + 1 : equals + 2] == ("=",):
        return None
    found = _read(several[:equals])
    return None if found is None else replace(found, rest=claim[several[equals].at :])


@lru_cache(READ)
def whole_side(text: str) -> Side | None:
    """What a text says that is a left side; a name of code, beta_hat, and one that a reader of claims gave, hat beta, are names."""
    try:
        several = tuple(tokens(_in_latex(text)))
    except Fault:
        return None
    return _read(several)


def _in_latex(text: str) -> str:
    accent, _, name = text.rpartition(" ")
    own = re.match(r"[A-Za-z]\w*", name)
    if own is None or (accent and accent not in ACCENTS) or (not accent and (own.end() < len(name) or len(name) == 1)):
        return text
    code = latex(parse_name(own[0]).formula())
    return rf"\{accent}{{{code}}}{name[own.end() :]}" if accent else code


def word_of(text: str) -> Word | None:
    r"""The name that a text is, \hat\beta_0; None where it is more, or none."""
    found = whole_side(text)
    return None if found is None else found.name


def is_best(word: Word) -> bool:
    r"""Whether a name is that of a best value: \hat\beta, w^*, \theta_{MAP}, beta_hat."""
    return word.accent == "hat" or bool({*labels(word)} & _BEST)


def labels(word: Word) -> list[str]:
    """What stands below and above a name, between commas: 1 and MAP of w_{1,MAP}."""
    return [part for script in (word.sub, word.sup) for part in label(script).split(",") if part]


def now(word: Word) -> Word | None:
    """The name of what an update gives, w^{new} and w_{k+1}, without that; None for any other name."""
    sub, sup = (() if is_next(script) else script for script in (word.sub, word.sup))
    return None if (sub, sup) == (word.sub, word.sup) else replace(word, sub=sub, sup=sup)


def is_next(script: Tokens) -> bool:
    """Whether a script says that an update comes to it: new, k+1."""
    return any(map(_NEXT.fullmatch, label(script).split(",")))


def label(script: Tokens) -> str:
    """What a script says, without brackets around it."""
    text = plain(script)
    return text[1:-1] if text[:1] == "(" and text[-1:] == ")" else text


def text_of(several: Tokens) -> str:
    """Tokens as LaTeX."""
    return "".join(t.text + " " if t.text[-1].isalpha() and t.text[0] == "\\" else t.text for t in several).strip()


def _read(several: Tokens) -> Side | None:
    while several and several[0].text == "(" and behind(several, 0) == len(several) and len(between_commas(several[1:-1])) == 1:
        several = several[1:-1]
    several, at, barred = _placed(several)
    try:
        node = syntax(several)
    except Fault:
        return None
    found = _said(node)
    if found is not None and found.base == "det" and at is not None and (word := word_of(at[0])) is not None:
        return replace(found, kind="determinant", of=word)
    stem = text_of(several[1:] if several[0].text == "-" else several)
    return None if found is None else replace(found, at=at, barred=barred, stem=stem)


def _placed(several: Tokens) -> tuple[Tokens, tuple[str, ...] | None, bool]:
    """A left side without where it is, f(x) or f|_{x}; and where that is."""
    several = several[several[0].text == "." :] if several else several  # \left.
    bar = next((k for k in outside(several) if [t.text for t in several[k : k + 2]] == ["|", "_"]), None)
    if bar is not None and bar + 2 < len(several) == behind(several, bar + 2):
        inner = several[bar + 2 :]
        return several[:bar], _texts(inner[1:-1] if inner[0].text == "{" else inner), True
    if several and several[-1].text == ")":
        start = next((k for k in range(len(several)) if several[k].text == "(" and behind(several, k) == len(several)), 0)
        if start:
            return several[:start], _texts(several[start + 1 : -1]), False
    return several, None, False


def _texts(several: Tokens) -> tuple[str, ...]:
    return tuple(map(text_of, between_commas(several)))


def _said(node: Syntax) -> Side | None:
    """What a syntax says, but for where."""
    match node := _joined(node):
        case sx.Terms(parts=((-1, inner),)):
            found = _said(inner)
            return None if found is None else replace(found, sign=-found.sign)
        case sx.Group(items=items, bracket="(") if len(items) > 1:
            return Side("several", None)
        case sx.Group(items=(inner,), bracket="(" | "[" | "{"):
            return _said(inner)
        case sx.Nabla(wrt=(), of=of, order=order) if of is None or _word(of) is not None:
            return Side("gradient", _word(of), order)
        case sx.Nabla(wrt=wrt, of=of, order=order) if (by := word_of(text_of(wrt))) is not None and (word := _word(of)) is not None:
            return Side("gradient", word, order, (by,))
        case sx.Fraction(over=over, under=under):
            return _fraction(over, under, None)
        case sx.Product(factors=(sx.Fraction(over=over, under=under), *rest)):
            return _fraction(over, under, _product(rest))
        case sx.Product(factors=(Word(base="det"), inner), ops=("",)) if (word := _word(inner)) is not None:
            return Side("determinant", word)
        case sx.Product(factors=(Word(base="D", sub=(), sup=()), *rest)) if (word := _word(_product(rest))) is not None:
            return Side("row", word, 1)
    word = _word(node)
    if word is None:
        return None
    return Side("slope", replace(word, primes=0), word.primes) if word.primes else Side("value", word)


def _joined(node: Syntax) -> Syntax:
    r"""A nabla or a \partial with all letters of the name behind it, \nabla loss."""
    match node:
        case sx.Product(factors=(sx.Nabla(of=Word() as first) | sx.Partial(of=Word() as first) as d, *rest)):
            name = _product([first, *rest])
            return replace(d, of=name) if _word(name) is not None else node
    return node


def _product(factors: Sequence[Syntax]) -> Syntax:
    return sx.Product(tuple(factors), ("",) * (len(factors) - 1), factors[0].at) if len(factors) > 1 else factors[0]


def _word(node: Syntax | None) -> Word | None:
    r"""A name, in brackets or without; letters side by side are one, and f^{\prime\prime} is f''."""
    match node:
        case sx.Group(items=(inner,), bracket="(" | "{"):
            return _word(inner)
        case sx.Scripted(body=sx.Group(items=(inner,), bracket="{"), sub=sub, sup=sup) if (word := _word(inner)) is not None:
            return replace(word, sub=(*word.sub, *sub), sup=(*word.sup, *sup))
    word = sx.spelled_out(node) if _is_spelled(node) else node
    if not isinstance(word, Word) or word.base == "partial":
        return None
    primes = [t.text for t in bare(word.sup)]
    return replace(word, sup=(), primes=word.primes + len(primes)) if primes and {*primes} == {"'"} else word


def _is_spelled(node: Syntax | None) -> bool:
    """Whether letters stand side by side without room between them, loss: they may be one name."""
    factors = node.factors if isinstance(node, sx.Product) else ()
    letters = [one for one in factors if isinstance(one, Word) and len(one.base) == 1 and not (one.font or one.accent)]
    return len(letters) == len(factors) and all(b.at == a.at + 1 for a, b in pairwise(letters))


def _fraction(over: Syntax, under: Syntax, behind_it: Syntax | None) -> Side | None:
    """A derivative that is written as a fraction, of what stands above or behind it."""
    order, of = 1, behind_it
    match over := _joined(over):
        case sx.Partial(of=inner, order=order):
            of = of if inner is None else inner
        case Word(base="d", sup=sup):
            order = int(plain(sup)) if plain(sup).isdigit() else 1
        case sx.Product(factors=(Word(base="d", sup=sup), *rest)):
            order, of = int(plain(sup)) if plain(sup).isdigit() else 1, _product(rest)
        case _:
            return None
    by, is_log = _by(under)
    return Side("derivative", _word(of), order, by, is_log=is_log) if by and _word(of) is not None else None


def _by(under: Syntax) -> tuple[tuple[Word, ...], bool]:
    r"""What stands below in a derivative, and whether it is by the logarithm of that: \partial\log\sigma^2."""
    parts = list(under.factors) if isinstance(under, sx.Product) and not any(under.ops) else [under]
    found, is_log = list[Word](), False
    while parts:
        part = parts.pop(0)
        is_d = isinstance(part, Word) and part.base == "d" and not part.sup and parts
        part = parts.pop(0) if is_d else part.of if isinstance(part, sx.Partial) else None
        if isinstance(part, Word) and part.base in ("log", "ln") and parts:
            part, is_log = parts.pop(0), True
        if (word := _word(part)) is None:
            return (), False
        found.append(word)
    return tuple(found), is_log


def latex_of(word: Word) -> str:
    """A name as LaTeX."""
    base = "\\" + word.base if word.base in GREEK else word.base
    base = rf"\{word.font}{{{base}}}" if word.font else base
    base = rf"\{word.accent}{{{base}}}" if word.accent else base
    scripts = (f"{mark}{{{text_of(own)}}}" for mark, own in (("_", word.sub), ("^", word.sup)) if own)
    return base + "".join(scripts) + "'" * word.primes
