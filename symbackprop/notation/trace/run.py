"""One call of a person's function on traced arrays: what NumPy was asked for becomes tensors of the language."""

from __future__ import annotations

import contextlib
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import sympy as sp
from sympy import Expr

from symbackprop.core.choices import INFINITE
from symbackprop.core.program import Signature, same_size
from symbackprop.language import operations as ops
from symbackprop.language.tensors import LanguageError, Tensor, constant, is_integer, number_of
from symbackprop.language.tensors.indexing import bound_of
from symbackprop.notation.errors import NotationError
from symbackprop.notation.trace import functions, indexing, ufuncs
from symbackprop.notation.trace.asked import Asked, Refused
from symbackprop.notation.trace.frames import array_name, place
from symbackprop.notation.trace.names import Names
from symbackprop.notation.trace.nothing import Nothing
from symbackprop.notation.trace.sizes import Size, SizedFloat, Sizes, expr_of
from symbackprop.notation.trace.traced import Traced

MOST = 20_000  # operations of one call: what is unrolled further nobody reads, and deriving it takes minutes
PARTS = "Write the real part and the one beside i as two arrays."
NAN = "Put numbers there, R = np.nan_to_num(R), and give mask = ~np.isnan(R) as an argument: np.where(mask, R - p, 0)."
DOMAINS = (({0.0, 1.0}, "binary"), ({-1.0, 1.0}, "sign"))


