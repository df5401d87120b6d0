"""What each command does, in terms of the packages below. Returns exit statuses, raises `BordersimError`s."""

from sim.commands.describing import check, new, ports, schema, show
from sim.commands.fitting import fit_flow
from sim.commands.looking_at_runs import plot, report, sensitivity
from sim.commands.running import compare, run

__all__ = ["check", "compare", "fit_flow", "new", "plot", "ports", "report", "run", "schema", "sensitivity", "show"]
