"""What stands in an expression as the tensor that it is, though it is more than that: a derived gradient."""

from __future__ import annotations

from typing import Any

OPERATORS = ("add", "radd", "sub", "rsub", "mul", "rmul", "truediv", "rtruediv", "pow", "rpow", "matmul", "rmatmul", "neg")


class Operand:
    """d.gradients["W"]**2 is a tensor of the language; `tensor` says which one stands here."""

    tensor: Any


def _operator(name: str) -> Any:
    return lambda self, *others: getattr(self.tensor, name)(*others)


for _name in OPERATORS:
    setattr(Operand, f"__{_name}__", _operator(f"__{_name}__"))
