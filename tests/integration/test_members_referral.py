#!/usr/bin/python3
"""Referral end to end: a member brings another, and the first sale that qualifies gives both their
points, once: under retries, two tills at one moment, and daemons killed between the two sides.
"""

import threading
import time
import unittest

import support  # noqa: F401 (finds the rest)
import club_clock
import frames
import scene
import world

SCENE = scene.Scene(daemons=2, options=("--sandbox",), publish=False)
SCENE.world.certificate("other-till", "pos/store-0007/till-03")
CLUB = club_clock.Club(SCENE, "2026-01-10T10:00:00", "referral: {referrer_points: 500, "
                       "referred_points: 200, minimum_spend_minor: 10000, within_days: 30}")
BARCODE = frames.common.IDENTIFIER_KIND_BARCODE
KILLS = 8


def enrolment(member, referrer=None, barcode=None, request_id=None):
    request = frames.enrol_request(member, CLUB.now_ms, request_id)
    if barcode:
        request.identifiers.add(kind=BARCODE, value=barcode)
    if referrer:
        request.referred_by.CopyFrom(frames.member_ref(referrer))
    return request


def enrol(request, daemon=0):
    with SCENE.client("backend", daemon) as client:
        return client.call("Enroll", request)


def bring(member, referrer):
    scene.must(enrol(enrolment(member, referrer)))


def sale(member, yuan):
    return frames.award_request(member, yuan * 100, CLUB.now_ms)


def award(request, till="till", daemon=0):
    with SCENE.client(till, daemon) as client:
        return client.call("Award", request)


def balance(member, daemon=0):
    return SCENE.get(member, daemon).standing.balance


def kinds(member):
    with SCENE.client("backend") as client:
        page = client.ask("ListActivity",
                          frames.members.ListActivityRequest(member=frames.member_ref(member)))
    return [frames.members.ActivityKind.Name(entry.kind)[len("ACTIVITY_KIND_"):]
            for entry in reversed(page.activities)]


