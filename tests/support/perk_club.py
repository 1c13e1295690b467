"""The VIP club with its perks open, on a sandbox's clock: two daemons, shops and partners by their
own certificates, members of score enough for diamond; and what is asked of it.
"""

import atexit
import datetime
import shutil
import subprocess
import tempfile

import frames
import scene

perks = frames.MODULES["perks"]
contributions = frames.MODULES["contributions"]

PARTNERS = {"health": "health-centre/desk-1", "health-2": "health-centre/desk-2",
            "lounge": "airport-lounge/gate-3", "garden": "garden-hotel/desk", "lake":
            "lake-hotel/desk", "insurer": "insurer/policies", "nobody": "no-partner-of-ours/x"}
SPA = """
  - id: spa
    names: {en: Spa}
    tiers:
      - {tier_id: diamond, count: 1, per: MONTH}
    partners: [garden-hotel, lake-hotel]
"""


def local_ms(text):
    return frames.utc_ms(f"{text}+08:00")


def make_key(path):
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", path], check=True,
                   capture_output=True)
    return path


class Club:
    """The scene with the club open, its clock, and what is asked of it."""

    def __init__(self):
        folder = tempfile.mkdtemp(prefix="loyalty-perks-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        self.key = make_key(f"{folder}/code.pem")
        self.old_key = make_key(f"{folder}/old.pem")
        self.scene = scene.Scene(daemons=2, publish=False,
                                 options=("--sandbox", "--code-key", self.key, "--compact-bytes",
                                          "600"))
        self.clients = {}
        for name, unit in PARTNERS.items():
            self.scene.world.certificate(name, f"partner/{unit}")
        self.now_ms = 0
        self.to("2026-02-01T10:00:00")
        self.publish(folder)

    def publish(self, folder):
        with open(f"{frames.SOURCE}/programs/vip-club.yaml", encoding="utf-8") as file:
            document = file.read()
        with open(f"{folder}/club.yaml", "w", encoding="utf-8") as file:
            file.write(document + SPA)
        self.scene.world.ctl("program", "publish", f"{folder}/club.yaml", "--effective-from",
                             "2025-01-01T00:00:00Z", daemon=self.scene.daemons[0])
        for daemon in self.scene.daemons:
            scene.world.wait_for(lambda d=daemon: self.scene.knows_program(d), "the program")

    def to(self, text):
        """The clock; only forward."""
        self.now_ms = max(self.now_ms, local_ms(text))
        at = f"{datetime.datetime.utcfromtimestamp(self.now_ms / 1000).isoformat()}Z"
        self.scene.world.ctl("clock", "set", at, daemon=self.scene.daemons[0])

    def client(self, name, daemon=0):
        if (name, daemon) not in self.clients:
            self.clients[name, daemon] = self.scene.client(name, daemon)
        return self.clients[name, daemon]

    def close(self):
        for client in self.clients.values():
            client.close()

    def enrol(self, member, phone=None, score=60000):
        request = frames.enrol_request(member, self.now_ms)
        if phone is not None:
            request.identifiers.add(kind=frames.common.IDENTIFIER_KIND_PHONE, value=phone)
        self.client("backend").ask("Enroll", request)
        if score > 0:
            self.client("insurer").ask(
                "/loyalty.v1.ContributionsService/ReportContribution",
                contributions.ReportContributionRequest(
                    mutation=frames.mutation(None, self.now_ms), member=frames.member_ref(member),
                    contribution_id="P-1", score=score))

    def use_request(self, shown, perk, request_id=None, **more):
        request = perks.UsePerkRequest(mutation=frames.mutation(request_id, self.now_ms),
                                       perk_id=perk, **more)
        self.show(request, shown)
        return request

    @staticmethod
    def show(request, shown):
        if shown.startswith("LY1."):
            request.code = shown
        elif shown.startswith("+"):
            request.member.identifier.kind = frames.common.IDENTIFIER_KIND_PHONE
            request.member.identifier.value = shown
        else:
            request.member.member_id = shown

    def use(self, who, shown, perk, request_id=None, daemon=0, **more):
        return self.client(who, daemon).call(
            "UsePerk", self.use_request(shown, perk, request_id, **more))

    def reverse(self, who, shown, original, request_id=None, daemon=0):
        request = perks.ReversePerkRequest(mutation=frames.mutation(request_id, self.now_ms),
                                           original_request_id=original,
                                           original_created_at=frames.stamp(self.now_ms))
        self.show(request, shown)
        return self.client(who, daemon).call("ReversePerk", request)

    def list(self, member, who="backend"):
        answer = self.client(who).ask("ListPerks", perks.ListPerksRequest(
            member=frames.member_ref(member)))
        return {perk.perk_id: perk for perk in answer.perks}

    def code(self, member, seconds=0, daemon=0):
        return self.client("backend", daemon).call("IssueCode", perks.IssueCodeRequest(
            member=frames.member_ref(member), lifetime_seconds=seconds))

    def status(self, member, status):
        self.client("admin").ask("SetStatus", frames.members.SetStatusRequest(
            mutation=frames.mutation(None, self.now_ms), member=frames.member_ref(member),
            status=status))

    def merge(self, member, into):
        self.client("admin").ask("Merge", frames.members.MergeRequest(
            mutation=frames.mutation(None, self.now_ms), member=frames.member_ref(member),
            into=frames.member_ref(into)))

    def month(self):
        """Of the clock, in the club's zone."""
        at = datetime.datetime.utcfromtimestamp(self.now_ms / 1000 + 8 * 3600)
        return at.strftime("%Y-%m")

    def settlement(self, who, month, **more):
        return self.client(who).call("ListSettlement",
                                     perks.ListSettlementRequest(month=month, **more))
