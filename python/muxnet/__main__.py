"""Entry point of the ``muxnet`` command and of ``python -m muxnet``."""

import sys

from muxnet.cli import main

if __name__ == "__main__":
    sys.exit(main())
