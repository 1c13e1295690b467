"""The same cuts on a Redis that does not sync what it acknowledges: they must be seen to lose
something, else the harness is blind. The daemon refuses such a Redis, so the tap between them has
its CONFIG answers say what the daemon wants to hear.
"""

import blackout
import journal
import ledger
import victims

ROUNDS = 10  # of each clerk, before the cut
SLOW_REWRITE_US = 100_000  # a key: it lasts till the cut
# The setting, what it is, and whether that matters only while the file is rewritten.
KINDS = [("appendfsync", "everysec", False), ("no-appendfsync-on-rewrite", "yes", True)]
LIES = {"appendfsync": (b"everysec", b"always"), "no-appendfsync-on-rewrite": (b"yes", b"no")}


def bulk(text):
    return b"$%d\r\n%s\r\n" % (len(text), text)


def whitewash(reply):
    """A CONFIG GET answer in which all is well."""
    for name, (bad, good) in LIES.items():
        key = bulk(name.encode())
        reply = reply.replace(key + bulk(bad), key + bulk(good))
    return reply


def lost_in(seed, rewriting, settings):
    """How many acknowledged requests one cut has lost, and how many there were."""
    club = blackout.Blackout(seed, lies={"config": whitewash}, **settings)
    if rewriting:
        club.begin_rewrite(SLOW_REWRITE_US)
    for _ in range(ROUNDS):
        for each in club.tills:
            each.go_round()
    for each in club.tills:
        each.leave()
    club.disk.merciless = True
    club.cut("control", with_daemon=True)
    club.oracle.reader.read()
    applied = [intent for intent in club.oracle.reader.intents.values()
               if intent.fate == journal.APPLIED]
    stored = ledger.Stored()
    if club.redis.command("DBSIZE") > 0:
        stored.read(club.redis)
    lost = sum(intent.id not in stored.places for intent in applied)
    club.mend()
    victims.Victims.finish(club)  # not the season's: much is missing
    return lost, len(applied)


def run(seed, cuts):
    """Prints and gives what was lost; of each kind some must be."""
    for setting, value, rewriting in KINDS:
        kind = f"{setting} {value}"
        lost = applied = 0
        for number in range(cuts):
            more = lost_in(f"{seed}/{kind}/{number}", rewriting, {setting: value})
            lost, applied = lost + more[0], applied + more[1]
        print(f"control, {kind}: {lost} of {applied} lost in {cuts} cuts", flush=True)
        assert lost > 0, f"{kind} has lost nothing: the harness is blind"
