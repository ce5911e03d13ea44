"""The mistakes that people make in hand-derived gradients, a file for each family, and which of them explains a claim."""
