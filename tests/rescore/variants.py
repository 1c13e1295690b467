"""The same ledger several times: copies of a Redis's folder, each with daemons of its own, and what
their members look like.
"""

import shutil

import frames
import ledger
import victims
import world

SEQ_FREE = ("seq", "as_of", "next_change_at")


class Copy(victims.Victims):
    """A copy of a scene whose Redis has ended, in the same folder of certificates and keys."""

    def __init__(self, source, name, daemons, options):  # pylint: disable=super-init-not-called
        self.taps = {}
        self.trap = self.lies = None
        self.kills = victims.collections.Counter()
        self.starting = victims.threading.Lock()
        self.world = source.world
        self.options = options
        self.key = source.key
        self.name = name
        self.redis_settings = source.redis_settings
        self.folder = f"{source.world.folder}/redis-{name}"
        shutil.copytree(source.redis.folder, self.folder, ignore=_no_socket)
        self.redis = self.start_redis()
        self.daemons = [self.start_daemon(f"{name}-{i}") for i in range(daemons)]
        for daemon in self.daemons:
            daemon.wait_ready()

    def start_redis(self, wait=True):
        return world.Redis(self.folder, wait=wait, **self.redis_settings)

    def start_daemon(self, name, *more, path=None, wait=True):
        number = name.rsplit("-", 1)[1]
        return super().start_daemon(f"{self.name}-{number}", *more, path=path, wait=wait)

    def to(self, text):
        """The clock, local."""
        self.world.ctl("clock", "set", f"{text}+08:00", daemon=self.daemons[0])

    def restart_daemons(self, options):
        """All of them, in an orderly way, with other options."""
        self.options = options
        for number, daemon in enumerate(self.daemons):
            assert daemon.stop() == 0, daemon.output()
            self.daemons[number] = self.start_daemon(f"{self.name}-{number}")
        self.mend()

    def due(self, until_ms):
        """How many accounts are due at an instant or before, program's own aside."""
        partitions = int(self.redis.command("GET", "ly:{meta}:partitions"))
        return sum(int(self.redis.command("ZCOUNT", f"ly:{{{number}}}:due", "-inf", until_ms))
                   for number in range(partitions))

    def logs(self, members):
        """{member: its log's bytes}"""
        keys = self.redis.command("KEYS", "ly:{*}:a:*")
        named = {key.decode().split(":a:", 1)[1]: key for key in keys}
        return {member: self.redis.command("GET", named[member]) for member in members}

    def chained(self, members):
        """Every record was announced once and in order: the chain of the events is the log's.
        Types of each member's records."""
        stored = ledger.Stored()
        stored.read(self.redis)
        return {name: account.types for (_, name), account in stored.accounts.items()
                if name in members}

    def look(self, members):
        """{member: all that a client is shown of it, but for what was written or is to be}"""
        with self.client("backend") as client:
            return {member: _shown(client, member) for member in members}


def _no_socket(_, names):
    return [name for name in names if name in ("socket", "log")]


def _shown(client, member):
    ref = frames.member_ref(member)
    full = client.ask("GetMember", frames.members.GetMemberRequest(
        member=ref, view=frames.members.MEMBER_VIEW_FULL))
    tier = client.ask("ExplainTier", frames.members.ExplainTierRequest(member=ref))
    for message in (full, tier):
        for field in SEQ_FREE:
            if field in message.DESCRIPTOR.fields_by_name:
                message.ClearField(field)
    return str(full), str(tier), _statement(client, ref)


def _statement(client, ref):
    activities, token = [], ""
    while True:
        page = client.ask("ListActivity", frames.members.ListActivityRequest(
            member=ref, page_size=200, page_token=token))
        for activity in page.activities:
            activity.ClearField("unwritten")
            activities.append(str(activity))
        token = page.next_page_token
        if not token:
            return activities
