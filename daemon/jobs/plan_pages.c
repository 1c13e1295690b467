// Page after page, one call at the store at a time.
#include "jobs/plan_pages.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "wire/message.h"

void plan_pages_init(struct plan_pages *pages, struct service *service)
{
    *pages = (struct plan_pages){.service = service};
    arena_init(&pages->arena, LIMIT_ARENA_BYTES);
}

void plan_pages_fini(struct plan_pages *pages)
{
    arena_fini(&pages->arena);
}

static void begin(struct plan_pages *pages, const char *plan, uint32_t partition,
                  plan_pages_fn *done)
{
    snprintf(pages->plan, sizeof pages->plan, "%s", plan);
    pages->partition = partition;
    pages->page = 0;
    pages->page_count = 0;
    pages->others = false;
    pages->done = done;
}

static struct store *store_of(const struct plan_pages *pages)
{
    return pages->service->options.store;
}

static struct store_value page_value(const struct plan_pages *pages, struct job_value_name *name)
{
    return plan_page_value(pages->partition, pages->plan, pages->attempt, pages->page, name);
}

// --- reading ---

static void copy_text(char *ret_text, size_t bytes, const char *text)
{
    snprintf(ret_text, bytes, "%s", text);
}

static enum status take_move(struct plan_pages *pages, const Loyaltyd__PlanMove *row)
{
    struct move move = {
        .score = row->score,
        .contributions = row->contributions,
        .threshold = row->threshold,
        .card_until_ms = row->card_until_ms,
        .seq = row->seq,
        .recorded = row->recorded,
    };
    copy_text(move.member_id, sizeof move.member_id, row->member_id);
    copy_text(move.from_tier, sizeof move.from_tier, row->from_tier);
    copy_text(move.to_tier, sizeof move.to_tier, row->to_tier);
    return moves_add(pages->moves, &move);
}

static enum status take_page(struct plan_pages *pages, struct span bytes)
{
    ProtobufCMessage *message = NULL;
    arena_reset(&pages->arena);
    TRY(job_decode(&loyaltyd__plan_page__descriptor, bytes, &pages->arena, &message));
    const Loyaltyd__PlanPage *page = (const Loyaltyd__PlanPage *)message;
    for (size_t i = 0; i < page->n_moves; i++) {
        TRY(take_move(pages, page->moves[i]));
    }
    return STATUS_OK;
}

static void read_next(struct plan_pages *pages);

static void on_page(void *context, const struct store_value_reply *reply)
{
    struct plan_pages *pages = context;
    if (reply->result != STORE_OK || take_page(pages, reply->bytes) != STATUS_OK) {
        pages->done(pages, PLAN_FAILED);
        return;
    }
    pages->page++;
    read_next(pages);
}

static void read_next(struct plan_pages *pages)
{
    if (pages->page == pages->page_count) {
        moves_sort(pages->moves);
        pages->done(pages, pages->others ? PLAN_OTHERS : PLAN_OK);
        return;
    }
    struct job_value_name name;
    struct store_value value = page_value(pages, &name);
    store_get(store_of(pages), &value, on_page, pages);
}

// The pages that this head names are read.
static void take_head(struct plan_pages *pages, struct span bytes)
{
    ProtobufCMessage *message = NULL;
    arena_reset(&pages->arena);
    if (job_decode(&loyaltyd__plan_head__descriptor, bytes, &pages->arena, &message) != STATUS_OK) {
        pages->done(pages, PLAN_FAILED);
        return;
    }
    const Loyaltyd__PlanHead *head = (const Loyaltyd__PlanHead *)message;
    pages->attempt = head->attempt;
    pages->page_count = head->pages;
    pages->head_members = head->members;
    pages->head_errors = head->errors;
    pages->moves->count = 0;
    pages->page = 0;
    read_next(pages);
}

static void on_head(void *context, const struct store_value_reply *reply)
{
    struct plan_pages *pages = context;
    if (reply->result != STORE_OK) {
        pages->done(pages, PLAN_FAILED);
        return;
    }
    take_head(pages, reply->bytes);
}

void plan_pages_read(struct plan_pages *pages, const char *plan, uint32_t partition,
                     struct moves *moves, plan_pages_fn *done)
{
    begin(pages, plan, partition, done);
    pages->moves = moves;
    struct job_value_name name;
    struct store_value value = plan_head_value(partition, plan, &name);
    store_get(store_of(pages), &value, on_head, pages);
}

// --- writing ---

static Loyaltyd__PlanMove *move_row(const struct move *move, struct arena *arena)
{
    Loyaltyd__PlanMove *row =
        (Loyaltyd__PlanMove *)message_new(&loyaltyd__plan_move__descriptor, arena);
    if (row == NULL) {
        return NULL;
    }
    row->member_id = (char *)move->member_id;
    row->from_tier = (char *)move->from_tier;
    row->to_tier = (char *)move->to_tier;
    row->score = move->score;
    row->contributions = move->contributions;
    row->threshold = move->threshold;
    row->card_until_ms = move->card_until_ms;
    row->seq = move->seq;
    row->recorded = move->recorded;
    return row;
}

// The next page's bytes, in the arena.
static enum status make_page(struct plan_pages *pages, struct span *ret_bytes)
{
    struct arena *arena = &pages->arena;
    uint32_t first = pages->page * JOB_PAGE_MOVES;
    uint32_t left = pages->moves->count - first;
    uint32_t count = left < JOB_PAGE_MOVES ? left : (uint32_t)JOB_PAGE_MOVES;
    arena_reset(arena);
    Loyaltyd__PlanPage page = LOYALTYD__PLAN_PAGE__INIT;
    page.moves = arena_alloc_array(arena, count, sizeof(Loyaltyd__PlanMove *));
    if (page.moves == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t i = 0; i < count; i++) {
        page.moves[i] = move_row(&pages->moves->items[first + i], arena);
        if (page.moves[i] == NULL) {
            return STATUS_NO_MEMORY;
        }
    }
    page.n_moves = count;
    return message_encode(&page.base, arena, ret_bytes);
}

