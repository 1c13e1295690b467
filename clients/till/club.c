// By the certificate "admin" and blocking calls for what is asked once, pipelined for enrolments.
#include "till/club.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/zone.h"
#include "lib/encode.h"
#include "loyalty/v1/members.pb-c.h"

enum {
    WINDOW = 128,
    REQUEST_BYTES = 1024,
    ARENA_BYTES = 16 * 1024,
    ENROLLED_DAYS = 30,
    WAIT_MS = 10000,
    CONNECT_TRIES = 200,
    CONNECT_PAUSE_NS = 100000000,
};

static struct loyalty *open_client(const struct world *world, const char *name)
{
    char ca[SERVICE_PATH_BYTES];
    char certificate[SERVICE_PATH_BYTES];
    char key[SERVICE_PATH_BYTES];
    char file[COUNTER_NAME_BYTES + 8];
    const char *folder = world->service.tls;
    bool named = service_path(folder, "ca.pem", ca);
    (void)snprintf(file, sizeof(file), "%s.pem", name);
    named = named && service_path(folder, file, certificate);
    (void)snprintf(file, sizeof(file), "%s.key", name);
    named = named && service_path(folder, file, key);
    struct loyalty_options options = {.server = world->service.address,
                                      .ca_path = ca,
                                      .certificate_path = certificate,
                                      .key_path = key};
    char error[LOYALTY_ERROR_BYTES] = "a path is too long";
    struct loyalty *client = named ? loyalty_new(&options, error) : NULL;
    if (client == NULL) {
        (void)fprintf(stderr, "loyalty-till: %s\n", error);
        return NULL;
    }
    for (int i = 0; i < CONNECT_TRIES; i++) {
        enum loyalty_outcome outcome = loyalty_connect(client);
        if (outcome == LOYALTY_APPLIED) {
            return client;
        }
        if (outcome == LOYALTY_REFUSED) {
            break;
        }
        (void)nanosleep(&(struct timespec){.tv_nsec = CONNECT_PAUSE_NS}, NULL);
    }
    (void)fprintf(stderr, "loyalty-till: %s: %s\n", world->service.address, loyalty_error(client));
    loyalty_free(client);
    return NULL;
}

// --- before ---

static bool learn_terms(struct world *world)
{
    struct counter *first = &world->counters[0];
    struct loyalty *client = open_client(world, first->certificate);
    struct loyalty_terms terms;
    struct loyalty_reply reply = {0};
    if (client == NULL) {
        return false;
    }
    bool good = loyalty_get_terms(client, &terms, &reply) == LOYALTY_APPLIED &&
                strlen(terms.currency) < sizeof(world->currency) && zone_use(terms.zone);
    if (good) {
        memcpy(world->currency, terms.currency, strlen(terms.currency) + 1);
    } else {
        (void)fprintf(stderr, "loyalty-till: the terms cannot be had: %s\n", reply.message);
    }
    loyalty_reply_fini(&reply);
    loyalty_free(client);
    return good;
}

struct enrolment {
    uint32_t enrolled;
    uint32_t failed;
    char reason[LOYALTY_ERROR_BYTES];
};

static void on_enrolled(void *user, const struct loyalty_reply *reply)
{
    struct enrolment *enrolment = user;
    if (reply->outcome == LOYALTY_APPLIED) {
        enrolment->enrolled++;
        return;
    }
    enrolment->failed++;
    (void)snprintf(enrolment->reason, sizeof(enrolment->reason), "%s %s", reply->reason,
                   reply->message);
}

