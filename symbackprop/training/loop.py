"""Training: stochastic gradient descent on the compiled function, one line a stage."""

from __future__ import annotations

import inspect
import os
from collections.abc import Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy import ndarray

from symbackprop.backends.jax.devices import is_first_process
from symbackprop.core.choices import OTHER_NAMES, mend
from symbackprop.core.errors import SymbackpropError, shown
from symbackprop.core.machine.files import FileError, StrPath, require_apart
from symbackprop.core.network import Network
from symbackprop.core.program import Program
from symbackprop.evaluate.arrays import outside
from symbackprop.evaluate.extents import shape_of
from symbackprop.training.changed import told_of
from symbackprop.training.checkpoint import Keeper, described, read_run, require_parameters, require_same, settled
from symbackprop.training.classes import class_inputs, find_prediction, require_counted
from symbackprop.training.datasets import Data, header_told, is_table, load
from symbackprop.training.domains import require_decayed, require_domains
from symbackprop.training.errors import Diverged, TrainingError
from symbackprop.training.given import given_parameters
from symbackprop.training.initial import drawn, require_initialisers
from symbackprop.training.interrupts import Interrupts
from symbackprop.training.layout import Layout, checked, lay_out, sizes_told, split, usual_part, with_further
from symbackprop.training.model import Model
from symbackprop.training.prepared import Prepared, computed_of
from symbackprop.training.progress import told_by
from symbackprop.training.result import Losses, Trained
from symbackprop.training.run import Run, begun, descend, test
from symbackprop.training.scales import unscaled
from symbackprop.training.seen import fingerprint, unseen
from symbackprop.training.settings import MANY, Settings, plain, usual
from symbackprop.training.storage import require_arrays_place
from symbackprop.training.table import Header

Parameters = dict[str, ndarray]


