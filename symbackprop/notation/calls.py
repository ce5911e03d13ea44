"""Calls: of a function by its name or behind a module, of a method, and of what Python itself counts with."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from functools import reduce
from typing import TYPE_CHECKING, Any

import sympy as sp
from sympy import Expr

from symbackprop.core.choices import nearest
from symbackprop.language.lower.nodes import ordered
from symbackprop.language.tensors import Tensor, as_tensor, is_truth
from symbackprop.notation import stretches
from symbackprop.notation.arrays import PRODUCTS, of_arrays
from symbackprop.notation.at import changed, is_at
from symbackprop.notation.composed import array
from symbackprop.notation.dialects import (
    METHODS,
    Misunderstood,
    Word,
    is_distribution,
    method,
    of_scipy,
    of_ufunc,
    plainly,
    renamed,
    word,
)
from symbackprop.notation.errors import NotationError, shortened
from symbackprop.notation.functions import Layer, Named, Second
from symbackprop.notation.grown import Grown
from symbackprop.notation.masked import is_masked, masked
from symbackprop.notation.rounds import List
from symbackprop.notation.sequences import as_arrays, beside, is_sequence, summed, turned
from symbackprop.notation.texts import filled, string
from symbackprop.notation.vocabulary import called, functions, plain, signature_of
from symbackprop.notation.words import METHODS_OUTSIDE

if TYPE_CHECKING:
    from symbackprop.notation.evaluator import Evaluator

REDUCED = ("sum", "mean", "max", "min", "prod", "norm", "std", "var")  # of a written list as of an array
TYPES = ("int", "int32", "int64", "float", "float32", "float64")  # what a number may be put into


def _called(name: str, node: ast.Call) -> str:
    """What to write for x(...): a product, or an entry where whole numbers stand in the brackets."""
    numbers = [one.value for one in node.args if isinstance(one, ast.Constant) and type(one.value) is int]
    at = ", ".join(str(n - 1 if n else 0) for n in numbers)
    entry = f" Entries stand in square brackets, from 0 on: {name}[{at}]." if numbers and len(numbers) == len(node.args) else ""
    return f"Write {name} * (...) for a product.{entry}"


def call(evaluator: Evaluator, node: ast.Call) -> Any:
    """The value of a call. Raises NotationError for what is no function of the language, or does not take such arguments."""
    match node.func:
        case ast.Name() as function:
            return _by_name(evaluator, node, function)
        case ast.Attribute(value=value, attr=name) if is_at(value):
            return changed(evaluator, node, name)
        case ast.Attribute() as function:
            return _by_attribute(evaluator, node, function)
        case ast.Call() if isinstance(layer := evaluator.value(node.func), Layer):
            return _layered(evaluator, node, layer)
        case _:
            raise evaluator.fault(node.func, f"{evaluator.source.segment(node.func)} is not a function.", "Write * for a product.")


def _by_name(evaluator: Evaluator, node: ast.Call, function: ast.Name) -> Any:
    """f(...): a function that the text declares, holds or imports, or one of the language."""
    name = function.id
    own = evaluator.functions.get(name)
    if isinstance(own, Named):
        return _named(evaluator, node, own)
    if isinstance(own, Layer) and not evaluator.known(name):
        return _layered(evaluator, node, own)
    helper = None if own is not None or evaluator.known(name) else evaluator.helpers.get(name)
    if helper is not None and evaluator.inlined is not None:
        return evaluator.inlined(node, helper)
    name = own.name if isinstance(own, Second) else name
    if evaluator.known(name):
        raise evaluator.fault(function, f"{name} is a tensor, not a function.", _called(name, node))
    return _worded(evaluator, node, name, evaluator.imported.get(name, ""))


def _by_attribute(evaluator: Evaluator, node: ast.Call, function: ast.Attribute) -> Any:
    """np.f(...), norm.logpdf(...), np.add.reduce(...), norm(m, s).logpdf(...); else a method of a value."""
    value, name = function.value, function.attr
    module = evaluator.package(value) or _distribution(evaluator, value, name)
    if module is not None:
        return _worded(evaluator, node, name, module)
    if isinstance(value, ast.Attribute) and evaluator.package(value.value):
        meant = of_ufunc(value.attr, name)
        if meant is not None:
            return _applied(evaluator, node, meant, [evaluator.value(argument) for argument in node.args])
    if isinstance(value, ast.Call) and (frozen := _frozen(evaluator, value, name)):
        return _of_frozen(evaluator, node, value, frozen)
    return _method(evaluator, node, function)


def _worded(evaluator: Evaluator, node: ast.Call, name: str, module: str) -> Any:
    """A word of a module, or of the language where there is none, at its arguments."""
    if name == "float" and len(node.args) == 1 and (infinite := _infinite(node.args[0])):
        return infinite
    if not module and (several := _of_several(evaluator, node, name)) is not None:
        return several
    if len(node.args) == 1 and not node.keywords and (name in TYPES or (not module and name in ("len", "range"))):
        return _counted(evaluator, node, name, node.args[0])
    given = [evaluator.value(argument) for argument in node.args]
    if stretches.is_stretch(*given):
        return _stretched(evaluator, node, name, given)
    if name == "sum" and not module and given and is_sequence(given[0]) and len(given) < 3:
        return summed(given[0], given[1] if len(given) > 1 else 0, lambda value: evaluator.numeric(node, value))
    given = as_arrays(given)
    if name == "sum" and not module and evaluator.sums_rows and len(given) == 1 and not node.keywords:
        _require_vector(evaluator, node, as_tensor(evaluator.numeric(node.args[0], given[0])))
    if not module and name in ("max", "min") and len(node.args) > 1 and name in functions():
        if len(given) == 2 and isinstance(plain(given[1]), int) and as_tensor(evaluator.numeric(node.args[0], given[0])).ndim:
            raise _extreme(evaluator, node, name)
        name, given = f"{name}imum", [reduce(lambda a, b: called(f"{name}imum", [a, b], {}), given[:-1]), given[-1]]
    further = [keyword.arg or "" for keyword in node.keywords]
    meant = _understood(evaluator, node, lambda: word(module, name, given, further) if module else plainly(name))
    if meant is None:
        raise evaluator.unknown(node.func, name)
    return _applied(evaluator, node, meant, given)


def _distribution(evaluator: Evaluator, node: ast.expr, method: str) -> str | None:
    """The module that norm is in norm.logpdf(...), as whoever imports distributions by their names writes them."""
    if isinstance(node, ast.Name) and not evaluator.known(node.id) and is_distribution(node.id):
        return f"scipy.stats.{node.id}" if of_scipy(f"scipy.stats.{node.id}", method) else None
    return None


def _frozen(evaluator: Evaluator, node: ast.Call, method: str) -> Word | None:
    """What norm(m, s).logpdf is: the method of a distribution that was given its arguments."""
    match node.func:
        case ast.Name():
            module = _distribution(evaluator, node.func, method)
        case ast.Attribute():
            module = evaluator.package(node.func)
        case _:
            module = None
    return of_scipy(module, method) if module and is_distribution(module.rpartition(".")[2]) else None


def _of_frozen(evaluator: Evaluator, node: ast.Call, distribution: ast.Call, meant: Word) -> Any:
    """norm(m, s).logpdf(x) is norm.logpdf(x, m, s)."""
    given = [evaluator.value(argument) for argument in (*node.args, *distribution.args)]
    further = evaluator.keywords(distribution) | evaluator.keywords(node)
    return called(meant.name, as_arrays(given), further, meant.function)


def _layered(evaluator: Evaluator, node: ast.Call, layer: Layer) -> Any:
    """A layer or a loss of torch.nn at its inputs."""
    return called(layer.name, [evaluator.value(argument) for argument in node.args], evaluator.keywords(node), layer.__call__)


def _of_several(evaluator: Evaluator, node: ast.Call, name: str) -> Any:
    """list(x), reversed(x), dict(s, h=h), zip(*pairs): what Python makes of several values; None where it is something else."""
    match name, node.args, node.keywords:
        case "list" | "tuple" | "dict", [], []:
            return {"list": List(()), "tuple": (), "dict": {}}[name]
        case "list" | "tuple", [several], []:
            value = evaluator.value(several)
            value = tuple(value) if isinstance(value, dict) else value
            return List(value) if isinstance(value, tuple) and name == "list" else value
        case "reversed", [several], []:
            return turned(evaluator.value(several))
        case "dict", [] | [_], given if all(one.arg for one in given):
            held = evaluator.value(node.args[0]) if node.args else {}
            return held | {one.arg: evaluator.value(one.value) for one in given} if isinstance(held, dict) else None
        case "str", [_], []:
            return string(evaluator, node)
        case "zip", [ast.Starred(value=pairs)], [] | [ast.keyword(arg="strict")]:
            return beside([evaluator.value(pairs)])
        case _:
            return None


def _infinite(argument: ast.expr) -> Expr | None:
    """What float("-inf") is."""
    text = argument.value if isinstance(argument, ast.Constant) else None
    return {"inf": sp.oo, "infinity": sp.oo, "-inf": -sp.oo, "-infinity": -sp.oo}.get(str(text).strip().lower())


def _named(evaluator: Evaluator, node: ast.Call, own: Named) -> Tensor:
    """A declared function at its argument."""
    if node.keywords:
        fault = f"{own.name} is declared as a function of one argument, without further ones."
        raise evaluator.fault(node.keywords[0], fault, f"Write {own.name}(z).")
    return own(*[evaluator.operand(argument) for argument in node.args])


def _counted(evaluator: Evaluator, node: ast.Call, name: str, argument: ast.expr) -> Any:
    """len(x), range(n), and a number in another type."""
    value = evaluator.value(argument)
    if name == "len" and isinstance(value, tuple | dict):
        return len(value)
    if name == "len" and isinstance(value, Grown):
        return plain(value.length)
    if name == "len" and isinstance(value, stretches.Stretch) and value.spans[0] is not None:
        return value.spans[0].count
    value = evaluator.numeric(argument, value)
    if name == "len":
        shape = evaluator.arrays.axes(node, as_tensor(value)).shape
        if shape:
            return plain(shape[0])
        raise evaluator.fault(node, "a scalar has no length.")
    if name == "range":
        return called("arange", [value], {})
    number = evaluator.plain(value)
    if name.startswith("int") and not (isinstance(number, int) or (isinstance(number, Expr) and number.is_integer)):
        raise evaluator.fault(
            node, f"{evaluator.source.segment(argument)} is no whole number.", "Declare positions as integers[n, v]."
        )
    return value


def _understood(evaluator: Evaluator, node: ast.Call, meant: Callable[[], Word | None]) -> Word | None:
    """What a word means; what means another there is refused at its place."""
    try:
        return meant()
    except Misunderstood as error:
        raise evaluator.fault(node, error.fault, error.mend) from None


def _applied(evaluator: Evaluator, node: ast.Call, meant: Word, given: list[Any]) -> Any:
    """A function at its arguments."""
    if meant.name in REDUCED and given and isinstance(given[0], tuple):
        given = [array(given[0]) if is_sequence(given[0]) else evaluator.numeric(node, given[0]), *given[1:]]
    if meant.name in PRODUCTS and len(given) == 2:
        evaluator.arrays.product(node, *given)
    elif meant.name in of_arrays():
        for value in given:
            evaluator.arrays.axes(node, value)
    further = renamed(evaluator.keywords(node), signature_of(meant.function).parameters)
    if any(word in meant.name for word in ("entropy", "nll")) and _turned(given):
        own = evaluator.source.segment
        said = f"{meant.name} takes the prediction first: {own(node.args[0])} is taken for it, and nothing in that is learnt."
        evaluator.said += [said] if said not in evaluator.said else []

    def applied(*arguments: Any, **more: Any) -> Any:
        return called(meant.name, list(arguments), more, meant.function, evaluator.plain)

    return masked(applied, given, further, meant.name) if is_masked(meant.name, further) else applied(*given, **further)


def _turned(given: list[Any]) -> bool:
    """Whether what a loss takes for the prediction is given, and what it takes for the target is made of what is learnt."""
    if len(given) < 2 or not all(isinstance(one, Tensor) for one in given[:2]):
        return False
    learnt = [any(t.signature is not None and t.signature.kind == "parameter" for t in ordered([one])) for one in given[:2]]
    return learnt == [False, True]


def _stretched(evaluator: Evaluator, node: ast.Call, name: str, given: list[Any]) -> Any:
    """A function at entries of which there are others at each step."""
    function = functions().get(name) or functions().get(stretches.SAME.get(name, name))
    if function is None:
        raise evaluator.unknown(node.func, name)
    return stretches.applied(name, function, given, evaluator.keywords(node))


def _require_vector(evaluator: Evaluator, node: ast.Call, x: Tensor) -> None:
    """Raise NotationError where Python's sum adds up rows, and not all entries as NumPy's does."""
    if x.ndim > 1:
        text = shortened(evaluator.source.segment(node.args[0]))
        fault = f"sum({text}) adds up the rows in Python, and all entries in NumPy."
        raise evaluator.fault(node, fault, f"Write np.sum({text}) for all entries, np.sum({text}, axis=0) for the rows.")


def _extreme(evaluator: Evaluator, node: ast.Call, name: str) -> NotationError:
    """max(x, 0) is the larger of two in Python, and the largest along axis 0 in NumPy."""
    x, *others = (evaluator.source.segment(argument) for argument in node.args)
    larger = f"{name}imum({x}, {others[0]})"
    axis = f", or {name}({x}, axis={others[0]}) for the entries along an axis" if len(others) == 1 else ""
    return evaluator.fault(
        node, f"{shortened(evaluator.source.segment(node))} has two meanings.", f"Write {larger} entry by entry{axis}."
    )


def _method(evaluator: Evaluator, node: ast.Call, function: ast.Attribute) -> Any:
    """x.name(...)."""
    name = function.attr
    value = evaluator.value(function.value)
    if name == "item" and not node.args:
        return value
    if isinstance(value, str) and name == "format":
        return filled(evaluator, node, value)
    if isinstance(value, dict) and name in ("items", "values", "keys") and not node.args:
        return {"items": tuple(value.items()), "values": tuple(value.values()), "keys": tuple(value)}[name]
    if isinstance(value, dict | List) and name == "copy" and not node.args:
        return List(value) if isinstance(value, List) else dict(value)
    if stretches.is_stretch(value):
        return _stretched(evaluator, node, name, [value, *map(evaluator.value, node.args)])
    tensor = evaluator.numeric(function.value, value)
    if name in ("size", "dim") and not node.keywords:
        return _size(evaluator, node, name, tuple(map(plain, as_tensor(tensor).shape)))
    meant = _understood(evaluator, node, lambda: method(name, [k.arg or "" for k in node.keywords], len(node.args)))
    if meant is None:
        raise _no_method(evaluator, function, tensor)
    if meant.name == "copy":
        if name == "astype":
            _require_real(evaluator, node, as_tensor(tensor))
        return called(meant.name, [tensor], {}, meant.function)
    given = as_arrays([evaluator.value(a) for a in node.args])
    if meant.name == "transpose" and given:
        return _transposed(evaluator, node, meant, tensor, given)
    return _applied(evaluator, node, meant, [tensor, *given])


def _size(evaluator: Evaluator, node: ast.Call, name: str, shape: tuple[Any, ...]) -> Any:
    """x.dim(), x.size() and x.size(axis) of torch."""
    if name == "dim" or not node.args:
        return len(shape) if name == "dim" else shape
    axis = evaluator.position(node.args[0])
    if isinstance(axis, int) and -len(shape) <= axis < len(shape):
        return shape[axis]
    raise evaluator.fault(node, f"{evaluator.source.segment(node)}: there are {len(shape)} axes, counted from 0.")


def _no_method(evaluator: Evaluator, function: ast.Attribute, tensor: Any) -> NotationError:
    """What is said of a method that is not in the language."""
    name = function.attr
    near = nearest(name, METHODS)
    mend = f"Did you mean .{near}()?" if near else f"There are .{', .'.join(METHODS)}."
    if not near and evaluator.arrays.numbers(tensor):  # an object, of which nothing is known
        mend = ""
    mend = METHODS_OUTSIDE.get(name, mend)
    if name in functions():
        mend = f"Write {name}({shortened(evaluator.source.segment(function.value))})."
    return evaluator.unread(function, f".{name}() is not in the language.", mend)


def _transposed(evaluator: Evaluator, node: ast.Call, meant: Word, tensor: Any, given: list[Any]) -> Any:
    """x.transpose(axes), which are two that change places in torch, and the order of all in NumPy."""
    if len(given) == 2 and all(isinstance(n, int) for n in map(plain, given)):
        if as_tensor(tensor).ndim == 2 and sorted(n % 2 for n in map(plain, given)) == [0, 1] and plain(given[0]) % 2 == 0:
            assert isinstance(node.func, ast.Attribute)
            text = shortened(evaluator.source.segment(node.func.value))
            fault = f"{shortened(evaluator.source.segment(node))} leaves the axes in NumPy, and exchanges them in torch."
            raise evaluator.fault(node, fault, f"Write {text}.T.")
        return _applied(evaluator, node, Word("swapaxes", functions()["swapaxes"]), [tensor, *given])
    return _applied(evaluator, node, meant, [tensor, tuple(given) if not isinstance(given[0], tuple) else given[0]])


def _require_real(evaluator: Evaluator, node: ast.Call, tensor: Tensor) -> None:
    """x.astype(float) is x; comparisons are 0 and 1 already. Raises NotationError for other types."""
    kind = shortened(evaluator.source.segment(node.args[0])).strip("\"'").rpartition(".")[2] if len(node.args) == 1 else ""
    whole = re.fullmatch(r"u?int(?:8|16|32|64|_)?", kind) is not None and is_truth(tensor)
    if not whole and not re.fullmatch(r"float(?:16|32|64|_)?|double", kind):
        mend = "Numbers are real here: x.astype(float), or (x > 0).astype(int) of a comparison."
        raise evaluator.fault(node, f"{shortened(evaluator.source.segment(node))} is not in the language.", mend)
