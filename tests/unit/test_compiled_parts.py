"""What compiled functions call becomes a part of what Python calls, and works there as it would by itself."""

from __future__ import annotations

import numba
import pytest

from sim.engine.compiled import jit
from sim.engine.compiled.jit import compiled
from sim.engine.compiled.parts import Part, RawPart


@pytest.mark.skipif(numba.version_info.short not in jit.LOADS_ALONE, reason="numba compiles in its own way")
@pytest.mark.parametrize(("in_steps", "kind"), [(True, Part), (False, RawPart)])
def test_a_part_is_no_code_of_its_own(in_steps: bool, kind: type) -> None:
    @compiled
    def root(value: float) -> float:
        if value < 0.0:
            raise ValueError("below 0", value)
        return float(value**0.5)

    @compiled
    def twice(value: float) -> float:
        return root(value) + root(value)

    whole = numba.njit(lambda value: twice(value) + 1.0)
    jit.ready(whole, (numba.float64,), in_steps=in_steps)
    (overload,) = root.overloads.values()
    assert type(overload.library) is kind
    assert whole(9.0) == 7.0
    with pytest.raises(ValueError, match="below 0") as raised:  # what it says is among the constants of the part
        whole(-1.0)
    assert raised.value.args == ("below 0", -1.0)
    # Whoever compiles later, in numba's own way, can take the part as well.
    later = numba.njit(lambda value: twice(value) - 1.0)
    assert later(9.0) == 5.0
    with pytest.raises(ValueError, match="below 0"):
        later(-1.0)
