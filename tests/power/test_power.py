#!/usr/bin/python3
"""The power goes, again and again, while clients work: of Redis's append-only files is left what
was synced (shim.c, disk.py), and of the rest what chance wants. Nothing that was acknowledged may
be missing afterwards, or be there twice.

    LOYALTY_CUTS=N     cuts (default 9)
    LOYALTY_SEED=N     chooses when, and what is left
    LOYALTY_POWER_SHIM the preloaded library, if not beside the executables' folder
"""

import collections
import os
import random
import sys
import time

sys.path.insert(0, os.path.abspath(f"{__file__}/../../support"))

import blackout  # noqa: E402
import control  # noqa: E402

SEED = int(os.environ.get("LOYALTY_SEED") or random.randrange(10**9))
CUTS = int(os.environ.get("LOYALTY_CUTS") or 9)
CUTS_A_SEASON = 24
CONTROL_CUTS = 2
WITH_DAEMON_SHARE = 0.3
OPTIONS = ("--compact-bytes", "3000")


class Totals:
    """Over all seasons."""

    def __init__(self):
        self.cuts = collections.Counter()
        self.disk = collections.Counter()
        self.clients = collections.Counter()
        self.judged = self.lost = self.double = 0

    def add(self, club):
        self.cuts.update(club.cuts)
        self.disk.update(club.lost)
        self.clients.update(club.book.counts)
        self.judged += club.oracle.checked
        self.lost += club.oracle.lost
        self.double += club.oracle.double

    def print(self, seconds):
        print(f"cuts: {dict(self.cuts)}")
        print(f"the disk: {dict(self.disk)}")
        print(f"clients: {dict(self.clients)}")
        print(f"{sum(self.cuts.values())} cuts in {seconds:.0f} s, {self.judged} intents judged, "
              f"lost {self.lost}, double {self.double}", flush=True)


def run_season(seed, cuts, totals):
    club = blackout.Blackout(seed, options=OPTIONS)
    ways = [club.cut_anytime, club.cut_rewriting, club.cut_after_crash]
    for number in range(cuts):
        ways[number % len(ways)](club.random.random() < WITH_DAEMON_SHARE)
        club.check()
    club.finish()
    totals.add(club)


def main():
    print(f"LOYALTY_SEED={SEED}", flush=True)
    begun = time.monotonic()
    totals = Totals()
    for season, start in enumerate(range(0, CUTS, CUTS_A_SEASON)):
        run_season(f"{SEED}/{season}", min(CUTS_A_SEASON, CUTS - start), totals)
        print(f"season {season + 1}: {sum(totals.cuts.values())} of {CUTS} cuts, "
              f"{time.monotonic() - begun:.0f} s", flush=True)
    totals.print(time.monotonic() - begun)
    control.run(SEED, CONTROL_CUTS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