@dataclass
class Run(Asked):
    """A call under way.

    sizes      what is known of the sizes, over all calls.
    wrt        the leaves that the loss is differentiated by.
    usual      what is taken as learnt among plain arguments, where nobody said it.
    indexed    the arrays of whole numbers that were used as positions, over all calls.
    most       operations of one call: more are refused.
    folds      whether what a loop does at every step is put together.
    masks      whether branches on data are both their courses, where the code of the function allows.
    follow     whether a branch that depends on what is differentiated by is taken as in the example; else it is refused.
    decided_at the lines where that was done, each with how often; `chosen_at` where both courses were taken, `stands_at` where
               something is asserted.
    single     whether numbers were made ones of single precision.
    frozen     the leaves whose values are taken as they are, by the identity of their arrays.
    arrays     the example arrays by the name of their tensor: of the leaves, and of what came in on the way.
    inputs     these tensors.
    came_in    the plain arrays that met traced ones, by their identity: each with its name and its input.
    infinite   whether an infinity was met.
    leaks      the plain numbers that traced values became, with the value and the line, by the identity of the number.
    texts      the lines where traced values became texts.
    remarks    what else a person must know.
    tampered   what is given in the place of a plain number, by its line; None: the number.
    """

    sizes: Sizes
    wrt: frozenset[str]
    indexed: set[str]
    usual: tuple[str, ...] = ()
    most: int = MOST
    follow: bool = False
    folds: bool = True
    masks: bool = False
    decided_at: Counter[str] = field(default_factory=Counter)
    chosen_at: Counter[str] = field(default_factory=Counter)
    stands_at: Counter[str] = field(default_factory=Counter)
    single: bool = False
    frozen: dict[int, str] = field(default_factory=dict)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    inputs: dict[str, Tensor] = field(default_factory=dict)
    came_in: dict[int, tuple[np.ndarray, str, Traced]] = field(default_factory=dict)
    leaks: dict[int, tuple[Any, Traced, str]] = field(default_factory=dict)
    texts: Counter[str] = field(default_factory=Counter)
    remarks: dict[str, None] = field(default_factory=dict)
    tampered: Callable[[str, Any], Any] | None = None
    names: Names = field(default_factory=Names)
    _seen: list[Expr] = field(default_factory=list)
    infinite: bool = False
    _depth: int = 0
    count: int = 0
    _letters: int = 0

    # -- inputs ---------------------------------------------------------------------------------------------------------

    def input(self, name: str, array: np.ndarray, parameter: bool = False) -> Traced:
        """An array of the example as an input of the network."""
        array = np.asarray(array)
        extents = tuple(self.sizes.along(f"{name}.{k}", n) for k, n in enumerate(array.shape))
        whole = array.dtype.kind in "iu" and bool(np.all(array >= 0))
        if parameter:
            signature = Signature(name, extents, "parameter")
        elif whole and (self.sizes.learning or name in self.indexed):
            top = self.sizes.axis(f"{name}.bound", max(int(array.max(initial=0)) + 1, 2))
            signature = Signature(name, extents, "integers", bound=top)
        else:
            entries = set(np.unique(array).tolist()) if array.size and array.dtype.kind in "biuf" else set()
            domain = next((d for values, d in DOMAINS if entries and entries <= values), None)
            signature = Signature(name, extents, "data", domain=domain)
        if array.dtype.kind == "f" and np.isnan(array).any():
            fault = NotationError(f"{name} holds NaN, which is no number.", NAN)
            return Traced(self, array.copy() if array.ndim else array[()], fault)
        tensor = Tensor(extents, signature=signature)
        kept = array if parameter or not np.isinf(array).any() else np.clip(array, -self._of_infinity(1), INFINITE)
        self.arrays[name], self.inputs[name] = kept.copy(), tensor
        return Traced(self, array.copy() if array.ndim else array[()], tensor)

    def lift(self, value: Any) -> Traced:
        """Anything that stands in an operation, as a traced array.

        Raises LanguageError for what is no number.
        """
        if isinstance(value, Traced):
            return value
        if isinstance(value, float) and id(value) in self.leaks:
            return self.leaks[id(value)][1]
        if isinstance(value, bool | int | float | np.bool_ | np.integer | np.floating):
            number = value if not np.isinf(value) else self._of_infinity(value)
            return Traced(self, _bare(value), self.computed(lambda: constant(expr_of(number))))
        if isinstance(value, list | tuple | range):
            found = functions.array(self, value)
            return found if isinstance(found, Traced) else self.lift(found)
        if isinstance(value, Nothing) and (number := value.number) is not None:
            shape = tuple(self.literal(n) for n in value.shape)
            return Traced(self, np.full(value.shape, number), self.computed(lambda: ops.full(shape, expr_of(number))))
        if isinstance(value, np.ndarray):
            if value.dtype == object:
                return self.lift(value.tolist())
            return self.lift(value[()]) if not value.ndim else self.coming_in(value)
        if isinstance(value, complex | np.complexfloating):
            raise self.refusal("complex numbers are not traced.", PARTS)
        raise LanguageError(f"{type(value).__name__} is no number and no array")

    def coming_in(self, array: np.ndarray) -> Traced:
        """A plain array that meets a traced one: made by the function or read from elsewhere, it is data of the network."""
        known = self.came_in.get(id(array))
        if known is not None and np.array_equal(array, self.arrays[known[1]]):
            return known[2]
        if array.dtype.kind == "c":
            raise self.refusal("complex numbers are not traced.", PARTS)
        if array.dtype.kind not in "biuf":
            raise LanguageError(f"an array of {array.dtype} is no array of real numbers")
        own = self.frozen.get(id(array)) or array_name(array)
        if own is None and array.dtype.kind in "iu":  # the positions of a mask are counted anew each time
            again = next((t for a, _, t in self.came_in.values() if np.array_equal(a, array)), None)
            if again is not None:
                return again
        name = self.names.fresh(own or "c", self.inputs)
        made = self.input(name, array)
        self.came_in[id(array)] = array, name, made
        return made

    def _of_infinity(self, sign: Any) -> int:
        """The number that infinity is written as, which the network then says."""
        self.infinite = True
        return INFINITE if sign > 0 else -INFINITE

    def letters(self, count: int) -> tuple[str, ...]:
        """Letters that no operation has yet."""
        self._letters += count
        return tuple(f"loop{k}" for k in range(self._letters - count, self._letters))

    def literal(self, number: int) -> Expr:
        return sp.Integer(number)

    # -- tensors and sizes ------------------------------------------------------------------------------------------------

    def computed(self, step: Callable[[], Tensor]) -> Tensor | Exception:
        """What the step makes, or the error that says why not: it counts only where the loss needs the value."""
        self.count += 1
        if self.count > self.most:
            fault = f"the function does more than {self.most} operations: a loop is unrolled."
            raise Refused(self.refusal(fault, "Write whole arrays in its place, or give a smaller example."))
        watched = sys.gettrace()
        sys.settrace(None)  # names are those of the person's frames: nobody asks for the thousands of calls in here
        try:
            return self._fitted(step)
        except NotationError as fault:
            return fault
        finally:
            sys.settrace(watched)

    def _fitted(self, step: Callable[[], Tensor]) -> Tensor:
        before, self._seen, self._depth = self._seen, [], self._depth + 1
        try:
            made = step()
            unmet = [room for room in getattr(made, "conditions", ()) if self.sizes.number(room) < 0] if self.sizes.learning else []
            return step() if self.sizes.pin(unmet) else made  # a matrix with more columns than rows may ask for another formula
        except LanguageError as fault:
            found = NotationError(str(fault), "", place())
            if not self.sizes.learning:
                raise found from None
            for learn in (self.sizes.meet, self.sizes.pin):  # what does not fit for all sizes may fit where equal ones are one
                with contextlib.suppress(LanguageError), self.sizes.tried():
                    learn(self._seen)
                    return step()
            raise found from None
        finally:
            self._depth -= 1
            self._seen = before + self._seen if self._depth else []

    def made(self, value: Any, step: Callable[[], Tensor]) -> Traced:
        return Traced(self, value, self.computed(step))

    def settled(self, tensor: Tensor) -> Tensor:
        """The tensor in the sizes that are known now; while sizes are learnt, one that stands for it."""
        self._seen += tensor.shape
        if not self.sizes.learning:
            return tensor
        shape = tuple(map(self.sizes.resolved, tensor.shape))
        bound = bound_of(tensor) if is_integer(tensor) else None
        if shape == tensor.shape and (bound is None or bound == self.sizes.resolved(bound)):
            return tensor
        kind = None
        if bound is not None:
            kind = Signature("positions", shape, "integers", bound=self.sizes.resolved(bound))
        return Tensor(shape, None, ((tensor, ()),), signature=kind)

    def settled_items(self, items: Any) -> Any:
        """The parts of an index, in the sizes that are known now."""
        if isinstance(items, tuple):
            return tuple(map(self.settled_items, items))
        if isinstance(items, Tensor):
            return self.settled(items)
        if isinstance(items, slice):
            return slice(*map(self.settled_items, (items.start, items.stop, items.step)))
        return self.sizes.resolved(items) if isinstance(items, Expr) else items

    def aligned(self, *arrays: Traced) -> list[Tensor]:
        """The tensors for an operation that broadcasts: sizes that stand above one another are one, unless one of them is 1."""
        self.broadcast([(np.shape(a.value), a.tensor.shape) for a in arrays])
        return [self.settled(a.tensor) for a in arrays]

    def broadcast(self, shapes: list[tuple[tuple[int, ...], tuple[Expr, ...]]]) -> None:
        """Shapes, in numbers and as sizes, that meet entry by entry."""
        for axis in range(1, max((len(numbers) for numbers, _ in shapes), default=0) + 1):
            column = [(numbers[-axis], extents[-axis]) for numbers, extents in shapes if len(numbers) >= axis]
            widest = max(n for n, _ in column)
            first = next(extent for n, extent in column if n == widest)
            for n, extent in column:
                self.sizes.unify(extent, first if n == widest else sp.S.One)

    def pin(self, extents: Iterable[Expr]) -> None:
        """Take sizes as the numbers that they are in the example: the function counts them out."""
        self.sizes.pin(extents)

    # -- what NumPy is asked for ------------------------------------------------------------------------------------------------

    def bare(self, value: Any) -> Any:
        """The same with plain numbers and arrays in the place of traced ones."""
        if isinstance(value, Traced):
            return value.value
        if isinstance(value, dict):
            return {key: self.bare(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return getattr(type(value), "_make", type(value))(map(self.bare, value))
        if isinstance(value, slice):
            return slice(*map(self.bare, (value.start, value.stop, value.step)))
        return _bare(value)

    def ufunc(self, ufunc: Any, method: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """An operation entry by entry, or a matrix product."""
        if method != "__call__":
            return ufuncs.by_method(self, ufunc, method, inputs, options)
        if ufunc.__name__ in ufuncs.OF_VECTORS:
            return ufuncs.OF_VECTORS[ufunc.__name__](*map(self.lift, inputs), **options)
        if ufunc.__name__ == "divmod":
            return np.floor_divide(*inputs), np.remainder(*inputs)
        if options.get("where", True) is not True:
            return ufuncs.in_part(self, ufunc, inputs, **options)
        target: Any = (options.pop("out", None) or (None,))[0]
        arrays = [self.lift(x) for x in inputs]
        values = [a.value for a in arrays]
        into = target.value if type(target) is Traced and isinstance(target.value, np.ndarray) else None
        tensor = self.computed(lambda: ufuncs.ufunc(self, ufunc, arrays, options))
        bare = self.bare(options)
        value = ufunc(*values, **bare) if into is None else ufunc(*values, out=into, **bare)
        if into is None:
            return Traced(self, value, tensor)
        target.write(tensor)
        return target

    def function(self, function: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """A function of NumPy."""
        return functions.function(self, function, args, options)

    def called(self, function: Any, module: str, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """A function of another module that is written with NumPy's arrays."""
        return functions.called(self, function, module, args, options)

    def taken(self, array: Traced, items: Any) -> Any:
        return indexing.taken(self, array, items)

    def put(self, array: Traced, items: Any, value: Any) -> None:
        indexing.put(self, array, items, value)

    def equal(self, a: Expr, b: Expr) -> None:
        """Two sizes that must be one."""
        if not same_size(a, b):
            self.sizes.unify(a, b)

    def is_number(self, array: Traced) -> bool:
        return number_of(array.tensor) is not None


def _bare(value: Any) -> Any:
    return int(value) if type(value) is Size else float(value) if type(value) is SizedFloat else value
