// `context ...`: servers by name, so that a command's line need not say where it goes.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/command.h"
#include "ctl/contexts.h"
#include "ctl/print.h"

struct context_line {
    struct globals globals;
    const char *name;
};

static error_t take_name(int key, char *arg, struct argp_state *state)
{
    struct context_line *line = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &line->globals;
        return 0;
    case ARGP_KEY_ARG:
        if (line->name != NULL) {
            argp_usage(state);
        }
        if (!context_name_fits(arg)) {
            argp_error(state, "'%s' cannot name a context: 1 to %d letters, digits, . _ -", arg,
                       CONTEXT_NAME_BYTES - 1);
        }
        line->name = arg;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which context?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

// argp's signature. NOLINTNEXTLINE(readability-non-const-parameter)
static error_t take_nothing(int key, char *arg, struct argp_state *state)
{
    (void)arg;
    if (key == ARGP_KEY_INIT) {
        state->child_inputs[0] = state->input;
        return 0;
    }
    if (key == ARGP_KEY_ARG) {
        argp_usage(state);
    }
    return ARGP_ERR_UNKNOWN;
}

// --- list ---

static void list_table(const struct contexts *contexts)
{
    static const char *const headers[] = {"CONTEXT", "SERVER", "TLS", "AS", "CURRENT"};
    struct print_table *table = print_table_new(5, 0, headers);
    for (size_t i = 0; i < contexts->count; i++) {
        const struct context *row = &contexts->rows[i];
        bool current = strcmp(row->name, contexts->current) == 0;
        const char *cells[] = {row->name, row->values[GLOBALS_SERVER], row->values[GLOBALS_TLS],
                               row->values[GLOBALS_AS], current ? "yes" : ""};
        print_table_add(table, cells);
    }
    print_table_end(table);
}

static void list_json(const struct contexts *contexts)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < contexts->count; i++) {
        const struct context *row = &contexts->rows[i];
        json_t *tree = json_pack("{s:s, s:b}", "name", row->name, "current",
                                 strcmp(row->name, contexts->current) == 0);
        for (enum globals_value value = 0; value < GLOBALS_VALUES; value++) {
            if (*row->values[value] != '\0') {
                (void)json_object_set_new(tree, globals_name(value),
                                          json_string(row->values[value]));
            }
        }
        (void)json_array_append_new(rows, tree);
    }
    print_tree(json_pack("{s:s, s:o}", "file", contexts->path, "contexts", rows));
}

int context_list(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .parser = take_nothing,
        .doc = "Lists the servers that are known by name.",
        .children = globals_child,
    };
    struct globals line = *globals;
    globals_parse_line(&parser, argc, argv, &line);
    static struct contexts contexts;
    int code = contexts_read(&contexts);
    if (code == CTL_OK && line.json) {
        list_json(&contexts);
    } else if (code == CTL_OK) {
        list_table(&contexts);
    }
    return code;
}

// --- show ---

static const char *source_text(const struct globals *globals, enum globals_source from,
                               const char *variable, char out[PRINT_TEXT_BYTES * 2])
{
    switch (from) {
    case FROM_OPTION:
        return "option";
    case FROM_ENVIRONMENT:
        (void)snprintf(out, (size_t)PRINT_TEXT_BYTES * 2, "environment %s", variable);
        return out;
    case FROM_CONTEXT:
        (void)snprintf(out, (size_t)PRINT_TEXT_BYTES * 2, "context %s", globals->context);
        return out;
    case FROM_DEFAULT:
        return "default";
    case FROM_NOWHERE:
        break;
    }
    return "nowhere";
}

static const char *context_source(const struct globals *globals)
{
    switch (globals->context_from) {
    case FROM_OPTION:
        return "option";
    case FROM_ENVIRONMENT:
        return "environment LOYALTY_CONTEXT";
    case FROM_CONTEXT:
        return "context use";
    default:
        return "nowhere";
    }
}

static void show_table(const struct globals *globals)
{
    static const char *const headers[] = {"WHAT", "VALUE", "FROM"};
    struct print_table *table = print_table_new(3, 0, headers);
    const char *first[] = {"context", globals->context, context_source(globals)};
    print_table_add(table, first);
    for (enum globals_value value = 0; value < GLOBALS_VALUES; value++) {
        char from[PRINT_TEXT_BYTES * 2];
        const char *cells[] = {
            globals_name(value), globals_get(globals, value),
            source_text(globals, globals->from[value], globals_variable(value), from)};
        print_table_add(table, cells);
    }
    print_table_end(table);
}

static void show_json(const struct globals *globals)
{
    json_t *tree = json_pack("{s:{s:s?, s:s}}", "context", "value", globals->context, "from",
                             context_source(globals));
    for (enum globals_value value = 0; value < GLOBALS_VALUES; value++) {
        char from[PRINT_TEXT_BYTES * 2];
        json_t *row =
            json_pack("{s:s?, s:s}", "value", globals_get(globals, value), "from",
                      source_text(globals, globals->from[value], globals_variable(value), from));
        (void)json_object_set_new(tree, globals_name(value), row);
    }
    print_tree(tree);
}

