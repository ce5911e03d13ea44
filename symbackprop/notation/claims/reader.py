"""From syntax to readings: names become tensors, functions are applied, products are bracketed by their shapes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from itertools import pairwise
from typing import TypeVar, assert_never

from symbackprop.formulas.told import Told
from symbackprop.notation.claims import brackets, calls, derivatives, higher, naming, sums
from symbackprop.notation.claims import nodes as nd
from symbackprop.notation.claims import syntax as sx
from symbackprop.notation.claims.applied import is_applied, value_applied
from symbackprop.notation.claims.errors import Fault, Unknown, Unranged
from symbackprop.notation.claims.grammar import CLOSING, syntax
from symbackprop.notation.claims.indices import below, powered
from symbackprop.notation.claims.labels import is_label, is_last, labels_below
from symbackprop.notation.claims.limits import words
from symbackprop.notation.claims.nodes import DOWN
from symbackprop.notation.claims.places import joined
from symbackprop.notation.claims.shapes import Sense, Senses, added, best, chain, made, sure
from symbackprop.notation.claims.state import State, number
from symbackprop.notation.claims.syntax import Syntax, Tokens, Word
from symbackprop.notation.claims.tokens import bare, plain
from symbackprop.notation.claims.words import Found, described, has_label, indices

_ONES = frozenset(["mathbf", "mathbb", "boldsymbol", "bm", "mathrm", "pmb", "vec", "mathit"])


Result = TypeVar("Result")


def with_ranges(state: Callable[[], State], read: Callable[[Reader, State], Result]) -> Result:
    """What is read in a new state; the range of an index that is found late is known the next time."""
    ranges: dict[str, int] = {}
    for last in (False, False, True):
        own = state()
        own.ranges |= ranges
        try:
            return read(Reader(own), own)
        except Unranged:
            if last or own.ranges == ranges:
                raise
            ranges = dict(own.ranges)
    raise AssertionError("the last round returns or raises")


class Reader:
    """Reads the syntax of one claim in one state."""

    def __init__(self, state: State) -> None:
        self.state = state
        state.read = self.read
        state.foresee = self.foresee

    # ---- ranges of indices
    def foresee(self, node: object, only: list[str] | None = None) -> None:
        """Note the ranges of the indices that stand below declared tensors, before anything is read."""
        for word, hidden in words(node, outer=frozenset(only or ())):
            found = self.state.names.lookup(word)
            if not found or not (found.index or found.sample):
                continue
            for label in labels_below(self.state, found.index):
                self.foresee(label, only)
            shape = self.state.probe.shape(found.name) if found.name in self.state.probe.shapes else ()
            parts = joined(indices((*found.sample, *found.index)) or (), len(shape))
            own = self.state.context.loops.of(found.name, self.state.roles)
            for part, (place, extent) in zip(parts, below(len(parts), shape), strict=False):
                letter = part[0].text.lstrip("\\")
                free = not is_last(self.state, letter) if only is None else letter in only
                if len(part) == 1 and letter.isalpha() and free and letter not in hidden and not is_label(self.state, letter):
                    self.state.ranged(letter, extent if place not in own else self.state.steps(letter, extent, own[place]))
        self.foresee_numbers(node, only)

    def foresee_numbers(self, node: object, only: list[str] | None) -> None:
        """An index that numbers tensors, h_t and h_{t-1}, runs over the numbers for which all of them are declared."""
        state = self.state
        bounds: dict[str, tuple[int, int]] = {}
        for word, hidden in words(node):
            if state.names.lookup(word) is not None:
                continue
            family = state.names.family(word)
            local = state.local.get(described(replace(word, sub=(), sup=())))
            if family is not None:
                numbers, first, count = family[1], min(family[0]), len(family[0])
            elif local is not None and local.first is not None:
                numbers, first, count = word.sub, local.first, local.senses[0].node.extent(local.formal[0])
            else:
                continue
            found = naming.number_of(numbers)
            if found and found[0] and found[0] not in hidden and (only is None or found[0] in only):
                letter, shift = found
                low, high = bounds.get(letter, (-(10**9), 10**9))
                bounds[letter] = max(low, first - shift), min(high, first + count - 1 - shift)
        for letter, (low, high) in bounds.items():
            if letter not in state.ranges and low <= high:
                state.ranges[letter], state.starts[letter] = high - low + 1, low

    # ---- levels
    def read(self, node: Syntax) -> Senses:
        """All readings of a syntax, the cheapest first. Raises Fault where there is none."""
        match node:
            case sx.Number(text=text):
                return number(text)
            case sx.Terms():
                return self.terms(node)
            case sx.Product():
                return self.product(node)
            case sx.Word():
                return self.product(sx.Product((node,), (), node.at))
            case sx.Group():
                return brackets.group(self.state, node)
            case sx.Scripted():
                return self.product(sx.Product((node,), (), node.at))
            case sx.Over():
                return brackets.mean(self.state, node.body, node.accent, node.at)
            case sx.Fraction():
                return brackets.fraction(self.state, node)
            case sx.Root():
                return brackets.root(self.state, node)
            case sx.Big():
                return sums.big(self.state, node)
            case sx.Nabla():
                return brackets.nabla(self.state, node)
            case sx.Partial():
                raise Fault("\\partial stands alone.", r"Write \frac{\partial L}{\partial z}.", node.at)
            case sx.Grid():
                return brackets.matrix(self.state, node)
            case sx.Cases():
                return sums.cases(self.state, node)
            case sx.Relation():
                return sums.condition(self.state, node)
            case _:
                assert_never(node)

    def terms(self, node: sx.Terms) -> Senses:
        total: Senses = []
        late: Unranged | None = None
        for sign, part in node.parts:
            try:
                own = self.read(part)
            except Unranged as error:  # a range may be known further to the right
                late = error
                continue
            if late is not None:
                continue
            if not total:
                total = own if sign > 0 else made(lambda x: nd.arithmetic("neg", x), own)
            else:
                total = added("+" if sign > 0 else "-", total, own, part.at, self.state.probe.expression)
        if late is not None:
            raise late
        return total

    def product(self, node: sx.Product) -> Senses:
        found = derivatives.derivative(self.state, node) if len(node.factors) > 1 else None
        if found is not None:
            return derivatives.true_derivative(self.state, found)
        factors: list[Senses] = []
        ops: list[str] = []
        late: Unranged | None = None
        k = 0
        while k < len(node.factors):
            op = node.ops[k - 1] if k else ""
            try:
                with self.state.dividing() if op == "div" else nullcontext():
                    own, k = self.factor(node, k)
            except Unranged as error:
                late, k = error, k + 1
                continue
            ops += [op] if factors else []
            factors.append(own)
        if late is not None:
            raise late
        return factors[0] if len(factors) == 1 else chain(factors, ops, node.at, self.state.probe.expression)

    def factor(self, node: sx.Product, k: int) -> tuple[Senses, int]:
        """The k-th factor with what belongs to it, such as the argument of a function; and the place after it."""
        one = node.factors[k]
        beside = [f for f, op in zip(node.factors[k + 1 :], node.ops[k:], strict=True)]
        tight = [op == "" for op in node.ops[k:]]
        reach = next((j for j, t in enumerate(tight) if not t), len(tight))
        behind = beside[:reach]  # what follows without a sign
        if isinstance(one, sx.Number) and one.text == "1" and behind and self.is_condition(behind[0]):
            return self.scripted_condition(behind[0]), k + 2
        if isinstance(one, Word):
            return self.word(one, behind, k)
        if isinstance(one, sx.Number) and one.text == "1" and k and node.ops[k - 1] == "" and node.ops[k : k + 1] != ("div",):
            # M 1, the sums of rows; x 1/n is none
            return self.word(Word("1", one.at, font="mathbf"), behind, k)
        if isinstance(one, sx.Scripted):
            if (
                isinstance(one.body, sx.Number)
                and one.body.text == "1"
                and (_has_relation(one.sub) or plain(one.sup).lstrip("\\") in ("T", "top"))
            ):
                return self.word(Word("1", one.at, font="mathbb", sub=one.sub, sup=one.sup), behind, k)  # 1_{z > 0}, 1^T x
            return brackets.scripted(self.state, one), k + 1
        if isinstance(one, sx.Fraction) and behind:
            found = derivatives.derivative(self.state, one)
            if found is not None and found.of is None:  # \frac{\partial}{\partial z} L
                name, index = derivatives.differentiated(self.state, behind[0])
                return derivatives.true_derivative(self.state, found._replace(of=name, of_index=index)), k + 2
        if isinstance(one, sx.Partial) and reach < len(beside) and node.ops[k + reach] == "div" and reach == 0:
            below = beside[0]
            whole = sx.Fraction(one, below, one.at)
            found = derivatives.derivative(self.state, whole)
            if found is not None:
                return derivatives.true_derivative(self.state, found), k + 2
        return self.read(one), k + 1

    def is_condition(self, node: Syntax) -> bool:
        body = node.body if isinstance(node, sx.Scripted) else node
        return isinstance(body, sx.Group) and (isinstance(body.items[0], sx.Relation) or self.is_condition(body.items[0]))

    def scripted_condition(self, node: Syntax) -> Senses:
        if isinstance(node, sx.Scripted):
            return brackets.after(self.state, sums.condition(self.state, node.body), node)
        return sums.condition(self.state, node)

    # ---- words
    def word(self, word: Word, behind: list[Syntax], k: int) -> tuple[Senses, int]:
        """What a word means, in the order: a person's table, the claim's own names, the network, functions, constants."""
        state, word = self.state, calls.inverted(word)
        own = naming.local(self.state, word)
        if own is not None:
            return own, k + 1
        tabled = naming.tabled(state, word)
        if tabled is not None:
            return tabled, k + 1
        if (word.font in _ONES and word.base == "1") or (
            word.base == "I" and (word.font == "mathbb" or (behind and self.is_condition(behind[0])) or _has_relation(word.sub))
        ):
            ones = self.ones(word, behind)
            if ones is not None:
                return ones[0], k + 1 + ones[1]
        declared = state.names.lookup(word) or state.names.size(word)
        if not declared and word.base in calls.GENERIC and naming.labelled(word):  # g^{[1]}(z) is the activation of a layer
            word = replace(word, sup=naming.behind_label(word))
        applied = bool(declared) and is_applied(state, word, behind)  # mean(x) beside a value mean
        functions = [] if declared and not (word.primes or applied) else calls.functions(state, word, behind)
        if functions:
            called = self.call(word, functions, behind)
            if called is not None:
                return called[0], k + 1 + called[1]
        value = value_applied(state, word, behind[0]) if declared and behind else None
        if value is not None:
            return value, k + 2
        whole = self.joined(word, behind, self.may_join) if declared else None
        if whole is not None:
            return whole[0], k + 1 + whole[1]
        below = higher.subscripted(self.state, word)
        if below is not None:  # f_{xy}
            found = derivatives.true_derivative(self.state, derivatives.Derivative(*below, word.at))
            return (powered(state, found, word.sup, word.at) if word.sup else found), k + 1
        found = best([*(naming.named(self.state, word) or []), *derivatives.primed(self.state, word)])
        if found:
            return found, k + 1
        return self.unnamed(word, behind, k)

    def call(self, word: Word, functions: list[tuple[str, float, Told]], behind: list[Syntax]) -> tuple[Senses, int] | None:
        """A function with its argument, which may stand without brackets; how many factors that took."""
        state = self.state
        if not behind:
            if word.base in calls.GENERIC or not functions:
                return None
            raise Unknown(described(word), f"{word.base} has no argument.", "Write it in brackets.", word.at)
        first = behind[0]
        over_letters = word.base in ("max", "min") and bool(word.sub)  # \min_k (x - \mu_k)^2 is the smallest square
        body = first.body if isinstance(first, sx.Scripted) and not over_letters else first
        if isinstance(body, sx.Group) and body.bracket in ("(", "[", r"\{", "{"):
            arguments = [self.read(item) for item in body.items]
            result = calls.call(state, functions, arguments, word.primes, word.at, word.sub)
            result = brackets.after(self.state, result, first) if isinstance(first, sx.Scripted) else result
            taken = 1
        else:
            if word.base in calls.GENERIC and len(word.base) == 1:
                return None
            taken = 1
            while taken < len(behind) and isinstance(behind[taken - 1], sx.Number):
                taken += 1
            taken = calls.reach(state, word, behind, taken, over_letters)
            inner = sx.Product(tuple(behind[:taken]), ("",) * (taken - 1), first.at) if taken > 1 else first
            if isinstance(first, Word) and taken == 1:  # \log\sigma(z): a function of a function
                argument, taken = self.word(first, behind[1:], 0)
            else:
                argument = self.read(inner)
            calls.require_one_argument(state, word, behind[taken:])
            result = calls.call(state, functions, [argument], word.primes, word.at, word.sub)
        sup = tuple(t for t in bare(word.sup))
        if plain(sup) == "-1":
            fault = f"{word.base}^{{-1}} may be a power or the inverse function."
            raise Fault(fault, "Write 1/f(x), or the inverse by its name.", word.at)
        return (powered(state, result, word.sup, word.at) if sup else result), taken

    def ones(self, word: Word, behind: list[Syntax]) -> tuple[Senses, int] | None:
        r"""\mathbf 1[...], \mathbf 1_{z > 0}, \mathbf 1_n, \mathbf 1: an indicator, or a vector of ones of some size."""
        if behind and self.is_condition(behind[0]):
            return self.scripted_condition(behind[0]), 1
        if _has_relation(word.sub):
            inner = _unbraced(word.sub)
            return naming.scripts(self.state, sums.condition(self.state, syntax(inner)), (), word.sup, word.at), 0
        if word.base == "I":
            return None
        if word.sub and self.state.is_integer(self.state.names.named(bare(word.sub)[0].text) or ""):  # 1_{y_i}, 1 at the label
            return naming.scripts(
                self.state, calls.unit(self.state, self.read(syntax(word.sub)), word.at), (), word.sup, word.at
            ), 0
        sizes = naming.extents(self.state, word.sub)
        return naming.scripts(self.state, [Sense(nd.ones(DOWN, n)) for n in sizes], (), word.sup, word.at), 0

    # ---- what is no name of the network
    def unnamed(self, word: Word, behind: list[Syntax], k: int) -> tuple[Senses, int]:
        state = self.state
        if word.base == "d" and not (word.sub or word.sup or word.primes) and behind and isinstance(behind[0], Word):
            own = naming.local(self.state, replace(behind[0], base="d" + behind[0].base))
            if own is not None:
                return own, k + 2
            target = replace(behind[0], sup=()) if not state.names.lookup(behind[0]) else behind[0]
            found = state.names.lookup(target)
            is_size = not word.font and bool(state.names.size(word))
            if found is not None and state.has_gradient(found.name) and not (is_size and state.divides):
                likely = found.name in state.context.own or not plain(behind[0].sup).isdigit()
                if not is_size or self.is_whole(word, behind[0], likely=likely):
                    return self.gradient_of(found, word.at), k + 2
        joined = self.joined(word, behind, self.may_join) if state.names.size(word) else self.joined(word, behind)
        if joined is not None:
            return joined[0], k + 1 + joined[1]
        if word.base[0] == "d" and len(word.base) > 1:
            inner = replace(word, base=word.base[1:])
            found = state.names.lookup(inner)
            if found is not None and state.has_gradient(found.name):
                return self.gradient_of(found, word.at), k + 1
        constant = naming.constant(self.state, word)
        if constant is not None:
            return constant, k + 1
        if word.accent == "bar":
            return brackets.mean(self.state, replace(word, accent="", sub=(), sup=()), "bar", word.at, word), k + 1
        stepped = state.context.loops.split(word) if state.context.loops else None
        if stepped is not None:
            key = described(replace(stepped[0], sup=()))
            raise Unknown(key, f"{key} stands nowhere in this network.", naming.mend(state, key), word.at)
        labelled = has_label(word) and not {*plain(word.sub)} <= state.outer | state.ranges.keys()
        key = described(replace(word, sup=() if not naming.labelled(word) else word.sup, sub=word.sub if labelled else ()))
        naming.no_number(state, word)
        raise Unknown(key, f"{described(word)} stands nowhere in this network.", naming.mend(state, key), word.at)

    def gradient_of(self, found: Found, at: int) -> Senses:
        """dz, at its indices: the gradient by a tensor, as an earlier step said it, else the true one."""
        own = self.state.context.own.get(found.name)
        senses = sure(self.state.tensor(own or self.state.gradient(self.state.context.of, found.name)))
        senses = naming.sampled(self.state, senses, found.sample, at) if found.sample else senses
        return naming.scripts(self.state, senses, found.index, found.power, at)

    def is_whole(self, *letters: Word, likely: bool = True) -> bool:
        """Whether letters of which each has a meaning are one name: where they touch and that is likely, or are taken so."""
        name = "".join(one.base for one in letters)
        self.state.beside.add(name)
        return (likely and all(b.at == a.at + 1 for a, b in pairwise(letters))) != (self.state.apart == name)

    def may_join(self, name: str, letters: Sequence[Word]) -> bool:
        """Whether letters of which the first has a meaning are a name of a step, or of the network in just that spelling."""
        return name in self.state.context.defined or (name in self.state.context.shapes() and self.is_whole(*letters))

    def joined(
        self, word: Word, behind: list[Syntax], may: Callable[[str, Sequence[Word]], bool] = lambda name, letters: True
    ) -> tuple[Senses, int] | None:
        """A declared name of several letters that stands as letters side by side: l o s s."""
        text, letters = word.base, [word]
        if word.sub or word.sup or word.primes or word.accent:
            return None
        for taken, other in enumerate(behind[:12], 1):
            if not isinstance(other, Word) or other.accent or len(other.base) > 1 or not other.base.isalpha():
                return None
            text += other.base
            letters.append(other)
            whole = replace(other, base=text)
            readings = naming.local(self.state, whole)
            if readings is None and may(text, letters):
                readings = naming.named(self.state, whole) or naming.labelled_number(self.state, whole)
            if readings is not None:
                return readings, taken
            if other.sub or other.sup:
                return None
        return None


def _unbraced(several: Tokens) -> Tokens:
    """Tokens without the brackets around all of them."""
    while len(several) > 2 and CLOSING.get(several[0].text) == several[-1].text and several[0].text != "(":
        several = several[1:-1]
    return several


def _has_relation(several: Tokens) -> bool:
    return any(t.text in ("<", ">", r"\leq", r"\geq", "=", r"\neq") for t in several)
