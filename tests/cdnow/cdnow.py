"""What the two CDNOW tests share: the file, the service it is imported into, and every member as
the model computes him (tests/model) and as the service answers.
"""

import copy
import datetime
import os
import sys

SOURCE = os.environ.get("LOYALTY_SOURCE") or os.path.abspath(f"{__file__}/../../..")
sys.path[:0] = [f"{SOURCE}/tests/support", f"{SOURCE}/tests/model"]

# pylint: disable=wrong-import-position
import yaml  # noqa: E402

import club_calendar  # noqa: E402
import club_model  # noqa: E402
import frames  # noqa: E402
import world  # noqa: E402

FILE = os.path.join(SOURCE, "../shared/data/cdnow_master.txt")
NOW = "1998-07-01T00:00:00-04:00"
MEMBERS = 23_570
ROWS = 69_659
SCORE = 2_453_159  # the sum of floor(dollars), as awk says from the file alone
SKIPPED = 77


def skip_without_file():
    if not os.path.exists(FILE):
        print(f"{FILE} is not here")
        sys.exit(SKIPPED)


def bin_folder():
    """Release binaries, for their speed; else those of this build."""
    release = os.environ.get("LOYALTY_RELEASE_BIN", "")
    return release if os.path.exists(f"{release}/loyaltyd") else frames.BIN


def read_rows():
    """{customer: [(date, cents)] by date}; rows of one day in the file's order."""
    rows = {}
    with open(FILE, encoding="ascii") as file:
        next(file)
        for line in file:
            customer, day, _, dollars = line.split()
            date = datetime.datetime.strptime(day, "%Y%m%d").date()
            whole, cents = dollars.split(".")
            rows.setdefault(customer, []).append((date, int(whole) * 100 + int(cents)))
    for sales in rows.values():
        sales.sort(key=lambda sale: sale[0])
    return rows


def model_members(rows):
    """{customer: what he has at NOW}, by the model."""
    with open(f"{SOURCE}/programs/retail.yaml", encoding="utf-8") as file:
        document = yaml.safe_load(file)
    document.update(currency="USD", zone="America/New_York")
    program = club_model.Program(document)
    zone = program.zone
    versions = club_model.Versions([(zone.at("1996-01-01"), program)])
    now_ms = frames.utc_ms(NOW)
    found = {}
    for customer, sales in rows.items():
        member = club_model.Member(versions, zone.day_start(sales[0][0]))
        for date, cents in sales:
            member.backfill(now_ms, club_model.Sale([(cents, "")], date=date))
        member.advance(now_ms)
        found[customer] = (member.tier, member.card.from_ms, member.card.until_ms, member.balance,
                           member.score, sorted(member.lots.items()))
    return found


def end(message, field):
    """An instant of an answer; absent: never."""
    if not message.HasField(field):
        return club_calendar.NEVER
    return frames.instant_ms(getattr(message, field))


def service_members(daemon, customers):
    """The same, as the service answers."""
    found = {}
    with daemon.client() as client:
        requests = ((c, "GetMember", frames.get_member_request(c)) for c in customers)
        for customer, reply in client.each(requests, window=200):
            assert reply.error is None, f"{customer}: {reply.error}"
            answer = reply.message
            assert answer.as_of.seconds * 1000 == frames.utc_ms(NOW), answer.as_of
            lots = [(end(lot, "expires_at"), lot.points) for lot in answer.lots]
            card = answer.card
            found[customer] = (card.tier_id, end(card, "from"), end(card, "until"),
                               answer.standing.balance, answer.standing.score, lots)
    return found


def compare(expected, found):
    """Every member; says the first that differ."""
    assert len(expected) == MEMBERS, len(expected)
    wrong = [c for c in expected if expected[c] != found.get(c)]
    for customer in wrong[:10]:
        print(f"{customer}: the model says {expected[customer]}, the service {found[customer]}")
    assert not wrong, f"{len(wrong)} members differ"
    tiers = {}
    for member in expected.values():
        tiers[member[0]] = tiers.get(member[0], 0) + 1
    print(f"{len(expected)} members equal in tier, card, balance, score and lots: {tiers}")


def start(scene, name="daemon", folder="data", *more):
    """A sandbox daemon on its own Redis, which knows the program."""
    return scene.daemon(name, "--embedded", f"{scene.folder}/{folder}", "--sandbox", *more)


def prepare(scene, daemon):
    daemon.wait_ready()
    scene.ctl("clock", "set", NOW, daemon=daemon)
    scene.publish(daemon, effective="1996-01-01T00:00:00-05:00",
                  sets=("currency=USD", "zone=America/New_York"))


def check_totals(totals):
    assert totals["accounts"] == MEMBERS, totals
    assert totals["score_given"] == SCORE, totals
