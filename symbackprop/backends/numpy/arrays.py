"""Arrays as NumPy text with a letter for each axis: lining up, summing, and products of several arrays.

An axis of size 1 has the letter "1" whatever it was called: it may stretch over any other.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from sympy import Expr, Symbol

from symbackprop.backends.dialect import Dialect
from symbackprop.backends.numpy.body import ATOM, NUMBERS, PRODUCT, UNARY, Code, Shown, printed, wrapped
from symbackprop.core.letters import single

Letters = tuple[str, ...]
Show = Callable[[Expr], str]  # the text of a size


@dataclass(frozen=True)
class Array:
    """A NumPy expression and the letter of each of its axes; a view may share its memory with another array."""

    text: str
    letters: Letters = ()
    level: int = ATOM
    kind: str = "float"
    view: bool = False

    @property
    def code(self) -> Code:
        return Code(self.text, self.level, self.kind)

    @property
    def atom(self) -> str:
        return wrapped(self.code, ATOM)

    @property
    def free(self) -> Letters:
        """The letters of the axes that are not of size 1."""
        return tuple(c for c in self.letters if c != "1")


def indexed(array: Array, entries: Sequence[str], letters: Letters) -> Array:
    """array[entries]; `letters` are those of the result. Whole axes at the end need not be written."""
    entries = list(entries)
    while entries and entries[-1] == ":":
        entries.pop()
    text = f"{array.atom}[{', '.join(entries)}]" if entries else array.text
    return replace(array, text=text, letters=letters, level=ATOM if entries else array.level)


def squeezed(array: Array) -> Array:
    """The array without its axes of size 1."""
    return indexed(array, ["0" if c == "1" else ":" for c in array.letters], array.free)


def transposed(array: Array, order: Letters) -> Array:
    """The array with its axes in the order of the letters `order`."""
    if array.letters == order:
        return array
    if array.letters == order[::-1]:
        return Array(f"{array.atom}.T", order, ATOM, array.kind, array.view)
    axes = ", ".join(str(array.letters.index(c)) for c in order)
    return Array(f"{array.atom}.transpose({axes})", order, ATOM, array.kind, array.view)


def _reordered(array: Array, frame: Letters) -> Array:
    """The array with its axes in the order of `frame`; its axes of size 1 go where the frame has an axis that it lacks."""
    ones = [k for k, c in enumerate(array.letters) if c == "1"]
    axes: list[int] = []
    for letter in frame:
        if letter != "1" and letter in array.letters:
            axes.append(array.letters.index(letter))
        elif ones:
            axes.append(ones.pop(0))
    if ones:
        array = squeezed(array)
        return transposed(array, tuple(c for c in frame if c in array.letters))
    letters = tuple(array.letters[k] for k in axes)
    reverse = axes == list(range(len(axes)))[::-1]
    text = f"{array.atom}.T" if reverse else f"{array.atom}.transpose({', '.join(map(str, axes))})"
    return Array(text, letters, ATOM, array.kind, array.view)


def aligned(array: Array, frame: Letters) -> Array:
    """The array with its axes at their places in `frame`, as NumPy broadcasts: counted from the right, `None` where it has none."""
    order = tuple(c for c in frame if c in array.free)
    if array.free != order:
        array = _reordered(array, frame)
    entries: list[str] = []
    letters: list[str] = []
    left = list(array.letters)
    for letter in reversed(frame):
        while left and left[-1] == "1" and letter != "1" and letter in left:
            left.pop()
            entries.insert(0, "0")
        if left and (left[-1] == letter or left[-1] == "1"):
            entries.insert(0, ":")
            letters.insert(0, left.pop())
        else:
            entries.insert(0, "None")
            letters.insert(0, "1")
    entries = ["0"] * len(left) + entries
    while entries and entries[0] == "None":
        entries.pop(0)
        letters.pop(0)
    return indexed(array, entries, tuple(letters))


def frame_of(arrays: Sequence[Array], target: Letters) -> Letters:
    """The order of axes in which an expression of these arrays is written: that of the target, or of the largest array."""
    union = dict.fromkeys(c for a in arrays for c in a.free)
    widest = max(arrays, key=lambda a: len(a.free), default=Array(""))
    if set(union) <= set(target):
        return target
    if set(widest.free) == set(union):
        return widest.letters
    return tuple(c for c in target if c in union) + tuple(c for c in union if c not in target)


def elementwise(body: Expr, arrays: Mapping[Symbol, Array], target: Letters, dialect: Dialect) -> Array:
    """body(arrays), entry by entry."""
    used = [s for s in arrays if s in body.free_symbols]
    if body in arrays:
        return arrays[body]  # type: ignore[index]
    frame = frame_of([arrays[s] for s in used], target)
    lined = [aligned(arrays[s], frame) for s in used]
    code = printed(body, tuple(Shown(s, a.level, a.kind) for s, a in zip(used, lined, strict=True)), dialect)
    rank = max((len(a.letters) for a in lined), default=0)
    frame = frame[len(frame) - rank :]
    axes = [{a.letters[k - rank] for a in lined if len(a.letters) >= rank - k} for k in range(rank)]
    letters = tuple("1" if found <= {"1"} else letter for letter, found in zip(frame, axes, strict=True))
    return Array(code.text.format(*[a.text for a in lined]), letters, code.level, code.kind)


def reduced(
    array: Array, over: Collection[str], target: Letters, dialect: Dialect, function: str = "sum", argument: str = ""
) -> Array:
    """The array summed (or otherwise reduced) over the letters `over`; axes stay with size 1 where the target wants them so."""
    gone = [k for k, c in enumerate(array.letters) if c in over]
    if not gone:
        return array
    kept = tuple("1" if c in over else c for c in array.letters)
    rest = tuple(c for c in array.letters if c not in over)
    keep = kept == target and "1" in target
    if not keep and not set(rest) - {"1"}:
        gone, rest = list(range(len(array.letters))), ()
    arguments = []
    if len(gone) < len(array.letters) or keep:
        arguments.append(f"axis={gone[0] if len(gone) == 1 else tuple(gone)}")
    if keep:
        arguments.append("keepdims=True")
    if argument:
        arguments.append(argument)
    if array.level == ATOM and not array.text.startswith(f"{dialect.np}."):
        text = f"{array.text}.{function}({', '.join(arguments)})"
    else:
        text = f"{dialect.np}.{function}({', '.join([array.text, *arguments])})"
    return Array(text, kept if keep else rest)


def product(arrays: Sequence[Array], target: Letters, dialect: Dialect) -> Array:
    """The product of the arrays, entry by entry."""
    symbols = [Symbol(f"f{k}") for k in range(len(arrays))]
    body = Symbol("f0")
    for symbol in symbols[1:]:
        body = body * symbol
    return elementwise(body, dict(zip(symbols, arrays, strict=True)), target, dialect)


def contracted(arrays: list[Array], target: Letters, dialect: Dialect) -> Array:
    """The product of the arrays summed over every letter that `target` lacks; the order of the result's axes is not promised."""
    if len(arrays) > 1:
        arrays = [squeezed(a) for a in arrays]
    while True:
        arrays = [_alone(a, arrays[:k] + arrays[k + 1 :], target, dialect) for k, a in enumerate(arrays)]
        if len(arrays) == 1:
            return arrays[0]
        a, b = min(combinations(arrays, 2), key=lambda pair: _cost(pair, arrays, target))
        others = [x for x in arrays if x is not a and x is not b]
        needed = set(target) | {c for x in others for c in x.free}
        arrays = [*others, pair_product(a, b, needed, target if not others else (), dialect)]


