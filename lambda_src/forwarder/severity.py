"""How bad it is. Nobody is ever left untold because a word was missing or misspelt."""

CRITICAL, WARNING, INFO = "critical", "warning", "info"


def decide(given: str, of_topic: str | None) -> str:
    """The severity that counts.

    `given` is the message's own word. A missing one is the topic's; a topic without one (empty or None) makes it
    critical. A word that nobody knows is critical, `none` (a heartbeat's) is info.
    """
    wanted = (given or of_topic or CRITICAL).strip().lower()
    if wanted == "none":
        return INFO
    return wanted if wanted in (CRITICAL, WARNING, INFO) else CRITICAL
