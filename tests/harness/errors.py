"""The one error that the harness raises: a line for a human and the log that holds the rest."""

from pathlib import Path


class HarnessError(Exception):
    """Something that the tests stand on could not be had: one line, and the file with the details."""

    def __init__(self, message: str, log_path: Path | None = None) -> None:
        self.message = " ".join(message.split())
        self.log_path = log_path
        super().__init__(self.message if log_path is None else f"{self.message} (log: {log_path})")


def tail(path: Path, lines: int = 12) -> str:
    """The last lines of a log as one text; empty if there is no such file."""
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""
