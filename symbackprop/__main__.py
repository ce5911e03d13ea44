"""`python -m symbackprop` and `symbackprop` are the command line."""

import signal
import sys

STOPPED = 128 + signal.SIGINT


def main() -> None:
    """Run the command line. Ctrl-C while its modules are imported ends the process, as there is nothing to tell."""
    caught = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if caught:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from symbackprop.cli import main as command_line

    try:
        if caught:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        command_line(prog_name="symbackprop")
    except KeyboardInterrupt:  # before or after what a subcommand guards
        sys.exit(STOPPED)


if __name__ == "__main__":
    main()
