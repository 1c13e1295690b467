// Templates, and the places in them that differ. All that is set has one length whatever its value:
// numbers of members have leading zeros, amounts and receipt numbers keep to one length of varint
// and of decimals.
#include "bench/requests.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/varint.h"
#include "bench/face.h"
#include "loyalty/v1/members.pb-c.h"
#include "loyalty/v1/points.pb-c.h"
#include "wire/message.h"
#include "wire/tree.h"

enum {
    ID_BYTES = sizeof("00000000-0000-4000-8000-000000000000"),
    ID_OPERATION_DIGITS = 8,
    UNIT_BYTES = 40,
    DATE_BYTES = sizeof("2026-01-01"),
    TERMINALS = 1024,
    TERMINAL_DIGITS = 4,
    NUMBER_BYTES = 8,        // of a decimal or varint that is set, at most
    RECEIPT_FIRST = 1 << 21, // from here on four bytes, and seven decimals
    RECEIPT_LAST = 9999999,
    AMOUNT_FIRST = 20000, // three bytes, five decimals, with the 50,000 that follow
    AMOUNT_COUNT = 50000,
    SCRATCH_BYTES = 1 << 16,
};

// Where something stands in a template; 0: nowhere.
struct template
{
    uint8_t bytes[BENCH_REQUEST_BYTES];
    size_t len;
    size_t id_at;
    size_t member_at;
    size_t amount_at;
    size_t terminal_at;
    size_t receipt_at;
};

struct bench_requests {
    const struct bench_options *options;
    struct arena scratch;
    char id[ID_BYTES];
    char unit[UNIT_BYTES];
    char date[DATE_BYTES];
    struct template templates[BENCH_REQUEST_KINDS];
};

#define MEMBER_PREFIX "bench-"

static char member_sample[BENCH_MEMBER_BYTES] = MEMBER_PREFIX "0000000";
static char currency[] = "CNY";

int64_t bench_amount(uint32_t operation)
{
    return AMOUNT_FIRST + (int64_t)((operation * UINT64_C(2654435761)) % AMOUNT_COUNT);
}

const char *bench_request_path(enum bench_request_kind kind)
{
    static const char *const paths[BENCH_REQUEST_KINDS] = {
        [BENCH_REQUEST_ENROL] = BENCH_ENROL,
        [BENCH_REQUEST_LOOKUP] = BENCH_LOOKUP,
        [BENCH_REQUEST_AWARD] = BENCH_AWARD,
        [BENCH_REQUEST_REDEEM] = BENCH_REDEEM,
    };
    return paths[kind];
}

// --- numbers ---

static void set_digits(void *ret_text, uint32_t value, uint32_t digits)
{
    uint8_t *at = ret_text;
    while (digits-- > 0) {
        at[digits] = (uint8_t)('0' + value % 10);
        value /= 10;
    }
}

static void set_hex(uint8_t *at, uint32_t value)
{
    for (uint32_t i = ID_OPERATION_DIGITS; i-- > 0; value >>= 4) {
        at[i] = (uint8_t) "0123456789abcdef"[value & 0xf];
    }
}

void bench_member_id(uint32_t member, char ret_id[BENCH_MEMBER_BYTES])
{
    memcpy(ret_id, member_sample, BENCH_MEMBER_BYTES);
    set_digits(ret_id + strlen(MEMBER_PREFIX), member, BENCH_MEMBER_DIGITS);
}

// As the face writes it: decimals or a varint. Returns its length.
static size_t write_number(bool json, uint32_t value, uint8_t ret_bytes[NUMBER_BYTES])
{
    if (!json) {
        return varint_write(ret_bytes, value);
    }
    size_t digits = 1;
    for (uint32_t rest = value; rest >= 10; rest /= 10) {
        digits++;
    }
    set_digits(ret_bytes, value, (uint32_t)digits);
    return digits;
}

// --- templates ---

