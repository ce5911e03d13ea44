"""ONNX files: data that describe a graph of operators with its weights. Nothing of them is run.

load       a file, checked: what is no ONNX, too large, too new or without its weights is refused
node       one operator under reading: its tensors, its constants, its settings
elementary, shapes, reductions, layers, recurrent    the operators, a row for each
constants  operators on whole numbers and shapes, which are computed
reading    the walk over the graph, and the network
writing    trained parameters into a copy of the file
"""

from __future__ import annotations

from symbackprop.notation.models.onnx.reading import from_onnx
from symbackprop.notation.models.onnx.writing import to_onnx

__all__ = ["from_onnx", "to_onnx"]
