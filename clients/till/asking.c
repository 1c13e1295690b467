// What is in a sale follows from its basket's number, so that the same intent can be made again.
#include "till/asking.h"

#include <string.h>

#include "base/check.h"
#include "ctl/sales_file.h"
#include "lib/encode.h"
#include "loyalty/v1/members.pb-c.h"
#include "till/cashier.h"
#include "till/world.h"

enum {
    LINES_MAX = 5,
    LINE_MINOR_MIN = 100,
    LINE_MINOR_MAX = 30000,
    HOLD_SECONDS = 8,
    ATTACH_DAYS_MAX = 20,
    REQUEST_BYTES = 1024,
    ARENA_BYTES = 16 * 1024,
};

// Hands an intent in whose entry is in the book already.
static uint32_t submit(struct counter *counter, struct loyalty_intent *intent, uint32_t index)
{
    struct book *book = counter->world->book;
    struct visit *visit = &counter->visit;
    const struct member *member = &counter->world->members[book_entry(book, index)->member];
    char id[LOYALTY_UUID_BYTES];
    // The book may move its entries while the answer is told inside.
    memcpy(id, book_entry(book, index)->id, sizeof(id));
    intent->request_id = id;
    bool card = member->card[0] != '\0' && id[0] % 2 == 0;
    intent->member = card ? (struct loyalty_member){LOYALTY_BY_CARD_NUMBER, member->card}
                          : (struct loyalty_member){LOYALTY_BY_MEMBER_ID, member->id};
    visit->entry = index;
    visit->waiting++;
    visit->asked_us = world_now_us();
    if (loyalty_till_submit(counter->till, intent, WORLD_PATIENCE_MS, cashier_on_answer, counter)) {
        return index;
    }
    visit->waiting--;
    book_drop(book, index);
    return BOOK_NONE;
}

// A new entry of this kind, with a receipt of this till.
static struct entry new_entry(struct counter *counter, enum loyalty_till_kind kind, uint32_t member,
                              uint32_t original)
{
    struct entry entry = {
        .kind = kind,
        .counter = counter->index,
        .member = member,
        .original = original,
        .receipt = ++counter->receipt,
    };
    chance_uuid(&counter->chance, entry.id);
    return entry;
}

static uint32_t put(struct counter *counter, const struct entry *entry,
                    struct loyalty_intent *intent)
{
    intent->kind = entry->kind;
    uint32_t index = book_intend(counter->world->book, entry);
    return index == BOOK_NONE ? BOOK_NONE : submit(counter, intent, index);
}

// --- sales ---

struct basket {
    struct loyalty_sale_line lines[LINES_MAX];
    size_t count;
    int64_t total_minor;
};

static void fill_basket(const struct world *world, uint64_t number, struct basket *ret_basket)
{
    static const char *const categories[] = {"food", "home", "books", "toys", NULL};
    struct chance chance = chance_new(world->plan->seed, UINT64_C(1) << 40 | number);
    *ret_basket = (struct basket){.count = (size_t)chance_between(&chance, 1, LINES_MAX)};
    for (size_t i = 0; i < ret_basket->count; i++) {
        ret_basket->lines[i] = (struct loyalty_sale_line){
            .amount_minor = chance_between(&chance, LINE_MINOR_MIN, LINE_MINOR_MAX),
            .category = categories[chance_below(&chance, 5)],
        };
        ret_basket->total_minor += ret_basket->lines[i].amount_minor;
    }
    if (world->sales != NULL) {
        const struct sale_row *row = &world->sales->rows[number % world->sales->row_count];
        ret_basket->count = 1;
        ret_basket->lines[0].amount_minor = row->amount_minor;
        ret_basket->total_minor = row->amount_minor;
    }
}

struct sale_wish ask_plain(uint32_t member)
{
    return (struct sale_wish){.member = member, .exchange_of = BOOK_NONE, .again = BOOK_NONE};
}

