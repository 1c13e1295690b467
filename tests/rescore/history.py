"""Random histories of members on a sandbox's clock: what tills, partners, back ends and admins do
between the first day and the last, each step drawn from a seed. Answers of no count as answers; one
that leaves open what happened does not.
"""

import datetime
import random

import frames

contributions = frames.MODULES["contributions"]
perks = frames.MODULES["perks"]

PERKS = """
perks:
  - id: coffee
    names: {en: Coffee}
    tiers:
      - {tier_id: silver, count: 2, per: CARD}
      - {tier_id: gold, count: 3, per: MONTH}
      - {tier_id: diamond, count: 9, per: LIFETIME}
    partners: [insurer]
"""
NO_ANSWER = (frames.common.CODE_UNAVAILABLE, frames.common.CODE_UNKNOWN,
             frames.common.CODE_DEADLINE_EXCEEDED, frames.common.CODE_INTERNAL)
OFTEN = ("sale", "sale", "sale", "redeem", "reserve", "settle", "reverse", "contribute",
         "contribute", "end", "perk", "adjust", "grant", "revoke")


class Histories:
    """`club` has a clock (`now_ms`, `to`) and a scene with clients till, backend, admin and
    partner."""

    def __init__(self, club, seed, members):
        self.club = club
        self.random = random.Random(seed)
        self.members = [f"m-{number}" for number in range(members)]
        self.sales = {member: [] for member in self.members}
        self.holds = {member: [] for member in self.members}
        self.reported = {member: [] for member in self.members}
        self.clients = {name: club.scene.client(name) for name in ("till", "backend", "admin",
                                                                   "partner")}
        self.applied = 0

    def close(self):
        for client in self.clients.values():
            client.close()

    def begin(self):
        for member in self.members:
            self._tell("backend", "Enroll", frames.enrol_request(member, self.club.now_ms))

    def act(self, number):
        for _ in range(number):
            member = self.random.choice(self.members)
            getattr(self, f"_{self.random.choice(OFTEN)}")(member)

    def _tell(self, who, method, request):
        reply = self.clients[who].call(method, request)
        code = 0 if reply.error is None else reply.error.code
        assert code not in NO_ANSWER, f"{method}: {reply.error}"
        self.applied += code == 0
        return code == 0

    def _mutation(self):
        return frames.mutation(None, self.club.now_ms)

    def _day(self, least, most):
        at = datetime.datetime.utcfromtimestamp(self.club.now_ms / 1000)
        return (at + datetime.timedelta(self.random.randrange(least, most))).strftime("%Y-%m-%d")

    # --- what is done ---

    def _sale(self, member):
        amount = self.random.choice((9_999, 80_000, 250_000, 1_000_000, 5_100_000))
        late_ms = self.random.choice((0, 0, 0, 86_400_000 * self.random.randrange(1, 40)))
        request = frames.award_request(member, amount + self.random.randrange(100),
                                       self.club.now_ms)
        if late_ms > 0:
            request.sale.occurred_at.CopyFrom(
                type(request.sale.occurred_at)(**frames.stamp(self.club.now_ms - late_ms)))
        if self._tell("till", "Award", request):
            self.sales[member].append(request)

    def _redeem(self, member):
        self._tell("till", "Redeem", frames.redeem_request(
            member, self.random.choice((1, 300, 5000)), self.club.now_ms))

    def _reserve(self, member):
        request = frames.reserve_request(member, self.random.choice((10, 700)), self.club.now_ms)
        if self._tell("till", "Reserve", request):
            self.holds[member].append(request.mutation.request_id)

    def _settle(self, member):
        if self.holds[member]:
            make = self.random.choice((frames.capture_request, frames.release_request))
            method = "Capture" if make is frames.capture_request else "Release"
            self._tell("till", method, make(member, self.holds[member].pop(), self.club.now_ms))

    def _reverse(self, member):
        if self.sales[member] and self.random.randrange(2):
            original = self.sales[member].pop(self.random.randrange(len(self.sales[member])))
            self._tell("till", "Reverse",
                       frames.reverse_request(member, original, self.club.now_ms))

    def _contribute(self, member):
        name = f"P-{len(self.reported[member])}"
        begins = self.random.choice(("", self._day(-200, 0), self._day(0, 200), "2026-12-01"))
        ends = self.random.choice(("", self._day(201, 400), "2026-12-01", "2026-12-02"))
        if self._tell("partner", "ReportContribution", contributions.ReportContributionRequest(
                mutation=self._mutation(), member=frames.member_ref(member), contribution_id=name,
                score=self.random.choice((500, 1999, 8000, 30000)), **{"from": begins},
                until=ends)):
            self.reported[member].append(name)

    def _end(self, member):
        if not self.reported[member]:
            return
        name = self.random.choice(self.reported[member])
        if self.random.randrange(2):
            self._tell("partner", "ReduceContribution", contributions.ReduceContributionRequest(
                mutation=self._mutation(), member=frames.member_ref(member), contribution_id=name,
                score=self.random.choice((1, 400))))
        else:
            self._tell("partner", "EndContribution", contributions.EndContributionRequest(
                mutation=self._mutation(), member=frames.member_ref(member), contribution_id=name,
                on=self.random.choice(("", self._day(0, 100), "2026-12-01"))))

    def _perk(self, member):
        self._tell("partner", "UsePerk", perks.UsePerkRequest(
            mutation=self._mutation(), member=frames.member_ref(member), perk_id="coffee"))

    # --- by hand ---

    def _by_hand(self, member, code):
        return {"mutation": self._mutation(), "member": frames.member_ref(member),
                "reason_code": code, "reason": "a test"}

    def _adjust(self, member):
        amount = self.random.choice((-2000, -50, 700, 9000))
        what = self._by_hand(member, frames.admin.ACT_REASON_CORRECTION)
        if self.random.randrange(2):
            self._tell("admin", "AdjustPoints",
                       frames.admin.AdjustPointsRequest(points=amount, **what))
        else:
            self._tell("admin", "AdjustScore",
                       frames.admin.AdjustScoreRequest(score=amount, **what))

    def _grant(self, member):
        self._tell("admin", "GrantTier", frames.admin.GrantTierRequest(
            tier_id=self.random.choice(("silver", "gold", "diamond")),
            until=self.random.choice((self._day(1, 200), "2026-12-01")),
            **self._by_hand(member, frames.admin.ACT_REASON_GOODWILL)))

    def _revoke(self, member):
        if self.random.randrange(4) == 0:
            self._tell("admin", "RevokeTier", frames.admin.RevokeTierRequest(
                tier_id=self.random.choice(("", "silver")),
                **self._by_hand(member, frames.admin.ACT_REASON_FRAUD)))
