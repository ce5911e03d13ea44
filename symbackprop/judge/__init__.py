"""Gradients judged: those that were derived, against witnesses that share no rule with the chain rule."""
