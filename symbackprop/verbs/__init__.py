"""What can be done with a network: read, derive, check, verify, compile, train, draw. The one door that takes anything.

Each verb takes a Network, a Derivation, a tensor, a SymPy expression, a path, a text or a function, and hands on what it stands
for: below this door functions take a Program, a Network or a Derivation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, overload

from symbackprop.core.derivation import Derivation, DerivationError
from symbackprop.core.differentiate import differentiate, with_product
from symbackprop.core.errors import shown
from symbackprop.core.network import Network
from symbackprop.language.operations import trace as matrix_trace
from symbackprop.language.tensors import Tensor
from symbackprop.notation import NotationError
from symbackprop.notation.anything import network_of
from symbackprop.notation.loops.widened import at_widths
from symbackprop.notation.networks import with_gates
from symbackprop.notation.units import with_units
from symbackprop.presenter import Presenter, drawing

if TYPE_CHECKING:
    from symbackprop.backends.function import Compiled
    from symbackprop.evaluate.verdict import Check
    from symbackprop.judge.verdicts.verdict import Verification
    from symbackprop.training.boosting import Objective
    from symbackprop.training.result import Trained

PRESENTER = Presenter()
Names = Iterable[str] | str | None
Sizes = Mapping[str, int] | None


def read(
    net: Any, loss: str | None = None, gates: str = "auto", let: Iterable[str] = (), expand: str = "", merge: str = "",
    widths: Mapping[str, Sequence[int]] | None = None,
) -> Network:  # fmt: skip
    """The network that `net` stands for.

    net    a text in the network language, a path, a path with the name of a function ("nets.py:mlp"), one expression
           ("(x + y)*z"), a tensor or named tensors, a SymPy expression, a Python function; or a Network, which stays as it is.
           No text is executed and no function called.
    loss   the name of the loss; None: the last scalar.
    gates  "whole": an expression is one equation; "elementary": each operation is one; "auto": elementary where all is scalar.
    let    declarations for the names of an expression, such as "W: parameter[h, d]".
    expand units that are taken apart into the operations of their definitions, "softmax, sigmoid"; their gradients stay the same.
    merge  units that are put together from such operations.
    widths of layers whose sizes differ, W[l]: parameter[h[l], h[l-1]], how wide each is: {"h": [4, 5, 3]} writes two layers out.

    Raises NotationError, with file, line, column, the fault and the mend.
    """
    _require_name("loss", loss)
    return changed(at_widths(network_of(net, loss, gates, let), widths or {}), "auto", expand, merge)


def changed(network: Network, gates: str, expand: str, merge: str) -> Network:
    """A network with gates, and with units taken apart or put together, as `read` says of them."""
    found = network if gates in ("auto", network.gates) else with_gates(network, gates)
    return with_units(found, expand, merge) if expand or merge else found


@overload
def network(thing: Any, /) -> Network: ...
@overload
def network(*, loss: str | None = None, gates: str = "auto") -> Callable[[Callable[..., Any]], Network]: ...
def network(thing: Any = None, /, *, loss: str | None = None, gates: str = "auto") -> Any:
    """The network of a Python function, as a decorator; of anything else, what `read` says of it.

    A function is read from its source, so that its local names are the names of the report; it is never called. Arguments are
    declared by annotations (x: "data[d]"), are constants by their defaults (lam=0.01), and otherwise scalars.

    loss    the name of the loss; None: what the function returns, or the last scalar.
    gates   as for `read`.

    Raises NotationError where the function holds anything but straight-line equations.
    """
    if thing is None:
        return lambda function: read(function, loss, gates)
    return read(thing, loss, gates)


@overload
def trace(function: Tensor, /) -> Tensor: ...
@overload
def trace(
    function: Callable[..., Any],
    *args: Any,
    wrt: Names = None,
    loss: Any = None,
    sizes: Names = None,
    branches: str = "refuse",
    **options: Any,
) -> Network: ...
def trace(
    function: Any, *args: Any, wrt: Names = None, loss: Any = None, sizes: Names = None, branches: str = "refuse", **options: Any
) -> Any:
    """The network of a function as it stands: it is called on `args` with traced arrays, and what it computes is read.

    function  a Python function that computes with NumPy: loops, helpers, classes, dicts of parameters are run as they are; or a
              bound method, whose object's arrays are traced as well.
    args      what it is called with: arrays, dicts, lists, objects with arrays, numbers, None. Copies are used. `options` by name.
    wrt       names ("W1") or paths of the arrays that are learnt; None: arrays of floats inside containers and objects, else
              all arrays of floats.
    loss      where the function returns several values, the key or position of the loss; None: the first of a tuple.
    sizes     names of sizes that are to be the numbers of the example, or "all"; others stay symbols where the function allows.
    branches  "refuse" an `if` on what depends on `wrt`; "example": derive the course that the example takes, which the notes say.

    The network holds its loss at the example against what the function returns there and at a point beside it. Its `example`
    holds the arrays by name. Of a tensor: its trace, the sum of its diagonal.
    Raises NotationError, with the line of the function, where a value decides its course or leaves NumPy.
    """
    if isinstance(function, Tensor):
        return matrix_trace(function)
    from symbackprop.judge.witnesses.traced import held
    from symbackprop.notation.trace import Subject, Tracing

    own = function.function if isinstance(function, Network) and function.function is not None else function
    subject = Subject(own, args, options, loss)
    if branches not in ("refuse", "example"):
        raise NotationError(f"branches={shown(branches)} is neither.", 'Give "refuse" or "example".')
    tracing = Tracing(subject, subject.chosen(_names(wrt)), _names(sizes) or (), branches == "example")
    return held(tracing, wrt, sizes)


def derive(
    net: Any,
    wrt: Names = None,
    of: str | None = None,
    update: str | None = None,
    upstream: str | None = None,
    vector: str | None = None,
    product: bool = False,
) -> Derivation:
    """d loss / d w for every w of `wrt`, by the chain rule, step by step.

    net   what `read` takes. Or a Derivation: its gradients are differentiated once more (`of` then names which; a second
          derivative is a Jacobian of the first).
    wrt   names of parameters, inputs or values, or one string with commas; None: every parameter.
    of    what is differentiated; None: the loss. A tensor with axes gives the Jacobian, of shape of.shape + w.shape.
    update  a name for the learning rate, such as "eta": what is shown closes with the step of descent of every parameter.
    upstream  a name for the gradient by `of` of a loss that is not written, such as "dY": what a layer's backward pass receives.
          Each gradient is that loss's, of the shape of w: the product of `upstream` with the Jacobian. By default of every
          parameter and every input that `of` depends on.
    vector  a name for a direction, such as "v", or "1" for that of all entries, in which the one w moves: what is derived is the
          change of `of`, the product of the Jacobian with `vector`, by forward mode. Of a Derivation: the product of the Hessian
          with `vector`.
          Either is an input of the shape of `of`, or of w, where the network has none by that name.
    product  of a network with a loop: what is shown says what all its steps do to a gradient at once, a product over them.

    Raises SymbackpropError where there is no such name or nothing scalar to differentiate, where `update` is a letter that the
    network uses, where nothing is updated, where `product` is asked for without a loop, and where `upstream` or `vector` is the
    name of something else.
    """
    for word, name in (("of", of), ("upstream", upstream), ("vector", vector)):
        _require_name(word, name)
    if upstream and vector:
        raise DerivationError(f"upstream={upstream!r} and vector={vector!r}: a product has one of them; derive the other alone")
    asked = (_names(wrt), of, upstream or "", vector or "")
    derived = _again(net, *asked) if isinstance(net, Derivation) else _first(read(net), *asked)
    if update is not None:
        derived = replace(derived, update=update)
        PRESENTER.require_rate(derived)
    return with_product(derived) if product else derived


def objective(net: Any, by: str | None = None, target: str | None = None, least: float = 0.0, **given: Any) -> Objective:
    """grad, hess: the first and second derivatives of a loss by each prediction, as gradient boosting asks for them.

    net     what `read` takes; its loss is a sum over samples.
    by      the name of the predictions, of shape (n,); None: the only parameter.
    target  the name of what is predicted; None: the first input that is not given.
    least   what smaller entries of hess are raised to: boosting divides by them, and a pinball loss has zeros.
    given   arrays and numbers for the other inputs, by name: alpha=0.9.

    Returns an `Objective`: called with (y_true, y_pred) it returns two arrays, as XGBRegressor and LGBMRegressor want; `native`
    takes (y_pred, data), as xgboost.train does. It has been checked.
    Raises DerivationError where samples are mixed, and for names that are not there; CheckFailedError where a witness disagrees.
    """
    from symbackprop.training.boosting import Objective

    return Objective(objective_derivation(read(net), by), target, given, least)


def objective_derivation(network: Network, by: str | None) -> Derivation:
    """The gradient by the predictions and its change as each of them moves by 1, checked."""
    from symbackprop.core.derivatives.forward_mode import ONES
    from symbackprop.presenter import CheckFailedError
    from symbackprop.training.boosting import require_apart

    parameters = [t.name for t in network.program.parameters]
    if by is None and len(parameters) != 1:
        raise DerivationError(f"there are {len(parameters)} parameters; name the predictions, declared f: parameter[n]")
    found = derive(derive(network, by or parameters[0]), vector=ONES)
    require_apart(found)
    for derived in (found.first or found, found):
        passed = derived.check()
        if not passed.ok:
            raise CheckFailedError(f"the derivatives fail their check.\n{passed}")
    return found


def _first(network: Network, wrt: list[str] | None, of: str | None, upstream: str, vector: str) -> Derivation:
    """The derivative of a network's loss, or of one of its values."""
    known = network.aliases
    target = network.loss if of is None else known.get(of, of)
    by = None if wrt is None else [known.get(n, n) for n in wrt]
    return _shown(differentiate(network.program, target, by, of is not None, upstream, vector), network)


