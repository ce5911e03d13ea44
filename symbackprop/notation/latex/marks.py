r"""Marks that are part of a name: w^*, \theta', s^+ and \ell^{old} are w_star, theta_prime, s_plus and ell_old."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from symbackprop.notation.claims.syntax import Tokens
from symbackprop.notation.claims.tokens import Token, plain
from symbackprop.notation.claims.words import MARKS
from symbackprop.notation.latex.units import Unit, units

_SIGNS = {**MARKS, "star": "star", "'": "prime"}
_ALWAYS = frozenset([
    "star", "old", "new", "ref", "obs", "pos", "neg", "true", "pred", "next", "init", "target", "tgt", "src", "clean", "adv", "in",
    "out", "enc", "dec", "train", "test", "val", "real", "fake", "prior", "post", "teacher", "student", "ema",
])  # fmt: skip
"""What is no power: nobody raises to these. Of other marks a text says that they are, where it declares or defines the name."""
_BEFORE = frozenset([",", ";", "\n", r"\\", "{", "&"])
_AFTER = frozenset([",", ";", "=", r"\in", "}"])


class _Site(NamedTuple):
    """A mark at the tokens [start, end) of a stream; `told` where its name is declared or defined there."""

    base: str
    mark: str
    start: int
    end: int
    told: bool


def marked(stream: list[Token]) -> list[Token]:
    r"""The tokens with such marks as labels, w^{(star)}, at their places."""
    sites = list(_sites(tuple(stream)))
    told = {(site.base, site.mark) for site in sites if site.told}
    out = list(stream)
    for site in reversed(sites):
        if site.mark in _ALWAYS or (site.base, site.mark) in told:
            at = stream[site.start].at
            out[site.start : site.end] = [Token(text, at) for text in ("^", "{", "(", site.mark, ")", "}")]
    return out


def with_samples(stream: Sequence[Token]) -> list[Token]:
    r"""The tokens with a^{[2](i)}, of the layer and of the sample, as a^{[2]}_i."""
    found: list[Token] = []
    k = 0
    while k < len(stream):
        texts = [t.text for t in stream[k : k + 9]]
        if texts[:3] + texts[4:6] + texts[7:] == ["^", "{", "[", "]", "(", ")", "}"]:
            found += [*stream[k : k + 5], *(Token(text, stream[k + 5].at) for text in "}_"), stream[k + 6]]
            k += 9
            continue
        found.append(stream[k])
        k += 1
    return found


def _sites(stream: Tokens) -> Iterator[_Site]:
    several = units(stream)
    depth = 0
    for n, unit in enumerate(several):
        depth += (unit.text in ("(", "[")) - (unit.text in (")", "]"))
        before = stream[unit.start - 1].text if unit.start else ";"
        if not unit.letter or unit.below or before in (r"\in", "^"):
            continue
        k = _behind_script(several, n + 1, "_")
        mark, end = _mark(stream, several, k)
        if mark:
            after = _behind_script(several, end, "_")
            behind = several[after].text if after < len(several) else ";"
            told = depth == 0 and (before in _BEFORE or before.startswith(r"\begin")) and behind in _AFTER
            yield _Site(unit.text, mark, several[k].start, several[end - 1].end, told)


def _behind_script(several: list[Unit], k: int, sign: str) -> int:
    """The place behind a subscript that begins at a place; the place itself where none does."""
    if k + 1 >= len(several) or several[k].text != sign:
        return k
    if several[k + 1].text != "{":
        return k + 2
    depth = 0
    for j in range(k + 1, len(several)):
        depth += (several[j].text == "{") - (several[j].text == "}")
        if depth == 0:
            return j + 1
    return len(several)


def _mark(stream: Tokens, several: list[Unit], k: int) -> tuple[str, int]:
    """The mark that begins at a place, and the place behind it; "" where none does."""
    if k < len(several) and several[k].text == "'":
        end = k + 1
        while end < len(several) and several[end].text == "'":
            end += 1
        return _SIGNS.get("'" * (end - k), ""), end
    end = _behind_script(several, k, "^")
    if end == k:
        return "", k
    raised = plain(stream[several[k + 1].start : several[end - 1].end]).strip("{}")
    return _SIGNS.get(raised, raised if raised in _ALWAYS else ""), end
