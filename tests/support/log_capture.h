// Keeps the log instead of writing it: whoever includes this defines log_event for his program.
// Include it in the one .c file of a test only.
#pragma once

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

static char log_captured[64 * 1024];

void log_set_level(enum log_level level)
{
    (void)level;
}

__attribute__((format(printf, 3, 4))) void log_event(enum log_level level, const char *event,
                                                     const char *format, ...)
{
    (void)level;
    char line[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    size_t used = strlen(log_captured);
    (void)snprintf(log_captured + used, sizeof(log_captured) - used, "%s %s\n", event, line);
}

struct log_text log_text_of(struct span text)
{
    struct log_text copy = {{0}};
    (void)snprintf(copy.text, sizeof(copy.text), "%.*s", (int)text.len, (const char *)text.data);
    return copy;
}

static inline void log_capture_clear(void)
{
    log_captured[0] = '\0';
}

// How many times `text` stands in the lines since the last clear.
static inline size_t log_capture_count(const char *text)
{
    size_t count = 0;
    for (const char *at = log_captured; (at = strstr(at, text)) != NULL; at += strlen(text)) {
        count++;
    }
    return count;
}
