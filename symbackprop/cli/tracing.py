"""--trace: a function of a file is run, because the command says so, on the arrays of an example."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from functools import partial
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from symbackprop.cli.shell import read_object
from symbackprop.core.choices import nearest
from symbackprop.core.errors import SymbackpropError
from symbackprop.core.machine.files import absent
from symbackprop.core.network import Network
from symbackprop.notation.errors import NotationError
from symbackprop.notation.run_instead import parts_read, saving
from symbackprop.notation.trace.faults import RaisedError, raised

OWN = "traced_"  # before the name of the file: its module is none that is there already


def traced(net: str, example: str, learnt: list[str] | None, loss: str | None, branches: str) -> Network:
    """The network of a function, which is run.

    net      the function, FILE.py:name; a method of an object that the file makes is FILE.py:model.loss.
    example  an .npz, .safetensors or .json file with an array for each argument: `params.W1` is an entry of a dict, `layers.0` of
             a list.
    learnt   names or paths of what is learnt; None: as for `symbackprop.trace`.
    loss     the key or the position of the loss in what the function returns.
    branches what `if` on what is learnt does, as for `symbackprop.trace`.

    Raises SymbackpropError where the file fails, or does not fit the example, and as `symbackprop.trace` does.
    """
    from symbackprop.verbs import trace

    path, colon, name = net.rpartition(":")
    path, name = (path, name.strip()) if colon and path.endswith(".py") else (net, "")
    if not path.endswith(".py"):
        raise SymbackpropError("--trace runs a function of yours: name it, FILE.py:loss")
    with _running(Path(path)) as module:
        function = _function(module, path, name)
        values = _example(example)
        parts = _parts(ast.parse(Path(path).read_bytes()), _required(function), values)
        lacks = [part for part in parts if not _holds(values, part)]
        given = _given(function, example, values, parts)
        key = int(loss) if loss is not None and loss.lstrip("-").isdigit() else loss
        try:
            return trace(given, wrt=learnt, loss=key, branches=branches)
        except RaisedError as fault:
            if not isinstance(fault.__cause__, KeyError) or not lacks:
                raise
            mend = f"The example lacks {', '.join(lacks)}; save it by {saving(parts)}."
            raise NotationError(f"{fault.fault}.", mend, fault.place) from None


@contextmanager
def _running(path: Path) -> Iterator[ModuleType]:
    """The module of a file, run; what it prints goes to standard error, and it imports what lies beside it."""
    if not path.is_file():
        raise NotationError(*absent(path))
    name = OWN + path.stem
    spec = spec_from_loader(name, SourceFileLoader(name, str(path)))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    folder, kept = str(path.parent.resolve()), sys.dont_write_bytecode
    sys.modules[name] = module  # dataclasses look for it there
    sys.path.insert(0, folder)
    sys.dont_write_bytecode = True
    try:
        with redirect_stdout(sys.stderr):
            _load(spec.loader, module, path)
            yield module
    finally:
        sys.dont_write_bytecode = kept
        sys.modules.pop(name, None)
        with suppress(ValueError):
            sys.path.remove(folder)


def _load(loader: Any, module: ModuleType, path: Path) -> None:
    try:
        loader.exec_module(module)
    except SystemExit:
        raise SymbackpropError(f'{path} ends the process; put what it runs under if __name__ == "__main__":') from None
    except Exception as fault:
        raise raised(str(path), fault) from None


def _function(module: Any, path: str, name: str) -> Any:
    """What a name of the file stands for: a function, or a method of an object."""
    own = [n for n, thing in vars(module).items() if inspect.isfunction(thing) and thing.__module__ == module.__name__]
    if not name:
        if len(own) != 1:
            raise SymbackpropError(f"{path}: there are {len(own)} functions; name one, {path}:{own[-1] if own else 'loss'}")
        name = own[0]
    found, owner, part = module, module, name
    for part in name.split("."):
        if not hasattr(found, part):
            near = nearest(part, own if found is module else dir(found))
            raise SymbackpropError(f"{path}: there is no {name} in it{f'; did you mean {near}?' if near else ''}")
        owner, found = found, getattr(found, part)
    function = found.function if isinstance(found, Network) else found
    if not callable(function) or isinstance(function, type):
        raise SymbackpropError(f"{path}: {name} is no function; name one, {path}:{own[-1] if own else 'loss'}")
    is_static = isinstance(owner, type) and isinstance(inspect.getattr_static(owner, part), staticmethod)
    if isinstance(owner, type) and inspect.isfunction(function) and not is_static:
        mend = f"make one in the file, model = {owner.__name__}(...), and name {path}:model.{part}"
        raise SymbackpropError(f"{path}: {name} needs an object; {mend}")
    return function


# -- the example ----------------------------------------------------------------------------------------------------------


def _given(function: Any, example: str, values: dict[str, Any], parts: list[str]) -> partial[Any]:
    """The function with its arguments.

    Raises SymbackpropError for an argument that the file lacks, and for what is no argument.
    """
    file = f"--trace {example}"
    called = getattr(function, "__name__", "the function")
    parameters = _named(function)
    open_ended = any(p.kind is p.VAR_KEYWORD for p in inspect.signature(function).parameters.values())
    missing = [n for n in _required(function) if n not in values]
    if missing:
        said = f"{file}: {called} is called with {', '.join(missing)} as well; save them by {saving(parts)}, or write JSON"
        of_dict, of_list = '"params.W1"', '"layers.0"'
        is_said = any("." in part for part in parts)
        raise SymbackpropError(said if is_said else f"{said}; an entry of a dict is {of_dict}, of a list {of_list}")
    unknown = [n for n in values if n not in parameters]
    if unknown and not open_ended:
        near = nearest(unknown[0], list(parameters))
        mend = f"did you mean {near}?" if near else f"its arguments are {', '.join(parameters)}"
        raise SymbackpropError(f"{file}: {called} has no argument {unknown[0]}; {mend}")
    by_place = [p for p in parameters.values() if p.kind is not p.KEYWORD_ONLY]
    last = max((k for k, p in enumerate(by_place) if p.name in values), default=-1)
    args = [values.pop(p.name, p.default) for p in by_place[: last + 1]]
    return partial(function, *args, **values)


def _named(function: Any) -> dict[str, inspect.Parameter]:
    """The arguments that have names."""
    parameters = inspect.signature(function).parameters
    return {n: p for n, p in parameters.items() if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)}


def _required(function: Any) -> list[str]:
    return [n for n, p in _named(function).items() if p.default is p.empty]


def _parts(file: ast.Module, names: Sequence[str], values: Mapping[str, Any]) -> list[str]:
    """What an example must hold of the arguments: the entries that it has of each, and those that the file reads by their keys."""
    parts: dict[str, None] = {}
    for name in names:
        read, held = parts_read(file, name), _leaves(name, values[name]) if name in values else []
        parts |= dict.fromkeys([*held, *(part for part in read if "." in part or not held)])
    return list(parts)


def _leaves(path: str, value: Any) -> list[str]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [leaf for key, part in inner for leaf in _leaves(f"{path}.{key}", part)] or [path]


def _holds(values: Any, part: str) -> bool:
    step, _, rest = part.partition(".")
    if isinstance(values, list) and step.isdigit() and int(step) < len(values):
        return not rest or _holds(values[int(step)], rest)
    return isinstance(values, dict) and step in values and (not rest or _holds(values[step], rest))


def _example(path: str) -> dict[str, Any]:
    """What the file holds for each argument: floats are arrays, also single ones; single whole numbers and texts are settings."""
    if path.lower().endswith(".json"):
        said = "an entry for each argument"
        return {name: _listed(_plain(value)) for name, value in read_object("--trace", path, said).items()}
    from symbackprop.training.storage import read_arrays

    tree: dict[str, Any] = {}
    for name, array in read_arrays(path, texts=True).items():
        *outer, last = name.split(".")
        at = tree
        for step in outer:
            at = at.setdefault(step, {})
            if not isinstance(at, dict):
                raise SymbackpropError(f"--trace {path}: {step} is an array, and {name} an entry of it; leave one of them out")
        if last in at:
            raise SymbackpropError(f"--trace {path}: {name} is an array, and holds others; leave one of them out")
        at[last] = array if array.ndim or array.dtype.kind == "f" else array.item()
    return {name: _listed(value) for name, value in tree.items()}


def _listed(value: Any) -> Any:
    """A dict whose keys are 0, 1, 2, ... as the list that it is."""
    if not isinstance(value, Mapping):
        return value
    parts = {key: _listed(inner) for key, inner in value.items()}
    places = [str(k) for k in range(len(parts))]
    return [parts[place] for place in places] if sorted(parts) == sorted(places) else parts


def _plain(value: Any) -> Any:
    """A value of JSON: numbers of one shape are an array, others a list; a float is an array without axes."""
    match value:
        case dict():
            return {key: _plain(inner) for key, inner in value.items()}
        case list():
            with suppress(ValueError):  # rows of several lengths
                array = np.array(value)
                if array.dtype.kind in "biuf" and array.size:
                    return array
            return [_plain(inner) for inner in value]
        case float():
            return np.array(value)
        case _:
            return value
