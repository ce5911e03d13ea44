r"""Declarations where samples are columns, Z^{[1]} = W^{[1]} X + b^{[1]}: X is (n, m), b^{[1]} is (h, 1), the last W is one row."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from symbackprop.notation.claims.syntax import Word

_DECLARED = re.compile(r"(\w+?)_*(\d*): (data|parameter)(?:\[[^\]]*\])?$")
HIDDEN = "hkpqrs"  # how wide the layers before the last are


def sampled(several: Iterable[Word], sizes: Mapping[str, str]) -> str | None:
    """How many samples there are, of words with one, a^{[2](i)}; None where there is no such word, or there are several sizes."""
    found = set[str]()
    for word in several:
        signs = [t.text for t in word.sup]
        triples = zip(signs, signs[1:], signs[2:], strict=False)
        found |= {sizes[c] for before, c, after in triples if (before, after) == ("(", ")") and c in sizes}
    return found.pop() if len(found) == 1 else None


def in_columns(proposed: Sequence[str], samples: str) -> list[str] | None:
    """The declarations of a network with one output whose samples are columns; None where what is proposed is of no such one.

    proposed  a declaration for each name that has none: weights W, biases b, of layers or of one; inputs X; labels y.
    samples   how many samples there are.
    """
    parts = [_DECLARED.match(one) for one in proposed]
    layers = sorted({int(m[2] or 0) for m in parts if m and m[3] == "parameter"})
    has_samples = any(m and m[3] == "data" and m[1].isupper() for m in parts)
    if not (layers and has_samples and all(parts)) or len(layers) > len(HIDDEN):
        return None
    width = dict(zip(layers, [*HIDDEN[: len(layers) - 1], "1"], strict=True))
    before = dict(zip(layers, ["n", *width.values()], strict=False))
    found: list[str] = []
    for one, part in zip(proposed, parts, strict=True):
        if part is None:
            return None
        name, kind = one.partition(":")[0], part[3]
        is_matrix, layer = part[1][:1].isupper(), int(part[2] or 0)
        if kind == "data":
            shape = f"[n, {samples}]" if is_matrix and part[1] != "Y" else f"[{samples}]"
        elif is_matrix:
            shape = f"[{width[layer]}, {before[layer]}]"
        elif part[1] in ("w", "theta") and width[layer] == "1":
            shape = f"[{before[layer]}]"
        else:
            shape = "" if width[layer] == "1" else f"[{width[layer]}, 1]"
        found.append(f"{name}: {kind}{shape}")
    return found
