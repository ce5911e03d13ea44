"""What the left-hand side of a claim says that it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import sympy as sp
from sympy import Expr

from symbackprop.core.derivatives.orders import orders
from symbackprop.core.loops.step_axes import Axis
from symbackprop.core.program import Gradient
from symbackprop.notation.claims import derivatives, ends
from symbackprop.notation.claims import syntax as sx
from symbackprop.notation.claims.errors import Fault, Unknown
from symbackprop.notation.claims.indices import below, letters_of
from symbackprop.notation.claims.shapes import Senses
from symbackprop.notation.claims.state import State
from symbackprop.notation.claims.steps import At
from symbackprop.notation.claims.syntax import Syntax, Tokens, Word
from symbackprop.notation.claims.tokens import Token, plain
from symbackprop.notation.claims.words import described, indices

Kind = Literal["gradient", "jacobian", "abbreviation", "none"]


@dataclass(frozen=True)
class Left:
    r"""The left-hand side of a claim.

    kind           "gradient" of a scalar, "jacobian" of a tensor with axes, "abbreviation" for a person's own name, or "none".
    of, wrt        what is differentiated by what, where it says so.
    letters        its indices, in their order; ":" where an axis stays whole.
    transposed     whether it claims the transpose.
    name           the name of an abbreviation, by which later steps may use it.
    contradicts    whether it says another derivative than what is claimed.
    pattern        where indices stand twice, the place among `letters` of each in turn: 0, 1, 0, 2 of
                   \partial P_{ik} / \partial S_{ij}, whose letters are i, k, j. Only the entries of such indices are claimed.
    at             where along the axes of loops it claims, but for axes of which it claims all steps.
    stepped        whether it is an abbreviation at a step of a loop.
    partial        whether only some entries are claimed: those for which conditions behind it hold.
    """

    kind: Kind = "none"
    of: str | None = None
    wrt: str | None = None
    letters: tuple[str, ...] = ()
    transposed: bool = False
    name: str = ""
    contradicts: bool = False
    pattern: tuple[int, ...] = ()
    at: tuple[At, ...] = ()
    stepped: bool = False
    partial: bool = False

    @property
    def indices(self) -> tuple[str, ...]:
        """Its indices as they are written, those that stand twice twice."""
        return tuple(self.letters[k] for k in self.pattern) or self.letters

    @property
    def second(self) -> bool:
        """Whether it is a second derivative: `of` is then the name of a gradient."""
        return self.of is not None and "/" in self.of


def left_side(state: State, node: Syntax | None) -> Left:
    """What the left-hand side says; its indices get their ranges."""
    if node is None:
        return Left()
    body, outer, transposed = _peeled(node)
    found = _derivative(state, body)
    if found is None:
        return _abbreviation(state, body, outer, transposed)
    of = state.context.of if found.of is None else found.of
    shapes = state.probe.shapes
    letters: list[str] = []
    at: list[At] = []
    own, by = (list(enumerate((*shapes[of], *shapes[found.wrt])))[k:] for k in (0, len(shapes[of])))
    if outer:
        _range(state, outer, own, letters, at, None if shapes[of] else found.wrt)
    else:
        _range(state, found.of_index, own[: len(shapes[of])], letters, at, of)
        index = _at_steps(state, found.wrt, found.wrt_index, letters, at) if not shapes[of] else found.wrt_index
        kept = {one.place for one in at if one.left is None}
        axes = [axis for axis in by if axis[0] not in kept]
        _range(state, index, axes[len(letters) :] if not shapes[of] else axes, letters, at, found.wrt)
    kind: Kind = "jacobian" if shapes[of] else "gradient"
    contradicts = _contradicts(state, of, found.wrt)
    pattern: tuple[int, ...] = ()
    if not at and ":" not in letters and len(letters) == len(shapes[of]) + len(shapes[found.wrt]):
        single = list(dict.fromkeys(letters))
        pattern = tuple(map(single.index, letters)) if len(single) < len(letters) else ()
        letters = single
    return Left(kind, of, found.wrt, tuple(letters), transposed != found.flipped, "", contradicts, pattern, tuple(at))


def _at_steps(state: State, wrt: str, several: Tokens, letters: list[str], at: list[At]) -> Tokens:
    """Take the steps off the indices of a gradient: letters of them, and where they are; what is left are indices of entries."""
    parts, rest = indices(several) or [], []
    own = state.context.loops.axes.get(wrt, {})
    for place, part in enumerate(parts):
        if place not in own or part[0].text == ":" or rest:
            rest.append(part)
            continue
        number = state.context.loops.placed(state.context.loops.numbers(part, own[place]), own[place])
        letter = number.letter
        if letter is None:
            at.append(At(place, own[place], number.added - state.origin))
            state.counted = True
            continue
        letters.append(letter)
        first, left = state.trims.setdefault(letter, (-int(number.added), 0))
        state.ranged(letter, state.probe.shape(wrt)[place])
        if first + number.added or left:
            at.append(At(place, own[place], first + number.added, left))
    comma = Token(",", 0)
    return tuple(t for k, part in enumerate(rest) for t in ((comma, *part) if k else part))


def chained(state: State, sides: tuple[Syntax | None, ...]) -> Left:
    r"""What the sides of a chain before its last one say: \delta = \frac{\partial L}{\partial z} = ... names a gradient."""
    left = left_side(state, sides[0])
    for side in sides[1:]:
        assert side is not None
        found = _derivative(state, _peeled(side)[0])
        by_own = found is not None and found.wrt in state.context.forward.tensors  # by a name of a step it says nothing
        if left.kind == "abbreviation" and by_own:
            below_name, found = under(sides[0], left), left_side(state, side)
            same = found.letters and found.letters == tuple(below_name)[len(found.letters) - 1 :: -1]
            name = below_name[found.letters[0]] if same else left.name
            if left.letters and not found.letters and isinstance(sides[0], Word):  # the z of \delta_z is no index
                name = described(sides[0])
            left = replace(found, name=name)
        elif not left.name and isinstance(side, Word) and state.names.lookup(side) is None:
            own = letters_of(side.sub)
            at_letters = own and tuple(own) == left.letters  # G_{ia} of dL/dO_{ia} is G
            left = replace(left, name=described(replace(side, sub=()) if at_letters else side))
    return left


def under(side: Syntax | None, left: Left) -> dict[str, str]:
    r"""Letters that end the name on a left-hand side and may be its indices, each with the name without it and those after it.

    The n of \delta_{Y,n}, the n and k of P_{nk}: the right-hand side tells, which then has them as well.
    """
    side = sx.spelled_out(side)
    if left.kind != "abbreviation" or left.letters or left.stepped or not isinstance(side, Word):
        return {}
    several = [t for t in side.sub if t.text not in "{}"]
    found: dict[str, str] = {}
    while several and len(several[-1].text) == 1 and several[-1].text.islower() and several[-1].text not in found:
        letter = several.pop().text
        while several and several[-1].text == ",":
            several.pop()
        found[letter] = described(replace(side, sub=tuple(several)))
    return found


def lettered(left: Left, below_name: dict[str, str], senses: Senses) -> Left:
    """A name whose last letters are indices, as the right-hand side has them."""
    free = {c for sense in senses for c in sense.node.letters}
    if not free or not free <= below_name.keys() or left.letters:
        return left
    letters = list(below_name)[: max(k for k, c in enumerate(below_name) if c in free) + 1]
    return replace(left, letters=tuple(reversed(letters)), name=below_name[letters[-1]])


def unlettered(left: Left, side: Syntax | None, senses: Senses) -> Left:
    r"""A name such as \delta_g, whose letter is no index where the right-hand side, a vector or a matrix, has none."""
    side = sx.spelled_out(side)
    whole = all(sense.node.matrix and not sense.node.letters for sense in senses)
    if left.kind != "abbreviation" or left.stepped or not (left.letters and whole and isinstance(side, Word)):
        return left
    return replace(left, letters=(), name=described(side))


def is_name(side: Syntax) -> bool:
    """Whether a side of a chain only says what is claimed: a name or a derivative."""
    match _peeled(side)[0]:
        case Word() | sx.Nabla() | sx.Fraction(over=sx.Partial()) | sx.Fraction(over=sx.Product(factors=(Word(base="d"), *_))):
            return True
        case sx.Fraction(over=Word(base=base), under=Word(base=below)):  # dL over dw
            return base[:1] == below[:1] == "d" and len(base) > 1 < len(below)
        case _:
            return False


def _peeled(node: Syntax) -> tuple[Syntax, Tokens, bool]:
    """The left-hand side without brackets, the indices outside them, and whether it is transposed."""
    match node:
        case sx.Scripted(body=sx.Group(items=(inner,)) as body, sub=sub, sup=sup):
            if body.bracket in ("(", "[", "{"):
                return inner, sub, plain(sup) in ("T", "top")
        case sx.Scripted(body=body, sub=sub, sup=sup) if plain(sup) in ("T", "top", ""):
            return body, sub, plain(sup) != ""
        case sx.Group(items=(inner,), bracket="(" | "[" | "{"):
            return _peeled(inner)
        case _:
            pass
    return node, (), False


def _derivative(state: State, node: Syntax) -> derivatives.Derivative | None:
    node = over_a_line(node) or node
    match node:
        case sx.Product(factors=(sx.Nabla() as nabla, sx.Group(items=several, bracket="(")), ops=("",)):  # \nabla L(w)
            node, by = nabla, several[0]
            if not nabla.wrt and len(several) == 1 and isinstance(by, Word) and state.names.lookup(by) and not by.sup:
                node = replace(nabla, wrt=(Token(by.base, by.at), *((Token("_", by.at), *by.sub) if by.sub else ())))
        case sx.Product(factors=(first, word, group)) if _is_application(state, word, group):  # \frac{\partial}{\partial w} L(w)
            node = replace(node, factors=(first, word), ops=node.ops[:1])
        case _:
            pass
    try:
        found = derivatives.derivative(state, node)
    except Fault:
        return None
    if found is None and isinstance(node, sx.Product) and len(node.factors) == 2 and isinstance(node.factors[0], sx.Fraction):
        found = derivatives.derivative(state, node.factors[0])
        if found is not None and found.second:
            return found if ends.above(state, node.factors[1])[0] == state.context.of else None
        if found is not None and found.of is None:
            name, index = derivatives.differentiated(state, node.factors[1])
            return found._replace(of=name, of_index=index)
        return None
    return found


def over_a_line(node: Syntax | None) -> Syntax | None:
    r"""A derivative as one fraction: \frac{dL}{dr}, also where the network has a d, and \partial L/\partial z.

    Nobody claims a quotient of products.
    """
    match node:
        case sx.Fraction(
            over=sx.Product(factors=(Word(base="d", sub=()) as d, of), ops=("",)),
            under=sx.Product(factors=(Word(base="d", sub=(), sup=()) as e, by), ops=("",)),
        ) if not plain(d.sup) or plain(d.sup).isdigit():
            return replace(node, over=sx.Partial(of, d.at, int(plain(d.sup) or 1)), under=sx.Partial(by, e.at))
        case sx.Product(factors=(sx.Partial() as over, sx.Partial() as under), ops=("div",), at=at):
            return sx.Fraction(over, under, at)
        case sx.Product(
            factors=(Word(base="d", sub=(), sup=()) as d, of, Word(base="d", sub=(), sup=()) as e, by), ops=("", "div", ""), at=at
        ):
            return sx.Fraction(sx.Partial(of, d.at), sx.Partial(by, e.at), at)
    return node


def _range(
    state: State, several: Tokens, axes: list[tuple[int, Expr]], letters: list[str], at: list[At], of: str | None
) -> None:  # fmt: skip
    """Take what stands along axes of a tensor, given by their places and extents: letters, and numbers of single entries."""
    origin = state.context.numbered.get(of or "", state.origin)
    extents = [state.probe.number[extent] for _, extent in axes]
    parts = _digits(indices(several) or [], extents)
    if state.columns and len(parts) == 1 and len(extents) == 2:
        axes, extents = axes[::-1], extents[::-1]
    for part, (k, extent) in zip(parts, below(len(parts), extents), strict=False):
        if part[0].text == ":":
            letters.append(":")
        elif len(part) == 1 and part[0].text.isdigit() and extent > 1:
            entry = int(part[0].text) - origin
            if not 0 <= entry < extent:
                raise Fault(f"there is no entry {part[0].text}.", "", part[0].at)
            at.append(At(axes[k][0], Axis("", axes[k][1]), sp.Integer(entry)))
            state.counted = True
        elif len(part) == 1 and part[0].text.lstrip("\\").isalpha():
            letter = part[0].text.lstrip("\\")
            if state.is_integer(letter) and not state.probe.shapes[letter]:
                mend = f"Claim every row, with an index of its own, and 1[j = {letter}] where it is the label's."
                raise Fault(f"{letter} is a label: it stands for one row only.", mend, part[0].at)
            letters.append(letter)
            state.ranged(letter, extent)


def _digits(parts: list[Tokens], extents: list[int]) -> list[Tokens]:
    """The 1 and 2 of W_{12}."""
    longer = len([n for n in extents if n > 1])
    match parts:
        case [(Token(text=text, at=at),)] if text.isdigit() and len(text) in (longer, len(extents)) and len(text) > 1:
            return [(Token(digit, at),) for digit in text]
    return parts


def _contradicts(state: State, of: str, wrt: str) -> bool:
    """Whether a derivative is another than the key's; a second one is that by either of what it is by."""
    context = state.context
    first, by = orders(Gradient(of, wrt))
    if len(by) > 1 and first == context.of:
        return context.wrt not in (None, *by)
    return (of, wrt) != (context.of, context.wrt or wrt)


