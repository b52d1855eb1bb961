"""`python -m tfmts_compat` is the `tfmts-compat` command."""

import sys

from tfmts_compat.cli import main

if __name__ == "__main__":
    sys.exit(main())
