// Lines are taken apart into their pairs again: a field is a pair's name in capitals.
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <systemd/sd-journal.h>
// syslog.h comes with it, whose words are macros; ours of the same names are not.
#undef LOG_DEBUG
#undef LOG_INFO
#undef LOG_WARNING

#include "app/journal.h"
#include "base/limits.h"
#include "base/log.h"

enum { FIELDS_MAX = 32, OWN_FIELDS = 4, NAME_BYTES = 48, FIELDS_BYTES = 2 * LIMIT_LOG_LINE_BYTES };

struct fields {
    struct iovec items[FIELDS_MAX];
    int count;
    char bytes[FIELDS_BYTES];
    size_t used;
};

static void add(struct fields *fields, const char *name, size_t name_len, const char *value,
                size_t len)
{
    size_t bytes = name_len + 1 + len;
    if (fields->count >= FIELDS_MAX || bytes > sizeof fields->bytes - fields->used) {
        return;
    }
    char *at = fields->bytes + fields->used;
    for (size_t i = 0; i < name_len; i++) {
        at[i] = (char)toupper((unsigned char)name[i]);
        if (name[i] == '-') {
            at[i] = '_';
        }
    }
    at[name_len] = '=';
    memcpy(at + name_len + 1, value, len);
    fields->items[fields->count++] = (struct iovec){.iov_base = at, .iov_len = bytes};
    fields->used += bytes;
}

static void add_text(struct fields *fields, const char *name, const char *value)
{
    add(fields, name, strlen(name), value, strlen(value));
}

// "00-<32 hex>-<16 hex>-<2 hex>": the middle is what all services of a call have in common.
static void add_trace(struct fields *fields, const char *value, size_t len)
{
    enum { AT = 3, HEX = 32 };
    if (len >= AT + HEX) {
        add(fields, "trace-id", strlen("trace-id"), value + AT, HEX);
    }
}

// One pair from `at` on; where the next begins.
static const char *add_pair(struct fields *fields, const char *at)
{
    const char *equals = strchr(at, '=');
    if (equals == NULL || equals - at >= NAME_BYTES) {
        return at + strlen(at);
    }
    bool quoted = equals[1] == '"';
    const char *value = equals + 1 + (quoted ? 1 : 0);
    size_t len = strcspn(value, quoted ? "\"" : " ");
    add(fields, at, (size_t)(equals - at), value, len);
    if ((size_t)(equals - at) == strlen("trace") && strncmp(at, "trace", strlen("trace")) == 0) {
        add_trace(fields, value, len);
    }
    value += len;
    return *value == '"' ? value + 1 : value;
}

static const char *priority_of(enum log_level level)
{
    static const char *const priorities[] = {"7", "6", "4", "3"}; // of syslog(3)
    return priorities[level];
}

static void to_journal(enum log_level level, const char *event, const char *text, size_t len,
                       const char *pairs)
{
    struct fields fields = {.count = 0};
    add(&fields, "MESSAGE", strlen("MESSAGE"), text, len);
    add_text(&fields, "PRIORITY", priority_of(level));
    add_text(&fields, "SYSLOG_IDENTIFIER", "loyaltyd");
    add_text(&fields, "LOYALTY_EVENT", event);
    while (*pairs != '\0') {
        pairs += strspn(pairs, " ");
        if (*pairs != '\0') {
            pairs = add_pair(&fields, pairs);
        }
    }
    if (sd_journal_sendv(fields.items, fields.count) < 0) {
        log_to_stderr(level, text, len);
    }
}

// JOURNAL_STREAM names the device and inode of what systemd has made our stderr.
static bool stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat entry;
    char ours[64];
    if (stream == NULL || fstat(STDERR_FILENO, &entry) != 0) {
        return false;
    }
    (void)snprintf(ours, sizeof ours, "%" PRIuMAX ":%" PRIuMAX, (uintmax_t)entry.st_dev,
                   (uintmax_t)entry.st_ino);
    return strcmp(ours, stream) == 0;
}

void journal_set_target(enum option_log_target target)
{
    bool journal =
        target == OPTION_LOG_JOURNAL || (target == OPTION_LOG_AUTO && stderr_is_journal());
    log_set_sink(journal ? to_journal : NULL);
}
