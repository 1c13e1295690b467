// Slow requests. When nothing is slow, a request costs three comparisons.
#include "service/slow.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "service/log_member.h"
#include "service/request.h"

struct slow {
    int64_t line_us;        // INT64_MAX: no lines
    int64_t floor_us;       // what is not above this is not kept
    int64_t floor_until_us; // by service_precise_us: then the list has room again
    struct slow_request items[SLOW_KEPT];
    size_t count;
};

enum status slow_new(uint32_t slow_ms, struct slow **ret_slow)
{
    struct slow *slow = calloc(1, sizeof *slow);
    if (slow == NULL) {
        return STATUS_NO_MEMORY;
    }
    slow_set_ms(slow, slow_ms);
    *ret_slow = slow;
    return STATUS_OK;
}

void slow_free(struct slow *slow)
{
    free(slow);
}

void slow_set_ms(struct slow *slow, uint32_t slow_ms)
{
    slow->line_us = slow_ms == 0 ? INT64_MAX : (int64_t)slow_ms * 1000;
}

// --- the list ---

static bool is_old(const struct slow_request *item, int64_t now_ms)
{
    return now_ms - item->at_ms > SLOW_KEPT_MS;
}

static void drop_old(struct slow *slow, int64_t now_ms)
{
    size_t kept = 0;
    for (size_t i = 0; i < slow->count; i++) {
        if (!is_old(&slow->items[i], now_ms)) {
            slow->items[kept++] = slow->items[i];
        }
    }
    slow->count = kept;
}

// Its place in order, slowest first; the last one goes when there are too many.
static struct slow_request *make_place(struct slow *slow, int64_t micros)
{
    size_t at = slow->count < SLOW_KEPT ? slow->count++ : SLOW_KEPT - 1;
    while (at > 0 && slow->items[at - 1].micros < micros) {
        slow->items[at] = slow->items[at - 1];
        at--;
    }
    return &slow->items[at];
}

static void copy_text(char *out, size_t size, const char *text, size_t len)
{
    len = len < size ? len : size - 1;
    memcpy(out, text, len);
    out[len] = '\0';
}

static void keep(struct slow *slow, const struct request *request, const char *outcome,
                 int64_t micros, int64_t now_ms)
{
    drop_old(slow, now_ms);
    struct slow_request *item = make_place(slow, micros);
    *item = (struct slow_request){.at_ms = now_ms, .micros = micros, .method = request->method};
    copy_text(item->member_id, sizeof item->member_id, request->member_id, request->member_id_len);
    copy_text(item->outcome, sizeof item->outcome, outcome, strlen(outcome));
    copy_text(item->caller, sizeof item->caller, request->actor, request->actor_len);
    size_t skipped = strlen(" trace=");
    if (request->trace_len > skipped) {
        copy_text(item->traceparent, sizeof item->traceparent, request->trace + skipped,
                  request->trace_len - skipped);
    }
    slow->floor_us = slow->count < SLOW_KEPT ? 0 : slow->items[SLOW_KEPT - 1].micros;
    slow->floor_until_us = request->began_us + micros + INT64_C(1000) * SLOW_KEPT_MS;
}

size_t slow_list(const struct slow *slow, int64_t now_ms, struct slow_request ret_items[SLOW_KEPT])
{
    size_t count = 0;
    for (size_t i = 0; i < slow->count; i++) {
        if (!is_old(&slow->items[i], now_ms)) {
            ret_items[count++] = slow->items[i];
        }
    }
    return count;
}

// --- lines ---

static void write_line(const struct request *request, const char *outcome, int64_t micros)
{
    char member[LOG_MEMBER_BYTES];
    log_member(request->service, request_member(request), member);
    log_event(LOG_WARNING, "slow-request",
              "method=%s micros=%" PRId64 " outcome=%s%s%s caller=%.*s%.*s", request->method->path,
              micros, outcome, member[0] == '\0' ? "" : " member_hash=", member,
              (int)request->actor_len, request->actor, (int)request->trace_len, request->trace);
}

void slow_note(struct request *request, const Loyalty__V1__Error *error, int64_t micros)
{
    struct service *service = request->service;
    struct slow *slow = service->slow;
    bool kept = micros > slow->floor_us || request->began_us + micros > slow->floor_until_us;
    if ((!kept && micros < slow->line_us) || request->method == NULL) {
        return;
    }
    const char *outcome = error == NULL ? "OK" : error->reason;
    int64_t now_ms = service->options.wall_ms(service->options.wall_context);
    if (kept) {
        keep(slow, request, outcome, micros, now_ms);
    }
    if (micros >= slow->line_us) {
        write_line(request, outcome, micros);
    }
}
