"""A program as a class for each layer, with `forward` and `backward`, and a graph that calls them, as courses write it.

A layer computes a value that a person named, and what leads to it without a name; a loop is one layer, whose values are those that
others read. Its backward pass takes the gradients that come from above, and hands back those of what it read: the chain rule of
that layer alone. The graph adds where a value has several readers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import sympy as sp

from symbackprop.backends.dialect import Dialect
from symbackprop.backends.numpy.body import SourceError
from symbackprop.backends.numpy.source import RESERVED, Names, Writer, printable, quoted
from symbackprop.core.chain_rule import on_path
from symbackprop.core.differentiate import differentiate
from symbackprop.core.loops import equations_of, has_loops, schedule
from symbackprop.core.passes.simplify import simplify, without_dead
from symbackprop.core.program import Equation, Program, Ref, Signature, Sum, slot

BOTH = "all values of a layer, times what comes from above"


@dataclass(frozen=True)
class Layer:
    """One layer: the lines of its class, and what the graph hands it.

    targets    the values that it computes.
    name       of the class.
    takes      the tensors that `forward` takes, in order.
    above      those of the targets whose gradients `backward` takes, in order.
    hands      the tensors whose gradients `backward` hands back, in order.
    """

    targets: tuple[str, ...]
    name: str
    lines: tuple[str, ...]
    takes: tuple[str, ...]
    above: tuple[str, ...]
    hands: tuple[str, ...]
    helpers: frozenset[str]


def layered(program: Program, of: str, wrt: Sequence[str], dialect: Dialect) -> tuple[list[str], frozenset[str]]:
    """The layers of a program, a graph of them, and `value_and_grad`, which runs it, as source; and the helpers that they call.

    program  the forward equations; `of` is a number.
    wrt      what the gradients are by.
    Raises SourceError where `of` has axes, or a tensor of `wrt` does not lead to it.
    """
    if program.shape(of):
        raise SourceError(f"{of} has axes, and layers hand back the gradients of a number; compile a loss of it")
    program = without_dead(program, {of})
    needed = on_path(program, of, set(wrt))
    for w in wrt:
        if w not in needed:
            raise SourceError(f"{w} does not lead to {of}, so that no layer hands its gradient back; leave it out of wrt")
    layers = [_layer(program, group, targets, needed, dialect) for group, targets in _groups(program, of)]
    parts = ["\n".join(layer.lines) for layer in layers] + _graph(program, of, wrt, layers)
    return parts, frozenset[str]().union(*(layer.helpers for layer in layers))


def _groups(program: Program, of: str) -> list[tuple[list[Equation], tuple[str, ...]]]:
    """The equations of each layer, and what others read of it: what has no name and one reader belongs to that reader's layer."""
    items = schedule(program)
    own = {e.target.name: k for k, item in enumerate(items) for e in equations_of(item)}
    readers: dict[str, list[str]] = {}
    for e in program.equations:
        for name in dict.fromkeys(r.name for r in e.operands):
            readers.setdefault(name, []).append(e.target.name)
    home: dict[int, int] = {}
    for k, item in reversed(list(enumerate(items))):
        names = [e.target.name for e in equations_of(item)]
        named = len(names) > 1 or program.tensors[names[0]].named or names[0] == of
        above = {home[own[r]] for name in names for r in readers.get(name, ()) if own[r] != k}
        home[k] = k if named or len(above) != 1 or len(readers[names[0]]) > 1 else above.pop()
    groups: dict[int, list[Equation]] = {}
    for k, item in enumerate(items):
        groups.setdefault(home[k], []).extend(sorted(equations_of(item), key=program.equations.index))
    found = []
    for k, group in sorted(groups.items()):
        read = (e.target.name for e in group)
        outside = [n for n in read if n == of or any(home[own[r]] != k for r in readers.get(n, ()))]
        found.append((group, tuple(outside)))
    return found


def _layer(program: Program, group: Sequence[Equation], targets: Sequence[str], needed: set[str], dialect: Dialect) -> Layer:
    """The class of one layer."""
    inside = dict.fromkeys(e.target.name for e in group)  # in their order, of which the file is made
    reads = dict.fromkeys(r.name for e in group for r in e.operands if r.name not in inside)
    tensors = {name: _given(program.tensors[name]) for name in (*reads, *(t.name for t in program.inputs))}
    tensors |= {name: program.tensors[name] for name in inside}
    own = Program(tensors, tuple(group), tuple(targets), program.conditions)
    from_above = tuple(name for name in targets if name in needed)
    hands = tuple(name for name in reads if name in needed and from_above)
    taken = Names({*tensors, *map(str, program.sizes())})
    above = {name: taken.fresh("above" if len(from_above) == 1 else f"above_{name}") for name in from_above}
    back, handed = None, list[str]()
    if hands:
        swept, gradients = _swept(own, above, hands)
        back = Writer(swept, None, gradients, "backward", dialect)
        handed = back.statements()
    kept = [t.name for t in back.arguments if t.name not in above.values()] if back else []
    results = {name: name for name in (*targets, *kept) if name in inside}
    single = len(targets) == 1 and not has_loops(own)
    forward = Writer(own, targets[0], {} if single else results, "forward", dialect)
    computed = forward.statements()
    takes = tuple(dict.fromkeys([*(t.name for t in forward.arguments), *(name for name in kept if name not in inside)]))
    name = f"Layer_{'_'.join(forward.identifier[target] for target in targets)}"
    about = printable(f"{', '.join(targets)} of {', '.join(reads)}" if reads else ", ".join(targets))
    lines = [f"class {name}:", f'    """{about}."""', ""]
    lines += _method("forward", [forward.identifier[name] for name in takes], [
        *computed, *([f"self.kept = {_row(forward.identifier[name] for name in kept)}"] if kept else []),
        f"return {', '.join(forward.identifier[target] for target in targets)}",
    ])  # fmt: skip
    if back:
        returns = [back.identifier[name] for name in back.outputs.values()]
        took = [f"{_row(back.identifier[name] for name in kept)} = self.kept"] if kept else []
        returned = f"return {', '.join(returns)}"
        lines += ["", *_method("backward", [back.identifier[a] for a in above.values()], [*took, *handed, returned])]
    helpers = frozenset(forward.helpers | (back.helpers if back else set()))
    return Layer(tuple(targets), name, tuple(lines), takes, from_above, hands, helpers)


