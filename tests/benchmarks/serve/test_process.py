"""What a service takes of the processor and of memory is that of all its processes."""

from __future__ import annotations

import subprocess
import sys
import time

from benchmarks.serve.process import Served

PARENT = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])"
WORK = "while True: pass"


def test_workers_are_counted_with_their_parent() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT, WORK]) as process:
        served = Served(0, process)
        until = time.monotonic() + 20
        while served.processor_seconds() < 1 and time.monotonic() < until:
            time.sleep(0.1)
        assert served.processor_seconds() >= 1
        assert len(served.processes()) == 2
        for pid in reversed(served.processes()):
            subprocess.run(["kill", str(pid)], check=True)
