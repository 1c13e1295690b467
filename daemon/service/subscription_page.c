// From entries to messages. A message is made in the request's arena for attempts, which is emptied
// before each; what of the entries that were read does not fit is read again for the next one.
#include "base/log.h"
#include "core/record.h"
#include "service/event.h"
#include "service/lease.h"
#include "service/request.h"
#include "service/service.h"
#include "service/streams.h"
#include "service/subscription.h"
#include "wire/events.h"
#include "wire/message.h"

enum {
    FIELD_BYTES = 4, // what a message in a message has around it, at most
    ENTRIES_MIN = 4,
};

static_assert(SERVICE_EVENTS_BYTES + SERVICE_PLACES_A_MESSAGE * 18 < LIMIT_REPLY_BYTES,
              "a message with all its places is an answer");

// One message in the making.
struct telling {
    struct subscription *subscription;
    struct events_entry entry;
    Loyalty__V1__Event *events[SERVICE_EVENTS_A_MESSAGE];
    size_t count;
    size_t bytes;
    uint32_t skip;    // events of the entry at hand still to be passed over
    uint32_t given;   // and those that are told, those passed over included
    uint32_t entries; // told whole
    bool full;
};

enum status subscription_miss(struct subscription *subscription, const struct missed *missed)
{
    TRY(vec_reserve_one(&subscription->missed, 2 * LIMIT_PARTITIONS));
    subscription->missed.items[subscription->missed.count++] = *missed;
    return STATUS_OK;
}

// --- sending ---

static enum status make_place(const struct subscription *subscription, uint32_t partition,
                              struct arena *arena, Loyalty__V1__Place **ret_place)
{
    Loyalty__V1__Place *place =
        (Loyalty__V1__Place *)message_new(&loyalty__v1__place__descriptor, arena);
    if (place == NULL) {
        return STATUS_NO_MEMORY;
    }
    place->partition = partition;
    place->epoch = subscription->epoch;
    place->number = subscription->told[partition];
    *ret_place = place;
    return STATUS_OK;
}

static enum status fill_places(struct subscription *subscription, struct arena *arena,
                               Loyalty__V1__SubscribeResponse *response)
{
    response->places =
        arena_alloc_array(arena, SERVICE_PLACES_A_MESSAGE, sizeof(Loyalty__V1__Place *));
    if (response->places == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t i = subscription->from;
         i < subscription->until && response->n_places < SERVICE_PLACES_A_MESSAGE; i++) {
        if (subscription->told[i] != subscription->said[i]) {
            TRY(make_place(subscription, i, arena, &response->places[response->n_places]));
            subscription->said[i] = subscription->told[i];
            response->n_places++;
        }
    }
    return STATUS_OK;
}

static enum status send(struct subscription *subscription, Loyalty__V1__SubscribeResponse *response)
{
    struct request *request = subscription->request;
    struct arena *arena = &request->attempt;
    TRY(fill_places(subscription, arena, response));
    subscription->said_ms = timers_now(request->service->options.timers);
    if (request->room == NULL) {
        request_reply(request, &response->base, false);
        return STATUS_OK;
    }
    return request_send(request, &response->base, arena);
}

static enum status fill_missed(struct subscription *subscription, struct arena *arena,
                               Loyalty__V1__SubscribeResponse *response)
{
    uint32_t count = subscription->missed.count;
    count = count < SERVICE_PLACES_A_MESSAGE ? count : SERVICE_PLACES_A_MESSAGE;
    response->missed = arena_alloc_array(arena, count, sizeof(Loyalty__V1__Missed *));
    if (response->missed == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t i = 0; i < count; i++) {
        // The last ones first: so the list gets shorter without being moved.
        const struct missed *from = &subscription->missed.items[--subscription->missed.count];
        Loyalty__V1__Missed *missed =
            (Loyalty__V1__Missed *)message_new(&loyalty__v1__missed__descriptor, arena);
        if (missed == NULL) {
            return STATUS_NO_MEMORY;
        }
        missed->partition = from->partition;
        missed->epoch = from->epoch;
        missed->first_number = from->first;
        missed->last_number = from->last;
        response->missed[response->n_missed++] = missed;
    }
    return STATUS_OK;
}

enum status subscription_say(struct subscription *subscription)
{
    struct arena *arena = &subscription->request->attempt;
    Loyalty__V1__SubscribeResponse response = LOYALTY__V1__SUBSCRIBE_RESPONSE__INIT;
    arena_reset(arena);
    TRY(fill_missed(subscription, arena, &response));
    return send(subscription, &response);
}

