// See the header. The folder is below $TMPDIR or /tmp and goes with the world.
#include "support/server_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/check.h"
#include "net/listen.h"

enum { QUIET_TURNS = 100, WAIT_S = 60 };

static void set_path(const struct world *world, char *path, const char *name)
{
    CHECK(snprintf(path, 128, "%s/%s", world->folder, name) < 128);
}

static void write_certificates(struct world *world)
{
    world->authority =
        certificate_new(&(struct certificate_spec){.name = "authority", .authority = true}, NULL);
    world->server_certificate =
        certificate_new(&(struct certificate_spec){.name = "loyaltyd"}, world->authority);
    world->till = certificate_new(&(struct certificate_spec){.name = "till", .uri = WORLD_TILL},
                                  world->authority);
    certificate_write(world->folder, "ca", world->authority, NULL);
    certificate_write(world->folder, "server", world->server_certificate, NULL);
    certificate_write_key(world->folder, "server", world->server_certificate);
}

struct world *world_new(void)
{
    struct world *world = calloc(1, sizeof(*world));
    CHECK(world != NULL);
    const char *parent = getenv("TMPDIR");
    CHECK(snprintf(world->folder, sizeof(world->folder), "%s/loyalty-net-XXXXXX",
                   parent == NULL ? "/tmp" : parent) < (int)sizeof(world->folder));
    CHECK(mkdtemp(world->folder) != NULL);
    set_path(world, world->certificate_path, "server.pem");
    set_path(world, world->key_path, "server.key");
    set_path(world, world->ca_path, "ca.pem");
    set_path(world, world->crl_path, "crl.pem");
    world->tls = (struct server_tls_options){
        .certificate_path = world->certificate_path,
        .key_path = world->key_path,
        .client_ca_path = world->ca_path,
        .trust_domain = WORLD_DOMAIN,
    };
    write_certificates(world);
    world->base = event_base_new();
    CHECK(world->base != NULL);
    return world;
}

void world_free(struct world *world)
{
    for (size_t i = 0; i < world->client_count; i++) {
        tls_client_free(world->clients[i]);
    }
    server_free(world->server);
    event_base_free(world->base);
    for (size_t i = 0; i < world->kept_count; i++) {
        free(world->kept[i].bytes);
    }
    certificate_free(world->authority);
    certificate_free(world->server_certificate);
    certificate_free(world->till);
    (void)unlink(world->certificate_path);
    (void)unlink(world->key_path);
    (void)unlink(world->ca_path);
    (void)unlink(world->crl_path);
    CHECK(rmdir(world->folder) == 0);
    free(world);
}

void world_write_lists(struct world *world, const struct certificate_list *lists, size_t count)
{
    certificate_write_lists(world->folder, "crl", lists, count);
    world->tls.crl_path = world->crl_path;
}

static void keep_frame(struct world *world, uint64_t connection, struct span frame)
{
    CHECK(world->kept_count < WORLD_KEPT_MAX);
    struct world_kept *kept = &world->kept[world->kept_count++];
    *kept =
        (struct world_kept){.connection = connection, .bytes = malloc(frame.len), .len = frame.len};
    CHECK(kept->bytes != NULL);
    memcpy(kept->bytes, frame.data, frame.len);
}

static void on_frame(void *context, uint64_t connection, const struct identity *peer,
                     struct span frame)
{
    struct world *world = context;
    world->frames++;
    world->last_peer = *peer;
    if (world->keep) {
        keep_frame(world, connection, frame);
    } else {
        server_answer(world->server, connection, frame);
    }
}

void world_start(struct world *world, const struct server_limits *limits)
{
    char error[WORLD_ERROR_BYTES];
    int fd = -1;
    CHECK(listen_bind("127.0.0.1", 0, &fd, &world->port) == STATUS_OK);
    CHECK(server_new(world->base, fd, &world->tls, limits, on_frame, world, error, sizeof(error),
                     &world->server) == STATUS_OK);
}

struct tls_client *world_client(struct world *world, const struct tls_client_spec *spec)
{
    CHECK(world->client_count < WORLD_CLIENTS_MAX);
    struct tls_client *client = tls_client_new(spec);
    world->clients[world->client_count++] = client;
    return client;
}

struct tls_client *world_till(struct world *world)
{
    return world_client(world, &(struct tls_client_spec){.port = world->port,
                                                         .certificate = world->till,
                                                         .alpn = "loyalty/1"});
}

void world_drop(struct world *world, struct tls_client *client)
{
    for (size_t i = 0; i < world->client_count; i++) {
        if (world->clients[i] == client) {
            world->clients[i] = world->clients[--world->client_count];
            tls_client_free(client);
            return;
        }
    }
    CHECK(false); // not a client of this world
}

void world_answer(struct world *world, size_t index)
{
    CHECK(index < world->kept_count);
    const struct world_kept *kept = &world->kept[index];
    server_answer(world->server, kept->connection, span_of(kept->bytes, kept->len));
    world->kept_answered++;
}

bool world_turn(struct world *world)
{
    CHECK(event_base_loop(world->base, EVLOOP_NONBLOCK) >= 0);
    bool moved = false;
    for (size_t i = 0; i < world->client_count; i++) {
        moved = tls_client_step(world->clients[i]) || moved;
    }
    if (world->on_turn != NULL) {
        world->on_turn(world->turn_context);
    }
    return moved;
}

void world_settle(struct world *world)
{
    for (int quiet = 0; quiet < QUIET_TURNS; quiet++) {
        size_t frames = world->frames;
        if (world_turn(world) || world->frames != frames) {
            quiet = 0;
        }
    }
}

void world_wait(struct world *world, time_t since, const char *condition)
{
    (void)world_turn(world);
    if (time(NULL) > since + WAIT_S) {
        fail_msg("never came true: %s", condition);
    }
}
