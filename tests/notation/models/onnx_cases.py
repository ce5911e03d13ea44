"""Small ONNX graphs, a case for each operator and form that exporters write."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

RNG = np.random.default_rng(7)


def real(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape)


def positive(*shape: int) -> np.ndarray:
    return RNG.uniform(0.5, 1.5, shape)


@dataclass
class Case:
    """nodes  (operator, inputs, outputs, settings); the last output is y. given  the inputs, kept the initialisers, by name."""

    nodes: list[tuple[str, list[str], list[str], dict[str, Any]]]
    given: dict[str, np.ndarray]
    kept: dict[str, np.ndarray] = field(default_factory=dict)
    version: int = 18
    symbols: dict[str, list[Any]] = field(default_factory=dict)  # shapes of inputs with symbols


def one(
    op: str, *arrays: np.ndarray, kept: dict[int, np.ndarray] | None = None, version: int = 18, outputs: int = 1, **settings: Any
) -> Case:
    """One operator: its inputs are a, b, c ... (arrays that are given), or kept."""
    kept = kept or {}
    names, given, held = [], {}, {}
    rest = list(arrays)
    for k in range(len(arrays) + len(kept)):
        name = "abcdefgh"[k]
        if k in kept:
            if kept[k] is not None:
                held[name] = kept[k]
            names.append(name if kept[k] is not None else "")
        else:
            given[name] = rest.pop(0)
            names.append(name)
    return Case([(op, names, ["y", *(f"y{k}" for k in range(1, outputs))], settings)], given, held, version)


def ints(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


X, P = real(3, 4), positive(3, 4)
UNARY = {
    "Relu": X, "Sigmoid": X, "Tanh": X, "Softplus": X, "Softsign": X, "HardSwish": X, "Mish": X, "Exp": X, "Log": P, "Erf": X,
    "Abs": X, "Sin": X, "Cos": X, "Tan": X, "Asin": X / 4, "Acos": X / 4, "Atan": X, "Sinh": X, "Cosh": X, "Asinh": X, "Atanh": X / 4,
    "Sign": X, "Sqrt": P, "Reciprocal": P, "Neg": X, "Identity": X, "LeakyRelu": X, "Elu": X, "Celu": X, "HardSigmoid": X,
    "ThresholdedRelu": X, "Shrink": X, "Gelu": X, "Dropout": X, "Softmax": X, "LogSoftmax": X, "Flatten": X, "Transpose": X,
}  # fmt: skip
BINARY = ("Add", "Sub", "Mul", "Div", "Max", "Min", "Sum", "Mean")
LSTM = {"W": real(1, 20, 3), "R": real(1, 20, 5), "B": real(1, 40)}

GRID = RNG.uniform(-0.95, 0.95, (2, 3, 2, 2))
ODD_GRID = (2 * np.round(56 * GRID) + 1) / 64  # float32 holds them, and none lies halfway
IMAGE = real(2, 2, 4, 5)


def resized(*shape: int, scales: Any = None, sizes: Any = None, version: int = 19, x: Any = IMAGE, **settings: Any) -> Case:
    kept = {1: None, 2: None if scales is None else np.array(scales, np.float32), 3: None if sizes is None else ints(*sizes)}
    return one("Resize", x, kept={k: a for k, a in kept.items() if k < 3 or a is not None}, version=version, **settings)


TWICE, ODD, LESS = [1.0, 1.0, 2.0, 2.0], [1.0, 1.0, 1.75, 0.6], [1, 1, 3, 2]
RESIZED = {
    "Resize twice": Case([("Resize", ["a", "", "s"], ["y"], {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"})], {"a": IMAGE}, {"s": np.array(TWICE, np.float32)}, symbols={"a": ["N", 2, "H", "W"]}),
    "Resize half pixels": resized(scales=TWICE), "Resize sizes": resized(sizes=[2, 2, 8, 3]), "Resize axes": resized(scales=[2.0], axes=[3], mode="linear"),
    "Upsample": one("Upsample", IMAGE, kept={1: np.array(TWICE, np.float32)}, version=9),
    "Resize antialias": resized(sizes=[2, 2, 3, 2], mode="linear", antialias=1), "Resize antialias cubic": resized(sizes=[2, 2, 2, 2], mode="cubic", antialias=1, exclude_outside=1),
    "Resize outside": resized(scales=TWICE, mode="cubic", exclude_outside=1, cubic_coeff_a=-0.5), "Resize one": resized(sizes=[2, 2, 1, 1], mode="linear", coordinate_transformation_mode="align_corners"),
    **{f"Resize nearest {mode}": resized(scales=ODD, nearest_mode=mode) for mode in ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")},
    **{f"Resize {mode} {place}": resized(scales=ODD, mode=mode, coordinate_transformation_mode=place) for mode in ("linear", "cubic") for place in ("half_pixel", "pytorch_half_pixel", "half_pixel_symmetric", "asymmetric", "align_corners")},
}  # fmt: skip
HEADS, KEYS = real(2, 4, 3, 5), real(2, 2, 6, 5)
ATTENTION = {
    "Attention": one("Attention", real(2, 3, 8), real(2, 5, 8), real(2, 5, 4), version=23, q_num_heads=2, kv_num_heads=2),
    "Attention heads": one("Attention", HEADS, KEYS, real(2, 2, 6, 3), version=23), "Attention causal": one("Attention", HEADS, HEADS, HEADS, version=23, is_causal=1, scale=0.5),
    "Attention mask": one("Attention", HEADS, KEYS, KEYS, version=23, kept={3: RNG.random((3, 6)) < 0.7}), "Attention bias": one("Attention", HEADS, KEYS, KEYS, real(1, 4, 3, 6), version=23),
    "Attention cap": one("Attention", HEADS, KEYS, KEYS, version=23, softcap=0.5), "Attention flags": one("Attention", HEADS, KEYS, KEYS, RNG.random((3, 6)) < 0.7, version=23),
    "Attention past": one("Attention", HEADS, KEYS[:, :, :3], KEYS[:, :, :3], KEYS, KEYS, version=23, kept={3: None}, is_causal=1),
}  # fmt: skip

CASES: dict[str, Case] = {
    **{op: one(op, x, version=20) for op, x in UNARY.items()},
    **{op: one(op, real(2, 3, 4), positive(3, 1)) for op in BINARY},
    "Sum of one": one("Sum", X), "Max of three": one("Max", X, real(4), real(3, 1)),
    "Selu": one("Selu", X, alpha=1.5, gamma=1.25), "LeakyRelu alpha": one("LeakyRelu", X, alpha=0.25), "Elu alpha": one("Elu", X, alpha=0.5), "Gelu tanh": one("Gelu", X, approximate="tanh", version=20),
    "HardSigmoid settings": one("HardSigmoid", X, alpha=0.5, beta=0.25), "Shrink settings": one("Shrink", X, lambd=0.25, bias=0.125),
    "PRelu": one("PRelu", X, kept={1: real(4)}), "Swish": one("Swish", X, version=24, alpha=0.5),
    "Pow 2": one("Pow", X, kept={1: np.array(2.0)}), "Pow half": one("Pow", P, kept={1: np.array(0.5)}), "Pow of two": one("Pow", P, real(3, 4)),
    "Clip": one("Clip", X, kept={1: np.array(-0.5), 2: np.array(0.5)}), "Clip above": one("Clip", X, kept={1: None, 2: np.array(0.5)}),
    "Clip old": one("Clip", X, version=10, min=-0.5, max=0.5),
    "number with axes": one("Add", real(4), kept={1: np.ones((1, 1))}),
    "Where": Case([("Greater", ["a", "b"], ["m"], {}), ("Where", ["m", "a", "c"], ["y"], {})], {"a": X, "b": real(4), "c": real(3, 1)}),
    "logic": Case(
        [("Greater", ["a", "b"], ["m"], {}), ("LessOrEqual", ["a", "c"], ["k"], {}), ("And", ["m", "k"], ["p"], {}), ("Not", ["p"], ["q"], {}),
         ("Or", ["q", "m"], ["r"], {}), ("Xor", ["r", "k"], ["s"], {}), ("Cast", ["s"], ["t"], {"to": 11}), ("Mul", ["t", "a"], ["y"], {})],
        {"a": X, "b": real(3, 4), "c": real(3, 4)},
    ),
    "MatMul": one("MatMul", X, real(4, 2)), "MatMul batched": one("MatMul", real(2, 3, 4), real(2, 4, 5)), "MatMul vector": one("MatMul", real(4), real(4, 2)),
    "Gemm": one("Gemm", X, kept={1: real(5, 4), 2: real(5)}, transB=1), "Gemm scaled": one("Gemm", real(4, 3), kept={1: real(4, 5), 2: real(3, 5)}, transA=1, alpha=0.5, beta=2.0),
    "Gemm without bias": one("Gemm", X, kept={1: real(4, 5)}),
    "Einsum": one("Einsum", real(2, 3, 4), real(2, 5, 4), equation="bij,bkj->bik"), "Einsum ellipsis": one("Einsum", real(2, 3, 4), real(4, 5), equation="...j,jk->...k"),
    "Softmax axis": one("Softmax", real(2, 3, 4), axis=1), "Softmax old": one("Softmax", X, axis=1, version=11), "LogSoftmax axis": one("LogSoftmax", real(2, 3, 4), axis=0),
    # shapes
    "Flatten axis": one("Flatten", real(2, 3, 4), axis=2), "Transpose perm": one("Transpose", real(2, 3, 4), perm=[1, 2, 0]),
    "Reshape": one("Reshape", real(2, 6), kept={1: ints(0, 3, -1)}), "Reshape allowzero": one("Reshape", real(2, 6), kept={1: ints(3, 4)}, allowzero=1),
    "Squeeze": one("Squeeze", real(3, 1, 4), kept={1: ints(1)}), "Squeeze all": one("Squeeze", real(3, 1, 4, 1)), "Squeeze old": one("Squeeze", real(3, 1, 4), axes=[1], version=11),
    "Unsqueeze": one("Unsqueeze", X, kept={1: ints(0, -1)}), "Unsqueeze old": one("Unsqueeze", X, axes=[1], version=11),
    "Concat": one("Concat", X, real(3, 2), axis=1), "Concat negative": one("Concat", X, real(1, 4), axis=-2),
    "Split": Case([("Split", ["a", "b"], ["u", "v"], {"axis": 1}), ("MatMul", ["u", "v"], ["y"], {})], {"a": real(3, 6)}, {"b": ints(3, 3)}),
    "Split equal": Case([("Split", ["a"], ["u", "v", "w"], {"axis": 1, "num_outputs": 3}), ("Mul", ["u", "w"], ["p"], {}), ("Concat", ["p", "v"], ["y"], {"axis": 0})], {"a": real(3, 6)}),
    "Split rest": Case([("Split", ["a"], ["u", "v"], {"axis": 1, "num_outputs": 2}), ("Concat", ["v", "u"], ["y"], {"axis": 1})], {"a": real(2, 5)}),
    "Split old": Case([("Split", ["a"], ["u", "v"], {"axis": 0, "split": [1, 2]}), ("Mul", ["u", "v"], ["y"], {})], {"a": X}, version=11),
    "Slice": one("Slice", real(5, 6), kept={1: ints(1, 0), 2: ints(4, 2**62), 3: ints(0, 1), 4: ints(1, 2)}), "Slice from end": one("Slice", real(5, 6), kept={1: ints(-3), 2: ints(-1), 3: ints(1)}),
    "Slice back": one("Slice", real(5, 6), kept={1: ints(-1), 2: ints(-(2**62)), 3: ints(0), 4: ints(-1)}), "Slice far": one("Slice", real(5, 6), kept={1: ints(-9), 2: ints(9)}),
    "Slice old": one("Slice", real(5, 6), version=9, starts=[1], ends=[3], axes=[1]),
    "Gather": Case([("Gather", ["a", "b"], ["y"], {"axis": 0})], {"b": ints(2, 0, 2)}, {"a": real(4, 3)}),
    "Gather scalar": one("Gather", real(4, 3), kept={1: np.array(2)}, axis=1), "Gather one": one("Gather", real(4, 3), kept={1: ints(-1)}, axis=0),
    "Gather run": one("Gather", real(4, 3), kept={1: ints(1, 2)}, axis=0), "Gather list": one("Gather", real(4, 3), kept={1: ints(3, 0, -2)}, axis=0), "Gather matrix": one("Gather", real(4, 3), kept={1: np.array([[0, 2], [1, 1]])}, axis=1),
    "GatherElements": Case([("GatherElements", ["a", "b"], ["y"], {"axis": 1})], {"a": X, "b": np.array([[0, 3], [1, 1], [2, 0]])}),
    "Expand": one("Expand", real(3, 1), kept={1: ints(2, 1, 4)}), "Tile": one("Tile", X, kept={1: ints(2, 3)}),
    "Pad": one("Pad", X, kept={1: ints(1, 0, 0, 2)}), "Pad value": one("Pad", X, kept={1: ints(0, 2, 1, 0), 2: np.array(0.5)}), "Pad axes": one("Pad", X, kept={1: ints(1, 2), 2: None, 3: ints(1)}, version=19),
    "Pad reflect": one("Pad", X, kept={1: ints(1, 0, 1, 2)}, mode="reflect"), "Pad edge": one("Pad", X, kept={1: ints(1, 0, 2, 3)}, mode="edge"), "Pad wrap": one("Pad", X, kept={1: ints(1, 0, 2, 3)}, mode="wrap", version=19),
    "Pad old": one("Pad", X, version=10, pads=[0, 1, 1, 0]),
    "Trilu": one("Trilu", real(4, 4)), "Trilu lower": one("Trilu", real(2, 4, 4), kept={1: np.array(1)}, upper=0),
    "CumSum": one("CumSum", X, kept={1: np.array(1)}), "CumSum reverse": one("CumSum", X, kept={1: np.array(0)}, reverse=1, exclusive=1),
    "OneHot": Case([("OneHot", ["t", "n", "v"], ["h"], {}), ("MatMul", ["h", "a"], ["y"], {})], {"t": ints(1, 0, 2), "a": real(4, 2)}, {"n": np.array(4), "v": np.array([0.0, 1.0])}),
    "DepthToSpace": one("DepthToSpace", real(2, 8, 2, 3), blocksize=2), "DepthToSpace CRD": one("DepthToSpace", real(2, 8, 2, 3), blocksize=2, mode="CRD"), "SpaceToDepth": one("SpaceToDepth", real(2, 3, 4, 6), blocksize=2),
    "whole quotient": Case([("Div", ["a", "k"], ["q"], {}), ("Cast", ["q"], ["f"], {"to": 11}), ("Mul", ["f", "w"], ["y"], {})], {"a": ints(3, 5, 0, 8), "w": real(4)}, {"k": ints(2)}),
    "Range": Case([("Shape", ["a"], ["s"], {}), ("Squeeze", ["s"], ["n"], {}), ("Range", ["z", "n", "o"], ["r"], {}), ("Cast", ["r"], ["f"], {"to": 11}), ("Mul", ["a", "f"], ["y"], {})], {"a": real(5)}, {"z": np.array(0), "o": np.array(1)}, symbols={"a": ["N"]}),
    "EyeLike": Case([("EyeLike", ["a"], ["e"], {"k": 1}), ("Mul", ["e", "a"], ["y"], {})], {"a": X}), "IsNaN": Case([("IsNaN", ["a"], ["m"], {}), ("Where", ["m", "z", "a"], ["y"], {})], {"a": X}, {"z": np.array(0.0)}),
    "Det": one("Det", real(3, 3)),
    # reductions
    **{op: one(op, positive(2, 3, 4), kept={1: ints(1)}) for op in ("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceSumSquare")},
    "ReduceSum all": one("ReduceSum", X), "ReduceMean axes": one("ReduceMean", real(2, 3, 4), axes=[0, -1], keepdims=0, version=13), "ReduceSum noop": one("ReduceSum", X, noop_with_empty_axes=1),
    "LpNormalization": one("LpNormalization", X, axis=0), "LpNormalization 1": one("LpNormalization", P, p=1), "MeanVarianceNormalization": one("MeanVarianceNormalization", real(2, 3, 2, 2).astype(np.float32)),
    # layers
    "Conv": one("Conv", real(2, 4, 5, 6), kept={1: real(3, 4, 3, 3), 2: real(3)}), "Conv settings": one("Conv", real(2, 4, 7, 6), kept={1: real(6, 2, 3, 2)}, strides=[2, 1], dilations=[1, 2], group=2, pads=[1, 0, 1, 0]),
    "Conv uneven": one("Conv", real(2, 3, 5, 6), kept={1: real(2, 3, 2, 2)}, pads=[0, 0, 1, 1]), "Conv same": one("Conv", real(1, 2, 5, 5), kept={1: real(2, 2, 3, 3)}, auto_pad="SAME_UPPER", strides=[2, 2]),
    "Conv same lower": one("Conv", real(1, 2, 5, 5), kept={1: real(2, 2, 2, 2)}, auto_pad="SAME_LOWER"), "Conv 1d": one("Conv", real(2, 3, 8), kept={1: real(4, 3, 3), 2: real(4)}, pads=[1, 1]), "Conv depthwise": one("Conv", real(1, 4, 5, 5), kept={1: real(4, 1, 3, 3)}, group=4),
    "ConvTranspose": one("ConvTranspose", real(1, 3, 4, 4), kept={1: real(3, 2, 3, 3), 2: real(2)}, strides=[2, 2], pads=[1, 1, 1, 1], output_padding=[1, 1]),
    "MaxPool": one("MaxPool", real(1, 2, 6, 6), kernel_shape=[2, 2], strides=[2, 2]), "MaxPool padded": one("MaxPool", real(1, 2, 5, 5), kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]), "MaxPool same": one("MaxPool", real(1, 2, 5, 5), kernel_shape=[2, 2], auto_pad="SAME_UPPER"),
    "MaxPool ceil": one("MaxPool", real(1, 2, 6, 7), kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1), "AveragePool ceil": one("AveragePool", real(1, 2, 6, 7), kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1),
    "AveragePool ceil padded": one("AveragePool", real(1, 1, 6, 7), kernel_shape=[3, 2], strides=[2, 3], pads=[1, 0, 0, 1], ceil_mode=1, count_include_pad=1),
    "ConvTranspose cut": one("ConvTranspose", real(1, 3, 4, 4), kept={1: real(3, 2, 3, 3), 2: real(2)}, strides=[2, 2], pads=[1, 0, 0, 2]), "ConvTranspose same": one("ConvTranspose", real(1, 3, 4), kept={1: real(3, 2, 3)}, strides=[2], auto_pad="SAME_UPPER"),
    "MaxPool 1d": one("MaxPool", real(1, 2, 6), kernel_shape=[3]), "AveragePool": one("AveragePool", real(1, 2, 6, 6), kernel_shape=[3, 3], strides=[3, 3]),
    "AveragePool padded": one("AveragePool", real(1, 2, 5, 5), kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]), "AveragePool counted": one("AveragePool", real(1, 2, 5, 5), kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1),
    "Conv 3d": one("Conv", real(2, 4, 4, 5, 3), kept={1: real(2, 2, 3, 2, 2), 2: real(2)}, strides=[1, 2, 1], dilations=[1, 2, 1], group=2, pads=[1, 0, 1, 0, 1, 1]),
    "ConvTranspose 3d": one("ConvTranspose", real(1, 3, 2, 3, 2), kept={1: real(3, 2, 2, 3, 2), 2: real(2)}, strides=[2, 1, 2], pads=[0, 1, 0, 0, 1, 1]),
    "MaxPool dilated": one("MaxPool", real(1, 2, 7, 8), kernel_shape=[2, 3], strides=[2, 1], dilations=[3, 2], pads=[1, 0, 1, 2]), "MaxPool dilated ceil": one("MaxPool", real(1, 1, 8, 7), kernel_shape=[2, 2], strides=[3, 2], dilations=[2, 2], ceil_mode=1),
    "AveragePool dilated": one("AveragePool", real(1, 2, 7, 8), kernel_shape=[2, 3], dilations=[3, 2], pads=[1, 0, 1, 2], version=19), "AveragePool 3d": one("AveragePool", real(1, 2, 4, 5, 4), kernel_shape=[2, 2, 2], strides=[1, 2, 2], pads=[1, 0, 0, 1, 1, 0]),
    "MaxPool 3d": one("MaxPool", real(1, 2, 4, 5, 4), kernel_shape=[2, 3, 2], strides=[2, 1, 2], dilations=[1, 2, 1], pads=[0, 1, 0, 1, 1, 0]),
    "GlobalAveragePool": one("GlobalAveragePool", real(2, 3, 4, 5)), "GlobalMaxPool": one("GlobalMaxPool", real(2, 3, 4, 5)),
    "BatchNormalization": one("BatchNormalization", real(2, 3, 4, 5), kept={1: real(3), 2: real(3), 3: real(3), 4: positive(3)}, epsilon=0.125), "BatchNormalization flat": one("BatchNormalization", real(5, 3), kept={1: real(3), 2: real(3), 3: real(3), 4: positive(3)}),
    "BatchNormalization training": one("BatchNormalization", real(5, 3, 2, 2), kept={1: real(3), 2: real(3), 3: real(3), 4: positive(3)}, training_mode=1, outputs=3),
    "LayerNormalization's mean": Case([("LayerNormalization", ["a", "b"], ["u", "m", "r"], {}), ("Mul", ["u", "m"], ["v"], {}), ("Mul", ["v", "r"], ["y"], {})], {"a": real(2, 3, 4)}, {"b": real(4)}),
    "InstanceNormalization": one("InstanceNormalization", real(2, 3, 4, 5), kept={1: real(3), 2: real(3)}), "LayerNormalization": one("LayerNormalization", real(2, 3, 4), kept={1: real(4), 2: real(4)}),
    "LayerNormalization axes": one("LayerNormalization", real(2, 3, 4), kept={1: real(3, 4), 2: real(3, 4)}, axis=1), "LayerNormalization bare": one("LayerNormalization", real(2, 4), kept={1: real(4)}),
    "GroupNormalization": one("GroupNormalization", real(2, 4, 3, 3), kept={1: real(4), 2: real(4)}, num_groups=2, version=21),
    "RMSNormalization": one("RMSNormalization", real(2, 3, 4), kept={1: real(4)}, version=23), "LRN": one("LRN", real(5, 5, 2, 2), size=3, alpha=0.5, beta=0.75, bias=1.0),
    # recurrent
    "LSTM": one("LSTM", real(4, 2, 3), kept={1: LSTM["W"], 2: LSTM["R"], 3: LSTM["B"]}, hidden_size=5), "GRU": one("GRU", real(4, 2, 3), kept={1: real(1, 15, 3), 2: real(1, 15, 5), 3: real(1, 30)}, hidden_size=5),
    "GRU torch": one("GRU", real(3, 2, 3), kept={1: real(1, 15, 3), 2: real(1, 15, 5), 3: real(1, 30)}, hidden_size=5, linear_before_reset=1), "RNN": one("RNN", real(3, 2, 3), kept={1: real(1, 5, 3), 2: real(1, 5, 5), 3: real(1, 10)}, hidden_size=5),
    "LSTM without bias": one("LSTM", real(3, 2, 3), kept={1: LSTM["W"], 2: LSTM["R"]}, hidden_size=5),
    "LSTM state": Case([("LSTM", ["x", "W", "R", "B", "", "h", "c"], ["", "p", "q"], {"hidden_size": 5}), ("Mul", ["p", "q"], ["y"], {})], {"x": real(3, 2, 3), "h": real(1, 2, 5), "c": real(1, 2, 5)}, LSTM),
    # losses
    "SoftmaxCrossEntropyLoss": Case([("SoftmaxCrossEntropyLoss", ["s", "t"], ["y"], {})], {"s": real(4, 3), "t": ints(0, 2, 1, 1)}),
    **{f"SoftmaxCrossEntropyLoss without {k}": Case([("SoftmaxCrossEntropyLoss", ["s", "t", *"w"[:k + 1]], ["y"], {"ignore_index": k})], {"s": real(4, 3), "t": ints(0, 2, k, k)}, {"w": positive(3)}) for k in (-1, 1)},
    "SoftmaxCrossEntropyLoss sum": Case([("SoftmaxCrossEntropyLoss", ["s", "t"], ["y"], {"reduction": "sum"})], {"s": real(2, 3, 2), "t": np.array([[0, 2], [1, 1]])}),
    "NegativeLogLikelihoodLoss": Case([("LogSoftmax", ["s"], ["p"], {}), ("NegativeLogLikelihoodLoss", ["p", "t", "w"], ["y"], {})], {"s": real(4, 3), "t": ints(0, 2, 1, 1)}, {"w": positive(3)}),
    # shapes that are computed
    "view": Case(
        [("Shape", ["a"], ["s"], {}), ("Gather", ["s", "i"], ["n"], {"axis": 0}), ("Unsqueeze", ["n", "z"], ["u"], {}), ("Concat", ["u", "m"], ["t"], {"axis": 0}), ("Reshape", ["a", "t"], ["y"], {})],
        {"a": real(2, 3, 4)}, {"i": np.array(0), "z": ints(0), "m": ints(-1)}, symbols={"a": ["batch", 3, 4]},
    ),
    **RESIZED, **ATTENTION,
    "GridSample": one("GridSample", real(2, 3, 4, 5), GRID, version=20), "GridSample border": one("GridSample", real(2, 3, 4, 5), 2 * GRID, version=20, padding_mode="border", align_corners=1),
    "GridSample zeros": one("GridSample", real(2, 3, 4, 5), 2 * GRID, version=20, mode="linear", padding_mode="zeros"),
    **{f"GridSample {mode} {beside}": one("GridSample", 2 + real(2, 2, 4, 5), ODD_GRID, version=20, mode=mode, padding_mode=beside, align_corners=corners)
       for mode in ("linear", "nearest", "cubic") for beside, corners in (("zeros", 0), ("border", 1), ("reflection", 0)) if (mode, beside) != ("cubic", "border")},
    "GridSample volume": one("GridSample", real(1, 2, 3, 4, 2), (2 * RNG.integers(-32, 32, (1, 2, 2, 3, 3)) + 1) / 64, version=20),
    "ScatterND": one("ScatterND", real(4, 3, 2), real(2, 3, 2), kept={1: np.array([[2], [-4]])}), "ScatterND entries": one("ScatterND", real(4, 3), real(2, 2), kept={1: np.array([[[2, 1], [0, 0]], [[3, -1], [1, 2]]])}),
    "ScatterND add": one("ScatterND", real(4, 3), real(3), kept={1: np.array([[2, 1], [0, 0], [2, 1]])}, reduction="add"),
    "ScatterND given": Case([("ScatterND", ["a", "i", "u"], ["y"], {"reduction": "add"})], {"a": real(4, 3), "i": np.array([[2], [0], [2]]), "u": real(3, 3)}),
    "ScatterElements": one("ScatterElements", real(4, 3), real(2, 3), kept={1: np.array([[2, 0, 1], [-4, 3, 0]])}),
    "ScatterElements add": one("ScatterElements", real(4, 3), real(4, 2), kept={1: np.array([[2, 0], [1, 1], [0, 0], [2, 1]])}, axis=1, reduction="add"),
    "ScatterElements max": one("ScatterElements", real(4, 3), real(2, 3), kept={1: np.array([[2, 0, 1], [2, 3, 0]])}, reduction="max"),
    "ScatterElements min": one("ScatterElements", real(4, 3), real(2, 3), kept={1: np.array([[2, 0, 1], [2, 3, 0]])}, reduction="min"),
    "ScatterElements given": Case([("ScatterElements", ["a", "i", "u"], ["y"], {"reduction": "add"})], {"a": real(4, 3), "i": np.array([[2, 1, 0], [0, 1, 2]]), "u": real(2, 3)}),
    "GatherND": one("GatherND", real(4, 3, 2), kept={1: np.array([[2, 1], [-1, 0]])}), "GatherND rows": Case([("GatherND", ["a", "i"], ["y"], {})], {"a": real(4, 3), "i": np.array([[[2], [0]], [[2], [3]]])}),
    "GatherND batch": Case([("GatherND", ["a", "i"], ["y"], {"batch_dims": 1})], {"a": real(3, 4, 2), "i": np.array([[2], [0], [3]])}),
    "GatherElements few": one("GatherElements", real(3, 4, 2), kept={1: np.array([[[3, 1]], [[0, 0]], [[2, 3]]])}, axis=1),
    "TopK": Case([("TopK", ["a", "k"], ["v", "i"], {"axis": 1}), ("GatherElements", ["b", "i"], ["g"], {"axis": 1}), ("Mul", ["v", "g"], ["y"], {})], {"a": real(3, 4), "b": real(3, 4)}, {"k": ints(2)}),
    "TopK smallest": one("TopK", real(4, 3), kept={1: ints(3)}, axis=0, largest=0, outputs=2),
    "positions of extremes": Case([("ArgMax", ["a"], ["i"], {"axis": 1}), ("ArgMin", ["a"], ["j"], {"axis": 1}), ("GatherElements", ["b", "i"], ["u"], {"axis": 1}), ("GatherElements", ["b", "j"], ["v"], {"axis": 1}), ("Mul", ["u", "v"], ["y"], {})], {"a": real(3, 4), "b": real(3, 4)}),
    "positions computed": Case([("Sub", ["t", "k"], ["i"], {}), ("Gather", ["a", "i"], ["u"], {}), ("Mod", ["t", "m"], ["j"], {}), ("Gather", ["a", "j"], ["v"], {}), ("Mul", ["u", "v"], ["y"], {})], {"a": real(4, 3), "t": ints(3, 1, 4)}, {"k": np.array(1), "m": np.array(3)}),
    "positions of reals": Case([("Cast", ["p"], ["q"], {"to": 7}), ("Gather", ["a", "q"], ["u"], {}), ("Unsqueeze", ["p", "e"], ["r"], {}), ("Mul", ["u", "r"], ["y"], {})], {"a": real(4, 3), "p": np.array([1.75, 0.5, 3.25])}, {"e": ints(1)}),
    "flat": Case([("Floor", ["a"], ["f"], {}), ("Ceil", ["a"], ["c"], {}), ("Round", ["a"], ["r"], {}), ("Mod", ["a", "b"], ["m"], {"fmod": 1}), ("Sum", ["f", "c", "r"], ["s"], {}), ("Mul", ["s", "m"], ["y"], {})], {"a": 3 * real(3, 4), "b": positive(3, 4)}),
    "Mod of constants": Case([("Mod", ["i", "k"], ["m"], {}), ("Gather", ["a", "m"], ["y"], {})], {"a": real(4, 3)}, {"i": np.array([5]), "k": np.array([3])}),
    "mask": Case(
        [("Shape", ["a"], ["s"], {"start": -1}), ("ConstantOfShape", ["s"], ["e"], {"value": np.array([0.5])}), ("Expand", ["k", "s"], ["m"], {}), ("Add", ["m", "e"], ["v"], {}), ("Mul", ["a", "v"], ["y"], {})],
        {"a": X}, {"k": np.array(2.0)},
    ),
    "attention scale": Case(
        [("Shape", ["a"], ["s"], {}), ("Gather", ["s", "i"], ["d"], {}), ("Cast", ["d"], ["f"], {"to": 11}), ("Sqrt", ["f"], ["r"], {}), ("Div", ["a", "r"], ["y"], {})],
        {"a": X}, {"i": np.array(1)}, symbols={"a": ["batch", "d"]},
    ),
}  # fmt: skip

SINGLE = {
    "LeakyRelu",
    "HardSigmoid",
    "Erf",
    "HardSwish",
    "Gelu",
    "Gelu tanh",
    "GroupNormalization",
    "MeanVarianceNormalization",
    "LRN",
    *(name for name in CASES if name.startswith("GridSample") and "nearest" not in name),
    "Resize outside",
    "Attention causal",
    "Resize antialias cubic",
    *(name for name in RESIZED if "cubic" in name),
}
"""Cases whose settings ONNX keeps, or whose values the reference evaluator computes, in float32."""
