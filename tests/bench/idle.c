// Idle connections: opens so many, each answered one request, says `ready` and holds them until its
// input ends. What a server needs for them is measured from outside meanwhile. A connection that
// did not stay until then is an error.
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench/bench.h"
#include "bench/face.h"

// One descriptor a connection: as many as this process may have.
static void raise_limit(void)
{
    struct rlimit limit;
    bench_must(getrlimit(RLIMIT_NOFILE, &limit) == 0, "no limit of descriptors");
    limit.rlim_cur = limit.rlim_max;
    bench_must(setrlimit(RLIMIT_NOFILE, &limit) == 0, "the limit of descriptors stays");
}

static void on_answer(void *slot, const struct bench_reply *reply)
{
    bool *answered = slot;
    bench_must(reply->error == NULL, reply->error);
    *answered = true;
}

static void ask(const struct bench_face *face, struct bench_link *link)
{
    bool answered = false;
    struct span nothing = face->json ? span_of_text("{}") : span_of(NULL, 0);
    face->submit(link, BENCH_CLOCK, nothing, &answered);
    face->turn(link, 0);
    while (!answered) {
        struct pollfd polled = {0};
        polled.fd = face->interest(link, &polled.events);
        bench_must(poll(&polled, 1, BENCH_PATIENCE_MS) > 0, "no answer comes");
        face->turn(link, polled.revents);
    }
}

static void wait_for_end(void)
{
    char bytes[64];
    while (read(STDIN_FILENO, bytes, sizeof bytes) > 0) {
    }
}

// Nothing is owed to anybody, so what can be read is the connection's end, or a goaway.
static uint32_t count_lost(const struct bench_face *face, struct bench_link **links, uint32_t count)
{
    uint32_t lost = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct pollfd polled = {0};
        polled.fd = face->interest(links[i], &polled.events);
        lost += poll(&polled, 1, 0) > 0 && (polled.revents & ~POLLOUT) != 0 ? 1 : 0;
    }
    return lost;
}

int bench_idle(const struct bench_options *options)
{
    const struct bench_face *face = options->face;
    uint32_t count = options->connections;
    struct bench_link **links = calloc(count, sizeof(struct bench_link *));
    bench_must(links != NULL, "no memory for the connections");
    raise_limit();
    for (uint32_t i = 0; i < count; i++) {
        links[i] = face->open(options, on_answer);
        ask(face, links[i]);
    }
    printf("ready\n");
    (void)fflush(stdout);
    wait_for_end();
    uint32_t lost = count_lost(face, links, count);
    if (lost > 0) {
        fprintf(stderr, "loyalty-bench: %u of %u connections did not stay\n", lost, count);
    }
    for (uint32_t i = 0; i < count; i++) {
        face->close(links[i]);
    }
    free(links);
    return lost == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
