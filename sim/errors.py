"""Everything that can go wrong, drawn once.

    BordersimError                 exit status
    ├── UserError                  2   something the user gave is at fault
    │   ├── ScenarioError          2   a scenario (or a table it names) has faults; carries all of them
    │   ├── UsageError             2   a command-line argument is at fault
    │   └── RunFolderError         2   a run folder is missing, damaged, or of another format
    └── SimulationError            3   a model cannot be built or run
        ├── ReplicationError       3   one replication failed or broke an invariant; says which, to replay it
        └── IncompleteRunError     3   a run in which replications failed; the others are kept

No traceback of these reaches a user (`--debug` shows it). A `Fault` says where, what was found, what is
allowed, and how to mend it; a `ScenarioError` reports every fault at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Fault:
    """One fault in what the user gave. `line` and `column` count from 1; 0 means the whole file."""

    file: str
    line: int
    column: int
    path: str
    """Dotted path inside the file, such as `ports.pacific-highway.lanes.general.booths`."""
    found: str
    """What stands there, in one phrase: ``unknown key 'boths'``."""
    allowed: str = ""
    """What may stand there, with an example where one helps: ``a whole number of booths, such as 6``."""
    mend: str = ""
    """The nearest right word or the change to make: ``did you mean 'booths'?``."""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        path = f" {self.path}:" if self.path else ""
        tail = "".join(f"; {part}" for part in (self.allowed and f"allowed: {self.allowed}", self.mend) if part)
        return f"{place}:{path} {self.found}{tail}"


class BordersimError(Exception):
    """Root of every error this package raises on purpose."""

    exit_status = 1


class UserError(BordersimError):
    """Something the user gave is at fault; the message says how to mend it."""

    exit_status = 2


class ScenarioError(UserError):
    """A scenario, or a table it names, has faults: all of them, in the order of the file."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(sorted(set(faults)))
        super().__init__("\n".join(str(fault) for fault in self.faults))


class UsageError(UserError):
    """A command-line argument (or an argument of the Python functions) is at fault."""


class RunFolderError(UserError):
    """A run folder is missing, damaged, or written in a format this version does not know."""


class SimulationError(BordersimError):
    """A model cannot be built or run, or records break an invariant such as conservation of parties."""

    exit_status = 3
    again = ""
    """What is kept of the run that this stopped and how to go on, told after the message (`sim.study.kept`)."""

    def __str__(self) -> str:
        return "; ".join(part for part in (super().__str__(), self.again) if part)


class ReplicationError(SimulationError):
    """One replication failed; running it alone shows the same."""

    def __init__(self, variant: str, replication: int, reason: str) -> None:
        self.variant, self.replication, self.reason = variant, replication, reason
        super().__init__(variant, replication, reason)  # all of them, so that it travels between processes

    def __str__(self) -> str:
        return f"replication {self.replication} of {self.variant} failed: {self.reason}"


class IncompleteRunError(SimulationError):
    """Replications of a run failed; carries each of them. The others are kept for the next attempt."""

    def __init__(self, failures: Iterable[ReplicationError]) -> None:
        self.failures = tuple(failures)
        super().__init__("\n".join(str(failure) for failure in self.failures))

    def __str__(self) -> str:
        return "\n".join(part for part in (str(self.args[0]), self.again) if part)
