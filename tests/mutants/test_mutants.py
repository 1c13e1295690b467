#!/usr/bin/python3
"""The planted bugs fit the sources as they are: each applies, says all it must, and names a harness
that there is. Whether each is caught, tests/mutants/run tells; it builds anew for every one."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import mutants

BUILD = pathlib.Path(os.environ["LOYALTY_BIN"]).parent


class Planted(unittest.TestCase):
    """All patches of this folder."""

    def setUp(self):
        self.all = mutants.all_mutants()

    def test_there_are_enough(self):
        self.assertGreaterEqual(len(self.all), 20)

    def test_each_applies(self):
        tree = pathlib.Path(tempfile.mkdtemp(prefix="mutants-"))
        self.addCleanup(shutil.rmtree, tree)
        mutants.copy_sources(tree / "source")
        for mutant in self.all:
            with self.subTest(mutant.name):
                self.assertEqual(mutants.apply(mutant, tree / "source", "--check"), "")

    def test_each_names_a_harness_there_is(self):
        listed = subprocess.run(["ctest", "--test-dir", str(BUILD), "-N"], check=True,
                                capture_output=True, text=True).stdout
        tests = {line.split(": ", 1)[1].strip() for line in listed.splitlines() if ": " in line}
        for mutant in self.all:
            with self.subTest(mutant.name):
                if mutant.harness[0] == "ctest":
                    self.assertIn(mutant.harness[1], tests)
                else:
                    self.assertTrue((BUILD / "tests" / mutant.harness[0]).exists())


if __name__ == "__main__":
    unittest.main()
