"""Recorded answers of models: read, and policies fitted, studied and compared on them."""
