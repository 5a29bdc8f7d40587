"""python -m tbcore: see `tbcore.cli`."""

import gc
import sys

from tbcore.cli import main

if __name__ == "__main__":
    # A command makes much, drops little, and is over soon: the collector would look at it all again and again.
    gc.set_threshold(100_000, 50, 100)
    sys.exit(main())
