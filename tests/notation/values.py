"""The values of a network at numbers, as the tests of the ways in need them."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from symbackprop import verbs
from symbackprop.core.network import Network
from symbackprop.evaluate.tape import forward


def value(thing: Any, point: Mapping[str, Any], at: Mapping[str, int] | None = None, of: str | None = None) -> np.ndarray:
    """The loss (or the value called `of`) of a network."""
    network = thing if isinstance(thing, Network) else verbs.read(thing)
    arrays = {name: np.asarray(array) for name, array in point.items()}
    known = {str(s) for s in network.program.sizes()}
    found = forward(network.program, arrays, {name: number for name, number in (at or {}).items() if name in known})
    return np.asarray(found[of or network.loss])
