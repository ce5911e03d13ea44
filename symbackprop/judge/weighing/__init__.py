"""Claims read over the truth's tensors, and held against it at points."""
