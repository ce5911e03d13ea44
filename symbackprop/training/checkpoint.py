"""A run in a file: parameters, the optimiser's state, losses, the generator that shuffles, settings, of which network and data."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from numpy import ndarray

from symbackprop.core.machine.files import FileError, StrPath
from symbackprop.core.network import listed
from symbackprop.core.program import Program, shape_text
from symbackprop.training.changed import others
from symbackprop.training.errors import TrainingError
from symbackprop.training.layout import Layout
from symbackprop.training.mapped import parts
from symbackprop.training.prepared import Prepared
from symbackprop.training.progress import Progress
from symbackprop.training.run import Run
from symbackprop.training.settings import Settings
from symbackprop.training.storage import ABOUT, KEPT, read_arrays, write_arrays

SECONDS = 1.0  # at least so long between two writes
PART = 20  # and so many times as long as a write takes: at most a twentieth of the time is spent on them
LOSSES = ("training", "held_out")


def described(network: Prepared, layout: Layout, arrays: Mapping[str, ndarray], predict: str | None) -> dict[str, Any]:
    """What a run is a run of: another network or other data would not go on where it stood."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(f"{name} {arrays[name].dtype} {arrays[name].shape}".encode())
        for part in parts(arrays[name]):
            digest.update(np.ascontiguousarray(part).tobytes())
    return {
        "loss": network.forward.loss,
        "parameters": _shapes(network.program),
        "equations": network.equations,
        "digests": dict(network.forward.digests),
        "sizes": dict(layout.sizes),
        "samples": layout.samples,
        "data": digest.hexdigest(),
        "predict": predict,
    }


class Keeper:
    """Writes a run to a file now and then; to none where there is no path."""

    def __init__(self, path: StrPath | None, settings: Settings, about: Mapping[str, Any]) -> None:
        self.path, self.settings, self.about = path, settings, about
        self.unkept = ""  # why the last write failed; empty where it did not
        self._next = 0.0
        self._own = secrets.token_hex(8)  # a mark in the file: that this run wrote it
        self._left: tuple[int, int] | None = None  # the file as this run left it, by its place on the disk and its time

    @property
    def is_due(self) -> bool:
        """Whether the last write is long enough ago."""
        return self.path is not None and time.monotonic() >= self._next

    def keep(self, run: Run, told: Progress) -> None:
        """Write it now; a disk that has become full is told, and ends no training."""
        try:
            self.write(run)
        except FileError as fault:
            if not self.unkept:
                told.say(f"{fault}. Training goes on, and it is tried again")
            self.unkept, self._next = str(fault), time.monotonic() + SECONDS
        else:
            self.unkept = ""

    def write(self, run: Run) -> None:
        """Write it now. Raises FileError where it cannot be written, or another run writes there as well."""
        if self.path is None:
            return
        if self._is_of_another(self.path):
            raise FileError(f"{os.fspath(self.path)}: another run has written it meanwhile; give each a checkpoint of its own")
        begin = time.monotonic()
        about = {
            "settings": asdict(self.settings), "of": self.about, "order": run.order, "epoch": run.epoch, "step": run.step,
            "total": run.total, "kept": run.kept, "before": run.before, "early": run.early, "by": self._own,
        }  # fmt: skip
        arrays = {ABOUT: np.frombuffer(json.dumps(about).encode(), np.uint8)}
        for part in KEPT:
            arrays |= {f"{part}/{name}": array for name, array in getattr(run, part).items()}
        arrays |= {name: np.array(getattr(run, name), float) for name in LOSSES}
        write_arrays(self.path, arrays)
        now = time.monotonic()
        self._next = now + max(SECONDS, PART * (now - begin))
        with suppress(OSError):
            self._left = _as_it_is(self.path)

    def _is_of_another(self, path: StrPath) -> bool:
        """Whether the file that this run wrote was replaced, by that of another run."""
        with suppress(OSError, TrainingError, KeyError, ValueError):
            if self._left is not None and _as_it_is(path) != self._left:
                return json.loads(read_arrays(path)[ABOUT].tobytes())["by"] != self._own
        return False


def _as_it_is(path: StrPath) -> tuple[int, int]:
    about = os.stat(path)
    return about.st_ino, about.st_mtime_ns


