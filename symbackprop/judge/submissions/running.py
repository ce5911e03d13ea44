"""A submission of Python, run shut in and judged outside: which of its functions is the gradient of what, and whether it is right.

gradient(W_1, x, ...)   also gradients or backward: the parameters are tensors of the network by name. It returns what is asked for,
                        in a dict by name, or in a tuple in the order of the network; or one array, where one is asked for.
grad_W_1(...)           also dW_1, d_W_1, ...: the gradient by one tensor. Where there is none of the former.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from inspect import Parameter, Signature
from pathlib import Path
from typing import Any

import numpy as np

from symbackprop.core.network import Network
from symbackprop.judge.functions.called import Taker, verify_called
from symbackprop.judge.functions.calls import CallFailed
from symbackprop.judge.sides.goals import PREFIXES
from symbackprop.judge.submissions.sandbox import Limits, Sandbox, SubmissionFailed
from symbackprop.judge.verdicts.verdict import Verification

TOGETHER = ("gradient", "gradients", "backward")
ALONE = tuple(prefix for prefix in PREFIXES if prefix)


class Function:
    """A function of a submission: called here, it runs there."""

    def __init__(self, sandbox: Sandbox, name: str, asked: Sequence[str]) -> None:
        self.sandbox, self.__name__, self.asked = sandbox, name, asked
        self.__signature__ = Signature(
            [Parameter(p, Parameter.KEYWORD_ONLY, default=None if free else Parameter.empty) for p, free in sandbox.functions[name]]
        )

    def __call__(self, **tensors: Any) -> Any:
        told = self.sandbox.call(self.__name__, {name: np.asarray(value).tolist() for name, value in tensors.items()})
        match told:
            case {"by name": dict(found)}:
                return {_wanted(str(key), self.asked): _array(value) for key, value in found.items()}
            case {"in order": list(found)}:
                return tuple(_array(value) for value in found)
            case _:
                return _array(told)


class Away(Taker):
    """A function that is called in a process of its own."""

    def called(self, *args: Any, **named: Any) -> Any:
        try:
            return self.function(*args, **named)
        except SubmissionFailed as failed:
            raise CallFailed(f"{self.name}: {failed}") from None


def verify_run(
    network: Network, source: str, asked: Sequence[str], of: str | None, allow: Sequence[str], sizes: Mapping[str, int],
    limits: Limits, hidden: Sequence[Path],
) -> tuple[Verification, tuple[str, ...]]:  # fmt: skip
    """The verdicts on what a file of Python computes, and what kept it in.

    source   the text of the file.
    asked    the tensors by which gradients are asked for.
    hidden   folders that it does not see.

    Raises SubmissionFailed where it does not come to be asked, or has no function to ask; SymbackpropError as verify_called does.
    """
    with Sandbox(source, limits, hidden) as sandbox:
        found = []
        for name, wanted in _functions(sandbox.functions, asked):
            verdict = verify_called(network, wanted, Function(sandbox, name, wanted), of, allow, sizes, Away)
            found += verdict.claims
        if not found:
            mend = f"define gradient(...), which returns {{{', '.join(f'{name!r}: ...' for name in asked)}}}"
            raise SubmissionFailed(f"it defines no gradient; {mend}")
        return Verification(tuple(found), title=network.title or network.name), sandbox.walls


def _functions(there: Mapping[str, Any], asked: Sequence[str]) -> list[tuple[str, list[str]]]:
    """The functions that are judged, and what each is the gradient by."""
    for name in TOGETHER:
        if name in there:
            return [(name, list(asked))]
    alone = [(next((f for f in there if _spells(f, tensor, ALONE)), None), [tensor]) for tensor in asked]
    return [(name, wanted) for name, wanted in alone if name is not None]


def _wanted(key: str, asked: Sequence[str]) -> str:
    """The tensor that a key such as dW1 names, or the key."""
    return next((name for name in asked if _spells(key, name, PREFIXES)), key)


def _spells(written: str, name: str, prefixes: Sequence[str]) -> bool:
    return any(_bare(written) == _bare(prefix + name) for prefix in prefixes)


def _bare(name: str) -> str:
    return re.sub(r"[\W_]", "", name)


def _array(value: Any) -> np.ndarray:
    try:
        return np.asarray(value, dtype=float)
    except (TypeError, ValueError, OverflowError):
        raise SubmissionFailed("it returned no array of numbers") from None
