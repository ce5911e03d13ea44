"""Layers that are products with a matrix: dense, bilinear, low-rank, tied, and what is built of two of them."""

from __future__ import annotations

import sympy as sp
from sympy import S

from symbackprop.language import tensors as builder
from symbackprop.language.layers.arguments import Value, activated, equal, tensor
from symbackprop.language.operations import sum as total
from symbackprop.language.tensors import Tensor, as_tensor, matmul, normal_axis


def add_bias(x: Value, b: Value, axis: int = -1) -> Tensor:
    """y[... k ...] = x[... k ...] + b[k], with k along `axis`.

    x   any shape; b (h,) with the size of `axis`.
    Returns the shape of x. Raises LanguageError where the sizes differ.
    """
    x, b = as_tensor(x), tensor("add_bias", b, "h")
    place = normal_axis("add_bias", x, axis)
    equal("add_bias", x, place, b, 0)
    return x + b[(slice(None), *[None] * (x.ndim - 1 - place))]


def dense(x: Value, W: Value, b: Value = None, activation: str | None = None) -> Tensor:
    """y[... k] = f(sum_j x[... j] W[j k] + b[k]): y = f(x W + b).

    x   (..., d); W (d, h); b (h,) or none; f the activation by its name, or none.
    Returns (..., h). Raises LanguageError where the sizes differ.
    """
    x, W = tensor("dense", x, "d", lead=True), tensor("dense", W, "d h")
    equal("dense", x, -1, W, 0)
    y = matmul(x, W)
    z = y if b is None else add_bias(y, b)
    return z if activation is None else activated("dense", activation, z).called("a")


def bilinear(x: Value, W: Value, z: Value, b: Value = None) -> Tensor:
    """y[n k] = sum_{i j} x[n i] W[k i j] z[n j] + b[k].

    x   (N, d); W (h, d, e); z (N, e); b (h,) or none.
    Returns (N, h). Raises LanguageError where the sizes differ.
    """
    x, W, z = tensor("bilinear", x, "N d"), tensor("bilinear", W, "h d e"), tensor("bilinear", z, "N e")
    equal("bilinear", x, 1, W, 1)
    equal("bilinear", z, 1, W, 2)
    equal("bilinear", x, 0, z, 0)
    y = builder.contract("nkj,nj->nk", builder.contract("ni,kij->nkj", x, W), z)
    return y if b is None else add_bias(y, b)


def low_rank_dense(x: Value, W: Value, B: Value, A: Value, scale: float = 1) -> Tensor:
    """y = x (W + scale B A): a dense layer with a correction of rank r; only A and B are trained.

    x   (..., d); W (d, h), given as data; B (d, r); A (r, h).
    Returns (..., h). Raises LanguageError where the sizes differ. Source: Hu et al. 2022.
    """
    x, W = tensor("low_rank_dense", x, "d", lead=True), tensor("low_rank_dense", W, "d h")
    B, A = tensor("low_rank_dense", B, "d r"), tensor("low_rank_dense", A, "r h")
    equal("low_rank_dense", x, -1, W, 0)
    equal("low_rank_dense", W, 0, B, 0)
    equal("low_rank_dense", B, 1, A, 0)
    equal("low_rank_dense", W, 1, A, 1)
    return matmul(x, W) + scale * matmul(matmul(x, B), A)


def tied_autoencoder(x: Value, W: Value, b: Value, c: Value, activation: str = "sigmoid") -> Tensor:
    """y = f(x W + b) W^T + c: the code is read back by the transpose of the matrix that wrote it.

    x   (N, d); W (d, h); b (h,); c (d,).
    Returns (N, d). Raises LanguageError where the sizes differ. Source: Vincent et al. 2010.
    """
    W = tensor("tied_autoencoder", W, "d h")
    return add_bias(matmul(dense(x, W, b, activation), W.T), c)


def residual_block(x: Value, W_1: Value, b_1: Value, W_2: Value, b_2: Value, activation: str = "relu") -> Tensor:
    """y = x + f(x W_1 + b_1) W_2 + b_2.

    x   (..., d); W_1 (d, h); b_1 (h,); W_2 (h, d); b_2 (d,).
    Returns (..., d). Raises LanguageError where the sizes differ. Source: He et al. 2016.
    """
    x = as_tensor(x)
    return x + dense(dense(x, W_1, b_1, activation), W_2, b_2)


def factorization_machine(x: Value, w_0: Value, w: Value, V: Value) -> Tensor:
    """y[n] = w_0 + sum_i x[n i] w[i] + 1/2 sum_f ((sum_i x[n i] V[i f])^2 - sum_i x[n i]^2 V[i f]^2).

    x   (N, d); w_0 a scalar; w (d,); V (d, k).
    Returns (N,): every pair i < j counts x[n i] x[n j] times the inner product of rows i and j of V.
    Raises LanguageError where the sizes differ. Source: Rendle 2010, equation 5 and lemma 3.1.
    """
    x, w, V = (tensor("factorization_machine", value, axes) for value, axes in ((x, "N d"), (w, "d"), (V, "d k")))
    equal("factorization_machine", x, 1, w, 0)
    equal("factorization_machine", x, 1, V, 0)
    pairs = total(matmul(x, V) ** 2 - matmul(x**2, V**2), axis=1)
    return w_0 + matmul(x, w) + S.Half * pairs


def free_energy(v: Value, W: Value, b: Value, c: Value) -> Tensor:
    """F[n] = -sum_i b[i] v[n i] - sum_j log(1 + exp(c[j] + sum_i v[n i] W[i j])), of a restricted Boltzmann machine.

    v   (N, d), visible units; W (d, h); b (d,); c (h,).
    Returns (N,). Raises LanguageError where the sizes differ. Source: Hinton 2012, section 16.1.
    """
    v, b = tensor("free_energy", v, "N d"), tensor("free_energy", b, "d")
    equal("free_energy", v, 1, b, 0)
    hidden = builder.apply("softplus", dense(v, W, c))
    return -matmul(v, b) - total(hidden, axis=1)


def graph_convolution(x: Value, A: Value, W: Value, b: Value = None) -> Tensor:
    """y[i k] = sum_j A[i j] sum_l x[j l] W[l k] + b[k]: y = A x W + b.

    x   (n, d), a row for each node; A (n, n), how nodes weigh their neighbours (see `normalized_adjacency`); W (d, h); b (h,).
    Returns (n, h). Raises LanguageError where the sizes differ. Source: Kipf and Welling 2017, equation 2.
    """
    x, A = tensor("graph_convolution", x, "n d"), tensor("graph_convolution", A, "n n")
    equal("graph_convolution", A, 0, A, 1)
    equal("graph_convolution", A, 1, x, 0)
    y = matmul(A, dense(x, W))
    return y if b is None else add_bias(y, b)


def normalized_adjacency(A: Value) -> Tensor:
    """S[i j] = (A[i j] + 1[i = j]) / sqrt(d[i] d[j]) with the degrees d[i] = 1 + sum_j A[i j].

    A   (n, n), 1 where two nodes are neighbours, else 0; symmetric.
    Returns (n, n). Raises LanguageError where A is not square. Source: Kipf and Welling 2017, equation 2.
    """
    from symbackprop.language.operations import eye

    A = tensor("normalized_adjacency", A, "n n")
    equal("normalized_adjacency", A, 0, A, 1)
    d = (1 + total(A, axis=1)).called("d")
    return builder.elementwise(
        "normalized_adjacency", lambda a, one, i, j: (a + one) / sp.sqrt(i * j), A, eye(A.shape[0]), d[:, None], d
    )
