// What the service finds without asking anybody: its right to write, its clock against the store's,
// the program, and the keys without which it cannot do some of its work.
#include <inttypes.h>

#include "base/limits.h"
#include "service/codes.h"
#include "service/diagnose.h"
#include "store/store.h"

enum {
    CLOCK_WARNING_MS = 500,
    SOON_HOURS = 72,
    HOUR_MS = 3600 * 1000,
};

static const char clock_advice[] =
    "On the machine that is wrong: chronyc tracking, then chronyc makestep (or timedatectl set-ntp "
    "true). Redis's machine says its time with: redis-cli TIME";

static void judge_clock(struct diagnosis *diagnosis, const struct lease_look *look)
{
    int64_t ahead_ms = look->clock_ahead_ms;
    int64_t off_ms = ahead_ms < 0 ? -ahead_ms : ahead_ms;
    if (diagnosis->request->service->options.sandbox) {
        return; // it has a test clock
    }
    if (off_ms <= CLOCK_WARNING_MS) {
        diagnose_note(diagnosis, FINDING_GOOD, "CLOCK_SKEW", "",
                      "This machine's clock and Redis's agree within %d ms.", CLOCK_WARNING_MS);
        return;
    }
    bool fault = off_ms > LIMIT_CLOCK_AHEAD_MS;
    diagnose_note(diagnosis, fault ? FINDING_FAULT : FINDING_WARNING, "CLOCK_SKEW", clock_advice,
                  "This machine's clock is %" PRId64 " ms %s Redis's; beyond %d ms nothing %s.",
                  off_ms, ahead_ms < 0 ? "behind" : "ahead of", LIMIT_CLOCK_AHEAD_MS,
                  fault ? "is written" : "will be written");
}

static void judge_partitions(struct diagnosis *diagnosis)
{
    const struct lease *lease = diagnosis->request->service->lease;
    if (lease_partitions(lease) == 0) {
        diagnose_note(diagnosis, FINDING_FAULT, "NO_PARTITIONS",
                      "On a new store start one daemon with --partitions N; else Redis has lost "
                      "its data: restore it (loyaltyctl restore --help).",
                      "The store has no partitions.");
    } else if (lease_check(lease, false) == TROUBLE_NO_LEASE) {
        diagnose_note(diagnosis, FINDING_FAULT, "PARTITIONS_CHANGED",
                      "This daemon talks to another Redis than before, or to one that lost its "
                      "data. Look at --redis and restart the daemon, or restore the store.",
                      "The store tells other partitions than before.");
    }
}

static void judge_lease(struct diagnosis *diagnosis, const struct lease_look *look)
{
    const char *reason = "";
    if (!store_is_ready(diagnosis->request->service->options.store, &reason)) {
        return; // what is wrong with the store is told beside it
    }
    if (!look->read || look->age_ms > LIMIT_LEASE_MS) {
        diagnose_note(diagnosis, FINDING_FAULT, "LEASE_OLD",
                      "Redis answers too slowly, or not at all: redis-cli --latency; redis-cli "
                      "SLOWLOG GET 10",
                      "The store's head was not read for %" PRId64
                      " s; nothing is served beyond %d s.",
                      look->age_ms / 1000, LIMIT_LEASE_MS / 1000);
        return;
    }
    bool late = look->age_ms > 2 * (int64_t)LIMIT_LEASE_READ_MS;
    diagnose_note(diagnosis, late ? FINDING_WARNING : FINDING_GOOD, "LEASE_OLD",
                  late ? "Redis answers slowly: redis-cli --latency; redis-cli SLOWLOG GET 10" : "",
                  "The right to write was renewed %" PRId64 " ms ago; it lasts %d s.", look->age_ms,
                  LIMIT_LEASE_MS / 1000);
    judge_partitions(diagnosis);
}

static void judge_next_program(struct diagnosis *diagnosis, const struct program_set *set,
                               int64_t now_ms)
{
    const struct program_version *last = &set->versions[set->count - 1];
    int64_t wait_ms = last->effective_from_ms - now_ms;
    if (wait_ms > 0 && wait_ms <= (int64_t)SOON_HOURS * HOUR_MS) {
        diagnose_note(diagnosis, FINDING_GOOD, "PROGRAM_NEXT", "",
                      "Version %" PRIu32 " of the program comes into force in %" PRId64
                      " h; until then it can be withdrawn.",
                      last->number, wait_ms / HOUR_MS);
    }
}

static void judge_program(struct diagnosis *diagnosis, const struct lease_look *look)
{
    const struct lease *lease = diagnosis->request->service->lease;
    const struct program_set *set = lease_set(lease);
    if (!look->read) {
        return;
    }
    if (look->programs != STATUS_OK) {
        diagnose_note(diagnosis, FINDING_FAULT, "PROGRAM_UNREADABLE",
                      "A newer daemon may have written it: install that version here too. Else the "
                      "store is damaged: restore it (loyaltyctl restore --help).",
                      "The program's log cannot be read (%s).", status_name(look->programs));
        return;
    }
    int64_t now_ms = lease_now_ms(lease);
    const struct program_version *now = program_set_at(set, now_ms);
    if (now == NULL) {
        diagnose_note(diagnosis, FINDING_FAULT, "PROGRAM_NONE",
                      "loyaltyctl program publish FILE --effective-from INSTANT",
                      "No program is in force, so that nothing can be awarded.");
        return;
    }
    diagnose_note(diagnosis, FINDING_GOOD, "PROGRAM", "",
                  "Version %" PRIu32 " of the program is in force.", now->number);
    judge_next_program(diagnosis, set, now_ms);
}

static void judge_options(struct diagnosis *diagnosis)
{
    const struct service_options *options = &diagnosis->request->service->options;
    if (options->sandbox) {
        diagnose_note(diagnosis, FINDING_WARNING, "SANDBOX",
                      "A production daemon is started without --sandbox, on a store of its own.",
                      "This is a sandbox: its clock is set by hand.");
    }
    if (options->identifier_hash == NULL) {
        diagnose_note(diagnosis, FINDING_WARNING, "KEY_IDENTIFIERS",
                      "Give the club's key by --identifier-key-file: the one that all its daemons "
                      "have.",
                      "There is no key for identifiers: nobody is found by card or phone.");
    }
    if (options->profiles == NULL) {
        diagnose_note(diagnosis, FINDING_WARNING, "KEY_PROFILES",
                      "If this club keeps profiles, give their key by --profile-key.",
                      "There is no key for profiles: none can be read or written.");
    }
    if (options->codes == NULL || options->codes->key_count == 0) {
        diagnose_note(diagnosis, FINDING_WARNING, "KEY_CODES",
                      "If members show codes for perks, give the key that signs them by "
                      "--code-key.",
                      "There is no key for perks' codes: none can be issued or used.");
    }
}

void diagnose_own(struct diagnosis *diagnosis)
{
    struct lease_look look = lease_look(diagnosis->request->service->lease);
    judge_lease(diagnosis, &look);
    if (look.read) {
        judge_clock(diagnosis, &look);
    }
    judge_program(diagnosis, &look);
    judge_options(diagnosis);
}
