"""Work that keeps nearly all that it makes, without the collector of garbage, which would look through it again and again."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collections() -> Iterator[None]:
    """No collections within; also a decorator."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def collect_seldom() -> None:
    """For a process of one command: look for garbage after a million new objects, not after 700: what it makes, it keeps."""
    gc.set_threshold(1_000_000, 5, 5)
