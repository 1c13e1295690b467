// A visit is a connection with one request and one answer. libevent's evhttp bounds neither how
// many there are nor how long one may drip its bytes; so this is done here: visits are places of a
// table, each ends at its time whatever arrives, and while all are taken nobody is accepted.
//
//     free -> asking -> answered -> said: all is written -> free
//
// At its time, or when the client breaks off, it is free from anywhere. What a client still sends
// after its answer is dropped unread: a socket closed with bytes in it would take the answer back.
#include "app/monitor_http.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

#include "base/buffer.h"
#include "base/check.h"
#include "net/listen.h"

enum {
    MONITOR_BACKLOG = 32,
    MONITOR_HEAD_BYTES = 8 * 1024,
    MONITOR_WAIT_S = 10, // for a visit
    MONITOR_REST_S = 1,  // without descriptors or memory
    MONITOR_TEXT_BYTES = 8 << 20,
};

struct visit {
    struct monitor_http *http;
    struct bufferevent *bytes; // NULL: the place is free
    struct event *end;
    bool answered;
    bool said;
    bool ended; // by the client, which may still read
};

struct monitor_http {
    struct monitor_http_options options;
    struct evconnlistener *listener;
    struct event *rested;
    struct visit visits[MONITOR_HTTP_VISITS];
    uint32_t visit_count;
};

static const char plain[] = "text/plain; charset=utf-8";

// --- visits ---

static void take_more(const struct monitor_http *http)
{
    const struct timeval rest = {.tv_sec = MONITOR_REST_S};
    if (evconnlistener_enable(http->listener) != 0) {
        CHECK(event_add(http->rested, &rest) == 0); // app/loop.h
    }
}

static void end_visit(struct visit *visit)
{
    struct monitor_http *http = visit->http;
    bufferevent_free(visit->bytes);
    visit->bytes = NULL;
    (void)event_del(visit->end);
    http->visit_count--;
    if (event_pending(http->rested, EV_TIMEOUT, NULL) == 0) {
        take_more(http);
    }
}

static void on_end(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    end_visit(context);
}

static void on_event(struct bufferevent *bytes, short what, void *context)
{
    (void)bytes;
    struct visit *visit = context;
    visit->ended = (what & BEV_EVENT_EOF) != 0;
    if (!visit->ended || !visit->answered || visit->said) {
        end_visit(visit);
    }
}

static void on_written(struct bufferevent *bytes, void *context)
{
    struct visit *visit = context;
    if (visit->answered && !visit->said) {
        visit->said = true;
        (void)shutdown(bufferevent_getfd(bytes), SHUT_WR);
    }
    if (visit->said && visit->ended) {
        end_visit(visit);
    }
}

// --- answers ---

struct answer {
    const char *status;
    const char *type;
    struct span body;
};

static struct answer answer_text(const char *status, const char *text)
{
    return (struct answer){.status = status, .type = plain, .body = span_of_text(text)};
}

static void send_answer(struct visit *visit, bool head, const struct answer *answer)
{
    struct evbuffer *out = bufferevent_get_output(visit->bytes);
    struct span body = answer->body;
    visit->answered = true;
    bool whole = evbuffer_add_printf(out,
                                     "HTTP/1.1 %s\r\n"
                                     "Content-Type: %s\r\n"
                                     "Content-Length: %zu\r\n"
                                     "Cache-Control: no-store\r\n"
                                     "Connection: close\r\n\r\n",
                                     answer->status, answer->type, body.len) >= 0 &&
                 (head || body.len == 0 || evbuffer_add(out, body.data, body.len) == 0);
    if (!whole) {
        end_visit(visit); // for want of memory
    }
}

static struct answer tell_metrics(const struct monitor_http *http, struct buffer *text)
{
    if (metrics_text(http->options.sources, text) != STATUS_OK) {
        return answer_text("500 No Memory", "no memory for the figures\n");
    }
    return (struct answer){.status = "200 OK",
                           .type = "text/plain; version=0.0.4; charset=utf-8",
                           .body = buffer_span(text)};
}

static struct answer tell_live(const struct monitor_http *http, struct buffer *text)
{
    (void)http;
    (void)text;
    return answer_text("200 OK", "live\n");
}

struct reasons {
    struct buffer *text;
    bool any;
};

static bool on_reason(void *context, const char *sentence)
{
    struct reasons *reasons = context;
    reasons->any = true;
    return buffer_append(reasons->text, span_of_text(sentence)) == STATUS_OK &&
           buffer_append(reasons->text, span_of_text("\n")) == STATUS_OK;
}

static struct answer tell_ready(const struct monitor_http *http, struct buffer *text)
{
    const struct monitor_port *port = http->options.port;
    struct reasons reasons = {.text = text};
    port->reasons(port->context, on_reason, &reasons);
    return reasons.any ? (struct answer){.status = "503 Not Ready",
                                         .type = plain,
                                         .body = buffer_span(text)}
                       : answer_text("200 OK", "ready\n");
}

// --- requests ---

static void answer_path(struct visit *visit, bool head, const char *path)
{
    static const struct {
        const char *path;
        struct answer (*tell)(const struct monitor_http *http, struct buffer *text);
    } rows[] = {{"/metrics", tell_metrics}, {"/livez", tell_live}, {"/readyz", tell_ready}};
    struct answer answer = answer_text("404 Not Found", "there are /metrics, /livez and /readyz\n");
    struct buffer text;
    buffer_init(&text, MONITOR_TEXT_BYTES);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].path, path) == 0) {
            answer = rows[i].tell(visit->http, &text);
        }
    }
    send_answer(visit, head, &answer);
    buffer_fini(&text);
}

