"""Python's cyclic garbage collector, kept from holding up requests.

It stops the process while it looks at every container there is. A bundle has hundreds of thousands, which
live as long as the bundle: looking at them took up to 0.8 s of a service under load.
"""

from __future__ import annotations

import gc

# New containers before the youngest are looked at, and how often the younger before the older.
THRESHOLDS = (50_000, 20, 20)


def settle() -> None:
    """Collect once, then leave what is there by now out of every later collection, and collect less often.

    What is left out still goes when nothing refers to it any more, unless by a cycle.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
