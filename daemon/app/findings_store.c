// The Redis the daemon stands on: why it is refused, if it is, with the very command that mends it;
// and what it says of itself (store/redis_facts.h).
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/findings_parts.h"
#include "store/redis.h"
#include "store/redis_facts.h"

enum {
    ADVICE_BYTES = 640,
    WORD_BYTES = 48,
    ADDRESS_BYTES = 160,
    CLIENTS_MAX_GOOD = 5000,
    PERCENT_WARNING = 80,
    PERCENT_FAULT = 95,
};

// "redis-cli -s PATH", as far as the daemon knows where it is.
static void client_command(const struct findings *findings, char out[ADDRESS_BYTES])
{
    const struct options *options = findings->about->options;
    const char *path = findings->about->redis_path;
    if (path != NULL) {
        (void)snprintf(out, ADDRESS_BYTES, "redis-cli -s %s", path);
    } else {
        (void)snprintf(out, ADDRESS_BYTES, "redis-cli -h %s -p %u", options->redis.at.host,
                       (unsigned)options->redis.at.port);
    }
}

// --- refused ---

struct refusal_kind {
    const char *setting;
    const char *code;
};

static const struct refusal_kind kinds[] = {
    {"appendonly", "STORE_APPENDONLY"},
    {"appendfsync", "STORE_FSYNC"},
    {"no-appendfsync-on-rewrite", "STORE_FSYNC_ON_REWRITE"},
    {"maxmemory-policy", "STORE_MEMORY_POLICY"},
    {"proto-max-bulk-len", "STORE_BULK"},
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

// A setting's reason is "NAME is VALUE, must be WANTED" (store/redis_check.c); `ret_wanted` its
// last word. NULL: it is about something else.
static const struct refusal_kind *setting_of(const char *reason, char ret_wanted[WORD_BYTES])
{
    const char *wanted = strrchr(reason, ' ');
    for (size_t i = 0; i < KINDS && wanted != NULL; i++) {
        size_t len = strlen(kinds[i].setting);
        if (strncmp(reason, kinds[i].setting, len) == 0 && reason[len] == ' ') {
            (void)snprintf(ret_wanted, WORD_BYTES, "%s", wanted + 1);
            return &kinds[i];
        }
    }
    return NULL;
}

static void say_unfit(struct findings *findings, const char *reason)
{
    char wanted[WORD_BYTES];
    char client[ADDRESS_BYTES];
    char advice[ADVICE_BYTES];
    client_command(findings, client);
    const struct refusal_kind *kind = setting_of(reason, wanted);
    const char *code = "STORE_UNREACHABLE";
    if (kind != NULL) {
        code = kind->code;
        (void)snprintf(advice, sizeof advice,
                       "%s CONFIG SET %s %s && %s CONFIG REWRITE; the daemon goes on by itself.",
                       client, kind->setting, wanted, client);
    } else if (strncmp(reason, "role is ", 8) == 0) {
        code = "STORE_ROLE";
        (void)snprintf(advice, sizeof advice,
                       "Name the primary by --redis. Only if it is lost for good, make this one "
                       "the primary: %s REPLICAOF NO ONE",
                       client);
    } else if (strncmp(reason, "redis_version ", 14) == 0) {
        code = "STORE_VERSION";
        (void)snprintf(advice, sizeof advice, "Install Redis 7.0 or later.");
    } else if (strstr(reason, "loading") != NULL) {
        code = "STORE_LOADING";
        (void)snprintf(advice, sizeof advice,
                       "Wait; it says how far it is with: %s INFO persistence", client);
    } else if (strstr(reason, "permission") != NULL || strstr(reason, "AUTH") != NULL) {
        code = "STORE_PERMISSION";
        (void)snprintf(advice, sizeof advice,
                       "Look at the user's rights: %s ACL LIST; and at --redis-user and "
                       "--redis-password-file.",
                       client);
    } else {
        (void)snprintf(advice, sizeof advice,
                       "systemctl status redis-server; journalctl -u redis-server -n 50; %s PING; "
                       "the runbook: Redis is lost.",
                       client);
    }
    findings_say(findings, FINDING_FAULT, code, advice, "Redis is not served from: %.250s.",
                 reason);
}

// --- what it says of itself ---

static void judge_memory(struct findings *findings, const struct redis_facts *facts)
{
    bool bounded = facts->memory_max_bytes != 0;
    uint64_t most = bounded ? facts->memory_max_bytes : facts->machine_bytes;
    if (most == 0) {
        return;
    }
    uint64_t percent = facts->memory_bytes * 100 / most;
    enum finding_level level = percent >= PERCENT_FAULT     ? FINDING_FAULT
                               : percent >= PERCENT_WARNING ? FINDING_WARNING
                                                            : FINDING_GOOD;
    findings_say(
        findings, level, "STORE_MEMORY",
        level == FINDING_GOOD
            ? ""
            : "Raise maxmemory or give the machine more; loyaltyctl archive --to DIR frees what "
              "waits there. A full Redis refuses every write.",
        "Redis uses %" PRIu64 " MiB, %" PRIu64 " %% of %s.", facts->memory_bytes >> 20, percent,
        bounded ? "its maxmemory" : "its machine's memory");
}

static void judge_files(struct findings *findings, const struct redis_facts *facts)
{
    static const char advice[] =
        "df -h on Redis's machine: its disk is full or fails; journalctl -u redis-server -n 50; "
        "the runbook: The disk is full.";
    if (facts->writes_fail) {
        findings_say(findings, FINDING_FAULT, "STORE_FILE", advice,
                     "Redis could not write its append-only file.");
    }
    if (facts->rewrite_failed) {
        findings_say(findings, FINDING_FAULT, "STORE_REWRITE", advice,
                     "Redis could not rewrite its append-only file, which grows until it can.");
    }
    if (!facts->writes_fail && !facts->rewrite_failed) {
        findings_say(findings, FINDING_GOOD, "STORE_FILE", "",
                     "Redis writes its append-only file well%s.",
                     facts->rewriting ? " and is rewriting it" : "");
    }
}

static void judge_facts(struct findings *findings, const struct redis_facts *facts)
{
    judge_files(findings, facts);
    judge_memory(findings, facts);
    if (facts->evicted > 0) {
        findings_say(findings, FINDING_FAULT, "STORE_EVICTED",
                     "Accounts may be gone: restore the last backup beside it and compare "
                     "(loyaltyctl verify --all).",
                     "Redis has evicted %" PRIu64 " keys since it started.", facts->evicted);
    }
    if (facts->replicas == 0) {
        findings_say(
            findings, FINDING_WARNING, "STORE_REPLICAS",
            "Set up a replica (REPLICAOF), or take backups often: loyaltyctl backup --to DIR",
            "Redis has no replica: what its disk loses is lost.");
    }
    bool many = facts->clients > CLIENTS_MAX_GOOD;
    findings_say(findings, many ? FINDING_WARNING : FINDING_GOOD, "STORE_CLIENTS",
                 many ? "See who they are (CLIENT LIST): nobody but loyaltyd has business there."
                      : "",
                 "Redis has %" PRIu64 " clients, this daemon's own among them.", facts->clients);
}

void findings_store(struct findings *findings)
{
    const struct store *store = findings->about->store;
    const struct redis_facts *facts = redis_facts(store);
    const char *reason = "";
    if (!store_is_ready(store, &reason)) {
        say_unfit(findings, reason);
        return;
    }
    findings_say(findings, FINDING_GOOD, "STORE_SETTINGS", "",
                 "Redis %s is a primary, writes with appendonly and appendfsync as wanted, evicts "
                 "nothing, and has this daemon's functions.",
                 facts->read_ms == 0 ? "(of unknown version)" : facts->version);
    if (facts->read_ms != 0) {
        judge_facts(findings, facts);
    }
}
