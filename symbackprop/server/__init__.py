"""Answers to an assistant: derive and verify over the Model Context Protocol. Text comes in, JSON goes out, within limits."""
