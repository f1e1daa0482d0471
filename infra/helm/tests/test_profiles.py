"""Every profile: linted, rendered the same each time, as its snapshot has it, and what the API takes."""

import difflib
import subprocess
import unittest

import kubernetes_validate

from chart import CHART, HELM, PROFILES, REGENERATE, SEED, SNAPSHOTS, _template, objects, text

# The oldest that the chart installs on, the one that the cluster of the tests has, a newer one.
VERSIONS = ("1.27", "1.34", "1.36")
# Kinds of operators, which the schemas of Kubernetes do not know. No registry of packages has theirs: what is rendered of
# them is in the snapshots, and rules are read by promtool.
ELSEWHERE = {"ServiceMonitor", "PrometheusRule", "HTTPRoute"}
# Values that switch on what no profile has.
EVERYTHING = (
    "gatewayApi.parentRefs[0].name=edge",
    "gatewayApi.web.enabled=true",
    "gatewayApi.sts.enabled=true",
    "gatewayApi.gateway.enabled=true",
    "gatewayApi.api.enabled=true",
    "ingress.api.enabled=true",
    "ingress.api.tlsSecretName=caracal-api-tls",
    "tls.secretName=caracal-listeners",
    "extraCa.configMapName=authorities",
    "secrets.previous={secretStoreKek,auditHmacKey,streamsHmacKey}",
    "audit.hpa.enabled=true",
    "audit.hpa.maxReplicas=3",
    "web.hpa.enabled=true",
    "global.imagePullSecrets[0].name=pull",
    "scheduling.priorityClassName=high",
    "api.control.enabled=true",
)


class Profiles(unittest.TestCase):
    def test_helm_lints_every_profile(self):
        for name, files in PROFILES.items():
            arguments = [HELM, "lint", "--strict", "--quiet", str(CHART), "--set", f"secrets.seed={SEED}"]
            for file in files:
                arguments += ["--values", str(CHART / f"profiles/{file}.yaml")]
            run = subprocess.run(arguments, capture_output=True, text=True, check=False)
            self.assertEqual(run.returncode, 0, f"{name}: {run.stdout}{run.stderr}")

    def test_the_same_values_render_the_same(self):
        for name in ("dev", "production"):
            first = text(name)
            _template.cache_clear()
            self.assertEqual(first, text(name), name)

    def test_what_is_rendered_is_the_snapshot(self):
        production = _lines(text("production"))
        for name in PROFILES:
            if name == "production":
                now = text(name)
            else:
                # The others as what they change: that is what a reader wants to see of them.
                changed = difflib.unified_diff(production, _lines(text(name)), "production", name, n=1)
                now = "".join(changed) if "production" in PROFILES[name] else text(name)
            file = SNAPSHOTS / (f"{name}.diff" if now.startswith("---") and "+++" in now[:40] else f"{name}.yaml")
            if REGENERATE:
                SNAPSHOTS.mkdir(exist_ok=True)
                file.write_text(now)
            self.assertTrue(file.exists(), f"no snapshot {file}; scripts/chart.sh snapshots")
            self.assertEqual(file.read_text(), now, f"{file} is another; scripts/chart.sh snapshots")

    def test_the_api_takes_every_object(self):
        for version in VERSIONS:
            for name in PROFILES:
                self.holds(version, name, objects(name))
            self.holds(version, "everything", objects("production", *EVERYTHING))

    def holds(self, version, name, rendered):
        for item in rendered:
            if item["kind"] in ELSEWHERE:
                continue
            with self.subTest(version=version, profile=name, object=f"{item['kind']} {item['metadata']['name']}"):
                kubernetes_validate.validate(item, version, strict=True)


def _lines(rendered):
    return rendered.splitlines(keepends=True)


if __name__ == "__main__":
    unittest.main()
