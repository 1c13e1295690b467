#!/usr/bin/python3
"""Operations as their users see them: plans and runs begun, looked at, listed, waited for,
forgotten, over frames, gRPC and JSON; who may what; retries; the command line; the units
of systemd that start a run.
"""

import datetime
import json
import os
import re
import shutil
import subprocess
import unittest

import support  # noqa: F401 (finds the rest)
import frames
import rpc
import scene
import world

MEMBERS = 200
JANUARY = "2026-01-10T10:00:00+08:00"
JUNE = "2026-06-01T00:00:00+08:00"
OPERATIONS = frames.operations
RESCORING = frames.rescoring

SCENE = scene.Scene(daemons=2, publish=False,
                    options=("--sandbox", "--sweep", "off", "--partitions", "32"))


def to(text):
    SCENE.world.ctl("clock", "set", f"{text}+08:00", daemon=SCENE.daemons[0])
    return frames.utc_ms(f"{text}+08:00")


def setUpModule():
    now_ms = to("2026-01-10T10:00:00")
    SCENE.world.publish(SCENE.daemons[0])
    SCENE.world.certificate("job", "job/rescore")
    for daemon in SCENE.daemons:
        world.wait_for(lambda d=daemon: SCENE.knows_program(d), "the program to be known")
    with SCENE.client("backend") as client:
        for _, reply in client.each((i, "Enroll", frames.enrol_request(f"m-{i}", now_ms))
                                    for i in range(MEMBERS)):
            scene.must(reply)
    with SCENE.client("till") as client:  # every fourth reaches silver, every eighth gold
        for _, reply in client.each(
                (i, "Award", frames.award_request(f"m-{i}", 1_100_000 if i % 8 == 0 else
                                                  250_000 if i % 4 == 0 else 100_000, now_ms))
                for i in range(MEMBERS)):
            scene.must(reply)


def plan(client, at=JUNE, request_id=None, **more):
    return client.call("PlanRescoring", RESCORING.PlanRescoringRequest(
        mutation=frames.mutation(request_id or frames.new_id(), frames.utc_ms(JANUARY)),
        at=frames.stamp(frames.utc_ms(at)), **more))


def run(client, request_id=None, **more):
    return client.call("RunRescoring", RESCORING.RunRescoringRequest(
        mutation=frames.mutation(request_id or frames.new_id(), frames.utc_ms(JANUARY)),
        **more))


def finished(client, name):
    def done():
        operation = client.ask("WaitOperation", OPERATIONS.WaitOperationRequest(name=name))
        return operation if operation.done else None
    return world.wait_for(done, f"{name} to be done")


def unpacked(any_message, message):
    assert any_message.Unpack(message), any_message.type_url
    return message


def ctl(*arguments, check=True, name="anna"):
    environment = {"LOYALTY_AS": name} if name != "anna" else None
    return SCENE.world.ctl(*arguments, daemon=SCENE.daemons[0], check=check,
                           environment=environment)


