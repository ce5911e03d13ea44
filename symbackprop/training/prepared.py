"""A network prepared for training: its declarations, where parameters begin, its steps; derived, or as they were kept.

What is kept needs no SymPy. It stands in the user's cache folder beside the forward part, by the same key; what was not kept is
derived when it is asked for, and kept then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from functools import cached_property
from typing import TYPE_CHECKING, Any

from symbackprop.core.errors import SymbackpropError
from symbackprop.core.network import Network
from symbackprop.core.program import Program
from symbackprop.training.computed import Computed
from symbackprop.training.forward import Forward, forward_of, keep, keep_told, kept, kept_told
from symbackprop.training.initial import Role
from symbackprop.training.using import usual

if TYPE_CHECKING:
    from symbackprop.backends.function import Compiled

MOST = 8  # layouts that are kept of a network


class Prepared:
    """A network as training asks for it.

    read   the network itself, which is read where something was not kept.
    key    what it is kept by; None: it is not.
    """

    def __init__(self, read: Callable[[], Network], key: str | None = None) -> None:
        self._read, self._key = read, key
        known = kept(key) if key else None
        self.told: dict[str, Any] | None = (known and kept_told(f"{key}-train")) or ({} if key else None)
        self._known: Forward | None = known if self.told else None
        self._before = repr(self.told)

    @property
    def is_kept(self) -> bool:
        """Whether its declarations are those that were kept, which tell less than the network."""
        return self._known is not None

    def derived(self) -> Prepared:
        """The network itself, which tells why something is refused."""
        return Prepared(lambda: self.network)

    @cached_property
    def network(self) -> Network:
        """The network itself."""
        return self._read()

    @cached_property
    def _derived(self) -> Forward:
        return forward_of(self.network)

    @property
    def forward(self) -> Forward:
        """Its forward part."""
        return self._known or self._derived

    @property
    def program(self) -> Program:
        """The forward part's equations, or what was kept of them."""
        return self.forward.program

    @property
    def title(self) -> str:
        """What a person calls it."""
        return self._once("title", lambda: self.network.title or "")

    @property
    def equations(self) -> list[str]:
        """The equations as text, by which a checkpoint knows the network."""
        return self._once("equations", lambda: [str(equation) for equation in self._derived.program.equations])

    def roles(self, sizes: Mapping[str, int]) -> dict[str, Role]:
        """What each parameter is for, at these sizes."""
        from_told = self._once(f"roles {sorted(sizes.items())}", lambda: {n: asdict(r) for n, r in self._roles(sizes).items()})
        return {name: Role(**role) for name, role in from_told.items()}

    def _roles(self, sizes: Mapping[str, int]) -> dict[str, Role]:
        from symbackprop.training.roles import roles_of

        return roles_of(self._derived.program, sizes)

    def computed(self, sizes: Mapping[str, int], dtype: str, backend: str) -> Computed:
        """The loss and its gradients at these sizes. Raises what compiling raises, where nothing was kept."""
        told = None
        if self.told is not None and backend != "jax":
            told = self.told.setdefault(f"computed {dtype} {sorted(sizes.items())}", {"steps": {}, "sources": {}})
        if told is None or not self.is_kept:
            return computed_of(self._derived.program, self.forward.loss, sizes, dtype, backend, told)

        def derive() -> Compiled:
            return _compiled(self._derived.program, self._derived.loss, sizes, dtype, backend)

        return Computed(self.program, derive, self.forward.loss, dtype, backend, told)

    def _once(self, key: str, make: Callable[[], Any]) -> Any:
        """What is kept by a key, made when it is first asked for."""
        if self.told is None:
            return make()
        if key not in self.told:
            self.told[key] = make()
        return self.told[key]

    def keep(self, prediction: str | None) -> None:
        """Keep what was asked for, where that is more than was kept before, and what predicting and evaluating will ask for."""
        if self.told and self._key and repr(self.told) != self._before:
            if "_derived" in self.__dict__:
                with suppress(SymbackpropError):  # whoever asks is told why
                    for names in usual(self._derived, prediction):
                        self._derived.source(names)
                    keep(self._key, self._derived)
            computed = [key for key in self.told if key.startswith("computed ")]
            told = {key: value for key, value in self.told.items() if key not in computed[:-MOST]}
            keep_told(f"{self._key}-train", told)


def computed_of(program: Program, loss: str, sizes: Mapping[str, int], dtype: str, backend: str, told: Any = None) -> Computed:
    """The loss of a program that was derived, compiled now: what cannot be compiled is refused before anything is written."""
    compiled = _compiled(program, loss, sizes, dtype, backend)
    return Computed(program, lambda: compiled, loss, dtype, backend, told)


def _compiled(program: Program, loss: str, sizes: Mapping[str, int], dtype: str, backend: str) -> Compiled:
    from symbackprop.backends.function import compile
    from symbackprop.core.differentiate import differentiate

    return compile(differentiate(program, loss), sizes, dtype, refuse_nan=False, backend=backend)
