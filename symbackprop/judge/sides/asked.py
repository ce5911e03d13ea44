"""What a claim claims to be: the derivative of something by something."""

from __future__ import annotations

import re
from dataclasses import dataclass

from symbackprop.core.derivation import Derivation, DerivationError
from symbackprop.core.network import Network
from symbackprop.formulas.told import Formula, Told

_DRESS = re.compile(r"\\(?:d?frac|mathrm|mathbf|left|right|operatorname)\b|[\s_{}^()\[\]\\/]")
_PREFIXES = ("d", "D", "grad", "g", "nabla")


@dataclass(frozen=True)
class Asked:
    """d of / d wrt, as a claim is about it.

    name    what the person called it.
    of      what is differentiated: a tensor of the network, or a gradient such as dL/dw.
    rank    how many axes `wrt` has.
    shown   d of / d wrt as a formula.
    notes   what was settled in reading the name.
    pattern   which axes fall together, where only such entries are claimed: 0, 1, 0, 2 of dP_{ik}/dS_{ij}.
    """

    name: str
    of: str
    wrt: str
    rank: int
    shown: Formula
    notes: tuple[Told, ...] = ()
    pattern: tuple[int, ...] = ()

    @property
    def text(self) -> str:
        return self.shown.typed

    @property
    def second(self) -> bool:
        """Whether a gradient is differentiated once more."""
        return "/" in self.of

    @property
    def stated(self) -> bool:
        r"""Whether the name says by itself what is claimed: dW_1, grad_W_1, \frac{\partial L}{\partial W_1} claim to be dL/dW_1."""
        name, of, wrt = (_bare(text) for text in (self.name, self.of, self.wrt))
        return name in {wrt, *(f"{prefix}{wrt}" for prefix in (*_PREFIXES, f"d{of}d")), f"nabla{wrt}{of}"}


def _bare(text: str) -> str:
    return _DRESS.sub("", text.replace(r"\partial", "d").replace("∂", "d"))


def made_of(derivation: Derivation, of: str | None) -> tuple[Network, str | None]:
    """The network that claims about a derivation are about, and what they differentiate where `of` does not say.

    Raises DerivationError for one that is no derivation of a network by itself, such as a second.
    """
    network = derivation.network
    if network is None or derivation.first is not None or derivation.upstream or derivation.vector:
        raise DerivationError("claims are judged of a network and what is differentiated: verify(network, claims, of=...)")
    return network, of or derivation.of
