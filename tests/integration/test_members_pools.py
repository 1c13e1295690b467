#!/usr/bin/python3
"""Pools end to end: a company and a family, one account of points for several people. Who may do
what, how much a month, two of them at the last points at one moment, and time passing over it.
"""

import threading
import unittest

import support  # noqa: F401 (finds the rest)
import club_clock
import frames
import scene

pools = frames.MODULES["pools"]

SCENE = scene.Scene(daemons=2, options=("--sandbox",), publish=False)
SCENE.world.certificate("other-till", "pos/store-0007/till-03")
CLUB = club_clock.Club(SCENE, "2026-01-10T10:00:00")
CARD = "6200000000000005"
ROUNDS = 20


def by(name):
    return frames.member_ref(name)


def create(pool, request_id=None):
    request = pools.CreatePoolRequest(mutation=frames.mutation(request_id, CLUB.now_ms),
                                      pool_id=pool)
    with SCENE.client("backend") as client:
        return client.call("CreatePool", request)


def set_member(pool, person, request_id=None, **rights):
    request = pools.SetPoolMemberRequest(mutation=frames.mutation(request_id, CLUB.now_ms),
                                         member=by(pool), pool_member=by(person), **rights)
    with SCENE.client("backend") as client:
        return client.call("SetPoolMember", request)


def listed(pool):
    with SCENE.client("backend") as client:
        answer = client.ask("ListPoolMembers", pools.ListPoolMembersRequest(member=by(pool)))
    return list(answer.members)


def sale(pool, person, yuan):
    request = frames.award_request(pool, yuan * 100, CLUB.now_ms)
    if person:
        request.pool_member.CopyFrom(by(person))
    return request


def spending(pool, person, points):
    request = frames.redeem_request(pool, points, CLUB.now_ms)
    if person:
        request.pool_member.CopyFrom(by(person))
    return request


def call(method, request, till="till", daemon=0):
    with SCENE.client(till, daemon) as client:
        return client.call(method, request)


def at_once(method, *requests):
    """Each by a till of its own on a daemon of its own; the replies."""
    replies = [None] * len(requests)
    start = threading.Barrier(len(requests))

    def run(number):
        with SCENE.client(["till", "other-till"][number], number) as client:
            start.wait()
            while True:  # as a till does: until the answer is definite
                reply = client.call(method, requests[number])
                if scene.code(reply) not in (scene.UNAVAILABLE, *scene.OPEN_OUTCOMES):
                    replies[number] = reply
                    return

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(requests))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return replies


