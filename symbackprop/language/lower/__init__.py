"""From tensors to a program: spellings recognised, operations merged, order, names and letters."""
