// All accounts are read as the service stores them, each folded from what the archive has of it on.
#include "ctl/verify_archived.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ctl/archive_member.h"
#include "ctl/print.h"

enum { FAULTS_SHOWN = 100 };

struct verifying {
    struct session *session;
    struct archive archive;
    uint64_t accounts;
    uint64_t archived; // of these, with prefixes
    uint64_t prefixes;
    uint64_t records;
    uint64_t faults;
};

static void add_up(struct verifying *verifying, const struct archive_history *history)
{
    verifying->accounts++;
    verifying->archived += history->rows.count > 0 ? 1 : 0;
    verifying->prefixes += history->rows.count;
    verifying->records += history->whole.seq;
}

static int print_sums(const struct verifying *verifying)
{
    if (verifying->session->globals->json) {
        (void)printf("{\n  \"accounts\": %" PRIu64 ",\n  \"archived\": %" PRIu64
                     ",\n  \"prefixes\": %" PRIu64 ",\n  \"records\": %" PRIu64
                     ",\n  \"faults\": %" PRIu64 "\n}\n",
                     verifying->accounts, verifying->archived, verifying->prefixes,
                     verifying->records, verifying->faults);
    } else {
        print_row_number("accounts", (int64_t)verifying->accounts);
        print_row_number("with an archived history", (int64_t)verifying->archived);
        print_row_number("prefixes", (int64_t)verifying->prefixes);
        print_row_number("records", (int64_t)verifying->records);
        print_row_number("faults", (int64_t)verifying->faults);
    }
    return verifying->faults > 0 ? CTL_REFUSED : CTL_OK;
}

static int verify_member(struct verifying *verifying, const char *folder,
                         const struct loyalty_member *who)
{
    struct archive_member member;
    int code = archive_member_open(&member, verifying->session, folder, who);
    if (code == CTL_OK) {
        add_up(verifying, &member.history);
        code = print_sums(verifying);
    }
    archive_member_close(&member);
    return code;
}

// What was compacted since the service was asked is told by its own second look.
static int look_again(struct verifying *verifying, const char *id)
{
    struct archive_member member;
    const struct loyalty_member who = {.by = LOYALTY_BY_MEMBER_ID, .value = id};
    int code = archive_member_open(&member, verifying->session, verifying->archive.path, &who);
    if (code == CTL_OK) {
        add_up(verifying, &member.history);
    }
    archive_member_close(&member);
    return code;
}

static int visit(void *context, const struct export_visit *visit)
{
    struct verifying *verifying = context;
    struct archive_history history;
    enum status status =
        archive_history_init(&history, &verifying->archive, visit->account->id, visit->log);
    if (status == STATUS_OK) {
        status = archive_history_fold(&history, visit->partition);
    }
    int code = CTL_OK;
    if (status == STATUS_OK) {
        add_up(verifying, &history);
    } else if (status == STATUS_CORRUPT) {
        code = look_again(verifying, history.member_id);
    } else {
        code = archive_member_complain(&history, status);
    }
    archive_history_fini(&history);
    verifying->faults += code == CTL_REFUSED ? 1 : 0;
    return code == CTL_REFUSED && verifying->faults < FAULTS_SHOWN ? CTL_OK : code;
}

// Accounts do not end: whoever has prefixes has a log.
static int count_members(struct verifying *verifying)
{
    struct archive_index *index = verifying->archive.index;
    char id[LIMIT_MEMBER_ID_BYTES + 1] = "";
    uint64_t members = 0;
    enum status status;
    while ((status = archive_index_next_member(index, id, id)) == STATUS_OK) {
        members++;
    }
    if (status != STATUS_NOT_FOUND) {
        (void)fprintf(stderr, "loyaltyctl: %s\n", archive_index_error(index));
        return CTL_RETRY_LATER;
    }
    if (verifying->faults == 0 && members > verifying->archived) {
        (void)fprintf(stderr,
                      "fault: the archive has %" PRIu64 " accounts, the service %" PRIu64
                      " of them\n",
                      members, verifying->archived);
        verifying->faults++;
    }
    return CTL_OK;
}

static int verify_all(struct verifying *verifying)
{
    const struct export_walk walk = {
        .session = verifying->session, .visit = visit, .context = verifying};
    int code = export_run(&walk);
    if (code == CTL_OK) {
        code = count_members(verifying);
    }
    if (code != CTL_OK && verifying->faults == 0) {
        return code;
    }
    return print_sums(verifying);
}

int verify_archived(struct session *session, const char *folder,
                    const struct loyalty_member *member)
{
    struct verifying verifying = {.session = session};
    if (member->value != NULL) {
        return verify_member(&verifying, folder, member);
    }
    int code = CTL_USAGE;
    if (archive_folder_open(&verifying.archive, folder, ARCHIVE_READ) == STATUS_OK) {
        code = verify_all(&verifying);
    } else {
        (void)fprintf(stderr, "loyaltyctl: %s\n", verifying.archive.error);
    }
    archive_folder_close(&verifying.archive);
    return code;
}
