// Decoded request messages become core commands. Here every shape and bound of a request is judged,
// so that core sees only what is well formed: what the rules say is not known here. Nor are zones:
// a civil date stays one.
//
// Every function gives STATUS_OK, STATUS_INVALID with `fault` set in the context, or
// STATUS_NO_MEMORY. Results borrow from the message and from the context's arena and unit. The
// source of each bound is base/limits.h and the comments of proto/loyalty/v1.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/span.h"
#include "base/status.h"
#include "core/decide.h"
#include "core/record.h"
#include "loyalty/v1/admin.pb-c.h"
#include "loyalty/v1/common.pb-c.h"
#include "loyalty/v1/members.pb-c.h"
#include "loyalty/v1/points.pb-c.h"

// Why a request is malformed: always INVALID_ARGUMENT, certainly without effect.
struct command_fault {
    const char *reason;  // stable: MISSING, NOT_A_UUID, BAD_DATE, ... (wire/shapes.h); static
    const char *field;   // "sale.lines[2].amount_minor"; in the arena
    const char *message; // what was wrong and what would be right, for a cashier; in the arena
};

// One request being read.
struct commands {
    struct arena *arena;
    struct span unit; // of the caller's certificate; may be empty
    bool any_unit;    // the caller (an admin) may name any unit
    struct command_fault fault;
};

// --- what every mutation has ---

struct request_header {
    uint8_t id[REQUEST_ID_BYTES];
    int64_t created_ms;
    bool has_deadline;
    int64_t deadline_ms;
    uint64_t min_seq; // 0: none
};

// Whether created_ms is too old or ahead is the caller's to judge: it needs a clock.
MUST_CHECK enum status commands_mutation(struct commands *commands,
                                         const Loyalty__V1__Mutation *mutation,
                                         struct request_header *ret_header);

// The `mutation` of any request message; NULL when its type has none or it is not set.
Loyalty__V1__Mutation *commands_find_mutation(const ProtobufCMessage *request);

// The `member` of any request message; the same.
Loyalty__V1__MemberRef *commands_find_member(const ProtobufCMessage *request);
// Of whoever is named in `field`; the same.
Loyalty__V1__MemberRef *commands_find_ref(const ProtobufCMessage *request, const char *field);

// Hashes `method` and `payload` into `ret_digest` (REQUEST_DIGEST_BYTES), so that their border
// counts: ("ab", "c") differs from ("a", "bc"). Injected, for wire links no cryptography.
typedef void commands_hash_fn(struct span method, struct span payload, uint8_t *ret_digest);

// The digest of a mutation: method path and canonical payload, without what a retry may change
// (created_at, deadline, min_seq). Sorts entries of maps in `request` by key, for their order means
// nothing; leaves it otherwise as it was. Source: domain.md, fine print 10.
MUST_CHECK enum status commands_digest(struct arena *arena, struct span method,
                                       ProtobufCMessage *request, commands_hash_fn *hash,
                                       uint8_t *ret_digest);
// The same digest, read off the canonical bytes of `request` (message_decode_noting).
MUST_CHECK enum status commands_digest_canonical(struct arena *arena, struct span method,
                                                 const ProtobufCMessage *request, struct span bytes,
                                                 commands_hash_fn *hash, uint8_t *ret_digest);

// --- who is meant ---

struct identifier_value {
    uint32_t kind;     // loyalty.v1.IdentifierKind, never 0
    struct span value; // a personal datum: never logged, never stored in clear
};

struct member_ref {
    bool by_identifier;
    struct span member_id;              // when not by_identifier
    struct identifier_value identifier; // when by_identifier
};

// The field is "member" in every request.
MUST_CHECK enum status commands_member(struct commands *commands,
                                       const Loyalty__V1__MemberRef *member,
                                       struct member_ref *ret_member);

// The same for a member named in another field.
MUST_CHECK enum status commands_person(struct commands *commands,
                                       const Loyalty__V1__MemberRef *member, const char *field,
                                       struct member_ref *ret_member);

// --- commands ---

// Of Award, Quote and Backfill, whose field is "sale". Its unit is settled (the certificate's own
// when none was given), its occurrence is not: `has_date`, `has_occurred`, or neither, which means
// now. The command's `backfill` and `quote` are false.
MUST_CHECK enum status commands_sale(struct commands *commands, const Loyalty__V1__Sale *sale,
                                     struct award_command *ret_command);

MUST_CHECK enum status commands_redeem(struct commands *commands,
                                       const Loyalty__V1__RedeemRequest *request,
                                       struct redeem_command *ret_command);
MUST_CHECK enum status commands_reserve(struct commands *commands,
                                        const Loyalty__V1__ReserveRequest *request,
                                        struct reserve_command *ret_command);
MUST_CHECK enum status commands_capture(struct commands *commands,
                                        const Loyalty__V1__CaptureRequest *request,
                                        struct capture_command *ret_command);
MUST_CHECK enum status commands_release(struct commands *commands,
                                        const Loyalty__V1__ReleaseRequest *request,
                                        struct release_command *ret_command);
MUST_CHECK enum status commands_reverse(struct commands *commands,
                                        const Loyalty__V1__ReverseRequest *request,
                                        struct reverse_command *ret_command);

struct enroll_request {
    bool pool;
    struct span member_id; // never empty: the request id's canonical text when none was given
    struct identifier_value identifiers[LIMIT_IDENTIFIERS];
    size_t identifier_count;
    bool has_enrolled_at; // who may set it is the caller's to judge
    int64_t enrolled_ms;
    const Loyalty__V1__Profile *profile; // judged; NULL: none
};

// What a member's enrolment and a pool's making have alike, as they came.
struct new_account {
    const char *id; // may be empty
    const char *id_field;
    Loyalty__V1__Identifier *const *identifiers;
    size_t identifier_count;
};

MUST_CHECK enum status commands_new_account(struct commands *commands,
                                            const struct new_account *account,
                                            const struct request_header *header,
                                            struct enroll_request *ret_request);
MUST_CHECK enum status commands_enroll(struct commands *commands,
                                       const Loyalty__V1__EnrollRequest *request,
                                       const struct request_header *header,
                                       struct enroll_request *ret_request);

MUST_CHECK enum status commands_opening(struct commands *commands,
                                        const Loyalty__V1__OpeningBalanceRequest *request,
                                        struct opening_command *ret_command);

// --- pages of a list, newest first ---

struct page {
    uint32_t size;       // 1 to LIMIT_PAGE_SIZE
    uint64_t before_seq; // only what has a lower sequence number; UINT64_MAX on the first page
};

MUST_CHECK enum status commands_page(struct commands *commands, uint32_t page_size,
                                     const char *page_token, struct page *ret_page);
// The token that goes on below `seq`, the last one listed; NULL when out of memory.
char *commands_page_token(struct arena *arena, uint64_t seq);

// --- single fields, for requests that need no command of core ---

// A UUID in its 36-character form, other than the nil one.
MUST_CHECK enum status commands_request_id(struct commands *commands, const char *text,
                                           const char *field, uint8_t *ret_id);
// Required; in range, cut to milliseconds.
MUST_CHECK enum status commands_instant(struct commands *commands,
                                        const Google__Protobuf__Timestamp *instant,
                                        const char *field, int64_t *ret_instant_ms);
// At most `bytes_max` bytes without control characters; may be empty.
MUST_CHECK enum status commands_text(struct commands *commands, const char *text, const char *field,
                                     size_t bytes_max, struct span *ret_text);
