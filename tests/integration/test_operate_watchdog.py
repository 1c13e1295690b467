#!/usr/bin/python3
"""What the daemon tells whoever supervises it; and that one whose loop hangs is started again,
while a till that asks again gets the one answer there is.
"""

import os
import signal
import sys
import unittest

import support  # noqa: F401 (finds the rest)
import frames
import scene
import supervisor
import world
from scene import now_ms

sys.path.insert(0, os.path.abspath(f"{__file__}/../../till"))
from tool import Till  # noqa: E402

WATCHDOG_S = 3  # far more than an idle loop needs on a slow machine
SCENE = scene.Scene()
SCENE.world.certificate("store", "pos/store-0007")


class Supervised(unittest.TestCase):
    def setUp(self):
        self.member = self.id().rsplit(".", 1)[1]
        SCENE.enrol(self.member)

    def supervise(self, *options, path=None):
        keeper = supervisor.Supervisor(SCENE, self.member, *options, path=path,
                                       watchdog_s=WATCHDOG_S)
        self.addCleanup(keeper.stop)
        keeper.wait_ready()
        keeper.wait(lambda: keeper.words("STATUS")[-1] == "Serving.", "STATUS=Serving.")
        keeper.daemon.wait_ready()
        return keeper

    def balance(self):
        return SCENE.get(self.member).standing.balance


class Told(Supervised):
    def test_that_the_loop_turns(self):
        keeper = self.supervise()
        count = len(keeper.words("WATCHDOG"))
        keeper.wait(lambda: len(keeper.words("WATCHDOG")) > count + 2, "three feeds")
        self.assertEqual((keeper.aborted, keeper.exits), (0, []))

    def test_why_it_does_not_serve(self):
        other = world.Redis(f"{SCENE.world.folder}/{self.member}-redis")
        keeper = self.supervise(path=other.path)
        other.kill()
        keeper.wait(lambda: keeper.words("STATUS")[-1].startswith(
            "Listening; the store is not ready: "), "a STATUS that says why")
        self.assertEqual(len(keeper.words("READY")), 1)

    def test_without_a_store_from_the_start(self):
        """It opens all the same, and tells clients and supervisor why it does not serve."""
        keeper = supervisor.Supervisor(SCENE, self.member, path=f"{SCENE.world.folder}/nowhere",
                                       watchdog_s=WATCHDOG_S)
        self.addCleanup(keeper.stop)
        keeper.wait_ready()
        self.assertIn("the store is not ready", keeper.words("STATUS")[-1])
        with keeper.daemon.client() as client:
            reply = client.call("GetMember", frames.get_member_request(self.member))
            self.assertEqual(reply.error.reason, "STORE_UNAVAILABLE")

    def test_a_reload(self):
        keeper = self.supervise()
        keeper.reload()
        said = [set(said) for of, said in keeper.told if {"READY", "RELOADING"} & set(said)]
        self.assertEqual([("RELOADING" in each, "MONOTONIC_USEC" in each) for each in said],
                         [(False, False), (True, True), (False, False)])

    def test_the_end(self):
        keeper = self.supervise()
        keeper.restart()
        for name in ("STOPPING", "EXTEND_TIMEOUT_USEC"):
            self.assertTrue(keeper.words(name, 1), name)
            self.assertFalse(keeper.words(name, 2), name)
        self.assertEqual((keeper.exits, keeper.overdue), ([0], 0))

    def test_no_more_than_one_socket_is_taken(self):
        """A port that is not ours would be served as if it were."""
        keeper = self.supervise()
        script = keeper.script()  # of a process more
        with open(script, encoding="ascii") as file:
            text = file.read().replace("LISTEN_FDS=1", "LISTEN_FDS=2")
        with open(script, "w", encoding="ascii") as file:
            file.write(text)
        second = SCENE.start_daemon(f"{self.member}-two", binary=script, sockets=(keeper.fd,),
                                    wait=False)
        self.assertEqual(second.child.wait(world.WAIT_S), 1)
        self.assertIn("LISTEN_FDS may hand over one socket", second.output())


class Hangs(Supervised):
    def test_stopped(self):
        """It cannot take SIGABRT; SIGKILL ends it."""
        keeper = self.supervise()
        with Till(SCENE.world, keeper.port, f"{SCENE.world.folder}/{self.member}.queue", "store",
                  ("--unit", "store-0007/till-01")) as till:
            till.online(ms=20000)
            keeper.daemon.pause()
            sale = till.award(member=self.member, minor=1200, patience=60000)
            self.assertEqual(sale["status"], "APPLIED")
        self.check_restarted(keeper, -signal.SIGKILL)
        self.assertEqual(self.balance(), 12)

    def test_stopped_between_the_write_and_the_answer(self):
        """The points are there, nobody was told; asked again, the answer is that of the write."""
        keeper = self.supervise()
        request = frames.award_request(self.member, 1200, now_ms())
        with keeper.daemon.client("till") as client:
            client.ask("GetMember", frames.get_member_request(self.member))
            SCENE.redis.pause()
            client.submit("Award", request)
            client.submit("GetProgram", frames.programs.GetProgramRequest())
            client.receive()  # behind the award's way to Redis
            keeper.daemon.pause()
            SCENE.redis.go_on()
        world.wait_for(lambda: self.balance() == 12, "the write")
        self.wait_restarted(keeper)
        keeper.daemon.wait_ready()
        with keeper.daemon.client("till") as client:
            self.assertEqual(client.ask("Award", request).points, 12)
        self.check_restarted(keeper, -signal.SIGKILL)
        self.assertEqual(self.balance(), 12)

    def test_in_a_system_call(self):
        """A reload that waits for a file which never comes: the loop hangs, and takes SIGABRT."""
        authority = f"{SCENE.world.tls}/ca.pem"
        keeper = self.supervise()
        os.rename(authority, f"{authority}.kept")
        os.mkfifo(authority)
        try:
            keeper.daemon.signal(signal.SIGHUP)
            keeper.wait(lambda: keeper.words("RELOADING", 1), "the reload")
        finally:
            os.rename(f"{authority}.kept", authority)
        self.check_restarted(keeper, -signal.SIGABRT)
        keeper.daemon.wait_ready()

    def wait_restarted(self, keeper):
        keeper.wait(lambda: keeper.exits, "the watchdog")
        keeper.wait_ready(2)

    def check_restarted(self, keeper, code):
        self.wait_restarted(keeper)
        self.assertEqual((keeper.exits, keeper.aborted), ([code], 1))


if __name__ == "__main__":
    scene.run_tests(SCENE)
