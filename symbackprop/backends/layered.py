"""A program as a class for each layer, with `forward` and `backward`, and a graph that calls them, as courses write it.

A layer computes a value that a person named, and what leads to it without a name. Its backward pass takes the gradient that comes
from above, and hands back those of what it read: the chain rule of that layer alone. The graph adds where a value has several
readers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from symbackprop.backends.dialect import Dialect
from symbackprop.backends.numpy import RESERVED, Names, Writer, printable, quoted
from symbackprop.backends.numpy_body import SourceError
from symbackprop.backends.numpy_helpers import helper_source
from symbackprop.core.chain_rule import on_path
from symbackprop.core.differentiate import differentiate
from symbackprop.core.loops import without_loops
from symbackprop.core.program import Equation, Program, Signature
from symbackprop.core.simplify import without_dead


@dataclass(frozen=True)
class Layer:
    """One layer: the lines of its class, and what the graph hands it.

    target     the value that it computes.
    name       of the class.
    takes      the tensors that `forward` takes, in order.
    hands      the tensors whose gradients `backward` hands back, in order.
    """

    target: str
    name: str
    lines: tuple[str, ...]
    takes: tuple[str, ...]
    hands: tuple[str, ...]
    helpers: frozenset[str]


def layered(program: Program, of: str, wrt: Sequence[str], dialect: Dialect) -> str:
    """The source of the layers of a program, of a graph of them, and of `value_and_grad`, which runs it.

    program  the forward equations; `of` is a number.
    wrt      what the gradients are by.
    Raises LoopError for a loop, SourceError where `of` has axes, or a tensor of `wrt` does not lead to it.
    """
    without_loops(program, "a class for each layer")
    if program.shape(of):
        raise SourceError(f"{of} has axes, and layers hand back the gradients of a number; compile a loss of it")
    program = without_dead(program, {of})
    needed = on_path(program, of, set(wrt))
    for w in wrt:
        if w not in needed:
            raise SourceError(f"{w} does not lead to {of}, so that no layer hands its gradient back; leave it out of wrt")
    layers = [_layer(program, group, needed, dialect) for group in _groups(program)]
    helpers = [helper_source(name, dialect) for name in sorted(frozenset[str]().union(*(layer.helpers for layer in layers)))]
    classes = ["\n".join(layer.lines) for layer in layers]
    parts = [*helpers, *classes, *_graph(program, of, wrt, layers)]
    title = printable(f"The layers of {of}, and its gradients with respect to {', '.join(wrt)}")
    title = f'"""{title}, by {dialect.title} alone."""'
    return "\n\n".join([title, "\n".join(dialect.imports)]) + "".join(f"\n\n\n{part}" for part in parts) + "\n"


def _groups(program: Program) -> list[list[Equation]]:
    """The equations of each layer: what has no name and one reader belongs to the layer of that reader."""
    readers: dict[str, list[str]] = {}
    for e in program.equations:
        for name in dict.fromkeys(r.name for r in e.operands):
            readers.setdefault(name, []).append(e.target.name)
    home: dict[str, str] = {}
    for e in reversed(program.equations):
        name = e.target.name
        alone = not program.tensors[name].named and len(readers.get(name, ())) == 1
        home[name] = home[readers[name][0]] if alone else name
    groups: dict[str, list[Equation]] = {}
    for e in program.equations:
        groups.setdefault(home[e.target.name], []).append(e)
    return sorted(groups.values(), key=lambda group: program.equations.index(group[-1]))


def _layer(program: Program, group: Sequence[Equation], needed: set[str], dialect: Dialect) -> Layer:
    """The class of one layer."""
    target, inside = group[-1].target.name, {e.target.name for e in group}
    reads = dict.fromkeys(r.name for e in group for r in e.operands if r.name not in inside)
    tensors = {name: _given(program.tensors[name]) for name in (*reads, *(t.name for t in program.inputs))}
    tensors |= {name: program.tensors[name] for name in inside}
    own = Program(tensors, tuple(group), (target,), program.conditions)
    hands = tuple(name for name in reads if name in needed and target in needed)
    forward = Writer(own, target, {}, "forward", dialect)
    computed = forward.statements()
    above = next(name for name in ("above", "above_it", "what_is_above") if name not in {*tensors, *map(str, program.sizes())})
    back, handed = None, list[str]()
    if hands:
        derived = differentiate(own, target, hands, upstream=above)
        then = tuple(e for e in derived.program.equations if e.step is not None)
        known = {name: _given(tensor) if name in inside else tensor for name, tensor in derived.program.tensors.items()}
        swept = Program(known, then, derived.program.outputs, program.conditions)
        back = Writer(swept, None, {w: derived.gradient(w) for w in hands}, "backward", dialect)
        handed = back.statements()
    kept = [t.name for t in back.arguments if t.name != above] if back else []
    takes = tuple(dict.fromkeys([*(t.name for t in forward.arguments), *(name for name in kept if name not in inside)]))
    name = f"Layer_{forward.identifier[target]}"
    about = printable(f"{target} of {', '.join(reads)}" if reads else target)
    lines = [f"class {name}:", f'    """{about}."""', ""]
    lines += _method("forward", [forward.identifier[name] for name in takes], [
        *computed, *([f"self.kept = {_row(forward.identifier[name] for name in kept)}"] if kept else []),
        f"return {forward.identifier[target]}",
    ])  # fmt: skip
    if back:
        results = [back.identifier[name] for name in back.outputs.values()]
        took = [f"{_row(back.identifier[name] for name in kept)} = self.kept"] if kept else []
        returned = f"return {', '.join(results)}"
        lines += ["", *_method("backward", [back.identifier[above]], [*took, *handed, returned])]
    return Layer(target, name, tuple(lines), takes, hands, frozenset(forward.helpers | (back.helpers if back else set())))


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
    own |= {layer.target: names.fresh(layer.target) for layer in layers}
    slope = {name: names.fresh(f"d{identifier}") for name, identifier in own.items()}
    taken = [t.name for t in program.inputs if any(t.name in layer.takes for layer in layers)]
    forward = [f"{own[x.target]} = self.{own[x.target]}.forward({', '.join(own[n] for n in x.takes)})" for x in layers]
    seen: dict[str, int] = {of: 1}
    backward = [f"{slope[of]} = 1.0"]
    for layer in reversed(layers):
        if not layer.hands:
            continue
        parts = [slope[n] if n not in seen else names.fresh(f"{slope[n]}_via_{own[layer.target]}") for n in layer.hands]
        backward.append(f"{', '.join(parts)} = self.{own[layer.target]}.backward({slope[layer.target]})")
        backward += [f"{slope[n]} = {slope[n]} + {part}" for n, part in zip(layer.hands, parts, strict=True) if n in seen]
        seen |= dict.fromkeys(layer.hands, 1)
    results = ", ".join(f"{quoted(w)}: {slope[w]}" for w in wrt)
    arguments = [own[name] for name in taken]
    lines = [
        "class Graph:", f'    """{printable(of)}, a layer at a time."""', "",
        *_method("__init__", [], [f"self.{own[x.target]} = {x.name}()" for x in layers]), "",
        *_method("forward", arguments, [*forward, f"return {own[of]}"]), "",
        *_method("backward", [], [*backward, f"return {{{results}}}"]),
    ]  # fmt: skip
    run = [
        f"def value_and_grad({', '.join(arguments)}):", f'    """{printable(of)}, and a dictionary of its gradients."""',
        "    graph = Graph()", f"    value = graph.forward({', '.join(arguments)})", "    return value, graph.backward()",
    ]  # fmt: skip
    return ["\n".join(lines), "\n".join(run)]
