"""The manifests of the container platforms, each as what it says in words that all of them share."""

import dataclasses
import json
import pathlib
import re

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[3]
HERE = ROOT / "infra/containers"
SETTINGS = ROOT / "docs/src/operate/settings.md"
PORTS = {"api": 3000, "web": 3001, "coordinator": 4000, "sts": 8080, "gateway": 8081, "audit": 9090, "migrate": None}
# Those that keep evidence on its way to the ledger in a directory of their own.
SPOOLING = {"sts", "gateway", "coordinator", "api"}
# What a reader puts in: enough to parse, and to ask the daemon what it thinks of the result.
GIVEN = {
    "CARACAL_REGISTRY": "registry.example.com/",
    "CARACAL_VERSION": "1.2.3",
    "ISSUER_URL": "https://sts.example.com",
    "GATEWAY_PUBLIC_URL": "https://gateway.example.com",
    "CONSOLE_URL": "https://caracal.example.com",
    "CARACAL_LOG_ORIGIN": "caracal.example.com",
    "UPSTREAM_HOST_ALLOWLIST": "api.partner.example.com",
    "GATEWAY_PRIVATE_UPSTREAM_HOSTS": "",
    "ENVIRONMENT_DOMAIN": "blue.example.com",
    "AWS_ACCOUNT": "111122223333",
    "AWS_REGION": "eu-central-1",
} | {f"CARACAL_{role}_URL": f"https://{role.lower()}.example.com" for role in ("API", "COORDINATOR", "AUDIT", "STS", "GATEWAY")}
PLACE = re.compile(r"\$\{([A-Z_]+)\}")


@dataclasses.dataclass
class Process:
    """One process of a role on one platform."""

    where: str
    platform: str
    role: str
    image: str
    arguments: list
    variables: dict
    # Name of the setting, and what names its secret: given as a variable or as a file.
    secret_variables: dict
    secret_files: dict
    limited: bool
    health: list
    fewest: int
    most: int
    # Whether a new process starts while the old one still runs.
    overlaps: bool
    keeps: set
    source: object


def substituted(path):
    return PLACE.sub(lambda place: GIVEN.get(place[1], f"x-{place[1].lower().replace('_', '-')}"), path.read_text())


def ecs():
    for path in sorted((HERE / "ecs").glob("*.task.json")):
        role = path.name.removesuffix(".task.json")
        task = json.loads(substituted(path))
        (container,) = task["containerDefinitions"]
        service_path = path.with_name(f"{role}.service.json")
        service = json.loads(substituted(service_path)) if service_path.exists() else None
        deployed = service["deploymentConfiguration"] if service else None
        yield Process(
            where=str(path.relative_to(ROOT)),
            platform="ecs",
            role=role,
            image=container["image"],
            arguments=container["command"],
            variables={item["name"]: item["value"] for item in container["environment"]},
            secret_variables={item["name"]: item["valueFrom"].rpartition("/")[2] for item in container["secrets"]},
            secret_files={},
            limited=bool(task["cpu"] and task["memory"]),
            health=[container["healthCheck"]["command"][-1]] if service else [],
            fewest=service["desiredCount"] if service else 0,
            most=service["desiredCount"] if service else 1,
            overlaps=bool(service) and deployed["maximumPercent"] > 100,
            keeps={mount["containerPath"] for mount in container.get("mountPoints", []) if not mount["readOnly"]},
            source={"task": task, "service": service},
        )


def cloud_run():
    for path in sorted((HERE / "cloud-run").glob("*.yaml")):
        document = yaml.safe_load(substituted(path))
        job = document["kind"] == "Job"
        revision = document["spec"]["template"]["spec"]
        pod = revision["template"]["spec"] if job else revision
        (container,) = pod["containers"]
        scale = document["spec"]["template"]["metadata"]["annotations"]
        named = {volume["name"]: volume["secret"]["secretName"] for volume in pod["volumes"]}
        files = {mount["mountPath"]: named[mount["name"]] for mount in container["volumeMounts"]}
        variables = {item["name"]: item["value"] for item in container["env"]}
        yield Process(
            where=str(path.relative_to(ROOT)),
            platform="cloud-run",
            role=path.stem,
            image=container["image"],
            arguments=container["args"],
            variables=variables,
            secret_variables={},
            secret_files={
                name.removesuffix("_FILE"): files[value.removesuffix("/value")].removeprefix("caracal-")
                for name, value in variables.items()
                if value.startswith("/etc/caracal/secrets/")
            },
            limited={"cpu", "memory"} <= container["resources"]["limits"].keys(),
            health=[] if job else [container[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe")],
            fewest=0 if job else int(scale["autoscaling.knative.dev/minScale"]),
            most=1 if job else int(scale["autoscaling.knative.dev/maxScale"]),
            overlaps=not job,
            keeps=set(),
            source=document,
        )


def container_apps():
    for path in sorted((HERE / "container-apps").glob("*.yaml")):
        document = yaml.safe_load(substituted(path))
        properties = document["properties"]
        template, configuration = properties["template"], properties["configuration"]
        (container,) = template["containers"]
        job = "triggerType" in configuration
        volumes = {volume["name"]: volume for volume in template["volumes"]}
        mounts = {mount["volumeName"]: mount["mountPath"] for mount in container["volumeMounts"]}
        vault = {secret["name"]: secret["keyVaultUrl"].rpartition("/caracal-")[2] for secret in configuration["secrets"]}
        files = {f"{mounts['secrets']}/{item['path']}": vault[item["secretRef"]] for item in volumes["secrets"]["secrets"]}
        variables = {item["name"]: item["value"] for item in container["env"]}
        yield Process(
            where=str(path.relative_to(ROOT)),
            platform="container-apps",
            role=path.stem,
            image=container["image"],
            arguments=container["args"],
            variables=variables,
            secret_variables={},
            secret_files={name.removesuffix("_FILE"): files[value] for name, value in variables.items() if value in files},
            limited={"cpu", "memory"} <= container["resources"].keys(),
            health=[] if job else [probe["httpGet"]["path"] for probe in container["probes"]],
            fewest=0 if job else template["scale"]["minReplicas"],
            most=1 if job else template["scale"]["maxReplicas"],
            overlaps=not job and configuration["activeRevisionsMode"] == "Single",
            keeps={mounts[name] for name, volume in volumes.items() if volume["storageType"] == "NfsAzureFile"},
            source=document,
        )


def processes():
    """Every process of every platform."""
    return [*ecs(), *cloud_run(), *container_apps()]


def settings():
    """Name of each setting, and the roles that read it; an empty set is all of them."""
    found = {}
    for line in SETTINGS.read_text().splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if len(cells) == 4 and cells[0].startswith("`"):
            readers = set() if cells[1] == "all" else set(cells[1].split(", "))
            found |= dict.fromkeys(re.findall(r"`(\w+)`", cells[0]), readers)
    return found
