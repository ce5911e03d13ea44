"""What is said of words that no command takes: the usage, the fault and the mend, in the language that was asked for."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from typing import IO, Any

import click

from symbackprop.cli.options import TwiceError
from symbackprop.cli.shell import in_language
from symbackprop.core.choices import LANGUAGES, OTHER_NAMES, nearest
from symbackprop.core.machine.files import is_path
from symbackprop.formulas.told import Told, told

DASHES = "-\N{HYPHEN}\N{EN DASH}\N{EM DASH}\N{MINUS SIGN}"  # what a text program makes of hyphens
NUMBERS = (click.types.IntParamType, click.types.FloatParamType)


class MisusedError(click.UsageError):
    """A fault that the parser found in the words that were given, with what to write instead."""

    def __init__(self, fault: click.UsageError, ctx: click.Context, given: Sequence[str]) -> None:
        said = _said(fault, ctx)
        super().__init__(str(said), ctx)
        usage = ctx.get_usage().partition(":")[2].strip()
        self.lines, self.lang = (told("Usage: {}", usage), told("{}: {}", ctx.find_root().command_path, said)), _language(given)

    def show(self, file: IO[Any] | None = None) -> None:
        for line in self.lines:
            click.echo(in_language(line, self.lang), file=file, err=True)


def _said(fault: click.UsageError, ctx: click.Context) -> Told:
    command, path = ctx.command, ctx.command_path
    typed, extra = _quoted(fault.message, "'(.*?)'"), _quoted(fault.message, r"\((.*)\)")
    match fault:
        case TwiceError(option=option):
            if option.metavar == "NAMES":
                return told("{} is given more than once: write it once, with commas between the names", option.opts[0])
            return told("{} is given more than once: write it once", option.opts[0])
        case click.NoSuchOption(option_name=name):
            return told("there is no option {}; {}", name, _option(name, command, path))
        case click.BadOptionUsage(option_name=name):
            option = next((o for o in command.params if name in o.opts), None)
            if isinstance(option, click.Option) and option.is_flag:
                return told("{} takes no value: write {} alone", name, name)
            return told("{} needs a value: {} {}", name, name, _value_of(option, ctx))
        case click.MissingParameter(param=param) if param is not None:
            written = (
                _example(command) or f"{path} {param.type.choices[0] if isinstance(param.type, click.Choice) else _name(param)}"
            )
            made_by = getattr(param.type, "made_by", None)
            if made_by:
                return told("{} is missing: {} saves them; write {}", _name(param), made_by, written)
            return told("{} is missing; write {}", _name(param), written)
        case click.BadParameter(param=param) if param is not None:
            return _unfit(param, typed if typed is not None else _quoted(fault.message, "(.*) is not "), fault)
    if isinstance(command, click.Group) and typed is not None:
        return told("there is no command {}; {}", typed, _command(typed, command, path))
    if isinstance(command, click.Group):
        return told("{} needs a command: there are {}", path, ", ".join(command.commands))
    if extra is not None and extra[:1] in DASHES:
        return told('"{}": an option begins with two hyphens, --{}', extra, extra.lstrip(DASHES))
    if extra is not None:
        return told('"{}" is too much; put what belongs together in quotes, and see {} --help', extra, path)
    return told("{}", fault.format_message())


def _unfit(param: click.Parameter, value: str | None, fault: click.BadParameter) -> Told:
    """What is said of a value that its option or argument does not take."""
    name, kind = _name(param), param.type
    if isinstance(kind, click.Choice) and value is not None:
        return told(
            '{} "{}": {}', name, value, _meant(nearest(value, kind.choices)) or told("there are {}", ", ".join(kind.choices))
        )
    if not isinstance(kind, NUMBERS) or value is None:
        return told("{}", fault.format_message())
    least, most = (None if end is None else f"{end:g}" for end in (getattr(kind, "min", None), getattr(kind, "max", None)))
    if not isinstance(kind, click.types.IntParamType):
        fit = told("write a number, such as 0.1") if least is None else told("write a number from {} to {}", least, most)
    elif least is None:
        fit = told("write a whole number")
    else:
        fit = (
            told("write a whole number from {}", least) if most is None else told("write a whole number from {} to {}", least, most)
        )
    return told('{} "{}": {}', name, value, fit)


def _option(name: str, command: click.Command, path: str) -> Told:
    """What to write in the place of an option that is not there."""
    known = {word.lstrip("-"): word for option in command.params if isinstance(option, click.Option) for word in option.opts}
    typed = name.lstrip("-")
    near = OTHER_NAMES.get(typed.replace("-", "_"), "").replace("_", "-")
    near = known.get(near) or known.get(nearest(typed, [*(word for word in known if len(word) > 1), "help"]) or "")
    if not near and not name.startswith("--"):
        return told("see {} --help; an expression that begins with a minus stands in brackets: (-x/y)", path)
    return _meant(near) or told("see {} --help", path)


def _command(typed: str, command: click.Group, path: str) -> Told:
    """What to write in the place of a command that is not there: a network alone is most likely to be derived."""
    near = nearest(typed, command.commands)
    if near:
        return _meant(near)
    derives = "derive" in command.commands and ((is_path(typed) and "." in typed) or not typed.isidentifier())
    return told("to derive it: {} derive {}", path, shlex.quote(typed)) if derives else told("see {} --help", path)


def _value_of(option: click.Parameter | None, ctx: click.Context) -> str:
    if option is not None and isinstance(option.type, click.Choice):
        return "|".join(map(str, option.type.choices))
    return option.make_metavar(ctx) if option is not None else "..."


def _example(command: click.Command) -> str:
    """The command that stands below the help."""
    return (command.epilog or "").partition("Example: ")[2]


def _meant(near: str | None) -> Told:
    """The question whether the nearest word was meant; nothing where none is near."""
    return told("did you mean {}?", near) if near else Told()


def _name(param: click.Parameter) -> str:
    """What an option or an argument is called."""
    return param.opts[-1] if isinstance(param, click.Option) else (param.metavar or param.name or "").upper()


def _quoted(message: str, pattern: str) -> str | None:
    found = re.search(pattern, message)
    return found and found[1]


def _language(given: Sequence[str]) -> str:
    """The language that the words ask for."""
    joined = "\0".join(given)
    found = re.search(r"(?:^|\0)--lang[=\0](\w+)", joined)
    return found[1] if found and found[1] in LANGUAGES else LANGUAGES[0]
