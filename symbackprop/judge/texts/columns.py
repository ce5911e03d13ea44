"""Lists as columns: \nabla f = (2x + y, x), w = (0.1, 0.3)^T, and of numbers within a side too, -\frac13 (4, 5)^T."""

from __future__ import annotations

import re
from collections.abc import Iterator

_GAP = r"(?:\s|\\[ ,;:!])*"
_BEHIND_SIGN = re.compile(rf"(?<![<>!:=])={_GAP}(?:\\left\s*)?$")
_BEHIND_NUMBER = re.compile(
    rf"=[^=\n$]*(?:[-+*/\d]|\\cdot|\\times|\\[dt]?frac\s*(?:\{{\d+\}}\s*\{{\d+\}}|\d\s*\d)){_GAP}(?:\\left\s*)?$"
)
_CLOSED = re.compile(r"(?:\s*\^\s*(?:\{\s*\\?(?:T|top|intercal)\s*\}|\\top|\\intercal|T))?")
_ENDS = re.compile(rf"{_GAP}(?:$|[=.,;$\n]|\\\\|\\\]|\\end\b|\\q?quad\b|\\text\b|\\(?:Rightarrow|implies)\b)")
_NUMBER = re.compile(
    rf"{_GAP}[-+]?\s*(?:\d+\s*/\s*\d+|\d+\.?\d*|\.\d+|\\[dt]?frac\s*(?:\{{\d+\}}\s*\{{\d+\}}|\d\d))(?:e[-+]?\d+)?{_GAP}$"
)
_OPENS, _SHUTS = "([{", ")]}"
LONGEST = 2000  # characters of a list


def with_columns(text: str) -> str:
    """A text of formulas in which lists in brackets are columns: any behind an equals sign, and of numbers behind other signs."""
    out, end = [], 0
    for found in re.finditer(r"\(", text):
        if found.start() < end:
            continue
        entries = list(_entries(text, found.end()))
        if len(entries) < 2:
            continue
        begin, close = found.start(), entries[-1][1]
        behind = _CLOSED.match(text, close + 1)
        after = behind.end() if behind else close + 1
        before = text[max(0, begin - 200) : begin]
        inner = [text[a:b] for a, b in entries]
        is_right = inner[-1].endswith(r"\right")
        inner[-1] = inner[-1].removesuffix(r"\right")
        is_behind, is_numbers = _BEHIND_SIGN.search(before), all(map(_NUMBER.match, inner))
        is_list = is_behind and _ENDS.match(text, after) and not any("=" in one for one in inner)
        is_among = is_numbers and (is_behind or _BEHIND_NUMBER.search(before)) and not text[after:].lstrip().startswith("}")
        if not (is_list or is_among) or not all(map(str.strip, inner)):
            continue
        left = re.search(r"\\left\s*$", before)
        if (left is not None) != is_right:
            continue
        start = begin - (len(left[0]) if left else 0)
        rows = r" \\ ".join(re.sub(rf"^{_GAP}", "", one).strip() for one in inner)
        out += [text[end:start], rf" \begin{{pmatrix}}{rows}\end{{pmatrix}}"]
        end = after
    return "".join([*out, text[end:]])


def _entries(text: str, begin: int) -> Iterator[tuple[int, int]]:
    """Where each of what stands between commas up to the closing bracket begins and ends; nothing where none closes it."""
    found, depth = [], 0
    start = begin
    for k in range(begin, min(len(text), begin + LONGEST)):
        c = text[k]
        if c in "$\n" or text.startswith(("\\begin", "\\\\"), k):
            return
        if c in _SHUTS and depth == 0:
            yield from ([*found, (start, k)] if c == ")" else [])
            return
        depth += (c in _OPENS) - (c in _SHUTS)
        if c == "," and depth == 0 and text[k - 1] != "\\":
            found.append((start, k))
            start = k + 1
