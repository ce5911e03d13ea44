"""Parts: tensors whose entries are entries of another one, in other places, or 0. What is computed of one is no part of it."""

from __future__ import annotations

from itertools import product

import sympy as sp
from sympy import Expr, S

from symbackprop.core.functions import Where
from symbackprop.core.guards import affine, letters_of, split
from symbackprop.core.program import Reduce, Sum, same_size
from symbackprop.language.tensors.tensor import Tensor

BITS = (S.Zero, S.One)
MOST_BITS = 5  # of an expression whose values are all tried


def source_of(tensor: Tensor) -> Tensor | None:
    """The tensor of which each entry is an entry, or 0: of a slice, a lookup, a product with a mask. None for what is computed."""
    op = tensor.op
    if op is None and tensor.operands:  # it stands for another one
        return tensor.operands[0][0]
    if not isinstance(op, Sum) or not _has_one_term(op):
        return None
    entries: dict[Expr, Tensor] = dict(zip(op.slots, (operand for operand, _ in tensor.operands), strict=True))
    factors = sp.Mul.make_args(op.body)
    taken = [entries[f] for f in factors if f in entries]
    known = dict[Tensor, bool]()
    if not taken or not all(f in entries or _is_bit(f, entries, known) for f in factors):
        return None
    others = taken if len(taken) == 1 else [x for x in taken if not is_truth(x, known)] or taken[:1]
    return others[0] if len(others) == 1 else None


def is_truth(tensor: Tensor, known: dict[Tensor, bool] | None = None) -> bool:
    """Whether every entry is 0 or 1: a comparison, what is made of these by products, complements and extremes, or binary data.

    known   what was found of tensors below it, each of which is asked once.
    """
    known = {} if known is None else known
    if tensor not in known:
        known[tensor] = _is_truth(tensor, known)
    return known[tensor]


def _is_truth(tensor: Tensor, known: dict[Tensor, bool]) -> bool:
    if tensor.signature is not None:
        return tensor.signature.domain == "binary"
    if isinstance(tensor.op, Reduce) and tensor.op.kind in ("max", "min", "prod"):
        return is_truth(tensor.operands[0][0], known)
    if not isinstance(tensor.op, Sum) or not _has_one_term(tensor.op):
        return False
    entries: dict[Expr, Tensor] = dict(zip(tensor.op.slots, (operand for operand, _ in tensor.operands), strict=True))
    return _is_bit(tensor.op.body, entries, known)


def _is_bit(body: Expr, entries: dict[Expr, Tensor], known: dict[Tensor, bool]) -> bool:
    """Whether a body is 0 or 1, whatever it reads."""
    if body in entries:
        return is_truth(entries[body], known)
    if body in (S.Zero, S.One):
        return True
    if isinstance(body, Where):
        return all(_is_bit(arm, entries, known) for arm in body.args[1:])  # type: ignore[arg-type]
    if isinstance(body, sp.Mul):
        return all(_is_bit(factor, entries, known) for factor in body.args)  # type: ignore[arg-type]
    return isinstance(body, sp.Add) and _is_bit_of_bits(body, entries, known)


def _is_bit_of_bits(body: Expr, entries: dict[Expr, Tensor], known: dict[Tensor, bool]) -> bool:
    """Whether a sum, as a + b - a b, is 0 or 1 for all values of what it is made of, where these are 0 or 1 themselves."""
    choices = {part: sp.Dummy() for part in body.atoms(Where) if _is_bit(part, entries, known)}  # type: ignore[arg-type]
    body = body.xreplace(choices)  # type: ignore[assignment]  # SymPy promises a Basic only
    bits = [*({*choices.values()} & body.free_symbols), *(e for e in entries if body.has(e) and is_truth(entries[e], known))]
    if len(bits) > MOST_BITS or body.free_symbols - set(bits):
        return False
    return all(body.xreplace(dict(zip(bits, values, strict=True))) in (S.Zero, S.One) for values in product(BITS, repeat=len(bits)))


def _has_one_term(op: Sum) -> bool:
    """Whether at most one term of the sum is not 0: an equation of positions settles each letter that has a choice."""
    open_letters = {letter: extent for letter, extent in op.over if extent != 1}
    for guard in split(op).guards if open_letters else ():
        form = affine(guard.lhs - guard.rhs)  # type: ignore[arg-type]
        own = {letter: slope for letter, slope in form.slopes.items() if letter in open_letters}
        if own and not letters_of(form.opaque) & set(own) and _are_digits(own, open_letters):
            open_letters = {letter: extent for letter, extent in open_letters.items() if letter not in own}
    return not open_letters


def _are_digits(slopes: dict[str, Expr], extents: dict[str, Expr]) -> bool:
    """Whether the sum of slope * position is another number at all other positions: one letter, or digits of one number."""
    waiting, weight = dict(slopes), S.One if len(slopes) > 1 else next(iter(slopes.values()))
    while waiting:
        letter = next((c for c, slope in waiting.items() if same_size(slope, weight) or same_size(-slope, weight)), None)
        if letter is None:
            return False
        weight = abs(waiting.pop(letter)) * extents[letter]
    return True
