#!/usr/bin/python3
"""Birthdays announced at 00:00 local, each once, with nobody asking, by two daemons on a sandbox's
clock; in common years those of 29 February come on the 28th; who has left is not told of; days that
went by while no daemon was there are made up for.
"""

import collections
import datetime
import unittest

import support  # noqa: F401 (finds the rest)
import frames
import ledger
import persons
import scene
import world

members = frames.members
BIRTHDAYS = 2  # an event's format (daemon/service/event.h)
DAY_S = 86400
PARTITIONS = 16


class Calendar:
    """A club, its clock, and the birthdays it has told."""

    def __init__(self):
        self.scene = persons.Club(daemons=2, publish=False, options=("--sandbox",))
        self.now_ms = 0
        self.to("2027-02-01T12:00:00+08:00")
        self.scene.open("\nnotices: {birthdays: true}\n")

    def to(self, text):
        self.now_ms = frames.utc_ms(text)
        self.scene.world.ctl("clock", "set", text, daemon=self.scene.daemons[0])

    def enrol(self, client, member, birthday):
        return client.ask("Enroll", members.EnrollRequest(
            mutation=frames.mutation(None, self.now_ms), member_id=member,
            profile=members.Profile(birthday=birthday)))

    def told(self):
        """How often each (day, member) was told."""
        counts = collections.Counter()
        for partition in range(PARTITIONS):
            entries = self.scene.redis.command("XRANGE", f"ly:{{{partition}}}:ev", "-", "+")
            for _, fields in entries:
                if fields[1][0] == BIRTHDAYS:
                    counts.update(self.read(fields[1]))
        return counts

    @staticmethod
    def read(event):
        length, at = ledger.varint(event, 1)
        _, at = ledger.varint(event, at + length)
        told, at = ledger.varint(event, at)
        end = at + told
        day, at = ledger.varint(event, at)
        begun_ms, at = ledger.varint(event, at)
        assert begun_ms == (day * DAY_S - 8 * 3600) * 1000, "00:00 in Shanghai"
        date = datetime.date(1970, 1, 1) + datetime.timedelta(days=day)
        while at < end:
            length, at = ledger.varint(event, at)
            yield date.isoformat(), event[at:at + length].decode()
            at += length

    def wait_told(self, expected):
        try:
            world.wait_for(lambda: self.told() == collections.Counter(expected), "birthdays")
        except AssertionError as error:
            told = self.told()
            missing = [key for key in expected if told[key] == 0]
            others = {key: count for key, count in told.items() if count != expected.get(key)}
            raise AssertionError(f"{error}: missing {missing}, wrong {others}") from error

    def wait_begun(self):
        """Every partition has told a day: only what comes after that is made up for."""
        world.wait_for(lambda: len(self.scene.redis.command(
            "KEYS", "ly:*:a::birthdays:*")) == PARTITIONS, "all partitions to begin")


class Birthdays(unittest.TestCase):
    def test_each_is_told_once(self):
        calendar = Calendar()
        club = calendar.scene
        client = club.client("backend")
        for number in range(40):
            calendar.enrol(client, f"m-{number}", "1980-02-02")
        calendar.enrol(client, "leap", "1988-02-29")
        calendar.enrol(client, "plain", "1988-02-28")
        calendar.enrol(client, "later", "1990-03-03")
        calendar.enrol(client, "closed", "1980-02-02")
        calendar.enrol(client, "moved", "1980-02-02")
        client.ask("UpdateProfile", members.UpdateProfileRequest(
            member=frames.member_ref("moved"),
            profile=members.Profile(revision=1, birthday="1980-03-04"),
            update_mask=["birthday"]))
        with club.client("admin") as admin:
            admin.ask("SetStatus", members.SetStatusRequest(
                mutation=frames.mutation(None, calendar.now_ms), member=frames.member_ref("closed"),
                status=frames.common.MEMBER_STATUS_CLOSED, reason="wish"))
        expected = {("2027-02-02", f"m-{number}"): 1 for number in range(40)}
        calendar.to("2027-02-02T00:00:00+08:00")
        calendar.wait_told(expected)
        calendar.to("2027-02-28T00:00:01+08:00")
        expected |= {("2027-02-28", "leap"): 1, ("2027-02-28", "plain"): 1}
        calendar.wait_told(expected)
        calendar.to("2027-03-02T23:59:59+08:00")
        calendar.wait_told(expected)
        calendar.wait_begun()
        # an outage over two days that have some
        for daemon in club.daemons:
            daemon.kill_now()
        club.daemons = [club.start_daemon(f"again-{number}") for number in range(2)]
        for daemon in club.daemons:
            daemon.wait_ready()
        calendar.to("2027-03-05T08:00:00+08:00")
        expected |= {("2027-03-03", "later"): 1, ("2027-03-04", "moved"): 1}
        calendar.wait_told(expected)
        for daemon in club.daemons:
            daemon.stop()  # nobody writes any more
        ledger.Stored().read(club.redis)  # every chain holds, no gap
        club.finish()


if __name__ == "__main__":
    scene.run_tests()
