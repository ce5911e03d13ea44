"""An expression of torch, held against torch: its value and its gradients by autograd, read as text and in a module."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np

import symbackprop as sb
from symbackprop.evaluate import tape
from tests.words.walking import POINT, POSITIONS, SYMMETRIC, weights

_RNG = np.random.default_rng(9)
FURTHER = {
    "M4": (_RNG.uniform(size=(3, 4)) > 0.5) * 1.0, "s5": np.sign(_RNG.normal(size=5)), "h4": _RNG.uniform(0.5, 2, 4),
    "v2": _RNG.normal(size=2), "w4": _RNG.normal(size=4), "b4": _RNG.normal(size=4), "W1d": _RNG.normal(size=(2, 3, 2)),
    "W2d": _RNG.normal(size=(2, 2, 2, 2)), "T42": _RNG.normal(size=(2, 4, 4)),
}  # fmt: skip
DATA = ("M4", "s5", "h4")  # which torch does not differentiate by
FLOATS = POINT | FURTHER


def used(expression: str) -> list[str]:
    """The arrays that an expression names."""
    words = set(re.findall(r"(?<![\w.'])([A-Za-z]\w*)(?!\w*['(=])", expression))
    return [name for name in (*FLOATS, *POSITIONS) if name in words]


class Walked:
    """An expression, as torch computes it with doubles."""

    def __init__(self, expression: str, torch: Any) -> None:
        self.expression, self.torch, self.names = expression, torch, used(expression)
        self.space = {"torch": torch, "nn": torch.nn, "F": torch.nn.functional}
        at = {name: self.leaf(name) for name in self.names}
        found = eval(expression, {**self.space, **at})
        self.weights = weights(tuple(found.shape))
        loss = (torch.tensor(self.weights) * found).sum()
        loss.backward()
        self.value = float(loss)
        self.slopes = {
            name: np.zeros(leaf.shape) if leaf.grad is None else leaf.grad.numpy()
            for name, leaf in at.items() if name in FLOATS and name not in DATA
        }  # fmt: skip

    def leaf(self, name: str) -> Any:
        """An array as a tensor of torch."""
        if name in POSITIONS:
            return self.torch.tensor(POSITIONS[name])
        return self.torch.tensor(FLOATS[name], requires_grad=name not in DATA)

    def difference(self, network: Any, at: dict[str, Any], called: Callable[[str], str]) -> str:
        """In which way a network is not what torch computes; "" where it is."""
        derivation = sb.derive(network, [called(name) for name in self.slopes])
        inputs = {tensor.name for tensor in derivation.program.inputs}
        found = tape.forward(derivation.program, {**network.example, **{n: a for n, a in at.items() if n in inputs}})
        ours = float(found[network.loss])
        if not abs(ours - self.value) <= 1e-9 * max(1, abs(self.value)):
            return f"the value is {ours}, torch's is {self.value}"
        for name, slope in self.slopes.items():
            mine = found[derivation.gradient(called(name))]
            if name in SYMMETRIC:
                mine, slope = (mine + mine.T) / 2, (slope + slope.T) / 2
            if not np.max(np.abs(mine - slope)) <= 1e-7 * max(1, np.max(np.abs(slope))):
                return f"the gradient by {name} is {mine}, torch's is {slope}"
        return ""


def as_text(expression: str, torch: Any) -> str:
    """How what the language reads differs from torch. Raises NotationError where it is refused."""
    walked = Walked(expression, torch)
    bounds = {"i": 5 if "x" in walked.names else 3, "J": 3, "t": 4}
    declared = []
    for name in walked.names:
        array = FLOATS[name] if name in FLOATS else POSITIONS[name]
        sizes = ", ".join(map(str, array.shape))
        kind = "data" if name in DATA else "parameter"
        declared.append(f"{name}: {kind}[{sizes}]" if name in FLOATS else f"{name}: integers[{sizes}, {bounds[name]}]")
    shape = ", ".join(map(str, walked.weights.shape)) or "()"
    network = sb.read("\n".join([*declared, f"G_: data[{shape}]", f"L_ = sum(G_ * ({expression}))"]))
    at = {name: FLOATS[name] if name in FLOATS else POSITIONS[name] for name in walked.names}
    return walked.difference(network, {**at, "G_": walked.weights}, lambda name: name)


def as_module(expression: str, torch: Any) -> str:
    """The same of a module that torch writes down."""
    walked = Walked(expression, torch)
    space: dict[str, Any] = dict(walked.space)
    others = [name for name in walked.names if name not in walked.slopes]
    own = "".join(f"        {name} = self.{name}_p\n" for name in walked.slopes)
    source = f"def forward(self, {', '.join([*others, 'G_'])}):\n{own.replace('        ', '    ')}    return (G_ * ({expression})).sum()\n"
    exec(source, space)
    kind = type("Walk", (torch.nn.Module,), {"forward": space["forward"]})
    module = kind()
    for name in walked.slopes:
        module.register_parameter(f"{name}_p", torch.nn.Parameter(torch.tensor(FLOATS[name])))
    inputs = [walked.leaf(name) for name in others]
    network = sb.from_torch(module, *inputs, torch.tensor(walked.weights), loss=lambda out: out)
    return walked.difference(network, {}, lambda name: f"{name}_p")


DOORS = {"text": as_text, "module": as_module}
