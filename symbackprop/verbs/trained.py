"""What training came to, from its file."""

from __future__ import annotations

from typing import Any

from symbackprop.core.machine.files import StrPath
from symbackprop.training.result import Trained
from symbackprop.verbs import read


def load(net: Any, path: StrPath) -> Trained:
    """What training a network came to, as `Trained.save` and `symbackprop train -o` wrote it.

    net    what `read` takes.
    path   of the file; a checkpoint, or another .npz or .safetensors file of the parameters, will do.

    Returns it with its network: it predicts and evaluates.
    Raises TrainingError where the file holds other parameters than the network has.
    """
    return Trained.load(path, read(net))
