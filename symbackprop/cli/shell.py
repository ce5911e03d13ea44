"""What a command owes its shell: one message and an exit code for whatever goes wrong, and words that read sizes and points.

0  done      1  a check that does not hold      2  refused, with one message      128 + n  stopped by signal n, such as Ctrl-C
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import wraps
from pathlib import Path
from threading import Timer
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

import click
from click.shell_completion import CompletionItem

from symbackprop.core.choices import LANGUAGES
from symbackprop.core.errors import SymbackpropError
from symbackprop.core.machine.files import is_regular, near_file, require_writable, write_whole
from symbackprop.core.machine.progress import told_to

if TYPE_CHECKING:
    from symbackprop.core.derivation import Derivation
    from symbackprop.formulas.told import Told

DEBUG = "SYMBACKPROP_DEBUG"  # an environment variable: show the traceback of a fault of ours
LONGEST_SIZE = 18  # digits
DEEPEST = 100  # brackets inside brackets of a point: more than an array has axes
SOON = 0.01  # seconds
ENDING = tuple(number for name in ("SIGTERM", "SIGHUP") if (number := getattr(signal, name, None)))  # the latter: a terminal closes


class FileName(click.ParamType):
    """A file or a folder as a person types it: the shell completes it, and what opens it says what is wrong."""

    name = "text"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return [CompletionItem(incomplete, type="file")]


class Terminated(KeyboardInterrupt):
    """One of ENDING, whose number it has, as what Ctrl-C raises: what is half done is undone on the way out."""


def guarded(function: Callable[..., None]) -> Callable[..., None]:
    """The function, of which nothing comes out but one message and an exit code."""

    @wraps(function)
    def guard(*args: Any, **kwargs: Any) -> None:
        before = {number: signal.getsignal(number) for number in ENDING}
        sys.unraisablehook = _raised_in_vain
        with suppress(ValueError):  # handlers can be set in the main thread alone
            for number, handler in before.items():
                if handler != signal.SIG_IGN:  # as nohup asks
                    signal.signal(number, _terminate)
        try:
            function(*args, **kwargs)
        except SymbackpropError as refused:
            _refuse(refused, kwargs.get("lang"))
        except MemoryError:
            full = SymbackpropError(
                "the memory is not enough for arrays of this size; give fewer samples, or smaller sizes by --size"
            )
            _refuse(full, kwargs.get("lang"))
        except BrokenPipeError:  # the reader, such as head, has seen enough
            _silence()
        except KeyboardInterrupt as stopped:
            from symbackprop.formulas.told import told

            leave(signal_of(stopped), told("nothing was written"), kwargs.get("lang"))
        except Exception as fault:
            if os.environ.get(DEBUG):
                raise
            _refuse(_report(fault), kwargs.get("lang"))
        finally:
            sys.unraisablehook = sys.__unraisablehook__
            with suppress(ValueError):
                for number, handler in before.items():
                    signal.signal(number, handler)

    return guard


def signal_of(stopped: KeyboardInterrupt) -> int:
    """The number of the signal that stopped the work."""
    return next(iter(stopped.args), signal.SIGTERM) if isinstance(stopped, Terminated) else signal.SIGINT


def columns() -> int:
    """How many characters a line of standard output has: a terminal's, else 120."""
    return max(40, shutil.get_terminal_size((120, 24)).columns if sys.stdout.isatty() else 120)


def leave(number: int, news: Told | str, lang: str | None = None) -> NoReturn:
    """End the process as one that a signal stopped, with one line, in the language of the report."""
    from symbackprop.formulas.told import told

    line = told("terminated; {}", news) if number in ENDING else told("stopped; {}", news)
    _complain(in_language(line, lang or LANGUAGES[0]))
    sys.exit(128 + number)


def in_language(line: Told, lang: str) -> str:
    """The line in a language; the catalogue of another than English is read when it is asked for."""
    if lang == LANGUAGES[0]:
        return str(line)
    from symbackprop.documents.languages import language

    return language(lang).words(line)


def say(text: str) -> None:
    """Print a text and see that it arrives.

    Raises SymbackpropError where standard output is closed, full, or in an encoding without these characters.
    """
    if sys.stdout is None:
        raise SymbackpropError("standard output is closed; open it, or write to a file by -o")
    try:
        click.echo(text, nl=not text.endswith("\n"))
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except UnicodeEncodeError as fault:
        raise SymbackpropError(
            f"standard output is in {fault.encoding} and cannot hold {text[fault.start]!a}; set PYTHONIOENCODING=utf-8, or "
            f"write to a file by -o"
        ) from None
    except OSError as fault:
        _silence()
        raise SymbackpropError(f"standard output: cannot be written: {fault.strerror}; make room, or write elsewhere") from None


