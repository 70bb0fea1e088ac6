"""Compares dashboards and alert rules with Grafana's published types: unknown and missing keys, and invalid values.

Usage: grafana_types.py FILE...; prints one line for each mistake, and fails if there is one.
"""

import enum
import importlib
import json
import re
import sys
import typing

import yaml
from grafana_foundation_sdk.models import alerting, dashboard, dashboardv2, expr, prometheus

# Keys of rules in files that the types of the API do not have.
OF_FILES = {"dashboardUid": str, "panelId": int}


def snake(key):
    return re.sub(r"(?<!^)[A-Z]", lambda it: "_" + it[0], key).lower()


def fields_of(hint):
    return {key.removesuffix("_val"): it for key, it in typing.get_type_hints(hint).items()}


def wrong_kinds(value, hint):
    """Returns the fixed texts of a class, such as its `kind`, that the value does not have."""
    fixed = fields_of(hint) if isinstance(hint, type) and isinstance(value, dict) else {}
    fixed = {key: typing.get_args(it) for key, it in fixed.items() if typing.get_origin(it) is typing.Literal}
    return [key for key, it in fixed.items() if value.get(key) not in it]


def mistakes(path, value, hint, complete=False, more=None):
    """Yields the mistakes in a value of a type. `complete`: all keys that are not optional are required."""
    if typing.get_origin(hint) is typing.Union:
        hints = [it for it in typing.get_args(hint) if it is not type(None)]
        hints = [it for it in hints if not wrong_kinds(value, it)] or hints
        if value is not None or type(None) not in typing.get_args(hint):
            yield from min(([*mistakes(path, value, it, complete)] for it in hints), key=len)
    elif typing.get_origin(hint) is typing.Literal:
        if value not in typing.get_args(hint):
            yield f"{path} is {value!r:.40}"
    elif typing.get_origin(hint) is list:
        if not isinstance(value, list):
            yield f"{path} is no list"
            return
        for index, it in enumerate(value):
            yield from mistakes(f"{path}[{index}]", it, typing.get_args(hint)[0], complete)
    elif typing.get_origin(hint) is dict:
        if not isinstance(value, dict):
            yield f"{path} is no map"
            return
        for key, it in value.items():
            yield from mistakes(f"{path}.{key}", it, typing.get_args(hint)[1], complete)
    elif hint in (bool, str, int, float):
        wanted = (int, float) if hint is float else hint
        if not isinstance(value, wanted) or (isinstance(value, bool) and hint is not bool):
            yield f"{path} is {value!r:.40}"
    elif issubclass(hint, enum.Enum):
        if value not in [it.value for it in hint]:
            yield f"{path} is {value!r:.40}"
    elif typing.get_type_hints(hint):
        yield from of_class(path, value, hint, complete, more or {})


def of_class(path, value, hint, complete, more):
    if not isinstance(value, dict):
        yield f"{path} is no map"
        return
    hints = fields_of(hint)
    for key, it in value.items():
        known = more.get(key) or hints.get(snake(key))
        if known is None:
            yield f"{path}.{key} is unknown"
        else:
            yield from mistakes(f"{path}.{key}", it, known, complete)
    if complete:
        given = {snake(key) for key in value}
        for key, it in hints.items():
            if key not in given and type(None) not in typing.get_args(it):
                yield f"{path} lacks {key}"


def of_panel(path, kind, options, fields, queries):
    """Yields the mistakes in the parts of a panel that depend on its kind and on its data source."""
    module = importlib.import_module(f"grafana_foundation_sdk.models.{kind}")
    yield from mistakes(f"{path}.options", options, module.Options)
    if "custom" in fields.get("defaults", {}):
        yield from mistakes(f"{path}.custom", fields["defaults"]["custom"], module.FieldConfig)
    for query in queries:
        yield from mistakes(f"{path}.query", query, prometheus.Dataquery)


def of_file(it):
    if "groups" in it:
        for group in it["groups"]:
            for rule in group["rules"]:
                path = f".{rule.get('title')}"
                yield from mistakes(path, rule, alerting.Rule, more=OF_FILES)
                for query in rule["data"]:
                    model = expr.TypeMath if query["datasourceUid"] == "__expr__" else prometheus.Dataquery
                    yield from mistakes(f"{path}.model", query["model"], model)
    elif "spec" in it:
        yield from mistakes("", it["spec"], dashboardv2.Dashboard, complete=True)
        for name, element in it["spec"]["elements"].items():
            spec = element["spec"]
            viz = spec["vizConfig"]
            queries = [query["spec"]["query"]["spec"] for query in spec["data"]["spec"]["queries"]]
            yield from of_panel(f".{name}", viz["group"], viz["spec"]["options"], viz["spec"]["fieldConfig"], queries)
    else:
        yield from mistakes("", it, dashboard.Dashboard)
        for panel in it["panels"]:
            if panel["type"] != "row":
                fields, queries = panel.get("fieldConfig", {}), panel.get("targets", [])
                yield from of_panel(f".{panel['title']}", panel["type"], panel["options"], fields, queries)


def main(files):
    found = 0
    for name in files:
        with open(name, encoding="utf-8") as file:
            # JSON is YAML, but its reader is slow.
            read = json.load if name.endswith(".json") else yaml.safe_load
            for line in of_file(read(file)):
                print(f"{name}: {line}")
                found += 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
