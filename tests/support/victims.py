"""Daemons, each behind a tap of its own, and a Redis: who of them is killed, and starting them
again.
"""

import collections
import threading

import scene
import tap
import world

DAEMON, REDIS, BOTH = VICTIMS = ("daemon", "redis", "both")
KEY_DELAY_US = 3000  # a key, of the child that rewrites the append-only file
START_S = 60
# Killed twice, Redis finds a torn end in a file it no longer appends to: it mends it and ends.
MENDED = "the truncated file is not the last file"
BAD_WORDS = ("Sanitizer", "runtime error", "CHECK")


class Victims(scene.Scene):
    """`kills` counts by victim and by what was being done."""

    def __init__(self, daemons, lies=None, **more):
        self.taps = {}
        self.trap = None
        self.lies = lies
        self.kills = collections.Counter()
        self.starting = threading.Lock()
        super().__init__(daemons=daemons, **more)

    def start_daemon(self, name, *more, path=None, wait=True):
        if name not in self.taps:
            self.taps[name] = tap.Tap(f"{self.world.folder}/{name}.redis", self.redis.path,
                                      owner=int(name.rsplit("-", 1)[1]), lies=self.lies)
            self.taps[name].trap = self.trap
        return super().start_daemon(name, *more, path=path or self.taps[name].path, wait=wait)

    def set_trap(self, trap):
        """On every tap; None takes it away."""
        self.trap = trap
        for each in self.taps.values():
            each.trap = trap

    def kill(self, victim, number=0, doing="anything"):
        """SIGKILL of a daemon, of Redis, or of both."""
        with self.starting:
            self.kills[victim, doing] += 1
            if victim != REDIS:
                self.daemons[number].kill_now()
            if victim != DAEMON:
                self.kill_redis()

    def kill_redis(self):
        self.redis.kill_now()

    def spawn(self):
        """Starts what is down, without waiting for it."""
        with self.starting:
            if not self.redis.alive():
                self.redis = self.start_redis(wait=False)
            for number, daemon in enumerate(self.daemons):
                if not daemon.alive():
                    assert daemon.was_killed, f"it ended by itself: {daemon.output()}"
                    self.daemons[number] = self.start_daemon(f"daemon-{number}", wait=False)

    def start_redis_well(self):
        """As a supervisor would: it is started again where it mended its file and ended."""
        self.spawn()
        world.wait_for(self.redis.has_settled, "Redis", START_S)
        if not self.redis.alive() and MENDED in self.redis.last_words():
            self.spawn()
        self.redis.wait_answering()

    def begin_rewrite(self, key_delay_us=KEY_DELAY_US):
        """Of the append-only file, slowly; one may be under way already."""
        self.redis.command("CONFIG", "SET", "rdb-key-save-delay", str(key_delay_us))
        if not self.is_rewriting():
            self.redis.command("BGREWRITEAOF")

    def is_rewriting(self):
        return b"aof_rewrite_in_progress:1" in self.redis.command("INFO", "persistence")

    def mend(self):
        """Starts what is down, and waits until all serve."""
        self.start_redis_well()
        for daemon in self.daemons:
            if daemon.port is None:
                daemon.wait_listening()
        for daemon in self.daemons:
            daemon.wait_ready()

    def finish(self):
        for daemon in self.daemons:
            output = daemon.output()
            assert not any(word in output for word in BAD_WORDS), output
        super().finish()
