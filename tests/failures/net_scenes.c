// A connection from accept to close, with every allocation and every socket call of the server's
// failing: the client gets what is his or is closed, and the next one is served.
#include "failures/net_stage.h"

#include <errno.h>
#include <sys/socket.h>

#include <openssl/ssl.h>

#include "failures/excluded.h"
#include "failures/harness.h"
#include "failures/inject_calls.h"

#define ALLOCATIONS (INJECT_BIT(INJECT_MEMORY) | INJECT_BIT(INJECT_MEMORY_ON))
#define BOTH (ALLOCATIONS | INJECT_BIT(INJECT_ARENA) | INJECT_BIT(INJECT_SOCKET))

const uint32_t scenario_cases = 6;

static struct net_stage *const stage = &net_stage;

// --- start ---

static void run_start(void)
{
    if (!net_stage_try_open()) {
        inject_disarm();
        event_base_free(stage->base);
        return;
    }
    net_stage_serves();
}

// --- one client ---

// Frames of these sizes go there and come back, or the client is closed.
static void exchange(struct tls_client *client, const size_t *sizes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        net_stage_send(client, i, sizes[i]);
    }
    for (uint32_t i = 0; i < count; i++) {
        NET_UNTIL(client->ended || net_stage_takes(client, i, sizes[i]));
    }
}

static void run_echo(void)
{
    static const size_t sizes[] = {100};
    net_stage_open();
    struct tls_client *client = net_stage_till();
    exchange(client, sizes, 1);
    net_stage_drop(client);
    NET_UNTIL(server_connections(stage->server) == 0);
    net_stage_serves();
}

// More than a record, more than a socket takes at a time, and many at once.
static void run_large_frames(void)
{
    static const size_t sizes[] = {1, 65536, 17, 40000, 300, 20000, 16384, 2};
    net_stage_open();
    struct tls_client *client = net_stage_till();
    exchange(client, sizes, sizeof(sizes) / sizeof(sizes[0]));
    net_stage_serves();
}

// The client ends its side; what it has asked is answered late, and that ends the connection.
static void run_drain(void)
{
    net_stage_open();
    stage->keeps = true;
    struct tls_client *client = net_stage_till();
    for (uint32_t i = 0; i < 3; i++) {
        net_stage_send(client, i, 50);
    }
    NET_UNTIL(client->ended || (client->ready && tls_client_sent(client)));
    (void)SSL_shutdown(client->ssl);
    (void)shutdown(client->fd, SHUT_WR);
    for (int i = 0; i < 20; i++) {
        net_stage_turn();
    }
    inject_enter();
    for (size_t i = 0; i < stage->kept_count; i++) {
        server_answer(stage->server, stage->kept[i], span_of("late", 4));
    }
    inject_leave();
    NET_UNTIL(client->ended && server_connections(stage->server) == 0);
    net_stage_serves();
}

// --- clients that are turned away ---

static void run_turned_away(void)
{
    net_stage_open();
    struct tls_client *nobody = net_stage_client(NULL);
    struct tls_client *stranger = net_stage_client(stage->stranger);
    struct tls_client *revoked = net_stage_client(stage->revoked);
    struct tls_client *liar = net_stage_till();
    tls_client_send(liar, span_of("\xff\xff\xff\xff", 4));
    NET_UNTIL(nobody->ended && stranger->ended && liar->ended &&
              (revoked->ready || revoked->ended));
    struct span frame;
    REQUIRE(!tls_client_take(nobody, &frame) && !tls_client_take(stranger, &frame),
            "a client without a good certificate got an answer");
    net_stage_serves();
}

// Places for two; the third waits until one has left.
static void run_full(void)
{
    stage->limits.connections = 2;
    net_stage_open();
    struct tls_client *clients[3];
    for (uint32_t i = 0; i < 3; i++) {
        clients[i] = net_stage_till();
        net_stage_send(clients[i], i, 20);
    }
    for (uint32_t i = 0; i < 3; i++) {
        NET_UNTIL(clients[i]->ended || net_stage_takes(clients[i], i, 20));
        net_stage_drop(clients[i]);
    }
    NET_UNTIL(server_connections(stage->server) == 0);
    net_stage_serves();
}

