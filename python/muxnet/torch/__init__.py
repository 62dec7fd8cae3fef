"""Algorithm 1 in PyTorch: its losses, the multiplexer, and training on any device."""