def _alone(array: Array, others: list[Array], target: Letters, dialect: Dialect) -> Array:
    """Sum over the letters that only this array has."""
    over = [c for c in array.free if c not in target and all(c not in x.free for x in others)]
    return reduced(array, over, target if not others else (), dialect)


def _cost(pair: tuple[Array, Array], arrays: list[Array], target: Letters) -> tuple[int, int, int]:
    a, b = pair
    needed = set(target) | {c for x in arrays if x is not a and x is not b for c in x.free}
    union = set(a.free) | set(b.free)
    summed = union - needed
    return len(union - summed), -len(summed), len(union)


def pair_product(a: Array, b: Array, needed: set[str], target: Letters, dialect: Dialect) -> Array:
    """The product of two arrays, summed over the letters that both have and nobody needs: `@` wherever that says it."""
    shared = [c for c in a.free if c in b.free]
    summed = [c for c in shared if c not in needed]
    batch = [c for c in shared if c in needed]
    rows, columns = [c for c in a.free if c not in shared], [c for c in b.free if c not in shared]
    if not summed:
        return product([a, b], target, dialect)
    if (batch and not (rows and columns)) or (len(summed) > 1 and not (rows or columns)):
        return reduced(product([a, b], target, dialect), summed, target, dialect)
    if batch:
        return _stacked(a, b, batch, rows, summed, columns, target, dialect)
    if target and rows and columns and target.index(columns[0]) < target.index(rows[0]):
        a, b, rows, columns = b, a, columns, rows
    if len(summed) == 1:
        matrices = _matrices(a, b, summed[0])
        if matrices:
            return matrices
    axes = f"axes=({[a.letters.index(c) for c in summed]}, {[b.letters.index(c) for c in summed]})"
    return Array(f"{dialect.np}.tensordot({a.text}, {b.text}, {axes})", (*rows, *columns))


