#!/usr/bin/python3
"""Acts by hand end to end: points and score adjusted, tiers granted and revoked, and the audit that
lists each of them once, whatever dies in between. Real daemons, a real Redis, loyaltyctl.
"""

import datetime
import itertools
import unittest

import support  # noqa: F401 (finds the rest)
import frames
import scene
import tap
import world
from scene import now_ms

members = frames.members
admin = frames.admin
SUSPENDED, CLOSED = (frames.common.MEMBER_STATUS_SUSPENDED, frames.common.MEMBER_STATUS_CLOSED)
DENIED, INVALID = (frames.common.CODE_PERMISSION_DENIED, frames.common.CODE_INVALID_ARGUMENT)
AGAIN = ("STORE_UNAVAILABLE", "NO_LEASE", "OVERLOADED", "TOO_MANY_CONFLICTS", "UNFINISHED",
         "OUTCOME_UNKNOWN")
SCENE = scene.Scene(daemons=2, options=("--sweep=off",))
NUMBERS = itertools.count(1)
WHY = "a till was wrong"


def ahead(days):
    return (datetime.date.today() + datetime.timedelta(days=days)).isoformat()


def act(kind, member, **more):
    return kind(mutation=frames.mutation(None, now_ms()), member=frames.member_ref(member),
                **{"reason_code": admin.ACT_REASON_CORRECTION, "reason": WHY, **more})


def points(member, count, **more):
    return act(admin.AdjustPointsRequest, member, points=count, **more)


def score(member, count, **more):
    return act(admin.AdjustScoreRequest, member, score=count, **more)


def grant(member, tier, days=90, **more):
    return act(admin.GrantTierRequest, member, tier_id=tier, until=ahead(days), **more)


def revoke(member, tier="", **more):
    return act(admin.RevokeTierRequest, member, tier_id=tier, **more)


def method_of(request):
    return type(request).__name__.removesuffix("Request")


def call(request, daemon=0, name="admin"):
    with SCENE.client(name, daemon) as client:
        return client.call(method_of(request), request)


def end_of(reply):
    if reply.error is not None:
        return reply.error.reason
    return "REPLAYED" if reply.replayed else "OK"


def definite(request, daemon=0):
    found = []

    def answered():
        found.append(call(request, daemon))
        return end_of(found[-1]) not in AGAIN and scene.code(found[-1]) not in scene.OPEN_OUTCOMES
    world.wait_for(answered, f"an answer to {method_of(request)}")
    return found[-1]


def audit(daemon=0, page_size=0, month=""):
    """All entries of a month, by its pages, and the last page."""
    entries, token = [], ""
    with SCENE.client("admin", daemon) as client:
        while True:
            page = client.ask("ListAudit", admin.ListAuditRequest(
                month=month, page_size=page_size, page_token=token))
            entries += page.entries
            token = page.next_page_token
            if not token:
                return entries, page


def listed(member, daemon=0):
    """Acts, reasons and requests of one member."""
    return [(entry.act, entry.request_id) for entry in audit(daemon)[0]
            if entry.subject == member]


