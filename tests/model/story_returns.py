"""Invents what a history holds, captures, releases and takes back: of what the member has done,
mostly; of what never was or comes later, too.
"""

from club_acts import WHOLE, Award, Hold, Other, Part, Spent
from story_instants import LAST_MS, account_boundaries
from story_teller import OnHold, Reserve, Reverse

ARRIVING = ["sale", "sale", "quote", "backfill", "redeem", "reserve", "capture", "release",
            "reverse", "opening"]
LIFETIMES_S = [0, 0, 60, 3600, 20 * 86_400, 401 * 86_400, 401 * 86_400]
SELDOM_AHEAD = ("score start", "hold lapse")
HUGE = 2 * 10**9  # figures from here on are reversed, for their products may pass 64 bits
NEVER_SEEN = 900  # ids from here on have not come yet, and may come later


class Returns:
    """A part of the Inventor, whose rng, member, teller and now_ms it uses."""

    def named(self, *kinds):
        """Requests that can be named, of these kinds of acts, the latest more often."""
        found = [request for request, act in self.member.acts.items()
                 if isinstance(request, int) and isinstance(act, kinds)]
        return found[-6:] if self.rng.random() < 0.6 else found

    def one_of(self, *choices):
        """Of lists with weights; of those that are not empty."""
        choices = [(weight, items) for weight, items in choices if items]
        if not choices:
            return self.never_seen()
        weights = [weight for weight, _ in choices]
        return self.rng.choice(self.rng.choices([items for _, items in choices], weights)[0])

    def never_seen(self):
        return NEVER_SEEN + self.rng.randrange(50)

    # --- holds ---

    def invent_reserve(self):
        points, _ = self.invent_redeem()
        seconds, kinds = self.rng.choice(LIFETIMES_S), ()
        if self.rng.random() < 0.5:
            seconds, kinds = self.lapse_with_another_boundary() or (seconds, kinds)
        return Reserve(points, seconds), kinds

    def lapse_with_another_boundary(self):
        """Whole seconds before one of the account's boundaries that a hold can live to."""
        longest_ms = self.versions.at(self.now_ms).hold_seconds * 1000
        longest_ms = min(longest_ms, LAST_MS - self.now_ms)
        ahead = {kind: [instant_ms for instant_ms in instants[:3]
                        if 1000 <= instant_ms - self.now_ms <= longest_ms]
                 for kind, instants in account_boundaries(self.member, self.now_ms).items()}
        ahead = {kind: instants for kind, instants in ahead.items() if instants}
        if not ahead:
            return None
        kinds = [kind for kind in ahead if kind in SELDOM_AHEAD]
        if not kinds or self.rng.random() < 0.4:
            kinds = list(ahead)
        instant_ms = self.rng.choice(ahead[self.rng.choice(kinds)])
        self.now_ms += (instant_ms - self.now_ms) % 1000
        return (instant_ms - self.now_ms) // 1000, ("a hold lapses with another boundary",)

    def open_holds(self):
        """Those that are open now, by request."""
        return [request for request, act in self.member.at(self.now_ms).acts.items()
                if isinstance(act, Hold) and act.state == "open"]

    def choose_reservation(self):
        holds, is_open = self.named(Hold), self.open_holds()
        return self.one_of((70, is_open), (20, [r for r in holds if r not in is_open]),
                           (6, self.named(object)), (3, [self.never_seen()]),
                           (2, self.buried()))

    def buried(self):
        """Requests that were reversed before they came."""
        return sorted(request for request in self.member.tombstones if isinstance(request, int))

    def invent_capture(self):
        reservation = self.choose_reservation()
        hold = self.member.acts.get(reservation)
        held = hold.points if isinstance(hold, Hold) else 10
        points = self.rng.choice([0, 0, 1, held, held + 1, self.rng.randint(1, held),
                                  self.rng.randint(1, held)])
        return OnHold(reservation, points), ()

    def invent_release(self):
        return OnHold(self.choose_reservation()), ()

    # --- reversals ---

    def invent_reverse(self):
        rng = self.rng
        acts = self.member.acts
        awards, spent = self.named(Award), self.named(Spent)
        original = self.one_of(
            (44, [request for request in awards if not acts[request].whole]), (6, awards),
            (14, [request for request in spent if acts[request].given_back < acts[request].points]),
            (4, spent), (16, self.named(Hold)), (7, self.named(object)),
            (6, self.named(Other)), (3, self.teller.forgotten), (4, [self.never_seen()]),
            (3, self.buried()))
        part = WHOLE
        if original in acts and rng.random() < 0.7:
            part = self.invent_part(acts[original])
        return Reverse(original, part, rng.random() < 0.02), ()

    def invent_part(self, act):
        """Mostly one that fits."""
        rng = self.rng
        fits_sale = isinstance(act, Award) != (rng.random() < 0.04)
        if fits_sale and rng.random() < 0.5:
            return Part(amount=self.invent_amount(act))
        if fits_sale:
            return Part(lines=self.invent_lines(act))
        if isinstance(act, (Spent, Hold)):
            left = act.points - getattr(act, "given_back", 0)
            return Part(points=rng.choice([1, max(1, left), left + 1, rng.randint(1, act.points),
                                           rng.randint(1, act.points)]))
        return Part(points=rng.randint(1, 500))

    def invent_amount(self, act):
        rng = self.rng
        total = max(1, act.amount) if isinstance(act, Award) else 100
        left = total - act.returned if isinstance(act, Award) else 1
        return min(10**12, rng.choice([1, 99, max(1, left), left + 1, rng.randint(1, total),
                                       rng.randint(1, total), rng.randint(1, total)]))

    def invent_lines(self, act):
        rng = self.rng
        count = len(act.amounts) if isinstance(act, Award) else 1
        lines = rng.sample(range(1, count + 1), rng.randint(1, count))
        odd = rng.random()
        if odd < 0.04:
            lines.append(rng.choice([0, count + 1, count + 3]))
        elif odd < 0.08:
            lines.append(lines[0])
        return tuple(lines)

    # --- what often comes soon after ---

    def follow(self, verb):
        if verb == "reserve":
            self.follow_reservation()
        elif verb == "reverse" and self.rng.random() < 0.01:
            self.last_id += 1
            self.do("reverse", Reverse(self.last_id), id=self.last_id)
        elif verb == "opening" and self.member.balance > 0 and self.rng.random() < 0.6:
            self.hold_until_score_starts()
        elif verb == "redeem" and self.rng.random() < 0.35:
            self.follow_by("reverse", self.reverse_last(Spent))
        elif verb in ("sale", "opening") and self.member.balance >= HUGE:
            self.reverse_huge_figures()
        elif verb == "sale" and self.rng.random() < 0.2 and self.member.balance > 0:
            if self.rng.random() < 0.4:
                self.follow_by("redeem", self.fitting_points())
                self.follow_by("reverse", self.reverse_last(Award))
            else:
                self.follow_by("reserve", Reserve(self.fitting_points()))
                self.follow_by("reverse", self.reverse_last(Award))
                self.follow_reservation()

    def reverse_huge_figures(self):
        """Whose products pass 64 bits."""
        for points in (10**12, 10**11, 10**10):
            self.last_id += 1
            points = min(points, max(1, self.member.balance))
            self.do("redeem", points, id=self.last_id)
            if isinstance(self.member.acts.get(self.last_id), Spent):
                part = Part(points=self.rng.randint(1, points))
                self.follow_by("reverse", Reverse(self.last_id, part))
        for request in self.named(Award):
            amount = self.member.acts[request].amount
            if amount >= HUGE:
                part = Part(amount=self.rng.randint(1, amount))
                self.follow_by("reverse", Reverse(request, part))

    def hold_until_score_starts(self):
        if account_boundaries(self.member, self.now_ms).get("score start"):
            seconds, kinds = self.lapse_with_another_boundary() or (0, ())
            self.follow_by("reserve", Reserve(self.fitting_points(), seconds), kinds)

    def follow_by(self, verb, what, kinds=()):
        if what is not None:
            self.do(verb, what, kinds, id=self.new_id(verb))

    def reverse_last(self, kind):
        named = self.named(kind)
        return Reverse(named[-1], self.rng.choice([WHOLE, self.invent_part(
            self.member.acts[named[-1]])])) if named else None

    def follow_reservation(self):
        """A purchase is finished or given up, and then perhaps taken back; at nasty instants of the
        hold's."""
        rng = self.rng
        reservation = max(self.named(Hold), default=None)
        if reservation not in self.open_holds() or rng.random() < 0.5:
            return
        lapses_ms = self.member.acts[reservation].lapses_ms
        version_ms = self.versions.next_start(self.now_ms)
        if version_ms < lapses_ms and rng.random() < 0.8:
            self.now_ms = version_ms
            self.follow_by("capture", OnHold(reservation), ("version",))
            return
        if rng.random() < 0.2:
            seconds = (lapses_ms - self.now_ms) // 1000
            self.follow_by("reserve", Reserve(self.fitting_points(), seconds))
        self.now_ms, kind = rng.choice([
            (self.now_ms, "the same instant"), (self.now_ms + 1, "within a minute"),
            (rng.randint(self.now_ms, lapses_ms), "while points are held"),
            (lapses_ms - 1, "hold lapse -1 ms"), (lapses_ms, "hold lapse")])
        self.now_ms = min(self.now_ms, LAST_MS)
        held = self.member.acts[reservation].points
        part = rng.choice([0, rng.randint(1, held), rng.randint(1, held), held + 1])
        verb, what = rng.choice([
            ("capture", OnHold(reservation, part)), ("capture", OnHold(reservation, part)),
            ("release", OnHold(reservation)), ("reverse", Reverse(reservation))])
        self.follow_by(verb, what, (kind,))
        while rng.random() < 0.4:
            act = self.member.acts[reservation]
            part = rng.choice([WHOLE, Part(points=rng.randint(1, act.points))])
            ended_by = [request for request, other in self.member.acts.items()
                        if request == act.capture or other == Other("release")]
            ended_by = [request for request in ended_by if isinstance(request, int)][-1:]
            self.follow_by("reverse", Reverse(rng.choice([reservation, *ended_by]), part))

    def fitting_points(self):
        """As many as may be redeemed now, or a little less."""
        program, look = self.versions.at(self.now_ms), self.member.at(self.now_ms)
        limit, left = self.limit_of_today()
        most = min(look.balance, left) if limit else look.balance
        most = min(most, self.rng.choice([10**12, 10**12, 100, 1000]))
        return max(1, most - most % program.redeem_step)

    # --- what was reversed before it came ---

    def arrive(self, kind):
        if not self.buried():
            return
        verb = self.rng.choice(ARRIVING)
        what, kinds = getattr(self, f"invent_{verb}")()
        if verb == "quote":
            what.training = True
        self.do(verb, what, (kind, *kinds), id=self.rng.choice(self.buried()))
