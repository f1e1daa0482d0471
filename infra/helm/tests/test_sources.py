"""What the chart says twice is the same as where it is said first, and the README of the values is of these values."""

import re
import shutil
import subprocess
import tempfile
import unittest

import yaml

from chart import CHART, PROFILES, REGENERATE, ROOT, objects, of_kind, pods
from test_profiles import EVERYTHING

CATALOGUE = ROOT / "crates/caracald/src/commands/secrets/files.rs"
SETTINGS = ROOT / "docs/src/operate/settings.md"
REDIS = ROOT / "docs/src/operate/redis.md"
README = CHART / "README.md"
HEAD = """# Values of the chart

Made from `values.yaml` by `scripts/chart.sh snapshots`. How to install it is in the handbook: *Deploy with Helm*.
A role also takes `logLevel`, `extraEnv`, `extraEnvFrom` (ConfigMaps alone), `extraVolumes`, `extraVolumeMounts`,
`podAnnotations`, `serviceAnnotations`, `serviceAccountAnnotations`, `affinity`, `topologySpreadConstraints`,
`nodeSelector` and `tolerations`.

| Value | Default | |
|---|---|---|
"""


def _readme():
    """A line for each value: the comment above it says what it is."""
    path, comment, rows = [], [], []
    for line in (CHART / "values.yaml").read_text().splitlines():
        indent = len(line) - len(line.lstrip())
        if match := re.match(r"\s*# ?(.*)", line):
            comment.append(match[1])
        elif match := re.match(r"\s*(\w+):(.*)", line):
            path = [*path[: indent // 2], match[1]]
            if comment and not match[2].strip() and indent == 0:
                rows.append(f"| **`{match[1]}`** | | {' '.join(comment)} |")
            elif comment:
                default = match[2].strip()
                rows.append(f"| `{'.'.join(path)}` | {f'`{default}`' if default else ''} | {' '.join(comment)} |")
            comment = []
        else:
            comment = []
    return HEAD + "\n".join(rows) + "\n"


def _secret_items(profile, *overrides):
    for name, _, pod in pods(profile, *overrides):
        for volume in pod["volumes"]:
            if volume["name"] == "secrets":
                yield name, {item["key"] for item in volume["secret"]["items"]}, pod["containers"][0]


class Sources(unittest.TestCase):
    def test_secrets_have_the_names_that_the_daemon_gives_them(self):
        made = set(re.findall(r'^\s*\(?"(\w+)",', CATALOGUE.read_text(), re.MULTILINE)) | {"redisUrl", "redisUsers"}
        external = yaml.safe_load((ROOT / "infra/helm/external-secrets/caracal-runtime.yaml").read_text())
        external = {entry["secretKey"] for entry in external["spec"]["data"]}
        for name, keys, _ in _secret_items("dev"):
            self.assertLessEqual(keys, made, name)
        for name, keys, _ in _secret_items("production"):
            self.assertLessEqual(keys, external, name)
        (secret,) = [item for item in objects("dev") if item["kind"] == "Secret"]
        for name, keys, _ in _secret_items("dev"):
            self.assertLessEqual(keys, set(secret["stringData"]), name)

    def test_a_container_is_given_the_files_that_its_settings_name_and_no_others(self):
        for profile, overrides in (("dev", ()), ("production", ()), ("production", EVERYTHING)):
            for name, keys, container in _secret_items(profile, *overrides):
                values = [variable["value"] for variable in container.get("env", [])] + container.get("args", [])
                named = {value.removeprefix("/run/secrets/") for value in values if value.startswith("/run/secrets/")}
                self.assertEqual(named, keys, name)

    def test_every_variable_is_a_setting(self):
        known = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", SETTINGS.read_text().split("## Refused")[0]))
        for profile, overrides in ((name, ()) for name in PROFILES):
            for name, labels, pod in pods(profile, *overrides):
                if labels["app.kubernetes.io/component"] in ("postgresql", "redis"):
                    continue
                for variable in pod["containers"][0].get("env", []):
                    setting = variable["name"]
                    self.assertTrue({setting, setting.removesuffix("_FILE")} & known, f"{name}: {setting}")

    def test_redis_lets_a_login_do_what_the_handbook_says(self):
        said = re.search(r"ACL SETUSER caracal on >PASSWORD (.*?)```", REDIS.read_text(), re.DOTALL)[1]
        self.assertEqual((CHART / "files/redis.acl").read_text().split(), said.split())

    def test_the_rules_are_those_of_the_handbook_and_prometheus_reads_them(self):
        (rule,) = of_kind("PrometheusRule", "production").values()
        source = yaml.safe_load((ROOT / "infra/observability/alerts.yml").read_text())
        self.assertEqual(rule["spec"]["groups"], source["groups"])
        with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
            yaml.safe_dump(rule["spec"], file)
            file.flush()
            run = subprocess.run([shutil.which("promtool"), "check", "rules", file.name], capture_output=True, text=True, check=False)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)

    def test_prometheus_has_the_bearer_and_names_the_job_that_the_rules_look_for(self):
        monitors = of_kind("ServiceMonitor", "production")
        self.assertEqual(len(monitors), 6)
        for role, monitor in monitors.items():
            (endpoint,) = monitor["spec"]["endpoints"]
            self.assertEqual(endpoint["authorization"]["credentials"], {"name": "caracal-runtime", "key": "metricsBearer"}, role)
            self.assertEqual(endpoint["relabelings"], [{"targetLabel": "job", "replacement": "caracal"}], role)

    def test_each_cloud_sets_its_identity_storage_and_edge(self):
        for cloud, storage, edge in (
            ("eks", "gp3", "alb"),
            ("gke", "premium-rwo", "gce"),
            ("aks", "managed-csi", "webapprouting.kubernetes.azure.com"),
        ):
            rendered = objects(cloud)
            classes = {item["spec"]["volumeClaimTemplates"][0]["spec"]["storageClassName"] for item in rendered if item["kind"] == "StatefulSet"}
            self.assertEqual(classes, {storage})
            self.assertEqual({item["spec"]["ingressClassName"] for item in rendered if item["kind"] == "Ingress"}, {edge})
            for item in rendered:
                if item["kind"] == "ServiceAccount" and not item["metadata"]["name"].endswith("-canary"):
                    self.assertTrue(item["metadata"].get("annotations"), f"{cloud}: {item['metadata']['name']}")

    def test_the_host_of_an_edge_is_the_one_that_the_role_says_it_has(self):
        edges = of_kind("Ingress", "production")
        hosts = {role: edge["spec"]["rules"][0]["host"] for role, edge in edges.items()}
        self.assertEqual(hosts, {"web": "caracal.example.com", "sts": "sts.caracal.example.com", "gateway": "gateway.caracal.example.com"})

    def test_the_readme_has_every_value(self):
        if REGENERATE:
            README.write_text(_readme())
        self.assertEqual(README.read_text(), _readme(), "scripts/chart.sh snapshots")


if __name__ == "__main__":
    unittest.main()
