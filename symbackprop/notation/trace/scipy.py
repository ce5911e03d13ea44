"""SciPy on traced arrays: its modules as the person's modules see them, its functions, and its distributions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from symbackprop.language.tensors import Tensor, as_tensor
from symbackprop.notation import dialects
from symbackprop.notation.scipy import DISTRIBUTIONS, WORDS
from symbackprop.notation.trace.stands import Stand
from symbackprop.notation.trace.traced import Traced

if TYPE_CHECKING:
    from symbackprop.notation.trace.run import Run

STAGED = ("special", "linalg", "signal", "stats", "integrate", "spatial.distance", "spatial")  # modules whose words are known


def staged(run: Run, value: Any) -> Any:
    """What stands in the place of a module, a function or a distribution of SciPy; None for anything else."""
    if isinstance(value, ModuleType):
        within = value.__name__.partition(".")[2]
        known = value.__name__ == "scipy" or (value.__name__.startswith("scipy.") and within in STAGED)
        return Stand(value, lambda name, found: _within(run, found)) if known else None
    kind, home = str(type(value).__module__), str(getattr(value, "__module__", ""))
    if kind.startswith("scipy.stats.") and (name := _distribution(value)):
        return _Distribution(run, value, name)
    if not callable(value) or isinstance(value, type | np.ufunc | _OfSciPy) or not home.startswith("scipy."):
        return None
    module = next((m for m in STAGED if home.startswith(f"scipy.{m}")), None)
    return _OfSciPy(run, value, module) if module else None


def _within(run: Run, found: Any) -> Any:
    stand = staged(run, found)
    return found if stand is None else stand


def _distribution(value: Any) -> str | None:
    """The name of a distribution of scipy.stats whose words are known."""
    import scipy.stats

    return next((name for name in DISTRIBUTIONS if getattr(scipy.stats, name, None) is value), None)


def entrywise(run: Run, ufunc: Any) -> Callable[..., Tensor]:
    """The row of a function of entries that is none of NumPy's."""
    word = dialects.word("scipy.special", ufunc.__name__, [], ())
    if word is None:
        raise run.refusal(f"{ufunc.__name__} is not traced: no row says it.", f"Words of scipy.special are {_listed('special')}.")
    return lambda *tensors: as_tensor(word.function(*tensors))


def _listed(module: str) -> str:
    return ", ".join(sorted(WORDS[module]))


def _traced(given: Any) -> bool:
    """Whether a traced array stands among arguments."""
    if isinstance(given, Mapping):
        return any(map(_traced, given.values()))
    return any(map(_traced, given)) if isinstance(given, list | tuple) else isinstance(given, Traced)


class _OfSciPy:
    """A function of SciPy that knows traced arrays."""

    def __init__(self, run: Run, function: Any, module: str) -> None:
        self._run, self._function, self._module = run, function, module
        self.__name__ = function.__name__

    def __call__(self, *args: Any, **options: Any) -> Any:
        if not _traced((args, options)):
            return self._function(*self._run.bare(args), **self._run.bare(options))
        return self._run.called(self._function, f"scipy.{self._module}", args, options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._function, name)


class _Distribution:
    """A distribution of scipy.stats, or one with its arguments, whose methods know traced arrays."""

    def __init__(self, run: Run, original: Any, name: str, args: tuple[Any, ...] = (), options: Mapping[str, Any] = {}) -> None:
        self._run, self._original, self._name, self._args, self._options = run, original, name, args, dict(options)

    def __call__(self, *args: Any, **options: Any) -> _Distribution:
        return _Distribution(self._run, self._original, self._name, args, options)

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._original, name)
        if not callable(method):
            return method

        def called(*args: Any, **options: Any) -> Any:
            given, settings = (*args, *self._args), {**self._options, **options}
            if not _traced((given, settings)):
                return method(*self._run.bare(given), **self._run.bare(settings))
            return self._run.called(method, f"scipy.stats.{self._name}", given, settings)

        return called
