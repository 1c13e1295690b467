// The loop. A slot is room for one request on one connection; a free one takes the next operation
// at once (closed loop), or waits in a queue for one that is due (schedule, waves). A latency
// counts from the instant an operation was due, so that one that had to wait for a slot says so.
#include "bench/driver.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "bench/requests.h"

enum { EVENTS_A_TURN = 64, NS_A_S = 1000000000, FAILURES_SAID = 5 };

_Static_assert(POLLIN == EPOLLIN && POLLOUT == EPOLLOUT, "the same bits in both");

struct slot {
    struct bench_driver *driver;
    uint32_t line;
    uint32_t operation;
    int64_t since_ns;
};

struct line {
    struct bench_link *link;
    int fd;
    short events; // as epoll knows them
    bool touched; // something was submitted outside of its turn
};

struct bench_driver {
    const struct bench_options *options;
    const struct bench_face *face;
    struct bench_requests *requests;
    int epoll;
    struct line *lines;
    uint32_t turning; // the line whose turn it is; the number of lines: none
    uint32_t *touched;
    uint32_t touched_count;
    struct slot *slots;
    uint32_t slot_count;
    struct slot **spare; // a ring of free slots
    uint32_t spare_first;
    uint32_t spare_count;
    const struct bench_run *run; // the present one
    struct bench_result *result;
    uint32_t next;
};

// --- operations ---

static void touch(struct bench_driver *driver, uint32_t line)
{
    if (line != driver->turning && !driver->lines[line].touched) {
        driver->lines[line].touched = true;
        driver->touched[driver->touched_count++] = line;
    }
}

static void submit(struct slot *slot, int64_t since_ns)
{
    struct bench_driver *driver = slot->driver;
    struct bench_request request;
    slot->operation = driver->next++;
    slot->since_ns = since_ns;
    driver->run->request(driver->run->context, slot->operation, &request);
    driver->face->submit(driver->lines[slot->line].link, bench_request_path(request.kind),
                         bench_request_write(driver->requests, &request), slot);
    touch(driver, slot->line);
}

static void keep_spare(struct slot *slot)
{
    struct bench_driver *driver = slot->driver;
    driver->spare[(driver->spare_first + driver->spare_count) % driver->slot_count] = slot;
    driver->spare_count++;
}

static struct slot *take_spare(struct bench_driver *driver)
{
    struct slot *slot = driver->spare[driver->spare_first];
    driver->spare_first = (driver->spare_first + 1) % driver->slot_count;
    driver->spare_count--;
    return slot;
}

// All slots free, neighbours on different connections.
static void line_up(struct bench_driver *driver)
{
    for (uint32_t i = 0; i < driver->slot_count; i++) {
        driver->spare[i] = &driver->slots[i];
    }
    driver->spare_first = 0;
    driver->spare_count = driver->slot_count;
}

static void say_failure(const struct slot *slot, const struct bench_reply *reply)
{
    if (slot->driver->result->failed++ < FAILURES_SAID) {
        fprintf(stderr, "operation %u: %s\n", slot->operation,
                reply->error == NULL ? "not the answer it should be" : reply->error);
    }
}

static void on_done(void *context, const struct bench_reply *reply)
{
    struct slot *slot = context;
    struct bench_driver *driver = slot->driver;
    const struct bench_run *run = driver->run;
    bench_sample(driver->result, slot->since_ns);
    if (!run->answered(run->context, slot->operation, reply)) {
        say_failure(slot, reply);
    }
    if (run->rate != 0 || run->waves || driver->next == run->operations) {
        keep_spare(slot);
    } else {
        submit(slot, bench_now_ns());
    }
}

static int64_t due_ns(const struct bench_driver *driver)
{
    return driver->result->began_ns + (int64_t)driver->next * NS_A_S / driver->run->rate;
}

// Gives free slots the operations that may go now.
static void dispatch(struct bench_driver *driver)
{
    const struct bench_run *run = driver->run;
    if (run->waves) {
        if (driver->spare_count < driver->slot_count) {
            return;
        }
        line_up(driver);
    }
    int64_t now_ns = bench_now_ns();
    while (driver->spare_count > 0 && driver->next < run->operations) {
        int64_t since_ns = run->rate == 0 ? now_ns : due_ns(driver);
        if (since_ns > now_ns) {
            return;
        }
        submit(take_spare(driver), since_ns);
    }
}

// --- connections ---

