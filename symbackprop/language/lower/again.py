"""What is read again, z[K] of z: what was computed from the first reading is computed from the second, which is the same."""

from __future__ import annotations

from collections.abc import Sequence

from symbackprop.language.tensors import Tensor


def read_again(of: Tensor, x: Tensor, order: Sequence[Tensor]) -> bool:
    """Let what `of` needs read x where it reads the same entries by another tensor; False where it does not, or not only through x.

    order   what `of` needs.
    """
    same = [t for t in order if _is_same(t, x)]
    if not same or any(t.name is not None for t in same):
        return False
    known = {id(t) for t in same}
    beside = _without(of, known)
    if any(id(operand) in beside for operand, _ in x.operands):
        return False  # x is no cut through all that leads to `of`: its derivative would be a part of what is meant
    for tensor in order:
        if any(id(operand) in known for operand, _ in tensor.operands):
            tensor.operands = tuple((x if id(operand) in known else operand, index) for operand, index in tensor.operands)
        if tensor.inner is not None:
            tensor.inner = tensor.inner.moved(lambda t: x if id(t) in known else t)
    return True


def _is_same(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors are one operation on the same operands."""
    if a is b or a.op is None or a.op != b.op or a.index != b.index or len(a.operands) != len(b.operands):
        return False
    return all(s is t and i == j for (s, i), (t, j) in zip(a.operands, b.operands, strict=True))


def _without(of: Tensor, cut: set[int]) -> set[int]:
    """The identities of what leads to a value without going through a cut."""
    found: set[int] = set()
    waiting = [of]
    while waiting:
        tensor = waiting.pop()
        if id(tensor) in found or id(tensor) in cut:
            continue
        found.add(id(tensor))
        waiting += [operand for operand, _ in tensor.operands]
    return found
