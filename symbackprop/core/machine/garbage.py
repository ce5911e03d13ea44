"""Work that keeps nearly all that it makes, without the collector of garbage, which would look through it again and again."""

from __future__ import annotations

import atexit
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

OLD = 1_000_000  # blocks of memory, those of two thousand layers, say: by so many, what there is has grown before a look at all
SHARE = 4  # or by a quarter of all that there is: in a large process a look is dear

_least: int | None = None  # blocks there were at least since the last look; None: as work began first


@contextmanager
def without_collections() -> Iterator[None]:
    """No collections within; also a decorator."""
    global _least
    if _least is None:
        _least = sys.getallocatedblocks()
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            _keep()
            gc.enable()


def _keep() -> None:
    """What was made counts as old, without the look through all of it that the collector would begin with."""
    global _least
    if gc.get_freeze_count():  # somebody else holds objects out of its sight, which is not ours to undo
        return
    gc.freeze()
    gc.unfreeze()
    held = sys.getallocatedblocks()
    _least = held if _least is None else min(held, _least)
    if held - _least > max(OLD, _least // SHARE):
        gc.collect()
        _least = sys.getallocatedblocks()


def for_one_command() -> None:
    """For a process of one command: what it makes, it keeps. So look for garbage after a million new objects, not after 700, and
    not once more at the end, when the system takes back all of it: taking SymPy apart costs half of what importing it does."""
    gc.set_threshold(1_000_000, 5, 5)
    atexit.unregister(gc.freeze)
    atexit.register(gc.freeze)
