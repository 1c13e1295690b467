#!/usr/bin/python3
"""Real input, end to end: the purchase history of CDNOW's first customers imported through the
command-line client into a sandbox daemon on durable Redis. Sums as the file alone has them; tier,
card, balance, score and lots of every member on 1998-07-01 as a second, independent computation has
them; importing again changes nothing; every log verifies.
"""

import sys

import cdnow

EXPECTED_FIELDS = ("accounts", "records", "log_bytes", "balance", "points_awarded", "score_given")


def main():
    cdnow.skip_without_file()
    scene = cdnow.world.World(cdnow.bin_folder())
    daemon = cdnow.start(scene)
    cdnow.prepare(scene, daemon)

    first = scene.ctl_json("import", "sales", cdnow.FILE, "--format", "cdnow", daemon=daemon)
    print(f"{first['sales']} rows of {first['members']} members: {first['rows_a_second']} rows/s")
    assert first["members"] == cdnow.MEMBERS, first
    assert first["sales"] == cdnow.ROWS, first
    assert first["score"] == cdnow.SCORE, first
    assert first["refused"] == first["left_out"] == first["replayed"] == 0, first
    totals = scene.totals(daemon)
    cdnow.check_totals(totals)
    assert totals["points_awarded"] == first["points"], (totals, first)
    print(f"{totals['log_bytes'] / totals['records']:.1f} log bytes a record")

    rows = cdnow.read_rows()
    expected = cdnow.model_members(rows)
    cdnow.compare(expected, cdnow.service_members(daemon, rows))

    again = scene.ctl_json("import", "sales", cdnow.FILE, "--format", "cdnow", daemon=daemon)
    print(f"again: {again['replayed']} replayed, {again['rows_a_second']} rows/s")
    assert again["replayed"] == cdnow.ROWS + cdnow.MEMBERS, again
    assert again["refused"] == again["left_out"] == 0, again
    after = scene.totals(daemon)
    for field in EXPECTED_FIELDS:
        assert after[field] == totals[field], (field, totals, after)
    cdnow.compare(expected, cdnow.service_members(daemon, rows))
    assert daemon.stop() == 0, daemon.output()
    return 0


if __name__ == "__main__":
    sys.exit(main())
