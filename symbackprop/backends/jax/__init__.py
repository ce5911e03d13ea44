"""The source of any sizes run by JAX, on its devices."""
