// By libevent's evhttp; the bounds are ours.
#include "app/monitor_http.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>

#include "net/listen.h"

enum {
    MONITOR_CONNECTIONS = 32,
    MONITOR_HEADER_BYTES = 8 * 1024,
    MONITOR_BODY_BYTES = 1024,
    MONITOR_WAIT_S = 10,
    MONITOR_TEXT_BYTES = 8 << 20,
};

struct monitor_http {
    struct monitor_http_options options;
    struct evhttp *http;
};

static void answer(struct evhttp_request *request, int code, const char *reason, const char *type,
                   struct span body)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
    struct evbuffer *out = evhttp_request_get_output_buffer(request);
    bool whole = evhttp_add_header(headers, "Content-Type", type) == 0 &&
                 evhttp_add_header(headers, "Cache-Control", "no-store") == 0 &&
                 (body.len == 0 || evbuffer_add(out, body.data, body.len) == 0);
    if (whole) {
        evhttp_send_reply(request, code, reason, NULL);
    } else {
        evhttp_send_error(request, HTTP_INTERNAL, NULL);
    }
}

static void answer_text(struct evhttp_request *request, int code, const char *reason,
                        const char *text)
{
    answer(request, code, reason, "text/plain; charset=utf-8", span_of_text(text));
}

static void on_metrics(struct evhttp_request *request, void *context)
{
    const struct monitor_http *http = context;
    struct buffer text;
    buffer_init(&text, MONITOR_TEXT_BYTES);
    if (metrics_text(http->options.sources, &text) == STATUS_OK) {
        answer(request, HTTP_OK, "OK", "text/plain; version=0.0.4; charset=utf-8",
               span_of(text.data, text.len));
    } else {
        answer_text(request, HTTP_INTERNAL, "No Memory", "no memory for the figures\n");
    }
    buffer_fini(&text);
}

static void on_livez(struct evhttp_request *request, void *context)
{
    (void)context;
    answer_text(request, HTTP_OK, "OK", "live\n");
}

static bool on_reason(void *context, const char *sentence)
{
    return evbuffer_add_printf(context, "%s\n", sentence) >= 0;
}

static void on_readyz(struct evhttp_request *request, void *context)
{
    const struct monitor_port *port = ((const struct monitor_http *)context)->options.port;
    struct evbuffer *reasons = evbuffer_new();
    if (reasons == NULL) {
        evhttp_send_error(request, HTTP_INTERNAL, NULL);
        return;
    }
    port->reasons(port->context, on_reason, reasons);
    size_t len = evbuffer_get_length(reasons);
    if (len == 0) {
        answer_text(request, HTTP_OK, "OK", "ready\n");
    } else {
        answer(request, HTTP_SERVUNAVAIL, "Not Ready", "text/plain; charset=utf-8",
               span_of(evbuffer_pullup(reasons, -1), len));
    }
    evbuffer_free(reasons);
}

static void on_other(struct evhttp_request *request, void *context)
{
    (void)context;
    answer_text(request, HTTP_NOTFOUND, "Not Found", "there are /metrics, /livez and /readyz\n");
}

static enum status set_up(struct monitor_http *http)
{
    http->http = evhttp_new(http->options.base);
    if (http->http == NULL) {
        return STATUS_NO_MEMORY;
    }
    evhttp_set_allowed_methods(http->http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD);
    evhttp_set_max_headers_size(http->http, MONITOR_HEADER_BYTES);
    evhttp_set_max_body_size(http->http, MONITOR_BODY_BYTES);
    evhttp_set_timeout(http->http, MONITOR_WAIT_S);
    evhttp_set_gencb(http->http, on_other, http);
    bool whole = evhttp_set_cb(http->http, "/metrics", on_metrics, http) == 0 &&
                 evhttp_set_cb(http->http, "/livez", on_livez, http) == 0 &&
                 evhttp_set_cb(http->http, "/readyz", on_readyz, http) == 0;
    return whole ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status listen_there(struct monitor_http *http, uint16_t *ret_port)
{
    const struct option_address *address = http->options.address;
    int fd = -1;
    TRY(listen_bind(address->host, address->port, &fd, ret_port));
    if (listen(fd, MONITOR_CONNECTIONS) != 0 || evhttp_accept_socket(http->http, fd) != 0) {
        int why = errno;
        evutil_closesocket(fd);
        errno = why;
        return STATUS_IO;
    }
    return STATUS_OK;
}

enum status monitor_http_new(const struct monitor_http_options *options, uint16_t *ret_port,
                             struct monitor_http **ret_http)
{
    struct monitor_http *http = calloc(1, sizeof *http);
    if (http == NULL) {
        return STATUS_NO_MEMORY;
    }
    http->options = *options;
    enum status status = set_up(http);
    if (status == STATUS_OK) {
        status = listen_there(http, ret_port);
    }
    if (status != STATUS_OK) {
        monitor_http_free(http);
        return status;
    }
    *ret_http = http;
    return STATUS_OK;
}

void monitor_http_free(struct monitor_http *http)
{
    if (http != NULL) {
        if (http->http != NULL) {
            evhttp_free(http->http);
        }
        free(http);
    }
}
