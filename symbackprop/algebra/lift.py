"""From index letters to matrices: a network of factors, or of sums of networks, becomes a matrix formula, or a Misfit.

The letters of a network that are not free outside it are summed. All but the last two axes of a tensor are written as subscripts;
what is left has at most a row and a column.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any, NamedTuple

from sympy import Expr, S, Symbol

from symbackprop.algebra.compared import condition, denied
from symbackprop.algebra.contract import Contraction, Placed, repeated
from symbackprop.algebra.crossed import Crossing
from symbackprop.algebra.ends import with_common_end
from symbackprop.algebra.matrix import (
    PLAIN,
    Form,
    Leaf,
    MisfitError,
    OneHot,
    both,
    front_of,
    number,
    scaled,
    sized,
)
from symbackprop.algebra.matrix_product import product
from symbackprop.algebra.nets import ALONG, Entry, Inner, Net, Nets, oriented, renamed, shown_axes
from symbackprop.algebra.normal import REDUCED, Algebra
from symbackprop.algebra.poly import ONLY, Atom, Poly
from symbackprop.algebra.positions import Linear, View, tensor_of
from symbackprop.algebra.subscripts import summed_over
from symbackprop.algebra.summands import in_order
from symbackprop.algebra.turned import transpose  # fmt: skip
from symbackprop.algebra.windows import Window, window
from symbackprop.core.functions import FUNCTIONS
from symbackprop.core.letters import pool


class Scope(NamedTuple):
    """What is known where a formula is written: the letters that stand as subscripts, and those that no sum may use."""

    subscripts: frozenset[str] = frozenset()
    taken: frozenset[str] = frozenset()


Rank = Callable[[str], Any]
BOUND = "~@"  # begins the letters that a network sums
DOWN = "%d"  # the columns of a matrix whose diagonal is taken
ROW_AND_COLUMN = ("%r", "%c")  # of a matrix of which an entry is taken


class Lift:
    """Writes networks as matrices.

    rank       the place of a tensor in the reading order; `beside`: the same in a sum.
    mentioned  the place of a tensor in the loss.
    factorise  the cheapest networks of a polynomial.
    """

    def __init__(self, algebra: Algebra, rank: Rank, factorise: Callable[[Poly], Nets], beside: Rank, mentioned: Rank) -> None:
        self.algebra, self.rank, self.factorise, self.beside, self.mentioned = algebra, rank, factorise, beside, mentioned
        self.made: dict[tuple[Any, ...], tuple[Placed | str, Nets]] = {}  # or why there is none
        self.networks: dict[tuple[Any, ...], tuple[Form | str, Net]] = {}
        self.factors: dict[tuple[Entry, Scope], Placed | str] = {}
        self.leaves: dict[tuple[Any, ...], Form] = {}

    def whole(self, nets: Nets, letters: Sequence[str], sizes: dict[str, Expr], lead: int = 0) -> tuple[Form, tuple[str, ...]]:
        """The formula over the letters in its full shape, and which of the letters stand as subscripts.

        lead   how many of the letters do so in any case.
        Raises MisfitError where more than two letters are left, or the formula has no matrix form.
        """
        below = nets.subscripts | set(letters[:lead])
        own = [x for x in letters if x not in below and (len(letters) < 3 or sizes[x] != 1)]
        if len(own) > 2 and not below:  # g_k x y^T, one matrix for each k
            below, own = set(own[:-2]), own[-2:]
        if len(own) > 2:
            raise MisfitError("it has more than two axes")
        row, col = two(own)
        if not nets:
            return Form("zeros", (), tuple(sizes[x] for x in own)), tuple(x for x in letters if x in below)
        taken = frozenset(letters) if nets.is_deep else frozenset[str]()
        form = self.sum(nets, row, col, Scope(frozenset(below & set(letters)), taken))
        have = nets.sizes
        for letter, turned in ((row, False), (col, True)):
            if letter and letter not in have and sizes[letter] != 1:  # repeated along an axis
                ones = transpose(_ones((sizes[letter],))) if turned else _ones((sizes[letter],))
                front, body = front_of(form)
                form = scaled(front, ones if body is None else product([body, ones] if turned else [ones, body]))
        return form, tuple(x for x in letters if x in below)

    def sum(self, nets: Nets, row: str | None, col: str | None, scope: Scope) -> Form:
        """Several networks as one matrix; a number may be added to every entry, and what says itself where it is repeated."""
        made = [self.network(net, row, col, scope) for net in nets]
        if len(made) == 1:
            return made[0]
        if row and col:
            made = self._in_full(made, nets, row, col)
        if not made:
            return number(0)
        made = in_order(self.algebra, made, self.beside, self.mentioned)
        made = [b for a in made for b in (a.parts if a.op == "sum" else (a,))]
        together = with_common_end(made) if row and col else None
        return together or denied(made) or _turned_once(Form("sum", tuple(made)))

    @staticmethod
    def _in_full(made: list[Form], nets: Nets, row: str, col: str) -> list[Form]:
        """Summands of a matrix with columns and rows repeated."""
        sizes = nets.sizes
        if row not in sizes or col not in sizes:
            return made
        rows, cols = sizes[row], sizes[col]
        if any(_is_of_columns(x, net, row, col) for x, net in zip(made, nets, strict=True)):  # I - 1 1^T/n
            every = product([_ones((rows,)), transpose(_ones((cols,)))])
            made = [scaled(front, every) if body is None else x for x in made for front, body in [front_of(x)]]
        return [repeated(x, row in net.sizes, col in net.sizes, rows, cols) for x, net in zip(made, nets, strict=True)]

    def network(self, net: Net, row: str | None, col: str | None, scope: Scope) -> Form:
        """One network as a matrix; each is worked out once."""
        items = tuple(item if isinstance(item, Entry) else (id(item.nets), item.letters) for item in net.items)
        key = net.coefficient, items, row, col, scope
        if key not in self.networks:
            try:
                made: Form | str = self._network(net, row, col, scope)
            except MisfitError as fault:
                made = str(fault)
            self.networks[key] = made, net  # holds the network, so that the ids in the key stay its own
        found, _ = self.networks[key]
        if isinstance(found, str):
            raise MisfitError(found)
        return found

    def _network(self, net: Net, row: str | None, col: str | None, scope: Scope) -> Form:
        net, summed, scope = self._with_letters(oriented(net), {row, col}, scope)
        sizes = net.sizes
        contraction = Contraction(row, col, sizes, net.coefficient)
        items = sorted(net.items, key=self._reading_order)
        found, inner = window(items[::-1], tuple(x for x in (row, col) if x)), set[str]()
        if found is not None:
            items, inner = list(found.rest), {*found.first.letters, *found.second.letters}
            contraction.add(self._slide(found, sizes, scope))
        if any(isinstance(item, Entry) and item.atom.kind == "turn" for item in items):
            crossing = Crossing(sizes, lambda item: self._placed(item, scope), self._reading_order)
            without = crossing.without(items, {row, col, *scope.subscripts}, net.coefficient < 0)
            items, inner = without.rest, without.inner
            for placed in without.forms:
                contraction.add(placed)
        for item in items:
            if isinstance(item, Inner) or item.atom.kind != "ones":
                contraction.add(self._placed(item, scope))
        done = scope.subscripts | inner | {row, col}
        form = contraction.result({x for x, n in sizes.items() if x not in done and n is not S.One})
        return summed_over(form, summed) if summed else form

    def _slide(self, found: Window, sizes: dict[str, Expr], scope: Scope) -> Placed:
        """A correlation or a convolution at its free letters."""
        front, parts = PLAIN, []
        for side in (found.first, found.second):
            contraction = Contraction(*two(side.letters), sizes, 1)
            for item in sorted(side.items, key=self._reading_order):
                contraction.add(self._placed(item, scope))
            own, body = front_of(contraction.result(set()) if side.items else _ones(side.shape))
            if body is None:
                raise MisfitError("a number slides over a window")
            parts.append(body)
            front = both(front, own)
        return Placed(scaled(front, Form(found.op, tuple(parts), found.slide)), *two(found.free))

    def _with_letters(self, net: Net, own: set[str | None], scope: Scope) -> tuple[Net, tuple[tuple[str, Expr], ...], Scope]:
        """The network with letters to print for the summed ones that stand as subscripts."""
        leading = net.subscripts
        if not leading:
            return net, (), scope
        sizes = net.sizes
        mine = [x for x in sorted(leading) if x[0] in BOUND and x not in own]
        taken = {*scope.subscripts, *sizes, *scope.taken, *self.algebra.reserved}
        swap: dict[str, str] = {}
        for x in mine:
            natural = [str(sizes[x]).lower()] if isinstance(sizes[x], Symbol) and len(str(sizes[x])) == 1 else []
            swap[x] = next(y for y in chain(natural, pool()) if y not in taken)
            taken.add(swap[x])
        summed = tuple((swap[x], sizes[x]) for x in mine)
        net = renamed(net, swap) if swap else net
        return net, summed, scope._replace(subscripts=scope.subscripts | net.subscripts)

    def _reading_order(self, item: Entry | Inner) -> tuple[Any, ...]:
        """Sizes, what came from above, then tensors in the author's order, then functions, then sums."""
        if isinstance(item, Inner):
            return (2, 0, 0)
        if item.atom.kind == "number":
            return (-1, 0, item.atom.id)
        return (0, self.rank(tensor_of(item.atom.name)), item.atom.id) if item.atom.kind == "leaf" else (1, 0, item.atom.id)

    def _placed(self, item: Entry | Inner, scope: Scope) -> Placed:
        """One factor with the letters of its rows and columns; each is worked out once."""
        if isinstance(item, Inner):
            return self._factor(item, scope)
        key = item, scope
        if key not in self.factors:
            try:
                self.factors[key] = self._factor(item, scope)
            except MisfitError as fault:
                self.factors[key] = str(fault)
        found = self.factors[key]
        if isinstance(found, str):
            raise MisfitError(found)
        return found

    def _factor(self, item: Entry | Inner, scope: Scope) -> Placed:
        sizes = dict(zip(item.letters, item.atom.shape, strict=True)) if isinstance(item, Entry) else item.nets.sizes
        own = [x for x in item.letters if x not in scope.subscripts and sizes.get(x) is not S.One]
        if len(own) > 2:
            raise MisfitError("a factor has three axes")
        row, col = two(own)
        if isinstance(item, Inner):
            if row is not None and row == col:
                raise MisfitError("a diagonal of a sum")
            return self._inner(item, row, col, scope)
        if row is not None and row == col:
            if item.letters[-1] != col:
                raise MisfitError("a diagonal of other axes")
            letters = (*item.letters[:-1], DOWN)
            form, col = Form("diagonal", (self._atom(item.atom, letters, row, DOWN, scope),)), None
        else:
            form = self._atom(item.atom, item.letters, row, col, scope)
        e = abs(item.exponent)
        if form.op == "norm" and e.denominator == 2:
            form, e = Form("length", form.parts, form.given), 2 * e
        if e != 1:
            form = Form("power" if own else "scalarpower", (form,), e)
        return Placed(form, row, col, item.exponent < 0)

    def _inner(self, item: Inner, row: str | None, col: str | None, scope: Scope) -> Placed:
        key = id(item.nets), row, col, scope
        if key not in self.made:
            try:
                form = self.sum(item.nets, row, col, scope)
                found: Placed | str = Placed(form, row, col)
                if row and col and form.is_turned:
                    turned = self.sum(item.nets, col, row, scope)
                    if turned.tokens < form.tokens:
                        found = Placed(turned, col, row)
            except MisfitError as fault:
                found = str(fault)
            self.made[key] = found, item.nets  # holds the networks, so that their id stays their own
        found, _ = self.made[key]
        if isinstance(found, str):
            raise MisfitError(found)
        return found

    def _atom(self, atom: Atom, letters: tuple[str, ...], row: str | None, col: str | None, scope: Scope) -> Form:
        below = tuple(x for x in letters if x in scope.subscripts)
        match atom.kind:
            case "leaf":
                key = atom, letters, below, row is None
                if key not in self.leaves:
                    self.leaves[key] = _leaf(atom, letters, below, row)
                return self.leaves[key]
            case "onehot":
                if below != letters[: len(below)] or row is None:
                    raise MisfitError("an entry of a one-hot vector")
                return Form("onehot", (), OneHot(atom.name, below, atom.shape[-1], col is not None))
            case "number":
                return sized(atom.name)
            case "delta":
                if below:
                    raise MisfitError("a column of the identity")
                return Form("identity", (), atom.shape[0])
            case "order":
                return _triangle(atom.name, below)
        if atom.name in ALONG and letters[-1] in scope.subscripts:
            if row is not None:
                raise MisfitError("entries of a softmax in several rows")
            return Form("entry", (self._atom(atom, (*letters[:-1], DOWN), DOWN, None, scope),), letters[-1:])
        if atom.kind == "inverse" and len(below) == 2 and not atom.is_deep:
            return Form("entry", (self._atom(atom, ROW_AND_COLUMN, *ROW_AND_COLUMN, scope),), letters)
        names = {str(k): x if x in scope.subscripts else f"%{k}" for k, x in enumerate(letters)}
        inside = {x: names[str(k)] for k, x in enumerate(letters)}
        return self._compound(atom, tuple(names.values()), row and inside[row], col and inside[col], scope)

    def _reduced(self, atom: Atom, nets: Nets, row: str | None, col: str | None, scope: Scope) -> Form:
        """A reduction of all entries; log(rowsum(exp(Z))) along the rows of a matrix, log(sum(exp(Z))) of all of its entries."""
        own = sorted(x for x in atom.args[0].letters() if x[0] == REDUCED)
        if row is None and len(own) < 3:
            inner = self.sum(nets, *two(own), scope)
            if atom.name != "logsumexp" or len(own) < 2:
                return Form("function", (inner,), atom.name)
            return Form("function", (Form("total", (Form("function", (inner,), FUNCTIONS["exp"]),)),), FUNCTIONS["log"])
        if atom.name != "logsumexp" or col is not None or len(own) > 1:
            raise MisfitError("a reduction along an axis")
        each = Form("function", (self.sum(nets, row, own[0], scope),), FUNCTIONS["exp"])
        return Form("function", (Form("rowsum", (each,)),), FUNCTIONS["log"])

    def _compound(self, atom: Atom, letters: tuple[str, ...], row: str | None, col: str | None, scope: Scope) -> Form:
        """An atom of polynomials; inside, its letters have names of their own."""
        args = [self.algebra.at(p, letters) for p in atom.args]
        if atom.kind == "factor":
            inner = (self.sum(self.factorise(p), f"{REDUCED}0", f"{REDUCED}1", scope) for p in args)
            return Form("factor", tuple(inner), atom.name)
        if atom.kind == "reduction":
            return self._reduced(atom, self.factorise(args[0]), row, col, scope)

        def write(p: Poly) -> Form:
            return self.sum(self.factorise(p), row, col, scope)

        if atom.kind in ("positive", "zero"):
            return condition(self.algebra, atom.kind, atom.args[0], letters, write)
        if atom.kind == "cases":
            test = condition(self.algebra, atom.name, atom.args[0], letters, write)
            return Form("cases", (test, *map(write, args[1:])))
        parts = tuple(map(write, args))
        match atom.kind:
            case "group":
                return parts[0]
            case "inverse" if row and col:
                return Form("inverse", parts, atom.symmetric)
            case "function":
                if atom.name is FUNCTIONS["minimum"] and parts[0].op == "function" and parts[0].given is FUNCTIONS["maximum"]:
                    return Form("function", (*parts[0].parts, parts[1]), "clip")  # between two bounds
                if atom.name is FUNCTIONS["exp"] and parts[0].op == "function" and parts[0].given is FUNCTIONS["log"]:
                    return parts[0].parts[0]
                return Form("raised", parts, row is not None) if atom.name == "pow" else Form("function", parts, atom.name)
        raise MisfitError(f"{atom.kind} has no matrix form")


