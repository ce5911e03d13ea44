r"""Layers above a name without brackets, \delta^l and w^{l+1}_{jk}, as those of loops are written: \delta^{(l)}, W^{(l+1)}_{jk}."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from symbackprop.judge.weighing.truth import Truth
from symbackprop.notation.claims.words import TRANSPOSES, folded

Step = tuple[str, Any, str]

_ABOVE = re.compile(
    r"(?P<base>\\[A-Za-z]+(?:\{\\?[A-Za-z]+\})?|[A-Za-z])(?P<below>_(?:\{[^{}]*\}|\\?[A-Za-z\d]))?"
    r"\^(?:\{(?P<long>[^{}()]*)\}|(?P<short>[A-Za-z]|\\ell(?![A-Za-z])))"
)
_ENTRY = re.compile(r"_(?:\{[^{}]*\}|\\?[A-Za-z\d])")  # the j of \delta^l_j
_LAYER = re.compile(r"\s*\\?(?P<letter>[A-Za-z]+)\s*(?P<more>[-+]\s*\d+)?\s*")
_AT_LAYER = re.compile(r"\s*\\?[A-Za-z]+(?:_(?:\{[^{}]*\}|\\?[A-Za-z\d]))?\^\{\((\w+)\)\}\s*=")
_BY = re.compile(r"\\nabla_\{?([A-Za-z])\}?(?![\w^])")  # \nabla_a C in \delta^L = ..., at the layer of the left-hand side
LAST = "L"  # which most books have for the last layer


def with_layers(truth: Truth, steps: Sequence[Step]) -> list[Step]:
    """The steps with brackets around the layers of what has layers, and of names that the steps give; any other power stays one."""
    if not truth.loops:
        return list(steps)
    every = [axis for places in truth.loops.axes.values() for axis in places.values()]
    layers, last = {axis.letter for axis in every}, {str(axis.extent) for axis in every}
    tensors = {folded(name): name in truth.loops.axes for name in truth.program.tensors}
    own = {_base(found) for step in steps for found in _left_sides(step)}

    def has_layers(found: re.Match[str]) -> bool:
        base = _base(found)
        whole = base + re.sub(r"\W", "", found["below"] or "")
        known = next((name for name in (whole, base, base.capitalize()) if name in tensors), None)
        return base in own if known is None else tensors[known]

    def bracketed(found: re.Match[str]) -> str:
        label = _LAYER.fullmatch(found["long"] or found["short"] or "")
        if label is None or label["letter"] in TRANSPOSES or not has_layers(found):
            return found[0]
        letter = next(iter(last)) if label["letter"] == LAST and len(last) == 1 else label["letter"]
        if letter not in layers | last:
            return found[0]
        return f"{found['base']}{found['below'] or ''}^{{({letter}{label['more'] or ''})}}"

    def read(text: str) -> str:
        text = _ABOVE.sub(bracketed, text)
        ends = _AT_LAYER.match(text)
        if ends is None or ends[1] not in last:
            return text
        return _BY.sub(lambda found: rf"\nabla_{{{found[1]}^{{({ends[1]})}}}}" if tensors.get(found[1]) else found[0], text)

    return [(read(name), read(claim) if isinstance(claim, str) else claim, what) for name, claim, what in steps]


def _base(found: re.Match[str]) -> str:
    """The letter of a name: delta of \\delta, W of \\mathbf{W}."""
    return re.findall(r"[A-Za-z]+", found["base"])[-1]


def _left_sides(step: Step) -> Iterator[re.Match[str]]:
    """The names with something above them that a step gives by its own name, or on the left of its first equals sign."""
    name, claim, _ = step
    for text in (name, claim.partition("=")[0] if isinstance(claim, str) else ""):
        found = _ABOVE.match(text.strip())
        if found is not None and (found.end() == len(text.strip()) or _ENTRY.fullmatch(text.strip(), found.end())):
            yield found
