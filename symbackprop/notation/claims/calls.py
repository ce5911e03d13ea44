r"""Functions of a claim: \tanh z, \sigma'(z), \operatorname{diag}(h), \max(0, z), \operatorname{softmax}(z)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import sympy as sp

from symbackprop.core.functions import ELEMENTWISE, FUNCTIONS, Declared, declared
from symbackprop.core.functions.bessel import FAMILIES, HIGHEST, bessel
from symbackprop.formulas.told import Told, told
from symbackprop.notation.claims import counted, windows
from symbackprop.notation.claims import nodes as nd
from symbackprop.notation.claims import syntax as sx
from symbackprop.notation.claims.densities import gaussian
from symbackprop.notation.claims.errors import Fault, Unfit
from symbackprop.notation.claims.extrema import extremum, place_of
from symbackprop.notation.claims.given import GAUSSIAN
from symbackprop.notation.claims.nodes import DOWN, MATRIX, RIGHT, Misfit, Node
from symbackprop.notation.claims.shapes import Sense, Senses, best, made, over_all
from symbackprop.notation.claims.state import State, number
from symbackprop.notation.claims.syntax import Syntax, Tokens, Word
from symbackprop.notation.claims.tokens import plain

_PRINTED = {found[1]: row.name for row in ELEMENTWISE.values() if (found := re.fullmatch(r"\\operatorname\{(\w+)\}", row.latex))}
_NAMES = _PRINTED | {
    "ln": "log", "sgn": "sign", "signum": "sign", "ReLU": "relu", "sigma": "sigmoid", "sigm": "sigmoid", "logistic": "sigmoid",
    "logsigmoid": "log_sigmoid",
    "GELU": "gelu", "ELU": "elu", "SiLU": "silu", "Swish": "silu", "swish": "silu", "Heaviside": "step",
    "H": "step", "Softplus": "softplus", "Sigmoid": "sigmoid", "Tanh": "tanh",
    "Softmax": "softmax", "OneHot": "onehot", "oneHot": "onehot",
    "sg": "stop_gradient", "stopgrad": "stop_gradient", "detach": "stop_gradient",
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "LeakyReLU": "leaky_relu", "th": "tanh",
    "Phi": "normal_cdf", "Diag": "diag",
}  # fmt: skip
_WHOLE = frozenset([
    "softmax", "diag", "tr", "trace", "Tr", "max", "min", "maximum", "minimum", "sum", "mean", "rowsum", "rowmean", "onehot",
    "colsum", "colmean", "tril", "triu", "det", "logdet", "logsumexp", "LSE", "prod", "sech", "coth", "sqrt", "clip", "norm", "avg",
    "average", "vec", "argmax", "argmin", *windows.NONE,
])  # fmt: skip
_SQUARE = frozenset(["tr", "trace", "Tr", "det", "logdet"])  # of square matrices alone
_TOTALS = frozenset(["sum", "mean", "avg", "average", "rowsum", "colsum", "rowmean", "colmean"])  # of several entries
ALONG = 1.0  # a mean of a matrix along one of its axes that it does not say
_MEANS = frozenset(["mean", "avg", "average"])
_INVERTED = frozenset(["sin", "cos", "tan", "sinh", "cosh", "tanh"])
GENERIC = frozenset(["sigma", "phi", "varphi", "psi", "f", "g", "h", "rho"])  # letters for the activation of a network
_PRINTED = {("E", "1"): "exp1", ("W", "0"): "lambertw", ("F", ""): "dawsn"}  # letters that are functions where the network has them
_ORDERS = tuple(map(str, range(HIGHEST + 1)))
_NUMBER = re.compile(r"\d+(\.\d+)?")
OTHER = 1.0  # sigma read as the sigmoid, in a network with another activation


def functions(state: State, word: Word, behind: Sequence[Syntax] = ()) -> list[tuple[str, float, Told]]:
    """The functions that a word names, before its argument: (name, cost, note); [] where it is none."""
    base = _NAMES.get(word.base, word.base)
    own = _declared(state, word)
    if own:
        return [(own, 0.0, Told())]
    if word.base == "sigma" and plain(word.sub) in ("max", "min") and not (word.accent or word.primes):
        return [(f"sigma_{plain(word.sub)}", 0.0, Told())]  # a singular value
    kind = word.base.lower() if word.base in ("J", "I", "K") else ""
    if kind and plain(word.sub) in _ORDERS and not word.accent and state.applies(FAMILIES[kind]):
        return [(bessel(kind, int(plain(word.sub))).row.name, 0.0, Told())]
    if (row := _PRINTED.get((word.base, plain(word.sub)))) and not word.accent and state.applies(row):
        return [(row, 0.0, Told())]
    if word.accent or (word.base in ("H",) and word.sub != ()):
        return []
    found: list[tuple[str, float, Told]] = []
    if base in FUNCTIONS or base in _WHOLE or (base in (*counted.FUNCTIONS, GAUSSIAN) and not state.names.lookup(word)):
        found.append((base, 0.0, Told()))
    if word.base in GENERIC:
        own = state.activations()
        if len(own) > 1 and not (word.base == "sigma" and "sigmoid" in own):
            own = applied_to(state, behind) or own
        if len(own) == 1 and own[0] != "sigmoid":
            mark = f"\\{word.base}" if len(word.base) > 1 else word.base
            found = [(own[0], 0.0, told("{} is read as {}, the network's activation", mark, own[0]))] + [
                (name, OTHER, told("{} is read as {}", mark, name)) for name, _, _ in found
            ]
        elif not found and len(own) == 1:
            found = [(own[0], 0.0, told("{} is read as {}, the network's activation", word.base, own[0]))]
    if word.base in ("phi", "varphi") and not word.primes and state.applies("gelu", "normal_cdf", "normal_pdf", "erf", "erfc"):
        found = [("normal_pdf", 0.0, Told()), *((name, OTHER, note) for name, _, note in found if name != "normal_pdf")]
    if word.base == "psi" and not word.primes and state.applies("gammaln", "digamma"):
        found = [("digamma", 0.0, Told()), *((name, OTHER, note) for name, _, note in found)]
    return found


def inverted(word: Word) -> Word:
    r"""\sin^{-1} as \arcsin: of these functions it is always the inverse; any other word as it is."""
    is_inverse = word.base in _INVERTED and plain(word.sup) == "-1" and not word.primes
    return replace(word, base=f"arc{word.base}", sup=()) if is_inverse else word


def applied_to(state: State, behind: Sequence[Syntax]) -> list[str]:
    """The activation that the network applies to the value that stands in the bracket behind a letter."""
    match behind:
        case [sx.Group(items=(Word() as word,)), *_] | [sx.Scripted(body=sx.Group(items=(Word() as word,))), *_]:
            found = state.names.lookup(word)
            return (state.activations(found.name) or state.activations(of=found.name)) if found else []
    return []


def _declared(state: State, word: Word) -> str:
    r"""The row of a function that nobody defines: \sigma, or sigma_prime for its slope; "" where the word is none."""
    for name in () if word.accent else state.context.functions:
        whole = word.base + (f"_{plain(word.sub)}" if word.sub else "")
        if whole in (name, f"{name}_prime"):
            return declared(name, int(whole != name)).row.name
    return ""


def call(
    state: State, several: list[tuple[str, float, Told]], arguments: list[Senses], primes: int, at: int, sub: Tokens = ()
) -> Senses:
    """A function of its arguments, or its slope."""
    found: Senses = []
    fault: Fault | None = None
    for name, cost, note in several:
        try:
            readings = _call(state, name, arguments, primes, at, sub)
        except Fault as error:
            fault = fault or error
            continue
        found += [Sense(r.node, r.cost + cost, (*r.notes, note) if note else r.notes) for r in readings]
    if not found:
        kind = Unfit if several[0][0] in _SQUARE else Fault
        raise fault or kind(f"the argument of {several[0][0]} does not fit.", "Check its shape.", at)
    return best(found)


def is_value(state: State, node: Syntax) -> bool:
    """Whether a factor is a number or a word that is no function."""
    body = node.body if isinstance(node, sx.Scripted) else node
    is_word = isinstance(body, Word) and (state.names.lookup(body) is not None or not functions(state, body))
    return is_word or isinstance(body, sx.Number)


def require_one_argument(state: State, word: Word, rest: Sequence[Syntax]) -> None:
    r"""Raise Fault where in a network a function without brackets may end at its first factor or further on: \log 2\pi s^2."""
    if state.context.is_network and rest and is_value(state, rest[0]):
        fault = f"where the argument of \\{word.base} ends is not said."
        raise Fault(fault, rf"Put it in brackets: \{word.base}(a b), or (\{word.base} a) b.", word.at)


def reach(state: State, word: Word, behind: Sequence[Syntax], first: int, over_letters: bool) -> int:
    r"""How many factors a function without brackets takes: \log 2\pi s^2 and \max_k w_k^\top x all, \log s n the first.

    In a claim as many as are tried. over_letters says that a letter below the word runs through its term, as in a sum.
    """
    last = first
    while last < len(behind) and is_value(state, behind[last]):
        last += 1
    if over_letters and state.context.is_network:
        return last
    if last == first or state.context.is_network or not is_value(state, behind[0]):
        return first
    plainest = last if isinstance(behind[0], sx.Number) or over_letters else first
    for taken in range(first, last + 1):
        name = f"{word.base} of {taken} at {word.at}"
        if taken != plainest:
            state.beside.add(name)
        if state.apart == name:
            return taken
    return plainest


def _call(state: State, name: str, arguments: list[Senses], primes: int, at: int, below: Tokens) -> Senses:
    x, *more = arguments
    if (name in _TOTALS or (name in ("max", "min") and not more)) and any(r.node.axes for r in x):  # |A| is no determinant there
        x = [r for r in x if r.node.axes]
    if name in ("max", "maximum", "min", "minimum"):
        return extremum(state, name[:3], arguments, at, below)
    if name in ("argmax", "argmin") and not (more or primes):
        return place_of(state, name[3:], x, at, below)
    sub = plain(below)
    if name in counted.FUNCTIONS and len(arguments) == counted.FUNCTIONS[name] and not primes:
        return made(lambda *nodes: counted.value(name, *nodes), *arguments)
    if name == GAUSSIAN and len(arguments) == 3 and not primes:
        return made(lambda *nodes: gaussian(state.probe, *nodes), *arguments)
    if name == "onehot" and not more and not primes:
        return _onehot(state, x, at)
    if name in FUNCTIONS:
        expected = len(ELEMENTWISE[name].args) if name in ELEMENTWISE else 1
        function = FUNCTIONS[name]
        if issubclass(function, Declared):
            name, primes = declared(function.title, function.order + primes).row.name, 0
        if primes > 1:
            raise Fault("a second derivative of a function is not read.", "Write it out.", at)
        given = [x, *more]
        if sub and name == "log" and not more and primes == 0 and sub != "e":
            return _logarithm(x, sub, at)
        if name == "log" and not more and primes == 0:
            return made(counted.logarithm, x)
        if name in ELEMENTWISE:
            row = ELEMENTWISE[name]
            if sub and row.defaults and len(given) < expected:  # the subscript of ELU is its alpha
                if not _NUMBER.fullmatch(sub):
                    raise Fault(f"the subscript {sub} of {name} is not read.", "Write a number, or a second argument.", at)
                given.append(number(sub))
            given += [number(str(row.defaults[s])) for s in row.args[len(given) :] if s in row.defaults]
        if len(given) != expected:
            raise Fault(f"{name} takes {expected} argument{'s' * (expected > 1)}.", "", at)
        return made(lambda *nodes: nd.applied(name, *nodes, slope=primes == 1), *given)
    if name in _MEANS and not more and not primes:
        return best([*made(lambda v: _mean(state, v), x), *_means_along(state, x)])
    if name in ("tril", "triu") and len(more) == 1:
        return made(lambda v, k: _triangle(v, name == "triu", _whole(k)), x, *more)
    if more or primes:
        raise Fault(f"{name} with {'a prime' if primes else 'several arguments'} is not read.", "Write it out.", at)
    if name in windows.NONE:
        return made(lambda v: windows.framed(name, sub, v), x)
    if name in ("rowmean", "colmean"):
        return made(lambda v: _mean_over(state, v, RIGHT if name == "rowmean" else DOWN), x)
    return made(_one(name, sub, at), x)


def _logarithm(x: Senses, base: str, at: int) -> Senses:
    """A logarithm to a base that is a number."""
    if not _NUMBER.fullmatch(base) or sp.Rational(base) in (0, 1):
        raise Fault(f"a logarithm to the base {base} is not read.", r"Write \log x / \log b.", at)
    divisor = sp.log(sp.Rational(base))
    return made(lambda v: nd.arithmetic("/", nd.applied("log", v), nd.const(divisor, complex(divisor))), x)


def _onehot(state: State, labels: Senses, at: int) -> Senses:
    """Rows that are 1 at the labels: a matrix of a vector of labels, a column of one label."""
    names = {name for r in labels for name in _leaves(r.node)}
    bounds = [t.bound for t in (state.context.forward.tensors.get(n) for n in names) if t is not None and t.bound is not None]
    if not bounds:
        raise Fault("onehot is of labels that are declared as integers.", "Declare them: y: integers[n, k].", at)
    extent = round(state.probe.value(bounds[0]).real)
    return made(lambda y: nd.compared("==", nd.positions(RIGHT if y.matrix else DOWN, extent, 0), y), labels)


def unit(state: State, labels: Senses, at: int) -> Senses:
    """e_t: the column that is 1 at a label."""
    return _onehot(state, [s for s in labels if not s.node.matrix], at)


def _leaves(node: Node) -> set[str]:
    """The tensors that a value is made of."""
    own = {node.op.name} if isinstance(node.op, nd.Leaf) else set()
    return own.union(*map(_leaves, node.args))


def _one(name: str, sub: str, at: int) -> Callable[[Node], Node]:
    """What a function of one whole argument builds."""
    match name:
        case "softmax":
            return lambda x: _softmax(x, sub)
        case "diag":
            return nd.diag
        case "tr" | "trace" | "Tr":
            return _trace
        case "sum":
            return lambda x: over_all(x, _sum_over)
        case "rowsum":
            return lambda x: nd.summed(x, RIGHT)
        case "colsum":
            return lambda x: nd.summed(x, DOWN)
        case "det" | "logdet" | "sigma_max" | "sigma_min":
            return lambda x: nd.matrix_of(name, x)
        case "prod":
            return lambda x: over_all(x, lambda y, axes: nd.reduced("prod", y, axes))
        case "logsumexp" | "LSE":
            return lambda x: nd.reduced("logsumexp", x, (_axis(x),))
        case "sqrt":
            return lambda x: root(x)
        case "sech":
            return lambda x: nd.arithmetic("/", nd.const(1), nd.applied("cosh", x))
        case "coth":
            return lambda x: nd.arithmetic("/", nd.applied("cosh", x), nd.applied("sinh", x))
        case "norm":
            return norm
        case "tril" | "triu":
            return lambda x: _triangle(x, name == "triu", 0)
    raise Fault(f"{name} is not read in a formula.", "Write it out.", at)


def root(x: Node, degree: int = 2) -> Node:
    """The root of every entry."""
    exponent = sp.Rational(1, degree)
    return nd.arithmetic("**", x, nd.const(exponent, complex(exponent)))


def norm_squared(x: Node) -> Node:
    """The sum of the squares of all entries."""
    return over_all(nd.arithmetic("*", x, x), _sum_over)


def total(x: Node) -> Node:
    """The sum of all entries."""
    return over_all(x, _sum_over)


def largest(x: Node) -> Node:
    """The largest of all entries."""
    return over_all(x, lambda y, axes: nd.reduced("max", y, axes))


def norm(x: Node) -> Node:
    """The root of the sum of the squares of all entries."""
    return root(norm_squared(x))


def _softmax(x: Node, sub: str) -> Node:
    r"""The softmax, along the letter below it where that is an index of its argument, \softmax_j(s_{ij}); else one entry of it."""
    if sub in x.axes:
        return normalised(x, sub)
    axis = _axis(x)
    y = normalised(x, axis)
    return nd.renamed(y, [(axis, sub)]) if len(sub) == 1 and sub.isalpha() and axis in MATRIX and len(x.axes) == 1 else y


def _axis(x: Node) -> str:
    """The axis of a softmax: along the rows of a matrix, along a vector, along the one index."""
    if x.matrix == MATRIX:
        return RIGHT
    if x.matrix:
        return next(iter(x.matrix))
    if len(x.axes) == 1:
        return x.axes[0]
    raise Misfit("a softmax needs an axis")


def _sum_over(x: Node, axes: tuple[str, ...]) -> Node:
    for axis in axes:
        x = nd.summed(x, axis)
    return x


def _trace(x: Node) -> Node:
    if x.matrix != MATRIX:
        if not x.matrix:
            return x  # the trace of a number
        raise Misfit("the trace of a vector")
    return nd.summed(nd.renamed(x, [(RIGHT, DOWN)]), DOWN)


def _mean(state: State, x: Node) -> Node:
    """The mean of the entries of a vector, in a claim of a matrix as well."""
    if len(x.axes) == 1:
        return _mean_over(state, x, x.axes[0])
    if x.matrix == MATRIX and not state.context.is_network:
        return _mean_over(state, _mean_over(state, x, RIGHT), DOWN)
    raise Fault("the mean does not say over what.", r"Write \frac1N \sum_n.")


def _means_along(state: State, x: Senses) -> Senses:
    """The means of a matrix along one of its axes, as NumPy's axis=0 and axis=1 have them; nothing of anything else."""
    matrices = [] if state.context.is_network else [sense for sense in x if sense.node.matrix == MATRIX]
    found: Senses = []
    for axis, note in ((DOWN, told("the mean is over the rows")), (RIGHT, told("the mean is over the columns"))):
        found += made(lambda v, along=axis: _mean_over(state, v, along), matrices, cost=ALONG, note=note)
    return found


