"""Each manifest against what its platform's published interface takes: an unknown name, a wrong type or a missing part fails.

Needs the clients of the platforms (`scripts/cloud.sh interfaces`), and speaks to no platform.
"""

import json
import pathlib
import typing
import unittest

import botocore.session
import botocore.validate
import googleapiclient
from azure.mgmt.appcontainers import models

from manifests import processes

RUN = json.loads((pathlib.Path(googleapiclient.__file__).parent / "discovery_cache/documents/run.v1.json").read_text())["schemas"]
SCALARS = {"string": str, "integer": int, "boolean": bool, "number": (int, float)}


def faults_of_discovery(schema, value, path):
    """What a document of Google's discovery does not allow in `value`."""
    if "$ref" in schema:
        schema = RUN[schema["$ref"]]
    kind = schema["type"]
    if kind == "object" and "properties" in schema:
        if not isinstance(value, dict):
            return [f"{path}: no object"]
        return [
            fault
            for name, item in value.items()
            for fault in (
                faults_of_discovery(schema["properties"][name], item, f"{path}.{name}")
                if name in schema["properties"]
                else [f"{path}.{name}: unknown"]
            )
        ]
    if kind == "object":
        inner = schema["additionalProperties"]
        return [fault for name, item in value.items() for fault in faults_of_discovery(inner, item, f"{path}.{name}")]
    if kind == "array":
        return [
            fault for place, item in enumerate(value) for fault in faults_of_discovery(schema["items"], item, f"{path}[{place}]")
        ]
    # A number of 64 bits is told as text, and taken as either.
    expected = int if schema.get("format") == "int64" else SCALARS[kind]
    right = isinstance(value, expected) and (kind == "boolean" or not isinstance(value, bool))
    return [] if right else [f"{path}: not {kind}"]


def faults_of_model(annotation, value, path):
    """What a model of Azure's client does not allow in `value`."""
    choices = typing.get_args(annotation) if typing.get_origin(annotation) is typing.Union else (annotation,)
    choices = [choice for choice in choices if choice is not type(None)]
    if any(isinstance(choice, typing.ForwardRef) for choice in choices):
        # Any text beside the names of an enumeration: what the client does not know is what this looks for.
        choices = [choice for choice in choices if choice is not str]
    tried = [faults_of_choice(choice, value, path) for choice in choices]
    return min(tried, key=len) if tried else []


def faults_of_choice(choice, value, path):
    if isinstance(choice, typing.ForwardRef):
        choice = choice.__forward_arg__
    if isinstance(choice, str):
        choice = getattr(models, choice.removeprefix("_models."))
    if typing.get_origin(choice) is list:
        (inner,) = typing.get_args(choice)
        if not isinstance(value, list):
            return [f"{path}: no list"]
        return [fault for place, item in enumerate(value) for fault in faults_of_model(inner, item, f"{path}[{place}]")]
    if typing.get_origin(choice) is dict:
        (_, inner) = typing.get_args(choice)
        return [fault for name, item in value.items() for fault in faults_of_model(inner, item, f"{path}.{name}")]
    if hasattr(choice, "__members__"):
        return [] if value in {member.value for member in choice} else [f"{path}: none of {choice.__name__}"]
    if not choice.__module__.startswith(models.__name__):
        right = isinstance(value, (int, float) if choice is float else choice)
        return [] if right else [f"{path}: not {choice}"]
    if not isinstance(value, dict):
        return [f"{path}: no object"]
    known = fields(choice)
    return [
        fault
        for name, item in value.items()
        for fault in (faults_of_model(known[name], item, f"{path}.{name}") if name in known else [f"{path}.{name}: unknown"])
    ]


def fields(model):
    """Names on the wire and types of a model and of those that it extends."""
    model()
    rest = {attribute: field._rest_name for attribute, field in model._attr_to_rest_field.items()}
    annotations = {}
    for parent in reversed(model.__mro__):
        annotations |= parent.__dict__.get("__annotations__", {})
    return {rest[attribute]: annotations[attribute] for attribute in rest if attribute in annotations}


class Interfaces(unittest.TestCase):
    def test_amazon_ecs(self):
        service = botocore.session.get_session().get_service_model("ecs")
        seen = 0
        for process in processes():
            if process.platform != "ecs":
                continue
            for operation, request in (("RegisterTaskDefinition", "task"), ("CreateService", "service")):
                if process.source[request] is None:
                    continue
                shape = service.operation_model(operation).input_shape
                report = botocore.validate.ParamValidator().validate(process.source[request], shape)
                self.assertFalse(report.has_errors(), f"{process.where}: {report.generate_report()}")
                seen += 1
        self.assertEqual(seen, 13)

    def test_cloud_run(self):
        seen = 0
        for process in processes():
            if process.platform == "cloud-run":
                kind = process.source["kind"]
                self.assertEqual(faults_of_discovery({"$ref": kind}, process.source, kind), [], process.where)
                seen += 1
        self.assertEqual(seen, 3)

    def test_container_apps(self):
        seen = 0
        for process in processes():
            if process.platform == "container-apps":
                model = models.Job if process.role == "migrate" else models.ContainerApp
                # The client's command takes the name beside what its interface takes.
                document = {name: value for name, value in process.source.items() if name != "name"}
                self.assertEqual(faults_of_model(model, document, process.role), [], process.where)
                seen += 1
        self.assertEqual(seen, 7)

    def test_what_no_interface_has_is_found(self):
        run = next(process for process in processes() if process.where.endswith("cloud-run/web.yaml")).source
        wrong = json.loads(json.dumps(run))
        wrong["spec"]["template"]["spec"]["containers"][0]["readOnly"] = True
        wrong["spec"]["template"]["spec"]["containerConcurrency"] = "many"
        self.assertEqual(len(faults_of_discovery({"$ref": "Service"}, wrong, "Service")), 2)
        app = next(process for process in processes() if process.where.endswith("container-apps/sts.yaml")).source
        wrong = json.loads(json.dumps({name: value for name, value in app.items() if name != "name"}))
        wrong["properties"]["template"]["volumes"][0]["storageType"] = "Floppy"
        wrong["properties"]["configuration"]["ingress"]["open"] = True
        wrong["properties"]["template"]["scale"]["minReplicas"] = "one"
        self.assertEqual(len(faults_of_model(models.ContainerApp, wrong, "app")), 3)


if __name__ == "__main__":
    unittest.main()
