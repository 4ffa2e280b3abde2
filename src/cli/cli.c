/* cli.c - from the words of the command line to a command and its exit code; see cli.h. */
#define _POSIX_C_SOURCE 200809L
#include "cli/cli.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/nearest.h"
#include "base/version.h"
#include "cli/complete.h"
#include "cli/devices.h"
#include "cli/help.h"
#include "cli/output.h"
#include "cli/screen.h"
#include "cli/signals.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

const lt_command *lt_cli_command(int i)
{
    static const lt_command *const commands[] = {
        &lt_command_studio,   &lt_command_render, &lt_command_reproduce, &lt_command_info,
        &lt_command_tokens,   &lt_command_encode, &lt_command_noise,     &lt_command_roundtrip,
        &lt_command_schedule, &lt_command_rng,    &lt_command_bench,     &lt_command_doctor,
        &lt_command_history,  &lt_command_config, &lt_command_lesson,
    };
    return i < LT_COUNT(commands) ? commands[i] : NULL;
}

static const char *command_name(const void *context, int i)
{
    (void)context;
    const lt_command *c = lt_cli_command(i);
    return c ? c->name : NULL;
}

const lt_command *lt_cli_find(const char *name)
{
    for (int i = 0; lt_cli_command(i); i++)
        if (strcmp(lt_cli_command(i)->name, name) == 0)
            return lt_cli_command(i);
    return NULL;
}

static const lt_command *find(const char *name, lt_error *err)
{
    const lt_command *command = lt_cli_find(name);
    if (command)
        return command;
    lt_fail(err, LT_ERR_ARGUMENT, "latentty --help", "unknown command '%s'", name);
    const char *near = lt_nearest(name, command_name, NULL);
    if (near)
        lt_fail_hint(err, "latentty %s", near);
    return NULL;
}

static int code_of(const lt_error *err)
{
    switch (err->code) {
    case LT_ERR_NONE:
        return EXIT_DONE;
    case LT_ERR_ARGUMENT:
        return EXIT_USAGE;
    case LT_ERR_CANCELLED:
        return lt_signals_received() ? 128 + lt_signals_received() : EXIT_FAILED;
    default:
        return EXIT_FAILED;
    }
}

static void print(FILE *to, lt_buf *text)
{
    if (text->len)
        fwrite(text->data, 1, text->len, to);
    lt_buf_done(text);
}

static bool check_operands(const lt_command *command, const lt_args *args, lt_error *err)
{
    int want = command->operand ? 1 : 0, most = command->operands ? command->operands : want;
    if (args->operand_count < want)
        lt_fail(err, LT_ERR_ARGUMENT, NULL, "%s needs %s", command->name, command->operand);
    else if (args->operand_count > most)
        lt_fail(err, LT_ERR_ARGUMENT, NULL, "'%s' is left over: %s takes %s", args->operands[most],
                command->name, command->operand ? command->operand : "options only");
    else
        return true;
    return lt_fail_hint(err, "latentty %s %s", command->name, command->synopsis);
}

static bool run(const lt_command *command, const lt_context *c, lt_error *err)
{
    return check_operands(command, c->args, err) && command->run(c, err);
}

static int run_command(const lt_command *command, int argc, char **argv,
                       const lt_backend_ops *const *backends)
{
    int count;
    lt_error err = {0};
    lt_args args;
    lt_config config = {0};
    lt_option *options = lt_help_options(command, &count);
    bool ok = lt_args_parse(options, count, argc, argv, &args, &err);
    if (lt_args_has(&args, "help")) {
        lt_buf text = {0};
        lt_help_command(command, lt_screen_columns(STDOUT_FILENO), &text);
        print(stdout, &text);
        ok = true;
        err = (lt_error){0};
    } else if (ok) {
        bool configured = command->configured && !lt_args_has(&args, "no-config");
        if (configured)
            lt_config_read(backends, lt_conf_path("latentty.conf"), &config);
        lt_context c = {.backends = backends,
                        .args = &args,
                        .config = configured ? &config : NULL,
                        .progress = lt_signals_progress(),
                        .json = lt_args_has(&args, "json"),
                        .quiet = lt_args_has(&args, "quiet")};
        ok = run(command, &c, &err);
    }
    if (ok)
        ok = lt_output_done(&err);
    if (!ok && err.code == LT_ERR_CANCELLED && strcmp(err.message, "cancelled") == 0)
        ok = lt_signals_check(&err); /* a backend does not know by what */
    if (!ok) {
        fflush(stdout); /* what was printed before comes before the error */
        lt_output_error(&err);
        if (err.code == LT_ERR_ARGUMENT && !*err.hint)
            lt_output_line(stderr, "hint: latentty %s --help", command->name);
    }
    lt_config_done(&config);
    lt_args_done(&args);
    free(options);
    return code_of(&err);
}

static void print_version(const lt_backend_ops *const *backends)
{
    lt_output_line(stdout, "latentty %s", LT_VERSION);
    for (int i = 0; backends[i]; i++) {
        lt_error why;
        bool usable = !backends[i]->usable || backends[i]->usable(&why);
        lt_buf types = {0};
        lt_devices_types(backends[i], &types);
        lt_output_line(stdout, "backend %s (%s): %s", backends[i]->name,
                       usable ? types.data : "not usable here, see latentty doctor",
                       backends[i]->what);
        lt_buf_done(&types);
    }
}

static int fail(const lt_error *err)
{
    fflush(stdout);
    lt_output_error(err);
    return code_of(err);
}

static int print_help(const lt_command *command)
{
    lt_error err = {0};
    lt_buf text = {0};
    if (command)
        lt_help_command(command, lt_screen_columns(STDOUT_FILENO), &text);
    else
        lt_help_program(lt_screen_columns(STDOUT_FILENO), &text);
    print(stdout, &text);
    return lt_output_done(&err) ? EXIT_DONE : fail(&err);
}

/* Not in the help: only the scripts in completions/ ask for this. */
static int print_completions(int count, char *const *words, const lt_backend_ops *const *backends)
{
    lt_error err = {0};
    lt_buf text = {0};
    lt_complete(backends, count, words, &text);
    print(stdout, &text);
    return lt_output_done(&err) ? EXIT_DONE : fail(&err);
}

/* A descriptor that the parent closed is taken, so that no file of ours becomes stdout; using it
 * still fails. */
static void hold_standard_streams(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd)
            _exit(EXIT_FAILED);
}

int lt_cli_main(int argc, char **argv, const lt_backend_ops *const *backends)
{
    lt_error err = {0};
    hold_standard_streams();
    lt_signals_install();
    const char *word = argc > 1 ? argv[1] : "";
    if (strcmp(word, "--version") == 0) {
        print_version(backends);
        return lt_output_done(&err) ? EXIT_DONE : fail(&err);
    }
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        return print_help(NULL);
    if (strcmp(word, "help") == 0) {
        const lt_command *about = argc > 2 ? find(argv[2], &err) : NULL;
        return argc > 2 && !about ? fail(&err) : print_help(about);
    }
    if (strcmp(word, "complete") == 0)
        return print_completions(argc - 2, argv + 2, backends);
    bool screen = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    if (*word == '-' || (argc < 2 && screen))
        return run_command(&lt_command_studio, argc - 1, argv + 1, backends);
    if (argc < 2) {
        lt_buf text = {0};
        lt_help_program(lt_screen_columns(STDERR_FILENO), &text);
        print(stderr, &text);
        return EXIT_USAGE;
    }
    const lt_command *command = find(word, &err);
    return command ? run_command(command, argc - 2, argv + 2, backends) : fail(&err);
}
