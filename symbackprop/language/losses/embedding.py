"""Losses of vectors that stand for things: alike for what belongs together, apart for the rest."""

from __future__ import annotations

from typing import Any

import sympy as sp

from symbackprop.core.functions import Where
from symbackprop.core.program import same_size, shape_text
from symbackprop.language.losses.arguments import Value, alike, probabilities, reduced, rows
from symbackprop.language.operations import norm, softmax
from symbackprop.language.operations.values import setting
from symbackprop.language.tensors import LanguageError, Tensor, apply, as_tensor, contract, elementwise, label, normal_axes, total


def cosine_similarity(a: Value, b: Value, axis: int = -1) -> Tensor:
    """c = sum_k a[k] b[k] / (|a| |b|) along `axis`, so that dc/da = (b/|b| - c a/|a|) / |a|.

    a, b   one shape; no vector is zero.
    Returns the shape without `axis`. Raises LanguageError where the shapes differ or `axis` is out of range.
    """
    a, b = alike("cosine_similarity", a, b, "a b")
    normal_axes("cosine_similarity", rows("cosine_similarity", a), axis)
    return total(a * b, axis).taken_as("s") / (norm(a, axis=axis) * norm(b, axis=axis))


def cosine_loss(a: Value, b: Value, axis: int = -1, reduction: str = "mean") -> Tensor:
    """L = (1/N) sum_n 1 - cos(a[n], b[n]): 0 for vectors of one direction, 2 for opposite ones.

    a, b   one shape; no vector is zero.
    Returns a scalar ("mean" divides by the number N of vectors), or the shape without `axis` for "none".
    Raises LanguageError where the shapes differ or `axis` is out of range.
    """
    return reduced("cosine_loss", 1 - cosine_similarity(a, b, axis), reduction)


def contrastive_loss(a: Value, b: Value, y: Value, margin: Value = 1, reduction: str = "mean") -> Tensor:
    """L = (1/N) sum_n y[n] d[n]^2/2 + (1 - y[n]) max(margin - d[n], 0)^2/2 with the distances d[n] = |a[n] - b[n]|.

    Where a = b the slope of d is chosen as 0.
    a, b    (..., d), one shape.
    y       (...): 1 for pairs that belong together, otherwise 0.
    margin  how far apart the others are to be, greater than 0.
    Returns a scalar ("mean" divides by the number N of pairs), or (...) for "none".
    Raises LanguageError where the shapes do not fit or the margin is not positive. Source: Hadsell, Chopra and LeCun 2006.
    """
    name = "contrastive_loss"
    a, b = alike(name, a, b, "a b")
    squares = total((rows(name, a) - b) ** 2, -1).called("q")
    squares, y = alike(name, squares, y)
    margin = setting(name, "margin", margin, 0)
    d = elementwise(name, lambda q: Where(q > 0, sp.sqrt(q), 0), squares).called("d")
    values = y * squares / 2 + (1 - y) * apply("maximum", margin - d, 0) ** 2 / 2
    return reduced(name, values, reduction)


def triplet_loss(anchor: Value, positive: Value, negative: Value, margin: Value = 1, reduction: str = "mean") -> Tensor:
    """L = (1/N) sum_n max(|a[n] - p[n]|^2 - |a[n] - q[n]|^2 + margin, 0), so that dL/da = (2/N) (q - p) where that is not 0.

    anchor, positive, negative   a, p, q of one shape (..., d).
    margin                       greater than 0.
    Returns a scalar ("mean" divides by the number N of triplets), or (...) for "none".
    Raises LanguageError where the shapes differ or the margin is not positive. Source: Schroff, Kalenichenko and Philbin 2015.
    """
    name = "triplet_loss"
    a, p = alike(name, anchor, positive, "a p")
    a, q = alike(name, rows(name, a), negative, "a q")
    margin = setting(name, "margin", margin, 0)
    near, far = total((a - p) ** 2, -1).called("d_p"), total((a - q) ** 2, -1).called("d_n")
    return reduced(name, apply("maximum", near - far + margin, 0), reduction)


def info_nce_loss(Q: Value, K: Value, temperature: Value = 1, reduction: str = "mean") -> Tensor:
    """L = -(1/N) sum_i log P[i i] with P = softmax(S) and S = Q K^T / T, so that dL/dS = (P - 1) / N, 1 the identity.

    Row i of K belongs to row i of Q, the other rows are its negatives. Normalise the rows for cosines.
    Q, K         (N, d).
    temperature  T, greater than 0.
    Returns a scalar ("mean" divides by the number N of rows), or (N,) for "none".
    Raises LanguageError where the shapes differ, are no matrices, or T is not positive. Source: van den Oord, Li and Vinyals 2018.
    """
    name = "info_nce_loss"
    Q, K = alike(name, Q, K, "Q K")
    for x in (Q, K):
        if x.ndim != 2:
            raise LanguageError(f"{name}: {label(x)} is {shape_text(x.shape)}, it needs the axes (N, d)")
    temperature = setting(name, "temperature", temperature, 0)
    S = (contract("id,jd->ij", Q, K) / temperature).called("S")
    return reduced(name, -contract("ii->i", apply("log", probabilities(softmax(S)))), reduction)


def skip_gram_loss(word: Value, context: Value, negatives: Value, reduction: str = "mean") -> Tensor:
    """L = -(1/N) sum_n log sigmoid(v[n].u[n]) + sum_k log sigmoid(-q[n k].u[n]): skip-gram with negative sampling.

    Compiled with log sigmoid(s) = -softplus(-s), for products of any size.
    word       u (..., d): the vectors of the words, such as U[w].
    context    v (..., d): the vectors of words that stood near them, such as C[c].
    negatives  q (..., K, d): for each word the vectors of K words drawn at random, such as C[t] with t: integers[N, K, V].
    Returns a scalar ("mean" divides by the number N of words), or (...) for "none".
    Raises LanguageError where the shapes do not fit. Source: Mikolov et al. 2013.
    """
    name = "skip_gram_loss"
    u, v = alike(name, word, context, "u v")
    q: Any = as_tensor(negatives).taken_as("q")
    rows(name, u)
    if q.ndim != u.ndim + 1 or not all(map(same_size, (*q.shape[:-2], q.shape[-1]), u.shape)):
        lead = "".join(f"{n}, " for n in u.shape[:-1])
        raise LanguageError(
            f"{name}: {label(q)} is {shape_text(q.shape)}, {label(u)} is {shape_text(u.shape)}; "
            f"the negatives need the axes ({lead}K, {u.shape[-1]})"
        )
    near = total(u * v, -1).called("s")
    far = total(u[(*[slice(None)] * (u.ndim - 1), None)] * q, -1).called("s")
    return reduced(name, -apply("log", apply("sigmoid", near)) - total(apply("log", apply("sigmoid", -far)), -1), reduction)
