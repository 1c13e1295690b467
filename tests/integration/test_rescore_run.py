#!/usr/bin/python3
"""Runs of a re-scoring by several daemons at once: each member is counted once and each move
written once, whoever dies on the way, leaves in order, joins, or asks for the same at the same
time. The due index is made right for the rules by the daemons themselves.
"""

import unittest

import support  # noqa: F401 (finds the rest)
import frames
import jobs
import scene
import world

PARTITIONS = 64
MEMBERS = 1500
RISING = MEMBERS // 3
PACE = 60  # members a second of a daemon: a run takes seconds
JANUARY = "2026-01-10T10:00:00+08:00"
JUNE_MS = frames.utc_ms("2026-06-01T00:00:00+08:00")
PASSED = "2026-06-01T00:00:07+08:00"
OPTIONS = ("--sandbox", "--sweep", "off", "--partitions", str(PARTITIONS), "--jobs-pace",
           str(PACE))
LAPSE_S = 90  # what a dead daemon has claimed lapses within 30 s


SCENE = scene.Scene(daemons=3, publish=False, options=OPTIONS)


def setUpModule():
    SCENE.world.ctl("clock", "set", JANUARY, daemon=SCENE.daemons[0])
    SCENE.world.publish(SCENE.daemons[0])
    for daemon in SCENE.daemons:
        world.wait_for(lambda d=daemon: SCENE.knows_program(d), "the program to be known")
    now_ms = frames.utc_ms(JANUARY)
    with SCENE.client("backend") as client:
        for _, reply in client.each((i, "Enroll", frames.enrol_request(f"m-{i}", now_ms))
                                    for i in range(MEMBERS)):
            scene.must(reply)
    with SCENE.client("till") as client:
        for _, reply in client.each(
                (i, "Award", frames.award_request(f"m-{i}", 250_000 if i < RISING else 100_000,
                                                  now_ms))
                for i in range(MEMBERS)):
            scene.must(reply)
    SCENE.world.ctl("clock", "set", PASSED, daemon=SCENE.daemons[0])


def progress(client, name):
    stands = jobs.rescoring.JobProgress()
    assert jobs.look(client, name).metadata.Unpack(stands)
    return stands


class Run(unittest.TestCase):
    def logs(self):
        return SCENE.redis.command("KEYS", "ly:*:a:m-*")

    def test_1_daemons_die_leave_and_join(self):
        passed_ms = frames.utc_ms(PASSED)
        with SCENE.client("admin", 1) as client:
            name = jobs.run(client, JUNE_MS, passed_ms)
            world.wait_for(lambda: progress(client, name).workers >= 3, "all to be at work")
            # Asked for again elsewhere, it is the same one.
            with SCENE.client("admin", 2) as other:
                self.assertEqual(jobs.run(other, JUNE_MS, passed_ms), name)
            world.wait_for(lambda: progress(client, name).partitions_done > 0, "a partition")
            SCENE.daemons[0].kill_now()
            self.assertEqual(SCENE.daemons[2].stop(), 0)
            SCENE.daemons[2] = SCENE.start_daemon("joins")
            SCENE.daemons[2].wait_ready()
            report = jobs.wait(client, name, LAPSE_S)
        SCENE.daemons[0] = SCENE.start_daemon("again")
        SCENE.daemons[0].wait_ready()
        self.assertEqual(report.moves + report.moved_before, RISING)
        self.assertEqual(report.moves + report.moved_before + report.unchanged, MEMBERS)
        self.assertEqual(report.errors, 0)
        self.assertEqual(jobs.told_edges(report), {("member", "silver"): RISING})
        self.judge_members()

    def judge_members(self):
        with SCENE.client("backend") as client:
            for i in range(0, MEMBERS, 7):
                reply = client.ask("GetMember", frames.get_member_request(f"m-{i}"))
                self.assertEqual(reply.standing.tier_id, "silver" if i < RISING else "member")

    def test_2_another_run_changes_nothing(self):
        written = sum(SCENE.redis.command("STRLEN", key) for key in self.logs())
        with SCENE.client("admin") as client:
            report = jobs.wait(client, jobs.run(client, JUNE_MS, frames.utc_ms(PASSED), full=True),
                               LAPSE_S)
        self.assertEqual((report.moves, report.moved_before, report.errors, report.corrected),
                         (0, RISING, 0, 0))
        self.assertEqual(sum(SCENE.redis.command("STRLEN", key) for key in self.logs()), written)

    def test_3_the_index_is_made_right_for_the_rules(self):
        def reindexed():
            with SCENE.client("admin") as client:
                listed = client.ask(f"{jobs.OPERATIONS}/ListOperations",
                                    jobs.operations.ListOperationsRequest(filter="done=true"))
            return [one for one in listed.operations if "/reindex-" in one.name]

        done = world.wait_for(reindexed, "the re-index", LAPSE_S)[0]
        report = jobs.rescoring.DueIndexReport()
        self.assertTrue(done.response.Unpack(report))
        self.assertEqual((report.members, report.corrected, report.errors), (MEMBERS, 0, 0))


if __name__ == "__main__":
    scene.run_tests(SCENE)
