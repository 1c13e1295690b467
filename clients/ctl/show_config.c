// `show config`: a daemon's options with their values in force, and where those come from.
#include <string.h>

#include "ctl/command.h"
#include "ctl/print.h"
#include "ctl/show_parts.h"
#include "loyalty/v1/monitor.pb-c.h"

static void print_options(const Loyalty__V1__GetConfigResponse *config)
{
    static const char *const headers[] = {"option", "value", "from", "reload"};
    struct print_table *table = print_table_new(4, 0, headers);
    for (size_t i = 0; i < config->n_options; i++) {
        const Loyalty__V1__ConfigOption *option = config->options[i];
        const char *const cells[] = {option->name, option->value, option->source,
                                     option->reloadable ? "SIGHUP" : "restart"};
        print_table_add(table, cells);
    }
    print_table_end(table);
}

static void keep_changed(Loyalty__V1__GetConfigResponse *config)
{
    size_t kept = 0;
    for (size_t i = 0; i < config->n_options; i++) {
        if (strcmp(config->options[i]->source, "default") != 0) {
            config->options[kept++] = config->options[i];
        }
    }
    config->n_options = kept;
}

static int ask_config(struct session *session, const struct show_line *line)
{
    Loyalty__V1__GetConfigRequest request = LOYALTY__V1__GET_CONFIG_REQUEST__INIT;
    ProtobufCMessage *answer = NULL;
    int code = session_call(session, "/loyalty.v1.MonitorService/GetConfig", &request.base, NULL,
                            &loyalty__v1__get_config_response__descriptor, &answer);
    if (code != CTL_OK) {
        return code;
    }
    Loyalty__V1__GetConfigResponse *config = (Loyalty__V1__GetConfigResponse *)answer;
    if (line->only) {
        keep_changed(config);
    }
    if (session->globals->json) {
        return print_json(session, answer, false);
    }
    print_options(config);
    return CTL_OK;
}

int show_config(int argc, char **argv, const struct globals *globals)
{
    static const struct argp_option options[] = {
        {"changed", SHOW_KEY_ONLY, NULL, 0, "Only what does not stand at its default", 0},
        {0},
    };
    static const struct argp parser = {
        .options = options,
        .parser = show_take,
        .doc = "Lists a daemon's options with the values in force, where each comes from, and "
               "whether SIGHUP takes a new one. Of secrets only their files' names are known.",
        .children = globals_child,
    };
    return show_run(&parser, argc, argv, globals, ask_config);
}