def train(
    network: Network | Prepared,
    data: Data,
    *,
    epochs: int | None = None,
    rate: float | None = None,
    batch: int | None = None,
    seed: int | None = None,
    held_out: float | StrPath | None = None,
    optimiser: str | None = None,
    momentum: float | None = None,
    decay: float | None = None,
    clip: float | None = None,
    schedule: str | None = None,
    patience: int | None = None,
    predict: str | None = None,
    start: Mapping[str, Any] | StrPath | Trained | None = None,
    init: str | Mapping[str, str] | None = None,
    sizes: Mapping[str, int] | None = None,
    sample_weight: Any = None,
    dtype: str | None = None,
    backend: str | None = None,
    devices: int | None = None,
    recompute: int | None = None,
    checkpoint: StrPath | None = None,
    resume: StrPath | None = None,
    log: StrPath | None = None,
    progress: bool = True,
    **unknown: Any,
) -> Trained:
    """w <- w - rate dL/dw over mini-batches: stochastic gradient descent on the compiled function.

    data       a dict with an array for each data input, or the path of its .npy file, of which each step reads its samples; the
               path of a .npz or .csv file, or of a folder of .npy files; or the name of a set that scikit-learn ships, "digits".
    epochs     how often every sample is used: 30, where not given; 10,000 of a set too small to hold a part of it out.
    optimiser  "sgd" (where not given), "nesterov", "adam", "adamw" or "rmsprop": rows of `optimiser.OPTIMISERS`.
    rate       the learning rate, that of the beginning where a schedule lowers it: 0.1, where not given; 0.001 of the last three.
    batch      samples a step, 32 where not given; the last step of an epoch may have fewer.
    seed       of the initial parameters and of the order of the samples: 0, where not given.
    held_out   the part of the samples that is not trained on; the same part in every run, with its share of every class. Where
               not given a fifth; nothing where there are fewer than ten samples, or not one of every class in a fifth. Or the path
               of a file with further samples, as `data` may be one: all of `data` are then trained on.
    momentum   from 0 to below 1: 0, where not given.
    decay      of the weights, those parameters that have two axes or more, a step and a rate of 1: 0, where not given.
               adamw: 0.01.
    clip       scale a longer gradient of all parameters down to this norm: never, where not given.
    schedule   "constant" (where not given), "linear" (down to 0) or "cosine" (down to 0).
    patience   stop when the loss on the held-out samples has had no new minimum for so many epochs, and keep the best.
    predict    the value that answers with a class; found where not given.
    start      initial parameters: a dict of arrays, or a file that `save` wrote; drawn where not given, see `training.initial`. Or
               what `train` returned: its optimiser, where this is the same, goes on with what it remembers.
    init       how they are drawn: a name of `initial.INITIALISERS`, for all weights, or a dict of such names for some parameters.
    sizes      sizes that neither data nor `start` tell, such as {"h": 32}.
    sample_weight  how much each sample of `data` counts, in the losses and their gradients: as many copies of it would, 2.5 as
               well; a sample of weight 0 is left out. All count alike, where not given.
    dtype      "float32" (where not given) or "float64".
    backend    what computes the gradients: "numpy" (where not given), "c", "auto" (C where there is a compiler) or "jax".
    devices    of JAX, how many divide the samples of each step among them, those of all processes counted; one where not given.
               Several processes (`jax.distributed.initialize()`) are given the same data, and the first writes the files.
    recompute  of a network with a loop: keep the values of so many steps at a time, and compute those of the others again, which
               takes less memory and one forward pass more; all are kept where not given.
    checkpoint an .npz or .safetensors file that is written about once a second, and when training stops: all that a run needs
               to go on bit for bit.
    resume     a file that `checkpoint` wrote: go on where it stands, with its settings, on the same network and data, and
               write there as `checkpoint` does where that is not given. The number of epochs and the patience may be changed.
    log        a file that gets a line of JSON for each epoch, as it ends: its number, the losses, the seconds since training began.
               A run that is resumed goes on in it.
    progress   whether to show a bar on standard error (lines, where that is no terminal).

    Ctrl-C ends training after the step that it falls into, in C after those of about a hundredth of a second: what there is is
    returned, and `stopped` says so. A second Ctrl-C raises KeyboardInterrupt. SIGTERM does the same where the process handles it,
    as the command line does.

    Returns the trained parameters with the losses of each epoch and, for a classifier, the accuracy.
    Raises TrainingError for a setting that there is not, and where the data do not fit the network; Diverged, which holds the last
    parameters with a finite loss as `trained`, where the loss is no longer finite; FileError where `checkpoint` or `log` cannot be
    written as training begins; where that comes later, training goes on, and standard error tells it.
    """
    if unknown:
        name = next(iter(unknown))
        known = [n for n, p in inspect.signature(train).parameters.items() if p.kind is p.KEYWORD_ONLY]
        told = f"did you mean {own}?" if (own := OTHER_NAMES.get(name)) in known else mend(name, known)
        raise TrainingError(f"there is no setting {name}; {told}")
    if sizes is not None and not isinstance(sizes, Mapping):
        raise TrainingError(f"sizes={shown(sizes)}: give a dict with names, such as sizes={{'h': 32}}")
    wanted: dict[str, Any] = {
        "epochs": epochs, "rate": rate, "batch": batch, "seed": seed, "held_out": _part(held_out), "optimiser": optimiser,
        "momentum": momentum, "decay": decay, "clip": clip, "schedule": schedule, "patience": patience, "dtype": dtype,
        "backend": backend, "devices": devices, "recompute": recompute,
    }  # fmt: skip
    wanted = {name: plain(value) for name, value in wanted.items() if value is not None}
    if start is not None and resume is not None:
        raise TrainingError("start and resume both say where to begin; give one of them")
    if init is not None and (start is not None or resume is not None):
        raise TrainingError(f"init and {'start' if resume is None else 'resume'} both say where to begin; give one of them")
    memory, like = (start.memory, start.header) if isinstance(start, Trained) else (None, None)
    start = start.parameters if isinstance(start, Trained) else start
    prepared = network if isinstance(network, Prepared) else Prepared(lambda: network)
    if sample_weight is not None:
        prepared = prepared.derived()  # weights stand in its equations

    def ready(prepared: Prepared) -> _Ready:
        return _ready(
            prepared, data, wanted, start, init, sizes or {}, predict, sample_weight, checkpoint, resume, log, memory, like
        )  # fmt: skip

    try:
        made = ready(prepared)
    except SymbackpropError:
        if not prepared.is_kept:
            raise
        made = ready(prepared.derived())  # the network itself tells why
    return made.trained(progress, log)