static struct loyalty_sale make_sale(const struct counter *counter, const struct entry *entry,
                                     const struct basket *basket)
{
    const struct world *world = counter->world;
    const struct counter *seller = &world->counters[entry->counter];
    return (struct loyalty_sale){
        .currency = world->currency,
        .lines = basket->lines,
        .line_count = basket->count,
        .receipt_number = entry->receipt,
        .business_date = seller->date,
        .unit = seller == counter ? NULL : seller->unit,
        .channel = "shop",
    };
}

uint32_t ask_sale(struct counter *counter, const struct sale_wish *wish)
{
    struct world *world = counter->world;
    struct entry entry = new_entry(counter, LOYALTY_TILL_AWARD, wish->member, wish->again);
    if (wish->again != BOOK_NONE) {
        const struct entry *first = book_entry(world->book, wish->again);
        entry.receipt = first->receipt;
        entry.counter = first->counter;
        entry.basket = first->basket;
    } else {
        entry.basket = world->next_sale++;
    }
    struct basket basket;
    fill_basket(world, entry.basket, &basket);
    entry.receipt = wish->receipt != 0 ? wish->receipt : entry.receipt;
    entry.amount_minor = basket.total_minor;
    entry.line_count = (uint32_t)basket.count;
    struct loyalty_sale sale = make_sale(counter, &entry, &basket);
    char exchange_of[LOYALTY_UUID_BYTES];
    if (wish->exchange_of != BOOK_NONE) {
        memcpy(exchange_of, book_entry(world->book, wish->exchange_of)->id, sizeof(exchange_of));
        sale.exchange_of = exchange_of;
    }
    sale.paid_with_points_minor =
        wish->paid_minor < basket.total_minor ? wish->paid_minor : basket.total_minor;
    if (wish->attached) {
        struct loyalty_till_state state;
        loyalty_till_look(counter->till, &state);
        sale.attached = true;
        sale.occurred_at_ms =
            state.now_ms - DAY_MS * chance_between(&counter->chance, 0, ATTACH_DAYS_MAX) - 1000;
    }
    struct loyalty_intent intent = {.sale = &sale};
    return put(counter, &entry, &intent);
}

bool ask_same(struct counter *counter, uint32_t sale)
{
    const struct entry *entry = book_entry(counter->world->book, sale);
    struct basket basket;
    fill_basket(counter->world, entry->basket, &basket);
    struct loyalty_sale message = make_sale(counter, entry, &basket);
    struct loyalty_intent intent = {.kind = LOYALTY_TILL_AWARD, .sale = &message};
    return submit(counter, &intent, sale) != BOOK_NONE;
}

// --- points ---

uint32_t ask_spend(struct counter *counter, enum loyalty_till_kind kind, uint32_t member,
                   int64_t points)
{
    struct entry entry = new_entry(counter, kind, member, BOOK_NONE);
    struct loyalty_spend spend = {
        .points = points,
        .receipt_number = entry.receipt,
        .business_date = counter->date,
        .hold_seconds = kind == LOYALTY_TILL_RESERVE ? HOLD_SECONDS : 0,
    };
    struct loyalty_intent intent = {.spend = &spend};
    return put(counter, &entry, &intent);
}

uint32_t ask_hold_end(struct counter *counter, enum loyalty_till_kind kind, uint32_t reservation,
                      int64_t points)
{
    const struct entry *reserved = book_entry(counter->world->book, reservation);
    char reservation_id[LOYALTY_UUID_BYTES];
    memcpy(reservation_id, reserved->id, sizeof(reservation_id));
    struct entry entry = new_entry(counter, kind, reserved->member, reservation);
    bool capture = kind == LOYALTY_TILL_CAPTURE;
    struct loyalty_hold_end end = {
        .reservation_id = reservation_id,
        .points = capture ? points : 0,
        .receipt_number = capture ? entry.receipt : 0,
        .business_date = capture ? counter->date : NULL,
    };
    struct loyalty_intent intent = {.hold_end = &end};
    return put(counter, &entry, &intent);
}

