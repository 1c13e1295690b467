// The HTTP faces over a whole service: exchanges of several peers and connections, whatever they
// ask and in whatever pieces, clients that go, answers that find no room, time, a drain. Of each
// exchange is true what net/http.h and its protocol say:
//
//   * one head, one end, nothing after it, and never a reset (support/fake_http.h);
//   * the answer is one that a strict client takes, and says why when it is an error
//     (support/rpc_answer.h); what is no call gets its HTTP status;
//   * no more of a body is asked for than is taken, and no more kept than face/bounds.h has;
//   * what was applied is replayed, the same, when it is asked again in another protocol;
//   * when all clients are gone nothing of them is left; the accounts verify.
//
// Input: calls_input.h.
#include "fuzz/fuzz.h"

#include <string.h>

#include "base/check.h"
#include "face/bounds.h"
#include "face/codec.h"
#include "face/face_parts.h"
#include "face/fields.h"
#include "face/own.h"
#include "fuzz/calls_input.h"
#include "fuzz/fuzz_daemon.h"
#include "service/method.h"
#include "support/fake_http.h"
#include "wire/message.h"

enum {
    CLIENTS_MAX = 40,
    SPARE_CLIENTS = 1, // for asking again
    MEMORY_BYTES_MAX = 192 << 20,
    FILL_BYTES_MAX = 4 << 20,          // of one input
    FILL_STREAM_BYTES_MAX = 64 * 1024, // of one step
    STREAM_BYTES_MAX = 512,            // by other steps: a few ask reflection for a hundred KiB
    PASS_MS = 50,
    PASS_LONG_MS = 400000,
    SLICE_BYTES = HTTP_WINDOW_BYTES,
};

// --- clients ---

struct client {
    struct fake *fake;
    const struct media *media; // NULL: none that is spoken
    const char *peer;
    const char *path;
    const struct own_method *own; // what is asked: this,
    const struct method *method;  // or this, or nothing there is
    const ProtobufCMessageDescriptor *request;
    const ProtobufCMessageDescriptor *response;
    struct buffer body; // that it wants to send; `fake->sent` of it have been
    size_t piece_bytes;
    bool ends; // behind that
    bool is_post;
};

static struct client clients[CLIENTS_MAX];
static size_t client_count;
static size_t fill_bytes_left, stream_bytes_left;

static bool is_stream(const struct client *client)
{
    return client->own != NULL ? client->own->stream != NULL
                               : client->method != NULL && client->method->streams;
}

static bool is_watch(const struct client *client)
{
    return is_stream(client) && (client->own == NULL || !client->own->stream->many);
}

// What the face keeps of the body, and what all keep, at any moment.
static void check_kept(const struct client *client)
{
    const struct call *call = client->fake->shared.owner;
    const struct quotas *quotas = &fake_face->quotas;
    CHECK(quotas->bytes <= FACE_BYTES && quotas->streams <= FACE_STREAMS);
    if (!client->fake->open || call == NULL) {
        return;
    }
    CHECK(call->body.message.len <= LIMIT_HTTP_MESSAGE_BYTES);
    CHECK(call->held.len <= HTTP_WINDOW_BYTES);
    CHECK(call->quota->streams <= FACE_STREAMS_A_CONNECTION);
}

// What has just come was within what a connection may have under way, or was refused.
static void check_quota(const struct client *client)
{
    const struct call *call = client->fake->shared.owner;
    bool reads = call != NULL && (call->state == CALL_READING || call->state == CALL_STREAMING);
    CHECK(!reads || call_is_full(call) || call->quota->bytes <= (size_t)FACE_CONNECTION_BYTES);
}

// Sends what the windows let it.
static void pump(struct client *client)
{
    struct fake *fake = client->fake;
    while (fake->open && !fake->was_reset && !fake->half_closed) {
        size_t left = client->body.len - fake->sent;
        size_t window = HTTP_WINDOW_BYTES + fake->wanted - fake->sent;
        size_t len = left < window ? left : window;
        len = len < client->piece_bytes ? len : client->piece_bytes;
        bool last = client->ends && len == left;
        if (len == 0 && !last) {
            return;
        }
        fake_send(fake, span_of(len == 0 ? NULL : client->body.data + fake->sent, len), last);
        check_kept(client);
        check_quota(client);
    }
}

static struct client *find_client(uint8_t back)
{
    return client_count == 0 ? NULL : &clients[client_count - 1 - back % client_count];
}

