"""What a person calls the values: the names of the local variables that hold them, seen while their code runs."""

from __future__ import annotations

import linecache
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from types import FrameType
from typing import Any

from symbackprop.language.tensors import Tensor
from symbackprop.notation.trace.courses import HELD
from symbackprop.notation.trace.frames import is_own_frame
from symbackprop.notation.trace.sizes import Size
from symbackprop.notation.trace.traced import Traced
from symbackprop.notation.vocabulary import name_fault, value_fault

HOLDERS = ("data", "value", "val", "array")  # what classes that wrap a number call it; where it lives says more
MOST_HELD = 64  # entries of a container that are looked at


class Names:
    """The names that were seen.

    seen   for each tensor, by its identity: how deep the frame was, the order, the name; and the tensor, so that it stays.
    lines  for each of these, the file and the line that was run when the name was given.
    """

    def __init__(self) -> None:
        self.seen: dict[int, tuple[int, int, str, Tensor]] = {}
        self.lines: dict[int, tuple[str, int]] = {}
        self.leaves: dict[str, list[str]] = {}  # of each input, what the local variables call it, the first first
        self._at: tuple[str, int] = ("", 0)
        self._run: dict[FrameType, int] = {}  # the line of each frame that is run

    def watch(self, frame: FrameType, event: str, _: Any) -> Any:
        """What `sys.settrace` calls for every line: a person's frames are looked at, others are not."""
        if not is_own_frame(frame):
            return None
        if event in ("line", "return"):
            depth = _depth(frame)
            caller = frame.f_back if frame not in self._run and frame.f_back in self._run else frame  # of arguments
            self._at = caller.f_code.co_filename, self._run.get(caller, frame.f_lineno)
            self._run[frame] = frame.f_lineno
            if event == "return":
                del self._run[frame]
            for name, value in list(frame.f_locals.items()):
                if name.startswith(HELD):
                    continue
                if event == "return" or not (isinstance(value, Traced) and value.pending):
                    self.look(name, value, depth)
        return self.watch

    def look(self, name: str, value: Any, depth: int) -> None:
        """Note what a local variable holds."""
        if isinstance(value, Traced):
            self.note(name, value, depth)
        elif type(value) is Size:
            if name_fault(name) is None:
                value.sizes.called(value.expr, name, depth)
        elif type(value) in (dict, list) and len(value) <= MOST_HELD:
            for key, inner in value.items() if type(value) is dict else enumerate(value):
                if isinstance(inner, Traced):
                    self.note(str(key) if _is_name(key) else f"{name}_{key}", inner, depth, held=True)
        elif hasattr(value, "__dict__") and type(value).__module__ != "builtins" and not callable(value):
            for key, inner in list(vars(value).items()):
                if isinstance(inner, Traced):
                    self.note(key, inner, depth, held=True)

    def note(self, name: str, value: Traced, depth: int, held: bool = False) -> None:
        """Note a name for what the array stands for now; the outermost frame knows best, and there the first."""
        try:
            tensor = value.tensor
        except Exception:
            return
        if tensor.is_input and tensor.name and not held:
            self.leaves.setdefault(tensor.name, []).append(name.strip("_"))
        if tensor.is_input or not tensor.operands:
            return
        new = (depth + (1000 if held else 0), len(self.seen), name.strip("_"), tensor)
        if new[:1] < self.seen.get(id(tensor), (10**6,))[:1] and (not value_fault(new[2]) or not value_fault(f"{new[2]}_1")):
            self.seen[id(tensor)], self.lines[id(tensor)] = new, self._at

    def joined(self, new: Tensor, parts: Sequence[Tensor]) -> None:
        """Several values are one from now on: it is called as they were, where they were called the same."""
        known = [self.seen.get(id(t)) for t in parts]
        first = known[0]
        if first is not None and all(k is not None and k[2] == first[2] for k in known):
            self.seen[id(new)] = (*first[:3], new)
            self.lines[id(new)] = self.lines[id(parts[0])]

    def code(self, tensors: Iterable[Tensor]) -> dict[str, str]:
        """A person's own line for each tensor that it named."""
        found = {t.name: self.lines[id(t)] for t in tensors if t.name and id(t) in self.lines}
        return {name: linecache.getline(*line).strip() for name, line in found.items() if linecache.getline(*line).strip()}

    def given(self, loss: Tensor, needed: Iterable[Tensor], taken: Container[str]) -> None:
        """Name the tensors that the loss needs: by their variable, numbered where several were held by one; the loss is not."""
        found = [(self.seen[id(t)][2], t) for t in needed if id(t) in self.seen and t.name is None and not t.is_input]
        count = Counter(name for name, tensor in found if tensor is not loss)
        used: set[str] = set()
        for name, tensor in sorted(found, key=lambda pair: pair[1] is not loss):
            good = name not in taken and name not in used and not value_fault(name)
            alone = good and (tensor is loss or count[name] == 1)
            tensor.named(name if alone else next(n for n in _numbered(name) if n not in used and n not in taken))
            used.add(tensor.name or "")

    def words(self) -> set[str]:
        """Every name that was seen."""
        return {name for _, _, name, _ in self.seen.values()}

    def last(self, name: str) -> Tensor | None:
        """What the variable of that name held last."""
        held = [(order, tensor) for _, order, own, tensor in self.seen.values() if own == name]
        return max(held, key=lambda pair: pair[0])[1] if held else None

    def fresh(self, name: str, taken: Container[str]) -> str:
        """A name that no tensor has yet."""
        good = name if name_fault(name) is None else next((n for n in _numbered(name) if name_fault(n) is None), "c")
        return good if good not in taken else next(n for n in _numbered(good) if n not in taken)


def _numbered(name: str) -> Iterator[str]:
    stem = "".join(c if c.isalnum() and c.isascii() else "_" for c in name).strip("_") or "c"
    stem = stem if stem[0].isalpha() else f"c_{stem}"
    return (f"{stem}_{k}" for k in range(1, 10**6))


def _is_name(key: Any) -> bool:
    return isinstance(key, str) and key.isidentifier()


def _depth(frame: FrameType) -> int:
    depth, at = 0, frame.f_back
    while at is not None:
        depth, at = depth + is_own_frame(at), at.f_back
    return depth


def leaf_names(paths: Mapping[Any, tuple[Any, ...]]) -> dict[Any, str]:
    """The shortest names that tell the leaves apart: params["W1"] is W1, net.layers[0].weights is weights_0."""
    names: dict[Any, str] = {}
    short = {key: _short(path) for key, path in paths.items()}
    count = Counter(short.values())
    used: set[str] = set()
    for key, path in paths.items():
        name = short[key]
        if count[name] > 1 and len(path) > 1:
            numbers = [str(step) for step in path if isinstance(step, int)]
            word = next((s for s in reversed(path) if isinstance(s, str) and s not in HOLDERS), name)
            name = "_".join([word, *numbers])
        names[key] = Names().fresh(name, used)
        used.add(names[key])
    return names


def _short(path: tuple[Any, ...]) -> str:
    """The last words of a path: its last text, and the whole numbers after it."""
    last = max((k for k, step in enumerate(path) if isinstance(step, str) and step not in HOLDERS), default=0)
    return "_".join(str(step) for step in path[last:] if step not in HOLDERS or len(path) == 1)