// "GET /metrics?format=text HTTP/1.1", which is taken apart.
static void answer_line(struct visit *visit, char *line)
{
    const struct answer bad = answer_text("400 Bad Request", "that is no request\n");
    const struct answer refused = answer_text("405 Method Not Allowed", "GET and HEAD only\n");
    char *rest = line;
    const char *method = strsep(&rest, " ");
    char *target = strsep(&rest, " ");
    bool head = strcmp(method, "HEAD") == 0;
    if (target == NULL || rest == NULL || strncmp(rest, "HTTP/1.", strlen("HTTP/1.")) != 0) {
        send_answer(visit, false, &bad);
    } else if (!head && strcmp(method, "GET") != 0) {
        send_answer(visit, false, &refused);
    } else {
        answer_path(visit, head, strsep(&target, "?"));
    }
}

static void on_read(struct bufferevent *bytes, void *context)
{
    const struct answer large =
        answer_text("431 Request Header Fields Too Large", "that is too much of a request\n");
    struct visit *visit = context;
    struct evbuffer *in = bufferevent_get_input(bytes);
    bool whole = !visit->answered && evbuffer_search(in, "\r\n\r\n", 4, NULL).pos >= 0;
    if (whole && evbuffer_get_length(in) <= MONITOR_HEAD_BYTES) {
        char *line = evbuffer_readln(in, NULL, EVBUFFER_EOL_CRLF);
        if (line == NULL) {
            end_visit(visit); // for want of memory
            return;
        }
        answer_line(visit, line);
        free(line);
    } else if (!visit->answered && evbuffer_get_length(in) > MONITOR_HEAD_BYTES) {
        send_answer(visit, false, &large);
    }
    if (visit->bytes != NULL && visit->answered) {
        (void)evbuffer_drain(in, evbuffer_get_length(in));
    }
}

// --- those who come ---

static enum status begin_visit(struct visit *visit, int fd)
{
    const struct timeval life = {.tv_sec = MONITOR_WAIT_S};
    struct event_base *base = visit->http->options.base;
    visit->bytes = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
    if (visit->bytes == NULL) {
        (void)close(fd);
        return STATUS_NO_MEMORY;
    }
    visit->http->visit_count++;
    visit->answered = false;
    visit->said = false;
    visit->ended = false;
    bufferevent_setcb(visit->bytes, on_read, on_written, on_event, visit);
    if (event_add(visit->end, &life) != 0 || bufferevent_enable(visit->bytes, EV_READ) != 0) {
        end_visit(visit);
        return STATUS_NO_MEMORY;
    }
    return STATUS_OK;
}

static void on_client(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address,
                      int len, void *context)
{
    (void)address;
    (void)len;
    struct monitor_http *http = context;
    struct visit *visit = http->visits;
    if (http->visit_count >= MONITOR_HTTP_VISITS) { // accepted together with the last one
        (void)close(fd);
        return;
    }
    while (visit->bytes != NULL) {
        visit++;
    }
    if (begin_visit(visit, fd) == STATUS_OK && http->visit_count >= MONITOR_HTTP_VISITS) {
        (void)evconnlistener_disable(listener);
    }
}

// No descriptor or no memory is left; who waits is still there after a rest.
static void on_accept_failed(struct evconnlistener *listener, void *context)
{
    const struct timeval rest = {.tv_sec = MONITOR_REST_S};
    const struct monitor_http *http = context;
    (void)evconnlistener_disable(listener);
    CHECK(event_add(http->rested, &rest) == 0); // app/loop.h
}

static void on_rested(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    const struct monitor_http *http = context;
    if (http->visit_count < MONITOR_HTTP_VISITS) {
        take_more(http);
    }
}

// --- all of it ---

static enum status set_up(struct monitor_http *http)
{
    http->rested = evtimer_new(http->options.base, on_rested, http);
    bool whole = http->rested != NULL;
    for (size_t i = 0; i < MONITOR_HTTP_VISITS; i++) {
        struct visit *visit = &http->visits[i];
        visit->http = http;
        visit->end = evtimer_new(http->options.base, on_end, visit);
        whole = whole && visit->end != NULL;
    }
    return whole ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status listen_there(struct monitor_http *http, uint16_t *ret_port)
{
    const struct option_address *address = http->options.address;
    int fd = -1;
    TRY(listen_bind(address->host, address->port, &fd, ret_port));
    if (evutil_make_socket_nonblocking(fd) == 0) {
        http->listener =
            evconnlistener_new(http->options.base, on_client, http,
                               LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, MONITOR_BACKLOG, fd);
    }
    if (http->listener == NULL) {
        int why = errno;
        (void)close(fd);
        errno = why;
        return STATUS_IO;
    }
    evconnlistener_set_error_cb(http->listener, on_accept_failed);
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
    if (http == NULL) {
        return;
    }
    if (http->listener != NULL) {
        evconnlistener_free(http->listener);
    }
    for (size_t i = 0; i < MONITOR_HTTP_VISITS; i++) {
        struct visit *visit = &http->visits[i];
        if (visit->bytes != NULL) {
            bufferevent_free(visit->bytes);
        }
        if (visit->end != NULL) {
            event_free(visit->end);
        }
    }
    if (http->rested != NULL) {
        event_free(http->rested);
    }
    free(http);
}
