// Loads through the daemon: many connections of libloyalty, each with so many requests in flight,
// driven by one poll loop. Operations go round the members, so that no two in flight meet.
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/bench.h"
#include "loyalty.h"
#include "loyalty/v1/members.pb-c.h"
#include "loyalty/v1/points.pb-c.h"

enum { REQUEST_BYTES = 512, PATH_BYTES = 4096, RETRY_MS = 5000 };

typedef size_t pack_fn(uint32_t operation, int64_t now_ms, const struct bench_options *options,
                       uint8_t *ret_bytes);

struct load;

// One request in flight.
struct slot {
    struct load *load;
    struct loyalty *client;
    uint32_t operation;
    int64_t sent_ns;
};

struct load {
    const struct bench_options *options;
    const char *method;
    pack_fn *pack;
    uint32_t operations;
    uint32_t next;
    struct bench_result result;
};

static void submit(struct slot *slot);

static void on_reply(void *user, const struct loyalty_reply *reply)
{
    struct slot *slot = user;
    bench_sample(&slot->load->result, slot->sent_ns);
    if (reply->outcome != LOYALTY_APPLIED) {
        slot->load->result.failed++;
        fprintf(stderr, "operation %u: %s %s %s\n", slot->operation,
                loyalty_outcome_name(reply->outcome), reply->reason, reply->message);
    }
    submit(slot);
}

static void submit(struct slot *slot)
{
    struct load *load = slot->load;
    if (load->next == load->operations) {
        return;
    }
    slot->operation = load->next++;
    uint8_t bytes[REQUEST_BYTES];
    size_t len = load->pack(slot->operation, loyalty_now_ms(slot->client), load->options, bytes);
    slot->sent_ns = bench_now_ns();
    if (!loyalty_submit(slot->client, load->method, bytes, len, 0, on_reply, slot)) {
        fprintf(stderr, "operation %u: not accepted: %s\n", slot->operation,
                loyalty_error(slot->client));
        exit(EXIT_FAILURE);
    }
}

static struct loyalty *connect_client(const struct bench_options *options)
{
    char ca[PATH_BYTES];
    char certificate[PATH_BYTES];
    char key[PATH_BYTES];
    snprintf(ca, sizeof ca, "%s/ca.pem", options->tls);
    snprintf(certificate, sizeof certificate, "%s/%s.pem", options->tls, options->as);
    snprintf(key, sizeof key, "%s/%s.key", options->tls, options->as);
    struct loyalty_options connection = {
        .server = options->server, .ca_path = ca, .certificate_path = certificate, .key_path = key};
    char error[LOYALTY_ERROR_BYTES];
    struct loyalty *client = loyalty_new(&connection, error);
    if (client == NULL || loyalty_connect(client) != LOYALTY_APPLIED) {
        fprintf(stderr, "loyalty-bench: %s\n", client == NULL ? error : loyalty_error(client));
        exit(EXIT_FAILURE);
    }
    return client;
}

static void drive(struct loyalty **clients, uint32_t count, const struct load *load)
{
    struct pollfd *polled = calloc(count, sizeof *polled);
    if (polled == NULL) {
        exit(EXIT_FAILURE);
    }
    for (uint32_t i = 0; i < count; i++) {
        loyalty_poll(clients[i], 0);
    }
    while (load->result.done < load->operations) {
        for (uint32_t i = 0; i < count; i++) {
            int timeout_ms;
            if (!loyalty_interest(clients[i], &polled[i].fd, &polled[i].events, &timeout_ms)) {
                fprintf(stderr, "loyalty-bench: %s\n", loyalty_error(clients[i]));
                exit(EXIT_FAILURE);
            }
        }
        if (poll(polled, count, RETRY_MS) == 0) {
            fprintf(stderr, "loyalty-bench: no answer for %d ms\n", RETRY_MS);
            exit(EXIT_FAILURE);
        }
        for (uint32_t i = 0; i < count; i++) {
            if (polled[i].revents != 0) {
                loyalty_poll(clients[i], 0);
            }
        }
    }
    free(polled);
}

