"""What several products of matrices end with, taken out: (diag(M 1) - M) Y for diag(M 1) Y - M Y, as a Laplacian is written.

In index letters their factors are not attached alike, M_ij Y_ik and M_ij Y_jk, so that no sum over letters has it.
"""

from __future__ import annotations

from collections.abc import Sequence

from symbackprop.algebra.matrix import Form, front_of, scaled
from symbackprop.algebra.matrix_product import product


def with_common_end(summands: Sequence[Form]) -> Form | None:
    """The sum as a product of a sum; None where that is longer."""
    ways = [(front, body.parts) for front, body in map(front_of, summands) if body is not None and body.op == "product"]
    ends = [parts[-1] for _, parts in ways]
    if len(ways) < len(summands) or any(end != ends[0] for end in ends) or all(parts[0].op != "diag" for _, parts in ways):
        return None
    inner = [scaled(front, product(list(parts[:-1]))) for front, parts in ways]
    whole = product([Form("sum", tuple(inner)), ends[0]])
    return whole if whole.tokens <= Form("sum", tuple(summands)).tokens else None
