"""Descriptors, which connections share with files."""

import os
import resource

MOST_DESCRIPTORS = 65536
SPARE_DESCRIPTORS = 64  # for files that are read and written
MOST_CONNECTIONS = 16384


def connections_within_descriptors() -> int:
    """Ask the system for descriptors; return how many connections REST may have of those free."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MOST_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    most = MOST_DESCRIPTORS if soft == resource.RLIM_INFINITY else soft
    free = most - len(os.listdir("/proc/self/fd")) - SPARE_DESCRIPTORS
    grpc = max(free // 4, 8)
    return min(max(free - grpc, 8), MOST_CONNECTIONS)
