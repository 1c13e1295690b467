"""Kills at random: of one, the other or both, at any moment, at some command, while the append-only
file is rewritten, and again while they start; until there were enough of each.
"""

import random
import time

import points
import season
import tap
import victims

KILLS_A_SEASON = 40
ANSWERS_MAX = 60  # between two kills
START_S = 0.06  # about what a start takes
REWRITE_S = 0.2
COMMANDS = {"append_if": 40, "claim": 10, "getrange": 20}  # the last of them that is waited for
OPTIONS = ("--compact-bytes", "3000")


class Storm:
    """One season of it; `wanted` counts down what is left to do of each victim."""

    def __init__(self, seed, wanted):
        self.random = random.Random(seed)
        self.wanted = wanted
        self.club = season.Season(seed, options=OPTIONS)
        self.ways = [(0.45, self._anytime), (0.25, self._at_command), (0.15, self._rewriting),
                     (0.15, self._starting)]

    def run(self):
        while sum(self.club.kills.values()) < KILLS_A_SEASON and any(self.wanted.values()):
            victim = self.random.choice([each for each in victims.VICTIMS if self.wanted[each]])
            before = self._killed(victim)
            self._hurt(victim)
            self.wanted[victim] = max(0, self.wanted[victim] - self._killed(victim) + before)
            self.club.check(self.random.randrange(len(self.club.daemons)))
        self.club.finish()
        return self.club

    def _killed(self, victim):
        return sum(count for (who, _), count in self.club.kills.items() if who == victim)

    def _hurt(self, victim):
        """Kills while the clerks work, in one of the ways, and mends."""
        weights, ways = zip(*self.ways)
        way = self.random.choices(ways, weights)[0]
        with self.club.at_work() as shifts:
            self.club.wait_for_answers(shifts, self.random.randrange(1, ANSWERS_MAX))
            way(victim, self.random.randrange(len(self.club.daemons)))
            self.club.mend()

    def _anytime(self, victim, number):
        time.sleep(self.random.random() / 100)
        self.club.kill(victim, number)

    def _at_command(self, victim, _):
        command = self.random.choice(list(COMMANDS))
        point = command, self.random.choice(tap.MOMENTS), victim
        trap = points.trap_of(self.club, point, self.random.randint(1, COMMANDS[command]))
        self.club.set_trap(trap)
        points.wait_for(self.club, trap)

    def _rewriting(self, victim, number):
        points.during_rewrite(self.club, victim, number, self.random.random() * REWRITE_S)

    def _starting(self, victim, number):
        self.club.kill(victim, number)
        self.club.spawn()
        time.sleep(self.random.random() * START_S)
        self.club.kill(victim, number, "its start")
