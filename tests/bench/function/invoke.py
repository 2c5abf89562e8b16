"""A Lambda instance without a runtime, in a process of its own: `invoke.py FOLDER MODULE.HANDLER EVENT.json TIMES`.

Imports the handler from the folder and hands it the event, each time as another message. Prints one line of JSON: CPU
in ms of each invocation but the first, and the peak of resident memory in kB. The first is the cold one, which the
caller measures from outside, start and import included.
"""

import json
import sys
import time


class Context:
    """Lambda's context of an invocation with 30 s left."""

    aws_request_id = "00000000-0000-4000-8000-000000000001"
    invoked_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:measured"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 30_000


def main(folder: str, handler: str, event_file: str, times: str) -> None:
    sys.path.insert(0, folder)
    module, _, name = handler.partition(".")
    handle = getattr(__import__(module), name)
    with open(event_file, encoding="utf-8") as file:  # noqa: PTH123 - pathlib costs what is measured
        event = json.load(file)
    spent = []
    for number in range(int(times)):
        event["Records"][0]["Sns"]["MessageId"] = f"00000000-0000-4000-9000-{number:012}"
        began = time.process_time()
        handle(event, Context)
        spent.append((time.process_time() - began) * 1000)
    with open("/proc/self/status", encoding="ascii") as file:  # noqa: PTH123
        peak = next(line.split()[1] for line in file if line.startswith("VmHWM"))
    # On a line of its own, for functions log to the same place.
    print("\n" + json.dumps({"warm_ms": spent[1:], "peak_kb": int(peak)}))


main(*sys.argv[1:])