class Pools(unittest.TestCase):
    def company(self, name, *people, **rights):
        """A pool of these people, who all may award and redeem."""
        scene.must(create(name))
        CLUB.enrol(*people)
        for person in people:
            scene.must(set_member(name, person, may_award=True, may_redeem=True, **rights))

    def refused(self, reply, reason, field=None):
        self.assertIsNotNone(reply.error, reply)
        self.assertEqual(reply.error.reason, reason)
        if field is not None:
            self.assertEqual(reply.error.field, field)

    def test_a_pool_is_made_once_and_has_no_card(self):
        request_id = frames.new_id()
        first = create("acme", request_id)
        again = create("acme", request_id)
        self.assertEqual((first.replayed, again.replayed), (False, True))
        self.assertEqual(first.message, again.message)
        self.assertEqual(scene.must(first).pool_id, "acme")
        self.refused(create("acme"), "ALREADY_ENROLLED")
        for daemon in range(2):
            shown = SCENE.get("acme", daemon)
            self.assertEqual(shown.kind, frames.members.ACCOUNT_KIND_POOL)
            self.assertFalse(shown.HasField("card"))
            self.assertEqual(shown.standing.tier_id, "")
        self.assertTrue(scene.must(create("")).pool_id)

    def test_points_of_all_are_one_balance(self):
        self.company("shared", "ann", "ben")
        answer = scene.must(call("Award", sale("shared", "ann", 1000)))
        self.assertEqual((answer.points, answer.score), (1000, 0))
        self.assertEqual(answer.member_id, "shared")
        self.assertEqual(answer.standing.tier_id, "")
        answer = scene.must(call("Award", sale("shared", "ben", 60000), daemon=1))
        self.assertFalse(answer.HasField("new_card"), "a pool has no tiers")
        self.assertEqual(answer.standing.balance, 61000)
        spent = scene.must(call("Redeem", spending("shared", "ben", 500)))
        self.assertEqual(spent.standing.balance, 60500)
        self.assertEqual([(entry.member_id, entry.redeemed_this_month) for entry in
                          listed("shared")], [("ann", 0), ("ben", 500)])
        with SCENE.client("backend") as client:
            page = client.ask("ListActivity",
                              frames.members.ListActivityRequest(member=by("shared")))
        kinds = [(entry.kind, entry.other_member_id) for entry in page.activities][:2]
        self.assertEqual(kinds, [(frames.members.ACTIVITY_KIND_REDEEMED, ""),
                                 (frames.members.ACTIVITY_KIND_POOL_SPENT, "ben")])

    def test_who_may_what(self):
        scene.must(create("firm"))
        CLUB.enrol("buyer", "spender", "stranger")
        scene.must(set_member("firm", "buyer", may_award=True))
        scene.must(set_member("firm", "spender", may_redeem=True))
        scene.must(call("Award", sale("firm", "buyer", 1000)))
        before = SCENE.get("firm").standing.balance
        self.refused(call("Award", sale("firm", "spender", 10)), "POOL_MAY_NOT", "pool_member")
        self.refused(call("Award", sale("firm", "stranger", 10)), "NOT_IN_POOL", "pool_member")
        self.refused(call("Award", sale("firm", "nobody-at-all", 10)), "NOT_IN_POOL")
        self.refused(call("Award", sale("firm", None, 10)), "POOL_MEMBER_MISSING")
        self.refused(call("Award", sale("buyer", "buyer", 10)), "NOT_A_POOL")
        self.refused(call("Redeem", spending("firm", None, 10)), "POOL_MEMBER_MISSING")
        self.refused(call("Redeem", spending("buyer", "buyer", 10)), "NOT_A_POOL")
        # Refusals of redemptions are remembered.
        denied = spending("firm", "buyer", 10)
        first = call("Redeem", denied)
        self.refused(first, "POOL_MAY_NOT", "pool_member")
        scene.must(set_member("firm", "buyer", may_award=True, may_redeem=True))
        again = call("Redeem", denied, daemon=1)
        self.assertTrue(again.replayed)
        self.assertEqual(again.error, first.error)
        self.assertEqual(SCENE.get("firm").standing.balance, before)
        scene.must(call("Redeem", spending("firm", "buyer", 10)))
        reserve = frames.reserve_request("firm", 10, CLUB.now_ms)
        self.refused(call("Reserve", reserve), "UNKNOWN_MEMBER")
        self.refused(set_member("buyer", "spender", may_award=True), "NOT_A_POOL", "member")
        self.refused(set_member("firm", "nobody-at-all", may_award=True), "UNKNOWN_MEMBER",
                     "pool_member")
        self.refused(set_member("firm", "firm", may_award=True), "UNKNOWN_MEMBER", "pool_member")
        self.refused(set_member("firm", "stranger"), "NOT_IN_POOL", "pool_member")

    def test_who_has_left_does_nothing_more_but_is_still_answered(self):
        self.company("club", "leaver")
        done = sale("club", "leaver", 100)
        first = call("Award", done)
        scene.must(first)
        scene.must(set_member("club", "leaver"))
        self.assertEqual(listed("club"), [])
        again = call("Award", done, daemon=1)
        self.assertTrue(again.replayed)
        self.assertEqual(again.message, first.message)
        self.refused(call("Award", sale("club", "leaver", 100)), "NOT_IN_POOL")

    def test_by_a_card(self):
        scene.must(create("family"))
        enrolment = frames.enrol_request("mother", CLUB.now_ms)
        enrolment.identifiers.add(kind=frames.common.IDENTIFIER_KIND_BARCODE, value="BC-0815")
        with SCENE.client("backend") as client:
            client.ask("Enroll", enrolment)
        scene.must(set_member("family", "mother", may_award=True))
        request = sale("family", None, 10)
        request.pool_member.identifier.kind = frames.common.IDENTIFIER_KIND_BARCODE
        request.pool_member.identifier.value = "BC-0815"
        scene.must(call("Award", request))
        request = sale("family", None, 10)
        request.pool_member.identifier.kind = frames.common.IDENTIFIER_KIND_BARCODE
        request.pool_member.identifier.value = "BC-0816"
        self.refused(call("Award", request), "NOT_IN_POOL")

    def test_people_who_are_suspended_merged_or_closed(self):
        self.company("house", "rita", "sven")
        CLUB.enrol("rosa")
        scene.must(call("Award", sale("house", "rita", 100)))
        with SCENE.client("admin") as client:
            client.ask("Merge", frames.members.MergeRequest(
                mutation=frames.mutation(None, CLUB.now_ms), member=by("rita"), into=by("rosa"),
                reason="one person"))
            client.ask("SetStatus", frames.members.SetStatusRequest(
                mutation=frames.mutation(None, CLUB.now_ms), member=by("sven"),
                status=frames.common.MEMBER_STATUS_SUSPENDED, reason="asked about"))
        scene.must(call("Award", sale("house", "rita", 100)))
        self.refused(call("Award", sale("house", "rosa", 100)), "NOT_IN_POOL")
        self.refused(call("Award", sale("house", "sven", 100)), "POOL_MAY_NOT")
        scene.must(set_member("house", "rosa", may_award=True))
        scene.must(set_member("house", "rita"))  # the old id leaves
        scene.must(call("Award", sale("house", "rosa", 100)))
        scene.must(set_member("house", "sven"))
        self.assertEqual([entry.member_id for entry in listed("house")], ["rosa"])

    def test_what_is_not_for_pools(self):
        self.company("plain", "tom")
        members, admin = frames.members, frames.admin

        def asked(kind, **fields):
            return kind(mutation=frames.mutation(None, CLUB.now_ms), member=by("plain"), **fields)

        cases = [
            ("till", "Reserve", frames.reserve_request("plain", 10, CLUB.now_ms)),
            ("admin", "SetStatus", asked(members.SetStatusRequest, reason="x",
                                         status=frames.common.MEMBER_STATUS_CLOSED)),
            ("admin", "Erase", asked(members.EraseRequest, reason="x")),
            ("admin", "Merge", asked(members.MergeRequest, into=by("tom"), reason="x")),
            ("admin", "OpeningBalance", asked(admin.OpeningBalanceRequest,
                                              lots=[admin.OpeningLot(points=5)])),
        ]
        for peer, method, request in cases:
            with self.subTest(method=method):
                self.refused(call(method, request, till=peer), "UNKNOWN_MEMBER", "member")
        into = members.MergeRequest(mutation=frames.mutation(None, CLUB.now_ms), member=by("tom"),
                                    into=by("plain"), reason="x")
        self.refused(call("Merge", into, till="admin"), "UNKNOWN_MEMBER", "into")
        referred = frames.enrol_request("brought", CLUB.now_ms)
        referred.referred_by.CopyFrom(by("plain"))
        self.refused(call("Enroll", referred, till="backend"), "UNKNOWN_REFERRER", "referred_by")
        with SCENE.client("backend") as client:
            explained = client.ask("ExplainTier", members.ExplainTierRequest(member=by("plain")))
        self.assertEqual(explained.standing.tier_id, "")

    def test_a_receipt_counts_once(self):
        self.company("papers", "uma")
        request = sale("papers", "uma", 100)
        request.sale.receipt.number = 7
        request.sale.receipt.business_date = "2026-01-10"
        scene.must(call("Award", request))
        request.mutation.request_id = frames.new_id()
        self.refused(call("Award", request), "RECEIPT_COUNTED")

    def test_the_last_points_are_spent_once(self):
        for number in range(ROUNDS):
            pool, people = f"last-{number}", (f"one-{number}", f"two-{number}")
            self.company(pool, *people)
            scene.must(call("Award", sale(pool, people[0], 100)))
            replies = at_once("Redeem", *[spending(pool, person, 60) for person in people])
            reasons = sorted(reply.error.reason if reply.error else "" for reply in replies)
            self.assertEqual(reasons, ["", "INSUFFICIENT_POINTS"])
            for daemon in range(2):
                self.assertEqual(SCENE.get(pool, daemon).standing.balance, 40)

    def test_a_months_limit_at_one_moment(self):
        for number in range(ROUNDS):
            pool, person = f"limit-{number}", f"limited-{number}"
            self.company(pool, person, redeem_a_month=100)
            scene.must(call("Award", sale(pool, person, 1000)))
            replies = at_once("Redeem", *[spending(pool, person, 70) for _ in range(2)])
            reasons = sorted(reply.error.reason if reply.error else "" for reply in replies)
            self.assertEqual(reasons, ["", "POOL_MONTH_LIMIT"])
            self.assertEqual(listed(pool)[0].redeemed_this_month, 70)

    def test_loyaltyctl(self):
        def ctl(*arguments):
            return SCENE.world.ctl_json("--as", "backend", "pool", *arguments,
                                        daemon=SCENE.daemons[0])

        CLUB.enrol("zoe")
        self.assertEqual(ctl("create", "by-hand")["pool_id"], "by-hand")
        ctl("member", "by-hand", "zoe", "--redeem", "--a-month", "300")
        self.assertEqual(ctl("list", "by-hand")["members"][0]["redeem_a_month"], 300)
        SCENE.world.ctl("--as", "till", "redeem", "by-hand", "1", "--pool-member", "zoe",
                        daemon=SCENE.daemons[0], check=False)
        self.assertEqual(SCENE.get("by-hand").seq, 3)  # refused for want of points, remembered
        ctl("member", "by-hand", "zoe", "--award", "--redeem")
        SCENE.world.ctl("--as", "till", "award", "by-hand", "--amount", "100.00", "--currency",
                        "CNY", "--pool-member", "zoe", daemon=SCENE.daemons[0])
        SCENE.world.ctl("--as", "till", "redeem", "by-hand", "30", "--pool-member", "zoe",
                        daemon=SCENE.daemons[0])
        self.assertEqual(ctl("list", "by-hand")["members"][0]["redeemed_this_month"], 30)
        said = SCENE.world.ctl("--as", "backend", "pool", "list", "by-hand",
                               daemon=SCENE.daemons[0]).stdout
        self.assertIn("zoe", said)

    def test_z_time_passes_over_a_pool(self):
        """The last one: the clock goes on."""
        self.company("old", "omar", redeem_a_month=500)
        CLUB.to("2026-01-31T23:00:00")
        scene.must(call("Award", sale("old", "omar", 2000)))
        taken = spending("old", "omar", 300)
        scene.must(call("Redeem", taken))
        denied = call("Redeem", spending("old", "omar", 300))
        self.refused(denied, "POOL_MONTH_LIMIT", "points")
        self.assertEqual(dict(denied.error.figures), {"asked": 300, "left": 200})
        # What is given back stays counted for the month.
        back = frames.reverse_request("old", taken, CLUB.now_ms)
        self.assertEqual(scene.must(call("Reverse", back)).points_returned, 300)
        self.refused(call("Redeem", spending("old", "omar", 300)), "POOL_MONTH_LIMIT")
        CLUB.to("2026-02-01T00:00:00")
        scene.must(call("Redeem", spending("old", "omar", 300), daemon=1))
        CLUB.to("2027-02-01T00:00:00")  # twelve months, to the end of the month
        for daemon in range(2):
            self.assertEqual(SCENE.get("old", daemon).standing.balance, 0)
        self.refused(call("Redeem", spending("old", "omar", 1)), "INSUFFICIENT_POINTS")
        self.assertEqual(SCENE.totals()["faults"], 0)


if __name__ == "__main__":
    scene.run_tests(SCENE)