class Adjusting(unittest.TestCase):
    def expect(self, request, end, daemon=0):
        reply = definite(request, daemon)
        self.assertEqual(end_of(reply), end, reply)
        return reply.message

    def test_points_are_given_and_taken(self):
        SCENE.enrol("ada")
        first = points("ada", 500, expires_on="never")
        answer = self.expect(first, "OK")
        self.assertEqual((answer.points, answer.standing.balance, answer.seq), (500, 500, 2))
        again = definite(first, 1)
        self.assertEqual((end_of(again), again.message), ("REPLAYED", answer))
        self.expect(points("ada", -501), "INSUFFICIENT_POINTS")
        self.assertEqual(self.expect(points("ada", -200), "OK", 1).standing.balance, 300)
        owing = self.expect(points("ada", -400, may_owe=True), "OK")
        self.assertEqual(owing.standing.balance, -100)
        last = self.expect(points("ada", 150, expires_on=ahead(30)), "OK")
        self.assertEqual(last.standing.balance, 50)
        self.assertEqual([act for act, _ in listed("ada", 1)],
                         [admin.AUDIT_ACT_POINTS_ADJUSTED] * 4)
        with SCENE.client("backend") as client:
            page = client.ask("ListActivity", members.ListActivityRequest(
                member=frames.member_ref("ada")))
        lines = [(line.points, line.reason) for line in page.activities
                 if line.kind == members.ACTIVITY_KIND_ADJUSTED]
        self.assertEqual(lines, [(given, WHY) for given in (150, -400, -200, 500)])

    def test_score_is_given_and_taken(self):
        SCENE.enrol("sky")
        self.assertEqual(self.expect(score("sky", 3000), "OK").standing.score, 3000)
        self.expect(score("sky", -3001), "REDUCED_TOO_FAR")
        self.assertEqual(self.expect(score("sky", -1000), "OK").standing.score, 2000)
        risen = self.expect(score("sky", 60000, until=ahead(60)), "OK")
        self.assertEqual((risen.card.tier_id, risen.standing.score), ("diamond", 62000))
        self.assertEqual(SCENE.get("sky", 1).standing.tier_id, "diamond")
        self.assertEqual([act for act, _ in listed("sky")], [admin.AUDIT_ACT_SCORE_ADJUSTED] * 3)

    def test_what_is_malformed_leaves_no_trace(self):
        SCENE.enrol("mal")
        before = SCENE.digest()
        for request, field in (
                (points("mal", 0), "points"), (points("mal", 10 ** 12 + 1), "points"),
                (points("mal", -2 ** 63), "points"),
                (points("mal", 5, expires_on="soon"), "expires_on"),
                (points("mal", -5, expires_on="never"), "expires_on"),
                (score("mal", 0), "score"), (score("mal", 5, until="never"), "until"),
                (points("mal", 5, reason=""), "reason"),
                (points("mal", 5, reason="x" * 257), "reason"),
                (points("mal", 5, reason_code=0), "reason_code"),
                (act(admin.GrantTierRequest, "mal", tier_id="gold"), "until"),
                (act(admin.GrantTierRequest, "mal", until="2030-01-01"), "tier_id")):
            reply = call(request)
            self.assertEqual((scene.code(reply), reply.error.field), (INVALID, field))
        for request, reason in ((points("mal", 5, expires_on="2020-01-01"), "BAD_INTERVAL"),
                                (points("nobody", 5), "UNKNOWN_MEMBER")):
            self.assertEqual(end_of(call(request)), reason)
        self.assertEqual(SCENE.digest(), before)

    def test_only_an_admin_may(self):
        SCENE.enrol("nix")
        for name in ("till", "backend"):
            for request in (points("nix", 5), score("nix", 5), grant("nix", "gold"),
                            revoke("nix"), admin.ListAuditRequest()):
                self.assertEqual(scene.code(call(request, name=name)), DENIED)


