"""The names of the language: its functions, its constants, and what a tensor can be asked after a dot."""

from __future__ import annotations

import inspect
import keyword
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import sympy as sp
from sympy import Expr

from symbackprop import language
from symbackprop.core.errors import shown
from symbackprop.language.tensors import LanguageError, Tensor, number_of
from symbackprop.notation.signs import SIGNS, typed
from symbackprop.notation.words import NO_NUMBERS, OUTSIDE

PACKAGES = ("np", "numpy", "jnp", "sb", "symbackprop")  # what a function's name may begin with
CONSTANTS: dict[str, Expr] = {"pi": sp.pi}
DOTTED: dict[str, Expr | None] = {**CONSTANTS, "e": sp.E, "newaxis": None, "inf": sp.oo}  # np.e; a plain e is anybody's name
LONGEST_NAME = 100
KEYWORDS = {"lambda": "lam"}
KINDS = ("parameter", "data", "labels", "integers")
DOMAINS = ("positive", "unit", "binary", "sign", "symmetric", "spd", "orthogonal")
MEANT = {
    **dict.fromkeys(("input", "inputs", "constant", "const", "target", "targets", "placeholder"), "data"),
    **dict.fromkeys(("weight", "weights", "bias", "biases", "variable", "trainable", "learnt", "learnable"), "parameter"),
    **dict.fromkeys(("onehot", "one_hot", "classes"), "labels"),
    **dict.fromkeys(("int", "index", "indices", "tokens"), "integers"),
}  # what people write for a kind
UNSAID = "Write data{0} for what is given, parameter{0} for what is learnt."
SHAPES = {
    **dict.fromkeys(("scalar", "number", "real", "float", "double"), ""),
    **dict.fromkeys(("vector", "array", "tensor"), "[n]"),
    "matrix": "[n, d]",
}  # what people write that is learnt or given alike, and the sizes that it may have
MATRICES = ("symmetric", "spd", "orthogonal")  # domains of square matrices


@lru_cache(maxsize=1)
def functions() -> Mapping[str, Callable[..., Any]]:
    """Every function of the language by its name."""
    return {name: getattr(language, name) for name in language.__all__}


def name_fault(name: str) -> tuple[str, str] | None:
    """What is wrong with a name for a tensor or a size, and what to write instead; None where it is good."""
    if not isinstance(name, str):
        return f"{shown(name)} is no name.", "Give a text, such as W_1."
    sign = next((c for c in name if c in SIGNS), None)
    if sign:
        return f"{sign} is not in the language.", f"Write {SIGNS[sign]}."
    if not name.isascii():
        spelling = typed(name)
        return (
            f"{name} is not written in ASCII.",
            f"Write {spelling}." if spelling.isascii() and spelling.isidentifier() else "Write it with the letters a to z.",
        )
    if not name.isidentifier() or not name[0].isalpha() or len(name) > LONGEST_NAME:
        return (
            f"{name[:LONGEST_NAME]!r} is no name.",
            "A name begins with a letter and goes on with letters, digits and _: W_1.",
        )
    if keyword.iskeyword(name):
        return f"{name} is a word of Python and cannot name a tensor.", f"Write {KEYWORDS.get(name, f'{name}_1')}."
    if name.lower() in NO_NUMBERS:
        return f"{name} is no number to compute with, and no name.", OUTSIDE["nan" if name.lower() == "nan" else "inf"]
    meaning = "a function of the language" if name in functions() else "the name of a package" if name in PACKAGES else None
    return (f"{name} is {meaning} and cannot name a tensor or a size.", f"Write {name}_1.") if meaning else None


def value_fault(name: str) -> tuple[str, str] | None:
    """What is wrong with a name for a value that is computed: mean = X.mean(0) may be called as the function is."""
    return None if name in functions() else name_fault(name)


@lru_cache(maxsize=512)
def signature_of(function: Callable[..., Any]) -> inspect.Signature:
    """What a function takes; asked once."""
    return inspect.signature(function)


def plain(value: Any) -> Any:
    """A named constant, or a number, as the number; anything else as it is."""
    if isinstance(value, Tensor):
        constant = value.signature is not None and value.signature.kind == "constant"
        number = value.signature.value if constant and value.signature else number_of(value)
        value = value if number is None else number
    return int(value) if isinstance(value, sp.Integer) else value


def called(
    name: str, given: list[Any], further: Mapping[str, Any], function: Callable[..., Any] | None = None,
    number: Callable[[Any], Any] = plain,
) -> Any:  # fmt: skip
    """The function `name` of the language, or another that is called so, applied.

    number   a named constant as the number that it is, where an argument is no tensor.

    Raises LanguageError for arguments that it does not take, or that do not fit.
    """
    function = function or functions()[name]
    signature = signature_of(function)
    try:
        bound = signature.bind(*given, **further)
    except TypeError as error:
        raise LanguageError(f"{name}: {error}. It is written {usage(name, function)}") from None
    ways = _ways(function)
    for key, value in bound.arguments.items():
        if ways[key] == "setting":
            bound.arguments[key] = _setting(name, function, signature.parameters[key], _numbers(value, number))
        elif ways[key] == "numbers":
            bound.arguments[key] = _numbers(value, number)
    return function(*bound.args, **bound.kwargs)


@lru_cache(maxsize=512)
def _ways(function: Callable[..., Any]) -> dict[str, str]:
    """How each argument is read: a setting, a plain Python value; numbers, which named constants may be; or a tensor."""
    return {
        key: "setting" if _is_setting(p) else "tensor" if _speaks_of(p, "Value", "Tensor", "_empty") else "numbers"
        for key, p in signature_of(function).parameters.items()
    }


def _numbers(value: Any, number: Callable[[Any], Any]) -> Any:
    """Named constants as their numbers, also several: the shape (n, K)."""
    return type(value)(_numbers(one, number) for one in value) if type(value) in (tuple, list) else number(value)


def usage(name: str, function: Callable[..., Any] | None = None) -> str:
    """How a function is called: softmax(x, axis=-1)."""
    parts = []
    for parameter in inspect.signature(function or functions()[name]).parameters.values():
        if parameter.kind is parameter.VAR_POSITIONAL:
            parts.append("...")
        elif parameter.kind is not parameter.VAR_KEYWORD:
            default = parameter.default
            parts.append(parameter.name if default is parameter.empty else f"{parameter.name}={default!r}")
    return f"{name}({', '.join(parts)})"


def _is_setting(parameter: inspect.Parameter) -> bool:
    """Whether an argument is a plain Python value: its annotation speaks of no tensor."""
    several = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    return not several and not _speaks_of(parameter, "Value", "Tensor", "Any", "_empty")


def _speaks_of(parameter: inspect.Parameter, *words: str) -> bool:
    return any(word in str(parameter.annotation) for word in words)


def _setting(name: str, function: Callable[..., Any], parameter: inspect.Parameter, value: Any) -> Any:
    annotation = str(parameter.annotation)
    if isinstance(value, Tensor):
        raise LanguageError(f"{name}: {parameter.name} must be a plain value, not a tensor. It is written {usage(name, function)}")
    if annotation == "bool" and value in (0, 1):
        return bool(value)
    wanted = {"int": int, "bool": bool, "str": str, "float": (int, float, Expr)}.get(annotation)
    if wanted and (not isinstance(value, wanted) or (annotation == "int" and isinstance(value, bool))):
        kind = {"int": "a whole number", "bool": "True or False", "str": "a text in quotes", "float": "a number"}[annotation]
        raise LanguageError(f"{name}: {parameter.name} must be {kind}, not {value}. It is written {usage(name, function)}")
    return value