class Referral(unittest.TestCase):
    def soon(self, member, expected):
        """The referrer's side comes by itself."""
        world.wait_for(lambda: balance(member, 1) == expected, f"{member} to have {expected}")

    def refused(self, reply, reason):
        self.assertIsNotNone(reply.error, reply)
        self.assertEqual((reply.error.reason, reply.error.field), (reason, "referred_by"))

    def test_both_get_their_points_once(self):
        CLUB.enrol("anna")
        bring("bert", "anna")
        self.assertEqual(kinds("bert"), ["ENROLLED", "REFERRED"])
        small = scene.must(award(sale("bert", 99)))
        self.assertEqual(small.standing.balance, 99)
        request = sale("bert", 100)
        first = award(request)
        answer = scene.must(first)
        self.assertEqual((answer.points, answer.standing.balance), (100, 99 + 100 + 200))
        self.assertEqual([rule.points for rule in answer.by_rule], [100])
        self.soon("anna", 500)
        again = award(request, daemon=1)
        self.assertTrue(again.replayed)
        self.assertEqual(again.message, answer)
        scene.must(award(sale("bert", 1000)))
        # The sale goes back, the bonuses stay.
        back = frames.reverse_request("bert", request, CLUB.now_ms)
        with SCENE.client("till") as client:
            self.assertEqual(client.ask("Reverse", back).points_taken, 100)
        self.assertEqual(balance("bert"), 99 + 200 + 1000)
        self.assertEqual(balance("anna"), 500)
        self.assertEqual(kinds("anna"), ["ENROLLED", "BONUS"])
        self.assertEqual(kinds("bert").count("BONUS"), 1)

    def test_who_may_have_brought_a_member(self):
        CLUB.enrol("carl")
        self.refused(enrol(enrolment("dora", "dora")), "SELF_REFERRAL")
        own = enrolment("dora", barcode="OWN-1")
        own.referred_by.identifier.kind = BARCODE
        own.referred_by.identifier.value = "OWN-1"
        self.refused(enrol(own), "SELF_REFERRAL")
        self.refused(enrol(enrolment("dora", "nobody-at-all")), "UNKNOWN_REFERRER")
        stray = enrolment("dora")
        stray.referred_by.identifier.kind = BARCODE
        stray.referred_by.identifier.value = "OWN-2"
        self.refused(enrol(stray), "UNKNOWN_REFERRER")
        # Nothing of it is left: the member can be enrolled.
        request = enrolment("dora", "carl", barcode="OWN-1")
        first = scene.must(enrol(request))
        self.assertEqual(first.seq, 1)
        again = enrol(request, daemon=1)
        self.assertTrue(again.replayed)
        self.assertEqual(again.message, first)
        # A referrer is named by what it shows, too.
        shown = enrolment("emil")
        shown.referred_by.identifier.kind = BARCODE
        shown.referred_by.identifier.value = "OWN-1"
        scene.must(enrol(shown))
        scene.must(award(sale("emil", 100)))
        self.soon("dora", 500)

    def test_loyaltyctl(self):
        CLUB.enrol("rolf")
        SCENE.world.ctl("--as", "backend", "member", "enroll", "sina", "--referred-by", "rolf",
                        daemon=SCENE.daemons[0])
        scene.must(award(sale("sina", 100)))
        self.soon("rolf", 500)

    def test_what_does_not_qualify(self):
        CLUB.enrol("fred")
        bring("gina", "fred")
        training = sale("gina", 500)
        training.sale.training = True
        scene.must(award(training))
        with SCENE.client("till") as client:
            quote = client.ask("Quote", frames.points.QuoteRequest(
                member=frames.member_ref("gina"), sale=sale("gina", 500).sale))
        self.assertEqual(quote.award.standing.balance, 500)
        self.assertEqual(kinds("gina"), ["ENROLLED", "REFERRED"])

    def test_a_referrer_who_was_merged_or_closed(self):
        CLUB.enrol("mia", "mio", "noa")
        bring("olga", "mia")
        bring("paul", "noa")
        with SCENE.client("admin") as client:
            client.ask("Merge", frames.members.MergeRequest(
                mutation=frames.mutation(None, CLUB.now_ms), member=frames.member_ref("mia"),
                into=frames.member_ref("mio"), reason="one person"))
            client.ask("SetStatus", frames.members.SetStatusRequest(
                mutation=frames.mutation(None, CLUB.now_ms), member=frames.member_ref("noa"),
                status=frames.common.MEMBER_STATUS_CLOSED, reason="left"))
        for member in ("olga", "paul"):
            self.assertEqual(scene.must(award(sale(member, 100))).standing.balance, 300)
            world.wait_for(lambda m=member: kinds(m)[-1] == "SETTLED",
                           "the obligation to be closed")
        self.assertEqual(balance("mio"), 500)
        self.assertEqual(balance("noa"), 0)
        self.refused(enrol(enrolment("quin", "noa")), "UNKNOWN_REFERRER")
        bring("quin", "mia")  # who is mio by now
        scene.must(award(sale("quin", 100)))
        self.soon("mio", 1000)

    def test_two_tills_at_one_moment(self):
        CLUB.enrol("hugo")
        for number in range(KILLS):
            member = f"pair-{number}"
            bring(member, "hugo")
            start = threading.Barrier(2)
            replies = [None, None]

            def run(which, member=member, start=start, replies=replies):
                request = sale(member, 100)
                start.wait()
                replies[which] = award(request, ["till", "other-till"][which], which)
                while scene.code(replies[which]) == scene.UNAVAILABLE:
                    replies[which] = award(request, ["till", "other-till"][which], which)

            threads = [threading.Thread(target=run, args=(which,)) for which in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            for reply in replies:
                scene.must(reply)
            self.assertEqual(balance(member), 100 + 100 + 200)
        self.soon("hugo", KILLS * 500)

    def test_killed_between_the_two_sides(self):
        CLUB.enrol("ines")
        for number in range(KILLS):
            member = f"killed-{number}"
            bring(member, "ines")
            request = sale(member, 100)
            with SCENE.client("till") as client:
                client.submit("Award", request)
                if number % 2 == 0:
                    scene.must(client.receive()[1])
                time.sleep(number // 2 * 0.001)  # before, amid or after it, whichever comes
                SCENE.daemons[0].kill_now()
            SCENE.daemons[0] = SCENE.start_daemon("daemon-0")
            SCENE.daemons[0].wait_ready()
            again = award(request)
            scene.must(again)
            self.assertTrue(again.replayed or number % 2 == 1)
        self.soon("ines", KILLS * 500)
        for number in range(KILLS):
            self.assertEqual(balance(f"killed-{number}"), 300)
            world.wait_for(lambda n=number: kinds(f"killed-{n}")[-1] == "SETTLED",
                           "the obligation to be closed")
        self.assertEqual(kinds("ines").count("BONUS"), KILLS)

    def test_z_too_late(self):
        """The last one: the clock goes on."""
        CLUB.enrol("jost")
        bring("kara", "jost")
        bring("lena", "jost")
        CLUB.to("2026-02-09T23:00:00")
        self.assertEqual(scene.must(award(sale("kara", 100))).standing.balance, 300)
        CLUB.to("2026-02-10T00:00:00")
        self.assertEqual(scene.must(award(sale("lena", 100))).standing.balance, 100)
        self.soon("jost", 500)
        self.assertEqual(SCENE.totals()["faults"], 0)


if __name__ == "__main__":
    scene.run_tests(SCENE)
