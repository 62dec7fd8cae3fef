"""Sweeps: many trials of one kind, each in a process of its own, and one table of them all."""
