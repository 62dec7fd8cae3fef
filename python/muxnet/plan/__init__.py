"""The fleet on paper: how many replicas of each model hold a latency, and what they cost."""
