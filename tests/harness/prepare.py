"""All that a run needs, fetched before it begins: `python -m tests.harness.prepare`. Warm, it reads small files."""

import shutil
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from tests.harness import bootstrap, debian
from tests.harness.errors import HarnessError
from tests.harness.progress import say


def prepare(suites: Iterable[str] = debian.SUITES, emulator: bool = True) -> None:
    """Fetch the Debian programs of `suites`, the emulator and, where the machine has none, Terraform; two at a time.

    Raises the first HarnessError, after the others have ended: a mirror that cannot be reached stops a run here.
    """
    wanted: list[Callable[[], object]] = [partial(debian.programs, suite) for suite in suites]
    if not shutil.which("terraform"):
        wanted.insert(0, lambda: bootstrap.venv("terraform"))
    if emulator:
        wanted.insert(0, lambda: bootstrap.venv("localstack"))
    with ThreadPoolExecutor(max_workers=2) as pool:
        for done in [pool.submit(fetch) for fetch in wanted]:
            done.result()


if __name__ == "__main__":
    try:
        prepare()
    except HarnessError as problem:
        say(f"✗ {problem}")
        sys.exit(1)
