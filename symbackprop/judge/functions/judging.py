"""The judge of a backward pass that is run on numbers: points, calls, slopes, findings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy import ndarray

from symbackprop.core.errors import shown
from symbackprop.evaluate.magnitude import largest_of
from symbackprop.formulas.told import Told
from symbackprop.judge.functions.calls import CallFailed, FunctionJudgeError, Scene, random_numbers_kept
from symbackprop.judge.functions.compare import MARGIN, Change, Evidence, changes, evidence
from symbackprop.judge.functions.leaves import Leaf, put, reached
from symbackprop.judge.functions.match import Pair, pairs, variables
from symbackprop.judge.functions.second import Second
from symbackprop.judge.functions.truth import Slope, complex_slope, fine_slope, slope
from symbackprop.judge.functions.verdict import Finding, FunctionVerdict

POINTS = 3  # besides the person's own
TRIES = 12
VANISHES = 1e-12  # a gradient below this tells right from wrong no more
NEAR = 3e-7  # relative error of a slope that is enough to judge by
READ = "the loss could be read or traced: the gradients derived from it agree with its differences"
TWO_TRUTHS = "the gradient derived from the loss as it was read does not agree with the differences of the loss"
CONVENTIONS = ("transpose", "shape", "sign", "factor 2", "1/N")


@dataclass(frozen=True)
class Passes:
    """What is judged.

    loss       scene -> the scalar, and what was printed.
    gradient   scene -> what the backward pass returns, and what was printed; it may write on its scene.
    second     the gradients derived from the loss, where it can be read; None: it is not tried.
    """

    loss: Callable[[Scene], tuple[Any, str]]
    gradient: Callable[[Scene], tuple[Any, str]]
    second: Second | None = None

    def value(self, scene: Scene) -> float:
        """The loss at a scene, which stays as it is."""
        return as_scalar(self.loss(scene.copied())[0]).real

    def mistake(self, seen: Sequence[tuple[Scene, Evidence]], leaf: Leaf) -> Told:
        """The mistake that gives what was returned at scenes; nothing where none is known."""
        if self.second is None:
            return Told()
        scenes, claimed = [scene for scene, _ in seen], [found.claimed for _, found in seen]
        return self.second.mistake(scenes, claimed, leaf.name, self.value)

    def derived(self, scene: Scene, leaf: Leaf) -> ndarray | None:
        """The derived gradient by an array; None where there is none."""
        return self.second.gradient(scene, leaf.name, self.value) if self.second is not None else None


def judge(passes: Passes, scene: Scene, wrt: list[tuple[str, Leaf]] | None, allow: Collection[str]) -> FunctionVerdict:
    """The verdict on a backward pass, at the person's own point and at generic ones."""
    unknown = sorted(set(allow) - set(CONVENTIONS))
    if unknown:
        raise FunctionJudgeError(f"allow: there is no convention {shown(unknown[0])}; there are {', '.join(CONVENTIONS)}")
    with random_numbers_kept():
        return _judge(passes, in_doubles(scene.copied()), wrt, allow)


def _judge(passes: Passes, own: Scene, wrt: list[tuple[str, Leaf]] | None, allow: Collection[str]) -> FunctionVerdict:
    notes: dict[str, None] = {}
    _value(passes, own)
    try:
        found = _claims(passes, own, wrt, notes)
    except CallFailed as failed:
        return FunctionVerdict((Finding("gradient", f"not understood: {failed}"),), tuple(notes))
    _forgotten(own, found, wrt, notes)
    movable = [pair.leaf for pair in found]
    where = [own, *_generic(passes, own, movable)]
    if len(where) == 1:
        notes["the loss has a value at the given arguments only: it was judged there and nowhere else"] = None
    findings = [_finding(passes, where, pair, wrt, allow, notes) for pair in found]
    return FunctionVerdict(tuple(findings), tuple(notes))


def _forgotten(scene: Scene, found: Sequence[Pair], wrt: list[tuple[str, Leaf]] | None, notes: dict[str, None]) -> None:
    """Note the arrays beside those whose gradients were returned that have none."""
    if wrt is not None:
        return
    holders = {pair.leaf.steps[:-1] for pair in found if len(pair.leaf.steps) > 1}
    have = {pair.leaf.steps for pair in found}
    without = [leaf.name for leaf in variables(scene) if leaf.steps[:-1] in holders and leaf.steps not in have and leaf.shape]
    if without:
        notes[f"no gradient by {', '.join(without[:6])} was returned"] = None


