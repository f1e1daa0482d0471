"""Who may speak to whom, worked out of the rendered policies: what is listed here and nothing else."""

import unittest

from chart import ROLES, objects, of_kind

STORES = {"postgresql": 5432, "redis": 6379}
# Every allowed path within the release of an evaluation, which has the stores, too.
ALLOWED = {
    *((role, store) for role in ("sts", "gateway", "coordinator", "api", "audit", "migrate") for store in STORES),
    ("gateway", "sts"),
    ("web", "api"),
    ("web", "coordinator"),
    # People check what they see against the ledger.
    ("web", "audit"),
    # How they are, for the overview of the console.
    ("web", "sts"),
    ("web", "gateway"),
    ("canary", "api"),
    ("canary", "sts"),
    ("canary", "coordinator"),
    ("canary", "gateway"),
}


def _selects(selector, labels):
    return all(labels.get(name) == value for name, value in selector.get("matchLabels", {}).items())


def _labels(component):
    return {"app.kubernetes.io/name": "caracal", "app.kubernetes.io/instance": "caracal", "app.kubernetes.io/component": component}


def _lets(rules, side, labels, port):
    """Whether a rule has this pod as its peer, on this port."""
    for rule in rules or []:
        ports = rule.get("ports")
        if ports and port not in [entry["port"] for entry in ports]:
            continue
        peers = rule.get(side)
        if not peers:
            return True
        if any("podSelector" in peer and "namespaceSelector" not in peer and _selects(peer["podSelector"], labels) for peer in peers):
            return True
    return False


class Network(unittest.TestCase):
    def test_every_pod_has_a_policy_of_its_own_for_both_directions(self):
        policies = of_kind("NetworkPolicy", "dev")
        self.assertEqual(set(policies), {*ROLES, *STORES, "migrate", "canary"})
        for component, policy in policies.items():
            spec = policy["spec"]
            self.assertEqual(spec["podSelector"]["matchLabels"], _labels(component), component)
            self.assertEqual(set(spec["policyTypes"]), {"Ingress", "Egress"}, component)

    def test_the_allowed_paths_are_these_and_no_others(self):
        # The open door of the evaluation's Gateway is not what this is about.
        policies = of_kind("NetworkPolicy", "dev", "\nnetworkPolicy: {egress: {gateway: []}}\n")
        ports = {**ROLES, **STORES, "migrate": 9999, "canary": 9999}
        allowed = {
            (caller, called)
            for caller in ports
            for called in ports
            if caller != called
            and _lets(policies[caller]["spec"].get("egress"), "to", _labels(called), ports[called])
            and _lets(policies[called]["spec"].get("ingress"), "from", _labels(caller), ports[called])
        }
        self.assertEqual(allowed, ALLOWED)

    def test_nobody_outside_reaches_a_role_that_has_no_edge(self):
        policies = of_kind("NetworkPolicy", "production")
        edge = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress-nginx"}}}
        reached = {
            component
            for component, policy in policies.items()
            if any(edge in rule.get("from", []) for rule in policy["spec"].get("ingress") or [])
        }
        self.assertEqual(reached, {"web", "sts", "gateway"})

    def test_production_opens_no_port_to_every_address(self):
        for item in objects("production"):
            if item["kind"] != "NetworkPolicy":
                continue
            for side, peers in (("ingress", "from"), ("egress", "to")):
                for rule in item["spec"].get(side) or []:
                    self.assertTrue(rule.get(peers), f"{item['metadata']['name']}: {side} {rule}")
                    self.assertTrue(rule.get("ports"), f"{item['metadata']['name']}: {side} {rule}")


if __name__ == "__main__":
    unittest.main()
