"""Functions of JAX: jax.make_jaxpr writes down what they compute, and every primitive of it is a row here.

calling    the function with its arguments: names by their paths, sizes as symbols, the values that local variables held
sizes      sizes as JAX writes them
values     what a variable of a jaxpr stands for: a tensor, a constant, an array that repeats along axes
walk       from a jaxpr to tensors; calls and loops are written out
elementwise, shaping, gathering, layers    the primitives, a row for each
softmaxes  exponentials that are shifted by their maximum, as what they mean
"""
