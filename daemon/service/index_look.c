// One account at a time: the place in the due index first, then each claim. Invariant: one call is
// at the store from index_look_begin to on_done.
#include "service/index_look.h"

#include <string.h>

#include "core/advance.h"
#include "service/bounds.h"
#include "service/identifiers.h"
#include "service/lease.h"
#include "service/service.h"

// Terminals' days, partners' months and the like do not move with time.
static bool moves_with_time(struct span id)
{
    return id.len > 0 && id.data[0] != '@' && id.data[0] != ':';
}

// Where history was posted the account is left alone for a while (jobs/visit.c).
static bool waits_for_history(const struct account *account, int64_t due_ms, int64_t indexed_ms,
                              int64_t now_ms)
{
    return due_ms > account->now_ms && due_ms <= now_ms && indexed_ms > now_ms &&
           indexed_ms <= now_ms + SERVICE_HISTORY_QUIET_MS;
}

static void take_claims(struct index_look *look, const struct account *account)
{
    look->claim_count = 0;
    look->claim_at = 0;
    for (uint32_t i = 0; i < account->identifiers.count; i++) {
        const struct identifier_state *state = &account->identifiers.items[i];
        bool held = state->stage == IDENTIFIER_BOUND || state->stage == IDENTIFIER_REPLACED;
        if (held && look->claim_count < LIMIT_IDENTIFIERS) {
            look->claims[look->claim_count++] =
                (struct index_claim){.identifier = state->identifier};
        }
    }
}

void index_look_take(struct index_look *look, const struct service *service,
                     const struct account *account, const int64_t *indexed_ms)
{
    int64_t now_ms = lease_now_ms(service->lease);
    look->service = service;
    look->sound = true;
    look->due_ms = advance_due(account, lease_set(service->lease));
    if (look->again && look->due == INDEX_GOOD) {
        take_claims(look, account);
        return; // it is for a claim that all is read again
    }
    look->due = indexed_ms == NULL ? INDEX_UNKNOWN : INDEX_DOUBTED;
    look->indexed_ms = indexed_ms == NULL ? INSTANT_NEVER : *indexed_ms;
    bool same = indexed_ms != NULL && *indexed_ms == look->due_ms;
    bool waits =
        indexed_ms != NULL && waits_for_history(account, look->due_ms, *indexed_ms, now_ms);
    if (same || waits || !moves_with_time(look->id)) {
        look->due = INDEX_GOOD;
    }
    take_claims(look, account);
}

bool index_look_is_wrong(const struct index_look *look)
{
    bool wrong = look->due == INDEX_WRONG;
    for (uint32_t i = 0; i < look->claim_count; i++) {
        wrong = wrong || look->claims[i].wrong;
    }
    return wrong;
}

static void next_claim(struct index_look *look);

static void on_claim(void *context, const struct store_reply *reply)
{
    struct index_look *look = context;
    struct index_claim *claim = &look->claims[look->claim_at];
    if (reply->result != STORE_OK) {
        look->on_done(look, reply->result);
        return;
    }
    claim->wrong = !span_equal(reply->bytes, look->id);
    if (claim->wrong && reply->bytes.len > 0 && reply->bytes.len <= sizeof claim->owner_id) {
        memcpy(claim->owner_id, reply->bytes.data, reply->bytes.len);
        claim->owner_len = reply->bytes.len;
    }
    look->claim_at++;
    next_claim(look);
}

static void next_claim(struct index_look *look)
{
    if (look->claim_at == look->claim_count) {
        look->on_done(look, STORE_OK);
        return;
    }
    struct identifier_place place =
        identifiers_place(look->service, &look->claims[look->claim_at].identifier);
    store_find(look->service->options.store, place.partition, identifier_place_key(&place),
               on_claim, look);
}

static void on_due(void *context, const struct store_scan_reply *reply)
{
    struct index_look *look = context;
    if (reply->result != STORE_OK) {
        look->on_done(look, reply->result);
        return;
    }
    int64_t asked_ms = look->indexed_ms != INSTANT_NEVER ? look->indexed_ms : look->due_ms;
    bool there =
        reply->count > 0 && span_equal(reply->ids[0], look->id) && reply->due_ms[0] == asked_ms;
    // Where it stood before the log was read it stands still; or where it should, it does not.
    look->due = there == (asked_ms == look->due_ms) ? INDEX_GOOD : INDEX_WRONG;
    next_claim(look);
}

// The last place of the index before the account's: no id has a byte above those of UTF-8.
static struct span place_before(struct span id, char ret_bytes[LIMIT_MEMBER_ID_BYTES])
{
    size_t len = id.len;
    memcpy(ret_bytes, id.data, len);
    ret_bytes[len - 1] = (char)((unsigned char)ret_bytes[len - 1] - 1);
    if (len < LIMIT_MEMBER_ID_BYTES) {
        ret_bytes[len++] = (char)0xff;
    }
    return span_of(ret_bytes, len);
}

void index_look_begin(struct index_look *look)
{
    char bytes[LIMIT_MEMBER_ID_BYTES];
    int64_t asked_ms = look->indexed_ms != INSTANT_NEVER ? look->indexed_ms : look->due_ms;
    // Who is never due is not told by the store; without a place to ask for all is well.
    if (look->due == INDEX_GOOD || asked_ms == INSTANT_NEVER) {
        look->due = INDEX_GOOD;
        next_claim(look);
        return;
    }
    const struct store_due due = {
        .partition = look->partition,
        .until_ms = asked_ms,
        .count = 1,
        .after_ms = asked_ms,
        .after_id = place_before(look->id, bytes),
    };
    store_due(look->service->options.store, &due, on_due, look);
}
