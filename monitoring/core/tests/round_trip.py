"""Reads dashboards into Grafana's own types and writes them again, to find fields that these types do not have.

Usage: round_trip.py FILE...; prints one line for each lost or changed field, and fails if there is one.
"""

import json
import sys

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

# Fields of an annotation that Grafana's Prometheus data source reads. The types of the dashboard do not declare them.
OF_THE_DATA_SOURCE = {"step", "tagKeys", "titleFormat", "textFormat"}


def differences(path, before, after):
    """Yields each place whose value is lost or changed."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key, value in before.items():
            if key in after:
                yield from differences(f"{path}.{key}", value, after[key])
            elif not (path.startswith(".annotations.list") and key in OF_THE_DATA_SOURCE):
                yield f"{path}.{key} is lost"
    elif isinstance(before, list) and isinstance(after, list):
        if len(before) != len(after):
            yield f"{path} has {len(after)} instead of {len(before)} items"
        for index, (one, other) in enumerate(zip(before, after)):
            yield from differences(f"{path}[{index}]", one, other)
    elif before != after:
        yield f"{path} was {before!r} and is {after!r}"


def main(files):
    register_default_plugins()
    found = 0
    for name in files:
        with open(name, encoding="utf-8") as file:
            before = json.load(file)
        after = json.loads(JSONEncoder().encode(Dashboard.from_json(before)))
        for line in differences("", before, after):
            print(f"{name}: {line}")
            found += 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
