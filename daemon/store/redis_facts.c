// INFO is lines of "name:value"; a line that is missing, as in other versions, counts as nothing.
#include "store/redis_facts.h"

#include <stddef.h>
#include <string.h>

#include "store/redis_resp.h"

struct span redis_info_field(struct span info, const char *name)
{
    size_t name_len = strlen(name);
    while (info.len > 0) {
        const uint8_t *end = memchr(info.data, '\n', info.len);
        size_t line = end == NULL ? info.len : (size_t)(end - info.data) + 1;
        if (line > name_len && memcmp(info.data, name, name_len) == 0) {
            struct span value = span_of(info.data + name_len, line - name_len);
            while (value.len > 0 && value.data[value.len - 1] <= ' ') {
                value.len--;
            }
            return value;
        }
        info = span_from(info, line);
    }
    return (struct span){0};
}

static uint64_t number(struct span info, const char *name)
{
    uint64_t value = 0;
    return resp_parse_u64(redis_info_field(info, name), &value) == STATUS_OK ? value : 0;
}

static bool says(struct span info, const char *name, const char *word)
{
    return span_is_text(redis_info_field(info, name), word);
}

void redis_facts_take(struct redis_facts *facts, struct span info, int64_t now_ms)
{
    struct span version = redis_info_field(info, "redis_version:");
    size_t len = version.len < REDIS_VERSION_BYTES ? version.len : REDIS_VERSION_BYTES - 1;
    *facts = (struct redis_facts){
        .read_ms = now_ms,
        .writes_fail = says(info, "aof_last_write_status:", "err"),
        .rewrite_failed = says(info, "aof_last_bgrewrite_status:", "err"),
        .rewriting = says(info, "aof_rewrite_in_progress:", "1"),
        .delayed_fsyncs = number(info, "aof_delayed_fsync:"),
        .memory_bytes = number(info, "used_memory:"),
        .memory_max_bytes = number(info, "maxmemory:"),
        .machine_bytes = number(info, "total_system_memory:"),
        .clients = number(info, "connected_clients:"),
        .replicas = number(info, "connected_slaves:"),
        .evicted = number(info, "evicted_keys:"),
        .uptime_s = number(info, "uptime_in_seconds:"),
    };
    if (len > 0) {
        memcpy(facts->version, version.data, len);
    }
}
