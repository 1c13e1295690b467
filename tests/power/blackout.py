"""A season whose Redis stands on a disk that can lose its power, and the ways to lose it."""

import collections
import os
import random
import signal
import subprocess
import time

import disk
import ledger
import season
import tap
import victims
import world

STALL_US = 8000  # what a sync may take: so that many a cut comes before it
ANSWERS_MAX = 60
REWRITE_S = 0.2
WRITE_S = 0.0015  # what it takes Redis to come from a command to the sync
BAD_FILE = "reading the append only file"  # "Bad file format", or "Unknown command", ...


class Blackout(season.Season):
    """`lost` adds up what cuts took: bytes, torn bytes that stayed, garbage among them, names, and
    how often the file needed redis-check-aof."""

    def __init__(self, seed, **more):
        self.random = random.Random(f"{seed}/cuts")
        self.lost = collections.Counter()
        self.cuts = collections.Counter()  # by what was going on
        self.disk = None
        super().__init__(seed, daemons=1, **more)
        assert self.disk.sees(), "the shim sees nothing"

    def start_redis(self, wait=True):
        folder = f"{self.world.folder}/redis"
        if self.disk is None:
            self.disk = disk.Disk(folder, STALL_US)
        return self.world.redis(wait=wait, environment=self.disk.environment(),
                                **self.redis_settings)

    def kill_redis(self):
        """With the child that rewrites."""
        pid = self.redis.child.pid
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            children = file.read().split()
        self.redis.kill_now()
        for child in map(int, children):
            try:
                os.kill(child, signal.SIGKILL)
            except ProcessLookupError:
                continue
            world.wait_for(lambda pid=child: has_ended(pid), "the rewriting child to end")

    # --- the cut ---

    def cut(self, doing, with_daemon=False):
        """The power goes, comes back, and Redis starts on what is left."""
        self.cuts[doing] += 1
        self.kill(victims.BOTH if with_daemon else victims.REDIS, doing=doing)
        self.lost.update(self.disk.cut(self.random))
        self.start_redis_well()

    def start_redis_well(self):
        """As an operator would: what Redis will not load, redis-check-aof mends."""
        self.spawn()
        world.wait_for(self.redis.has_settled, "Redis")
        if not self.redis.alive() and BAD_FILE in self.redis.last_words():
            self.lost["mended"] += 1
            manifest = f"{self.disk.directory}/appendonly.aof.manifest"
            subprocess.run(["redis-check-aof", "--fix", manifest], input=b"y\n",
                           check=True, capture_output=True)
        super().start_redis_well()

    # --- ways ---

    def cut_anytime(self, with_daemon=False):
        """While clerks work."""
        with self.at_work() as shifts:
            self.wait_for_answers(shifts, self.random.randrange(1, ANSWERS_MAX))
            time.sleep(self.random.random() / 100)
            self.cut("work", with_daemon)
            self.mend()

    def cut_rewriting(self, with_daemon=False):
        """While the append-only file is rewritten, or when that has just ended."""
        with self.at_work() as shifts:
            self.wait_for_answers(shifts, self.random.randrange(1, ANSWERS_MAX))
            self.begin_rewrite()
            time.sleep(self.random.random() * REWRITE_S)
            self.cut("a rewrite" if self.is_rewriting() else "after a rewrite", with_daemon)
            self.mend()

    def cut_after_crash(self, with_daemon=False):
        """Redis alone is killed between write and sync, and comes back with what its file has, of
        which the disk knows nothing yet. A client asks again for what was open: no sooner is it
        told that it was done than the power goes."""
        till = self.tills[0]
        till.window = 1
        crash = tap.Trap("append_if", tap.SENT, self._crash)
        with self.at_work(only=[till]) as shifts:
            self.set_trap(crash)
            world.wait_for(crash.sprung.is_set, "an append")
            self.set_trap(None)
            shifts.ending.set()
            definite = self.book.definite()
            self.start_redis_well()
            while self.book.definite() == definite and not shifts[0].done():
                time.sleep(0.0005)
            self.disk.merciless = self.random.random() < 0.5
            self.cut("after a crash", with_daemon)
            self.disk.merciless = False
            self.mend()
        till.window = type(till).window

    def _crash(self, _):
        time.sleep(WRITE_S)
        self.kill(victims.REDIS, doing="a crash")

    # --- judging ---

    def check(self, daemon=0, everything=True):
        """Nothing is taken for granted that was read before the cut."""
        self.oracle.stored = ledger.Stored()
        super().check(daemon, everything)


def has_ended(pid):
    """Gone, or dead and not yet buried."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True
