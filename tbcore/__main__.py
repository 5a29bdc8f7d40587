"""python -m tbcore: see `tbcore.cli`."""

import sys

from tbcore.cli import main

if __name__ == "__main__":
    sys.exit(main())
