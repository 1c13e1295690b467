// libloyalty: awarding and spending loyalty points from a till or a back end, in C.
//
//     struct loyalty *client = loyalty_new(&options, error);
//     if (client != NULL && loyalty_connect(client) == LOYALTY_APPLIED) {
//         struct loyalty_request request;
//         loyalty_request_init(client, &request);    // once an intent, kept for its retries
//         outcome = loyalty_award(client, &request, &member, &sale, &award, &reply);
//         ...
//         loyalty_reply_fini(&reply);
//     }
//     loyalty_free(client);
//
// The library has no threads, no global state, no signal handlers and prints nothing. A client
// belongs to one thread at a time; different clients are independent. It speaks frames over TLS 1.3
// with a client certificate (proto/loyalty/v1/frame.proto). Reconnecting is the caller's decision,
// but for one case: when a server that is ending has asked to go, loyalty_call (and the operations,
// which use it) takes its last answers, connects anew and goes on.
// Text is UTF-8; instants are milliseconds since 1970-01-01 UTC, 0 meaning "none" or "now"; money
// is in minor units (cents, fen).
//
// Ownership: what is passed in is borrowed for the call. What comes back in a result struct points
// into the reply that came with it, until loyalty_reply_fini.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define LOYALTY_API __attribute__((visibility("default")))
#else
#define LOYALTY_API
#endif

// What became of a request. There is no sixth answer.
enum loyalty_outcome {
    LOYALTY_APPLIED = 0,     // it took effect now (or a read was answered)
    LOYALTY_DUPLICATE = 1,   // it had taken effect before; this is the stored answer
    LOYALTY_REFUSED = 2,     // definitely not, and the same request will be refused again
    LOYALTY_RETRY_LATER = 3, // certainly not executed: try again with the same id
    // It may have taken effect, for example because the connection was lost after sending: ask
    // again with the very same request, until one of the other four comes.
    LOYALTY_OUTCOME_UNKNOWN = 4,
};

enum {
    LOYALTY_UUID_BYTES = 37,           // 36 characters and a NUL
    LOYALTY_ERROR_BYTES = 256,         // a sentence and its NUL
    LOYALTY_REQUEST_BYTES_MAX = 65000, // of one request message
    LOYALTY_TIMEOUT_MS_MAX = 10000,    // the longest a request is waited for
    LOYALTY_IN_FLIGHT_MAX = 4096,      // requests sent and not answered yet, a client
    LOYALTY_SALE_LINES_MAX = 256,
    LOYALTY_IDENTIFIERS_MAX = 8,
    LOYALTY_DAY_IDS_MAX = 1000, // request ids of a reconciliation
    LOYALTY_OPERATIONS = 4,     // what is counted apart in one
};

// The version of the library that runs, "0.1.0".
LOYALTY_API const char *loyalty_version(void);
// "APPLIED", "RETRY_LATER", ...; never NULL.
LOYALTY_API const char *loyalty_outcome_name(enum loyalty_outcome outcome);
// A new random UUID (version 4, from the system's generator), in lower case. False if the system
// has no randomness to give.
LOYALTY_API bool loyalty_uuid(char ret_uuid[LOYALTY_UUID_BYTES]);

// --- a client and its connection ---

struct loyalty;

struct loyalty_options {
    const char *server;           // "points.example:7400", "127.0.0.1:7400", "[::1]:7400"
    const char *ca_path;          // PEM: who issues the server's certificate
    const char *certificate_path; // PEM chain: who we are
    const char *key_path;         // PEM, without a passphrase
    const char *server_name;      // what the server's certificate must name; NULL: server's host
    uint32_t connect_timeout_ms;  // over all addresses and the handshake; 0: 10000
};

enum loyalty_state { LOYALTY_CLOSED, LOYALTY_CONNECTING, LOYALTY_OPEN };

// Reads the files; does not connect. NULL on failure, with a sentence in `ret_error`.
LOYALTY_API struct loyalty *loyalty_new(const struct loyalty_options *options,
                                        char ret_error[LOYALTY_ERROR_BYTES]);
// Closes and frees. Requests in flight get their callback, as by loyalty_close. NULL is fine.
LOYALTY_API void loyalty_free(struct loyalty *client);

