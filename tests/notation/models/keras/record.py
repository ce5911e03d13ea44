"""Record the models of the tests anew, with Keras' losses: `KERAS_BACKEND=jax python -m tests.notation.models.keras.record`.

It needs Keras, and JAX.
"""

import json
from typing import Any

import keras
import numpy as np

from tests.notation.models.keras.models import MODELS
from tests.notation.models.keras.recorded import FILE, Recorded, drawn, written

SAMPLES, STEPS = 3, 5  # of what stays open


def without(value: Any) -> Any:
    """A description without what tells how weights begin and are bounded."""
    if isinstance(value, dict):
        kept = {k: v for k, v in value.items() if not k.endswith(("_initializer", "_constraint")) and k != "build_config"}
        return {
            k: without(v)
            for k, v in kept.items()
            if (v is not None or k in ("axis", "window")) and not (k == "dtype" and isinstance(v, dict))
        }
    return [without(one) for one in value] if isinstance(value, list) else value


def recorded(name: str) -> Recorded:
    """A model of the tests as Keras describes and computes it."""
    model, loss = MODELS[name]()
    model.compile(loss=loss)
    embeds = any(isinstance(layer, keras.layers.Embedding) for layer in model._flatten_layers())
    inputs = []
    for k, i in enumerate(model.inputs):
        shape = [SAMPLES, *(STEPS - k if n is None else n for n in i.shape[1:])]
        key = "x" if isinstance(model, keras.Sequential) else i._keras_history.operation.name
        inputs.append((key, shape, embeds and len(shape) == 2))
    weights = [(list(v.shape), "variance" in v.path) for v in model.weights]
    one = Recorded({}, weights, inputs, ([], 0), 0.0)
    given = [x.astype("int32" if x.dtype.kind == "i" else "float32") for x in drawn(name, one).inputs.values()]
    out = model(given if len(given) > 1 else given[0])
    classes = {"sparse_categorical_crossentropy": out.shape[-1], "binary_crossentropy": 1}.get(str(loss), 0)
    shape = list(out.shape[:-1] if classes > 1 else out.shape)
    one = one._replace(target=(shape, classes))
    numbers = drawn(name, one)
    model.set_weights([w.astype("float32") for w in numbers.weights])
    out = model(given if len(given) > 1 else given[0])
    value = float(model.compute_loss(x=given, y=np.asarray(numbers.target), y_pred=out))
    return one._replace(description=without(json.loads(model.to_json())), loss=value)


if __name__ == "__main__":
    FILE.write_text(written({name: recorded(name) for name in MODELS}), encoding="utf-8")