// Has epoll look for what the face wants now.
static void mind(struct bench_driver *driver, uint32_t index, int operation)
{
    struct line *line = &driver->lines[index];
    short events;
    line->fd = driver->face->interest(line->link, &events);
    if (operation == EPOLL_CTL_MOD && events == line->events) {
        return;
    }
    line->events = events;
    struct epoll_event event = {.events = (uint32_t)events, .data.u32 = index};
    bench_must(epoll_ctl(driver->epoll, operation, line->fd, &event) == 0, "epoll_ctl failed");
}

static void turn(struct bench_driver *driver, uint32_t line, short revents)
{
    driver->turning = line;
    driver->face->turn(driver->lines[line].link, revents);
    driver->turning = driver->options->connections;
    mind(driver, line, EPOLL_CTL_MOD);
}

static void flush_touched(struct bench_driver *driver)
{
    for (uint32_t i = 0; i < driver->touched_count; i++) {
        uint32_t line = driver->touched[i];
        driver->lines[line].touched = false;
        turn(driver, line, 0);
    }
    driver->touched_count = 0;
}

// Whether an operation will be due that could go.
static bool is_scheduled(const struct bench_driver *driver)
{
    return driver->run->rate != 0 && driver->spare_count > 0 &&
           driver->next < driver->run->operations;
}

// Waits for an answer, or until an operation is due. Returns how many connections are ready.
static int wait_for_events(const struct bench_driver *driver, struct epoll_event *ret_events)
{
    if (is_scheduled(driver)) {
        int64_t left_ns = due_ns(driver) - bench_now_ns();
        left_ns = left_ns > 0 ? left_ns : 0;
        struct timespec left = {.tv_sec = left_ns / NS_A_S, .tv_nsec = left_ns % NS_A_S};
        return epoll_pwait2(driver->epoll, ret_events, EVENTS_A_TURN, &left, NULL);
    }
    int count = epoll_wait(driver->epoll, ret_events, EVENTS_A_TURN, BENCH_PATIENCE_MS);
    bench_must(count != 0, "no answer comes");
    return count;
}

static void wait_and_turn(struct bench_driver *driver)
{
    struct epoll_event events[EVENTS_A_TURN];
    int count = wait_for_events(driver, events);
    bench_must(count >= 0, "epoll failed");
    for (int i = 0; i < count; i++) {
        turn(driver, events[i].data.u32, (short)events[i].events);
    }
}

void bench_driver_run(struct bench_driver *driver, const struct bench_run *run,
                      struct bench_result *result)
{
    driver->run = run;
    driver->result = result;
    driver->next = 0;
    bench_begin(result);
    for (;;) {
        dispatch(driver);
        flush_touched(driver);
        if (result->done == run->operations) {
            break;
        }
        wait_and_turn(driver);
    }
    bench_pause(result);
}

struct bench_driver *bench_driver_new(const struct bench_options *options)
{
    struct bench_driver *driver = bench_alloc(1, sizeof *driver);
    uint32_t count = options->connections;
    driver->options = options;
    driver->face = options->face;
    driver->requests = bench_requests_new(options);
    driver->epoll = epoll_create1(EPOLL_CLOEXEC);
    bench_must(driver->epoll >= 0, "no epoll");
    driver->slot_count = count * (options->face->json ? 1 : options->depth);
    driver->lines = bench_alloc(count, sizeof *driver->lines);
    driver->touched = bench_alloc(count, sizeof *driver->touched);
    driver->slots = bench_alloc(driver->slot_count, sizeof *driver->slots);
    driver->spare = bench_alloc(driver->slot_count, sizeof(struct slot *));
    driver->turning = count;
    for (uint32_t i = 0; i < count; i++) {
        driver->lines[i].link = driver->face->open(options, on_done);
        mind(driver, i, EPOLL_CTL_ADD);
    }
    for (uint32_t i = 0; i < driver->slot_count; i++) {
        driver->slots[i] = (struct slot){.driver = driver, .line = i % count};
    }
    line_up(driver);
    // Schedules are kept to the microsecond.
    bench_must(prctl(PR_SET_TIMERSLACK, 1) == 0, "no finer timers");
    return driver;
}

void bench_driver_free(struct bench_driver *driver)
{
    if (driver == NULL) {
        return;
    }
    for (uint32_t i = 0; i < driver->options->connections; i++) {
        driver->face->close(driver->lines[i].link);
    }
    close(driver->epoll);
    bench_requests_free(driver->requests);
    free(driver->lines);
    free(driver->touched);
    free(driver->slots);
    free(driver->spare);
    free(driver);
}
