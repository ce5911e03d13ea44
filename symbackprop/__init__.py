"""From a neural network to its gradients: derived step by step, checked, compiled, trained, drawn.

The public names, a table of contents. A name is imported when it is first asked for, so that `import symbackprop` costs
nothing. Besides the names of the table, every function of the language is here: `sb.sigmoid`, `sb.sum`, `sb.where` ...
"""

from __future__ import annotations

from importlib import import_module

__version__ = "0.1.0"

# public name -> the module that defines it. No module has a public name's name: importing it would hide what is public
PUBLIC = {
    # ways in
    "read": "verbs",
    "network": "verbs",
    "trace": "verbs",
    "from_sympy": "notation.sympy.input",
    "from_torch": "judge.witnesses.models",
    "from_jax": "judge.witnesses.models",
    "from_sklearn": "notation.models.scikit",
    "from_onnx": "notation.models.onnx",
    "from_keras": "notation.models.keras",
    # and out again
    "to_torch": "notation.models.torch.reading",
    "to_sklearn": "notation.models.scikit",
    "to_onnx": "notation.models.onnx",
    "to_keras": "notation.models.keras",
    # estimators of scikit-learn
    "NetworkClassifier": "verbs.estimators",
    "NetworkRegressor": "verbs.estimators",
    # tensors
    "parameter": "notation",
    "data": "notation",
    "labels": "notation",
    "integers": "notation",
    "positive": "notation",
    "symmetric": "notation",
    "spd": "notation",
    "orthogonal": "notation",
    "unit": "notation",
    "binary": "notation",
    "function": "notation",
    # what to do with a network
    "derive": "verbs",
    "check": "verbs",
    "verify": "verbs",
    "compile": "verbs",
    "train": "verbs",
    "load": "verbs.trained",
    "objective": "verbs",
    "draw": "verbs",
    "exercise": "judge.exercise",
    "verify_function": "judge.functions",
    "verify_layer": "judge.functions",
    # refusals, each with its mend
    "SymbackpropError": "core.errors",
    "NotationError": "notation",
    "LanguageError": "language.tensors",
    "DerivationError": "core.derivation",
    "SizeError": "evaluate.extents",
    "PointError": "evaluate.points",
    "CheckFailedError": "presenter",
    "TrainingError": "training.errors",
    "FileError": "core.machine.files",
}
LANGUAGE = "language"  # the module whose `__all__` are the functions of the language

TYPE_CHECKING = False  # that of typing takes 5 ms to import, in which Ctrl-C would end in a traceback
if TYPE_CHECKING:
    from typing import Any

    from symbackprop.core.derivation import DerivationError
    from symbackprop.core.errors import SymbackpropError
    from symbackprop.core.machine.files import FileError
    from symbackprop.evaluate.extents import SizeError
    from symbackprop.evaluate.points import PointError
    from symbackprop.judge.exercise import exercise
    from symbackprop.judge.functions import verify_function, verify_layer
    from symbackprop.judge.witnesses.models import from_jax, from_torch
    from symbackprop.language import *  # noqa: F403
    from symbackprop.language.tensors import LanguageError
    from symbackprop.notation import (
        NotationError,
        binary,
        data,
        function,
        integers,
        labels,
        orthogonal,
        parameter,
        positive,
        spd,
        symmetric,
        unit,
    )
    from symbackprop.notation.models.keras import from_keras, to_keras
    from symbackprop.notation.models.onnx import from_onnx, to_onnx
    from symbackprop.notation.models.scikit import from_sklearn, to_sklearn
    from symbackprop.notation.models.torch.reading import to_torch
    from symbackprop.notation.sympy.input import from_sympy
    from symbackprop.presenter import CheckFailedError
    from symbackprop.training.errors import TrainingError
    from symbackprop.verbs import check, compile, derive, draw, network, objective, read, trace, train, verify
    from symbackprop.verbs.estimators import NetworkClassifier, NetworkRegressor
    from symbackprop.verbs.trained import load

__all__ = [
    "read",
    "network",
    "trace",
    "from_sympy",
    "from_torch",
    "from_jax",
    "from_sklearn",
    "from_onnx",
    "from_keras",
    "to_torch",
    "to_sklearn",
    "to_onnx",
    "to_keras",
    "NetworkClassifier",
    "NetworkRegressor",
    "parameter",
    "data",
    "labels",
    "integers",
    "positive",
    "symmetric",
    "spd",
    "orthogonal",
    "unit",
    "binary",
    "function",
    "derive",
    "check",
    "verify",
    "compile",
    "train",
    "load",
    "objective",
    "draw",
    "exercise",
    "verify_function",
    "verify_layer",
    "SymbackpropError",
    "NotationError",
    "LanguageError",
    "DerivationError",
    "SizeError",
    "PointError",
    "CheckFailedError",
    "TrainingError",
    "FileError",
]


def __getattr__(name: str) -> Any:
    """The public name, function of the language or submodule called `name`, imported now and kept."""
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name in PUBLIC:
        import_module(f"{__name__}.presenter")  # whatever comes of it shows itself
        found = getattr(import_module(f"{__name__}.{PUBLIC[name]}"), name)
    # `from symbackprop import program` asks here first: a submodule must not wait for the language, which imports it
    elif import_module("importlib.util").find_spec(f"{__name__}.{name}"):
        return import_module(f"{__name__}.{name}")
    else:
        language = import_module(f"{__name__}.{LANGUAGE}")
        if name not in language.__all__:
            mend = import_module(f"{__name__}.core.result").in_the_package(name, [*PUBLIC, *language.__all__])
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}{mend}")
        found = getattr(language, name)
    globals()[name] = found
    return found


def load_ipython_extension(shell: Any) -> None:
    """What `%load_ext symbackprop` does: the cell magic %%symbackprop, which derives the network that the cell holds."""
    import_module(f"{__name__}.server.magic").register(shell)


def __dir__() -> list[str]:
    """Every public name and every function of the language."""
    return sorted({*PUBLIC, *import_module(f"{__name__}.{LANGUAGE}").__all__, "__version__", "__doc__"})
