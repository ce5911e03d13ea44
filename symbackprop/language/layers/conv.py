"""Convolutions: one sum whose guards say which pixel meets which weight, so that stride, padding and dilation are arithmetic."""

from __future__ import annotations

import sympy as sp
from sympy import Expr

from symbackprop.core.functions import iverson
from symbackprop.core.program import position, same_size, shape_text
from symbackprop.language.layers.arguments import Value, Whole, equal, part, tensor, whole, wholes
from symbackprop.language.layers.dense import add_bias
from symbackprop.language.tensors import LanguageError, Tensor, label, letters, product


def conv1d(
    x: Value, W: Value, b: Value = None, stride: Whole = 1, padding: Whole = 0, dilation: Whole = 1, groups: int = 1
) -> Tensor:
    """y[n o p] = sum_{c i a} x[n c i] W[o c a] 1[i = p stride + a dilation - padding] + b[o].

    x   (..., C, L); W (O, C / groups, K); b (O,) or none.
    groups   output channel o sees the channels of its own group only.
    Returns (..., O, floor((L + 2 padding - dilation (K - 1) - 1) / stride) + 1).
    Raises LanguageError where the kernel is larger than the padded signal, or the groups do not divide the channels.
    """
    return _convolution("conv1d", x, W, b, stride, padding, dilation, groups, "L")


def conv2d(
    x: Value, W: Value, b: Value = None, stride: Whole = 1, padding: Whole = 0, dilation: Whole = 1, groups: int = 1
) -> Tensor:
    """y[n o p q] = sum_{c i j a b} x[n c i j] W[o c a b] 1[i = p s + a d - r] 1[j = q s + b d - r] + b[o].

    s is the stride, d the dilation, r the padding; each is one whole number, or one for each of the two axes.
    x        (..., C, H, W); W (O, C / groups, K, K'); b (O,) or none.
    groups   output channel o sees the channels of its own group only; groups = C is a depthwise convolution.
    Returns (..., O, floor((H + 2 r - d (K - 1) - 1) / s) + 1, and so for the width).
    Raises LanguageError where the kernel is larger than the padded image, or the groups do not divide the channels.
    Source: Dumoulin and Visin 2016.
    """
    return _convolution("conv2d", x, W, b, stride, padding, dilation, groups, "H W")


def conv_transpose1d(
    x: Value,
    W: Value,
    b: Value = None,
    stride: Whole = 1,
    padding: Whole = 0,
    output_padding: Whole = 0,
    dilation: Whole = 1,
    groups: int = 1,
) -> Tensor:
    """y[n o p] = sum_{c i a} x[n c i] W[c o a] 1[p = i stride + a dilation - padding] + b[o].

    x        (..., C, L); W (C, O / groups, K); b (O,) or none.
    groups   input channel c writes to the channels of its own group only.
    Returns (..., O, (L - 1) stride - 2 padding + dilation (K - 1) + 1 + output_padding).
    Raises LanguageError where the sizes do not fit, or nothing is left.
    """
    return _transposed("conv_transpose1d", x, W, b, stride, padding, output_padding, dilation, groups, "L")


def conv_transpose2d(
    x: Value,
    W: Value,
    b: Value = None,
    stride: Whole = 1,
    padding: Whole = 0,
    output_padding: Whole = 0,
    dilation: Whole = 1,
    groups: int = 1,
) -> Tensor:
    """y[n o p q] = sum_{c i j a b} x[n c i j] W[c o a b] 1[p = i s + a d - r] 1[q = j s + b d - r] + b[o].

    s is the stride, d the dilation, r the padding: the transpose of `conv2d`, which is its derivative by x.
    x        (..., C, H, W); W (C, O / groups, K, K'); b (O,) or none.
    groups   input channel c writes to the channels of its own group only.
    Returns (..., O, (H - 1) s - 2 r + d (K - 1) + 1 + output_padding, and so for the width).
    Raises LanguageError where the sizes do not fit, or nothing is left. Source: Dumoulin and Visin 2016, section 4.
    """
    return _transposed("conv_transpose2d", x, W, b, stride, padding, output_padding, dilation, groups, "H W")


AXES = {1: "L", 2: "H W", 3: "D H W"}
"""What the axes of signals, of images and of volumes are called."""


