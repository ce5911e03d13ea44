"""Trained parameters into a copy of an ONNX file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from symbackprop.core.machine.files import write_whole
from symbackprop.notation.errors import NotationError, Place
from symbackprop.notation.models.onnx.load import loaded
from symbackprop.notation.models.onnx.reading import Graph
from symbackprop.notation.models.parameters import fitting


def to_onnx(parameters: Any, source: str | os.PathLike[str], target: str | os.PathLike[str]) -> None:
    """Write the ONNX file `target`: the model of the file `source` with these parameters.

    parameters  what `sb.train` returned, or a dict with an array for each parameter of `from_onnx(source)`.

    Raises NotationError where a parameter is missing, unknown or of another shape, FileError where the file cannot be written;
    no part of a file is left then.
    """
    import numpy as np

    model = loaded(source)
    graph = Graph(str(source), model)
    own = {graph.names[n]: a.astype(float) for n, a in graph.weights.items() if n not in graph.stored}
    from onnx import numpy_helper

    given = getattr(parameters, "parameters", parameters)
    arrays = fitting({**own, **given} if isinstance(given, Mapping) else given, own)  # what is not given stays
    if os.path.splitext(target)[1] != ".onnx":
        raise NotationError(f"{Path(target).name} is no name of an ONNX file.", "Give one that ends in .onnx.", Place(str(target)))
    for tensor in model.graph.initializer:
        if tensor.name in graph.weights and tensor.name not in graph.stored:
            kind = graph.weights[tensor.name].dtype
            array = arrays[graph.names[tensor.name]]
            if not np.isfinite(array.astype(kind)).all():
                raise NotationError(f"{graph.names[tensor.name]} is beyond {kind}, which the model stores.", "Scale the weights.")
            tensor.CopyFrom(numpy_helper.from_array(array.astype(kind), tensor.name))
    write_whole(target, model.SerializeToString())