uint32_t ask_reverse(struct counter *counter, uint32_t original, enum loyalty_part part)
{
    struct entry first = *book_entry(counter->world->book, original);
    struct entry entry = new_entry(counter, LOYALTY_TILL_REVERSE, first.member, original);
    uint32_t line =
        first.line_count == 0 ? 1 : (uint32_t)chance_between(&counter->chance, 1, first.line_count);
    int64_t most = first.amount_minor > 1 ? first.amount_minor : 1;
    int64_t points_most = first.points > 1 ? first.points : 1;
    struct loyalty_reversal reversal = {
        .original_request_id = first.id,
        .original_created_at_ms = first.created_at_ms,
        .part = part,
        .amount_minor = part == LOYALTY_PART_AMOUNT ? chance_between(&counter->chance, 1, most) : 0,
        .points =
            part == LOYALTY_PART_POINTS ? chance_between(&counter->chance, 1, points_most) : 0,
        .lines = &line,
        .line_count = part == LOYALTY_PART_LINES ? 1 : 0,
        .reason = "returned",
        .receipt_number = entry.receipt,
        .business_date = counter->date,
    };
    struct loyalty_intent intent = {.reversal = &reversal};
    return put(counter, &entry, &intent);
}

// --- not through the queue ---

// Past the queue, over the till's own connection.
static bool ask_directly(struct counter *counter, const char *method,
                         const ProtobufCMessage *message, loyalty_reply_fn *on_reply)
{
    struct loyalty *client = loyalty_till_client(counter->till);
    uint8_t bytes[REQUEST_BYTES];
    CHECK(protobuf_c_message_get_packed_size(message) <= sizeof(bytes));
    size_t len = protobuf_c_message_pack(message, bytes);
    counter->visit.asked_us = world_now_us();
    if (client == NULL || loyalty_state(client) != LOYALTY_OPEN ||
        !loyalty_submit(client, method, bytes, len, 0, on_reply, counter)) {
        return false;
    }
    counter->visit.waiting++;
    return true;
}

bool ask_look(struct counter *counter, uint32_t member)
{
    Loyalty__V1__MemberRef ref = LOYALTY__V1__MEMBER_REF__INIT;
    Loyalty__V1__GetMemberRequest request = LOYALTY__V1__GET_MEMBER_REQUEST__INIT;
    ref.by_case = LOYALTY__V1__MEMBER_REF__BY_MEMBER_ID;
    ref.member_id = counter->world->members[member].id;
    request.member = &ref;
    return ask_directly(counter, "/loyalty.v1.MembersService/GetMember", &request.base,
                        cashier_on_look);
}

bool ask_foreign(struct counter *desk, uint32_t sale)
{
    const struct world *world = desk->world;
    const struct entry *entry = book_entry(world->book, sale);
    struct basket basket;
    fill_basket(world, entry->basket, &basket);
    struct loyalty_sale message = make_sale(desk, entry, &basket);
    struct loyalty_member member = {LOYALTY_BY_MEMBER_ID, world->members[entry->member].id};
    struct loyalty_request request;
    Loyalty__V1__AwardRequest award = LOYALTY__V1__AWARD_REQUEST__INIT;
    struct arena arena;
    arena_init(&arena, ARENA_BYTES);
    bool asked = false;
    if (loyalty_request_init(loyalty_till_client(desk->till), &request)) {
        award.mutation = ly_encode_mutation(&arena, &request);
        award.member = ly_encode_member(&arena, &member);
        award.sale = ly_encode_sale(&arena, &message);
        asked = award.mutation != NULL && award.member != NULL && award.sale != NULL &&
                ask_directly(desk, "/loyalty.v1.PointsService/Award", &award.base, cashier_on_scan);
    }
    arena_fini(&arena);
    return asked;
}