static size_t place_of(const struct template *template, const void *sample, size_t len)
{
    const uint8_t *found = memmem(template->bytes, template->len, sample, len);
    bench_must(found != NULL, "a template lacks what is to be set in it");
    return (size_t)(found - template->bytes);
}

static size_t place_of_text(const struct template *template, const char *sample)
{
    return place_of(template, sample, strlen(sample));
}

static size_t place_of_number(const struct template *template, bool json, uint32_t sample)
{
    uint8_t bytes[NUMBER_BYTES];
    return place_of(template, bytes, write_number(json, sample, bytes));
}

static void encode(struct bench_requests *requests, const ProtobufCMessage *message,
                   struct template *template)
{
    struct span bytes = {0};
    arena_reset(&requests->scratch);
    enum status status = STATUS_OK;
    if (requests->options->face->json) {
        json_t *tree = NULL;
        status = tree_from_message(message, 0, &tree);
        if (status == STATUS_OK) {
            status = tree_print(tree, false, &requests->scratch, &bytes);
            json_decref(tree);
        }
    } else {
        status = message_encode(message, &requests->scratch, &bytes);
    }
    bench_must(status == STATUS_OK && bytes.len <= sizeof template->bytes,
               "a request cannot be encoded");
    memcpy(template->bytes, bytes.data, bytes.len);
    template->len = bytes.len;
    template->member_at = place_of_text(template, member_sample) + strlen(MEMBER_PREFIX);
}

static void make_lookup(struct bench_requests *requests, Loyalty__V1__MemberRef *member)
{
    Loyalty__V1__GetMemberRequest request = LOYALTY__V1__GET_MEMBER_REQUEST__INIT;
    request.member = member;
    request.view = requests->options->full ? LOYALTY__V1__MEMBER_VIEW__MEMBER_VIEW_FULL
                                           : LOYALTY__V1__MEMBER_VIEW__MEMBER_VIEW_BASIC;
    encode(requests, &request.base, &requests->templates[BENCH_REQUEST_LOOKUP]);
}

static void make_enrol(struct bench_requests *requests, Loyalty__V1__Mutation *mutation)
{
    struct template *template = &requests->templates[BENCH_REQUEST_ENROL];
    Loyalty__V1__EnrollRequest request = LOYALTY__V1__ENROLL_REQUEST__INIT;
    request.mutation = mutation;
    request.member_id = member_sample;
    encode(requests, &request.base, template);
    template->id_at = place_of_text(template, requests->id);
}

static void make_redeem(struct bench_requests *requests, Loyalty__V1__Mutation *mutation,
                        Loyalty__V1__MemberRef *member)
{
    struct template *template = &requests->templates[BENCH_REQUEST_REDEEM];
    Loyalty__V1__RedeemRequest request = LOYALTY__V1__REDEEM_REQUEST__INIT;
    request.mutation = mutation;
    request.member = member;
    request.points = 1;
    encode(requests, &request.base, template);
    template->id_at = place_of_text(template, requests->id);
}

static void make_award(struct bench_requests *requests, Loyalty__V1__Mutation *mutation,
                       Loyalty__V1__MemberRef *member)
{
    struct template *template = &requests->templates[BENCH_REQUEST_AWARD];
    bool json = requests->options->face->json;
    Loyalty__V1__SaleLine line = LOYALTY__V1__SALE_LINE__INIT;
    line.amount_minor = AMOUNT_FIRST;
    Loyalty__V1__SaleLine *lines[] = {&line};
    Loyalty__V1__ReceiptKey receipt = LOYALTY__V1__RECEIPT_KEY__INIT;
    receipt.number = RECEIPT_FIRST;
    receipt.business_date = requests->date;
    Loyalty__V1__Sale sale = LOYALTY__V1__SALE__INIT;
    sale.currency = currency;
    sale.n_lines = 1;
    sale.lines = lines;
    if (requests->options->receipts) {
        sale.receipt = &receipt;
        sale.unit = requests->unit;
    }
    Loyalty__V1__AwardRequest request = LOYALTY__V1__AWARD_REQUEST__INIT;
    request.mutation = mutation;
    request.member = member;
    request.sale = &sale;
    encode(requests, &request.base, template);
    template->id_at = place_of_text(template, requests->id);
    template->amount_at = place_of_number(template, json, AMOUNT_FIRST);
    if (requests->options->receipts) {
        template->terminal_at =
            place_of_text(template, requests->unit) + strlen(requests->unit) - TERMINAL_DIGITS;
        template->receipt_at = place_of_number(template, json, RECEIPT_FIRST);
    }
}

