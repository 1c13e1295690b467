#!/usr/bin/python3
"""`loyaltyctl top` under a load that the test counts itself: what it shows is what was done. And on
a terminal: it fits, a key ends it, and the terminal is as it was.
"""

import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import termios
import threading
import time
import unittest

import support  # noqa: F401 (finds the rest)
import frames
import scene
import world
from scene import must, now_ms

SCENE = scene.Scene()
WORLD = SCENE.world
MEMBERS = [f"m-{number}" for number in range(8)]
SCENE.enrol(*MEMBERS)
LINE = [f"{WORLD.bin}/loyaltyctl", "--server", f"127.0.0.1:{SCENE.daemons[0].port}", "--tls",
        WORLD.tls]


class Load(threading.Thread):
    """A till that awards without a pause, and is refused a redemption now and then."""

    def __init__(self):
        super().__init__()
        self.over = threading.Event()
        self.done = []     # when each award was answered
        self.refused = []  # and each refusal
        self.wrong = None
        self.began = threading.Event()

    def run(self):
        try:
            with SCENE.client() as client:
                while not self.over.is_set():
                    member = MEMBERS[len(self.done) % len(MEMBERS)]
                    must(client.call("Award", frames.award_request(member, 10_000, now_ms())))
                    self.done.append(time.monotonic())
                    if len(self.done) % 10 == 0:
                        reply = client.call("Redeem", frames.redeem_request(member, 1 << 40,
                                                                            now_ms()))
                        assert reply.error is not None
                        self.refused.append(time.monotonic())
                    self.began.set()
        except Exception as error:  # pylint: disable=broad-except
            self.wrong = error
            self.began.set()

    def __enter__(self):
        self.start()
        self.began.wait()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join()
        assert self.wrong is None, self.wrong


def once(*more):
    run = subprocess.run([*LINE, "-o", "json", "top", "--once", *more], capture_output=True,
                         text=True, check=True)
    return json.loads(run.stdout)


def method(shown, name):
    return next((one for one in shown["methods"] if one["method"] == name), None)


class Figures(unittest.TestCase):
    def test_rates_are_what_was_done(self):
        """Not more than was done in all the time that top ran, and not less than a part of it."""
        with Load() as load:
            begun = time.monotonic()
            shown = once()
            ended = time.monotonic()
        awards = sum(begun <= at <= ended for at in load.done)
        refused = sum(begun <= at <= ended for at in load.refused)
        awarded = method(shown, "PointsService/Award")
        redeemed = method(shown, "PointsService/Redeem")
        counted = awarded["rate"] * shown["seconds"]
        self.assertGreater(counted, 0)
        self.assertLessEqual(counted, awards + 1)
        self.assertAlmostEqual(counted, round(counted), places=3)
        self.assertEqual(awarded["error_rate"], 0)
        self.assertEqual(redeemed["error_rate"], redeemed["rate"])
        self.assertLessEqual(redeemed["rate"] * shown["seconds"], refused + 1)
        self.assertGreater(awarded["p50_us"], 0)
        self.assertGreaterEqual(awarded["p99_us"], awarded["p50_us"])
        appends = sum(one["append_rate"] for one in shown["partitions"]) * shown["seconds"]
        self.assertGreater(appends, 0)
        self.assertLessEqual(appends, awards + 3)
        self.assertAlmostEqual(shown["points_in"] * shown["seconds"], 100 * counted, delta=250)
        self.assertGreater(shown["redis"]["rate"], 0)
        self.assertGreater(shown["cache_hits_percent"], 50)
        self.assertGreaterEqual(shown["connections"], 2)

    def test_nothing_done_is_nothing_shown(self):
        shown = once()
        self.assertIsNone(method(shown, "PointsService/Award"))
        self.assertEqual((shown["error_rate"], shown["points_in"], shown["conflict_rate"]),
                         (0, 0, 0))
        self.assertTrue(all(one["append_rate"] == 0 for one in shown["partitions"]))

    def test_text(self):
        with Load():
            run = subprocess.run([*LINE, "top", "--once"], capture_output=True, text=True,
                                 check=True)
        print(f"\n--- loyaltyctl top --once\n{run.stdout}", flush=True)
        lines = run.stdout.splitlines()
        self.assertLessEqual(len(lines), 24)
        self.assertTrue(all(len(line) <= 80 for line in lines), run.stdout)
        self.assertRegex(lines[0], r"^loyaltyd \S+ on \S+, pid \d+, up \d+:\d\d:\d\d, ready")
        self.assertIn("PointsService/Award", run.stdout)
        self.assertNotIn("\033", run.stdout)

    def test_wrong_lines(self):
        for more in (["--interval", "0"], ["--interval", "x"], ["word"]):
            run = subprocess.run([*LINE, "top", *more], capture_output=True, check=False)
            self.assertEqual(run.returncode, 2)
        run = subprocess.run([*LINE, "-o", "json", "top"], capture_output=True, check=False)
        self.assertEqual(run.returncode, 2)


class Terminal(unittest.TestCase):
    """A real one, of a size that is told."""

    def open(self, rows, columns):
        self.master, slave = pty.openpty()
        self.addCleanup(os.close, self.master)
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.before = termios.tcgetattr(slave)
        self.child = subprocess.Popen(
            [*LINE, "top"], stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        self.addCleanup(self.child.kill)
        self.slave = slave
        self.addCleanup(os.close, slave)
        self.seen = b""

    def read_until(self, wanted):
        def look():
            if select.select([self.master], [], [], 0.05)[0]:
                self.seen += os.read(self.master, 65536)
            return re.search(wanted, self.seen)
        return world.wait_for(look, f"{wanted} on the terminal")

    def ends(self):
        self.assertEqual(self.child.wait(world.WAIT_S), 0)
        self.read_until(rb"\033\[\?25h\033\[\?1049l$")
        self.assertEqual(termios.tcgetattr(self.slave), self.before)

    def screens(self):
        """Whole ones: each begins at the first line and clears what was below."""
        return [part.decode() for part in self.seen.split(b"\033[H\033[J")[1:-1]]

    def check_size(self, rows, columns):
        self.assertTrue(self.screens())
        for screen in self.screens():
            lines = screen.split("\r\n")
            self.assertLessEqual(len(lines), rows)
            self.assertTrue(all(len(line) <= columns for line in lines), screen)

    def test_q(self):
        self.open(24, 80)
        with Load():
            self.read_until(rb"(?s)\033\[H.*\033\[H.*\033\[H")
        self.check_size(24, 80)
        self.assertIn("PointsService/Award", self.seen.decode())
        os.write(self.master, b"q")
        self.ends()

    def test_interrupt_and_another_key(self):
        self.open(30, 60)
        os.write(self.master, b"x")
        self.read_until(rb"(?s)\033\[H.*\033\[H")
        self.check_size(30, 60)
        os.write(self.master, b"\x03")
        self.ends()

    def test_a_daemon_that_ends_is_said(self):
        other = SCENE.start_daemon("other").wait_ready()
        line = list(LINE)
        line[2] = f"127.0.0.1:{other.port}"
        with subprocess.Popen([*line, "top"], stdout=subprocess.PIPE, text=True) as child:
            self.assertIn("ready", child.stdout.readline())
            self.assertEqual(other.stop(), 0)
            world.wait_for(lambda: "does not answer" in child.stdout.readline(), "it to be said")
            child.terminate()
            child.stdout.read()
            self.assertIn(child.wait(), (0, 3))


if __name__ == "__main__":
    scene.run_tests(SCENE)
