r"""What words beside sets say of inputs: \text{Let } A \in \mathbb{R}^{n \times n} \text{ be symmetric and } b \in \mathbb{R}^n."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.pieces import words_of
from symbackprop.notation.claims.statements import is_words
from symbackprop.notation.claims.tokens import Token
from symbackprop.notation.latex.members import Member
from symbackprop.notation.vocabulary import MATRICES

_FILLING = frozenset([
    "a", "an", "the", "be", "is", "are", "of", "in", "as", "let", "and", "where", "with", "by", "on", "its", "denote",
    "denotes", "given", "suppose", "consider", "assume", "define", "we", "us", "have", "for", "all", "each", "every", "some",
    "any", "real", "matrix", "matrices", "vector", "vectors", "number", "numbers", "scalar", "scalars", "point", "points",
    "sample", "samples", "input", "inputs", "output", "outputs", "feature", "features", "design", "response", "responses",
    "square", "invertible", "learning", "rate", "noise", "variance", "mean", "covariance", "hidden", "state", "states",
    "layer", "regularisation", "regularization", "strength", "penalty", "dimension", "size", "class", "classes", "time",
    "step", "steps", "index", "indices", "user", "users", "item", "items",
])  # fmt: skip
_HEADS = frozenset([
    *_FILLING,
    "minimise", "minimize", "maximise", "maximize", "find", "compute", "solve", "loss", "objective", "function", "cost",
    "now", "then", "that",
])  # fmt: skip
_DATA = frozenset([
    "data", "fixed", "known", "constant", "constants", "observed", "observation", "observations", "label", "labels", "target",
    "targets",
])  # fmt: skip
_PARAMETERS = frozenset([
    "parameter", "parameters", "weight", "weights", "bias", "biases", "unknown", "unknowns", "variable", "variables",
    "trainable", "learnt", "learned",
])  # fmt: skip
_DOMAINS = {
    frozenset(["symmetric"]): "symmetric",
    frozenset(["symmetric", "positive", "semidefinite"]): "symmetric",
    frozenset(["symmetric", "positive", "definite"]): "spd",
    frozenset(["spd"]): "spd",
    frozenset(["orthogonal"]): "orthogonal",
    frozenset(["positive"]): "positive",
}
_PART = re.compile(r"\b(?:and|with|where|let|given|suppose|consider|assume|define|for)\b|[.,;:]")
_BREAKS = frozenset([",", ";", r"\\"])


class Said(NamedTuple):
    """What words say of the inputs that stand between two places."""

    start: int
    end: int
    kind: str | None
    domain: str | None
    at: int


def headed(stream: Sequence[Token], text: str) -> tuple[list[Token], list[Said]]:
    """The tokens with words beside sets, and before a formula, as what parts formulas; and what these words say of inputs.

    text   what the tokens were read from.

    Raises Fault for words behind a set, or before one, that are not understood.
    """
    several, found = list(stream), list[Said]()
    out: list[Token] = []
    done, ends = 0, {end for _, end, _ in words_of(several)}
    for k, end, _ in words_of(several):
        if is_words(several, k):
            continue
        words = text[several[k].at : several[end - 1].at].partition("{")[2].lower().replace("-", " ")
        before, after = _set_before(several, k, ends), _set_behind(several, end)
        first, last = _halves(words) if before else ("", words)
        is_name = end < len(several) and several[end].text in ("=", "_", "^", "(", r"\in")
        is_head = (k == 0 or several[k - 1].text in (*_BREAKS, ".")) and {*re.findall(r"[a-z]+", words)} <= _HEADS
        if is_name or not (before or after or is_head):
            continue
        found += [_said(own, place, several[k].at) for own, place in ((first, before), (last, after)) if place]
        out += [*several[done:k], Token(";", several[k].at)]
        done = end
    return [*out, *several[done:]], [one for one in found if one.kind or one.domain]


def with_said(several: Iterable[Member], found: Iterable[Said]) -> list[Member]:
    """The members with what words say of them."""
    several = list(several)
    for one in found:
        own = [k for k, member in enumerate(several) if one.start <= member.at < one.end]
        if one.domain and not own:
            raise _not_read(one.domain, one.at)
        for k in own:
            within = several[k].within
            sizes, domain = within.sizes, one.domain or within.domain
            if one.domain and within.domain not in (None, one.domain):
                raise _not_read(one.domain, one.at)
            if one.domain in MATRICES and within.domain is None:
                if len(sizes) != 2 or sizes[0] != sizes[1]:
                    raise _not_read(one.domain, one.at)
                sizes = sizes[:1]
            several[k] = several[k]._replace(within=within._replace(kind=within.kind or one.kind, domain=domain, sizes=sizes))
    return several


def _halves(words: str) -> tuple[str, str]:
    """What words say of the set before them, and of what follows."""
    words = re.sub(r"\bsymmetric(?:\s*,)?\s+and\s+positive\b", "symmetric positive", words)
    words = re.sub(r"\b(be|is|are)\s+given\b", r"\1 known", words)
    part = _PART.search(words)
    return (words[: part.start()], words[part.start() :]) if part else (words, "")


def _said(words: str, place: tuple[int, int], at: int) -> Said:
    several = {*re.findall(r"[^\W\d_]+", words.replace("semi definite", "semidefinite"))} - _FILLING
    kinds = [kind for kind, own in (("data", _DATA), ("parameter", _PARAMETERS)) if several & own]
    rest = frozenset(several - _DATA - _PARAMETERS)
    if len(kinds) > 1 or (rest and rest not in _DOMAINS):
        raise _not_read(" ".join(words.strip(" ,.;:").split()), at)
    return Said(*place, kinds[0] if kinds else None, _DOMAINS.get(rest), at)


def _not_read(words: str, at: int) -> Fault:
    mend = "Declare the input in a line of its own, A: symmetric[n], or leave out what says nothing of it."
    return Fault(f"what the words {words} say of an input is not read.", mend, at)


def _set_before(several: Sequence[Token], k: int, ends: Collection[int]) -> tuple[int, int] | None:
    r"""The places between which the names stand whose set ends at a token, of x, y \in \mathbb{R}^n; None where none does.

    ends   where words end.
    """
    depth, start = 0, k
    while start and not (depth == 0 and (start in ends or several[start - 1].text in (*_BREAKS, "="))):
        start -= 1
        depth += (several[start].text in ("}", ")", "]", r"\}")) - (several[start].text in ("{", "(", "[", r"\{"))
    sign = next((j for j in range(start, k) if several[j].text == r"\in"), None)
    if sign is None or (start and several[start - 1].text == "="):
        return None
    other = next((several[j].at for j in range(start - 1, -1, -1) if several[j].text in (r"\in", "=")), -1)
    return other + 1, several[sign].at


def _set_behind(several: Sequence[Token], end: int) -> tuple[int, int] | None:
    r"""The places between which the names stand whose set follows; None where a formula does."""
    for token in several[end:]:
        if token.text == r"\in":
            return several[end].at, token.at
        if token.text in ("=", r"\sum", r"\min", r"\max", r"\arg", r"\text", ";", r"\\"):
            break
    return None
