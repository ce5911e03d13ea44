"""Words that a person chooses from: which one was most likely meant, and the types of numbers that there are."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

BACKENDS = ("numpy", "c", "jax", "auto")  # what computes
DTYPES = ("float64", "float32")  # what arrays of numbers are computed in
INFINITE = 10**9  # what infinity is written as: exp(-10**9) is 0, and masks of infinities mean that
LANGUAGES = ("en", "ko")  # that reports are written in
DETAILS = ("brief", "normal", "full")  # of a report: the box and the network, the layers as well, every equation
EDGES = ("values", "local", "gradient")  # of a picture: numbers, local derivatives on wires as well, formulas of gradients as well
DRAWN = {"svg": ".svg", "png": ".png", "pdf": ".pdf", "tikz": ".tex"}  # formats of a picture, with the suffixes of their files
VALUES = ("entries", "statistics", "none")  # of a picture: numbers as a lecturer writes them, mean and largest, none
OTHER_NAMES = {
    "lr": "rate", "learning_rate": "rate", "eta": "rate", "batch_size": "batch", "bs": "batch", "n_epochs": "epochs",
    "num_epochs": "epochs", "max_iter": "epochs", "optim": "optimiser", "optimizer": "optimiser", "weight_decay": "decay",
    "wd": "decay", "l2": "decay", "val": "held_out", "validation": "held_out", "test": "held_out", "test_size": "held_out",
    "validation_split": "held_out", "random_state": "seed", "scheduler": "schedule", "grad_clip": "clip", "device": "backend",
    "early_stopping": "patience", "verbose": "progress", "out": "output", "tol": "tolerance",
}  # fmt: skip
"""What other tools call settings, and what they are here."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that a person most likely meant, whatever its case; None where none is near."""
    names = list(known)
    folded = {n.lower(): n for n in reversed(names)}
    if name.lower() in folded:
        return folded[name.lower()]
    close = get_close_matches(name, names, 1) or get_close_matches(name.lower(), list(folded), 1)
    return folded.get(close[0].lower(), close[0]) if close else None


def mend(name: str, known: Iterable[str]) -> str:
    """What to write instead of a name that is not there: the nearest one, or those that there are."""
    names = list(dict.fromkeys(known))
    near = nearest(name, names)
    return f"did you mean {near}?" if near else f"there are {', '.join(sorted(names)[:20])}" if names else "there are none"


def dtype_name(dtype: Any) -> str | None:
    """The name of a type of numbers, given by its name or as NumPy's type; None where it is none of DTYPES."""
    name = dtype if isinstance(dtype, str) else getattr(dtype, "name", None) or getattr(dtype, "__name__", "")
    return name if name in DTYPES else None
