#!/usr/bin/python3
"""loyalty-till, short: tills in shops against a service of its own, with everything that can go
wrong; its book and the service must agree to the last point. And that it can fail: a service that
gave a member a point more is noticed.

The long form:
    build/release/bin/loyalty-till --tills 200 --shops 20 --minutes 2 --chaos all --seed 7
"""

import json
import os
import random
import subprocess
import threading
import unittest

import tool  # noqa: F401 (finds the rest)
import frames
import scene
import world

SEED = int(os.environ.get("LOYALTY_SEED") or random.randrange(10**6))
print(f"LOYALTY_SEED={SEED}", flush=True)
RUN_S = 240


def simulate(*arguments, expected=0):
    """Runs it to its end; gives what it says as JSON."""
    line = [f"{frames.BIN}/loyalty-till", "--json", "--program",
            f"{frames.SOURCE}/programs/retail.yaml", *arguments]
    run = subprocess.run(line, capture_output=True, text=True, check=False, timeout=RUN_S,
                         env={**os.environ, "TMPDIR": CLUB.world.folder})
    assert run.returncode == expected, f"{line}: {run.returncode}\n{run.stdout}{run.stderr}"
    assert "Sanitizer" not in run.stderr and "runtime error" not in run.stderr, run.stderr
    return json.loads(run.stdout) if run.stdout else None


class Simulator(unittest.TestCase):
    def check(self, result, tills, shops):
        self.assertEqual((result["faults"], result["differences"]), (0, []))
        self.assertEqual(result["days_closed"], tills + shops)
        self.assertGreater(result["members_compared"], 0)
        self.assertEqual(sum(result["intents"].values()),
                         result["done"] + result["refused"] + result["void"])

    def test_everything_goes_wrong(self):
        result = simulate("--tills", "20", "--shops", "4", "--seconds", "10", "--chaos", "all",
                          "--seed", str(SEED))
        self.check(result, 20, 4)
        self.assertEqual(result["chaos"]["kills"], 3)
        for kind in ("power", "network", "offline", "clock"):
            self.assertGreaterEqual(result["chaos"][kind], 3, kind)

    def test_nothing_goes_wrong(self):
        result = simulate("--tills", "4", "--shops", "2", "--seconds", "4", "--chaos", "none",
                          "--pace", "200", "--seed", str(SEED))
        self.check(result, 4, 2)
        self.assertEqual(result["answers"]["ACCEPTED_OFFLINE"], 0)
        self.assertEqual(result["exceptions"], 0)

    def test_sales_of_a_file(self):
        with open(f"{CLUB.world.folder}/sales.txt", "w", encoding="ascii") as file:
            file.write("customer date pieces dollars\n")
            for number in range(1, 200):
                file.write(f"{number:05} 19970101 1 {number}.00\n")
        result = simulate("--tills", "4", "--shops", "2", "--seconds", "3", "--chaos", "none",
                          "--pace", "200", "--csv", f"{CLUB.world.folder}/sales.txt")
        self.check(result, 4, 2)


class AgainstARunningService(unittest.TestCase):
    """The service of a club: the simulator brings its own tills and members."""

    def run_it(self, *more, expected=0):
        port = CLUB.daemons[0].port
        return simulate("--server", f"127.0.0.1:{port}", "--tls", CLUB.world.tls, "--tills", "4",
                        "--shops", "2", "--chaos", "network,power", *more, expected=expected)

    def test_agrees(self):
        result = self.run_it("--seconds", "4")
        self.assertEqual(result["faults"], 0)

    def test_notices_a_point_too_many(self):
        """Somebody else gives a member of the tills a point, and the books differ by that."""
        given = threading.Thread(target=self.give_a_point, args=("wrong.000001",))
        given.start()
        result = self.run_it("--seconds", "4", "--prefix", "wrong", "--members", "2",
                             "--pace", "200", expected=1)
        given.join()
        self.assertEqual(result["faults"], 1)
        self.assertRegex(result["differences"][0], r"^wrong\.000001: .* \+1$")

    def give_a_point(self, member):
        request = frames.award_request(member, 100, scene.now_ms())
        with CLUB.client() as client:
            world.wait_for(lambda: client.call("Award", request).error is None, "a member")

    def test_wrong_line(self):
        for arguments in (["--chaos", "rain"], ["--tills", "0"], ["--shops", "5", "--tills", "4"],
                          ["--server", "127.0.0.1:1"], ["sell"]):
            with self.subTest(arguments):
                simulate(*arguments, expected=2)

    def test_no_service(self):
        simulate("--server", "127.0.0.1:1", "--tls", f"{CLUB.world.folder}/nowhere", expected=3)


if __name__ == "__main__":
    CLUB = scene.Scene()
    scene.run_tests(CLUB)