@dataclass
class _Ready:
    """What a run needs, checked."""

    prepared: Prepared
    model: Model
    run: Run
    to_train: ndarray
    to_test: ndarray
    settings: Settings
    keeper: Keeper
    header: Header
    each: ndarray | None
    leads: bool
    fingerprint: str
    unseen: tuple[int, ...]

    def trained(self, progress: bool, log: StrPath | None) -> Trained:
        """What came of the run. Raises Diverged and FileError, as `train` says."""
        run, settings, keeper, leads = self.run, self.settings, self.keeper, self.leads
        keeper.write(run)
        told = told_by(settings.epochs, progress and leads, log if leads else None, run.epoch)
        for note in unscaled(self.model.arrays, self.model.layout, self.header) if progress and leads and not run.epoch else ():
            told.say(f"note: {note}")
        if run.epoch >= settings.epochs and leads:
            told.say(f"note: nothing is left to do: {run.epoch} epochs are done, and {settings.epochs} are asked for")
        with Interrupts() as signals:  # until all is kept and returned
            try:
                descend(self.model, run, self.to_train, self.to_test, settings, told, keeper, signals)
            except FileError:
                raise
            except SymbackpropError as fault:  # what else is refused in the midst keeps what was trained as well
                ended = fault if isinstance(fault, Diverged) else Diverged(str(fault))
                ended.trained = replace(self._result(), memory=None) if run.epoch or run.step else None
                raise ended from None
            keeper.keep(run, told)
            return self._result()

    def _result(self) -> Trained:
        run, settings, to_train, to_test = self.run, self.settings, self.to_train, self.to_test
        _ended(run, settings)
        prediction, sizes = self.model.prediction, self.model.layout.sizes
        score = None
        with suppress(SymbackpropError) if self.prepared.is_kept else nullcontext():  # the file was changed meanwhile, say
            score = (
                test(self.model, run.parameters, to_test if len(to_test) else to_train, settings.batch)[1] if prediction else None
            )
        losses = Losses(tuple(run.training), tuple(run.held_out))
        network = None if self.prepared.is_kept else self.prepared.network
        return Trained(
            run.parameters, losses, score, prediction.name if prediction else None, sizes, len(to_train), len(to_test), run.kept,
            self.prepared.title, self.prepared.forward.loss, run.stopped, network,
            None if self.each is None else len(np.unique(self.each)), self.header, self.keeper.unkept,
            run.memory(settings.optimiser, -(-len(to_train) // settings.batch)), told_of(self.prepared.forward.digests),
            self.fingerprint, self.unseen,
        )  # fmt: skip


def _ready(
    prepared: Prepared, data: Data, wanted: dict[str, Any], start: Any, init: Any, sizes: Mapping[str, int], predict: str | None,
    sample_weight: Any, checkpoint: StrPath | None, resume: StrPath | None, log: StrPath | None, memory: Any, like: Any,
) -> _Ready:  # fmt: skip
    """All that is checked before the first step."""
    program = prepared.program
    require_initialisers(init, program)
    require_domains(program)
    run, saved, before = read_run(resume) if resume is not None else (None, {}, {})
    settings = settled(resume, saved, wanted) if resume is not None else usual(wanted)
    require_decayed(program, wanted.get("decay"))
    checkpoint = resume if checkpoint is None else checkpoint
    if checkpoint is not None:
        require_arrays_place(checkpoint)
    own = data if isinstance(data, Mapping) else {"data": data}
    require_apart(
        {"the checkpoint": checkpoint, "the log": log},
        {f"the data {k}": path for k, path in own.items()} | {"what is held out": settings.held_out, "where it starts": start},
    )
    if resume is not None:
        require_parameters(resume, before, program)
    given = run.parameters if run else given_parameters(program, start)
    like = like or header_told(start)
    known = {**sizes_told(program, given), **(sizes or {})}
    arrays, header = load(data, program, known, like)
    own = fingerprint(arrays)
    layout = lay_out(program, arrays, sizes or {}, given)
    arrays = checked(program, arrays, layout.sizes, settings.dtype)
    classes = class_inputs(program, arrays, layout.axes)
    prediction = find_prediction(program, classes, layout.batch, predict)
    each = prediction.classes.each if prediction else None
    if prediction:
        said = {*(sizes or {}), *(str(s) for name in given for n in program.shape(name) for s in n.free_symbols)}
        require_counted(program, prediction.classes, arrays[prediction.classes.name], said, is_table(data))
    settings = settings if run else _for_few(settings, wanted, layout.samples, each)
    if isinstance(settings.held_out, str):
        further = checked(program, load(settings.held_out, program, layout.sizes, header)[0], layout.sizes, settings.dtype)
        arrays, layout, to_train, to_test = with_further(arrays, layout, further, settings.held_out)
        prediction = find_prediction(program, class_inputs(program, arrays, layout.axes), layout.batch, predict)
    else:
        to_train, to_test = split(layout.samples, settings.held_out, each)
    computed = None
    if sample_weight is not None:
        from symbackprop.training.weighted import weighted, with_weights

        modelled, loss, weight = weighted(program, prepared.forward.loss, layout.batch)
        computed = computed_of(modelled, loss, layout.sizes, settings.dtype, settings.backend)
        arrays, layout = with_weights(arrays, layout, weight, sample_weight, settings.dtype)
        to_train, to_test = (index[arrays[weight][index] > 0] for index in (to_train, to_test))
        if not to_train.size:
            raise TrainingError("sample_weight is 0 of every sample that is trained on; give one at least a positive weight")
    here = described(prepared, layout, arrays, predict) if checkpoint is not None else {}
    if run and resume is not None:
        require_same(resume, before, here)
    else:
        parameters = _fitted(program, given, layout, settings.dtype) or drawn(
            program, prepared.roles(layout.sizes), layout.sizes, settings.seed, settings.dtype, init
        )
        run = begun(parameters, len(to_train), settings, memory)
        run.begin = {} if given else parameters  # those that are trained are copies
    if settings.devices and layout.batch is None:
        raise TrainingError("the network is written for one sample, and devices divide a batch: declare X: data[n, d], say")
    kind, on_jax = Model, settings.backend == "jax"
    if on_jax:
        from symbackprop.training.devices import OnDevices as kind
    computed = computed or prepared.computed(layout.sizes, settings.dtype, settings.backend)
    model = kind(computed, program.parameters, arrays, layout, prediction, settings.devices, settings.recompute)
    leads = not on_jax or is_first_process()
    keeper = Keeper(checkpoint if leads else None, settings, here)
    strange = unseen(program, prediction.classes, arrays, layout, to_train) if prediction else ()
    return _Ready(prepared, model, run, to_train, to_test, settings, keeper, header, each, leads, own, strange)


def _part(held_out: Any) -> Any:
    """What is held out as a checkpoint keeps it: a number, or the text of a path."""
    return os.fspath(held_out) if isinstance(held_out, os.PathLike) else held_out


def _for_few(settings: Settings, wanted: Mapping[str, Any], samples: int, classes: ndarray | None) -> Settings:
    """The settings for so many samples, where a person left the choice."""
    held_out = settings.held_out if "held_out" in wanted else usual_part(samples, classes)
    if settings.patience and not held_out:
        raise TrainingError(
            f"patience watches the loss on held-out samples, of which {samples} leave none: give held_out=0.25, say"
        )
    few = "held_out" not in wanted and not held_out
    return replace(settings, held_out=held_out, epochs=MANY if few and "epochs" not in wanted else settings.epochs)


def _fitted(program: Program, given: Parameters, layout: Layout, dtype: str) -> Parameters:
    for tensor in program.parameters if given else ():
        if given[tensor.name].shape != shape_of(tensor, layout.sizes):
            raise TrainingError(
                f"start: {tensor.name} has shape {given[tensor.name].shape}, but it must be {shape_of(tensor, layout.sizes)}"
            )
        if fault := outside(tensor, given[tensor.name], layout.sizes):
            raise TrainingError(f"start: {tensor.name} {fault}")
    return {name: np.array(array, dtype=dtype) for name, array in given.items()}


def _ended(run: Run, settings: Settings) -> None:
    """Put the best parameters in place, where the best are kept."""
    for name, w in run.best.items():
        run.parameters[name][...] = w
    if not settings.patience:
        run.kept = run.epoch
