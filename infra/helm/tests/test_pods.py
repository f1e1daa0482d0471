"""What no pod of the chart may be, whatever else it is."""

import re
import unittest

from chart import PROFILES, ROLES, objects, pods
from test_profiles import EVERYTHING

# Volumes that Pod Security "restricted" allows.
VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
SECRET = re.compile(r"(^DATABASE_URL|^REDIS_URL|_KEY|_KEK|_TOKEN|_PASSWORD|_BEARER|_SECRET|_PREVIOUS)$")


class Pods(unittest.TestCase):
    def every(self):
        for profile in PROFILES:
            for name, labels, pod in pods(profile):
                yield f"{profile}/{name}", labels, pod
        for name, labels, pod in pods("production", *EVERYTHING):
            yield f"everything/{name}", labels, pod

    def test_no_pod_is_root_or_could_become_it(self):
        for name, _, pod in self.every():
            context = pod["securityContext"]
            self.assertIs(context["runAsNonRoot"], True, name)
            self.assertGreater(context["runAsUser"], 0, name)
            self.assertEqual(context["seccompProfile"], {"type": "RuntimeDefault"}, name)
            for container in pod["containers"] + pod.get("initContainers", []):
                own = container["securityContext"]
                self.assertIs(own["allowPrivilegeEscalation"], False, name)
                self.assertIs(own["readOnlyRootFilesystem"], True, name)
                self.assertEqual(own["capabilities"], {"drop": ["ALL"]}, name)
                self.assertNotIn("privileged", own, name)

    def test_no_pod_shares_anything_with_its_node(self):
        for name, _, pod in self.every():
            for shared in ("hostNetwork", "hostPID", "hostIPC"):
                self.assertFalse(pod.get(shared), f"{name}: {shared}")
            for volume in pod.get("volumes", []):
                kind = next(key for key in volume if key != "name")
                self.assertIn(kind, VOLUMES, f"{name}: {volume}")
                if kind == "emptyDir":
                    self.assertIn("sizeLimit", volume["emptyDir"], f"{name}: {volume} has no bound")
            for container in pod["containers"]:
                self.assertFalse(any("hostPort" in port for port in container.get("ports", [])), name)

    def test_no_pod_gets_a_token_or_variables_of_services(self):
        for name, _, pod in self.every():
            self.assertIs(pod["automountServiceAccountToken"], False, name)
            self.assertIs(pod["enableServiceLinks"], False, name)
            self.assertNotEqual(pod["serviceAccountName"], "default", name)

    def test_every_container_is_bounded(self):
        for name, _, pod in self.every():
            for container in pod["containers"]:
                for kind in ("requests", "limits"):
                    self.assertEqual({"cpu", "memory"}, set(container["resources"][kind]), f"{name}: {kind}")

    def test_commands_of_control_keys_are_taken_where_somebody_says_so_and_a_gate_is_there(self):
        def of(pod):
            container = pod["containers"][0]
            variables = {item["name"]: item["value"] for item in container.get("env", []) if "value" in item}
            volume = [volume for volume in pod.get("volumes", []) if volume["name"] == "control"]
            mount = [mount for mount in container.get("volumeMounts", []) if mount["name"] == "control"]
            return {name: value for name, value in variables.items() if "CONTROL" in name}, volume, mount

        for profile in PROFILES:
            for name, _, pod in pods(profile):
                self.assertEqual(of(pod), ({}, [], []), f"{profile}/{name}")
        opened = pods("production", "api.control.enabled=true", "api.control.gateConfigMapName=gate")
        for name, labels, pod in opened:
            variables, volume, mount = of(pod)
            if labels.get("app.kubernetes.io/component") != "api":
                self.assertEqual((variables, volume, mount), ({}, [], []), name)
                continue
            gate = "/etc/caracal/control/open"
            self.assertEqual(variables, {"CARACAL_CONTROL_ENABLED": "true", "CONTROL_GATE_FILE": gate})
            self.assertEqual(volume, [{"name": "control", "configMap": {"name": "gate", "optional": True}}])
            self.assertEqual([(m["mountPath"], m["readOnly"]) for m in mount], [("/etc/caracal/control", True)])

    def test_no_secret_is_a_variable(self):
        for name, _, pod in self.every():
            for container in pod["containers"]:
                for source in container.get("envFrom", []):
                    self.assertNotIn("secretRef", source, name)
                for variable in container.get("env", []):
                    self.assertNotIn("valueFrom", variable, f"{name}: {variable['name']}")
                    self.assertIsNone(SECRET.search(variable["name"]), f"{name}: {variable['name']}")

    def test_images_are_pinned(self):
        for name, _, pod in self.every():
            for container in pod["containers"]:
                tag = container["image"].rpartition(":")[2]
                self.assertTrue(tag and "/" not in tag and tag != "latest", f"{name}: {container['image']}")

    def test_what_serves_is_probed_and_has_time_to_stop(self):
        for name, labels, pod in self.every():
            role = labels["app.kubernetes.io/component"]
            if role not in ROLES:
                continue
            (container,) = pod["containers"]
            paths = {kind: container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "liveness", "readiness")}
            # A dependency that is away must not restart anybody.
            self.assertEqual(paths, {"startup": "/health", "liveness": "/health", "readiness": "/ready"}, name)
            environment = {variable["name"]: variable.get("value") for variable in container["env"]}
            needed = (int(environment["SHUTDOWN_DELAY_MS"]) + int(environment["SHUTDOWN_GRACE_MS"])) / 1000
            self.assertLess(needed, pod["terminationGracePeriodSeconds"], name)
            self.assertEqual(container["ports"][0]["containerPort"], ROLES[role], name)

    def test_a_role_with_a_spool_keeps_it(self):
        kept = {
            item["metadata"]["labels"]["app.kubernetes.io/component"]: item["spec"]
            for item in objects("production")
            if item["kind"] == "StatefulSet"
        }
        self.assertEqual(set(kept), {"sts", "gateway", "coordinator", "api"})
        for role, spec in kept.items():
            self.assertEqual(spec["volumeClaimTemplates"][0]["metadata"]["name"], "state", role)
            policy = spec["persistentVolumeClaimRetentionPolicy"]
            self.assertEqual(policy, {"whenDeleted": "Retain", "whenScaled": "Retain"}, role)

    def test_scaled_roles_do_not_say_how_many_they_are(self):
        scaled = {item["spec"]["scaleTargetRef"]["name"] for item in objects("production") if item["kind"] == "HorizontalPodAutoscaler"}
        self.assertTrue(scaled)
        for item in objects("production"):
            if item["kind"] in ("StatefulSet", "Deployment"):
                self.assertEqual("replicas" not in item["spec"], item["metadata"]["name"] in scaled, item["metadata"]["name"])

    def test_one_replica_has_no_budget_that_would_hold_up_a_drain(self):
        self.assertFalse([item for item in objects("dev") if item["kind"] == "PodDisruptionBudget"])
        budgets = [item["spec"] for item in objects("production") if item["kind"] == "PodDisruptionBudget"]
        self.assertEqual([budget["maxUnavailable"] for budget in budgets], [1] * 6)


if __name__ == "__main__":
    unittest.main()
