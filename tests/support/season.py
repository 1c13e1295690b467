"""A club under load that is being hurt: victims, clerks with one journal, and the oracle that holds
everybody to it.
"""

import concurrent.futures
import contextlib
import threading

import clerk
import oracle
import victims
import world

SOON_S = 60


class Shifts(list):
    """Futures of clerks at work."""

    def __init__(self):
        super().__init__()
        self.ending = threading.Event()


class Season(victims.Victims):
    """Its program is known to all daemons, and some members are enrolled."""

    def __init__(self, seed, daemons=2, tills=3, desks=1, members=6, **more):
        super().__init__(daemons=1, **more)
        path = f"{self.world.folder}/journal"
        self.book = clerk.Book(path, seed)
        self.oracle = oracle.Oracle(self, path)
        self.tills = [clerk.Till(self, self.book, number) for number in range(tills)]
        self.desks = [clerk.Desk(self, self.book, number) for number in range(desks)]
        self.office = clerk.Office(self, self.book, 0)
        for number in range(1, daemons):
            self.daemons.append(self.start_daemon(f"daemon-{number}"))
        self.mend()
        self.admit(members)

    # --- load ---

    def admit(self, number):
        """Enrols so many more; gives their ids."""
        desk = self.desks[0]
        goal = len(self.book.members) + number
        while len(self.book.members) < goal or desk.open:
            desk.go_round(fresh=len(self.book.members) < goal)
        return self.book.members[-number:]

    @contextlib.contextmanager
    def at_work(self, *others, only=None):
        """Tills, desks and others work while the body runs, or only these; when this ends, nothing
        is open. The body may end the work before itself: `shifts.ending`."""
        everybody = only or [*self.tills, *self.desks, *others]
        shifts = Shifts()
        with concurrent.futures.ThreadPoolExecutor(len(everybody)) as pool:
            shifts += [pool.submit(each.work, shifts.ending) for each in everybody]
            try:
                yield shifts
            finally:
                shifts.ending.set()
        for shift in shifts:
            shift.result()

    def wait_for_answers(self, shifts, number):
        """Until so many more are definite."""
        goal = self.book.definite() + number
        world.wait_for(lambda: self.book.definite() >= goal
                       or any(shift.done() for shift in shifts), "the clerks to get on", SOON_S)

    # --- judging ---

    def check(self, daemon=0, everything=False):
        self.oracle.check(daemon, everything)

    def finish(self):
        """The last check, through every daemon and by loyaltyctl, and an orderly end."""
        for number in range(len(self.daemons)):
            self.check(number, everything=True)
        self.totals()
        super().finish()
        self.book.journal.close()
