#!/usr/bin/python3
"""Bad input of every kind: a clear answer that names the field, and no byte stored is another."""

import unittest

import support  # noqa: F401 (finds the rest)
import frames
import scene
from frames import common, points
from scene import now_ms

CLUB = scene.Scene()
CLUB.enrol("anna")
with CLUB.client() as first:
    first.ask("Award", frames.award_request("anna", 100_000, now_ms()))
DAY_MS = 86_400_000
with CLUB.client("admin") as first:
    first.ask("Enroll", frames.enrol_request("old", now_ms(), enrolled_ms=now_ms() - 100 * DAY_MS))
INVALID = common.CODE_INVALID_ARGUMENT
PRECONDITION = common.CODE_FAILED_PRECONDITION
MARK = "UTF8UTF8"  # takes the place of bytes that are no UTF-8


def award(minor=1000, **changes):
    """An award request; what stands in `changes` is set on its sale, mutation or top."""
    request = frames.award_request("anna", minor, now_ms())
    for path, value in changes.items():
        *steps, last = path.split("__")
        target = request
        for step in steps:
            target = getattr(target, step)
        if hasattr(value, "DESCRIPTOR"):
            getattr(target, last).CopyFrom(value)
        else:
            setattr(target, last, value)
    return request


def stamp(instant_ms):
    value = type(common.Mutation().created_at)()
    value.FromMilliseconds(instant_ms)
    return value


def lines(*amounts):
    return [points.SaleLine(amount_minor=amount) for amount in amounts]


def award_lines(*amounts):
    request = award()
    del request.sale.lines[:]
    request.sale.lines.extend(lines(*amounts))
    return request


def broken_text(request):
    """The request's bytes, with MARK's replaced by bytes that are no UTF-8."""
    data = request.SerializeToString()
    assert data.count(MARK.encode()) == 1
    return data.replace(MARK.encode(), b"\xff\xfe\xc3\x28\xa0\xa1\xed\xa0")


def redeem(count, **changes):
    request = frames.redeem_request("anna", count, now_ms())
    for name, value in changes.items():
        setattr(request, name, value)
    return request


