// In the order in which each thing needs the one before.
#include "till/opening.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "ctl/sales_file.h"
#include "till/club.h"
#include "till/papers.h"

enum {
    CONCENTRATOR_EVERY = 4, // so many shops
    YESTERDAY_EVERY = 7,    // so many tills, whose business day began yesterday
    DAY_S = 86400,
    CLOCK_MINUTES_MAX = 90,
    REMOVE_FDS = 16,
    ONLINE_MS = 60000,
    TURN_MS = 50,
};

static bool make_folders(struct world *world)
{
    const struct plan *plan = world->plan;
    struct service *service = &world->service;
    char tills[SERVICE_PATH_BYTES];
    const char *temporary = getenv("TMPDIR");
    bool named = plan->keep != NULL ? service_path(plan->keep, "", service->folder)
                                    : service_path(temporary == NULL ? "/tmp" : temporary,
                                                   "loyalty-till-XXXXXX", service->folder);
    bool made = named && (plan->keep != NULL ? mkdir(service->folder, 0700) == 0 || errno == EEXIST
                                             : mkdtemp(service->folder) != NULL);
    made = made && service_path(service->folder, "tls", service->tls) &&
           service_path(service->folder, "tills", tills) && mkdir(service->tls, 0700) == 0 &&
           mkdir(tills, 0700) == 0;
    if (!made) {
        (void)fprintf(stderr, "loyalty-till: no folder to work in, %s: %s\n", service->folder,
                      strerror(errno));
    }
    return made;
}

// --- certificates ---

// A file of the given folder beside ours.
static bool copy_file(const char *from_folder, const char *to_folder, const char *name)
{
    char from[SERVICE_PATH_BYTES];
    char to[SERVICE_PATH_BYTES];
    char bytes[16384];
    FILE *in = service_path(from_folder, name, from) ? fopen(from, "re") : NULL;
    FILE *out = in != NULL && service_path(to_folder, name, to) ? fopen(to, "we") : NULL;
    size_t len = out == NULL ? 0 : fread(bytes, 1, sizeof(bytes), in);
    bool good =
        len > 0 && len < sizeof(bytes) && chmod(to, 0600) == 0 && fwrite(bytes, 1, len, out) == len;
    if (in != NULL) {
        (void)fclose(in);
    }
    good = out != NULL && fclose(out) == 0 && good;
    if (!good) {
        (void)fprintf(stderr, "loyalty-till: %s/%s is needed and cannot be used\n", from_folder,
                      name);
    }
    return good;
}

static bool issue_all(const struct world *world, struct papers *papers)
{
    bool good = true;
    for (uint32_t i = 0; good && i < world->counter_count; i++) {
        const struct counter *counter = &world->counters[i];
        char unit[COUNTER_NAME_BYTES + 8];
        (void)snprintf(unit, sizeof(unit), "pos/%s", counter->unit);
        bool own = counter->desk || strchr(counter->certificate, '.') != NULL;
        good = !own || papers_issue_client(papers, counter->certificate, unit);
    }
    return good;
}

static bool make_papers(struct world *world)
{
    const struct plan *plan = world->plan;
    const char *folder = world->service.tls;
    bool fresh = plan->server == NULL;
    struct papers *papers = papers_new(fresh ? folder : plan->tls, folder, fresh);
    bool good = papers != NULL;
    if (good && fresh) {
        good = papers_issue_server(papers, "server") &&
               papers_issue_client(papers, "admin", "admin/head-office");
    } else if (good) {
        good = copy_file(plan->tls, folder, "ca.pem") &&
               copy_file(plan->tls, folder, "admin.pem") &&
               copy_file(plan->tls, folder, "admin.key");
    }
    good = good && issue_all(world, papers);
    papers_free(papers);
    return good;
}

// --- counters ---

static void name_counter(struct counter *counter)
{
    const struct world *world = counter->world;
    uint32_t shops = world->plan->shops;
    uint32_t number = counter->index / shops + 1;
    char shop[COUNTER_NAME_BYTES];
    (void)snprintf(shop, sizeof(shop), "%s-%02u", world->prefix, counter->shop + 1);
    bool concentrator = (counter->shop + 1) % CONCENTRATOR_EVERY == 0;
    (void)snprintf(counter->unit, sizeof(counter->unit), counter->desk ? "%s" : "%s/till-%02u",
                   shop, number);
    (void)snprintf(counter->certificate, sizeof(counter->certificate),
                   counter->desk || concentrator ? "%s" : "%s.till-%02u", shop, number);
}

// On a service that others use the names are new: its days are not empty.
static void name_all(struct world *world)
{
    const struct plan *plan = world->plan;
    (void)snprintf(world->prefix, sizeof(world->prefix),
                   plan->prefix != NULL || plan->server == NULL ? "%s" : "%s-%08x",
                   plan->prefix != NULL ? plan->prefix : "shop", (unsigned)time(NULL));
    for (uint32_t i = 0; i < plan->members; i++) {
        struct member *member = &world->members[i];
        (void)snprintf(member->id, sizeof(member->id), "%s.%06u", world->prefix, i);
        (void)snprintf(member->card, sizeof(member->card), "%s-%08u", world->prefix, i);
    }
    for (uint32_t i = 0; i < world->counter_count; i++) {
        name_counter(&world->counters[i]);
    }
}

