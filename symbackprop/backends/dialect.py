"""How a library of arrays spells what the source of a program needs: NumPy, and JAX, whose arrays are never written to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

WINDOWS = "windows"  # what the helper is called that reads windows where no view of an array can


@dataclass(frozen=True)
class Dialect:
    """The words of one library.

    np       what it is called in the source.
    title    what it is called in words.
    imports  the lines that import it.
    pure     whether an array never changes: what is written to is a new array, and a loop hands its state on.
    dtype    "float64" or "float32": the type of every array of floats, which no constant and no position may widen.
    """

    np: str
    title: str
    imports: tuple[str, ...]
    pure: bool = False
    dtype: str = "float64"

    def of(self, dtype: str) -> Dialect:
        """The dialect for arrays of another type."""
        return replace(self, dtype=dtype)

    @property
    def narrow(self) -> bool:
        return self.dtype == "float32"

    @property
    def floats(self) -> str:
        """What the type of the floats is called."""
        return f"{self.np}.float32" if self.narrow else "float"

    @property
    def kind(self) -> str:
        """The argument that makes a new array one of these floats; "" where it is one anyway."""
        return f", {self.floats}" if self.narrow else ""

    def worded(self, text: str) -> str:
        """A text of a row, which is in NumPy's words: the library has the same."""
        return text if self.np == "np" else re.sub(r"\bnp\.", f"{self.np}.", text)

    def number(self, text: str) -> str:
        """A function of numbers alone as a number, which takes the type of the arrays that it meets."""
        return text if self.pure else f"float({text})"

    def put(self, target: str, index: str, value: str, add: bool = False) -> str:
        """The statement that writes entries of an array, at places of which none comes twice; or adds to them."""
        if self.pure:
            return f"{target} = {target}.at[{index}].{'add' if add else 'set'}({value})"
        return f"{target}[{index}] {'+=' if add else '='} {value}"

    def add_at(self, target: str, entries: Sequence[str], value: str) -> str:
        """The statement that adds to entries at arrays of places, as often as each comes."""
        index = ", ".join(entries)
        if self.pure:
            return self.put(target, index, value, add=True)
        key = index if len(entries) == 1 else f"np.s_[{index}]" if ":" in entries else f"({index})"
        return f"np.add.at({target}, {key}, {value})"

    def windows(self, array: str, shape: Sequence[str], axes: Sequence[str], helped: bool) -> str:
        """Every window of a shape along some axes, which are read last; by the helper where there may be none."""
        if helped:
            return f"{WINDOWS}({array}, ({', '.join(shape)},), ({', '.join(axes)},))"
        sizes, places = (part[0] if len(part) == 1 else f"({', '.join(part)})" for part in (shape, axes))
        return f"np.lib.stride_tricks.sliding_window_view({array}, {sizes}, axis={places})"


NUMPY = Dialect("np", "NumPy", ("import numpy as np",))
JAX_NAMES = {"jax", "jnp", WINDOWS}  # that its source has for itself
JAX = Dialect("jnp", "JAX", ("import jax", "import jax.numpy as jnp"), pure=True)