// What is of this run alone: the ids but for their operation, the terminals' names, today.
static void name_run(struct bench_requests *requests)
{
    uint8_t random[9];
    bench_must(RAND_bytes(random, sizeof random) == 1, "no random bytes");
    snprintf(requests->id, sizeof requests->id,
             "00000000-%02x%02x-4%01x%02x-8%01x%02x-%02x%02x%02x%02x%02x%02x", random[0], random[1],
             random[2] & 0xf, random[3], random[4] & 0xf, random[5], random[6], random[7],
             random[8], random[2], random[4], random[0] ^ random[8]);
    snprintf(requests->unit, sizeof requests->unit, "store-0007/till-02/%02x%02x%02x-%04u",
             random[6], random[7], random[8], 0U);
    time_t now = time(NULL);
    struct tm day;
    gmtime_r(&now, &day);
    strftime(requests->date, sizeof requests->date, "%Y-%m-%d", &day);
}

struct bench_requests *bench_requests_new(const struct bench_options *options)
{
    struct bench_requests *requests = bench_alloc(1, sizeof *requests);
    bench_must(!options->receipts || options->operations <= RECEIPT_LAST - RECEIPT_FIRST,
               "too many operations with receipts");
    requests->options = options;
    arena_init(&requests->scratch, SCRATCH_BYTES);
    name_run(requests);
    Google__Protobuf__Timestamp created = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    created.seconds = options->created_s > 0 ? options->created_s : bench_wall_ms() / 1000;
    Loyalty__V1__Mutation mutation = LOYALTY__V1__MUTATION__INIT;
    mutation.request_id = requests->id;
    mutation.created_at = &created;
    Loyalty__V1__MemberRef member = LOYALTY__V1__MEMBER_REF__INIT;
    member.by_case = LOYALTY__V1__MEMBER_REF__BY_MEMBER_ID;
    member.member_id = member_sample;
    make_lookup(requests, &member);
    make_enrol(requests, &mutation);
    make_redeem(requests, &mutation, &member);
    make_award(requests, &mutation, &member);
    return requests;
}

void bench_requests_free(struct bench_requests *requests)
{
    if (requests != NULL) {
        arena_fini(&requests->scratch);
        free(requests);
    }
}

// --- one request ---

struct span bench_request_write(struct bench_requests *requests,
                                const struct bench_request *request)
{
    const struct bench_options *options = requests->options;
    struct template *template = &requests->templates[request->kind];
    uint8_t *bytes = template->bytes;
    bool json = options->face->json;
    set_digits(bytes + template->member_at, options->first + request->member, BENCH_MEMBER_DIGITS);
    if (template->id_at != 0) {
        // An odd factor: as many ids as operations.
        set_hex(bytes + template->id_at, request->operation * UINT32_C(2654435761));
    }
    if (template->amount_at != 0) {
        (void)write_number(json, (uint32_t)bench_amount(request->operation),
                           bytes + template->amount_at);
    }
    if (template->receipt_at != 0) {
        set_digits(bytes + template->terminal_at, request->member % TERMINALS, TERMINAL_DIGITS);
        (void)write_number(json, RECEIPT_FIRST + request->operation, bytes + template->receipt_at);
    }
    return span_of(bytes, template->len);
}
