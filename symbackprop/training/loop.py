"""Training: stochastic gradient descent on the compiled function, one line a stage."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

import numpy as np
from numpy import ndarray

from symbackprop.core.network import Network
from symbackprop.core.program import Program, shape_text
from symbackprop.evaluate.points import shape_of
from symbackprop.training.classes import class_inputs, find_prediction
from symbackprop.training.datasets import Data, as_array, load
from symbackprop.training.errors import TrainingError, nearest
from symbackprop.training.initial import initial
from symbackprop.training.layout import Layout, checked, lay_out, split
from symbackprop.training.model import Model
from symbackprop.training.optimiser import SCHEDULES, Descent
from symbackprop.training.progress import progress_for
from symbackprop.training.result import Losses, Score, Trained
from symbackprop.training.settings import Settings
from symbackprop.training.storage import read_arrays

Parameters = dict[str, ndarray]


def train(
    network: Network,
    data: Data,
    *,
    epochs: int = 30,
    rate: float = 0.1,
    batch: int = 32,
    seed: int = 0,
    held_out: float = 0.2,
    momentum: float = 0.0,
    decay: float = 0.0,
    schedule: str = "constant",
    patience: int | None = None,
    predict: str | None = None,
    start: Mapping[str, Any] | str | os.PathLike[str] | None = None,
    sizes: Mapping[str, int] | None = None,
    dtype: str = "float32",
    progress: bool = True,
) -> Trained:
    """w <- w - rate dL/dw over mini-batches: stochastic gradient descent on the compiled function.

    data       a dict with an array for each data input, the path of an .npz file that holds them, or "digits".
    epochs     how often every sample is used.
    rate       the learning rate, that of the beginning where a schedule lowers it.
    batch      samples a step; the last step of an epoch may have fewer.
    seed       of the initial parameters and of the order of the samples.
    held_out   the part of the samples that is not trained on; the same part in every run, with its share of every class.
    momentum   from 0 to below 1.
    decay      of the weights, those parameters that have two axes or more, a step and a rate of 1.
    schedule   "constant", "linear" (down to 0) or "cosine" (down to 0).
    patience   stop when the loss on the held-out samples has had no new minimum for so many epochs, and keep the best.
    predict    the value that answers with a class; found where not given.
    start      initial parameters: a dict of arrays, or a file that `save` wrote; drawn where not given, see `training.initial`.
    sizes      sizes that neither data nor `start` tell, such as {"h": 32}.
    dtype      "float32" or "float64".
    progress   whether to show a bar on standard error (lines, where that is no terminal).

    Returns the trained parameters with the losses of each epoch and, for a classifier, the accuracy.
    Raises TrainingError where the data do not fit the network, or the loss is no longer finite.
    """
    settings = Settings(epochs, rate, batch, seed, held_out, momentum, decay, schedule, patience, dtype)
    program = network.program
    given = _given(program, start)
    arrays = load(data, program, sizes or {})
    layout = lay_out(program, arrays, sizes or {}, given)
    arrays = checked(program, arrays, layout.sizes, dtype)
    classes = class_inputs(program, arrays, layout.axes)
    prediction = find_prediction(program, classes, layout.batch, predict)
    to_train, to_test = split(layout.samples, held_out, prediction.classes.each if prediction else None)
    parameters = _fitted(program, given, layout, dtype) or initial(program, layout.sizes, seed, dtype)
    model = Model(program, network.loss, arrays, layout, prediction, dtype)
    losses, kept = _descend(model, parameters, to_train, to_test, settings, progress)
    score = _test(model, parameters, to_test if len(to_test) else to_train, batch)[1] if prediction else None
    return Trained(
        parameters, losses, score, prediction.name if prediction else None, layout.sizes, len(to_train), len(to_test), kept,
        network.title or "", network.loss,
    )  # fmt: skip


def _given(program: Program, start: Mapping[str, Any] | str | os.PathLike[str] | None) -> Parameters:
    """The initial parameters that a person gave."""
    names = [t.name for t in program.parameters]
    if not names:
        raise TrainingError("the network has no parameter to train; declare one, such as W: parameter[h, d]")
    if start is None:
        return {}
    where = "start" if isinstance(start, Mapping) else os.fspath(start)
    arrays = {str(n): as_array(str(n), a) for n, a in start.items()} if isinstance(start, Mapping) else read_arrays(start)
    for name in arrays:
        if name not in names:
            raise TrainingError(f"{where}: {name} is no parameter of the network; {nearest(name, names)}")
    for tensor in program.parameters:
        if tensor.name not in arrays:
            raise TrainingError(f"{where}: the parameter {tensor.name} is missing; give an array for each of {', '.join(names)}")
        if arrays[tensor.name].ndim != tensor.rank:
            raise TrainingError(
                f"{where}: {tensor.name} has shape {arrays[tensor.name].shape}, but it is declared as {shape_text(tensor.shape)}"
            )
        if not np.isfinite(arrays[tensor.name]).all():
            raise TrainingError(f"{where}: {tensor.name} holds numbers that are not finite; begin with others")
    return arrays


def _fitted(program: Program, given: Parameters, layout: Layout, dtype: str) -> Parameters:
    for tensor in program.parameters if given else ():
        if given[tensor.name].shape != shape_of(tensor, layout.sizes):
            raise TrainingError(
                f"start: {tensor.name} has shape {given[tensor.name].shape}, but it must be {shape_of(tensor, layout.sizes)}"
            )
    return {name: np.array(array, dtype=dtype) for name, array in given.items()}


def _descend(
    model: Model, parameters: Parameters, to_train: ndarray, to_test: ndarray, settings: Settings, progress: bool
) -> tuple[Losses, int]:
    """Move the parameters in place; the losses, and the epoch whose parameters they are in the end."""
    descent = Descent(parameters, settings.momentum, settings.decay)
    order = np.random.default_rng([settings.seed, len(to_train)])
    steps = -(-len(to_train) // settings.batch)
    training: list[float] = []
    held_out: list[float] = []
    best, kept = {}, settings.epochs
    with progress_for(settings.epochs, progress) as told, np.errstate(all="ignore"):
        for epoch in range(settings.epochs):
            total = 0.0
            for step, index in enumerate(_batches(order.permutation(to_train), settings.batch)):
                value, gradients = model.gradient(parameters, index)
                if not isfinite(value):
                    raise TrainingError(_diverged(value, epoch, step, settings.rate))
                done = (epoch * steps + step) / (settings.epochs * steps)
                descent.step(gradients, settings.rate * SCHEDULES[settings.schedule](done))
                total += value * len(index)
            if not all(np.isfinite(w).all() for w in parameters.values()):
                raise TrainingError(_diverged(np.nan, epoch, steps, settings.rate))
            training.append(total / len(to_train))
            news = f"loss {training[-1]:.4g}"
            if len(to_test):
                held_out.append(_test(model, parameters, to_test, settings.batch)[0])
                if not isfinite(held_out[-1]):
                    raise TrainingError(_diverged(held_out[-1], epoch, steps, settings.rate))
                news += f", held out {held_out[-1]:.4g}"
            told.epoch(epoch + 1, news)
            if settings.patience:
                if held_out[-1] == min(held_out):
                    best, kept = {name: w.copy() for name, w in parameters.items()}, epoch + 1
                elif epoch + 1 - kept >= settings.patience:
                    break
    for name, w in best.items():
        parameters[name][...] = w
    return Losses(tuple(training), tuple(held_out)), kept


def _diverged(value: float, epoch: int, step: int, rate: float) -> str:
    if epoch == step == 0:
        return (
            f"the loss is {value} before the first step: the network has no finite value there; scale the data to about 1, or "
            f"begin with other parameters (start, seed)"
        )
    return f"the loss became {value} in epoch {epoch + 1}: the rate {rate:g} is too high; lower it, to {rate / 10:g} say"


def _batches(index: ndarray, size: int) -> Iterator[ndarray]:
    return (index[first : first + size] for first in range(0, len(index), size))


def _test(model: Model, parameters: Parameters, index: ndarray, batch: int) -> tuple[float, Score]:
    """The mean of the loss over mini-batches as large as those of training, and the score of the answers."""
    total, right, of = 0.0, 0, 0
    for part in _batches(index, batch):
        value, true, asked = model.test(parameters, part)
        total, right, of = total + value * len(part), right + true, of + asked
    return total / len(index), Score(right, of)
