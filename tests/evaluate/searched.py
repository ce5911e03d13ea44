"""How the primes of `evaluate.towers` were found, and what they must be."""

import random
from collections.abc import Iterator

from symbackprop.evaluate.towers import fitting


def good(p: int) -> bool:
    """Whether p is a prime, 7 modulo 8, modulo which 3 and 5 are squares."""
    return p % 8 == 7 and all(pow(q, (p - 1) // 2, p) == 1 for q in (3, 5)) and is_prime(p)


def is_prime(n: int) -> bool:
    """Miller and Rabin's test with the first 13 primes: proven below 3.3e24 (Sorenson and Webster 2015), else beyond doubt."""
    small = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41)
    if n < 2 or any(n % q == 0 for q in small):
        return n in small
    d, s = n - 1, 0
    while d % 2 == 0:
        d, s = d // 2, s + 1
    for a in small:
        x = pow(a, d, n)
        if x not in (1, n - 1) and all((x := x * x % n) != n - 1 for _ in range(s - 1)):
            return False
    return True


def searched_chain(depth: int, bits: int, seed: int) -> Iterator[int]:
    """How PRIMES were found, smallest first: q, then the least k q + 1 that is a prime of the same kind."""
    rng = random.Random(seed)
    while True:
        found = [rng.getrandbits(bits) | (1 << (bits - 1)) | 7]
        while good(found[-1]) and len(found) < depth:
            q = found[-1]
            larger = next((k * q + 1 for k in range(2, 40000, 2) if good(k * q + 1)), None)
            if larger is None:
                break
            found.append(larger)
        if len(found) == depth and good(found[-1]):
            yield from found
            return


def searched_rung(a: int, b: int) -> tuple[int, int]:
    """How RUNGS were found: the first two steps at which the numbers that fit are primes of the kind."""
    first, stride = fitting(a, b)
    steps = (k for k in range(1, 1_000_000) if good(first + stride * k))
    return next(steps), next(steps)
