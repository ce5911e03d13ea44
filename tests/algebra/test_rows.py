"""Each row of the algebra at random values: identities of functions, relations, folds; and that every reader knows every op."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy as sp

import symbackprop as sb
from symbackprop.algebra.folds import FOLDS
from symbackprop.algebra.functions import IDENTITIES, Identity, applied, logistic_of, pow_of, reduction_of
from symbackprop.algebra.matrix import OPS, Form, Leaf, leaves
from symbackprop.algebra.matrix_functions import SLOPES, matrix_of
from symbackprop.algebra.nets import Entry, Inner, Net, Nets
from symbackprop.algebra.normal import Algebra
from symbackprop.algebra.poly import ONE, Factor, Named, Poly, const
from symbackprop.algebra.powers import perfect_power
from symbackprop.algebra.relations import ROWS, Relation, relations
from symbackprop.algebra.together import over_one_line
from symbackprop.algebra.turned import transpose
from symbackprop.core.functions import FUNCTIONS, MATRIX_FUNCTIONS, UnknownOperationError
from symbackprop.core.program import size
from symbackprop.display.forms import FORMULAS
from symbackprop.judge.proofs.forms import RULES
from tests.algebra.poly_value import function_value, poly_value

N, M = size("n"), size("m")
SIZES = {"n": 3, "m": 4}
RNG = np.random.default_rng(0)
ARRAYS = {
    "x": RNG.uniform(-0.9, 0.9, 3),
    "y": RNG.uniform(0.2, 0.9, 3),
    "A": RNG.uniform(0.1, 1.0, (3, 4)),
    "S": np.eye(3) + RNG.uniform(0.0, 0.2, (3, 3)),
    "R": np.eye(3) + RNG.uniform(0.0, 0.2, (3, 3)),
    "t": np.asarray(0.4),
}


def leaf(a: Algebra, name: str, *letters: str) -> Poly:
    """An entry of one of the arrays above."""
    shape = {3: N, 4: M}
    atom = a.atom("leaf", name, (), [shape[k] for k in ARRAYS[name].shape])
    atom.positive = name in ("y", "t")
    return a.factor(atom, letters)


def value(p: Poly, letters: Sequence[str]) -> np.ndarray:
    return poly_value(p, letters, ARRAYS, SIZES)


def arguments(row: Identity, a: Algebra) -> Poly:
    """An argument of which the row says something."""
    x = leaf(a, "x", "i")
    if row.says.endswith("(0) = 0") or "(0) = " in row.says:
        return Poly({})
    match row.says:
        case "log(exp(x)) = x":
            return applied(a, FUNCTIONS["exp"], x)
        case "exp(x - logsumexp(x)) = softmax(x)":
            scores = leaf(a, "A", "i", "j")
            return scores - reduction_of(a, "logsumexp", scores, ["j"])
        case "exp(x + log(y)) = y exp(x)":
            return x - applied(a, FUNCTIONS["log"], leaf(a, "y", "i")).scaled(2)
        case "exp(-(x^2 + log(2 pi))/2) = normal_pdf(x)":
            constant = a.factor(a.atom("number", sp.log(2 * sp.pi)))
            return (a.times(x, x) + constant).scaled(Fraction(-1, 2))
        case "[number > 0]":
            return const(2)
        case "[c x > 0] = [x > 0] for c > 0":
            return x.scaled(3)
        case "[y > 0] = 1 for y > 0":
            return leaf(a, "y", "i")
        case "relu(x) = x [x > 0]" | "identity(x) = x" | "step(x) = [x > 0]":
            return x
    return -x


@pytest.mark.parametrize("row", IDENTITIES, ids=[row.says for row in IDENTITIES])
def test_an_identity_holds_at_random_values(row: Identity) -> None:
    a = Algebra()
    x = arguments(row, a)
    found = row.form(a, x)
    assert found is not None, "the row says nothing of its own example"
    letters = sorted(x.letters())
    argument = value(x, letters)
    if row.function in ("positive", "zero"):
        expected = (argument > 0 if row.function == "positive" else argument == 0) * 1.0
    else:
        expected = function_value(FUNCTIONS[row.function], [argument])
    np.testing.assert_allclose(value(found, letters) * np.ones_like(expected), expected, rtol=1e-12, atol=1e-14)


def examples(a: Algebra) -> dict[Any, Poly]:
    """For each kind of relation a polynomial that holds an atom of it."""
    x, y, t = leaf(a, "x", "i"), leaf(a, "y", "i"), leaf(a, "t")
    s, r = leaf(a, "S", "0", "1"), leaf(a, "R", "0", "1")
    return {
        "group": a.power(y + a.power(x, 2), -1) + a.power(ONE.scaled(3) - applied(a, FUNCTIONS["exp"], x).scaled(2), -1),
        "pow": pow_of(a, ONE + y, t),
        "positive": applied(a, "positive", applied(a, FUNCTIONS["abs"], x) - t),
        "inverse": a.closed("inverse", "", (s + r,), order=["0", "1"]),
        "factor": matrix_of(a, MATRIX_FUNCTIONS["pinv"], [s], ("0", "1"), ("0", "1"), (N, N)),
        "zero": applied(a, "zero", applied(a, FUNCTIONS["clip"], x, -t, t) - x),
        FUNCTIONS["maximum"]: applied(a, FUNCTIONS["maximum"], x, t) + applied(a, FUNCTIONS["maximum"], x, Poly({})),
        FUNCTIONS["minimum"]: applied(a, FUNCTIONS["minimum"], x, t) + applied(a, FUNCTIONS["minimum"], Poly({}), x),
        FUNCTIONS["sign"]: applied(a, FUNCTIONS["sign"], x),
        FUNCTIONS["sigmoid"]: applied(a, FUNCTIONS["sigmoid"], x),
    }


@pytest.mark.parametrize("kind", ROWS, ids=str)
def test_a_relation_holds_at_random_values(kind: Any) -> None:
    a = Algebra()
    found = list(relations(a, examples(a)[kind].atoms()))
    assert found, "the row says nothing of its own example"
    for relation in found:
        assert_equal(relation)


def test_an_inverse_of_a_product_meets_its_factors() -> None:
    a = Algebra()
    gram = a.summed(a.times(leaf(a, "A", "k", "0"), leaf(a, "A", "k", "1")), "k", N)
    (only,) = relations(a, a.closed("inverse", "", (gram,), order=["0", "1"]).atoms())
    assert len(only.term) == 3
    assert only.poly == a.delta(M, *only.letters)


@pytest.mark.parametrize("sign", [1, -1])
def test_what_is_between_bounds_is_clipped_whichever_side_is_larger(sign: int) -> None:
    a = Algebra()
    gap = applied(a, FUNCTIONS["abs"], leaf(a, "x", "i")) - leaf(a, "t")
    found = list(relations(a, applied(a, "positive", gap.scaled(sign)).atoms()))
    assert len(found) == 2
    for relation in found:
        assert any(atom.name == "clip" for atom in relation.poly.atoms())
        assert_equal(relation)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_test_of_a_multiple_of_what_is_zero_is_decided(sign: int) -> None:
    a = Algebra()
    x, y, t = leaf(a, "x", "i"), leaf(a, "y", "i"), leaf(a, "t")
    gap = applied(a, FUNCTIONS["clip"], x, -t, t) - x
    both = a.times(applied(a, "zero", gap), applied(a, "positive", a.times(y, gap).scaled(sign)))
    found = [
        relation
        for relation in relations(a, both.atoms())
        if any(f.atom.kind == "positive" for f in relation.term) or len(relation.poly.terms) > 1
    ]
    assert [len(relation.poly.terms) for relation in found] == [0, 3]
    for relation in found:
        assert_equal(relation)
    (inside,) = found[0].term[:1]
    assert 0 < np.sum(value(a.make(1, [inside]), list(inside.letters))) < 3


@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_a_test_decides_an_extremum_in_another(name: str) -> None:
    a = Algebra()
    x, y, t = leaf(a, "x", "i"), leaf(a, "y", "i"), leaf(a, "t")
    tests = relations(a, applied(a, "positive", t - applied(a, FUNCTIONS[name], x, y)).atoms())
    found = [relation for relation in tests if not any(b.name is FUNCTIONS[name] for b in relation.atoms)]
    assert len(found) == 2
    for relation in found:
        assert not any(f.atom.inner for term in relation.poly.terms for f in term if f.atom.name is FUNCTIONS[name])
        assert_equal(relation)


def test_exponentials_over_their_sum_are_a_softmax() -> None:
    a = Algebra()
    e = applied(a, FUNCTIONS["exp"], leaf(a, "S", "0", "1"))
    found = [r for r in relations(a, a.power(a.summed(e, "1", N), -1).atoms()) if any(b.name == "softmax" for b in r.poly.atoms())]
    assert found
    for relation in found:
        assert_equal(relation)


@pytest.mark.parametrize("summed", [False, True])
def test_terms_over_one_line_are_the_same_sum(summed: bool) -> None:
    a = Algebra()
    x, y, s = leaf(a, "x", "i"), leaf(a, "y", "i"), leaf(a, "S", "i", "j")
    p = a.times(s, a.times(y, ONE - a.times(x, a.power(x + y, -1)))) if summed else ONE - a.times(x, a.power(x + y, -1))
    p, letters = (a.summed(p, "i", N), ["j"]) if summed else (p, ["i"])
    found = list(over_one_line(a, p))
    assert len(found) == 1
    assert len(found[0].terms) == 1
    np.testing.assert_allclose(value(found[0], letters), value(p, letters))


def test_the_product_of_all_but_one_is_that_of_all_over_the_one() -> None:
    a = Algebra()
    x = a.atom("leaf", "x", (), [N])
    tie = a.delta(N, "i", "k")
    others = a.times(ONE - tie, a.factor(x, ("k",))) + tie
    assert any(b.kind == "delta" for b in reduction_of(a, "prod", others, ["k"]).atoms()), "where an entry may be 0 it stays"
    x.positive = True
    found = reduction_of(a, "prod", others, ["k"])
    np.testing.assert_allclose(value(found, ["i"]), [np.prod(np.delete(ARRAYS["x"], k)) for k in range(len(ARRAYS["x"]))])


def test_the_product_of_all_but_two_is_that_of_all_over_both() -> None:
    a = Algebra()
    x = a.atom("leaf", "x", (), [N])
    x.positive = True
    others = a.factor(x, ("k",))
    for letter in "ij":
        tie = a.delta(N, letter, "k")
        others = a.times(ONE - tie, others) + tie
    found = reduction_of(a, "prod", others, ["k"])
    assert not any(b.kind == "delta" for b in next(b for b in found.atoms() if b.kind == "reduction").inner)
    each = range(len(ARRAYS["x"]))
    want = [[np.prod(np.delete(ARRAYS["x"], [i, j])) for j in each] for i in each]
    np.testing.assert_allclose(value(found, ["i", "j"]), want)


@pytest.mark.parametrize("name", SLOPES)
def test_a_function_along_a_multiple_of_the_identity_is_a_multiple_of_its_slope(name: str) -> None:
    a, row = Algebra(), MATRIX_FUNCTIONS[name]
    x, eye = leaf(a, "S", "i", "j"), a.delta(N, "i", "j")
    letters = ("i", "j")
    found = matrix_of(a, row, [x, a.times(eye, leaf(a, "t"))], letters, letters, (N, N))
    step = 1e-6
    moved = [matrix_of(a, row, [x + eye.scaled(k * Fraction(1, 10**6))], letters, letters, (N, N)) for k in (1, -1)]
    slope = (value(moved[0], letters) - value(moved[1], letters)) / (2 * step)
    np.testing.assert_allclose(value(found, letters), slope * ARRAYS["t"], rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("name", SLOPES)
def test_a_function_of_a_transpose_is_the_transpose_of_the_function(name: str) -> None:
    a, row = Algebra(), MATRIX_FUNCTIONS[name]
    straight, turned = (matrix_of(a, row, [leaf(a, "S", *x)], ("i", "j"), ("k", "l"), (N, N)) for x in ("ij", "ji"))
    assert turned == a.renamed(straight, {"k": "l", "l": "k"})


def test_the_square_of_a_root_that_has_a_name_is_what_it_is_of() -> None:
    a = Algebra()
    root = a.atom("leaf", "r", (), [N])
    atom = a.power(leaf(a, "x", "i"), Fraction(1, 2)).only()
    assert atom is not None
    a.learn_name(atom.atom, Named(root, 2, (0,)))
    found = {relation.term: relation.poly for relation in relations(a, {atom.atom})}
    for e in (1, -1):
        assert found[(Factor(root, ("0",), 2 * e),)] == a.power(leaf(a, "x", "0"), e)


@pytest.mark.parametrize("scale", [Fraction(1), Fraction(2), Fraction(1, 2), Fraction(3), Fraction(1, 6)])
def test_a_sum_under_a_root_is_one_for_all_its_multiples(scale: Fraction) -> None:
    a = Algebra()
    x, y = leaf(a, "x", "i"), leaf(a, "y", "i")
    p = a.power(x - y, 2) + a.power(y, 2)
    own, other = p.scaled(1 / p.content()), p.scaled(scale).scaled(1 / p.scaled(scale).content())
    assert own == other
    assert all(Fraction(c).denominator == 1 for c in own.terms.values())


def assert_equal(relation: Relation) -> None:
    left = value(Poly({relation.term: 1}), relation.letters)
    np.testing.assert_allclose(left, value(relation.poly, relation.letters) * np.ones_like(left), rtol=1e-9, atol=1e-12)


def net_value(a: Algebra, net: Net, letters: Sequence[str]) -> np.ndarray:
    """A network of entries and of sums without summed letters."""
    p = const(net.coefficient)
    for item in net.items:
        if isinstance(item, Entry):
            p = a.times(p, a.make(1, [Factor(*item)]))
        else:
            nets = [a.make(n.coefficient, [Factor(*e) for e in n.items if isinstance(e, Entry)]) for n in item.nets]
            p = a.times(p, sum(nets, Poly({})))
    for x in sorted(p.letters()):
        p = a.summed(p, x, N) if x.startswith("@") else p
    return value(p, letters)


def networks(a: Algebra) -> list[Net]:
    """For each fold a network that it shortens."""
    x = Entry(a.atom("leaf", "x", (), [N]), ("i",), 1)
    test = applied(a, "positive", leaf(a, "x", "i")).only()
    base = pow_of(a, ONE - leaf(a, "y", "i"), leaf(a, "t")).only()
    assert test is not None
    assert base is not None
    y = Entry(a.atom("leaf", "y", (), [N]), ("i",), 1)
    rest = Inner(Nets([Net(-1, ()), Net(1, (y,))]), ("i",))
    s, t = x._replace(letters=("@s",)), x._replace(letters=("~t",))
    (count,) = (Entry(*f) for f in next(iter(a.power(a.size(N), -1).terms)))
    gap = Inner(Nets([Net(1, (s,)), Net(-1, (t, count))]), ("@s",))
    return [Net(2, (x, Entry(*test))), Net(3, (Entry(*base), rest)), Net(2, (s, gap))]


@pytest.mark.parametrize("k", range(len(FOLDS)))
def test_a_fold_keeps_the_value(k: int) -> None:
    a = Algebra()
    net = networks(a)[k]
    found = FOLDS[k](a, lambda p: Nets(), net)
    assert found is not None, "the fold says nothing of its own example"
    assert len(found.items) < len(net.items)
    free = ["i"] if any("i" in item.letters for item in net.items) else []
    np.testing.assert_allclose(net_value(a, found, free), net_value(a, net, free), rtol=1e-12)


def test_a_logistic_function_is_the_sigmoid() -> None:
    a = Algebra()
    base = ONE + applied(a, FUNCTIONS["exp"], -leaf(a, "x", "i"))
    found = logistic_of(a, base)
    assert found is not None
    assert found == applied(a, FUNCTIONS["sigmoid"], leaf(a, "x", "i"))
    np.testing.assert_allclose(value(found, ["i"]), 1 / value(base, ["i"]))
    assert logistic_of(a, base + ONE) is None


@pytest.mark.parametrize("outer", sorted({row.function for row in IDENTITIES} - {"zero"}))
@pytest.mark.parametrize(("inner", "sign"), [("exp", 1), ("exp", -1), ("tanh", 1), ("tanh", -1), ("sigmoid", -1), ("positive", 1)])
def test_an_identity_of_one_entry_says_nothing_of_a_sum(outer: str, inner: str, sign: int) -> None:
    a = Algebra()
    of = applied(a, FUNCTIONS.get(inner, inner), leaf(a, "S", "i", "j").scaled(sign))
    x = a.summed(of, "j", N)
    assert logistic_of(a, ONE + x) is None
    if outer in ("arcsin", "arctanh", "log"):  # between -1 and 1, or above 0
        x = x.scaled(Fraction(1 if value(x, ["i"]).sum() > 0 else -1, 10))
    found = applied(a, FUNCTIONS.get(outer, outer), x)
    argument = value(x, ["i"])
    expected = (argument > 0) * 1.0 if outer == "positive" else function_value(FUNCTIONS[outer], [argument])
    np.testing.assert_allclose(value(found, ["i"]) * np.ones(3), expected, rtol=1e-12)


@pytest.mark.parametrize("power", [2, 3, 4])
@pytest.mark.parametrize("summed", [False, True])
def test_a_power_of_a_sum_is_found_and_is_one(power: int, summed: bool) -> None:
    a = Algebra()
    x, y = leaf(a, "x", "i"), leaf(a, "y", "i")
    first = a.summed(a.times(leaf(a, "S", "i", "j"), leaf(a, "x", "j")), "j", N) if summed else x
    root = first.scaled(2) - y + a.times(x, y).scaled(Fraction(1, 3))
    for p in (root, first - y, first + x if summed else x + y):
        raised = ONE
        for _ in range(power):
            raised = a.times(raised, p)
        entry = perfect_power(a, raised)
        assert entry is not None
        assert entry.exponent == power
        np.testing.assert_allclose(value(a.make(1, [Factor(*entry)]), ["i"]), value(raised, ["i"]))
    assert perfect_power(a, a.power(first - y, 2) + a.times(first, y)) is None


def test_every_op_has_a_cost_a_formula_and_a_value() -> None:
    assert set(OPS) == set(FORMULAS) == set(RULES)
    assert set(ROWS) == set(examples(Algebra()))


def test_an_op_that_is_not_known_is_refused_by_name() -> None:
    with pytest.raises(UnknownOperationError, match="whirl"):
        Form("whirl")


@pytest.mark.parametrize(("difference", "said"), [("p - y", "p - y"), ("y - p", "y - p")])
def test_odd_functions_are_of_the_difference_that_was_written(difference: str, said: str) -> None:
    for function, slope in (("abs({})", "sign"), ("where(abs({0}) <= 1, ({0})**2/2, abs({0}) - 1/2)", "clip")):
        text = f"y: data[c]\np: parameter[c]\nL = sum({function.format(difference)})"
        line = sb.derive(text).gradients["p"].latex().replace(r"\left", "").replace(r"\right", "")
        assert rf"\operatorname{{{slope}}}({said}" in line


def test_a_form_is_turned_once_and_holds_no_circle() -> None:
    a, b = (Form("leaf", (), Leaf(name)) for name in "AB")
    whole = Form("product", (a, b))
    assert transpose(whole) is transpose(whole) == Form("product", (transpose(b), transpose(a)))
    assert transpose(transpose(whole)) == whole
    assert list(leaves(whole)) == list(leaves(whole)) == [a.given, b.given]
    assert "turned" not in a.__dict__
