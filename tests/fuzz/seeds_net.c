// What peers send: identities and certificates, Redis's replies, a server's answers.
#include "fuzz/seeds.h"

#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/check.h"
#include "loyalty/v1/members.pb-c.h"
#include "loyalty/v1/points.pb-c.h"
#include "support/certificates.h"
#include "wire/frame.h"
#include "wire/message.h"

enum { ARENA_BYTES = 1 << 20, DER_BYTES_MAX = 4096, FIRST_ID = 4096, NEXT_ID = 4097 };

#define DOMAIN "vip.example"
// A text with its length, NULs inside it included.
#define LITERAL(text) text, sizeof(text) - 1

static void put(struct buffer *out, struct span bytes)
{
    CHECK(buffer_append(out, bytes) == STATUS_OK);
}

static void write_behind(const char *driver, const char *name, struct span choices,
                         struct span bytes)
{
    struct buffer seed;
    buffer_init(&seed, 0);
    put(&seed, choices);
    put(&seed, bytes);
    seed_write(driver, name, buffer_span(&seed));
    buffer_fini(&seed);
}

// --- identities ---

void seeds_identities(void)
{
    static const struct {
        const char *name;
        const char *uri;
        size_t len;
    } uris[] = {
        {"till", LITERAL("spiffe://" DOMAIN "/pos/store-0007/till-02")},
        {"role-only", LITERAL("spiffe://" DOMAIN "/admin")},
        {"slash-behind", LITERAL("spiffe://" DOMAIN "/admin/")},
        {"nul-behind", LITERAL("spiffe://" DOMAIN "/pos/store-1\0evil")},
        {"nul-in-role", LITERAL("spiffe://" DOMAIN "/pos\0x/store-1")},
        {"nul-at-end", LITERAL("spiffe://" DOMAIN "/pos/store-1\0")},
        {"nul-in-domain", LITERAL("spiffe://" DOMAIN "\0/pos/store-1")},
        {"longest-role", LITERAL("spiffe://" DOMAIN "/abcdefghijklmnop/x")},
        {"too-long-role", LITERAL("spiffe://" DOMAIN "/abcdefghijklmnopq/x")},
        {"dots", LITERAL("spiffe://" DOMAIN "/pos/..")},
        {"other-domain", LITERAL("spiffe://" DOMAIN ".org/pos/x")},
        {"other-scheme", LITERAL("https://" DOMAIN "/pos/x")},
    };
    char longest[256] = "spiffe://" DOMAIN "/pos/";
    for (size_t i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
        write_behind("identity", uris[i].name, span_of("", 1), span_of(uris[i].uri, uris[i].len));
    }
    size_t begin = strlen(longest);
    memset(longest + begin, 'u', 129);
    write_behind("identity", "longest-unit", span_of("", 1), span_of(longest, begin + 128));
    write_behind("identity", "too-long-unit", span_of("", 1), span_of(longest, begin + 129));
}

// --- certificates ---

static void write_certificate(const char *name, const struct certificate_spec *spec,
                              const struct certificate *issuer)
{
    uint8_t der[DER_BYTES_MAX];
    unsigned char *at = der;
    struct certificate *made = certificate_new(spec, issuer);
    int len = i2d_X509(made->x509, &at);
    CHECK(len > 0 && len <= DER_BYTES_MAX);
    write_behind("certificates", name, span_of("\x03", 1), span_of(der, (size_t)len));
    int place = X509_get_ext_by_NID(made->x509, NID_subject_alt_name, -1);
    if (place >= 0) {
        const ASN1_OCTET_STRING *names = X509_EXTENSION_get_data(X509_get_ext(made->x509, place));
        char of_names[64];
        (void)snprintf(of_names, sizeof(of_names), "names-%s", name);
        write_behind("certificates", of_names, span_of("\0", 1),
                     span_of(ASN1_STRING_get0_data(names), (size_t)ASN1_STRING_length(names)));
    }
    certificate_free(made);
}

