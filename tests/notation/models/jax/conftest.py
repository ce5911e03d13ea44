"""The forms import JAX, which is an extra: the tests that ask for it import them."""

collect_ignore = ["forms.py"]