# (what, who, method, request, code, reason or None for any, field or None for any)
TABLE = [
    ("no mutation", "till", "Award", award(mutation=common.Mutation()), INVALID, "MISSING",
     "mutation.request_id"),
    ("an id that is no UUID", "till", "Award", award(mutation__request_id="7"), INVALID,
     "NOT_A_UUID", "mutation.request_id"),
    ("an id that is nearly a UUID", "till", "Award",
     award(mutation__request_id="01234567-89ab-cdef-0123-456789abcdeg"), INVALID, "NOT_A_UUID",
     "mutation.request_id"),
    ("the nil UUID", "till", "Award",
     award(mutation__request_id="00000000-0000-0000-0000-000000000000"), INVALID, None,
     "mutation.request_id"),
    ("created far ahead", "till", "Award", award(mutation__created_at=stamp(now_ms() + 600_000)),
     INVALID, "FROM_THE_FUTURE", "mutation.created_at"),
    ("created too long ago", "till", "Award",
     award(mutation__created_at=stamp(now_ms() - 401 * DAY_MS)), PRECONDITION, "TOO_OLD",
     "mutation.created_at"),
    ("nobody meant", "till", "Award", award(member=common.MemberRef()), INVALID, "MISSING",
     "member"),
    ("unknown member", "till", "Award", award(member__member_id="nobody"), common.CODE_NOT_FOUND,
     "UNKNOWN_MEMBER", "member"),
    ("a member id of other characters", "till", "Award", award(member__member_id="an na"), INVALID,
     "BAD_MEMBER_ID", "member.member_id"),
    ("a member id too long", "till", "Award", award(member__member_id="a" * 65), INVALID,
     "BAD_MEMBER_ID", "member.member_id"),
    ("negative amount", "till", "Award", award(-1), INVALID, "NEGATIVE_AMOUNT",
     "sale.lines[0].amount_minor"),
    ("one negative line", "till", "Award", award_lines(500, -100), INVALID, "NEGATIVE_AMOUNT",
     "sale.lines[1].amount_minor"),
    ("amount over the bound", "till", "Award", award(10**12 + 1), INVALID, "AMOUNT_OUT_OF_BOUNDS",
     "sale.lines[0].amount_minor"),
    ("the largest of all", "till", "Award", award(2**63 - 1), INVALID, "AMOUNT_OUT_OF_BOUNDS",
     "sale.lines[0].amount_minor"),
    ("a sum over the bound", "till", "Award", award_lines(10**12, 1), INVALID,
     "AMOUNT_OUT_OF_BOUNDS", None),
    ("a sum that overflows", "till", "Award", award_lines(*[2**62] * 4), INVALID, None, None),
    ("too many lines", "till", "Award", award_lines(*[1] * 257), INVALID, "TOO_MANY_LINES",
     "sale.lines"),
    ("wrong currency", "till", "Award", award(sale__currency="EUR"), INVALID,
     "WRONG_CURRENCY", "sale.currency"),
    ("no currency at all", "till", "Award", award(sale__currency=""), INVALID, None,
     "sale.currency"),
    ("more paid with points than the total", "till", "Award",
     award(1000, sale__paid_with_points_minor=1001), INVALID, "PAID_OVER_TOTAL", None),
    ("negative part paid with points", "till", "Award", award(sale__paid_with_points_minor=-1),
     INVALID, None, "sale.paid_with_points_minor"),
    ("a sale from the future", "till", "Award", award(sale__occurred_at=stamp(now_ms() + 600_000)),
     PRECONDITION, "SALE_FROM_FUTURE", None),
    ("a sale before the enrolment", "till", "Award",
     award(sale__occurred_at=stamp(now_ms() - DAY_MS)), PRECONDITION, "SALE_BEFORE_ENROLMENT",
     None),
    ("a sale too old", "till", "Award",
     award(member__member_id="old", sale__occurred_at=stamp(now_ms() - 47 * DAY_MS)),
     PRECONDITION, "SALE_TOO_OLD", None),
    ("a day that is none", "till", "Award", award(sale__occurred_date="2026-02-30"), INVALID,
     "BAD_DATE", "sale.occurred_date"),
    ("a day written otherwise", "till", "Award", award(sale__occurred_date="1.2.2026"), INVALID,
     "BAD_DATE", "sale.occurred_date"),
    ("another shop's till", "till", "Award", award(sale__unit="store-0008/till-01"), INVALID,
     "WRONG_UNIT", "sale.unit"),
    ("the store, whose till this only is", "till", "Award", award(sale__unit="store-0007"), INVALID,
     "WRONG_UNIT", "sale.unit"),
    ("text that is no UTF-8", "till", "Award", broken_text(award(sale__channel=MARK)), INVALID,
     None, None),
    ("an id that is no UTF-8", "till", "Award", broken_text(award(member__member_id=MARK)), INVALID,
     None, None),
    ("an unknown field", "till", "Award", award().SerializeToString() + b"\xf8\x07\x01", INVALID,
     None, None),
    ("bytes that are no message", "till", "Award", b"\xff" * 40, INVALID, None, None),
    ("a message cut short", "till", "Award", award().SerializeToString()[:-3], INVALID, None, None),
    ("an empty message", "till", "Award", b"", INVALID, None, None),
    ("points below 0", "till", "Redeem", redeem(-5), INVALID, "POINTS_OUT_OF_BOUNDS", "points"),
    ("no points", "till", "Redeem", redeem(0), INVALID, "POINTS_OUT_OF_BOUNDS", "points"),
    ("points over the bound", "till", "Redeem", redeem(10**12 + 1), INVALID,
     "POINTS_OUT_OF_BOUNDS", "points"),
    ("a program that is not there", "admin", "GetProgram",
     frames.programs.GetProgramRequest(version=99), common.CODE_NOT_FOUND, None, None),
    ("reading nobody", "till", "GetMember", frames.get_member_request("nobody"),
     common.CODE_NOT_FOUND, "UNKNOWN_MEMBER", "member"),
    ("an unknown method", "till", "/loyalty.v1.PointsService/Steal", award(),
     common.CODE_UNIMPLEMENTED, "UNKNOWN_METHOD", None),
    ("a till that enrols", "till", "Enroll", frames.enrol_request("new", now_ms()),
     common.CODE_PERMISSION_DENIED, "ROLE_NOT_ALLOWED", None),
    ("a till that publishes", "till", "PublishProgram",
     frames.programs.PublishProgramRequest(mutation=frames.mutation(None, now_ms())),
     common.CODE_PERMISSION_DENIED, "ROLE_NOT_ALLOWED", None),
    ("a back end that sells", "backend", "Award", award(), common.CODE_PERMISSION_DENIED,
     "ROLE_NOT_ALLOWED", None),
    ("an admin that sells", "admin", "Award", award(), common.CODE_PERMISSION_DENIED,
     "ROLE_NOT_ALLOWED", None),
    ("a back end that posts history", "backend", "Backfill",
     frames.admin.BackfillRequest(mutation=frames.mutation(None, now_ms())),
     common.CODE_PERMISSION_DENIED, "ROLE_NOT_ALLOWED", None),
    ("a back end that enrols into the past", "backend", "Enroll",
     frames.enrol_request("new", now_ms(), enrolled_ms=now_ms() - 86_400_000),
     common.CODE_PERMISSION_DENIED, None, None),
    ("a member enrolled twice", "backend", "Enroll", frames.enrol_request("anna", now_ms()),
     common.CODE_ALREADY_EXISTS, "ALREADY_ENROLLED", None),
    ("setting a clock that is no test clock", "admin", "SetClock",
     frames.clock.SetClockRequest(now=stamp(now_ms())), PRECONDITION, None, None),
    ("history out of order", "admin", "Backfill",
     frames.admin.BackfillRequest(mutation=frames.mutation(None, now_ms()),
                                  member=frames.member_ref("anna"),
                                  sale=points.Sale(currency="CNY", lines=lines(100),
                                                   occurred_date="2020-01-01")),
     PRECONDITION, None, None),
    ("an opening balance that is over", "admin", "OpeningBalance",
     frames.admin.OpeningBalanceRequest(
         mutation=frames.mutation(None, now_ms()), member=frames.member_ref("anna"),
         lots=[frames.admin.OpeningLot(points=5, expires_on="2020-01-01")]), None, None, None),
    ("an opening balance below 0", "admin", "OpeningBalance",
     frames.admin.OpeningBalanceRequest(
         mutation=frames.mutation(None, now_ms()), member=frames.member_ref("anna"),
         lots=[frames.admin.OpeningLot(points=-5)]), INVALID, "POINTS_OUT_OF_BOUNDS",
     "lots[0].points"),
    ("a score that begins before time", "admin", "OpeningBalance",
     frames.admin.OpeningBalanceRequest(
         mutation=frames.mutation(None, now_ms()), member=frames.member_ref("anna"),
         scores=[frames.admin.OpeningScore(score=5, **{"from": "1950-01-01"})]), INVALID, None,
     None),
]


