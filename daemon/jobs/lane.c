// The walk of a partition. Invariant: `at_work` slots are taken; a lane that is busy has a visit, a
// page or a value at the store, or waits to be poked.
#include "jobs/lane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/hash.h"
#include "service/service.h"

void lane_init(struct lane *lane, struct service *service)
{
    memset(lane, 0, sizeof(*lane));
    lane->service = service;
    arena_init(&lane->arena, LIMIT_ARENA_BYTES);
    for (uint32_t i = 0; i < LANE_VISITS; i++) {
        visit_init(&lane->slots[i].visit, service);
        lane->slots[i].lane = lane;
    }
}

void lane_fini(struct lane *lane)
{
    CHECK(!lane->busy);
    id_set_fini(&lane->met);
    vec_fini(&lane->found);
    vec_fini(&lane->moves);
    vec_fini(&lane->planned);
    arena_fini(&lane->arena);
    for (uint32_t i = 0; i < LANE_VISITS; i++) {
        visit_fini(&lane->slots[i].visit);
    }
}

void lane_over(struct lane *lane, bool done)
{
    CHECK(lane->busy && lane->at_work == 0);
    lane->busy = false;
    id_set_fini(&lane->met);
    lane->met = (struct id_set){0};
    lane->moves.count = 0;
    lane->planned.count = 0;
    lane->on_over(lane, done);
}

void lane_end_if_idle(struct lane *lane)
{
    bool idle = lane->at_work == 0 && !lane->asking && lane->puts == 0 && !lane->reading &&
                !lane->writing_head;
    if (lane->busy && idle && (lane->failed || lane->stopping)) {
        lane_over(lane, false);
    }
}

void lane_fail(struct lane *lane)
{
    lane->failed = true;
    lane_end_if_idle(lane);
}

void lane_stop(struct lane *lane)
{
    lane->stopping = true;
    lane_end_if_idle(lane);
}

// --- what the re-scoring gave ---

static void set_text(char ret_text[LIMIT_NAME_BYTES + 1], struct span text)
{
    size_t len = text.len < LIMIT_NAME_BYTES ? text.len : LIMIT_NAME_BYTES;
    memcpy(ret_text, text.data, len);
    ret_text[len] = '\0';
}

static uint32_t counting_at(const struct account *account, int64_t at_ms)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < account->contributions.count; i++) {
        const struct contribution *part = &account->contributions.items[i];
        count += part->score > 0 && part->boundary_from_ms <= at_ms && at_ms < part->until_ms;
    }
    return count;
}

static const struct card *given_at(const struct account *account, int64_t at_ms)
{
    for (uint32_t i = account->cards.count; i > 0; i--) {
        const struct card *card = &account->cards.items[i - 1];
        if (card->cause == CARD_RESCORE && card->from_ms == at_ms) {
            return card;
        }
    }
    return NULL;
}

static void note_move(struct lane_slot *slot, const struct account *account,
                      const struct program_set *programs)
{
    int64_t at_ms = slot->lane->order.at_ms;
    const struct card *given = given_at(account, at_ms);
    slot->moved = given != NULL;
    if (given == NULL) {
        return;
    }
    const struct program_version *version = program_set_at(programs, at_ms);
    const struct card *before = account_card_at(account, at_ms - 1);
    struct span to = names_text(&account->names, given->tier);
    int rank = version == NULL ? -1 : program_tier_rank(version->program, to);
    slot->move = (struct move){
        .score = account_score_at_boundary(account, at_ms),
        .contributions = counting_at(account, at_ms),
        .threshold = rank < 0 ? 0 : version->program->tiers[rank].threshold,
        .card_until_ms = given->until_ms,
        .seq = slot->seq_before,
        .recorded = (uint32_t)(given - account->cards.items) < slot->cards_before,
    };
    set_text(slot->move.to_tier, to);
    if (before != NULL) {
        set_text(slot->move.from_tier, names_text(&account->names, before->tier));
    }
}

static void see(struct visit *visit, const struct account *account,
                const struct program_set *programs, bool after)
{
    struct lane_slot *slot = (struct lane_slot *)visit;
    slot->is_members = account->kind == ACCOUNT_MEMBER || account->kind == ACCOUNT_POOL;
    if (after) {
        note_move(slot, account, programs);
    } else {
        slot->cards_before = account->cards.count;
        slot->seq_before = account->seq;
    }
}

// --- what came of a visit ---

