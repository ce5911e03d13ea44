"""What the chain rule is made of: local derivatives, forward mode, derivatives of derivatives, and steps put together."""
