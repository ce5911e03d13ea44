"""Networks from Python functions, read from their source and never called."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from symbackprop.core.choices import nearest
from symbackprop.core.errors import shown
from symbackprop.core.network import Network
from symbackprop.language.layers.stepped import all_written_out
from symbackprop.language.tensors import Tensor
from symbackprop.notation.beside import Beside, beside, beside_in_file
from symbackprop.notation.declarations import inside, is_kind, unquoted
from symbackprop.notation.described import described
from symbackprop.notation.errors import NotationError, NotRead, NoValue, Place
from symbackprop.notation.exampled import declarations, exampled, words
from symbackprop.notation.grammar import decoded, parsed
from symbackprop.notation.helpers import inlined, returned
from symbackprop.notation.loops.prepared import prepared
from symbackprop.notation.parts import declared, left_open
from symbackprop.notation.python_text import finished, name_loss
from symbackprop.notation.reader import Reader
from symbackprop.notation.run_instead import in_python, in_the_shell, or_run, required
from symbackprop.notation.sized import sized, told_apart

PLAIN = ("float", "int")  # annotations of a number
NOTHING = ("Any", "object", "dict", "Dict", "list", "List", "tuple", "Tuple", "Mapping", "Sequence")  # that say no shape


def read_function(
    function: Callable[..., Any], loss: str | None = None, gates: str = "auto", given: Mapping[str, str | float] | None = None
) -> Network:
    """The network of a function's source: its arguments are inputs, its local names the names of the values.

    given   of arguments, the declarations in the place of annotations, such as "parameter[4, 3]"; or the number that it is.

    Raises NotationError where there is no source, or it is anything but straight-line equations.
    """
    source = _source(function)

    def read(given: Mapping[str, str | float]) -> Network:
        return _read(*source, loss, gates, given, beside(function), _loss)

    try:
        network = read(given or {})
    except NotationError as refused:
        node = _definition(source[0])
        if given or node is None:
            raise
        owner = function.__qualname__.rpartition(".")[0]
        if owner and not owner.endswith("<locals>"):
            fault = f"{function.__qualname__} is a method, which is run and not read."
            raise NotRead(fault, f"Let it run: {in_python(node, True)}.", refused.place) from None
        network = or_run(_as_not_read(refused, node), in_python(node, False), read)
    return replace(network, function=function)


def _definition(text: str) -> ast.FunctionDef | None:
    """The definition of a function in its source; None where that is something else."""
    node = next(iter(ast.parse(textwrap.dedent(text)).body), None)
    return node if isinstance(node, ast.FunctionDef) else None


def _source(function: Callable[..., Any]) -> tuple[str, str, int, str]:
    """The text of a function, its file, its first line, its name."""
    name = getattr(function, "__name__", "function")
    if name == "<lambda>":
        raise NotationError("a lambda has no names for its values.", "Write def. Or let it run: sb.trace(function, *arrays).")
    if not (inspect.isroutine(function) or isinstance(function, type) or hasattr(function, "__wrapped__")):
        raise NotationError(
            f"{type(function).__name__} is an object, which is called and not read.",
            "Let it run: sb.trace(model, x); a loss by a module of PyTorch is sb.from_torch(model, x, loss=...), "
            "one of JAX sb.from_jax(loss, params, x, y).",
        )
    try:
        lines, first = inspect.getsourcelines(function)
        file = inspect.getsourcefile(function) or "<function>"
    except (OSError, TypeError):
        raise NotationError(
            f"the source of {name} cannot be found.",
            "Write the function in a file, or give its equations as text to read().",
        ) from None
    return "".join(lines), file, max(first, 1), name


def read_values(function: Callable[..., Any], given: Mapping[str, str | float] | None = None) -> Network:
    """The network of a function that returns values of any shape: one, or a tuple, list or dict of them, as gradients are.

    given   as for `read_function`, which says what is raised as well. What has no name is called by the function's name.
    """
    return _read(*_source(function), None, "auto", given or {}, beside(function), _values)


def read_file_function(path: Path, name: str | None, loss: str | None = None, gates: str = "auto") -> Network:
    """The network of a function in a Python file, which is not executed.

    name   the function; None: the only one, or the only one that is decorated with `network`.
    Raises NotationError where the file holds no such function.
    """
    text = decoded(path)
    file = str(path)
    try:
        module = ast.parse(text)
    except SyntaxError as error:
        line = error.lineno or 1
        text_line = (error.text or "").rstrip("\n")
        raise NotationError(f"this is not Python: {error.msg}.", "", Place(file, line, error.offset or 1, 1, text_line)) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise NotationError(f"the file cannot be read: {error or 'it is nested too deep'}.", "", Place(file)) from None
    body = module.body
    found = {node.name: node for node in body if isinstance(node, ast.FunctionDef)}
    if not name:
        marked = {n: f for n, f in found.items() if any("network" in ast.unparse(d) for d in f.decorator_list)}
        names = list(marked or found)
        if len(names) != 1:
            what = f"there are {len(names)} functions: {', '.join(names)}." if names else "there is no function."
            raise NotationError(
                what,
                f"Name one: {path.name}:{names[0]}." if names else "Write def, or equations in a text file.",
                Place(file),
            )
        name = names[0]
    if name not in found:
        if (found_of := _method(body, name)) is not None:
            owner, method = found_of
            run = f"{path.name}:model.{method.name} {in_the_shell(method, True, module)}"
            mend = f"Let the file make an object, model = {owner.name}(...), and run {run}."
            raise NotRead(f"{name} is a method, which is run and not read.", mend, Place(file))
        near = nearest(name, found)
        first = f"Name one: {path.name}:{next(iter(found))}." if found else ""
        raise NotationError(f"there is no function {name}.", f"Did you mean {near}?" if near else first, Place(file))
    node = found[name]
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[node.lineno - 1 : node.end_lineno]

    shapes = exampled(body, node)
    said = {argument: words(sizes) for argument, sizes in shapes.items()}

    def read(given: Mapping[str, str | float]) -> Network:
        around = beside_in_file(body, text, file)
        return _read("\n".join(lines), file, node.lineno, name, loss, gates, given, around, _loss, said=said)

    try:
        return read({})
    except NotationError as refused:
        bare = {one.arg: shapes[one.arg] for one in required(node) if one.annotation is None and one.arg in shapes}
        return or_run(_as_not_read(refused, node), in_the_shell(node, False, module), read, declarations(bare, node))


def _as_not_read(refused: NotationError, function: ast.FunctionDef) -> NotRead:
    """What can be run instead: code that is not read, or has no value where shapes were not said. Raises anything else again."""
    if isinstance(refused, NotRead):
        return refused
    declared = all(one.annotation is not None and not _says_nothing(one.annotation) for one in required(function))
    if declared or not isinstance(refused, NoValue):
        raise refused
    return NotRead(refused.fault, refused.mend, refused.place)


def _method(body: list[ast.stmt], name: str) -> tuple[ast.ClassDef, ast.FunctionDef] | None:
    """The class and the method that Model.loss names in a file, or model.loss of one of its objects; None where there is none."""
    owner, _, last = name.rpartition(".")
    classes = [node for node in body if isinstance(node, ast.ClassDef)]
    named = [node for node in classes if node.name == owner] or (classes if owner else [])
    return next(((node, f) for node in named for f in node.body if isinstance(f, ast.FunctionDef) and f.name == last), None)


@told_apart
def _read(
    text: str,
    file: str,
    first: int,
    name: str,
    loss: str | None,
    gates: str,
    given: Mapping[str, str | float],
    beside: Beside,
    name_returned: Callable[[Reader, ast.Return], str],
    numbers: Mapping[str, int | Sequence[int]] | None = None,
    said: Mapping[str, Sequence[str]] = MappingProxyType({}),
    called: Mapping[str, str] | None = None,
) -> Network:
    whole = textwrap.dedent(text)
    indent = len(text) - len(text.lstrip(" \t"))
    tree, source = parsed(whole, file, first, indent)
    function = tree.body[0] if tree.body else None
    if not isinstance(function, ast.FunctionDef):
        fault = f"{name} is not a plain function."
        raise NotRead(fault, "Write def with arguments and equations.", source.place(function) if function else None)
    reader = Reader(source, function=function.name, numbers=numbers, called=called)
    reader.evaluator.helpers, reader.literals, reader.outside = dict(beside.helpers), beside.numbers, beside.others
    is_text = any("network" in ast.unparse(one) for one in function.decorator_list)  # never called: words of the language
    reader.evaluator.sums_rows = beside.sums and not is_text
    reader.evaluator.inlined = lambda node, helper: inlined(reader, node, helper)
    body = function.body
    title = ast.get_docstring(function)
    if title is not None:
        body = body[1:]
    _foreseen(reader, function, given)
    _arguments(reader, function, given)
    reader.described = {**said, **described(function, (own for several in reader.entries.values() for own in several.values()))}
    body = prepared(reader, sized(reader, body), [one.arg for one in _all_arguments(function)])
    reader.foresee(body)
    with all_written_out(numbers is not None):
        own = _body(reader, function, body, name_returned)
    shown = "\n".join(whole.split("\n")[function.lineno - 1 :]).rstrip()
    first_line = title.strip().split("\n")[0] if title else None
    again = partial(_read, text, file, first, name, loss, gates, given, beside, name_returned, said=dict(said), called=called)
    return finished(reader, loss or own, gates, written_out=again, name=name, title=first_line, source=shown, origin="function")


def _body(
    reader: Reader, function: ast.FunctionDef, body: list[ast.stmt], name_returned: Callable[[Reader, ast.Return], str]
) -> str:
    """Read the equations; the name of what is returned, by what reads the return."""
    node = returned(reader, body)
    if node is None:
        raise reader.fault(function, f"{function.name} returns nothing.", "End it with return L.")
    return name_returned(reader, node)


def _loss(reader: Reader, statement: ast.Return) -> str:
    match statement.value:
        case None:
            raise reader.fault(statement, "a network returns one value, the loss.", "Write return L.")
        case ast.Tuple(elts=[first, *_]):  # the loss comes first, then what else the caller wants
            return name_loss(reader, first)
        case value:
            return name_loss(reader, value)


def _values(reader: Reader, statement: ast.Return) -> str:
    """Name what is returned: by the key of a dict (dW where W is taken), else after the function; the name of the last."""
    match statement.value:
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            wishes = [f"{reader.function}_{k}" for k in range(1, len(parts) + 1)] if len(parts) > 1 else [reader.function or "f"]
        case ast.Dict(keys=keys, values=parts):
            wishes = [key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else "" for key in keys]
        case None:
            parts, wishes = [], []
        case one:
            parts, wishes = [one], [reader.function or "f"]
    for part, wish in zip(parts, wishes, strict=True):
        value = reader.evaluator.value(part)
        if not isinstance(value, Tensor) or (value.name is None and not wish.isidentifier()):
            raise reader.fault(part, "what is returned is no array with a name.", "Return names.")
        if value.name is None:
            name = f"d{wish}" if reader.known(wish) else wish
            reader.fresh(part, name)
            reader.define(part, name, value)
    if not reader.outputs:
        raise reader.fault(statement, "nothing that was computed is returned.", "Return gradients.")
    return list(reader.outputs)[-1]


def _all_arguments(function: ast.FunctionDef) -> list[ast.arg]:
    return [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]


def _foreseen(reader: Reader, function: ast.FunctionDef, given: Mapping[str, str | float]) -> None:
    """Note which sizes of arguments stand with a number, h of h[l], and which letters count them: those that nothing else is."""
    declarations: list[ast.expr] = []
    for argument in _all_arguments(function):
        own = given.get(argument.arg)
        try:
            if isinstance(own, str):
                declarations.append(inside(argument, own, reader.source))
            elif argument.annotation is not None:
                declarations.append(unquoted(argument.annotation, reader.source))
        except NotationError:  # what is no declaration is said where it is read
            continue
    reader.steps.widths.foresee_stacks([one for one in declarations if is_kind(one)], function.body)


def _arguments(reader: Reader, function: ast.FunctionDef, given: Mapping[str, str | float]) -> None:
    """Declare the arguments: as given, by annotation, as a constant by a default, as a scalar parameter otherwise."""
    a = function.args
    for star in (a.vararg, a.kwarg):
        if star is not None:
            raise reader.evaluator.unread(star, "* before an argument is not in the language.", "Name each input.")
    several = [*a.posonlyargs, *a.args, *a.kwonlyargs]
    positional = [*a.posonlyargs, *a.args]
    padded = [None] * (len(positional) - len(a.defaults)) + list(a.defaults)
    defaults = [*padded, *a.kw_defaults]
    for argument, default in zip(several, defaults, strict=True):
        own = given.get(argument.arg)
        if isinstance(own, str):
            declared(reader, argument, argument.arg, inside(argument, own, reader.source), function.body)
            continue
        annotation = None if _says_nothing(argument.annotation) else argument.annotation
        number = isinstance(annotation, ast.Name) and annotation.id in PLAIN
        if annotation is None or number or own is not None:
            reader.fresh(argument, argument.arg)
        if own is not None:
            reader.define(argument, argument.arg, own)
            continue
        if annotation is not None and not number:
            if default is not None and not (isinstance(default, ast.Constant) and default.value is None):
                raise reader.fault(default, "a declared input has no default.", f"Write {argument.arg}=... alone for a constant.")
            declared(reader, argument, argument.arg, annotation, function.body)
        elif default is not None:
            value = reader.evaluator.value(default)
            if value is None or isinstance(value, bool | str):
                reader.remarks.append(f"{argument.arg} is {shown(value)}, as its default says.")
            reader.define(argument, argument.arg, value)
        elif not left_open(reader, argument, argument.arg, function.body, reader.evaluator.helpers):
            reader.scalar(argument, argument.arg)
            if number:
                reader.taken.discard(argument.arg)  # a person said that it is a number


def _says_nothing(annotation: ast.expr | None) -> bool:
    """Whether an annotation says what a thing is and no shape: Any, dict[str, np.ndarray]."""
    match annotation:
        case ast.Subscript(value=value):
            return _says_nothing(value)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in NOTHING
    return False
