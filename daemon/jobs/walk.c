// An account seen twice by a scan is visited twice and counted once.
#include "jobs/walk.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/hash.h"

void walk_init(struct walk *walk, const struct work *work)
{
    *walk = (struct walk){.work = work};
    plan_pages_init(&walk->pages, work->service);
}

void walk_fini(struct walk *walk)
{
    CHECK(!walk->asking);
    vec_fini(&walk->page);
    vec_fini(&walk->planned);
    vec_fini(&walk->moves);
    id_set_fini(&walk->seen);
    plan_pages_fini(&walk->pages);
}

static void walk_step(struct walk *walk);

static void walk_fault(struct walk *walk, const char *why)
{
    walk->fault = why;
    walk->ended = true;
    walk->next = walk->page.count;
}

static bool goes_on(struct walk *walk, enum store_result result)
{
    walk->asking = false;
    if (walk->quit) {
        return false;
    }
    if (result == STORE_OK) {
        return true;
    }
    walk->stalled = true;
    walk->on_failed(walk);
    return false;
}

// --- pages ---

// Terminals' days, partners' months and what else the service keeps beside members and pools do not
// move with time.
static bool is_moved(struct span id)
{
    return id.len > 0 && id.len <= LIMIT_MEMBER_ID_BYTES && id.data[0] != '@' && id.data[0] != ':';
}

static void page_take(struct walk *walk, const struct store_scan_reply *reply)
{
    walk->page.count = 0;
    walk->next = 0;
    for (size_t i = 0; i < reply->count; i++) {
        if (!is_moved(reply->ids[i])) {
            continue;
        }
        if (vec_reserve_one(&walk->page, WALK_PAGE_MAX) != STATUS_OK) {
            walk_fault(walk, "NO_MEMORY");
            return;
        }
        struct visit_found *found = &walk->page.items[walk->page.count++];
        visit_found_set(found, walk->partition, reply->ids[i]);
        bool compared = walk->work->full || walk->work->kind == WORK_REINDEX;
        found->indexed = compared && reply->due_ms != NULL;
        found->index_ms = found->indexed ? reply->due_ms[i] : 0;
    }
}

static void on_due(void *context, const struct store_scan_reply *reply)
{
    struct walk *walk = context;
    if (!goes_on(walk, reply->result)) {
        return;
    }
    walk->ended = reply->count == 0;
    if (reply->count > 0) {
        struct span last = reply->ids[reply->count - 1];
        CHECK(last.len <= sizeof walk->after_id);
        walk->after_ms = reply->due_ms[reply->count - 1];
        walk->after_len = (uint32_t)last.len;
        memcpy(walk->after_id, last.data, last.len);
    }
    page_take(walk, reply);
    walk_step(walk);
}

static void on_scan(void *context, const struct store_scan_reply *reply)
{
    struct walk *walk = context;
    if (!goes_on(walk, reply->result)) {
        return;
    }
    walk->cursor = reply->next_cursor;
    walk->ended = reply->next_cursor == 0;
    page_take(walk, reply);
    walk_step(walk);
}

static void walk_ask(struct walk *walk)
{
    struct store *store = walk->work->service->options.store;
    walk->asking = true;
    if (walk->work->all) {
        store_scan(store, walk->partition, walk->cursor, WALK_PAGE, on_scan, walk);
        return;
    }
    const struct store_due due = {
        .partition = walk->partition,
        .until_ms = walk->work->until_ms,
        .count = WALK_PAGE,
        .after_ms = walk->after_ms,
        .after_id = span_of(walk->after_id, walk->after_len),
    };
    store_due(store, &due, on_due, walk);
}

// --- planned members ---

static struct move *find_planned(struct walk *walk, struct span id)
{
    struct move key = {0};
    memcpy(key.member_id, id.data, id.len);
    return walk->planned.count == 0
               ? NULL
               : bsearch(&key, walk->planned.items, walk->planned.count, sizeof key, move_compare);
}

// Whether there is one that no page brought.
static bool rest_waits(struct walk *walk)
{
    while (walk->next_planned < walk->planned.count &&
           walk->planned.items[walk->next_planned].met) {
        walk->next_planned++;
    }
    return walk->ended && walk->fault == NULL && walk->next_planned < walk->planned.count;
}

static bool has_more(struct walk *walk)
{
    return walk->next < walk->page.count || rest_waits(walk);
}

