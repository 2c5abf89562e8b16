"""A CPU quota for one process without root and without control groups: it is stopped when it has used up its share.

As the kernel does it for a Lambda function of 128 MB: time is cut into periods; in each the process may use
`share` of a core, what it leaves is lost, and then it rests until the next one. A stop that comes late is a debt
that the following periods pay, so that the share holds whatever else the machine does.
"""

import os
import signal
import threading
import time
from types import TracebackType
from typing import Self

PERIOD_S = 0.020
LAMBDA_128_MB = 1 / 14
SHORTEST_NAP_S = 0.0002


class Quota:
    """Holds process `pid` to `share` of a core while the block runs. What it used before counts as well."""

    def __init__(self, pid: int, share: float = LAMBDA_128_MB, period_s: float = PERIOD_S) -> None:
        self._pid = pid
        self._clock = (~pid << 3) | 2  # the process's CPU clock, all threads together: clock_getcpuclockid(3)
        self._share, self._period_s = share, period_s
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._govern, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        self._signal(signal.SIGCONT)

    def _govern(self) -> None:
        allowance = self._period_s * self._share
        balance, spent, stopped = allowance, 0.0, False
        next_period = time.monotonic() + self._period_s
        while not self._ended.is_set():
            try:
                used = time.clock_gettime(self._clock)
            except OSError:
                return  # it has ended
            balance, spent = balance - (used - spent), used
            while time.monotonic() >= next_period:
                balance = min(balance + allowance, allowance)
                next_period += self._period_s
            rests = balance <= 0
            if rests != stopped:
                self._signal(signal.SIGSTOP if rests else signal.SIGCONT)
                stopped = rests
            left = max(next_period - time.monotonic(), 0)
            time.sleep(left if rests else max(min(balance, left), SHORTEST_NAP_S))

    def _signal(self, what: signal.Signals) -> None:
        try:
            os.kill(self._pid, what)
        except ProcessLookupError:
            pass
