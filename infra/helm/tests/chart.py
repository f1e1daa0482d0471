"""Rendering the chart for the tests beside this file."""

import functools
import os
import pathlib
import subprocess

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[3]
CHART = ROOT / "infra/helm/caracal"
SNAPSHOTS = ROOT / "infra/helm/snapshots"
HELM = os.environ.get("HELM", "helm")
REGENERATE = bool(os.environ.get("CARACAL_REGENERATE"))
KUBERNETES = "1.34.0"
# What is added to a profile to try all of its objects, or because nobody else may know it.
SEED = "for-tests-alone-" * 4
# Each environment that somebody installs: the files of values, in order.
PROFILES = {
    "dev": ["dev"],
    "rc": ["rc"],
    "production": ["production"],
    "eks": ["production", "eks"],
    "gke": ["production", "gke"],
    "aks": ["production", "aks"],
}
ROLES = {"api": 3000, "web": 3001, "coordinator": 4000, "sts": 8080, "gateway": 8081, "audit": 9090}


class Refused(Exception):
    """Helm did not render; the message is what it said."""


@functools.cache
def _template(files, overrides):
    arguments = [HELM, "template", "caracal", str(CHART), "--namespace", "caracal", "--kube-version", KUBERNETES]
    for file in files:
        arguments += ["--values", str(CHART / f"profiles/{file}.yaml")]
    if "dev" in files:
        arguments += ["--set", f"secrets.seed={SEED}"]
    for override in overrides:
        arguments += ["--values", "-"] if override.startswith("\n") else ["--set", override]
    given = "".join(override for override in overrides if override.startswith("\n"))
    run = subprocess.run(arguments, input=given, capture_output=True, text=True, check=False)
    if run.returncode:
        raise Refused(run.stderr)
    return run.stdout


def text(profile, *overrides):
    """What Helm renders of a profile; an override is `name=value`, or YAML that starts with a line end."""
    return _template(tuple(PROFILES[profile]), overrides)


def objects(profile, *overrides):
    """The same as objects."""
    return [item for item in yaml.safe_load_all(text(profile, *overrides)) if item]


def of_kind(kind, profile, *overrides):
    """Objects of a kind by the component they belong to."""
    return {
        item["metadata"]["labels"]["app.kubernetes.io/component"]: item
        for item in objects(profile, *overrides)
        if item["kind"] == kind
    }


def pods(profile, *overrides):
    """Every pod that a profile starts: (name, labels, specification)."""
    for item in objects(profile, *overrides):
        if item["kind"] in ("Deployment", "StatefulSet", "Job"):
            template = item["spec"]["template"]
            yield item["metadata"]["name"], template["metadata"]["labels"], template["spec"]
        elif item["kind"] == "Pod":
            yield item["metadata"]["name"], item["metadata"]["labels"], item["spec"]
