// Loads through the daemon: many connections of libloyalty, each with so many requests in flight,
// driven by one poll loop. Operations go round the members, so that no two in flight meet.
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/bench.h"
#include "loyalty.h"

enum { PATH_BYTES = 4096 };

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
    bench_pack_fn *pack;
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
    uint8_t bytes[BENCH_REQUEST_BYTES];
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
        if (poll(polled, count, BENCH_PATIENCE_MS) == 0) {
            fprintf(stderr, "loyalty-bench: no answer for %d ms\n", BENCH_PATIENCE_MS);
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

int bench_enrol(const struct bench_options *options)
{
    struct load load = {.options = options,
                        .method = BENCH_ENROL,
                        .pack = bench_pack_enrol,
                        .operations = options->members};
    return run(&load);
}

int bench_award(const struct bench_options *options)
{
    struct load load = {.options = options,
                        .method = BENCH_AWARD,
                        .pack = bench_pack_award,
                        .operations = options->operations};
    return run(&load);
}
