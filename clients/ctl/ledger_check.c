// Keys in whatever order Redis gives them, asked for in batches; one value at a time is in memory,
// and of each key 8 bytes. The digest is the sum of the keys' hashes, modulo 2^256, so that
// their order is nothing to it. Then the claims of what the batch's members show are asked for.
#include "ctl/ledger_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/arena.h"
#include "base/hash.h"
#include "core/account.h"
#include "core/ledger.h"
#include "ctl/chain_hash.h"
#include "ctl/ledger_stop.h"
#include "ctl/parse.h"
#include "ctl/progress.h"

enum { SCAN_COUNT = 512, BATCH = 64, ARENA_BYTES = 64 << 20, NAME_BYTES = 16 };
enum { CLAIM_KEY_BYTES = 64, CLAIMS_MAX = BATCH * LIMIT_IDENTIFIERS };

// An identifier that a member's log lists, and the key that should name that member.
struct listed {
    char key[CLAIM_KEY_BYTES];
    char member_id[LIMIT_MEMBER_ID_BYTES + 1];
};

struct check {
    struct ledger_redis *redis;
    struct ledger_totals *totals;
    struct arena arena;
    struct progress progress;
    struct id_set seen;    // prints of keys: a scan may give one twice
    struct listed *listed; // of the batch in hand
    size_t listed_count;
};

// "ly:{17}:a:<name>"
struct key_parts {
    bool ours;
    bool meta;
    uint32_t partition;
    struct span kind; // "a", "i", "p"; of meta: all that follows
    struct span name;
};

static struct key_parts parse_key(struct span key)
{
    static const char prefix[] = "ly:{";
    struct key_parts parts = {0};
    const char *text = (const char *)key.data;
    const char *end = memchr(text, '}', key.len);
    size_t skipped = sizeof(prefix) - 1;
    if (key.len <= skipped || memcmp(text, prefix, skipped) != 0 || end == NULL ||
        (size_t)(end - text) + 2 > key.len || end[1] != ':') {
        return parts;
    }
    char number[NAME_BYTES] = "";
    size_t digits = (size_t)(end - text) - skipped;
    int64_t partition = 0;
    if (digits < sizeof(number)) {
        memcpy(number, text + skipped, digits);
    }
    parts.meta = strcmp(number, "meta") == 0;
    parts.ours = parts.meta || parse_number(number, 0, LIMIT_PARTITIONS - 1, &partition);
    parts.partition = (uint32_t)partition;
    struct span rest = span_from(key, (size_t)(end - text) + 2);
    const uint8_t *colon = memchr(rest.data, ':', rest.len);
    size_t kind = colon == NULL ? rest.len : (size_t)(colon - rest.data);
    parts.kind = span_of(rest.data, kind);
    parts.name = colon == NULL ? (struct span){0} : span_from(rest, kind + 1);
    return parts;
}

static void add_digest(struct ledger_totals *totals, struct span key, struct span value)
{
    uint8_t hash[LEDGER_DIGEST_BYTES];
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    uint64_t length = key.len;
    bool good = context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
                EVP_DigestUpdate(context, &length, sizeof(length)) == 1 &&
                EVP_DigestUpdate(context, key.data, key.len) == 1 &&
                EVP_DigestUpdate(context, value.data, value.len) == 1 &&
                EVP_DigestFinal_ex(context, hash, NULL) == 1;
    EVP_MD_CTX_free(context);
    if (!good) {
        abort(); // SHA-256 takes no argument it could refuse
    }
    unsigned carry = 0;
    for (size_t i = 0; i < sizeof(hash); i++) {
        carry += (unsigned)totals->digest[i] + hash[i];
        totals->digest[i] = (uint8_t)carry;
        carry >>= 8;
    }
}

static void note_fault(struct check *check, struct span key, uint64_t record, const char *what)
{
    if (check->totals->faults++ < LEDGER_FAULTS_SHOWN) {
        (void)fprintf(stderr, "fault: %.*s, record %" PRIu64 ": %s\n", (int)key.len,
                      (const char *)key.data, record, what == NULL ? "it does not hold" : what);
    }
}

static void add_account(struct ledger_totals *totals, const struct account *account)
{
    bool member = account->kind == ACCOUNT_MEMBER;
    totals->accounts++;
    totals->records += account->seq;
    totals->log_bytes += account->log_bytes;
    totals->members += member ? 1 : 0;
    totals->balance += member ? account->balance + account->held_points : 0;
    totals->awarded += member ? account->awarded : 0;
}

