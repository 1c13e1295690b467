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

static const char *const level_names[] = {
    [LOG_DEBUG] = "debug",
    [LOG_INFO] = "info",
    [LOG_WARNING] = "warning",
    [LOG_ERROR] = "error",
};

static enum log_level level_min = LOG_INFO;

void log_set_level(enum log_level level)
{
    level_min = level;
}

static size_t put_head(char *line, size_t size, enum log_level level, const char *event)
{
    struct timespec now = {0};
    struct tm utc = {0};
    char instant[32] = "";
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (gmtime_r(&now.tv_sec, &utc) != NULL) {
        (void)strftime(instant, sizeof(instant), "%Y-%m-%dT%H:%M:%S", &utc);
    }
    int len = snprintf(line, size, "%s.%03ldZ %s %s", instant, now.tv_nsec / 1000000,
                       level_names[level], event);
    return len < 0 ? 0 : (size_t)len < size ? (size_t)len : size - 1;
}

// A space and the pairs, or nothing if they come out empty; returns how many bytes.
__attribute__((format(printf, 3, 0))) static size_t put_pairs(char *line, size_t size,
                                                              const char *format, va_list args)
{
    if (size < 2) {
        return 0;
    }
    line[0] = ' ';
    int len = vsnprintf(line + 1, size - 1, format, args);
    if (len <= 0) {
        return 0;
    }
    return (size_t)len < size - 1 ? (size_t)len + 1 : size - 1;
}

static void write_line(const char *line, size_t len)
{
    ssize_t written = 0;
    do {
        written = write(STDERR_FILENO, line, len);
    } while (written < 0 && errno == EINTR);
}

void log_event(enum log_level level, const char *event, const char *format, ...)
{
    if (level < level_min) {
        return;
    }
    int saved_errno = errno;
    char line[LIMIT_LOG_LINE_BYTES];
    size_t size = sizeof(line) - 1; // one byte stays for the newline
    size_t len = put_head(line, size, level, event);
    va_list args;
    va_start(args, format);
    len += put_pairs(line + len, size - len, format, args);
    va_end(args);
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f) {
            line[i] = '?';
        }
    }
    line[len++] = '\n';
    write_line(line, len);
    errno = saved_errno;
}
