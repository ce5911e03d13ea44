"""The settings of a training run, checked before anything is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from symbackprop.core.choices import BACKENDS, DTYPES, mend
from symbackprop.core.errors import shown
from symbackprop.training.errors import TrainingError
from symbackprop.training.optimiser import OPTIMISERS, SCHEDULES, Optimiser

USUAL: dict[str, Any] = {
    "epochs": 30, "batch": 32, "seed": 0, "held_out": 0.2, "optimiser": "sgd", "momentum": 0.0, "clip": None,
    "schedule": "constant", "patience": None, "dtype": "float32", "backend": "numpy", "devices": None, "recompute": None,
}  # fmt: skip
HELD = ", or the path of a file with other samples"
HUGE = 1e300  # larger settings are none
MANY = 10_000  # epochs over a set so small that nothing of it is held out: a table such as that of XOR


@dataclass(frozen=True)
class Settings:
    """How to train; each is explained at `train`. Raises TrainingError for a value that makes no sense."""

    epochs: int
    rate: float
    batch: int
    seed: int
    held_out: float | str
    optimiser: str
    momentum: float
    decay: float
    clip: float | None
    schedule: str
    patience: int | None
    dtype: str
    backend: str
    devices: int | None
    recompute: int | None

    def __post_init__(self) -> None:
        self._require_numbers()
        self._require_words()
        self._require_together()

    def _require_numbers(self) -> None:
        for name in ("epochs", "batch", "patience", "devices", "recompute"):
            value = getattr(self, name)
            if not (_is_whole(value) and value >= 1) and not (name not in ("epochs", "batch") and value is None):
                raise TrainingError(f"{name}={shown(value)}: give a whole number from 1 on")
        if not (_is_whole(self.seed) and self.seed >= 0):
            raise TrainingError(f"seed={shown(self.seed)}: give a whole number from 0 on")
        if not (_is_real(self.rate) and self.rate > 0):
            raise TrainingError(f"rate={shown(self.rate)}: give a positive number, such as 0.1")
        if not (_is_real(self.decay) and self.decay >= 0):
            raise TrainingError(f"decay={shown(self.decay)}: give 0 or a positive number, such as 1e-4")
        for name in ("held_out", "momentum"):
            value = getattr(self, name)
            if not (_is_real(value) and 0 <= value < 1) and not (name == "held_out" and value and isinstance(value, str)):
                raise TrainingError(f"{name}={shown(value)}: give a number from 0 to below 1{HELD if name == 'held_out' else ''}")
        if self.clip is not None and not (_is_real(self.clip) and self.clip > 0):
            raise TrainingError(f"clip={shown(self.clip)}: give a positive number, such as 1")

    def _require_words(self) -> None:
        if self.momentum and "velocity" not in _row(self.optimiser).slots:
            raise TrainingError(f"momentum={shown(self.momentum)}: {self.optimiser} has means of its own; leave momentum out")
        if self.optimiser == "nesterov" and not self.momentum:
            raise TrainingError("nesterov looks ahead along the momentum: give momentum=0.9 as well")
        if not isinstance(self.schedule, str) or self.schedule not in SCHEDULES:
            raise TrainingError(f"schedule={shown(self.schedule)}: {mend(str(self.schedule), list(SCHEDULES))}")
        if not isinstance(self.dtype, str) or self.dtype not in DTYPES:
            raise TrainingError(f"dtype={shown(self.dtype)}: {mend(str(self.dtype), list(DTYPES))}")
        if self.backend not in BACKENDS:
            raise TrainingError(f"backend={shown(self.backend)}: {mend(str(self.backend), BACKENDS)}")

    def _require_together(self) -> None:
        if self.devices is not None and self.backend != "jax":
            raise TrainingError(f'devices={self.devices}: {self.backend} runs on one processor; give backend="jax" as well')
        if self.devices is not None and self.batch % self.devices:
            whole = -(-self.batch // self.devices) * self.devices
            raise TrainingError(f"batch={self.batch} cannot be divided evenly among devices={self.devices}; give batch={whole}")
        if self.patience and not self.held_out:
            raise TrainingError("patience watches the loss on held-out samples: give held_out=0.2 as well")


def usual(given: dict[str, Any]) -> Settings:
    """The settings that a person gave, and the usual ones for the others: the rate and the decay are those of the optimiser.

    Raises TrainingError as Settings does.
    """
    row = _row(given.get("optimiser", USUAL["optimiser"]))
    return Settings(**{"rate": row.rate, "decay": row.decay, **USUAL, **given})


def _row(name: Any) -> Optimiser:
    if not isinstance(name, str) or name not in OPTIMISERS:
        raise TrainingError(f"optimiser={shown(name)}: {mend(str(name), list(OPTIMISERS))}")
    return OPTIMISERS[name]


def plain(value: Any) -> Any:
    """A number of NumPy as one of Python, which a checkpoint tells."""
    return float(value) if isinstance(value, np.floating) else int(value) if isinstance(value, np.integer) else value


def _is_whole(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _is_real(value: Any) -> bool:
    if not isinstance(value, (int, float, np.integer, np.floating)) or isinstance(value, bool):
        return False
    value = float(value) if isinstance(value, np.floating) else value  # float32 is not compared with what it cannot hold
    return bool(abs(value) < HUGE) and isfinite(value)
