#!/usr/bin/python3
"""One request id: one record and identical answers, however often, from wherever and at whatever
time it is sent; with other content it is refused.
"""

import random
import unittest

import support  # noqa: F401 (finds the rest)
import frames
import scene
from scene import must, now_ms

SCENE = scene.Scene(daemons=2)
ROUNDS = 60


def send_at_once(clients, method, request):
    """The same bytes on every connection before any answer is read; the answers."""
    for client in clients:
        client.submit(method, request)
    return [client.receive()[1] for client in clients]


class OneId(unittest.TestCase):
    def check_one(self, replies, member, seq):
        """One took effect, the others were told what it said, byte for byte."""
        answers = {must(reply).SerializeToString() for reply in replies}
        self.assertEqual(len(answers), 1)
        self.assertEqual(sum(not reply.replayed for reply in replies), 1)
        self.assertEqual(replies[0].message.seq, seq)
        self.assertEqual(SCENE.get(member).seq, seq)

    def test_at_once(self):
        SCENE.enrol("one")
        clients = [SCENE.client("till", i % 2) for i in range(6)]
        seq = SCENE.get("one").seq
        spent = 0
        for number in range(ROUNDS):
            chosen = random.sample(clients, random.choice([2, 2, 6]))
            seq += 1
            if number % 4 == 3:
                request = frames.redeem_request("one", 5, now_ms())
                spent += 5
                self.check_one(send_at_once(chosen, "Redeem", request), "one", seq)
            else:
                request = frames.award_request("one", 1000, now_ms())
                self.check_one(send_at_once(chosen, "Award", request), "one", seq)
        awards = ROUNDS - ROUNDS // 4
        self.assertEqual(SCENE.get("one").standing.balance, awards * 10 - spent)

    def test_twice_in_one_pipeline(self):
        SCENE.enrol("pipe")
        with SCENE.client() as client:
            for _ in range(20):
                request = frames.award_request("pipe", 1000, now_ms())
                for _ in range(4):
                    client.submit("Award", request)
                replies = [client.receive()[1] for _ in range(4)]
                self.assertEqual(len({must(r).SerializeToString() for r in replies}), 1)
                self.assertEqual(sum(not r.replayed for r in replies), 1)
        self.assertEqual(SCENE.get("pipe").standing.balance, 200)

    def test_enrolment_at_once(self):
        clients = [SCENE.client("backend", i % 2) for i in range(4)]
        for number in range(20):
            request = frames.enrol_request(f"new-{number}", now_ms())
            self.check_one(send_at_once(clients, "Enroll", request), f"new-{number}", 1)

    def test_different_ids_at_once_all_count(self):
        SCENE.enrol("many")
        clients = [SCENE.client("till", i % 2) for i in range(4)]
        for _ in range(20):
            for client in clients:
                client.submit("Award", frames.award_request("many", 100, now_ms()))
            for client in clients:
                self.assertFalse(client.receive()[1].replayed)
        self.assertEqual(SCENE.get("many").standing.balance, 80)

    def test_refused_redemption_stays_refused(self):
        SCENE.enrol("poor")
        clients = [SCENE.client("till", i) for i in range(2)]
        request = frames.redeem_request("poor", 50, now_ms())
        first = send_at_once(clients, "Redeem", request)
        must(clients[0].call("Award", frames.award_request("poor", 10000, now_ms())))
        later = send_at_once(clients, "Redeem", request)
        for reply in first + later:
            self.assertEqual(reply.error.reason, "INSUFFICIENT_POINTS")
        self.assertEqual(len({reply.error.SerializeToString() for reply in first + later}), 1)
        self.assertTrue(all(reply.replayed for reply in later))
        self.assertEqual(SCENE.get("poor").standing.balance, 100)


class OtherContent(unittest.TestCase):
    def test_is_refused(self):
        SCENE.enrol("anna", "bert")
        request_id = frames.new_id()
        created = now_ms()
        client = SCENE.client()
        must(client.call("Award", frames.award_request("anna", 1000, created, request_id)))
        before = SCENE.digest()
        others = [("Award", frames.award_request("anna", 1001, created, request_id)),
                  ("Award", frames.award_request("anna", 1000, created, request_id,
                                                 channel="online")),
                  ("Award", frames.award_request("anna", 1000, created, request_id,
                                                 paid_with_points_minor=1)),
                  ("Redeem", frames.redeem_request("anna", 5, created, request_id))]
        for method, request in others:
            reply = client.call(method, request)
            self.assertEqual(reply.error.reason, "ID_CONFLICT", request)
        self.assertEqual(SCENE.digest(), before)

    def test_what_a_retry_may_change(self):
        SCENE.enrol("carl")
        request_id = frames.new_id()
        request = frames.award_request("carl", 1000, now_ms(), request_id)
        client = SCENE.client()
        first = client.call("Award", request)
        again = frames.award_request("carl", 1000, now_ms() - 60_000, request_id)
        again.mutation.deadline.FromMilliseconds(now_ms() + 5000)
        again.mutation.min_seq = 1
        reply = SCENE.client("till", 1).call("Award", again)
        self.assertTrue(reply.replayed)
        self.assertEqual(must(reply), must(first))

    def test_scope_is_the_member(self):
        SCENE.enrol("dora", "emil")
        request_id = frames.new_id()
        client = SCENE.client()
        for member in ("dora", "emil"):
            reply = client.call("Award",
                                frames.award_request(member, 1000, now_ms(), request_id))
            self.assertFalse(reply.replayed)
            self.assertEqual(must(reply).points, 10)


class Outcome(unittest.TestCase):
    def test_of_each_kind(self):
        SCENE.enrol("olga")
        client = SCENE.client()
        award = frames.award_request("olga", 1000, now_ms())
        redeem = frames.redeem_request("olga", 5000, now_ms())
        awarded = must(client.call("Award", award))
        client.call("Redeem", redeem)

        def outcome(request_id):
            request = frames.points.GetOutcomeRequest(member=frames.member_ref("olga"),
                                                      request_id=request_id)
            return client.ask("GetOutcome", request)

        status = frames.points.OutcomeStatus.Value
        applied = outcome(award.mutation.request_id)
        self.assertEqual(applied.status, status("OUTCOME_STATUS_APPLIED"))
        self.assertEqual(applied.award, awarded)
        refused = outcome(redeem.mutation.request_id)
        self.assertEqual(refused.status, status("OUTCOME_STATUS_REFUSED"))
        self.assertEqual(refused.refusal.reason, "INSUFFICIENT_POINTS")
        self.assertEqual(outcome(frames.new_id()).status,
                         status("OUTCOME_STATUS_NOT_SEEN_YET"))


if __name__ == "__main__":
    scene.run_tests(SCENE)
