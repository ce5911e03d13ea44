r"""Derivatives of higher order, \nabla^2 L, \frac{\partial^3 f}{\partial x^2 \partial y}, f''(x), f_{xy}: of gradients."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from symbackprop.notation.claims import ends
from symbackprop.notation.claims import syntax as sx
from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.state import State
from symbackprop.notation.claims.syntax import Syntax, Tokens, Word
from symbackprop.notation.claims.tokens import Token, plain

HIGHEST = 6  # the order from which on a derivation grows beyond what a person would claim


class InTurn(NamedTuple):
    """A gradient, by name, and what it is differentiated by once more, with the indices below each."""

    of: str
    of_index: Tokens
    wrt: str
    wrt_index: Tokens


def in_turn(state: State, of: str, by: Sequence[tuple[str, Tokens]], at: int) -> InTurn:
    """The derivative of a scalar by one tensor after another. Raises Fault where its entries have no agreed order."""
    if of not in state.probe.shapes or state.probe.shapes[of]:
        raise Fault(f"a derivative of the order {len(by)} is that of a scalar.", "Write the loss above.", at)
    whole = next((name for name, index in by if state.probe.shapes[name] and not index), None)
    if len(by) > 2 and whole is not None:
        mend = rf"Give each its index: \partial {whole}_i \partial {whole}_j \partial {whole}_k."
        raise Fault(f"a derivative of the order {len(by)} by {whole}, which has axes, has no agreed layout.", mend, at)
    for name, _ in by[:-1]:
        of = state.gradient(of, name)
    return InTurn(of, joined([index for _, index in by[:-1]], at), *by[-1])


def joined(several: Sequence[Tokens], at: int) -> Tokens:
    """Indices of several tensors, one after the other."""
    given = [index for index in several if index]
    return tuple(t for k, index in enumerate(given) for t in ((Token(",", at), *index) if k else index))


def fraction(state: State, over: Syntax, under: Syntax, at: int) -> InTurn | None:
    r"""\frac{\partial^2 L}{\partial w \partial v^\top}, \frac{\partial^3 f}{\partial x^3}; None for one of the first order."""
    order, top = _above(state, over)
    if order < 2:
        return None
    by = [by for word, times in _below(state, under) for by in [ends.reference(state, word)] * times]
    if len(by) != order:
        mend = r"Write \frac{\partial^2 L}{\partial w \partial w^\top}, or \frac{\partial^2 L}{\partial w_i \partial w_j}."
        raise Fault(f"this derivative of the order {order} does not say by what.", mend, at)
    if not any(index or state.probe.shapes[name] for name, index in by):  # \partial x \partial y: by y first
        by = by[::-1]
    return in_turn(state, state.context.of if top is None else ends.above(state, top)[0], by, at)


def _above(state: State, over: Syntax) -> tuple[int, Syntax | None]:
    r"""The order that stands above, and of what: 3 and f of d^3 f; 1 where nothing says more."""
    match over:
        case sx.Partial(order=order, of=of):
            return order, of
        case sx.Product(factors=(Word(base="d", sub=()) as d, of), ops=("",)) if not ends.declared(state, d):
            return order_of(d), of
        case Word(base="d", sub=()) if not ends.declared(state, over):
            return order_of(over), None
    return 1, None


def side_by_side(state: State, several: Tokens) -> list[tuple[str, Tokens]]:
    r"""What \partial_{xy} is by, where its letters are numbers of the network each; nothing for any other index."""
    words = [Word(t.text.lstrip("\\"), t.at) for t in several if t.text not in "{},"]
    if len(words) < 2 or not all(t.text in "{}," or t.text.lstrip("\\").isalpha() for t in several):
        return []
    found = [state.names.lookup(word) for word in words]
    known = [one.name for one in found if one is not None and not (one.index or one.power) and not state.probe.shapes[one.name]]
    return [(name, ()) for name in known] if len(known) == len(words) else []


def order_of(word: Word) -> int:
    r"""The 3 of d^3; 1 where no number stands there. Raises Fault for one that is too high."""
    given = plain(word.sup).strip("()")
    return checked(int(given), word.at) if given.isdigit() and len(given) < 3 else 1


def checked(order: int, at: int) -> int:
    """An order. Raises Fault for one that is too high."""
    if not 1 <= order <= HIGHEST:
        raise Fault(f"a derivative of the order {order} is not read.", f"Derivatives up to the order {HIGHEST} are.", at)
    return order


def _below(state: State, under: Syntax) -> Iterator[tuple[Word, int]]:
    r"""What a derivative is by, and how many times: x twice, y once of \partial x^2 \partial y; nothing where it is not said."""
    factors = list(under.factors) if isinstance(under, sx.Product) and not any(under.ops) else [under]
    found = []
    while factors:
        factor = factors.pop(0)
        if isinstance(factor, Word) and factor.base == "d" and not (factor.sub or factor.sup) and factors:
            factor = sx.Partial(factors.pop(0), factor.at)
        word = ends.differential(state, factor)
        if not isinstance(word, Word):
            return
        power = plain(word.sup)
        is_power = power.isdigit() and len(power) < 2
        found.append((ends.untransposed(state, replace(word, sup=()) if is_power else word), int(power) if is_power else 1))
    yield from found


def subscripted(state: State, word: Word) -> InTurn | None:
    """f_x and f_{xy} of a number f: its derivative by the tensors that stand below; None where something else is called so."""
    if word.primes or word.accent or not word.sub or ends.declared(state, word):
        return None
    of = state.names.lookup(replace(word, sub=(), sup=()))
    if of is None or of.name not in state.probe.shapes or state.probe.shapes[of.name]:
        return None
    made = state.context.made_of(of.name)
    by = [state.names.lookup(Word(t.text.lstrip("\\"), t.at)) for t in word.sub if t.text not in "{},"]
    known = [(one.name, ()) for one in by if one is not None and one.name in made and not (one.index or one.power)]
    if not known or len(known) < len(by) or len(known) > HIGHEST:
        return None
    if len(known) == 1:
        return InTurn(of.name, (), *known[0])
    return None if any(state.probe.shapes[name] for name, _ in known) else in_turn(state, of.name, known, word.at)
