"""Entries of one array in the place of another's, by a mask without runs: for that, NumPy's masked copy takes ten times as long."""

from __future__ import annotations

import numpy as np

from symbackprop.backends.executed import executed

LEAST = 1024  # entries; of fewer the masked copy is as fast
BITS = {"float32": "int32", "float64": "int64"}
TEXT = '''
def choose(out, a, where, work):
    """out = a where the mask holds, bit for bit; `work` is memory for whole numbers of that shape."""
    a = np.asarray(a, out.dtype) if isinstance(a, float) else a  # a number that a step has computed
    if a.dtype != out.dtype or out.itemsize != work.itemsize or 64 * np.count_nonzero(where) < where.size:
        np.copyto(out, a, "unsafe", where=where)
        return
    bits = out.view(work.dtype)
    np.bitwise_xor(bits, a.view(work.dtype), work)
    np.multiply(work, where, work)
    np.bitwise_xor(bits, work, bits)
'''
choose = executed(TEXT, "choose", {"np": np})
