"""Words of NumPy, SciPy, math, JAX and torch that mean a function of the language; what means another there is refused."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

from symbackprop.language import derivatives
from symbackprop.language import operations as op
from symbackprop.language.tensors import Tensor, as_tensor
from symbackprop.notation.composed import OF_UFUNCS, WORDS
from symbackprop.notation.composed.linalg import LINALG
from symbackprop.notation.vocabulary import functions

MODULES = {
    "np": "numpy", "numpy": "numpy", "jnp": "numpy", "sb": "symbackprop", "symbackprop": "symbackprop", "scipy": "scipy",
    "math": "math", "jax": "jax", "lax": "jax.lax", "torch": "torch", "F": "torch.nn.functional", "nn": "torch.nn",
    "sps": "scipy.special", "special": "scipy.special", "stats": "scipy.stats",
}  # fmt: skip
"""What a dotted name may begin with, where no tensor is called so."""
INNER = (
    "linalg",
    "special",
    "signal",
    "nn",
    "functional",
    "numpy",
    "scipy",
    "lax",
    "autograd",
    "stats",
    "spatial",
    "distance",
    "lib",
    "stride_tricks",
    "integrate",
)  # modules of modules: np.linalg.norm
KEYWORDS = {
    "dim": "axis", "keepdim": "keepdims", "negative_slope": "alpha", "label_smoothing": "smoothing",
    "pos_weight": "positive_weight",
}  # fmt: skip
SILENT = (
    "optimize", "check_finite", "overwrite_a", "overwrite_b", "lapack_driver", "driver", "inplace", "kind", "stable", "method",
)  # fmt: skip
"""Arguments that say how something is computed, and nothing of what."""

_NUMPY = {"identity": "eye", "copy": "identity"}  # np.identity(n) is a matrix, identity(x) is x
_JAX = {  # gelu: by default, JAX takes the one with tanh
    "gelu": "gelu_tanh", "erf_inv": "erfinv", "cumlogsumexp": "logcumsumexp", "rem": "fmod", "top_k": "topk",
}  # fmt: skip
_SAME = (
    "relu", "relu6", "sigmoid", "tanh", "exp", "log", "log2", "log10", "log1p", "expm1", "sqrt", "abs", "square", "sin",
    "cos", "tan", "sinh", "cosh", "softplus", "silu", "gelu", "elu", "selu", "celu", "mish", "leaky_relu", "softsign",
    "softmax", "log_softmax", "logsumexp", "matmul", "dot", "outer", "einsum", "sum", "mean", "prod", "cumsum", "stack",
    "vstack", "hstack", "reshape", "squeeze", "where", "maximum", "minimum", "norm", "diag", "diagonal", "trace", "tril",
    "triu", "det", "logdet",
    "cholesky", "eigh", "eigvalsh", "svd", "svdvals", "qr", "cond", "matrix_exp",
    "inverse", "inv", "solve", "sign", "erf", "erfc", "eye", "zeros_like", "ones_like",
    "logaddexp", "reciprocal", "logit", "flip", "roll", "tile", "mse_loss", "smooth_l1_loss", "huber_loss",
    "binary_cross_entropy", "flatten", "binary_cross_entropy_with_logits", "nll_loss", "cross_entropy", "add", "swapaxes",
    "floor", "ceil", "round", "trunc", "fix", "acosh", "arccosh", "asinh", "arcsinh", "atanh", "arctanh", "atan2", "arctan2",
    "arcsin", "arccos", "arctan", "asin", "acos", "atan", "lgamma", "gammaln", "digamma", "psi", "polygamma", "erfinv", "xlogy",
    "xlog1py", "remainder", "fmod", "logcumsumexp", "expit",
    "matrix_power", "kron", "ravel", "hypot", "logical_and", "logical_or", "logical_not", "tanhshrink", "linear", "clamp",
    "rsqrt", "masked_fill", "pinv", "inner", "argsort", "argmax", "argmin", "topk", "quantile",
)  # fmt: skip
_OTHER = {"mm": "matmul", "pow": "power", "permute": "transpose", "t": "transpose", "unsqueeze": "expand_dims"}
_TORCH = dict(zip(_SAME, _SAME, strict=True)) | _OTHER | {
    "mv": "matmul", "bmm": "matmul", "cat": "concatenate", "concat": "concatenate", "transpose": "swapaxes", "amax": "max",
    "amin": "min", "mul": "multiply", "sub": "subtract", "div": "divide", "neg": "negative", "logsigmoid": "log_sigmoid",
    "hardtanh": "hard_tanh", "hardsigmoid": "hard_sigmoid", "hardswish": "hard_swish", "softshrink": "soft_shrink",
    "hardshrink": "hard_shrink", "l1_loss": "mae_loss", "clip": "clamp", "detach": "stop_gradient",
}  # fmt: skip
_ASKED = (
    "sum", "mean", "max", "min", "var", "std", "dot", "trace", "diagonal", "transpose", "swapaxes", "squeeze", "reshape",
    "ravel", "flatten", "clip", "prod", "cumsum", "cumprod", "take", "exp", "log", "log1p", "expm1", "sqrt", "square",
    "abs", "sin", "cos", "tanh", "sigmoid", "relu", "softmax", "log_softmax", "logsumexp", "matmul", "norm", "clamp", "round",
    "floor", "ceil", "masked_fill", "argsort", "argmax", "argmin",
)  # fmt: skip
_COPIES = ("copy", "astype", "clone", "float", "double")
METHODS = (
    dict(zip(_ASKED, _ASKED, strict=True))
    | _OTHER
    | {"view": "reshape", "detach": "stop_gradient"}
    | dict.fromkeys(_COPIES, "copy")
)
"""What can be asked of a tensor after a dot, and the function that it is."""

_FIRST = ("svd",)  # read as NumPy's words are also where no module stands before them: values without vectors

_OF_TORCH = ("dim", "dims", "keepdim", "unbiased", "correction", "start_dim", "end_dim", "p", "alpha", "descending", "largest")
"""Arguments that NumPy's methods have not: who writes them speaks of torch, whose defaults are others."""