static void count_edge(struct lane *lane, const struct move *move)
{
    struct lane_result *result = &lane->result;
    uint32_t at = 0;
    while (at < result->edge_count && (strcmp(result->edges[at].from_tier, move->from_tier) != 0 ||
                                       strcmp(result->edges[at].to_tier, move->to_tier) != 0)) {
        at++;
    }
    if (at == LANE_TIERS) {
        at--; // a program has fewer; told under the last
    } else if (at == result->edge_count) {
        result->edge_count++;
        memcpy(result->edges[at].from_tier, move->from_tier, sizeof(move->from_tier));
        memcpy(result->edges[at].to_tier, move->to_tier, sizeof(move->to_tier));
        result->edges[at].count = 0;
    }
    result->edges[at].count++;
}

static void keep_move(struct lane *lane, const struct lane_slot *slot)
{
    const struct visit_found *found = &slot->visit.found;
    if (vec_reserve_one(&lane->moves, LANE_MOVES) != STATUS_OK) {
        lane->failed = true;
        return;
    }
    struct lane_move *kept = &lane->moves.items[lane->moves.count++];
    memcpy(kept->member_id, found->id, found->id_len);
    kept->member_id[found->id_len] = '\0';
    kept->move = slot->move;
}

static void count_error(struct lane *lane, const struct visit *visit)
{
    struct lane_result *result = &lane->result;
    result->errors++;
    if (result->error_samples < JOB_SAMPLES_MAX) {
        struct lane_sample *sample = &result->error_sample[result->error_samples++];
        memset(sample, 0, sizeof(*sample));
        memcpy(sample->member_id, visit->found.id, visit->found.id_len);
        snprintf(sample->what, sizeof(sample->what), "%s", visit->why == NULL ? "" : visit->why);
    }
}

static void count_move(struct lane *lane, const struct lane_slot *slot)
{
    bool before = lane->order.work == LANE_RUN && slot->move.recorded;
    lane->result.moved_before += before ? 1 : 0;
    lane->result.moves += before ? 0 : 1;
    count_edge(lane, &slot->move);
    if (lane->order.work != LANE_RUN) {
        keep_move(lane, slot);
    }
}

static void count_visit(struct lane *lane, const struct lane_slot *slot)
{
    const struct visit *visit = &slot->visit;
    struct lane_result *result = &lane->result;
    lane->visited++;
    if (visit->end == VISIT_FAILED) {
        lane->failed = true;
    } else if (visit->end == VISIT_SKIP && strcmp(visit->why, "STAYS_DUE") != 0) {
        result->members++;
        count_error(lane, visit);
    } else {
        result->members += slot->is_members ? 1 : 0;
        result->corrected += visit->was_wrong ? 1 : 0;
        if (slot->moved) {
            count_move(lane, slot);
        }
    }
}

static void on_visited(struct visit *visit)
{
    struct lane_slot *slot = (struct lane_slot *)visit;
    struct lane *lane = slot->lane;
    CHECK(lane->at_work > 0);
    lane->at_work--;
    slot->taken = false;
    lane->visited_one(lane);
    count_visit(lane, slot);
    if (lane->walking) {
        return; // it goes on by itself
    }
    if (lane->failed || lane->stopping) {
        lane_end_if_idle(lane);
        return;
    }
    lane_walk(lane);
}

// --- pages of ids ---

