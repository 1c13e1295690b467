// Lanes: as many as the window is wide, each with one member at a time.
//
//     IDLE -> READY -> IN_FLIGHT -> (next step) READY ... -> IDLE when no member is left
//     IN_FLIGHT -> WAITING (pause) -> READY      what is to be repeated
#include "ctl/import_lanes.h"

#include <stdio.h>
#include <time.h>

#include "ctl/progress.h"

enum {
    PAUSE_FIRST_MS = 50,
    PAUSE_MAX_MS = 2000,
    POLL_MS = 100,
    RECONNECT_MS = 250,
    REQUEST_BYTES = 16 * 1024,
    LANE_ARENA_BYTES = 256 * 1024,
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
    const struct import_work *work;
    const struct import_pace *pace;
    struct import_course course;
    struct progress progress;
    struct lane *lanes;
    size_t next_member;
    size_t active;  // lanes with a member
    size_t pending; // lanes READY or WAITING
    uint64_t done;  // requests with a definite answer, or left out
    int64_t progressed_ms;
    int64_t created_at_ms;
    struct arena arena; // of the request being written
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

static void on_reply(void *user, const struct loyalty_reply *reply);

// Sends the lane's step; when that cannot be now, it stays READY.
static void send_step(struct lane *lane)
{
    struct import *import = lane->import;
    const struct import_work *work = import->work;
    uint8_t bytes[REQUEST_BYTES];
    struct loyalty_request request = {.created_at_ms = import->created_at_ms};
    const char *method = NULL;
    arena_reset(&import->arena);
    const ProtobufCMessage *message =
        work->write(work->context, lane->member, lane->step, &import->arena, &request, &method);
    size_t len = message == NULL ? SIZE_MAX : protobuf_c_message_get_packed_size(message);
    if (len > sizeof(bytes)) {
        return;
    }
    (void)protobuf_c_message_pack(message, bytes);
    if (loyalty_submit(import->session->client, method, bytes, len,
                       import->session->globals->timeout_ms, on_reply, lane)) {
        set_state(lane, LANE_IN_FLIGHT);
    }
}

// The next member for a lane that has none.
static void take_member(struct lane *lane)
{
    struct import *import = lane->import;
    if (import->next_member == import->work->members) {
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
    if (lane->step >= import->work->steps(import->work->context, lane->member)) {
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
    lane->import->course.retries++;
    lane->not_before_ms = progress_now_ms() + pause_ms + spread_ms;
    set_state(lane, LANE_WAITING);
}

static void take_done(struct lane *lane, const struct loyalty_reply *reply)
{
    struct import *import = lane->import;
    if (!import->work->take(import->work->context, lane->member, lane->step, reply)) {
        pause_lane(lane);
        return;
    }
    import->course.replayed += reply->outcome == LOYALTY_DUPLICATE;
    next_step(lane);
}

static void take_refusal(struct lane *lane, const struct loyalty_reply *reply)
{
    struct import *import = lane->import;
    const struct import_work *work = import->work;
    progress_end(&import->progress);
    if (!work->refuse(work->context, lane->member, lane->step, reply)) {
        size_t last = work->steps(work->context, lane->member) - 1;
        import->done += last - lane->step;
        lane->step = last;
    }
    next_step(lane);
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
    for (uint32_t i = 0; import->pending > 0 && i < import->pace->window; i++) {
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
    return progress_now_ms() - import->progressed_ms > import->pace->retry_ms;
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

bool import_lanes_run(struct session *session, const struct import_work *work,
                      const struct import_pace *pace, struct import_course *ret_course)
{
    struct import import = {
        .session = session,
        .work = work,
        .pace = pace,
        .progressed_ms = progress_now_ms(),
        .created_at_ms = loyalty_now_ms(session->client),
    };
    import.lanes = session_alloc(session, pace->window * sizeof(*import.lanes));
    arena_init(&import.arena, LANE_ARENA_BYTES);
    progress_begin(&import.progress, work->requests);
    for (uint32_t i = 0; i < pace->window; i++) {
        import.lanes[i].import = &import;
        import.active++;
        take_member(&import.lanes[i]);
    }
    bool finished = drive(&import);
    progress_end(&import.progress);
    import.course.passed_ms = progress_now_ms() - import.progress.began_ms;
    if (!finished) {
        (void)fprintf(stderr,
                      "loyaltyctl: gave up after nothing went forward for %lld s: %s\n"
                      "Importing the same file again goes on where this ended.\n",
                      (long long)(pace->retry_ms / 1000), loyalty_error(session->client));
        loyalty_close(session->client); // callbacks still to come need the lanes
    }
    arena_fini(&import.arena);
    *ret_course = import.course;
    return finished;
}
