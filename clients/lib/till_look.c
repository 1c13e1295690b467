// What a till says of itself: its state, its terms, its rows.
#include "lib/decode.h"
#include "lib/till_inside.h"

enum { CLOCK_WRONG_MS = 2000 };

void loyalty_till_look(const struct loyalty_till *till, struct loyalty_till_state *ret_state)
{
    const struct ly_learned_clock *learned = &till->clock.learned;
    int64_t retry_in_ms = till->retry_at_ms - ly_steady_ms();
    int64_t error_ms =
        learned->server_ms == 0 || learned->stands ? 0 : learned->wall_ms - learned->server_ms;
    *ret_state = (struct loyalty_till_state){
        .online = loyalty_state(till->client) == LOYALTY_OPEN,
        .open = ly_queue_open_count(till->queue),
        .exceptions = ly_queue_exception_count(till->queue),
        .retry_in_ms = retry_in_ms < 0 ? 0 : retry_in_ms,
        .now_ms = ly_clock_now(&till->clock),
        .clock_learned_at_ms = learned->server_ms,
        .clock_error_ms = error_ms,
        .clock_is_wrong = error_ms > CLOCK_WRONG_MS || error_ms < -CLOCK_WRONG_MS,
    };
}

const char *loyalty_till_error(const struct loyalty_till *till)
{
    return till->error;
}

bool loyalty_till_terms(const struct loyalty_till *till, struct loyalty_terms *ret_terms)
{
    if (till->terms == NULL) {
        return false;
    }
    ly_decode_terms(till->terms, ret_terms);
    return true;
}

int64_t loyalty_till_each(struct loyalty_till *till, enum loyalty_till_which which, int64_t after,
                          uint64_t max, loyalty_till_answer_fn *on_answer, void *user)
{
    int64_t count = 0;
    while (max == 0 || (uint64_t)count < max) {
        struct ly_row row;
        struct loyalty_till_answer answer;
        bool found = false;
        if (!ly_queue_next(till->queue, which, after, &row, &found)) {
            ly_till_set_error(till, ly_queue_error(till->queue));
            return -1;
        }
        if (!found) {
            break;
        }
        ly_answer_of_row(till, &row, &answer);
        ly_till_tell(till, on_answer, user, &answer);
        loyalty_till_answer_fini(&answer);
        after = row.sequence;
        ly_row_fini(&row);
        count++;
    }
    return count;
}

bool loyalty_till_find(struct loyalty_till *till, const char *request_id,
                       struct loyalty_till_answer *ret_answer)
{
    struct ly_row row;
    bool found = false;
    if (!ly_queue_find(till->queue, request_id, &row, &found) || !found) {
        return false;
    }
    ly_answer_of_row(till, &row, ret_answer);
    ly_row_fini(&row);
    return true;
}

bool loyalty_till_acknowledge(struct loyalty_till *till, int64_t sequence)
{
    return ly_queue_acknowledge(till->queue, sequence);
}