// --- one entry ---

// False: the message is full, the event belongs to the next one.
static bool add(struct telling *telling, Loyalty__V1__Event *event)
{
    if (telling->skip > 0) {
        telling->skip--;
        telling->given++;
        return true;
    }
    size_t bytes = FIELD_BYTES + protobuf_c_message_get_packed_size(&event->base);
    if (telling->count == SERVICE_EVENTS_A_MESSAGE ||
        (telling->count > 0 && telling->bytes + bytes > SERVICE_EVENTS_BYTES)) {
        telling->full = true;
        return false;
    }
    telling->events[telling->count++] = event;
    telling->bytes += bytes;
    telling->given++;
    return true;
}

static enum status add_unreadable(struct telling *telling, uint64_t seq)
{
    Loyalty__V1__Event *event = NULL;
    if (!events_wants(&telling->entry, LOYALTY__V1__EVENT_TYPE__EVENT_TYPE_OTHER)) {
        return STATUS_OK;
    }
    TRY(events_unreadable(&telling->entry, seq, &event));
    (void)add(telling, event);
    return STATUS_OK;
}

static enum status add_record(struct telling *telling, const struct record_place *place,
                              uint64_t seq)
{
    struct subscription *subscription = telling->subscription;
    struct arena *scratch = &subscription->request->service->scratch;
    struct told *told = &subscription->along;
    struct record record;
    Loyalty__V1__Event *events[EVENTS_A_RECORD];
    size_t count = 0;
    arena_reset(scratch);
    // What is passed over takes no room in the message.
    telling->entry.arena =
        telling->skip >= EVENTS_A_RECORD ? scratch : &subscription->request->attempt;
    enum status status = record_decode(place->body, scratch, &record);
    if (status != STATUS_OK) {
        return status == STATUS_NO_MEMORY ? status : add_unreadable(telling, seq);
    }
    TRY(events_of_record(&telling->entry, told, &record, seq, events, &count));
    for (size_t i = 0; i < count && add(telling, events[i]); i++) {
    }
    return told_follow(told, &record);
}

static enum status add_records(struct telling *telling, const struct event *event)
{
    struct record_cursor cursor = {.rest = event->records};
    struct record_place place;
    uint64_t seq = event->first_seq;
    enum status status = told_read(&telling->subscription->along, event->told);
    if (status != STATUS_OK && status != STATUS_CORRUPT) {
        return status;
    }
    while (!telling->full && (status = record_next(&cursor, &place)) == STATUS_OK) {
        TRY(add_record(telling, &place, seq));
        seq++;
    }
    return status == STATUS_CORRUPT ? add_unreadable(telling, seq) : STATUS_OK;
}

static enum status add_birthdays(struct telling *telling, const struct event *event)
{
    struct event_birthdays birthdays;
    struct span id;
    if (!events_wants(&telling->entry, LOYALTY__V1__EVENT_TYPE__EVENT_TYPE_BIRTHDAY_DUE)) {
        return STATUS_OK;
    }
    if (event_birthdays(event, &birthdays) != STATUS_OK) {
        return add_unreadable(telling, event->first_seq);
    }
    while (!telling->full && event_next_id(&birthdays.ids, &id) == STATUS_OK) {
        Loyalty__V1__Event *told = NULL;
        if (telling->skip > 0) {
            telling->skip--;
            telling->given++;
            continue;
        }
        telling->entry.member_id = id;
        TRY(events_birthday(&telling->entry, birthdays.day, birthdays.begun_ms, &told));
        (void)add(telling, told);
    }
    return STATUS_OK;
}

static enum status add_entry(struct telling *telling, const struct store_event *from)
{
    struct event event = {0};
    telling->entry.partition = from->partition;
    telling->entry.number = from->number;
    telling->given = 0;
    if (event_decode(from->bytes, &event) != STATUS_OK) {
        telling->entry.member_id = (struct span){0};
        return add_unreadable(telling, 0);
    }
    telling->entry.member_id = event.member_id;
    return event.format == EVENT_BIRTHDAYS ? add_birthdays(telling, &event)
                                           : add_records(telling, &event);
}

// --- what was read ---

// Events up to `last` are not there.
static enum status miss(struct subscription *subscription, uint32_t partition, uint64_t last)
{
    struct missed missed = {.partition = partition,
                            .epoch = subscription->epoch,
                            .first = subscription->told[partition] + 1,
                            .last = last};
    subscription->told[partition] = last;
    subscription->skip = 0;
    return subscription_miss(subscription, &missed);
}

