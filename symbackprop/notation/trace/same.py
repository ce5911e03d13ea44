"""NumPy's functions that the language has by the same name: a row is what reads text, on the tensors of the arrays."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from symbackprop.language.tensors import LanguageError
from symbackprop.notation import dialects
from symbackprop.notation.trace.sizes import Sized, expr_of
from symbackprop.notation.trace.traced import Traced

if TYPE_CHECKING:
    from symbackprop.notation.trace.run import Run


def of_language(name: str, module: str = "numpy") -> Callable[..., Any] | None:
    """The row of a function that the language has as NumPy does, or another module, by the same name."""
    word = dialects.word(module, name, [], ())
    if word is None:
        return None

    def row(run: Run, *args: Any, **options: Any) -> Any:
        options = dialects.renamed(options, inspect.signature(word.function).parameters)
        arrays = [*_arrays(run, (*args, *options.values()))]
        attempt = lambda: word.function(*_plain(run, args), **_plain(run, options))  # noqa: E731 - in the sizes known then
        try:
            return attempt()
        except LanguageError:
            if not run.sizes.learning:
                raise
        for a, b in combinations(arrays, 2):
            if np.shape(a.value) == np.shape(b.value):
                for one, other in zip(a.tensor.shape, b.tensor.shape, strict=True):
                    run.equal(one, other)
        return attempt()

    return row


def _arrays(run: Run, given: Any) -> Iterator[Traced]:
    """The arrays among arguments."""
    for x in given:
        if isinstance(x, Traced | np.ndarray):
            yield run.lift(x)
        elif isinstance(x, list | tuple):
            yield from _arrays(run, x)


def _plain(run: Run, given: Any) -> Any:
    """Arguments as the language takes them."""
    match given:
        case dict():
            return {key: _plain(run, x) for key, x in given.items() if key != "dtype" and x is not np._NoValue}
        case list() | tuple():
            return type(given)(_plain(run, x) for x in given)
        case Sized():
            return expr_of(given)
        case Traced() | np.ndarray():
            return run.settled(run.lift(given).tensor)
        case _:
            return given
