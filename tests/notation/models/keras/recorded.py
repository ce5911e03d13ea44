"""What Keras said of its models: their descriptions, the shapes of their weights, their losses. Numbers are drawn by places alone."""

import json
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray

FILE = Path(__file__).parent / "recorded.json"


class Recorded(NamedTuple):
    """A model as Keras describes it.

    weights  their shapes, and whether their entries must be positive.
    inputs   their names and shapes, and whether they are positions.
    target   its shape, and the number of classes; 0: it holds numbers, 1: zeros and ones.
    """

    description: dict[str, Any]
    weights: list[tuple[list[int], bool]]
    inputs: list[tuple[str, list[int], bool]]
    target: tuple[list[int], int]
    loss: float


class Drawn(NamedTuple):
    weights: list[ndarray]
    inputs: dict[str, ndarray]
    target: ndarray


def drawn(name: str, one: Recorded) -> Drawn:
    """The weights, the inputs, in which each sample has steps that do not count, and the target of a model."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    weights = [np.abs(w) + 0.3 if positive else w for shape, positive in one.weights for w in [rng.normal(size=shape) * 0.6]]
    inputs: dict[str, ndarray] = {}
    for key, shape, positions in one.inputs:
        if positions:
            inputs[key] = rng.integers(1, 7, shape) * (rng.random(shape) < 0.7)
            inputs[key][:, 0] = 3
        else:
            inputs[key] = rng.normal(size=shape)
            if len(shape) == 3:
                inputs[key][0, 1] = 0
    shape, classes = one.target
    target = rng.integers(0, 2 if classes == 1 else classes, shape) if classes else rng.normal(size=shape)
    return Drawn(weights, inputs, target)


def read() -> dict[str, Recorded]:
    return {name: Recorded(*one) for name, one in json.loads(FILE.read_text(encoding="utf-8")).items()}


def written(models: dict[str, Recorded]) -> str:
    lines = [f"{json.dumps(name)}: {json.dumps(one, separators=(',', ':'))}" for name, one in models.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"
