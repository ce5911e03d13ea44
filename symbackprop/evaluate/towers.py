"""Towers of primes, by which formulas with exponentials, sines and cosines are computed exactly.

A chain:    p0 > p1 > p2 > ...,  p(i+1) divides p(i) - 1,  g(i) has order p(i+1) modulo p(i):
            exp(u) mod p(i) = g(i) ^ (u mod p(i+1))
A ladder:   pairs (a0, b0), (a1, b1), ...; each prime p of a rung is 1 modulo the next a and -1 modulo the next b. So a number of
            order a lies among the residues modulo p, and one of order b and norm 1 among p^2 numbers c + i s with i^2 = -1:
            cos(u) + i sin(u) mod p = (c + i s) ^ (u mod b)

Each exponential or sine uses up one prime, or one rung. All primes are 7 modulo 8 (so that -1 is no square), and 3 and 5 are
squares modulo each. Schwartz (1980) tells how unlikely it is that two formulas that differ have equal residues.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

DEGREE_BITS = 10  # a formula of degree up to 1000 is taken for granted in the error probability

# the smallest is at the end; tests prove that they are primes and form a tower
PRIMES = (
    323321258176888881290276688164426510591,
    320120057600880080485422463529135159,
    295859572644066617823865493095319,
    2425078464295628014949717156519,
    19877692330292032909423911119,
    202833595207061560300243991,
    494716085870881854390839,
    821787518057943279719,
    3769667514027262751,
)
BOTTOM = (73786976294838208151, 73786976294838208319)  # the lowest rung: the first two of the kind above 2^66
RUNGS = ((285, 345), (608, 923), (1285, 2455))  # those above it, as `climbed` reads them


@dataclass(frozen=True, eq=False)
class Tower:
    """Moduli, and which of them the exponents of which are taken by.

    moduli   the primes.
    powers   a number g and the place of the modulus that is its order, for each modulus that has one.
    turns    c, s and the place of the modulus that is the order of c + i s, likewise.
    """

    moduli: tuple[int, ...]
    powers: tuple[tuple[int, int], ...]
    turns: tuple[tuple[tuple[int, int], int], ...] = ()

    @property
    def bits(self) -> int:
        """-log2 of the chance that different formulas of degree up to 1000 agree at a point."""
        return min(self.moduli).bit_length() - 1 - DEGREE_BITS


def chain(depth: int) -> Tower:
    """The first primes as a tower for exponentials."""
    moduli = PRIMES[:depth]
    return Tower(moduli, tuple((of_order(q, p), k + 1) for k, (p, q) in enumerate(pairwise(moduli))))


@cache
def ladder(depth: int) -> Tower:
    """The last rungs as a tower for exponentials, sines and cosines."""
    rungs = list(climbed())[:depth][::-1]
    moduli = tuple(p for pair in rungs for p in pair)
    powers, turns = [], []
    for k, p in enumerate(moduli[:-2]):
        a, b = 2 * (k // 2) + 2, 2 * (k // 2) + 3
        powers.append((of_order(moduli[a], p), a))
        turns.append((turn_of_order(moduli[b], p), b))
    return Tower(moduli, tuple(powers), tuple(turns))


def climbed() -> Iterator[tuple[int, int]]:
    """The rungs of the ladder, the lowest first: each of the primes is so many steps above the least number that fits."""
    a, b = BOTTOM
    yield a, b
    for steps in RUNGS:
        first, stride = fitting(a, b)
        a, b = (first + stride * k for k in steps)
        yield a, b


def fitting(a: int, b: int) -> tuple[int, int]:
    """The least number that is 1 modulo a, -1 modulo b and 7 modulo 8, and the distance to the next."""
    x, stride = 1, a
    for value, modulus in ((-1, b), (7, 8)):
        x += stride * ((value - x) * pow(stride, -1, modulus) % modulus)
        stride *= modulus
    return x, stride


def of_order(q: int, p: int) -> int:
    """A number whose powers modulo p are q."""
    return next(g for g in (pow(x, (p - 1) // q, p) for x in range(2, 99)) if g != 1)


def turn_of_order(q: int, p: int) -> tuple[int, int]:
    """c, s with c^2 + s^2 = 1 modulo p, of which c + i s has q powers."""
    for x in range(2, 99):
        norm = pow(x * x + 1, -1, p)
        c, s = turned(((x * x - 1) * norm % p, 2 * x * norm % p), (p + 1) // q, p)  # (x + i) / (x - i) has the norm 1
        if (c, s) != (1, 0):
            return c, s
    raise ValueError(f"there is no turn of order {q} modulo {p}")


def turned(turn: tuple[int, int], times: int, p: int) -> tuple[int, int]:
    """(c + i s) ^ times modulo p."""
    c, s = 1, 0
    x, y = turn
    while times:
        if times & 1:
            c, s = (c * x - s * y) % p, (c * y + s * x) % p
        x, y = (x * x - y * y) % p, 2 * x * y % p
        times >>= 1
    return c, s
