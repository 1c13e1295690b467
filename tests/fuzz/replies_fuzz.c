// A hostile server: any bytes come back to a client of libloyalty that waits for four answers. Each
// is given at most once while the connection stands and exactly once in all; an answer has all its
// texts; typed results are read from whatever the payload is; how the bytes are dealt changes
// nothing.
//
// TLS is left out: this file is where the library reads from.
//
// Input: how the bytes are dealt, then the bytes.
#include <openssl/ssl.h>
#include <string.h>

#include "base/check.h"
#include "base/hash.h"
#include "fuzz/fuzz.h"
#include "fuzz/mutate_message.h"
#include "lib/client.h"
#include "lib/decode.h"
#include "lib/reply.h"
#include "loyalty/v1/frame.pb-c.h"

enum {
    CHOICES = 1,
    REQUESTS = 4,
    LENGTH_BYTES = 4,
    INPUT_BYTES_MAX = 128 * 1024,
    MEMORY_BYTES_MAX = 64 << 20,
};

// --- the other end ---

static struct span coming;
static size_t chunk;

// Stand in for OpenSSL's own, whose parameters have other names.
// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name)

int SSL_read(SSL *ssl, void *buffer, int bytes_max)
{
    (void)ssl;
    size_t len = chunk < (size_t)bytes_max ? chunk : (size_t)bytes_max;
    len = len < coming.len ? len : coming.len;
    if (len == 0) {
        return -1;
    }
    memcpy(buffer, coming.data, len);
    coming = span_from(coming, len);
    return (int)len;
}

int SSL_get_error(const SSL *ssl, int result)
{
    (void)ssl;
    return result > 0 ? SSL_ERROR_NONE : SSL_ERROR_WANT_READ;
}

// NOLINTEND(readability-inconsistent-declaration-parameter-name)

// --- answers ---

struct waiting {
    const ProtobufCMessageDescriptor *type;
    uint32_t answered;
    uint64_t sum; // of all that was said
};

static uint64_t add(uint64_t sum, const char *text)
{
    CHECK(text != NULL);
    return sum * 31 + hash_fnv1a(span_of_text(text));
}

static void check_reply(const struct loyalty_reply *reply, struct waiting *waiting)
{
    CHECK(reply->outcome <= LOYALTY_OUTCOME_UNKNOWN);
    uint64_t sum = add(add(add(0, reply->reason), reply->field), reply->message);
    for (size_t i = 0; i < reply->figure_count; i++) {
        sum = add(sum, reply->figures[i].name) + (uint64_t)reply->figures[i].value;
    }
    sum += hash_fnv1a(span_of(reply->payload, reply->payload_bytes));
    waiting->sum = sum + (uint64_t)reply->outcome;
}

static void check_account(struct loyalty_reply *reply, const ProtobufCMessage *message)
{
    struct loyalty_account account;
    if (ly_decode_account(reply, (const Loyalty__V1__GetMemberResponse *)message, &account)) {
        CHECK(account.member_id != NULL && account.card.tier_id != NULL);
        for (size_t i = 0; i < account.lot_count; i++) {
            (void)account.lots[i].expires_at_ms;
        }
    }
}

// A till's answers, of which the payload may be any.
static void check_till(struct loyalty_reply *reply)
{
    struct loyalty_redemption redemption = {.member_id = ""};
    struct loyalty_reversed reversed;
    struct loyalty_terms terms;
    struct loyalty_reconciled reconciled;
    const void *message = ly_reply_unpack(reply, &loyalty__v1__reserve_response__descriptor);
    if (message != NULL) {
        ly_decode_reserve(message, &redemption);
    }
    message = ly_reply_unpack(reply, &loyalty__v1__capture_response__descriptor);
    if (message != NULL) {
        ly_decode_capture(message, &redemption);
    }
    message = ly_reply_unpack(reply, &loyalty__v1__release_response__descriptor);
    if (message != NULL) {
        ly_decode_release(message, &redemption);
    }
    CHECK(redemption.member_id != NULL);
    message = ly_reply_unpack(reply, &loyalty__v1__reverse_response__descriptor);
    if (message != NULL) {
        ly_decode_reverse(message, &reversed);
        CHECK(reversed.member_id != NULL && reversed.value_currency != NULL);
    }
    message = ly_reply_unpack(reply, &loyalty__v1__get_terms_response__descriptor);
    if (message != NULL) {
        ly_decode_terms(message, &terms);
        CHECK(terms.program_id != NULL && terms.currency != NULL && terms.zone != NULL);
    }
    message = ly_reply_unpack(reply, &loyalty__v1__reconcile_response__descriptor);
    if (message != NULL && ly_decode_reconciled(reply, message, &reconciled)) {
        for (size_t i = 0; i < reconciled.difference_count; i++) {
            CHECK(reconciled.differences[i].request_id != NULL);
        }
    }
}

