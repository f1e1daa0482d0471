#!/usr/bin/env python3
"""What the programs are made of, as CycloneDX 1.5 (JSON) on stdout: the crates that `caracal` and `caracald` are linked from
on this kind of machine, and the packages that the console is bundled from.

Usage: sbom.py"""

import datetime
import json
import os
import pathlib
import subprocess
import urllib.parse
import uuid

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAMS = ("caracal", "caracald")


def crates():
    """The packages that the programs are linked from, and the version of the programs."""
    host = next(
        line.split()[1]
        for line in subprocess.run(["rustc", "-vV"], check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
        if line.startswith("host: ")
    )
    command = ["cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", host]
    found = json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout)
    packages = {package["id"]: package for package in found["packages"]}
    nodes = {node["id"]: node for node in found["resolve"]["nodes"]}
    waiting = [id for id, package in packages.items() if package["name"] in PROGRAMS and package["source"] is None]
    version = packages[waiting[0]]["version"]
    reached = set()
    while waiting:
        id = waiting.pop()
        if id not in reached:
            reached.add(id)
            # Not what only builds or tests them.
            waiting += [dep["pkg"] for dep in nodes[id]["deps"] if any(kind["kind"] is None for kind in dep["dep_kinds"])]
    return version, [component("cargo", packages[id]["name"], packages[id]["version"], packages[id]["license"]) for id in reached]


def bundled():
    """The packages of the console that are no tools."""
    lock = json.loads((ROOT / "console/package-lock.json").read_text())
    for path, package in lock["packages"].items():
        if path and not package.get("dev") and not package.get("link"):
            yield component("npm", path.rpartition("node_modules/")[2], package["version"], package.get("license"))


def component(registry, name, version, license):
    made = {
        "type": "library",
        "name": name,
        "version": version,
        "purl": f"pkg:{registry}/{urllib.parse.quote(name, safe='/')}@{urllib.parse.quote(version)}",
    }
    made["bom-ref"] = made["purl"]
    if license:
        made["licenses"] = [{"expression": license.replace("/", " OR ")}]
    return made


def main():
    version, linked = crates()
    components = {one["purl"]: one for one in [*linked, *bundled()]}
    # The same input gives the same bytes.
    at = int(os.environ.get("SOURCE_DATE_EPOCH") or subprocess.run(
        ["git", "log", "-1", "--format=%ct"], cwd=ROOT, stdout=subprocess.PIPE, text=True).stdout or 0)
    ordered = [components[purl] for purl in sorted(components)]
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps([version, at, ordered]))
    print(json.dumps({
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {
            "timestamp": datetime.datetime.fromtimestamp(at, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {"type": "application", "name": "caracal", "version": version, "bom-ref": f"caracal@{version}",
                          "licenses": [{"expression": "Apache-2.0"}]},
        },
        "components": ordered,
        "dependencies": [{"ref": f"caracal@{version}", "dependsOn": [one["bom-ref"] for one in ordered]}],
    }, indent=1))


if __name__ == "__main__":
    main()