// Connects and waits: TCP, TLS, the server's certificate checked against the CA and its name, and a
// first exchange that shows the server accepts ours and tells its time. An open connection is
// closed first. LOYALTY_APPLIED: open. LOYALTY_REFUSED: one side does not accept the other, trying
// again is of no use. LOYALTY_RETRY_LATER: not reachable or not ready now. Why: loyalty_error.
LOYALTY_API enum loyalty_outcome loyalty_connect(struct loyalty *client);
// The same without waiting: loyalty_poll goes on with it until the state is OPEN, or CLOSED again.
// Looking up a name may block. False if it could not even be begun.
LOYALTY_API bool loyalty_connect_start(struct loyalty *client);
// Closes. Requests in flight are answered OUTCOME_UNKNOWN, or RETRY_LATER when they had not been
// sent, from inside this call.
LOYALTY_API void loyalty_close(struct loyalty *client);

LOYALTY_API enum loyalty_state loyalty_state(const struct loyalty *client);
// Why the last connection failed or ended, in a sentence; "" if none has. Valid until the next
// call.
LOYALTY_API const char *loyalty_error(const struct loyalty *client);
// The server's time as learned when connecting, going on with this machine's steady clock (standing
// still when it is a test clock); before the first connection, this machine's time.
LOYALTY_API int64_t loyalty_now_ms(const struct loyalty *client);

// --- answers ---

// A figure that belongs to a refusal, "available" = 120.
struct loyalty_figure {
    const char *name;
    int64_t value;
};

struct loyalty_reply {
    enum loyalty_outcome outcome;
    bool replayed;          // a stored answer: DUPLICATE, or REFUSED as the first time
    const uint8_t *payload; // the response message when APPLIED or DUPLICATE
    size_t payload_bytes;
    // Otherwise why not. Never NULL; empty where there is nothing to say.
    int code;            // loyalty.v1.Code; 0 when the library itself says so
    const char *reason;  // stable: "INSUFFICIENT_POINTS", or "CONNECTION_LOST", "NO_ANSWER", ...
    const char *field;   // the request's field at fault, "sale.lines[2].amount_minor"
    const char *message; // one sentence, fit for a cashier
    const struct loyalty_figure *figures;
    size_t figure_count;
    void *memory; // owns all of the above
};

// Frees what the reply owns and zeroes it; a zeroed one is fine.
LOYALTY_API void loyalty_reply_fini(struct loyalty_reply *reply);

// --- any method, by its path and its message's bytes ---

// Sends one request and waits for its answer: `method` as "/loyalty.v1.PointsService/Award",
// `request` the protobuf message. `timeout_ms` 0 means the maximum. Answers to pipelined requests
// that come meanwhile are delivered as well. `ret_reply` is written in every case and owned by the
// caller.
LOYALTY_API enum loyalty_outcome loyalty_call(struct loyalty *client, const char *method,
                                              const uint8_t *request, size_t request_bytes,
                                              uint32_t timeout_ms, struct loyalty_reply *ret_reply);

// Called once for every accepted request, from inside loyalty_poll, _wait, _call, _close or _free.
// The reply is borrowed. It may submit more, but not poll, wait, call, connect, close or free.
typedef void loyalty_reply_fn(void *user, const struct loyalty_reply *reply);

// Queues one request; it leaves with the next poll. Answers come in any order. False, and the
// callback is never called, if there is no open connection, the request is too large,
// LOYALTY_IN_FLIGHT_MAX is reached, or the server is ending and has asked to go: then the
// connection closes by itself when all is answered, and the next one is the caller's to open.
LOYALTY_API bool loyalty_submit(struct loyalty *client, const char *method, const uint8_t *request,
                                size_t request_bytes, uint32_t timeout_ms,
                                loyalty_reply_fn *on_reply, void *user);
LOYALTY_API size_t loyalty_in_flight(const struct loyalty *client);

// Sends, receives and delivers; waits at most `timeout_ms` for something to happen (0: does not
// wait). Returns how many answers it delivered, or -1 if there is no connection (any more).
LOYALTY_API int loyalty_poll(struct loyalty *client, uint32_t timeout_ms);
// Polls until nothing is in flight. False after `timeout_ms`, or when the connection was lost;
// either way the answers are in the callbacks.
LOYALTY_API bool loyalty_wait(struct loyalty *client, uint32_t timeout_ms);

