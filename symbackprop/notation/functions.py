"""Functions that a network names and nobody defines, sigma: function, and second names of those of the language, sigma = tanh."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sympy as sp

from symbackprop.core.errors import shown
from symbackprop.core.functions import ELEMENTWISE, FUNCTIONS, declared
from symbackprop.core.program import substituted
from symbackprop.language.tensors import LanguageError, Tensor, elementwise
from symbackprop.notation.errors import Source
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
class Slope(Named):
    """The slope of a function of the language, entry by entry, by the name that courses give it: sigmoid_prime of sigmoid."""

    def __call__(self, *arguments: Any) -> Tensor:
        """The slope at every entry of a tensor. Raises LanguageError for several arguments."""
        if len(arguments) != 1:
            raise LanguageError(f"{self.name}_prime is a function of one argument, not of {len(arguments)}")
        at = sp.Dummy("x")
        slope = sp.diff(FUNCTIONS[self.name](at), at)
        return elementwise(f"{self.name}_prime", lambda x: substituted(slope, {at: x}), *arguments)


def slopes(tree: ast.AST) -> dict[str, Named]:
    """The slopes of functions of the language that code calls, by how it calls them."""
    called = {n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
    stems = {name: name.removesuffix("_prime") for name in called if name.endswith("_prime")}
    return {name: Slope(stem, 1) for name, stem in stems.items() if stem in ELEMENTWISE and len(ELEMENTWISE[stem].args) == 1}


@dataclass(frozen=True)
class Second:
    """A second name for a function of the language."""

    name: str


@dataclass(frozen=True, eq=False)
class Layer:
    """A layer or a loss of torch.nn that holds no parameters, nn.LeakyReLU(0.2): a function with its settings.

    name      what it is called there.
    applies   what the function that it applies is called.
    function  what it applies, whose settings stand behind the inputs.
    """

    name: str
    applies: str
    function: Callable[..., Any]
    given: tuple[Any, ...]
    further: Mapping[str, Any]

    def __call__(self, *inputs: Any) -> Any:
        """What it makes of its inputs."""
        return self.function(*inputs, *self.given, **self.further)


@dataclass(frozen=True, eq=False)
class Helper:
    """A function that a person wrote beside the one that is read.

    inside   whether it is defined within that function, whose names it then sees.
    """

    function: ast.FunctionDef
    source: Source
    inside: bool = False

    @classmethod
    def of_lambda(cls, name: str, node: ast.Lambda, source: Source, inside: bool = False) -> Helper:
        """The function that name = lambda ...: ... makes."""
        body = ast.copy_location(ast.Return(node.body), node)
        function = ast.FunctionDef(name=name, args=node.args, body=[body], decorator_list=[])
        return cls(ast.copy_location(function, node), source, inside)


def function(name: str) -> Named:
    """A function f of entries that nobody defines: sigma = sb.function("sigma"); derivatives hold f', f'' and so on.

    Raises LanguageError for what is no name.
    """
    fault = name_fault(name)
    if fault:
        raise LanguageError(" ".join(fault))
    return Named(name)


def no_value(value: Any) -> tuple[str, str]:
    """What is said of something that stands where a tensor or a number belongs, and what to write."""
    if isinstance(value, Layer):
        mend = f"Write nn.{value.name}()(...), or {value.applies}(...)."
        return f"nn.{value.name}(...) makes a function, and what it is applied to stands in brackets behind it.", mend
    return f"{shown(value)} is neither a tensor nor a number.", ""