def _value(passes: Passes, scene: Scene) -> float:
    """The loss at the person's own arguments: it must be one finite number."""
    try:
        value = passes.loss(scene.copied())[0]
    except CallFailed as failed:
        raise FunctionJudgeError(f"the loss has no value at the given arguments: {failed}") from None
    number = as_scalar(value)
    if not np.isfinite(number):
        raise FunctionJudgeError(f"the loss is {number.real} at the given arguments; give a point where it is finite")
    return number.real


def as_scalar(value: Any) -> complex:
    """The one number that a loss returns. Raises FunctionJudgeError for anything else."""
    array = np.asarray(value)
    if array.size != 1 or array.dtype.kind not in "fiuc":
        shape = f"of shape {array.shape}" if array.dtype.kind in "fiuc" else f"a {type(value).__name__}"
        raise FunctionJudgeError(f"the loss returned {shape}; it must return one number, or (number, anything): sum or average it")
    return complex(array.item())


def _claims(passes: Passes, scene: Scene, wrt: list[tuple[str, Leaf]] | None, notes: dict[str, None]) -> list[Pair]:
    """The gradients that are claimed at a scene; what the calls changed and printed is noted."""
    after = scene.copied()
    before = [(leaf, np.array(leaf.value)) for leaf in variables(after)]
    result, printed = passes.gradient(after)
    if printed.strip():
        notes[f"it printed: {printed.strip().splitlines()[0][:100]}"] = None
    claimed = pairs(scene, result, wrt, after)
    for leaf, old in before:
        new = _there(after, leaf)
        if new is None or new.shape != old.shape or not np.array_equal(new, old, equal_nan=True):
            notes[f"{leaf.name} is another after the call: the functions write into their arguments (each call got a copy)"] = None
    return claimed


def _there(scene: Scene, leaf: Leaf) -> ndarray | None:
    try:
        return np.asarray(reached(scene.root(leaf.steps[0][1]), leaf.steps[1:]))
    except (AttributeError, KeyError, IndexError, TypeError):
        return None


def placed(scene: Scene, leaf: Leaf, value: Any) -> None:
    """Put a value in the place of a leaf of the scene."""
    (_, name), *inner = leaf.steps
    if inner:
        put(scene.root(name), tuple(inner), value)
        return
    place = scene.names.index(name)
    old = scene.arguments[place]
    if isinstance(old, np.ndarray) and old.dtype == np.result_type(value):
        old[...] = value
    else:
        scene.arguments[place] = value


def in_doubles(scene: Scene) -> Scene:
    """The scene with arrays of small floats in float64, so that differences have digits to spare."""
    for leaf in variables(scene):
        if isinstance(leaf.value, np.ndarray) and leaf.value.dtype != np.float64:
            placed(scene, leaf, leaf.value.astype(np.float64))
    return scene


def _generic(passes: Passes, own: Scene, movable: Sequence[Leaf]) -> list[Scene]:
    """Scenes where the variables are standard normal; where the loss has no value there, moved from what was given."""
    rng = np.random.default_rng(7)
    found: list[Scene] = []
    for attempt in range(TRIES):
        scene = own.copied()
        for leaf in movable:
            noise = rng.standard_normal(leaf.shape)
            given = np.asarray(leaf.value, dtype=float)
            near = given * (1 + 0.3 * noise) + 0.01 * noise * (given == 0)
            value = noise if attempt < TRIES // 2 else near
            placed(scene, leaf, value if isinstance(leaf.value, np.ndarray) else float(value))
        try:
            value = as_scalar(passes.loss(scene.copied())[0])
        except (CallFailed, FunctionJudgeError):
            continue
        if np.isfinite(value):
            found.append(scene)
        if len(found) == POINTS:
            break
    return found


