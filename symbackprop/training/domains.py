"""Parameters that stay what they are declared: a step moves along the declared set, and comes back to it.

    domain       the gradient G counts by   a step V from w goes to
    symmetric    (G + G^T) / 2              w + V
    spd          (G + G^T) / 2              R U f(e) U^T R^T, where w = R R^T and R^-1 V R^-T = U e U^T
    orthogonal   (G - w G^T w) / 2          the orthogonal factor of w + V: Absil, Mahony and Sepulchre 2008, section 4.1
    positive     G                          w f(V / w)
    unit         G                          the nearest number from 0 to 1

with f(e) = 1 + e, and 1 / (1 - e) where e is negative: to first order each is w + V along the domain, and what is positive stays so
however long V is. Each holds for a step of any optimiser.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy import ndarray

from symbackprop.core.program import Program, Signature
from symbackprop.training.errors import Diverged, TrainingError


@dataclass(frozen=True)
class Domain:
    """A set that a parameter stays in.

    along   (w, G) -> the part of the gradient that counts.
    back    (w, w + V) -> where the step ends.
    decays  whether weight decay means anything.
    """

    along: Callable[[ndarray, ndarray], ndarray]
    back: Callable[[ndarray, ndarray], ndarray]
    decays: bool = True


def _transposed(A: ndarray) -> ndarray:
    return A.swapaxes(-1, -2)


def _halved(w: ndarray, G: ndarray) -> ndarray:
    return (G + _transposed(G)) / 2


def _shrunk(e: ndarray) -> ndarray:
    """1 + e, and 1 / (1 - e) where e is negative."""
    return np.where(e < 0, 1 / (1 - np.minimum(e, 0)), 1 + e)


def _scaled(w: ndarray, new: ndarray) -> ndarray:
    root = np.linalg.cholesky(w.astype(float))
    e, U = np.linalg.eigh(np.linalg.solve(root, _transposed(np.linalg.solve(root, new - w))))
    half = root @ (U * np.sqrt(_shrunk(e))[..., None, :])
    return half @ _transposed(half)


def _turned(w: ndarray, new: ndarray) -> ndarray:
    """The orthogonal matrix that is nearest to w + V: U V^T of its singular value decomposition."""
    left, _, right = np.linalg.svd(new)
    return left @ right


DOMAINS: Mapping[str, Domain] = {
    "symmetric": Domain(_halved, lambda w, new: new),
    "spd": Domain(_halved, _scaled),
    "orthogonal": Domain(lambda w, G: (G - w @ _transposed(G) @ w) / 2, _turned, decays=False),
    "positive": Domain(lambda w, G: G, lambda w, new: w * _shrunk((new - w) / w)),
    "unit": Domain(lambda w, G: G, lambda w, new: new.clip(0, 1)),
}


class Held:
    """A parameter with a domain, where it lies, and its gradient; both are moved in place."""

    def __init__(self, name: str, domain: Domain, w: ndarray, gradient: ndarray) -> None:
        self.name, self.domain, self.w, self.gradient, self._before = name, domain, w, gradient, w.copy()

    def along(self) -> None:
        """Leave of the gradient what counts, before a step."""
        self._before[...] = self.w
        self.gradient[...] = self.domain.along(self.w, self.gradient)

    def back(self) -> None:
        """Come back to the domain after a step; one that is not finite stays, for the loss to tell.

        Raises Diverged where a positive definite matrix is none any more, to its digits.
        """
        if np.isfinite(self.w).all():
            try:
                self.w[...] = self.domain.back(self._before, self.w)
            except np.linalg.LinAlgError:
                self.w[...] = self._before
                raise Diverged(
                    f"{self.name} is so near the edge of its domain that {self.w.dtype} cannot tell them apart; lower the rate"
                    + (', or give dtype="float64"' if self.w.dtype == np.float32 else "")
                ) from None


def require_domains(program: Program) -> None:
    """Raise TrainingError where a parameter is declared as what no small step leads through."""
    for tensor in program.parameters:
        if tensor.domain is not None and tensor.domain not in DOMAINS:
            raise TrainingError(
                f"{tensor.name} is declared as {tensor.domain}, and descent moves by small steps: declare {tensor.name} without "
                f"it, and use sigmoid({tensor.name}) or tanh({tensor.name})"
            )


def require_decayed(program: Program, decay: float | None) -> None:
    """Raise TrainingError where weight decay is asked for and there is nothing that could decay."""
    if decay and all(tensor.rank < 2 for tensor in program.parameters):
        listed = ", ".join(t.name for t in program.parameters)
        raise TrainingError(
            f"decay={decay}: parameters of two axes or more decay, and there is none among {listed}; leave decay out, and write "
            "the penalty into the loss, as in + 0.5*c*sum(w**2)"
        )


def decays(tensor: Signature) -> bool:
    """Whether weight decay is for a parameter: for weights, not for biases."""
    domain = domain_of(tensor)
    return tensor.rank > 1 and (domain is None or domain.decays)


def domain_of(tensor: Signature) -> Domain | None:
    """The domain of a parameter; None where it may be any array."""
    return DOMAINS[tensor.domain] if tensor.domain is not None else None
