r"""What formulas tell of their letters in passing: over what a mean is taken, what stands with an index and without."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from symbackprop.notation.claims.syntax import Big, Fraction, Group, Number, Product, Terms, Word, below
from symbackprop.notation.claims.tokens import Token, bare
from symbackprop.notation.claims.words import described

OF_ARRAYS = frozenset([
    r"\top", r"\|", r"\sum", r"\prod", r"\odot", r"\otimes", r"\langle", r"\mathbb", r"\star", r"\det",
    "softmax", "diag", "tr", "trace", "sum", "mean", "norm", "det", "logdet", "logsumexp", "onehot", "vec",
])  # fmt: skip
"""Signs and functions of formulas in which a letter may be an array."""


def means_over(several: Iterable[object]) -> dict[str, str]:
    r"""How far indices run of which a mean is taken, \frac{1}{d}\sum_i x_i: d."""
    found: dict[str, str] = {}
    for node in several:
        match node:
            case Product(factors=(*_, Fraction(over=Number(text="1"), under=Word(base=size, sub=(), sup=())), Big() as big)) if (
                not big.over
            ):
                found |= {t.text: size for t in big.under if len(big.under) == 1 and t.text.isalpha()}
        if not isinstance(node, Token | str | int):
            found |= means_over(below(node))
    return found


def twice(several: Iterable[object], key: str, indices: Mapping[str, str]) -> int | None:
    """Where a word stands in one sum with an index and without, x_i - x; None where it does nowhere."""
    for node in several:
        own = [part for _, part in node.parts if isinstance(part, Word)] if isinstance(node, Terms) else []
        own = [word for word in own if described(replace(word, sub=(), sup=())) == key]
        if len({bool([t for t in bare(word.sub) if t.text in indices]) for word in own}) > 1:
            return own[0].at
        inner = None if isinstance(node, Token | str | int) else twice(below(node), key, indices)
        if inner is not None:
            return inner
    return None


def called(several: Iterable[object], key: str) -> int | None:
    r"""Where a word with an index stands before a bare letter in brackets, \mu_k(x); None where it does nowhere."""
    for node in several:
        pairs = zip(node.factors, node.factors[1:], node.ops, strict=False) if isinstance(node, Product) else ()
        for word, group, op in pairs:
            is_call = not op and isinstance(group, Group) and group.bracket == "(" and _is_bare(group.items)
            if is_call and isinstance(word, Word) and word.sub and described(replace(word, sub=(), sup=())) == key:
                return word.at
        inner = None if isinstance(node, Token | str | int) else called(below(node), key)
        if inner is not None:
            return inner
    return None


def _is_bare(items: Sequence[object]) -> bool:
    """Whether one letter stands in brackets, or in brackets within."""
    inner = items[0] if len(items) == 1 else None
    return _is_bare(inner.items) if isinstance(inner, Group) else isinstance(inner, Word) and not inner.sub and not inner.sup


def holds_identity(node: object) -> bool:
    """Whether a term is the identity, or a product with it: lambda I."""
    several = node.factors if isinstance(node, Product) else (node,)
    return any(isinstance(one, Word) and one.base == "I" for one in several)
