#!/usr/bin/python3
"""A Redis that could lose what was acknowledged is refused, also when it was good at first, and the
setting at fault is named; a Redis that goes away is answered for with RETRY_LATER at once, and
service resumes by itself.
"""

import time
import unittest

import support  # noqa: F401 (finds the rest)
import frames
import scene
import world
from scene import must, now_ms

AT_ONCE_S = 1.0


class Unsafe(unittest.TestCase):
    """Each on a Redis of its own."""

    def check(self, named, **settings):
        club = world.World()
        redis = club.redis(**settings)
        key = f"{club.folder}/key"
        with open(key, "w", encoding="ascii") as file:
            file.write("ab" * 32 + "\n")
        daemon = club.daemon("daemon", "--redis", f"unix:{redis.path}", "--partitions", "4",
                             "--identifier-key-file", key)
        world.wait_for(lambda: named in daemon.output(), f"the log to name {named}")
        with daemon.client("backend") as client:
            begun = time.monotonic()
            reply = client.call("Enroll", frames.enrol_request("anna", now_ms()))
            self.assertEqual(scene.code(reply), scene.UNAVAILABLE, reply)
            self.assertLess(time.monotonic() - begun, AT_ONCE_S)
        self.assertEqual(redis.command("DBSIZE"), 0)
        return club, redis, daemon

    def test_settings(self):
        cases = [
            ("appendonly", {"appendonly": "no"}),
            ("appendfsync", {"appendfsync": "everysec"}),
            ("appendfsync", {"appendfsync": "no"}),
            ("no-appendfsync-on-rewrite", {"no_appendfsync_on_rewrite": "yes"}),
            ("maxmemory-policy", {"maxmemory_policy": "allkeys-lru"}),
            ("maxmemory-policy", {"maxmemory_policy": "volatile-ttl"}),
        ]
        for named, settings in cases:
            with self.subTest(settings):
                _, redis, daemon = self.check(named, **settings)
                self.assertEqual(daemon.stop(), 0, daemon.output())
                redis.stop()

    def test_replica(self):
        club, redis, daemon = self.check("role", replicaof="127.0.0.1 1")
        self.assertIsNotNone(club)
        self.assertEqual(daemon.stop(), 0)
        redis.stop()

    def test_mended_at_run_time(self):
        """The operator follows the advice; the daemon needs no restart."""
        _, redis, daemon = self.check("appendfsync", appendfsync="everysec")
        redis.command("CONFIG", "SET", "appendfsync", "always")
        world.wait_for(lambda: "store-ready" in daemon.output(), "the daemon to be content")
        daemon.wait_ready()
        self.assertEqual(daemon.stop(), 0)
        redis.stop()

    def test_relaxed_is_an_explicit_choice(self):
        club = world.World()
        redis = club.redis(appendfsync="everysec")
        key = f"{club.folder}/key"
        with open(key, "w", encoding="ascii") as file:
            file.write("ab" * 32 + "\n")
        daemon = club.daemon("daemon", "--redis", f"unix:{redis.path}", "--partitions", "4",
                             "--identifier-key-file", key, "--durability", "relaxed")
        daemon.wait_ready()
        self.assertEqual(daemon.stop(), 0)
        redis.stop()


class Outage(unittest.TestCase):
    def setUp(self):
        self.club = scene.Scene()
        self.club.enrol("anna")

    def tearDown(self):
        self.club.finish()

    def check_down(self, client):
        """Certainly not executed, said at once, every time."""
        world.wait_for(lambda: scene.code(client.call("Award", self.award())) == scene.UNAVAILABLE,
                       "the first answer that Redis is not there")
        for _ in range(20):
            begun = time.monotonic()
            reply = client.call("Award", self.award())
            self.assertEqual(scene.code(reply), scene.UNAVAILABLE, reply)
            self.assertLess(time.monotonic() - begun, AT_ONCE_S)
        begun = time.monotonic()
        reply = client.call("GetMember", frames.get_member_request("anna"))
        self.assertEqual(scene.code(reply), scene.UNAVAILABLE, reply)
        self.assertLess(time.monotonic() - begun, AT_ONCE_S)

    @staticmethod
    def award():
        return frames.award_request("anna", 10_000, now_ms())

    def check_up(self, client, awards):
        """Serves again by itself, with all that was acknowledged and nothing else."""
        kept = self.award()
        world.wait_for(lambda: client.call("Award", kept).error is None, "service to resume")
        answer = client.ask("GetMember", frames.get_member_request("anna"))
        self.assertEqual(answer.standing.balance, 100 * (awards + 1))

    def test_killed_and_back(self):
        with self.club.client() as client:
            for round_ in range(3):
                must(client.call("Award", self.award()))
                self.club.redis.kill()
                self.check_down(client)
                self.club.restart_redis()
                self.check_up(client, 2 * round_ + 1)

    def test_spoilt_and_mended_at_run_time(self):
        """A setting changed under a standing connection is found without anything failing."""
        with self.club.client() as client:
            must(client.call("Award", self.award()))
            self.club.redis.command("CONFIG", "SET", "appendfsync", "everysec")
            world.wait_for(lambda: "appendfsync is everysec, must be always"
                           in self.club.daemons[0].output(), "the daemon to notice")
            self.check_down(client)
            self.club.redis.command("CONFIG", "SET", "appendfsync", "always")
            self.check_up(client, 1)

    def test_frozen_and_back(self):
        """A Redis that does not answer: the outcome is open, then nothing is sent to it any more.
        What was sent may land when it wakes up, once; a repetition tells."""
        with self.club.client() as client:
            must(client.call("Award", self.award()))
            self.club.redis.pause()
            open_one = self.award()
            reply = client.call("Award", open_one)
            self.assertIn(scene.code(reply), (scene.UNAVAILABLE, *scene.OPEN_OUTCOMES), reply)
            self.check_down(client)
            self.club.redis.go_on()
            world.wait_for(lambda: client.call("Award", open_one).error is None,
                           "service to resume")
            self.check_up(client, 2)


if __name__ == "__main__":
    scene.run_tests()
