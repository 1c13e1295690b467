// `completion bash`: a script for bash, made of the table of commands and the parsers of each, so
// that it cannot say anything else than the program takes.
//
// The script's tables: the commands line by line; for each what it takes, an option as
// --name=VALUE, "--name" if it takes none. VALUE and arguments are as help has them: FILE and
// what ends in .yaml are files, DIR and FOLDER folders, CONTEXT a name of context list, words of
// small letters between | are what there is to choose.
#include <stdio.h>
#include <string.h>

#include "ctl/commands.h"
#include "ctl/describe.h"

static const char head[] =
    "# bash completion for loyaltyctl, written by `loyaltyctl completion bash`.\n"
    "# shellcheck shell=bash disable=SC2034\n\n";

static const char body[] =
    "_loyaltyctl_names() { # the names of contexts\n"
    "    local name rest\n"
    "    \"${COMP_WORDS[0]}\" context list 2>/dev/null | {\n"
    "        read -r name rest\n"
    "        while read -r name rest; do printf '%s\\n' \"$name\"; done\n"
    "    }\n"
    "}\n\n"
    "_loyaltyctl_values() { # KIND WORD: what of that kind begins with the word\n"
    "    local kind=$1 word=$2 choice choices\n"
    "    case $kind in\n"
    "    FILE | *.yaml)\n"
    "        compopt -o filenames 2>/dev/null\n"
    "        mapfile -t COMPREPLY < <(compgen -f -- \"$word\") ;;\n"
    "    DIR | FOLDER)\n"
    "        compopt -o filenames 2>/dev/null\n"
    "        mapfile -t COMPREPLY < <(compgen -d -- \"$word\") ;;\n"
    "    CONTEXT)\n"
    "        mapfile -t COMPREPLY < <(compgen -W \"$(_loyaltyctl_names)\" -- \"$word\") ;;\n"
    "    *=*) ;;\n"
    "    *)\n"
    "        IFS='|' read -ra choices <<<\"$kind\"\n"
    "        for choice in \"${choices[@]}\"; do\n"
    "            [[ $choice =~ ^[a-z-]+$ && $choice == \"$word\"* ]] && COMPREPLY+=(\"$choice\")\n"
    "        done ;;\n"
    "    esac\n"
    "}\n\n"
    "_loyaltyctl_kind() { # OPTION: sets kind to its value's, empty if it takes none\n"
    "    local each list\n"
    "    kind=\n"
    "    read -ra list <<<\"$options\"\n"
    "    for each in \"${list[@]}\"; do\n"
    "        [[ ${each%%=*} == \"$1\" ]] || continue # a command's own options are the first\n"
    "        [[ $each == *=* ]] && kind=${each#*=}\n"
    "        return\n"
    "    done\n"
    "}\n\n"
    "_loyaltyctl_next() { # WORD: the command's next words, once each\n"
    "    local line seen=' ' next\n"
    "    while read -r line; do\n"
    "        [[ -z $command || $line == \"$command \"* ]] || continue\n"
    "        next=${line#\"$command\"}\n"
    "        read -r next _ <<<\"$next\"\n"
    "        [[ $next == \"$1\"* && $seen != *\" $next \"* ]] || continue\n"
    "        seen+=\"$next \"\n"
    "        COMPREPLY+=(\"$next\")\n"
    "    done <<<\"$_loyaltyctl_commands\"\n"
    "}\n\n"
    "_loyaltyctl() {\n"
    "    local words=() word i command= options= arguments= kind= waiting= place=0 list each\n"
    "    COMPREPLY=()\n"
    "    # bash cuts words at = and : too; they are put together again\n"
    "    for ((i = 1; i <= COMP_CWORD; i++)); do\n"
    "        word=${COMP_WORDS[i]}\n"
    "        if ((${#words[@]} > 0)) && [[ $word == [:=]* || ${words[-1]} == *[!:=]: ||\n"
    "            ${words[-1]} == --*= ]]; then\n"
    "            words[-1]+=$word\n"
    "        else\n"
    "            words+=(\"$word\")\n"
    "        fi\n"
    "    done\n"
    "    _loyaltyctl_takes ''\n"
    "    for ((i = 0; i < ${#words[@]} - 1; i++)); do\n"
    "        word=${words[i]}\n"
    "        if [[ -n $waiting ]]; then\n"
    "            waiting=\n"
    "        elif [[ $word == -* ]]; then\n"
    "            _loyaltyctl_kind \"$word\"\n"
    "            waiting=$kind\n"
    "        elif ((place == 0)) && [[ $'\\n'$_loyaltyctl_commands$'\\n' == "
    "*$'\\n'\"${command:+$command }$word\"[$' \\n']* ]]; then\n"
    "            command=${command:+$command }$word\n"
    "            _loyaltyctl_takes \"$command\"\n"
    "        else\n"
    "            ((place++))\n"
    "        fi\n"
    "    done\n"
    "    word=${words[-1]}\n"
    "    if [[ -n $waiting ]]; then\n"
    "        _loyaltyctl_values \"$waiting\" \"$word\"\n"
    "    elif [[ $word == --*=* ]]; then\n"
    "        _loyaltyctl_kind \"${word%%=*}\"\n"
    "        _loyaltyctl_values \"$kind\" \"${word#*=}\"\n"
    "    elif [[ $word == -* ]]; then\n"
    "        read -ra list <<<\"$options\"\n"
    "        for each in \"${list[@]}\"; do\n"
    "            [[ ${each%%=*} == \"$word\"* ]] && COMPREPLY+=(\"${each%%=*}\")\n"
    "        done\n"
    "    else\n"
    "        ((place == 0)) && _loyaltyctl_next \"$word\"\n"
    "        read -ra list <<<\"$arguments\"\n"
    "        ((place < ${#list[@]})) && _loyaltyctl_values \"${list[place]//[][.]/}\" \"$word\"\n"
    "    fi\n"
    "    return 0\n"
    "}\n\n"
    "complete -F _loyaltyctl loyaltyctl\n";

