"""The submissions in a folder: a file each, in the folder itself or in one folder a student."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from symbackprop.core.errors import shown
from symbackprop.core.machine.files import near_file
from symbackprop.judge.texts.files import ClaimsError


@dataclass(frozen=True)
class Submission:
    """A file that somebody handed in.

    file      its name below the folder.
    student   the folder that it lies in; else its name without the suffix.
    path      where it is.
    refused   why it is not opened; "" where it is.
    """

    file: str
    student: str
    path: Path
    refused: str = ""


def submissions(place: Path) -> list[Submission]:
    """The files of a folder and of the folders in it, by name; hidden ones left out. A file stands for itself.

    Raises ClaimsError where there is no file.
    """
    if not place.exists():
        near = near_file(place)
        mend = f"did you mean {near}?" if near else "name one with submissions"
        raise ClaimsError(f"there is no file or folder {shown(str(place))}; {mend}")
    if not place.is_dir():
        return [_submission(place, place.parent)]
    try:
        inner = sorted((p for p in place.iterdir() if p.name[0] != "."), key=lambda p: p.name)
        files = [p for p in inner if not _is_folder(p)]
        for folder in filter(_is_folder, inner):
            files += [p for p in sorted(folder.iterdir(), key=lambda p: p.name) if p.name[0] != "."]
    except OSError as fault:
        raise ClaimsError(f"{fault.filename}: the folder cannot be read: {fault.strerror}") from None
    if not files:
        raise ClaimsError(f"{place}: there is no submission in it; put .json, .md, .tex or .py files there, or a folder a student")
    found = [_submission(path, place) for path in files]
    return sorted(found, key=lambda s: s.file)


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _submission(path: Path, root: Path) -> Submission:
    below = path.relative_to(root)
    return Submission(below.as_posix(), below.parts[0] if len(below.parts) > 1 else path.stem, path, _refused(path, root))


def _refused(path: Path, root: Path) -> str:
    """Why a path is not opened: a link could show the marker's own files, a pipe has no end."""
    if not os.path.realpath(path).startswith(os.path.join(os.path.realpath(root), "")):
        return "a link that leads out of the folder; it is not followed"
    if path.is_dir():
        return "a folder within a student's folder; put its files one higher"
    if not path.is_file():
        return "no regular file"
    return ""
