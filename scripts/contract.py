#!/usr/bin/env python3
"""Holds every answer of the server's tests against docs/openapi.yaml.

usage: scripts/contract.py TRANSCRIPT

Run the tests first, with CAIRN_TRANSCRIPT naming the file to write.
Needs the packages PyYAML, jsonschema and openapi-spec-validator.
"""
import json
import pathlib
import re
import sys

import jsonschema
import yaml
from openapi_spec_validator import validate

root = pathlib.Path(__file__).resolve().parent.parent
contract = yaml.safe_load((root / "docs/openapi.yaml").read_text())
validate(contract)


def resolve(node):
    while "$ref" in node:
        target = contract
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def check(value, schema):
    whole = {"components": contract["components"], "allOf": [schema]}
    jsonschema.Draft202012Validator(whole, format_checker=jsonschema.FormatChecker()).validate(value)


def pattern(path):
    parts = path.replace("{tile}", "\0").split("/")
    parts = [r"[^/]+" if p.startswith("{") else re.escape(p).replace("\0", ".*") for p in parts]
    return re.compile("/".join(parts))


paths = sorted(((p.count("{"), pattern(p), p) for p in contract["paths"]), key=lambda x: x[0])
checked, skipped = 0, 0
for line in open(sys.argv[1]):
    answer = json.loads(line)
    uri, method = answer["uri"].split("?")[0], answer["method"].lower()
    found = next((p for _, regex, p in paths if regex.fullmatch(uri)), None)
    operation = contract["paths"].get(found, {}).get(method)
    media = answer["type"].split(";")[0]
    if operation is None:  # a route or method that does not exist, or HEAD
        assert answer["status"] in (404, 405) or method in ("head", "options"), answer
        if answer["body"]:
            shape = "OrgsError" if uri.startswith("/v1/orgs/") else "Problem"
            check(json.loads(answer["body"]), {"$ref": f"#/components/schemas/{shape}"})
        skipped += 1
        continue
    response = resolve(operation["responses"][str(answer["status"])])
    if "content" not in response:
        assert not answer["body"], answer
        checked += 1
        continue
    assert media in response["content"], answer
    schema = response["content"][media].get("schema", {})
    if media == "application/x-ndjson":
        for item in answer["body"].splitlines():
            shape = "Record" if method == "get" else "StreamResult"
            check(json.loads(item), {"$ref": f"#/components/schemas/{shape}"})
    elif media.endswith("json"):
        check(json.loads(answer["body"]), schema)
    checked += 1
print(f"{checked} answers are as the contract says, {skipped} were of no route of it")
