"""Models of other libraries as networks, each held against what its own library computes before it is handed on."""

from __future__ import annotations

from collections.abc import Iterable
from functools import wraps
from typing import TYPE_CHECKING, Any

from symbackprop.core.network import Network
from symbackprop.judge.witnesses.modelled import held
from symbackprop.notation.errors import NotationError

if TYPE_CHECKING:
    from symbackprop.notation.trace import Subject

Names = Iterable[str] | str | None


def from_torch(module: Any, *inputs: Any, loss: Any = None, targets: Any = (), sizes: str = "batch") -> Network:
    """The loss of a module of PyTorch as a network: its layers one by one, its weights as the example.

    module   a torch.nn.Module; a copy is exported by torch.export, in float64. In training or not, as `module.training` says.
    inputs   what the module is called with: tensors or arrays, the batch on their first axis.
    loss     the name of a loss of torch.nn.functional, or a function of (output, *targets); where the module returns its loss
             itself, the key or position of it, or None.
    targets  what the loss takes beside the output: one tensor, or several.
    sizes    "batch": the first axis of every input is a symbol; "free": every axis of them that the module leaves free; "all":
             numbers.

    Names are those of `state_dict`, short: fc.weight is W_fc. The network's loss is held against the module's at the example and
    beside it. Raises NotationError, with the layer, the line and the operation, for what is not in the table.
    """
    from symbackprop.notation.models.torch.reading import model_of

    return held(model_of(module, inputs, loss, targets, sizes))


def from_jax(function: Any, *args: Any, wrt: Names = None, sizes: Names = None) -> Network:
    """The loss of a function of JAX as a network: jax.make_jaxpr writes down what it computes, each primitive is a row here.

    function  from args to one number, or (number, anything): jit, vmap, custom_jvp, scan and fori_loop may stand in it.
    args      example arrays in any nesting: arrays, dicts, lists, registered classes. Plain numbers and keys stay as they are.
    wrt       names ("W1") or paths of what is learnt; None: arrays of floats inside containers, else all arrays of floats.
    sizes     names of sizes that are to be the numbers of the example, or "all"; others are symbols where the function allows, and
              what is equal in the example is one size.

    Names are the paths of the arrays, and local variables of the function. The network's loss is held against the function's at
    the example and beside it. Raises NotationError, with the line, for a primitive without a row and for branches on values.
    """
    from symbackprop.notation.models.jax.calling import model_of

    return held(model_of(function, args, _listed(wrt), _listed(sizes) or ()))


def by_jax(subject: Subject, wrt: Names, sizes: Names) -> Network:
    """A traced function that differentiates, maps or scans by JAX, as JAX writes it down.

    Raises NotationError where its arrays are those of its object, and as `from_jax` does.
    """
    if any(leaf.path[0] == "self" for leaf in subject.leaves.values()):
        name = getattr(subject.function, "__name__", "function")
        raise NotationError(
            f"{name} computes with JAX, and its arrays are those of its object.",
            "Give them as arguments: def loss(params, X, y).",
        )

    @wraps(subject.function)
    def returned(*args: Any) -> Any:
        return subject.loss_of(subject.function(*args, **subject.options))

    return from_jax(returned, *subject.args, wrt=wrt, sizes=sizes)


def _listed(names: Names) -> list[str] | None:
    if names is None:
        return None
    return [name.strip() for name in names.split(",") if name.strip()] if isinstance(names, str) else list(names)