// What of a partition is not there (any more).
static enum status miss_dropped(struct subscription *subscription, uint32_t partition,
                                const struct store_event_bounds *bounds)
{
    uint64_t *told = &subscription->told[partition];
    if (*told > bounds->last) {
        // The store has lost what it had told: what comes under these numbers is told again.
        log_event(LOG_ERROR, "events-rolled-back", "partition=%u told=%llu last=%llu", partition,
                  (unsigned long long)*told, (unsigned long long)bounds->last);
        *told = bounds->last;
        subscription->said[partition] = *told;
        subscription->skip = 0;
    }
    if (*told + 1 >= bounds->first) {
        return STATUS_OK;
    }
    return miss(subscription, partition, bounds->first - 1);
}

// Looks at the bounds of all partitions that were read. Events of this answer are left alone when
// something was missed: that is told first.
static enum status take_bounds(struct subscription *subscription,
                               const struct store_events_reply *reply)
{
    for (uint32_t i = 0; i < subscription->asked_count; i++) {
        uint32_t partition = subscription->asked[i].partition;
        subscription->all->tips[partition] = reply->bounds[i].last;
        TRY(miss_dropped(subscription, partition, &reply->bounds[i]));
    }
    return STATUS_OK;
}

// The next entry of its partition is told, whole or as far as the message goes.
static enum status take_entry(struct telling *telling, const struct store_event *event)
{
    struct subscription *subscription = telling->subscription;
    telling->skip = subscription->skip;
    enum status status = add_entry(telling, event);
    if (status == STATUS_NO_MEMORY && telling->count > 0) {
        telling->full = true; // of this message's arena; the next has an empty one
        status = STATUS_OK;
    }
    TRY(status);
    if (telling->full) {
        subscription->skip_partition = event->partition;
        subscription->skip = telling->given;
        return STATUS_OK;
    }
    subscription->skip = 0;
    subscription->told[event->partition] = event->number;
    telling->entries++;
    return STATUS_OK;
}

static enum status take_entries(struct telling *telling, const struct store_events_reply *reply)
{
    struct subscription *subscription = telling->subscription;
    for (size_t i = 0; i < reply->count && !telling->full; i++) {
        const struct store_event *event = &reply->events[i];
        uint64_t after = subscription->told[event->partition];
        if (event->number > after + 1) {
            return miss(subscription, event->partition, event->number - 1);
        }
        if (event->number == after + 1) {
            TRY(take_entry(telling, event));
        }
    }
    // So that little is read in vain where entries are long.
    uint32_t next = telling->full ? telling->entries : 2 * subscription->entries;
    next = next < ENTRIES_MIN ? ENTRIES_MIN : next;
    subscription->entries = next < SERVICE_EVENTS_A_MESSAGE ? next : SERVICE_EVENTS_A_MESSAGE;
    return STATUS_OK;
}

static const struct program *latest(const struct service *service)
{
    const struct program_set *programs = lease_set(service->lease);
    return programs->count == 0 ? NULL : programs->versions[programs->count - 1].program;
}

enum status subscription_tell(struct subscription *subscription,
                              const struct store_events_reply *reply)
{
    struct request *request = subscription->request;
    Loyalty__V1__SubscribeResponse response = LOYALTY__V1__SUBSCRIBE_RESPONSE__INIT;
    arena_reset(&request->attempt);
    TRY(take_bounds(subscription, reply));
    if (subscription->missed.count > 0) {
        return STATUS_OK;
    }
    struct telling telling = {
        .subscription = subscription,
        .entry = {.arena = &request->attempt,
                  .epoch = subscription->epoch,
                  .types = subscription->types,
                  .program = latest(request->service)},
    };
    enum status status = take_entries(&telling, reply);
    arena_reset(&request->service->scratch);
    TRY(status);
    if (telling.full && telling.entries == 0 && request->room == NULL) {
        request_fail(request, LOYALTY__V1__CODE__CODE_RESOURCE_EXHAUSTED, "ANSWER_TOO_LARGE", "",
                     "Events of one place do not fit one message; subscribe over gRPC.");
        return STATUS_OK;
    }
    if (telling.count == 0) {
        return STATUS_OK;
    }
    response.events = telling.events;
    response.n_events = telling.count;
    return send(subscription, &response);
}
