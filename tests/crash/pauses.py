"""Nobody dies, but somebody stands still, and what was under way lands when nobody expects it any
more: commands that lie in a cable, a Redis that does not answer, a daemon stopped past its lease.

What the clients have left open by then may have taken effect once; past its deadline, never. Each
of these is a season of its own, and they go on side by side.
"""

import collections
import threading
import time

import clerk
import frames
import season
import tap
import world
from scene import now_ms

LEASE_S = 20 + 1  # past LIMIT_LEASE_MS (base/limits.h)
REQUEST_S = 10 + 1  # past LIMIT_REQUEST_MS: what is not done then never will be
SHORT_S = 3  # past LIMIT_STORE_COMMAND_MS, within LIMIT_REQUEST_MS
LEAVERS = 4
WORK = 50  # answers that show that all goes on


class Leaver(clerk.Till):
    """Of daemon 0, with a member of its own: awards once, and has nothing else to do."""

    window = 1
    again_share = 0

    def __init__(self, club, number):
        super().__init__(club, club.book, 1000 + number, club.admit(1))
        self.daemon = 0

    def make(self):
        member = self.members[0]
        return clerk.Errand(member, "Award", frames.award_request(member, 1000, now_ms()))


def ask_all(leavers):
    """Side by side, until each has its answer or is tired of waiting."""
    threads = [threading.Thread(target=leaver.go_round) for leaver in leavers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def known_leavers(club):
    """Whom daemon 0 has served, so that it has their accounts at hand."""
    leavers = [Leaver(club, len(club.book.members)) for _ in range(LEAVERS)]
    for leaver in leavers:
        leaver.go_round()
        while leaver.open or leaver.daemon != 0:
            leaver.daemon, leaver.client = 0, None
            leaver.go_round(fresh=not leaver.open)
    return leavers


def leave_under_way(club, stop, go_on, seconds):
    """Requests that are under way while everything stands still for so long, and that nobody asks
    for again: how many there were, and how many of them took effect."""
    leavers = known_leavers(club)
    stop()
    since = time.monotonic()
    ask_all(leavers)
    ids = {errand.id for leaver in leavers for errand in leaver.open}
    for leaver in leavers:
        leaver.leave()
    time.sleep(max(0.0, since + seconds - time.monotonic()))
    go_on()
    club.mend()
    with club.at_work() as shifts:
        club.wait_for_answers(shifts, WORK)
    club.check()
    return len(ids), len(ids & club.oracle.landed)


def leave_twice(club, stop, go_on):
    """A short stop and a long one."""
    left, landed = leave_under_way(club, stop, go_on, SHORT_S)
    assert left and landed, f"nothing was under way: {left} left, {landed} landed"
    late, too_late = leave_under_way(club, stop, go_on, REQUEST_S)
    assert late and not too_late, f"{too_late} of {late} landed after their deadline"
    return {"left": left + late, "landed late": landed, "came too late": late}


def held_in_cable(club):
    cable = club.taps["daemon-0"]
    return leave_twice(club, cable.hold, cable.let_go)


def redis_stopped(club):
    return leave_twice(club, club.redis.pause, club.redis.go_on)


def daemon_stopped(club):
    """Past its lease, with an append under way and requests unread; it goes on with a cache that is
    long stale, and is asked at once."""
    leavers = known_leavers(club)
    trap = tap.Trap("append_if", tap.SENT, lambda owner: club.daemons[owner].pause())
    club.taps["daemon-0"].trap = trap
    with club.at_work() as shifts:
        world.wait_for(trap.sprung.is_set, "an append")
        since = time.monotonic()
        club.taps["daemon-0"].trap = None
        ask_all(leavers)
        club.wait_for_answers(shifts, WORK)
    for leaver in leavers:
        leaver.leave()
    club.check(daemon=1)
    time.sleep(max(0.0, since + LEASE_S - time.monotonic()))
    for till in club.tills:
        till.daemon, till.client = 0, None
    with club.at_work() as shifts:
        club.daemons[0].go_on()
        club.wait_for_answers(shifts, WORK)
    club.check()
    return {"left": len(leavers), "landed late": len(club.oracle.landed)}


class Pause(threading.Thread):
    """One of these in a season of its own; `join_well` gives that. `counts` says what landed."""

    def __init__(self, run, seed):
        super().__init__(name=run.__name__, daemon=True)
        self.body = run
        self.club = season.Season(f"{seed}/{run.__name__}", options=("--compact-bytes", "3000"))
        self.counts = collections.Counter()
        self.wrong = None

    def run(self):
        try:
            self.counts.update(self.body(self.club))
            self.club.finish()
        except BaseException as error:  # pylint: disable=broad-except
            self.wrong = error

    def join_well(self):
        self.join()
        if self.wrong is not None:
            raise AssertionError(self.name) from self.wrong
        return self.club


def start_all(seed):
    """Side by side; each to be joined."""
    pauses = [Pause(run, seed) for run in (held_in_cable, redis_stopped, daemon_stopped)]
    for pause in pauses:
        pause.start()
    return pauses
