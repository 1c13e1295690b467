// The ring. Invariants: capacity is 0 or a power of two; head < capacity; count <= capacity.
#include "store/redis_queue.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

enum { FIRST_CAPACITY = 64 };

void redis_queue_fini(struct redis_queue *queue)
{
    if (queue != NULL) {
        free(queue->ring);
        *queue = (struct redis_queue){0};
    }
}

// A ring for `count` at least, with the contents from index 0 on.
enum status redis_queue_reserve(struct redis_queue *queue, uint32_t count)
{
    uint32_t capacity = queue->capacity == 0 ? FIRST_CAPACITY : queue->capacity;
    while (capacity < count) {
        capacity *= 2;
    }
    if (capacity == queue->capacity) {
        return STATUS_OK;
    }
    struct redis_waiting *ring = reallocarray(NULL, capacity, sizeof(*ring));
    if (ring == NULL) {
        return STATUS_NO_MEMORY;
    }
    uint32_t to_end = queue->capacity - queue->head;
    uint32_t first = queue->count < to_end ? queue->count : to_end;
    if (queue->count > 0) {
        memcpy(ring, queue->ring + queue->head, first * sizeof(*ring));
        memcpy(ring + first, queue->ring, (queue->count - first) * sizeof(*ring));
    }
    free(queue->ring);
    queue->ring = ring;
    queue->capacity = capacity;
    queue->head = 0;
    return STATUS_OK;
}

enum status redis_queue_push(struct redis_queue *queue, const struct redis_waiting *waiting,
                             uint32_t count_max)
{
    CHECK(queue->count <= queue->capacity);
    if (queue->count >= count_max) {
        return STATUS_TOO_LARGE;
    }
    TRY(redis_queue_reserve(queue, queue->count + 1));
    queue->ring[(queue->head + queue->count) & (queue->capacity - 1)] = *waiting;
    queue->count++;
    return STATUS_OK;
}

const struct redis_waiting *redis_queue_front(const struct redis_queue *queue)
{
    return queue->count == 0 ? NULL : &queue->ring[queue->head];
}

struct redis_waiting redis_queue_pop(struct redis_queue *queue)
{
    CHECK(queue->count > 0);
    struct redis_waiting front = queue->ring[queue->head];
    queue->head = (queue->head + 1) & (queue->capacity - 1);
    queue->count--;
    return front;
}
