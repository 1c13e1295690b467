// One event is one line is one write(2), so that lines of several processes never mix:
//     2026-03-01T09:30:00.123Z info listening address=127.0.0.1 port=7443
// A line longer than LIMIT_LOG_LINE_BYTES is cut. A control character in a value is written as '?':
// a value that came from outside cannot forge a line.
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"

enum { LOG_KINDS = 128, BURST_MS = 2000, TOKEN = 1000, SUPPRESSED_BYTES = 40 };

// What one kind of event may still say.
struct kind {
    const char *event; // NULL: free
    int64_t tokens;    // in thousandths of a line
    int64_t at_ms;
    uint64_t left_out; // since its last line
};

static const char *const level_names[] = {
    [LOG_DEBUG] = "debug",
    [LOG_INFO] = "info",
    [LOG_WARNING] = "warning",
    [LOG_ERROR] = "error",
};

static enum log_level level_min = LOG_INFO;
static uint32_t rate_max;
static log_sink_fn *log_sink;
static struct kind kinds[LOG_KINDS];
static uint64_t written[LOG_LEVELS];
static uint64_t left_out;

void log_set_level(enum log_level level)
{
    level_min = level;
}

void log_set_rate(uint32_t rate)
{
    rate_max = rate;
}

void log_set_sink(log_sink_fn *sink)
{
    log_sink = sink;
}

struct log_text log_text_of(struct span text)
{
    struct log_text copy = {{0}};
    size_t len = text.len < LOG_TEXT_BYTES ? text.len : LOG_TEXT_BYTES - 1;
    for (size_t i = 0; i < len; i++) {
        char one = (char)text.data[i];
        copy.text[i] = one;
        if (one == '"') {
            copy.text[i] = '\'';
        }
    }
    return copy;
}

// --- how many ---

static int64_t now_ms(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// Events are static words, few of them; NULL when there are more than are kept.
static struct kind *find_kind(const char *event)
{
    for (size_t i = 0; i < LOG_KINDS; i++) {
        if (kinds[i].event == NULL) {
            kinds[i] = (struct kind){.event = event, .tokens = INT64_MAX / 2};
        }
        if (kinds[i].event == event || strcmp(kinds[i].event, event) == 0) {
            return &kinds[i];
        }
    }
    return NULL;
}

// Whether another line may be written; how many were left out before it.
static bool may_write(const char *event, uint64_t *ret_left_out)
{
    struct kind *kind = rate_max == 0 ? NULL : find_kind(event);
    *ret_left_out = 0;
    if (kind == NULL) {
        return true;
    }
    int64_t at_ms = now_ms();
    int64_t most = (int64_t)rate_max * BURST_MS; // thousandths a millisecond
    int64_t passed_ms = at_ms - kind->at_ms < BURST_MS ? at_ms - kind->at_ms : BURST_MS;
    kind->tokens = kind->tokens > most ? most : kind->tokens + passed_ms * (int64_t)rate_max;
    kind->tokens = kind->tokens > most ? most : kind->tokens;
    kind->at_ms = at_ms;
    if (kind->tokens < TOKEN) {
        kind->left_out++;
        left_out++;
        return false;
    }
    kind->tokens -= TOKEN;
    *ret_left_out = kind->left_out;
    kind->left_out = 0;
    return true;
}

// --- lines ---

static void write_all(const char *line, size_t len)
{
    ssize_t wrote = 0;
    do {
        wrote = write(STDERR_FILENO, line, len);
    } while (wrote < 0 && errno == EINTR);
}

void log_to_stderr(enum log_level level, const char *text, size_t len)
{
    char line[LIMIT_LOG_LINE_BYTES + 64];
    struct timespec now = {0};
    struct tm utc = {0};
    char instant[32] = "";
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (gmtime_r(&now.tv_sec, &utc) != NULL) {
        (void)strftime(instant, sizeof(instant), "%Y-%m-%dT%H:%M:%S", &utc);
    }
    int head = snprintf(line, sizeof(line), "%s.%03ldZ %s ", instant, now.tv_nsec / 1000000,
                        level_names[level]);
    size_t at = head < 0 ? 0 : (size_t)head;
    len = len < LIMIT_LOG_LINE_BYTES - 1 - at ? len : LIMIT_LOG_LINE_BYTES - 1 - at;
    memcpy(line + at, text, len);
    line[at + len] = '\n';
    write_all(line, at + len + 1);
}

// The event, its pairs and what was left out; returns how many bytes.
__attribute__((format(printf, 4, 0))) static size_t put_text(char *text, size_t size,
                                                             const char *event, const char *format,
                                                             va_list args, uint64_t missing)
{
    char more[SUPPRESSED_BYTES] = "";
    if (missing > 0) {
        (void)snprintf(more, sizeof(more), " suppressed=%llu", (unsigned long long)missing);
    }
    size_t room = size - strlen(more);
    size_t len = (size_t)snprintf(text, room, "%s ", event);
    int pairs = vsnprintf(text + len, room - len, format, args);
    len = pairs <= 0 ? len - 1 : len + (size_t)pairs;
    len = len < room ? len : room - 1;
    memcpy(text + len, more, strlen(more) + 1);
    return len + strlen(more);
}

static void put_harmless(char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f) {
            text[i] = '?';
        }
    }
    text[len] = '\0';
}

static void send(enum log_level level, const char *event, const char *text, size_t len)
{
    written[level]++;
    if (log_sink != NULL) {
        log_sink(level, event, text, len, text + strlen(event));
    } else {
        log_to_stderr(level, text, len);
    }
}

void log_event(enum log_level level, const char *event, const char *format, ...)
{
    if (level < level_min) {
        return;
    }
    int saved_errno = errno;
    uint64_t missing = 0;
    if (may_write(event, &missing)) {
        char text[LIMIT_LOG_LINE_BYTES];
        va_list args;
        va_start(args, format);
        size_t len = put_text(text, sizeof(text), event, format, args, missing);
        va_end(args);
        put_harmless(text, len);
        send(level, event, text, len);
    }
    errno = saved_errno;
}

void log_tick(void)
{
    int64_t at_ms = now_ms();
    for (size_t i = 0; i < LOG_KINDS && kinds[i].event != NULL; i++) {
        struct kind *kind = &kinds[i];
        if (kind->left_out > 0 && at_ms - kind->at_ms >= 1000) {
            char text[LIMIT_LOG_LINE_BYTES];
            int len = snprintf(text, sizeof(text), "lines-left-out of=%s suppressed=%llu",
                               kind->event, (unsigned long long)kind->left_out);
            kind->left_out = 0;
            send(LOG_WARNING, "lines-left-out", text, (size_t)len);
        }
    }
}

void log_metrics(const struct metrics_out *out)
{
    static const struct metric_family lines = {"loyaltyd_log_lines_total",
                                               "Lines logged, by level.", METRIC_COUNTER};
    static const struct metric_family missing = {
        "loyaltyd_log_lines_left_out_total", "Lines above the rate, not written.", METRIC_COUNTER};
    out->family(out->context, &lines);
    for (size_t i = 0; i < LOG_LEVELS; i++) {
        struct metric_label label = {"level", level_names[i]};
        out->whole(out->context, &label, 1, (int64_t)written[i]);
    }
    metrics_tell(out, &missing, (int64_t)left_out);
}