class BadInput(unittest.TestCase):
    def test_table(self):
        clients = {name: CLUB.client(name) for name in ("till", "backend", "admin")}
        before = CLUB.digest()
        for what, who, method, request, code, reason, field in TABLE:
            with self.subTest(what):
                reply = clients[who].call(method, request)
                self.assertIsNotNone(reply.error, "was answered with yes")
                error = reply.error
                print(f"{what}: {error.reason} {error.field}: {error.message}")
                if code is not None:
                    self.assertEqual(common.Code.Name(error.code), common.Code.Name(code), error)
                if reason is not None:
                    self.assertEqual(error.reason, reason, error)
                if field is not None:
                    self.assertEqual(error.field, field, error)
                self.assertTrue(error.reason and error.reason == error.reason.upper(), error)
                self.assertGreater(len(error.message), 10, error)
                self.assertEqual(CLUB.digest(), before, "something was stored")

    def test_last_good_values(self):
        """What lies just inside the bounds is taken."""
        with CLUB.client() as client:
            for request in (award(0), award_lines(*[1] * 256), award_lines(0, 0),
                            award(sale__channel="käse-店"), award(sale__paid_with_points_minor=1000),
                            award(sale__occurred_at=stamp(now_ms() + 200_000)),
                            award(10**12)):
                reply = client.call("Award", request)
                self.assertIsNone(reply.error, reply)


if __name__ == "__main__":
    scene.run_tests(CLUB)
