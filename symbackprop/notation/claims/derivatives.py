r"""Derivatives that a claim writes, \frac{\partial L}{\partial z}, \nabla_z L, dz: on the right-hand side, the true ones."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import NamedTuple

from symbackprop.core.chain_rule import gradient_name
from symbackprop.core.letters import LETTERS
from symbackprop.core.program import Sum
from symbackprop.formulas.told import told
from symbackprop.notation.claims import naming, steps
from symbackprop.notation.claims import nodes as nd
from symbackprop.notation.claims import syntax as sx
from symbackprop.notation.claims.errors import Fault, Unknown
from symbackprop.notation.claims.grammar import syntax
from symbackprop.notation.claims.indices import indexed, powered
from symbackprop.notation.claims.nodes import DOWN, RIGHT, Misfit
from symbackprop.notation.claims.shapes import Sense, Senses, best, made, sure
from symbackprop.notation.claims.state import State
from symbackprop.notation.claims.syntax import Syntax, Tokens, Word
from symbackprop.notation.claims.tokens import Token, plain
from symbackprop.notation.claims.words import described, has_label, how_to_call, split_family

ENTRYWISE, FLIPPED = 0.5, 2.0
_LOSSES = frozenset(["L", "J", "C", "E", "l", "ell", "loss", "Loss", "cost", "R", "F", "f"])


_NAMED_LOSS = re.compile(r"[A-Z]{2,}|total|data|reg|train")


class Derivative(NamedTuple):
    """d of / d wrt, with the indices below each.

    of       None where only \\partial stands on top.
    family   the tensors h_1, h_2, ... of h_t, and the tokens that number them; `wrt` is then the first.
    short    whether it is dz, which an earlier step may have said.
    sampled  whether its index is a sample, z^{(i)}: a row, or a column.
    flipped  whether it is a gradient by w^\\top, the row that is the gradient transposed.
    """

    of: str | None
    of_index: Tokens
    wrt: str
    wrt_index: Tokens
    at: int
    family: tuple[dict[int, str], Tokens] | None = None
    short: bool = False
    sampled: bool = False
    flipped: bool = False

    @property
    def second(self) -> bool:
        """Whether a gradient is differentiated once more: `of` is then its name."""
        return self.of is not None and "/" in self.of


def derivative(state: State, node: Syntax) -> Derivative | None:
    """The derivative that a fraction, a nabla, or d times a word writes; None where it is none."""
    match node:
        case sx.Fraction(over=over, under=under, at=at):
            return _fraction(state, over, under, at)
        case sx.Product(factors=(over, under), ops=("div",), at=at):
            return _fraction(state, over, under, at)
        case sx.Product(factors=(sx.Word(), sx.Word(), sx.Word(), sx.Word()) as four, ops=("", "div", "")):
            return _fraction(state, sx.Product(four[:2], ("",), four[0].at), sx.Product(four[2:], ("",), four[2].at), four[0].at)
        case sx.Nabla(wrt=wrt, of=of, at=at, order=2):
            by = (_only(state) or "", ()) if not wrt else reference(state, syntax(wrt))
            if not by[0]:
                raise Fault("the nabla does not say by what.", r"Write \nabla_w^2 L.", at)
            top = above(state, of)[0] if of is not None else state.context.of
            return _twice(state, top, by, by, at)
        case sx.Nabla(wrt=wrt, of=of, at=at):
            if not wrt:
                if (by := _only(state)) is None:
                    raise Fault("the nabla does not say by what.", r"Write \nabla_w L.", at)
                return Derivative(state.context.of, (), by, (), at)
            below = steps.below(syntax(wrt)) if state.context.loops else syntax(wrt)
            several = _family(state, below)
            name, index = several[:2] if several else reference(state, below)
            top, top_index = above(state, of) if of is not None else (state.context.of, ())
            return Derivative(top, top_index, name, index, at, several[2:] if several else None)
        case sx.Product() | sx.Word() if (target := differential(state, node)) is not None and not isinstance(target, sx.Partial):
            found = _tensor(state, target)
            short = not (isinstance(node, sx.Product) and isinstance(node.factors[0], sx.Partial))
            own = _is_sampled(state, target)
            return Derivative(state.context.of, (), *found, node.at, short=short, sampled=own) if found else None
        case sx.Group(items=(inner,), bracket="(" | "{"):
            return derivative(state, inner)
    return None


def _only(state: State) -> str | None:
    """What a nabla is by that does not say it: what the claim is by, or the only parameter."""
    parameters = state.context.forward.parameters
    return state.context.wrt or (parameters[0].name if len(parameters) == 1 else None)


def _twice(state: State, of: str, first: tuple[str, Tokens], second: tuple[str, Tokens], at: int) -> Derivative:
    """The second derivative of a scalar: that of its gradient by the first."""
    if of not in state.probe.shapes or state.probe.shapes[of]:
        raise Fault("a second derivative is that of a scalar.", "Write the loss above.", at)
    return Derivative(state.gradient(of, first[0]), first[1], *second, at)


def _second(state: State, over: Syntax, under: Syntax, at: int) -> Derivative | None:
    r"""\frac{\partial^2 L}{\partial w \partial v^\top}, \frac{\partial^2 L}{\partial w^2}; None for any other fraction."""
    match over:
        case sx.Partial(order=2, of=None):
            top = state.context.of
        case sx.Partial(order=2, of=of) if of is not None:
            top = above(state, of)[0]
        case sx.Product(factors=(Word(base="d", sub=()) as d, of), ops=("",)) if plain(d.sup) == "2" and not declared(state, d):
            top = above(state, of)[0]
        case _:
            return None
    match under:
        case sx.Product(factors=(sx.Partial(of=Word() as first), sx.Partial(of=Word() as second)), ops=("",)):
            one, other = (reference(state, untransposed(state, word)) for word in (first, second))
            return _twice(state, top, one, other, at)
        case sx.Partial() | sx.Product() | Word():
            one = differential(state, under)
            if isinstance(one, Word) and plain(one.sup) == "2":
                by = reference(state, replace(one, sup=()))
                return _twice(state, top, by, by, at)
        case _:
            pass
    mend = r"Write \frac{\partial^2 L}{\partial w \partial w^\top}, or \frac{\partial^2 L}{\partial w_i \partial w_j}."
    raise Fault("this second derivative does not say by what.", mend, at)


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


def _fraction(state: State, over: Syntax, under: Syntax, at: int) -> Derivative | None:
    found = _second(state, over, under, at)
    if found is not None:
        return found
    top, below = differential(state, over), differential(state, under)
    if top is None or below is None or isinstance(below, sx.Partial):
        return None
    plain_below = untransposed(state, below)
    several = _family(state, plain_below)
    name, index = several[:2] if several else reference(state, plain_below)
    family = several[2:] if several else None
    of, of_index = (None, ()) if isinstance(top, sx.Partial) else above(state, top)
    is_row = plain_below != below and not state.probe.shapes.get(of or state.context.of, ())
    own = _is_sampled(state, plain_below)
    return Derivative(of, of_index, name, index, at, family, sampled=own, flipped=is_row)


def _is_sampled(state: State, node: Syntax) -> bool:
    found = state.names.lookup(node) if isinstance(node, Word) else None
    return found is not None and bool(found.sample) and not found.index


def above(state: State, node: Syntax) -> tuple[str, Tokens]:
    """What is differentiated: a tensor; or the loss, by whatever letter people call one, with its arguments in brackets."""
    match node:
        case sx.Product(factors=(Word() as word, sx.Group()), ops=("",)) if not word.sub:
            return above(state, word)
        case Word(base=base, sub=(), sup=()) if base in _LOSSES and not declared(state, node):
            return state.context.of, ()
        case Word(base=base, sub=sub, sup=()) if base in _LOSSES | {"D"} and _NAMED_LOSS.fullmatch(plain(sub)):  # L_{CE}, D_{KL}
            if not declared(state, node):
                return state.context.of, ()
    return reference(state, node)


def is_loss_of(state: State, node: Syntax) -> bool:
    """Whether a loss, by whatever letter people call one, stands before what it is a function of: J(w, b)."""
    match node:
        case sx.Product(factors=(Word(base=base, sub=(), sup=()) as word, sx.Group(bracket="(")), ops=("",)):
            return base in _LOSSES and not declared(state, word)
    return False


def _family(state: State, node: Syntax) -> tuple[str, Tokens, dict[int, str], Tokens] | None:
    """h_t of the tensors h_1, h_2, ...; None where it is one tensor."""
    if not isinstance(node, Word) or declared(state, node):
        return None
    found = state.names.family(node)
    if found is None:
        return None
    members, numbers, left = found
    index, power = split_family(left)
    return None if power else (next(iter(members.values())), index, members, numbers)


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


def _tensor(state: State, node: Syntax) -> tuple[str, Tokens] | None:
    try:
        return reference(state, node)
    except Fault:
        return None


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
            raise Unknown(node.base, f"there is no {own} in this network.", _meant(state, own), node.at)
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


def true_derivative(state: State, found: Derivative) -> Senses:
    """The true derivative, as a tensor of the reading."""
    if found.flipped:
        return made(nd.transposed, true_derivative(state, found._replace(flipped=False)))
    of = state.context.of if found.of is None else found.of
    if found.second:
        raise Fault("a second derivative is not read on this side.", r"Claim it by itself: \nabla_w^2 L = ...", found.at)
    own = gradient_name(of, found.wrt)
    if own in state.promised and found.family is None:
        if own not in state.local:
            raise Fault(f"{own} is said further down.", "Write it before it is used.", found.at)
        state.used.add(own)
        return naming.applied(state, state.local[own], (*found.of_index, *found.wrt_index), (), found.at)
    for name in (of, found.wrt):
        if name not in state.context.forward.tensors:
            raise Fault(
                f"{name} is no tensor of the network, so that it has no true derivative.", "Write its name alone.", found.at
            )
    if found.family is not None:
        if state.probe.shapes[of]:
            raise Fault("a Jacobian by one of several tensors is not read.", "Write the one that is meant by its number.", found.at)
        gradients = {n: state.gradient(of, member) for n, member in found.family[0].items()}
        stacked = naming.member(state, gradients, found.family[1], found.at)
        return indexed(state, stacked, found.wrt_index, found.at) if found.wrt_index else stacked
    said = state.context.own.get(found.wrt) if found.short else None
    name = said or state.gradient(of, found.wrt)
    shapes = state.probe.shapes
    if not shapes[of]:
        whole = sure(state.tensor(name))
        if found.sampled:
            return naming.sampled(state, whole, found.wrt_index, found.at)
        return indexed(state, whole, found.wrt_index, found.at) if found.wrt_index else whole
    return _jacobian(state, found, of, name)


def _jacobian(state: State, found: Derivative, of: str, name: str) -> Senses:
    entries = state.probe.entries(name)
    top, below = len(state.probe.shapes[of]), len(state.probe.shapes[found.wrt])
    own = tuple(f"b{k}" for k in range(1, top + below + 1))
    whole = nd.leaf(name, own, entries)
    if found.of_index or found.wrt_index:
        several = (*found.of_index, Token(",", found.at), *found.wrt_index) if found.wrt_index else found.of_index
        if not found.of_index:
            raise Fault("the indices of the upper tensor are missing.", "Give both tensors their indices.", found.at)
        readings = indexed(state, sure(whole), several, found.at)
        left = [a for a in readings[0].node.axes if a[0] == "b"]
        if len(left) > 2:
            raise Fault("this derivative has more than two axes without indices.", "Give both tensors their indices.", found.at)
        if len(left) == 1:
            return made(lambda x: nd.renamed(x, [(left[0], DOWN)]), readings)
        return made(lambda x: nd.renamed(x, zip(left, (DOWN, RIGHT), strict=False)), readings)
    readings: Senses = []
    if top <= 1 and below <= 1:
        readings += sure(nd.renamed(whole, zip(own, (DOWN,) * top + (RIGHT,) * below, strict=True)))
        if below == 0 or top == 0:
            readings = made(lambda x: nd.renamed(x, [(RIGHT, DOWN)]), readings)
        else:
            readings += made(
                nd.transposed, readings, cost=FLIPPED, note=told("a Jacobian is taken with the upper tensor along the columns")
            )
    if 2 in (top, below) and 0 in (top, below):  # of a matrix by a number, and the other way round: as the matrix lies
        readings += sure(nd.renamed(whole, zip(own, (DOWN, RIGHT), strict=True)))
    if state.probe.shapes[of] == state.probe.shapes[found.wrt] and entrywise(state, of, found.wrt) and top <= 2:
        try:
            pairs = [(a, (DOWN, RIGHT)[k % top]) for k, a in enumerate(own)]
            note = told("d{}/d{} is taken entry by entry", of, found.wrt)
            readings += made(lambda x: nd.renamed(x, pairs), sure(whole), cost=ENTRYWISE if top < 2 else 0.0, note=note)
        except Misfit:
            pass
    if not readings:
        raise Fault(
            "a Jacobian of matrices without indices has no agreed layout.",
            "Give both tensors their indices: \\frac{\\partial Y_{ij}}{\\partial X_{kl}}.", found.at,
        )  # fmt: skip
    return best(readings)


def primed(state: State, word: Word) -> Senses:
    """a' of a value a = f(z) of the network: its slope, entry by entry; nothing for any other word."""
    found = state.names.lookup(word) if word.primes == 1 else None
    if found is None or found.sample:
        return []
    forward = state.context.forward
    near = [t.name for t in forward.tensors.values() if t.named and t.name != found.name and entrywise(state, found.name, t.name)]
    near = [n for n in near if not any(m != n and entrywise(state, m, n) for m in near)]  # the last before it
    if len(near) != 1 or forward.shape(near[0]) != forward.shape(found.name):
        return []
    rank = len(forward.shape(near[0]))
    if rank > 2:
        return []
    slope = state.gradient(found.name, near[0])
    axes = (DOWN, RIGHT)[:rank]
    node = nd.leaf(slope, axes * 2, state.probe.entries(slope))
    senses = [Sense(node, ENTRYWISE, (told("{} is read as the slope d{}/d{}", described(word), found.name, near[0]),))]
    senses = indexed(state, senses, found.index, word.at) if found.index else senses
    return powered(state, senses, found.power, word.at)


def entrywise(state: State, of: str, wrt: str) -> bool:
    """Whether `of` is computed from `wrt` entry by entry, so that the derivative is a slope for each entry."""
    good = {wrt: True}  # what depends on wrt, and whether it does so entry by entry
    for equation in state.context.forward.equations:
        target = equation.target
        reading = [r for r in equation.operands if r.name in good]
        if reading and target.name != wrt:
            alone = isinstance(equation.op, Sum) and not equation.op.over
            good[target.name] = alone and all(good[r.name] and r.index == target.index for r in reading)
    return good.get(of, False)


def _meant(state: State, name: str) -> str:
    """The mend for a name that is none: the tensor that is spelled alike, W_q for W_Q."""
    plain = re.sub(r"[\W_]", "", name).casefold()
    alike = next((own for own in state.context.shapes() if own.replace("_", "").casefold() == plain), None)
    if alike and "'" not in name:
        return f"Did you mean {alike}?"
    return f"Name one of its tensors, or say which this is: {how_to_call(name)}."
