r"""Losses by their names: \mathrm{KL}(p \,\|\, q) is sum(p \odot (\log p - \log q)); of others it is said what they mean."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.syntax import Tokens
from symbackprop.notation.claims.tokens import FONTS, Token, tokens
from symbackprop.notation.latex.units import OPEN, SHUT

_FONT = rf"(?:\\(?:{'|'.join(sorted(FONTS))})\{{?)?"
_HEAD = re.compile(rf"(?:D_\{{?)?{_FONT}(?<![A-Za-z])(KL|CE|BCE|MSE)\}}*(?=[(\[])")
_DIVERGENCE = tokens(r"(\operatorname{sum}((A) \odot (\log (A) - \log (B))))")
_WRITTEN = {
    "CE": r"-{0}^\top \log {1}",
    "BCE": r"-{0} \log {1} - (1 - {0}) \log(1 - {1})",
    "MSE": r"\frac{{1}}{{n}} \|{0} - {1}\|^2",
}


def written_out(stream: Sequence[Token], latex: str) -> list[Token]:
    """The tokens with each divergence as a product of its arguments; what a formula gives a meaning to stays.

    latex   the text that they are of.

    Raises Fault for a loss that several formulas are called.
    """
    found, defined = list(stream), {call.name for call in _calls(stream) if call.is_defined}
    while (call := next((one for one in _calls(found) if one.name not in defined), None)) is not None:
        a, b, at = *call.arguments, found[call.start].at
        if call.name != "KL":
            own = (latex[one[0].at : end].strip() for one, end in ((a, call.parted), (b, found[call.end - 1].at)))
            several = (text if len(one) == 1 else f"({text})" for one, text in zip((a, b), own, strict=True))
            raise Fault(f"{call.name} is no function here.", f"Write it out: {_WRITTEN[call.name].format(*several)}.", at)
        given = {"A": a, "B": b}
        found[call.start : call.end] = [t for sign in _DIVERGENCE for t in given.get(sign.text, (Token(sign.text, at),))]
    return found


class _Call(NamedTuple):
    """A loss of two arguments: its tokens from `start` on, up to `end`; `parted` is where in the text its first argument ends."""

    name: str
    start: int
    end: int
    arguments: tuple[Tokens, Tokens]
    parted: int
    is_defined: bool


def _calls(several: Sequence[Token]) -> Iterator[_Call]:
    starts = [0, *accumulate(len(t.text) for t in several)]
    for head in _HEAD.finditer("".join(t.text for t in several)):
        start, opening = starts.index(head.start()), starts.index(head.end())
        end = next((k + 1 for k, depth in _depths(several, opening) if depth == 0), opening)
        inner = tuple(several[opening + 1 : end - 1])
        for k, depth in _depths(inner, 0):
            two = [t.text for t in inner[k : k + 2]] == ["|", "|"]
            if depth == 0 and 0 < k < len(inner) - 1 - two and (two or inner[k].text in (r"\|", r"\parallel", ",")):
                defined = [t.text for t in several[end : end + 1]] == ["="]
                yield _Call(head[1], start, end, (inner[:k], inner[k + 1 + two :]), inner[k].at, defined)
                break


def _depths(several: Sequence[Token], start: int) -> Iterator[tuple[int, int]]:
    """Each place from `start` on, and in how many brackets that open from there on what follows it stands."""
    depth = 0
    for k in range(start, len(several)):
        depth += (several[k].text in OPEN) - (several[k].text in SHUT)
        yield k, depth
