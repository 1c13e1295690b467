// Loads through the server: enrolments, awards, lookups, and a mix of them with redemptions. What
// each operation is and for whom is drawn before the timed part. Then the answers are held against
// the balances. Answers in JSON are put aside and read after the timed part: that costs more than
// all the rest of a load, and would be taken from the server beside it.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "bench/answers.h"
#include "bench/balances.h"
#include "bench/driver.h"

static const char no_points[] = "INSUFFICIENT_POINTS";

struct planned {
    uint32_t member;
    enum bench_request_kind kind;
};

// An answer put aside.
struct kept {
    uint32_t operation;
    uint32_t bytes;
};

struct load {
    const struct bench_options *options;
    struct planned *plan; // by operation
    struct kept *kept;    // one after another in `texts`
    uint32_t kept_count;
    struct buffer texts;
    bool checked;
    struct bench_balances balances;
    struct bench_result result;
};

static void ask(void *context, uint32_t operation, struct bench_request *ret_request)
{
    const struct load *load = context;
    *ret_request = (struct bench_request){.kind = load->plan[operation].kind,
                                          .member = load->plan[operation].member,
                                          .operation = operation};
}

// What an answer says goes to its member's balance; false when it cannot be read.
static bool count_answer(struct load *load, uint32_t operation, struct span answer)
{
    const struct planned *planned = &load->plan[operation];
    int64_t points;
    if (!bench_answer_points(planned->kind, load->options->face->json, answer, &points)) {
        return false;
    }
    bench_balances_add(&load->balances, planned->member, points);
    return true;
}

static void keep_answer(struct load *load, uint32_t operation, struct span answer)
{
    bench_must(buffer_append(&load->texts, answer) == STATUS_OK, "no memory");
    load->kept[load->kept_count++] =
        (struct kept){.operation = operation, .bytes = (uint32_t)answer.len};
}

static void count_kept(struct load *load)
{
    struct span rest = buffer_span(&load->texts);
    for (uint32_t i = 0; i < load->kept_count; i++) {
        const struct kept *kept = &load->kept[i];
        if (!count_answer(load, kept->operation, span_of(rest.data, kept->bytes))) {
            load->result.failed++;
        }
        rest = span_from(rest, kept->bytes);
    }
}

static bool on_answer(void *context, uint32_t operation, const struct bench_reply *reply)
{
    struct load *load = context;
    const struct planned *planned = &load->plan[operation];
    if (reply->error != NULL) {
        return planned->kind == BENCH_REQUEST_REDEEM &&
               strncmp(reply->error, no_points, sizeof(no_points) - 1) == 0;
    }
    char id[BENCH_MEMBER_BYTES];
    bench_member_id(load->options->first + planned->member, id);
    if (!bench_answer_names(reply->bytes, id)) {
        return false;
    }
    if (!load->checked || planned->kind == BENCH_REQUEST_LOOKUP) {
        return true;
    }
    if (load->options->face->json) {
        keep_answer(load, operation, reply->bytes);
        return true;
    }
    return count_answer(load, operation, reply->bytes);
}

static enum bench_request_kind draw_kind(const struct bench_mix *mix, struct bench_keys *keys)
{
    uint32_t percent = bench_keys_draw(keys, 100);
    if (percent < mix->lookup_percent) {
        return BENCH_REQUEST_LOOKUP;
    }
    return percent < mix->lookup_percent + mix->award_percent ? BENCH_REQUEST_AWARD
                                                              : BENCH_REQUEST_REDEEM;
}

// `mix` NULL: all are of the kind.
static void make_plan(struct load *load, uint32_t operations, enum bench_request_kind kind,
                      const struct bench_mix *mix)
{
    load->plan = bench_alloc(operations, sizeof *load->plan);
    struct bench_keys members;
    struct bench_keys kinds;
    bench_keys_init(&members, load->options->keys, load->options->members, load->options->seed);
    bench_keys_init(&kinds, BENCH_KEYS_UNIFORM, 100, ~load->options->seed);
    for (uint32_t i = 0; i < operations; i++) {
        load->plan[i].member = bench_keys_next(&members);
        load->plan[i].kind = mix == NULL ? kind : draw_kind(mix, &kinds);
    }
}

static int run(const struct bench_options *options, uint32_t operations,
               enum bench_request_kind kind, const struct bench_mix *mix)
{
    struct load *load = bench_alloc(1, sizeof *load);
    load->options = options;
    load->checked = options->check && (mix != NULL || kind == BENCH_REQUEST_AWARD);
    make_plan(load, operations, kind, mix);
    struct bench_driver *driver = bench_driver_new(options);
    buffer_init(&load->texts, 0);
    if (load->checked) {
        load->kept = bench_alloc(operations, sizeof *load->kept);
        bench_balances_begin(&load->balances, driver, options);
    }
    const struct bench_run timed = {.operations = operations,
                                    .rate = options->rate,
                                    .context = load,
                                    .request = ask,
                                    .answered = on_answer};
    bench_driver_run(driver, &timed, &load->result);
    count_kept(load);
    int code = bench_end(&load->result);
    if (load->checked && !bench_balances_agree(&load->balances, driver)) {
        code = EXIT_FAILURE;
    }
    bench_driver_free(driver);
    bench_balances_fini(&load->balances);
    buffer_fini(&load->texts);
    free(load->kept);
    free(load->plan);
    free(load);
    return code;
}

int bench_enrol(const struct bench_options *options)
{
    struct bench_options each = *options;
    each.keys = BENCH_KEYS_ROUND;
    return run(&each, each.members, BENCH_REQUEST_ENROL, NULL);
}

int bench_award(const struct bench_options *options)
{
    return run(options, options->operations, BENCH_REQUEST_AWARD, NULL);
}

int bench_lookup(const struct bench_options *options)
{
    return run(options, options->operations, BENCH_REQUEST_LOOKUP, NULL);
}

int bench_mixed(const struct bench_options *options)
{
    return run(options, options->operations, BENCH_REQUEST_LOOKUP, &options->mix);
}
