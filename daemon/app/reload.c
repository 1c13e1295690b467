// All is tried before anything is replaced.
#include "app/reload.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/config_check.h"
#include "base/check.h"
#include "base/log.h"
#include "net/server.h"

void reload_init(struct reload *reload, int argc, char **argv, const struct options *options)
{
    *reload = (struct reload){.argc = argc, .argv = argv, .present = options};
}

static void free_options(struct options *options)
{
    if (options != NULL) {
        options_fini(options);
        free(options);
    }
}

void reload_fini(struct reload *reload)
{
    free_options(reload->owned);
    reload->owned = NULL;
}

static void log_failed(const char *why)
{
    log_event(LOG_ERROR, "reload-failed", "kept=old why=\"%s\"",
              log_text_of(span_of_text(why)).text);
}

// Logs it, too; `why` may end with the options that were read.
static enum status refuse(struct reload *reload, const char *why)
{
    log_failed(why);
    reload->failures++;
    (void)snprintf(reload->error, sizeof reload->error, "%s", why);
    return STATUS_INVALID;
}

// Without lines there was no memory to write them.
static enum status refuse_errors(struct reload *reload, const struct option_errors *errors)
{
    enum status status = refuse(reload, errors->count > 0 ? errors->lines[0] : "no memory");
    for (uint32_t i = 1; i < errors->count; i++) {
        log_failed(errors->lines[i]);
    }
    return status;
}

// Reads and checks; what is wrong is in `fresh`'s arena.
static bool read_fresh(const struct reload *reload, struct options *fresh,
                       struct option_errors *errors)
{
    return options_load(reload->argc, reload->argv, fresh, errors) &&
           options_may_replace(reload->present, fresh, errors);
}

static enum status take(struct reload *reload, struct options *fresh, struct server *server,
                        int64_t wall_ms)
{
    const struct server_tls_options tls = config_tls(fresh);
    const struct server_limits limits = config_limits(fresh);
    const struct server_limits old_limits = config_limits(reload->present);
    char error[LIMIT_TEXT_BYTES] = "";
    if (server_set_limits(server, &limits) != STATUS_OK) {
        return refuse(reload, "no memory for other limits");
    }
    if (server_reload(server, &tls, error, sizeof error) != STATUS_OK) {
        // It takes nothing that was not there before.
        CHECK(server_set_limits(server, &old_limits) == STATUS_OK);
        return refuse(reload, error);
    }
    log_set_level((enum log_level)fresh->log_level);
    log_set_rate(fresh->log_rate);
    free_options(reload->owned);
    reload->owned = fresh;
    reload->present = fresh;
    reload->successes++;
    reload->reloaded_ms = wall_ms;
    reload->error[0] = '\0';
    log_event(LOG_INFO, "reloaded", "what=options,tls,limits");
    return STATUS_OK;
}

enum status reload_run(struct reload *reload, struct server *server, int64_t wall_ms)
{
    struct option_errors errors = {0};
    struct options *fresh = calloc(1, sizeof *fresh);
    if (fresh == NULL) {
        return refuse(reload, "no memory");
    }
    enum status status = STATUS_INVALID;
    if (read_fresh(reload, fresh, &errors)) {
        status = take(reload, fresh, server, wall_ms);
    } else {
        status = refuse_errors(reload, &errors);
    }
    if (status != STATUS_OK) {
        free_options(fresh);
    }
    return status;
}