// The server ends while clients are there in every state.
static void run_end_with_clients(void)
{
    net_stage_open();
    stage->keeps = true;
    struct tls_client *open = net_stage_till();
    net_stage_send(open, 1, 20);
    NET_UNTIL(open->ended || stage->kept_count == 1);
    (void)net_stage_client(stage->stranger);
    (void)net_stage_till();
    net_stage_turn();
    inject_enter();
    if (stage->kept_count == 1) {
        server_answer(stage->server, stage->kept[0], span_of("bye", 3));
    }
    server_free(stage->server);
    inject_leave();
    inject_disarm();
    stage->server = NULL;
    while (stage->client_count > 0) {
        net_stage_drop(stage->clients[0]);
    }
    event_base_free(stage->base);
}

// --- reload ---

static void write_list(const struct certificate *revoked)
{
    struct certificate_list list = {
        .issuer = stage->authority, .revoked = revoked, .until_s = CERTIFICATE_DAY_S};
    certificate_write_lists(stage->folder, "crl", &list, 1);
}

// Said to be in force it is: for him who is here and for him who comes.
static void judge_revocation(struct tls_client *live)
{
    struct span frame;
    NET_UNTIL(live->ended);
    struct tls_client *fresh = net_stage_client(stage->revoked);
    net_stage_send(fresh, 3, 20);
    NET_UNTIL(fresh->ended);
    REQUIRE(!tls_client_take(fresh, &frame), "a revoked certificate is served");
}

static void run_reload(void)
{
    static const size_t sizes[] = {20};
    char error[256] = "";
    write_list(NULL);
    net_stage_open();
    inject_hold(true);
    struct tls_client *revoked = net_stage_client(stage->revoked);
    struct tls_client *till = net_stage_till();
    exchange(revoked, sizes, 1);
    exchange(till, sizes, 1);
    write_list(stage->revoked);
    inject_hold(false);
    inject_enter();
    enum status status = server_reload(stage->server, NULL, error, sizeof(error));
    inject_leave();
    for (int i = 0; i < 5; i++) {
        net_stage_turn();
    }
    inject_disarm();
    REQUIRE(status == STATUS_OK || error[0] != '\0', "it does not say why");
    if (status != STATUS_OK) {
        REQUIRE(!revoked->ended && !till->ended, "the old lists do not stay");
        REQUIRE(server_reload(stage->server, NULL, error, sizeof(error)) == STATUS_OK, "%s", error);
    }
    judge_revocation(revoked);
    net_stage_serves();
}

// --- no descriptors ---

enum { STARVED_MS = 300, ATTEMPTS_MAX = 10 };

// Accepting fails for a while: the loop does not spin, and goes on by itself.
static void run_starved(void)
{
    static const size_t sizes[] = {100};
    net_stage_open();
    (void)inject_always(CALL_ACCEPT4, EMFILE);
    struct tls_client *client = net_stage_till();
    for (int64_t since_ms = net_stage_ms(); net_stage_ms() < since_ms + STARVED_MS;) {
        net_stage_turn();
    }
    uint32_t attempts = inject_always(CALL_ACCEPT4, 0);
    REQUIRE(attempts <= ATTEMPTS_MAX, "%u attempts to accept", attempts);
    exchange(client, sizes, 1);
    net_stage_serves();
}

#define SCENE_OF(name_, run_, prepare_, kinds_)                                                    \
    {                                                                                              \
        .name = (name_), .kinds = (kinds_), .prepare = (prepare_), .run = (run_),                  \
        .finish = net_stage_finish                                                                 \
    }
#define COLD(name_, run_, kinds_) SCENE_OF(#name_, run_, net_stage_prepare, kinds_)
#define SCENE(name_, kinds_) SCENE_OF(#name_, run_##name_, net_stage_prepare_warm, kinds_)

const struct excluded excluded[] = {
    {NULL, NULL},
};

const struct scenario scenarios[] = {
    COLD(start_cold, run_start, ALLOCATIONS | INJECT_BIT(INJECT_SOCKET) | INJECT_BIT(INJECT_FILE)),
    COLD(echo_cold, run_echo, BOTH),
    SCENE(start, ALLOCATIONS | INJECT_BIT(INJECT_SOCKET) | INJECT_BIT(INJECT_FILE)),
    SCENE(echo, BOTH),
    SCENE(large_frames, BOTH),
    SCENE(drain, BOTH),
    SCENE(turned_away, BOTH),
    SCENE(full, BOTH),
    SCENE(end_with_clients, BOTH),
    SCENE(reload, ALLOCATIONS | INJECT_BIT(INJECT_FILE)),
    SCENE(starved, INJECT_BIT(INJECT_SOCKET)),
};
const size_t scenario_count = sizeof(scenarios) / sizeof(scenarios[0]);
