#!/usr/bin/python3
"""What the bench of re-scoring (tests/bench/benches/rescore.sh) asks of a daemon that its tools do
not: plans and runs as clients ask for them, and whether what came of them is what the independent
computation says. Prints lines `figure value`.

    drive.py csv PATH SEED MEMBERS          members for `loyaltyctl import members`
    drive.py plan AT                        plans, waits; `plan NAME`
    drive.py run AT [PLAN]                  begins a run; `run NAME`
    drive.py until NAME MEMBERS             waits until it has gone through so many
    drive.py wait NAME                      waits until it is done, and prints its report
    drive.py moves PLAN SEED MEMBERS        compares a plan's moves with the computation's
    drive.py tiers UNTIL SEED MEMBERS       compares every member's tier with the computation's
    drive.py busy AT                        lets full runs follow one another until SIGTERM
Of daemon SERVER (HOST:PORT) and the certificate `admin` of folder TLS, in the environment; instants
as "2026-12-01T00:00:07+08:00".
"""

import os
import signal
import sys
import time

sys.path[:0] = [os.path.abspath(f"{__file__}/../../support"), os.path.abspath(f"{__file__}/..")]
import frames  # noqa: E402 pylint: disable=wrong-import-position
import jobs  # noqa: E402 pylint: disable=wrong-import-position
import population  # noqa: E402 pylint: disable=wrong-import-position

POLL_S = 0.1
JOB_S = 3600
SAMPLES = 5
WINDOW = 256


def client():
    port = int(os.environ["SERVER"].rsplit(":", 1)[1])
    return frames.Client(port, frames.tls_context(os.environ["TLS"], "admin"), timeout_s=60)


def now_ms(link):
    """The sandbox's clock."""
    reply = link.ask("GetClock", frames.clock.GetClockRequest())
    return frames.instant_ms(reply.now)


def say(**figures):
    for name, value in figures.items():
        print(name, value, flush=True)


def progress(link, name):
    """(operation, how it stands)"""
    operation = jobs.look(link, name)
    stands = jobs.rescoring.JobProgress()
    operation.metadata.Unpack(stands)
    return operation, stands


def differ(found, wanted, what):
    """Ends the program where two dictionaries differ."""
    wrong = [key for key in found.keys() | wanted.keys() if found.get(key) != wanted.get(key)]
    say(**{f"{what}_compared": len(wanted), f"{what}_different": len(wrong)})
    for key in sorted(wrong)[:SAMPLES]:
        print(f"{key}: {found.get(key)}, computed {wanted.get(key)}", file=sys.stderr)
    if wrong:
        sys.exit(1)


# --- what is asked ---

def csv(path, seed, members):
    population.write_csv(path, int(seed), int(members))


def plan(at):
    with client() as link:
        began = time.monotonic()
        name = jobs.plan(link, frames.utc_ms(at), now_ms(link))
        told = jobs.wait(link, name, JOB_S)
        say(plan=name, plan_s=round(time.monotonic() - began, 3), moves=told.moves,
            members=told.members, errors=told.errors)


def run(at, plan_name=""):
    with client() as link:
        say(run=jobs.run(link, frames.utc_ms(at), now_ms(link), plan=plan_name))


def until(name, members):
    with client() as link:
        while True:
            operation, stands = progress(link, name)
            if operation.done or stands.members >= int(members):
                break
            time.sleep(POLL_S)
        say(done=int(operation.done), members=stands.members, rate=stands.rate)


def wait(name):
    with client() as link:
        report = jobs.wait(link, name, JOB_S)
    say(moves=report.moves, moved_before=report.moved_before, unchanged=report.unchanged,
        errors=report.errors, seconds=report.seconds)


def moves(plan_name, seed, members):
    wanted, _ = population.expected(int(seed), int(members),
                                    population.rescoring.RETAIL.day(population.RESCORE))
    with client() as link:
        found = jobs.by_member(jobs.moves(link, plan_name))
    differ(found, {member: tuple(move) for member, move in wanted.items()}, "moves")


def tiers(at, seed, members):
    _, wanted = population.expected(int(seed), int(members), frames.utc_ms(at))
    found = {}
    with client() as link:
        asked = ((member, "GetMember", frames.members.GetMemberRequest(
            member=frames.member_ref(member), view=frames.members.MEMBER_VIEW_BASIC))
                 for member in wanted)
        for member, reply in link.each(asked, WINDOW):
            found[member] = reply.error or reply.message.standing.tier_id
    differ(found, wanted, "tiers")


def busy(at):
    ending = []
    signal.signal(signal.SIGTERM, lambda *_: ending.append(True))
    with client() as link:
        members = 0
        while not ending:
            name = jobs.run(link, frames.utc_ms(at), now_ms(link), full=True)
            while not ending and not jobs.look(link, name).done:
                time.sleep(POLL_S)
            members += progress(link, name)[1].members
            link.ask(f"{jobs.OPERATIONS}/CancelOperation",
                     jobs.operations.CancelOperationRequest(name=name))
            while not jobs.look(link, name).done:
                time.sleep(POLL_S)
        say(busy_members=members)


COMMANDS = {each.__name__: each for each in (csv, plan, run, until, wait, moves, tiers, busy)}

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        sys.exit(__doc__)
    COMMANDS[sys.argv[1]](*sys.argv[2:])
