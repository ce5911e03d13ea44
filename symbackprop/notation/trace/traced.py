"""An array under tracing: it computes as NumPy does, and beside it the tensor of the language that says what was computed.

An array that NumPy would share is shared here: a slice, a transpose, a reshape is a view, and what is written through it is seen
by all. A tensor never changes; writing gives the array another one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from sympy import Expr

from symbackprop.language.operations import TABLE
from symbackprop.language.tensors import LanguageError, Tensor
from symbackprop.notation.errors import NotationError
from symbackprop.notation.trace.frames import unpacks
from symbackprop.notation.trace.sizes import Size
from symbackprop.notation.trace.writing import Written

if TYPE_CHECKING:
    from symbackprop.notation.trace.run import Run

Step = Callable[[Tensor], Tensor]


@dataclass
class View:
    """How an array is a part of another.

    get    from the tensor of the whole to that of the part; `put` writes a new part into the whole.
    seen   the version of the whole that the part was read from.
    known  the tensor of the part, where it is known without the whole, which is being filled.
    """

    parent: Traced
    get: Step
    put: Callable[[Tensor], None]
    seen: int
    known: Callable[[], Tensor | None] = lambda: None

    def tensor(self) -> Tensor:
        """What the part is now."""
        known = self.known()
        return self.get(self.parent.tensor) if known is None else known


class Traced(NDArrayOperatorsMixin):
    """A number or an array of the example, with the tensor that it stands for.

    run     the call of the function under way.
    value   the number or array itself; views share memory with what they are views of.
    """

    __array_priority__ = 1000

    def __init__(self, run: Run, value: Any, tensor: Tensor | Exception) -> None:
        self.run, self.value = run, value
        self._own = Written(tensor)
        self._view: View | None = None

    @property
    def __class__(self) -> type:  # type: ignore[override]  # isinstance(x, np.ndarray) holds
        return np.ndarray if isinstance(self.value, np.ndarray) else np.float64

    # -- what it stands for -------------------------------------------------------------------------------------------

    def view(
        self, value: Any, get: Step, put: Callable[[Tensor], None], known: Callable[[], Tensor | None] = lambda: None
    ) -> Traced:
        """A view of this array.

        value   the part of the example array, which shares its memory.
        get     from the tensor of the whole to that of the part.
        put     writes a new tensor of the part into this array.
        known   the tensor of the part, where it is known without the whole.
        """
        view = View(self, get, put, self.version, known)
        made = Traced(self.run, value, self.run.computed(view.tensor))
        made._view = view
        return made

    @property
    def version(self) -> int:
        """How often the array was written to."""
        return self._own.version + (self._view.parent.version if self._view is not None else 0)

    @property
    def tensor(self) -> Tensor:
        """The tensor that the array stands for now.

        Raises the error that says why there is none.
        """
        view = self._view
        if view is not None and view.seen != view.parent.version:
            self._own = Written(self.run.computed(view.tensor))
            view.seen = view.parent.version
        return self.run.settled(self._own.tensor(self.run))

    @property
    def extents(self) -> tuple[Expr, ...]:
        """The sizes of the axes; an array that is being filled stays so.

        Raises the error that says why there are none.
        """
        shape = self._own.shape if self._view is None else self.tensor.shape
        return tuple(map(self.run.sizes.resolved, shape))

    @property
    def pending(self) -> bool:
        """Whether the array is being filled entry by entry."""
        return self._view is None and self._own.pending

    def write(self, tensor: Tensor | Exception) -> None:
        """Give the whole array another tensor, and with it what it is a view of."""
        if self._view is None:
            self._own.replace(tensor)
            return
        if isinstance(tensor, Exception):
            self._view.parent.write(tensor)
        else:
            self._view.put(tensor)
        self._own, self._view.seen = Written(tensor), self._view.parent.version

    @property
    def sizes(self) -> tuple[Expr, ...]:
        """The sizes of the axes; numbers where no tensor could be made."""
        try:
            return self.extents
        except (NotationError, LanguageError):
            return tuple(self.run.literal(n) for n in np.shape(self.value))

    # -- the array as Python sees it ------------------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[Any, ...]:
        return tuple(
            Size(n, extent, self.run.sizes) if extent.free_symbols else n
            for n, extent in zip(np.shape(self.value), self.sizes, strict=True)
        )

    @property
    def ndim(self) -> int:
        return np.ndim(self.value)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def dtype(self) -> Any:
        return np.asarray(self.value).dtype

    @property
    def itemsize(self) -> int:
        return self.dtype.itemsize

    @property
    def strides(self) -> tuple[int, ...]:
        return tuple(int(n) for n in np.asarray(self.value).strides)

    @property
    def nbytes(self) -> int:
        return int(np.asarray(self.value).nbytes)

    @property
    def flat(self) -> Any:
        return iter(self.reshape(-1))

    @property
    def real(self) -> Traced:
        return self

    def __len__(self) -> int:
        return len(self.value)

    def __iter__(self) -> Iterator[Any]:
        if not self.ndim:
            raise TypeError("iteration over a 0-d array")
        if unpacks():
            self.run.pin(self.sizes[:1])  # as many as there are names
        return (self[k] for k in range(len(self.value)))

    def __contains__(self, item: Any) -> bool:
        return self.run.decided(self == item, "in")

    def __repr__(self) -> str:
        return self.run.told(self, repr(self.value))

    def __str__(self) -> str:
        return self.run.told(self, str(self.value))

    def __format__(self, how: str) -> str:
        return self.run.told(self, format(self.value if not self.ndim else np.asarray(self.value), how))

    def __copy__(self) -> Traced:
        return self.copy()

    def __deepcopy__(self, memo: dict[int, Any]) -> Traced:
        return self.copy()

    def copy(self, *_: Any, **__: Any) -> Traced:
        """The same values in memory of their own."""
        return Traced(self.run, np.array(self.value) if self.ndim else self.value, self.run.computed(lambda: self.tensor))

    def __bool__(self) -> bool:
        return self.run.decided(self, "if")

    def __hash__(self) -> int:
        """Of a number, as a key of a dict; its value is then taken as it is."""
        if self.ndim:
            raise TypeError("unhashable type: 'numpy.ndarray'")
        return hash(self.run.key(self))

    def __index__(self) -> int:
        return self.run.position(self)

    def __int__(self) -> int:
        return self.run.position(self)

    def __floor__(self) -> Any:
        return np.floor(self)

    def __ceil__(self) -> Any:
        return np.ceil(self)

    def __trunc__(self) -> Any:
        return np.trunc(self)

    def __round__(self, digits: int | None = None) -> Any:
        return np.round(self, digits or 0)

    def __float__(self) -> float:
        return self.run.leaked(self)

    def __complex__(self) -> complex:
        return complex(self.run.leaked(self))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.run.leaked_array(self), dtype=dtype)

    def item(self, *at: Any) -> Any:
        """The one entry; it stays traced."""
        return self.reshape(-1)[at[0] if at else 0] if self.ndim else self

    def tolist(self) -> Any:
        """The entries in lists; they stay traced."""
        return [row.tolist() for row in self] if self.ndim else self

    # -- NumPy ----------------------------------------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        return self.run.ufunc(ufunc, method, inputs, options)

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        return self.run.function(function, args, options)

    def __getitem__(self, items: Any) -> Any:
        return self.run.taken(self, items)

    def __setitem__(self, items: Any, value: Any) -> None:
        self.run.put(self, items, value)

    @property
    def T(self) -> Traced:
        return self.transpose()

    @property
    def mT(self) -> Traced:
        return self.run.function(np.swapaxes, (self, -1, -2), {})

    def conj(self) -> Traced:
        return self

    conjugate = conj

    def sort(self, axis: int = -1) -> None:
        self[...] = np.sort(self, axis=axis)

    def transpose(self, *axes: Any) -> Traced:
        order = axes[0] if len(axes) == 1 and isinstance(axes[0], tuple | list | None) else axes or None
        return self.run.function(np.transpose, (self, order), {})

    def reshape(self, *shape: Any, **options: Any) -> Traced:
        return self.run.function(np.reshape, (self, shape[0] if len(shape) == 1 else shape), options)

    def astype(self, kind: Any, *_: Any, **__: Any) -> Any:
        """The values as another type of number; of real numbers as whole ones nothing is known to the derivative."""
        value = np.asarray(self.value).astype(kind)
        whole = value.dtype.kind in "iu" and self.dtype.kind == "f"
        self.run.single |= value.dtype.kind == "f" and value.dtype.itemsize < 8
        if whole and not self.run.depends(self):
            return np.asarray(self.run.truths(self)).astype(kind)
        fault = self.run.refusal("whole numbers are made of real ones here", "Their derivative is zero: leave .astype(int) out.")
        return Traced(self.run, value if self.ndim else value[()], fault if whole else self.run.computed(lambda: self.tensor))

    def detach(self) -> Traced:
        """The same values, through which no derivative comes."""
        return Traced(self.run, self.value, self.run.computed(lambda: TABLE["stop_gradient"](self.tensor)))

    def flatten(self, *_: Any) -> Traced:
        return self.reshape(-1).copy()

    def fill(self, value: Any) -> None:
        self[...] = value

    def dot(self, other: Any) -> Any:
        return np.dot(self, other)

    def clip(self, min: Any = None, max: Any = None, **options: Any) -> Any:
        return self.run.function(np.clip, (self, options.pop("a_min", min), options.pop("a_max", max)), options)

    def __getattr__(self, name: str) -> Any:
        """ndarray's methods that are functions of NumPy as well: x.sum(axis=0) is np.sum(x, axis=0)."""
        if name.startswith("_") or name not in METHODS:
            fault = f"a traced array has no {name!r}; tracing knows ndarray's {', '.join(METHODS)}"
            raise AttributeError(fault, name=name, obj=self)
        function = getattr(np, name)
        return lambda *args, **options: self.run.function(function, (self, *args), options)


METHODS = (
    "sum", "mean", "prod", "max", "min", "var", "std", "argmax", "argmin", "argsort", "cumsum", "cumprod", "squeeze",
    "swapaxes", "ravel", "repeat", "trace", "diagonal", "take", "any", "all", "round", "nonzero", "compress",
    "searchsorted",
)  # fmt: skip