// Ids of a partition have the low bits of their hash in common.
static uint64_t print_of(struct span id)
{
    uint64_t hash = hash_fnv1a(id) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

static enum status take_id(struct lane *lane, struct span id, int64_t due_ms)
{
    struct lane_found found = {.id_len = (uint32_t)id.len, .due_ms = due_ms};
    memcpy(found.id, id.data, id.len);
    lane->last = found;
    if (id_set_has(&lane->met, print_of(id))) {
        return STATUS_OK;
    }
    TRY(id_set_add(&lane->met, print_of(id)));
    TRY(vec_reserve_one(&lane->found, LANE_FOUND));
    lane->found.items[lane->found.count++] = found;
    return STATUS_OK;
}

static void take_ids(struct lane *lane, const struct store_scan_reply *reply)
{
    uint32_t kept = lane->found.count - lane->found_next;
    for (uint32_t i = 0; i < kept; i++) {
        lane->found.items[i] = lane->found.items[lane->found_next + i];
    }
    lane->found.count = kept;
    lane->found_next = 0;
    for (size_t i = 0; i < reply->count && !lane->failed; i++) {
        struct span id = reply->ids[i];
        bool known = id.len > 0 && id.len <= LIMIT_MEMBER_ID_BYTES;
        lane->failed = known && take_id(lane, id, reply->due_ms[i]) != STATUS_OK;
    }
}

static void on_ids(void *context, const struct store_scan_reply *reply)
{
    struct lane *lane = context;
    lane->asking = false;
    if (reply->result != STORE_OK || lane->service->stopping) {
        lane_fail(lane);
        return;
    }
    take_ids(lane, reply);
    lane->cursor = reply->next_cursor;
    lane->asked_all = lane->order.full ? reply->next_cursor == 0 : reply->count < LANE_PAGE;
    if (lane->failed || lane->stopping) {
        lane_end_if_idle(lane);
        return;
    }
    lane_walk(lane);
}

static void ask_ids(struct lane *lane)
{
    struct store *store = lane->service->options.store;
    lane->asking = true;
    if (lane->order.full) {
        store_scan(store, lane->result.partition, lane->cursor, LANE_PAGE / 2, on_ids, lane);
        return;
    }
    struct store_due due = {
        .partition = lane->result.partition,
        .until_ms = lane->order.at_ms,
        .count = LANE_PAGE,
        .after_ms = lane->last.due_ms,
        .after_id = span_of(lane->last.id, lane->last.id_len),
    };
    store_due(store, &due, on_ids, lane);
}

// --- the walk ---

static enum visit_aim aim_of(enum lane_work work)
{
    return work == LANE_RUN ? VISIT_ADVANCE : work == LANE_INDEX ? VISIT_INDEX : VISIT_LOOK;
}

static struct lane_slot *free_slot(struct lane *lane)
{
    for (uint32_t i = 0; i < LANE_VISITS; i++) {
        if (!lane->slots[i].taken) {
            return &lane->slots[i];
        }
    }
    return NULL;
}

static void begin_visit(struct lane *lane, const struct lane_found *found)
{
    struct lane_slot *slot = free_slot(lane);
    CHECK(slot != NULL);
    struct visit *visit = &slot->visit;
    slot->taken = true;
    slot->is_members = lane->order.work == LANE_INDEX;
    slot->moved = false;
    visit_found_set(&visit->found, lane->result.partition, span_of(found->id, found->id_len));
    visit->found.indexed = lane->order.full;
    visit->found.index_ms = found->due_ms;
    visit->aim = aim_of(lane->order.work);
    visit->at_ms = lane->order.at_ms;
    visit->see = lane->order.work == LANE_INDEX ? NULL : see;
    visit->on_ended = on_visited;
    lane->at_work++;
    visit_begin(visit);
}

// Visits may end at once.
static void begin_visits(struct lane *lane)
{
    lane->walking = true;
    while (!lane->failed && !lane->stopping && lane->found_next < lane->found.count &&
           lane->at_work < LANE_VISITS && lane->allow(lane)) {
        struct lane_found found = lane->found.items[lane->found_next++];
        begin_visit(lane, &found);
    }
    lane->walking = false;
}

void lane_walk(struct lane *lane)
{
    uint32_t left = lane->found.count - lane->found_next;
    if (!lane->asking && !lane->asked_all && left < LANE_PAGE / 2) {
        ask_ids(lane);
    }
    begin_visits(lane);
    if (lane->failed || lane->stopping) {
        lane_end_if_idle(lane);
        return;
    }
    bool all = lane->asked_all && lane->found_next == lane->found.count && lane->at_work == 0;
    if (all && !lane->asking) {
        lane_plan_finish(lane);
    }
}

void lane_poke(struct lane *lane)
{
    bool walking = lane->busy && !lane->failed && !lane->stopping && !lane->reading &&
                   lane->puts == 0 && !lane->writing_head;
    if (walking && lane->found_next < lane->found.count) {
        lane_walk(lane);
    }
}

void lane_begin(struct lane *lane, const struct lane_order *order, uint32_t partition)
{
    CHECK(!lane->busy);
    lane->order = *order;
    memset(&lane->result, 0, sizeof(lane->result));
    lane->result.partition = partition;
    lane->busy = true;
    lane->failed = false;
    lane->stopping = false;
    lane->asked_all = false;
    lane->cursor = 0;
    lane->last = (struct lane_found){.due_ms = INT64_MIN};
    lane->found.count = 0;
    lane->found_next = 0;
    lane->head_revision = 0;
    lane->head_attempt = 0;
    lane->head_pages = 0;
    lane_plan_begin(lane);
}
