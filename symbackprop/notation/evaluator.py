"""From a parsed expression to a tensor or a number, by the operations of the language. Nothing is executed."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Any

import sympy as sp
from sympy import Expr

from symbackprop.core.choices import nearest
from symbackprop.core.program import Sum
from symbackprop.language import operations as op
from symbackprop.language import tensors as builder
from symbackprop.language.tensors import LanguageError, ShapeError, Tensor, as_number, as_tensor, is_truth
from symbackprop.notation import stretches
from symbackprop.notation.arrays import DECLARED, Arrays
from symbackprop.notation.calls import call
from symbackprop.notation.carets import decimal_comma, misread, otherwise
from symbackprop.notation.composed.shapes import array
from symbackprop.notation.containers import comprehension, dictionary, entry, joined, key, require_one_meaning, sequence
from symbackprop.notation.dialects import INNER, METHODS, MODULES, is_distribution
from symbackprop.notation.errors import NotationError, NotRead, NoValue, ShapesDiffer, Source, Written, shortened
from symbackprop.notation.functions import Helper, Layer, Named, Second, no_value
from symbackprop.notation.grown import Grown
from symbackprop.notation.operators import COMPARISONS, OPERATORS, no_operator
from symbackprop.notation.rounds import Comprehension, List
from symbackprop.notation.sequences import combined
from symbackprop.notation.stretches import is_stretch
from symbackprop.notation.texts import formatted, operated
from symbackprop.notation.truth import chosen
from symbackprop.notation.vocabulary import DOTTED, functions, plain
from symbackprop.notation.words import EXPRESSIONS, MEANT, OTHER_OPERATORS, OUTSIDE

Plain = int | Expr  # a number, or an expression of sizes
TYPES = r"u?int(?:8|16|32|64)?|float(?:16|32|64)?|double|half|long|bool_?"  # of numbers
ATTRIBUTES = ("T", "mT", "shape", "ndim", "size", *METHODS)


class Evaluator:
    """Expressions of one text.

    source   the text, for error messages.
    lookup   the value of a name; raises NotationError where it has none.
    known    whether a name has a value, so that `x.sum()` is a method and `np.sum(x)` is not.
    arrays   asks for the names that were taken to be numbers where they are used as arrays; by default, no name was.
    stepped  what z[l-1] stands for in a loop over l; None where an index has nothing to do with a loop.
    """

    def __init__(
        self,
        source: Source,
        lookup: Callable[[ast.Name], Any],
        known: Callable[[str], bool],
        arrays: Arrays = DECLARED,
        stepped: Callable[[ast.Subscript], Any] = lambda node: None,
    ) -> None:
        self.source, self.lookup, self.known, self.arrays, self.stepped = source, lookup, known, arrays, stepped
        self.modules = dict(MODULES)
        self.imported: dict[str, str] = {}  # names of functions, and their modules
        self.functions: dict[str, Named | Second | Layer] = {}  # that the text itself names
        self.helpers: dict[str, Helper] = {}  # that a person wrote beside it
        self.inlined: Callable[[ast.Call, Helper], Any] | None = None  # what their calls are
        self.comprehended: Callable[[Comprehension], Any] | None = None  # what is written out
        self.said: list[str] = []  # what a person should know of expressions
        self.sums_rows = False  # whether `sum` is Python's own, which adds up the rows of a matrix
        self.constants: dict[int, tuple[Tensor, Expr]] = {}  # tensors made of named constants alone, with their numbers

    def fault(self, node: ast.AST, fault: str, mend: str = "", write: str = "") -> NotationError:
        return NotationError(fault, mend, self.source.place(node), write)

    def unread(self, node: ast.AST, fault: str, mend: str = "", write: str = "") -> NotRead:
        return NotRead(fault, mend, self.source.place(node), write)

    def value(self, node: ast.expr) -> Any:
        """The tensor, number, tuple or setting that an expression stands for."""
        handler = _HANDLERS.get(type(node))
        if handler is None:
            raise self.unread(node, *EXPRESSIONS.get(type(node), (f"{self.source.segment(node)} is not in the language.", "")))
        return self.placed(node, lambda: handler(self, node))

    def placed(self, node: ast.expr, compute: Callable[[], Any]) -> Any:
        """What `compute` returns, marked with its text; what it refuses, with its place."""
        try:
            result = compute()
        except LanguageError as error:
            text = str(error)
            if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
                symbol = f"{OPERATORS[type(node.op)][0]}: "
                if text.startswith(symbol):
                    text = f"{shortened(self.source.segment(node), 80)}: {text.removeprefix(symbol)}"
            kind = ShapesDiffer if isinstance(error, ShapeError) else NoValue
            comma = decimal_comma(node, self.source.segment) if isinstance(node, ast.Call) else None
            raise kind(text, " ".join(comma or ()), self.source.place(node)) from None
        if isinstance(result, Tensor) and result.name is None and result.written is None:
            result.written = Written(self.source, node)
            self.keep_constant(result)
        return result

    def keep_constant(self, tensor: Tensor) -> None:
        """Remember the number that a tensor without axes is, where it is made of constants alone."""
        numbers = [self.plain(operand) for operand, _ in tensor.operands]
        if isinstance(tensor.op, Sum) and numbers and not tensor.shape and not any(isinstance(n, Tensor) for n in numbers):
            swap = dict(zip(tensor.op.slots, map(as_number, numbers), strict=True))
            number: Any = tensor.op.body.xreplace(swap)
            if number.is_finite and number.is_real:
                self.constants[id(tensor)] = (tensor, number)

    def plain(self, value: Any) -> Any:
        """A number for what is made of constants; anything else as it is."""
        return plain(self.constants[id(value)][1] if id(value) in self.constants else value)

    def operand(self, node: ast.expr) -> Tensor | Plain:
        """A tensor or a number, as an operator needs it."""
        return self.numeric(node, self.value(node))

    def numeric(self, node: ast.expr, value: Any) -> Tensor | Plain:
        if isinstance(value, Tensor | int | Expr):
            return value
        if isinstance(value, LanguageError):  # one of several values, which has none
            raise value
        if isinstance(value, tuple) and (fields := getattr(value, "_fields", ())):
            raise self.fault(node, f"these are several values, {', '.join(fields)}.", f"Write .{fields[0]}, or [0], for the first.")
        if isinstance(value, Grown):
            return self.placed(node, value.array)
        if isinstance(value, tuple | dict):
            raise self.unread(
                node,
                f"a {'list' if isinstance(value, List) else type(value).__name__} is no tensor.",
                "Write np.stack(...) or np.concatenate(...), or declare the entries as data.",
            )
        if isinstance(value, stretches.Stretch):
            raise self.fault(node, str(value.refused()))
        raise self.fault(node, *no_value(value))

    def constant(self, node: ast.Constant) -> Any:
        value = node.value
        if isinstance(value, complex | bytes):
            raise self.fault(node, f"{'bytes' if isinstance(value, bytes) else 'complex numbers'} are not in the language.")
        if isinstance(value, float):
            if value in (float("inf"), 0.0) and any(c in "123456789" for c in self.source.segment(node).lower().partition("e")[0]):
                raise self.fault(node, f"{self.source.segment(node)} is {'too large' if value else 'too small'} for a float64.")
            return as_number(value)
        return value

    def name(self, node: ast.Name) -> Any:
        return self.lookup(node)

    def binary(self, node: ast.BinOp) -> Any:
        """A chain of operators, read from its left end in a loop: a sum of thousands of terms is not deep."""
        chain: list[ast.BinOp] = [node]
        while isinstance(chain[-1].left, ast.BinOp):
            chain.append(chain[-1].left)
        result = self.value(chain[-1].left)
        for link in reversed(chain):
            if said := misread(link, self.source.segment, self.known):
                raise self.fault(link.right, *said)
            right = self.value(link.right)
            several = None if isinstance(result, Tensor) and isinstance(right, Tensor) else self.of_several(link, result, right)
            if several is not None:
                result = several
                continue
            left, right = self.numeric(link.left, result), self.numeric(link.right, right)
            self.said += [said for said in otherwise(link, left, right, self.source.segment) if said not in self.said]
            if isinstance(link.op, ast.BitXor) and all(isinstance(x, Tensor) and is_truth(x) for x in (left, right)):
                result = self.placed(link, lambda left=left, right=right: op.logical_xor(left, right))
                continue
            if type(link.op) not in OPERATORS and not isinstance(link.op, ast.FloorDiv):
                raise no_operator(link, self.source)
            if isinstance(link.op, ast.BitAnd | ast.BitOr):
                left, right = self.comparison(link.left, left), self.comparison(link.right, right)
            result = self.placed(link, lambda link=link, left=left, right=right: self.combined(link, left, right))
        return result

    def of_several(self, link: ast.BinOp, a: Any, b: Any) -> Any:
        """What an operator of Python does with lists, dicts and stretches; None where it is one of numbers and arrays."""
        if is_stretch(a, b):
            return self.placed(link, lambda: stretches.operated(link.op, self.plain(a), self.plain(b)))
        if isinstance(a, str):
            return operated(self, link, a, b)
        return self.placed(link, lambda: combined(link, self.plain(a), self.plain(b)))

    def combined(self, node: ast.BinOp, a: Tensor | Plain, b: Tensor | Plain) -> Any:
        if isinstance(node.op, ast.FloorDiv):
            a, b = plain(a), plain(b)
            if isinstance(a, Tensor) or isinstance(b, Tensor):
                raise LanguageError(" ".join(OTHER_OPERATORS[ast.FloorDiv]))
            return plain(sp.floor(builder.divide(as_number(a), as_number(b))))
        if isinstance(node.op, ast.MatMult):
            self.arrays.product(node, a, b)
        if isinstance(a, Tensor) or isinstance(b, Tensor):
            return OPERATORS[type(node.op)][1](as_tensor(a), as_tensor(b))
        # numbers and sizes: computed by the rules of a tensor without axes, so that the limits are the same
        result = OPERATORS[type(node.op)][1](builder.constant(a), builder.constant(b))
        return plain(result)

    def unary(self, node: ast.UnaryOp) -> Any:
        value = self.value(node.operand)
        if is_stretch(value) and isinstance(node.op, ast.USub):
            return stretches.entrywise(lambda x: -x, "negative", [value])
        value = self.numeric(node.operand, value)
        if isinstance(node.op, ast.USub):
            return -value
        if isinstance(node.op, ast.UAdd):
            return value
        if isinstance(node.op, ast.Not):
            raise self.fault(node, "not is not in the language.", "Comparisons are 0 or 1: write ~(a > 0), or a <= 0.")
        return 1 - self.comparison(node.operand, value)

    def comparison(self, node: ast.expr, value: Any) -> Tensor:
        """What &, | and ~ are applied to."""
        tensor = as_tensor(value)
        if not is_truth(tensor):
            said = shortened(self.source.segment(node))
            own = f" Where it holds 0 and 1, write ({said} != 0)." if tensor.signature is None and tensor.operands else ""
            raise self.fault(node, f"{said} is no comparison.", f"Put brackets around each: (a > 0) & (b > 0).{own}")
        return tensor

    def handed_on(self, node: ast.expr) -> Named | Second | Layer | Helper | None:
        """The function that a name stands for, None where it is a value."""
        if not isinstance(node, ast.Name) or self.known(node.id):
            return None
        return self.helpers.get(node.id) or self.functions.get(node.id)

    def compare(self, node: ast.Compare) -> Any:
        if len(node.ops) > 1:
            first, second = (self.source.segment(n) for n in node.comparators[:2])
            left = self.source.segment(node.left)
            raise self.fault(
                node, "a chain of comparisons is not in the language.",
                f"Write ({shortened(left)} < {shortened(first)}) * ({shortened(first)} < {shortened(second)}), with your signs.",
            )  # fmt: skip
        if (
            isinstance(node.ops[0], ast.Is | ast.IsNot)
            and isinstance(right := node.comparators[0], ast.Constant)
            and right.value is None
        ):
            return (self.handed_on(node.left) is None and self.value(node.left) is None) == isinstance(node.ops[0], ast.Is)
        if isinstance(node.ops[0], ast.Eq | ast.NotEq):
            a, b = self.value(node.left), self.value(node.comparators[0])
            if isinstance(a, str) or isinstance(b, str):  # a setting, such as mode == "train"
                return (a == b if isinstance(a, str) and isinstance(b, str) else False) == isinstance(node.ops[0], ast.Eq)
        if isinstance(node.ops[0], ast.In | ast.NotIn):
            a, several = self.value(node.left), self.value(node.comparators[0])
            if isinstance(several, tuple | dict) and not any(isinstance(self.plain(x), Tensor) for x in (a, *several)):
                return (self.plain(a) in list(map(self.plain, several))) == isinstance(node.ops[0], ast.In)
        operator = COMPARISONS.get(type(node.ops[0]))
        if operator is None:
            raise self.unread(node, "is and in are not in the language.", "Write == or !=.")
        a, b = self.value(node.left), self.value(node.comparators[0])
        if is_stretch(a, b):
            return stretches.entrywise(operator, "compared", [a, b])
        return operator(as_tensor(self.numeric(node.left, a)), as_tensor(self.numeric(node.comparators[0], b)))

    def attribute(self, node: ast.Attribute) -> Any:
        package = self.package(node.value)
        if package is not None:
            if node.attr in DOTTED:
                return DOTTED[node.attr]
            if node.attr == "newaxis":
                return None
            if re.fullmatch(TYPES, node.attr):
                return node.attr
            raise self.not_called(node, node.attr) if node.attr in functions() else self.unknown(node, node.attr, "a word")
        value = self.value(node.value)
        if isinstance(value, tuple) and node.attr in getattr(value, "_fields", ()):
            return getattr(value, node.attr)
        if isinstance(value, stretches.Stretch) and node.attr == "T":
            return value.T
        value = self.numeric(node.value, value)
        if node.attr in METHODS:
            raise self.fault(node, f".{node.attr} is a method.", f"Write {self.source.segment(node)}().")
        tensor = as_tensor(value)
        self.arrays.axes(node, tensor)
        match node.attr:
            case "T":
                return tensor.T
            case "mT" if tensor.ndim > 1:
                return op.swapaxes(tensor, -1, -2)
            case "real":
                return tensor
            case "shape":
                return tuple(map(plain, tensor.shape))
            case "ndim":
                return tensor.ndim
            case "size":
                return plain(sp.Mul(*tensor.shape))
        near, text = nearest(node.attr, ATTRIBUTES), self.source.segment(node.value)
        mend = f"Did you mean .{near}?" if near else f"There are .{', .'.join(ATTRIBUTES)}."
        if self.known(node.attr):
            mend = f"Write {text} @ {node.attr} for a product."
        raise self.unread(node, f".{node.attr} is not in the language.", mend)

    def package(self, node: ast.expr) -> str | None:
        """The module that a dotted name begins with (np, np.linalg), by its whole name; None where it is none."""
        if isinstance(node, ast.Attribute):
            outer = self.package(node.value)
            inside = outer and (node.attr in INNER or (outer.endswith(".stats") and is_distribution(node.attr)))
            return f"{outer}.{node.attr}" if inside else None
        if isinstance(node, ast.Name) and not self.known(node.id):
            if node.id in self.imported and is_distribution(node.id):
                return f"{self.imported[node.id]}.{node.id}"
            return self.modules.get(node.id)
        return None

    def unknown(self, node: ast.AST, name: str, what: str = "a function") -> NotationError:
        near = MEANT.get(name) or nearest(name, (*functions(), *DOTTED))
        mend = OUTSIDE.get(name) or (f"Did you mean {near}?" if near else "Write it with the operations of the language.")
        return self.unread(node, f"{name} is not {what} of the language.", mend, "" if name in OUTSIDE else near or "")

    def not_called(self, node: ast.AST, name: str) -> NotationError:
        return self.fault(node, f"{name} is a function.", f"Write {name}(...).")

    def call(self, node: ast.Call) -> Any:
        return call(self, node)

    def keywords(self, node: ast.Call) -> dict[str, Any]:
        for keyword in node.keywords:
            if keyword.arg is None:
                raise self.unread(keyword, "** before an argument is not in the language.", "Write the arguments one by one.")
        return {k.arg: self.value(k.value) for k in node.keywords if k.arg and not (k.arg == "dtype" and self.is_real(k.value))}

    def is_real(self, node: ast.expr) -> bool:
        """Whether a type of numbers says nothing here: those of the language are real."""
        return re.fullmatch(r"float(?:16|32|64|_)?|double", self.source.segment(node).strip("\"'").rpartition(".")[2]) is not None

    def subscript(self, node: ast.Subscript) -> Any:
        stepped = self.stepped(node)
        if stepped is not None:
            return stepped
        beside = joined(self, node)
        if beside is not None:
            return beside
        value = self.value(node.value)
        require_one_meaning(self, node)
        if isinstance(value, tuple | Grown):
            return entry(self, node, value)
        if isinstance(value, dict):
            name = key(self, node.slice)
            if name in value:
                return value[name]
            raise self.fault(
                node, f"{self.source.segment(node)}: there is no such key.", f"The keys are {', '.join(map(str, value))}."
            )
        several = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if isinstance(value, stretches.Stretch):
            return stretches.item(value, [self.item(one) for one in several])
        tensor = self.arrays.axes(node, as_tensor(self.numeric(node.value, value)))
        items = [self.item(one) for one in several]
        return tensor[items[0] if len(items) == 1 and isinstance(items[0], tuple) else tuple(items)]

    def item(self, node: ast.expr) -> Any:
        """A position, slice, None, ... or tensor of integers between the brackets."""
        if isinstance(node, ast.Slice):
            return slice(*(None if part is None else self.position(part) for part in (node.lower, node.upper, node.step)))
        value = self.value(node)
        if value is None or value is Ellipsis:
            return value
        if isinstance(value, tuple) and value and all(isinstance(one, bool) for one in value):  # a mask is no row of positions
            return array([k for k, one in enumerate(value) if one])
        if isinstance(value, tuple) and value and all(isinstance(one, int) and one >= 0 for one in map(self.plain, value)):
            return array([self.plain(one) for one in value])
        if isinstance(value, tuple) and value and all(isinstance(one, Tensor) for one in value):  # as np.ix_ makes them
            return value
        if isinstance(value, bool | str | tuple):
            raise self.fault(
                node,
                f"{self.source.segment(node)} is no index.",
                "Write whole numbers, slices, None, ..., or a tensor of integers.",
            )
        return self.plain(value)

    def position(self, node: ast.expr) -> Any:
        return None if isinstance(node, ast.Constant) and node.value is None else self.plain(self.operand(node))


_HANDLERS: dict[type[ast.AST], Callable[[Evaluator, Any], Any]] = {
    ast.Constant: Evaluator.constant,
    ast.Name: Evaluator.name,
    ast.BinOp: Evaluator.binary,
    ast.UnaryOp: Evaluator.unary,
    ast.Compare: Evaluator.compare,
    ast.Attribute: Evaluator.attribute,
    ast.Call: Evaluator.call,
    ast.Subscript: Evaluator.subscript,
    ast.Tuple: sequence,
    ast.List: sequence,
    ast.Dict: dictionary,
    ast.IfExp: chosen,
    ast.ListComp: comprehension,
    ast.GeneratorExp: comprehension,
    ast.DictComp: comprehension,
    ast.JoinedStr: formatted,
}
