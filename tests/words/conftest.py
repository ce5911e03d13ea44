"""PyTorch is an extra: what imports it is collected where it is installed."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("torch") else ["test_torch.py", "torch_walking.py"]
