// Opening, closing, and losing power. A power cut keeps a copy of the file as it is on the disk and
// puts that in its place once the queue object is gone: whatever that does at its end is undone.
#include "till/counter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "till/cashier.h"
#include "till/world.h"

enum { COPY_BYTES = 64 * 1024, TORN_BYTES_MAX = 3000, SUFFIX_BYTES = 16 };

static int64_t wall_ms(void *user)
{
    const struct counter *counter = user;
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + counter->wall_off_ms;
}

bool counter_open(struct counter *counter, const char *server)
{
    struct world *world = counter->world;
    char ca[SERVICE_PATH_BYTES];
    char certificate[SERVICE_PATH_BYTES];
    char key[SERVICE_PATH_BYTES];
    char name[COUNTER_NAME_BYTES + 8];
    (void)snprintf(name, sizeof(name), "%s.pem", counter->certificate);
    bool named = service_path(world->service.tls, "ca.pem", ca) &&
                 service_path(world->service.tls, name, certificate);
    (void)snprintf(name, sizeof(name), "%s.key", counter->certificate);
    named = named && service_path(world->service.tls, name, key);
    struct loyalty_till_options options = {
        .connection = {.server = server,
                       .ca_path = ca,
                       .certificate_path = certificate,
                       .key_path = key,
                       .connect_timeout_ms = WORLD_CONNECT_MS},
        .path = counter->path,
        .unit = counter->unit,
        .retry_first_ms = WORLD_RETRY_FIRST_MS,
        .retry_max_ms = WORLD_RETRY_MAX_MS,
        .on_settled = cashier_on_settled,
        .user = counter,
        .wall_ms = wall_ms,
    };
    char error[LOYALTY_ERROR_BYTES] = "a path is too long";
    counter->till = named ? loyalty_till_open(&options, error) : NULL;
    if (counter->till == NULL) {
        book_fault(world->book, "%s does not open: %s", counter->unit, error);
        return false;
    }
    counter->dark_until_ms = 0;
    counter->due_ms = 0;
    return true;
}

void counter_close(struct counter *counter)
{
    counter->visit = (struct visit){0}; // first: the end of its reads is nobody's any more
    loyalty_till_close(counter->till);
    counter->till = NULL;
}

static void on_row(void *user, const struct loyalty_till_answer *answer)
{
    struct counter *counter = user;
    book_tell(counter->world->book, answer);
}

void counter_read_file(struct counter *counter)
{
    if (loyalty_till_each(counter->till, LOYALTY_TILL_ALL, 0, 0, on_row, counter) < 0) {
        book_fault(counter->world->book, "%s cannot be read: %s", counter->unit,
                   loyalty_till_error(counter->till));
    }
}

// --- power ---

static bool copy_rest(int from, int to)
{
    char bytes[COPY_BYTES];
    ssize_t got = 0;
    while ((got = read(from, bytes, sizeof(bytes))) > 0) {
        if (write(to, bytes, (size_t)got) != got) {
            return false;
        }
    }
    return got == 0;
}

// PATH + suffix to the same + ".saved"; what is not there is not saved. `torn` bytes of a record
// that was being written stand behind it.
static bool save(struct counter *counter, const char *suffix, uint32_t torn)
{
    char path[SERVICE_PATH_BYTES + SUFFIX_BYTES];
    char saved[SERVICE_PATH_BYTES + SUFFIX_BYTES];
    (void)snprintf(path, sizeof(path), "%s%s", counter->path, suffix);
    (void)snprintf(saved, sizeof(saved), "%s%s.saved", counter->path, suffix);
    int from = open(path, O_RDONLY | O_CLOEXEC);
    if (from < 0) {
        return errno == ENOENT;
    }
    int to = open(saved, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool good = to >= 0 && copy_rest(from, to);
    for (uint32_t i = 0; good && i < torn; i++) {
        uint8_t byte = (uint8_t)chance_next(&counter->chance);
        good = write(to, &byte, 1) == 1;
    }
    (void)close(from);
    if (to >= 0) {
        (void)close(to);
    }
    return good;
}

static bool restore(const struct counter *counter, const char *suffix)
{
    char path[SERVICE_PATH_BYTES + SUFFIX_BYTES];
    char saved[SERVICE_PATH_BYTES + SUFFIX_BYTES];
    (void)snprintf(path, sizeof(path), "%s%s", counter->path, suffix);
    (void)snprintf(saved, sizeof(saved), "%s%s.saved", counter->path, suffix);
    if (unlink(path) != 0 && errno != ENOENT) {
        return false;
    }
    return rename(saved, path) == 0 || errno == ENOENT;
}

void counter_cut_power(struct counter *counter, int64_t until_ms)
{
    bool tear = chance_percent(&counter->chance, 50);
    uint32_t torn = tear ? (uint32_t)chance_between(&counter->chance, 1, TORN_BYTES_MAX) : 0;
    bool good = save(counter, "", 0) && save(counter, "-wal", torn);
    counter_close(counter);
    good = good && restore(counter, "") && restore(counter, "-wal") && restore(counter, "-shm");
    if (!good) {
        book_fault(counter->world->book, "%s: its file could not be kept: %s", counter->unit,
                   strerror(errno));
    }
    counter->dark_until_ms = until_ms;
    counter->power_cuts++;
}
