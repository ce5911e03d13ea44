"""Words that the shell completes: subcommands, options, choices and files, as the parser of the command line knows them."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from symbackprop.cli.shell import FileName, guarded, say

NAME = "symbackprop"
VARIABLE = f"_{NAME.upper()}_COMPLETE"  # how a shell asks the command for words
SHELLS = {
    "bash": 'eval "$(symbackprop completion bash)" in ~/.bashrc',
    "zsh": 'eval "$(symbackprop completion zsh)" in ~/.zshrc, after compinit',
    "fish": "symbackprop completion fish > ~/.config/fish/completions/symbackprop.fish",
}

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
    for inner in getattr(command, "commands", {}).values():
        explained(inner)
    return command


@click.command(epilog="\b\n" + "\n".join(f"Example, {shell}: {how}" for shell, how in SHELLS.items()))
@click.argument("shell", type=click.Choice(list(SHELLS)))
@guarded
def completion(shell: str) -> None:
    """Print what makes SHELL complete subcommands, options, choices and files."""
    found = get_completion_class(shell)
    assert found is not None
    say(found(click.Command(NAME), {}, NAME, VARIABLE).source())