def _finding(
    passes: Passes,
    where: Sequence[Scene],
    pair: Pair,
    wrt: list[tuple[str, Leaf]] | None,
    allow: Collection[str],
    notes: dict[str, None],
) -> Finding:
    """What is said of one gradient."""
    rng = np.random.default_rng(11)
    seen: list[tuple[Scene, Evidence]] = []
    for scene in where:
        try:
            here = _claims(passes, scene, wrt, notes)
        except CallFailed as failed:
            return Finding(pair.name, f"wrong: at another point of the same shapes, {failed}", _matched(pair))
        claimed = next((p.claimed.value for p in here if (p.leaf.steps, p.name) == (pair.leaf.steps, pair.name)), None)
        if claimed is None:  # nothing was written there
            continue
        found = evidence(_along(passes, scene, pair.leaf), np.asarray(claimed), pair.leaf.shape, rng)
        if found.digit:
            notes[f"what was returned in {found.kind} is held to the digits that this has"] = None
        derived = passes.derived(scene, pair.leaf)
        if derived is not None:
            if found.verdict(derived)[0] is False:
                return Finding(pair.name, f"undecided: {TWO_TRUTHS}", _matched(pair))
            notes[READ] = None
        if found.size > VANISHES:
            seen.append((scene, found))
        elif found.claimed.shape == found.shape and found.verdict(found.claimed)[0] is False:
            return _wrong(pair, [found], "", "the loss does not change with it: the gradient is zero")
    if not seen:
        return Finding(pair.name, "right, numeric: zero, as the loss does not change with it", _matched(pair), points=len(where))
    return _judged(passes, where[0], pair, seen, allow)


def _judged(passes: Passes, scene: Scene, pair: Pair, placed: Sequence[tuple[Scene, Evidence]], allow: Collection[str]) -> Finding:
    seen = [found for _, found in placed]
    fits = seen[0].claimed.shape == seen[0].shape
    if fits:
        said = [point.verdict(point.claimed) for point in seen]
        worst = max(off for _, off in said)
        if all(right for right, _ in said):
            return Finding(pair.name, "right, numeric", _matched(pair), points=len(seen), deviation=worst)
        if not any(right is False for right, _ in said):
            verdict = "undecided: the loss is too rough for its differences to tell"
            return Finding(pair.name, verdict, _matched(pair), points=len(seen), deviation=worst)
    sizes = _sizes(scene)
    change = next(changes(seen, sizes), None)
    if change is not None and change.convention:
        return _up_to(pair, seen, change, allow)
    mistake = _plain(seen) or (change.sentence if change else _stepped(placed, pair))
    named = Told() if mistake else passes.mistake(placed, pair.leaf)
    if not fits:
        verdict = f"wrong shape: {seen[0].claimed.shape}, where {pair.name} and so its gradient have {seen[0].shape}"
        return Finding(pair.name, verdict, _matched(pair), mistake, points=len(seen), deviation=np.inf).because(named)
    return _wrong(pair, seen, mistake or ("" if named else _partly(seen))).because(named)


def _plain(seen: Sequence[Evidence]) -> str:
    """What is to be said of numbers whatever they were meant to be."""
    bad = next((point.claimed for point in seen if not np.isfinite(point.claimed).all()), None)
    if bad is not None:
        return f"{int((~np.isfinite(bad)).sum())} of its {bad.size} numbers are not finite"
    if seen[0].kind.kind in "iub":
        return f"it holds whole numbers ({seen[0].kind}), without the fractions"
    if all(_is_total(point) for point in seen):
        return "all its entries are added up"
    return "it is zero everywhere" if all(not np.any(point.claimed) for point in seen) else ""


def _is_total(point: Evidence) -> bool:
    """Whether one number was returned: the sum of all entries, where each of them was looked at."""
    each = len(point.moves) == int(np.prod(point.shape)) > 1 and bool(point.usable.all())
    return each and point.claimed.shape == () and bool(np.isclose(point.claimed, point.true.sum(), rtol=1e-6))


def _stepped(placed: Sequence[tuple[Scene, Evidence]], pair: Pair) -> str:
    """Whether what was returned is the variable after a step of descent."""
    rates = []
    for scene, point in placed:
        if point.claimed.shape != point.shape:
            return ""
        moved = point.measured(np.asarray(leaf_value(scene, pair.leaf), dtype=float) - point.claimed)[point.usable]
        true = point.true[point.usable]
        rate = float(moved @ true / (true @ true)) if true.any() else 0.0
        if not np.allclose(moved, rate * true, rtol=1e-6, atol=1e-9 * point.size):
            return ""
        rates.append(rate)
    if not (rates[0] > 0 and np.allclose(rates, rates[0], rtol=1e-6)):
        return ""
    return f"it is {pair.name} after a step of {rates[0]:.6g} against the gradient: return the gradient itself"


