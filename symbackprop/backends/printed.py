"""A plan printed by the backend that was asked for."""

from __future__ import annotations

from symbackprop.backends.c.source import source
from symbackprop.backends.code import Code
from symbackprop.backends.numpy.step import step
from symbackprop.plan.schedule import Plan


def code_of(plan: Plan, dtype: str, backend: str = "numpy") -> Code:
    """A plan printed for "numpy" or "c". Raises PlanError for what has no C."""
    return Code(plan.layout, "c", source(plan, dtype), quiet=True) if backend == "c" else step(plan)
