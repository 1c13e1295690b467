// Puts together the listening socket, the connections and the TLS context, and replaces the latter.
// After a reload the live peers are judged again a few at a time: a signature check takes about
// 0.1 ms, and ten thousand of them in one turn would hold up everybody.
#include "net/server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <openssl/ssl.h>

#include "base/check.h"
#include "base/log.h"
#include "net/connection.h"
#include "net/connection_list.h"
#include "net/h2.h"
#include "net/h2_exchange.h"
#include "net/http.h"
#include "net/server_parts.h"
#include "net/tls.h"
#include "net/tls_dates.h"

enum { RECHECKS_A_TURN = 32 };

static bool on_client(void *context, int fd, const char *address)
{
    struct server *server = context;
    connection_accept(&server->all, fd, address);
    if (connections_full(&server->all) && !server->full_logged) {
        log_event(LOG_WARNING, "connections-full", "limit=%u", server->all.limits.connections);
        server->full_logged = true;
    }
    return connections_have_room(&server->all);
}

// One line an episode: it is over when a tenth of the places is free.
static void on_room(void *context)
{
    struct server *server = context;
    size_t limit = server->all.limits.connections;
    if (connections_count(&server->all) <= limit - limit / 10) {
        server->full_logged = false;
    }
    acceptor_resume(&server->acceptor);
}

static void on_recheck(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct server *server = context;
    const struct connections *all = &server->all;
    uint32_t judged = 0;
    while (server->recheck_slot < all->slot_count && judged < RECHECKS_A_TURN) {
        struct connection *connection = all->slots[server->recheck_slot++];
        if (connection != NULL) {
            connection_recheck(connection);
            judged++;
        }
    }
    if (server->recheck_slot < all->slot_count) {
        const struct timeval next_turn = {0};
        CHECK(event_add(server->recheck, &next_turn) == 0);
    }
}

static void on_notice_over(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct server *server = context;
    connections_say_last(&server->all);
}

