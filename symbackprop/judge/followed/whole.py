"""Code that no lines of steps say, followed whole at the judge's points: functions, classes, lists, what is returned."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy import ndarray

from symbackprop.core.derivation import DerivationError
from symbackprop.formulas.told import Told, listed, name, told
from symbackprop.judge.followed.judged import ALL_STEPS, STEPS, plain_shape, values_of
from symbackprop.judge.followed.scopes import Bound, Class, Function, Instance
from symbackprop.judge.followed.statements import Follower
from symbackprop.judge.followed.words import LANGUAGE, NotFollowed
from symbackprop.judge.functions.numbered import Values, judged_numbers
from symbackprop.judge.sides.asked import Asked
from symbackprop.judge.sides.goals import about, named
from symbackprop.judge.texts.arrays import Whole
from symbackprop.judge.texts.code import ClaimsError, parsed
from symbackprop.judge.texts.packing import order_of, packs, sliced_names
from symbackprop.judge.texts.unfolded import entry
from symbackprop.judge.verdicts.judge import Judge
from symbackprop.judge.verdicts.verdict import Judged
from symbackprop.judge.weighing.truth import Truth

_BACKWARD = re.compile(r"back|grad|deriv|loss_and|cost_and|vjp|update|^d[A-Z_]|^d[a-z]$")
_GIVEN = re.compile(r"d[A-Z_\d]|d[a-z]\w*$|.*grad|.*nabla|g[Wwb]\d*$")  # what gradients are called
_LISTS = re.compile(r"(?:d_?|grad_?s?_?|grads?_|nabla_?|delta_)(\w*?)s?(?:_grads?)?$")
_TENSORS = frozenset(["params", "parameters", "cache", "caches", "model"])  # dicts of the network's tensors, by their names
_WEIGHTS = {"weights": "wW", "biases": "b", "Ws": "W", "bs": "b"}  # lists of the network's tensors, by how these begin


def followed_whole(judge: Judge, code: Whole) -> tuple[Judged, ...]:
    """The verdicts on the gradients that code gives. Raises ClaimsError where it gives none, or cannot be followed."""
    try:
        found = Gradients(judge.truth, code)
        meant = found.meant(found(judge.truth.places.first(1)[0].values))
    except NotFollowed as fault:
        place = f"line {fault.line}: " if fault.line else ""
        said = f"{code.fault} (followed as a whole, {place}{fault.why})"
        raise (StoppedError(said, fault.why, fault.line) if fault.misfit else ClaimsError(said)) from None
    if not meant:
        raise ClaimsError(code.fault)
    out: list[Judged] = []
    moved = found.updated()
    for label, (what, note) in meant.items():
        one = judged_numbers(judge, what, partial(found.of, label, what), str(code), (NotFollowed,))
        if moved and not one.right:  # it may be the gradient there
            raise ClaimsError(f"{code.fault} (followed as a whole, it updates {moved}: leave that out)")
        remarks = (*one.remarks, *([note] if note else []), told("followed line by line, at numbers"))
        out.append(replace(one, given=str(code), remarks=remarks))
    return tuple(out)


class StoppedError(ClaimsError):
    """Code whose arrays do not fit one another, so that Python stops: why, and in which line."""

    def __init__(self, said: str, why: str = "", line: int = 0) -> None:
        super().__init__(said)
        self.why, self.line = why, line


class Gradients:
    """What whole code gives, by what it is called there.

    truth   of the network whose tensors it may read.
    code    the text.
    """

    def __init__(self, truth: Truth, code: str) -> None:
        self.truth, self.tree = truth, _closed(parsed(Path("CLAIMS"), code))
        self.last: tuple[Values | None, dict[str, ndarray]] = None, {}
        self.left = ALL_STEPS
        self.main = _main(self.tree)
        parameters = [t.name for t in truth.program.parameters if t.name in truth.named]
        self.order = order_of(self.tree, parameters) if packs(self.tree) else []
        self.returned = _returned(self.main)

    def __call__(self, values: Values) -> dict[str, ndarray]:
        """Its gradients where the network has the values. Raises NotFollowed."""
        if self.last[0] is not values:
            self.last = values, self.at(values)
        return self.last[1]

    def at(self, values: Values) -> dict[str, ndarray]:
        """The same, followed anew."""
        follower = Follower(self.names(values), LANGUAGE.get, min(STEPS, self.left))
        before = follower.steps
        try:
            follower.follow(self.tree.body)
            found = dict(self.found(follower, self.result(follower)))
        finally:
            self.left -= before - follower.steps
        arrays = {label: np.asarray(value) for label, value in found.items() if _is_number(value)}
        shapes = {wrt: np.shape(values[wrt]) for wrt in self.order}
        arrays |= {f"{label}[{wrt}]": part for label, one in arrays.items() for wrt, part in _pieces(one, shapes)}
        return {label: one if one.dtype.kind == "f" else one.astype(float) for label, one in arrays.items()}

    def of(self, label: str, what: Asked, values: Values) -> ndarray:
        """One of them, with the shape of what it is by. Raises NotFollowed."""
        found = self(values)
        if label not in found:
            raise NotFollowed(f"it gives no {label} there")
        shape = np.shape(values[what.wrt])
        return found[label].reshape(shape) if plain_shape(found[label].shape) == plain_shape(shape) else found[label]

    def names(self, values: Values) -> dict[str, Any]:
        """The tensors of the network, alone and in the dicts and lists that courses keep them in."""
        own = values_of(self.truth, values)
        tensors = {n: own[n] for n in self.truth.named if n in own}
        several: dict[str, Any] = {n: dict(tensors) for n in _TENSORS if n not in own}
        letters = [n for n in tensors if len(n) == 1 and self.truth.program.tensors[n].kind != "integers"]
        several |= {n.swapcase(): tensors[n] for n in letters if n.swapcase() not in own}  # the Y of a function, of a y
        if self.order:
            vector = np.concatenate([np.ravel(values[wrt]) for wrt in self.order])
            several |= dict.fromkeys(sliced_names(self.tree), vector)
        return {**several, **{n: _numbered(tensors, mark) for n, mark in _WEIGHTS.items() if n not in own}, **own}

    def result(self, follower: Follower) -> Any:
        """What the function that gives gradients returns, called with what its parameters are called."""
        main = self.main
        if main is None:
            return None
        names = follower.scope.names
        function = names.get(main.name)
        owner = next((c for c in names.values() if isinstance(c, Class) and c.names.get(main.name) is not None), None)
        if not isinstance(function, Function) and owner is not None:
            method = owner.names[main.name]
            function = (
                Bound(method, Instance(owner, _of_self(names))) if isinstance(method, Function) and not method.kind else method
            )
        own = main.args
        several = [a.arg for a in (*own.posonlyargs, *own.args)]
        first = several[:1] if isinstance(function, Bound) or (function is not None and "self" in several[:1]) else []
        if first and isinstance(function, Function):
            kind = Class("self", (), {n: f for n, f in names.items() if isinstance(f, Function)})
            for method in kind.names.values():
                method.owner = kind
            function = Bound(function, Instance(kind, _of_self(names)))
        needed = several[len(first) : len(several) - len(own.defaults)]
        given = {one: follower.name(one) for one in several[len(first) :] if one in names or one in needed}
        found = follower.followed(main, lambda: follower.call(function, [], given))
        follower.scope.names["self"] = function.held if isinstance(function, Bound) else None
        return found

    def found(self, follower: Follower, result: Any) -> Iterator[tuple[str, Any]]:
        """The gradients by their labels."""
        if self.main is None:
            for called, value in follower.scope.names.items():
                if _GIVEN.match(called):
                    yield from _labelled(called, value)
            return
        held = follower.scope.names.get("self")
        if isinstance(held, Instance):
            for called, value in held.names.items():
                if _GIVEN.match(called) and called not in self.truth.program.tensors:
                    yield from _labelled(called, value)
        several = list(result) if isinstance(result, tuple) and len(self.returned) in (0, len(result)) else [result]
        labels = self.returned if len(self.returned) == len(several) else [""] * len(several)
        for k, (label, value) in enumerate(zip(labels, several, strict=True)):
            yield from _labelled(label or (f"returned[{k}]" if len(several) > 1 else "returned"), value)

    def meant(self, found: Mapping[str, ndarray]) -> dict[str, tuple[Asked, Told]]:
        """What each is the gradient by, with what was taken for granted."""
        truth = self.truth
        out: dict[str, tuple[Asked, Told]] = {}
        for label in found:
            wrt = label.rpartition("[")[2].removesuffix("]")
            if wrt in self.order and label.endswith("]"):
                note = told("taken out of one vector, in the order {}", listed([name(one) for one in self.order]))
                out[label] = replace(about(truth, f"d{wrt}", truth.of, wrt), name=f"d{wrt}"), note
        if out:
            return out
        for label in found:
            if label in truth.program.tensors:  # W after its update
                continue
            called = re.sub(r"^g(?=[Wwb]\d*$)", "d", label)
            what = gradient_named(truth, called)
            taken = {one.wrt for one, _ in out.values()}
            if what and what.of == truth.of and what.wrt not in taken and truth.program.tensors[what.wrt].kind != "value":
                out[label] = replace(what, name=label), Told()
        self.by_lists(found, out)
        returned = {"returned", *self.returned}
        rest = [n for n in found if n not in {*out, *truth.program.tensors} and n.partition("[")[0] in returned]
        taken = {one.wrt for one, _ in out.values()}
        parameters = [t for t in truth.program.parameters if t.name not in taken and t.name in truth.named]
        for label, wrt in _paired(self.shapes([t.name for t in parameters]), {label: np.shape(found[label]) for label in rest}):
            shown = name(wrt)
            out[label] = (
                about(truth, f"d{wrt}", truth.of, wrt),
                told("what is returned without a name is taken as the gradient by {}, by its shape and its place", shown),
            )
        return out

    def updated(self) -> str:
        """A tensor of the network that a line makes something else of, w -= rate * dw; "" where none does."""
        for line in ast.walk(self.tree):
            match line:
                case ast.AugAssign(target=target) if (own := _tensor_in(target)) in self.truth.program.tensors:
                    return own
                case ast.Assign(targets=[target], value=value) if (own := _tensor_in(target)) in self.truth.program.tensors:
                    if any(_tensor_in(n) == own for n in ast.walk(value) if isinstance(n, ast.expr)) and isinstance(
                        value, ast.BinOp
                    ):
                        return own
        return ""

    def by_lists(self, found: Mapping[str, ndarray], out: dict[str, tuple[Asked, Told]]) -> None:
        """nabla_w[0], nabla_w[1]: of the tensors w1, w2."""
        lists: dict[str, list[str]] = {}
        for label in found:
            if label not in out and (member := re.fullmatch(r"(.+)\[\d+\]", label)) and not member[1].startswith("returned"):
                lists.setdefault(member[1], []).append(label)
        for called, labels in lists.items():
            stem = _LISTS.fullmatch(called)
            members = _numbered({t.name: t.name for t in self.truth.program.parameters}, stem[1][:1] or " ") if stem else []
            if len(members) == len(labels):
                for label, wrt in zip(labels, members, strict=True):
                    out[label] = about(self.truth, label, self.truth.of, wrt), Told()

    def shapes(self, names: Sequence[str]) -> dict[str, tuple[int, ...]]:
        place = self.truth.places.first(1)[0]
        return {one: np.shape(place.values[one]) for one in names}


def _tensor_in(node: ast.expr) -> str:
    """What a name, an attribute or an entry is called: w, self.w, params["w"], w[0]."""
    match node:
        case ast.Name(id=own) | ast.Attribute(attr=own) | ast.Subscript(slice=ast.Constant(value=str() as own)):
            return own
        case ast.Subscript(value=held):
            return _tensor_in(held)
    return ""


def gradient_named(truth: Truth, label: str) -> Asked | None:
    """What a label names; None for one that names nothing that has a gradient."""
    try:
        return named(truth, label, label) if label.isidentifier() else None
    except DerivationError:
        return None


def _closed(tree: ast.Module) -> ast.Module:
    """Lines that return something as a function of nothing."""
    if not any(isinstance(s, ast.Return) for s in tree.body):
        return tree
    code = ast.unparse(tree)
    return ast.parse("def gradients():\n" + "\n".join(f"    {line}" for line in code.splitlines()))


def _paired(parameters: Mapping[str, tuple[int, ...]], found: Mapping[str, tuple[int, ...]]) -> Iterator[tuple[str, str]]:
    """Labels with parameters: those of the same shape, in their order; as many as there are, in their order alone."""
    labels = list(found)
    while len(labels) > len(parameters) and found[labels[0]] == ():  # the loss stands before its gradients
        labels = labels[1:]
    left = dict(parameters)
    fits: list[tuple[str, str]] = []
    for label in labels:
        own = next((p for p, shape in left.items() if plain_shape(shape) == plain_shape(found[label])), None)
        if own is not None:
            fits.append((label, own))
            left.pop(own)
    if len(fits) < len(labels) and len(labels) == len(parameters):
        fits = list(zip(labels, parameters, strict=True))
    yield from fits


def _labelled(label: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The arrays that a value holds, by what they are called."""
    match value:
        case dict():
            for key, one in value.items():
                if isinstance(key, str):
                    yield from _labelled(entry(label if not label.startswith("returned") else "grads", key), one)
        case list() | tuple() if not all(isinstance(one, int | float | np.generic) for one in value):
            for k, one in enumerate(value):
                yield from _labelled(f"{label}[{k}]", one)
        case _:
            yield label, value