class Operations(unittest.TestCase):
    """In the order of their names, for the clock only goes forward."""

    def test_1_a_plan_says_each_move_with_its_arithmetic(self):
        with SCENE.client("admin") as client:
            begun = scene.must(plan(client, reason="spring"))
            operation = finished(client, begun.name)
            result = unpacked(operation.response, RESCORING.RescoringPlan())
            edges = {(edge.from_tier_id, edge.to_tier_id): edge.members for edge in result.edges}
            self.assertEqual(edges, {("member", "silver"): 25, ("member", "gold"): 25})
            self.assertEqual((result.moves, result.errors), (50, 0))
            progress = unpacked(operation.metadata, RESCORING.JobProgress())
            self.assertEqual((progress.reason, progress.partitions_done), ("spring", 32))
            self.assertRegex(progress.created_by, "^admin/")
            moves = self.all_moves(client, begun.name, page_size=7)
            self.assertEqual(sorted(move.member_id for move in moves),
                             sorted(f"m-{i}" for i in range(0, MEMBERS, 4)))
            gold = {move.member_id: move for move in moves}["m-8"]
            self.assertEqual((gold.score, gold.threshold, gold.contributions), (11000, 10000, 1))
            only = self.all_moves(client, begun.name, to_tier_id="gold")
            self.assertEqual(len(only), 25)

    def all_moves(self, client, name, **more):
        moves, token = [], ""
        while True:
            page = client.ask("ListMoves", RESCORING.ListMovesRequest(
                plan=name, page_token=token, **more))
            moves += page.moves
            token = page.next_page_token
            if not token:
                return moves

    def test_2_a_retry_is_the_same_operation(self):
        request_id = frames.new_id()
        with SCENE.client("admin") as client, SCENE.client("admin", daemon=1) as other:
            first = scene.must(plan(client, request_id=request_id))
            again = plan(other, request_id=request_id)
            self.assertEqual(first.name, scene.must(again).name)
            self.assertTrue(again.replayed)
            self.assertEqual(plan(client, request_id=request_id, full=True).error.reason,
                             "ID_CONFLICT")
            finished(client, first.name)

    def test_3_what_is_refused(self):
        with SCENE.client("admin") as client:
            self.assertEqual(plan(client, at="2026-06-02T00:00:00+08:00").error.reason,
                             "NOT_A_RESCORING")
            self.assertEqual(run(client, at=frames.stamp(frames.utc_ms(JUNE))).error.reason,
                             "NOT_YET")
            self.assertEqual(run(client, plan="plan-1").error.reason, "BAD_NAME")
            self.assertEqual(run(client, plan="operations/plan-999").error.reason, "UNKNOWN_PLAN")
            self.assertEqual(client.call("GetOperation", OPERATIONS.GetOperationRequest(
                name="operations/plan-999")).error.reason, "UNKNOWN_OPERATION")
            self.assertEqual(client.call("ListOperations", OPERATIONS.ListOperationsRequest(
                filter="kind=plan")).error.reason, "BAD_FILTER")
        for name in ("till", "backend"):
            with SCENE.client(name) as client:
                self.assertEqual(plan(client).error.reason, "ROLE_NOT_ALLOWED")
                self.assertEqual(run(client).error.reason, "ROLE_NOT_ALLOWED")
        with SCENE.client("job") as client:
            self.assertEqual(client.call("ListMoves", RESCORING.ListMovesRequest(
                plan="operations/plan-1")).error.reason, "ROLE_NOT_ALLOWED")

    def test_4_the_faces_agree(self):
        with SCENE.client("admin") as client:
            name = scene.must(plan(client)).name
            finished(client, name)
        daemon = SCENE.daemons[0]
        request = OPERATIONS.GetOperationRequest(name=name)
        path = "/google.longrunning.Operations/GetOperation"
        with rpc.Caller(daemon, "admin") as client:
            binary = OPERATIONS.Operation.FromString(client.call("grpc", path, request).bytes)
            answer = json.loads(client.call("json", path, request).bytes)
        with rpc.channel(daemon, "admin") as opened:
            answered, _ = rpc.stub(opened, path).with_call(request, timeout=20)
        self.assertEqual(answered, binary)
        self.assertEqual(binary.name, answer["name"])
        self.assertEqual(answer["response"]["@type"],
                         "type.googleapis.com/loyalty.v1.RescoringPlan")
        self.assertEqual(answer["response"]["moves"], "50")
        self.assertEqual(answer["metadata"]["kind"], "JOB_KIND_PLAN")

    def test_5_lists_and_forgets(self):
        with SCENE.client("admin") as client:
            name = scene.must(plan(client)).name
            finished(client, name)
            names, token = [], ""
            while True:
                page = client.ask("ListOperations", OPERATIONS.ListOperationsRequest(
                    page_size=2, page_token=token, filter="done=true"))
                names += [operation.name for operation in page.operations]
                token = page.next_page_token
                if not token:
                    break
            self.assertEqual(names[0], name)
            self.assertEqual(len(names), len(set(names)))
            client.ask("DeleteOperation", OPERATIONS.DeleteOperationRequest(name=name))
            world.wait_for(lambda: client.call("GetOperation", OPERATIONS.GetOperationRequest(
                name=name)).error, "the plan to be forgotten")
            left = SCENE.redis.command("KEYS", f"ly:*:p::{name.split('/')[1]}*")
            world.wait_for(lambda: not SCENE.redis.command(
                "KEYS", f"ly:*:p::{name.split('/')[1]}*"), f"its pages to go: {left}")

    def test_6_the_command_line(self):
        out = ctl("rescore", "plan", "--at", "2026-06-01", "--wait").stdout
        self.assertRegex(out, r"moves +50\b")
        name = re.search(r"operations/(plan-\d+)", out).group(1)
        listed = ctl("rescore", "moves", name, "--to", "gold").stdout
        self.assertEqual(len(re.findall(r"^m-\d+ ", listed, re.M)), 25)
        self.assertEqual(ctl("rescore", "calendar").stdout.splitlines(),
                         ["OnCalendar=*-06-01 00:00:05 Asia/Shanghai",
                          "OnCalendar=*-12-01 00:00:05 Asia/Shanghai"])
        early = ctl("rescore", "run", "--plan", name, check=False)
        self.assertEqual(early.returncode, 1)
        self.assertIn("NOT_YET", early.stderr)

    def test_7_a_plan_that_moved_is_refused_unless_told(self):
        out = ctl("rescore", "plan", "--at", "2026-06-01", "--wait").stdout
        name = re.search(r"operations/(plan-\d+)", out).group(1)
        now_ms = to("2026-05-20T10:00:00")
        with SCENE.client("till") as client:
            scene.must(client.call("Award", frames.award_request("m-1", 300_000, now_ms)))
        to("2026-06-01T00:00:30")
        moved = ctl("rescore", "run", "--plan", name, "--wait", check=False)
        self.assertEqual(moved.returncode, 1)
        self.assertIn("PLAN_MOVED", moved.stderr)
        self.assertIn("m-1: planned no move, now silver", moved.stderr)
        out = ctl("rescore", "run", "--plan", name, "--accept-changes", "--wait").stdout
        self.assertRegex(out, r"differ +1\b")
        self.assertRegex(out, r"moves +51\b")
        self.assertRegex(out, r"moved before +0\b")

    def test_8_who_asked_is_on_record(self):
        """Planned in January and in May, run in June; who was refused asked for nothing."""
        with SCENE.client("admin") as client:
            june = client.ask("ListAudit", frames.admin.ListAuditRequest(month="2026-06"))
            runs = [entry for entry in june.entries
                    if entry.act == frames.admin.AUDIT_ACT_RESCORING_RUN]
            self.assertEqual(len(runs), 2)
            for entry in runs:
                self.assertEqual(entry.actor, "admin/anna")
                client.ask("GetOperation", OPERATIONS.GetOperationRequest(name=entry.subject))

    def test_9_twice_is_harmless(self):
        def events():
            return sum(SCENE.redis.command("XLEN", f"ly:{{{number}}}:ev") for number in range(32))

        before = events()
        first = ctl("rescore", "run", "--wait", name="job").stdout
        again = ctl("rescore", "run", "--wait", name="job").stdout
        for out in (first, again):
            self.assertRegex(out, r"moves +0\b")
        self.assertEqual(events(), before + 2)  # that each was asked for, in the audit