def to_terminal() -> bool:
    """Whether a person reads standard output."""
    return sys.stdout is not None and sys.stdout.isatty()


def in_colours() -> bool:
    """Whether standard output shows colours and lines under words."""
    return to_terminal() and os.environ.get("TERM") != "dumb"


def show(thing: Any) -> None:
    """Say a text, or a thing that has colours where a terminal shows them."""
    if isinstance(thing, str) or not in_colours():
        say(str(thing))
        return
    from rich.console import Console

    Console(soft_wrap=True, highlight=False, markup=False).print(thing)


@contextmanager
def working(said: str) -> Iterator[None]:
    """Show on standard error how far the work is, and for how long it goes on, where that is a terminal.

    A bar where the work counts its parts (`core/machine/progress.py`), else a sign of life. NO_COLOR leaves the colours out.
    """
    if sys.stderr is None or not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    name, elapsed = TextColumn("{task.description}"), TimeElapsedColumn()
    with Progress(SpinnerColumn(), name, elapsed, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(said, total=None)

        def tell(done: int, of: int) -> None:
            if of > 1:
                progress.columns = (name, BarColumn(), MofNCompleteColumn(), elapsed)
                progress.update(task, completed=done, total=of)

        with told_to(tell):
            yield


def write(output: str | None, content: str | bytes) -> None:
    """Write the whole content to a file, or say it where none is named; bytes always have one."""
    if output:
        write_whole(output, content)
    else:
        say(str(content))


def require_place(output: str, suffixes: Iterable[str]) -> None:
    """Say before the work is done, not after, that a file cannot be written there, or would not be what its suffix says."""
    suffixes = tuple(suffixes)
    require_writable(output)
    if suffixes and Path(output).suffix.lower() not in suffixes and is_regular(output):
        raise SymbackpropError(f"{output}: end the name by {' or '.join(suffixes)}, so that it says what the file holds")


def require_own_suffix(output: str, own: Sequence[str], written: Iterable[str]) -> None:
    """Say that a file would not hold what its suffix says: that of another format among those that are written."""
    if own and Path(output).suffix.lower() in {*written} - {*own}:
        raise SymbackpropError(f"{output}: end the name by {' or '.join(own)}, so that it says what the file holds")


def standard_input() -> str:
    """The text on standard input; of one that is too long only so much that the reader refuses it."""
    from symbackprop.notation.grammar import LARGEST
    from symbackprop.notation.signs import unicode_of

    if sys.stdin is None:
        raise SymbackpropError("standard input is closed; name a file instead of -")
    raw = sys.stdin.buffer.read(LARGEST + 1)
    try:
        return unicode_of(raw)
    except UnicodeDecodeError as fault:
        line = raw[: fault.start].count(b"\n") + 1
        column = fault.start - raw.rfind(b"\n", 0, fault.start)
        raise SymbackpropError(
            f"<standard input>:{line}:{column}: the byte {raw[fault.start]:#04x} is not UTF-8. Give UTF-8 text."
        ) from None


def read_pair(option: str, text: str) -> tuple[str, str]:
    """The two parts of NAME=TEXT. Raises SymbackpropError where it is none."""
    left, equals, right = (part.strip() for part in text.partition("="))
    if not (left and equals and right):
        raise SymbackpropError(f'{option} "{text}": write a name, = and what it is called or drawn by, such as m=n')
    return left, right


def read_names(wrt: str | None, option: str = "--wrt") -> list[str] | None:
    """The names in a list with commas; None where no list is given."""
    if wrt is None:
        return None
    named = [name.strip() for name in wrt.split(",") if name.strip()]
    if not named:
        raise SymbackpropError(f'{option} "{wrt}" names nothing; write names and commas, such as W_1,x')
    return named


def read_sizes(pairs: Iterable[str]) -> dict[str, int] | None:
    """The sizes that --size fixes, h=32 or several, h=32,n=8; None where it fixes none."""
    found = {}
    for pair in (one for several in pairs for one in re.split(r"[,;\s]\s*(?=\w+\s*=)", several.strip())):
        name, _, number = (part.strip() for part in pair.partition("="))
        if not name.isidentifier() or not re.fullmatch(r"0*[1-9][0-9]*", number, re.ASCII):
            several = " (of each layer: --widths h=4,5,3)" if "," in number else ""
            raise SymbackpropError(f'--size "{shortened(pair)}": write a name and a whole number from 1, such as h=32{several}')
        if len(number) > LONGEST_SIZE:
            raise SymbackpropError(f'--size "{shortened(pair)}": no array is so large; give a smaller number, such as {name}=32')
        found[name] = int(number)
    return found or None


def source_written(path: str, derivation: Derivation, language: str) -> str:
    """What is said where source was written to a file; of layers whose widths differ, how each is given its own."""
    needs = {"numpy": "NumPy", "c": "the math library", "jax": "JAX"}[language]
    widths = derivation.network.widths if derivation.network else ()
    apart = "".join(f"; --widths {name}=4,5,3 gives each layer its own {name}" for name in widths)
    return f"{path}: written, it depends on {needs} alone{apart}"


def read_widths(pairs: Iterable[str]) -> dict[str, list[int]]:
    """The widths of layers that --widths gives."""
    found = {}
    for pair in pairs:
        name, _, several = (part.strip() for part in pair.partition("="))
        if not name.isidentifier() or not re.fullmatch(r"[1-9][0-9]{0,8}(\s*,\s*[1-9][0-9]{0,8})*", several, re.ASCII):
            raise SymbackpropError(f'--widths "{shortened(pair)}": write a name and whole numbers from 1, such as h=4,5,3')
        found[name] = [int(one) for one in several.split(",")]
    return found


def number_or_text(text: str | None) -> float | str | None:
    """The number that an option gives, or its text where it is none."""
    try:
        return None if text is None else float(text)
    except ValueError:
        return text


def read_point(path: str) -> dict[str, Any]:
    """The point in a JSON file: an object with a number or a nested list for each input."""
    return read_object("--at", path, "an entry for each input")


def read_object(option: str, path: str, entries: str) -> dict[str, Any]:
    """The object in a JSON file that an option names; `entries` says what it should hold."""
    from symbackprop.notation.signs import unicode_of

    try:
        text = unicode_of(Path(path).read_bytes())
        if _depth(text) > DEEPEST:
            raise SymbackpropError(f"{option} {path}: its brackets are nested too deep; write an object with {entries}")
        found = json.loads(text)
    except SymbackpropError:
        raise
    except OSError as fault:
        if "=" in path or path.lstrip()[:1] in "{[":
            raise SymbackpropError(f"{option} {shortened(path)}: write that in a JSON file, {entries}, and name the file") from None
        near = near_file(path) if isinstance(fault, FileNotFoundError) else None
        told = f"{option} {shortened(path)}: {fault.strerror}"
        raise SymbackpropError(f"{told}; did you mean {near}?" if near else told) from None
    except ValueError as fault:
        raise SymbackpropError(f"{option} {shortened(path)}: this is not JSON: {shortened(str(fault), 200)}") from None
    if not isinstance(found, dict):
        raise SymbackpropError(f'{option} {path}: write an object with {entries}, such as {{"x": [0.2, 0.4]}}')
    return found


def _depth(text: str) -> int:
    """How deep brackets stand in each other, at most; those in strings count as well, which no name of an input has."""
    depth = deepest = 0
    for bracket in re.findall(r"[\[\]{}]", text):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def shortened(text: str, longest: int = 60) -> str:
    """The beginning of a text that is long."""
    return text if len(text) <= longest else f"{text[:longest]}..."


def _terminate(number: int, frame: FrameType | None) -> None:
    raise Terminated(number)


def _raised_in_vain(lost: Any) -> None:
    """Send a signal again that came while Python called something whose errors it ignores, as at the end of an import."""
    if issubclass(lost.exc_type, KeyboardInterrupt):
        number = signal_of(lost.exc_value if isinstance(lost.exc_value, KeyboardInterrupt) else lost.exc_type())
        Timer(SOON, signal.raise_signal, [number]).start()
    else:
        sys.__unraisablehook__(lost)


def _refuse(refused: SymbackpropError, lang: str | None) -> NoReturn:
    """End with the message, in the language in which the report was asked for."""
    said = str(refused)
    if lang not in (None, LANGUAGES[0]):
        from symbackprop.documents.languages import refusal

        said = refusal(refused, lang)
    _complain(said)
    sys.exit(2)


def _complain(message: str) -> None:
    with suppress(OSError):  # nobody is left to be told
        click.echo(f"symbackprop: {message}", err=True)


def _silence() -> None:
    """Let the end of the process write nothing more to a standard output that takes nothing."""
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - open until the process ends


def _report(fault: Exception) -> SymbackpropError:
    """What is asked of a person who met a fault of ours."""
    trace = fault.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" ({Path(trace.tb_frame.f_code.co_filename).name}, line {trace.tb_lineno})" if trace else ""
    told = shortened(" ".join(f"{type(fault).__name__}: {fault}".split()), 200)
    mend = f"Please report it with the command; {DEBUG}=1 shows the traceback"
    return SymbackpropError(f"this is a fault of symbackprop, not yours: {told}{place}. {mend}")