_OF_FUNCTIONS = ("grad", "value_and_grad", "jacobian", "jacfwd", "jacrev", "hessian", "jvp", "vjp")
_NEEDED = {
    ("torch", "softmax"): ("dim", "dim=-1"), ("torch", "log_softmax"): ("dim", "dim=-1"),
    **{("jax", f"cum{name}"): ("axis", "axis=0") for name in ("sum", "prod", "max", "min", "logsumexp")},
}  # fmt: skip
"""Arguments whose default is another there, or that have none: they must be written."""


class Misunderstood(Exception):
    """A word that means something else, or nothing: the fault, and the mend."""

    def __init__(self, fault: str, mend: str) -> None:
        super().__init__(fault)
        self.fault, self.mend = fault, mend


class Word(NamedTuple):
    """What a word is called in the language, and the function that it is."""

    name: str
    function: Callable[..., Any]


def word(module: str, name: str, given: list[Any], keywords: Collection[str]) -> Word | None:
    """The function of the language that module.name(...) is; None where there is none.

    given, keywords   its arguments by position, and the names of the others.
    Raises Misunderstood where it is another function there.
    """
    root, *_ = module.split(".")
    if root == "jax" and ".numpy" in module:
        root = "numpy"
    elif root == "jax" and ".scipy" in module:
        root = "scipy"
    from symbackprop.notation import jax_words, torch_words  # the words of each library are imported where a text has one

    if name in jax_words.WORDS.get(module, {}):
        return Word(name, jax_words.WORDS[module][name])
    asked, needed = _NEEDED.get((root, name), ("", ""))
    if asked and asked not in keywords and len(given) < 2:
        raise Misunderstood(f"{module}.{name} has no default for {asked} that is ours.", f"Write {needed}.")
    if root == "scipy":
        return of_scipy(module, name) or found(_JAX.get(name, name))
    if root == "torch" and module != "torch.autograd":
        function = torch_words.of_torch(module, name)
        if function is not None:
            return Word(name, function)
    if root == "jax" and name in _OF_FUNCTIONS:
        raise Misunderstood(
            f"{name} of jax differentiates a function.",
            "Write grad(L, W) of values, or let sb.from_jax(function, *arrays) read it.",
        )
    if module == "torch.autograd":
        return found(f"autograd_{name}")
    if root == "numpy" and module.endswith(".linalg") and name in LINALG:
        return Word(name, LINALG[name])
    table = {"numpy": _NUMPY, "jax": _JAX}.get(root, {})
    called = _TORCH.get(name) if root == "torch" else table.get(name, name)
    if root == "numpy" and called in WORDS:
        return Word(name, WORDS[name])
    if root == "math" and name not in functions():
        return of_scipy("scipy.special", name)
    return None if called is None else found(called)