bool walk_next(struct walk *walk, struct visit_found *ret_found)
{
    if (walk->quit || walk->asking || walk->stalled || !has_more(walk)) {
        return false;
    }
    walk->out++;
    if (walk->next < walk->page.count) {
        *ret_found = walk->page.items[walk->next++];
        struct move *planned = find_planned(walk, span_of(ret_found->id, ret_found->id_len));
        if (planned != NULL) {
            planned->met = true;
        }
        return true;
    }
    struct move *planned = &walk->planned.items[walk->next_planned++];
    visit_found_set(ret_found, walk->partition, span_of_text(planned->member_id));
    return true;
}

// --- what was seen ---

// A scan may give an account twice; one that was written may be due again before the walk is there.
static bool is_again(struct walk *walk, struct span id)
{
    // Ids of a partition have the low bits of their hash in common.
    uint64_t print = hash_fnv1a(id) * UINT64_C(0x9e3779b97f4a7c15);
    print ^= print >> 29;
    if (id_set_has(&walk->seen, print)) {
        return true;
    }
    if (id_set_add(&walk->seen, print) != STATUS_OK) {
        walk_fault(walk, "NO_MEMORY");
    }
    return false;
}

static void note_rescored(struct walk *walk, const struct visit *visit,
                          const struct walk_seen *seen)
{
    struct tally *tally = &walk->tally;
    bool made = !seen->before && seen->after && visit->end == VISIT_WRITTEN;
    tally->moves += made ? 1 : 0;
    tally->moved_before += seen->before ? 1 : 0;
    if (made || seen->before) {
        tally_edge(tally, seen->move.from_tier, seen->move.to_tier);
    }
}

static void note_move(struct walk *walk, const struct walk_seen *seen)
{
    if (!seen->after) {
        return;
    }
    if (moves_add(&walk->moves, &seen->move) != STATUS_OK) {
        walk_fault(walk, "NO_MEMORY");
        return;
    }
    if (walk->work->kind == WORK_PLAN) {
        walk->tally.moves++;
        tally_edge(&walk->tally, seen->move.from_tier, seen->move.to_tier);
    }
}

static void note_seen(struct walk *walk, const struct visit *visit, const struct walk_seen *seen)
{
    bool mended =
        visit->end == VISIT_CORRECTED || (visit->end == VISIT_WRITTEN && visit->was_wrong);
    walk->tally.corrected += mended ? 1 : 0;
    if (!seen->member || is_again(walk, visit_id(visit))) {
        return;
    }
    if (walk->work->kind != WORK_COMPARE) {
        walk->tally.members++;
    }
    if (walk->work->kind == WORK_RESCORE) {
        note_rescored(walk, visit, seen);
    } else if (walk->work->kind == WORK_CENSUS) {
        const struct holder *holder = &seen->holder;
        tally_holder(&walk->tally, holder->tier, holder->points, holder->pending);
    } else if (walk->work->kind != WORK_REINDEX) {
        note_move(walk, seen);
    }
}

void walk_visited(struct walk *walk, const struct visit *visit, const struct walk_seen *seen,
                  const char *why)
{
    CHECK(walk->out > 0);
    walk->out--;
    if (why == NULL) {
        note_seen(walk, visit, seen);
    } else if (walk->work->kind != WORK_COMPARE && !is_again(walk, visit_id(visit))) {
        walk->tally.members++;
        tally_error(&walk->tally, visit_id(visit), why);
    }
    walk_step(walk);
}

// --- what a plan said, and what is so now ---

static void compare_one(struct walk *walk, const struct move *planned, const struct move *actual)
{
    CHECK(planned != NULL || actual != NULL);
    if (planned == NULL) {
        // A plan made afterwards by the index looks only for those that are not in the log.
        bool known = actual->recorded && !walk->work->plan_whole;
        if (!known) {
            tally_difference(&walk->tally, actual->member_id, "", actual->to_tier);
        }
    } else if (actual == NULL) {
        tally_difference(&walk->tally, planned->member_id, planned->to_tier, "");
    } else if (strcmp(planned->from_tier, actual->from_tier) != 0 ||
               strcmp(planned->to_tier, actual->to_tier) != 0) {
        tally_difference(&walk->tally, planned->member_id, planned->to_tier, actual->to_tier);
    }
}

static void compare(struct walk *walk)
{
    const struct moves *planned = &walk->planned;
    const struct moves *actual = &walk->moves;
    uint32_t i = 0;
    uint32_t j = 0;
    while (i < planned->count || j < actual->count) {
        const struct move *left = i < planned->count ? &planned->items[i] : NULL;
        const struct move *right = j < actual->count ? &actual->items[j] : NULL;
        int order = left == NULL ? 1 : right == NULL ? -1 : move_compare(left, right);
        compare_one(walk, order <= 0 ? left : NULL, order >= 0 ? right : NULL);
        i += order <= 0 ? 1 : 0;
        j += order >= 0 ? 1 : 0;
    }
}

