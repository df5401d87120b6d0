"""`python -m sim` is the command `bordersim`."""

import sys

from sim.cli import main

sys.exit(main())
