"""The sub-commands of ``muxnet``, one module each; the table of them is in ``muxnet.cli``."""
