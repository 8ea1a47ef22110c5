"""What a script under test has printed."""

import json


def split(output):
    """Standard output as (events, log text), the way Basin reads it."""
    events, log = [], b""
    while output:
        before, mark, rest = output.partition(b"\x1e")
        log += before
        if not mark:
            break
        record, _, output = rest.partition(b"\n")
        events.append(json.loads(record))
    return events, log.decode()
