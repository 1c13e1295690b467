#!/usr/bin/python3
"""SIGKILL of daemons, of Redis and of both, and processes that stand still, while clients repeat
what has no definite answer. Held to the clients' own journal (support/oracle.py) after every kill:
nothing acknowledged is lost, nothing is there twice, nothing is there that was refused or never
asked for.

    LOYALTY_KILLS=N    kills at random of each: the daemon, Redis, both (default 10)
    LOYALTY_SEED=N     chooses them, and the clients' requests
    LOYALTY_ONLY=...   of "storm points births pauses", what to run
"""

import os
import random
import sys
import time

sys.path.insert(0, os.path.abspath(f"{__file__}/../../support"))

import births  # noqa: E402
import counts  # noqa: E402
import pauses  # noqa: E402
import points  # noqa: E402
import season  # noqa: E402
import storm  # noqa: E402
import victims  # noqa: E402

SEED = int(os.environ.get("LOYALTY_SEED") or random.randrange(10**9))
KILLS = int(os.environ.get("LOYALTY_KILLS") or 10)
PARTS = (os.environ.get("LOYALTY_ONLY") or "storm points births pauses").split()


def run_storms(result):
    wanted = {victim: KILLS for victim in victims.VICTIMS}
    number = 0
    while any(wanted.values()):
        number += 1
        begun = time.monotonic()
        club = storm.Storm(f"{SEED}/{number}", wanted).run()
        result.add(club)
        seconds = time.monotonic() - begun
        kills = sum(club.kills.values())
        print(f"season {number}: {kills} kills, {kills / seconds * 60:.0f} a minute, left: "
              f"{wanted}", flush=True)


def run_points(result):
    """Each once; a season for each command."""
    for command in points.COMMANDS:
        club = season.Season(f"{SEED}/{command}", tills=2, options=storm.OPTIONS)
        sequence = points.Points(club, SEED)
        for point in points.points_of([command]):
            sequence.run(point)
        club.finish()
        result.add(club)


def run_births(result):
    nursery = births.Births()
    for point in points.points_of(births.COMMANDS):
        nursery.run(point)
    nursery.finish()
    result.add(nursery)


def main():
    print(f"LOYALTY_SEED={SEED}", flush=True)
    begun = time.monotonic()
    result = counts.Counts()
    still = pauses.start_all(SEED) if "pauses" in PARTS else []
    for name, run in (("storm", run_storms), ("points", run_points), ("births", run_births)):
        if name in PARTS:
            start = time.monotonic()
            run(result)
            print(f"{name}: {time.monotonic() - start:.1f} s", flush=True)
    for pause in still:
        result.add(pause.join_well())
        result.stood_still.update(pause.counts)
    result.print(time.monotonic() - begun)
    return 0


if __name__ == "__main__":
    sys.exit(main())