// argp's signature. NOLINTNEXTLINE(readability-non-const-parameter)
static error_t take(int key, char *arg, struct argp_state *state)
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

static void write_option(const struct described_option *option, void *context)
{
    (void)context;
    const char *equals = option->value == NULL ? "" : "=";
    const char *value = option->value == NULL ? "" : option->value;
    (void)printf("--%s%s%s ", option->name, equals, value);
    if (option->letter != 0) {
        (void)printf("-%c%s%s ", (char)option->letter, equals, value);
    }
}

// Of several ways to write the arguments the first is completed.
static void write_takes(const struct argp *parser)
{
    const char *arguments = parser->args_doc == NULL ? "" : parser->args_doc;
    (void)printf("options='");
    describe_options(parser, write_option, NULL);
    (void)printf("'$_loyaltyctl_everywhere arguments='%.*s'", (int)strcspn(arguments, "\n"),
                 arguments);
}

static void write_commands(bool takes)
{
    size_t count = 0;
    const struct command_group *groups = commands_groups(&count);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < groups[i].count; j++) {
            const struct command *command = &groups[i].commands[j];
            (void)printf(takes ? "    '%s') " : "%s\n", command->words);
            if (takes) {
                (void)describe_command(command, write_takes);
                (void)printf(" ;;\n");
            }
        }
    }
}

int completion_bash(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .parser = take,
        .doc = "Writes a script that completes loyaltyctl's commands, options, files and contexts "
               "in bash; `eval \"$(loyaltyctl completion bash)\"` takes it into a shell.",
        .children = globals_child,
    };
    struct globals line = *globals;
    globals_parse_line(&parser, argc, argv, &line);
    (void)printf("%s_loyaltyctl_commands='", head);
    write_commands(false);
    (void)printf("'\n_loyaltyctl_everywhere='");
    describe_options(&globals_argp, write_option, NULL);
    (void)printf("'\n\n_loyaltyctl_takes() { # COMMAND: sets its options and arguments\n"
                 "    options=$_loyaltyctl_everywhere arguments=\n    case $1 in\n");
    write_commands(true);
    (void)printf("    esac\n}\n\n%s", body);
    return CTL_OK;
}