def _at(left: Array, right: Array, letters: Letters) -> Array:
    return Array(f"{wrapped(left.code, UNARY)} @ {wrapped(right.code, UNARY)}", letters, PRODUCT)


def _matrices(a: Array, b: Array, summed: str) -> Array | None:
    """a @ b where the summed letter can be brought last in `a` and first in `b` by a transpose of a matrix at most."""
    for left, right in ((a, b), (b, a)):
        if len(right.letters) == 1 and left.letters[-1] == summed:
            return _at(left, right, left.letters[:-1])
        if len(left.letters) == 1 and len(right.letters) == 2:
            return _at(left, right, right.letters[1:]) if right.letters[0] == summed else _at(right, left, right.letters[:1])
    for left, right in ((a, b), (b, a)):
        if len(left.letters) == 2 and len(right.letters) > 2 and right.letters[-2] == summed:
            left = transposed(left, (*[c for c in left.letters if c != summed], summed))
            return _at(left, right, (*right.letters[:-2], left.letters[0], right.letters[-1]))
    if len(b.letters) > 2:
        return None
    if len(a.letters) > 2 and a.letters[-1] != summed:
        return None
    if len(a.letters) <= 2:
        a = transposed(a, (*[c for c in a.letters if c != summed], summed))
    b = transposed(b, (summed, *[c for c in b.letters if c != summed]))
    return _at(a, b, a.letters[:-1] + b.letters[1:])


def _stacked(
    a: Array,
    b: Array,
    batch: list[str],
    rows: list[str],
    summed: list[str],
    columns: list[str],
    target: Letters,
    dialect: Dialect,
) -> Array:
    """A product of stacks of matrices; np.einsum where there are several letters of a kind."""
    if len(rows) == len(columns) == len(summed) == 1:
        if target and target.index(columns[0]) < target.index(rows[0]):
            a, b, rows, columns = b, a, columns, rows
        batch.sort(key=lambda c: target.index(c) if c in target else -1)
        left = transposed(a, (*batch, *rows, *summed))
        right = transposed(b, (*batch, *summed, *columns))
        return _at(left, right, (*batch, *rows, *columns))
    letters = target or (*batch, *rows, *columns)
    met = dict.fromkeys((*a.letters, *b.letters))
    names = dict(zip(met, single(len(met)), strict=True))
    left, right, result = ("".join(names[c] for c in part) for part in (a.letters, b.letters, letters))
    return Array(f'{dialect.np}.einsum("{left},{right}->{result}", {a.text}, {b.text}, optimize=True)', letters)


def fitted(array: Array, target: Letters, extents: Sequence[Expr], show: Show, dialect: Dialect) -> Array:
    """The array with exactly the axes of the target; letters that it lacks are repeated."""
    wanted = tuple(c for c in target if c in array.free)
    if set(array.free) != set(wanted):
        raise AssertionError(f"{array} has letters that {target} lacks")
    if array.letters == target:
        return array
    if array.kind in NUMBERS and target:
        return Array(constant_text(array.text, [show(extent) for extent in extents], dialect), target)
    if not array.letters and target:
        return Array(f"{dialect.np}.full({new_shape([show(extent) for extent in extents])}, {array.text})", target)
    array = aligned(array, target)
    if all(c == "1" or c in array.free for c in target):
        if len(array.letters) < len(target):
            array = indexed(array, ["None"] * (len(target) - len(array.letters)) + [":"] * len(array.letters), target)
        return replace(array, letters=target)
    shape = shape_text([show(extent) for extent in extents])
    return Array(f"{dialect.np}.broadcast_to({array.text}, {shape})", target, ATOM, array.kind, True)


def new_shape(sizes: Sequence[str]) -> str:
    """The shape of a new array: n, (n, d)."""
    return sizes[0] if len(sizes) == 1 else shape_text(sizes)


def constant_text(number: str, sizes: Sequence[str], dialect: Dialect) -> str:
    """A new array with the same number everywhere."""
    shape = new_shape(sizes)
    if number in ("0", "1"):
        return f"{dialect.np}.{'zeros' if number == '0' else 'ones'}({shape}{dialect.kind})"
    return f"{dialect.np}.full({shape}, {f'{number}.0' if number.lstrip('-').isdigit() else number}{dialect.kind})"


def shape_text(sizes: Sequence[str]) -> str:
    """A shape as NumPy writes it: (h, d), (n,), ()."""
    return f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"
