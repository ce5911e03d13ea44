"""What a line says one after the other: behind arrows, and side by side."""

from __future__ import annotations

import re
from collections.abc import Iterator

from symbackprop.judge.texts.brackets import is_balanced
from symbackprop.judge.texts.sentences import MEMBERS

THUS = r"\\(?:[Rr]ightarrow|Longrightarrow|implies|therefore|iff|Leftrightarrow|leadsto)\b"
GAP = rf"{THUS}|(?<!\\)[,;]|\\q?quad\b|\\text\{{\s*and\s*\}}"
DERIVED = (  # a derivative, or a differential
    r"\\[dt]?frac\s*\{\s*(?:\\partial|(?:d|\\mathrm\s*\{d\})[^{}]*\}\s*\{\s*(?:d|\\mathrm\s*\{d\}))|\\partial\b[^=,;]*/\s*\\partial\b|"
    r"\\nabla|(?:d|\\mathrm\s*\{d\})\s*(?:[A-Z]|\\?[a-z]+(?:_\w|_\{\w+\})?\s*=)|\\delta(?![a-z])"
)
BEST = re.compile(  # \hat\beta =, w^* =
    r"\s*(?:\\(?:wide)?hat\s*\{?\s*\\?[A-Za-z]+|\\?[A-Za-z]+\s*\^\s*\{?\s*(?:\*|\\star|\\ast))[^=,&]*="
)
BEST_BESIDE = re.compile(
    rf"(?:(?<!\\)[,;]|\\q?quad\b|\\text\{{\s*and\s*\}})(?:[,;]|\\q?quad\b|\\text\{{\s*and\s*\}}|\\[ ,;:]|[~\s])*(?={BEST.pattern})"
)
BESIDE = re.compile(rf"\s*(?:{GAP})(?:{GAP}|[~\s]|\\[ ,;:])*(?=(?:\\left\s*\.\s*)?(?:{DERIVED}))")
UPDATE_BESIDE = re.compile(  # W = W - ..., \quad b = b - ...
    r"\s*(?:(?<!\\)[,;]|\\q?quad\b)(?:[,;]|\\q?quad\b|\\[ ,;:]|[~\s])*"
    r"(?=(?P<own>\\?[A-Za-z]+(?:\s*[_^]\s*(?:\w|\{[^{}]*\}))*)\s*=\s*(?P=own)\s*[-+]"
    r"|(?P<base>\\?[A-Za-z]+)\s*[_^]\s*\{\s*\(?\s*(?P<k>[a-z])\s*\+\s*1\s*\)?\s*\}\s*=\s*(?P=base)\s*[_^]\s*\{?\s*\(?\s*(?P=k)(?![A-Za-z]))"
)
APPLIED_BESIDE = re.compile(r"\s*(?:(?<!\\)[,;]|\\q?quad\b)(?:[,;]|\\q?quad\b|\\[ ,;:]|[~\s])*(?=(\\?[A-Za-z]+)\s*\([^()=]*\)\s*=)")
NUMBER_BESIDE = re.compile(  # net = 0.84, \qquad out = 0.70
    r"\s*(?:(?<!\\)[,;]|\\q?quad\b)(?:[,;]|\\q?quad\b|\\[ ,;:]|[~\s])*"
    r"(?=(\\?[A-Za-z]+(?:_\w|_\{\w+\})?)\s*=(?:[^=,;]*=)?\s*[-+]?\d*\.\d+\s*(?:$|[,;\\]))"
)
_GIVEN = r"[^=,;:]*=\s*(?:[-+]?[\d.]+|\\begin\{pmatrix\}[^=:]*\\end\{pmatrix\})\s*(?:,|\\q?quad\b|\\[ ,;])?\s*"
_APPLIED = r"\\?[A-Za-z]+(?:'+|_\w|_\{\w+\})?\s*\("  # f''(0)
AT_NUMBERS = re.compile(rf"^((?:{_GIVEN})+):\s*(?={DERIVED}|{_APPLIED})")  # x = 0, y = 0: \nabla f = ...
_DIGITS = r"[-+−]?\s*(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+|\s*\\(?:times|cdot)\s*10\s*\^\s*\{?[-+\d]+\}?)?"
_ROUNDED = re.compile(  # \approx 0.1385
    rf"(?:\\(?:approx|simeq|doteq|approxeq)(?![A-Za-z])|[≈≃≅])(?=\s*(?:{_DIGITS}|\\begin\{{[pb]matrix\}}[-+\d.\s&\\]*?\\end\{{[pb]matrix\}}|"
    r"[(\[][-+\d.\s,]*[)\]](?:\s*\^\s*\{?\\?(?:T|top)\}?)?)\s*(?:$|[=≈,;.$\n]|\\\\|\\(?:approx|q?quad|text|end|\]|right\|)))"
)
_GAPS = r"(?:\s|~|\\[ ,;:!]|\\q?quad(?![A-Za-z]))*"
FOLLOWS = re.compile(
    rf"{_GAPS}\\(?:Rightarrow|Longrightarrow|implies|iff|Leftrightarrow|Longleftrightarrow|therefore)(?![A-Za-z]){_GAPS}"
)


def rounded(text: str) -> str:
    """A text with an equals sign before numbers that were rounded, \\approx 0.1385: it says that to their digits."""
    return _ROUNDED.sub("=", text)


def side_by_side(line: str) -> Iterator[str]:
    """What a line says one after the other, behind arrows and side by side."""
    line = AT_NUMBERS.sub(lambda found: f"{found[1]}, ", line)
    parts = [part.strip(" ,;&") for part in FOLLOWS.split(line)]
    whole = all(("=" in part or MEMBERS.fullmatch(part)) and is_balanced(part) for part in parts if part)
    for part in [part for part in parts if part] if whole else [line]:
        yield from _beside(part)


def _beside(line: str) -> Iterator[str]:
    """The derivatives that stand beside each other in a line, or the best values, each with its equals sign."""
    begin, others = 0, (APPLIED_BESIDE, UPDATE_BESIDE, NUMBER_BESIDE)
    places = [*BESIDE.finditer(line), *(BEST_BESIDE.finditer(line) if BEST.match(line) else ())]
    for found in sorted([*places, *(one for beside in others for one in beside.finditer(line))], key=lambda one: one.start()):
        before, behind = line[begin : found.start()], line[found.end() :]
        own = found.re in (APPLIED_BESIDE, NUMBER_BESIDE) and re.search(rf"(?<![A-Za-z]){re.escape(found[1])}(?![A-Za-z])", before)
        if "=" in before and "=" in behind and is_balanced(before) and not own:  # D(x) = ... says what the D before it is
            yield before.strip()
            begin = found.end()
    yield line[begin:].strip()
