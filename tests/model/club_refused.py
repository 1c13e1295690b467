"""What the rules say no to, for the model: the reasons, with their figures."""

AMOUNT_MAX = 10**12
POINTS_A_RECORD = 10**12
POINTS_A_BALANCE = 10**15

NO_FIGURES = (None, None)
FIGURE = {"FIGURE_OUT_OF_BOUNDS": NO_FIGURES}


class Refused(Exception):
    """A command the rules say no to. `reasons` are all that hold, any of them will do, each with
    the figures that go with it: (asked, limit), None for one there is not."""

    def __init__(self, *reasons, **with_figures):
        self.reasons = {**dict.fromkeys(reasons, NO_FIGURES), **with_figures}
        super().__init__(", ".join(self.reasons))


class Remembered(Refused):
    """A refusal that is recorded, so that a retry is refused too; time does not run back behind
    it."""


def refuse_if(reasons, kind=Refused):
    """`reasons`: {name: (asked, limit)} of those that hold."""
    if reasons:
        raise kind(**reasons)
