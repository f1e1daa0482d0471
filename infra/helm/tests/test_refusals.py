"""Each unsafe value is refused by itself, with a sentence that says what to set; a name that is no value, too."""

import unittest

from chart import Refused, text

# (profile, overrides, a part of what is said)
CASES = {
    "secrets of the chart outside an evaluation": ("rc", ["secrets.create=true"], "secrets.create is for global.evaluation alone"),
    "secrets of the chart in stable": ("production", ["secrets.create=true"], "secrets.create is for global.evaluation alone"),
    "a short seed": ("dev", ["secrets.seed=short"], "secrets.seed needs at least 32 characters"),
    "secrets for stores that the chart does not know": ("dev", ["redis.enabled=false"], "secrets.create knows the stores of this chart alone"),
    "stores of the chart outside an evaluation": ("rc", ["postgresql.enabled=true"], "are for global.evaluation alone"),
    "evaluation in stable": ("production", ["global.evaluation=true"], "global.evaluation is not for stable"),
    "no address of the console": ("rc", ["web.publicUrl="], "web.publicUrl is empty"),
    "no issuer": ("rc", ["sts.issuerUrl="], "sts.issuerUrl is empty"),
    "no name for checkpoints": ("rc", ["audit.logOrigin="], "audit.logOrigin is empty"),
    "an issuer in clear": ("production", ["sts.issuerUrl=http://sts.caracal.example.com"], "sts.issuerUrl is not https"),
    "a console in clear": ("production", ["web.publicUrl=http://caracal.example.com"], "web.publicUrl is not https"),
    "a Gateway in clear": ("production", ["gateway.publicUrl=http://gateway.caracal.example.com"], "gateway.publicUrl is not https"),
    "a Gateway below a path": ("rc", ["gateway.publicUrl=https://example.com/gateway"], "publicUrl"),
    "killed before calls end": ("rc", ["shutdown.terminationGracePeriodSeconds=25"], "must be more than delaySeconds and graceSeconds together (25)"),
    "more connections than there are": ("production", ["database.connectionLimit=100"], "the roles could need"),
    "connections unknown": ("production", ["database.connectionLimit=0"], "database.connectionLimit is 0"),
    "a minimum above the maximum": ("rc", ["sts.hpa.minReplicas=9"], "sts.hpa.minReplicas is more than maxReplicas"),
    "a secret as a variable": ("rc", ["api.extraEnv[0].name=CARACAL_ADMIN_TOKEN", "api.extraEnv[0].value=x"], "mount it with extraVolumes and set CARACAL_ADMIN_TOKEN_FILE"),
    "a Secret as a variable": ("rc", ["api.extraEnv[0].name=ANYTHING", "api.extraEnv[0].valueFrom.secretKeyRef.name=x"], "gives ANYTHING as a variable"),
    "an insecure switch": ("rc", ["sts.extraEnv[0].name=INSECURE_HTTP", "sts.extraEnv[0].value=yes"], "sets INSECURE_HTTP, which is refused in rc"),
    "replays let through": ("production", ["gateway.extraEnv[0].name=JTI_FAIL_OPEN", "gateway.extraEnv[0].value=yes"], "sets JTI_FAIL_OPEN"),
    "a tag that moves": ("production", ["global.tag=latest"], "names another image tomorrow"),
    "debugging": ("production", ["global.logLevel=debug"], "global.logLevel \"debug\" is for finding faults elsewhere"),
    "debugging of one role": ("production", ["sts.logLevel=info\\,caracal_sts=trace"], "sts.logLevel"),
    "evidence on no volume": ("production", ["replayPersistence.enabled=false"], "replayPersistence.enabled is off"),
    "any upstream": ("production", ["gateway.upstreamHostAllowlist="], "gateway.upstreamHostAllowlist is empty"),
    "any upstream by a pattern": ("production", ["gateway.upstreamHostAllowlist=a.example.com\\, *"], "names every host"),
    "no isolation": ("production", ["networkPolicy.enabled=false"], "networkPolicy.enabled is off"),
    "no DNS": ("production", ["networkPolicy.dns.peers=null"], "networkPolicy.dns.peers is empty"),
    "PostgreSQL anywhere": ("production", ["networkPolicy.postgresql.peers=null"], "networkPolicy.postgresql.peers is empty"),
    "PostgreSQL at every address": ("production", ["networkPolicy.postgresql.peers[0].ipBlock.cidr=0.0.0.0/0"], "networkPolicy.postgresql.peers has every address"),
    "Redis anywhere": ("production", ["networkPolicy.redis.peers=null"], "networkPolicy.redis.peers is empty"),
    "a Gateway that reaches nothing": ("production", ["\nnetworkPolicy: {egress: {gateway: []}}\n"], "networkPolicy.egress.gateway is empty"),
    "a Gateway that reaches every address": ("production", ["\nnetworkPolicy: {egress: {gateway: [{ports: [{port: 443}]}]}}\n"], "has a rule without `to`"),
    "a role that reaches every port": ("production", ["\nnetworkPolicy: {egress: {gateway: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}}\n"], "has a rule without `ports`"),
    "an edge that reaches nobody": ("production", ["networkPolicy.ingressController=null"], "ingress.web is on and nothing may reach it"),
    "an edge in clear": ("production", ["ingress.sts.tlsSecretName="], "ingress.sts has no certificate"),
    "Prometheus shut out": ("production", ["networkPolicy.prometheus=null"], "Prometheus may not reach any role"),
    "a collector anywhere": ("production", ["global.otelExporterOtlpEndpoint=http://collector:4318"], "networkPolicy.otlp.peers is empty"),
    "a route without a Gateway": ("rc", ["gatewayApi.web.enabled=true"], "gatewayApi.web belongs to no Gateway"),
    "an edge without a host": ("rc", ["gateway.publicUrl="], "ingress.gateway has no host"),
    "a mode that is none": ("rc", ["global.mode=prod"], "/global/mode"),
    "a name that is no value": ("rc", ["sts.replica=3"], "replica"),
    "a section that is none": ("rc", ["networkPolicies.enabled=true"], "networkPolicies"),
    "an issuer with a query": ("rc", ["sts.issuerUrl=https://sts.example.com/?a=b"], "issuerUrl"),
    "a digest that is none": ("rc", ["global.digest=sha256:abc"], "digest"),
    "variables of a Secret": ("rc", ["sts.extraEnvFrom[0].secretRef.name=x"], "extraEnvFrom"),
    "a container without a bound": ("rc", ["sts.resources.limits.memory=null"], "memory"),
}


class Refusals(unittest.TestCase):
    def test_each_unsafe_value_is_refused_with_what_to_set(self):
        for name, (profile, overrides, said) in CASES.items():
            with self.subTest(name):
                with self.assertRaises(Refused) as refused:
                    text(profile, *overrides)
                self.assertIn(said, str(refused.exception))

    def test_nothing_else_is_wrong_with_a_refused_profile(self):
        # Otherwise a case above could be refused for what it is not about.
        for profile in {profile for profile, _, _ in CASES.values()}:
            text(profile)

    def test_everything_that_is_wrong_is_said_at_once(self):
        with self.assertRaises(Refused) as refused:
            text("production", "audit.logOrigin=", "global.tag=latest", "database.connectionLimit=0")
        self.assertEqual(str(refused.exception).count("\n- "), 3, refused.exception)


if __name__ == "__main__":
    unittest.main()