// One hash over all moves: the order is theirs.
static void digest_moves(const struct plan_pages *pages, uint8_t ret_digest[CHAIN_HASH_BYTES])
{
    memset(ret_digest, 0, CHAIN_HASH_BYTES);
    for (uint32_t i = 0; i < pages->moves->count; i++) {
        const struct move *move = &pages->moves->items[i];
        char text[LIMIT_MEMBER_ID_BYTES + 2 * LIMIT_NAME_BYTES + 4];
        int len = snprintf(text, sizeof text, "%s,%s,%s;", move->member_id, move->from_tier,
                           move->to_tier);
        CHECK(len > 0 && (size_t)len < sizeof text);
        uint8_t before[CHAIN_HASH_BYTES];
        memcpy(before, ret_digest, sizeof before);
        pages->service->options.chain_hash(before, span_of(text, (size_t)len), ret_digest);
    }
}

static void on_head_put(void *context, const struct store_value_reply *reply)
{
    struct plan_pages *pages = context;
    if (reply->result == STORE_OK) {
        pages->done(pages, PLAN_OK);
    } else if (reply->result == STORE_BEHIND) {
        pages->others = true; // or this attempt, whose answer was lost: the same is read then
        take_head(pages, reply->bytes);
    } else {
        pages->done(pages, PLAN_FAILED);
    }
}

static void put_head(struct plan_pages *pages)
{
    uint8_t digest[CHAIN_HASH_BYTES];
    digest_moves(pages, digest);
    Loyaltyd__PlanHead head = LOYALTYD__PLAN_HEAD__INIT;
    head.pages = pages->page_count;
    head.members = pages->head_members;
    head.moves = pages->moves->count;
    head.errors = pages->head_errors;
    head.digest = (ProtobufCBinaryData){.data = digest, .len = sizeof digest};
    head.attempt = pages->attempt;
    struct job_value_name name;
    struct store_put put = {.value = plan_head_value(pages->partition, pages->plan, &name)};
    arena_reset(&pages->arena);
    if (message_encode(&head.base, &pages->arena, &put.bytes) != STATUS_OK) {
        pages->done(pages, PLAN_FAILED);
        return;
    }
    store_put(store_of(pages), &put, on_head_put, pages);
}

static void write_next(struct plan_pages *pages);

// One that stands already is this attempt's own, whose answer was lost.
static void on_page_put(void *context, const struct store_value_reply *reply)
{
    struct plan_pages *pages = context;
    if (reply->result != STORE_OK && reply->result != STORE_BEHIND) {
        pages->done(pages, PLAN_FAILED);
        return;
    }
    pages->page++;
    write_next(pages);
}

static void write_next(struct plan_pages *pages)
{
    if (pages->page == pages->page_count) {
        put_head(pages);
        return;
    }
    struct job_value_name name;
    struct store_put put = {.value = page_value(pages, &name)};
    if (make_page(pages, &put.bytes) != STATUS_OK) {
        pages->done(pages, PLAN_FAILED);
        return;
    }
    store_put(store_of(pages), &put, on_page_put, pages);
}

void plan_pages_write(struct plan_pages *pages, const char *plan, uint64_t attempt,
                      uint32_t partition, struct moves *moves, plan_pages_fn *done)
{
    begin(pages, plan, partition, done);
    pages->moves = moves;
    pages->attempt = attempt;
    pages->page_count = (moves->count + JOB_PAGE_MOVES - 1) / JOB_PAGE_MOVES;
    write_next(pages);
}

// --- removing ---

static void remove_next(struct plan_pages *pages);

static void on_removed(void *context, const struct store_value_reply *reply)
{
    struct plan_pages *pages = context;
    if (reply->result != STORE_OK) {
        pages->done(pages, PLAN_FAILED);
        return;
    }
    pages->page += pages->attempt > 0 ? 1 : 0;
    pages->attempt += pages->attempt > 0 ? 0 : 1;
    remove_next(pages);
}

static void on_found(void *context, const struct store_value_reply *reply)
{
    struct plan_pages *pages = context;
    if (reply->result != STORE_OK) {
        pages->done(pages, PLAN_FAILED);
        return;
    }
    if (reply->revision == 0) { // no more of this attempt
        pages->attempt++;
        pages->page = 0;
        remove_next(pages);
        return;
    }
    struct job_value_name name;
    struct store_put put = {
        .value = pages->attempt > 0 ? page_value(pages, &name)
                                    : plan_head_value(pages->partition, pages->plan, &name),
        .expected_revision = reply->revision,
    };
    store_put(store_of(pages), &put, on_removed, pages);
}

// The head, as attempt 0, then the pages of each attempt until one is missing.
static void remove_next(struct plan_pages *pages)
{
    if (pages->attempt > pages->attempts) {
        pages->done(pages, PLAN_OK);
        return;
    }
    struct job_value_name name;
    struct store_value value = pages->attempt > 0
                                   ? page_value(pages, &name)
                                   : plan_head_value(pages->partition, pages->plan, &name);
    store_get(store_of(pages), &value, on_found, pages);
}

void plan_pages_remove(struct plan_pages *pages, const char *plan, uint64_t attempts,
                       uint32_t partition, plan_pages_fn *done)
{
    begin(pages, plan, partition, done);
    pages->attempt = 0;
    pages->attempts = attempts;
    remove_next(pages);
}