static void put(struct client *client, struct span bytes)
{
    if (is_stream(client)) {
        bytes.len = bytes.len < stream_bytes_left ? bytes.len : stream_bytes_left;
        stream_bytes_left -= bytes.len;
    }
    CHECK(client->ends || buffer_append(&client->body, bytes) == STATUS_OK);
}

static void put_framed(struct client *client, struct span message)
{
    uint8_t prefix[BODY_PREFIX_BYTES];
    if (client->media != NULL && client->media->protocol != &protocol_connect) {
        body_prefix(0, message.len, prefix);
        put(client, span_of(prefix, sizeof(prefix)));
    }
    put(client, message);
}

static struct client *open_client(const char *peer, uint64_t connection,
                                  const struct http_request *request)
{
    struct client *client = &clients[client_count++];
    struct span path = request->path;
    const struct own_method *own = own_find(path);
    const struct method *method = method_find(path);
    fake_connection = connection;
    *client = (struct client){
        .fake = fake_exchange(peer),
        .media = media_find(fields_find(request, "content-type")),
        .peer = peer,
        .path = world_text(&fuzz_world, "%.*s", (int)path.len, (const char *)path.data),
        .own = own,
        .method = method,
        .request = own != NULL      ? own->request
                   : method != NULL ? method->request
                                    : NULL,
        .response = own != NULL      ? own->response
                    : method != NULL ? method->response
                                     : NULL,
        .is_post = span_is_text(request->method, "POST"),
        .piece_bytes = SLICE_BYTES,
    };
    buffer_init(&client->body, 0);
    fake_open_request(client->fake, request);
    return client;
}

// --- steps ---

static void do_open(const struct calls_step *step)
{
    struct calls_request request;
    if (client_count + SPARE_CLIENTS < CLIENTS_MAX) {
        calls_read_request(step, &request);
        (void)open_client(request.peer, request.connection, &request.http);
    }
}

// A message in the form that the exchange has; what is none, or has no such form, as it is.
static struct span in_form(const struct client *client, struct span message)
{
    const ProtobufCMessageDescriptor *type = client->request;
    struct span bytes;
    bool formed =
        client->media != NULL && type != NULL &&
        codec_write(client->media->codec, message, type, &fuzz_world.arena, &bytes) == STATUS_OK;
    return formed ? bytes : message;
}

static void do_body(const struct calls_step *step)
{
    struct client *client = find_client(step->a);
    if (client == NULL) {
        return;
    }
    switch (step->b % CALLS_LAST % CALLS_FORMS) {
    case CALLS_AS_MESSAGE:
        put_framed(client, in_form(client, step->bytes));
        break;
    case CALLS_AS_FRAME:
        put_framed(client, step->bytes);
        break;
    default:
        put(client, step->bytes);
        break;
    }
    client->ends = client->ends || (step->b & CALLS_LAST) != 0;
    client->piece_bytes = step->c == 0 ? SLICE_BYTES : step->c;
    pump(client);
    client->piece_bytes = SLICE_BYTES;
}

static void do_fill(const struct calls_step *step)
{
    static uint8_t fill[UINT16_MAX * CALLS_FILL_UNIT];
    size_t len = (size_t)(step->b << 8 | step->c);
    len *= step->b >= CALLS_FILL_MUCH ? CALLS_FILL_UNIT : 1;
    struct client *client = find_client(step->a);
    if (client == NULL) {
        return;
    }
    len = is_stream(client) && len > FILL_STREAM_BYTES_MAX ? FILL_STREAM_BYTES_MAX : len;
    len = len < fill_bytes_left ? len : fill_bytes_left;
    fill_bytes_left -= len;
    memset(fill, step->bytes.len == 0 ? ' ' : step->bytes.data[0], len);
    CHECK(client->ends || buffer_append(&client->body, span_of(fill, len)) == STATUS_OK);
    pump(client);
}

static void do_end(const struct calls_step *step)
{
    struct client *client = find_client(step->a);
    if (client != NULL) {
        client->ends = true;
        pump(client);
    }
}

static void do_go(const struct calls_step *step)
{
    struct client *client = find_client(step->a);
    if (client == NULL) {
        return;
    }
    for (size_t i = 0; i < client_count; i++) {
        bool same = clients[i].fake->shared.connection == client->fake->shared.connection;
        if (&clients[i] == client || (same && (step->b & 1) != 0)) {
            fake_gone(clients[i].fake);
        }
    }
}