def _swept(own: Program, above: Mapping[str, str], hands: Sequence[str]) -> tuple[Program, dict[str, str]]:
    """The backward equations of a layer, and what each gradient is called there.

    above   what the gradient of each target from above is called.
    """
    inside = {e.target.name for e in own.equations}
    if len(above) == 1:
        (of,) = above
        derived = differentiate(own, of, hands, upstream=above[of])
    else:
        derived = differentiate(_weighed(own, above), BOTH, hands)
    then = tuple(e for e in derived.program.equations if e.step is not None)
    known = {name: _given(t) if name in inside else t for name, t in derived.program.tensors.items()}
    known = {n: replace(t, role=replace(t.role, upstream="above")) if t.role else t for n, t in known.items() if n != BOTH}
    swept = Program(known, then, derived.program.outputs, own.conditions)
    gradients = {w: derived.gradient(w) for w in hands}
    plain = len(above) == 1 and not has_loops(own)
    return swept if plain else simplify(swept, gradients.values()), gradients


def _weighed(own: Program, above: Mapping[str, str]) -> Program:
    """The program with one number whose gradients are those of several values, each times what comes from above, as BOTH."""
    tensors, equations, parts = dict(own.tensors), list(own.equations), list[str]()
    for name, slope in above.items():
        shape = tensors[name].shape
        index = tuple(f"x{k}" for k in range(len(shape)))
        parts.append(f"{name} times {slope}")
        tensors |= {slope: Signature(slope, shape, "data"), parts[-1]: Signature(parts[-1], named=False)}
        product = Sum(slot(0) * slot(1), (slot(0), slot(1)), tuple(zip(index, shape, strict=True)))
        equations.append(Equation(Ref(parts[-1]), product, (Ref(slope, index), Ref(name, index))))
    slots = tuple(map(slot, range(len(parts))))
    equations.append(Equation(Ref(BOTH), Sum(sp.Add(*slots), slots), tuple(map(Ref, parts))))
    return Program({**tensors, BOTH: Signature(BOTH, named=False)}, tuple(equations), (BOTH,), own.conditions)


def _given(tensor: Signature) -> Signature:
    """A tensor as the input of a layer."""
    return replace(tensor, kind="data", role=None) if tensor.kind == "value" else tensor


def _method(name: str, arguments: Sequence[str], body: Sequence[str]) -> list[str]:
    lines = [line for k, line in enumerate(body) if line or (k and body[k - 1])]
    return [f"    def {name}({', '.join(['self', *arguments])}):", *(f"        {line}" if line else "" for line in lines)]


def _row(names: Iterable[str]) -> str:
    found = list(names)
    return f"{', '.join(found)}{',' if len(found) == 1 else ''}"


def _graph(program: Program, of: str, wrt: Sequence[str], layers: Sequence[Layer]) -> list[str]:
    """The class that calls the layers, and the function that runs it."""
    names = Names(RESERVED | {"Graph", "graph"})
    own = {t.name: names.fresh(t.name) for t in program.inputs}
    own |= {target: names.fresh(target) for layer in layers for target in layer.targets}
    called = {layer.name: "_".join(own[target] for target in layer.targets) for layer in layers}
    slope = {name: names.fresh(f"d{identifier}") for name, identifier in own.items()}
    taken = [t.name for t in program.inputs if any(t.name in layer.takes for layer in layers)]
    forward = []
    for x in layers:
        results = ", ".join(own[target] for target in x.targets)
        forward.append(f"{results} = self.{called[x.name]}.forward({', '.join(own[n] for n in x.takes)})")
    seen: dict[str, int] = {of: 1}
    backward = [f"{slope[of]} = 1.0"]
    for layer in reversed(layers):
        if not layer.hands:
            continue
        parts = [slope[n] if n not in seen else names.fresh(f"{slope[n]}_via_{called[layer.name]}") for n in layer.hands]
        from_above = ", ".join(slope[target] for target in layer.above)
        backward.append(f"{', '.join(parts)} = self.{called[layer.name]}.backward({from_above})")
        backward += [f"{slope[n]} = {slope[n]} + {part}" for n, part in zip(layer.hands, parts, strict=True) if n in seen]
        seen |= dict.fromkeys(layer.hands, 1)
    results = ", ".join(f"{quoted(w)}: {slope[w]}" for w in wrt)
    arguments = [own[name] for name in taken]
    lines = [
        "class Graph:", f'    """{printable(of)}, a layer at a time."""', "",
        *_method("__init__", [], [f"self.{called[x.name]} = {x.name}()" for x in layers]), "",
        *_method("forward", arguments, [*forward, f"return {own[of]}"]), "",
        *_method("backward", [], [*backward, f"return {{{results}}}"]),
    ]  # fmt: skip
    run = [
        f"def value_and_grad({', '.join(arguments)}):", f'    """{printable(of)}, and a dictionary of its gradients."""',
        "    graph = Graph()", f"    value = graph.forward({', '.join(arguments)})", "    return value, graph.backward()",
    ]  # fmt: skip
    return ["\n".join(lines), "\n".join(run)]
