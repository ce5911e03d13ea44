"""Record the graphs of the tests' modules anew, with torch's loss and gradients: `python -m tests.notation.models.torch.record`.

It needs torch.
"""

import warnings
from collections.abc import Mapping

import numpy as np
import torch
from numpy import ndarray

from symbackprop.notation.models.torch.reading import graph_of
from tests.notation.models.torch.cases import CASES, MODES, Expression, autograd
from tests.notation.models.torch.expressions import EXPRESSIONS
from tests.notation.models.torch.recorded import FOLDER, Recorded, written


def network(name: str, mode: str) -> Recorded:
    """A module of the tests, in training or not, as torch exports and computes it."""
    torch.manual_seed(1)
    case = CASES[name]
    module, inputs, targets = getattr(case.make(), mode)(), case.inputs(), case.targets()
    graph = graph_of(module, inputs, case.loss, targets, "batch")
    return Recorded(graph, *autograd(module, case, inputs, targets))


def networks() -> dict[str, Recorded]:
    """The modules of the tests; in training only those that then compute something else."""
    found: dict[str, Recorded] = {}
    for name, mode in MODES:
        one = network(name, mode)
        if mode == "eval" or one.loss != found[f"{name}-eval"].loss:
            found[f"{name}-{mode}"] = one
    return found


def expression(name: str) -> Recorded:
    """The sum of the sines of an expression of the tests."""
    module = Expression(name)
    graph = graph_of(module, (), None, (), "batch")
    loss = module()
    loss.backward()
    gradients: Mapping[str, ndarray] = {
        name: np.zeros(p.shape) if p.grad is None else p.grad.numpy(force=True) for name, p in module.named_parameters()
    }
    return Recorded(graph, loss.item(), gradients)


def record(name: str, cases: Mapping[str, Recorded]) -> None:
    """Write the files of these cases."""
    text, arrays = written(cases)
    (FOLDER / f"{name}.json").write_text(text)
    np.savez_compressed(FOLDER / f"{name}.npz", **arrays)


if __name__ == "__main__":
    warnings.filterwarnings("ignore", message=".*weight_norm", category=FutureWarning)
    FOLDER.mkdir(exist_ok=True)
    record("networks", networks())
    record("expressions", {name: expression(name) for name in EXPRESSIONS})
