"""Numbers modulo a tower of primes: the tower, the rules that hold exactly, and what is left unknown."""

import random
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

from symbackprop.evaluate import residues as r
from symbackprop.evaluate import towers
from symbackprop.evaluate.residues import CHAINS, Residue, exp, ladders, log
from symbackprop.evaluate.towers import PRIMES, Tower
from tests.evaluate.searched import good, searched_chain, searched_rung

RNG = random.Random(3)
CHAIN, LADDER = CHAINS[1], ladders()[1]
SIN, COS, TAN = (r.FUNCTIONS[name] for name in ("sin", "cos", "tan"))


def drawn(f: float, tower: Tower = CHAIN) -> Residue:
    return Residue(f, tuple(RNG.randrange(1, p) for p in tower.moduli), tower)


def residue(x: object) -> Residue:
    return r.residue(x, CHAIN)


def number(x: object) -> Residue:
    return r.number(x, CHAIN)


def equal(a: Residue, b: Residue) -> bool:
    return a.same(b) and abs(a.f - b.f) <= 1e-12 * max(1, abs(b.f))


def test_the_chain_is_made_of_primes_each_of_which_divides_the_one_before_less_one() -> None:
    assert all(good(p) for p in PRIMES)
    for p, (g, k) in zip(PRIMES, CHAINS[-1].powers, strict=False):
        assert (p - 1) % PRIMES[k] == 0
        assert g != 1
        assert pow(g, PRIMES[k], p) == 1
    assert tuple(searched_chain(len(PRIMES), 62, 1))[::-1] == PRIMES


def test_the_ladder_is_made_of_primes_with_a_power_and_a_turn_of_the_orders_below() -> None:
    rungs = list(towers.climbed())
    assert all(good(p) for pair in rungs for p in pair)
    for tower in ladders():
        assert tower.moduli == tuple(p for pair in rungs[: len(tower.moduli) // 2][::-1] for p in pair)
        for p, (g, k), ((c, s), m) in zip(tower.moduli, tower.powers, tower.turns, strict=False):
            assert k == m - 1
            assert g != 1
            assert pow(g, tower.moduli[k], p) == 1
            assert s
            assert (c * c + s * s) % p == 1
            assert towers.turned((c, s), tower.moduli[m], p) == (1, 0)
    assert [searched_rung(*rungs[k]) for k in (0, 1)] == list(towers.RUNGS[:2])


def test_sine_and_cosine_keep_their_laws() -> None:
    u, v = drawn(0.3, LADDER), drawn(-1.2, LADDER)
    assert equal(SIN(u) ** 2 + COS(u) ** 2, r.residue(1, LADDER))
    assert equal(SIN(u + v), SIN(u) * COS(v) + COS(u) * SIN(v))
    assert equal(COS(u * 2), 2 * COS(u) ** 2 - 1)
    assert equal(SIN(-u), -SIN(u))
    assert equal(COS(-u), COS(u))
    assert equal(TAN(u) ** 2 + 1, COS(u) ** -2)
    assert equal(exp(u + v), exp(u) * exp(v))
    assert equal(exp(SIN(u) + SIN(v)), exp(SIN(u)) * exp(SIN(v)))
    assert equal(SIN(exp(u) * 2), 2 * SIN(exp(u)) * COS(exp(u)))
    assert not SIN(u).same(COS(u))
    assert not SIN(u).same(u)
    with pytest.raises(r.CircleError):
        SIN(drawn(0.3))
    with pytest.raises(r.DeeperError):
        SIN(SIN(drawn(0.3, ladders()[0])))


def test_the_field_and_the_exponential_keep_their_laws() -> None:
    u, v = drawn(0.3), drawn(-1.2)
    assert equal((u + v) * (u - v), u * u - v * v)
    assert equal(u / v, 1 / (v / u))
    assert equal(exp(u + v), exp(u) * exp(v))
    assert equal(exp(-u), 1 / exp(u))
    assert equal(exp(u * 2), exp(u) ** 2)
    assert equal(log(exp(u)), u)
    w = drawn(2.5)
    assert equal(exp(log(w)), w)
    assert equal(exp(log(w) * 2 + u), w * w * exp(u))
    assert not exp(u).same(exp(v))


@pytest.mark.parametrize("n", [-3, -1, 2])
def test_a_logarithm_times_a_whole_number_is_that_of_a_power_on_either_side(n: int) -> None:
    x, y = drawn(2.5), drawn(0.7)
    for times in (n * log(x), log(x) * n, residue(n) * log(x), log(x) * residue(n)):
        assert equal(exp(times), x**n)
        assert equal(exp(y + times), exp(y) * x**n)


def test_the_root_of_a_square_is_the_one_that_is_a_square() -> None:
    u = drawn(1.7) ** 2
    assert equal(u.root() ** 2, u)
    assert equal(exp(drawn(0.4)).root().root() ** 4, exp(drawn(0.4))) is False
    w = exp(drawn(0.9))
    assert equal(w.root() * w.root(), w)
    assert equal(residue(4).root(), residue(2))


def test_an_odd_function_is_odd() -> None:
    u = drawn(0.8)
    assert equal(r.FUNCTIONS["erf"](-u), -r.FUNCTIONS["erf"](u))
    assert equal(r.FUNCTIONS["tanh"](u), (exp(u) - exp(-u)) / (exp(u) + exp(-u)))


def test_exact_numbers_are_exact() -> None:
    assert equal(number(sp.Rational(1, 3)) * 3, residue(1))
    assert equal(number(sp.sqrt(3)) ** 2, residue(3))
    assert equal(number(sp.sqrt(2) * sp.pi) ** 2, number(2 * sp.pi**2))
    assert equal(residue(0.1) * 10, residue(1))
    assert equal(residue(Fraction(1, 7)) * 7, residue(1))


def test_what_has_no_residue_asks_for_another_point_or_more_primes() -> None:
    with pytest.raises(r.RedrawError):
        residue(0).inverse()
    with pytest.raises(r.RedrawError):
        log(residue(-2))
    with pytest.raises(r.RedrawError):
        residue(-2).root()
    with pytest.raises(r.DeeperError):
        exp(exp(exp(drawn(0.1, CHAINS[0]))))


def test_arrays_of_residues_are_compared_entry_by_entry() -> None:
    a = r.drawn(np.array([0.5, 2.0]), False, random.Random(1), CHAIN)
    b = r.drawn(np.array([0.0, 1.0]), True, random.Random(1), CHAIN)
    assert r.same(a + b, b + a, CHAIN)
    assert not r.same(a, a + 1, CHAIN)
    assert not r.same(a, a[:1], CHAIN)
