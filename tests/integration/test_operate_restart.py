#!/usr/bin/python3
"""`systemctl restart` while shops sell, ten times, and once to another program. The listening
socket is the supervisor's; there is a moment without a daemon, in which who connects waits in the
socket's queue. No call is lost: not of clients that never try again, and the simulator's books and
the service's agree to the last point.
"""

import json
import os
import shutil
import signal
import subprocess
import unittest

import support  # noqa: F401 (finds the rest)
import frames
import guest
import scene
import supervisor
import world

RESTARTS = int(os.environ.get("LOYALTY_RESTARTS", "10"))
CALLS_BETWEEN = 20
TILLS, SHOPS = 6, 2
SELL_S = "300"  # until they are told to close
MEMBERS = [f"member-{i}" for i in range(20)]
SCENE = scene.Scene()
SCENE.enrol(*MEMBERS)


class Restarts(unittest.TestCase):
    def setUp(self):
        self.keeper = supervisor.Supervisor(SCENE, self.id().rsplit(".", 1)[1])
        self.addCleanup(self.keeper.stop)
        self.keeper.wait_ready().daemon.wait_ready()

    def restart_often(self, go_on):
        """Between two restarts, `go_on` waits until some more is done; the sixth is an upgrade."""
        for number in range(1, RESTARTS + 1):
            go_on()
            binary = None
            if number == RESTARTS // 2 + 1:
                binary = f"{SCENE.world.folder}/loyaltyd-{self.id()}"
                shutil.copy2(f"{frames.BIN}/loyaltyd", binary)
            ended = self.keeper.daemon
            self.keeper.restart(binary)
            self.check_ended(ended)
        go_on()
        running = os.readlink(f"/proc/{self.keeper.daemon.child.pid}/exe")
        self.assertEqual(running, self.keeper.binary)
        self.assertEqual((self.keeper.exits, self.keeper.overdue), ([0] * RESTARTS, 0))

    def check_ended(self, daemon):
        output = daemon.output()
        self.assertIn("requests_left=0 connections_left=0", output)
        for bad in ("Sanitizer", "runtime error", "CHECK"):
            self.assertNotIn(bad, output)

    def test_calls_that_are_made_once(self):
        before = sum(SCENE.get(member).standing.balance for member in MEMBERS)
        till = guest.Till(guest.FramesFace(self.keeper.port, SCENE.world.tls), MEMBERS)
        till.start()
        self.restart_often(lambda: till.wait_done(till.done + CALLS_BETWEEN))
        done = till.finish()
        after = sum(SCENE.get(member).standing.balance for member in MEMBERS)
        self.assertEqual(after - before, done)
        print(f"{done} calls made once, through {RESTARTS} restarts: none failed")

    def test_shops(self):
        with subprocess.Popen(
                [f"{frames.BIN}/loyalty-till", "--json", "--server",
                 f"127.0.0.1:{self.keeper.port}", "--tls", SCENE.world.tls, "--tills", str(TILLS),
                 "--shops", str(SHOPS), "--pace", "150", "--chaos", "none", "--seconds", SELL_S],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                env={**os.environ, "TMPDIR": SCENE.world.folder}) as shops:
            self.addCleanup(shops.kill)
            self.wait_written()  # they have opened
            self.restart_often(self.wait_written)
            shops.send_signal(signal.SIGINT)
            output, errors = shops.communicate(timeout=120)
        self.assertEqual(shops.returncode, 0, errors + output)
        self.check_books(json.loads(output))

    def wait_written(self):
        """Until the daemon of now has had some to do."""
        def calls():
            stats = SCENE.redis.command("INFO", "commandstats").decode()
            return sum(int(line.split("calls=")[1].split(",")[0]) for line in stats.splitlines()
                       if line.startswith("cmdstat_fcall"))

        enough = calls() + 5 * CALLS_BETWEEN
        world.wait_for(lambda: calls() >= enough, "sales")

    def check_books(self, result):
        """Each answer definite, none asked for twice, no difference."""
        self.assertEqual((result["faults"], result["differences"], result["exceptions"]),
                         (0, [], 0))
        self.assertEqual(result["days_closed"], TILLS + SHOPS)
        self.assertEqual(sum(result["intents"].values()),
                         result["done"] + result["refused"] + result["void"])
        answers = result["answers"]
        self.assertGreater(answers["APPLIED"], 0)
        for lost in ("OUTCOME_UNKNOWN", "RETRY_LATER", "DUPLICATE"):
            self.assertEqual(answers[lost], 0, answers)
        print(f"{sum(answers.values())} answers to {TILLS} tills through {RESTARTS} restarts: "
              f"{answers['APPLIED']} applied, {answers['OUTCOME_UNKNOWN']} unknown; "
              f"{result['days_closed']} days in balance, 0 differences")


if __name__ == "__main__":
    scene.run_tests(SCENE)
