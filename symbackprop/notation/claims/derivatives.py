r"""Derivatives that a claim writes, \frac{\partial L}{\partial z}, \nabla_z L, dz: on the right-hand side, the true ones."""

from __future__ import annotations

from typing import NamedTuple

from symbackprop.core.chain_rule import gradient_name
from symbackprop.core.derivatives.orders import orders
from symbackprop.core.program import Gradient, Sum
from symbackprop.formulas.told import told
from symbackprop.notation.claims import ends, higher, naming, steps
from symbackprop.notation.claims import nodes as nd
from symbackprop.notation.claims import syntax as sx
from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.grammar import syntax
from symbackprop.notation.claims.indices import indexed, powered
from symbackprop.notation.claims.nodes import DOWN, RIGHT, Misfit
from symbackprop.notation.claims.shapes import Sense, Senses, best, made, sure
from symbackprop.notation.claims.state import State
from symbackprop.notation.claims.syntax import Syntax, Tokens, Word
from symbackprop.notation.claims.tokens import Token
from symbackprop.notation.claims.words import described, split_family

ENTRYWISE, FLIPPED = 0.5, 2.0


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
        """Whether a gradient is differentiated once more, or again: `of` is then its name."""
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
        case sx.Nabla(wrt=wrt, of=of, at=at, order=order) if order > 1:
            by = (_only(state) or "", ()) if not wrt else ends.reference(state, syntax(wrt))
            if not by[0]:
                raise Fault("the nabla does not say by what.", r"Write \nabla_w^2 L.", at)
            top = ends.above(state, of)[0] if of is not None else state.context.of
            return Derivative(*higher.in_turn(state, top, [by] * higher.checked(order, at), at), at)
        case sx.Nabla(wrt=wrt, of=of, at=at) if letters := higher.side_by_side(state, wrt):  # \partial_{xy} f
            top = ends.above(state, of)[0] if of is not None else state.context.of
            return Derivative(*higher.in_turn(state, top, letters, at), at)
        case sx.Nabla(wrt=wrt, of=of, at=at):
            if not wrt:
                if (by := _only(state)) is None:
                    raise Fault("the nabla does not say by what.", r"Write \nabla_w L.", at)
                return Derivative(state.context.of, (), by, (), at)
            below = steps.below(syntax(wrt)) if state.context.loops else syntax(wrt)
            several = _family(state, below)
            name, index = several[:2] if several else ends.reference(state, below)
            top, top_index = differentiated(state, of) if of is not None else (state.context.of, ())
            return Derivative(top, top_index, name, index, at, several[2:] if several else None)
        case sx.Product() | sx.Word() if (target := ends.differential(state, node)) is not None and not isinstance(
            target, sx.Partial
        ):
            found = _tensor(state, target)
            short = not (isinstance(node, sx.Product) and isinstance(node.factors[0], sx.Partial))
            own = _is_sampled(state, target)
            return Derivative(state.context.of, (), *found, node.at, short=short, sampled=own) if found else None
        case sx.Product(factors=(sx.Fraction(over=sx.Partial(of=None)) as operator, inner), ops=("",)):
            return _applied(state, operator, inner)
        case sx.Group(items=(inner,), bracket="(" | "{"):
            return derivative(state, inner)
    return None


def _applied(state: State, operator: Syntax, inner: Syntax) -> Derivative | None:
    r"""\frac{\partial}{\partial y} of a derivative; None of anything else."""
    found = derivative(state, operator)
    try:
        within = derivative(state, inner)
        name, index = differentiated(state, inner)
    except Fault:
        return None
    return None if found is None or within is None else found._replace(of=name, of_index=index)


def _only(state: State) -> str | None:
    """What a nabla is by that does not say it: what the claim is by, or the only parameter."""
    parameters = state.context.forward.parameters
    return state.context.wrt or (parameters[0].name if len(parameters) == 1 else None)