def convolution(
    x: Value, W: Tensor, b: Value = None, stride: Whole = 1, padding: Whole = 0, dilation: Whole = 1, groups: int = 1
) -> Tensor:
    """`conv1d`, `conv2d` or the same over three axes, as many as the kernel (O, C / groups, ...) has."""
    rank = _rank(W)
    return _convolution(f"conv{rank}d", x, W, b, stride, padding, dilation, groups, AXES[rank])


def convolution_transposed(
    x: Value,
    W: Tensor,
    b: Value = None,
    stride: Whole = 1,
    padding: Whole = 0,
    output_padding: Whole = 0,
    dilation: Whole = 1,
    groups: int = 1,
) -> Tensor:
    """`conv_transpose1d`, `conv_transpose2d` or the same over three axes, as many as the kernel (C, O / groups, ...) has."""
    rank = _rank(W)
    return _transposed(f"conv_transpose{rank}d", x, W, b, stride, padding, output_padding, dilation, groups, AXES[rank])


def _rank(W: Tensor) -> int:
    """Over how many axes a kernel goes."""
    rank = W.ndim - 2
    if rank not in AXES:
        raise LanguageError(f"convolution: {label(W)} is {shape_text(W.shape)}; a kernel goes over one, two or three axes")
    return rank


def window_count(layer: str, extent: Expr, kernel: Expr, stride: int, padding: int, dilation: int) -> tuple[Expr, tuple[Expr, ...]]:
    """How many windows fit an axis, and the condition for it that its sizes must meet."""
    reach = sp.expand(dilation * (kernel - 1) + 1)
    room = sp.expand(extent + 2 * padding - reach)
    if room.is_negative:
        raise LanguageError(
            f"{layer}: the kernel reaches over {reach} entries, the axis has {extent}"
            + (f", with its padding {extent + 2 * padding}" if padding else "")
            + "; use a smaller kernel or more padding"
        )
    return sp.floor(room / stride) + 1, () if room.is_nonnegative else (room,)


def _convolution(
    layer: str, x: Value, W: Value, b: Value, stride: Whole, padding: Whole, dilation: Whole, groups: int, axes: str
) -> Tensor:
    x, W = tensor(layer, x, f"C {axes}", lead=True), tensor(layer, W, "O C " + " ".join(f"K{c}" for c in axes.split()))
    rank = len(axes.split())
    strides, paddings = wholes(layer, "stride", stride, rank, 1), wholes(layer, "padding", padding, rank, 0)
    dilations, groups = wholes(layer, "dilation", dilation, rank, 1), whole(layer, "groups", groups, 1)
    lead = letters(x.ndim - rank - 1)
    pixel, tap, place = ([f"{c}{k}" for k in range(rank)] for c in "iap")
    sizes = (
        dict(zip(lead, x.shape, strict=False))
        | dict(zip(pixel, x.shape[-rank:], strict=True))
        | dict(zip(tap, W.shape[-rank:], strict=True))
    )
    guards, conditions = [], ()
    for k in range(rank):
        sizes[place[k]], needed = window_count(layer, x.shape[k - rank], W.shape[k - rank], strides[k], paddings[k], dilations[k])
        at = strides[k] * position(place[k]) + dilations[k] * position(tap[k]) - paddings[k]
        guards.append(sp.Eq(position(pixel[k]), at, evaluate=False))
        conditions += needed
    inside, channel, ties = _channels(layer, x, W, groups, sizes, -rank - 1)
    factor = sp.Mul(*map(iverson, guards + ties))
    y = product(
        [(x, (*lead, inside, *pixel)), (W, ("o", channel, *tap))],
        (*lead, "o", *place),
        sizes,
        factor,
        tuple(dict.fromkeys(conditions)),
    )
    return y if b is None else add_bias(y, b, -rank - 1)


