"""Run as a script, shut in: import a submission and call its functions, one question a line, one line of numbers an answer.

    python inside.py QUESTIONS ANSWERS          two descriptors

Nothing of this package is imported, and what is answered is believed by nobody: the numbers are judged outside.
"""

from __future__ import annotations

import importlib.util
import inspect
import json
import os
import random
import sys
import traceback
import types
from typing import Any

import numpy as np

FILE = "submission.py"
SEED = 20
LONGEST = 300  # characters of an exception


def main() -> None:
    """Answer questions until there are no more."""
    questions, answers = (int(n) for n in sys.argv[1:3])
    sys.argv[1:] = []
    sys.modules["symbackprop"] = None  # type: ignore[assignment]  # it would derive the gradient
    os.environ["HOME"] = os.getcwd()
    module: Any = None
    with open(questions, encoding="utf-8") as lines, open(answers, "w", encoding="utf-8") as out:
        out.write('{"ready": true}\n')  # from here on its time runs
        out.flush()
        for line in lines:
            asked = json.loads(line)
            try:
                if "source" in asked:
                    module = _imported(asked["source"])
                    told: Any = {"functions": _functions(module)}
                else:
                    told = {"value": _called(getattr(module, asked["call"]), asked["arguments"])}
                text = json.dumps(told)
            except BaseException as fault:  # whatever it is, SystemExit too
                text = json.dumps({"raised": _told(fault)})
            out.write(text + "\n")
            out.flush()


def _imported(source: str) -> types.ModuleType:
    with open(FILE, "w", encoding="utf-8") as file:
        file.write(source)
    spec = importlib.util.spec_from_file_location("submission", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["submission"] = module
    spec.loader.exec_module(module)
    return module


def _functions(module: types.ModuleType) -> dict[str, list[list[Any]]]:
    """The functions that the file defines, each with its parameters and whether they may be left out."""
    found = {}
    for name, value in vars(module).items():
        if callable(value) and getattr(value, "__module__", "") == "submission" and not isinstance(value, type):
            parameters = inspect.signature(value).parameters.values()
            found[name] = [[p.name, p.default is not p.empty or p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD)] for p in parameters]
    return found


def _called(function: Any, arguments: dict[str, Any]) -> Any:
    random.seed(SEED)
    np.random.seed(SEED)  # noqa: NPY002 - it is the generator that people's code draws from
    with np.errstate(all="ignore"):
        return _plain(function(**{name: np.array(value)[()] for name, value in arguments.items()}))


def _plain(value: Any) -> Any:
    """Arrays as nested lists, in dicts by name or in tuples by order."""
    if isinstance(value, dict):
        return {"by name": {str(key): _plain(inner) for key, inner in value.items()}}
    if isinstance(value, tuple) or (isinstance(value, list) and any(isinstance(v, np.ndarray) for v in value)):
        return {"in order": [_plain(inner) for inner in value]}
    return np.asarray(value, dtype=float).tolist()


def _told(fault: BaseException) -> str:
    frames = [f for f in traceback.extract_tb(fault.__traceback__) if os.path.basename(f.filename) == FILE]
    line = getattr(fault, "lineno", None) if isinstance(fault, SyntaxError) else frames[-1].lineno if frames else None
    return f"{type(fault).__name__}: {fault}"[:LONGEST] + (f" (line {line})" if line else "")


if __name__ == "__main__":
    main()