def read_run(path: StrPath) -> tuple[Run, dict[str, Any], dict[str, Any]]:
    """A run that a Keeper wrote, its settings, and what it is a run of.

    Raises TrainingError where the file is no checkpoint.
    """
    arrays = read_arrays(path, trained=True)
    try:
        about = json.loads(arrays.pop(ABOUT).tobytes())
        losses = {name: [float(x) for x in arrays.pop(name)] for name in LOSSES}
        parts: dict[str, dict[str, ndarray]] = {part: {} for part in KEPT}
        for name, array in arrays.items():
            part, _, parameter = name.partition("/")
            parts[part][parameter] = array
        numbers = {name: int(about[name]) for name in ("epoch", "step", "kept", "before")}
        np.random.PCG64().state = about["order"]
        if not parts["parameters"] or (parts["best"].keys() | parts["begin"].keys()) - parts["parameters"].keys():
            raise KeyError("parameters")
        run = Run(parts["parameters"], parts["state"], about["order"], best=parts["best"], total=float(about["total"]))
        run.training, run.held_out = losses["training"], losses["held_out"]
        run.epoch, run.step, run.kept, run.before = (numbers[name] for name in ("epoch", "step", "kept", "before"))
        run.begin, run.early = parts["begin"], tuple(map(float, about["early"]))
        return run, about["settings"], about["of"]
    except (KeyError, TypeError, ValueError, RecursionError):
        raise TrainingError(
            f"{os.fspath(path)}: this is no checkpoint; give a file that checkpoint= wrote, or begin with its parameters by start="
        ) from None


def require_parameters(path: StrPath, saved: Mapping[str, Any], program: Program) -> None:
    """Raise TrainingError, with what differs, where a checkpoint is of a network with other parameters."""
    before, now = saved.get("parameters"), _shapes(program)
    before = before if isinstance(before, dict) else {}
    for name in [*now, *before]:
        if name not in before or name not in now:
            raise _another(path, f"the parameter {name} is in {'the network' if name in now else 'the checkpoint'} only")
        if before[name] != now[name]:
            fault = f"the parameter {name} has the shape {before[name]} in the checkpoint, and {now[name]} in the network"
            raise _another(path, fault)


def require_same(path: StrPath, saved: Mapping[str, Any], here: Mapping[str, Any]) -> None:
    """Raise TrainingError, with what differs, where a checkpoint is of another network or other data."""
    fault = _difference(saved, here)
    if fault:
        raise _another(path, fault)


def _another(path: StrPath, fault: str) -> TrainingError:
    return TrainingError(f"{os.fspath(path)}: {fault}; resume with what it was trained on, or begin anew without resume")


def _shapes(program: Program) -> dict[str, str]:
    return {t.name: shape_text(t.shape) for t in program.parameters}


def _difference(saved: Mapping[str, Any], here: Mapping[str, Any]) -> str | None:
    def of(key: str) -> tuple[Any, Any]:
        return saved.get(key), here[key]

    for key, word in (("sizes", "sizes"), ("loss", "loss"), ("predict", "answer"), ("samples", "number of samples")):
        before, now = of(key)
        if before != now:
            return f"the {word} was {before} in the checkpoint, and is {now}"
    before, now = of("equations")
    if "digests" in saved and (names := others(saved["digests"], here["digests"])):
        return f"{listed(names)} {'is another equation' if len(names) == 1 else 'are other equations'} than in the checkpoint"
    for one, other in zip(before or (), now, strict=False):
        if one != other:
            return f"the network has {other}, the checkpoint {one}"
    if len(before or ()) != len(now):
        return f"the network has {len(now)} equations, the checkpoint {len(before or ())}"
    return None if saved.get("data") == here["data"] else "the data are others: the same arrays, bit for bit, are needed"


def settled(path: StrPath, saved: Mapping[str, Any], given: Mapping[str, Any]) -> Settings:
    """The settings to go on with: those of the checkpoint, of which the number of epochs and the patience may be changed,
    and what computes it, of which the last digits depend.

    Raises TrainingError where another one is changed.
    """
    try:
        settings = Settings(**saved)
    except TypeError:
        raise TrainingError(f"{os.fspath(path)}: this is no checkpoint of this version; begin anew without resume") from None
    for name, value in given.items():
        before = getattr(settings, name)
        if value == before:
            continue
        if name not in ("epochs", "patience", "backend", "devices", "recompute") or (
            name == "epochs" and settings.schedule != "constant"
        ):
            why = f", since the schedule {settings.schedule} runs over all of them" if name == "epochs" else ""
            raise TrainingError(
                f"{os.fspath(path)}: it was trained with {name}={before!r}, not {value!r}{why}; leave {name} out, or begin anew "
                f"with its parameters"
            )
    return replace(settings, **given)
