"""Anybody's models: run, collected from, routed among; from and to ONNX and PyTorch."""
