"""A compiled network as a file: its step in a style, and beside it `predict`, what it answers, for which no labels are needed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from symbackprop.backends.arguments import CompileError
from symbackprop.backends.dialect import NUMPY, Dialect
from symbackprop.backends.numpy.source import Writer, module, printable, with_helpers
from symbackprop.core.passes.simplify import without_dead
from symbackprop.core.program import Program
from symbackprop.plan.node import PlanError

if TYPE_CHECKING:
    from symbackprop.plan.schedule import Plan


class Compiled(Protocol):
    """What is written: its equations, the name of its value, those of its gradients, its numbers, its words."""

    program: Program
    value_name: str
    gradients: dict[str, str]
    dtype: str

    @property
    def dialect(self) -> Dialect: ...


def readable(compiled: Compiled, answer: str) -> str:
    """One function for the value and its gradients, one for the answer, a value of the forward part."""
    step = Writer(compiled.program, compiled.value_name, compiled.gradients, "value_and_grad", compiled.dialect)
    predict = Writer(compiled.program, answer, {}, "predict", compiled.dialect)
    parts = [step.text(), predict.text()]
    title = f"{step.title()}, and {printable(answer)}, by {compiled.dialect.title} alone."
    return module(title, compiled.dialect, parts, step.helpers | predict.helpers)


def layers(compiled: Compiled, answer: str | None) -> str:
    """A class for each layer. Raises SourceError where the value has axes, or something does not lead to it."""
    from symbackprop.backends.numpy.layered import layered

    forward = replace(compiled.program, equations=tuple(e for e in compiled.program.equations if e.step is None))
    parts, helpers = layered(forward, compiled.value_name, tuple(compiled.gradients), compiled.dialect)
    if answer is not None:
        predict = Writer(compiled.program, answer, {}, "predict", compiled.dialect)
        parts, helpers = [*parts, predict.text()], helpers | predict.helpers
    by = f"with respect to {', '.join(compiled.gradients)}, by {compiled.dialect.title} alone."
    return module(printable(f"The layers of {compiled.value_name}, and its gradients {by}"), compiled.dialect, parts, helpers)


def fast(compiled: Compiled, answer: str | None) -> str:
    """The bound step. Raises CompileError where there is no plan."""
    from symbackprop.backends.numpy import fast as bound
    from symbackprop.plan.schedule import plan

    try:
        found = plan(compiled.program, compiled.value_name, compiled.gradients)
        text = bound.source(found, compiled.dtype, compiled.value_name)
    except PlanError as fault:
        raise CompileError(f"this network has no fast style: {fault}; the readable source computes it") from None
    if answer is None:
        return text
    predict = Writer(compiled.program, answer, {}, "predict", NUMPY.of(compiled.dtype))
    return text + "".join(f"\n\n{part}\n" for part in with_helpers([predict.text()], predict.helpers, predict.dialect))


def in_c(compiled: Compiled, title: str, answer: str | None) -> str:
    """The step in C99, of the network that is called `title`. Raises CompileError where it has no C."""
    from symbackprop.backends.c.source import source
    from symbackprop.plan.schedule import plan

    program = compiled.program
    whole = compiled.value_name if program.shape(compiled.value_name) else ""
    try:
        step = plan(program, compiled.value_name, compiled.gradients)
        predict = None if answer is None else plan(_leading_to(compiled, answer, step), answer, {answer: answer})
        return source(step, compiled.dtype, title, whole, predict)
    except PlanError as fault:
        raise CompileError(f"this network has no C: {fault}; the NumPy source computes it") from None


def _leading_to(compiled: Compiled, answer: str, step: Plan) -> Program:
    """What leads to a value alone, with the parameters in the order in which a step has them."""
    tensors = compiled.program.tensors
    ordered = {name: tensors[name] for name in (*step.layout.parameters.places, *tensors)}
    return without_dead(replace(compiled.program, tensors=ordered), {answer})
