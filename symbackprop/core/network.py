"""A network as it was written: the program with what a reader wants to know of where it came from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from symbackprop.core.program import Program
from symbackprop.core.result import Result

LISTED = 6  # names that one line of text mentions


class Shows(Protocol):
    """What shows a network to a person."""

    def network(self, network: Network) -> str | None:
        """Its equations as a piece of a page; None where nothing of it can be derived."""
        ...

    def network_latex(self, network: Network) -> str | None:
        """Its equations as LaTeX, aligned."""
        ...


@dataclass(frozen=True, repr=False)
class Network(Result):
    """A forward program and its loss.

    program   the equations, as lowering makes them of what was written.
    loss      the name of the tensor that is differentiated: the last scalar, unless another was named.
    name      what to call it: the name of the file or function, or "network".
    title     the first comment, or the docstring; None where there is none.
    source    the text as written; None where there is none.
    origin    "text", "latex", "function", "trace", "tensors", "sympy", or the library of a model: "torch", "onnx".
    gates     whether an expression is one equation ("whole"), each operation is one ("elementary"), or "auto".
    aliases   further names of a tensor -> the name that the program has for it.
    lines     the name of a tensor -> the line and column, from 1, where it is written.
    code      the name of a tensor -> the line of a traced function that made it.
    notes     what a person should know, such as a declared tensor that nothing reads.
    apart     the units that were taken apart into their operations, and `together` those that were put together: "softmax".
    function  the Python function that it was read from; None where there is none, and where the network was pickled.
    outputs   the named tensors as they were written, and `declared` the inputs: what other gates are lowered from.
    example   arrays by input that the network was made with, where it was traced or is a model; a check and a picture start there.
    written_out  reads the same network with numbers for its sizes, `numbers=`, every loop written out; None where it cannot be.
    widths    the sizes that differ from step to step of a loop, h of h[l], each with the number of the last, n of h[n]; such a
              network is derived with one width, and `written_out` takes them as a list: numbers={"n": 2, "h": [4, 5, 3]}.
    paths     what a model of another library calls its arrays, by the name of the input: {"W_fc": "fc.weight"}; of a traced one,
              where it has them: {"W1": "params[0]"}.
    """

    program: Program
    loss: str
    name: str = "network"
    title: str | None = None
    source: str | None = None
    origin: str = "tensors"
    gates: str = "auto"
    aliases: Mapping[str, str] = field(default_factory=dict)
    lines: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    code: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()
    together: tuple[str, ...] = ()
    function: Callable[..., Any] | None = field(default=None, compare=False)
    outputs: Mapping[str, Any] = field(default_factory=dict, compare=False)
    declared: tuple[Any, ...] = field(default=(), compare=False)
    example: Mapping[str, Any] = field(default_factory=dict, compare=False)
    written_out: Callable[..., Network] | None = field(default=None, compare=False)
    widths: Mapping[str, Any] = field(default_factory=dict, compare=False)
    paths: Mapping[str, str] = field(default_factory=dict, compare=False)
    presenter: ClassVar[Shows | None] = None  # what shows networks stands far above them, and is handed in

    @property
    def point(self) -> Mapping[str, Any] | None:
        """The example, where it has an array for every input; what holds the weights of a model alone is no point."""
        return self.example if self.example and all(t.name in self.example for t in self.program.inputs) else None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "function": None}  # where pickle looks for a decorated function, the network is found

    def __copy__(self) -> Network:
        return self  # nothing changes a network

    def __deepcopy__(self, memo: dict[int, Any]) -> Network:
        return self

    def _repr_html_(self) -> str | None:
        return self.presenter.network(self) if self.presenter else None

    def _repr_latex_(self) -> str | None:
        found = self.presenter.network_latex(self) if self.presenter else None
        return f"$\\displaystyle {found}$" if found else None

    def __str__(self) -> str:
        return str(self.program)

    def __repr__(self) -> str:
        count = len(self.program.equations)
        inputs = listed(t.name for t in self.program.inputs) or "numbers"
        return f"<Network {self.name}: {self.loss} of {inputs}, {count} equation{'s' * (count != 1)}>"


def listed(names: Iterable[str]) -> str:
    """Names in one short line, the last of many left out."""
    known = list(names)
    return ", ".join(known[:LISTED]) + (", ..." if len(known) > LISTED else "")