def of_scipy(module: str, name: str) -> Word | None:
    """The function that a word of SciPy is, or of the modules of JAX that are called as SciPy's; None where there is none."""
    from symbackprop.notation import scipy

    function = scipy.WORDS.get(module.rpartition("scipy")[2].lstrip("."), {}).get(name)
    return None if function is None else Word(name, function)


def is_distribution(name: str) -> bool:
    """Whether scipy.stats has a distribution of this name."""
    from symbackprop.notation import scipy

    return name in scipy.DISTRIBUTIONS


def of_ufunc(name: str, of: str) -> Word | None:
    """The function that np.name.of(...) is: np.add.reduce sums; None where there is none."""
    function = OF_UFUNCS.get(f"{name}.{of}")
    return None if function is None else Word(f"{name}.{of}", function)


def found(name: str) -> Word | None:
    """The function of the language, of NumPy or of a dialect that is called so."""
    function = (None if name in _FIRST else functions().get(name)) or WORDS.get(name) or _COMPOSED.get(name)
    return None if function is None else Word(name, function)


def plainly(name: str) -> Word | None:
    """The function that a name is with no module before it: of the language, of NumPy, or of scipy.special."""
    return found(name) if name in functions() or name in WORDS else of_scipy("scipy.special", name)


def method(name: str, keywords: Collection[str], count: int = 0) -> Word | None:
    """The function that x.name(...) is, of `count` arguments by position; None where there is none.

    Raises Misunderstood where NumPy and torch mean different functions.
    """
    if name == "repeat":
        raise Misunderstood(
            ".repeat() repeats each entry in NumPy, and the whole in torch.", "Write np.repeat(x, n), or np.tile(x, n)."
        )
    if name == "clip":
        return Word(name, WORDS[name])
    if name == "where":
        return Word(name, lambda x, condition, y: op.where(condition, x, y))
    if name == "norm":  # NumPy's arrays have no such method
        from symbackprop.notation import torch_words

        return Word(name, torch_words.OWN["norm"])
    if name in METHODS and not any(key in _OF_TORCH for key in keywords) and not (name == "flatten" and count):
        return found(METHODS[name])
    from symbackprop.notation import torch_words

    function = torch_words.of_torch("torch", name)
    return None if function is None else Word(name, function)


def renamed(further: Mapping[str, Any], parameters: Collection[str]) -> dict[str, Any]:
    """Arguments by the names that the language has for them, axis for dim, without those that say nothing of the value."""
    return {
        KEYWORDS[key] if key not in parameters and KEYWORDS.get(key) in parameters else key: value
        for key, value in further.items()
        if key not in SILENT or key in parameters
    }


def linear(x: Any, W: Any, b: Any = None) -> Tensor:
    """y = x W^T + b."""
    y = as_tensor(x) @ as_tensor(W).T
    return y if b is None else y + b


def clamp(x: Any, min: Any = None, max: Any = None) -> Tensor:
    """y = min(max(x, min), max), of which one may be left out."""
    return op.clip(x, min, max)


def masked_fill(x: Any, mask: Any, value: Any) -> Tensor:
    """y = value where the mask is not 0, otherwise x."""
    return op.where(mask, value, x)


def autograd_grad(
    outputs: Any, inputs: Any, grad_outputs: Any = None, retain_graph: Any = None, create_graph: Any = False
) -> tuple[Tensor, ...]:
    """The gradients by `inputs`, always several; constants to what follows, unless the graph is asked for."""
    several = inputs if isinstance(inputs, tuple | list) else (inputs,)
    v = None if grad_outputs is None else grad_outputs[0] if isinstance(grad_outputs, tuple | list) else grad_outputs
    found = derivatives.grad(outputs, tuple(several)) if v is None else tuple(derivatives.vjp(outputs, x, v) for x in several)
    return found if create_graph else tuple(map(op.stop_gradient, found))  # type: ignore[attr-defined]  # made from the table


def rsqrt(x: Any) -> Tensor:
    """y = 1 / sqrt(x), entry by entry."""
    return 1 / op.sqrt(x)


def copy(x: Any, *of: Any) -> Tensor:
    """y = x, an array of its own; a type of numbers says nothing here."""
    return op.identity(x)  # type: ignore[attr-defined]


_COMPOSED: dict[str, Callable[..., Any]] = {f.__name__: f for f in (linear, clamp, rsqrt, masked_fill, copy, autograd_grad)}
