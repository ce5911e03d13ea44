"""The plan of many equal layers, grown out of those of few, is the plan of them all."""

from __future__ import annotations

import random
from typing import Any

import pytest

import symbackprop as sb
from symbackprop.backends.function import Compiled
from symbackprop.plan import layers, lengthened, schedule
from symbackprop.plan.handed import layout_of
from symbackprop.plan.lower import lowered
from symbackprop.plan.made import Plan
from symbackprop.plan.statements import Scalar, Window

KINDS = {  # what a layer declares of its own, by the number k, and its lines
    "dense": (["W{k}: parameter[h, h]", "b{k}: parameter[h]"], ["z = tanh(z @ W{k} + b{k})"]),
    "residual": (["W{k}: parameter[h, h]"], ["z = z + tanh(z @ W{k}) / 2"]),
    "narrow": (["W{k}: parameter[h, 3]", "V{k}: parameter[3, h]"], ["z = z + relu(z @ W{k}) @ V{k}"]),
    "normal": (["g{k}: parameter[h]", "b{k}: parameter[h]"], ["z = layer_norm(z, g{k}, b{k})"]),
    "before": (["W{k}: parameter[h, h]"], ["v = z", "z = tanh(z @ W{k}) + before / 3", "before = v"]),
    "number": (["s{k}: parameter", "W{k}: parameter[h, h]"], ["z = s{k} * sin(z @ W{k})"]),
    "softmax": (["W{k}: parameter[h, h]"], ["z = z + softmax(z @ W{k})"]),
    "shift": (["b{k}: parameter[h]"], ["z = relu(z + b{k})"]),
    "data": (["d{k}: data[h]"], ["z = tanh(z + d{k})"]),
    "x": (["W{k}: parameter[h, h]"], ["z = tanh(z @ W{k} + x)"]),
    "tied": ([], ["z = tanh(z @ S)"]),
    "told": (["W{k}: parameter[h, h]"], ["z = tanh(z @ W{k})", "M = M + sum(z**2)"]),
}


def text(kinds: list[str], order: str = "") -> str:
    """A network of layers, whose inputs are declared as they are read, or all of a letter together, or in any order."""
    declared = [line.format(k=k) for k, kind in enumerate(kinds) for line in KINDS[kind][0]]
    if order == "by letter":
        declared.sort(key=lambda line: line[0])
    elif order:
        random.Random(order).shuffle(declared)
    lines = [line.format(k=k) for k, kind in enumerate(kinds) for line in KINDS[kind][1]]
    start = ["z = x", "before = x", "M = sum(S**2)"]
    return "\n".join(["x: data[N, h]", "S: parameter[h, h]", *declared, *start, *lines, "L = M + sum(z**2)"])


