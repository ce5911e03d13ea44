r"""The equations of a network in LaTeX: what each names, which subscripts are its indices, in which order they stand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from symbackprop.notation.claims import syntax as sx
from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.grammar import syntax
from symbackprop.notation.claims.indices import letters_of
from symbackprop.notation.claims.limits import compared_with, words
from symbackprop.notation.claims.statements import Equality
from symbackprop.notation.claims.syntax import Syntax, Tokens, Word
from symbackprop.notation.claims.tokens import RELATIONS, Token, bare, plain
from symbackprop.notation.claims.words import Names, indices
from symbackprop.notation.latex.naming import joined
from symbackprop.notation.vocabulary import functions, value_fault


class Line(NamedTuple):
    """name = right, where `letters` stand for the axes of the name."""

    name: str
    letters: tuple[str, ...]
    right: Syntax
    at: int


def ordered(equalities: Sequence[Equality], with_names: Callable[[Iterable[str]], Names]) -> tuple[list[Line], Names]:
    """The equations, each after those that it reads, and all names.

    with_names   the declared names, and others.

    Raises Fault for a left side that is no name, a name that is given twice, and values that define each other.
    """
    heads = [(head_of(e.left, k), e.right) for k, e in enumerate(equalities)]
    lines: list[Line] = []
    names = declared = with_names(())
    for _ in range(len(heads) + 1):  # which subscripts are indices shows when the other names are known
        before, lines = lines, [line_of(head, right, names) for head, right in heads]
        if lines == before:
            break
        names = with_names(line.name for line in lines)
    for k, line in enumerate(lines):
        if line.name in declared.known or line.name in declared.sizes:
            raise Fault(f"{line.name} is declared, and defined here.", "Leave out one of the two.", line.at)
        if line.name in {other.name for other in lines[:k]}:
            raise Fault(f"{line.name} is defined twice.", f"A name keeps its value: write {line.name}_2.", line.at)
        fault = value_fault(line.name)
        if fault:
            raise Fault(*fault, line.at)
    own = {line.name for line in lines} & functions().keys()
    called = next((word for line in lines for word in _called(line.right) if word.base in own), None)
    if called is not None:
        mend = rf"Call the value otherwise, or write a product as {called.base} \cdot (...)."
        raise Fault(f"{called.base} is defined here, and called as the function.", mend, called.at)
    return _sorted(lines, names), names


def _called(node: object) -> Iterator[Word]:
    """The words that stand right before something, without a sign between."""
    if isinstance(node, sx.Product):
        yield from (word for word, op in zip(node.factors, node.ops, strict=False) if isinstance(word, Word) and not op)
    if isinstance(node, Word) and node.base == "e" and node.sup:
        with suppress(Fault):
            yield from _called(syntax(node.sup))
    for part in sx.below(node):
        if not isinstance(part, Token | str | int):
            yield from _called(part)


def head_of(left: Syntax | None, place: int) -> Word:
    """The left side as one word; a formula without one is the loss."""
    if left is None:
        return Word("L", place)
    if isinstance(left, sx.Product) and not any(left.ops) and all(isinstance(f, Word) and not f.sup for f in left.factors):
        *first, last = (f for f in left.factors if isinstance(f, Word))
        if not any(f.sub or f.base in functions() for f in first):
            left = Word("".join(f.base for f in (*first, last)), left.at, last.accent, sub=last.sub)
    if not isinstance(left, Word) or left.primes or not left.base[0].isalpha():
        raise Fault("the left side is no name.", r"Write a letter with its indices on the left: \hat y_k = ...", left.at)
    return left


def line_of(head: Word, right: Syntax, names: Names) -> Line:
    """What a left side names: a last subscript is an index where it is one on the right."""
    free = free_letters(right, names)
    sub = indices(head.sub)
    if sub is None and all(t.text.lstrip("\\").isalnum() for t in bare(head.sub)):
        sub = [bare(head.sub)]  # L_\theta
    if sub is None:
        raise Fault(f"{plain(head.sub)} is no index and no part of a name.", "Write letters, numbers, words.", head.at)
    label = plain(bare(head.sup)).strip("()[]")
    letters: list[str] = []
    while sub and len(sub[-1]) == 1 and sub[-1][0].text.lstrip("\\") in free:
        letters.insert(0, sub.pop()[0].text.lstrip("\\"))
    if label in free:
        letters.insert(0, label)
        label = ""
    stray = sorted((_unbound(right, names) - {*letters}) & bound_letters(right))
    if stray:
        mend = rf"Put all that the sum is of in brackets: \sum_{stray[0]} \left[ ... \right]."
        raise Fault(f"{stray[0]} runs in a sum, and stands behind it as well.", mend, head.at)
    return Line(named(head, label, _run(sub)), tuple(letters), right, head.at)


def named(head: Word, label: str, parts: Iterable[Tokens]) -> str:
    """The name of a left side: its letter and accent, its label, what of its subscript is no index. Raises Fault for no name."""
    name = joined(head, label, parts)
    if not name.isidentifier():
        raise Fault(f"{name} is no name.", r"Name it by a letter, a number, a word: z_1, h^{(2)}, w_{\text{out}}.", head.at)
    return name


def _run(sub: Iterable[Tokens]) -> list[Tokens]:
    """What is left of a subscript: letters that stand side by side are one word, D_{KL}."""
    found: list[Tokens] = []
    for part in sub:
        beside = found and part[0].at == found[-1][-1].at + 1 and part[0].text.isalpha() and found[-1][-1].text.isalpha()
        found = [*found[:-1], (*found[-1], *part)] if beside else [*found, part]
    return found


def bound_letters(node: object) -> set[str]:
    """The letters over which a formula sums."""
    own = {*letters_of(node.under)} - compared_with(node) if isinstance(node, sx.Big) else set()
    return own.union(*(bound_letters(part) for part in sx.below(node) if not isinstance(part, Token | str | int)))


def free_letters(right: Syntax, names: Names) -> set[str]:
    """The letters that stand as indices in a formula and are bound by no sum, or with which one compares."""
    compared = {c for c in in_limits(right) if c.islower() and c not in names.sizes and c not in names.known}
    return _unbound(right, names) | compared


def _unbound(right: Syntax, names: Names) -> set[str]:
    """The letters that stand as indices in a formula and are bound by no sum."""
    found: set[str] = set()
    for word, hidden in words(right):
        tensor = names.lookup(word)
        label = plain(bare(word.sup)).strip("()[]")
        several = (*tensor.index, *tensor.sample) if tensor else word.sub
        letters = {t.text.lstrip("\\") for t in bare(several)} | ({label} if tensor is None and word.sup[:1] else set())
        found |= {c for c in letters if (len(c) == 1 and c.islower() and c.isalpha()) or c == "ell"} - hidden
    return found


def in_limits(node: object) -> set[str]:
    r"""The letters that the limits of sums compare with, i of \sum_{j<i}."""
    own: set[str] = set()
    if isinstance(node, sx.Big):
        k = next((k for k, t in enumerate(node.under) if t.text in RELATIONS), len(node.under))
        own = {*letters_of((*node.under[k:], *node.over))} - {*letters_of(node.under[:k])}
    return own.union(*(in_limits(part) for part in sx.below(node) if not isinstance(part, Token | str | int)))


def reads(right: Syntax, names: Names) -> set[str]:
    """The tensors that a formula names."""
    found: set[str] = set()
    for word, _ in words(right):
        tensor = names.lookup(word)
        family = None if tensor else names.family(word)
        found |= {tensor.name} if tensor else set(family[0].values()) if family else set()
    return found


def _sorted(lines: Sequence[Line], names: Names) -> list[Line]:
    own = {line.name for line in lines}
    waiting = {line.name: reads(line.right, names) & own for line in lines}
    done: list[Line] = []
    while len(done) < len(lines):
        ready = next((line for line in lines if line.name in waiting and not waiting[line.name]), None)
        if ready is None:
            line = next(line for line in lines if line.name in waiting)
            by = "itself" if line.name in waiting[line.name] else " and ".join(sorted(waiting[line.name]))
            raise Fault(
                f"{line.name} is defined by {by}, in a circle.", "Write a loop step by step: h_1 = ..., h_2 = ... of h_1.", line.at
            )
        done.append(ready)
        del waiting[ready.name]
        for others in waiting.values():
            others.discard(ready.name)
    return done
