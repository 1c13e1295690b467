#!/usr/bin/python3
"""Each program of clients/examples as it stands: it awards once, is told the same again for the
same request id, and sees its balance. Go's is built when Go is there, which costs most of a minute.
"""

import json
import os
import re
import shutil
import unittest

import support
import scene

SCENE = scene.Scene()
CLUB = SCENE.daemons[0]
EXAMPLES = support.EXAMPLES
AMOUNT = "123456"
POINTS = 1234


class Examples(unittest.TestCase):
    def check(self, member, *command):
        """What a client of a library says, and what the club then knows."""
        SCENE.enrol(member)
        lines = support.run([*command, member, AMOUNT], CLUB).lower().splitlines()
        self.assertEqual(lines, [f"awarded {POINTS}, balance {POINTS}, replayed false",
                                 f"awarded {POINTS}, balance {POINTS}, replayed true",
                                 f"member {member}, balance {POINTS}, tier member"])
        found = SCENE.get(member)
        self.assertEqual((found.standing.balance, found.seq), (POINTS, 2))

    def test_python(self):
        self.check("python", f"{EXAMPLES}/python/award.py")

    @unittest.skipUnless(os.path.exists(f"{support.MODULES}/@grpc/grpc-js"),
                         "no @grpc/grpc-js: tests/run installs it")
    def test_node(self):
        self.check("node", "node", f"{EXAMPLES}/node/award.js")

    @unittest.skipUnless(shutil.which("go") and shutil.which("protoc-gen-go-grpc"),
                         "no Go with its gRPC")
    def test_go(self):
        folder = f"{SCENE.world.folder}/go"
        support.run([f"{EXAMPLES}/go/build", folder], CLUB)
        self.check("gopher", f"{folder}/award")

    def test_curl(self):
        output = support.run([f"{EXAMPLES}/curl/award.sh", "curl", AMOUNT], CLUB)
        steps = re.split(r"^-- .*\n", output, flags=re.MULTILINE)[1:]
        enrolled, first, again, found, refused = [step.splitlines() for step in steps]
        self.assertEqual([step[0].strip() for step in (enrolled, first, again, found, refused)],
                         ["HTTP/2 200"] * 4 + ["HTTP/2 400"])
        self.assertEqual((len(first), len(again)), (2, 3))
        self.assertEqual(again[1], "loyalty-replayed: true")
        self.assertEqual(json.loads(again[-1]), json.loads(first[-1]))
        self.assertEqual(json.loads(found[-1])["standing"]["balance"], str(POINTS))
        error = json.loads(refused[-1])
        self.assertEqual(error["code"], "failed_precondition")
        self.assertEqual(error["details"][0]["debug"]["reason"], "INSUFFICIENT_POINTS")
        self.assertEqual(SCENE.get("curl").standing.balance, POINTS)

    def test_a_refusal_ends_with_its_code(self):
        """Not tried again, not taken for success."""
        with self.assertRaisesRegex(AssertionError, "NOT_FOUND"):
            support.run([f"{EXAMPLES}/python/award.py", "nobody", AMOUNT], CLUB)


if __name__ == "__main__":
    scene.run_tests(SCENE)
