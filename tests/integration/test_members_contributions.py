#!/usr/bin/python3
"""The insurer's way, end to end: the VIP club on a sandbox's clock, an insurer's policy system that
reports policies sold, increased, reduced, surrendered and matured, late and repeatedly; what it is
told, and what nobody is told. One story after the other, for time only goes forward.
"""

import subprocess
import threading
import unittest

import support  # noqa: F401 (finds the rest)
import frames
import scene

messages = frames.MODULES["contributions"]

SCENE = scene.Scene(daemons=2, options=("--sandbox",), publish=False)
SCENE.world.certificate("insurer", "partner/insurer/policies")
SCENE.world.certificate("insurer-desk", "partner/insurer/desk-2")
SCENE.world.certificate("bank", "partner/bank/cards")
PHONE = "+8613800000000"
SOLD = "11111111-1111-4111-8111-111111111111"  # the id of the first request of a policy
POLICY = "POLICY-2024-0815"
OF_MEMBER = ("member_id", "seq", "standing", "new_card")


def local_ms(text):
    return frames.utc_ms(f"{text}+08:00")


class Clock:
    """The sandbox's; only forward."""

    now_ms = 0

    def to(self, text):
        self.now_ms = local_ms(text if "T" in text else f"{text}T00:00:00")
        for daemon in range(2):
            SCENE.world.ctl("clock", "set", f"{text if 'T' in text else text + 'T00:00:00'}+08:00",
                            daemon=SCENE.daemons[daemon])


CLOCK = Clock()


def must_refuse(test, reply, reason):
    test.assertIsNotNone(reply.error, reply)
    test.assertEqual(reply.error.reason, reason)


class Partner:
    """A partner's or an admin's connection, by its certificate."""

    def __init__(self, name="insurer", daemon=0):
        self.client = SCENE.client(name, daemon)

    def close(self):
        self.client.close()

    def send(self, method, kind, member, contribution, request_id=None, **fields):
        ref = (member if isinstance(member, frames.common.MemberRef)
               else frames.member_ref(member))
        request = kind(mutation=frames.mutation(request_id, CLOCK.now_ms), member=ref,
                       contribution_id=contribution)
        for name, value in fields.items():
            setattr(request, {"from_": "from"}.get(name, name), value)
        return self.client.call(f"/loyalty.v1.ContributionsService/{method}Contribution", request)

    def report(self, member, contribution, score, request_id=None, **dates):
        return self.send("Report", messages.ReportContributionRequest, member, contribution,
                         request_id, score=score, **dates)

    def reduce(self, member, contribution, score, request_id=None):
        return self.send("Reduce", messages.ReduceContributionRequest, member, contribution,
                         request_id, score=score)

    def end(self, member, contribution, request_id=None, **more):
        return self.send("End", messages.EndContributionRequest, member, contribution, request_id,
                         **more)


def enrol(member, phone=None):
    request = frames.enrol_request(member, CLOCK.now_ms)
    if phone:
        request.identifiers.add(kind=frames.common.IDENTIFIER_KIND_PHONE, value=phone)
    with SCENE.client("backend") as client:
        client.ask("Enroll", request)


