// The questions are asked in one burst and judged in order, so the first misfit is the one named:
//
//     [AUTH] ─ INFO server ─ INFO persistence ─ ROLE ─ CONFIG GET
//         └─► FUNCTION LOAD ─► INFO persistence ─► [BGREWRITEAOF] ─► ly1_check ─► ready
//
// FUNCTION LOAD is also the first write of ours, each time: its fsync takes with it what a Redis
// that was killed had written and not synced, and has loaded again. BGREWRITEAOF is for a Redis
// that has not begun a new append-only file since it started: where the old one ended in a torn
// transaction, redis 7.0 did not apply that, but left its beginning in the file, so that with what
// is written behind it the next start would apply it after all (valkey-io/valkey#4342).
//
// ROLE and CONFIG GET are asked again from time to time, for what an operator may change at any
// moment. (That the functions have gone is found by the first call.)
//
// Why each: redis 7.0 has functions and `XADD 0-*`; a Redis that loads, or is a replica, refuses
// writes; without an append-only file that is fsynced before the reply an acknowledged award can be
// lost; a policy other than noeviction deletes accounts; proto-max-bulk-len bounds what APPEND may
// grow; ly1_check asks for the permissions whose lack would stop a function half way.
#include "store/redis_check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "store/redis_facts.h"
#include "store/redis_functions.h"
#include "store/redis_link.h"

enum { VERSION_MIN = 7 };

// A compaction's result may be twice a log's bound before it is judged.
static const uint64_t bulk_bytes_min = UINT64_C(4) * LIMIT_LOG_BYTES;

struct setting {
    const char *name;
    const char *wanted;
    bool unless_relaxed;
};

static const struct setting settings[] = {
    {"appendonly", "yes", false},
    {"appendfsync", "always", true},
    {"no-appendfsync-on-rewrite", "no", true},
    {"maxmemory-policy", "noeviction", false},
};

enum { SETTINGS = sizeof(settings) / sizeof(settings[0]) };

__attribute__((format(printf, 2, 3))) static void refuse(struct redis_link *link,
                                                         const char *format, ...)
{
    char reason[REDIS_REASON_BYTES];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(reason, sizeof(reason), format, args);
    va_end(args);
    redis_link_refuse(link, reason);
}

static void send(struct redis_link *link, redis_answer_fn *on_answer, uint64_t tag)
{
    struct redis_call call = {.on_answer = on_answer, .context = link, .tag = tag};
    redis_link_send_check(link, &call);
}

// False, with the connection given up or lost already, when there is no reply to look at.
static bool has_reply(struct redis_link *link, const struct redis_answer *answer, const char *what)
{
    if (answer->value != NULL) {
        return true;
    }
    if (answer->text.len > 0) {
        refuse(link, "Redis refuses %s: %.*s", what, (int)answer->text.len,
               (const char *)answer->text.data);
    }
    return false;
}

static void ask_info(struct redis_link *link, const char *section, redis_answer_fn *on_answer)
{
    struct resp_writer *writer = redis_link_writer(link);
    resp_begin(writer, 2);
    resp_put_text(writer, "INFO");
    resp_put_text(writer, section);
    send(link, on_answer, 0);
}

// For the operator; a Redis that does not tell is served all the same.
static bool on_facts(const struct redis_call *call, const struct redis_answer *answer)
{
    if (answer->value != NULL && answer->value->type == RESP_STRING) {
        redis_link_learn(call->context, answer->value->text);
    }
    return true;
}

// --- the last steps ---

static bool on_checked(const struct redis_call *call, const struct redis_answer *answer)
{
    struct redis_link *link = call->context;
    if (!has_reply(link, answer, "ly1_check")) {
        return true;
    }
    const struct resp_value *value = answer->value;
    if (span_is_text(value->items[1]->text, "OK")) {
        redis_link_ready(link);
        ask_info(link, "default", on_facts);
        return true;
    }
    if (value->count < 3 || !span_is_text(value->items[1]->text, "NOPERM")) {
        return false;
    }
    refuse(link, "the user has no permission for %.*s on ly:*", (int)value->items[2]->text.len,
           (const char *)value->items[2]->text.data);
    return true;
}