void seeds_certificates(void)
{
    struct certificate_spec authority = {.name = "ca", .authority = true};
    struct certificate *issuer = certificate_new(&authority, NULL);
    struct certificate_spec specs[] = {
        {.name = "till", .uri = "spiffe://" DOMAIN "/pos/store-1/till-1", .usage = "clientAuth"},
        {.name = "no-uri"},
        {.name = "two",
         .uris = {span_of_text("spiffe://" DOMAIN "/pos/a"),
                  span_of_text("spiffe://" DOMAIN "/admin/b")}},
        {.name = "nul", .uris = {span_of(LITERAL("spiffe://" DOMAIN "/admin\0/pos"))}},
        {.name = "https", .uri = "https://" DOMAIN "/pos/a"},
        {.name = "other", .uri = "spiffe://other.example/pos/a"},
    };
    write_certificate("authority", &authority, NULL);
    for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
        write_certificate(specs[i].name, &specs[i], issuer);
    }
    certificate_free(issuer);
    // A DNS name, an address, a mail address, a URI, a directory name.
    write_behind("certificates", "names-of-every-kind", span_of("\0", 1),
                 span_of(LITERAL("\x30\x25\x82\x03"
                                 "a.b\x87\x04\x7f\0\0\x01\x81\x03"
                                 "a@b\x86\x0fhttp://a.b/c/de\xa4\x02\x30\0")));
}

// --- Redis ---

#define BULK(len, text) "$" #len "\r\n" text "\r\n"

static void write_replies(const char *name, const char *choices, size_t count, const char *replies)
{
    struct buffer head;
    buffer_init(&head, 0);
    CHECK(buffer_append_byte(&head, 6) == STATUS_OK);
    CHECK(buffer_append_byte(&head, (uint8_t)count) == STATUS_OK);
    put(&head, span_of(choices, count));
    write_behind("redis_replies", name, buffer_span(&head), span_of_text(replies));
    write_behind("resp", name, span_of("\x06", 1), span_of_text(replies));
    buffer_fini(&head);
}