def _again(first: Derivation, wrt: list[str] | None, of: str | None, upstream: str, vector: str) -> Derivation:
    """The derivative of one of the gradients of a derivation."""
    candidates = {name: first.gradient(name) for name in first.wrt}
    own = first.wrt[0]
    if of is None and len(candidates) > 1:
        say = f"say which to differentiate: of={own!r}, or derive it alone by wrt, on the command line --wrt {own}"
        raise DerivationError(f"there are {len(candidates)} gradients; {say}")
    by = wrt or ([of or own] if vector else first.wrt)
    second = differentiate(first.program, candidates.get(of or own, of or ""), by, True, upstream, vector)
    return _shown(replace(second, first=first), first.network)


def _derived(net: Any, wrt: Names = None, of: str | None = None) -> Derivation:
    """What is derived of `net`; a Derivation is used as it is, unless other names are asked for."""
    if not isinstance(net, Derivation):
        return derive(net, wrt, of)
    names = _names(wrt)
    if names is None:
        return net
    again = differentiate(net.forward, net.of, names, True, net.upstream, net.vector)
    return _shown(replace(again, first=net.first), net.network)


def _shown(derivation: Derivation, network: Network | None) -> Derivation:
    return replace(derivation, network=network, presenter=PRESENTER)


def _require_name(word: str, name: Any) -> None:
    if name is not None and not isinstance(name, str):
        example = {"upstream": "dY", "vector": "v", "update": "eta"}.get(word, "L")
        raise DerivationError(f'{word}={shown(name)}: give a name, such as {word}="{example}"')


