"""What the arrays of a model are called here: fc.weight is W_fc, layers.0.bias is b_0, rnn.weight_ih_l0 is W_ih_l0."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass

from symbackprop.notation.trace.names import Names

STEMS = {"weight": "W", "kernel": "W", "bias": "b", "running_mean": "mu", "running_var": "v"}


@dataclass(frozen=True)
class Path:
    """A path in its parts: h.0.attn.in_proj_weight is `modules` (h, 0, attn), `stem` W, `rest` (in, proj)."""

    modules: tuple[str, ...]
    stem: str
    rest: tuple[str, ...]

    @property
    def last(self) -> tuple[str, ...]:
        """The module that holds the array, with its number where that is one: (encoder, 0)."""
        words = [k for k, part in enumerate(self.modules) if not part.isdigit()]
        return self.modules[words[-1] if words else 0 :]

    @property
    def numbers(self) -> tuple[str, ...]:
        return tuple(part for part in self.modules if part.isdigit() and part not in self.last)


SPELLINGS: tuple[Callable[[Path], tuple[str, ...]], ...] = (
    lambda p: (p.stem, *(p.rest or p.modules[-1:])),
    lambda p: (p.stem, *p.last, *p.rest),
    lambda p: (p.stem, *p.last, *p.numbers, *p.rest),
    lambda p: (p.stem, *p.modules, *p.rest),
)
"""Shorter ones first; the first that tells all paths of a model apart is taken for all of them."""


def names_of(paths: Iterable[str], stems: Mapping[str, str] | None = None, taken: Iterable[str] = ()) -> dict[str, str]:
    """A name for each path of a model.

    paths  such as "encoder.0.weight"; what parts them may be . / or :
    stems  what paths are called that are no ordinary weights: {"bn.weight": "gamma"}.
    taken  names that stand for something else already.
    """
    parsed = {path: parts_of(path, (stems or {}).get(path)) for path in paths}
    spelled: dict[str, str] = {}
    for spelling in SPELLINGS:
        spelled = {path: "_".join(spelling(parts)) for path, parts in parsed.items()}
        if len(set(spelled.values())) == len(spelled):
            break
    used = set(taken)
    for path, wish in spelled.items():
        spelled[path] = fresh(wish, used)
        used.add(spelled[path])
    return spelled


def parts_of(path: str, stem: str | None = None) -> Path:
    """The parts of a path; `stem` is what its array is called, where the table does not say so."""
    parts = [re.sub(r"\W+", "_", part).strip("_") for part in re.split(r"[./:]+", re.sub(r":\d+$", "", path)) if part.strip("_")]
    last = max((k for k, part in enumerate(parts) if not part.isdigit()), default=0)
    modules, [leaf, *numbers] = tuple(parts[:last]), parts[last:] or ["c"]
    if stem or leaf in STEMS:
        return Path(modules, stem or STEMS[leaf], tuple(numbers))
    words = leaf.split("_")
    known = next((word for word in words if word in STEMS), None)
    if known is None:
        return Path(modules, leaf, tuple(numbers))
    return Path(modules, STEMS[known], (*(word for word in words if word != known), *numbers))


def fresh(wish: str, taken: Container[str]) -> str:
    """The name, or the nearest that can be one and is not taken."""
    return Names().fresh(wish, taken)