static void check_typed(struct loyalty_reply *reply, const ProtobufCMessageDescriptor *type)
{
    struct loyalty_awarded award;
    struct loyalty_redemption redemption;
    struct loyalty_enrolment enrolment;
    const ProtobufCMessage *message = ly_reply_unpack(reply, type);
    if (message == NULL) {
        return;
    }
    if (type == &loyalty__v1__award_response__descriptor) {
        ly_decode_award((const Loyalty__V1__AwardResponse *)message, &award);
        CHECK(award.member_id != NULL && award.standing.tier_id != NULL);
        for (size_t i = 0; i < award.receipt_line_count; i++) {
            CHECK(award.receipt_lines[i] != NULL);
        }
    } else if (type == &loyalty__v1__redeem_response__descriptor) {
        ly_decode_redeem((const Loyalty__V1__RedeemResponse *)message, &redemption);
        CHECK(redemption.member_id != NULL && redemption.value_currency != NULL);
    } else if (type == &loyalty__v1__enroll_response__descriptor) {
        ly_decode_enrolment((const Loyalty__V1__EnrollResponse *)message, &enrolment);
        CHECK(enrolment.member_id != NULL);
    } else {
        check_account(reply, message);
    }
}

static void on_reply(void *user, const struct loyalty_reply *reply)
{
    struct waiting *waiting = user;
    struct waiting copied = {0};
    struct loyalty_reply copy;
    waiting->answered++;
    check_reply(reply, waiting);
    ly_reply_copy(reply, &copy);
    check_reply(&copy, &copied);
    CHECK(copied.sum == waiting->sum);
    check_typed(&copy, waiting->type);
    check_till(&copy);
    loyalty_reply_fini(&copy);
}

// --- a connection ---

static void submit(struct loyalty *client, struct waiting *waiting)
{
    static const ProtobufCMessageDescriptor *const types[REQUESTS] = {
        &loyalty__v1__award_response__descriptor,
        &loyalty__v1__redeem_response__descriptor,
        &loyalty__v1__enroll_response__descriptor,
        &loyalty__v1__get_member_response__descriptor,
    };
    for (size_t i = 0; i < REQUESTS; i++) {
        waiting[i] = (struct waiting){.type = types[i]};
        CHECK(ly_submit(client, "/x", span_of_text("y"), 0, on_reply, &waiting[i]));
    }
}

// Returns the sum of all answers.
static uint64_t live(struct span bytes, size_t bytes_a_read)
{
    static struct loyalty client;
    struct waiting waiting[REQUESTS];
    uint64_t sum = 0;
    client = (struct loyalty){.phase = LY_OPEN, .fd = -1};
    buffer_init(&client.input, INPUT_BYTES_MAX);
    coming = bytes;
    chunk = bytes_a_read;
    submit(&client, waiting);
    bool going = true;
    while (going && coming.len > 0) {
        going = ly_stream_receive(&client);
        CHECK(client.input.len <= INPUT_BYTES_MAX);
    }
    CHECK(going || client.error[0] != '\0');
    for (size_t i = 0; i < REQUESTS; i++) {
        CHECK(waiting[i].answered <= 1);
        sum = sum * 31 + waiting[i].sum + waiting[i].answered;
    }
    ly_disconnect(&client, LOYALTY_RETRY_LATER);
    for (size_t i = 0; i < REQUESTS; i++) {
        CHECK(waiting[i].answered == 1);
    }
    ly_requests_fini(&client.requests);
    buffer_fini(&client.input);
    buffer_fini(&client.output);
    return sum * 2 + (going ? 1 : 0);
}

// --- the driver ---

// Of the frames one is mutated as an envelope, mostly, and its length is made right again.
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t len_max, unsigned seed)
{
    static uint8_t envelope[8192];
    struct fuzz_random random = fuzz_random_of(seed);
    size_t head = CHOICES;
    for (size_t skip = fuzz_random_below(&random, 4); skip > 0; skip--) {
        size_t body = head + 4 > len ? 0 : (size_t)data[head + 2] << 8 | data[head + 3];
        head = body > 0 && head + LENGTH_BYTES + body + LENGTH_BYTES < len
                   ? head + LENGTH_BYTES + body
                   : head;
    }
    size_t begin = head + LENGTH_BYTES;
    if (begin >= len || fuzz_random_below(&random, 8) == 0) {
        return LLVMFuzzerMutate(data, len, len_max);
    }
    size_t old = (size_t)data[head + 2] << 8 | data[head + 3];
    old = old < len - begin ? old : len - begin;
    size_t room =
        len_max - (len - old) < sizeof(envelope) ? len_max - (len - old) : sizeof(envelope);
    if (old > room) {
        return len;
    }
    memcpy(envelope, data + begin, old);
    size_t new =
        mutate_message(&loyalty__v1__reply_envelope__descriptor, envelope, old, room, &random);
    memmove(data + begin + new, data + begin + old, len - begin - old);
    memcpy(data + begin, envelope, new);
    data[head + 2] = (uint8_t)(new >> 8);
    data[head + 3] = (uint8_t) new;
    return len - old + new;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct fuzz_input input = {.rest = span_of(data, len)};
    size_t dealt = 1 + fuzz_byte(&input) % 64;
    fuzz_memory_begin(MEMORY_BYTES_MAX);
    CHECK(live(input.rest, input.rest.len + 1) == live(input.rest, dealt));
    fuzz_memory_end();
    return 0;
}
