// What the parts of `loyaltyctl doctor` share: the findings so far, in a list of bounded length,
// written in the end. Texts are copied into the session's arena.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "ctl/session.h"
#include "loyalty/v1/monitor.pb-c.h"

enum {
    DOCTOR_FINDINGS = 256,
    DOCTOR_TEXT_BYTES = 640,
    DOCTOR_GOOD = LOYALTY__V1__FINDING_LEVEL__FINDING_LEVEL_GOOD,
    DOCTOR_WARNING = LOYALTY__V1__FINDING_LEVEL__FINDING_LEVEL_WARNING,
    DOCTOR_FAULT = LOYALTY__V1__FINDING_LEVEL__FINDING_LEVEL_FAULT,
};

struct doctor_finding {
    int level;
    const char *group; // static: "connection"
    const char *code;
    const char *what;
    const char *advice; // empty: nothing is to be done
};

struct doctor {
    struct session *session;
    struct doctor_finding findings[DOCTOR_FINDINGS];
    size_t count;
    size_t left_out;  // beyond the list's length
    bool unreachable; // the rest could not be asked
};

void doctor_note(struct doctor *doctor, int level, const char *group, const char *code,
                 const char *advice, const char *format, ...) __attribute__((format(printf, 6, 7)));
// As it came from the daemon.
void doctor_take(struct doctor *doctor, const Loyalty__V1__Finding *finding);
// All of them, the worst last, with their sums; as JSON where that is asked for. Returns the exit
// code.
int doctor_report(const struct doctor *doctor);

// Our own files: are they good, whose are they, until when.
void doctor_files(struct doctor *doctor);
// The address and the server's certificate, without believing it.
void doctor_probe(struct doctor *doctor);
// The server's clock against ours; the session is connected.
void doctor_clock(struct doctor *doctor);
// Who reads events, and how far behind.
void doctor_consumers(struct doctor *doctor);
// The due index and the identifiers' claims against the logs, of a sample or of all; or of this
// member, whether the index has it or not.
void doctor_ledger(struct doctor *doctor, bool full, const struct loyalty_member *member);
