r"""Values of a derivation's own that it differentiates, \partial q_i / \partial w behind q_i = ...: further values."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from symbackprop.core.loops import has_loops
from symbackprop.core.passes.simplify import renamed
from symbackprop.core.program import Program
from symbackprop.judge.weighing.truth import Truth
from symbackprop.notation.claims.bracketed import behind
from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.side import word_of
from symbackprop.notation.claims.tokens import ACCENTS, FONTS, Token, tokens
from symbackprop.notation.claims.words import described

_D = frozenset([r"\partial", "d"])
_SET = frozenset(["\\" + word for word in (*FONTS, *ACCENTS)])


def differentiated(truth: Truth, given: Mapping[str, Program | None], steps: Sequence[tuple[str, Any, str]]) -> dict[str, Program]:
    """The values that steps differentiate, and what these are made of, each as a program over the network and those before it.

    given   what names were given, in order, by their names as they are read. One by which a step differentiates is none.
    """
    if has_loops(truth.program):
        return {}
    tops, bottoms = set[str](), set[str]()
    for _, claim, _ in steps:
        for name, is_top in _names(claim):
            (tops if is_top else bottoms).update(name)
    known: dict[str, Program] = {}  # that are made of the network, and of one another, alone
    for name, program in given.items():
        if program is not None and _is_made_of(program, {*truth.program.tensors, *known}):
            known[name] = program
    wanted, found = tops - bottoms, dict[str, Program]()
    for name, program in reversed([*known.items()]):
        if name in wanted:
            found[name] = program
            wanted |= {tensor.name for tensor in program.inputs}
    own = {name: _identifier(name) for name in found}
    if any(one in truth.program.tensors for one in own.values()) or not tops & {*found}:
        return {}
    return {own[name]: _with_inputs(program, own) for name, program in reversed([*found.items()])}


def _is_made_of(program: Program, names: Collection[str]) -> bool:
    """Whether a program reads tensors of these names alone, and no gradient."""
    return all(not one.role and one.name in names for one in program.inputs if one.kind != "constant")


def _identifier(name: str) -> str:
    """A name as a network has it: yhat of hat y."""
    accent, _, base = name.rpartition(" ")
    return base + accent


def _with_inputs(program: Program, called: Mapping[str, str]) -> Program:
    tensors = {called.get(n, n): replace(t, name=called.get(n, n)) for n, t in program.tensors.items()}
    equations = tuple(renamed(equation, called) for equation in program.equations)
    return replace(program, tensors=tensors, equations=equations)


def _names(claim: Any) -> Iterator[tuple[set[str], bool]]:
    """What a claim differentiates, with and without its scripts, and what it differentiates by; whether each is the former."""
    try:
        several = tokens(claim) if isinstance(claim, str) and "\\" in claim else []
    except Fault:
        return
    for k, token in enumerate(several):
        if token.text == r"\nabla":
            start = behind(several, k + 2) if [t.text for t in several[k + 1 : k + 2]] == ["_"] else k + 1
            yield _spellings(several, start), True
        elif token.text in _D:
            is_below = k > 1 and (several[k - 1].text == "/" or [t.text for t in several[k - 2 : k]] == ["}", "{"])
            yield _spellings(several, k + 1), not is_below


def _spellings(several: Sequence[Token], start: int) -> set[str]:
    """A name that begins at a token, as it is read with its scripts and without."""
    if start >= len(several):
        return set()
    end = behind(several, start + 1) if several[start].text in _SET else start + 1
    bare = end
    while end < len(several) and several[end].text in ("_", "^"):
        end = behind(several, end + 1)
    words = [word_of(re.sub(r"(\\[A-Za-z]+)", r"\1 ", "".join(t.text for t in several[start:stop]))) for stop in (bare, end)]
    return {described(word) for word in words if word is not None}
