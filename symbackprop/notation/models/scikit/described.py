"""A fitted model under reading: its inputs as tensors, its weights as the example."""

from __future__ import annotations

from typing import Any

import numpy as np

from symbackprop.core.errors import shown
from symbackprop.language.tensors import Tensor
from symbackprop.notation.declare import data, parameter
from symbackprop.notation.errors import NotationError


def dense(array: Any) -> np.ndarray:
    """An array that may be a sparse one."""
    return np.asarray(array.toarray() if hasattr(array, "toarray") else array)


class Reading:
    """A model under reading: its inputs as tensors, its weights as the example."""

    def __init__(self, model: Any, kind: str) -> None:
        self.model = model
        self.kind = kind  # scikit-learn's class, which a person's own may extend
        self.classes: Any = getattr(model, "classes_", None)
        self.declared: list[Tensor] = []
        self.example: dict[str, np.ndarray] = {}
        self.notes: list[str] = []
        self.X = data("X", "N d")
        self.y: Tensor = data("y", "N")

    def weights(self, name: str, array: Any, *sizes: Any) -> Tensor:
        """A parameter with its values; an axis of size 1 stays 1."""
        values = np.asarray(array, dtype=float)
        given = [1 if n == 1 else size for n, size in zip(values.shape, sizes, strict=True)]
        tensor = parameter(name, *given)
        self.declared.append(tensor)
        self.example[name] = values
        return tensor

    def data(self, X: Any, y: Any) -> dict[str, np.ndarray]:
        """The arrays of a person, as the network reads them."""
        if X is None or y is None:
            raise NotationError("X and y go together.", "Give both, or neither.")
        try:
            rows, target = dense(X), dense(y)
            if target.ndim == 2 and target.shape[1] == 1 and self.y.ndim == 1:
                target = target[:, 0]  # a column, which `fit` takes as well
            self._require_shapes(rows, target)
            if self.classes is not None:  # of several labels a row, each is there or not
                classes = np.asarray(self.classes).tolist() if target.ndim == 1 else [0, 1]
                target = _places(target, classes)
            arrays = {"X": rows, "y": target}
            if any(map(np.iscomplexobj, arrays.values())) or not all(np.isfinite(a.astype(float)).all() for a in arrays.values()):
                raise ValueError
        except NotationError:
            raise
        except (TypeError, ValueError):
            raise NotationError("X and y hold something that is no number.", "Give arrays of numbers.") from None
        of_numbers = self.y.signature and self.y.signature.kind == "data"
        return {"X": rows.astype(float), "y": target.astype(float if of_numbers else int)}

    def _require_shapes(self, rows: np.ndarray, target: np.ndarray) -> None:
        """Raise NotationError where X or y has other axes than what the model was fitted on."""
        features, several = self.model.n_features_in_, self.y.ndim == 2
        outputs = getattr(self.model, "n_outputs_", None) or np.shape(getattr(self.model, "coef_", ()))[:1]
        columns = np.atleast_1d(outputs)[:1].tolist() if several else []
        if rows.ndim != 2 or rows.shape[1] != features or target.shape != (len(rows), *columns):
            each = f"{columns[0]} targets" if several else "a target"
            raise NotationError(
                f"X is {rows.shape} and y is {target.shape}.",
                f"The model takes (N, {features}), and {each} for each of the N rows.",
            )

    def require(self, **settings: Any) -> None:
        """Raise NotationError where a setting of the model is another than the loss here has."""
        for name, plain in settings.items():
            found = getattr(self.model, name, plain)
            if found is not plain and found != plain:
                raise NotationError(f"{self.kind}({name}={shown(found)}) is not read.", f"{name}={plain!r} is.")

    def setting(self, name: str) -> Any:
        """A setting of the model; what `fit` has chosen, `model.alpha_`, where it chooses."""
        chosen = np.asarray(getattr(self.model, f"{name}_", np.nan), dtype=float)
        if np.isnan(chosen).all():
            return getattr(self.model, name, None)
        if (chosen != chosen.flat[0]).any():
            raise NotationError(f"{self.kind} has chosen several values of {name}.", "One is read.")
        self.notes.append(f"{name} is {shown(chosen.flat[0].item())}, which fit has chosen.")
        return chosen.flat[0].item()

    def number(self, name: str) -> float:
        """A setting that is one number."""
        value = self.setting(name)
        if np.ndim(value):
            raise NotationError(f"{self.kind} with a {name} for each output is not read.", f"One {name} is.")
        return float(value or 0)


def _places(target: np.ndarray, classes: list[Any]) -> np.ndarray:
    """Labels as whole numbers, in the order of the classes. Raises NotationError where one is no class."""
    places = {label: k for k, label in enumerate(classes)}
    labels = target.ravel().tolist()
    for label in labels:
        if label not in places:
            raise NotationError(f"y: {shown(label)} is no class of the model.", f"Its classes are {classes}.")
    return np.array([places[label] for label in labels], dtype=int).reshape(target.shape)