static int run(struct load *load)
{
    uint32_t count = load->options->connections;
    uint32_t depth = load->options->depth;
    struct loyalty **clients = calloc(count, sizeof(struct loyalty *));
    struct slot *slots = calloc((size_t)count * depth, sizeof *slots);
    if (clients == NULL || slots == NULL) {
        free(slots);
        free(clients);
        return EXIT_FAILURE;
    }
    for (uint32_t i = 0; i < count; i++) {
        clients[i] = connect_client(load->options);
    }
    bench_begin(&load->result, load->operations);
    for (uint32_t i = 0; i < count * depth; i++) {
        slots[i] = (struct slot){.load = load, .client = clients[i / depth]};
        submit(&slots[i]);
    }
    drive(clients, count, load);
    for (uint32_t i = 0; i < count; i++) {
        loyalty_free(clients[i]);
    }
    free(clients);
    free(slots);
    return bench_end(&load->result);
}

// Ids that no two runs share (the run's start is in them) and that look like UUIDs.
static void request_id(uint32_t operation, char *ret_id)
{
    static uint64_t run_ns;
    if (run_ns == 0) {
        run_ns = (uint64_t)time(NULL) * 1000000000 + (uint64_t)bench_now_ns() % 1000000000;
    }
    snprintf(ret_id, LOYALTY_UUID_BYTES, "%08x-%04x-8%03x-8%03x-%012llx",
             operation * UINT32_C(2654435761), operation >> 16, operation & 0xfff,
             (operation >> 12) & 0xfff, (unsigned long long)(run_ns & UINT64_C(0xffffffffffff)));
}

static void fill_mutation(Loyalty__V1__Mutation *mutation, Google__Protobuf__Timestamp *created,
                          char *id, int64_t now_ms)
{
    created->seconds = now_ms / 1000;
    created->nanos = (int32_t)(now_ms % 1000) * 1000000;
    mutation->request_id = id;
    mutation->created_at = created;
}

static size_t pack_enrol(uint32_t operation, int64_t now_ms, const struct bench_options *options,
                         uint8_t *ret_bytes)
{
    (void)options;
    char id[LOYALTY_UUID_BYTES];
    char member_id[32];
    request_id(operation, id);
    bench_member_id(operation, member_id, sizeof member_id);
    Google__Protobuf__Timestamp created = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    Loyalty__V1__Mutation mutation = LOYALTY__V1__MUTATION__INIT;
    fill_mutation(&mutation, &created, id, now_ms);
    Loyalty__V1__EnrollRequest request = LOYALTY__V1__ENROLL_REQUEST__INIT;
    request.mutation = &mutation;
    request.member_id = member_id;
    return loyalty__v1__enroll_request__pack(&request, ret_bytes);
}

static size_t pack_award(uint32_t operation, int64_t now_ms, const struct bench_options *options,
                         uint8_t *ret_bytes)
{
    static char currency[] = "CNY";
    char id[LOYALTY_UUID_BYTES];
    char member_id[32];
    request_id(operation, id);
    bench_member_id(operation % options->members, member_id, sizeof member_id);
    Google__Protobuf__Timestamp created = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    Loyalty__V1__Mutation mutation = LOYALTY__V1__MUTATION__INIT;
    fill_mutation(&mutation, &created, id, now_ms);
    Loyalty__V1__MemberRef member = LOYALTY__V1__MEMBER_REF__INIT;
    member.by_case = LOYALTY__V1__MEMBER_REF__BY_MEMBER_ID;
    member.member_id = member_id;
    Loyalty__V1__SaleLine line = LOYALTY__V1__SALE_LINE__INIT;
    line.amount_minor = bench_amount(operation);
    Loyalty__V1__SaleLine *lines[] = {&line};
    Loyalty__V1__Sale sale = LOYALTY__V1__SALE__INIT;
    sale.currency = currency;
    sale.n_lines = 1;
    sale.lines = lines;
    Loyalty__V1__AwardRequest request = LOYALTY__V1__AWARD_REQUEST__INIT;
    request.mutation = &mutation;
    request.member = &member;
    request.sale = &sale;
    return loyalty__v1__award_request__pack(&request, ret_bytes);
}

int bench_enrol(const struct bench_options *options)
{
    struct load load = {.options = options,
                        .method = "/loyalty.v1.MembersService/Enroll",
                        .pack = pack_enrol,
                        .operations = options->members};
    return run(&load);
}

int bench_award(const struct bench_options *options)
{
    struct load load = {.options = options,
                        .method = "/loyalty.v1.PointsService/Award",
                        .pack = pack_award,
                        .operations = options->operations};
    return run(&load);
}
