// A pair is two sockets and a buffer each way. Invariant: lines_wish asks in the order of ports and
// pairs, and nothing is added or freed before lines_poll has read its answers in the same order.
#include "till/line.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER_BYTES = 16 * 1024, BACKLOG = 256, NEVER = UINT32_MAX };

struct flow {
    uint8_t bytes[BUFFER_BYTES];
    size_t from; // what is to be written begins here
    size_t until;
    bool ended; // its reader has met the end
};

struct pair {
    uint32_t shop;
    int near;       // the till's side
    int far;        // the service's side
    bool connected; // the far side is
    uint32_t left;  // bytes until it is cut; NEVER
    struct flow up;
    struct flow down;
};

struct port {
    int fd;
    uint16_t number;
    enum line_state state;
};

struct lines {
    struct sockaddr_in target;
    struct port *ports;
    uint32_t count;
    struct pair **pairs;
    size_t pair_count;
    uint64_t ended;
};

static bool open_port(struct port *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof(address);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    port->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (port->fd < 0 || bind(port->fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(port->fd, BACKLOG) != 0 ||
        getsockname(port->fd, (struct sockaddr *)&address, &len) != 0) {
        return false;
    }
    port->number = ntohs(address.sin_port);
    return true;
}

static bool parse_target(const char *target, struct sockaddr_in *ret_address)
{
    char host[INET_ADDRSTRLEN];
    const char *colon = strrchr(target, ':');
    size_t len = colon == NULL ? sizeof(host) : (size_t)(colon - target);
    if (len >= sizeof(host)) {
        return false;
    }
    memcpy(host, target, len);
    host[len] = '\0';
    long port = strtol(colon + 1, NULL, 10);
    *ret_address = (struct sockaddr_in){.sin_family = AF_INET};
    ret_address->sin_port = htons((uint16_t)port);
    return port > 0 && port <= UINT16_MAX && inet_pton(AF_INET, host, &ret_address->sin_addr) == 1;
}

static struct lines *allocate(uint32_t count)
{
    struct lines *lines = calloc(1, sizeof(*lines));
    struct port *ports = calloc(count, sizeof(*ports));
    struct pair **pairs = calloc(LINES_PAIRS_MAX, sizeof(struct pair *));
    if (lines == NULL || ports == NULL || pairs == NULL) {
        free(lines);
        free(ports);
        free(pairs);
        return NULL;
    }
    lines->ports = ports;
    lines->pairs = pairs;
    return lines;
}

struct lines *lines_new(const char *target, uint32_t count)
{
    struct sockaddr_in address;
    if (!parse_target(target, &address)) {
        (void)fprintf(stderr, "loyalty-till: %s is no numeric HOST:PORT\n", target);
        return NULL;
    }
    struct lines *lines = allocate(count);
    bool good = lines != NULL;
    for (; good && lines->count < count; lines->count++) {
        good = open_port(&lines->ports[lines->count]);
    }
    if (!good) {
        (void)fprintf(stderr, "loyalty-till: no line to %s: %s\n", target, strerror(errno));
        lines_free(lines);
        return NULL;
    }
    lines->target = address;
    return lines;
}

static void free_pair(struct lines *lines, size_t index)
{
    struct pair *pair = lines->pairs[index];
    (void)close(pair->near);
    (void)close(pair->far);
    free(pair);
    lines->pairs[index] = lines->pairs[--lines->pair_count];
}

void lines_free(struct lines *lines)
{
    if (lines == NULL) {
        return;
    }
    for (size_t i = lines->pair_count; i > 0; i--) {
        free_pair(lines, i - 1);
    }
    for (uint32_t i = 0; i < lines->count; i++) {
        if (lines->ports[i].fd >= 0) {
            (void)close(lines->ports[i].fd);
        }
    }
    free(lines->pairs);
    free(lines->ports);
    free(lines);
}

uint16_t lines_port(const struct lines *lines, uint32_t shop)
{
    return lines->ports[shop].number;
}

enum line_state lines_state(const struct lines *lines, uint32_t shop)
{
    return lines->ports[shop].state;
}

void lines_set(struct lines *lines, uint32_t shop, enum line_state state)
{
    lines->ports[shop].state = state;
    for (size_t i = lines->pair_count; state == LINE_DOWN && i > 0; i--) {
        if (lines->pairs[i - 1]->shop == shop) {
            free_pair(lines, i - 1);
            lines->ended++;
        }
    }
}

bool lines_cut(struct lines *lines, uint32_t shop, uint32_t pick, uint32_t bytes)
{
    uint32_t open = 0;
    for (size_t i = 0; i < lines->pair_count; i++) {
        open += lines->pairs[i]->shop == shop;
    }
    pick = open == 0 ? 0 : pick % open;
    for (size_t i = 0; i < lines->pair_count; i++) {
        if (lines->pairs[i]->shop == shop && pick-- == 0) {
            lines->pairs[i]->left = bytes;
            return true;
        }
    }
    return false;
}

uint64_t lines_ended(const struct lines *lines)
{
    return lines->ended;
}

// --- carrying ---

static bool has_room(const struct flow *flow)
{
    return !flow->ended && flow->until < BUFFER_BYTES;
}

static bool has_bytes(const struct flow *flow)
{
    return flow->from < flow->until;
}

size_t lines_wish(const struct lines *lines, struct pollfd *ret_polls, size_t max)
{
    size_t count = 0;
    for (uint32_t i = 0; i < lines->count && count < max; i++) {
        ret_polls[count++] = (struct pollfd){.fd = lines->ports[i].fd, .events = POLLIN};
    }
    for (size_t i = 0; i < lines->pair_count && count + 2 <= max; i++) {
        const struct pair *pair = lines->pairs[i];
        // Nobody waits for what is stalled, or for an end that is known; poll(2) leaves out a
        // negative descriptor.
        bool idle = lines->ports[pair->shop].state == LINE_STALLED;
        bool mute = lines->ports[pair->shop].state == LINE_MUTE;
        short near = (short)((has_room(&pair->up) ? POLLIN : 0) |
                             (has_bytes(&pair->down) && !mute ? POLLOUT : 0));
        short far = (short)((has_room(&pair->down) ? POLLIN : 0) |
                            (has_bytes(&pair->up) || !pair->connected ? POLLOUT : 0));
        ret_polls[count++] =
            (struct pollfd){.fd = idle || near == 0 ? -1 : pair->near, .events = near};
        ret_polls[count++] =
            (struct pollfd){.fd = idle || far == 0 ? -1 : pair->far, .events = far};
    }
    return count;
}

// False: the connection is broken.
static bool take(int fd, struct flow *flow)
{
    ssize_t got = recv(fd, flow->bytes + flow->until, BUFFER_BYTES - flow->until, MSG_DONTWAIT);
    if (got > 0) {
        flow->until += (size_t)got;
    } else if (got == 0) {
        flow->ended = true;
    }
    return got >= 0 || errno == EAGAIN || errno == EINTR;
}

static bool give(int fd, struct flow *flow, uint32_t *left)
{
    size_t len = flow->until - flow->from;
    len = len < *left ? len : *left;
    ssize_t sent = send(fd, flow->bytes + flow->from, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) {
        return errno == EAGAIN || errno == EINTR;
    }
    flow->from += (size_t)sent;
    *left -= *left == NEVER ? 0 : (uint32_t)sent;
    if (flow->from == flow->until) {
        flow->from = flow->until = 0;
    }
    return *left > 0;
}

// False: it is over.
static bool carry(struct pair *pair, bool mute, short near, short far)
{
    bool good = ((near | far) & (POLLERR | POLLNVAL)) == 0;
    pair->connected = pair->connected || (far & POLLOUT) != 0;
    good = good && ((near & (POLLIN | POLLHUP)) == 0 || !has_room(&pair->up) ||
                    take(pair->near, &pair->up));
    good = good && ((far & (POLLIN | POLLHUP)) == 0 || !has_room(&pair->down) ||
                    take(pair->far, &pair->down));
    good = good &&
           (!has_bytes(&pair->up) || !pair->connected || give(pair->far, &pair->up, &pair->left));
    good = good && (mute || !has_bytes(&pair->down) || give(pair->near, &pair->down, &pair->left));
    bool over =
        (pair->up.ended && !has_bytes(&pair->up)) || (pair->down.ended && !has_bytes(&pair->down));
    return good && !over;
}

static void join(struct lines *lines, uint32_t shop, int near)
{
    struct pair *pair = lines->pair_count < LINES_PAIRS_MAX ? calloc(1, sizeof(*pair)) : NULL;
    int far = pair == NULL ? -1 : socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (far < 0 || (connect(far, (struct sockaddr *)&lines->target, sizeof(lines->target)) != 0 &&
                    errno != EINPROGRESS)) {
        (void)close(near);
        if (far >= 0) {
            (void)close(far);
        }
        free(pair);
        return;
    }
    int yes = 1;
    (void)setsockopt(near, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    (void)setsockopt(far, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    pair->shop = shop;
    pair->near = near;
    pair->far = far;
    pair->left = NEVER;
    lines->pairs[lines->pair_count++] = pair;
}

static void welcome(struct lines *lines, uint32_t shop)
{
    struct port *port = &lines->ports[shop];
    int near = accept4(port->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (near < 0) {
        return;
    }
    if (port->state == LINE_DOWN) {
        (void)close(near);
    } else {
        join(lines, shop, near);
    }
}

void lines_poll(struct lines *lines, const struct pollfd *polls, size_t count)
{
    // Backwards, so that what is freed is replaced by what has had its turn.
    for (size_t at = count; at > lines->count; at -= 2) {
        size_t index = (at - lines->count) / 2 - 1;
        struct pair *pair = lines->pairs[index];
        enum line_state state = lines->ports[pair->shop].state;
        if (state != LINE_STALLED &&
            !carry(pair, state == LINE_MUTE, polls[at - 2].revents, polls[at - 1].revents)) {
            lines->ended += pair->left == 0;
            free_pair(lines, index);
        }
    }
    for (uint32_t i = 0; i < lines->count; i++) {
        if ((polls[i].revents & POLLIN) != 0) {
            welcome(lines, i);
        }
    }
}
