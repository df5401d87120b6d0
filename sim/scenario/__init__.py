"""What the user wrote, as a valid, frozen study.

Order of priority of a value: command line > variant > scenario > documented default.

`load` reads a scenario file; `show` and `resolved_yaml` print it complete; `fingerprint` names what it
simulates. The models are in `sim.scenario.schema`.
"""

from sim.scenario.load import load
from sim.scenario.port import class_names
from sim.scenario.schema import Scenario
from sim.scenario.show import resolved_yaml, show
from sim.scenario.study import Study, fingerprint
from sim.scenario.vocabulary import most_exact, serves

__all__ = [
    "Scenario",
    "Study",
    "class_names",
    "fingerprint",
    "load",
    "most_exact",
    "resolved_yaml",
    "serves",
    "show",
]
