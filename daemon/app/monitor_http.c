// By libmicrohttpd, which bounds connections, their memory and their silence. It has an epoll
// descriptor of its own; ours is in the event loop, with a timer for what it waits for.
#include "app/monitor_http.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/buffer.h"
#include "base/check.h"
#include "net/listen.h"

enum {
    MONITOR_BACKLOG = 32,
    MONITOR_CONNECTION_BYTES = 16 * 1024, // of a request's head, and what the answer's takes
    MONITOR_SILENCE_S = 10,
    MONITOR_TEXT_BYTES = 8 << 20,
};

struct monitor_http {
    struct monitor_http_options options;
    struct MHD_Daemon *daemon;
    struct event *readable; // its epoll descriptor
    struct event *timer;
};

// --- answers ---

static enum MHD_Result send_answer(struct MHD_Connection *connection, unsigned code,
                                   const char *type, struct span body)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(body.len, (void *)body.data, MHD_RESPMEM_MUST_COPY);
    if (response == NULL) {
        return MHD_NO; // the connection is closed
    }
    enum MHD_Result result = MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    if (result == MHD_YES) {
        result = MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    }
    if (result == MHD_YES) {
        result = MHD_queue_response(connection, code, response);
    }
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result send_text(struct MHD_Connection *connection, unsigned code, const char *text)
{
    return send_answer(connection, code, "text/plain; charset=utf-8", span_of_text(text));
}

static enum MHD_Result tell_metrics(const struct monitor_http *http,
                                    struct MHD_Connection *connection)
{
    struct buffer text;
    buffer_init(&text, MONITOR_TEXT_BYTES);
    enum MHD_Result result =
        metrics_text(http->options.sources, &text) == STATUS_OK
            ? send_answer(connection, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8",
                          buffer_span(&text))
            : send_text(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, "no memory for the figures\n");
    buffer_fini(&text);
    return result;
}

static enum MHD_Result tell_live(const struct monitor_http *http, struct MHD_Connection *connection)
{
    (void)http;
    return send_text(connection, MHD_HTTP_OK, "live\n");
}

struct reasons {
    struct buffer text;
    bool any;
};

static bool on_reason(void *context, const char *sentence)
{
    struct reasons *reasons = context;
    reasons->any = true;
    return buffer_append(&reasons->text, span_of_text(sentence)) == STATUS_OK &&
           buffer_append(&reasons->text, span_of_text("\n")) == STATUS_OK;
}

static enum MHD_Result tell_ready(const struct monitor_http *http,
                                  struct MHD_Connection *connection)
{
    const struct monitor_port *port = http->options.port;
    struct reasons reasons = {.any = false};
    buffer_init(&reasons.text, MONITOR_TEXT_BYTES);
    port->reasons(port->context, on_reason, &reasons);
    enum MHD_Result result =
        reasons.any ? send_answer(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
                                  "text/plain; charset=utf-8", buffer_span(&reasons.text))
                    : send_text(connection, MHD_HTTP_OK, "ready\n");
    buffer_fini(&reasons.text);
    return result;
}

// --- requests ---

// libmicrohttpd's signature. NOLINTNEXTLINE(readability-non-const-parameter)
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
                                  const char *path, const char *method, const char *version,
                                  const char *body, size_t *body_len, void **request_context)
{
    static const struct {
        const char *path;
        enum MHD_Result (*tell)(const struct monitor_http *http, struct MHD_Connection *connection);
    } rows[] = {{"/metrics", tell_metrics}, {"/livez", tell_live}, {"/readyz", tell_ready}};
    (void)version;
    (void)body;
    (void)body_len;
    (void)request_context;
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
        return send_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "GET and HEAD only\n");
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].path, path) == 0) {
            return rows[i].tell(context, connection);
        }
    }
    return send_text(connection, MHD_HTTP_NOT_FOUND, "there are /metrics, /livez and /readyz\n");
}

// --- the loop ---

static void on_turn(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    const struct monitor_http *http = context;
    MHD_UNSIGNED_LONG_LONG wait_ms = 0;
    (void)MHD_run(http->daemon); // what it cannot do now, it does at a later turn
    if (MHD_get_timeout(http->daemon, &wait_ms) == MHD_YES) {
        const struct timeval wait = {.tv_sec = (time_t)(wait_ms / 1000),
                                     .tv_usec = (suseconds_t)(wait_ms % 1000 * 1000)};
        CHECK(event_add(http->timer, &wait) == 0); // app/loop.h
    }
}

static enum status join_loop(struct monitor_http *http)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (info == NULL) {
        return STATUS_NO_MEMORY;
    }
    struct event_base *base = http->options.base;
    http->readable = event_new(base, info->epoll_fd, EV_READ | EV_PERSIST, on_turn, http);
    http->timer = evtimer_new(base, on_turn, http);
    bool joined =
        http->readable != NULL && http->timer != NULL && event_add(http->readable, NULL) == 0;
    return joined ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status start(struct monitor_http *http, uint16_t *ret_port)
{
    const struct option_address *address = http->options.address;
    int fd = -1;
    TRY(listen_bind(address->host, address->port, &fd, ret_port));
    if (listen(fd, MONITOR_BACKLOG) != 0) {
        int why = errno;
        (void)close(fd);
        errno = why;
        return STATUS_IO;
    }
    http->daemon = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_request, http,
                                    MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
                                    (unsigned)MONITOR_HTTP_VISITS, MHD_OPTION_CONNECTION_TIMEOUT,
                                    (unsigned)MONITOR_SILENCE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                                    (size_t)MONITOR_CONNECTION_BYTES, MHD_OPTION_END);
    if (http->daemon == NULL) {
        (void)close(fd);
        errno = ENOMEM;
        return STATUS_IO;
    }
    return join_loop(http);
}

enum status monitor_http_new(const struct monitor_http_options *options, uint16_t *ret_port,
                             struct monitor_http **ret_http)
{
    struct monitor_http *http = calloc(1, sizeof *http);
    if (http == NULL) {
        return STATUS_NO_MEMORY;
    }
    http->options = *options;
    enum status status = start(http, ret_port);
    if (status != STATUS_OK) {
        monitor_http_free(http);
        return status;
    }
    *ret_http = http;
    return STATUS_OK;
}

void monitor_http_free(struct monitor_http *http)
{
    if (http == NULL) {
        return;
    }
    if (http->readable != NULL) {
        event_free(http->readable);
    }
    if (http->timer != NULL) {
        event_free(http->timer);
    }
    if (http->daemon != NULL) {
        MHD_stop_daemon(http->daemon); // closes the listening socket, too
    }
    free(http);
}
