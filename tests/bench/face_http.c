// The HTTP face, for peers: JSON by POST over HTTP/1.1, connections kept alive, one request at a
// time on each. Answers are cut by http_parser, which only the benches need (packages.txt here):
// built without it, face_http_absent.c stands in.
#include <http_parser.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "bench/bench.h"
#include "bench/face.h"
#include "bench/wire.h"

enum {
    READ_BYTES = 65536,
    REPLY_BYTES_MAX = 1 << 20,
    HEAD_BYTES_MAX = 512,
    ERROR_BYTES = 256,
    HTTP_OK = 200,
};

struct bench_link {
    struct bench_wire wire;
    http_parser parser;
    bench_done_fn *done;
    const char *host;
    bool busy;
    void *slot;
    struct buffer reply;
    char error[ERROR_BYTES];
};

// --- what is sent ---

static void http_submit(struct bench_link *link, const char *path, struct span request, void *slot)
{
    char head[HEAD_BYTES_MAX];
    bench_must(!link->busy, "HTTP takes one request at a time: --depth 1");
    int bytes = snprintf(head, sizeof head,
                         "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n"
                         "Content-Length: %zu\r\n\r\n",
                         path, link->host, request.len);
    bench_must(bytes > 0 && (size_t)bytes < sizeof head, "a request's head is too long");
    bench_must(buffer_append(&link->wire.output, span_of(head, (size_t)bytes)) == STATUS_OK &&
                   buffer_append(&link->wire.output, request) == STATUS_OK,
               "no room for a request");
    link->busy = true;
    link->slot = slot;
}

// --- what comes ---

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text == NULL || text[0] == '\0' ? NULL : text;
}

// What a refusal says of itself: its reason, else its message, else the status alone.
static void take_error(struct bench_link *link)
{
    json_t *body = json_loadb((const char *)link->reply.data, link->reply.len, 0, NULL);
    const char *text = text_of(body, "reason");
    text = text == NULL ? text_of(body, "message") : text;
    if (text == NULL) {
        (void)snprintf(link->error, sizeof link->error, "HTTP status %u", link->parser.status_code);
    } else {
        (void)snprintf(link->error, sizeof link->error, "%s", text);
    }
    json_decref(body);
}

static int on_begin(http_parser *parser)
{
    struct bench_link *link = parser->data;
    buffer_clear(&link->reply);
    return link->busy ? 0 : 1; // an answer to nothing
}

static int on_body(http_parser *parser, const char *bytes, size_t len)
{
    struct bench_link *link = parser->data;
    return buffer_append(&link->reply, span_of(bytes, len)) == STATUS_OK ? 0 : 1;
}

static int on_complete(http_parser *parser)
{
    struct bench_link *link = parser->data;
    struct bench_reply reply = {.bytes = buffer_span(&link->reply)};
    if (parser->status_code != HTTP_OK) {
        take_error(link);
        reply = (struct bench_reply){.error = link->error};
    }
    link->busy = false;
    link->done(link->slot, &reply);
    return 0;
}

static void parse(struct bench_link *link, const char *bytes, size_t count)
{
    static const http_parser_settings settings = {
        .on_message_begin = on_begin, .on_body = on_body, .on_message_complete = on_complete};
    size_t parsed = http_parser_execute(&link->parser, &settings, bytes, count);
    if (parsed != count) {
        fprintf(stderr, "loyalty-bench: the server's answer is no HTTP: %s\n",
                http_errno_description(HTTP_PARSER_ERRNO(&link->parser)));
        exit(EXIT_FAILURE);
    }
}

// --- a connection ---

static struct bench_link *http_open(const struct bench_options *options, bench_done_fn *done)
{
    struct bench_link *link = calloc(1, sizeof *link);
    bench_must(link != NULL, "no memory for a connection");
    link->done = done;
    link->host = options->server;
    http_parser_init(&link->parser, HTTP_RESPONSE);
    link->parser.data = link;
    buffer_init(&link->reply, REPLY_BYTES_MAX);
    bench_wire_open(&link->wire, options, "http/1.1");
    return link;
}

static void http_close(struct bench_link *link)
{
    bench_wire_close(&link->wire);
    buffer_fini(&link->reply);
    free(link);
}

static int http_interest(struct bench_link *link, short *ret_events)
{
    return bench_wire_interest(&link->wire, ret_events);
}

static void http_turn(struct bench_link *link, short revents)
{
    char bytes[READ_BYTES];
    size_t count;
    if ((revents & ~POLLOUT) != 0) {
        while ((count = bench_wire_read(&link->wire, bytes, sizeof bytes)) > 0) {
            parse(link, bytes, count);
        }
    }
    bench_wire_write(&link->wire);
}

const struct bench_face bench_face_http = {
    .name = "http",
    .json = true,
    .open = http_open,
    .submit = http_submit,
    .interest = http_interest,
    .turn = http_turn,
    .close = http_close,
};
