#!/usr/bin/env python3
"""Whether each crate of the workspace knows only whom it may know.

The picture: docs/ARCHITECTURE.md. What the manifests declare is read as Cargo reads it.
"""

import json
import subprocess
import sys

# Who may know whom, besides crates of others.
MAY = {
    "domain": set(),
    "whatsapp": {"domain"},
    "store": {"domain"},
    "operation": {"domain", "store", "whatsapp"},
    "leave-group": {"domain", "operation", "store"},
    "linking": {"domain", "whatsapp"},
    "session-import": {"domain"},
    "operator": {"domain", "operation", "store", "whatsapp"},
    "whatsapp-simulator": set(),
    "protocol-model": set(),
    "local-stack": {"domain", "leave-group", "operation", "operator", "store", "whatsapp-simulator"},
    "leavectl": {
        "domain", "linking", "local-stack", "operation", "operator", "session-import", "store",
        "whatsapp",
    },
    "simulation": {
        "domain", "leave-group", "linking", "operation", "operator", "whatsapp",
        "whatsapp-simulator",
    },
    "floor": set(),
}
# What only tests may know in addition: the local stack, and what it is made of.
TESTS_MAY = {
    "leave-group": {"local-stack", "whatsapp", "whatsapp-simulator"},
    "operator": {"local-stack", "whatsapp-simulator"},
    "linking": {"whatsapp-simulator"},
    "leavectl": {"whatsapp-simulator"},
}
# Packages of others that only these may know, by how their names begin.
ONLY = {
    "aws-sdk-dynamodb": {"store", "local-stack", "leavectl"},
    "aws-sdk-": {"store"},
    "aws-": {"store", "leave-group", "local-stack", "leavectl", "simulation"},
    "wacore": {"whatsapp", "linking", "whatsapp-simulator"},
    "waproto": {"whatsapp", "linking", "whatsapp-simulator"},
    "lambda_runtime": {"leave-group", "floor"},
    "lambda_http": {"leave-group"},
}

def strangers(other):
    """Who may know `other`: by the longest name that it begins with."""
    names = [name for name in ONLY if other.startswith(name)]
    return ONLY[max(names, key=len)] if names else None


metadata = json.loads(
    subprocess.check_output(["cargo", "metadata", "--format-version", "1", "--locked", "--no-deps"])
)
packages = {package["name"]: package for package in metadata["packages"]}
wrong = [f"{name} is in no list of .ci/arrows.py" for name in sorted(packages.keys() - MAY.keys())]
for name, package in sorted(packages.items()):
    for dependency in package["dependencies"]:
        other, is_dev = dependency["name"], dependency["kind"] == "dev"
        if other in packages:
            may = MAY.get(name, set()) | (TESTS_MAY.get(name, set()) if is_dev else set())
            if other not in may:
                wrong.append(f"{name} knows {other}" + (" in its tests" if is_dev else ""))
        elif not is_dev and name not in (strangers(other) or {name}):
            wrong.append(f"{name} knows {other}")
if wrong:
    sys.exit("\n".join(wrong))
print(f"{len(packages)} crates, each knows whom it may")