static void do_room(const struct calls_step *step)
{
    size_t bytes = (size_t)(step->b << 8 | step->c);
    fake_make_room(bytes == CALLS_ALL_ROOM ? SIZE_MAX : bytes);
    for (size_t i = 0; i < client_count; i++) {
        pump(&clients[i]);
    }
}

static void do_pass(const struct calls_step *step)
{
    if ((step->b & CALLS_RUN) != 0) {
        fuzz_daemon_run();
    }
    fuzz_daemon_pass((int64_t)step->c * ((step->b & CALLS_LONG) != 0 ? PASS_LONG_MS : PASS_MS));
}

static void do_drain(const struct calls_step *step)
{
    (step->b & 1) != 0 ? face_drain(fake_face) : face_refresh(fake_face);
}

static void do_step(const struct calls_step *step)
{
    static void (*const steps[CALLS_KINDS])(const struct calls_step *) = {
        [CALLS_OPEN] = do_open, [CALLS_BODY] = do_body,   [CALLS_FILL] = do_fill,
        [CALLS_END] = do_end,   [CALLS_GO] = do_go,       [CALLS_ROOM] = do_room,
        [CALLS_PASS] = do_pass, [CALLS_DRAIN] = do_drain,
    };
    steps[step->kind](step);
    for (size_t i = 0; i < client_count; i++) {
        check_kept(&clients[i]);
    }
}

// --- judging answers ---

// A message as bytes of the protocol, in binary; false when it is none of this type.
static bool read_binary(const struct media *media, struct span bytes,
                        const ProtobufCMessageDescriptor *type, struct span *ret_binary)
{
    struct message_fault fault;
    bool canonical = false;
    return codec_read(media->codec, bytes, type, &fuzz_world.arena, ret_binary, &fault) ==
               STATUS_OK &&
           message_scan(type, *ret_binary, &canonical, &fault) == STATUS_OK;
}

static void check_error(const struct rpc_answer *answer)
{
    CHECK(!answer->bare && answer->reason[0] != '\0');
    CHECK(answer->code != LOYALTY__V1__CODE__CODE_INTERNAL ||
          strcmp(answer->reason, "MALFORMED_FRAMING") == 0);
    CHECK(answer->code != LOYALTY__V1__CODE__CODE_UNKNOWN ||
          strcmp(answer->reason, "OUTCOME_UNKNOWN") == 0);
}

// What is no call; false: it is one.
static bool check_turned_away(const struct client *client)
{
    const struct fake *fake = client->fake;
    const struct rpc_protocol *how = client->media == NULL ? NULL : client->media->protocol;
    bool fits = how != NULL && (is_stream(client) ? how->streams : how->single);
    if (client->is_post && how != NULL && (fits || fake->status != 415)) {
        return false;
    }
    CHECK(fake->status == (client->is_post ? 415 : 405) && fake->body.len == 0);
    CHECK(fake->trailers[0] == '\0');
    CHECK(rpc_field(fake->head, client->is_post ? "accept-post" : "allow").len > 0);
    return true;
}

// It has ended, as its protocol demands.
static void check_answer(const struct client *client, struct rpc_answer *ret_answer)
{
    *ret_answer = (struct rpc_answer){.code = -1};
    CHECK(client->fake->ended && !client->fake->was_reset);
    if (check_turned_away(client)) {
        return;
    }
    fake_read(client->fake, client->media, &fuzz_world.arena, ret_answer);
    CHECK(ret_answer->problem == NULL);
    if (ret_answer->code != 0) {
        check_error(ret_answer);
    }
    CHECK(is_stream(client) || ret_answer->messages == (ret_answer->code == 0));
    CHECK(ret_answer->messages == 0 ||
          read_binary(client->media, ret_answer->message, client->response, &(struct span){0}));
}

// The request as it was sent, in binary.
static struct span request_sent(const struct client *client)
{
    bool is_bare = client->media->protocol == &protocol_connect;
    struct span binary;
    CHECK(read_binary(client->media,
                      span_from(buffer_span(&client->body), is_bare ? 0 : BODY_PREFIX_BYTES),
                      client->request, &binary));
    return binary;
}

