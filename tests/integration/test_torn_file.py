#!/usr/bin/python3
"""Power was lost while Redis wrote: its append-only file ends inside a transaction. Redis starts
without it; what is acknowledged from then on outlives every further start, and the torn commands
never come back.
"""

import os
import unittest

import support  # noqa: F401 (finds the rest)
import frames
import scene
import world
from scene import must, now_ms

CLUB = scene.Scene()
# As the end of power may leave it: begun, one command whole, the next torn.
TORN = b"*1\r\n$5\r\nMULTI\r\n*3\r\n$3\r\nSET\r\n$4\r\ntorn\r\n$1\r\n1\r\n*1\r\n$4\r\nEX"
LAST_FILE = "Fatal error: the truncated file is not the last file"


class Torn(unittest.TestCase):
    def award(self, client):
        """One more; gives the balance."""
        request = frames.award_request("anna", 1000, now_ms())
        world.wait_for(lambda: client.call("Award", request).error is None, "service to resume")
        return must(client.call("Award", request)).standing.balance

    def tear(self, **settings):
        """What ends in the middle of a transaction; then Redis is there again."""
        CLUB.redis.kill()
        folder = f"{CLUB.redis.folder}/appendonlydir"
        with open(f"{folder}/appendonly.aof.manifest", encoding="ascii") as file:
            names = [line.split()[1] for line in file if line.endswith("type i\n")]
        with open(f"{folder}/{names[-1]}", "ab") as file:
            file.write(TORN)
        CLUB.redis = CLUB.world.redis(**CLUB.redis_settings, **settings)

    def restart(self):
        """Gives whether it had to be started twice."""
        CLUB.redis.kill()
        CLUB.redis = CLUB.start_redis(wait=False)
        world.wait_for(CLUB.redis.has_settled, "Redis")
        if CLUB.redis.alive():
            return False
        self.assertIn(LAST_FILE, CLUB.redis.last_words())
        CLUB.restart_redis()
        return True

    def test_torn_transaction(self):
        CLUB.enrol("anna")
        with CLUB.client() as client:
            for round_ in range(5):
                self.assertEqual(self.award(client), 20 * round_ + 10)
                self.tear()
                self.assertEqual(self.award(client), 20 * round_ + 20)
                self.restart()
                self.assertEqual(CLUB.redis.command("EXISTS", "torn"), 0)
            # Killed while the old file is still there, behind which a new one has begun.
            self.tear(rdb_key_save_delay="200000")
            self.assertEqual(self.award(client), 110)
            self.assertTrue(self.restart())
            self.assertEqual(self.award(client), 120)
        self.assertEqual(CLUB.redis.command("EXISTS", "torn"), 0)
        self.assertEqual(CLUB.totals()["balance"], 120)


if __name__ == "__main__":
    scene.run_tests(CLUB)