def _is_of_columns(x: Form, net: Net, row: str, col: str) -> bool:
    """Whether a matrix is the identity, a diagonal, or a column times a row."""
    _, body = front_of(x)
    if body is not None and body.op in ("identity", "diag"):
        return True
    return {row, col} <= net.sizes.keys() and not any({row, col} <= {*item.letters} for item in net.items)


def _turned_once(x: Form) -> Form:
    """A sum with one mark for all of it where that is shorter: (X X A + X A X)^T."""
    if not x.is_turned:
        return x
    turned = Form("transpose", (Form("sum", tuple(map(transpose, x.parts))),))
    return turned if turned.tokens < x.tokens else x


def _leaf(atom: Atom, letters: tuple[str, ...], below: tuple[str, ...], row: str | None) -> Form:
    name, axes = atom.name, letters if isinstance(atom.name, View) else shown_axes(atom, letters)
    if isinstance(name, View) and len(letters) > 2:
        name = name.without([k for k, x in enumerate(letters) if x == ONLY])
        axes, below = (tuple(x for x in own if x != ONLY) for own in (axes, below))
    if below != axes[: len(below)]:
        raise MisfitError("a subscript is not a leading axis")
    leaf = Form("leaf", (), Leaf(name, below, atom.symmetric or row is None))
    wide = len(letters) == 2 and atom.shape[0] == 1 and row is not None
    return transpose(leaf) if wide else leaf  # an axis of size 1 has no letter: what is left is a row


def _triangle(form: Linear, below: tuple[str, ...]) -> Form:
    """[row - column + k >= 0] as the lower triangle, [column - row - k >= 0] as the upper one; what it is of stands beside it."""
    if below or form.slopes not in ((1, -1), (-1, 1)) or not form.offset.is_Integer:
        raise MisfitError("entries are taken by their position")
    k = int(form.offset)  # type: ignore[call-overload]
    return Form("tril", (), k) if form.slopes[0] == 1 else Form("triu", (), -k)


def _ones(shape: tuple[Expr, ...]) -> Form:
    """A column of ones, or a matrix of them."""
    first, *rest = (Form("ones", (), n) for n in shape)
    return product([first, *map(transpose, rest)])


def two(letters: Sequence[str]) -> tuple[str | None, str | None]:
    """Row and column: the letters that there are."""
    return letters[0] if letters else None, letters[1] if len(letters) > 1 else None