// In another protocol. NULL: the request cannot be written in that.
static const struct client *ask_in(const struct client *asked, struct span request,
                                   const struct media *media)
{
    struct span bytes;
    struct http_field field = {span_of_text("content-type"), span_of_text(media->name)};
    struct http_request http = {span_of_text("POST"), span_of_text(asked->path), &field, 1};
    if (codec_write(media->codec, request, asked->request, &fuzz_world.arena, &bytes) !=
            STATUS_OK ||
        (media->codec == CODEC_JSON && bytes.len > WIRE_DOCUMENT_BYTES)) {
        return NULL;
    }
    struct client *client = open_client(asked->peer, 5, &http);
    put_framed(client, bytes);
    client->ends = true;
    pump(client);
    fuzz_daemon_run();
    return client;
}

static void forget_client(void)
{
    CHECK(client_count > 0);
    buffer_fini(&clients[--client_count].body);
    fake_forget(&fakes[fake_count - 1]);
}

// What was done is answered the same in every protocol, unless its time is over.
static void ask_again_in(const struct client *client, struct span request, struct span answer,
                         const struct media *media)
{
    struct rpc_answer again;
    struct span second;
    const struct client *other = ask_in(client, request, media);
    if (other == NULL) {
        return;
    }
    check_answer(other, &again);
    if (again.code == 0) {
        CHECK(again.replayed && read_binary(media, again.message, client->response, &second));
        CHECK(span_equal(answer, second));
    } else {
        CHECK(again.code == LOYALTY__V1__CODE__CODE_UNAVAILABLE);
    }
    forget_client();
}

static void ask_again(const struct client *client, const struct rpc_answer *answer)
{
    static const char *const names[] = {"application/grpc",      "application/grpc-web+json",
                                        "application/json",      "application/proto",
                                        "application/grpc+json", "application/grpc-web"};
    struct span first;
    if (answer->code != 0 || client->method == NULL || !client->method->mutating) {
        return;
    }
    struct span request = request_sent(client);
    CHECK(read_binary(client->media, answer->message, client->response, &first));
    for (size_t i = 0; i < 6 && !fuzz_leaves_nothing(client->path, request); i++) {
        ask_again_in(client, request, first, media_find(span_of_text(names[i])));
    }
}

// --- the end ---

// Everybody says all there is to say, and takes what there is to take.
static void end_all(void)
{
    fake_make_room(SIZE_MAX);
    for (size_t i = 0; i < client_count; i++) {
        clients[i].ends = true;
        pump(&clients[i]);
        CHECK(!clients[i].fake->open || clients[i].fake->half_closed || clients[i].fake->ended);
    }
    fuzz_daemon_run();
    fuzz_daemon_pass(LIMIT_REQUEST_MS + 1);
}

static void judge_all(void)
{
    size_t count = client_count;
    for (size_t i = 0; i < count; i++) {
        struct client *client = &clients[i];
        struct rpc_answer answer;
        if (!client->fake->open && !client->fake->ended) {
            continue; // has gone before
        }
        if (is_watch(client) && !client->fake->ended) {
            CHECK(client->own == NULL || client->fake->body.len > 0);
            continue;
        }
        check_answer(client, &answer);
        ask_again(client, &answer);
    }
}

// Streams that were left open end with a drain.
static void drain_all(void)
{
    face_drain(fake_face);
    for (size_t i = 0; i < client_count; i++) {
        struct rpc_answer answer;
        if (is_watch(&clients[i]) && clients[i].fake->open) {
            check_answer(&clients[i], &answer);
            CHECK(answer.code != 0);
        }
    }
}

static void check_nothing_left(void)
{
    CHECK(fake_face->calls == 0 && fake_face->streams == NULL);
    CHECK(fake_face->quotas.bytes == 0 && fake_face->quotas.streams == 0);
    CHECK(fake_face->health.watchers == NULL);
}

// --- the driver ---

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t len_max, unsigned seed)
{
    return calls_mutate(data, len, len_max, seed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct fuzz_input input = {.rest = span_of(data, len)};
    struct calls_step step;
    fill_bytes_left = FILL_BYTES_MAX;
    stream_bytes_left = STREAM_BYTES_MAX;
    fuzz_daemon_begin(MEMORY_BYTES_MAX);
    CHECK(fake_serve(fuzz_world.daemons[0].service));
    while (calls_take(&input, &step)) {
        do_step(&step);
    }
    end_all();
    judge_all();
    drain_all();
    while (client_count > 0) {
        forget_client();
    }
    fake_forget_all();
    fuzz_daemon_run(); // streams find out that their clients have gone
    check_nothing_left();
    fuzz_daemon_verify();
    fuzz_daemon_end();
    face_free(fake_face);
    return 0;
}
