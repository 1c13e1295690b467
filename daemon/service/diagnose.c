// MonitorService.Diagnose: gathers the findings and answers them.
#include "service/diagnose.h"

#include <stdarg.h>
#include <stdio.h>

#include "service/handlers.h"
#include "wire/message.h"
#include "wire/replies.h"

enum {
    FINDING_TEXT = 400,      // a sentence
    ELEMENT_BYTES = 6,       // an element's tag and length
    ANSWER_BYTES = 48 << 10, // of all findings
};

static const Loyalty__V1__FindingLevel levels[] = {
    [FINDING_GOOD] = LOYALTY__V1__FINDING_LEVEL__FINDING_LEVEL_GOOD,
    [FINDING_WARNING] = LOYALTY__V1__FINDING_LEVEL__FINDING_LEVEL_WARNING,
    [FINDING_FAULT] = LOYALTY__V1__FINDING_LEVEL__FINDING_LEVEL_FAULT,
};

static enum status make(struct diagnosis *diagnosis, const struct finding *finding,
                        Loyalty__V1__Finding **ret_finding)
{
    struct arena *arena = &diagnosis->request->arena;
    Loyalty__V1__Finding *made =
        (Loyalty__V1__Finding *)message_new(&loyalty__v1__finding__descriptor, arena);
    if (made == NULL) {
        return STATUS_NO_MEMORY;
    }
    made->level = levels[finding->level];
    TRY(replies_text(arena, span_of_text(finding->code), &made->code));
    TRY(replies_text(arena, span_of_text(finding->what), &made->what));
    TRY(replies_text(arena, span_of_text(finding->advice), &made->advice));
    *ret_finding = made;
    return STATUS_OK;
}

// False: there is no room for another.
static bool add(struct diagnosis *diagnosis, const struct finding *finding)
{
    Loyalty__V1__Finding *made = NULL;
    if (diagnosis->status != STATUS_OK || diagnosis->response.n_findings == DIAGNOSE_FINDINGS) {
        return false;
    }
    diagnosis->status = make(diagnosis, finding, &made);
    if (diagnosis->status != STATUS_OK) {
        return false;
    }
    size_t bytes = protobuf_c_message_get_packed_size(&made->base) + ELEMENT_BYTES;
    if (bytes > diagnosis->room) {
        return false;
    }
    diagnosis->room -= bytes;
    diagnosis->findings[diagnosis->response.n_findings++] = made;
    return true;
}

void diagnose_note(struct diagnosis *diagnosis, enum finding_level level, const char *code,
                   const char *advice, const char *format, ...)
{
    char what[FINDING_TEXT];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(what, sizeof what, format, args);
    va_end(args);
    const struct finding finding = {.level = level, .code = code, .what = what, .advice = advice};
    (void)add(diagnosis, &finding);
}

static bool on_finding(void *context, const struct finding *finding)
{
    return add(context, finding);
}

static void on_done(struct diagnosis *diagnosis)
{
    struct request *request = diagnosis->request;
    const struct monitor_port *port = request->service->monitor;
    if (port != NULL && port->findings != NULL) {
        port->findings(port->context, on_finding, diagnosis);
    }
    diagnosis->response.findings = diagnosis->findings;
    if (diagnosis->status == STATUS_OK) {
        request_reply(request, &diagnosis->response.base, false);
    } else {
        request_internal(request, diagnosis->status);
    }
    request_end(request);
}

void monitor_diagnose(struct request *request)
{
    struct diagnosis *diagnosis = request_state(request, sizeof(*diagnosis));
    if (diagnosis == NULL) {
        return;
    }
    diagnosis->request = request;
    diagnosis->room = ANSWER_BYTES;
    diagnosis->on_done = on_done;
    loyalty__v1__diagnose_response__init(&diagnosis->response);
    diagnose_own(diagnosis);
    if (lease_check(request->service->lease, false) == TROUBLE_NONE) {
        diagnose_ledger(diagnosis);
    } else {
        on_done(diagnosis);
    }
}