static void ask_permissions(struct redis_link *link)
{
    uint64_t tag = redis_link_next_tag(link);
    struct resp_writer *writer = redis_link_writer(link);
    resp_begin(writer, 4);
    resp_put_text(writer, "FCALL");
    resp_put_text(writer, "ly1_check");
    resp_put_text(writer, "0");
    resp_put_number(writer, (int64_t)tag);
    send(link, on_checked, tag);
}

// Whether a new file was begun; false also without an answer, which is then seen to.
static bool has_begun_file(struct redis_link *link, const struct redis_answer *answer)
{
    if (!has_reply(link, answer, "INFO")) {
        return false;
    }
    struct span rewrites = redis_info_field(answer->value->text, "aof_rewrites:");
    return rewrites.len > 0 && !span_is_text(rewrites, "0");
}

static bool on_rewrites_again(const struct redis_call *call, const struct redis_answer *answer)
{
    if (has_begun_file(call->context, answer)) {
        ask_permissions(call->context);
    } else if (answer->value != NULL) {
        refuse(call->context, "BGREWRITEAOF must work once after each start of Redis");
    }
    return true;
}

// An error does not tell: another connection's may be under way.
static bool on_rewrite(const struct redis_call *call, const struct redis_answer *answer)
{
    if (answer->value != NULL || answer->text.len > 0) {
        ask_info(call->context, "persistence", on_rewrites_again);
    }
    return true;
}

static bool on_rewrites(const struct redis_call *call, const struct redis_answer *answer)
{
    struct redis_link *link = call->context;
    if (has_begun_file(link, answer)) {
        ask_permissions(link);
    } else if (answer->value != NULL) {
        struct resp_writer *writer = redis_link_writer(link);
        resp_begin(writer, 1);
        resp_put_text(writer, "BGREWRITEAOF");
        send(link, on_rewrite, 0);
    }
    return true;
}

static bool on_loaded(const struct redis_call *call, const struct redis_answer *answer)
{
    if (has_reply(call->context, answer, "FUNCTION LOAD")) {
        ask_info(call->context, "persistence", on_rewrites);
    }
    return true;
}

static void load_functions(struct redis_link *link)
{
    struct resp_writer *writer = redis_link_writer(link);
    resp_begin(writer, 4);
    resp_put_text(writer, "FUNCTION");
    resp_put_text(writer, "LOAD");
    resp_put_text(writer, "REPLACE");
    resp_put(writer, redis_functions_code());
    send(link, on_loaded, 0);
}

// --- the first burst ---

static bool on_authenticated(const struct redis_call *call, const struct redis_answer *answer)
{
    (void)has_reply(call->context, answer, "AUTH");
    return true;
}

static bool on_server_info(const struct redis_call *call, const struct redis_answer *answer)
{
    struct redis_link *link = call->context;
    if (!has_reply(link, answer, "INFO")) {
        return true;
    }
    struct span version = redis_info_field(answer->value->text, "redis_version:");
    const uint8_t *dot = version.len == 0 ? NULL : memchr(version.data, '.', version.len);
    uint64_t major = 0;
    if (dot == NULL ||
        resp_parse_u64(span_of(version.data, (size_t)(dot - version.data)), &major) != STATUS_OK) {
        return false;
    }
    if (major < VERSION_MIN) {
        refuse(link, "redis_version is %.*s, must be %d.0 or later", (int)version.len,
               (const char *)version.data, VERSION_MIN);
    }
    return true;
}

static bool on_persistence_info(const struct redis_call *call, const struct redis_answer *answer)
{
    struct redis_link *link = call->context;
    if (has_reply(link, answer, "INFO") &&
        !span_is_text(redis_info_field(answer->value->text, "loading:"), "0")) {
        refuse(link, "Redis is still loading its data");
    }
    return true;
}

