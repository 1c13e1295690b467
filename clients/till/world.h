// Everything there is: the service, the shops' lines, the counters, the customers, the book. One
// thread and one loop for all of it.
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "till/book.h"
#include "till/counter.h"
#include "till/line.h"
#include "till/meter.h"
#include "till/plan.h"
#include "till/service.h"

struct sales_file;

enum {
    WORLD_CONNECT_MS = 4000,
    WORLD_RETRY_FIRST_MS = 100,
    WORLD_RETRY_MAX_MS = 2000,
    WORLD_PATIENCE_MS = 1500, // a customer's
    WORLD_PREFIX_BYTES = 32,
    WORLD_MEMBER_BYTES = 48, // "shop.000123"
    WORLD_CARD_BYTES = 48,
    WORLD_CURRENCY_BYTES = 8,
    WORLD_NEWS_BYTES = 128,
    WORLD_LINE_BYTES = 32,
};

struct member {
    char id[WORLD_MEMBER_BYTES];
    char card[WORLD_CARD_BYTES]; // "": it has none
};

struct world {
    const struct plan *plan;
    struct service service;
    struct lines *lines;
    struct book *book;
    struct meter meter;
    struct member *members;
    struct counter *counters; // plan->tills of them, then a desk a shop
    uint32_t counter_count;
    struct pollfd *polls;
    size_t poll_max;
    struct sales_file *sales; // NULL: from the seed
    uint64_t next_sale;       // the next basket
    char prefix[WORLD_PREFIX_BYTES];
    char currency[WORLD_CURRENCY_BYTES];
    bool selling;                // customers still come
    char news[WORLD_NEWS_BYTES]; // the last thing that went wrong on purpose
    char line_address[WORLD_LINE_BYTES];
};

int64_t world_now_ms(void); // a steady clock
int64_t world_now_us(void);
// One turn of the loop; waits at most `wait_ms`.
void world_turn(struct world *world, int64_t wait_ms);
// The address of a shop's line; valid until the next call.
const char *world_line(struct world *world, uint32_t shop);
// The desk of a shop.
struct counter *world_desk(const struct world *world, uint32_t shop);
