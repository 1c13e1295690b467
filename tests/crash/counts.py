"""What a run has done, added up over its seasons, and printed."""

import collections

import season
import tap
import victims


class Counts:
    """`add` what has finished well."""

    def __init__(self):
        self.kills = collections.Counter()
        self.clients = collections.Counter()
        self.stood_still = collections.Counter()
        self.lost = self.double = self.checked = 0

    def add(self, club):
        self.kills.update(club.kills)
        if isinstance(club, season.Season):
            self.clients.update(club.book.counts)
            self.lost += club.oracle.lost
            self.double += club.oracle.double
            self.checked += club.oracle.checked

    def print(self, seconds):
        self._print_points()
        for victim in victims.VICTIMS:
            mine = {doing: count for (who, doing), count in self.kills.items() if who == victim}
            others = {doing: count for doing, count in mine.items() if not isinstance(doing, tuple)}
            at_points = sum(mine.values()) - sum(others.values())
            print(f"kills of {victim}: {sum(mine.values())}, at points {at_points}, else {others}")
        print(f"stood still: {dict(self.stood_still)}")
        print(f"clients: {dict(self.clients)}")
        print(f"{sum(self.kills.values())} kills in {seconds:.0f} s, {self.checked} intents "
              f"judged, lost {self.lost}, double {self.double}", flush=True)

    def _print_points(self):
        """A line a command, a column a moment: kills of the daemon/of Redis/of both."""
        hits = collections.Counter({(doing, who): count for (who, doing), count
                                    in self.kills.items() if isinstance(doing, tuple)})
        print(f"{'kills at':18}" + "".join(f"{moment:>12}" for moment in tap.MOMENTS))
        for command in sorted({doing[0] for doing, _ in hits}):
            cells = ("/".join(str(hits[(command, moment, who), who]) for who in victims.VICTIMS)
                     for moment in tap.MOMENTS)
            print(f"{command:18}" + "".join(f"{cell:>12}" for cell in cells))
