"""Holds a manifest of KServe, JSON on standard input, to the classes of its SDK.

Keys that they do not know, values of other types and keys that are missing end it with status 1.
"""

import importlib
import json
import re
import sys

document = json.load(sys.stdin)
sys.argv = sys.argv[:1]  # the SDK parses the command line of whoever imports it

PLAIN = {"str": str, "int": int, "bool": bool, "float": float}


def kind_of(name):
    """Return a class of the SDK, or of the Kubernetes client that it is on."""
    for module in ("kserve.models", "kubernetes.client.models"):
        found = getattr(importlib.import_module(module), name, None)
        if found is not None:
            return found
    raise AssertionError(f"no class {name}")


def check(value, kind, where):
    """Hold a value to a type as the SDK writes types: unknown keys and other types fail."""
    if listed := re.fullmatch(r"[Ll]ist\[(.+)\]", kind):
        assert isinstance(value, list), where
        for place, item in enumerate(value):
            check(item, listed[1], f"{where}[{place}]")
    elif mapped := re.fullmatch(r"[Dd]ict[(\[]str, (.+)[)\]]", kind):
        for key, item in value.items():
            check(item, mapped[1], f"{where}.{key}")
    elif kind in PLAIN:
        if type(value) is not PLAIN[kind]:
            raise SystemExit(f"{where}: expected {kind}, received {value!r}")
    elif kind == "object":
        assert isinstance(value, (int, str)), where  # a port by number or name
    elif kind in ("K8sIoApiAppsV1DeploymentStrategy", "V1DeploymentStrategy"):
        check_fields(value, kind_of("V1DeploymentStrategy"), where)
    elif kind in ("ResourceQuantity", "datetime"):
        assert isinstance(value, str), where
    else:
        check_fields(value, kind_of(kind), where)


def check_fields(value, kind, where):
    fields = {written: name for name, written in kind.attribute_map.items()}
    if not isinstance(value, dict):
        raise SystemExit(f"{where}: expected an object, received {value!r}")
    if unknown := set(value) - set(fields):
        raise SystemExit(f"{where}: {unknown} unknown to {kind.__name__}")
    for key, item in value.items():
        check(item, kind.openapi_types[fields[key]], f"{where}.{key}")
    try:
        kind(**{fields[key]: item for key, item in value.items()})
    except ValueError as error:
        raise SystemExit(f"{where}: lacks a key: {str(error).splitlines()[0]}") from error


check(document, "V1beta1InferenceService", document.get("metadata", {}).get("name", "it"))
