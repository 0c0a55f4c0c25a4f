"""`python -m scansion`."""

import sys

from scansion.cli import main

if __name__ == "__main__":
    sys.exit(main())
