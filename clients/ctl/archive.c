// `archive`, `archive check`, `archive index`: what compaction cut off, kept in files.
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "ctl/archive_drain.h"
#include "ctl/archive_folder.h"
#include "ctl/command.h"
#include "ctl/print.h"
#include "ctl/session.h"

enum { KEY_TO = 0x200, KEY_FOLLOW, KEY_TAKE_OVER, KEY_REBUILD, FOLLOW_PAUSE_MS = 1000 };

struct archive_line {
    struct globals globals;
    const char *folder;
    bool follow;
    bool take_over;
    bool rebuild;
};

static volatile bool stop_asked;

static void on_signal(int number)
{
    (void)number;
    stop_asked = true;
}

// A step that has begun is ended; a file that grows past its bound is an error and no death.
static void take_signals(void)
{
    struct sigaction stop = {.sa_handler = on_signal};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    (void)sigaction(SIGINT, &stop, NULL);
    (void)sigaction(SIGTERM, &stop, NULL);
    (void)sigaction(SIGXFSZ, &ignore, NULL);
}

static error_t take(int key, char *arg, struct argp_state *state)
{
    struct archive_line *line = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &line->globals;
        return 0;
    case KEY_TO:
        line->folder = arg;
        return 0;
    case KEY_FOLLOW:
        line->follow = true;
        return 0;
    case KEY_TAKE_OVER:
        line->take_over = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "what is %s?", arg);
        return 0;
    case ARGP_KEY_END:
        if (line->folder == NULL) {
            argp_error(state, "which folder? --to DIR");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

// argp's signature. NOLINTNEXTLINE(readability-non-const-parameter)
static error_t take_folder(int key, char *arg, struct argp_state *state)
{
    struct archive_line *line = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &line->globals;
        return 0;
    case KEY_REBUILD:
        line->rebuild = true;
        return 0;
    case ARGP_KEY_ARG:
        if (line->folder != NULL) {
            argp_error(state, "one folder");
        }
        line->folder = arg;
        return 0;
    case ARGP_KEY_END:
        if (line->folder == NULL) {
            argp_error(state, "which folder?");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int open_folder(struct archive *archive, const char *path, enum archive_mode mode)
{
    enum status status = archive_folder_open(archive, path, mode);
    if (status == STATUS_OK) {
        return CTL_OK;
    }
    (void)fprintf(stderr, "loyaltyctl: %s\n", archive->error);
    if (status == STATUS_NOT_FOUND) {
        return CTL_USAGE;
    }
    return status == STATUS_CORRUPT ? CTL_REFUSED : CTL_RETRY_LATER;
}

// --- archive --to ---

static void print_drained(const struct archive_drain *drain, bool json)
{
    if (json) {
        (void)printf("{\n  \"entries\": %" PRIu64 ",\n  \"known\": %" PRIu64
                     ",\n  \"dropped\": %" PRIu64 ",\n  \"log_bytes\": %" PRIu64 "\n}\n",
                     drain->entries, drain->known, drain->dropped, drain->log_bytes);
        return;
    }
    print_row_number("kept", (int64_t)drain->entries);
    print_row_number("kept before", (int64_t)drain->known);
    print_row_number("dropped from the store", (int64_t)drain->dropped);
    print_row_number("log bytes", (int64_t)drain->log_bytes);
}

static void wait_a_while(void)
{
    if (!stop_asked) {
        (void)poll(NULL, 0, FOLLOW_PAUSE_MS); // a signal ends it
    }
}

// Until a signal comes. A service that stays away is waited for; a disk that is full is not.
static int follow(struct archive_drain *drain)
{
    int code = CTL_OK;
    while (!stop_asked) {
        code = archive_drain_all(drain);
        if (code == CTL_REFUSED || (code != CTL_OK && *drain->archive->error != '\0')) {
            return code;
        }
        wait_a_while();
        if (code != CTL_OK && !stop_asked) {
            (void)loyalty_connect(drain->session->client);
        }
    }
    return CTL_OK;
}

static int drain_to(struct session *session, struct archive *archive,
                    const struct archive_line *line)
{
    struct archive_drain drain = {.session = session, .archive = archive, .stop = &stop_asked};
    int code = archive_drain_open(&drain, line->take_over);
    if (code != CTL_OK) {
        return code;
    }
    code = line->follow ? follow(&drain) : archive_drain_all(&drain);
    archive_drain_end(&drain);
    print_drained(&drain, line->globals.json);
    return code;
}

int archive_run(int argc, char **argv, const struct globals *globals)
{
    static const struct argp_option options[] = {
        {"to", KEY_TO, "DIR", 0, "The archive's folder; made when there is none", 0},
        {"follow", KEY_FOLLOW, NULL, 0, "Go on until SIGTERM or SIGINT", 0},
        {"take-over", KEY_TAKE_OVER, NULL, 0,
         "Take the place of another archive; what that has stays there", 0},
        {0},
    };
    static const struct argp parser = {
        .options = options,
        .parser = take,
        .doc = "Moves what compaction has cut off members' logs out of the store into files: "
               "compressed, with checksums, only ever appended to. Nothing is dropped from the "
               "store before it is on disk; what a crash leaves half done is done again. When the "
               "disk is full nothing is dropped, and the exit code is 3. For roles job and admin.",
        .children = globals_child,
    };
    struct archive_line line = {.globals = *globals};
    globals_parse(&parser, argc, argv, &line);
    take_signals();
    struct archive archive;
    int code = open_folder(&archive, line.folder, ARCHIVE_WRITE);
    if (code == CTL_OK) {
        struct session session;
        code = session_open(&session, &line.globals);
        if (code == CTL_OK) {
            code = drain_to(&session, &archive, &line);
        }
        session_close(&session);
    }
    archive_folder_close(&archive);
    return code;
}

// --- archive check, archive index ---

static void on_fault(const char *where, const char *what)
{
    (void)fprintf(stderr, "fault: %s: %s\n", where, what);
}

static void print_sums(const struct archive_sums *sums, bool json)
{
    if (json) {
        (void)printf("{\n  \"segments\": %" PRIu64 ",\n  \"entries\": %" PRIu64
                     ",\n  \"records\": %" PRIu64 ",\n  \"log_bytes\": %" PRIu64
                     ",\n  \"bytes\": %" PRIu64 ",\n  \"faults\": %" PRIu64 "\n}\n",
                     sums->segments, sums->entries, sums->records, sums->log_bytes, sums->bytes,
                     sums->faults);
        return;
    }
    print_row_number("segments", (int64_t)sums->segments);
    print_row_number("entries", (int64_t)sums->entries);
    print_row_number("records", (int64_t)sums->records);
    print_row_number("log bytes", (int64_t)sums->log_bytes);
    print_row_number("bytes on disk", (int64_t)sums->bytes);
    print_row_number("faults", (int64_t)sums->faults);
}

static int check(struct archive *archive, bool json)
{
    struct archive_sums sums;
    if (archive_folder_check(archive, &sums, on_fault) != STATUS_OK) {
        (void)fprintf(stderr, "loyaltyctl: %s\n",
                      *archive->error != '\0' ? archive->error
                                              : archive_index_error(archive->index));
        return CTL_RETRY_LATER;
    }
    print_sums(&sums, json);
    return sums.faults > 0 ? CTL_REFUSED : CTL_OK;
}

int archive_check_folder(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .parser = take_folder,
        .args_doc = "DIR",
        .doc = "Reads an archive from its first byte to its last: every entry's checksum and what "
               "it says of itself, and the index. Faults go to stderr; exit code 1 if there is "
               "one. An archiver may be at work meanwhile.",
        .children = globals_child,
    };
    struct archive_line line = {.globals = *globals};
    globals_parse(&parser, argc, argv, &line);
    struct archive archive;
    int code = open_folder(&archive, line.folder, ARCHIVE_READ);
    if (code == CTL_OK) {
        code = check(&archive, line.globals.json);
    }
    archive_folder_close(&archive);
    return code;
}

int archive_rebuild_index(int argc, char **argv, const struct globals *globals)
{
    static const struct argp_option options[] = {
        {"rebuild", KEY_REBUILD, NULL, 0, "Make the index anew from the segments", 0},
        {0},
    };
    static const struct argp parser = {
        .options = options,
        .parser = take_folder,
        .args_doc = "--rebuild DIR",
        .doc = "Makes an archive's index anew. Segments stay as they are; a damaged one is told, "
               "and there is no index then.",
        .children = globals_child,
    };
    struct archive_line line = {.globals = *globals};
    globals_parse(&parser, argc, argv, &line);
    if (!line.rebuild) {
        (void)fprintf(stderr, "loyaltyctl: archive index --rebuild DIR\n");
        return CTL_USAGE;
    }
    struct archive archive;
    int code = open_folder(&archive, line.folder, ARCHIVE_REBUILD);
    if (code == CTL_OK) {
        code = check(&archive, line.globals.json);
    }
    archive_folder_close(&archive);
    return code;
}
