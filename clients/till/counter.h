// A counter: a till with its queue file, its certificate, its business day and its cashier. A
// shop's last counter is its service desk, which has the store's certificate and acts for others.
//
// A counter is open (its queue is), dark (its power is out until a time), or closed for good.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/till.h"
#include "till/book.h"
#include "till/chance.h"
#include "till/service.h"

enum { COUNTER_NAME_BYTES = 96, COUNTER_DATE_BYTES = 16 };

struct world;

// What the cashier is doing for one customer.
enum errand {
    ERRAND_NONE,
    ERRAND_SALE,
    ERRAND_LOOK,
    ERRAND_SPEND,    // redeem, then a sale partly paid with points
    ERRAND_HOLD,     // reserve, then capture with a sale, release, or leave it to lapse
    ERRAND_RETURN,   // of a sale, here or from another till
    ERRAND_UNSPEND,  // of a redemption
    ERRAND_EXCHANGE, // a return and a sale that belong together
    ERRAND_CANCEL,   // a sale, and its reversal before its answer has come
    ERRAND_ATTACH,   // a sale made without a card, claimed later
    ERRAND_SCAN,     // of a desk: a till's receipt, which has counted
    ERRAND_KINDS,
};

struct visit {
    enum errand errand;
    unsigned step;
    unsigned waiting; // answers still to come
    uint32_t member;
    uint32_t entry;   // the intent that the next step follows
    int64_t asked_us; // steady: when the last question was put
};

struct counter {
    struct world *world;
    uint32_t index;
    uint32_t shop;
    bool desk;
    char unit[COUNTER_NAME_BYTES];        // "shop-01/till-02", or "shop-01" of a desk
    char certificate[COUNTER_NAME_BYTES]; // the name of its papers
    char path[SERVICE_PATH_BYTES];        // of its queue
    char date[COUNTER_DATE_BYTES];        // its business day
    struct loyalty_till *till;            // NULL: dark or closed
    struct chance chance;
    struct visit visit;
    uint64_t receipt; // the last number given
    uint64_t served;
    int64_t next_ms;       // steady: the next customer
    int64_t dark_until_ms; // steady; 0: it has power
    int64_t wall_off_ms;   // how far its clock is off
    int64_t wall_base_ms;  // and was from the start
    int64_t due_ms;        // steady: poll it then at the latest
    uint32_t power_cuts;
};

// Opens its queue against `server`; a new connection comes by itself. False with the reason as a
// fault in the book.
bool counter_open(struct counter *counter, const char *server);
// Ends in order; what is in the file stays.
void counter_close(struct counter *counter);
// The power is cut: what is on the disk at this moment is all that is left.
void counter_cut_power(struct counter *counter, int64_t until_ms);
// Tells the book everything the file holds.
void counter_read_file(struct counter *counter);
