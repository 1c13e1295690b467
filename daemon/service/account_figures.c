// What accounts count: points that were moved by appends of this daemon (so that those of several
// add up), the cache, conflicts.
#include "base/metrics.h"
#include "service/accounts_parts.h"

struct entry_name entry_name(const struct accounts *accounts, const struct account_entry *entry)
{
    struct entry_name name = {.text = ""};
    if (accounts->options.name != NULL) {
        accounts->options.name(accounts->options.name_context, span_of(entry->id, entry->id_len),
                               name.text);
    }
    return name;
}

static struct account_sums sums_of(const struct account *account)
{
    return (struct account_sums){
        .awarded = account->awarded,
        .opened = account->opened,
        .redeemed = account->redeemed,
        .given_back = account->given_back,
        .taken_back = account->taken_back,
        .expired = account->expired,
        .adjusted = account->adjusted,
    };
}

void entry_sums_begin(struct account_entry *entry)
{
    entry->before = sums_of(&entry->account);
}

// What is taken back of expired points makes those fewer; a counter never falls.
static void add(int64_t *sum, int64_t now, int64_t before)
{
    *sum += now > before ? now - before : 0;
}

void entry_sums_landed(const struct account_entry *entry, struct accounts *accounts)
{
    struct account_sums *moved = &accounts->moved;
    const struct account_sums *before = &entry->before;
    const struct account_sums now = sums_of(&entry->account);
    add(&moved->awarded, now.awarded, before->awarded);
    add(&moved->opened, now.opened, before->opened);
    add(&moved->redeemed, now.redeemed, before->redeemed);
    add(&moved->given_back, now.given_back, before->given_back);
    add(&moved->taken_back, now.taken_back, before->taken_back);
    add(&moved->expired, now.expired, before->expired);
    moved->adjusted += now.adjusted - before->adjusted;
}

static void tell_points(const struct accounts *accounts, const struct metrics_out *out)
{
    static const struct metric_family points = {
        "loyaltyd_points_total", "Points moved by what this daemon wrote, by how.", METRIC_COUNTER};
    static const struct metric_family adjusted = {
        "loyaltyd_points_adjusted", "Points given by hand, less those taken, by this daemon.",
        METRIC_GAUGE};
    const struct account_sums *moved = &accounts->moved;
    const struct {
        const char *how;
        int64_t points;
    } rows[] = {
        {"awarded", moved->awarded},       {"opened", moved->opened},
        {"redeemed", moved->redeemed},     {"given_back", moved->given_back},
        {"taken_back", moved->taken_back}, {"expired", moved->expired},
    };
    out->family(out->context, &points);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct metric_label label = {"how", rows[i].how};
        out->whole(out->context, &label, 1, rows[i].points);
    }
    metrics_tell(out, &adjusted, moved->adjusted);
}

static void tell_cache(const struct account_cache *cache, const struct metrics_out *out)
{
    static const struct metric_family held = {"loyaltyd_cache_accounts", "Accounts kept folded.",
                                              METRIC_GAUGE};
    static const struct metric_family bytes = {"loyaltyd_cache_bytes",
                                               "Memory of accounts kept folded.", METRIC_GAUGE};
    static const struct metric_family looks = {"loyaltyd_cache_lookups_total",
                                               "Accounts looked for in the cache.", METRIC_COUNTER};
    static const struct metric_family evicted = {
        "loyaltyd_cache_evicted_total", "Accounts that made room for others.", METRIC_COUNTER};
    struct metric_label hit = {"result", "hit"};
    struct metric_label miss = {"result", "miss"};
    metrics_tell(out, &held, (int64_t)cache->count);
    metrics_tell(out, &bytes, (int64_t)cache->bytes);
    out->family(out->context, &looks);
    out->whole(out->context, &hit, 1, (int64_t)cache->hits);
    out->whole(out->context, &miss, 1, (int64_t)cache->misses);
    metrics_tell(out, &evicted, (int64_t)cache->evicted);
}

void accounts_metrics(const struct accounts *accounts, const struct metrics_out *out)
{
    static const struct metric_family appends = {
        "loyaltyd_appends_total", "Appends to accounts that were written.", METRIC_COUNTER};
    static const struct metric_family conflicts = {"loyaltyd_append_conflicts_total",
                                                   "Appends in which another daemon was faster.",
                                                   METRIC_COUNTER};
    struct account_tally all = {0};
    for (uint32_t i = 0; i < accounts->tally_count; i++) {
        all.appends += accounts->tallies[i].appends;
        all.conflicts += accounts->tallies[i].conflicts;
    }
    metrics_tell(out, &appends, (int64_t)all.appends);
    metrics_tell(out, &conflicts, (int64_t)all.conflicts);
    tell_cache(&accounts->cache, out);
    tell_points(accounts, out);
}
