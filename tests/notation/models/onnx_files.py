"""ONNX files made of cases, and what ONNX's own reference evaluator computes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from notation.models.onnx_cases import Case


def model_of(case: Case, loss: bool = True) -> Any:
    """The case as a ModelProto. With `loss`, its output is sum(sin(y)), one number."""
    from onnx import helper, numpy_helper

    def stored(value: Any) -> Any:
        return numpy_helper.from_array(value) if isinstance(value, np.ndarray) else value

    nodes = [helper.make_node(op, i, o, **{k: stored(v) for k, v in s.items()}) for op, i, o, s in case.nodes]
    if loss:
        nodes += [helper.make_node("Sin", ["y"], ["waves"]), helper.make_node("ReduceSum", ["waves"], ["total"], keepdims=0)]
    inputs = [
        helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(a.dtype), case.symbols.get(n, list(a.shape)))
        for n, a in case.given.items()
    ]
    real = next((a.dtype for a in [*case.given.values(), *case.kept.values()] if a.dtype.kind == "f"), np.dtype(float))
    output = helper.make_tensor_value_info("total" if loss else "y", helper.np_dtype_to_tensor_dtype(real), [] if loss else None)
    held = [numpy_helper.from_array(np.asarray(a), n) for n, a in case.kept.items()]
    graph = helper.make_graph(nodes, "case", inputs, [output], held)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", case.version)], ir_version=10)
    if not loss:  # an output says its shape
        for k in range(np.ndim(reference(model, case.given)[0])):
            output.type.tensor_type.shape.dim.add().dim_param = f"y{k}"
        graph.output[0].CopyFrom(output)
        model.graph.CopyFrom(graph)
    return model


def written(model: Any, folder: Path, name: str = "model.onnx") -> Path:
    path = folder / name
    path.write_bytes(model.SerializeToString())
    return path


def reference(model: Any, arrays: dict[str, np.ndarray]) -> list[np.ndarray]:
    """What the reference evaluator computes."""
    from onnx.reference import ReferenceEvaluator

    return ReferenceEvaluator(model).run(None, arrays)