def _up_to(pair: Pair, seen: list[Evidence], change: Change, allow: Collection[str]) -> Finding:
    permitted = set(change.convention.split("+")) <= set(allow)
    verdict = f"up to convention: {change.convention.replace('+', ', ')}"
    return Finding(pair.name, verdict, _matched(pair), change.sentence, points=len(seen), allowed=permitted)


def _wrong(pair: Pair, seen: list[Evidence], mistake: str, said: str = "") -> Finding:
    point = next(p for p in seen if p.verdict(p.claimed)[0] is False)
    entry, claimed, true = point.worst()
    deviation = point.verdict(point.claimed)[1]
    return Finding(pair.name, "wrong", _matched(pair), mistake or said, entry, claimed, true, len(seen), deviation)


def _partly(seen: list[Evidence]) -> str:
    """What is to be said of a claim that is right in some entries, at some points."""
    rights = [point.verdict(point.claimed)[0] for point in seen]
    if any(rights):
        return f"it is right at {sum(map(bool, rights))} of {len(rights)} points"
    point = seen[-1].apart()
    if len(point.moves) != int(np.prod(point.shape)) or len(point.moves) < 2:
        return ""
    off = np.abs(point.measured(point.claimed) - point.true) > 1e-6 * point.size
    return f"{int(off.sum())} of {off.size} entries are off" if not off.all() else ""


def _matched(pair: Pair) -> str:
    return f"{pair.claimed.name or 'what was returned'} taken for the gradient by {pair.leaf.name}, {pair.by}"


def _along(passes: Passes, scene: Scene, leaf: Leaf) -> Callable[[ndarray], Slope]:
    """The slope of the loss along a direction of one variable: differences, sharpened by the complex step where both agree.

    Fine steps come first, of which two are enough; larger ones, extrapolated, where rounding leaves too few digits of those.
    """
    start = np.asarray(leaf_value(scene, leaf), dtype=float)
    scale = float(max(1e-3, min(1.0, largest_of(start) or 1.0)))

    def moved(move: ndarray) -> Callable[[complex], complex]:
        def f(t: complex) -> complex:
            copied = scene.copied()
            value: Any = start + t * move
            placed(copied, leaf, value if start.shape else value[()])
            try:
                return as_scalar(passes.loss(copied)[0])
            except CallFailed:
                if t == 0 or t.imag:
                    raise
                return complex(np.nan)

        return f

    middle = passes.value(scene)
    real = False  # whether it makes a complex number real, as float(...) does
    largest = 0.0  # slope so far: what is much smaller need not be known better than it

    def along(move: ndarray) -> Slope:
        nonlocal real, largest
        f = moved(move)
        near = fine_slope(f, middle, max(scale, 0.25))  # of small numbers too: the fewer digits are lost to rounding
        exact = None if real else complex_slope(f)
        real = real or exact is None or (exact == 0 and abs(near.value) > MARGIN * near.error)
        if exact is not None and not near.kink and abs(exact - near.value) <= MARGIN * near.error + 1e-7 * abs(exact):
            return Slope(exact, min(near.error, 1e-13 * abs(exact)))
        largest = max(largest, abs(near.value)) if not near.kink else largest
        if near.kink or near.error <= NEAR * largest:
            return near
        found = slope(f, scale)
        return near if found.kink or abs(found.value - near.value) > MARGIN * near.error else found

    return along


def leaf_value(scene: Scene, leaf: Leaf) -> Any:
    """What stands at a leaf's place in the scene."""
    return reached(scene.root(leaf.steps[0][1]), leaf.steps[1:])


def _sizes(scene: Scene) -> list[tuple[int, str]]:
    """The extents of the arguments' axes, with words for each; one extent is told once."""
    words = ("rows", "columns")
    found: dict[int, str] = {}
    for name, value in zip(scene.names, scene.arguments, strict=True):
        if isinstance(value, np.ndarray):
            for axis, extent in enumerate(value.shape):
                along = "entries" if value.ndim == 1 else f"entries along axis {axis}"
                said = words[axis] if value.ndim == 2 else along
                found.setdefault(extent, f"the number of {said} of {name}")
        elif isinstance(value, list | tuple) and value:
            found.setdefault(len(value), f"the length of {name}")
    return list(found.items())
