r"""What a sentence says of a matrix without a set: where $A$ is symmetric, A \text{ is symmetric positive definite}."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from symbackprop.core.program import same_size
from symbackprop.language.tensors import Tensor
from symbackprop.notation.latex.naming import name_in

_DOMAINS = {
    "symmetric": "symmetric",
    "symmetric positive semidefinite": "symmetric",
    "symmetric positive definite": "spd",
    "symmetric and positive definite": "spd",
    "spd": "spd",
    "orthogonal": "orthogonal",
}
_NAME = r"\\?[A-Za-z]+(?:_\{?\w+\}?)?"
_WORDS = rf"(?:be|is)\s+(?:an?\s+)?(?:real\s+)?(?P<{{}}>{'|'.join(sorted(_DOMAINS, key=len, reverse=True))})(?:\s+matrix)?\s*[.,;]?"
_SAID = re.compile(
    rf"(?<![\\\w}}^_])(?:(?:let|where|with|suppose|assume)\s+(?:that\s+)?)?\$?\s*(?P<name>{_NAME})\s*\$?\s*"
    rf"(?:\\(?:text|mbox|mathrm)\s*\{{\s*{_WORDS.format('within')}\s*\}}|{_WORDS.format('said')})\s*[.,;]?",
    re.IGNORECASE,
)


def qualified(text: str) -> tuple[str, dict[str, str]]:
    """The text with such sentences blank, so that places stay; and the domain of each matrix by its name."""
    found: dict[str, str] = {}

    def taken(match: re.Match[str]) -> str:
        name = name_in(match["name"])
        if name is None:
            return match[0]
        found[name] = _DOMAINS[" ".join((match["said"] or match["within"]).lower().replace("-", " ").split())]
        return ";".ljust(len(match[0]))

    return _SAID.sub(taken, text), found


def declared_so(declaration: str, domains: Mapping[str, str]) -> str:
    """The declaration of a square matrix with what a sentence says of it: A: symmetric[n]."""
    name, _, said = declaration.partition(": ")
    kind, _, axes = said.removesuffix("]").partition("[")
    sizes = axes.split(", ")
    if name not in domains or kind not in ("data", "parameter") or len(sizes) < 2 or sizes[-1] != sizes[-2]:
        return declaration
    if kind == "parameter":
        return f"{declaration} & {domains[name]}"
    return f"{name}: {domains[name]}[{sizes[0] if len(sizes) == 2 else axes}]"


def with_domains(several: Iterable[Tensor], domains: Mapping[str, str]) -> None:
    """Inputs that are square and have no domain have what a sentence says of them."""
    for tensor in several:
        own = tensor.signature
        square = tensor.ndim > 1 and same_size(*tensor.shape[-2:])
        if own is not None and own.domain is None and square and (domain := domains.get(own.name)):
            tensor.signature = replace(own, domain=domain)