def _by_name(word: str, given: Any, example: str) -> Any:
    """What is given for each name.

    Raises DerivationError where it is no dict with names.
    """
    if given is not None and not (isinstance(given, Mapping) and all(isinstance(name, str) for name in given)):
        raise DerivationError(f"{word}={shown(given)}: give a dict with names, such as {word}={example}")
    return given


def _names(wrt: Names) -> list[str] | None:
    """The names that a person gave, None where they gave none."""
    if wrt is None:
        return None
    if isinstance(wrt, str):
        return [name.strip() for name in wrt.split(",") if name.strip()]
    given = list(wrt) if isinstance(wrt, Iterable) and not isinstance(wrt, Mapping) else [wrt]
    found = [name for name in given if isinstance(name, str)]
    if len(found) < len(given):
        raise DerivationError(f'wrt={shown(wrt)}: give names, such as wrt=["W_1", "x"] or wrt="W_1, x"')
    return found


def check(
    net: Any,
    wrt: Names = None,
    seed: int = 0,
    sizes: Sizes = None,
    points: int = 3,
    tolerance: float | None = None,
    at: Mapping[str, Any] | None = None,
    of: str | None = None,
) -> Check:
    """The derived gradients of a network against a tape and against differences, at random generic points.

    net        a Derivation, or what `read` takes.
    wrt        the tensors to differentiate by; None: the parameters, or what was differentiated by.
    seed       of the points.
    sizes      sizes by name that are settled; the others are drawn.
    points     how many points.
    tolerance  the relative error that rounding may leave against the tape and the complex step; None: 1e-9.
    at         one point of your own, an array for each input, instead of random ones; None: the example of a traced network.
    of         what is differentiated, where it is not the loss.

    Raises PointError where the network has no finite value, or `at` does not fit, with the place and the mend.
    """
    from symbackprop.judge.witnesses.crosscheck import ROUNDING
    from symbackprop.judge.witnesses.crosscheck import check as crosscheck

    sizes = _by_name("sizes", sizes, "{'h': 32}")
    at = _by_name("at", at, "{'x': [0.5, 2]}")
    allowed = ROUNDING if tolerance is None else tolerance
    return crosscheck(_derived(net, wrt, of), seed=seed, sizes=sizes, points=points, tolerance=allowed, at=at)