def _differentiates(node: Syntax) -> bool:
    r"""Whether a side begins with a derivative of what follows: \nabla_w (...), \frac{\partial}{\partial w} (...)."""
    match node:
        case sx.Terms(parts=((_, first), *_)) | sx.Product(factors=(first, *_)):
            return _differentiates(first)
        case sx.Nabla() | sx.Fraction(over=sx.Partial()):
            return True
        case _:
            return False


def _names_its_ends(state: State, body: Syntax) -> None:
    """Raises Fault for a derivative of or by what the network does not have, naming that."""
    match body:
        case sx.Fraction(over=sx.Partial(of=above), under=sx.Partial()) | sx.Nabla(of=above) if isinstance(above, Word):
            try:
                derivatives.derivative(state, body)
            except Unknown as unknown:
                fault = Fault(unknown.fault, unknown.mend, unknown.at)  # it is not guessed
                fault.key = unknown.key
                raise fault from None


def _abbreviation(state: State, body: Syntax, outer: Tokens, transposed: bool) -> Left:
    """A name of the person's own: delta_2, e, g_i; L' is the gradient that the key says."""
    if isinstance(body, Word) and state.names.named(body.base) == state.context.of and state.context.wrt:
        by = state.names.named(plain(body.sub))
        if body.primes == 1 or (by == state.context.wrt and not body.sup):  # L', and L_w
            return Left("gradient", state.context.of, state.context.wrt)
    word = body
    if isinstance(body, sx.Product) and len(body.factors) == 2 and _is_application(state, *body.factors):
        word = body.factors[0]  # L(w, b) = ...
    else:
        word = sx.spelled_out(body)
    found = state.context.loops.split(word) if state.context.loops and isinstance(word, Word) and not outer else None
    if found is not None:
        return _stepped(state, *found, transposed)
    if not isinstance(word, Word):
        mend = rf"Write \frac{{\partial {state.context.of}}}{{\partial {state.context.wrt or 'w'}}} = ..."
        _names_its_ends(state, body)
        if _differentiates(body):
            raise Fault("what is differentiated is written out on the left-hand side.", f"Name it. {mend}", body.at)
        raise Fault("the left-hand side is no derivative and no name.", mend, body.at)
    letters = [c for c in letters_of(outer or word.sub) if len(c) == 1]
    parts = indices(outer or word.sub)
    lone = all(len(p) == 1 and p[0].text.isalpha() for p in parts or ((Token("0", 0),),))
    shape = () if state.context.wrt is None else state.probe.shape(state.context.wrt)
    axes = below(len(letters), shape)
    if letters and lone and len(letters) == len(axes) and all(n == 1 for k, n in enumerate(shape) if k not in dict(axes)):
        for letter, (_, extent) in zip(letters, axes, strict=True):
            state.ranged(letter, extent)
    elif not outer:  # the right-hand side tells
        letters = []
    bare = Word(word.base, word.at, word.accent) if letters and lone and not outer else word
    return Left("abbreviation", letters=tuple(letters), transposed=transposed, name=described(bare))


