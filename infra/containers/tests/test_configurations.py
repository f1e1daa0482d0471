"""The daemon itself on each manifest's configuration: `caracald check-config` with secrets that it made.

CARACALD names the program; `scripts/cloud.sh configurations DIRECTORY` does.
"""

import os
import pathlib
import subprocess
import tempfile
import unittest

from manifests import processes
from test_policy import secrets_of

CARACALD = os.environ.get("CARACALD", "caracald")
STORES = ["--postgres", "postgres://db.example.com:5432/caracal?sslmode=verify-full", "--redis", "rediss://redis.example.com:6380"]


class Configurations(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(directory.cleanup)
        cls.scratch = pathlib.Path(directory.name)
        cls.secrets = cls.scratch / "secrets"
        subprocess.run([CARACALD, "secrets", "init", str(cls.secrets), *STORES], check=True, capture_output=True)

    def checked(self, process, **changed):
        """What `check-config` says of it: its exit code and its words."""
        environment = dict(process.variables)
        for setting, name in secrets_of(process).items():
            if setting in process.secret_variables:
                environment[setting] = (self.secrets / name).read_text()
            else:
                environment[f"{setting}_FILE"] = str(self.secrets / name)
        # What the platform mounts is not here.
        for name in ("CARACAL_TLS_EXTRA_CA_FILE", "AUDIT_REPLAY_DIR"):
            environment.pop(name, None)
        environment |= {"CARACAL_HOME": str(self.scratch / "home")} | changed
        environment = {name: value for name, value in environment.items() if value is not None}
        run = subprocess.run(
            [CARACALD, "check-config", process.role], env=environment, capture_output=True, text=True, check=False
        )
        return run.returncode, run.stdout + run.stderr

    def test_each_is_usable_as_it_stands(self):
        for process in processes():
            if process.role == "migrate":
                continue
            code, words = self.checked(process)
            self.assertEqual(code, 0, f"{process.where}: {words}")
            self.assertNotIn("no setting", words, process.where)

    def test_one_without_its_keys_is_refused(self):
        for process in processes():
            if process.role in ("migrate", "web"):
                continue
            name = "AUDIT_HMAC_KEY"
            code, words = self.checked(process, **{name: None, f"{name}_FILE": None})
            self.assertNotEqual(code, 0, process.where)
            self.assertIn(name, words, process.where)


if __name__ == "__main__":
    unittest.main()