// Calls by their number in redis_replies_fuzz.c; tags count from 1.
void seeds_redis(void)
{
    static const char settings[] =
        "*10\r\n" BULK(10, "appendonly") BULK(3, "yes") BULK(11, "appendfsync") BULK(6, "always")
            BULK(25, "no-appendfsync-on-rewrite") BULK(2, "no") BULK(16, "maxmemory-policy")
                BULK(10, "noeviction") BULK(18, "proto-max-bulk-len") BULK(9, "536870912");
    char handshake[2048];
    write_replies("plain-reads", "\x00\x01\x05", 3, BULK(3, "abc") BULK(0, "") BULK(4, "anna"));
    write_replies("functions", "\x02\x03\x04\x02\x02\x02", 6,
                  "*3\r\n" BULK(1, "1")
                      BULK(2, "OK") ":96\r\n"
                                    "*2\r\n" BULK(1, "2") BULK(6, "RELOAD") "*3\r\n" BULK(1, "3")
                                        BULK(5, "TAKEN") BULK(3, "ben") "*3\r\n" BULK(1, "4")
                                            BULK(6, "BEHIND") BULK(4, "rest") "*2\r\n" BULK(1, "5")
                                                BULK(5, "CLOCK") "*3\r\n" BULK(1, "6")
                                                    BULK(6, "FAILED") BULK(3, "why"));
    write_replies("head-and-scan", "\x07\x06", 2,
                  "*8\r\n" BULK(1, "1") BULK(2, "OK") ":1768003200000\r\n" BULK(1, "0")
                      BULK(4, "1024") ":0\r\n" BULK(0, "")
                          BULK(13, "1768003100000") "*2\r\n" BULK(1, "0") "*4\r\n" BULK(4, "anna")
                              BULK(1, "5") BULK(1, "!") BULK(3, "inf"));
    write_replies("values-and-sets", "\x0b\x0c\x0d\x0e\x0e\x0f\x10\x13", 8,
                  "*3\r\n" BULK(1, "1") BULK(5, "TAKEN") BULK(3, "ben") "*2\r\n" BULK(4, "anna")
                      BULK(3, "ben") BULK(9, "\1\1\1\1\1\1\1\5p") "*3\r\n" BULK(1, "2")
                          BULK(2, "OK") BULK(8, "\1\1\1\1\1\1\1\1") "*3\r\n" BULK(1, "3")
                              BULK(6, "BEHIND") BULK(9, "\1\1\1\1\1\1\1\2q") "*3\r\n" BULK(1, "4")
                                  BULK(2, "OK") "*1\r\n" BULK(3, "crm") "*3\r\n" BULK(1, "5")
                                      BULK(6, "FAILED") BULK(3, "why") "+Background\r\n");
    write_replies("events", "\x11\x12", 2,
                  "*6\r\n" BULK(1, "1") BULK(2, "OK") BULK(3, "0-1") BULK(3, "0-2") BULK(3, "0-1")
                      BULK(3, "one") "*4\r\n" BULK(1, "2") BULK(2, "OK") BULK(0, "")
                          BULK(3, "0-3") ":7\r\n");
    write_replies("create", "\x08", 1,
                  "$-1\r\n*2\r\n" BULK(1, "1") BULK(2, "OK") "*2\r\n" BULK(1, "2")
                      BULK(2, "OK") "*2\r\n" BULK(1, "3") BULK(2, "OK") "*2\r\n" BULK(1, "4")
                          BULK(2, "OK") "*2\r\n" BULK(1, "5") BULK(2, "OK"));
    write_replies("errors", "\x00\x01\x02", 3,
                  "-LOADING Redis is loading\r\n-OOM no\r\n-ERR unknown\r\n");
    write_replies("wrong-tag", "\x02\x02", 2, "*2\r\n" BULK(1, "9") BULK(2, "OK"));
    write_replies("nobody-waits", "", 0, "+OK\r\n:1\r\n$-1\r\n*-1\r\n*0\r\n");
    write_replies("deep", "\x00", 1, "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n");
    write_replies("too-large", "\x00", 1, "*2147483647\r\n");
    write_replies("longest-number", "\x00\x00", 2,
                  ":9223372036854775807\r\n:-9223372036854775808\r\n:9223372036854775808\r\n");
    static const char greeting[] = "+OK\r\n" BULK(25, "redis_version:7.0.15\r\nx\r\n")
        BULK(11, "loading:0\r\n") "*3\r\n" BULK(6, "master") ":0\r\n*0\r\n";
    (void)snprintf(handshake, sizeof(handshake), "%s%s%s", greeting, settings,
                   BULK(3, "ly1") BULK(16, "aof_rewrites:1\r\n") "*2\r\n" BULK(1, "1")
                       BULK(2, "OK"));
    write_replies("handshake", "\x09", 1, handshake);
    (void)snprintf(handshake, sizeof(handshake), "%s%s%s", greeting, settings,
                   BULK(3, "ly1") BULK(16, "aof_rewrites:0\r\n") "+Background\r\n" BULK(
                       16, "aof_rewrites:1\r\n") "*3\r\n" BULK(1, "1") BULK(6, "NOPERM")
                       BULK(4, "xadd"));
    write_replies("handshake-rewrites", "\x09", 1, handshake);
    (void)snprintf(handshake, sizeof(handshake), "%s%s%s", greeting, settings,
                   BULK(3, "ly1")
                       BULK(16, "aof_rewrites:0\r\n") "-ERR no\r\n" BULK(16, "aof_rewrites:0\r\n"));
    write_replies("handshake-cannot-rewrite", "\x09", 1, handshake);
    write_replies("handshake-refused", "\x09", 1,
                  "-WRONGPASS no\r\n-ERR\r\n-ERR\r\n-ERR\r\n-ERR\r\n");
    write_replies("create-refused", "\x8c", 1, "");
    write_replies("replica", "\x09", 1,
                  "+OK\r\n" BULK(25, "redis_version:6.2.15\r\nx\r\n")
                      BULK(11, "loading:1\r\n") "*1\r\n" BULK(5, "slave") "*0\r\n");
    (void)snprintf(handshake, sizeof(handshake), "%s%s", "*1\r\n" BULK(6, "master"), settings);
    write_replies("again", "\x0a", 1, handshake);
}

// --- answers ---

static struct arena arena;

static struct span encoded(const ProtobufCMessage *message)
{
    struct span bytes;
    CHECK(message_encode(message, &arena, &bytes) == STATUS_OK);
    return bytes;
}

