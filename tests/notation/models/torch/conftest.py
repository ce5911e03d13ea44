"""PyTorch is an extra: what imports it is collected where it is installed, and empty elsewhere, where a file of it is named."""

from collections.abc import Generator
from importlib.util import find_spec
from pathlib import Path

import pytest

OF_TORCH = [f"{name}.py" for name in ("architectures", "asking", "cases", "expressions", "modules", "published", "record")]
OF_TORCH += ["test_modules.py", "test_refusals.py"]
collect_ignore = [] if find_spec("torch") else OF_TORCH


class Empty(pytest.File):
    def collect(self) -> list[pytest.Item]:
        return []


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(
    file_path: Path, parent: pytest.Collector
) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
    found = yield
    if file_path.name not in collect_ignore:
        return found
    empty: Empty = Empty.from_parent(parent, path=file_path)
    return [empty]
