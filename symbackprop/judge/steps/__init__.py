"""The steps of a derivation, each judged by what it says and by those before it."""
