"""Words that the shell completes: subcommands, options, choices, files, as the parser knows them, and a network's own names."""

from __future__ import annotations

from contextlib import suppress

import click
from click.shell_completion import CompletionItem, get_completion_class

from symbackprop.cli.shell import FileName, guarded, say

NAME = "symbackprop"
VARIABLE = f"_{NAME.upper()}_COMPLETE"  # how a shell asks the command for words
SHELLS = {
    "bash": 'eval "$(symbackprop completion bash)" in ~/.bashrc',
    "zsh": 'eval "$(symbackprop completion zsh)" in ~/.zshrc, after compinit',
    "fish": "symbackprop completion fish > ~/.config/fish/completions/symbackprop.fish",
}

INPUTS, VALUES, SIZES = ("parameter", "data"), ("value",), "sizes"
NAMES = {  # what an option names of the network
    "wrt": INPUTS,
    "then": INPUTS,
    "by": INPUTS,
    "loss": VALUES,
    "of": VALUES,
    "predict": VALUES,
    "value": VALUES,
    "sizes": SIZES,
}


class OwnName(click.ParamType):
    """A name of the network that the command names, or several with commas, as a person types them.

    kinds   of which tensors, in this order, or SIZES
    """

    name = "text"

    def __init__(self, kinds: tuple[str, ...] | str) -> None:
        self.kinds = kinds

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        net = ctx.params.get("net") or next(iter(ctx.args), None)
        if net is None or ctx.params.get("example"):  # nobody asked that code be run
            return []
        before, comma, begun = incomplete.rpartition(",")
        given = before.split(",")
        with suppress(Exception):  # a prompt is no place for what is wrong
            found = self._found(net, tuple(ctx.params.get("lets") or ()))
            return [CompletionItem(before + comma + name) for name in found if name.startswith(begun) and name not in given]
        return []

    def _found(self, net: str, lets: tuple[str, ...]) -> list[str]:
        from symbackprop.verbs import read

        network = read(net, let=lets)
        if self.kinds == SIZES:
            return [f"{size}=" for size in network.program.sizes()]
        named = [tensor for tensor in network.program.tensors.values() if tensor.named]
        return [tensor.name for kind in self.kinds for tensor in named if tensor.kind == kind]


# a command that stands below the help of each
SHOWN = {
    "derive": "symbackprop derive two_layer.net -o report.html",
    "draw": "symbackprop draw sigmoid_gates.net --at sigmoid_gates.json -o graph.svg",
    "check": "symbackprop check two_layer.net --size h=8",
    "verify": 'symbackprop verify two_layer.net "W_2 = outer(2*(yhat - y), a)"',
    "compile": "symbackprop compile two_layer.net -o gradients.py",
    "objective": "symbackprop objective 'sum((f - y)**2)/2' --let 'f: parameter[n]' --let 'y: data[n]' -o objective.py",
    "train": "symbackprop train xor.net --data xor.npz -o xor.trained.npz",
    "evaluate": "symbackprop evaluate xor.net --parameters xor.trained.npz --data xor.npz",
    "predict": "symbackprop predict xor.net --parameters xor.trained.npz --data xor.npz",
    "exercise": "symbackprop exercise two_layer.net --seed 3 -o exercise",
    "serve": "symbackprop serve --port 9000",
    "site": "symbackprop site -o site",
    "mcp": "symbackprop mcp",
    "doctor": "symbackprop doctor",
    "examples": "symbackprop examples copy layers/lstm --to nets",
    "list": "symbackprop examples list",
    "show": "symbackprop examples show layers/lstm",
    "copy": "symbackprop examples copy sigmoid_gates xor --to nets",
}


def explained(command: click.Command) -> click.Command:
    """The command, with its example in one line below its help; where it takes a file, the shell completes its name."""
    command.epilog = command.epilog or (f"\b\nExample: {SHOWN[command.name]}" if command.name in SHOWN else None)
    command.short_help = f"{' '.join((command.help or '').split()).partition('. ')[0].rstrip('.')}."  # whole, however long
    for parameter in command.params:
        told = (parameter.name or "", parameter.metavar or "")
        if parameter.type is click.STRING and (told[0] in ("net", "claims") or told[1].startswith(("FILE", "EXAMPLE"))):
            parameter.type = FileName()
        elif told[0] in NAMES and told[1].startswith("NAME"):
            parameter.type = OwnName(NAMES[told[0]])
    for inner in getattr(command, "commands", {}).values():
        explained(inner)
    return command


@click.command(epilog="\b\n" + "\n".join(f"Example, {shell}: {how}" for shell, how in SHELLS.items()))
@click.argument("shell", type=click.Choice(list(SHELLS)))
@guarded
def completion(shell: str) -> None:
    """Print what makes SHELL complete subcommands, options, choices, files and a network's names."""
    found = get_completion_class(shell)
    assert found is not None
    source = found(click.Command(NAME), {}, NAME, VARIABLE).source()
    say(source.replace('split ","', 'split --max 1 ","'))  # fish: a list of names has commas of its own
