"""Our speed beside the peers': same work, same threads, in turns, as ratios of medians."""
