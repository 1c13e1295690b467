// `show partitions` and `show jobs`: where the ledger's work is.
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "ctl/command.h"
#include "ctl/operation_pages.h"
#include "ctl/print.h"
#include "ctl/show_parts.h"
#include "loyalty/v1/monitor.pb-c.h"

// --- partitions ---

enum { PARTITIONS_MAX = LIMIT_PARTITIONS };

struct partitions {
    Loyalty__V1__ListPartitionsResponse all;
    Loyalty__V1__Partition *items[PARTITIONS_MAX];
};

static bool is_busy(const Loyalty__V1__Partition *partition)
{
    return partition->due_accounts > 0 || partition->events > 0 || partition->archive_bytes > 0 ||
           partition->appends > 0 || partition->conflicts > 0;
}

static void print_partitions(const Loyalty__V1__ListPartitionsResponse *all)
{
    static const char *const headers[] = {"partition",  "due",     "late",    "events",
                                          "last event", "archive", "appends", "conflicts"};
    struct print_table *table = print_table_new(8, 0xff, headers);
    for (size_t i = 0; i < all->n_partitions; i++) {
        const Loyalty__V1__Partition *partition = all->partitions[i];
        char texts[8][PRINT_TEXT_BYTES];
        char late[PRINT_TEXT_BYTES + 2];
        (void)snprintf(late, sizeof(late), "%s s",
                       print_number((int64_t)partition->due_lag_seconds, texts[2]));
        const char *const cells[] = {
            print_number(partition->number, texts[0]),
            print_number((int64_t)partition->due_accounts, texts[1]),
            late,
            print_number((int64_t)partition->events, texts[3]),
            print_number((int64_t)partition->last_event, texts[4]),
            print_number((int64_t)partition->archive_bytes, texts[5]),
            print_number((int64_t)partition->appends, texts[6]),
            print_number((int64_t)partition->conflicts, texts[7]),
        };
        print_table_add(table, cells);
    }
    print_table_end(table);
}

static void keep(const Loyalty__V1__ListPartitionsResponse *page, const struct show_line *line,
                 struct partitions *kept)
{
    size_t most = line->limit < PARTITIONS_MAX ? line->limit : PARTITIONS_MAX;
    for (size_t i = 0; i < page->n_partitions && kept->all.n_partitions < most; i++) {
        if (!line->only || is_busy(page->partitions[i])) {
            kept->items[kept->all.n_partitions++] = page->partitions[i];
        }
    }
}

static int ask_partitions(struct session *session, const struct show_line *line)
{
    Loyalty__V1__ListPartitionsRequest request = LOYALTY__V1__LIST_PARTITIONS_REQUEST__INIT;
    struct partitions *kept = session_alloc(session, sizeof(*kept));
    loyalty__v1__list_partitions_response__init(&kept->all);
    kept->all.partitions = kept->items;
    for (bool more = true; more && kept->all.n_partitions < line->limit;) {
        ProtobufCMessage *answer = NULL;
        int code = session_call(session, "/loyalty.v1.MonitorService/ListPartitions", &request.base,
                                NULL, &loyalty__v1__list_partitions_response__descriptor, &answer);
        if (code != CTL_OK) {
            return code;
        }
        const Loyalty__V1__ListPartitionsResponse *page =
            (const Loyalty__V1__ListPartitionsResponse *)answer;
        keep(page, line, kept);
        request.page_token = page->next_page_token;
        more = *page->next_page_token != '\0';
    }
    if (session->globals->json) {
        return print_json(session, &kept->all.base, false);
    }
    print_partitions(&kept->all);
    return CTL_OK;
}

int show_partitions(int argc, char **argv, const struct globals *globals)
{
    static const struct argp_option options[] = {
        {"busy", SHOW_KEY_ONLY, NULL, 0, "Only those in which there is something", 0},
        {"limit", SHOW_KEY_LIMIT, "N", 0, "At most so many", 0},
        {0},
    };
    static const struct argp parser = {
        .options = options,
        .parser = show_take,
        .doc = "Lists the ledger's partitions: accounts that are due and how late the latest is, "
               "events, and bytes that wait for the archive, as the store has them; appends and "
               "conflicts are those of this daemon since its start.",
        .children = globals_child,
    };
    return show_run(&parser, argc, argv, globals, ask_partitions);
}

// --- jobs ---

static int on_job(struct session *session, const Google__Longrunning__Operation *operation,
                  void *context)
{
    if (session->globals->json) {
        return print_json(session, &operation->base, false);
    }
    const Loyalty__V1__JobProgress *progress = operation_progress(session, operation);
    char begun[PRINT_TEXT_BYTES];
    char done[PRINT_TEXT_BYTES] = "";
    char members[PRINT_TEXT_BYTES] = "";
    char rate[PRINT_TEXT_BYTES] = "";
    char workers[PRINT_TEXT_BYTES] = "";
    if (progress != NULL) {
        (void)snprintf(done, sizeof(done), "%u/%u", progress->partitions_done,
                       progress->partitions);
        (void)print_number((int64_t)progress->members, members);
        (void)print_number(progress->rate, rate);
        (void)print_number(progress->workers, workers);
    }
    const char *const cells[] = {
        operation->name,
        operation_state(operation, progress),
        progress == NULL ? "" : print_instant(progress->created_at, begun),
        done,
        members,
        rate,
        workers,
        operation_author(progress),
    };
    print_table_add(context, cells);
    return CTL_OK;
}

static int ask_jobs(struct session *session, const struct show_line *line)
{
    static const char *const headers[] = {"job",     "state",    "begun",   "partitions",
                                          "members", "a second", "daemons", "by"};
    struct print_table *table =
        session->globals->json ? NULL
                               : print_table_new(8, 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6, headers);
    int code = operations_each(session, line->only ? "done=false" : NULL, on_job, table);
    if (table != NULL) {
        print_table_end(table);
    }
    return code;
}

int show_jobs(int argc, char **argv, const struct globals *globals)
{
    static const struct argp_option options[] = {
        {"busy", SHOW_KEY_ONLY, NULL, 0, "Only those that are at work", 0},
        {0},
    };
    static const struct argp parser = {
        .options = options,
        .parser = show_take,
        .doc = "Lists what the service is working on and has worked on, newest first: how far, how "
               "fast, how many daemons, and whose wish it was.",
        .children = globals_child,
    };
    return show_run(&parser, argc, argv, globals, ask_jobs);
}
