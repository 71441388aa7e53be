#!/usr/bin/env python3
"""Sets the browsers' clocks right in the logs below a directory, in place.

    set_clocks.py [DIRECTORY]            examples/shop-logs unless another is named

The capture runs browsers and server in one process on one simulated clock, and the browsers' runs ahead of the
server's by up to a second: two lines in five would then have a `sentAt` that is later than their `receivedAt`. Real
clocks are wrong too, but not those of all devices in one direction. So where `sentAt` is too late by at most a second,
`sentAt` and `originalTimestamp` are set back by the same amount, to between 25 and 240 ms before `receivedAt`: as if that
device had had the right time. `timestamp` takes the error of the clock out by itself and stays, as do all others: the
laptop three hours slow and the phone seven minutes fast are part of the mess. What is right already is left alone.
"""

import gzip
import hashlib
import json
import re
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

AHEAD_MAX = timedelta(seconds=1)


def time_of(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def text_of(time):
    return time.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def latency(ahead):
    """The same for all events of one request, and for each delivery of an event."""
    digest = hashlib.sha256(str(ahead).encode()).hexdigest()
    return timedelta(milliseconds=25 + int(digest, 16) % 216)


def set_right(line):
    try:
        event = json.loads(line)
    except ValueError:
        return line
    if not event.get("sentAt"):
        return line
    ahead = time_of(event["sentAt"]) - time_of(event["receivedAt"])
    if ahead <= timedelta(0) or ahead > AHEAD_MAX:
        return line
    back = ahead + latency(ahead)
    for key in "sentAt", "originalTimestamp":
        line, count = re.subn(
            rf'"{key}":"{re.escape(event[key])}"', f'"{key}":"{text_of(time_of(event[key]) - back)}"', line
        )
        assert count == 1, (key, event["messageId"])
    return line


def main():
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent / "shop-logs"
    before = {path: gzip.decompress(path.read_bytes()).decode().split("\n") for path in sorted(root.rglob("*.gz"))}
    lines = {line: set_right(line) for of_object in before.values() for line in of_object}
    changed = sum(lines[line] != line for of_object in before.values() for line in of_object)
    for path, of_object in before.items():
        after = [lines[line] for line in of_object]
        # A line that was cut is the beginning of one that is whole elsewhere.
        for i, line in enumerate(of_object):
            if line.startswith("{") and not line.endswith("}"):
                whole = next(each for each in lines if each != line and each.startswith(line))
                after[i] = lines[whole][: len(line)]
        if after != of_object:
            path.write_bytes(gzip.compress("\n".join(after).encode(), compresslevel=9, mtime=0))
    packed = [path.read_bytes() for path in before]
    print(f"clocks set right in {changed} lines")
    print(f"{sum(map(len, packed)):,} bytes of gzip, {sum(len(gzip.decompress(each)) for each in packed):,} bytes of JSON")


if __name__ == "__main__":
    main()
