"""A run of gradient descent: where it stands, and how it goes on, so that it can stop after any step and go on bit for bit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Protocol

import numpy as np
from numpy import ndarray

from symbackprop.training.domains import Held, decays, domain_of
from symbackprop.training.errors import Diverged, TrainingError
from symbackprop.training.interrupts import Interrupts
from symbackprop.training.model import Model
from symbackprop.training.optimiser import SCHEDULES, Descent, slots_of
from symbackprop.training.progress import Progress
from symbackprop.training.result import Memory
from symbackprop.training.score import Score
from symbackprop.training.settings import Settings

Parameters = dict[str, ndarray]
LARGE = 20  # entries of data beyond it are far from 1
GROWN = 1000  # so many times the loss at the beginning is no descent


@dataclass
class Run:
    """Where a run stands: all that the next step depends on.

    parameters   moved in place.
    state        what the optimiser remembers, an array over all parameters for each of its slots; empty before the first step.
    order        the state, at the beginning of the epoch, of the generator that shuffles.
    before       how many steps the optimiser has taken before the run.
    epoch        how many are complete, and `step` how many steps of the next one.
    total        the sum of the losses of these steps, each times what its samples count.
    training     the loss of each epoch, and `held_out` that on the samples held out.
    best         the parameters of epoch `kept`, where the best are kept.
    stopped      the number of the signal that stopped the run.
    parts        the state by the names of the parameters, in the same memory; before the first step, that of the run that goes on.
    begin        of a run whose parameters were drawn, in its first epoch: these parameters; empty in any other.
    early        the loss of its first step, and the least behind it.
    """

    parameters: Parameters
    state: dict[str, ndarray]
    order: Mapping[str, Any]
    before: int = 0
    epoch: int = 0
    step: int = 0
    total: float = 0.0
    training: list[float] = field(default_factory=list)
    held_out: list[float] = field(default_factory=list)
    best: Parameters = field(default_factory=dict)
    kept: int = 0
    stopped: int | None = None
    parts: dict[str, Parameters] = field(default_factory=dict)
    begin: Parameters = field(default_factory=dict)
    early: tuple[float, ...] = ()

    def memory(self, optimiser: str, steps: int) -> Memory | None:
        """What the optimiser remembers, after epochs of so many steps; None where the parameters are not those it has come to."""
        return None if self.best else Memory(optimiser, self.parts, self.before + self.epoch * steps + self.step)


class Keeps(Protocol):
    """What writes a run: whether it is time to, and the deed."""

    @property
    def is_due(self) -> bool: ...

    def keep(self, run: Run, told: Progress) -> None: ...


def begun(parameters: Parameters, samples: int, settings: Settings, memory: Memory | None = None) -> Run:
    """A run before its first step.

    memory   what an optimiser remembers of another run, which goes on; another optimiser begins anew.
    """
    order = np.random.default_rng([settings.seed, samples]).bit_generator.state
    slots = slots_of(settings.optimiser, settings.momentum)
    if memory is None or memory.optimiser != settings.optimiser or tuple(memory.state) != slots:
        return Run(parameters, {}, order)
    return Run(parameters, {}, order, memory.steps, parts={slot: dict(arrays) for slot, arrays in memory.state.items()})


def descend(
    model: Model,
    run: Run,
    to_train: ndarray,
    to_test: ndarray,
    settings: Settings,
    told: Progress,
    keeps: Keeps,
    signals: Interrupts,
) -> None:
    """Go on with a run to its last epoch, or until a signal stops it.

    keeps     writes the run now and then, after a step, where it could go on from there.
    signals   those that have arrived.

    Raises Diverged where the loss or a parameter is no longer finite; the run then holds the last parameters with a finite loss.
    """
    descent, batch = _descent(model, run, to_train, settings), settings.batch
    steps = -(-len(to_train) // batch)
    take = _taking(model, run, descent, settings, steps)
    order = np.random.Generator(np.random.PCG64())
    with told, np.errstate(all="ignore"):
        while run.epoch < settings.epochs and not _is_settled(run, settings):
            order.bit_generator.state = run.order
            shuffled = order.permutation(to_train)
            while run.step < steps:
                left = shuffled[run.step * batch :]
                for k, value in enumerate(take(left, run.epoch * steps + run.step)):
                    index = left[k * batch : (k + 1) * batch]
                    if not isfinite(value):
                        raise _diverged(model, run, descent, value, index, settings)
                    run.step, run.total = run.step + 1, run.total + value * model.mass(index)
                    if run.begin:
                        run.early = (*run.early[:1], min((*run.early[1:], float(value))))
                if keeps.is_due:
                    descent.fetch()
                    keeps.keep(run, told)
                if signals.number is not None:
                    run.stopped = signals.number
                    descent.fetch()
                    return
            descent.fetch()
            losses = _finished(model, run, descent, to_train, to_test, settings)
            run.epoch, run.step, run.total, run.order = run.epoch + 1, 0, 0.0, order.bit_generator.state
            told.epoch(run.epoch, *losses)


def _taking(model: Model, run: Run, descent: Descent, settings: Settings, steps: int) -> Callable[[ndarray, int], Sequence[float]]:
    """What takes the next steps of a run on the first of the samples that are left, after so many; their losses.

    The last loss may be not finite: that step moves nothing.
    """
    batch, total, rate, factor = settings.batch, settings.epochs * steps, settings.rate, SCHEDULES[settings.schedule]
    ahead, counted = model.ahead(descent, batch), run.before + 1

    def one(left: ndarray, begun: int) -> Sequence[float]:
        value = model.gradient(left[:batch])
        if isfinite(value):
            descent.step(rate * factor(begun / total), counted + begun)
        return (value,)

    def many(left: ndarray, begun: int) -> Sequence[float]:
        def numbers(count: int) -> ndarray:
            return descent.numbers([rate * factor((begun + k) / total) for k in range(count)], counted + begun)

        return one(left, begun) if ahead is None or len(left) < batch else ahead(left, numbers)

    return one if ahead is None else many


def _descent(model: Model, run: Run, to_train: ndarray, settings: Settings) -> Descent:
    """The optimiser over the memory of the model, where the parameters of the run then lie."""
    memory = model.memory(run.parameters, to_train[: settings.batch])
    run.parameters = {**memory.parameters}
    domains = {t.name: domain for t in model.parameters if (domain := domain_of(t))}
    decayed = memory.like({t.name: np.full(memory.parameters[t.name].shape, decays(t)) for t in model.parameters})
    zeros = {slot: np.zeros_like(memory.flat) for slot in slots_of(settings.optimiser, settings.momentum)}
    before = run.state or {slot: memory.like(arrays) for slot, arrays in run.parts.items()} or zeros
    if {slot: array.shape for slot, array in before.items()} != {slot: array.shape for slot, array in zeros.items()}:
        raise TrainingError("what the optimiser remembers in the checkpoint is of other parameters; begin anew without resume")
    run.state = {slot: np.array(before[slot], memory.flat.dtype) for slot in zeros}
    run.parts = {slot: memory.parts(array) for slot, array in run.state.items()}
    held = [Held(name, domain, memory.parameters[name], memory.gradients[name]) for name, domain in domains.items()]
    return model.descent(memory, decayed, run.state, settings.optimiser, settings.momentum, settings.decay, settings.clip, held)


def _finished(
    model: Model, run: Run, descent: Descent, to_train: ndarray, to_test: ndarray, settings: Settings
) -> tuple[float, float | None]:
    """Note the losses of an epoch whose steps are done, and return them."""
    last = to_train[: settings.batch]
    if not all(np.isfinite(w).all() for w in run.parameters.values()):
        raise _diverged(model, run, descent, np.nan, last, settings)
    loss, held_out = run.total / model.mass(to_train), None
    if run.training and loss > GROWN * abs(run.training[0]) > 0:
        grown = f"from {run.training[0]:.4g} in the first epoch to {loss:.4g} in epoch {run.epoch + 1}"
    else:
        grown = _grown_in_the_first(model, run, to_train, settings)
    run.begin, run.early = {}, ()
    if grown:
        raise Diverged(f"the loss has grown {grown}; {_grown(run.parameters)}: {_too_high(model, settings)}")
    if len(to_test):
        held_out = _mean_loss(model, run.parameters, to_test, settings)
        if not isfinite(held_out):
            raise _diverged(model, run, descent, held_out, to_test, settings)
        run.held_out.append(held_out)
    run.training.append(loss)
    if settings.patience and run.held_out[-1] == min(run.held_out):
        run.best, run.kept = {name: w.copy() for name, w in run.parameters.items()}, run.epoch + 1
    return loss, held_out


def _grown_in_the_first(model: Model, run: Run, to_train: ndarray, settings: Settings) -> str:
    """From what to what the loss has grown a thousandfold in the first epoch; empty where it has not.

    Batches differ in their data. So where all steps behind the first are that far above it, and parameters have gone far from where
    they began, all samples are held against themselves.
    """
    if len(run.early) < 2 or not run.early[1] > GROWN * abs(run.early[0]):
        return ""
    begin, now = run.begin, {name: w.copy() for name, w in run.parameters.items()}
    if _largest(now[name] - w for name, w in begin.items()) <= max(1.0, _largest(begin.values())):
        return ""
    after = _mean_loss(model, run.parameters, to_train, settings)
    _put(run.parameters, begin)  # the memory that steps read
    before = _mean_loss(model, run.parameters, to_train, settings)
    _put(run.parameters, now)
    grown = abs(before) > 0 and not after <= GROWN * abs(before)  # NaN is no descent either
    return f"from {before:.4g} before the first step to {after:.4g} in epoch {run.epoch + 1}" if grown else ""


def _mean_loss(model: Model, parameters: Parameters, index: ndarray, settings: Settings) -> float:
    """The mean of the loss over mini-batches of samples, with the parameters of the memory."""
    loss_on, first = model.losses(parameters), model.losses_ahead(index, settings.batch)
    parts = list(batches(index, settings.batch))
    losses = [*first, *map(loss_on, parts[len(first) :])]
    return sum(loss * model.mass(part) for loss, part in zip(losses, parts, strict=True)) / model.mass(index)


def _put(parameters: Parameters, others: Parameters) -> None:
    for name, w in others.items():
        np.copyto(parameters[name], w)


def _largest(arrays: Iterable[ndarray]) -> float:
    """The size of the largest entry of all."""
    return max(float(abs(w).max(initial=0)) for w in arrays)


def _is_settled(run: Run, settings: Settings) -> bool:
    """Whether the held-out loss has had no new minimum for as long as patience lasts."""
    return bool(settings.patience) and run.epoch > 0 and run.epoch - run.kept >= (settings.patience or 0)


def _diverged(model: Model, run: Run, descent: Descent, value: float, index: ndarray, settings: Settings) -> Diverged:
    """What to raise where the loss is not finite; the parameters are moved back to where it was."""
    if run.epoch == run.step == 0:
        first = model.fault(run.parameters, index)
        return Diverged(
            f"the loss is {value} before the first step: the network has no finite value there{first}; scale the data to about 1, "
            f"or begin with other parameters (start, seed)"
        )
    descent.fetch()
    fault, grown = model.fault(run.parameters, index), _grown(run.parameters)
    descent.back()
    return Diverged(
        f"the loss became {value} in epoch {run.epoch + 1}, step {run.step + 1}{fault}; {grown}: {_too_high(model, settings)}"
    )


def _too_high(model: Model, settings: Settings) -> str:
    """What to change where steps were too long: the data where they are large, else the rate."""
    largest = model.largest()
    if largest is not None and largest[1] > LARGE:
        return f"{largest[0]} reaches {largest[1]:.3g}, and steps are too long for that; scale the data to about 1"
    return f"the rate {settings.rate:g} is too high; lower it, to {settings.rate / 10:g} say"


def _grown(parameters: Parameters) -> str:
    """The parameter that is not finite, or the largest."""
    for name, w in parameters.items():
        if not np.isfinite(w).all():
            return f"{name} holds {w[~np.isfinite(w)].flat[0] if w.ndim else w}"
    name = max(parameters, key=lambda n: float(abs(parameters[n]).max(initial=0)))
    return f"{name} has grown to {float(abs(parameters[name]).max(initial=0)):.3g}"


def batches(index: ndarray, size: int) -> Iterator[ndarray]:
    """The samples in parts of a size; the last may be smaller."""
    return (index[first : first + size] for first in range(0, len(index), size))


def test(model: Model, parameters: Parameters, index: ndarray, batch: int) -> tuple[float, Score]:
    """The mean of the loss over mini-batches as large as those of training, and the score of the answers."""
    tested, total, right, of = model.tests(parameters), 0.0, 0, 0
    for part in batches(index, batch):
        value, true, asked = tested(part)
        total, right, of = total + value * model.mass(part), right + true, of + asked
    return total / model.mass(index), Score(right, of)