static void put_answer(struct buffer *stream, const struct frame_reply *reply)
{
    uint8_t prefix[FRAME_PREFIX_BYTES];
    struct span envelope;
    CHECK(frame_encode_reply(reply, &arena, &envelope) == STATUS_OK);
    frame_prefix(envelope.len, prefix);
    put(stream, span_of(prefix, sizeof(prefix)));
    put(stream, envelope);
}

static struct span award_response(void)
{
    Google__Protobuf__Timestamp at = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    Loyalty__V1__Standing standing = LOYALTY__V1__STANDING__INIT;
    Loyalty__V1__Card card = LOYALTY__V1__CARD__INIT;
    Loyalty__V1__AwardResponse award = LOYALTY__V1__AWARD_RESPONSE__INIT;
    char *lines[] = {(char *)"+100 points"};
    at.seconds = 1768003200;
    at.nanos = 5000000;
    standing.balance = 100;
    standing.tier_id = (char *)"gold";
    card.tier_id = (char *)"gold";
    card.from = &at;
    award.member_id = (char *)"anna";
    award.recorded_at = &at;
    award.expires_at = &at;
    award.new_card = &card;
    award.standing = &standing;
    award.n_receipt_lines = 1;
    award.receipt_lines = lines;
    return encoded(&award.base);
}

static struct span member_response(void)
{
    Google__Protobuf__Timestamp at = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    Loyalty__V1__Lot lot = LOYALTY__V1__LOT__INIT;
    Loyalty__V1__Lot *lots[] = {&lot, &lot};
    Loyalty__V1__GetMemberResponse member = LOYALTY__V1__GET_MEMBER_RESPONSE__INIT;
    at.seconds = INT64_MAX / 1000;
    lot.points = 7;
    lot.expires_at = &at;
    member.member_id = (char *)"anna";
    member.n_lots = 2;
    member.lots = lots;
    return encoded(&member.base);
}

static struct span redeem_response(void)
{
    Loyalty__V1__Money value = LOYALTY__V1__MONEY__INIT;
    Loyalty__V1__RedeemResponse redeem = LOYALTY__V1__REDEEM_RESPONSE__INIT;
    value.currency = (char *)"CNY";
    redeem.value = &value;
    redeem.points = 10;
    return encoded(&redeem.base);
}

// Ids as clients/lib/requests.h makes them: a serial number and a slot.
void seeds_answers(void)
{
    arena_init(&arena, ARENA_BYTES);
    Loyalty__V1__EnrollResponse enroll = LOYALTY__V1__ENROLL_RESPONSE__INIT;
    Loyalty__V1__Error error = LOYALTY__V1__ERROR__INIT;
    struct buffer stream;
    buffer_init(&stream, 0);
    error.code = LOYALTY__V1__CODE__CODE_UNAVAILABLE;
    error.reason = (char *)"OVERLOADED";
    put_answer(&stream, &(struct frame_reply){.correlation_id = FIRST_ID,
                                              .payload = award_response(),
                                              .replayed = true});
    put_answer(&stream, &(struct frame_reply){.correlation_id = FIRST_ID + NEXT_ID,
                                              .payload = redeem_response()});
    put_answer(&stream, &(struct frame_reply){.correlation_id = FIRST_ID + 2 * NEXT_ID,
                                              .payload = encoded(&enroll.base)});
    put_answer(&stream, &(struct frame_reply){.correlation_id = FIRST_ID + 3 * NEXT_ID,
                                              .payload = member_response()});
    write_behind("replies", "all", span_of("\x05", 1), buffer_span(&stream));
    buffer_clear(&stream);
    put_answer(&stream, &(struct frame_reply){.correlation_id = FIRST_ID, .error = &error});
    put_answer(&stream, &(struct frame_reply){.correlation_id = 99, .error = &error});
    write_behind("replies", "refused", span_of("\x05", 1), buffer_span(&stream));
    write_behind("replies", "longest", span_of("\x05", 1), span_of("\0\x01\0\0", 4));
    write_behind("replies", "too-long", span_of("\x05", 1), span_of("\0\x01\0\x01", 4));
    write_behind("replies", "empty", span_of("\x05", 1), span_of("\0\0\0\0", 4));
    buffer_fini(&stream);
    arena_fini(&arena);
}
