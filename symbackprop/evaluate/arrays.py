"""What a person gives as an array: read as numbers, or refused with the place of what is none; and held against its declaration."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy import ndarray

from symbackprop.core.errors import SymbackpropError
from symbackprop.core.program import Signature
from symbackprop.evaluate.extents import extent
from symbackprop.evaluate.matrices import is_orthogonal, is_positive, is_symmetric

OFF = 1e-5  # what rounding may leave of a sum that is to be 1
DEEPEST = 32  # axes: NumPy has no more
DOMAINS: dict[str, tuple[Callable[[ndarray], ndarray], str]] = {  # of entries: which are inside, and what they are called
    "positive": (lambda a: np.asarray(a > 0), "positive numbers"),
    "unit": (lambda a: np.asarray((a >= 0) & (a <= 1)), "numbers from 0 to 1"),
    "binary": (lambda a: np.isin(a, (0, 1)), "zeros and ones"),
    "sign": (lambda a: np.isin(a, (-1, 1)), "numbers -1 and 1"),
}


class ArrayError(SymbackpropError):
    """What is no array of real numbers, or not the one that was declared; the message names the place, the fault and the mend."""


def as_numbers(name: str, value: Any) -> ndarray:
    """The value as an array of real numbers.

    Raises ArrayError for rows of different lengths, and for an entry that is text, true or false, nothing, or complex.
    """
    if isinstance(value, list | tuple):
        _refuse_strays(name, value)
    elif not isinstance(value, ndarray) and (fault := _stray(value)):
        raise ArrayError(f"{name} {fault}")
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):
        raise ArrayError(f"{name} is no array: its rows have different lengths") from None
    if array.dtype.kind not in "fiub":
        raise ArrayError(f"{name} holds {array.dtype}, not real numbers; give an array of numbers")
    if fault := masked_at(value):
        raise ArrayError(f"{name} {fault}")
    return array


def masked_at(value: Any) -> str | None:
    """Which entry of an array is masked, so that what stands there is no number of it; None where none is."""
    masked = sys.modules.get("numpy.ma")  # an array with a mask has imported it
    if masked is None or not masked.isMaskedArray(value) or not masked.getmaskarray(value).any():
        return None
    place = tuple(int(k[0]) for k in np.nonzero(masked.getmaskarray(value)))
    return f"is masked at {place}; give an array without a mask, such as filled(0), or leave these entries out"


def _refuse_strays(name: str, value: list[Any] | tuple[Any, ...]) -> None:
    todo: list[tuple[tuple[int, ...], Any]] = [((), value)]
    while todo:
        place, item = todo.pop()
        if len(place) > DEEPEST:
            raise ArrayError(f"{name} is nested more than {DEEPEST} deep: that is no array")
        if isinstance(item, list | tuple):
            todo += [((*place, k), part) for k, part in reversed(list(enumerate(item)))]
        elif fault := _stray(item):
            raise ArrayError(f"{name}[{', '.join(map(str, place))}] {fault}")


def _stray(item: Any) -> str | None:
    """Why an entry is no real number; None where it is one, or an array that tells for itself."""
    if isinstance(item, bool | np.bool_):
        return f"is {'true' if item else 'false'}, not a number; write {int(item)}"
    if isinstance(item, str | bytes):
        return f"is text, {item[:20]!r}, not a number; write numbers without quotation marks"
    if item is None:
        return "is empty, not a number; write a number"
    if isinstance(item, Mapping):
        return "is an object with names, not a number; write numbers, or lists of numbers"
    if isinstance(item, complex | np.complexfloating):
        return "is complex; give real numbers"
    if isinstance(item, int):
        try:
            float(item)
        except OverflowError:
            return "is a whole number beyond 1.8e308, the largest that is computed with; scale the data"
    return None


def outside(tensor: Signature, array: ndarray, at: Mapping[str, int]) -> str | None:
    """What is wrong with the entries of an array, or None."""
    bad = ~np.isfinite(array)
    if bad.any():
        kind = "NaN" if np.isnan(array).any() else "an infinite number"
        return f"holds {kind}{_first(bad)}; mend the data"
    if tensor.kind == "integers":
        if (broken := array != np.rint(array)).any():
            return f"must hold whole numbers, and holds {array[broken][0]:g}{_first(broken)}; number the classes from 0"
        off = (array < 0) | (array >= (np.inf if tensor.bound is None else extent(tensor.bound, at)))
        if off.any():
            held = f"it holds {array.min():g} to {array.max():g}, and {array[off][0]:g}{_first(off)}"
            return f"must hold whole numbers from 0 to {tensor.bound} - 1; {held}"
    if tensor.kind == "labels" and (fault := off_labels(array)):
        return fault
    if tensor.domain in DOMAINS and (off := ~DOMAINS[tensor.domain][0](array)).any():
        told = f"must hold {DOMAINS[tensor.domain][1]} as declared, and holds {array[off][0]:g}{_first(off)}"
        return f"{told}; {_fitting(tensor, array)}"
    if tensor.is_symmetric and not is_symmetric(array):
        return f"must be symmetric as declared; give {tensor.name} and its transpose, halved: ({tensor.name} + {tensor.name}.T) / 2"
    if tensor.is_orthogonal and not is_orthogonal(array):
        return (
            f"must be orthogonal as declared: {tensor.name}.T @ {tensor.name} is not 1; give the Q of np.linalg.qr({tensor.name})"
        )
    if tensor.domain == "spd" and not is_positive(array):
        return "must be positive definite as declared: an eigenvalue is not above 0; add a multiple of the identity"
    return None


def _first(chosen: ndarray) -> str:
    """Where the first chosen entry stands, in words."""
    return f" at {tuple(map(int, np.argwhere(chosen)[0]))}" if chosen.ndim else ""


def _fitting(tensor: Signature, array: ndarray) -> str:
    """How numbers that a declaration does not allow are made to fit it, or it to them."""
    name = tensor.name
    if tensor.domain == "binary" and np.isin(array, (-1, 1)).all():
        return f"give ({name} + 1)/2"
    if tensor.domain == "sign" and np.isin(array, (0, 1)).all():
        return f"give 2*{name} - 1"
    if tensor.domain in ("binary", "sign") and (array == np.rint(array)).all():
        kinds = np.unique(array)
        if len(kinds) > 2:
            return f"of more than two classes declare {name} as integers, for a network with a score for each"
        values = (0, 1) if tensor.domain == "binary" else (-1, 1)
        return f"give {' and '.join(f'{value} for {kind:g}' for value, kind in zip(values, kinds, strict=False))}"
    return f"mend the data, or declare {name} without {tensor.domain} if it need not"


def off_labels(array: ndarray) -> str | None:
    """What is wrong with the entries of labels, or None; not-a-number is another's matter."""
    if array.ndim and (abs(array.sum(axis=-1) - 1) > OFF).any():
        return "is declared as labels: it must sum to one along its last axis; declare it as data if it need not"
    return None


def summary(array: ndarray, digits: int = 3, entries: int = 6) -> str:
    """An array in a few characters: all entries where they are few, otherwise its mean and its largest modulus."""
    array = np.asarray(array)
    if array.ndim == 0:
        return f"{float(array):.{digits}g}"
    if array.size <= entries:
        text = np.array2string(array, formatter={"all": lambda x: f"{x:.{digits}g}"}, separator=" ")
        return text.replace("\n", "")
    mean, largest = array.mean(), abs(array).max()
    mean = 0 if abs(mean) < 1e-12 * largest else mean  # what is left of terms that cancel
    return f"mean {mean:.{digits}g}, |max| {largest:.{digits}g}"
