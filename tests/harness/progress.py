"""What is going on, on the terminal: one line when a step begins, one with its time when it ends."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Reporter = Callable[[str], None]


def _print(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


_reporter: Reporter = _print


def report_to(reporter: Reporter | None) -> None:
    """Send the lines elsewhere (a rich console, a list); None brings the terminal back."""
    global _reporter
    _reporter = reporter or _print


def say(line: str) -> None:
    """Report one line."""
    _reporter(line)


@contextmanager
def step(label: str) -> Iterator[None]:
    """Report `label` now, and its time in seconds when the block ends (or that it failed)."""
    began = time.monotonic()
    _reporter(f"  … {label}")
    try:
        yield
    except BaseException:
        _reporter(f"  ✗ {label} ({time.monotonic() - began:.1f} s)")
        raise
    _reporter(f"  ✓ {label} ({time.monotonic() - began:.1f} s)")
