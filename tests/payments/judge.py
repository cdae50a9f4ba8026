"""Judges calls to Stripe by Stripe's own library: routes, parameters, their nesting and values, keys.

Reads recorded calls (a JSON list of {method, path, query, body, key, authorization, type}) and prints what is wrong with them, one
line each, and last how many calls were judged. Needs the package `stripe`, which scripts/setup.sh installs.
"""
import decimal
import glob
import importlib
import json
import os
import re
import sys
import typing
import urllib.parse

import stripe

# What the library's options of a request are called; they are not sent as parameters.
OPTIONS = {"api_key", "stripe_version", "stripe_account", "stripe_context", "max_network_retries", "idempotency_key",
           "content_type", "headers"}
NAMES = {"StripeContext": str, "RequestOptions": dict, "UntypedStripeObject": dict, "Decimal": decimal.Decimal,
         **vars(typing)}


def routes():
    """(method, path as a pattern, class of its parameters) of every call that the library can make."""
    found = []
    for name in glob.glob(os.path.dirname(stripe.__file__) + "/**/_*_service.py", recursive=True):
        text = open(name).read()
        modules = {}
        for match in re.finditer(r"from (stripe\.params[\w.]*) import \(?\s*([\w,\s]+?)\)?\n", text):
            modules.update({each: match[1] for each in re.findall(r"\w+", match[2])})
        for block in re.split(r"\n    (?:async )?def ", text)[1:]:
            params = re.search(r'params: (?:Optional\[)?"(\w+)"', block)
            call = re.search(r'_request(?:_async)?\(\s*"(\w+)",\s*"(/v1/[^"]+)"', block)
            if call:
                known = params and params[1] in modules
                pattern = re.compile("^" + re.sub(r"\{\w+\}", r"[^/]+", call[2]) + "$")
                found.append((call[1].upper(), pattern, (modules[params[1]], params[1]) if known else None))
    return found


def fields(cls):
    """The names and types of a class of parameters."""
    found = {}
    for base in reversed(getattr(cls, "__mro__", [cls])):
        found.update(getattr(base, "__annotations__", {}))
    return {name: kind for name, kind in found.items() if name not in OPTIONS}


def written(kind):
    return kind.__forward_arg__ if isinstance(kind, typing.ForwardRef) else str(kind)


def resolve(kind, names):
    while isinstance(kind, (typing.ForwardRef, str)):
        try:
            kind = eval(written(kind), names)
        except Exception:
            return typing.Any
    return kind


def check(kind, value, path, names, wrong):
    """Adds to `wrong` in what a value is not of its kind."""
    kind = resolve(kind, names)
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.NotRequired, typing.Required):
        check(inner[0], value, path, names, wrong)
    elif origin is typing.Union or type(kind).__name__ == "UnionType":
        tries = []
        for each in inner:
            if each is not type(None):
                tries.append([])
                check(each, value, path, names, tries[-1])
        wrong += min(tries, key=len)
    elif origin is typing.Literal or str(origin) == "typing.Literal":
        if value not in map(str, inner):
            wrong.append(f"{path}: {value!r} is not one of {inner[:6]}")
    elif origin is list:
        if not isinstance(value, dict):
            wrong.append(f"{path}: not a list")
        else:
            for place, each in enumerate(value.values()):
                check(inner[0], each, f"{path}[{place}]", names, wrong)
    elif isinstance(kind, type) and hasattr(kind, "__required_keys__"):
        check_object(kind, value, path, wrong)
    elif kind is typing.Any or origin is dict:
        pass
    elif isinstance(value, dict):
        wrong.append(f"{path}: unexpected nesting")
    elif kind is int and not re.fullmatch(r"-?\d+", value):
        wrong.append(f"{path}: {value!r} is not a whole number")
    elif kind is bool and value not in ("true", "false"):
        wrong.append(f"{path}: {value!r} is not true or false")


def check_object(kind, value, path, wrong):
    if not isinstance(value, dict):
        wrong.append(f"{path}: must be an object")
        return
    known, names = fields(kind), vars(importlib.import_module(kind.__module__)) | NAMES
    for name, each in value.items():
        if name == "expand":
            continue
        if name in known:
            check(known[name], each, f"{path}.{name}", names, wrong)
        else:
            wrong.append(f"{path}.{name}: unknown parameter")
    wrong += [f"{path}.{name}: required, missing" for name, each in known.items()
              if "NotRequired" not in written(each) and name not in value]


def tree(text):
    """a[b][0]=c becomes {a: {b: {0: c}}}."""
    root = {}
    for name, value in urllib.parse.parse_qsl(text, keep_blank_values=True):
        parts = re.findall(r"[^\[\]]+|(?<=\[)(?=\])", name)
        place = root
        for part in parts[:-1]:
            place = place.setdefault(part or str(len(place)), {})
        place[parts[-1] or str(len(place))] = value
    return root


def judge(call, known):
    wrong = []
    matching = [params for method, pattern, params in known if method == call["method"] and pattern.match(call["path"])]
    if not matching:
        wrong.append("no such call")
    sent = tree(call["body"] if call["method"] == "POST" else call["query"])
    tries = []
    for module, name in filter(None, matching):
        tries.append([])
        check_object(getattr(importlib.import_module(module), name), sent, "", tries[-1])
    wrong += min(tries, key=len, default=[])
    if call["method"] == "POST" and not call["key"]:
        wrong.append("an act without an idempotency key")
    if call["method"] == "POST" and "form-urlencoded" not in call["type"]:
        wrong.append("parameters are not sent as a form")
    if not re.match(r"(Bearer|Basic) ", call["authorization"]):
        wrong.append("no secret key")
    return [f"{call['method']} {call['path']}: {each}" for each in wrong]


def main():
    calls, known = json.load(sys.stdin), routes()
    for call in calls:
        for line in judge(call, known):
            print(line)
    print(f"{len(calls)} calls, {len(known)} routes known")


main()
