"""Whether a network is still the one that parameters were trained in: a file of them holds a digest of every equation."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from symbackprop import __version__
from symbackprop.core.network import listed
from symbackprop.core.program import Program, Ref

VERSION = "version"


def digests(program: Program) -> dict[str, str]:
    """A digest of the equation of each value that has a name, with those of what has none and that it reads."""
    found: dict[str, str] = {}
    for e in program.equations:
        operands = (r if program.tensors[r.name].has_name else Ref(found.get(r.name, ""), r.index) for r in e.operands)
        target = e.target if program.tensors[e.target.name].has_name else Ref("", e.target.index)
        text = str(replace(e, target=target, operands=tuple(operands)))
        found[e.target.name] = hashlib.sha256(text.encode()).hexdigest()[:8]
    return {name: digest for name, digest in found.items() if program.tensors[name].has_name or name in program.outputs}


def told_of(found: Mapping[str, str]) -> dict[str, str]:
    """What a file of parameters tells of these digests: another version may write equations in another way."""
    return {VERSION: __version__, **found} if found else {}


def changed(before: Any, now: Mapping[str, str], program: Program, value: str) -> str:
    """What to say where a value is computed by other equations than those that were trained with; "" where it is not.

    before   what the file tells; nothing of a file that others wrote.
    """
    if not isinstance(before, Mapping) or before.get(VERSION) != __version__:
        return ""
    needed = {value}
    for equation in reversed(program.equations):
        if equation.target.name in needed:
            needed.update(ref.name for ref in equation.operands)
    other = [name for name, digest in now.items() if name in needed and before.get(name) != digest]
    if not other:
        return ""
    named = [name for name in other if name in program.tensors and program.tensors[name].named]
    what = "the equations are others than those"
    if named:
        what = f"{listed(named)} {'is another equation' if len(named) == 1 else 'are other equations'} than"
    return f"{what} when these parameters were trained: the network has been changed since; train it anew, or give it as it was"