def _is_number(value: Any) -> bool:
    """Whether a value is an array of numbers, or can be one."""
    if isinstance(value, list | tuple):
        return bool(value) and all(isinstance(one, int | float | np.generic) for one in value)
    return isinstance(value, ndarray | np.generic | float | int) and np.asarray(value).dtype.kind in "fiu"


def _numbered(tensors: Mapping[str, Any], marks: str) -> list[Any]:
    """The tensors w1, w2, ... in their order, of which the names begin with one of some letters."""
    several = [(int(found[1]), one) for one, _ in tensors.items() if (found := re.fullmatch(rf"[{marks}]_?(\d+)", one))]
    return [tensors[one] for _, one in sorted(several)]


def _of_self(names: Mapping[str, Any]) -> dict[str, Any]:
    """What stands behind self: the tensors of the network, and how many layers it has."""
    own = {n: v for n, v in names.items() if not isinstance(v, Function | Class)}
    return {"num_layers": len(own.get("biases", ())) + 1, "n_layers": len(own.get("biases", ())) + 1, **own}


def _main(tree: ast.Module) -> ast.FunctionDef | None:
    """The function that gives gradients; None where the lines of the text do. Raises NotFollowed where there are several."""
    functions = [n for c in tree.body for n in (c.body if isinstance(c, ast.ClassDef) else [c]) if isinstance(n, ast.FunctionDef)]
    lines = [s for s in tree.body if isinstance(s, ast.Assign | ast.AugAssign | ast.For | ast.Expr | ast.Try | ast.While | ast.If)]
    if not functions or any(not _says_nothing(s) for s in lines):
        return None
    called = {n.func.id if isinstance(n.func, ast.Name) else n.func.attr for f in functions for n in ast.walk(f)
              if isinstance(n, ast.Call) and isinstance(n.func, ast.Name | ast.Attribute)}  # fmt: skip
    first = [f for f in functions if f.name not in called and not f.name.startswith("__")]
    several = [f for f in first if _BACKWARD.search(f.name)] or first
    if len(several) != 1:
        raise NotFollowed("which of its functions gives the gradients is not said", functions[0].lineno)
    return several[0]


def _says_nothing(line: ast.stmt) -> bool:
    return (isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant)) or (
        isinstance(line, ast.If) and "__name__" in ast.unparse(line.test)
    )


def _returned(main: ast.FunctionDef | None) -> list[str]:
    """What the values that are returned are called, "" where they have no names."""
    found = [n.value for n in ast.walk(main or ast.Module([], [])) if isinstance(n, ast.Return) and n.value is not None]
    if len(found) != 1:
        return []
    parts = found[0].elts if isinstance(found[0], ast.Tuple) else [found[0]]
    return [ast.unparse(one).removeprefix("self.") if isinstance(one, ast.Name | ast.Attribute) else "" for one in parts]


def _pieces(value: ndarray, shapes: Mapping[str, tuple[int, ...]]) -> Iterator[tuple[str, ndarray]]:
    """The gradients in one vector, each with the shape of its parameter; nothing where it has another length."""
    sizes = [int(np.prod(shape)) for shape in shapes.values()]
    if len(shapes) < 2 or value.size != sum(sizes) or max(value.shape, default=0) != value.size:
        return
    for part, (wrt, shape) in zip(np.split(value.ravel(), np.cumsum(sizes)[:-1]), shapes.items(), strict=True):
        yield wrt, part.reshape(shape)
