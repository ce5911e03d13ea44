"""Work that keeps nearly all that it makes, without the collector of garbage, which would look through it again and again."""

from __future__ import annotations

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager

OLD = 300_000  # objects that were kept without a look, those of a thousand layers, say; after so many, one look at all
SHARE = 4  # where they are a quarter of all that there is: in a large process a look is dear

_kept, _limit = 0, OLD


@contextmanager
def without_collections() -> Iterator[None]:
    """No collections within; also a decorator."""
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
    global _kept, _limit
    if gc.get_freeze_count():  # somebody else holds objects out of its sight, which is not ours to undo
        return
    _kept += gc.get_count()[0]
    gc.freeze()
    held = gc.get_freeze_count() if _kept > _limit else 0  # counting them takes a while
    gc.unfreeze()
    if held:
        if _kept * SHARE >= held:
            _kept = 0
            gc.collect()
        _limit = max(OLD, held // SHARE)


def for_one_command() -> None:
    """For a process of one command: what it makes, it keeps. So look for garbage after a million new objects, not after 700, and
    not once more at the end, when the system takes back all of it: taking SymPy apart costs half of what importing it does."""
    gc.set_threshold(1_000_000, 5, 5)
    atexit.unregister(gc.freeze)
    atexit.register(gc.freeze)
