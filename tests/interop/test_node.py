#!/usr/bin/python3
"""Node's unmodified gRPC library against a real daemon: the cases are in calls.js."""

import unittest

import support

support.need("@grpc/grpc-js", "@grpc/proto-loader")

import scene  # noqa: E402

SCENE = scene.Scene()
SCENE.enrol("anna", "poor", "slow", "fickle")
CASES = 8


class Node(unittest.TestCase):
    def test_calls(self):
        output = support.run(["node", f"{support.frames.SOURCE}/tests/interop/calls.js"],
                             SCENE.daemons[0], LOYALTY_REDIS_PID=str(SCENE.redis.child.pid),
                             LOYALTY_DAEMON_PID=str(SCENE.daemons[0].child.pid))
        self.assertRegex(output, rf"(?m)^# pass {CASES}$")
        self.assertEqual((SCENE.get("anna").standing.balance, SCENE.get("anna").seq), (100, 2))
        self.assertEqual((SCENE.get("slow").standing.balance, SCENE.get("slow").seq), (100, 2))


if __name__ == "__main__":
    scene.run_tests(SCENE)
