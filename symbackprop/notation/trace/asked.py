"""What Python asks a traced value for that is no tensor: a truth, a whole number, a key, a plain number, a text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from sympy import Expr

from symbackprop.language.lower.nodes import ordered
from symbackprop.language.tensors import LanguageError, Tensor
from symbackprop.notation.errors import NotationError
from symbackprop.notation.trace.frames import place
from symbackprop.notation.trace.sizes import Sizes
from symbackprop.notation.trace.traced import Traced


class Restart(BaseException):
    """The function is to be called anew, with the values of some arrays as they are: its course depends on them."""

    branch = False  # whether it is a branch that asks for them

    def __init__(self, frozen: frozenset[str], line: str) -> None:
        self.frozen, self.line = frozen, line


class Refused(BaseException):
    """The function cannot be traced; `fault` says why. No `except Exception` of a person's swallows it."""

    branch = False  # whether a branch was met that depends on what is differentiated by

    def __init__(self, fault: NotationError) -> None:
        self.fault = fault


class Asked:
    """A call under way, as far as Python asks it for what is no tensor; its fields are those of `Run`."""

    sizes: Sizes
    wrt: frozenset[str]
    usual: tuple[str, ...]
    follow: bool
    masks: bool
    decided_at: Counter[str]
    texts: Counter[str]
    inputs: dict[str, Tensor]
    came_in: dict[int, tuple[np.ndarray, str, Traced]]
    leaks: dict[int, tuple[Any, Traced, str]]
    tampered: Callable[[str, Any], Any] | None

    def refusal(self, fault: str, mend: str) -> NotationError:
        return NotationError(fault, mend, place())

    def decided(self, array: Traced, word: str) -> bool:
        """The truth of a value that decides the course of the function.

        Raises Restart where it depends on data alone, Refused where it depends on what is differentiated by.
        """
        try:
            self._require_data(
                array,
                f"`{word}` asks for the truth of a value that depends on {{}}, so the other course would never be seen.",
                "Write np.where(condition, a, b), np.maximum or np.minimum, so that both sides are derived; "
                'or say branches="example" to derive the course that the example takes.',
            )
        except Restart as again:
            again.branch = True
            raise
        except Refused as refused:
            refused.branch = True
            if not self.follow:
                raise
            self.decided_at[str(place() or "")] += 1
        return bool(array.value)

    def chooses(self, condition: Any) -> bool:
        """Whether a condition is a traced number by which both courses of a branch are taken."""
        if not isinstance(condition, Traced) or np.size(condition.value) != 1:
            return False
        return self.depends(condition) or (self.masks and bool(self.given(condition)))

    def depends(self, array: Traced) -> bool:
        """Whether an array depends on what the loss is differentiated by, or on what nobody knows."""
        try:
            return any(t.name in self.wrt for t in ordered([array.tensor]) if t.is_input)
        except (NotationError, LanguageError):
            return True

    def truths(self, mask: Traced) -> np.ndarray:
        """The entries of a mask. Raises Restart where they depend on data, Refused where on what is differentiated by."""
        self._require_data(mask, "which entries are taken depends on {}.", "Write np.where(mask, x, 0).")
        return np.asarray(mask.value)

    def bounded(self, name: str, bound: Expr, extent: Expr) -> None:
        """Whole numbers of an array are positions on an axis: they stay below its size.

        Raises Restart where others of the array stay below another size: its parts are then arrays of their own.
        """
        is_new = self.sizes.is_own(bound, f"{name}.bound")
        if not is_new and self.sizes.number(bound) != self.sizes.number(extent):
            raise Restart(frozenset({name}), str(place() or ""))
        if is_new:
            self.sizes.follow(bound, extent)
        else:
            self.sizes.unify(bound, extent)

    def position(self, array: Traced) -> int:
        """A traced whole number where Python asks for a plain one, as a key or in range."""
        mend = "Give it as an argument." if array.dtype.kind in "iub" else "Write np.floor or np.round, or give it as an argument."
        self._require_data(array, "a whole number that depends on {} is used as a plain one.", mend)
        return int(array.value)

    def key(self, array: Traced) -> Any:
        """A traced number as a key."""
        mend = "Keep values in lists, or give the number as an argument."
        self._require_data(array, "a number that depends on {} is the key of a dict or in a set.", mend)
        return array.value

    def _require_data(self, array: Traced, fault: str, mend: str) -> None:
        try:
            names = self.given(array)
        except (NotationError, LanguageError) as inner:
            raise Refused(self.refusal(fault.format("the arguments"), f"{mend} ({inner})")) from None
        by = sorted(names & self.wrt)
        if by:
            raise Refused(self.refusal(fault.format(", ".join(by)), f"{mend} {self.of_data(by)}".strip()))
        if names:
            raise Restart(frozenset(names), str(place() or ""))

    def of_data(self, by: Iterable[str]) -> str:
        """The mend where what is learnt was not said, and these may be data."""
        rest = [name for name in self.usual if name not in set(by)]
        if not rest or len(rest) == len(self.usual):
            return ""
        known = sorted(by)
        return f'If {", ".join(known)} {"is" if len(known) == 1 else "are"} data, say what is learnt: wrt="{", ".join(rest)}".'

    def given(self, array: Traced) -> set[str]:
        """The leaves that a value depends on."""
        tensor = array.tensor
        names = {t.name for t in ordered([tensor]) if t.is_input and t.name in self.inputs and t.name is not None}
        return names - ({name for _, name, _ in self.came_in.values()} - self.wrt)

    def leaked(self, array: Traced) -> float:
        """The plain number that Python asks for. It is remembered, so that it is still known where it comes back unchanged."""
        return self._leak(array, float(array.value))

    def leaked_array(self, array: Traced) -> np.ndarray:
        """The plain array that NumPy asks for."""
        return self._leak(array, np.array(array.value))

    def _leak(self, array: Traced, plain: Any) -> Any:
        line = str(place() or "")
        found = plain if self.tampered is None else self.tampered(line, plain)
        self.leaks[id(found)] = found, array, line
        return found

    def told(self, array: Traced, text: str) -> str:
        """The text of a traced value, as it is printed; a number that is read of it has left the trace."""
        self.texts[str(place() or "")] += 1
        return text
