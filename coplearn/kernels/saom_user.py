"""Calls of functions that a researcher wrote, from kernels that were compiled before.

A compiled function is called by its address, so that a new effect compiles nothing but itself, and the cached
simulation kernels stay as they are. Every such function has one signature, :data:`SIGNATURE`::

    f(a, x, out, inn, outdeg, indeg, v, w, n_columns, n_actors, p, i, m) -> float64

with the whole-number arguments ``a`` (int32[8]) of its effect, arrays of the state, the internal parameter p, an actor
i, and m: the alter j of a network effect, or the step d of a behavior effect. Addresses hold for one process: stored
effects have 0 there, and :func:`coplearn.effects.user.bind` fills them in where a kernel is called. (An address has
fewer than 53 bits, so a float64 holds it exactly.)
"""

import numpy as np
from numba import config, njit, types
from numba.core import cgutils
from numba.core.errors import TypingError
from numba.extending import intrinsic

USER_NETWORK, USER_BEHAVIOR = 900, 901
CHANGE, STATISTIC = 1, 2  # places of the addresses in p
OF_PAIR = 3  # place in p: 1 where the change depends on ego and alter alone, so that it is the statistic of the tie

_bytes, _ints = types.Array(types.uint8, 3, "C"), types.Array(types.int32, 3, "C")
_degrees, _floats = types.Array(types.int32, 2, "C"), types.Array(types.float64, 2, "C")
SIGNATURE = types.float64(
    types.Array(types.int32, 1, "C"),
    _bytes,
    _ints,
    _ints,
    _degrees,
    _degrees,
    _floats,
    types.Array(types.float64, 3, "C"),
    types.Array(types.int64, 1, "C"),
    types.int64,
    types.float64,
    types.int64,
    types.int64,
)

COMPILED = not getattr(config, "DISABLE_JIT", 0)  # numba sets its settings when it is imported

if not COMPILED:
    functions: dict = {}  # what stands at an address, when nothing is compiled

    def call_at(address, *arguments):
        """Call the function at an address."""
        return functions[int(address)](*arguments)

else:

    @intrinsic
    def call_at(typing_context, address, *arguments):
        """Call the function at an address; its arguments must have exactly the types of :data:`SIGNATURE`."""
        given = (
            getattr(arguments[0], "types", ())
            if len(arguments) == 1 and isinstance(arguments[0], types.BaseTuple)
            else arguments
        )
        if tuple(given) != SIGNATURE.args:
            raise TypingError(f"a user-defined effect is called with {given}, not {SIGNATURE.args}")

        def generate(context, builder, signature, values):
            pack = builder.extract_value
            rest = [pack(values[1], q) for q in range(len(SIGNATURE.args))]
            kind = context.call_conv.get_function_type(SIGNATURE.return_type, SIGNATURE.args)
            function = builder.inttoptr(values[0], kind.as_pointer())
            status, result = context.call_conv.call_function(
                builder, function, SIGNATURE.return_type, SIGNATURE.args, rest
            )
            with cgutils.if_unlikely(builder, status.is_error):
                context.call_conv.return_status_propagate(builder, status)
            return result

        return types.float64(types.int64, types.StarArgTuple(given)), generate


@njit(cache=True, nogil=True)
def user_value(eff, k, s, i, m, place):
    """Change (place = CHANGE) or statistic (STATISTIC) of user-defined effect k."""
    return call_at(
        int(eff.p[k, place]),
        eff.a[k],
        s.x,
        s.out,
        s.inn,
        s.outdeg,
        s.indeg,
        s.v,
        s.w,
        s.n_columns,
        s.n_actors,
        eff.p[k, 0],
        np.int64(i),
        np.int64(m),
    )