def verify(
    net: Any,
    claims: Any,
    of: str | None = None,
    symbols: Mapping[str, str] | None = None,
    allow: Iterable[str] = (),
    sizes: Sizes = None,
) -> Verification:
    """Whether gradients that a person derived are right; where one is wrong, where, with the smallest example, and why.

    net      a Derivation, or what `read` takes.
    claims   {"W_1": claim}: the gradient of the loss by each name; or the steps of a derivation, (name, claim) or
             (name, claim, what) with `what` one of "dL/da", "da/dz", "abbreviation", of which later ones may use earlier ones;
             or one text, a line of Python or of LaTeX for each step; or a Path, whose file has claims of any of these kinds.
    of       what is differentiated; None: the loss, or what was derived. A Jacobian has the shape of.shape + w.shape.
    symbols  what the claims call otherwise: {"m": "n", "delta": "z_2"}.
    allow    conventions by which a claim still counts as right: "transpose", "layout", "sign", "N", "2", "left".
    sizes    sizes by name that are settled.

    Raises SymbackpropError where the network cannot be read, or a claim is about what is not there.
    """
    from symbackprop.judge.sides.asked import made_of
    from symbackprop.judge.texts.files import claims_of
    from symbackprop.judge.verify import verify as verified

    network, of = made_of(net, of) if isinstance(net, Derivation) else (read(net), of)
    return verified(network, claims_of(claims), of, symbols, allow, _by_name("sizes", sizes, "{'h': 32}"))


def compile(
    net: Any, sizes: Sizes = None, dtype: str = "float64", wrt: Names = None, refuse_nan: bool = True, backend: str = "numpy"
) -> Compiled:
    """The network and its gradients as functions of arrays.

    net         a Derivation, or what `read` takes.
    sizes       numbers for sizes, which the source then holds; other sizes are read from the arrays.
    dtype       "float64" or "float32".
    wrt         what to differentiate by; None: every parameter, or what was differentiated by.
    refuse_nan  whether the functions refuse arrays that hold NaN.
    backend     "numpy"; "jax": XLA compiles them, for a GPU where JAX finds one; "c" or "auto": what steps that are bound run as.

    Raises CompileError for a size, type or backend that is none, SourceError for a size that no array tells.
    """
    from symbackprop.backends.function import compile as compiled

    sizes = _by_name("sizes", sizes, "{'h': 32}")
    return compiled(_derived(net, wrt), sizes, dtype, refuse_nan, backend)


def train(net: Any, data: Any = None, **settings: Any) -> Trained:
    """w <- w - rate dL/dw over mini-batches: stochastic gradient descent on the compiled function.

    net        what `read` takes.
    data       a dict with an array for each data input, the path of a .npz or .csv file or of a folder of .npy files, or the name
               of a set that scikit-learn ships, "digits"; None: the example of a traced network, which training also starts from.
    settings   those of `symbackprop.training.train`, where each is described: epochs, rate, batch, seed, held_out, optimiser,
               momentum, decay, clip, schedule, patience, predict, start, init, sizes, sample_weight, dtype, backend, devices,
               recompute, checkpoint, resume, log, progress.

    Returns the trained parameters with the losses of each epoch and, for a classifier, the accuracy.
    Raises TrainingError where the data do not fit the network, or the loss is no longer finite.
    """
    from symbackprop.training import train as trained

    network = read(net)
    learnt = {t.name for t in network.program.inputs if t.kind == "parameter"}
    if network.example and settings.get("resume") is None and settings.get("start") is None:
        settings["start"] = {n: array for n, array in network.example.items() if n in learnt}
    if data is None or (network.example and isinstance(data, Mapping)):
        data = {**{n: array for n, array in network.example.items() if n not in learnt}, **(data or {})}
    return trained(network, data, **settings)


def draw(
    net: Any, wrt: Names = None, at: Mapping[str, Any] | None = None, seed: int = 0, sizes: Sizes = None, of: str | None = None,
    edges: str = "values", values: str = "entries", width: float | None = None, format: str = "svg",
) -> Any:  # fmt: skip
    """The computational graph as a picture: the text of one SVG, or another format.

    net     a Derivation, or what `read` takes.
    wrt     show the gradients of these only; None: of every tensor.
    at      the point, an array for each input; None: the example of a traced network, else a random point.
    seed    of the random point.
    sizes   fixed sizes for the random point.
    of      the tensor whose gradients are shown, where it is not the loss.
    edges   "values": numbers alone; "local": the local derivative on each wire as well, as a formula; "gradient": how each gradient
            is made as well, beside its value.
    values  "entries": numbers in their places, those of a large array cut short; "statistics": mean and largest; "none".
    width   of the page in pixels, which a wider graph is folded for; None: 1250, for TikZ a sheet of paper.
    format  "svg" or "tikz" (text), "png" or "pdf" (bytes).

    Raises SymbackpropError for more than 300 equations, a point that does not fit the network, a format that nothing here writes.
    """
    shown = _names(wrt)
    sizes = _by_name("sizes", sizes, "{'h': 32}")
    at = _by_name("at", at, "{'x': [0.5, 2]}")
    about = {"shown": None if shown is None else tuple(shown), "at": at, "seed": seed, "sizes": sizes}
    return drawing(_derived(net, of=of), format, width, edges=edges, values=values, **about)
