"""A folder of submissions: each is judged alone, in a process with limits, and none stops the rest."""
