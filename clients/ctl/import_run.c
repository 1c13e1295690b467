// Lanes: as many as the window is wide, each with one member at a time.
//
//     IDLE -> READY -> IN_FLIGHT -> (next step) READY ... -> IDLE when no member is left
//     IN_FLIGHT -> WAITING (pause) -> READY      what is to be repeated
//
// A lane's `step` is 0 for the enrolment, then 1 + index of the member's sale.
#include "ctl/import_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/progress.h"
#include "ctl/zone.h"
#include "lib/encode.h"
#include "loyalty/v1/admin.pb-c.h"
#include "loyalty/v1/members.pb-c.h"

enum {
    PAUSE_FIRST_MS = 50,
    PAUSE_MAX_MS = 2000,
    POLL_MS = 100,
    RECONNECT_MS = 250,
    REFUSALS_SHOWN = 20,
    REQUEST_BYTES = 4096,
    LANE_ARENA_BYTES = 64 * 1024,
    MEMBER_ID_BYTES = 128,
    DATE_BYTES = 16,
};

enum lane_state { LANE_IDLE, LANE_READY, LANE_IN_FLIGHT, LANE_WAITING };

struct import;

struct lane {
    struct import *import;
    enum lane_state state;
    size_t member;
    size_t step;
    int attempts; // of this step
    int64_t not_before_ms;
};

struct import {
    struct session *session;
    const struct sales_file *file;
    const struct import_options *options;
    struct import_totals totals;
    struct progress progress;
    struct lane *lanes;
    size_t next_member;
    size_t active;  // lanes with a member
    size_t pending; // lanes READY or WAITING
    uint64_t done;  // requests with a definite answer, or left out
    int64_t progressed_ms;
    int64_t created_at_ms;
    struct arena arena; // of the request being written
    int32_t start_day;  // the last day asked for, and when it begins
    int64_t start_ms;
};

static void set_state(struct lane *lane, enum lane_state state)
{
    struct import *import = lane->import;
    bool was_pending = lane->state == LANE_READY || lane->state == LANE_WAITING;
    bool is_pending = state == LANE_READY || state == LANE_WAITING;
    import->pending += (size_t)is_pending;
    import->pending -= (size_t)was_pending;
    lane->state = state;
}

static const struct sale_member *lane_member(const struct lane *lane)
{
    return &lane->import->file->members[lane->member];
}

static const struct sale_row *lane_row(const struct lane *lane)
{
    return &lane->import->file->rows[lane_member(lane)->first + lane->step - 1];
}

static void lane_member_id(const struct lane *lane, char ret_id[MEMBER_ID_BYTES])
{
    struct span customer = lane_member(lane)->customer;
    (void)snprintf(ret_id, MEMBER_ID_BYTES, "%s%.*s", lane->import->options->prefix,
                   (int)customer.len, (const char *)customer.data);
}

static int64_t day_start(struct import *import, int32_t day)
{
    if (import->start_ms == 0 || import->start_day != day) {
        import->start_day = day;
        import->start_ms = zone_day_start_ms(day);
    }
    return import->start_ms;
}

static const ProtobufCMessage *write_enrolment(struct lane *lane, const char *member_id,
                                               struct loyalty_request *request)
{
    struct import *import = lane->import;
    sales_file_member_id(import->file, span_of_text(member_id), request->request_id);
    Loyalty__V1__EnrollRequest *message = arena_alloc(&import->arena, sizeof(*message));
    if (message == NULL) {
        return NULL;
    }
    loyalty__v1__enroll_request__init(message);
    int32_t first_day = import->file->rows[lane_member(lane)->first].day;
    message->mutation = ly_encode_mutation(&import->arena, request);
    message->enrolled_at = ly_encode_instant(&import->arena, day_start(import, first_day));
    message->member_id = (char *)member_id;
    return message->mutation == NULL || message->enrolled_at == NULL ? NULL : &message->base;
}

static const ProtobufCMessage *write_sale(struct lane *lane, const char *member_id,
                                          struct loyalty_request *request, char date[DATE_BYTES])
{
    struct import *import = lane->import;
    const struct sale_row *row = lane_row(lane);
    sales_file_row_id(import->file, row->number, request->request_id);
    struct civil_date day = civil_from_days(row->day);
    (void)snprintf(date, DATE_BYTES, "%04d-%02d-%02d", day.year % 10000, day.month % 100,
                   day.day % 100);
    struct loyalty_sale_line line = {.amount_minor = row->amount_minor};
    struct loyalty_sale sale = {
        .occurred_date = date,
        .currency = import->options->currency,
        .lines = &line,
        .line_count = 1,
    };
    struct loyalty_member member = {.by = LOYALTY_BY_MEMBER_ID, .value = member_id};
    Loyalty__V1__BackfillRequest *message = arena_alloc(&import->arena, sizeof(*message));
    if (message == NULL) {
        return NULL;
    }
    loyalty__v1__backfill_request__init(message);
    message->mutation = ly_encode_mutation(&import->arena, request);
    message->member = ly_encode_member(&import->arena, &member);
    message->sale = ly_encode_sale(&import->arena, &sale);
    return message->mutation == NULL || message->member == NULL || message->sale == NULL
               ? NULL
               : &message->base;
}

