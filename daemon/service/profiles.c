// Reading, writing and deleting sealed profiles.
#include "service/profiles.h"

#include <stdio.h>
#include <stdlib.h>

#include "service/identifiers.h"
#include "service/service.h"
#include "wire/message.h"
#include "wire/profile.h"

enum {
    REVISION_BYTES = 8,
    ABOUT_BYTES = LIMIT_MEMBER_ID_BYTES + REVISION_BYTES,
    HASH_BYTES = 32,
    DELETE_ROUNDS = 8,
};

static const char set_label[] = "birthday";

bool profiles_usable(const struct service *service)
{
    return service->options.profiles != NULL;
}

bool profiles_birthday_set(const struct service *service, struct span day,
                           char ret_set[PROFILE_SET_BYTES + 1])
{
    uint8_t bytes[32];
    uint8_t hash[HASH_BYTES];
    size_t label = sizeof(set_label) - 1;
    if (!identifiers_usable(service) || label + day.len > sizeof(bytes)) {
        return false;
    }
    memcpy(bytes, set_label, label); // no identifier is of the kind 'b'
    memcpy(bytes + label, day.data, day.len);
    service->options.identifier_hash(service->options.identifier_context,
                                     span_of(bytes, label + day.len), hash);
    for (size_t i = 0; i < PROFILE_SET_BYTES / 2; i++) {
        snprintf(ret_set + 2 * i, 3, "%02x", hash[i]);
    }
    return true;
}

// The member's id and the revision: what a profile is sealed for.
static struct span about(const struct profile_work *work, uint64_t revision,
                         uint8_t bytes[ABOUT_BYTES])
{
    size_t len = work->member_id.len;
    memcpy(bytes, work->member_id.data, len);
    for (size_t i = 0; i < REVISION_BYTES; i++) {
        bytes[len + i] = (uint8_t)(revision >> 8 * (REVISION_BYTES - 1 - i));
    }
    return span_of(bytes, len + REVISION_BYTES);
}

static struct store_value place(const struct profile_work *work)
{
    return (struct store_value){
        .partition = accounts_partition(work->service->accounts, work->member_id),
        .name = work->member_id,
    };
}

static void work_end(struct profile_work *work, enum profile_end end)
{
    work->end = end;
    work->done(work);
}

// --- reading ---

static enum status read_profile(struct profile_work *work, const struct store_value_reply *reply)
{
    const ProtobufCMessageDescriptor *type = &loyalty__v1__profile__descriptor;
    const struct profile_port *port = work->service->options.profiles;
    uint8_t bytes[ABOUT_BYTES];
    if (reply->revision == 0) {
        work->profile = (Loyalty__V1__Profile *)message_new(type, work->arena);
        return work->profile == NULL ? STATUS_NO_MEMORY : STATUS_OK;
    }
    if (port == NULL || reply->bytes.len < PROFILE_SEAL_BYTES) {
        return STATUS_INVALID;
    }
    size_t len = reply->bytes.len - PROFILE_SEAL_BYTES;
    uint8_t *text = arena_alloc_raw(work->arena, len + 1);
    if (text == NULL) {
        return STATUS_NO_MEMORY;
    }
    TRY(port->open(port->context, about(work, reply->revision, bytes), reply->bytes, text));
    struct message_fault fault;
    ProtobufCMessage *message = NULL;
    TRY(message_decode(type, span_of(text, len), work->arena, &message, &fault));
    work->profile = (Loyalty__V1__Profile *)message;
    work->profile->revision = reply->revision;
    return STATUS_OK;
}

static void on_got(void *context, const struct store_value_reply *reply)
{
    struct profile_work *work = context;
    if (reply->result != STORE_OK) {
        work_end(work, PROFILE_UNAVAILABLE);
        return;
    }
    work->revision = reply->revision;
    enum status status = read_profile(work, reply);
    if (status == STATUS_OK) {
        work_end(work, PROFILE_DONE);
    } else {
        work_end(work, status == STATUS_NO_MEMORY ? PROFILE_UNAVAILABLE : PROFILE_BROKEN);
    }
}

void profiles_get(struct profile_work *work)
{
    struct store_value value = place(work);
    store_get(work->service->options.store, &value, on_got, work);
}

// --- writing ---

static void on_put(void *context, const struct store_value_reply *reply)
{
    struct profile_work *work = context;
    switch (reply->result) {
    case STORE_OK:
        work->revision++;
        work_end(work, PROFILE_DONE);
        return;
    case STORE_BEHIND:
        work->revision = reply->revision;
        work_end(work, PROFILE_CHANGED);
        return;
    case STORE_UNKNOWN:
        work_end(work, PROFILE_UNKNOWN);
        return;
    default:
        work_end(work, PROFILE_UNAVAILABLE);
    }
}

