"""scikit-learn's models: each a row, its class and the loss that its `fit` descends."""

from __future__ import annotations

from symbackprop.notation.models.scikit.reading import from_sklearn, to_sklearn

__all__ = ["from_sklearn", "to_sklearn"]
