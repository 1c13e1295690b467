// Opening one member's history.
#include "ctl/archive_member.h"

#include <stdio.h>
#include <stdlib.h>

#include "loyalty/v1/admin.pb-c.h"

enum { ROUNDS_MAX = 3 };

int archive_member_complain(const struct archive_history *history, enum status status)
{
    switch (status) {
    case STATUS_OK:
        return CTL_OK;
    case STATUS_CORRUPT:
        (void)fprintf(stderr, "fault: member %s: %s\n", history->member_id, history->fault);
        return CTL_REFUSED;
    case STATUS_IO:
        (void)fprintf(stderr, "loyaltyctl: %s\n",
                      *history->archive->error != '\0'
                          ? history->archive->error
                          : archive_index_error(history->archive->index));
        return CTL_RETRY_LATER;
    default:
        (void)fprintf(stderr, "loyaltyctl: member %s: %s\n", history->member_id,
                      status_name(status));
        return CTL_RETRY_LATER;
    }
}

static enum status read_history(struct archive_member *member, const char *id)
{
    uint32_t partition;
    struct archive_history *history = &member->history;
    TRY(archive_history_init(history, &member->archive, id,
                             span_of(member->log.bytes, member->log.len)));
    TRY(archive_history_partition(history, &partition));
    return archive_history_fold(history, partition);
}

// A log that was compacted, and drained, between our looks is no fault: another look shows.
static int read_member(struct archive_member *member, struct session *session, const char *id)
{
    enum status status = STATUS_CORRUPT;
    for (int round = 0; status == STATUS_CORRUPT && round < ROUNDS_MAX; round++) {
        archive_history_fini(&member->history);
        free(member->log.bytes);
        member->log = (struct export_log){0};
        int code = export_read_log(session, id, &member->log);
        if (code != CTL_OK) {
            return code;
        }
        status = read_history(member, id);
    }
    return archive_member_complain(&member->history, status);
}

int archive_member_open(struct archive_member *member, struct session *session, const char *folder,
                        const struct loyalty_member *who)
{
    *member = (struct archive_member){0};
    if (archive_folder_open(&member->archive, folder, ARCHIVE_READ) != STATUS_OK) {
        (void)fprintf(stderr, "loyaltyctl: %s\n", member->archive.error);
        return CTL_USAGE;
    }
    Loyalty__V1__ReadLogRequest request = LOYALTY__V1__READ_LOG_REQUEST__INIT;
    request.member = session_member(session, who);
    ProtobufCMessage *answer = NULL;
    int code = session_call(session, "/loyalty.v1.AdminService/ReadLog", &request.base, NULL,
                            &loyalty__v1__read_log_response__descriptor, &answer);
    return code == CTL_OK ? read_member(member, session,
                                        ((const Loyalty__V1__ReadLogResponse *)answer)->member_id)
                          : code;
}

void archive_member_close(struct archive_member *member)
{
    archive_history_fini(&member->history);
    free(member->log.bytes);
    archive_folder_close(&member->archive);
}
