"""A value entry by entry: P_{nk} (1[k = i] - P_{ni}), where no product of matrices says it, as for most Jacobians of matrices.

Every letter stands below a name. What is shared is taken out as it is of matrices, by the tokens of what is printed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from types import MappingProxyType
from typing import Any
from weakref import proxy

from sympy import Eq, Ge, S, Symbol, expand

from symbackprop.algebra.compared import condition
from symbackprop.algebra.divisors import Divisor
from symbackprop.algebra.factoring import TOO_MUCH, Factoriser
from symbackprop.algebra.lift import BOUND
from symbackprop.algebra.matrix import PLAIN, Form, Front, Leaf, MisfitError, both, front_of, leaves, number, scaled, sized
from symbackprop.algebra.nets import ALONG, Entry, Inner, Net, Nets, oriented, renamed, shown_axes
from symbackprop.algebra.normal import Algebra
from symbackprop.algebra.outside import Shifted, is_stencil, stencils
from symbackprop.algebra.poly import ONLY, Atom, Poly
from symbackprop.algebra.positions import Linear, View, is_at_least, ranges, tensor_of
from symbackprop.algebra.subscripts import Count, Positions, letters_below
from symbackprop.core.functions import FUNCTIONS
from symbackprop.core.letters import pool

NOTHING: Mapping[View, bool] = MappingProxyType({})
OPERATED = ("function", "group", "positive", "zero", "cases")  # what is done to entries one by one


class EntryWriter:
    """Writes networks as products of entries.

    rank       the place of a tensor in the reading order.
    factorise  the cheapest networks of a polynomial.
    whole      the formula of an atom with one or two axes.
    """

    def __init__(
        self, algebra: Algebra, rank: Callable[[str], Any], factorise: Callable[[Poly], Nets], whole: Callable[[Atom], Form]
    ) -> None:
        self.algebra, self.rank, self.factorise, self.whole = algebra, rank, factorise, whole
        self.order: tuple[str, ...] = ()  # the letters of the value, as its line has them
        self.made: dict[tuple[Any, ...], tuple[Form, Net]] = {}
        self.shifted: Mapping[View, bool] = {}  # the views that may be outside of their tensors

    def sum(self, nets: Nets, taken: frozenset[str]) -> Form:
        """Several networks; raises MisfitError where something has no entries."""
        made = [self.network(net, taken) for net in nets]
        if len(made) < 2:
            return made[0] if made else number(0)
        plain = any(x.op != "number" and not x.negative for x in made)
        units = stencils(made)
        far = {id(unit) for unit in units if len(unit) > 1 or is_stencil(unit[0])}
        near = (unit[0] for unit in units if id(unit) not in far)
        alone = any(letters_below(x) and not x.negative for x in near)  # u_i - y_i + l (d_{i-1} - d_i)
        where = {id(unit): (unit[0].op == "number" and plain, alone and id(unit) in far, unit[0].negative) for unit in units}
        units.sort(key=lambda unit: (where[id(unit)], self._place(unit)))
        return Form("sum", tuple(b for unit in units for a in unit for b in (a.parts if a.op == "sum" else (a,))))

    def _place(self, unit: Sequence[Form]) -> tuple[bool, Any]:
        """Where several parts of one tensor stand: behind single summands, in the order of the tensors."""
        return (True, self.rank(tensor_of(next(leaves(unit[0])).name))) if len(unit) > 1 else (False, 0)

    def network(self, net: Net, taken: frozenset[str]) -> Form:
        """One network, with its sums before it; each is worked out once."""
        items = tuple(item if isinstance(item, Entry) else (id(item.nets), item.letters) for item in net.items)
        key = net.coefficient, items, taken, self.order, tuple(self.shifted.items())
        if key not in self.made:
            self.made[key] = self._network(net, taken), net  # holds the network, so that the ids in the key stay its own
        return self.made[key][0]

    def _network(self, net: Net, taken: frozenset[str]) -> Form:
        net, counts = self._counted(oriented(net), taken)
        sizes = net.sizes
        mine = [x for x in sorted(sizes) if x[0] in BOUND and x not in taken and sizes[x] is not S.One]
        used, swap = {*taken, *sizes, *self.algebra.reserved}, dict[str, str]()
        for x in mine:
            natural = [str(sizes[x]).lower()] if isinstance(sizes[x], Symbol) and len(str(sizes[x])) == 1 else []
            swap[x] = next(y for y in chain(natural, pool()) if y not in used)
            used.add(swap[x])
        net = renamed(net, swap) if swap else net
        counts = [_of_letters(count, swap) for count in counts]
        inside = taken | (frozenset(sizes) - swap.keys()) | frozenset(swap.values())
        front = Front(net.coefficient)
        tops: list[Form] = counts
        bottoms: list[Form] = []
        for item in sorted(net.items, key=self._reading_order):
            form, low = self._factor(item, inside)
            own, body = (PLAIN, form) if low else front_of(form)
            front = both(front, own)
            (bottoms if low else tops).extend([body] if body is not None else [])
        if abs(front.coefficient) != 1:  # 2 A 1[j = l], but 1[j = l] A
            tops.sort(key=lambda x: x.op == "positions")
        front = Front(front.coefficient, (*front.tops, *tops), (*front.bottoms, *bottoms))
        if not swap:
            tall = [x for x in front.tops if x.op == "sum" and any(front_of(part)[0].is_line for part in x.parts)]
            if len(tall) != 1 or not front.is_line:
                return scaled(front, None)
            beside = tuple(x for x in front.tops if x is not tall[0])  # 1/(n - 2) (a/h + b), no fraction in a fraction
            return scaled(Front(front.coefficient, beside, front.bottoms), tall[0])
        over = tuple((swap[x], sizes[x]) for x in mine)
        names = {y for y, _ in over}
        inner, outer = ([x for x in front.tops if bool(letters_below(x) & names) == k] for k in (True, False))
        low, high = ([x for x in front.bottoms if bool(letters_below(x) & names) == k] for k in (True, False))
        body = Form("indexsum", (scaled(Front(1, tuple(inner), tuple(low)), None),), over)
        return scaled(Front(front.coefficient, tuple(outer), tuple(high)), body)

    def _counted(self, net: Net, taken: frozenset[str]) -> tuple[Net, list[Form]]:
        """A network without sums of what only says which positions there are, and how many these are: n - j for sum_{i >= j} 1."""
        counts, left = list[Form](), list[Entry | Inner]()
        if not any(isinstance(item, Entry) and item.atom.kind == "order" for item in net.items):
            return net, counts
        for item in net.items:
            others = {x for other in net.items if other is not item for x in other.letters} | taken
            alone = [x for x in item.letters if x[0] in BOUND and x not in others]
            is_order = isinstance(item, Entry) and item.atom.kind == "order" and len(alone) == 1
            found = counted(self.algebra, item.atom, item.letters, alone[0]) if is_order else None  # type: ignore[union-attr]
            counts += [] if found is None else [found]
            left += [item] if found is None else []
        return net._replace(items=tuple(left)) if counts else net, counts

    def _reading_order(self, item: Entry | Inner) -> tuple[Any, ...]:
        """Positions, tensors in the author's order, functions, sums."""
        if isinstance(item, Inner):
            return (4, 0, 0)
        if item.atom.kind in ("delta", "tie", "order"):
            return (0, 0, item.letters)
        return (1, self.rank(tensor_of(item.atom.name)), item.letters) if item.atom.kind == "leaf" else (2, item.atom.id, 0)

    def _factor(self, item: Entry | Inner, taken: frozenset[str]) -> tuple[Form, bool]:
        """A factor, and whether it stands below the line."""
        if isinstance(item, Inner):
            return self.sum(item.nets, taken), False
        form, e = self._atom(item.atom, item.letters, taken), abs(item.exponent)
        return (form if e == 1 else Form("scalarpower", (form,), e)), item.exponent < 0

    def _atom(self, atom: Atom, letters: tuple[str, ...], taken: frozenset[str]) -> Form:
        match atom.kind:
            case "number":
                return sized(atom.name)
            case "ones":
                return number(1)
            case "leaf":
                own = shown_axes(atom, letters)
                if ONLY in own:
                    raise MisfitError("an axis of size 1")
                if atom.name in self.shifted:
                    return Form("shifted", (), Shifted(atom.name, own, True, self.shifted[atom.name]))
                return Form("leaf", (), Leaf(atom.name, own, True))
            case "delta":
                return self._positions(Eq, Linear((S.One, S.NegativeOne), S.Zero), letters, atom)
            case "tie" | "order":
                return self._positions(Eq if atom.kind == "tie" else Ge, atom.name, letters, atom)
        if atom.kind not in OPERATED or atom.name in ALONG:
            return self._entry(atom, letters)
        return self._operated(atom, letters, taken)

    def _positions(self, relation: type, form: Linear, letters: tuple[str, ...], atom: Atom) -> Form:
        """A condition of positions, the letters in the order of the line."""
        place = {x: k for k, x in enumerate(self.order)}
        own = sorted(zip(letters, form.slopes, atom.shape, strict=True), key=lambda one: place.get(one[0], len(place)))
        names, slopes, sizes = zip(*own, strict=True) if own else ((), (), ())  # of the step of a loop alone it has no letter
        return Form("positions", (), Positions(relation, names, slopes, form.offset, sizes))

    def _operated(self, atom: Atom, letters: tuple[str, ...], taken: frozenset[str]) -> Form:
        """What is done to entries one by one."""

        def write(p: Poly) -> Form:
            return self.sum(self.factorise(p), taken | frozenset(letters))

        if atom.kind in ("positive", "zero"):
            return condition(self.algebra, atom.kind, atom.args[0], letters, write)
        parts = tuple(write(self.algebra.at(p, letters)) for p in (atom.args if atom.kind != "cases" else atom.args[1:]))
        if atom.kind == "group":
            return parts[0]
        if atom.kind == "cases":
            return Form("cases", (condition(self.algebra, atom.name, atom.args[0], letters, write), *parts))
        if atom.name is FUNCTIONS["minimum"] and parts[0].op == "function" and parts[0].given is FUNCTIONS["maximum"]:
            return Form("function", (*parts[0].parts, parts[1]), "clip")
        return Form("raised", parts, False) if atom.name == "pow" else Form("function", parts, atom.name)

    def _entry(self, atom: Atom, letters: tuple[str, ...]) -> Form:
        """An entry of what has a formula as a whole: (X^{-1})_{ij}."""
        own = tuple(x for x, n in zip(letters, atom.shape, strict=True) if n is not S.One)
        if not 0 < len(own) == len(letters) < 3:
            raise MisfitError("an entry of a stack")
        return Form("entry", (self.whole(atom),), own)


