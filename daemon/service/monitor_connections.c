// MonitorService.ListConnections: a page of those the daemon has, newest first.
#include "loyalty/v1/monitor.pb-c.h"
#include "service/bounds.h"
#include "service/handlers.h"
#include "service/monitor_parts.h"
#include "wire/message.h"

enum { TOKEN_BYTES = 32 }; // of the answer, besides its connections

struct listing {
    struct arena *arena;
    uint32_t size;
    size_t room;
    enum status status;
    uint64_t last_id;
    bool more;
    Loyalty__V1__ListConnectionsResponse response;
};

static enum status name_caller(struct arena *arena, const struct monitor_connection *from,
                               char **ret_caller)
{
    if (from->role[0] == '\0') {
        return STATUS_OK;
    }
    const char *between = from->unit[0] == '\0' ? "" : "/";
    char *caller = arena_printf(arena, "%s%s%s", from->role, between, from->unit);
    if (caller == NULL) {
        return STATUS_NO_MEMORY;
    }
    *ret_caller = caller;
    return STATUS_OK;
}

static enum status copy_connection(struct arena *arena, const struct monitor_connection *from,
                                   Loyalty__V1__Connection **ret_connection)
{
    Loyalty__V1__Connection *connection =
        (Loyalty__V1__Connection *)message_new(&loyalty__v1__connection__descriptor, arena);
    if (connection == NULL) {
        return STATUS_NO_MEMORY;
    }
    connection->id = from->id;
    connection->requests = from->requests;
    connection->in_flight = from->in_flight;
    TRY(monitor_text(arena, from->address, &connection->address));
    TRY(monitor_text(arena, from->protocol, &connection->protocol));
    TRY(name_caller(arena, from, &connection->caller));
    TRY(monitor_instant(arena, from->since_ms, &connection->since));
    TRY(monitor_instant(arena, from->certificate_not_after_ms, &connection->certificate_not_after));
    *ret_connection = connection;
    return STATUS_OK;
}

static bool on_connection(void *context, const struct monitor_connection *from)
{
    struct listing *listing = context;
    Loyalty__V1__Connection *connection = NULL;
    if (listing->response.n_connections == listing->size) {
        listing->more = true;
        return false;
    }
    listing->status = copy_connection(listing->arena, from, &connection);
    if (listing->status != STATUS_OK) {
        return false;
    }
    if (!monitor_fits(&listing->room, &connection->base)) {
        listing->more = true;
        return false;
    }
    listing->response.connections[listing->response.n_connections++] = connection;
    listing->last_id = from->id;
    return true;
}

void monitor_list_connections(struct request *request)
{
    const Loyalty__V1__ListConnectionsRequest *message =
        (const Loyalty__V1__ListConnectionsRequest *)request->message;
    const struct monitor_port *port = request->service->monitor;
    struct listing listing = {
        .arena = &request->arena,
        .room = LIMIT_REPLY_BYTES - TOKEN_BYTES,
        .response = LOYALTY__V1__LIST_CONNECTIONS_RESPONSE__INIT,
    };
    struct monitor_page page;
    if (!monitor_page_read(request, message->page_size, message->page_token, &page)) {
        return;
    }
    listing.size = page.size;
    listing.response.connections =
        arena_alloc_array(&request->arena, page.size, sizeof(Loyalty__V1__Connection *));
    if (listing.response.connections == NULL) {
        listing.status = STATUS_NO_MEMORY;
    } else if (port != NULL && port->connections != NULL) {
        port->connections(port->context, page.place, on_connection, &listing);
    }
    if (listing.status == STATUS_OK && listing.more) {
        listing.status =
            monitor_page_token(&request->arena, listing.last_id, &listing.response.next_page_token);
    }
    monitor_end(request, listing.status, &listing.response.base);
}
