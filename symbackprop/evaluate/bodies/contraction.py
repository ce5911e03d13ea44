"""Products of arrays summed over shared axes, two arrays at a time, each pair as one matrix product."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import prod
from typing import NamedTuple

import numpy as np
from numpy import ndarray

Axes = tuple[int, ...]
Numbered = tuple[ndarray, Axes]  # an array whose axes have numbers, none of them twice


def contraction(factors: Sequence[Numbered], result: Axes) -> ndarray:
    """The product of the factors, summed over the numbered axes that the result lacks, as np.einsum means it."""
    todo = list(factors)
    for i, j in _order(tuple([(x.shape, axes) for x, axes in factors]), result):
        others = [x for k, x in enumerate(todo) if k not in (i, j)]
        kept = frozenset(result).union(*[axes for _, axes in others])
        todo = [*others, _product(todo[i], todo[j], kept, result[-1] if result else None)]
    x, axes = _summed(todo[0], frozenset(result))
    return x if axes == result else x.transpose([axes.index(c) for c in result])


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


def _summed(x: Numbered, kept: frozenset[int]) -> Numbered:
    """The array without the axes that nothing else has."""
    array, axes = x
    if kept.issuperset(axes):
        return x
    return array.sum(axis=tuple([k for k, c in enumerate(axes) if c not in kept])), tuple([c for c in axes if c in kept])


def _product(a: Numbered, b: Numbered, kept: frozenset[int], last: int | None) -> Numbered:
    """The product of two arrays, summed over the axes that are not kept; `last` stands in the second group, if it can."""
    (x, left), (y, right) = _summed(a, kept.union(b[1])), _summed(b, kept.union(a[1]))
    lying = (x.shape, x.strides, left), (y.shape, y.strides, right)
    if kept.issuperset(set(left).intersection(right)):
        way = _entries(lying[0][::2], lying[1][::2])
        return x.reshape(way.first) * y.transpose(way.second)[way.at], way.axes
    way = _matrices(*lying, kept, last)
    if way.swapped:
        x, y = y, x
    return (_matrix(x, way.first) @ _matrix(y, way.second)).reshape(way.shape), way.axes


class _Entries(NamedTuple):
    """How a product without a sum is taken: the first array's shape, the second's axes and which of them are new."""

    first: tuple[int, ...]
    second: Axes
    at: tuple[slice | None, ...]
    axes: Axes


@lru_cache(maxsize=2048)
def _entries(x: tuple[tuple[int, ...], Axes], y: tuple[tuple[int, ...], Axes]) -> _Entries:
    (shape, left), (_, right) = x, y
    columns = [c for c in right if c not in left]
    axes = (*left, *columns)
    turned = tuple(right.index(c) for c in axes if c in right)
    return _Entries(shape + (1,) * len(columns), turned, tuple(slice(None) if c in right else None for c in axes), axes)


class _Turned(NamedTuple):
    """How an array becomes matrices: its axes in another order, then a shape, then whether rows and columns change places."""

    order: Axes
    shape: tuple[int, ...]
    swapped: bool


class _Matrices(NamedTuple):
    """How a product is taken as one of matrices; `swapped`: the second array first."""

    swapped: bool
    first: _Turned
    second: _Turned
    shape: tuple[int, ...]
    axes: Axes


Lying = tuple[tuple[int, ...], tuple[int, ...], Axes]  # shape, strides and numbers of an array's axes


@lru_cache(maxsize=2048)
def _matrices(x: Lying, y: Lying, kept: frozenset[int], last: int | None) -> _Matrices:
    """Each array is copied, if it must be, in the order in which it lies in memory."""
    if swapped := last in x[-1] and last not in y[-1]:
        x, y = y, x
    shared = [c for c in x[-1] if c in y[-1]]
    batch = [c for c in shared if c in kept]
    inner = _as_it_lies([c for c in shared if c not in kept], max(x, y, key=lambda a: prod(a[0])))
    (first, rows), (second, columns) = _turned(x, batch, inner, rows_first=True), _turned(y, batch, inner, rows_first=False)
    extents = dict(zip((*x[-1], *y[-1]), (*x[0], *y[0]), strict=True))
    axes = (*batch, *rows, *columns)
    return _Matrices(swapped, first, second, tuple(extents[c] for c in axes), axes)


def _turned(x: Lying, batch: Sequence[int], inner: Sequence[int], rows_first: bool) -> tuple[_Turned, list[int]]:
    """How an array becomes matrices of the rest by `inner`, or the other way round, and the order of the rest."""
    shape, _, axes = x
    rest = _as_it_lies([c for c in axes if c not in batch and c not in inner], x)
    across = bool(rest) and _as_it_lies([*inner, *rest], x)[-1] in inner  # entries that lie side by side are summed over
    groups = [rest, inner] if across else [inner, rest]
    extents = dict(zip(axes, shape, strict=True))
    sizes = [prod(extents[c] for c in group) for group in groups]
    order = tuple(axes.index(c) for c in (*batch, *groups[0], *groups[1]))
    return _Turned(order, (*(extents[c] for c in batch), *sizes), across is not rows_first), rest


def _as_it_lies(some: Sequence[int], x: Lying) -> list[int]:
    """Some axes of an array, those last whose entries lie nearest to each other; of two that overlap the longer."""
    shape, strides, axes = x
    return sorted(some, key=lambda c: (-abs(strides[axes.index(c)]), shape[axes.index(c)]))


def _matrix(x: ndarray, way: _Turned) -> ndarray:
    matrix = x.transpose(way.order).reshape(way.shape)
    return matrix.swapaxes(-1, -2) if way.swapped else matrix
