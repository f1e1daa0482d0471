"""What holds of every process on a container platform, whoever wrote its manifest."""

import re
import unittest

from manifests import GIVEN, HERE, PORTS, ROOT, SPOOLING, processes, settings, substituted

SECRET = re.compile(r"^(DATABASE_URL|REDIS_URL|.*(_KEY|_KEK|_TOKEN|_PASSWORD|_BEARER|_SECRET))$")
COMPOSE = (ROOT / "infra/docker/runtime-compose.yml").read_text()


def camel(kebab):
    return re.sub(r"-([a-z])", lambda found: found[1].upper(), kebab)


def secrets_of(process):
    """Setting and name of the secret, as `caracald secrets init` calls it."""
    return process.secret_variables | {setting: camel(name) for setting, name in process.secret_files.items()}


def compose_secrets(role):
    """What the Compose file gives the same role."""
    service = re.search(rf"^  {role}:\n(.*?)(?=^  [a-z#]|^[a-z])", COMPOSE, re.S | re.M)[1]
    shared = "" if role in ("web", "migrate") else re.search(r"^x-environment:.*?(?=^services:)", COMPOSE, re.S | re.M)[0]
    given = re.findall(r"^ +(\w+)_FILE: /run/secrets/(\w+)$", shared + service, re.M)
    return {setting: name for setting, name in given if not setting.endswith("_PREVIOUS")}


