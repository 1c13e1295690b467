"""Spending points, for the model: at once, or in two steps by a hold. Written from domain.md,
"Operations" and "Figures", Holds.
"""

import dataclasses

from club_account import Account
from club_acts import Hold, Other, Spent, split_lots
from club_refused import AMOUNT_MAX, FIGURE, Refused, Remembered, refuse_if


@dataclasses.dataclass(frozen=True)
class Freed:
    """Points that are held no more; `expired` of them have ended meanwhile."""

    points: int
    expired: int


class Spending(Account):
    """An account that is told to spend, hold, capture and release."""

    def redeem(self, now_ms, points, request=None):
        """Spends points at once; gives the lots as [(end, points)]."""
        return self._commit(now_ms, request, lambda member: member._redeem(points, request))

    def reserve(self, now_ms, points, seconds=0, request=None):
        """Sets points aside, for so many seconds at most; gives the hold."""
        return self._commit(now_ms, request,
                            lambda member: member._reserve(points, seconds, request))

    def capture(self, now_ms, reservation, points=0, request=None):
        """Spends what is held, or so much of it; gives (Spent, Freed)."""
        return self._commit(now_ms, request,
                            lambda member: member._capture(reservation, points, request))

    def release(self, now_ms, reservation, request=None):
        """Gives Freed."""
        return self._commit(now_ms, request, lambda member: member._release(reservation, request))

    # --- commands and requests ---

    def _commit(self, now_ms, request, command):
        """Does a command, if it is not refused, at this instant; a slower clock's is the account's
        own."""
        now_ms = max(now_ms, self.now_ms)
        self._refuse_reversed(request)
        after = self.at(now_ms)
        try:
            result = command(after)
        except Remembered:
            self.advance(now_ms)
            self._remember(request, Other("refused"))
            raise
        self.__dict__.update(after.__dict__)
        return result

    def _refuse_reversed(self, request):
        if request in self.tombstones:
            raise Refused("REVERSED_BEFORE")

    def _remember(self, request, act):
        """A request that has no id has a key that nobody else knows. Gives it."""
        key = (len(self.acts),) if request is None else request
        assert key not in self.acts
        self.acts[key] = act
        return key

    # --- at `self.now_ms` ---

    def _redeem(self, points, request):
        program = self.versions.at(self.now_ms)
        today = self.zone.date(self.now_ms)
        refuse_if(self._against_redeeming(program, today, points), Remembered)
        taken = self._take(points)
        self._remember(request, Spent(today, tuple(taken), program.worth(points)))
        self.redeemed += points
        return taken

    def _against_redeeming(self, program, today, points):
        reasons = {}
        if points < program.redeem_minimum:
            reasons["BELOW_MINIMUM"] = (points, program.redeem_minimum)
        if points % program.redeem_step:
            reasons["NOT_A_STEP"] = (points, program.redeem_step)
        left = program.redeem_a_day - self.spent_on(today)
        if program.redeem_a_day and points > left:
            reasons["DAY_LIMIT"] = (points, max(0, left))
        if points > self.balance:
            reasons["INSUFFICIENT_POINTS"] = (points, self.balance)
        if program.worth(points) > AMOUNT_MAX:
            reasons.update(FIGURE)
        return reasons

    def _take(self, points):
        """So many spendable points, or as many as there are, earliest expiry first."""
        taken, left = split_lots(sorted(self.lots.items()), points)
        self.lots = dict(left)
        return list(taken)

    def _reserve(self, points, seconds, request):
        program = self.versions.at(self.now_ms)
        today = self.zone.date(self.now_ms)
        refuse_if(self._against_redeeming(program, today, points), Remembered)
        seconds = min(seconds or program.hold_seconds, program.hold_seconds)
        hold = Hold(today, tuple(self._take(points)), program.worth(points), program,
                    self.now_ms + seconds * 1000)
        self._remember(request, hold)
        return hold

    def _open_hold(self, reservation, kind):
        """What is not a reservation, one that was refused too, is no hold to be found."""
        hold = self.acts.get(reservation)
        if not isinstance(hold, Hold):
            raise Refused("HOLD_NOT_FOUND")
        if hold.state != "open":
            state = "released" if hold.state == "reversed" else hold.state
            raise kind(f"HOLD_{state.upper()}")
        return hold

    def _capture(self, reservation, points, request):
        hold = self._open_hold(reservation, Remembered)
        points = points or hold.points
        if points > hold.points:
            raise Remembered(HOLD_TOO_SMALL=(points, hold.points))
        if self.versions.at(self.now_ms) is not hold.program:
            self.note("captured under a later version")
        captured, rest = split_lots(hold.lots, points)
        spent = Spent(hold.day, captured, hold.program.worth(points))
        key = self._remember(request, spent)
        self.acts[reservation] = dataclasses.replace(hold, state="captured", capture=key)
        self.redeemed += points
        return spent, self._freed("captured", rest)

    def _release(self, reservation, request):
        hold = self._open_hold(reservation, Refused)
        self._remember(request, Other("release"))
        self.acts[reservation] = dataclasses.replace(hold, state="released")
        return self._freed("released", hold.lots)

    def _freed(self, how, lots):
        self._note_freed(how, lots)
        return Freed(sum(points for _, points in lots), self._free(lots))
