"""The chart as a release hands it out."""

import os
import pathlib
import subprocess
import tarfile
import tempfile
import unittest

import yaml

from chart import CHART, HELM, KUBERNETES, ROOT

VERSION = "9.8.7-rc.1"


class Package(unittest.TestCase):
    def test_it_is_of_its_release_and_complete(self):
        with tempfile.TemporaryDirectory() as directory:
            made = subprocess.run(
                [ROOT / "scripts/chart.sh", "package", directory, VERSION],
                env={**os.environ, "HELM": HELM}, capture_output=True, text=True, check=False,
            )
            self.assertEqual(made.returncode, 0, made.stderr)
            archive = pathlib.Path(directory) / f"caracal-{VERSION}.tgz"
            with tarfile.open(archive) as packed:
                held = set(packed.getnames())
                chart = yaml.safe_load(packed.extractfile("caracal/Chart.yaml"))
            self.assertEqual((chart["version"], chart["appVersion"]), (VERSION, VERSION))
            # Profiles are examples for whoever has the sources; the rest is what renders.
            for file in CHART.rglob("*"):
                if file.is_file() and "profiles" not in file.parts:
                    self.assertIn(f"caracal/{file.relative_to(CHART)}", held)
            # Its images are those of the same release, unless a value says otherwise.
            rendered = subprocess.run(
                [HELM, "template", "caracal", archive, "--kube-version", KUBERNETES,
                 "--values", CHART / "profiles/production.yaml"],
                capture_output=True, text=True, check=True,
            ).stdout
            images = {line.split()[-1].strip('"') for line in rendered.splitlines() if line.strip().startswith("image:")}
            ours = {image for image in images if "/caracal:" in image}
            self.assertTrue(ours)
            self.assertTrue(all(image.endswith(f":v{VERSION}") for image in ours), images)


if __name__ == "__main__":
    unittest.main()
