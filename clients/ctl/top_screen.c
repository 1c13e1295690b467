// How many rows each table gets follows from the height: the busiest methods half of what the head
// leaves, partitions and slow requests a quarter each.
#include "ctl/top_screen.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { FIGURE_BYTES = 24, LINE_BYTES = TOP_WIDTH_MAX * 4 + 1, HEAD_LINES = 6, TABLES = 3 };

struct page {
    char *out;
    size_t len;
    int width;
    int lines;
    int height;
};

// Cut at the width, in whole characters. Control characters, which a name from elsewhere could
// bring, are shown as dots.
static void put_line(struct page *page, const char *text)
{
    int columns = 0;
    if (page->lines == page->height) {
        return;
    }
    for (const char *at = text; *at != '\0'; at++) {
        unsigned char byte = (unsigned char)*at;
        bool begins = (byte & 0xc0) != 0x80;
        if (begins && columns++ == page->width) {
            break;
        }
        bool shown = byte >= ' ' && byte != 0x7f;
        page->out[page->len] = '.';
        if (shown) {
            page->out[page->len] = *at;
        }
        page->len++;
    }
    page->out[page->len++] = '\n';
    page->out[page->len] = '\0';
    page->lines++;
}

__attribute__((format(printf, 2, 3))) static void say(struct page *page, const char *format, ...)
{
    char line[LINE_BYTES];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    put_line(page, line);
}

// "850 us", "12 ms", "2.5 s", "-".
static const char *span_text(int64_t micros, char out[FIGURE_BYTES])
{
    if (micros < 0) {
        (void)snprintf(out, FIGURE_BYTES, "-");
    } else if (micros < 1000) {
        (void)snprintf(out, FIGURE_BYTES, "%" PRId64 " us", micros);
    } else if (micros < 1000000) {
        (void)snprintf(out, FIGURE_BYTES, "%.4g ms", (double)micros / 1000);
    } else {
        (void)snprintf(out, FIGURE_BYTES, "%.3g s", (double)micros / 1000000);
    }
    return out;
}

static const char *rate_text(double rate, char out[FIGURE_BYTES])
{
    (void)snprintf(out, FIGURE_BYTES, rate > 0 && rate < 9.95 ? "%.1f" : "%.0f", rate);
    return out;
}

static const char *number_text(int64_t number, char out[FIGURE_BYTES])
{
    if (number < 0) {
        (void)snprintf(out, FIGURE_BYTES, "-");
    } else {
        (void)snprintf(out, FIGURE_BYTES, "%" PRId64, number);
    }
    return out;
}

// --- the head ---

static void put_daemon(struct page *page, const Loyalty__V1__GetStatusResponse *status)
{
    if (status == NULL) {
        say(page, "The daemon does not answer.");
        put_line(page, "");
        return;
    }
    int64_t now_s = status->now == NULL ? 0 : status->now->seconds;
    int64_t up_s = status->started_at == NULL ? 0 : now_s - status->started_at->seconds;
    up_s = up_s < 0 ? 0 : up_s;
    const char *state = status->draining ? "draining" : status->ready ? "ready" : "NOT READY";
    say(page, "loyaltyd %s on %s, pid %" PRIu32 ", up %" PRId64 ":%02d:%02d, %s%s%s",
        status->version, status->host, status->process_id, up_s / 3600, (int)(up_s / 60 % 60),
        (int)(up_s % 60), state, status->n_reasons > 0 ? ": " : "",
        status->n_reasons > 0 ? status->reasons[0] : "");
    say(page, "program %s %" PRIu32 ", Redis %s %s, %" PRIu32 " partitions%s",
        status->program_id[0] == '\0' ? "none" : status->program_id, status->program_version,
        status->store_version, status->durability, status->partitions,
        status->sandbox ? ", SANDBOX" : "");
}

