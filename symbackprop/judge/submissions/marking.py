"""Marking: several processes, each with one submission after the other, and one order of results."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from math import isfinite
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from symbackprop.core.errors import SymbackpropError
from symbackprop.core.network import Network
from symbackprop.judge.submissions.found import Submission
from symbackprop.judge.submissions.marks import Marked, failed
from symbackprop.judge.submissions.points import points_for
from symbackprop.judge.submissions.sandbox import WALLS, Limits, require_sandbox
from symbackprop.judge.submissions.worker import Task, Worker


def task_of(
    network: Network, place: Path, points: str | None, seconds: float, run: bool, *, of: str | None, sizes: Mapping[str, int],
    **about: Any,
) -> tuple[Task, str]:  # fmt: skip
    """What is asked of the submissions at a place, and in words what those that run are kept from; "" where none runs.

    Raises SymbackpropError for points that are none, and where they should run and cannot.
    """
    if not isfinite(seconds):
        raise SymbackpropError(f"--time-limit {seconds}: write a number of seconds, such as 60")
    target = network.aliases.get(of, of) if of is not None else network.loss
    worth = points_for(network, target, points, sizes)
    limits, folder = Limits(seconds=seconds), place.resolve()
    own = any(Path(prefix).resolve().is_relative_to(folder) for prefix in (sys.prefix, sys.base_prefix))
    hidden = (folder,) if place.is_dir() and not own else ()
    task = Task(network, worth, target, sizes=sizes, run=run, limits=limits, hidden=hidden, **about)
    if not run:
        return task, ""
    walls = require_sandbox(limits, hidden)
    spared = {"user"} if "processes" in walls else set()  # who sees no process need not be another
    spared |= set() if place.is_dir() else {"submissions"}  # there is no other
    lacking = [told for wall, told in WALLS.items() if wall not in {*walls, *spared}]
    return task, "submissions run with " + ", ".join(["limits", *(WALLS[wall] for wall in walls)]) + (
        f"; this system does not give: {', '.join(lacking)}" if lacking else ""
    )


def code_of(found: Sequence[Marked]) -> int:
    """The exit code: 1 where something is wrong or missing, else 3 where something is undecided, else 0."""
    codes = {one.code for one in found}
    return next((code for code in (1, 3) if code in codes), 0)


def mark(task: Task, submissions: Sequence[Submission], jobs: int = 1) -> Iterator[tuple[int, Marked]]:
    """Each submission with its marks and its position, as they are done; leaving early ends what runs."""
    todo: SimpleQueue[int] = SimpleQueue()
    done: SimpleQueue[tuple[int, Marked]] = SimpleQueue()
    for k in range(len(submissions)):
        todo.put(k)
    workers = [Worker(task) for _ in range(min(jobs, len(submissions)))]

    def work(worker: Worker) -> None:
        with suppress(Empty):
            while True:
                k = todo.get_nowait()
                try:
                    done.put((k, worker.judge(submissions[k])))
                except Exception as fault:  # the others are marked, whatever it is
                    why = f"a fault of symbackprop's own ({type(fault).__name__})"
                    done.put((k, failed(submissions[k], "undecided", why, task.points)))

    threads = [Thread(target=work, args=(worker,), daemon=True) for worker in workers]
    for thread in threads:
        thread.start()
    try:
        for _ in submissions:
            yield done.get()
    finally:
        with suppress(Empty):
            while True:
                todo.get_nowait()
        for worker in workers:
            worker.cancel()
        for thread in threads:
            thread.join()
        for worker in workers:
            worker.stop()
