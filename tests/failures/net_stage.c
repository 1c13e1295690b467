// The stage.
#include "failures/net_stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/loop.h"
#include "base/check.h"
#include "base/limits.h"
#include "failures/harness.h"
#include "net/listen.h"

enum { WAIT_MS = 20000, ERROR_BYTES = 256, TRIES = 4 };

struct net_stage net_stage;

static struct net_stage *const stage = &net_stage;

// --- files ---

static void set_path(char path[96], const char *name)
{
    CHECK(snprintf(path, 96, "%s/%s", stage->folder, name) < 96);
}

static struct certificate *till_named(const char *name, const char *uri,
                                      const struct certificate *issuer)
{
    return certificate_new(&(struct certificate_spec){.name = name, .uri = uri}, issuer);
}

void net_stage_prepare(void)
{
    (void)snprintf(stage->folder, sizeof(stage->folder), "/tmp/loyalty-failures-XXXXXX");
    CHECK(mkdtemp(stage->folder) != NULL);
    set_path(stage->certificate_path, "server.pem");
    set_path(stage->key_path, "server.key");
    set_path(stage->ca_path, "ca.pem");
    set_path(stage->crl_path, "crl.pem");
    struct certificate_spec authority = {.name = "authority", .authority = true};
    stage->authority = certificate_new(&authority, NULL);
    authority.name = "other";
    struct certificate *other = certificate_new(&authority, NULL);
    stage->own = certificate_new(&(struct certificate_spec){.name = "loyaltyd"}, stage->authority);
    stage->till = till_named("till", "spiffe://vip.example/pos/store-7/till-2", stage->authority);
    stage->revoked = till_named("old", "spiffe://vip.example/pos/store-7/till-1", stage->authority);
    stage->stranger = till_named("stranger", "spiffe://vip.example/pos/store-7/till-3", NULL);
    certificate_write(stage->folder, "ca", other, stage->authority, NULL);
    certificate_free(other);
    certificate_write(stage->folder, "server", stage->own, NULL);
    certificate_write_key(stage->folder, "server", stage->own);
    struct certificate_list none = {.issuer = stage->authority, .until_s = CERTIFICATE_DAY_S};
    certificate_write_lists(stage->folder, "crl", &none, 1);
    stage->tls = (struct server_tls_options){
        .certificate_path = stage->certificate_path,
        .key_path = stage->key_path,
        .client_ca_path = stage->ca_path,
        .crl_path = stage->crl_path,
        .trust_domain = "vip.example",
    };
    stage->limits = (struct server_limits){.handshake_ms = 2000, .frame_ms = 2000, .linger_ms = 10};
}

void net_stage_prepare_warm(void)
{
    net_stage_prepare();
    net_stage_open();
    net_stage_serves();
    stage->server = NULL;
    stage->base = NULL;
}

void net_stage_finish(void)
{
    const char *const paths[] = {stage->certificate_path, stage->key_path, stage->ca_path,
                                 stage->crl_path};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        (void)unlink(paths[i]);
    }
    CHECK(rmdir(stage->folder) == 0);
}

// --- the server ---

static void on_frame(void *context, uint64_t connection, const struct identity *peer,
                     struct span frame)
{
    (void)context;
    (void)peer;
    if (!stage->keeps) {
        server_answer(stage->server, connection, frame);
        return;
    }
    CHECK(stage->kept_count < NET_KEPT);
    stage->kept[stage->kept_count++] = connection;
}

bool net_stage_try_open(void)
{
    char error[ERROR_BYTES] = "";
    int fd = -1;
    CHECK(loop_new(&stage->base) == STATUS_OK);
    inject_enter();
    enum status status = listen_bind("127.0.0.1", 0, &fd, &stage->port);
    bool bound = status == STATUS_OK;
    if (bound) {
        status = server_new(stage->base, fd, &stage->tls, &stage->limits, on_frame, NULL, error,
                            sizeof(error), &stage->server);
    }
    inject_leave();
    REQUIRE(status == STATUS_OK || !bound || error[0] != '\0', "it does not say why");
    if (status != STATUS_OK && bound) {
        (void)close(fd); // only taken on success
    }
    return status == STATUS_OK;
}