def _fraction(state: State, over: Syntax, under: Syntax, at: int) -> Derivative | None:
    several = higher.fraction(state, over, under, at)
    if several is not None:
        return Derivative(*several, at)
    top, below = ends.differential(state, over), ends.differential(state, under)
    if top is None or below is None or isinstance(below, sx.Partial):
        return None
    plain_below = ends.untransposed(state, below)
    several = _family(state, plain_below)
    name, index = several[:2] if several else ends.reference(state, plain_below)
    family = several[2:] if several else None
    of, of_index = (None, ()) if isinstance(top, sx.Partial) else differentiated(state, top)
    is_row = plain_below != below and not state.probe.shapes.get(of or state.context.of, ())
    own = _is_sampled(state, plain_below)
    return Derivative(of, of_index, name, index, at, family, sampled=own, flipped=is_row)


def differentiated(state: State, node: Syntax) -> tuple[str, Tokens]:
    """What is differentiated, and the indices below it: a tensor, or a derivative that is differentiated once more."""
    below = higher.subscripted(state, node) if isinstance(node, Word) else None
    inner = derivative(state, node) if isinstance(node, sx.Nabla | sx.Fraction | sx.Group | sx.Product) else None
    inner = Derivative(*below, node.at) if below is not None else inner
    if inner is None or inner.family or inner.flipped:
        return ends.above(state, node)
    of = state.context.of if inner.of is None else inner.of
    if not inner.second and state.probe.shapes[of]:
        return ends.above(state, node)
    return state.gradient(of, inner.wrt), higher.joined([inner.of_index, inner.wrt_index], inner.at)


def _is_sampled(state: State, node: Syntax) -> bool:
    found = state.names.lookup(node) if isinstance(node, Word) else None
    return found is not None and bool(found.sample) and not found.index


def _family(state: State, node: Syntax) -> tuple[str, Tokens, dict[int, str], Tokens] | None:
    """h_t of the tensors h_1, h_2, ...; None where it is one tensor."""
    if not isinstance(node, Word) or ends.declared(state, node):
        return None
    found = state.names.family(node)
    if found is None:
        return None
    members, numbers, left = found
    index, power = split_family(left)
    return None if power else (next(iter(members.values())), index, members, numbers)


def _tensor(state: State, node: Syntax) -> tuple[str, Tokens] | None:
    try:
        return ends.reference(state, node)
    except Fault:
        return None


def true_derivative(state: State, found: Derivative) -> Senses:
    """The true derivative, as a tensor of the reading."""
    if found.flipped:
        return made(nd.transposed, true_derivative(state, found._replace(flipped=False)))
    of = state.context.of if found.of is None else found.of
    own = gradient_name(of, found.wrt)
    if own in state.promised and found.family is None:
        if own not in state.local:
            raise Fault(f"{own} is said further down.", "Write it before it is used.", found.at)
        state.used.add(own)
        return naming.applied(state, state.local[own], (*found.of_index, *found.wrt_index), (), found.at)
    first, by = orders(Gradient(of, found.wrt))
    for name in (first, *by):
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
    """a' of a value a = f(z) of the network: its slope, entry by entry, and a'' of a number; nothing for any other word."""
    found = state.names.lookup(word) if word.primes else None
    if found is None or found.sample:
        return []
    forward = state.context.forward
    near = [t.name for t in forward.tensors.values() if t.named and t.name != found.name and entrywise(state, found.name, t.name)]
    near = [n for n in near if not any(m != n and entrywise(state, m, n) for m in near)]  # the last before it
    if len(near) != 1 or forward.shape(near[0]) != forward.shape(found.name):
        return []
    rank = len(forward.shape(near[0]))
    if rank > 2 or (rank and word.primes > 1):
        return []
    steps_down = (
        higher.in_turn(state, found.name, [(near[0], ())] * higher.checked(word.primes, word.at), word.at) if not rank else None
    )
    slope = state.gradient(found.name if steps_down is None else steps_down.of, near[0])
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