class Cards(unittest.TestCase):
    def test_granted_and_revoked(self):
        SCENE.enrol("gil")
        request = grant("gil", "gold")
        answer = definite(request)
        self.assertEqual(end_of(answer), "OK")
        self.assertEqual((answer.message.card.tier_id, answer.message.card.cause),
                         ("gold", frames.common.CARD_CAUSE_GRANTED))
        self.assertEqual(SCENE.get("gil", 1).standing.tier_id, "gold")
        for refused, reason in (
                (grant("gil", "silver"), "TIER_NOT_HIGHER"),
                (grant("gil", "gold"), "TIER_NOT_HIGHER"),
                (grant("gil", "ruby"), "UNKNOWN_TIER"),
                (grant("gil", "diamond", 6 * 366), "BAD_INTERVAL"),
                (grant("gil", "diamond", -1), "BAD_INTERVAL"),
                (revoke("gil", "gold"), "TIER_NOT_LOWER"), (revoke("gil", "ruby"), "UNKNOWN_TIER")):
            self.assertEqual(end_of(definite(refused)), reason)
        back = definite(revoke("gil", reason_code=admin.ACT_REASON_FRAUD), 1)
        self.assertEqual((end_of(back), back.message.card.tier_id), ("OK", "member"))
        self.assertEqual(end_of(definite(request, 1)), "REPLAYED")
        self.assertEqual([act for act, _ in listed("gil")],
                         [admin.AUDIT_ACT_TIER_GRANTED, admin.AUDIT_ACT_TIER_REVOKED])

    def test_whoever_is_suspended_may_be_acted_on_and_the_closed_not(self):
        SCENE.enrol("sus")
        for status in (SUSPENDED, CLOSED):
            reply = definite(members.SetStatusRequest(
                mutation=frames.mutation(None, now_ms()), member=frames.member_ref("sus"),
                status=status, reason="asked"))
            self.assertEqual(end_of(reply), "OK")
            self.assertEqual(end_of(definite(points("sus", 5))),
                             "OK" if status == SUSPENDED else "CLOSED")
        self.assertEqual([act for act, _ in listed("sus", 1)],
                         [admin.AUDIT_ACT_STATUS_CHANGED, admin.AUDIT_ACT_POINTS_ADJUSTED,
                          admin.AUDIT_ACT_STATUS_CHANGED])

    def test_who_was_merged_answers_through_the_other(self):
        SCENE.enrol("old", "new")
        merge = members.MergeRequest(mutation=frames.mutation(None, now_ms()),
                                     member=frames.member_ref("old"), reason="one person",
                                     into=frames.member_ref("new"))
        self.assertEqual(end_of(definite(merge)), "OK")
        answer = definite(points("old", 40), 1)
        self.assertEqual((answer.message.member_id, answer.message.standing.balance), ("new", 40))
        self.assertEqual([act for act, _ in listed("old")], [admin.AUDIT_ACT_MERGED])
        self.assertEqual([act for act, _ in listed("new")], [admin.AUDIT_ACT_POINTS_ADJUSTED])


class Listing(unittest.TestCase):
    def test_an_entry_says_it_all(self):
        SCENE.enrol("eve")
        request = points("eve", 7, reason_code=admin.ACT_REASON_GOODWILL, reason="a long wait")
        seq = definite(request).message.seq
        entry = [entry for entry in audit()[0] if entry.subject == "eve"][0]
        self.assertEqual((entry.reason_code, entry.reason, entry.seq, entry.request_id),
                         (admin.ACT_REASON_GOODWILL, "a long wait", seq,
                          request.mutation.request_id))
        self.assertTrue(entry.actor.startswith("admin"))

    def test_pages_go_on_and_hold_all(self):
        SCENE.enrol("pat")
        for _ in range(5):
            definite(points("pat", 1))
        whole, last = audit()
        self.assertEqual(audit(1, page_size=2)[0], whole)
        self.assertEqual(len(last.chain), 32)
        published = [entry for entry in whole if entry.act == admin.AUDIT_ACT_PROGRAM_PUBLISHED]
        self.assertEqual([entry.subject for entry in published], ["program/1"])
        self.assertEqual(audit(month="2019-02")[0], [])
        for bad in ({"month": "2019-13"}, {"page_size": 201}, {"page_token": "x"}):
            self.assertEqual(scene.code(call(admin.ListAuditRequest(**bad))), INVALID)

    def test_a_daemon_dies_between_the_act_and_its_entry(self):
        for nth, moment in itertools.product((1, 2, 3), (tap.BEFORE, tap.HELD)):
            name = f"cut-{nth}-{moment}"
            SCENE.enrol(name)
            request = points(name, 100)
            self.die_at(request, moment, nth)
            answer = definite(request, nth % 2)
            self.assertEqual(answer.message.standing.balance, 100)
            self.assertEqual(listed(name, 1), [(admin.AUDIT_ACT_POINTS_ADJUSTED,
                                                request.mutation.request_id)])
        self.assertEqual(SCENE.totals()["faults"], 0)

    def die_at(self, request, moment, nth):
        number = next(NUMBERS)
        path = f"{SCENE.world.folder}/tap-{number}"
        line = tap.Tap(path, SCENE.redis.path)
        daemon = SCENE.start_daemon(f"tapped-{number}", "--jobs=off", path=path).wait_ready()
        world.wait_for(lambda: SCENE.knows_program(daemon), "the program to be known")
        trap = tap.Trap("append_if", moment, lambda owner: daemon.kill_now(), nth)
        client = daemon.client("admin")
        line.trap = trap
        with self.assertRaises((frames.Closed, OSError)):
            client.call(method_of(request), request)
        self.assertTrue(trap.sprung.wait(60))

    def test_the_sweeper_lists_what_was_left(self):
        SCENE.enrol("late")
        request = points("late", 9)
        self.die_at(request, tap.BEFORE, 2)
        self.assertEqual(listed("late"), [])
        sweeper = SCENE.start_daemon("sweeper", "--sweep=on").wait_ready()
        world.wait_for(lambda: listed("late"), "the sweeper to list it")
        self.assertEqual(end_of(definite(request)), "REPLAYED")
        self.assertEqual(len(listed("late")), 1)
        self.assertEqual(sweeper.stop(), 0)

    def test_plans_are_listed_before_they_are_made(self):
        request = frames.rescoring.PlanRescoringRequest(
            mutation=frames.mutation(None, now_ms()), reason="the half-year")
        self.assertEqual(end_of(definite(request)), "OK")
        definite(request, 1)
        planned = [entry for entry in audit()[0]
                   if entry.act == admin.AUDIT_ACT_RESCORING_PLANNED]
        self.assertEqual([entry.reason for entry in planned], ["the half-year"])
        self.assertRegex(planned[0].subject, "^operations/plan-[0-9]+$")


