"""Numbers modulo a tower of primes: the tower, the rules that hold exactly, and what is left unknown."""

import random
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

from symbackprop.evaluate import residues as r
from symbackprop.evaluate.residues import TOWER, Residue, exp, log, residue

RNG = random.Random(3)


def drawn(f: float, depth: int = 5) -> Residue:
    return Residue(f, tuple(RNG.randrange(1, p) for p in TOWER[:depth]))


def equal(a: Residue, b: Residue) -> bool:
    return a.same(b) and abs(a.f - b.f) <= 1e-12 * max(1, abs(b.f))


def test_the_tower_is_made_of_primes_each_of_which_divides_the_one_before_less_one() -> None:
    assert all(r.good(p) for p in TOWER)
    for larger, smaller, g in zip(TOWER, TOWER[1:], r.GENERATORS, strict=False):
        assert (larger - 1) % smaller == 0
        assert g != 1
        assert pow(g, smaller, larger) == 1
    assert tuple(r.tower(len(TOWER), 62, 1))[::-1] == TOWER


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


def test_the_root_of_a_square_is_the_one_that_is_a_square() -> None:
    u = drawn(1.7) ** 2
    assert equal(u.root() ** 2, u)
    assert equal(exp(drawn(0.4)).root().root() ** 4, exp(drawn(0.4))) is False
    w = exp(drawn(0.9))
    assert equal(w.root() * w.root(), w)
    assert equal(residue(4).root(), residue(2))


def test_an_odd_function_is_odd_and_an_even_one_is_even() -> None:
    u = drawn(0.8)
    sin, cos = r.FUNCTIONS["sin"], r.FUNCTIONS["cos"]
    assert equal(sin(-u), -sin(u))
    assert equal(cos(-u), cos(u))
    assert equal(r.FUNCTIONS["tanh"](u), (exp(u) - exp(-u)) / (exp(u) + exp(-u)))


def test_exact_numbers_are_exact() -> None:
    assert equal(r.number(sp.Rational(1, 3)) * 3, residue(1))
    assert equal(r.number(sp.sqrt(3)) ** 2, residue(3))
    assert equal(r.number(sp.sqrt(2) * sp.pi) ** 2, r.number(2 * sp.pi**2))
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
        exp(exp(drawn(0.1, depth=2)))


def test_arrays_of_residues_are_compared_entry_by_entry() -> None:
    a = r.drawn(np.array([0.5, 2.0]), False, random.Random(1), 3)
    b = r.drawn(np.array([0.0, 1.0]), True, random.Random(1), 3)
    assert r.same(a + b, b + a)
    assert not r.same(a, a + 1)
    assert not r.same(a, a[:1])
