"""What a member of the model is told before it comes: that points end, that the card ends. From
program.proto, "Notices": at 00:00 local, so many civil days before, by the version in force at that
very instant; each end once, points that end that day together, and nothing of what came too late.
"""

import dataclasses
import datetime

from club_calendar import NEVER


@dataclasses.dataclass(frozen=True)
class Notice:
    at_ms: int
    points: object  # None: of the card
    end_ms: int


class Noticing:
    """The part of an Account that gives notices: `told` are all of them."""

    def _begin_noticing(self):
        self.told = []
        self.points_told_ms = 0    # lots that end up to here were told
        self.card_told_ms = None   # the card's end that was told

    def _told_at(self, end_ms, days):
        """00:00 of the civil day so many days before an end's; None when it is not told."""
        if not days or end_ms == NEVER:
            return None
        return self.zone.day_start(self.zone.date(end_ms) - datetime.timedelta(days=days))

    def _point_ends(self):
        ends = {*self.lots, *(pending.end_ms for pending in self.pending)}
        return [end_ms for end_ms in ends if end_ms > self.points_told_ms]

    def _card_is_told(self, program, instant_ms):
        end_ms = self.card.until_ms
        return (self._told_at(end_ms, program.card_days) == instant_ms > self.card.from_ms
                and end_ms != self.card_told_ms)

    def _notice_instants(self):
        """When something may be to be told."""
        instants = []
        for _, program in self.versions.versions:
            told = [self._told_at(end_ms, program.points_days) for end_ms in self._point_ends()]
            told.append(self._told_at(self.card.until_ms, program.card_days))
            instants += [instant for instant in told
                         if instant is not None and self.versions.at(instant) is program]
        return instants

    def _give_notices(self, program, instant_ms):
        """The last of what an instant brings."""
        kinds = []
        ends = [end_ms for end_ms in self._point_ends()
                if self._told_at(end_ms, program.points_days) == instant_ms]
        if ends:
            points = sum(self.lots.get(end_ms, 0) for end_ms in ends)
            points += sum(pending.points for pending in self.pending if pending.end_ms in ends)
            self.told.append(Notice(instant_ms, points, max(ends)))
            self.points_told_ms = max(ends)
            kinds.append("points told")
        if self._card_is_told(program, instant_ms):
            self.told.append(Notice(instant_ms, None, self.card.until_ms))
            self.card_told_ms = self.card.until_ms
            kinds.append("card told")
        return kinds
