r"""Gradients along unit vectors, \nabla f = 2xy\,\mathbf{i} + x^2\,\mathbf{j}, as lists: \nabla f = (2xy, x^2)."""

from __future__ import annotations

import re

from symbackprop.judge.texts.brackets import is_balanced

_LEFT = r"(?:\\nabla\s*\\?[A-Za-z]+|\\(?:operatorname|mathrm|text)\s*\{\s*grad\s*\}\s*\\?[A-Za-z]+)(?:\s*\([^()=]*\))?\s*="
_FONT = r"\\(?:mathbf|boldsymbol|bm|vec|hat)\s*\{?\s*(?:\\mathbf\s*\{?\s*)?"
_UNIT = re.compile(
    r"(?:\\[ ,;:!]|~|\s)*"
    rf"{_FONT}(?:\\?(?P<letter>[ijk])(?:math)?\s*\}}*|e\s*\}}*\s*_\s*\{{?\s*(?P<number>[123])\s*\}}?)"
    r"(?:\\[ ,;:!]|~|\s)*"
)
_WHOLE = re.compile(rf"(?P<left>{_LEFT})(?P<right>[^$=]*?)(?=\$|\\\]|\\end|\\\\|[.;]\s|[.;]?$|=)", re.MULTILINE)
_PLACES = {"i": 0, "j": 1, "k": 2, "1": 0, "2": 1, "3": 2}


def with_basis(text: str) -> str:
    """A text in which a gradient that is said along unit vectors is the list of its entries."""
    return _WHOLE.sub(_listed, text) if _UNIT.search(text) else text


def _listed(found: re.Match[str]) -> str:
    entries, end, right = dict[int, str](), 0, found["right"]
    for unit in _UNIT.finditer(right):
        place = _PLACES[unit["letter"] or unit["number"]]
        entry = right[end : unit.start()].strip()
        signed = re.match(r"[-+]", entry)
        if place in entries or (end and not signed) or not is_balanced(entry) or _is_sum(entry):
            return found[0]
        entries[place] = entry.removeprefix("+").strip() if entry.strip("+- ") else f"{entry.strip('+ ')}1"
        end = unit.end()
    rest = right[end:].strip(" ,.;")
    if len(entries) < 2 or rest:
        return found[0]
    row = ", ".join(entries.get(k, "0") for k in range(max(entries) + 1))
    return f"{found['left']} ({row}){right[end:]}"


def _is_sum(entry: str) -> bool:
    """Whether terms stand side by side outside of brackets: 2x + y i may be of one vector or of none."""
    depth = 0
    for k, c in enumerate(entry):
        depth += (c in "({[") - (c in ")}]")
        if k and c in "+-" and depth == 0 and entry[:k].strip():
            return True
    return False
