"""`python -m sim` is the command `bordersim`."""

from sim.cli import program

program()
