"""Kills at chosen points: of each command that a daemon sends to Redis, at each moment of it, each
victim; and of Redis while it rewrites its append-only file.

A point is (command, moment, victim).
"""

import random
import time

import tap
import victims
import world

COMMANDS = ("append_if", "claim", "compact_if", "publish", "head", "load")
SOON_S = 30


def points_of(commands):
    return [(command, moment, victim) for command in commands for moment in tap.MOMENTS
            for victim in victims.VICTIMS]


def trap_of(club, point, nth=1):
    command, moment, victim = point
    return tap.Trap(command, moment, lambda owner: club.kill(victim, owner, point), nth)


def wait_for(club, trap):
    world.wait_for(trap.sprung.is_set, f"a {trap.command}", SOON_S)
    club.set_trap(None)


class Points:
    """Points of one season, one after the other, each followed by a check."""

    def __init__(self, club, seed):
        self.club = club
        self.random = random.Random(f"{seed}/points")

    def run(self, point):
        trap = trap_of(self.club, point)
        if point[0] == "compact_if":
            self._grow(trap)
        elif point[0] == "publish":
            self._work_until(trap, self.club.office)
        elif point[0] in ("head", "load"):
            self._start(trap)
        else:
            self._work_until(trap)
        self.club.check(self.random.randrange(len(self.club.daemons)))

    def _work_until(self, trap, *others):
        """The clerks are working when it springs, and have their answers when this returns."""
        with self.club.at_work(*others) as shifts:
            self.club.wait_for_answers(shifts, self.random.randrange(1, 10))
            self.club.set_trap(trap)
            wait_for(self.club, trap)
            self.club.mend()

    def _grow(self, trap):
        """All tills serve one new member, whose log is soon long enough to be compacted."""
        fresh = self.club.admit(1)
        for till in self.club.tills:
            till.members = fresh
        self._work_until(trap)
        for till in self.club.tills:
            till.members = self.club.book.members

    def _start(self, trap):
        """A daemon's first commands, while the others serve; and when somebody has taken the
        functions away, whoever comes first brings them."""
        if trap.command == "load":
            self.club.redis.command("FUNCTION", "FLUSH")
        number = self.random.randrange(len(self.club.daemons))
        with self.club.at_work():
            self.club.kill(victims.DAEMON, number, "to start it")
            self.club.set_trap(trap)
            self.club.spawn()
            wait_for(self.club, trap)
            self.club.mend()


def during_rewrite(club, victim, number, wait_s):
    """Kills while the append-only file is being rewritten, after some of it, or just after it."""
    club.begin_rewrite()
    time.sleep(wait_s)
    club.kill(victim, number, "a rewrite" if club.is_rewriting() else "after a rewrite")
