"""Whether a network is still the one that parameters were trained in: a file of them holds a digest of every equation."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from symbackprop import __version__
from symbackprop.core.network import listed
from symbackprop.core.program import Equation, Program, Ref

VERSION = "version"


def digests(program: Program) -> dict[str, str]:
    """Two digests of each value, with a blank between: of its own equation, where it has a name, and of all that it is made of.

    The one holds what has no name and that it reads, the other no name but those of inputs: a value that is called otherwise, or
    that another line computes, keeps it.
    """
    numbers = {t.name: str(t.value) for t in program.tensors.values() if t.kind == "constant"}
    own: dict[str, str] = {}
    whole = {**numbers}

    def seen(name: str) -> str:
        return numbers.get(name, name) if program.tensors[name].has_name else own.get(name, "")

    for e in program.equations:
        name, has_name = e.target.name, program.tensors[e.target.name].has_name
        read = [Ref(seen(r.name), r.index) for r in e.operands]
        own[name] = _digest(e, name if has_name else "", read)
        whole[name] = _digest(e, "", [Ref(whole.get(r.name, r.name), r.index) for r in e.operands])
    shown = {name for name in own if program.tensors[name].has_name or name in program.outputs}
    return {name: f"{mine if name in shown else ''} {whole[name]}" for name, mine in own.items()}


def _digest(equation: Equation, name: str, operands: Iterable[Ref]) -> str:
    text = str(replace(equation, target=Ref(name, equation.target.index), operands=tuple(operands)))
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def others(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """The values with a name whose equation is another, and that were no value of any name before."""
    own = {name: digest.partition(" ")[0] for name, digest in before.items()}
    known = _made_of(before)
    parts = ((name, *digest.partition(" ")[::2]) for name, digest in now.items())
    return [name for name, mine, whole in parts if mine and own.get(name) != mine and whole not in known]


def _made_of(before: Mapping[str, str]) -> set[str]:
    return {digest.partition(" ")[2] for digest in before.values()}


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
    if now.get(value, "").partition(" ")[2] in _made_of(before):
        return ""
    other = [name for name in others(before, now) if name in needed]
    named = [name for name in other if name in program.tensors and program.tensors[name].named]
    what = "the equations are others than those"
    if named:
        what = f"{listed(named)} {'is another equation' if len(named) == 1 else 'are other equations'} than"
    return f"{what} when these parameters were trained: the network has been changed since; train it anew, or give it as it was"
