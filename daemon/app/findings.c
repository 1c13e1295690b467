// The options and the process; the rest is findings_tls.c's and findings_store.c's.
#include "app/findings.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <time.h>

#include "app/findings_parts.h"
#include "base/limits.h"

enum {
    FINDING_BYTES = 400,
    FILES_BESIDE = 64, // that are open besides the clients' sockets
    DISK_WARNING_PERCENT = 20,
    DISK_FAULT_PERCENT = 5,
};

void findings_say(struct findings *findings, enum finding_level level, const char *code,
                  const char *advice, const char *format, ...)
{
    char what[FINDING_BYTES];
    if (findings->full) {
        return;
    }
    va_list args;
    va_start(args, format);
    (void)vsnprintf(what, sizeof what, format, args);
    va_end(args);
    const struct finding finding = {.level = level, .code = code, .what = what, .advice = advice};
    findings->full = !findings->each(findings->to, &finding);
}

static void judge_files(struct findings *findings)
{
    const struct options *options = findings->about->options;
    struct rlimit limit;
    uint64_t wanted = FILES_BESIDE;
    wanted += options->max_connections == 0 ? (uint64_t)LIMIT_CONNECTIONS
                                            : (uint64_t)options->max_connections;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return;
    }
    bool few = limit.rlim_cur < wanted;
    findings_say(findings, few ? FINDING_WARNING : FINDING_GOOD, "FILE_LIMIT",
                 few ? "Raise LimitNOFILE= of the unit (systemctl edit loyaltyd), or lower "
                       "max-connections; then restart."
                     : "",
                 "The process may open %" PRIu64 " files and needs up to %" PRIu64
                 " for its connections.",
                 (uint64_t)limit.rlim_cur, wanted);
}

static void judge_purpose(struct findings *findings)
{
    const struct options *options = findings->about->options;
    if (options->durability == OPTION_RELAXED) {
        findings_say(findings, FINDING_WARNING, "DURABILITY_RELAXED",
                     "Set Redis's appendfsync to always and durability to strict, then restart.",
                     "Durability is relaxed: points that were acknowledged can be lost when Redis "
                     "or its machine fails.");
    }
    if (options->embedded != NULL) {
        findings_say(findings, FINDING_WARNING, "STORE_EMBEDDED",
                     "Start a redis-server of its own and name it by --redis; loyaltyctl backup "
                     "and restore move what there is.",
                     "Redis is embedded: it is meant for trying things out, and ends with this "
                     "daemon.");
    }
    if (options->clock_offset_ms != 0) {
        findings_say(findings, FINDING_FAULT, "TEST_OPTION", "Start without --clock-offset-ms.",
                     "This daemon's clock is moved by %" PRId64 " ms, for tests.",
                     options->clock_offset_ms);
    }
}

static void judge_work(struct findings *findings)
{
    const struct options *options = findings->about->options;
    if (!options->sweep) {
        findings_say(findings, FINDING_WARNING, "SWEEP_OFF",
                     "See that another daemon of the club sweeps, or start without --sweep off.",
                     "This daemon does not sweep: it ends no points and meets no obligations.");
    }
    if (!options->jobs) {
        findings_say(findings, FINDING_WARNING, "JOBS_OFF",
                     "See that another daemon of the club works on them, or start without "
                     "--jobs off.",
                     "This daemon works on no jobs: no re-scoring, no census.");
    }
}

static void judge_reload(struct findings *findings)
{
    const char *error = findings->about->reload_error;
    if (error != NULL && *error != '\0') {
        findings_say(findings, FINDING_FAULT, "RELOAD_REFUSED",
                     "Mend what it names, try it with loyaltyd --check-config, then systemctl "
                     "reload loyaltyd.",
                     "The last reload was refused and the configuration before kept: %.300s",
                     error);
    }
}

static void judge_disk(struct findings *findings)
{
    const char *folder = findings->about->options->embedded;
    struct statvfs disk;
    if (folder == NULL || statvfs(folder, &disk) != 0 || disk.f_blocks == 0) {
        return;
    }
    uint64_t percent = (uint64_t)disk.f_bavail * 100 / (uint64_t)disk.f_blocks;
    enum finding_level level = percent < DISK_FAULT_PERCENT     ? FINDING_FAULT
                               : percent < DISK_WARNING_PERCENT ? FINDING_WARNING
                                                                : FINDING_GOOD;
    findings_say(findings, level, "DISK",
                 level == FINDING_GOOD ? "" : "df -h; give the disk room, or Redis stops writing.",
                 "%" PRIu64 " %% of the disk of %.200s are free.", percent, folder);
}

void findings_tell(const struct findings_about *about, monitor_finding_fn *each, void *to)
{
    struct findings findings = {
        .about = about, .each = each, .to = to, .now_ms = (int64_t)time(NULL) * 1000};
    findings_store(&findings);
    judge_disk(&findings);
    findings_tls(&findings);
    judge_reload(&findings);
    judge_purpose(&findings);
    judge_work(&findings);
    judge_files(&findings);
}