def _is_application(state: State, word: Syntax, behind: Syntax) -> bool:
    """Whether a name of the network stands before a bracket that holds others of its names: what it is a function of."""
    match word, behind:
        case Word(), sx.Group(items=several, bracket="("):
            return all(isinstance(w, Word) and state.names.lookup(w) is not None for w in (word, *several))
    return False


def _stepped(state: State, word: Word, step: Tokens, rest: Tokens, transposed: bool) -> Left:
    r"""A name at a step: \delta^{(l)}, \delta_{a,t}."""
    letters: list[str] = []
    at: list[At] = []
    wrt = state.context.wrt
    if wrt is not None and wrt not in state.probe.shapes:  # W z of sigma(W z), which nobody named
        state.probe.add(wrt, state.context.forward.shape(wrt))
    several = (*step, Token(",", word.at), *rest) if rest else step
    parts = indices(several) or []
    if wrt is None and rest and all(len(part) == 1 and part[0].text.isalpha() for part in parts):
        letters = [part[0].text for part in parts]  # of entries at a step, \xi_{t,ij}
    if wrt is not None and state.context.loops.axes.get(wrt):
        index = _at_steps(state, wrt, several, letters, at)
        fixed = {one.place for one in at if one.left is None}
        axes = [axis for axis in enumerate(state.probe.shapes[wrt]) if axis[0] not in fixed]
        _range(state, index, axes[len(letters) :], letters, at, wrt)
    return Left("abbreviation", letters=tuple(letters), transposed=transposed, name=described(word), at=tuple(at), stepped=True)


def implied(state: State, left: Left) -> Left:
    """A claim without a left-hand side whose steps are those of what is claimed: \\delta^{(l)} (z^{(l-1)})^\\top of W."""
    own = state.context.loops.axes.get(state.context.wrt or "", {})
    letters = tuple(state.reached)
    if left.kind != "none" or len(letters) != len(own) or tuple(sorted(own)) != tuple(range(len(own))) or not own:
        return left
    known = {axis.letter: place for place, axis in own.items()}
    letters = tuple(sorted(letters, key=lambda c: known.get(c, 0)))
    trims = ((place, state.trims.get(c, (0, 0))) for place, c in enumerate(letters))
    at = tuple(At(place, own[place], sp.Integer(first), less) for place, (first, less) in trims if first or less)
    return replace(left, letters=letters, at=at)