static bool on_role(const struct redis_call *call, const struct redis_answer *answer)
{
    struct redis_link *link = call->context;
    if (!has_reply(link, answer, "ROLE")) {
        return true;
    }
    const struct resp_value *value = answer->value;
    if (value->type != RESP_ARRAY || value->count == 0) {
        return false;
    }
    struct span role = value->items[0]->text;
    if (!span_is_text(role, "master")) {
        refuse(link, "role is %.*s, must be master", (int)role.len, (const char *)role.data);
    }
    return true;
}

// The value behind a name in a flat list of names and values; NULL when there is none.
static const struct resp_value *find_value(const struct resp_value *list, const char *name)
{
    if (list->type != RESP_ARRAY) {
        return NULL;
    }
    for (size_t i = 0; i + 1 < list->count; i += 2) {
        if (span_is_text(list->items[i]->text, name)) {
            return list->items[i + 1];
        }
    }
    return NULL;
}

static void judge_setting(struct redis_link *link, const struct setting *setting,
                          const struct resp_value *list)
{
    if (setting->unless_relaxed && redis_link_options(link)->relaxed) {
        return;
    }
    const struct resp_value *value = find_value(list, setting->name);
    if (value == NULL) {
        refuse(link, "%s is hidden, must be %s", setting->name, setting->wanted);
    } else if (!span_is_text(value->text, setting->wanted)) {
        refuse(link, "%s is %.*s, must be %s", setting->name, (int)value->text.len,
               (const char *)value->text.data, setting->wanted);
    }
}

static void judge_settings(struct redis_link *link, const struct redis_answer *answer)
{
    if (!has_reply(link, answer, "CONFIG GET")) {
        return;
    }
    for (size_t i = 0; i < SETTINGS; i++) {
        judge_setting(link, &settings[i], answer->value);
    }
    const struct resp_value *bulk = find_value(answer->value, "proto-max-bulk-len");
    uint64_t bytes = 0;
    if (bulk == NULL || resp_parse_u64(bulk->text, &bytes) != STATUS_OK || bytes < bulk_bytes_min) {
        refuse(link, "proto-max-bulk-len is %llu, must be at least %llu", (unsigned long long)bytes,
               (unsigned long long)bulk_bytes_min);
    }
}

// The last of the burst: nothing was found so far, or nothing more is sent.
static bool on_settings(const struct redis_call *call, const struct redis_answer *answer)
{
    judge_settings(call->context, answer);
    load_functions(call->context);
    return true;
}

static bool on_settings_again(const struct redis_call *call, const struct redis_answer *answer)
{
    judge_settings(call->context, answer);
    return true;
}

static void authenticate(struct redis_link *link, const struct redis_options *options)
{
    struct resp_writer *writer = redis_link_writer(link);
    resp_begin(writer, options->user != NULL ? 3 : 2);
    resp_put_text(writer, "AUTH");
    if (options->user != NULL) {
        resp_put_text(writer, options->user);
    }
    resp_put_text(writer, options->password);
    send(link, on_authenticated, 0);
}

static void ask_role(struct redis_link *link)
{
    struct resp_writer *writer = redis_link_writer(link);
    resp_begin(writer, 1);
    resp_put_text(writer, "ROLE");
    send(link, on_role, 0);
}

static void ask_settings(struct redis_link *link, redis_answer_fn *on_answer)
{
    struct resp_writer *writer = redis_link_writer(link);
    resp_begin(writer, 3 + SETTINGS);
    resp_put_text(writer, "CONFIG");
    resp_put_text(writer, "GET");
    for (size_t i = 0; i < SETTINGS; i++) {
        resp_put_text(writer, settings[i].name);
    }
    resp_put_text(writer, "proto-max-bulk-len");
    send(link, on_answer, 0);
}

void redis_check_start(struct redis_link *link)
{
    const struct redis_options *options = redis_link_options(link);
    if (options->password != NULL) {
        authenticate(link, options);
    }
    ask_info(link, "server", on_server_info);
    ask_info(link, "persistence", on_persistence_info);
    ask_role(link);
    ask_settings(link, on_settings);
}

void redis_check_again(struct redis_link *link)
{
    ask_role(link);
    ask_settings(link, on_settings_again);
    ask_info(link, "default", on_facts);
}