class Policy(unittest.TestCase):
    def test_each_platform_has_the_roles_that_it_can_keep(self):
        found = {}
        for process in processes():
            found.setdefault(process.platform, set()).add(process.role)
        everything = set(PORTS)
        self.assertEqual(found, {"ecs": everything, "container-apps": everything, "cloud-run": everything - SPOOLING})

    def test_no_secret_is_there_by_value(self):
        for process in processes():
            for name, value in process.variables.items():
                self.assertIsNone(SECRET.search(name), f"{process.where}: {name}")
                if name.endswith("_FILE"):
                    self.assertTrue(value.startswith("/etc/caracal/"), f"{process.where}: {name}")
            self.assertNotIn("value", [key for secret in self.declared(process) for key in secret], process.where)

    @staticmethod
    def declared(process):
        if process.platform == "container-apps":
            return process.source["properties"]["configuration"]["secrets"]
        return []

    def test_a_process_has_the_secrets_of_its_role_and_no_others(self):
        known = settings()
        for process in processes():
            # `migrate` is a task, not a role, and connects as its roles do.
            read = {
                setting: name
                for setting, name in compose_secrets(process.role).items()
                if process.role == "migrate" or not known[setting] or process.role in known[setting]
            }
            self.assertEqual(secrets_of(process), read, process.where)

    def test_every_variable_is_a_setting_of_the_role(self):
        known = settings()
        for process in processes():
            for variable in [*process.variables, *process.secret_variables]:
                name = variable if variable in known else variable.removesuffix("_FILE")
                self.assertIn(name, known, f"{process.where}: {variable}")
                readers = known[name]
                if process.role != "migrate":
                    self.assertTrue(not readers or process.role in readers, f"{process.where}: {variable} is of {readers}")

    def test_images_are_of_a_version(self):
        for process in processes():
            self.assertEqual(process.image, "registry.example.com/caracal:v1.2.3", process.where)
            self.assertEqual(process.arguments, ["migrate"] if process.role == "migrate" else ["serve", process.role])

    def test_nobody_is_root(self):
        dockerfile = (ROOT / "infra/docker/Dockerfile").read_text()
        self.assertEqual(re.findall(r"^USER (.*)$", dockerfile, re.M), ["65532:65532"])
        for process in processes():
            text = repr(process.source)
            for word in ("privileged", "runAsUser", "SYS_ADMIN", "'add'"):
                self.assertNotIn(word, text, process.where)
            if process.platform == "ecs":
                (container,) = process.source["task"]["containerDefinitions"]
                self.assertEqual(container["user"], "65532:65532", process.where)
                self.assertTrue(container["readonlyRootFilesystem"], process.where)
                self.assertEqual(container["linuxParameters"], {"capabilities": {"drop": ["ALL"]}}, process.where)

    def test_everything_has_limits(self):
        for process in processes():
            self.assertTrue(process.limited, process.where)

    def test_what_serves_is_asked_whether_it_lives_and_nothing_restarts_for_what_it_depends_on(self):
        for process in processes():
            if process.role == "migrate":
                continue
            health = {
                "ecs": [f"http://127.0.0.1:{PORTS[process.role]}/health"],
                "cloud-run": ["/ready", "/health"],
                "container-apps": ["/health", "/health", "/ready"],
            }
            self.assertEqual(process.health, health[process.platform], process.where)

    def test_evidence_is_kept_by_one_process_at_a_time(self):
        for process in processes():
            if process.role not in SPOOLING:
                continue
            self.assertEqual(process.keeps, {"/var/lib/caracal"}, process.where)
            self.assertTrue(process.variables["AUDIT_REPLAY_DIR"].startswith("/var/lib/caracal/"), process.where)
            self.assertEqual((process.fewest, process.most, process.overlaps), (1, 1, False), process.where)

    def test_each_keeps_its_own_directory(self):
        places = {}
        for process in processes():
            if process.platform == "ecs" and process.keeps:
                state = process.source["task"]["volumes"][0]["efsVolumeConfiguration"]
                self.assertEqual((state["transitEncryption"], state["authorizationConfig"]["iam"]), ("ENABLED", "ENABLED"))
                place = state["authorizationConfig"]["accessPointId"]
            elif process.keeps:
                (container,) = process.source["properties"]["template"]["containers"]
                (place,) = [mount["subPath"] for mount in container["volumeMounts"] if mount["volumeName"] == "state"]
            else:
                continue
            other = places.setdefault((process.platform, place), process.where)
            self.assertEqual(other, process.where)

    def test_a_role_has_time_to_stop(self):
        granted = {"ecs": 40, "cloud-run": 10, "container-apps": 40}
        for process in processes():
            if process.role == "migrate":
                continue
            needed = (int(process.variables["SHUTDOWN_DELAY_MS"]) + int(process.variables["SHUTDOWN_GRACE_MS"])) / 1000
            self.assertLess(needed, granted[process.platform], process.where)
            if process.platform == "ecs":
                self.assertEqual(process.source["task"]["containerDefinitions"][0]["stopTimeout"], 40, process.where)
            if process.platform == "container-apps":
                template = process.source["properties"]["template"]
                self.assertEqual(template["terminationGracePeriodSeconds"], 40, process.where)

    def test_the_gateway_asks_the_sts_by_a_name_that_it_accepts(self):
        for process in processes():
            if process.role == "gateway":
                url = process.variables["STS_URL"]
                self.assertTrue(url.startswith("https://") or re.fullmatch(r"http://[a-z]+:\d+", url), process.where)

    def test_nothing_is_open_to_everybody(self):
        for path in sorted(HERE.rglob("*.json")) + sorted(HERE.rglob("*.yaml")):
            text = substituted(path)
            self.assertIsNone(re.search(r"[\"' /:]\*[\"']|0\.0\.0\.0/0|::/0", text), path)
            self.assertNotIn(":latest", text, path)
        for process in processes():
            if process.platform == "container-apps" and process.role != "migrate":
                ingress = process.source["properties"]["configuration"]["ingress"]
                self.assertFalse(ingress["allowInsecure"], process.where)
                self.assertEqual(ingress["external"], process.role in ("sts", "gateway", "web"), process.where)
            if process.platform == "ecs" and process.source["service"]:
                service = process.source["service"]
                network = service["networkConfiguration"]["awsvpcConfiguration"]
                self.assertEqual(network["assignPublicIp"], "DISABLED", process.where)
                self.assertEqual("loadBalancers" in service, process.role in ("sts", "gateway", "web"), process.where)

    def test_the_page_names_every_place_that_a_reader_fills(self):
        page = (ROOT / "docs/src/operate/containers.md").read_text()
        for path in sorted(HERE.rglob("*.json")) + sorted(HERE.rglob("*.yaml")):
            for name in re.findall(r"\$\{([A-Z_]+)\}", path.read_text()):
                shared = re.sub(r"_(STS|GATEWAY|COORDINATOR|API|AUDIT|WEB)$", "_…", name)
                shared = re.sub(r"^CARACAL_(STS|GATEWAY|COORDINATOR|API|AUDIT)_URL$", "CARACAL_…_URL", shared)
                self.assertTrue(f"`{name}`" in page or f"`{shared}`" in page, f"{path.name}: {name}")
        self.assertIn("`CARACAL_VERSION`", page)
        self.assertIn("CARACAL_VERSION", GIVEN)


if __name__ == "__main__":
    unittest.main()