class Cancelled(unittest.TestCase):
    """Nobody works on jobs at first, so that there is time to think better of one."""

    def test_what_is_cancelled_is_not_begun(self):
        idle = scene.Scene(options=("--jobs", "off", "--sweep", "off"))
        idle.enrol("m-1")
        next_june = f"{datetime.date.today().year + 1}-06-01"
        asked = ["rescore", "plan", "--at", next_june]
        out = idle.world.ctl(*asked, daemon=idle.daemons[0]).stdout
        name = re.search(r"operations/plan-\d+", out).group(0)
        with idle.client("admin") as client:
            client.ask("CancelOperation", OPERATIONS.CancelOperationRequest(name=name))
            operation = client.ask("GetOperation", OPERATIONS.GetOperationRequest(name=name))
            self.assertFalse(operation.done)
            self.assertTrue(unpacked(operation.metadata, RESCORING.JobProgress()).cancelled)
            unknown = client.call("CancelOperation", OPERATIONS.CancelOperationRequest(
                name="operations/plan-99"))
            self.assertEqual(scene.code(unknown), frames.common.CODE_NOT_FOUND)
        worker = idle.start_daemon("worker", "--jobs", "on")
        worker.wait_ready()
        with worker.client("admin") as client:
            operation = finished(client, name)
            self.assertIn("CANCELLED", operation.error.message)
            self.assertEqual(unpacked(operation.metadata, RESCORING.JobProgress()).members, 0)
        self.assertEqual(worker.stop(), 0)
        idle.finish()


class Units(unittest.TestCase):
    """systemd's own judgement of the unit files."""

    def setUp(self):
        self.assertTrue(shutil.which("systemd-analyze"), "package systemd is missing")

    def test_they_hold(self):
        folder = f"{SCENE.world.folder}/units"
        os.mkdir(folder)
        for name in ("loyalty-rescore.service", "loyalty-rescore.timer"):
            with open(f"{frames.SOURCE}/systemd/{name}", encoding="utf-8") as unit, \
                    open(f"{folder}/{name}", "w", encoding="utf-8") as copy:
                copy.write(unit.read().replace("/usr/bin/loyaltyctl",
                                               f"{frames.BIN}/loyaltyctl"))
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", "--recursive-errors=no",
                               f"{folder}/loyalty-rescore.service",
                               f"{folder}/loyalty-rescore.timer"],
                              capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_the_days_are_the_programs(self):
        with open(f"{frames.SOURCE}/systemd/loyalty-rescore.timer", encoding="utf-8") as unit:
            lines = re.findall(r"^OnCalendar=(.*)$", unit.read(), re.M)
        found = []
        for line in lines:
            out = subprocess.run(["systemd-analyze", "calendar", line, "--base-time",
                                  "2026-01-01 00:00:00 UTC"], capture_output=True, text=True,
                                 check=True, env={**os.environ, "TZ": "UTC"}).stdout
            found.append(re.search(r"\(in UTC\): (.*)|Next elapse: (.*)", out).group(0))
        self.assertIn("2026-05-31 16:00:05", found[0])
        self.assertIn("2026-11-30 16:00:05", found[1])


if __name__ == "__main__":
    scene.run_tests(SCENE)
