"""What stands in the place of a module while a function is traced."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any


class Stand(ModuleType):
    """A module with everything of another, but for what is put into it; `change` says what its functions and modules become."""

    def __init__(self, original: ModuleType, change: Callable[[str, Any], Any] = lambda name, found: found) -> None:
        super().__init__(original.__name__)
        self._original, self._change = original, change

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._original, name)
        if not (callable(found) or isinstance(found, ModuleType)) or isinstance(found, type) or name.startswith("_"):
            return found
        changed = vars(self)[name] = self._change(name, found)
        return changed
