"""The normal form: a product means the same whatever order and letters it was written in, and equal products are one term."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symbackprop.algebra.normal import Algebra
from symbackprop.algebra.poly import Factor, const, instances, is_summed
from symbackprop.core.program import size
from tests.algebra.poly_value import poly_value

N = size("n")
SIZES = {"n": 3}
RNG = np.random.default_rng(1)
NAMES = {"v": 1, "w": 1, "b": 1, "s": 1, "A": 2, "B": 2, "G": 2, "H": 2, "K": 2}
ARRAYS = {name: RNG.uniform(0.5, 1.5, (3,) * rank) for name, rank in NAMES.items()}
ARRAYS["G"] = ARRAYS["G"] + ARRAYS["G"].T  # the symmetric one
ARRAYS["H"] = ARRAYS["H"] * (1 - np.eye(3))  # whose diagonal is 0
ARRAYS["K"] = ARRAYS["K"] - 2 * ARRAYS["K"].T
ARRAYS["K"] = ARRAYS["K"] - ARRAYS["K"].T  # which changes its sign where it is turned
ARRAYS |= {"b": np.array([0.0, 1.0, 1.0]), "s": np.array([1.0, -1.0, 1.0])}  # 0 or 1; -1 or 1
LETTERS = ("i", "j", "~a", "~b", "~c")


def algebra() -> Algebra:
    a = Algebra()
    a.atom("leaf", "G", (), (N, N)).symmetric = True
    a.atom("leaf", "H", (), (N, N)).is_hollow = True
    a.atom("leaf", "K", (), (N, N)).turns = True
    a.atom("leaf", "b", (), (N,)).is_binary = True
    a.atom("leaf", "s", (), (N,)).is_sign = True
    return a


@st.composite
def products(draw) -> list[tuple[str, tuple[str, ...], int]]:
    """Names with letters and exponents; a letter is free or summed."""
    found = []
    for _ in range(draw(st.integers(1, 4))):
        name = draw(st.sampled_from(sorted([*NAMES, "I"])))
        rank = NAMES.get(name, 2)
        exponent = 1 if name == "I" else draw(st.sampled_from([1, 1, 2] if name in "bHK" else [1, 1, 2, -1]))
        found.append((name, tuple(draw(st.sampled_from(LETTERS)) for _ in range(rank)), exponent))
    return found


def factors(a: Algebra, given) -> list[Factor]:
    def atom(name: str, rank: int):
        return a.atom("delta", "I", (), (N, N)) if name == "I" else a.atom("leaf", name, (), (N,) * rank)

    return [Factor(atom(name, len(letters)), letters, e) for name, letters, e in given]


def by_hand(given) -> np.ndarray:
    """The same product by einsum of the powers."""
    operands: list = []
    for name, letters, e in given:
        array = np.eye(3) if name == "I" else ARRAYS[name]
        operands += [array ** float(e), [LETTERS.index(x) for x in letters]]
    operands += [np.ones(3), [0], np.ones(3), [1]]
    return np.einsum(*operands, [0, 1])


@pytest.mark.slow
@settings(max_examples=60)
@given(products())
def test_the_normal_form_is_the_product(given) -> None:
    a = algebra()
    p = a.make(1, factors(a, given))
    found = poly_value(p, ["i", "j"], ARRAYS, SIZES)
    np.testing.assert_allclose(np.broadcast_to(found, (3, 3)), by_hand(given), rtol=1e-9, atol=1e-12)  # some sums cancel


@settings(max_examples=60)
@given(products(), st.randoms(use_true_random=False))
def test_the_order_and_the_summed_letters_say_nothing(given, random) -> None:
    a = algebra()
    first = a.make(1, factors(a, given))
    shuffled = list(given)
    random.shuffle(shuffled)
    names = ["~p", "~q", "~r"]
    random.shuffle(names)
    swap = dict(zip([x for x in LETTERS if is_summed(x)], names, strict=True))
    again = [(name, tuple(swap.get(x, x) for x in letters), e) for name, letters, e in shuffled]
    assert a.make(1, factors(a, again)) == first


@settings(max_examples=30)
@given(products(), products())
def test_a_product_of_sums_is_the_product_of_the_values(one, two) -> None:
    a = algebra()
    p = a.make(2, factors(a, one)) + const(3)
    q = a.make(-1, factors(a, two)) + a.make(1, factors(a, one))
    found = poly_value(a.times(p, q), ["i", "j"], ARRAYS, SIZES)
    np.testing.assert_allclose(
        np.broadcast_to(found, (3, 3)), (2 * by_hand(one) + 3) * (by_hand(one) - by_hand(two)), rtol=1e-9, atol=1e-9
    )


def test_the_normal_form_is_what_a_course_calls_identities() -> None:
    a = algebra()

    def f(name: str, *letters: str) -> Factor:
        return factors(a, [(name, letters, 1)])[0]

    assert a.make(1, [f("A", "~a", "~b"), f("B", "~b", "~a")]) == a.make(
        1, [f("B", "~a", "~b"), f("A", "~b", "~a")]
    )  # tr AB = tr BA
    assert a.make(1, [f("I", "~a", "~b"), f("A", "~a", "~b")]) == a.make(1, [f("A", "~a", "~a")])  # <I, A> = tr A
    assert a.make(1, [f("v", "~a"), f("I", "~a", "i")]) == a.make(1, [f("v", "i")])
    assert a.make(1, [f("G", "i", "j")]) == a.make(1, [f("G", "j", "i")])
    assert a.make(1, [f("I", "~a", "~a")]) == a.size(N)  # tr I = n
    assert a.make(1, [f("v", "i")._replace(exponent=2), f("v", "i")._replace(exponent=-2)]) == const(1)


@pytest.mark.parametrize("e", [-3, -1, 2, 5])
@pytest.mark.parametrize(("name", "offset"), [("b", 1), ("b", -3), ("s", 3), ("s", -5)])
def test_a_power_of_a_number_of_two_values_is_a_line_through_both(name: str, offset: int, e: int) -> None:
    a = algebra()
    p = const(offset) + a.factor(a.atom("leaf", name, (), (N,)), "i").scaled(2)
    found = a.power(p, e)
    assert len(found.terms) == 2
    np.testing.assert_allclose(poly_value(found, ["i"], ARRAYS, SIZES), (offset + 2 * ARRAYS[name]) ** float(e))


def test_known_sums_are_taken() -> None:
    a = algebra()
    y = a.atom("leaf", "y", (), (N, N))
    a.learn_sum(y, 1, 1)
    v = a.atom("leaf", "v", (), (N,))
    assert a.make(2, [Factor(y, ("~a", "~b"), 1), Factor(v, ("~a",), 1)]) == a.make(2, [Factor(v, ("~a",), 1)])
    assert a.make(1, [Factor(y, ("~a", "~b"), 1)]) == a.size(N)


def test_a_sum_over_a_letter_that_nothing_has_is_a_size() -> None:
    a = algebra()
    v = a.factor(a.atom("leaf", "v", (), (N,)), ("i",))
    assert a.summed(v, "j", N) == a.times(v, a.size(N))


def test_an_instance_has_summed_letters_of_its_own() -> None:
    a = algebra()
    p = a.make(1, factors(a, [("A", ("i", "~a"), 1), ("v", ("~a",), 1)]))
    beside = factors(a, [("v", ("~0'",), 1), ("w", ("~0'",), 1)])
    ((term, c),) = instances(p, {"i": "~0"}, beside)
    assert c == 1
    assert {x for f in term for x in f.letters if is_summed(x)} == {"~0", "~0''"}


def test_what_is_learnt_later_counts() -> None:
    a = algebra()
    total = [("A", ("i", "~a"), 1)]
    before = a.make(1, factors(a, total))
    a.learn_sum(factors(a, total)[0].atom, 1, 1)
    assert before.number() is None
    assert a.make(1, factors(a, total)).number() == 1