// Who has left for good lets go of what others want; what is on its way is nobody's yet.
static void list_identifiers(struct check *check, const struct account *account, struct span id)
{
    enum member_status status = account_status(account);
    bool left = status == MEMBER_CLOSED || status == MEMBER_ERASED || *account->merged_into != '\0';
    for (uint32_t i = 0; i < account->identifiers.count && !left; i++) {
        const struct identifier_state *state = &account->identifiers.items[i];
        bool held = state->stage == IDENTIFIER_BOUND || state->stage == IDENTIFIER_REPLACED;
        if (!held || check->listed_count == CLAIMS_MAX || id.len > LIMIT_MEMBER_ID_BYTES) {
            continue;
        }
        char name[2 * IDENTIFIER_KEY_BYTES + 1];
        struct listed *listed = &check->listed[check->listed_count++];
        for (size_t j = 0; j < IDENTIFIER_KEY_BYTES; j++) {
            (void)snprintf(name + 2 * j, 3, "%02x", state->identifier.key[j]);
        }
        uint64_t partition = hash_fnv1a(span_of_text(name)) % check->totals->partitions;
        (void)snprintf(listed->key, sizeof(listed->key), "ly:{%" PRIu64 "}:i:%s", partition, name);
        (void)snprintf(listed->member_id, sizeof(listed->member_id), "%.*s", (int)id.len,
                       (const char *)id.data);
    }
}

static void check_account(struct check *check, struct span key, const struct key_parts *parts,
                          struct span log)
{
    struct account account;
    struct ledger_fault fault = {0};
    const char *what = NULL;
    account_init(&account);
    arena_reset(&check->arena);
    enum status status = ledger_fold(&account, log, parts->name, parts->partition,
                                     chain_hash_sha256, &check->arena, &fault);
    if (status != STATUS_OK) {
        note_fault(check, key, fault.record, fault.what);
    } else if (account_check(&account, &what) != STATUS_OK) {
        note_fault(check, key, account.seq, what);
    } else {
        add_account(check->totals, &account);
        list_identifiers(check, &account, parts->name);
    }
    account_fini(&account);
}

// The program's log: its chain alone.
static void check_chain(struct check *check, struct span key, struct span log)
{
    struct record_cursor cursor = {.rest = log};
    struct record_place place;
    uint8_t tail[CHAIN_HASH_BYTES] = {0};
    uint64_t records = 0;
    enum status status = STATUS_OK;
    while ((status = record_next(&cursor, &place)) == STATUS_OK) {
        uint8_t hash[CHAIN_HASH_BYTES];
        records++;
        chain_hash_sha256(tail, place.stored, hash);
        if (memcmp(hash, place.hash, sizeof(hash)) != 0) {
            note_fault(check, key, records, "its hash is another");
            return;
        }
        memcpy(tail, hash, sizeof(tail));
    }
    if (status != STATUS_NOT_FOUND) {
        note_fault(check, key, records + 1, "it does not parse");
    }
    check->totals->records += records;
}

static void take_value(struct check *check, struct span key, struct span value)
{
    struct key_parts parts = parse_key(key);
    if (!parts.ours) {
        note_fault(check, key, 0, "the key is none of a ledger's");
        return;
    }
    if (!parts.meta && parts.partition >= check->totals->partitions) {
        note_fault(check, key, 0, "the ledger has no such partition");
    }
    add_digest(check->totals, key, value);
    if (!parts.meta && span_is_text(parts.kind, "a")) {
        check_account(check, key, &parts, value);
    } else if (parts.meta && span_is_text(parts.kind, "program")) {
        check_chain(check, key, value);
    }
    check->totals->claims += !parts.meta && span_is_text(parts.kind, "i") ? 1 : 0;
}

static bool is_again(struct check *check, struct span key)
{
    uint64_t print = hash_fnv1a(key) * UINT64_C(0x9e3779b97f4a7c15);
    print ^= print >> 29;
    if (id_set_has(&check->seen, print)) {
        return true;
    }
    if (id_set_add(&check->seen, print) != STATUS_OK) {
        note_fault(check, key, 0, "no memory to remember it");
    }
    return false;
}

// What one key has. Lists and sets refuse GET: they are no plain values, as the ledger has them.
static void take_reply(struct check *check, struct span key, const redisReply *reply)
{
    struct key_parts parts = parse_key(key);
    bool must = parts.ours && !parts.meta &&
                (span_is_text(parts.kind, "a") || span_is_text(parts.kind, "i"));
    if (reply->type == REDIS_REPLY_STRING) {
        take_value(check, key, span_of(reply->str, reply->len));
    } else if (reply->type == REDIS_REPLY_NIL) {
        note_fault(check, key, 0, "it went while it was read: somebody writes to this Redis");
    } else if (strncmp(reply->str, "WRONGTYPE", strlen("WRONGTYPE")) != 0) {
        note_fault(check, key, 0, reply->str);
    } else if (must || !parts.ours) {
        note_fault(check, key, 0, must ? "it is no plain value" : "the key is none of a ledger's");
    }
}

