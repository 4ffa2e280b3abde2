/*
 * fuzz_cmdline.c - input: the words of a command line with a byte 0x1E between, the command first.
 * The command runs with the reference backend where there is no model, so it ends when its options
 * and files are read.  It runs in an empty folder, and no word may have a slash: it must not reach
 * other files.
 */
#define _XOPEN_SOURCE 700
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/panic.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/help.h"
#include "fuzz.h"
#include "tensor/backend.h"

enum { MOST_WORDS = 32, MOST_NUMBERS = 1 << 16 };

static const lt_backend_ops *const backends[] = {&lt_ref_backend, NULL};

static void prepare(void)
{
    LT_ASSERT(chdir(fuzz_dir()) == 0 && setenv("HOME", fuzz_dir(), 1) == 0);
    LT_ASSERT(setenv("LATENTTY_ASSETS", fuzz_dir(), 1) == 0 && unsetenv("HF_HOME") == 0);
    LT_ASSERT(freopen("/dev/null", "r", stdin)); /* for `tokens -` */
    LT_ASSERT(freopen("/dev/null", "w", stdout));
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
    (void)st, (void)kind;
    return walk->level > 0 ? remove(path) : 0;
}

static const lt_command *find(const char *name)
{
    for (int i = 0; lt_cli_command(i); i++)
        if (strcmp(lt_cli_command(i)->name, name) == 0)
            return lt_cli_command(i);
    return NULL;
}

/* A large --shape is not what is looked for here, and takes long. */
static bool is_small(const lt_args *args)
{
    const char *shape = lt_args_value(args, "shape");
    double numbers = 1;
    for (char *c = (char *)(uintptr_t)shape; c && *c; c += *c == ',')
        numbers *= strtod(c, &c), c += strcspn(c, ",");
    return numbers <= MOST_NUMBERS;
}

static bool run(const lt_command *command, const lt_args *args, lt_error *err)
{
    lt_progress progress = {0};
    lt_context c = {.backends = backends, .args = args, .progress = &progress, .quiet = true};
    if (args->operand_count != (command->operand ? 1 : 0) || !is_small(args))
        return true;
    return command->run(&c, err);
}

static void check_error(const lt_error *err)
{
    LT_ASSERT(err->code != LT_ERR_NONE && err->code != LT_ERR_CANCELLED && *err->message);
    for (size_t i = 0, n; err->message[i]; i += n) {
        int32_t point;
        n = lt_text_next(err->message + i, strlen(err->message + i), &point);
        LT_ASSERT(point >= 0 && !lt_text_hostile(point));
    }
}

static void run_words(char **words, int count)
{
    int options_count;
    lt_args args;
    lt_error err = {0};
    const lt_command *command = find(words[0]);
    if (!command)
        return;
    lt_option *options = lt_help_options(command, &options_count);
    if (!lt_args_parse(options, options_count, count - 1, words + 1, &args, &err) ||
        !run(command, &args, &err))
        check_error(&err);
    lt_args_done(&args);
    free(options);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool prepared;
    fuzz_input in = {.data = data, .size = size};
    char *words[MOST_WORDS];
    int count = 0;
    bool apart = true;
    if (!prepared)
        prepare();
    prepared = true;
    while (count < MOST_WORDS && (words[count] = fuzz_next(&in, NULL)))
        apart = !strchr(words[count++], '/') && apart;
    if (apart) {
        run_words(words, count);
        nftw(".", remove_one, 16, FTW_DEPTH | FTW_PHYS);
    }
    for (int i = 0; i < count; i++)
        free(words[i]);
    return 0;
}