// For a loop of the caller's own: wait for `events` (POLLIN, POLLOUT of poll(2)) on this
// descriptor, at most so many ms (-1: without bound), then call loyalty_poll(client, 0). False when
// closed.
LOYALTY_API bool loyalty_interest(const struct loyalty *client, int *ret_fd, short *ret_events,
                                  int *ret_timeout_ms);

// --- the operations of a till and of a back end ---

enum loyalty_member_by {
    LOYALTY_BY_MEMBER_ID = 0,
    LOYALTY_BY_CARD_NUMBER = 1,
    LOYALTY_BY_BARCODE = 2,
    LOYALTY_BY_PHONE = 3, // E.164
    LOYALTY_BY_APP_ID = 4,
};

struct loyalty_member {
    enum loyalty_member_by by;
    const char *value;
};

// What makes a mutation happen once. Made by loyalty_request_init once an intent, sent again as it
// is for every retry, best kept on disk until the outcome is known.
struct loyalty_request {
    char request_id[LOYALTY_UUID_BYTES];
    int64_t created_at_ms;
    int64_t deadline_ms; // past it the request never takes effect; 0: none
    uint64_t min_seq;    // the highest `seq` seen for this member; 0: none
    uint32_t timeout_ms; // how long to wait for the answer; 0: the maximum
};

// A new id, created now by the server's time. False if the system has no randomness to give.
LOYALTY_API bool loyalty_request_init(const struct loyalty *client,
                                      struct loyalty_request *ret_request);

struct loyalty_sale_line {
    int64_t amount_minor;
    const char *category; // NULL: none
};

struct loyalty_sale {
    int64_t occurred_at_ms;    // 0: now, or the date below
    const char *occurred_date; // "YYYY-MM-DD" when only the day is known
    const char *currency;      // ISO 4217
    const struct loyalty_sale_line *lines;
    size_t line_count;
    int64_t paid_with_points_minor;
    uint64_t receipt_number;   // 0: no receipt
    const char *business_date; // of the receipt
    const char *unit;          // NULL: the certificate's own
    const char *channel;
    bool training;           // answered as if real, posts nothing
    const char *exchange_of; // the request id of the Reverse that took the old goods back
    bool attached;           // made without a card, claimed later with its receipt
};

// Points to be spent: at once (redeem), or set aside until captured or released (reserve).
struct loyalty_spend {
    int64_t points;
    uint64_t receipt_number;
    const char *business_date;
    const char *unit;
    uint32_t hold_seconds; // of a reservation; 0: the program's
};

// How a reservation ends.
struct loyalty_hold_end {
    const char *reservation_id; // the request id of the reserve
    int64_t points;             // of a capture; 0: all that is held
    uint64_t receipt_number;    // of a capture
    const char *business_date;
    const char *unit;
};

enum loyalty_part {
    LOYALTY_PART_WHOLE = 0,
    LOYALTY_PART_AMOUNT = 1, // of an award: so much was returned
    LOYALTY_PART_LINES = 2,  // of an award: these lines, counted from 1
    LOYALTY_PART_POINTS = 3, // of a redemption or a capture
};

struct loyalty_reversal {
    const char *original_request_id;
    int64_t original_created_at_ms;
    enum loyalty_part part;
    int64_t amount_minor;
    int64_t points;
    const uint32_t *lines;
    size_t line_count;
    const char *reason;      // at most 64 characters
    uint64_t receipt_number; // the return's own
    const char *business_date;
    const char *unit;
};

struct loyalty_standing {
    int64_t balance;
    int64_t pending;
    int64_t held;
    int64_t score;
    const char *tier_id;
    const char *next_tier_id; // "": none above
    int64_t missing_to_next;
};

struct loyalty_card {
    const char *tier_id; // "": there is none
    int64_t from_ms;
    int64_t until_ms; // 0: never ends
};

struct loyalty_lot {
    int64_t points;
    int64_t expires_at_ms; // 0: never
};

struct loyalty_awarded {
    const char *member_id;
    uint64_t seq;
    int64_t recorded_at_ms;
    int64_t occurred_at_ms;
    int64_t points;
    int64_t score;
    int64_t expires_at_ms;   // 0: never
    int64_t spendable_at_ms; // 0: at once
    struct loyalty_card new_card;
    struct loyalty_standing standing;
    const char *const *receipt_lines;
    size_t receipt_line_count;
};

