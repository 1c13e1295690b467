#!/usr/bin/python3
"""Lazy equals eager over a whole population. Random histories are told to one club, on a sandbox's
clock with no job at all; its ledger is copied four times: no job; a plan and its run; a run on two
daemons that are killed, and Redis too, and that is resumed; the sweeper alone. At one later instant
all four show the same of every member, and once all is written their logs are the same bytes. The
moves are those of an independent computation (tests/rescore).

    LOYALTY_SEED, LOYALTY_MEMBERS (120), LOYALTY_ACTS (2,000), LOYALTY_KILLS (4)
"""

import os
import random
import time
import unittest

import support  # noqa: F401 (finds the rest)
import club_clock
import frames
import history
import jobs
import population
import rescoring
import scene
import tap
import variants
import victims
import world

SEED = int(os.environ.get("LOYALTY_SEED") or random.SystemRandom().randrange(1 << 31))
MEMBERS = int(os.environ.get("LOYALTY_MEMBERS") or 120)
ACTS = int(os.environ.get("LOYALTY_ACTS") or 2000)
KILLS = int(os.environ.get("LOYALTY_KILLS") or 4)
STEPS = 40
IDLE = ("--sandbox", "--sweep", "off", "--jobs", "off")
AT_WORK = ("--sandbox", "--sweep", "off", "--jobs", "on")
SWEEPING = ("--sandbox", "--sweep", "on", "--jobs", "off")
BEGAN, LAST, PASSED, LATER = ("2025-12-10T10:00:00", "2026-11-20T18:00:00", "2026-12-01T00:00:07",
                              "2027-01-20T09:30:00")
RESCORED_MS = rescoring.RETAIL.day(population.RESCORE)


def local_ms(text):
    return frames.utc_ms(f"{text}+08:00")


def sums(copied):
    """Of all accounts' figures; the audit of plans and runs has none."""
    totals = copied.totals()
    return [totals[name] for name in ("balance", "points_awarded", "score_given")]