int context_show(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .parser = take_nothing,
        .doc = "Shows where a command with these options would go, and where each value comes "
               "from: an option, the environment, a context, or the default.",
        .children = globals_child,
    };
    struct globals line = *globals;
    globals_parse(&parser, argc, argv, &line);
    if (line.json) {
        show_json(&line);
    } else {
        show_table(&line);
    }
    return CTL_OK;
}

// --- set, use, delete ---

// Relative to no folder, for the next command may be given in another.
static bool is_file(enum globals_value value)
{
    return value == GLOBALS_TLS || value == GLOBALS_CA || value == GLOBALS_CERT ||
           value == GLOBALS_KEY;
}

static int set_value(struct context *context, enum globals_value value, const char *text)
{
    char whole[2 * CONTEXTS_PATH_BYTES];
    char folder[CONTEXTS_PATH_BYTES];
    if (is_file(value) && *text != '/' && *text != '\0') {
        if (getcwd(folder, sizeof(folder)) == NULL) {
            (void)fprintf(stderr, "loyaltyctl: this folder has no name; give %s from / on\n",
                          globals_name(value));
            return CTL_USAGE;
        }
        (void)snprintf(whole, sizeof(whole), "%s/%s", folder, text);
        text = whole;
    }
    const char *fault = context_value_fault(value, text);
    if (fault != NULL) {
        (void)fprintf(stderr, "loyaltyctl: --%s %s\n", globals_name(value), fault);
        return CTL_USAGE;
    }
    memcpy(context->values[value], text, strlen(text) + 1);
    return CTL_OK;
}

static int set_all(struct contexts *contexts, const struct context_line *line)
{
    struct context *context = contexts_add(contexts, line->name);
    if (context == NULL) {
        (void)fprintf(stderr, "loyaltyctl: there are %d contexts already, and no more may be\n",
                      CONTEXTS_MAX);
        return CTL_USAGE;
    }
    int code = CTL_OK;
    bool any = false;
    for (enum globals_value value = 0; value < GLOBALS_VALUES && code == CTL_OK; value++) {
        if (line->globals.from[value] == FROM_OPTION) {
            any = true;
            code = set_value(context, value, globals_get(&line->globals, value));
        }
    }
    if (!any) {
        (void)fprintf(stderr, "loyaltyctl: set to what? --server HOST:PORT --tls DIR --as NAME\n");
        return CTL_USAGE;
    }
    return code == CTL_OK ? contexts_write(contexts) : code;
}

int context_set(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .parser = take_name,
        .args_doc = "CONTEXT",
        .doc = "Names a server, or changes what is kept under a name: each of --server, --tls, "
               "--as, --ca, --cert, --key and --output that is given; an empty one (--as=) is "
               "forgotten. Names of files are kept whole.",
        .children = globals_child,
    };
    struct context_line line = {.globals = *globals};
    globals_parse_line(&parser, argc, argv, &line);
    static struct contexts contexts;
    int code = contexts_read(&contexts);
    return code == CTL_OK ? set_all(&contexts, &line) : code;
}

// The context that the line names, in what the file has.
static int find(const struct context_line *line, struct contexts *ret_contexts,
                struct context **ret_context)
{
    int code = contexts_read(ret_contexts);
    if (code != CTL_OK) {
        return code;
    }
    *ret_context = contexts_find(ret_contexts, line->name);
    return *ret_context == NULL ? contexts_unknown(ret_contexts, line->name) : CTL_OK;
}

int context_use(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .parser = take_name,
        .args_doc = "CONTEXT",
        .doc = "Chooses the server that commands go to unless --context, LOYALTY_CONTEXT or more "
               "exact options say otherwise.",
        .children = globals_child,
    };
    struct context_line line = {.globals = *globals};
    globals_parse_line(&parser, argc, argv, &line);
    static struct contexts contexts;
    struct context *context = NULL;
    int code = find(&line, &contexts, &context);
    if (code != CTL_OK) {
        return code;
    }
    (void)snprintf(contexts.current, sizeof(contexts.current), "%s", context->name);
    return contexts_write(&contexts);
}

int context_delete(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .parser = take_name,
        .args_doc = "CONTEXT",
        .doc = "Forgets a server. If it is the one in use, none is in use then.",
        .children = globals_child,
    };
    struct context_line line = {.globals = *globals};
    globals_parse_line(&parser, argc, argv, &line);
    static struct contexts contexts;
    struct context *context = NULL;
    int code = find(&line, &contexts, &context);
    if (code != CTL_OK) {
        return code;
    }
    contexts_remove(&contexts, context);
    return contexts_write(&contexts);
}
