"""Products of arrays summed over shared axes, two arrays at a time, each pair as one matrix product."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import prod

import numpy as np
from numpy import ndarray

Axes = tuple[int, ...]
Numbered = tuple[ndarray, Axes]  # an array whose axes have numbers, none of them twice


def contraction(factors: Sequence[Numbered], result: Axes) -> ndarray:
    """The product of the factors, summed over the numbered axes that the result lacks, as np.einsum means it."""
    todo = list(factors)
    for pair in _order(tuple((x.shape, axes) for x, axes in factors), result):
        a, b = (todo[k] for k in pair)
        todo = [x for k, x in enumerate(todo) if k not in pair]
        todo.append(_product(a, b, {*result}.union(*[axes for _, axes in todo])))
    x, axes = _summed(todo[0], set(result))
    return x.transpose([axes.index(c) for c in result])


@lru_cache(maxsize=2048)
def _order(factors: tuple[tuple[tuple[int, ...], Axes], ...], result: Axes) -> tuple[tuple[int, int], ...]:
    """Which two are multiplied first, by greedy choice; what two give stands last."""
    if len(factors) < 3:
        return ((0, 1),) if len(factors) == 2 else ()
    arguments: list[ndarray | list[int]] = []
    for shape, axes in factors:
        arguments += [np.broadcast_to(np.float64(0), shape), list(axes)]
    path = np.einsum_path(*arguments, list(result), optimize="greedy")[0][1:]
    steps: list[tuple[int, int]] = []
    left = len(factors)
    for group in path:  # more than two at once are multiplied one after the other
        taken = sorted(group)
        while len(taken) > 1:
            steps.append((taken[0], taken[1]))
            left -= 1
            taken = [k - sum(k > gone for gone in steps[-1]) for k in taken[2:]] + [left - 1]
    return tuple(steps)


def _summed(x: Numbered, kept: set[int]) -> Numbered:
    """The array without the axes that nothing else has."""
    array, axes = x
    gone = tuple(k for k, c in enumerate(axes) if c not in kept)
    return (array.sum(axis=gone), tuple(c for c in axes if c in kept)) if gone else x


def _product(a: Numbered, b: Numbered, kept: set[int]) -> Numbered:
    """The product of two arrays, summed over the axes that are not kept."""
    (x, left), (y, right) = _summed(a, kept.union(b[1])), _summed(b, kept.union(a[1]))
    shared = [c for c in left if c in right]
    batch, inner = [c for c in shared if c in kept], [c for c in shared if c not in kept]
    rows, columns = [c for c in left if c not in shared], [c for c in right if c not in shared]
    if not inner:
        axes = (*left, *columns)
        y = y.transpose([right.index(c) for c in axes if c in right])
        x = x.reshape(x.shape + (1,) * len(columns))
        return x * np.expand_dims(y, tuple(k for k, c in enumerate(axes) if c not in right)), axes
    x = x.transpose([left.index(c) for c in (*batch, *rows, *inner)])
    y = y.transpose([right.index(c) for c in (*batch, *inner, *columns)])
    lead, m, n = x.shape[: len(batch)], x.shape[len(batch) : len(batch) + len(rows)], y.shape[len(batch) + len(inner) :]
    size = prod(x.shape[len(batch) + len(rows) :])
    product = x.reshape((*lead, prod(m), size)) @ y.reshape((*lead, size, prod(n)))
    return product.reshape((*lead, *m, *n)), (*batch, *rows, *columns)
