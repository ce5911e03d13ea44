"""Normalisation: x minus its mean over its standard deviation; the layers differ in the axes that these run over."""

from __future__ import annotations

import sympy as sp

from symbackprop.core.program import shape_text
from symbackprop.language import tensors as builder
from symbackprop.language.layers.arguments import Value, equal, part, tensor, whole
from symbackprop.language.layers.structure import merge_axes, split_axis
from symbackprop.language.operations import mean
from symbackprop.language.tensors import LanguageError, Tensor, as_tensor, elementwise, label


def batch_norm(x: Value, gamma: Value = None, beta: Value = None, eps: float = 1e-5) -> Tensor:
    """y = gamma (x - mu) / sqrt(v + eps) + beta, with the mean mu and the variance v of each channel over the batch.

    x   (N, C), (N, C, L) or (N, C, H, W); gamma, beta (C,), or none.
    Returns the shape of x: the training form, in which mu and v depend on x. Raises LanguageError where the sizes differ.
    Source: Ioffe and Szegedy 2015.
    """
    x = tensor("batch_norm", x, "N C", lead=False) if getattr(x, "ndim", 0) < 2 else as_tensor(x)
    y = _standardized(x, (0, *range(2, x.ndim)), eps)
    return _scaled("batch_norm", x, y, gamma, beta, 1)


def layer_norm(x: Value, gamma: Value = None, beta: Value = None, eps: float = 1e-5) -> Tensor:
    """y = gamma (x - mu) / sqrt(v + eps) + beta, with the mean mu and the variance v along the last axis.

    x   (..., d); gamma, beta (d,), or none.
    Returns the shape of x. Raises LanguageError where the sizes differ. Source: Ba et al. 2016.
    """
    x = tensor("layer_norm", x, "d", lead=True)
    return _scaled("layer_norm", x, _standardized(x, (-1,), eps), gamma, beta, -1)


def rms_norm(x: Value, gamma: Value = None, eps: float = 1e-5) -> Tensor:
    """y = gamma x / sqrt(m + eps), with m the mean of x^2 along the last axis.

    x   (..., d); gamma (d,), or none.
    Returns the shape of x. Raises LanguageError where the sizes differ. Source: Zhang and Sennrich 2019.
    """
    x = tensor("rms_norm", x, "d", lead=True)
    m = mean(x**2, -1, keepdims=True).called("m")
    y = elementwise("rms_norm", lambda a, s: a / sp.sqrt(s + builder.as_number(eps)), x, m)
    return _scaled("rms_norm", x, y, gamma, None, -1)


def instance_norm(x: Value, gamma: Value = None, beta: Value = None, eps: float = 1e-5) -> Tensor:
    """y = gamma (x - mu) / sqrt(v + eps) + beta, with the mean mu and the variance v of each image and channel.

    x   (N, C, H, W) or (N, C, L); gamma, beta (C,), or none.
    Returns the shape of x. Raises LanguageError where the sizes differ. Source: Ulyanov et al. 2016.
    """
    x = as_tensor(x)
    if x.ndim < 3:
        raise LanguageError(f"instance_norm: {label(x)} is {shape_text(x.shape)}, it needs the axes (N, C, H, W) or (N, C, L)")
    y = _standardized(x, tuple(range(2, x.ndim)), eps)
    return _scaled("instance_norm", x, y, gamma, beta, 1)


def group_norm(x: Value, groups: int, gamma: Value = None, beta: Value = None, eps: float = 1e-5) -> Tensor:
    """y = gamma (x - mu) / sqrt(v + eps) + beta, with the mean mu and the variance v of each image and group of channels.

    x   (N, C), (N, C, L) or (N, C, H, W); `groups` divides C; gamma, beta (C,), or none.
    Returns the shape of x. Raises LanguageError where the groups do not divide the channels. Source: Wu and He 2018.
    """
    x = as_tensor(x)
    if x.ndim < 2:
        raise LanguageError(f"group_norm: {label(x)} is {shape_text(x.shape)}, it needs the axes (N, C), (N, C, L) or (N, C, H, W)")
    groups = whole("group_norm", "groups", groups, 1)
    part("group_norm", x, 1, groups, f"groups={groups} must divide the channels")
    parts = split_axis(x, 1, groups)
    y = merge_axes(_standardized(parts, tuple(range(2, parts.ndim)), eps), 1)
    return _scaled("group_norm", x, y, gamma, beta, 1)


def _standardized(x: Tensor, axes: tuple[int, ...], eps: float) -> Tensor:
    """(x - mu) / sqrt(v + eps)."""
    mu = mean(x.taken_as("z"), axes, keepdims=True).called("mu")
    v = mean((x - mu) ** 2, axes, keepdims=True).called("v")
    return elementwise("norm", lambda a, m, s: (a - m) / sp.sqrt(s + builder.as_number(eps)), x, mu, v).called("xhat")


def _scaled(layer: str, x: Tensor, xhat: Tensor, gamma: Value, beta: Value, axis: int) -> Tensor:
    """gamma xhat + beta along one axis; an error speaks of x."""
    y = xhat
    for factor, joined in ((gamma, lambda a, b: a * b), (beta, lambda a, b: a + b)):
        if factor is not None:
            factor = tensor(layer, factor, "C" if axis == 1 else "d")
            equal(layer, x, axis, factor, 0)
            y = joined(y, factor[(slice(None), *[None] * (x.ndim - 1 - axis % x.ndim))])
    return y.taken_as("y")