static void on_reply(void *user, const struct loyalty_reply *reply);

// Sends the lane's step; when that cannot be now, it stays READY.
static void send_step(struct lane *lane)
{
    struct import *import = lane->import;
    char member_id[MEMBER_ID_BYTES];
    char date[DATE_BYTES];
    uint8_t bytes[REQUEST_BYTES];
    struct loyalty_request request = {.created_at_ms = import->created_at_ms};
    arena_reset(&import->arena);
    lane_member_id(lane, member_id);
    const ProtobufCMessage *message = lane->step == 0 ? write_enrolment(lane, member_id, &request)
                                                      : write_sale(lane, member_id, &request, date);
    size_t len = message == NULL ? SIZE_MAX : protobuf_c_message_get_packed_size(message);
    if (len > sizeof(bytes)) {
        return;
    }
    (void)protobuf_c_message_pack(message, bytes);
    const char *method =
        lane->step == 0 ? "/loyalty.v1.MembersService/Enroll" : "/loyalty.v1.AdminService/Backfill";
    if (loyalty_submit(import->session->client, method, bytes, len,
                       import->session->globals->timeout_ms, on_reply, lane)) {
        set_state(lane, LANE_IN_FLIGHT);
    }
}

// The next member for a lane that has none.
static void take_member(struct lane *lane)
{
    struct import *import = lane->import;
    if (import->next_member == import->file->member_count) {
        set_state(lane, LANE_IDLE);
        import->active--;
        return;
    }
    lane->member = import->next_member++;
    lane->step = 0;
    lane->attempts = 0;
    set_state(lane, LANE_READY);
}

static void next_step(struct lane *lane)
{
    struct import *import = lane->import;
    import->done++;
    import->progressed_ms = progress_now_ms();
    lane->attempts = 0;
    lane->step++;
    if (lane->step > lane_member(lane)->count) {
        take_member(lane);
    } else {
        set_state(lane, LANE_READY);
    }
    if (lane->state == LANE_READY) {
        send_step(lane);
    }
}

static void pause_lane(struct lane *lane)
{
    int shift = lane->attempts < 6 ? lane->attempts : 6;
    int64_t pause_ms = (int64_t)PAUSE_FIRST_MS << shift;
    pause_ms = pause_ms < PAUSE_MAX_MS ? pause_ms : PAUSE_MAX_MS;
    // Lanes that failed together do not come back all at once.
    int64_t spread_ms = (int64_t)(lane->member * 7 % PAUSE_FIRST_MS);
    lane->attempts++;
    lane->import->totals.retries++;
    lane->not_before_ms = progress_now_ms() + pause_ms + spread_ms;
    set_state(lane, LANE_WAITING);
}

// False when there is no memory to read the answer with; asking again gives it again.
static bool take_sale(struct lane *lane, const struct loyalty_reply *reply)
{
    struct import_totals *totals = &lane->import->totals;
    Loyalty__V1__BackfillResponse *response =
        loyalty__v1__backfill_response__unpack(NULL, reply->payload_bytes, reply->payload);
    bool read = response != NULL && response->award != NULL;
    if (read) {
        totals->sales++;
        totals->points += response->award->points;
        totals->score += response->award->score;
    }
    loyalty__v1__backfill_response__free_unpacked(response, NULL);
    return read;
}

static void take_done(struct lane *lane, const struct loyalty_reply *reply)
{
    struct import_totals *totals = &lane->import->totals;
    if (lane->step > 0 && !take_sale(lane, reply)) {
        pause_lane(lane);
        return;
    }
    totals->members += lane->step == 0;
    totals->replayed += reply->outcome == LOYALTY_DUPLICATE;
    next_step(lane);
}

