"""Products and reductions: sums of products over letters, matrix products, transposes, sums and extrema along axes."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any

import sympy as sp
from sympy import Expr, S

from symbackprop.core.program import Range, Reduce, Sum, same_size, shape_text, slot
from symbackprop.language.tensors.elementwise import broadcast, capitals, letters
from symbackprop.language.tensors.parted import part_by_part
from symbackprop.language.tensors.tensor import Index, LanguageError, ShapeError, Tensor, label, number_of, turned


def contract(pattern: str, *tensors: Tensor) -> Tensor:
    """y = the product of the tensors, summed over the letters that the result lacks, as np.einsum writes it.

    pattern   such as "ij,jk->ik"; one letter an axis; without "->" the result has the letters that stand once, sorted.
    Raises LanguageError where the pattern does not fit the shapes.
    """
    terms, result = _terms(pattern, tensors)
    sizes: dict[str, Expr] = {}
    for term, tensor in zip(terms, tensors, strict=True):
        for c, extent in zip(term, tensor.shape, strict=True):
            known = sizes.get(c, S.One)
            if known == 1:
                sizes[c] = extent
            elif not same_size(known, extent) and (extent != 1 or term.count(c) > 1):
                raise LanguageError(f'einsum "{pattern}": the letter {c} runs over {known} and over {extent}')
    stray = [c for c in result if c not in sizes or result.count(c) > 1]
    if stray:
        raise LanguageError(f'einsum "{pattern}": the letter {stray[0]} of the result must stand once, and in an operand')
    operands: list[tuple[Tensor, Index]] = []
    for term, tensor in zip(terms, tensors, strict=True):
        index = []
        for c, extent in zip(term, tensor.shape, strict=True):
            repeated = extent == 1 and sizes[c] != 1  # an axis of size 1 serves every entry of the other
            index.append(f"{c}{len(sizes)}" if repeated else c)
            sizes |= {index[-1]: extent} if repeated else {}
        operands.append((tensor, tuple(index)))
    return product(operands, result, sizes)


def _terms(pattern: str, tensors: Sequence[Tensor]) -> tuple[list[Index], Index]:
    """The letters of each operand and of the result of an einsum; the axes that "..." stands for have letters as well."""
    left, arrow, right = pattern.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(tensors):
        raise LanguageError(f'einsum "{pattern}" names {len(terms)} operands, {len(tensors)} are given')
    plain = [term.replace("...", "") for term in (*terms, right)]
    if not all(c.isalpha() for c in "".join(plain)) or any(term.count("...") > 1 for term in (*terms, right)):
        raise LanguageError(f'einsum "{pattern}": one letter an axis, and "..." once in a term for all other axes')
    widest = 0
    for term, letters_, tensor in zip(terms, plain, tensors, strict=False):
        more = tensor.ndim - len(letters_)
        if more < 0 or (more > 0 and "..." not in term):
            shape = shape_text(tensor.shape)
            raise LanguageError(f'einsum "{pattern}": "{term}" has {len(letters_)} letters, {label(tensor)} is {shape}')
        widest = max(widest, more)
    others = letters(widest)
    if not arrow:
        joined = "".join(plain)
        right = "..." * bool(widest) + "".join(sorted(c for c in set(joined) if joined.count(c) == 1))
    if widest and "..." not in right:
        raise LanguageError(f'einsum "{pattern}": write "..." in the result as well, or a letter for each axis that is summed')

    def spelled(term: str, count: int) -> Index:
        before, dots, after = term.partition("...")
        return (*before, *(others[widest - count :] if dots else ()), *after)

    counts = [tensor.ndim - len(letters_) for letters_, tensor in zip(plain, tensors, strict=False)]
    return [spelled(term, count) for term, count in zip(terms, counts, strict=True)], spelled(right, widest)


def product(
    operands: Sequence[tuple[Tensor, Index]], index: Index, sizes: dict[str, Expr], factor: Expr = S.One,
    conditions: tuple[Expr, ...] = (), shape: tuple[Expr, ...] | None = None,
) -> Tensor:  # fmt: skip
    """y[index] = the sum over the other letters of factor * the product of the operands."""
    slots = tuple(slot(k) for k in range(len(operands)))
    over = tuple((c, extent) for c, extent in sizes.items() if c not in index)
    shape = tuple(sizes[c] for c in index) if shape is None else shape
    return Tensor(shape, Sum(sp.Mul(factor, *slots), slots, over), tuple(operands), index, conditions=conditions)


def matmul(a: Tensor, b: Tensor) -> Tensor:
    """y = a @ b with NumPy's rules: vectors, matrices, and stacks of matrices that broadcast.

    Raises LanguageError where the inner sizes differ or an operand has no axes.
    """
    if not a.ndim or not b.ndim:
        size = next((n for n in map(number_of, (a, b)) if n is not None and n.is_Symbol), None)
        if size is not None:  # a name was meant that is one of an axis already
            raise LanguageError(f"@: {size} is the size of an axis; give the value, or the size, another name")
        other, inner = (a, -1) if a.ndim else (b, -min(b.ndim, 2))
        vector = f"zeros({other.shape[inner]})" if other.ndim else ""
        scalar = b if a.ndim else a
        named = scalar.signature is not None and scalar.signature.value == 0
        if vector and (named or number_of(scalar) == 0):  # h = 0 before U @ h
            raise LanguageError(
                f"{label(a)} @ {label(b)}: a number has no axes to multiply along; write {vector} in the place of 0"
            )
        if vector:
            raise LanguageError(
                f"{label(a)} @ {label(b)}: a scalar has no axes to multiply along; write * instead, or let it begin as {vector}"
            )
        raise LanguageError(f"{label(a)} @ {label(b)}: a scalar has no axes to multiply along; write * instead")
    inner_a, inner_b = a.shape[-1], b.shape[-2] if b.ndim > 1 else b.shape[0]
    if not same_size(inner_a, inner_b):
        raise ShapeError(
            f"{label(a)} @ {label(b)}: the inner sizes differ: {label(a)} is {shape_text(a.shape)}, "
            f"{label(b)} is {shape_text(b.shape)}.{_matmul_mend(a, b)}"
        )
    lead_a, lead_b = a.shape[:-2], b.shape[:-2]
    rank = max(len(lead_a), len(lead_b))
    _, (index_a, index_b), ones = broadcast(f"{label(a)} @ {label(b)}", Tensor(lead_a), Tensor(lead_b))
    shape, _, _ = broadcast(f"{label(a)} @ {label(b)}", Tensor(lead_a), Tensor(lead_b))
    rows = ("r",) if a.ndim > 1 else ()
    columns = ("c",) if b.ndim > 1 else ()
    index = letters(rank) + rows + columns
    sizes = dict(zip(letters(rank), shape, strict=True)) | dict(ones)
    sizes |= dict(zip(rows, a.shape[-2:-1], strict=True)) | dict(zip(columns, b.shape[-1:], strict=False)) | {"m": inner_a}
    return product([(a, index_a + rows + ("m",)), (b, (*index_b, "m", *columns))], index, sizes)


def _matmul_mend(a: Tensor, b: Tensor) -> str:
    if said := capitals(a.shape[-1], b.shape[-2:][0]):
        return said
    if b.ndim == 2 and same_size(a.shape[-1], b.shape[-1]):
        return f" Did you mean {label(a)} @ {turned(b)}?"
    if a.ndim == 2 and same_size(a.shape[0], b.shape[0 if b.ndim == 1 else -2]):
        return f" Did you mean {turned(a)} @ {label(b)}?"
    if b.ndim and a.ndim and same_size(b.shape[-1], a.shape[0]):
        return f" Did you mean {label(b)} @ {label(a)}?"
    place = "first" if b.ndim == 1 else "next to last"
    return f" The last axis of {label(a)} must have the size of the {place} axis of {label(b)}."


def permute(x: Tensor, axes: Sequence[int]) -> Tensor:
    """y = x with its axes in the order `axes`."""
    if sorted(axes) != list(range(x.ndim)):
        raise LanguageError(f"transpose: the axes {tuple(axes)} are no order of the {x.ndim} axes of {label(x)}")
    if list(axes) == list(range(x.ndim)):
        return x
    index = letters(x.ndim)
    return product([(x, index)], tuple(index[a] for a in axes), dict(zip(index, x.shape, strict=True)))


def normal_axes(what: str, x: Tensor, axis: Any) -> tuple[int, ...]:
    """The axes that `axis` (None, an integer or several) means, from 0.

    Raises LanguageError for an axis that x does not have.
    """
    if axis is None:
        return tuple(range(x.ndim))
    several = axis if isinstance(axis, (tuple, list)) else (axis,)
    result = []
    for a in several:
        if isinstance(a, bool) or not isinstance(a, Integral):
            place = next((k for k, n in enumerate(x.shape) if str(n) == str(a)), None)
            mend = "" if place is None else f"; {label(x)} is {shape_text(x.shape)}, write axis={place}"
            raise LanguageError(f"{what}: axis must be a whole number, not {a}{mend}")
        a = int(a)
        if not -x.ndim <= a < x.ndim:
            raise LanguageError(
                f"{what}: axis {a} is out of range: {label(x)} is {shape_text(x.shape)}, its axes are "
                + (f"0 to {x.ndim - 1}" if x.ndim else "none")
            )
        result.append(a % x.ndim)
    if len(set(result)) != len(result):
        raise LanguageError(f"{what}: an axis is named twice in {axis}")
    return tuple(result)


def normal_axis(what: str, x: Tensor, axis: Any) -> int:
    """The one axis that `axis` means, from 0.

    Raises LanguageError for an axis that x does not have, for none and for several.
    """
    found = normal_axes(what, x, axis)
    if len(found) != 1:
        raise LanguageError(f"{what}: axis={axis} names {len(found)} axes of {label(x)}, it takes one; write axis=0, say")
    return found[0]


def _reduced(x: Tensor, axes: tuple[int, ...], keepdims: bool) -> tuple[Index, tuple[Expr, ...], tuple[Range, ...]]:
    index = letters(x.ndim)
    over = tuple((index[a], x.shape[a]) for a in axes)
    if keepdims:
        kept = tuple(str(x.ndim + a) if a in axes else index[a] for a in range(x.ndim))
        return kept, tuple(S.One if a in axes else x.shape[a] for a in range(x.ndim)), over
    rest = [a for a in range(x.ndim) if a not in axes]
    return tuple(index[a] for a in rest), tuple(x.shape[a] for a in rest), over


def total(x: Tensor, axis: Any = None, keepdims: bool = False, mean: bool = False) -> Tensor:
    """y = the sum (or the mean) of x along one, several or all axes."""
    axes = normal_axes("mean" if mean else "sum", x, axis)
    index, shape, over = _reduced(x, axes, keepdims)
    if not over:
        return x
    factor = 1 / sp.Mul(*[extent for _, extent in over]) if mean else S.One
    if not keepdims and (apart := _by_parts(x, axes)) is not None:
        return (
            apart
            if factor == 1
            else Tensor(shape, Sum(factor * slot(0), (slot(0),)), ((apart, letters(apart.ndim)),), letters(len(shape)))
        )
    return Tensor(shape, Sum(factor * slot(0), (slot(0),), over), ((x, letters(x.ndim)),), index)


def _by_parts(x: Tensor, axes: Sequence[int]) -> Tensor | None:
    """The sum along some axes as one for each part of what was put together of parts; None where nothing was."""
    for axis in axes:
        found = part_by_part(x, axis)
        if found is None:
            continue
        terms = [total(t, [a - (lone and a > axis) for a in axes if not (lone and a == axis)]) for t, lone in found]
        terms = [t for t in terms if not (isinstance(t.op, Sum) and not t.operands and t.op.body == 0)] or terms[:1]
        result = terms[0]
        for term in terms[1:]:
            result = result + term
        return result
    return None


def reduce(kind: str, x: Tensor, axis: Any = None, keepdims: bool = False) -> Tensor:
    """y = max | min | logsumexp of x along one, several or all axes."""
    axes = normal_axes(kind, x, axis)
    index, shape, over = _reduced(x, axes, keepdims)
    if not over:
        return x
    return Tensor(shape, Reduce(kind, over), ((x, letters(x.ndim)),), index)
