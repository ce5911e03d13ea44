"""Witnesses of a gradient: a reverse-mode tape and finite differences, which share no rule with the chain rule."""