def drawn(seed: int) -> str:
    """Some layers again and again, one or two others among them, at the ends or in the midst; or two stacks of them."""
    any_of = random.Random(seed)
    kinds: list[str] = []
    for _ in range(any_of.choice([1, 1, 1, 2])):
        period = any_of.choices([*KINDS], [1 if kind in ("tied", "told") else 9 for kind in KINDS], k=any_of.choice([1, 1, 1, 2]))
        turns = any_of.randint(74, 90)
        odd = {any_of.choice([0, 1, turns // 3, turns // 2, turns - 1]) for _ in range(any_of.choice([0, 1, 2]))}
        for turn in range(turns):
            kinds += [any_of.choice([*KINDS])] * (turn in odd) + period
    return text(kinds, any_of.choice(["", "", "by letter", "shuffled"]))


def both(function: Compiled, monkeypatch: pytest.MonkeyPatch) -> tuple[Plan, Plan | None]:
    """The plan by all equations, and the one that has grown, if any has."""
    grown: list[Any] = []
    monkeypatch.setattr(layers, "MANY", 70)
    monkeypatch.setattr(lengthened, "WORTH", 0.4)
    monkeypatch.setattr(schedule, "lengthened", lambda *given: grown.append(lengthened.lengthened(*given)) or grown[-1])
    one = schedule.plan(function.program, "L", function.gradients)
    monkeypatch.setattr(schedule, "lengthened", lambda *_: None)
    return schedule.plan(function.program, "L", function.gradients), one if grown[-1] else None


def told(plan: Plan) -> Any:
    """All that a plan says; buffers and numbers are called by when they come."""
    names: dict[tuple[type, str], int] = {}

    def known(kind: type, name: str) -> Any:
        return names.setdefault((kind, name), len(names)) if kind is Scalar or name.startswith(("work", "fixed")) else name

    def thing(x: Any) -> Any:
        match x:
            case Window(buffer):
                return (known(Window, buffer), x.offset, x.dims, x.moves)
            case Scalar(name):
                return known(Scalar, name)
            case tuple():
                return tuple(map(thing, x))
        return (type(x), *map(thing, vars(x).values())) if hasattr(x, "__dataclass_fields__") else x

    said = thing((plan.statements, plan.value))
    buffers = {known(Window, name): buffer for name, buffer in plan.buffers.items()}
    fixed = {known(Window, name): (array.dtype, array.tobytes()) for name, array in plan.fixed.items()}
    return said, buffers, fixed, plan.layout


@pytest.mark.slow
@pytest.mark.parametrize(("kinds", "order"), [("dense", "by letter"), ("narrow residual", "")])
def test_layers_grow(kinds: str, order: str, monkeypatch: pytest.MonkeyPatch) -> None:
    function = sb.compile(text([*kinds.split() * 72, "softmax"], order), {"N": 3, "h": 4})
    whole, grown = both(function, monkeypatch)
    assert grown is not None
    assert told(grown) == told(whole)


@pytest.mark.slow
@pytest.mark.parametrize("layer", ["tanh(h_{} @ W_{} + b_{})", "gelu(h_{} @ W_{} + b_{})", "h_{0} + gelu(h_{0} @ W_{1} + b_{2})"])
def test_of_128_layers_few_are_planned(layer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    declared = [f"W_{k}: parameter[d, d]\nb_{k}: parameter[d]" for k in range(128)]
    lines = [f"h_{k + 1} = {layer.format(k, k, k)}" for k in range(128)]
    function = sb.compile("\n".join(["h_0: data[d]", *declared, *lines, "L = sum(h_128**2)"]), {"d": 4})
    looked: list[int] = []
    monkeypatch.setattr(
        schedule, "lowered", lambda program, passes: looked.append(len(program.equations)) or lowered(program, passes)
    )
    schedule.plan(function.program, "L", function.gradients)
    assert 2 * sum(looked) < len(function.program.equations)


@pytest.mark.parametrize(
    "kinds",
    [["dense"] * 45 + ["shift"] + ["dense"] * 45, ["tied"] * 80],
    ids=["one is another", "one weight"],
)
def test_layers_that_are_not_alike_are_planned_one_by_one(kinds: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers, "MANY", 70)
    function = sb.compile(text(kinds), {"N": 3, "h": 4})
    found = layers.layers(function.program, function.gradients)
    assert found is None or found.but(20) is None


def test_layers_whose_parameters_stand_anywhere_are_planned_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers, "MANY", 70)
    for order, even in (("", True), ("by letter", True), ("any", False)):
        function = sb.compile(text(["dense"] * 74, order), {"N": 3, "h": 4})
        found = layers.layers(function.program, function.gradients)
        assert found is not None
        places = layout_of(function.program, function.gradients).parameters.places
        assert found.is_even({name: at for name, (at, _) in places.items()}) == even


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_random_layers_grow_or_are_planned_one_by_one(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, grown = both(sb.compile(drawn(seed), {"N": 3, "h": 2 + seed % 3}), monkeypatch)
    assert grown is None or told(grown) == told(whole)
