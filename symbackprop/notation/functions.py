"""Functions that a network names and nobody defines, sigma: function, and second names of those of the language, sigma = tanh."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from symbackprop.core.functions import declared
from symbackprop.language.tensors import LanguageError, Tensor, elementwise
from symbackprop.notation.vocabulary import name_fault

KIND = "function"  # what such a declaration says


@dataclass(frozen=True)
class Named:
    """A function of entries by its name: what is derived holds for every one that has a slope.

    name   what it is called.
    order  0: the function itself, 1: its slope.
    """

    name: str
    order: int = 0

    def __call__(self, *arguments: Any) -> Tensor:
        """The function of every entry of a tensor. Raises LanguageError for several arguments."""
        if len(arguments) != 1:
            raise LanguageError(f"{self.name} is declared as a function of one argument, not of {len(arguments)}")
        return elementwise(self.name, declared(self.name, self.order), *arguments)


@dataclass(frozen=True)
class Second:
    """A second name for a function of the language."""

    name: str


def function(name: str) -> Named:
    """A function f of entries that nobody defines: sigma = sb.function("sigma"); derivatives hold f', f'' and so on.

    Raises LanguageError for what is no name.
    """
    fault = name_fault(name)
    if fault:
        raise LanguageError(" ".join(fault))
    return Named(name)