static void put_figures(struct page *page, const struct top_summary *summary)
{
    char a[FIGURE_BYTES];
    char b[FIGURE_BYTES];
    char c[FIGURE_BYTES];
    char d[FIGURE_BYTES];
    char e[FIGURE_BYTES];
    say(page, "requests %s/s, errors %s/s, p50 %s, p99 %s; points +%.0f/s -%.0f/s",
        rate_text(summary->rate, a), rate_text(summary->error_rate, b),
        span_text(summary->p50_us, c), span_text(summary->p99_us, d), summary->points_in,
        summary->points_out);
    say(page, "Redis %s/s, p50 %s, p99 %s, in flight %s; conflicts %s/s",
        rate_text(summary->redis_rate, a), span_text(summary->redis_p50_us, b),
        span_text(summary->redis_p99_us, c), number_text(summary->redis_in_flight, d),
        rate_text(summary->conflict_rate, e));
    char f[FIGURE_BYTES];
    say(page, "connections %s, in hand %s, cache %s %%, loop p99 %s, due lag %s s, event lag %s",
        number_text(summary->connections, a), number_text(summary->in_hand, b),
        number_text((int64_t)summary->cache_hits, c), span_text(summary->loop_p99_us, d),
        number_text(summary->due_lag_s, e), number_text(summary->event_lag, f));
}

// --- tables ---

static void put_methods(struct page *page, const struct top_summary *summary, int rows)
{
    say(page, "%-40s %8s %8s %9s %9s", "METHOD", "RATE/S", "ERRORS/S", "P50", "P99");
    for (size_t i = 0; i < summary->method_count && rows > 0; i++, rows--) {
        const struct top_method *method = &summary->methods[i];
        char rate[FIGURE_BYTES];
        char errors[FIGURE_BYTES];
        char p50[FIGURE_BYTES];
        char p99[FIGURE_BYTES];
        say(page, "%-40.40s %8s %8s %9s %9s", method->name, rate_text(method->rate, rate),
            rate_text(method->error_rate, errors), span_text(method->p50_us, p50),
            span_text(method->p99_us, p99));
    }
}

static void put_partitions(struct page *page, const struct top_summary *summary, int rows)
{
    say(page, "%-9s %10s %11s %12s %9s", "PARTITION", "APPENDS/S", "CONFLICTS/S", "DUE ACCOUNTS",
        "DUE LAG");
    for (size_t i = 0; i < summary->partition_count && rows > 0; i++, rows--) {
        const struct top_partition *partition = &summary->partitions[i];
        char appends[FIGURE_BYTES];
        char conflicts[FIGURE_BYTES];
        say(page, "%-9" PRIu32 " %10s %11s %12" PRIu64 " %7" PRIu64 " s", partition->number,
            rate_text(partition->append_rate, appends),
            rate_text(partition->conflict_rate, conflicts), partition->due_accounts,
            partition->due_lag_s);
    }
}

static void put_slow(struct page *page, const Loyalty__V1__ListSlowRequestsResponse *slow,
                     int64_t now_s, int rows)
{
    say(page, "%-28s %9s %6s %-20s %s", "SLOWEST", "TOOK", "AGO", "OUTCOME", "MEMBER");
    for (size_t i = 0; slow != NULL && i < slow->n_requests && rows > 0; i++, rows--) {
        const Loyalty__V1__SlowRequest *request = slow->requests[i];
        char took[FIGURE_BYTES];
        int64_t ago_s = request->at == NULL ? 0 : now_s - request->at->seconds;
        const char *slash = strrchr(request->method, '/');
        say(page, "%-28.28s %9s %4" PRId64 " s %-20.20s %s",
            slash == NULL ? request->method : slash + 1, span_text((int64_t)request->micros, took),
            ago_s < 0 ? 0 : ago_s, request->outcome,
            request->member_id[0] == '\0' ? "-" : request->member_id);
    }
}

static int within(int value, int least, int most)
{
    return value < least ? least : value > most ? most : value;
}

size_t top_screen(const struct top_summary *summary, const struct top_moment *now, int width,
                  int height, char out[TOP_SCREEN_BYTES])
{
    struct page page = {
        .out = out,
        .width = within(width, TOP_WIDTH_MIN, TOP_WIDTH_MAX),
        .height = within(height, TOP_HEIGHT_MIN, TOP_HEIGHT_MAX),
    };
    const Loyalty__V1__GetStatusResponse *status = now->status;
    int64_t now_s = status == NULL || status->now == NULL ? 0 : status->now->seconds;
    int left = page.height - HEAD_LINES - 2 * TABLES + 1; // each has a head, all but one a gap
    int small = left < 4 ? left > 0 ? 1 : 0 : left / 4;
    out[0] = '\0';
    put_daemon(&page, status);
    put_figures(&page, summary);
    put_line(&page, "");
    put_methods(&page, summary, left - 2 * small);
    put_line(&page, "");
    put_partitions(&page, summary, small);
    put_line(&page, "");
    put_slow(&page, now->slow, now_s, small);
    return page.len;
}
