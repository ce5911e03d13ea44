"""The ways in: text, Python functions, tensors with operators, SymPy. The only place that reads what a person wrote.

How SymPy is read is imported when it is asked for: `symbackprop.notation.sympy.input`.
"""

from symbackprop.notation.declare import binary, data, integers, labels, orthogonal, parameter, positive, spd, symmetric, unit
from symbackprop.notation.errors import NotationError, shortened
from symbackprop.notation.functions import function
from symbackprop.notation.networks import from_tensors
from symbackprop.notation.python_function import read_function
from symbackprop.notation.python_text import read_expression, read_text
from symbackprop.notation.sources import read, typed_network

__all__ = [
    "NotationError", "binary", "data", "from_tensors", "function", "integers", "labels", "orthogonal", "parameter", "positive",
    "read", "spd", "symmetric", "read_expression", "read_function", "read_text", "shortened", "typed_network", "unit",
]  # fmt: skip
