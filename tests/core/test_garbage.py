"""A process of one command: it looks for garbage seldom, and at its end not at all."""

import subprocess
import sys

LAST = """
import atexit, gc
from symbackprop.core.garbage import for_one_command

atexit.register(lambda: print(gc.get_freeze_count() > 1_000, gc.get_threshold()[0]))  # the first to register is called last
for_one_command()
for_one_command()
"""


def test_what_a_command_has_made_is_not_looked_through_at_its_end():
    done = subprocess.run([sys.executable, "-c", LAST], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["True", "1000000"]


def test_what_is_to_happen_at_the_end_of_a_command_happens():
    text = "import atexit\natexit.register(print, 'before')\n" + LAST + "\natexit.register(print, 'after')\n"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["after", "True", "1000000", "before"]