def _channels(layer: str, x: Tensor, W: Tensor, groups: int, sizes: dict[str, Expr], axis: int) -> tuple[str, str, list[sp.Basic]]:
    """The letters of the channels of x and of W, and the guards that keep an output channel in its group."""
    mend = f"groups={groups} must divide the channels"
    seen, made = part(layer, x, axis, groups, mend), part(layer, W, 0, groups, mend)
    if not same_size(seen, W.shape[1]):
        raise LanguageError(
            f"{layer}: {label(x)} has {x.shape[axis]} channels"
            + (f" in {groups} groups" if groups > 1 else "")
            + f", so axis 1 of {label(W)} must have the size {seen}, not {W.shape[1]}"
        )
    sizes |= {"o": W.shape[0], "c": seen}
    if groups == 1:
        return "c", "c", []
    ties = []
    group = "o" if made == 1 else "g"
    if made != 1:
        sizes |= {"g": sp.Integer(groups), "h": made}
        ties.append(sp.Eq(position("o"), made * position("g") + position("h"), evaluate=False))
    if seen == 1:
        return group, "c", ties
    sizes["e"] = x.shape[axis]
    ties.append(sp.Eq(position("e"), seen * position(group) + position("c"), evaluate=False))
    return "e", "c", ties


def _written_channels(
    layer: str, x: Tensor, W: Tensor, groups: int, sizes: dict[str, Expr], axis: int
) -> tuple[str, list[sp.Basic]]:
    """The letter of W's channels that are written, and the guards that keep a channel that is read in its group."""
    seen = part(layer, x, axis, groups, f"groups={groups} must divide the channels")
    sizes |= {"c": W.shape[0], "o": sp.expand(groups * W.shape[1])}
    if groups == 1:
        return "o", []
    sizes |= {"g": sp.Integer(groups), "h": W.shape[1], "e": seen}
    of = sp.Eq(position("c"), seen * position("g") + position("e"), evaluate=False)
    return "h", [of, sp.Eq(position("o"), W.shape[1] * position("g") + position("h"), evaluate=False)]


def _transposed(
    layer: str,
    x: Value,
    W: Value,
    b: Value,
    stride: Whole,
    padding: Whole,
    output_padding: Whole,
    dilation: Whole,
    groups: int,
    axes: str,
) -> Tensor:
    x, W = tensor(layer, x, f"C {axes}", lead=True), tensor(layer, W, "C O " + " ".join(f"K{c}" for c in axes.split()))
    rank = len(axes.split())
    equal(layer, x, -rank - 1, W, 0)
    strides, paddings = wholes(layer, "stride", stride, rank, 1), wholes(layer, "padding", padding, rank, 0)
    extras, dilations = (
        wholes(layer, "output_padding", output_padding, rank, 0),
        wholes(layer, "dilation", dilation, rank, 1),
    )
    lead = letters(x.ndim - rank - 1)
    pixel, tap, place = ([f"{c}{k}" for k in range(rank)] for c in "iap")
    sizes = (
        dict(zip(lead, x.shape, strict=False))
        | dict(zip(pixel, x.shape[-rank:], strict=True))
        | dict(zip(tap, W.shape[-rank:], strict=True))
    )
    made, ties = _written_channels(layer, x, W, whole(layer, "groups", groups, 1), sizes, -rank - 1)
    guards, conditions = [], []
    for k in range(rank):
        s, d = strides[k], dilations[k]
        if extras[k] >= max(s, d):
            raise LanguageError(f"{layer}: output_padding {extras[k]} must be smaller than the stride or the dilation")
        extent = sp.expand((x.shape[k - rank] - 1) * s - 2 * paddings[k] + d * (W.shape[k - rank] - 1) + 1 + extras[k])
        if (extent - 1).is_negative:
            raise LanguageError(f"{layer}: the padding {paddings[k]} leaves nothing of axis {x.ndim - rank + k} of {label(x)}")
        if not (extent - 1).is_nonnegative:
            conditions.append(extent - 1)
        sizes[place[k]] = extent
        at = s * position(pixel[k]) + d * position(tap[k]) - paddings[k]
        guards.append(sp.Eq(position(place[k]), at, evaluate=False))
    factor = sp.Mul(*map(iverson, guards + ties))
    y = product(
        [(x, (*lead, "c", *pixel)), (W, ("c", made, *tap))],
        (*lead, "o", *place),
        sizes,
        factor,
        tuple(dict.fromkeys(conditions)),
    )
    return y if b is None else add_bias(y, b, -rank - 1)