def _mean_over(state: State, x: Node, axis: str) -> Node:
    """The mean along an axis."""
    total = nd.summed(x, axis)
    extent = state.probe.expression[x.extent(axis)]
    return nd.arithmetic("/", total, nd.const(extent, state.probe.value(extent)))


def _whole(x: Node) -> int:
    """A number that counts diagonals."""
    number = x.op.value if isinstance(x.op, nd.Const) else None
    if number is None or not number.is_Integer:
        raise Misfit("a diagonal is counted by a whole number")
    return int(number)


def _triangle(x: Node, upper: bool, shift: int) -> Node:
    """The entries at and below the k-th diagonal, or at and above it; 0 elsewhere."""
    if x.matrix != MATRIX:
        raise Misfit("a triangle of what is no matrix")
    down, right = nd.positions(DOWN, x.extent(DOWN), 0), nd.positions(RIGHT, x.extent(RIGHT), -shift)
    return nd.arithmetic("*", x, nd.compared("<=", down, right) if upper else nd.compared("<=", right, down))


def normalised(x: Node, axis: str) -> Node:
    """exp(x) / sum exp(x) along an axis."""
    e = np.exp(np.sin(x.value))
    return Node(nd.Softmax(axis), (x,), x.axes, e / e.sum(axis=x.axes.index(axis), keepdims=True))