// Of redeem, reserve, capture and release.
struct loyalty_redemption {
    const char *member_id;
    uint64_t seq;
    int64_t recorded_at_ms;
    int64_t points; // spent or held; of a release 0
    int64_t value_minor;
    const char *value_currency;
    int64_t lapses_at_ms; // of a reservation: from then on it cannot be captured
    int64_t freed;        // of a capture or release: held and not spent
    int64_t expired;      // of the freed: their lot had ended
    struct loyalty_standing standing;
    const char *const *receipt_lines;
    size_t receipt_line_count;
};

struct loyalty_enrolment {
    const char *member_id;
    uint64_t seq;
    int64_t enrolled_at_ms;
    struct loyalty_standing standing;
    size_t unbound_count; // identifiers another member took at the very same moment
};

struct loyalty_account {
    const char *member_id;
    uint64_t seq;
    int64_t as_of_ms;
    int64_t enrolled_at_ms;
    struct loyalty_standing standing;
    struct loyalty_card card;
    const struct loyalty_lot *lots; // earliest expiry first
    size_t lot_count;
    int64_t next_change_at_ms; // 0: not foreseen
};

// What a reversal found; none of it is a failure.
enum loyalty_reversal_result {
    LOYALTY_REVERSED = 1,
    LOYALTY_FURTHER_ACTIVITY = 2, // reversed; some of the points had been used
    LOYALTY_PREVIOUSLY_REVERSED = 3,
    LOYALTY_ORIGINAL_NOT_FOUND = 4, // it is refused if it arrives later
    LOYALTY_NOTHING_TO_REVERSE = 5,
};

struct loyalty_reversed {
    const char *member_id;
    uint64_t seq;
    int64_t recorded_at_ms;
    enum loyalty_reversal_result result;
    int64_t points_taken;        // of an award
    int64_t points_returned;     // of a redemption, a capture or a reservation
    int64_t score;               // that counts no more
    int64_t amount_minor;        // of the sale that counts as returned now
    int64_t refund_money_minor;  // of that amount, in money
    int64_t refund_points_minor; // of that amount, by reversing the redemption that paid for it
    int64_t value_minor;         // what the points returned are worth
    const char *value_currency;
    int64_t expired; // of the points returned: their lot had ended
    int64_t forgiven;
    struct loyalty_standing standing;
    const char *const *receipt_lines;
    size_t receipt_line_count;
};

// What a till has to know of the program in force.
struct loyalty_terms {
    const char *program_id;
    uint32_t program_version;
    const char *currency;
    const char *zone; // what business dates are in
    int64_t redeem_minimum_points;
    int64_t redeem_step_points;
    int64_t value_points; // so many points
    int64_t value_minor;  // are worth so much
    int64_t offline_floor_points;
    uint32_t hold_seconds;
    uint32_t late_days;
    int64_t as_of_ms;
};

enum loyalty_operation {
    LOYALTY_OP_AWARD = 1,
    LOYALTY_OP_REDEEM = 2, // captures too
    LOYALTY_OP_REVERSE_AWARD = 3,
    LOYALTY_OP_REVERSE_REDEEM = 4,
};

struct loyalty_total {
    enum loyalty_operation operation;
    uint64_t count;
    int64_t points;
    int64_t amount_minor;
};

// A terminal's business day, by its own book.
struct loyalty_day {
    const char *unit; // NULL: the certificate's own
    const char *business_date;
    const struct loyalty_total *totals;
    size_t total_count;
    const char *const *request_ids; // none: a mismatch lists what the service has counted
    size_t request_id_count;
    const char *page_token; // NULL: from the start
};

enum loyalty_side { LOYALTY_SERVICE_ONLY = 1, LOYALTY_TILL_ONLY = 2 };

struct loyalty_difference {
    enum loyalty_side side;
    const char *request_id;
    enum loyalty_operation operation; // 0 and no figures: not known to the service
    uint64_t receipt_number;
    int64_t points;
    int64_t amount_minor;
};

struct loyalty_reconciled {
    bool in_balance;
    bool closed;
    const struct loyalty_total *totals; // by the service's book
    size_t total_count;
    const struct loyalty_difference *differences; // in the order they were posted
    size_t difference_count;
    const char *next_page_token; // "": that was the last page
};

