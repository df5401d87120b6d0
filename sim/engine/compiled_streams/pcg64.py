"""numpy's PCG64 in compiled code: seeded as by `SeedSequence`, and read at any place without walking there.

A state is 128 bits, here two words of 64 (`high`, `low`). The next one is `state * A + C` modulo 2^128, with A the same
for all streams and C the stream's own. So j steps on it is `state * A^j + C_j`, with C_j = C (1 + A + ... + A^(j-1)):
one multiplication, whatever j is, and none waits for the one before it. numpy promises that the numbers of a seed stay
what they are (NEP 19); tests/unit/test_compiled_streams.py holds each function against numpy.

O'Neill (2014), PCG: a family of simple fast space-efficient statistically good algorithms for random number generation.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from sim.engine.compiled.jit import compiled, inlined

Words = npt.NDArray[np.uint64]
U = np.uint64
A_HIGH, A_LOW = U(0x2360ED051FC65DA4), U(0x4385DF649FCCF645)
REACH = 64
"""Steps that one multiplication may reach."""
ZERO, ONE, ELEVEN, SIXTEEN, ROTATION, BITS = U(0), U(1), U(11), U(16), U(58), U(64)
HALF = U(32)
LOW_HALF = U(0xFFFFFFFF)
UNIT = 1.0 / 9007199254740992.0
"""2^-53: a uniform is a whole number of these."""
POOL = 4
"""Words of 32 bits that a `SeedSequence` stirs all entropy into."""
INIT_A, MULT_A, INIT_B, MULT_B = U(0x43B0D7E5), U(0x931E8875), U(0x8B51F9DD), U(0x58F38DED)
MIX_LEFT, MIX_RIGHT = U(0xCA01F9DD), U(0x4973F715)


@intrinsic
def _high_product(typing_context, a, b):  # type: ignore[no-untyped-def]
    """The upper 64 of the 128 bits of a product: one instruction, for which there is no operator."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        wide = ir.IntType(128)
        one, two = (builder.zext(argument, wide) for argument in arguments)
        return builder.trunc(builder.lshr(builder.mul(one, two), ir.Constant(wide, 64)), ir.IntType(64))

    return types.uint64(types.uint64, types.uint64), code


high_product: Any = _high_product


@inlined
def after(high: U, low: U, a_high: U, a_low: U, c_high: U, c_low: U) -> tuple[U, U]:
    """state * a + c modulo 2^128."""
    product = low * a_low
    new_low = product + c_low
    carry = ONE if new_low < product else ZERO
    return high_product(low, a_low) + high * a_low + low * a_high + c_high + carry, new_low


@inlined
def bits_of(high: U, low: U) -> U:
    """The 64 random bits of a state: its words folded, turned by its upper six bits."""
    folded, turn = high ^ low, high >> ROTATION
    return (folded >> turn) | (folded << ((BITS - turn) & U(63)))


@inlined
def uniform_of(high: U, low: U) -> float:
    """The uniform of a state, in [0, 1)."""
    return np.int64(bits_of(high, low) >> ELEVEN) * UNIT


@compiled
def seeded(entropy: Words) -> tuple[U, U, U, U]:
    """State and constant of a stream with this entropy (words of 32 bits), begun as by numpy: high and low of each."""
    words = _stirred(entropy)
    c_high, c_low = (words[2] << ONE) | (words[3] >> U(63)), (words[3] << ONE) | ONE
    low = c_low + words[1]
    high = c_high + words[0] + (ONE if low < c_low else ZERO)
    high, low = after(high, low, A_HIGH, A_LOW, c_high, c_low)
    return high, low, c_high, c_low


@compiled
def _stirred(entropy: Words) -> Words:
    """`SeedSequence.generate_state(4, uint64)`."""
    pool, factor = np.empty(POOL, np.uint64), INIT_A
    for i in range(POOL):
        pool[i], factor = _hashed(entropy[i], factor, MULT_A)
    for i in range(POOL):
        for j in range(POOL):
            if i != j:
                value, factor = _hashed(pool[i], factor, MULT_A)
                pool[j] = _mixed(pool[j], value)
    for i in range(POOL, len(entropy)):
        for j in range(POOL):
            value, factor = _hashed(entropy[i], factor, MULT_A)
            pool[j] = _mixed(pool[j], value)
    words, factor = np.empty(POOL, np.uint64), INIT_B
    for i in range(POOL):
        low, factor = _hashed(pool[2 * i % POOL], factor, MULT_B)
        high, factor = _hashed(pool[(2 * i + 1) % POOL], factor, MULT_B)
        words[i] = low | (high << HALF)
    return words


@compiled
def _hashed(value: U, factor: U, multiplier: U) -> tuple[U, U]:
    """A hashed word of 32 bits, and the factor of the next."""
    following = (factor * multiplier) & LOW_HALF
    value = ((value ^ factor) * following) & LOW_HALF
    return value ^ (value >> SIXTEEN), following


@compiled
def _mixed(one: U, two: U) -> U:
    value = (MIX_LEFT * one - MIX_RIGHT * two) & LOW_HALF
    return value ^ (value >> SIXTEEN)


@compiled
def jumps(c_high: U, c_low: U, into: Words) -> None:
    """A^j and C_j for j = 1 to REACH, (REACH, 4): high and low of each."""
    into[0, 0], into[0, 1], into[0, 2], into[0, 3] = A_HIGH, A_LOW, c_high, c_low
    for j in range(1, REACH):
        into[j, 0], into[j, 1] = after(into[j - 1, 0], into[j - 1, 1], A_HIGH, A_LOW, ZERO, ZERO)
        into[j, 2], into[j, 3] = after(into[j - 1, 2], into[j - 1, 3], A_HIGH, A_LOW, c_high, c_low)


@compiled
def far(high: U, low: U, c_high: U, c_low: U, steps: int) -> tuple[U, U]:
    """The state any number of steps on: by squaring, as many multiplications as `steps` has bits."""
    a_high, a_low, sum_high, sum_low = A_HIGH, A_LOW, c_high, c_low
    while steps > 0:
        if steps & 1:
            high, low = after(high, low, a_high, a_low, sum_high, sum_low)
        sum_high, sum_low = after(sum_high, sum_low, a_high, a_low, sum_high, sum_low)
        a_high, a_low = after(a_high, a_low, a_high, a_low, ZERO, ZERO)
        steps >>= 1
    return high, low