static bool ask_values(struct check *check, const struct span *keys, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct span get[] = {span_of_text("GET"), keys[i]};
        if (!ledger_redis_send(check->redis, 2, get)) {
            return false;
        }
    }
    for (size_t i = 0; i < count; i++) {
        redisReply *reply = ledger_redis_take(check->redis);
        if (reply == NULL) {
            return false;
        }
        take_reply(check, keys[i], reply);
        freeReplyObject(reply);
    }
    return true;
}

static bool ask_claims(struct check *check)
{
    size_t count = check->listed_count;
    check->listed_count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct span get[] = {span_of_text("GET"), span_of_text(check->listed[i].key)};
        if (!ledger_redis_send(check->redis, 2, get)) {
            return false;
        }
    }
    for (size_t i = 0; i < count; i++) {
        redisReply *reply = ledger_redis_take(check->redis);
        if (reply == NULL) {
            return false;
        }
        bool found = reply->type == REDIS_REPLY_STRING;
        check->totals->unclaimed += found ? 0 : 1;
        check->totals->taken += found && strcmp(reply->str, check->listed[i].member_id) != 0;
        freeReplyObject(reply);
    }
    return true;
}

static bool take_page(struct check *check, const redisReply *page)
{
    struct span keys[BATCH];
    size_t at = 0;
    while (at < page->elements) {
        size_t count = 0;
        for (; at < page->elements && count < BATCH; at++) {
            struct span key = span_of(page->element[at]->str, page->element[at]->len);
            if (!is_again(check, key)) {
                keys[count++] = key;
            }
        }
        check->totals->keys += count;
        if (!ask_values(check, keys, count) || !ask_claims(check)) {
            return false;
        }
    }
    progress_update(&check->progress, check->totals->keys, "");
    return true;
}

static bool scan_all(struct check *check)
{
    char cursor[LEDGER_FIELD_BYTES] = "0";
    do {
        char words[LEDGER_FIELD_BYTES * 2];
        (void)snprintf(words, sizeof(words), "SCAN %s COUNT %d", cursor, SCAN_COUNT);
        redisReply *reply = ledger_redis_say(check->redis, words);
        if (reply == NULL) {
            return false;
        }
        (void)snprintf(cursor, sizeof(cursor), "%s", reply->element[0]->str);
        bool good = take_page(check, reply->element[1]);
        freeReplyObject(reply);
        if (ledger_stop_asked()) {
            (void)snprintf(check->redis->error, sizeof(check->redis->error),
                           "stopped before all was read");
            return false;
        }
        if (!good) {
            return false;
        }
    } while (strcmp(cursor, "0") != 0);
    return true;
}

static bool read_number(struct ledger_redis *redis, const char *words, uint64_t *ret_number)
{
    redisReply *reply = ledger_redis_say(redis, words);
    if (reply == NULL) {
        return false;
    }
    *ret_number = reply->type == REDIS_REPLY_STRING ? strtoull(reply->str, NULL, 10)
                                                    : (uint64_t)reply->integer;
    freeReplyObject(reply);
    return true;
}

bool ledger_check(struct ledger_redis *redis, struct ledger_totals *ret_totals)
{
    struct check check = {.redis = redis, .totals = ret_totals};
    uint64_t keys = 0;
    *ret_totals = (struct ledger_totals){0};
    if (!read_number(redis, "DBSIZE", &keys) ||
        !read_number(redis, "GET ly:{meta}:partitions", &ret_totals->partitions)) {
        return false;
    }
    if (ret_totals->partitions == 0 || ret_totals->partitions > LIMIT_PARTITIONS) {
        (void)snprintf(redis->error, sizeof(redis->error), "there is no ledger in this Redis");
        return false;
    }
    check.listed = calloc(CLAIMS_MAX, sizeof(*check.listed));
    if (check.listed == NULL) {
        (void)snprintf(redis->error, sizeof(redis->error), "no memory to check it with");
        return false;
    }
    arena_init(&check.arena, ARENA_BYTES);
    progress_begin(&check.progress, keys);
    bool good = scan_all(&check);
    progress_end(&check.progress);
    arena_fini(&check.arena);
    id_set_fini(&check.seen);
    free(check.listed);
    return good;
}
