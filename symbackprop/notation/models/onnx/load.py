"""An ONNX file as a graph: checked, with its weights, and with the functions that it defines written out."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import Any

from symbackprop.notation.errors import NotationError, Place

OLDEST, NEWEST = 7, 28  # operator sets: before 7 broadcasting was another, after 28 nobody has read the definitions
LARGEST = 2**31  # bytes, which is where ONNX itself ends
MOST = 20_000  # operators
STANDARD = ("", "ai.onnx")


def loaded(path: str | os.PathLike[str]) -> Any:
    """The ModelProto of a file. Raises NotationError with the place, the fault and the mend."""
    try:
        import onnx
        from google.protobuf.message import DecodeError
        from onnx import external_data_helper, inliner
    except ImportError:
        raise NotationError("reading ONNX needs the package onnx.", 'pip install "symbackprop[onnx]"') from None
    file = Path(path)
    place = Place(str(file))
    try:
        size = file.stat().st_size
        if size > LARGEST:
            raise NotationError(
                f"the file has {size:,} bytes.", "ONNX ends at 2 GB; derive a smaller model of the same form.", place
            )
        model = onnx.load(str(file), load_external_data=False)
    except (DecodeError, UnicodeDecodeError, ValueError):
        raise NotationError("this is no ONNX file, or a part of one.", "Export the model anew.", place) from None
    except OSError as fault:
        raise NotationError(f"the file cannot be read: {fault.strerror}.", "", place) from None
    if not model.HasField("graph") or not model.graph.output:
        raise NotationError("this is no ONNX file: it holds no graph with an output.", "Export the model anew.", place)
    _require_version(model, place)
    _require_weights(model, file.parent, place)
    if any(external_data_helper.uses_external_data(t) for t in model.graph.initializer):
        external_data_helper.load_external_data_for_model(model, str(file.parent))
    if model.functions:
        model = inliner.inline_local_functions(model)
    if len(model.graph.node) > MOST:
        raise NotationError(f"the graph has {len(model.graph.node):,} operators.", f"{MOST:,} are read at most.", place)
    try:
        onnx.checker.check_model(model)
    except onnx.checker.ValidationError as fault:
        said = " ".join(str(fault).split("\n\n")[0].split())
        raise NotationError(f"the file does not keep to ONNX: {said[:300]}", "Export the model anew.", place) from None
    return model


def version_of(model: Any) -> int:
    """The version of the standard operators that the file uses."""
    return max((o.version for o in model.opset_import if o.domain in STANDARD), default=1)


def _require_version(model: Any, place: Place) -> None:
    version = version_of(model)
    if not OLDEST <= version <= NEWEST:
        mend = "Export it with opset_version=18, or convert it with onnx.version_converter."
        raise NotationError(f"the file uses operator set {version}; {OLDEST} to {NEWEST} are read.", mend, place)


def _require_weights(model: Any, folder: Path, place: Place) -> None:
    """Weights that lie in files of their own are there, and in the folder of the model."""
    for tensor in model.graph.initializer:
        entries = {e.key: e.value for e in tensor.external_data}
        if tensor.data_location != 1 and not entries:
            continue
        location = PurePosixPath(entries.get("location", ""))
        if location.is_absolute() or ".." in location.parts or not location.parts or "\\" in str(location):
            raise NotationError(f"the weights {tensor.name} lie outside the folder of the model.", "Put them beside it.", place)
        found = folder / location
        try:
            there = found.stat().st_size if found.is_file() and not found.is_symlink() else -1
            needed = int(entries.get("offset", 0)) + int(entries.get("length", 0))
        except (OSError, ValueError):
            there, needed = -1, 0
        if there < 0:
            mend = f"Put {location} beside the model, or export it into one file."
            raise NotationError(f"the weights {tensor.name} lie in {location}, which is not there.", mend, place)
        if there < needed:
            raise NotationError(f"{location} has {there:,} bytes, where {needed:,} are needed.", "Copy the whole file.", place)