static bool place_counters(struct world *world)
{
    const struct plan *plan = world->plan;
    world->counter_count = plan->tills + plan->shops;
    world->counters = calloc(world->counter_count, sizeof(*world->counters));
    world->poll_max = world->counter_count + plan->shops + 2 * (size_t)LINES_PAIRS_MAX;
    world->polls = calloc(world->poll_max, sizeof(*world->polls));
    world->members = calloc(plan->members, sizeof(*world->members));
    if (world->counters == NULL || world->polls == NULL || world->members == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < world->counter_count; i++) {
        struct counter *counter = &world->counters[i];
        counter->world = world;
        counter->index = i;
        counter->desk = i >= plan->tills;
        counter->shop = counter->desk ? i - plan->tills : i % plan->shops;
        counter->chance = chance_new(plan->seed, i);
    }
    name_all(world);
    return true;
}

// Queues and business days; local time is the program's zone by now.
static bool open_counters(struct world *world)
{
    int64_t now_ms = world_now_ms();
    bool clocks = (world->plan->chaos & CHAOS_CLOCK) != 0;
    for (uint32_t i = 0; i < world->counter_count; i++) {
        struct counter *counter = &world->counters[i];
        char name[COUNTER_NAME_BYTES + 16];
        time_t day = time(NULL) - (i % YESTERDAY_EVERY == YESTERDAY_EVERY - 1 ? DAY_S : 0);
        struct tm local;
        (void)snprintf(name, sizeof(name), "tills/%03u.queue", i);
        if (!service_path(world->service.folder, name, counter->path) ||
            localtime_r(&day, &local) == NULL ||
            strftime(counter->date, sizeof(counter->date), "%Y-%m-%d", &local) == 0) {
            return false;
        }
        if (clocks) {
            counter->wall_base_ms =
                60000 * chance_between(&counter->chance, -CLOCK_MINUTES_MAX, CLOCK_MINUTES_MAX);
            counter->wall_off_ms = counter->wall_base_ms;
        }
        counter->next_ms = now_ms + chance_wait_ms(&counter->chance, world->plan->pace_ms);
        if (!counter_open(counter, world_line(world, counter->shop))) {
            (void)fprintf(stderr, "loyalty-till: %s\n", book_fault_text(world->book, 0));
            return false;
        }
    }
    return true;
}

// Before a shop opens its tills are switched on: each learns the time, and the terms, from the
// service. A till that never did would date its sales by a clock that may be off by an hour.
static bool wait_online(struct world *world)
{
    int64_t until_ms = world_now_ms() + ONLINE_MS;
    uint32_t online = 0;
    while (online < world->counter_count && world_now_ms() < until_ms) {
        world_turn(world, TURN_MS);
        online = 0;
        for (uint32_t i = 0; i < world->counter_count; i++) {
            struct loyalty_till_state state;
            loyalty_till_look(world->counters[i].till, &state);
            online += state.online && state.clock_learned_at_ms != 0;
        }
    }
    if (online < world->counter_count) {
        (void)fprintf(stderr, "loyalty-till: only %u of %u tills find the service\n", online,
                      world->counter_count);
    }
    return online == world->counter_count;
}

// --- all of it ---

// A till needs six descriptors, its part of the lines included: some hundred need more than usual.
static void raise_limit(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
}

static bool read_sales(struct world *world)
{
    char error[SALES_FILE_ERROR_BYTES] = "out of memory";
    if (world->plan->csv == NULL) {
        return true;
    }
    world->sales = calloc(1, sizeof(*world->sales));
    if (world->sales != NULL && sales_file_read(world->plan->csv, world->sales, error)) {
        return true;
    }
    (void)fprintf(stderr, "loyalty-till: %s\n", error);
    return false;
}

bool opening_do(struct world *world, const struct plan *plan)
{
    *world = (struct world){.plan = plan};
    raise_limit();
    world->book = book_new(plan->members);
    if (world->book == NULL || !read_sales(world) || !make_folders(world) ||
        !place_counters(world) || !make_papers(world) || !service_begin(&world->service, plan) ||
        !club_enrol(world)) {
        return false;
    }
    world->lines = lines_new(world->service.address, plan->shops);
    return world->lines != NULL && open_counters(world) && wait_online(world);
}

static int remove_one(const char *path, const struct stat *found, int kind, struct FTW *place)
{
    (void)found;
    (void)kind;
    (void)place;
    return remove(path);
}

void opening_undo(struct world *world, bool keep)
{
    for (uint32_t i = 0; world->counters != NULL && i < world->counter_count; i++) {
        counter_close(&world->counters[i]);
    }
    if (!service_end(&world->service)) {
        (void)fprintf(stderr, "loyalty-till: loyaltyd did not end well; see %s/loyaltyd.log\n",
                      world->service.folder);
    }
    lines_free(world->lines);
    book_free(world->book);
    sales_file_fini(world->sales);
    free(world->sales);
    free(world->members);
    free(world->counters);
    free(world->polls);
    if (world->service.folder[0] != '\0' && !keep && world->plan->keep == NULL) {
        (void)nftw(world->service.folder, remove_one, REMOVE_FDS, FTW_DEPTH | FTW_PHYS);
    }
}