class CommandLine(unittest.TestCase):
    WHY = ("--reason-code", "goodwill", "--reason", "a long wait")

    def ctl(self, *words):
        return SCENE.world.ctl(*words, daemon=SCENE.daemons[0]).stdout

    def test_all_of_it(self):
        SCENE.enrol("cleo")
        self.assertIn("1,200", self.ctl("member", "adjust", "cleo", "--points", "1200",
                                        "--expires-on", "never", *self.WHY))
        self.ctl("member", "adjust", "cleo", "--points=-1300", "--may-owe", *self.WHY)
        self.assertIn("2,500", self.ctl("member", "adjust", "cleo", "--score", "2500", *self.WHY))
        self.assertIn("gold", self.ctl("member", "grant", "cleo", "gold", "--until", ahead(30),
                                       *self.WHY))
        self.assertIn("member", self.ctl("member", "revoke", "cleo", *self.WHY))
        self.assertEqual(SCENE.get("cleo").standing.balance, -100)
        rows = [row for row in self.ctl("audit", "list").splitlines() if "cleo" in row]
        for row, word in zip(rows, ("points adjusted", "points adjusted", "score adjusted",
                                    "tier granted", "tier revoked"), strict=True):
            self.assertIn(word, row)
            self.assertIn("a long wait", row)
        listed_as_json = SCENE.world.ctl_json("audit", "list", daemon=SCENE.daemons[0])
        self.assertEqual(listed_as_json["entries"][-1]["reason"], "a long wait")
        self.assertIn(audit()[1].chain, self.ctl("audit", "verify"))

    def test_a_byte_changed_in_the_month_is_found(self):
        SCENE.enrol("hal")
        definite(points("hal", 1))
        page = audit()[1]
        key, = SCENE.redis.command("KEYS", f"ly:*@audit-{page.month}")
        log = SCENE.redis.command("GET", key)
        place = log.index(WHY.encode())
        SCENE.redis.command("SETRANGE", key, str(place), "A")
        run = SCENE.world.ctl("audit", "verify", daemon=SCENE.daemons[0], check=False)
        SCENE.redis.command("SETRANGE", key, str(place), "a")
        self.assertNotEqual(run.returncode, 0)
        self.assertIn(page.chain, self.ctl("audit", "verify", "--month", page.month))


if __name__ == "__main__":
    scene.run_tests(SCENE)