static void tell_refusal(struct lane *lane, const struct loyalty_reply *reply)
{
    struct import *import = lane->import;
    if (import->totals.refused++ >= REFUSALS_SHOWN) {
        return;
    }
    char member_id[MEMBER_ID_BYTES];
    lane_member_id(lane, member_id);
    progress_end(&import->progress);
    if (lane->step == 0) {
        (void)fprintf(stderr, "refused: enrolling %s", member_id);
    } else {
        (void)fprintf(stderr, "refused: row %llu, a sale of %s",
                      (unsigned long long)lane_row(lane)->number, member_id);
    }
    (void)fprintf(stderr, ": %s (%s)\n", reply->message, reply->reason);
}

static void take_refusal(struct lane *lane, const struct loyalty_reply *reply)
{
    struct import_totals *totals = &lane->import->totals;
    if (lane->step == 0 && strcmp(reply->reason, "ALREADY_ENROLLED") == 0) {
        totals->members++;
        totals->members_there++;
        return;
    }
    tell_refusal(lane, reply);
    if (lane->step == 0) {
        // Without a member there is nothing to post his sales to.
        size_t count = lane_member(lane)->count;
        totals->left_out += count;
        lane->import->done += count;
        lane->step = count;
    }
}

static void on_reply(void *user, const struct loyalty_reply *reply)
{
    struct lane *lane = user;
    switch (reply->outcome) {
    case LOYALTY_APPLIED:
    case LOYALTY_DUPLICATE:
        take_done(lane, reply);
        return;
    case LOYALTY_REFUSED:
        take_refusal(lane, reply);
        next_step(lane);
        return;
    case LOYALTY_RETRY_LATER:
    case LOYALTY_OUTCOME_UNKNOWN:
        pause_lane(lane);
        return;
    }
}

static void send_pending(struct import *import)
{
    int64_t now_ms = import->pending == 0 ? 0 : progress_now_ms();
    for (uint32_t i = 0; import->pending > 0 && i < import->options->window; i++) {
        struct lane *lane = &import->lanes[i];
        if (lane->state == LANE_WAITING && now_ms >= lane->not_before_ms) {
            set_state(lane, LANE_READY);
        }
        if (lane->state == LANE_READY) {
            send_step(lane);
        }
    }
}

// Connects again. False when it is of no use, or has been of none for too long.
static bool reconnect(struct import *import)
{
    struct loyalty *client = import->session->client;
    enum loyalty_outcome outcome = loyalty_connect(client);
    if (outcome == LOYALTY_REFUSED) {
        return false;
    }
    if (outcome != LOYALTY_APPLIED) {
        struct timespec pause = {.tv_nsec = RECONNECT_MS * 1000000L};
        (void)nanosleep(&pause, NULL);
    }
    return true;
}

static bool gave_up(struct import *import)
{
    return progress_now_ms() - import->progressed_ms > import->options->retry_ms;
}

static bool drive(struct import *import)
{
    struct loyalty *client = import->session->client;
    while (import->active > 0) {
        bool open = loyalty_state(client) == LOYALTY_OPEN;
        if (!open && !reconnect(import)) {
            return false;
        }
        if (gave_up(import)) {
            return false;
        }
        send_pending(import);
        (void)loyalty_poll(client, import->pending > 0 ? POLL_MS / 10 : POLL_MS);
        progress_update(&import->progress, import->done,
                        open ? "" : "(no connection, trying again)");
    }
    return true;
}

int import_run(struct session *session, const struct sales_file *file,
               const struct import_options *options, struct import_totals *ret_totals)
{
    struct import import = {
        .session = session,
        .file = file,
        .options = options,
        .progressed_ms = progress_now_ms(),
        .created_at_ms = loyalty_now_ms(session->client),
    };
    import.lanes = session_alloc(session, options->window * sizeof(*import.lanes));
    arena_init(&import.arena, LANE_ARENA_BYTES);
    progress_begin(&import.progress, file->row_count + file->member_count);
    for (uint32_t i = 0; i < options->window; i++) {
        import.lanes[i].import = &import;
        import.active++;
        take_member(&import.lanes[i]);
    }
    bool finished = drive(&import);
    progress_end(&import.progress);
    import.totals.passed_ms = progress_now_ms() - import.progress.began_ms;
    if (!finished) {
        (void)fprintf(stderr,
                      "loyaltyctl: gave up after nothing went forward for %lld s: %s\n"
                      "Importing the same file again goes on where this ended.\n",
                      (long long)(options->retry_ms / 1000), loyalty_error(session->client));
        loyalty_close(session->client); // callbacks still to come need the lanes
    }
    arena_fini(&import.arena);
    *ret_totals = import.totals;
    if (!finished) {
        return CTL_RETRY_LATER;
    }
    return import.totals.refused > 0 ? CTL_REFUSED : CTL_OK;
}