static enum status copy_text(const char *text, const char **ret_copy)
{
    *ret_copy = text == NULL ? NULL : strdup(text);
    return text == NULL || *ret_copy != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status copy_options(struct server *server, const struct server_tls_options *tls)
{
    TRY(copy_text(tls->certificate_path, &server->tls.certificate_path));
    TRY(copy_text(tls->key_path, &server->tls.key_path));
    TRY(copy_text(tls->client_ca_path, &server->tls.client_ca_path));
    TRY(copy_text(tls->crl_path, &server->tls.crl_path));
    return copy_text(tls->trust_domain, &server->tls.trust_domain);
}

static void free_options(struct server_tls_options *tls)
{
    free((void *)tls->certificate_path);
    free((void *)tls->key_path);
    free((void *)tls->client_ca_path);
    free((void *)tls->crl_path);
    free((void *)tls->trust_domain);
}

static enum status start_tls(struct server *server, struct event_base *base,
                             const struct server_limits *limits, char *ret_error,
                             size_t error_bytes)
{
    SSL_CTX *context = NULL;
    TRY(tls_context_new(&server->tls, ret_error, error_bytes, &context));
    enum status status =
        connections_init(&server->all, base, context, server->tls.trust_domain, limits);
    if (status != STATUS_OK) {
        SSL_CTX_free(context);
        (void)snprintf(ret_error, error_bytes, "no memory for %u connections, or too many",
                       limits->connections);
    }
    return status;
}

static enum status start_server(struct server *server, struct event_base *base, int fd,
                                const struct server_tls_options *tls,
                                const struct server_limits *limits, char *ret_error,
                                size_t error_bytes)
{
    (void)snprintf(ret_error, error_bytes, "no memory for the server");
    TRY(copy_options(server, tls));
    TRY(start_tls(server, base, limits, ret_error, error_bytes));
    server->recheck = event_new(base, -1, 0, on_recheck, server);
    server->notice_over = evtimer_new(base, on_notice_over, server);
    if (server->recheck == NULL || server->notice_over == NULL) {
        return STATUS_NO_MEMORY;
    }
    enum status status = acceptor_init(&server->acceptor, base, fd, on_client, server);
    if (status != STATUS_OK) {
        (void)snprintf(ret_error, error_bytes, "cannot listen: %s",
                       status == STATUS_IO ? strerrordesc_np(errno) : "no memory");
    }
    return status;
}

// Each is needed before anything can run. NOLINTNEXTLINE(readability-function-size)
enum status server_new(struct event_base *base, int fd, const struct server_tls_options *tls,
                       const struct server_limits *limits, server_frame_fn *on_frame, void *context,
                       char *ret_error, size_t error_bytes, struct server **ret_server)
{
    struct server *server = calloc(1, sizeof(*server));
    if (server == NULL) {
        (void)snprintf(ret_error, error_bytes, "no memory for the server");
        return STATUS_NO_MEMORY;
    }
    server->acceptor.fd = -1;
    enum status status = start_server(server, base, fd, tls, limits, ret_error, error_bytes);
    if (status != STATUS_OK) {
        server_free(server);
        return status;
    }
    server->all.on_frame = on_frame;
    server->all.frame_context = context;
    server->all.on_room = on_room;
    server->all.room_context = server;
    if (error_bytes > 0) {
        ret_error[0] = '\0';
    }
    *ret_server = server;
    return STATUS_OK;
}

// The files it will read, and what else is configured: made whole before anything is replaced.
static enum status replace_options(struct server *server, const struct server_tls_options *tls,
                                   char *ret_error, size_t error_bytes, SSL_CTX **ret_context)
{
    struct server fresh = {0};
    enum status status = copy_options(&fresh, tls == NULL ? &server->tls : tls);
    if (status == STATUS_OK) {
        status = tls_context_new(&fresh.tls, ret_error, error_bytes, ret_context);
    } else {
        (void)snprintf(ret_error, error_bytes, "no memory");
    }
    if (status != STATUS_OK) {
        free_options(&fresh.tls);
        return status;
    }
    free_options(&server->tls);
    server->tls = fresh.tls;
    return STATUS_OK;
}

enum status server_set_limits(struct server *server, const struct server_limits *limits)
{
    return connections_set_limits(&server->all, limits);
}

enum status server_reload(struct server *server, const struct server_tls_options *tls,
                          char *ret_error, size_t error_bytes)
{
    SSL_CTX *fresh = NULL;
    TRY(replace_options(server, tls, ret_error, error_bytes, &fresh));
    if (server->all.h2 != NULL) {
        tls_offer_http(fresh);
    }
    SSL_CTX_free(server->all.tls);
    server->all.tls = fresh;
    server->recheck_slot = 0;
    event_active(server->recheck, 0, 0);
    return STATUS_OK;
}

void server_answer(struct server *server, uint64_t connection, struct span frame)
{
    struct connection *found = connections_find(&server->all, connection);
    if (found != NULL) {
        connection_answer(found, frame);
    }
}

void server_close(struct server *server, uint64_t connection, const char *reason)
{
    struct connection *found = connections_find(&server->all, connection);
    if (found != NULL) {
        connection_break(found, reason);
    }
}

void server_stop_accepting(struct server *server)
{
    acceptor_fini(&server->acceptor);
}

void server_hold(struct server *server)
{
    acceptor_hold(&server->acceptor);
}

void server_release(struct server *server)
{
    acceptor_release(&server->acceptor);
}

enum status server_serve_http(struct server *server, const struct server_http *http)
{
    CHECK(server->all.h2 == NULL);
    TRY(h2_host_new(http, &server->all.h2));
    tls_offer_http(server->all.tls);
    return STATUS_OK;
}

struct http_exchange *http_find(struct server *server, uint64_t connection, int32_t stream)
{
    const struct connection *found = connections_find(&server->all, connection);
    struct h2_exchange *exchange =
        found == NULL || found->h2 == NULL ? NULL : h2_exchange_of(found->h2, stream);
    return exchange == NULL ? NULL : &exchange->shared;
}

enum status server_drain(struct server *server, struct span goaway_frame)
{
    struct connections *all = &server->all;
    uint32_t notice_ms = all->limits.drain_notice_ms;
    const struct timeval notice = {.tv_sec = notice_ms / 1000, .tv_usec = notice_ms % 1000 * 1000L};
    CHECK(!all->draining);
    TRY(buffer_append(&all->goaway, goaway_frame));
    if (event_add(server->notice_over, &notice) != 0) {
        buffer_clear(&all->goaway);
        return STATUS_NO_MEMORY;
    }
    connections_drain(all);
    return STATUS_OK;
}

size_t server_in_flight(const struct server *server)
{
    return server->all.in_flight;
}

size_t server_connections(const struct server *server)
{
    return connections_count(&server->all);
}

void server_each_connection(const struct server *server, uint64_t below, server_connection_fn *each,
                            void *context)
{
    connection_list(&server->all, below, each, context);
}

struct server_dates server_dates(const struct server *server)
{
    return (struct server_dates){
        .certificate_not_after_ms = tls_context_not_after_ms(server->all.tls),
        .crl_next_update_ms = tls_context_crl_due_ms(server->all.tls),
    };
}

void server_free(struct server *server)
{
    if (server == NULL) {
        return;
    }
    acceptor_fini(&server->acceptor);
    if (server->recheck != NULL) {
        event_free(server->recheck);
    }
    if (server->notice_over != NULL) {
        event_free(server->notice_over);
    }
    connections_fini(&server->all);
    free_options(&server->tls);
    free(server);
}
