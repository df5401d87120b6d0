"""The program from Python: load a scenario, run it, compare variants, read results as DataFrames.

The same runs as the command line makes, in the same folders: what one has run, the other finds. docs/python.md shows
all of it on one scenario.
"""

from sim.api.comparing import Comparison, compare
from sim.api.finished import Run
from sim.api.running import load, run
from sim.engine.rules import Line, Rule
from sim.errors import BordersimError, ScenarioError
from sim.scenario import Study

__all__ = ["BordersimError", "Comparison", "Line", "Rule", "Run", "ScenarioError", "Study", "compare", "load", "run"]
