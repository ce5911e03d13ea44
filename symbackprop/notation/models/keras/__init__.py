"""Keras models by their JSON: `reading` walks over the description, `layers` holds a row for each layer."""

from __future__ import annotations

from symbackprop.notation.models.keras.reading import from_keras, to_keras

__all__ = ["from_keras", "to_keras"]
