r"""Over which steps an equation holds: for t = 1, \ldots, T; (l = 1, \dots, n); t \in \{1, \ldots, T\}; 1 \leq t \leq T."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import NamedTuple

from symbackprop.notation.claims.tokens import Token
from symbackprop.notation.latex.extents import DOTS

_PLAIN = re.compile(
    r"(\\(?:text\w*|mbox|mathrm|operatorname|begin|end)\s*\{[^{}]*\})|"
    r"(?<![\\\w{^_])(?:for\s+(?:all|each|every)|for|where|with|and|let|then)(?![\w}])",
    re.IGNORECASE,
)


class Range(NamedTuple):
    """letter = low, ..., high: the least number and the largest, as the language spells them; None where it is not said.

    falls   whether the largest comes first.
    at      where it stands.
    """

    letter: str
    low: str | None
    high: str | None
    falls: bool
    at: int


def spoken(text: str) -> str:
    """The text with words between its formulas, for and where, as what parts formulas, so that places stay."""
    return _PLAIN.sub(lambda found: found[1] or ";".ljust(len(found[0])), text)


def conditioned(several: Sequence[Token]) -> list[Token]:
    r"""x_{t|t-1}, which is told by the steps before, as a name of its own, x_{pred,t}; x_{t|t} as x_t."""
    found: list[Token] = []
    k = 0
    while k < len(several):
        first = _number(several, k + 2) if [t.text for t in several[k : k + 2]] == ["_", "{"] else None
        last = _number(several, first[1] + 1) if first and _text(several, first[1]) in ("|", r"\mid") else None
        lag = _lag(first[0], last[0]) if first and last and _text(several, last[1]) == "}" else None
        if first and last and lag in (0, 1):
            told = [Token("pred", several[k].at), Token(",", several[k].at)] if lag else []
            found += [*several[k : k + 2], *told, *several[k + 2 : first[1]], several[last[1]]]
            k = last[1] + 1
            continue
        found.append(several[k])
        k += 1
    return found


def _lag(first: str, last: str) -> int | None:
    """How far one step is behind another; None where they are not of one letter."""
    own, other = (re.fullmatch(r"([a-zA-Z]?) ?([-+]? ?\d+)?", text) for text in (first, last))
    if own is None or other is None or own[1] != other[1]:
        return None
    a, b = (int((one[2] or "0").replace(" ", "")) for one in (own, other))
    return a - b


def ranged(several: Sequence[Token], indices: Collection[str]) -> tuple[list[Token], list[Range]]:
    r"""The tokens without what says over which steps an equation holds, and what it says.

    indices   letters that stand below a left side or that a sum is over: y \in \{1, \ldots, C\} says more only of others.
    """
    several, left, found = _dotted(several), list[Token](), list[Range]()
    k = 0
    while k < len(several):
        one = _range(several, k)
        if one is None or (one[0].letter not in indices and _text(several, k + 1) == r"\in"):
            left.append(several[k])
            k += 1
            continue
        found.append(one[0])
        while left and left[-1].text in ("(", r"\forall"):
            left.pop()
        k = one[1]
        while k < len(several) and several[k].text in (")", ":"):
            k += 1
        left.append(Token(";", several[k - 1].at))
    return left, found


def _dotted(several: Sequence[Token]) -> list[Token]:
    """The tokens with two points or three in a row as one."""
    found: list[Token] = []
    for k, token in enumerate(several):
        if token.text == "." and k and several[k - 1].text == ".":
            if found[-1].text == ".":
                found[-1] = Token(r"\ldots", found[-1].at)
            continue
        found.append(token)
    return found


def _range(several: Sequence[Token], k: int) -> tuple[Range, int] | None:
    """What begins at a token, and the place behind it."""
    if k and several[k - 1].text in ("_", "^", "{"):  # below a sum
        return None
    letter, at = _letter(several, k), several[k].at
    if letter is not None and _text(several, k + 1) == "=":
        return _listed(several, letter, k + 2, at)
    if letter is not None and _text(several, k + 1) == r"\in":
        opening = {r"\{": r"\}", "[": "]"}.get(_text(several, k + 2))
        inner = _listed(several, letter, k + 3, at) if opening else None
        if inner is None and opening == "]" and (top := _number(several, k + 3)) and _text(several, top[1]) == "]":
            return Range(letter, "1", top[0], False, at), top[1] + 1  # [T] = {1, ..., T}
        return (inner[0], inner[1] + 1) if inner is not None and _text(several, inner[1]) == opening else None
    low = _number(several, k)
    if low is None or _text(several, low[1]) not in (r"\leq", "<"):
        return None
    letter = _letter(several, low[1] + 1)
    high = _number(several, low[1] + 3)
    if letter is None or high is None or _text(several, low[1] + 2) not in (r"\leq", "<"):
        return None
    first = low[0] + (" + 1" if _text(several, low[1]) == "<" else "")
    last = high[0] + (" - 1" if _text(several, low[1] + 2) == "<" else "")
    return Range(letter, first, last, False, at), high[1]


def _listed(several: Sequence[Token], letter: str, k: int, at: int) -> tuple[Range, int] | None:
    r"""1, ..., T or 1, 2, ..., T or T, T - 1, \ldots, 1; 3, 2, 1 or 1, 2, where all are said."""
    if (whole := _counted(several, k)) is not None:
        low, high, falls, end = whole
        return Range(letter, low, high, falls, at), end
    shown: list[str] = []
    while len(shown) < 3 and (one := _number(several, k)) is not None:
        shown.append(one[0])
        k = one[1] + (_text(several, one[1]) == ",")
        if _text(several, k) in DOTS:
            break
    if not shown or _text(several, k) not in DOTS:
        return None
    k += 1 + (_text(several, k + 1) == ",")
    last = _number(several, k)
    if last is None or _text(several, last[1]) in ("=", "_", "^"):  # 1, 2, \ldots: what comes next is another formula
        return Range(letter, shown[0], None, False, at), k
    falls = (last[0].isdigit() and not shown[0].isdigit()) or (
        last[0].isdigit() and shown[0].isdigit() and int(last[0]) < int(shown[0])
    )
    low, high = (last[0], shown[0]) if falls else (shown[0], last[0])
    return Range(letter, low, high, falls, at), last[1]


def _counted(several: Sequence[Token], k: int) -> tuple[str, str, bool, int] | None:
    """The least and the largest of numbers that are all written, one after the other, whether they fall, and the place behind."""
    found: list[int] = []
    while _text(several, k).isdigit():
        found.append(int(_text(several, k)))
        if _text(several, k + 1) != "," or not _text(several, k + 2).isdigit():
            break
        k += 2
    step = found[1] - found[0] if len(found) > 1 else 0
    if abs(step) != 1 or any(b - a != step for a, b in pairwise(found)) or _text(several, k + 2) in DOTS:
        return None
    if _text(several, k + 1) not in ("", ";", ",", ".", ")", ":", r"\}", r"\\"):
        return None
    return str(min(found)), str(max(found)), step < 0, k + 1


def sized(several: Sequence[Token]) -> str | None:
    """Tokens as a number or a size; None where they are none."""
    own = [t for t in several if t.text not in "{}"]
    found = _number(own, 0)
    return found[0] if found is not None and found[1] == len(own) else None


def _text(several: Sequence[Token], k: int) -> str:
    return several[k].text if k < len(several) else ""


def _letter(several: Sequence[Token], k: int) -> str | None:
    text = _text(several, k).lstrip("\\")
    return text if (len(text) == 1 and text.isalpha() and text.islower()) or text in ("ell", "tau") else None


def _number(several: Sequence[Token], k: int) -> tuple[str, int] | None:
    """A number or a size, or a sum of both, as the language spells it, and the place behind it."""
    said: list[str] = []
    while _is_term(_text(several, k)):
        said.append(_text(several, k).lstrip("\\"))
        k += 1
        if _text(several, k) == "_" and _is_term(_text(several, k + 1)):  # n_x
            said[-1] += f"_{_text(several, k + 1)}"
            k += 2
        if _text(several, k) not in ("+", "-") or not _is_term(_text(several, k + 1)):
            break
        said.append(_text(several, k))
        k += 1
    return (" ".join(said), k) if said else None


def _is_term(text: str) -> bool:
    return text.isdigit() or (len(text) == 1 and text.isalpha() and text.isascii()) or text in (r"\ell", r"\tau")