// What GetOutcome says of an earlier request. REFUSED: why is in `ret_reply`'s reason and message.
enum loyalty_fate { LOYALTY_FATE_APPLIED, LOYALTY_FATE_REFUSED, LOYALTY_FATE_NOT_SEEN_YET };

// All of them wait. The result is written only when the outcome is APPLIED or DUPLICATE and points
// into the reply; the reply is written in every case and owned by the caller. A request that cannot
// be written (too many lines, too large) is REFUSED with reason BAD_REQUEST, and was not sent.
// Where memory is short for the request it is RETRY_LATER, for the answer OUTCOME_UNKNOWN, by
// NO_MEMORY.

// `member_id` NULL: made from the request's id. Identifiers (not BY_MEMBER_ID) belong to the
// member.
LOYALTY_API enum loyalty_outcome
loyalty_enrol(struct loyalty *client, const struct loyalty_request *request, const char *member_id,
              const struct loyalty_member *identifiers, size_t identifier_count,
              struct loyalty_enrolment *ret_enrolment, struct loyalty_reply *ret_reply);
LOYALTY_API enum loyalty_outcome loyalty_get_member(struct loyalty *client,
                                                    const struct loyalty_member *member,
                                                    struct loyalty_account *ret_account,
                                                    struct loyalty_reply *ret_reply);
// What loyalty_award would answer now, without effect.
LOYALTY_API enum loyalty_outcome loyalty_quote(struct loyalty *client,
                                               const struct loyalty_member *member,
                                               const struct loyalty_sale *sale,
                                               struct loyalty_awarded *ret_award,
                                               struct loyalty_reply *ret_reply);
LOYALTY_API enum loyalty_outcome
loyalty_award(struct loyalty *client, const struct loyalty_request *request,
              const struct loyalty_member *member, const struct loyalty_sale *sale,
              struct loyalty_awarded *ret_award, struct loyalty_reply *ret_reply);
LOYALTY_API enum loyalty_outcome
loyalty_redeem(struct loyalty *client, const struct loyalty_request *request,
               const struct loyalty_member *member, const struct loyalty_spend *spend,
               struct loyalty_redemption *ret_redemption, struct loyalty_reply *ret_reply);
LOYALTY_API enum loyalty_outcome
loyalty_reserve(struct loyalty *client, const struct loyalty_request *request,
                const struct loyalty_member *member, const struct loyalty_spend *spend,
                struct loyalty_redemption *ret_hold, struct loyalty_reply *ret_reply);
LOYALTY_API enum loyalty_outcome
loyalty_capture(struct loyalty *client, const struct loyalty_request *request,
                const struct loyalty_member *member, const struct loyalty_hold_end *end,
                struct loyalty_redemption *ret_redemption, struct loyalty_reply *ret_reply);
LOYALTY_API enum loyalty_outcome
loyalty_release(struct loyalty *client, const struct loyalty_request *request,
                const struct loyalty_member *member, const struct loyalty_hold_end *end,
                struct loyalty_redemption *ret_release, struct loyalty_reply *ret_reply);
LOYALTY_API enum loyalty_outcome
loyalty_reverse(struct loyalty *client, const struct loyalty_request *request,
                const struct loyalty_member *member, const struct loyalty_reversal *reversal,
                struct loyalty_reversed *ret_reversed, struct loyalty_reply *ret_reply);
LOYALTY_API enum loyalty_outcome loyalty_get_terms(struct loyalty *client,
                                                   struct loyalty_terms *ret_terms,
                                                   struct loyalty_reply *ret_reply);
LOYALTY_API enum loyalty_outcome loyalty_reconcile(struct loyalty *client,
                                                   const struct loyalty_request *request,
                                                   const struct loyalty_day *day,
                                                   struct loyalty_reconciled *ret_reconciled,
                                                   struct loyalty_reply *ret_reply);
LOYALTY_API enum loyalty_outcome loyalty_get_outcome(struct loyalty *client,
                                                     const struct loyalty_member *member,
                                                     const char *request_id,
                                                     enum loyalty_fate *ret_fate,
                                                     struct loyalty_reply *ret_reply);

#ifdef __cplusplus
}
#endif