// --- the pages of a plan ---

// Another attempt was first: what it found stands, and is what is counted.
static void count_anew(struct walk *walk)
{
    walk->tally.moves = walk->moves.count;
    walk->tally.edge_count = 0;
    memset(walk->tally.edges, 0, sizeof walk->tally.edges);
    for (uint32_t i = 0; i < walk->moves.count; i++) {
        tally_edge(&walk->tally, walk->moves.items[i].from_tier, walk->moves.items[i].to_tier);
    }
}

static void on_written(struct plan_pages *pages, enum plan_end end)
{
    struct walk *walk = (struct walk *)(void *)((char *)pages - offsetof(struct walk, pages));
    if (!goes_on(walk, end == PLAN_FAILED ? STORE_UNAVAILABLE : STORE_OK)) {
        return;
    }
    if (end == PLAN_OTHERS) {
        walk->tally.members = pages->head_members;
        count_anew(walk);
    }
    walk->on_done(walk);
}

static void on_planned(struct plan_pages *pages, enum plan_end end)
{
    struct walk *walk = (struct walk *)(void *)((char *)pages - offsetof(struct walk, pages));
    if (!goes_on(walk, end == PLAN_FAILED ? STORE_UNAVAILABLE : STORE_OK)) {
        return;
    }
    walk->planned_read = true;
    walk_ask(walk);
}

static void read_plan(struct walk *walk)
{
    walk->asking = true;
    walk->planned.count = 0;
    plan_pages_read(&walk->pages, walk->work->plan, walk->partition, &walk->planned, on_planned);
}

static void write_plan(struct walk *walk)
{
    walk->asking = true;
    walk->writing = true;
    walk->pages.head_members = walk->tally.members;
    walk->pages.head_errors = walk->tally.errors;
    plan_pages_write(&walk->pages, walk->work->job, walk->work->attempt, walk->partition,
                     &walk->moves, on_written);
}

static void on_forgotten(struct plan_pages *pages, enum plan_end end)
{
    struct walk *walk = (struct walk *)(void *)((char *)pages - offsetof(struct walk, pages));
    if (goes_on(walk, end == PLAN_FAILED ? STORE_UNAVAILABLE : STORE_OK)) {
        walk->on_done(walk);
    }
}

static void forget_plan(struct walk *walk)
{
    walk->asking = true;
    plan_pages_remove(&walk->pages, walk->work->job, walk->work->attempt, walk->partition,
                      on_forgotten);
}

// --- steps ---

static void walk_end(struct walk *walk)
{
    moves_sort(&walk->moves);
    if (walk->fault != NULL) {
        walk->on_done(walk);
    } else if (walk->work->kind == WORK_PLAN) {
        write_plan(walk);
    } else {
        if (walk->work->kind == WORK_COMPARE) {
            compare(walk);
        }
        walk->on_done(walk);
    }
}

static void walk_step(struct walk *walk)
{
    if (walk->quit || walk->asking || walk->stalled) {
        return;
    }
    if (has_more(walk)) {
        walk->on_ready(walk);
    } else if (!walk->ended) {
        walk_ask(walk);
    } else if (walk->out == 0) {
        walk_end(walk);
    }
}

void walk_begin(struct walk *walk, uint32_t partition)
{
    walk->partition = partition;
    walk->tally = (struct tally){0};
    walk->fault = NULL;
    walk->stalled = false;
    walk->quit = false;
    walk->ended = false;
    walk->writing = false;
    walk->planned_read = walk->work->plan[0] == '\0';
    walk->cursor = 0;
    walk->after_len = 0;
    walk->page.count = 0;
    walk->next = 0;
    walk->next_planned = 0;
    walk->planned.count = 0;
    walk->moves.count = 0;
    id_set_fini(&walk->seen);
    if (walk->work->kind == WORK_FORGET) {
        forget_plan(walk);
    } else if (walk->planned_read) {
        walk_ask(walk);
    } else {
        read_plan(walk);
    }
}

void walk_resume(struct walk *walk)
{
    if (!walk->stalled) {
        return;
    }
    walk->stalled = false;
    if (walk->work->kind == WORK_FORGET) {
        forget_plan(walk);
    } else if (walk->writing) {
        write_plan(walk);
    } else if (!walk->planned_read) {
        read_plan(walk);
    } else {
        walk_ask(walk);
    }
}

void walk_quit(struct walk *walk)
{
    walk->quit = true;
}

bool walk_is_quiet(const struct walk *walk)
{
    return !walk->asking && walk->out == 0;
}