static bool submit_enrolment(struct loyalty *client, const struct member *member,
                             struct enrolment *enrolment)
{
    struct arena arena;
    arena_init(&arena, ARENA_BYTES);
    struct loyalty_request request;
    struct loyalty_member card = {LOYALTY_BY_CARD_NUMBER, member->card};
    int64_t month_ms = INT64_C(86400000) * ENROLLED_DAYS;
    Loyalty__V1__EnrollRequest message = LOYALTY__V1__ENROLL_REQUEST__INIT;
    bool good = loyalty_request_init(client, &request);
    Loyalty__V1__Identifier *identifier = ly_encode_identifier(&arena, &card);
    message.mutation = good ? ly_encode_mutation(&arena, &request) : NULL;
    message.member_id = (char *)member->id;
    message.enrolled_at = ly_encode_instant(&arena, request.created_at_ms - month_ms);
    message.identifiers = &identifier;
    message.n_identifiers = 1;
    uint8_t bytes[REQUEST_BYTES];
    good = good && identifier != NULL && message.mutation != NULL && message.enrolled_at != NULL &&
           loyalty__v1__enroll_request__get_packed_size(&message) <= sizeof(bytes) &&
           loyalty_submit(client, "/loyalty.v1.MembersService/Enroll", bytes,
                          loyalty__v1__enroll_request__pack(&message, bytes), 0, on_enrolled,
                          enrolment);
    arena_fini(&arena);
    return good;
}

static bool enrol(struct world *world)
{
    struct loyalty *client = open_client(world, "admin");
    struct enrolment enrolment = {0};
    bool good = client != NULL;
    for (uint32_t i = 0; good && i < world->plan->members; i++) {
        good = submit_enrolment(client, &world->members[i], &enrolment);
        if (good && (i % WINDOW == WINDOW - 1 || i + 1 == world->plan->members)) {
            good = loyalty_wait(client, WAIT_MS);
        }
    }
    loyalty_free(client);
    if (!good || enrolment.failed > 0) {
        (void)fprintf(stderr, "loyalty-till: %u of %u members enrolled: %s\n", enrolment.enrolled,
                      world->plan->members, enrolment.reason);
        return false;
    }
    return true;
}

bool club_enrol(struct world *world)
{
    return learn_terms(world) && enrol(world);
}

// --- after ---

static void compare(struct world *world, const struct member *member, const struct book_sum *sum,
                    const struct loyalty_standing *standing)
{
    int64_t ours = sum->awarded - sum->spent - sum->taken + sum->given;
    int64_t theirs = standing->balance + standing->pending + standing->held;
    if (ours != theirs) {
        book_fault(world->book,
                   "%s: the book has %lld (+%lld awarded -%lld spent -%lld taken +%lld given), the "
                   "service %lld (%lld and %lld pending and %lld held): %+lld",
                   member->id, (long long)ours, (long long)sum->awarded, (long long)sum->spent,
                   (long long)sum->taken, (long long)sum->given, (long long)theirs,
                   (long long)standing->balance, (long long)standing->pending,
                   (long long)standing->held, (long long)(theirs - ours));
    }
}

uint64_t club_compare(struct world *world)
{
    uint32_t members = world->plan->members;
    struct book_sum *sums = calloc(members, sizeof(*sums));
    struct loyalty *client = sums == NULL ? NULL : open_client(world, "admin");
    uint64_t compared = 0;
    if (client == NULL) {
        book_fault(world->book, "the service cannot be asked in the end");
        free(sums);
        return 0;
    }
    book_sum(world->book, sums, members);
    for (uint32_t i = 0; i < members; i++) {
        struct loyalty_member ref = {LOYALTY_BY_MEMBER_ID, world->members[i].id};
        struct loyalty_account account;
        struct loyalty_reply reply = {0};
        if (!sums[i].used) {
            continue;
        }
        if (loyalty_get_member(client, &ref, &account, &reply) == LOYALTY_APPLIED) {
            compare(world, &world->members[i], &sums[i], &account.standing);
            compared++;
        } else {
            book_fault(world->book, "%s cannot be read: %s", ref.value, reply.message);
        }
        loyalty_reply_fini(&reply);
    }
    loyalty_free(client);
    free(sums);
    return compared;
}