def counted(a: Algebra, atom: Atom, letters: tuple[str, ...], x: str) -> Form | None:
    """How many positions of a letter a condition leaves, where they are those from one on or up to one, for all others."""
    k, form = letters.index(x), atom.name
    slope, size = form.slopes[k], atom.shape[k]
    rest = [m for m in range(len(letters)) if m != k]
    slopes, sizes = tuple(form.slopes[m] for m in rest), tuple(atom.shape[m] for m in rest)
    bounds = ranges(Linear(slopes, form.offset), sizes, a.conditions)
    if abs(slope) != 1 or bounds is None or letters.count(x) > 1:
        return None
    more = size if slope == 1 else S.One  # x >= -rest: size + rest of them; x <= rest: rest + 1
    low, high = (bound + more for bound in bounds)
    if not (is_at_least(low, S.Zero, a.conditions) and is_at_least(size, high, a.conditions)):
        return None
    return Form("count", (), Count(tuple(letters[m] for m in rest), slopes, expand(form.offset + more), sizes))


class EntryFactoriser(Factoriser):
    """The cheapest networks of polynomials as products of entries.

    matrices   the factoriser of what stands in them as a whole.
    """

    def __init__(self, matrices: Factoriser) -> None:
        super().__init__(matrices.algebra, matrices.rank)
        own = proxy(self)
        self.writer = EntryWriter(matrices.algebra, matrices.rank, lambda p: own.best(p)[1], matrices.atom)

    def cost(self, nets: Nets, free: set[str]) -> int:
        """The tokens of the networks as a product of entries."""
        try:
            return self.writer.sum(nets, frozenset(free)).tokens
        except MisfitError:
            return TOO_MUCH

    def is_beyond(self, free: set[str] | frozenset[str]) -> bool:
        """Any number of letters stands below a name."""
        return False

    def may_come_out(self, p: Poly, d: Divisor) -> bool:
        """An entry of a diagonal is a factor like any other."""
        return True

    def entry(self, p: Poly, letters: tuple[str, ...], shifted: Mapping[View, bool] = NOTHING) -> Form:
        """The formula of one entry. Raises MisfitError where there is none.

        shifted   the views that may be outside of their tensors, and whether they are 0 there.
        """
        self.writer.order, self.writer.shifted = letters, shifted
        return self.writer.sum(self.best(p)[1], frozenset(p.letters()))


def _of_letters(count: Form, swap: Mapping[str, str]) -> Form:
    """How many positions there are, in other letters."""
    if count.op != "count":
        return count
    return Form("count", (), count.given._replace(letters=tuple(swap.get(x, x) for x in count.given.letters)))
