// Walks argp's tables. Children of one process write one after the other, each flushed before the
// next begins.
#include "ctl/describe.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "ctl/commands.h"

static void describe_table(const struct argp_option *option, describe_option_fn *each,
                           void *context)
{
    const char *header = "";
    for (; option->name != NULL || option->key != 0 || option->doc != NULL; option++) {
        if (option->name == NULL) {
            header = option->doc == NULL ? "" : option->doc;
        } else if ((option->flags & (OPTION_HIDDEN | OPTION_DOC | OPTION_ALIAS)) == 0) {
            struct described_option described = {
                .name = option->name,
                .letter = option->key > ' ' && option->key < 0x7f ? option->key : 0,
                .value = option->arg,
                .help = option->doc == NULL ? "" : option->doc,
                .header = header,
            };
            each(&described, context);
        }
    }
}

// The tree of parsers has few levels; `depth` only bounds a mistake in a table.
// NOLINTNEXTLINE(misc-no-recursion)
static void describe_tree(const struct argp *parser, int depth, describe_option_fn *each,
                          void *context)
{
    CHECK(depth < DESCRIBE_DEPTH_MAX);
    if (parser->options != NULL) {
        describe_table(parser->options, each, context);
    }
    for (const struct argp_child *child = parser->children; child != NULL && child->argp != NULL;
         child++) {
        if (child->argp != &globals_argp) {
            describe_tree(child->argp, depth + 1, each, context);
        }
    }
}

void describe_options(const struct argp *parser, describe_option_fn *each, void *context)
{
    describe_tree(parser, 0, each, context);
}

bool describe_command(const struct command *command, globals_tell_fn *tell)
{
    (void)fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        (void)close(STDERR_FILENO);
        struct globals globals = {0};
        char *line[] = {(char *)command->words, NULL};
        globals_tell_instead(tell);
        (void)command->run(1, line, &globals);
        _exit(CTL_USAGE); // it has a way around its parser
    }
    int status = 0;
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

// --- JSON ---

static void add_option(const struct described_option *option, void *context)
{
    char letter[2] = {(char)option->letter, '\0'};
    json_t *row = json_pack("{s:s, s:s, s:s?, s:s, s:s}", "name", option->name, "letter", letter,
                            "value", option->value, "help", option->help, "header", option->header);
    (void)json_array_append_new(context, row);
}

// "Usage words", "what it does" and, behind a vertical tab, notes: argp's parts of a parser.
static json_t *parser_tree(const struct argp *parser)
{
    const char *doc = parser->doc == NULL ? "" : parser->doc;
    size_t about = strcspn(doc, "\v");
    json_t *options = json_array();
    describe_options(parser, add_option, options);
    return json_pack("{s:s, s:s%, s:s, s:o}", "arguments",
                     parser->args_doc == NULL ? "" : parser->args_doc, "about", doc, about, "notes",
                     doc[about] == '\0' ? "" : doc + about + 1, "options", options);
}

static void write_tree(json_t *tree)
{
    (void)json_dumpf(tree, stdout, JSON_INDENT(1));
    json_decref(tree);
}

static void tell_tree(const struct argp *parser)
{
    write_tree(parser_tree(parser));
}

static json_t *exits_tree(void)
{
    json_t *exits = json_array();
    for (const struct ctl_exit_meaning *exit = ctl_exits; exit->meaning != NULL; exit++) {
        (void)json_array_append_new(
            exits, json_pack("{s:i, s:s}", "code", (int)exit->code, "meaning", exit->meaning));
    }
    return exits;
}

// The rows are written one by one, for each command's parser is known in its own child only. One
// that does not come to its parser takes null, and the code says so.
int describe_all(void)
{
    int code = CTL_OK;
    size_t count = 0;
    const struct command_group *groups = commands_groups(&count);
    (void)printf("{\"globals\": ");
    tell_tree(&globals_argp);
    (void)printf(",\n\"exits\": ");
    write_tree(exits_tree());
    (void)printf(",\n\"commands\": [");
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < groups[i].count; j++) {
            const struct command *command = &groups[i].commands[j];
            (void)printf("%s\n{\"words\": \"%s\", \"group\": \"%s\", \"summary\": \"%s\", "
                         "\"takes\": ",
                         i + j == 0 ? "" : ",", command->words, groups[i].title, command->summary);
            if (!describe_command(command, tell_tree)) {
                (void)printf("null");
                code = CTL_REFUSED;
            }
            (void)printf("}");
        }
    }
    (void)printf("]}\n");
    return code;
}

int describe_program(const char *name, const struct argp *parser)
{
    (void)printf("{\"name\": \"%s\", \"takes\": ", name);
    tell_tree(parser);
    (void)printf("}\n");
    return CTL_OK;
}
