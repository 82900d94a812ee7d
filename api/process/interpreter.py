"""Python's interpreter, kept from holding up requests.

Its cyclic garbage collector stops the process while it looks at every container there is. A bundle has hundreds
of thousands, which live as long as the bundle: looking at them took up to 0.8 s of a service under load.

And its threads take turns of 5 ms, so that a short question to the store waits as long as an answer takes while the
event loop reads requests, and the event loop while the audit is written. In shorter turns the slowest answers, with
850 requests a second, took 100 ms where they took 240 to 310.
"""

from __future__ import annotations

import gc
import os
import sys
import threading

# New containers before the youngest are looked at, and how often the younger before the older.
THRESHOLDS = (50_000, 20, 20)
TURN_SECONDS = 0.0003  # of a thread, where another one waits


def settle() -> None:
    """Collect once, then leave what is there by now out of every later collection, and collect less often.

    What is left out still goes when nothing refers to it any more, unless by a cycle.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)


def take_turns() -> None:
    """Have threads give way to each other soon."""
    sys.setswitchinterval(TURN_SECONDS)


def give_way(nice: int) -> None:
    """Leave this thread little of a core where the others want all of it; where they do not, it runs as ever.

    Parameters
    ----------
    nice : int
        From 0, like the others, to 19. The thread then has a share of the core by its weight, that of others
        being 1,024: it is 172 at 8 and 36 at 15.
    """
    if hasattr(os, "setpriority"):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), nice)
