"""Annotations of other libraries as declarations: np.ndarray, jax.Array, Float[Array, "n d"], NDArray[Shape["n, d"], Float]."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Any

from symbackprop.notation.errors import NotationError
from symbackprop.notation.inference import kind_of

ARRAYS = ("ndarray", "NDArray", "ArrayLike", "Array", "Tensor", "FloatTensor")  # what may hold any shape
FLOATS = ("Float", "Float16", "Float32", "Float64", "BFloat16", "Double", "Floating", "Inexact", "Num", "Number", "Real", "Shaped")
WHOLE = re.compile(r"U?Int(eger)?\d*")
DATA = {"Bool": "binary"}  # which domain a type has
AROUND = ("Optional", "Annotated")  # whose first argument is what is meant
NO_SIZE = {
    "*": "axes of any number", "...": "axes of any number", "#": "an axis that may be broadcast", "?": "an axis of any size",
    "_": "an axis of any size",
}  # fmt: skip

Fault = Callable[[str, str], NotationError]


def declaration(name: str, node: ast.expr, fault: Fault) -> str | None:
    """The declaration that an annotation means, as text; "" where it is an array of any shape, None where it is another annotation.

    Raises NotationError, made by `fault`, for a shape that no declaration has.
    """
    match node:
        case ast.Constant(value=str() as text):
            inner = _expression(text)
            return None if inner is None else declaration(name, inner, fault)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return declaration(name, right if _is_none(left) else left, fault)
        case ast.Subscript(value=value, slice=inside):
            return _subscript(name, _word(value), inside.elts if isinstance(inside, ast.Tuple) else [inside], fault)
        case _:
            return "" if _word(node) in ARRAYS else None


def _subscript(name: str, word: str, parts: list[ast.expr], fault: Fault) -> str | None:
    match parts:
        case [first, *_] if word in AROUND:
            return declaration(name, first, fault)
        case [ast.Subscript(value=shape, slice=ast.Constant(value=str() as text)), _] if (word, _word(shape)) == (
            "NDArray",
            "Shape",
        ):
            return _declared(name, _word(parts[1]), text.replace(",", " "), fault)
        case [_, ast.Constant(value=str() as text)] if word in FLOATS or word in DATA or WHOLE.fullmatch(word):
            return _declared(name, word, text, fault)
    return "" if word in ARRAYS else None


def _declared(name: str, word: str, text: str, fault: Fault) -> str:
    """kind[sizes], of a type and sizes with spaces between them."""
    sizes = [_size(name, token, fault) for token in text.split()]
    shape = ", ".join(sizes)
    if WHOLE.fullmatch(word):
        mend = f'Write {name}: "integers[{", ".join([*sizes, "c"])}]", where its entries are whole numbers below c.'
        raise fault(f"{name}: {word} does not say which size its entries stay below.", mend)
    return f"{DATA.get(word) or kind_of(name)}[{shape}]" if sizes else DATA.get(word) or kind_of(name)


def _size(name: str, token: str, fault: Fault) -> str:
    token = token.partition("=")[2] or token  # batch=4 is 4
    token = token.strip("{}")
    for sign, what in NO_SIZE.items():
        if token.startswith(sign):
            raise fault(
                f"{name}: {token} is {what}, and a declaration has as many axes as it says.", "Give each axis a name or a number."
            )
    if _expression(token) is None:
        raise fault(f"{name}: {token} is no size.", "Write names and whole numbers, such as n and 3.")
    return token


def _word(node: Any) -> str:
    """The last part of a dotted name: Array of jax.Array."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _expression(text: str) -> ast.expr | None:
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
