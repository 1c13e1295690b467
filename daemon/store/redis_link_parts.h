// The connection's insides, for redis_link.c (its states and the loop) and redis_link_calls.c (what
// is sent on it). Internal to these two.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "store/redis_address.h"
#include "store/redis_link.h"

struct bufferevent;
struct event;

enum link_state { LINK_WAITING, LINK_CONNECTING, LINK_CHECKING, LINK_READY };

struct redis_link {
    struct event_base *base;
    struct redis_options options; // user and password are owned copies; the address is not here
    struct redis_address address;
    redis_open_fn *on_open;
    redis_turn_fn *on_turn;
    redis_verdict_fn *on_verdict;
    void *context;
    struct redis_facts *facts; // the pool's, may be NULL

    enum link_state state;
    struct bufferevent *bev;
    struct bufferevent *dying;
    struct redis_pipeline pipeline;
    struct resp_writer writer;
    struct redis_batch batch;
    struct redis_queue late; // calls to be told on the next turn
    uint64_t last_tag;

    struct event *retry_timer;
    struct event *deadline_timer;
    struct event *turn_timer;
    struct event *turn_end; // activated once a turn in which something is to be written
    bool deadline_armed;
    bool turn_armed;
    int64_t open_deadline_ms;
    bool verdict_told;  // of staleness
    uint32_t doublings; // of the pause: connections given up since the last that was ready

    char reason[REDIS_REASON_BYTES]; // why not READY
};

// Monotonic.
int64_t redis_link_now_ms(void);
// The loop calls the link on its next turn.
void redis_link_turn_soon(struct redis_link *link);
// One timer for all deadlines of the connection; nothing when it runs already.
void redis_link_arm_deadline(struct redis_link *link);
// The turn's end: the batch is sent, and what is to be written, written.
void redis_link_end_turn(struct redis_link *link);
// The gathered appends end as never sent.
void redis_link_drop_batch(struct redis_link *link);
