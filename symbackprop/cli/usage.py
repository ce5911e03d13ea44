"""The command with its subcommands: whatever words it is given, what is wrong is said as all else that is refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click


class Main(click.Group):
    """A group whose faults, and those of its subcommands, are told by `misused`, which is imported when something is wrong."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        given = list(args)
        with self._told(given, None):
            made = super().make_context(info_name, args, parent, **extra)
        made.meta[__name__] = given
        return made

    def invoke(self, ctx: click.Context) -> Any:
        with self._told(ctx.meta[__name__], ctx):
            return super().invoke(ctx)

    @contextmanager
    def _told(self, given: Sequence[str], ctx: click.Context | None) -> Iterator[None]:
        try:
            yield
        except click.exceptions.NoArgsIsHelpError:  # the help that an empty command shows
            raise
        except click.UsageError as fault:
            from symbackprop.cli.misused import MisusedError

            asked = fault.ctx or _asked(ctx or click.Context(self, info_name=self.name), given)
            raise fault if isinstance(fault, MisusedError) else MisusedError(fault, asked, given) from None


def _asked(ctx: click.Context, given: Sequence[str]) -> click.Context:
    """The context of the subcommand that the words name, which the parser of its options does not tell."""
    for word in given:
        if not isinstance(ctx.command, click.Group) or word not in ctx.command.commands:
            break
        ctx = click.Context(ctx.command.commands[word], parent=ctx, info_name=word)
    return ctx