class Contributions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.insurer = Partner()

    @classmethod
    def tearDownClass(cls):
        cls.insurer.close()

    def check(self, member, score, tier, card=None, daemon=1):
        """As the other daemon sees the member; `card`: its two days."""
        answer = SCENE.get(member, daemon)
        self.assertEqual((answer.standing.score, answer.standing.tier_id), (score, tier))
        if card is not None:
            since, until = (local_ms(text if "T" in text else f"{text}T00:00:00") for text in card)
            self.assertEqual(frames.instant_ms(getattr(answer.card, "from")), since)
            self.assertEqual(frames.instant_ms(answer.card.until), until)
        return answer

    def left(self, reply, score, until=None):
        """What a partner is told: what is left of its contribution, nothing of the member."""
        answer = scene.must(reply)
        self.assertEqual(answer.score, score)
        self.assertEqual(answer.HasField("until"), until is not None)
        if until is not None:
            self.assertEqual(frames.instant_ms(answer.until), local_ms(f"{until}T00:00:00"))
        for field in OF_MEMBER:
            self.assertFalse(answer.member_id if field == "member_id" else
                             answer.seq if field == "seq" else answer.HasField(field), field)
        return answer

    def test_1_e8(self):
        """domain.md, E8, word by word."""
        insurer = self.insurer
        CLOCK.to("2024-04-01T12:00:00")
        SCENE.world.publish(SCENE.daemons[0], "vip-club.yaml")
        for daemon in SCENE.daemons:
            scene.world.wait_for(lambda d=daemon: SCENE.knows_program(d), "the program")
        enrol("bert")
        self.left(insurer.report("bert", "P-1", 12000, from_="2024-05-01", until="2026-06-01"),
                  12000, until="2026-06-01")
        self.check("bert", 0, "member")
        CLOCK.to("2024-06-01")
        self.check("bert", 12000, "gold", ("2024-06-01", "2026-06-01"))
        CLOCK.to("2025-02-01T12:00:00")
        enrol("anna", PHONE)
        self.left(insurer.report("anna", "P-1", 12000, from_="2024-05-01", until="2026-06-01"),
                  12000, until="2026-06-01")
        self.check("anna", 12000, "member")
        CLOCK.to("2025-06-01")
        self.check("anna", 12000, "gold", ("2025-06-01", "2027-06-01"))

    def test_2_policies(self):
        """Sold, increased to diamond, reduced, surrendered; each said twice."""
        insurer = self.insurer
        CLOCK.to("2025-08-01T10:00:00")
        enrol("cora")
        by_phone = frames.common.MemberRef(identifier=frames.common.Identifier(
            kind=frames.common.IDENTIFIER_KIND_PHONE, value=PHONE))
        first, again = (insurer.report("cora", POLICY, 12000, SOLD) for _ in range(2))
        self.assertEqual(self.left(first, 12000), self.left(again, 12000))
        self.assertTrue(again.replayed and not first.replayed)
        must_refuse(self, insurer.report("cora", POLICY, 12000), "CONTRIBUTION_EXISTS")
        must_refuse(self, insurer.report("cora", POLICY, 500, SOLD), "ID_CONFLICT")
        self.left(insurer.report("cora", f"{POLICY}/2", 38000), 38000)
        self.check("cora", 50000, "diamond", ("2025-08-01T10:00:00", "2027-08-01T10:00:00"))
        self.left(insurer.reduce("cora", f"{POLICY}/2", 8000), 30000)
        refused = insurer.reduce("cora", f"{POLICY}/2", 30001)
        must_refuse(self, refused, "REDUCED_TOO_FAR")
        self.assertEqual(dict(refused.error.figures), {"asked": 30001, "left": 30000})
        CLOCK.to("2025-09-01T00:00:00")
        self.left(insurer.end("cora", f"{POLICY}/2", on="2025-07-01"), 30000, until="2025-09-01")
        self.check("cora", 12000, "diamond")
        self.left(insurer.end("cora", f"{POLICY}/2", on="2026-01-01"), 30000, until="2025-09-01")
        must_refuse(self, insurer.end("cora", "P-0"), "UNKNOWN_CONTRIBUTION")
        matured = messages.CONTRIBUTION_END_MATURED
        self.left(insurer.end("cora", POLICY, on="2026-03-01", cause=matured), 12000,
                  until="2026-03-01")
        self.left(insurer.report(by_phone, "P-2", 100), 100)
        self.check("anna", 12100, "gold")

    def test_3_a_partner_knows_its_own(self):
        """The same id of two partners is two contributions; another desk of one is the same
        partner. A partner that asks is not told more by way of an error or a sequence number."""
        bank, desk, admin = Partner("bank"), Partner("insurer-desk"), Partner("admin")
        try:
            must_refuse(self, bank.reduce("cora", POLICY, 1), "UNKNOWN_CONTRIBUTION")
            self.left(bank.report("cora", POLICY, 7), 7)
            self.check("cora", 12007, "diamond")
            self.left(bank.end("cora", POLICY), 0, until="2025-09-01")  # it counts at no instant
            self.left(desk.reduce("cora", POLICY, 1000), 11000, until="2026-03-01")
            must_refuse(self, bank.report("nobody", "P-1", 1), "UNKNOWN_MEMBER")
            request = messages.ReduceContributionRequest(
                mutation=frames.mutation(None, CLOCK.now_ms, min_seq=10**6),
                member=frames.member_ref("cora"), contribution_id=POLICY, score=1)
            reduced = self.insurer.client.call(
                "/loyalty.v1.ContributionsService/ReduceContribution", request)
            self.left(reduced, 10999, until="2026-03-01")
            told = scene.must(admin.report("cora", "A-1", 2000))
            self.assertEqual((told.member_id, told.standing.tier_id), ("cora", "diamond"))
            self.assertGreater(told.seq, 0)
            for name in ("till", "backend"):
                with_role = Partner(name)
                reply = with_role.report("cora", "P-9", 1)
                self.assertEqual(reply.error.code, frames.common.CODE_PERMISSION_DENIED)
                with_role.close()
        finally:
            for each in (bank, desk, admin):
                each.close()

    def test_4_bad_input(self):
        insurer = self.insurer
        for fields, reason, field in (
                ({"contribution": ""}, "MISSING", "contribution_id"),
                ({"contribution": "a b"}, "BAD_CONTRIBUTION_ID", "contribution_id"),
                ({"contribution": "x" * 65}, "BAD_CONTRIBUTION_ID", "contribution_id"),
                ({"score": 0}, "SCORE_OUT_OF_BOUNDS", "score"),
                ({"score": -1}, "SCORE_OUT_OF_BOUNDS", "score"),
                ({"score": 10**12 + 1}, "SCORE_OUT_OF_BOUNDS", "score"),
                ({"from_": "2025-13-01"}, "BAD_DATE", "from"),
                ({"until": "tomorrow"}, "BAD_DATE", "until")):
            asked = {"member": "cora", "contribution": "P-5", "score": 1, **fields}
            reply = insurer.report(**asked)
            must_refuse(self, reply, reason)
            self.assertEqual(reply.error.field, field)
        must_refuse(self, insurer.report("cora", "P-5", 1, until="2025-01-01"), "BAD_INTERVAL")
        must_refuse(self, insurer.end("cora", POLICY, on="2025-02-30"), "BAD_DATE")

    def test_5_two_desks_at_one_moment(self):
        """One report, one reduction to nothing, of two at the same moment through two daemons."""
        desks = [Partner("insurer", 0), Partner("insurer-desk", 1)]
        enrol("dora")

        def both(ask):
            replies = [None, None]
            start = threading.Barrier(2)

            def run(number):
                start.wait()
                replies[number] = ask(desks[number])

            threads = [threading.Thread(target=run, args=(number,)) for number in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            return sorted(reply.error.reason if reply.error is not None else ""
                          for reply in replies)

        for number in range(20):
            name = f"P-{number}"
            self.assertEqual(both(lambda desk, name=name: desk.report("dora", name, 100)),
                             ["", "CONTRIBUTION_EXISTS"])
            self.assertEqual(both(lambda desk, name=name: desk.reduce("dora", name, 60)),
                             ["", "REDUCED_TOO_FAR"])
        self.check("dora", 20 * 40, "member")
        for desk in desks:
            desk.close()

    def test_6_late(self):
        """What should have been known at a re-scoring is, 400 days back; the end of E8; and the
        ledger holds together."""
        insurer = self.insurer
        CLOCK.to("2026-05-31T23:59:59")
        self.check("anna", 12100, "gold")
        self.check("bert", 12000, "gold")
        self.check("cora", 2000, "diamond")
        CLOCK.to("2026-06-01")
        self.check("anna", 100, "gold", ("2025-06-01", "2027-06-01"))
        self.check("bert", 0, "member")
        CLOCK.to("2026-06-04T10:00:00")
        self.left(insurer.report("dora", "P-late", 9500, from_="2026-05-30"), 9500)
        self.check("dora", 10300, "gold", ("2026-06-01", "2028-06-01"))
        self.left(insurer.report("dora", "P-past", 60000, from_="2026-05-30", until="2026-06-02"),
                  60000, until="2026-06-02")
        self.check("dora", 10300, "diamond", ("2026-06-01", "2028-06-01"))
        SCENE.totals()

    def test_7_after_a_restart(self):
        """Killed and begun again, the log answers; ids are used, and policies still theirs."""
        self.insurer.close()
        SCENE.daemons[0].kill()
        SCENE.daemons[0] = SCENE.start_daemon("daemon-again").wait_ready()
        Contributions.insurer = insurer = Partner()
        again = insurer.report("cora", POLICY, 12000, SOLD)
        self.assertTrue(again.replayed)
        self.left(again, 12000)
        must_refuse(self, insurer.report("cora", POLICY, 12000), "CONTRIBUTION_EXISTS")
        self.left(insurer.reduce("dora", "P-late", 9000), 500)
        self.check("dora", 1300, "diamond")

    def test_8_no_policy_is_named(self):
        """In nothing that is stored or logged."""
        with open(f"{SCENE.world.folder}/redis/appendonly.txt", "wb") as file:
            for part in subprocess.run(["find", f"{SCENE.world.folder}/redis", "-name", "*.aof"],
                                       capture_output=True, text=True, check=True).stdout.split():
                with open(part, "rb") as aof:
                    file.write(aof.read())
        with open(f"{SCENE.world.folder}/redis/appendonly.txt", "rb") as file:
            stored = file.read()
        self.assertIn(b"dora", stored)
        for secret in (POLICY.encode(), PHONE.encode()):
            self.assertNotIn(secret, stored)
            for daemon in SCENE.daemons:
                self.assertNotIn(secret.decode(), daemon.output())

    def test_9_loyaltyctl(self):
        """As the insurer, and as an admin, whose contributions are others."""
        def contribution(*words, name="insurer"):
            return SCENE.world.ctl("--as", name, "contribution", *words, daemon=SCENE.daemons[0],
                                   check=False)

        told = contribution("report", "dora", "C-1", "--score", "50", "--from", "2026-06-01")
        self.assertEqual(told.returncode, 0, told.stderr)
        self.assertNotIn("dora", told.stdout)
        self.assertIn("30", contribution("reduce", "dora", "C-1", "--score", "20").stdout)
        other = contribution("end", "dora", "C-1", name="admin")
        self.assertIn("UNKNOWN_CONTRIBUTION", other.stderr)
        ended = contribution("end", "dora", "C-1", "--matured", "--on", "2026-12-31")
        self.assertIn("2026-12-3", ended.stdout)
        own = contribution("report", "dora", "C-1", "--score", "50", name="admin")
        self.assertIn("diamond", own.stdout)
        for words in (("report", "dora", "C-2"), ("report", "dora", "C-2", "--score", "0"),
                      ("report", "dora", "C-2", "--score", "5", "--from", "today"),
                      ("end", "dora")):
            self.assertNotEqual(contribution(*words).returncode, 0, words)


if __name__ == "__main__":
    scene.run_tests(SCENE)
