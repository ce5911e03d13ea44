r"""What stands above and below in a derivative: the tensor that is differentiated, and the one that it is by."""

from __future__ import annotations

import re
from dataclasses import replace

from symbackprop.core.letters import LETTERS
from symbackprop.notation.claims import syntax as sx
from symbackprop.notation.claims.errors import Fault, Unknown
from symbackprop.notation.claims.state import State
from symbackprop.notation.claims.syntax import Syntax, Tokens, Word
from symbackprop.notation.claims.tokens import plain
from symbackprop.notation.claims.words import described, has_label, how_to_call

_LOSSES = frozenset(["L", "J", "C", "E", "l", "ell", "loss", "Loss", "cost", "R", "F", "f"])
_NAMED_LOSS = re.compile(r"[A-Z]{2,}|total|data|reg|train")


def untransposed(state: State, node: Syntax) -> Syntax:
    r"""What is differentiated by, w^\top and w' as w; a matrix W' may be another than W."""
    match node:
        case Word(primes=0, sup=sup) if plain(sup) in ("T", "top"):
            return replace(node, sup=())
        case Word(primes=1, sub=(), sup=()) if not marked(state, node):
            own = replace(node, primes=0)
            found = state.names.lookup(own)
            return own if found is not None and len(state.probe.shapes[found.name]) < 2 else node
        case _:
            return node


def marked(state: State, word: Word) -> bool:
    """Whether a word with a prime names a tensor whose name has it."""
    found = state.names.lookup(word)
    return found is not None and found.name.endswith("prime")


def above(state: State, node: Syntax) -> tuple[str, Tokens]:
    """What is differentiated: a tensor; or the loss, by whatever letter people call one, with its arguments in brackets."""
    match node:
        case sx.Product(factors=(Word() as word, sx.Group()), ops=("",)) if not word.sub:
            return above(state, word)
        case Word(base=base, sub=(), sup=()) if base in _LOSSES and not declared(state, node):
            return state.context.of, ()
        case Word(base=base, sub=sub, sup=()) if base in _LOSSES | {"D"} and _NAMED_LOSS.fullmatch(plain(sub)):  # L_{CE}, D_{KL}
            if not declared(state, node):
                named = [t.name for t in state.context.forward.tensors.values() if t.named and t.name.lower() == plain(sub).lower()]
                return named[0] if named else state.context.of, ()  # D_{KL} of a kl beside other terms
    return reference(state, node)


def is_loss_of(state: State, node: Syntax) -> bool:
    """Whether a loss, by whatever letter people call one, stands before what it is a function of: J(w, b)."""
    match node:
        case sx.Product(factors=(Word(base=base, sub=(), sup=()) as word, sx.Group(bracket="(")), ops=("",)):
            return base in _LOSSES and not declared(state, word)
    return False


def differential(state: State, node: Syntax) -> Syntax | None:
    """What stands behind the d of \\partial z or dz; a Partial for \\partial alone; None for anything else."""
    match node:
        case sx.Partial(of=None):
            return node
        case sx.Partial(of=of):
            return of
        case sx.Product(factors=(Word(base="d", sub=(), sup=(), primes=0) as d, behind), ops=("",)) if not declared(state, d):
            if state.divides and state.names.size(d):
                return None
            own = isinstance(behind, Word) and described(replace(behind, base="d" + behind.base)) in state.local
            return None if own else behind
        case sx.Product(factors=(sx.Partial(of=sx.Word() as first), *rest), ops=ops) if not any(ops):
            return sx.Product((first, *rest), tuple(ops), first.at)
        case Word(base=base) if len(base) > 1 and base[0] == "d" and not declared(state, node):
            return replace(node, base=base[1:], font="")
    return None


def declared(state: State, word: Word) -> bool:
    """Whether a word names something already."""
    return state.names.lookup(word) is not None or state.names.symbol(word) is not None or described(word) in state.local


def reference(state: State, node: Syntax) -> tuple[str, Tokens]:
    """The tensor that is differentiated or differentiated by, and the indices below it."""
    match node:
        case sx.Group(items=(inner,), bracket="(" | "{" | "["):
            return reference(state, inner)
        case sx.Scripted(body=body, sub=sub, sup=()):
            name, index = reference(state, body)
            return name, (*index, *sub)
        case sx.Product(factors=factors, ops=ops) if not any(ops) and all(isinstance(f, Word) for f in factors):
            joined = Word("".join(f.base for f in factors), node.at, sub=factors[-1].sub, sup=factors[-1].sup)  # type: ignore[union-attr]
            return reference(state, joined)
        case Word():
            symbol = state.names.symbol(node)
            said = state.names.named(symbol[0]) if symbol else None
            if symbol and said:
                _no_power(said, symbol[2], node.at)
                return said, symbol[1]
            found = state.names.lookup(node) if not node.primes or marked(state, node) else None
            if found:
                _no_power(found.name, found.power, node.at)
            if found and not found.power:
                return found.name, (*found.sample, *found.index)
            family = state.names.family(node)
            if family:
                raise Fault(f"{described(node)} is one of several tensors.", "Write the one that is meant by its number.", node.at)
            is_label = has_label(node) and not {*plain(node.sub)} <= {*LETTERS}
            own = described(replace(node, sub=node.sub if is_label else (), sup=()))
            raise Unknown(own, f"there is no {own} in this network.", _meant(state, own), node.at)
    raise Fault("this is no tensor to differentiate.", r"Write \frac{\partial L}{\partial z} with names of the network.", node.at)


def _no_power(name: str, power: Tokens, at: int) -> None:
    r"""Refuse \partial \sigma^2: the square is no tensor of the network, and a derivative by it is none by \sigma."""
    number = plain(power)
    if number.isdigit():
        raise Fault(
            f"{name}^{number} is a power, which has no name in this network.",
            f"Claim the derivative by {name}, or write the network with a name for the power, v = {name}**{number}.",
            at,
        )
    if number == "-1":
        raise Fault(
            f"the inverse of {name} has no name in this network.",
            f"Claim the derivative by {name}, or write the network with a name for it, V = inv({name}).",
            at,
        )


def _meant(state: State, name: str) -> str:
    """The mend for a name that is none: the tensor that is spelled alike, W_q for W_Q."""
    plain = re.sub(r"[\W_]", "", name).casefold()
    alike = next((own for own in state.context.shapes() if own.replace("_", "").casefold() == plain), None)
    if alike and "'" not in name:
        return f"Did you mean {alike}?"
    return f"Name one of its tensors, or say which this is: {how_to_call(name)}."
