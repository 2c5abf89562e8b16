"""Stand-ins for the world around the alerting: where alerts go to, and the services that they come from.

Each is a real server on a real socket that is at least as strict as the thing it stands for, and keeps what it was told
in a `Recorder`. Whoever sends to them needs no mock and no test mode.
"""
