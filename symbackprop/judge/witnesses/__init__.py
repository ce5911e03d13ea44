"""The derived gradients against witnesses that share no rule with the chain rule."""