// Leaves and enters sets of the calendar, where the day is another one.
static void put(struct profile_work *work, struct span sealed, struct span old_day,
                struct span new_day)
{
    char leave[PROFILE_SET_BYTES + 1];
    char enter[PROFILE_SET_BYTES + 1];
    struct store_put wanted = {
        .value = place(work), .expected_revision = work->revision, .bytes = sealed};
    bool same = span_equal(old_day, new_day);
    if (!same && old_day.len > 0 && profiles_birthday_set(work->service, old_day, leave)) {
        wanted.leave_set = span_of(leave, PROFILE_SET_BYTES);
    }
    if (!same && new_day.len > 0 && profiles_birthday_set(work->service, new_day, enter)) {
        wanted.enter_set = span_of(enter, PROFILE_SET_BYTES);
    }
    store_put(work->service->options.store, &wanted, on_put, work);
}

static enum status seal(struct profile_work *work, const Loyalty__V1__Profile *profile,
                        struct span *ret_sealed)
{
    const struct profile_port *port = work->service->options.profiles;
    Loyalty__V1__Profile stored = *profile;
    uint8_t bytes[ABOUT_BYTES];
    struct span text;
    stored.revision = 0;
    TRY(message_encode(&stored.base, work->arena, &text));
    uint8_t *sealed = arena_alloc_raw(work->arena, text.len + PROFILE_SEAL_BYTES);
    if (sealed == NULL) {
        return STATUS_NO_MEMORY;
    }
    TRY(port->seal(port->context, about(work, work->revision + 1, bytes), text, sealed));
    *ret_sealed = span_of(sealed, text.len + PROFILE_SEAL_BYTES);
    return STATUS_OK;
}

void profiles_put(struct profile_work *work, const Loyalty__V1__Profile *profile,
                  struct span birth_day)
{
    struct span sealed;
    if (seal(work, profile, &sealed) != STATUS_OK) {
        work_end(work, PROFILE_UNAVAILABLE);
        return;
    }
    put(work, sealed, birth_day, profile_birth_day(profile));
}

// --- deleting ---

struct deletion {
    struct profile_work work;
    struct arena arena;
    char member_id[LIMIT_MEMBER_ID_BYTES];
    uint32_t rounds;
    void (*done)(void *context, bool deleted);
    void *context;
};

static void deletion_look(struct deletion *deletion);

static void deletion_end(struct deletion *deletion, bool deleted)
{
    void (*done)(void *context, bool deleted) = deletion->done;
    void *context = deletion->context;
    arena_fini(&deletion->arena);
    free(deletion);
    done(context, deleted);
}

static void on_deleted(struct profile_work *work)
{
    struct deletion *deletion = work->context;
    deletion->rounds++;
    if (work->end == PROFILE_CHANGED && deletion->rounds < DELETE_ROUNDS) {
        deletion_look(deletion);
        return;
    }
    deletion_end(deletion, work->end == PROFILE_DONE);
}

// One that cannot be read any more is deleted all the same; its day in the calendar is not known.
static void on_looked(struct profile_work *work)
{
    struct deletion *deletion = work->context;
    if (work->end == PROFILE_UNAVAILABLE || work->service->stopping) {
        deletion_end(deletion, false);
        return;
    }
    if (work->revision == 0) {
        deletion_end(deletion, true);
        return;
    }
    bool known = work->end == PROFILE_DONE;
    work->done = on_deleted;
    put(work, (struct span){0}, known ? profile_birth_day(work->profile) : (struct span){0},
        (struct span){0});
}

static void deletion_look(struct deletion *deletion)
{
    arena_reset(&deletion->arena);
    deletion->work.done = on_looked;
    profiles_get(&deletion->work);
}

void profile_delete(struct service *service, struct span member_id,
                    void (*done)(void *context, bool deleted), void *context)
{
    struct deletion *deletion = calloc(1, sizeof(*deletion));
    if (deletion == NULL) {
        done(context, false);
        return;
    }
    memcpy(deletion->member_id, member_id.data, member_id.len);
    arena_init(&deletion->arena, LIMIT_ARENA_BYTES);
    deletion->work = (struct profile_work){
        .service = service,
        .arena = &deletion->arena,
        .member_id = span_of(deletion->member_id, member_id.len),
        .context = deletion,
    };
    deletion->done = done;
    deletion->context = context;
    deletion_look(deletion);
}