class Told:
    """The club whose histories were told, and that has ended; and its members."""

    def __init__(self):
        self.scene = scene.Scene(publish=False, options=IDLE)
        self.scene.world.certificate("partner", "partner/insurer/policies")
        self.club = club_clock.Club(self.scene, BEGAN, history.PERKS)
        histories = history.Histories(self.club, SEED, MEMBERS // 2)
        histories.begin()
        moments = sorted(random.Random(SEED).randrange(local_ms(BEGAN) + 1, local_ms(LAST))
                         for _ in range(STEPS))
        imported_ms = local_ms(f"{population.OPENED}T12:00:00")
        for moment_ms in sorted([*moments, imported_ms]):
            self.to_ms(moment_ms)
            if moment_ms == imported_ms:
                self.bring_over()
            histories.act(ACTS // STEPS)
        self.applied = histories.applied
        histories.close()
        self.to_ms(local_ms(LAST))
        self.made = [population.member_id(number) for number in range(MEMBERS - MEMBERS // 2)]
        self.members = histories.members + self.made
        self.scene.finish()

    def to_ms(self, instant_ms):
        self.club.to(time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(instant_ms // 1000 + 28800)))

    def bring_over(self):
        path = f"{self.scene.world.folder}/members.csv"
        population.write_csv(path, SEED, MEMBERS - MEMBERS // 2)
        self.scene.world.ctl("import", "members", path, daemon=self.scene.daemons[0])


TOLD = Told()


class Population(unittest.TestCase):
    maxDiff = 4000

    def copy(self, name, options, daemons=1):
        copied = variants.Copy(TOLD.scene, name, daemons, options)
        self.addCleanup(copied.finish)
        return copied

    # --- the ways there ---

    def planned_and_run(self):
        copied = self.copy("planned", AT_WORK)
        with copied.client("admin") as client:
            plan = jobs.plan(client, RESCORED_MS, local_ms(LAST))
            told = jobs.wait(client, plan)
            moves = jobs.by_member(jobs.moves(client, plan))
        self.assertEqual((told.moves, told.errors), (len(moves), 0))
        self.assertEqual(jobs.told_edges(told), jobs.edges(moves))
        copied.to(PASSED)
        with copied.client("admin") as client:
            report = jobs.wait(client, jobs.run(client, RESCORED_MS, local_ms(PASSED), plan=plan))
        self.assertEqual((report.moves + report.moved_before, report.errors, report.differ),
                         (len(moves), 0, 0))
        self.assertEqual(jobs.told_edges(report), jobs.edges(moves))
        return copied, moves

    def killed_and_resumed(self):
        copied = self.copy("killed", AT_WORK, daemons=2)
        copied.to(PASSED)
        chance = random.Random(SEED)
        request_id = frames.new_id()
        names = set()
        for kill in range(KILLS):
            trap = tap.Trap(chance.choice(("append_if", "put")), chance.choice(tap.MOMENTS),
                            lambda owner, k=kill: copied.kill(victims.VICTIMS[k % 3], owner),
                            chance.randrange(1, 5))
            copied.set_trap(trap)
            world.wait_for(lambda t=trap: t.sprung.is_set()
                           or self.has_run(copied, request_id, names), "a kill", jobs.DONE_S)
            copied.set_trap(None)
            copied.mend()
        world.wait_for(lambda: self.has_run(copied, request_id, names), "the run", jobs.DONE_S)
        self.assertEqual(len(names), 1)
        with copied.client("admin", 1) as client:
            report = jobs.wait(client, names.pop())
        self.assertEqual(report.errors, 0)
        print(f"killed: {dict(copied.kills)}", flush=True)
        return copied, report

    @staticmethod
    def has_run(copied, request_id, names):
        """Asks for the run, again and again by one id, of whichever daemon lives."""
        for number in range(len(copied.daemons)):
            try:
                with copied.client("admin", number) as client:
                    names.add(jobs.run(client, RESCORED_MS, local_ms(PASSED),
                                       request_id=request_id))
                    return all(jobs.look(client, name).done for name in names)
            except (OSError, frames.Closed, AssertionError):
                pass  # killed, or its Redis was
        return False

    def swept(self):
        copied = self.copy("swept", SWEEPING)
        copied.to(PASSED)
        world.wait_for(lambda: copied.due(local_ms(PASSED)) == 0, "the sweeper")
        return copied

    # --- the test ---

    def test_lazy_equals_eager(self):
        print(f"LOYALTY_SEED={SEED}: {TOLD.applied} acts of {len(TOLD.members)} members",
              flush=True)
        lazy = self.copy("lazy", IDLE)
        planned, moves = self.planned_and_run()
        killed, report = self.killed_and_resumed()
        swept = self.swept()
        self.judge_counts(report, jobs.edges(moves))
        self.judge_moves(moves)
        eager = (planned, killed, swept)
        logs = planned.logs(TOLD.members)
        for copied in eager:
            self.assertEqual(copied.logs(TOLD.members), logs, copied.name)
            copied.chained(TOLD.members)
        lazy.to(LATER)
        wanted = lazy.look(TOLD.members)
        for copied in eager:
            copied.to(LATER)
            self.judge_shown(copied, copied.look(TOLD.members), wanted)
        self.judge_written((lazy, *eager))

    def judge_counts(self, report, planned):
        """Who was moved by an attempt that died is due no more, and is counted by none."""
        counted = jobs.told_edges(report)
        self.assertEqual(counted, {edge: min(members, planned.get(edge, 0))
                                   for edge, members in counted.items()})

    def judge_moves(self, moves):
        """Of members brought over all is known to the independent computation."""
        wanted, _ = population.expected(SEED, len(TOLD.made), RESCORED_MS)
        found = {member: move for member, move in moves.items() if member in TOLD.made}
        self.assertEqual(found, {member: tuple(move) for member, move in wanted.items()})

    def judge_shown(self, copied, shown, wanted):
        for member in TOLD.members:
            for found, expected in zip(shown[member], wanted[member]):
                self.assertEqual(found, expected, f"{copied.name}: {member}")

    def judge_written(self, copies):
        """When all is written at one instant, the logs are the same bytes."""
        for copied in copies:
            copied.restart_daemons(SWEEPING)
            world.wait_for(lambda c=copied: c.due(local_ms(LATER)) == 0, "the sweeper")
        logs = copies[0].logs(TOLD.members)
        types = copies[0].chained(TOLD.members)
        for copied in copies[1:]:
            self.assertEqual(copied.logs(TOLD.members), logs, copied.name)
            self.assertEqual(copied.chained(TOLD.members), types, copied.name)
            self.assertEqual(sums(copied), sums(copies[0]))
        _, tiers = population.expected(SEED, len(TOLD.made), local_ms(LATER))
        for member, tier in tiers.items():
            with copies[0].client("backend") as client:
                reply = client.ask("GetMember", frames.get_member_request(member))
            self.assertEqual(reply.standing.tier_id, tier, member)


if __name__ == "__main__":
    scene.run_tests()
