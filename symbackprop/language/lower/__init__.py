"""From tensors to a program, as written: operations merged, order, names and letters."""