void net_stage_open(void)
{
    char error[ERROR_BYTES];
    int fd = -1;
    CHECK(loop_new(&stage->base) == STATUS_OK &&
          listen_bind("127.0.0.1", 0, &fd, &stage->port) == STATUS_OK);
    CHECK(server_new(stage->base, fd, &stage->tls, &stage->limits, on_frame, NULL, error,
                     sizeof(error), &stage->server) == STATUS_OK);
}

void net_stage_close(void)
{
    while (stage->client_count > 0) {
        net_stage_drop(stage->clients[0]);
    }
    if (stage->server != NULL) {
        NET_UNTIL(server_connections(stage->server) == 0);
        REQUIRE(server_in_flight(stage->server) == 0, "%zu frames in flight",
                server_in_flight(stage->server));
    }
    server_free(stage->server);
    event_base_free(stage->base);
}

// --- turns ---

int64_t net_stage_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void net_stage_turn(void)
{
    inject_enter();
    int looped = event_base_loop(stage->base, EVLOOP_NONBLOCK);
    inject_leave();
    REQUIRE(looped >= 0, "the loop has ended");
    for (size_t i = 0; i < stage->client_count; i++) {
        (void)tls_client_step(stage->clients[i]);
    }
}

void net_stage_wait(int64_t since_ms, const char *condition)
{
    net_stage_turn();
    REQUIRE(net_stage_ms() < since_ms + WAIT_MS, "never came true: %s", condition);
}

// --- clients ---

static struct tls_client *add_client(const struct certificate *certificate, const char *alpn)
{
    CHECK(stage->client_count < NET_CLIENTS);
    struct tls_client *client = tls_client_new(
        &(struct tls_client_spec){.port = stage->port, .certificate = certificate, .alpn = alpn});
    stage->clients[stage->client_count++] = client;
    return client;
}

struct tls_client *net_stage_client(const struct certificate *certificate)
{
    return add_client(certificate, "loyalty/1");
}

struct tls_client *net_stage_h2(void)
{
    return add_client(stage->till, "h2");
}

struct tls_client *net_stage_till(void)
{
    return net_stage_client(stage->till);
}

void net_stage_drop(struct tls_client *client)
{
    for (size_t i = 0; i < stage->client_count; i++) {
        if (stage->clients[i] == client) {
            stage->clients[i] = stage->clients[--stage->client_count];
        }
    }
    tls_client_free(client);
}

static uint8_t *frame_of(uint32_t number, size_t len)
{
    static uint8_t frame[LIMIT_FRAME_BYTES];
    CHECK(len > 0 && len <= sizeof(frame));
    for (size_t i = 0; i < len; i++) {
        frame[i] = (uint8_t)(number * 31 + i * 7 + i / 256);
    }
    return frame;
}

void net_stage_send(struct tls_client *client, uint32_t number, size_t len)
{
    tls_client_send_frame(client, span_of(frame_of(number, len), len));
}

bool net_stage_takes(struct tls_client *client, uint32_t number, size_t len)
{
    struct span frame;
    if (!tls_client_take(client, &frame)) {
        return false;
    }
    REQUIRE(frame.len == len && memcmp(frame.data, frame_of(number, len), len) == 0,
            "frame %u came back as another", number);
    return true;
}

// A slow machine may let a handshake take too long, so it is tried more than once.
void net_stage_serves(void)
{
    bool served = false;
    inject_disarm();
    stage->keeps = false;
    for (int i = 0; !served && i < TRIES; i++) {
        struct tls_client *client = net_stage_till();
        net_stage_send(client, 77, 300);
        NET_UNTIL((served = net_stage_takes(client, 77, 300)) || client->ended);
        net_stage_drop(client);
    }
    REQUIRE(served, "afterwards nobody is served");
    net_stage_close();
}
