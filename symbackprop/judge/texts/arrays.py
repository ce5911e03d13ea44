"""Straight lines of code as steps: what a name holds after each line, arrays that are changed in their place, and updates."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field

from symbackprop.judge.texts.unfolded import MOST_LINES, REMADE, Unread
from symbackprop.notation.identifiers import names_in, names_read
from symbackprop.notation.memory import Memory

BEGUN, CHANGED, UPDATED = "begun", "changed", "updated"
"""Said of a step: a later line changes the array; this line changes an earlier one; it changes what the network calls so."""
_SAYS_IT = re.compile(r"d[A-Z_]|d\w*\d|grad|nabla")  # a name that is that of a gradient whenever it is given
_PRODUCTS = re.compile(r"@|\bnp\.|\.dot\(")
NEW = "_new"  # what the array is called that a line makes of one of the network


class Placed(str):
    """A claim that knows where it was written.

    file    there, and for each of its own lines the line; () where that is not known.
    line    the line there that gives it.
    """

    file: str = ""
    lines: tuple[int, ...] = ()
    line: int = 0

    @property
    def where(self) -> str:
        """FILE:line; "" where that is not known."""
        return f"{self.file}:{self.line}" if self.line else ""


class Code(Placed):
    """A formula of code, or several lines of it: its names are what the lines before it gave them.

    whole   all lines that a gradient is made of, and its name below; "" of what is no gradient as it ends.
    source  all of the text in which it stands.
    """

    whole: str = ""
    source: str = ""

    def as_said(self, text: str) -> Code:
        """Another spelling of it, which stands in the same text."""
        own = Code(text)
        own.source = self.source
        return own

    @property
    def has_matrix_products(self) -> bool:
        """Whether the text it stands in says them as NumPy does, so that a star is none."""
        return _PRODUCTS.search(self.source) is not None


def reworded(claim: str, text: str) -> str:
    """A claim with another text, at the place where it was written."""
    if text == claim or not isinstance(claim, Placed):
        return claim if text == claim else text
    other = Placed(text)
    other.file, other.lines, other.line = claim.file, claim.lines, claim.line
    return other


class Whole(Code):
    """Code that no lines of steps say; `fault` says why."""

    fault: str = ""


@dataclass
class _Array:
    """What a name holds: the lines since it was given as a whole, and their places among the steps.

    read_by   the last line that has read it as it was.
    alone     whether each of its lines is a step that goes on from the one before.
    """

    name: str
    lines: list[ast.stmt]
    places: list[int]
    whole: bool = True
    read_by: int = 0
    alone: bool = False


@dataclass
class Arrays:
    """Reads the lines of a code; each becomes a step: its name, its formula or lines, and what it does to an array."""

    code: str
    steps: list[tuple[str, str, str]] = field(default_factory=list)
    arrays: dict[str, _Array] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)
    shared: dict[str, tuple[str, int]] = field(default_factory=dict)  # names whose array another name changed, in which line
    called: dict[str, str] = field(default_factory=dict)  # what arrays of the network are called once a line has changed them
    wheres: list[tuple[int, ...]] = field(default_factory=list)  # for each line of each step where it stands

    def read(self, lines: Sequence[ast.stmt]) -> list[tuple[str, str] | tuple[str, str, str]]:
        """The steps. Raises Unread for a line that is none."""
        for line in lines:
            self.line(line)
        return [
            (name, _at_lines(text, where), said) if said else (name, _at_lines(text, where))
            for (name, text, said), where in zip(self.steps, self.wheres, strict=True)
        ]

    def step(self, name: str, text: str, said: str, lines: Sequence[ast.AST]) -> None:
        """Note a step, and where each of its lines stands."""
        self.steps.append((name, text, said))
        places: list[int] = []
        for line in lines:
            first = getattr(line, "lineno", 0)
            many = 1 if getattr(line, REMADE, False) else (getattr(line, "end_lineno", None) or first) - first + 1
            places += range(first, first + many)
        self.wheres.append(tuple(places))

    def line(self, written: ast.stmt) -> None:
        """Take one line."""
        line = written
        if names_in(written) & self.called.keys():
            line = _Called(self.called).visit(deepcopy(written))
            setattr(line, REMADE, True)
        for name in names_read(line) & self.shared.keys():
            self.refuse_shared(name, written)
        match line:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self.assigned(name, value, line, written)
                return
        name = _changed_in(written)  # as it is written: what the array is called by now is known of that name
        if name is None:
            raise Unread(written)
        self.set(name, line, written)

    def assigned(self, name: str, value: ast.expr, line: ast.stmt, written: ast.stmt) -> None:
        """name = formula."""
        if _is_empty(value):
            return
        before = self.arrays.get(self.called.get(name, name))
        if name in names_read(written):
            if before is None:
                self.updated(name, ast.Assign([ast.Name(name + NEW, ast.Store())], value), written)
                return
            if not before.read_by:
                self.reads(written, {name})
                if before.name != name:
                    line = remade(ast.Assign([ast.Name(before.name, ast.Store())], value), written)
                self.changed(before, line)
                self.assign(before.name, value)
                return
        self.reads(written)
        own = self.anew(name, before)
        if own != name:
            line = remade(ast.Assign([ast.Name(own, ast.Store())], value), written)
        self.assign(own, value)
        self.arrays[own] = _Array(own, [line], [len(self.steps)])
        self.step(own, self.text(line, value), "", [line if getattr(line, REMADE, False) else value])

    def anew(self, name: str, before: _Array | None) -> str:
        """What the array is called that a name gets, or that a line makes of one: anew where lines have read the one before."""
        if before is None or not before.read_by or _SAYS_IT.match(name):
            self.called.pop(name, None)
            return name
        own = next(one for one in (f"{name}{NEW}{k or ''}" for k in (0, *range(2, MOST_LINES))) if one not in self.arrays)
        self.called[name] = own
        return own

    def set(self, name: str, line: ast.stmt, written: ast.stmt) -> None:
        """name[...] = formula, name += formula."""
        first, name = name, self.called.get(name, name)
        if isinstance(line, ast.AugAssign) and isinstance(line.target, ast.Name) and line.target.id != name:
            line = remade(_at(line, name), written)
        if name in self.shared:
            self.refuse_shared(name, written)
        before = self.arrays.get(name)
        sets_entries = isinstance(line, ast.Assign)
        if before is None and sets_entries and is_gradient(name):
            self.reads(written)
            self.arrays[name] = _Array(name, [line], [len(self.steps)], whole=False)
            self.step(name, self.text(line), "", [line])
        elif before is None and is_gradient(name):
            raise Unread(written, f"changes {name}, which no line before gives: write {name} = ...")
        elif before is None:
            self.updated(name, _at(line, name + NEW), written)
        elif not before.whole and sets_entries:
            self.reads(written)
            self.step(name, self.text(line), "", [line])
        elif before.read_by and (own := self.anew(first, before)) != name:
            self.reads(written)
            self.write(name, written)
            self.memory.assign(own, ast.Name(name, ast.Load()), lambda _: True)
            text = f"{own} = {name}\n{ast.unparse(_at(line, own))}"
            self.arrays[own] = _Array(own, [*ast.parse(text).body], [len(self.steps)], alone=True)
            self.step(own, text, "", [written] * 2)
        else:
            self.reads(written, {name})
            self.write(name, written)
            self.changed(before, line)

    def write(self, name: str, written: ast.stmt) -> None:
        """The array of a name gets other entries: what else holds it, or looks into it, is not what it was."""
        several = {*self.memory.write(name), self.memory.of(name), self.memory.root(name)}
        several |= {n for n in (*self.memory.held, *several) if self.memory.through(n) == name}
        self.shared |= {n: (name, written.lineno) for n in several if " " not in n and n != name}

    def refuse_shared(self, name: str, written: ast.stmt) -> None:
        """Raise Unread for a name whose array another name changed."""
        other, at = (one.removesuffix(NEW) if isinstance(one, str) else one for one in self.shared[name])
        name = name.removesuffix(NEW)
        raise Unread(written, f"reads {name}, which line {at} changed as {other}: write {other} = {name}.copy() before that")

    def updated(self, name: str, line: ast.stmt, written: ast.stmt) -> None:
        """W = W - rate * dW, probs[range(N), y] -= 1: a line that makes something else of what the network calls so."""
        self.reads(written)
        own = name + NEW
        text = ast.unparse(ast.fix_missing_locations(line))
        if not (isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name)):
            text = f"{own} = {name}\n{text}"
            self.write(name, written)
        self.called[name] = own
        self.arrays[own] = _Array(own, [*ast.parse(text).body], [len(self.steps)], alone=True)
        self.step(own, text, UPDATED, [written] * (text.count("\n") + 1))

    def changed(self, array: _Array, line: ast.stmt) -> None:
        """One more line of an array: together with those before, or alone where they no longer say what it holds."""
        for k in array.places:
            name, text, said = self.steps[k]
            self.steps[k] = name, text, said if said == UPDATED else BEGUN
        several = [*array.lines, line] if not array.alone and self.stands(array) else [line]
        array.lines.append(line)
        array.places.append(len(self.steps))
        array.read_by = 0
        self.step(array.name, "\n".join(map(self.text, several)), CHANGED, several)

    def stands(self, array: _Array) -> bool:
        """Whether the lines of an array, read now, say what they said where they stand."""
        names = {name for line in array.lines for name in names_read(line)}
        if array.name in names_read(array.lines[0]) and isinstance(array.lines[0], ast.Assign):
            return False
        return not any(
            place > array.places[0] and name in names
            for name, other in self.arrays.items()
            if name != array.name
            for place in other.places
        )

    def assign(self, name: str, value: ast.expr) -> None:
        """A name holds another array from now on."""
        self.memory.assign(name, value, lambda _: True)
        self.shared.pop(name, None)

    def reads(self, written: ast.stmt, but: set[str] | None = None) -> None:
        """Remember which arrays a line reads."""
        for name in names_read(written) - (but or set()):
            found = self.arrays.get(self.called.get(name, name))
            if found is not None:
                found.read_by = written.lineno

    def text(self, line: ast.stmt, part: ast.AST | None = None) -> str:
        """What a line says, or a part of it: as it is written, unless its names were changed."""
        own = line if part is None else part
        return ast.unparse(own) if getattr(line, REMADE, False) else ast.get_source_segment(self.code, own) or ast.unparse(own)


def _at_lines(text: str, where: tuple[int, ...]) -> Code:
    """Code that stands at some lines of a text."""
    found = Code(text)
    found.lines, found.line = where, where[-1] if where else 0
    return found


class _Called(ast.NodeTransformer):
    """Other names for names that are read; for those that are given as well where `given` says so."""

    def __init__(self, called: Mapping[str, str], given: bool = False) -> None:
        self.called, self.given = called, given

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id in self.called and (self.given or isinstance(node.ctx, ast.Load)):
            return ast.copy_location(ast.Name(self.called[node.id], node.ctx), node)
        return node


def renamed(code: str, called: Mapping[str, str]) -> str:
    """Code with other names for some of its names."""
    tree = ast.parse(code.strip())
    return ast.unparse(_Called(called, given=True).visit(tree)) if names_in(tree) & called.keys() else code


def _at(line: ast.stmt, name: str) -> ast.stmt:
    """A line that changes an array, with another name for that."""
    own = deepcopy(line)
    match own:
        case (
            ast.AugAssign(target=ast.Name() as target)
            | ast.AugAssign(target=ast.Subscript(value=ast.Name() as target))
            | ast.Assign(targets=[ast.Subscript(value=ast.Name() as target)])
            | ast.Expr(value=ast.Call(args=[ast.Name() as target, *_]))
        ):
            target.id = name
    return own


def _changed_in(line: ast.stmt) -> str | None:
    """The name of the array that a line changes: name[...] = formula, name += formula, np.add.at(name, ...)."""
    match line:
        case (
            ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name))])
            | ast.AugAssign(target=ast.Name(id=name))
            | ast.AugAssign(target=ast.Subscript(value=ast.Name(id=name)))
            | ast.Expr(value=ast.Call(func=ast.Attribute(attr="at"), args=[ast.Name(id=name), *_]))
        ):
            return name
    return None


def remade(line: ast.stmt, written: ast.stmt) -> ast.stmt:
    """A line that stands nowhere in the text as it is, in the place of one that does."""
    setattr(line, REMADE, True)
    return ast.fix_missing_locations(ast.copy_location(line, written))


def is_gradient(name: str) -> bool:
    """Whether a name is that of a gradient: dW, grad_W, nabla_b, delta."""
    return name.startswith(("d", "grad", "nabla", "delta"))


def _is_empty(value: ast.expr) -> bool:
    """Whether an array of gradients by name begins here, {}, dict(), or nothing: None."""
    match value:
        case ast.Constant(value=None):
            return True
        case ast.Dict(keys=[]) | ast.Call(func=ast.Name(id="dict" | "defaultdict" | "OrderedDict"), args=[], keywords=[]):
            return True
    return False
