// Newest first. Slots know no order, so they are looked over once for each page of the newest that
// have not been told: no memory is taken, and who wants a page pays for one look.
#include "net/connection_list.h"

#include <stdlib.h>

#include "net/connection.h"
#include "net/tls_chain.h"

enum { PAGE = 256 };

struct page {
    uint64_t ids[PAGE];
    uint32_t count;
    uint32_t smallest; // its place, once the page is full
};

static bool is_told_of(const struct connection *connection)
{
    return connection != NULL && connection->state < CONNECTION_CLOSING;
}

static void find_smallest(struct page *page)
{
    page->smallest = 0;
    for (uint32_t i = 1; i < page->count; i++) {
        if (page->ids[i] < page->ids[page->smallest]) {
            page->smallest = i;
        }
    }
}

static void offer(struct page *page, uint64_t id)
{
    if (page->count < PAGE) {
        page->ids[page->count++] = id;
    } else if (id > page->ids[page->smallest]) {
        page->ids[page->smallest] = id;
    } else {
        return;
    }
    if (page->count == PAGE) {
        find_smallest(page);
    }
}

static int newest_first(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;
    return (left < right) - (left > right);
}

static void collect(const struct connections *all, uint64_t below, struct page *page)
{
    page->count = 0;
    for (uint32_t slot = 0; slot < all->slot_count; slot++) {
        const struct connection *connection = all->slots[slot];
        if (is_told_of(connection) && (below == 0 || connection->id < below)) {
            offer(page, connection->id);
        }
    }
    qsort(page->ids, page->count, sizeof(page->ids[0]), newest_first);
}

static const char *protocol_of(const struct connection *connection)
{
    if (connection->state == CONNECTION_HANDSHAKE) {
        return "";
    }
    return connection->h2 != NULL ? "h2" : "loyalty/1";
}

static struct server_connection told(const struct connection *connection)
{
    return (struct server_connection){
        .id = connection->id,
        .address = connection->address,
        .peer = &connection->peer,
        .protocol = protocol_of(connection),
        .since_ms = connection->since_ms,
        .requests = connection->requests,
        .in_flight = connection->in_flight,
        .certificate_not_after_ms = connection->chain == NULL ? 0 : connection->chain->not_after_ms,
    };
}

void connection_list(const struct connections *all, uint64_t below, server_connection_fn *each,
                     void *context)
{
    struct page page;
    do {
        collect(all, below, &page);
        for (uint32_t i = 0; i < page.count; i++) {
            struct server_connection connection = told(connections_find(all, page.ids[i]));
            if (!each(context, &connection)) {
                return;
            }
            below = connection.id;
        }
    } while (page.count == PAGE);
}
