"""What is known of a program's values: computed of their definitions, not declared, but for what the author said of the inputs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from fractions import Fraction
from itertools import combinations, islice

from sympy import Expr, Symbol

from symbackprop.algebra.branches import choice_of
from symbackprop.algebra.complements import meant
from symbackprop.algebra.functions import applied
from symbackprop.algebra.known import Relation
from symbackprop.algebra.normal import REDUCED, Algebra
from symbackprop.algebra.poly import ONE, ONLY, Atom, Factor, Named, Number, Poly, exact, summed_letters
from symbackprop.algebra.reading import SUMMED, NoFormError, Twin, Values
from symbackprop.algebra.relations import EXPECTED
from symbackprop.core.expressions import symbols_in
from symbackprop.core.functions import FUNCTIONS
from symbackprop.core.program import Equation, Program, Reduce, Sum, same_size, slot

LARGE = 20  # forward values: of a larger program each definition is looked into one level deep
POSITIVE = ("exp", "sigmoid", "softplus")
NEVER_NEGATIVE = (*POSITIVE, "abs")
INDICATORS = ("number", "delta", "onehot", "positive", "zero", "ones", "tie", "order")


def forward_values(program: Program) -> list[str]:
    """The values that are no derivatives, in the order in which they are written."""
    return [e.target.name for e in program.equations if program.tensors[e.target.name].role is None]


def known_algebra(program: Program, kept: Collection[str]) -> Algebra:
    """An algebra that knows what can be known of the values in `kept` and of the inputs."""
    reserved = frozenset(map(str, (*program.sizes(), *program.tensors, *_steps(program))))
    algebra = Algebra(conditions=tuple(program.conditions), reserved=reserved)
    for n in dict.fromkeys(n for tensor in program.tensors.values() for n in tensor.shape):
        if n.is_Symbol:
            algebra.size(n)  # 1/(N d) in the order of the axes
    values = Values(program, algebra, kept)
    turned = symmetric_values(program)
    for tensor in program.tensors.values():
        if tensor.role is None:
            leaf = values.leaf(tensor.name)
            leaf.symmetric = tensor.is_symmetric or tensor.name in turned
            leaf.orthogonal = tensor.is_orthogonal
            leaf.is_binary, leaf.is_sign = tensor.domain == "binary", tensor.domain == "sign"
            leaf.positive = tensor.domain in ("positive", "unit") or (tensor.value is not None and tensor.value > 0)
            if tensor.kind == "labels" and tensor.shape:
                algebra.learn_sum(leaf, tensor.rank - 1, 1)
    for name in forward_values(program):
        if name in kept:
            _learn(program, algebra, values, name)
        else:
            _learn_logsum(program, algebra, values, name)
    return algebra


def _learn_logsum(program: Program, algebra: Algebra, values: Values, name: str) -> None:
    """That a value that nobody named is a logsumexp: exp(z - u) is a softmax where u has a line."""
    op, own = program.equation_of()[name].op, program.equation_of()[name].target.index
    if not (isinstance(op, Reduce) and op.kind == "logsumexp"):
        return
    try:
        found = values.definition(name).only()
    except NoFormError:
        return
    is_whole = found is not None and sorted(found.letters) == sorted(own)  # one for each entry
    if found is not None and is_whole and found.atom.kind == "reduction" and _once_reduced(found.atom.args[0]):
        algebra.logsums[values.leaf(name)] = found.atom.args[0], tuple(found.letters.index(x) for x in own)


def _steps(program: Program) -> set[Symbol]:
    """The steps at which a line of a loop stands, as what it says speaks of them: j in 1[k = j], which no sum of it runs over."""
    found = set[Symbol]()
    for equation in program.equations:
        if isinstance(equation.op, Sum):
            own = {*equation.target.index, *(c for r in equation.operands for c in r.index), *(c for c, _ in equation.op.over)}
            slots = range(len(equation.operands))
            found |= {s for s in symbols_in(equation.op.body) if str(s) not in own} - {slot(k) for k in slots}
    return found


def twins(program: Program, algebra: Algebra, wanted: Collection[str], kept: Collection[str]) -> dict[str, Twin]:
    """The gradients that are a number times another, or times its sum along axes, by their equations.

    The other is neither in `wanted` nor a part of one. And extreme entries that were written twice, of values not in `kept`.
    """
    roles = {name: t.role for name, t in program.tensors.items()}
    names = [e.target.name for e in program.equations]
    found: dict[str, Twin] = {}
    first: dict[Poly, tuple[str, Fraction]] = {}
    written: dict[Poly, tuple[str, Fraction]] = {}
    values = Values(program, algebra, names, None, found)

    def is_known(key: Poly, known: Mapping[Poly, tuple[str, Fraction]], own: tuple[object, ...]) -> bool:
        """Whether another value of as many axes has the key, in which axes of size 1 are not seen."""
        return key in known and len(program.shape(known[key][0])) == len(own)

    parts: list[tuple[str, Poly, Fraction]] = []
    for name in names:
        role, own = roles[name], program.equation_of()[name].target.index
        if role is None and name in kept:
            continue
        try:
            p = values.definition(name)
        except NoFormError:
            continue
        ratio = Fraction(p.leading())
        if not ratio or p.letters() != {*own} - {ONLY}:
            continue
        key = algebra.renamed(p, {x: str(k) for k, x in enumerate(own) if x != ONLY}).scaled(1 / ratio)
        if role is None:
            if (only := key.only()) is not None and only.atom.kind == "reduction":  # a sum is looked through
                found |= {name: _twin(key, ratio, written, len(own))} if is_known(key, written, own) else {}
                written.setdefault(key, (name, ratio))
        elif role.via is not None:
            parts.append((name, key, ratio))
        elif is_known(key, first, own):
            found[name] = _twin(key, ratio, first, len(own))
        elif name not in wanted:
            first[key] = name, ratio
        else:
            parts.append((name, key, ratio))
    ahead = {key: pair for key, pair in first.items() if all(roles[n] is None for n in key.tensors())}  # so there is no circle
    for name, key, ratio in parts:
        p, shape = key.scaled(ratio), program.shape(name)
        ways = (_summed(algebra, p, shape, k.scaled(r), n, program.shape(n)) for k, (n, r) in ahead.items() if name in wanted)
        if is_known(key, ahead, shape):
            found[name] = _twin(key, ratio, first, len(shape))
        elif (way := next(filter(None, ways), None)) is not None:
            found[name] = way
    return found


def _twin(key: Poly, ratio: Fraction, first: Mapping[Poly, tuple[str, Fraction]], rank: int) -> Twin:
    other, own = first[key]
    return Twin(exact(ratio / own), other, tuple(range(rank)))


def _summed(algebra: Algebra, p: Poly, shape: tuple[Expr, ...], q: Poly, other: str, wider: tuple[Expr, ...]) -> Twin | None:
    """p as a number times the sum of q along all axes but those of p; the letters of both are the numbers of their axes."""
    if len(wider) == len(shape) or len(q.terms) < 2:
        return None
    for kept in combinations(range(len(wider)), len(shape)):
        if any(not same_size(wider[k], n) for k, n in zip(kept, shape, strict=True)):
            continue
        total = algebra.renamed(q, {str(k): f"+{k}" for k in range(len(wider))})
        for k in set(range(len(wider))) - set(kept):
            total = algebra.summed(total, f"+{k}", wider[k])
        total = algebra.renamed(total, {f"+{k}": str(n) for n, k in enumerate(kept)})
        ratio = Fraction(p.leading()) / total.leading() if total.leading() else Fraction(0)
        if ratio and total.scaled(ratio) == p:
            return Twin(exact(ratio), other, tuple(kept.index(k) if k in kept else SUMMED for k in range(len(wider))))
    return None


def _opened(program: Program, algebra: Algebra, name: str) -> Poly:
    """The definition of a value written out: all of it, or one level of it in a large program."""
    written, tensors = program.equation_of(), program.tensors
    is_large = next(islice((n for n in written if tensors[n].role is None), LARGE, None), None) is not None
    near = {name, *(r.name for r in written[name].operands)}
    behind = {r.name for n in near & written.keys() for r in written[n].operands} - near
    return Values(program, algebra, behind if is_large else ()).definition(name)


def symmetric_values(program: Program, *some: str) -> set[str]:
    """The values that are their own transposes whatever the inputs are: Gram matrices, their inverses; of `some` where given."""
    found: set[str] = set()
    for name in forward_values(program):
        if some and name not in some:
            continue
        shape, scratch = program.shape(name), Algebra(conditions=tuple(program.conditions))
        if len(shape) != 2 or not same_size(*shape):
            continue
        i, j = program.equation_of()[name].target.index
        for tensor in program.inputs:
            Values(program, scratch, ()).leaf(tensor.name).symmetric = tensor.is_symmetric
        try:
            p = _opened(program, scratch, name)
        except NoFormError:
            continue
        if scratch.renamed(p, {i: j, j: i}) == p:
            found.add(name)
    return found


def _learn(program: Program, algebra: Algebra, values: Values, name: str) -> None:
    """What the definition of a value that has a name says: what it is called, what it sums to, where it is positive."""
    own, leaf = program.equation_of()[name].target.index, values.leaf(name)
    try:
        p = values.definition(name)
    except NoFormError:
        return
    common = [
        f for f in next(iter(p.terms), ()) if f.atom.is_binary and set(f.letters) <= set(own) and all(f in t for t in p.terms)
    ]
    for f in common[:1]:
        algebra.masks[leaf] = f.atom, tuple(own.index(x) for x in f.letters)
    leaf.never_negative = _is_never_negative(p)
    choice = choice_of(algebra, p, own)
    if choice is not None:
        algebra.choices[leaf] = choice
    if len(own) == 2 and same_size(*program.shape(name)):
        leaf.is_hollow = algebra.renamed(p, {own[1]: own[0]}).number() == 0
    found = p.single()
    alone = found[0][0] if found and found[1] == 1 and len(found[0]) == 1 else _as_softmax(algebra, p)
    if alone is not None and alone.atom.kind not in ("leaf", "number") and sorted(alone.letters) == sorted(own):
        _name(algebra, leaf, own, alone)
    _learn_gate(algebra, values, leaf, own, p)
    _learn_step(program, algebra, values, name)
    for axes, total in _sums(program, algebra, name, own):
        if len(axes) == 1:
            algebra.learn_sum(leaf, axes[0], total)
        else:
            algebra.learn_wide(leaf, axes, total)


def _is_never_negative(p: Poly) -> bool:
    """Whether a sum is made of squares, lengths, indicators and what is never negative itself."""

    def holds(f: Factor) -> bool:
        is_even = f.exponent.denominator == 2 or f.exponent.numerator % 2 == 0
        known = f.atom.kind in INDICATORS or getattr(f.atom.name, "__name__", "") in NEVER_NEGATIVE
        return is_even or known or f.atom.positive or f.atom.never_negative

    return all(c > 0 and all(map(holds, term)) for term, c in p.terms.items())


def _as_softmax(algebra: Algebra, p: Poly) -> Factor | None:
    """exp(x)/sum(exp(x)) as the softmax that it is; None for anything else."""
    found = p.single()
    if found is None or found[1] != 1 or len(found[0]) != 2:
        return None
    for above, below in (found[0], found[0][::-1]):
        if above.atom.name is not FUNCTIONS["exp"] or (below.atom.kind, below.exponent, above.exponent) != ("group", -1, 1):
            continue
        for x, n in zip(above.letters, above.atom.shape, strict=True):
            total = algebra.summed(algebra.make(1, [above]), x, n)
            if total == algebra.at(below.atom.args[0], below.letters):
                return algebra.softmax(algebra.at(above.atom.args[0], above.letters), x).only()
    return None


def _name(algebra: Algebra, leaf, own: tuple[str, ...], alone: Factor) -> None:
    atom, letters, exponent = alone
    for axis, x in enumerate(own):
        if exponent == 1 and (atom, letters.index(x)) in algebra.sums:
            algebra.learn_sum(leaf, axis, algebra.sums[atom, letters.index(x)])
    if atom.kind == "reduction" and atom.name == "logsumexp" and exponent == 1 and _once_reduced(atom.args[0]):
        algebra.logsums[leaf] = atom.args[0], tuple(letters.index(x) for x in own)
    inverse, even = 1 / Fraction(exponent), Fraction(exponent).denominator % 2 == 0
    if inverse.denominator == 1 or even or atom.positive:  # of L = p^2 the root is |p|, of p^3 it is none below 0
        algebra.learn_name(atom, Named(leaf, exact(inverse), tuple(letters.index(x) for x in own)))
    named_positive = atom.name == "softmax" or getattr(atom.name, "__name__", "") in POSITIVE
    leaf.positive = leaf.positive or atom.positive or named_positive or exponent.denominator == 2


def _learn_gate(algebra: Algebra, values: Values, leaf: Atom, own: tuple[str, ...], p: Poly) -> None:
    """e p = 1 - p, where p = 1/s and s = 1 + e have names, and e is an exponential."""
    below = p.only()
    if below is None or below.exponent != -1 or below.letters != own or below.atom.name not in values.equations:
        return
    try:
        total = values.definition(str(below.atom.name))
    except NoFormError:
        return
    places = tuple(map(str, range(len(own))))
    gate = algebra.factor(leaf, places)
    total = algebra.renamed(total, dict(zip(values.equations[str(below.atom.name)].target.index, places, strict=True)))
    over = [algebra.factor(below.atom, places, -k) for k in (1, 2)]
    for term, c in total.terms.items():
        if len(term) != 1 or term[0].letters != places or FUNCTIONS["exp"] not in meant(algebra, term[0].atom):
            continue
        slope = ONE - algebra.times(total - Poly({term: c}), gate)
        for power, right in ((gate, slope), (over[0], slope), (over[1], algebra.times(gate, slope))):
            left = algebra.times(Poly({term: c}), power).single()
            if left is not None:
                algebra.products.append(Relation(left[0], places, right.scaled(1 / Fraction(left[1])), EXPECTED))


def _once_reduced(p: Poly) -> bool:
    return sum(x[0] == REDUCED for x in p.letters()) == 1


def _learn_step(program: Program, algebra: Algebra, values: Values, name: str) -> None:
    """[z > 0] is [a > 0] where a = relu(z) or max(0, z) has a name, and a = leaky_relu(z) of what nobody named."""
    equation = program.equation_of()[name]
    body = equation.op.body if isinstance(equation.op, Sum) else None
    is_rectifier = isinstance(body, FUNCTIONS["relu"]) or (isinstance(body, FUNCTIONS["maximum"]) and body.args[1] == 0)
    leaf = values.leaf(name)
    leaf.never_negative = leaf.never_negative or is_rectifier
    if not (is_rectifier or _is_leaky(program, equation)) or body.args[0] not in equation.op.slots:  # type: ignore[union-attr]
        return
    (operand,), own = equation.operands, equation.target.index
    test = applied(algebra, "positive", values.ref(operand.name, operand.index)).only()
    if test is not None and sorted(test.letters) == sorted(own):
        mine = applied(algebra, "positive", algebra.factor(values.leaf(name), own)).only()
        assert mine is not None
        algebra.learn_name(test.atom, Named(mine.atom, 1, tuple(test.letters.index(x) for x in mine.letters)))


def _is_leaky(program: Program, equation: Equation) -> bool:
    """Whether a value has the sign of what nobody named, of which it is the leaky rectifier."""
    body = equation.op.body if isinstance(equation.op, Sum) else None
    if not isinstance(body, FUNCTIONS["leaky_relu"]) or len(equation.operands) != 1 or not body.args[1].is_positive:
        return False
    of = program.tensors[equation.operands[0].name]
    return not (of.called or (of.named and not of.counted))


def _constant(algebra: Algebra, p: Poly) -> Number | None:
    """The number that a sum is: of what is divided by its own sum, 1; None where it is no number."""
    found = p.single()
    if found is None:
        return p.number()
    term, c = found
    for k, f in enumerate(term):
        if f.atom.kind == "group" and f.exponent == -1:
            above = algebra.make(c, [*term[:k], *term[k + 1 :]], summed_letters(term))
            below = algebra.at(f.atom.args[0], f.letters)
            ratio = Fraction(above.leading()) / Fraction(below.leading())
            if above == below.scaled(ratio):
                return exact(ratio)
    return p.number()


def _sums(program: Program, algebra: Algebra, name: str, own: tuple[str, ...]) -> list[tuple[tuple[int, ...], Number]]:
    """The axes along which a value sums to the same number whatever the inputs are, and the fewest that do so together."""
    found: list[tuple[tuple[int, ...], Number]] = []
    if not own:
        return found
    axes = [axis for axis, x in enumerate(own) if x != ONLY]
    try:
        p = _opened(program, algebra, name)
        for count in range(1, len(axes) + 1):
            for several in combinations(axes, count):
                if any(set(fewer) <= set(several) for fewer, _ in found):
                    continue
                summed = p
                for axis in several:
                    summed = algebra.summed(summed, own[axis], program.shape(name)[axis])
                total = _constant(algebra, summed)
                if total is not None:
                    found.append((several, total))
    except NoFormError:
        pass
    return found
