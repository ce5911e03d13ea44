"""How many threads multiply matrices."""

import os


def one_thread() -> None:
    """Small matrices are multiplied by one thread: several wait for each other longer than they multiply.

    Before NumPy is imported; what the environment says already holds.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
