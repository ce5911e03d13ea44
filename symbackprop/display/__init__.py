"""An equation as a formula: names, entries, matrices, reading order, closed forms, steps."""
