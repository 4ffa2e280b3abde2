/* Completion: what may come next, from the tables of commands, options and values. */
#include "cli/cli.h"
#include "cli/complete.h"
#include "cli/help.h"
#include "support/check.h"
#include "tensor/backend.h"

#include <stdio.h>
#include <stdlib.h>

enum { MOST = 12 };

/* What is offered after words, which a blank divides: "a,b," of the first columns. */
static void offers(const char *line, const char *want)
{
    static const lt_backend_ops *const backends[] = {&lt_ref_backend, NULL};
    char copy[256], *words[MOST], names[1024] = "";
    int count = 0;
    lt_buf b = {0};
    snprintf(copy, sizeof copy, "%s", line);
    for (char *c = copy; c && count < MOST; count++) {
        words[count] = c;
        c = strchr(c, ' ');
        if (c)
            *c++ = '\0';
    }
    lt_buf_str(&b, "");
    lt_complete(backends, count, words, &b);
    for (char *row = strtok(b.data, "\n"); row; row = strtok(NULL, "\n")) {
        assert_non_null(strchr(row, '\t'));
        strncat(names, row, strcspn(row, "\t"));
        strcat(names, ",");
    }
    if (strcmp(names, want) != 0)
        fail_msg("'%s': expected %s, found %s", line, want, names);
    lt_buf_done(&b);
}

static void test_commands(void **state)
{
    (void)state;
    offers("r", "render,reproduce,roundtrip,rng,");
    offers("help s", "studio,schedule,");
    offers("help schedule ", "");
    offers("--v", "--version,");
    offers("nonsense ", "");
}

static void test_options(void **state)
{
    (void)state;
    offers("rng ", "--seed,--seeds,--shape,--output,--json,--quiet,--help,");
    offers("info --", "--variant,--json,--quiet,--help,");
    offers("info ", ""); /* a file */
    offers("rng -q --se", "--seed,--seeds,");
    offers("rng --seed 3 --seeds=4 -q --", "--shape,--output,--json,--help,");
    offers("render -p x --pr", "--prompt,"); /* may be given again */
    offers("rng -- --s", "");
    offers("rng --seed=", "");
}

static void test_values(void **state)
{
    (void)state;
    offers("schedule --scheduler e", "euler,euler_a,");
    offers("schedule -s lms-", "lms-blog,");
    offers("schedule --scheduler=lm", "--scheduler=lms,--scheduler=lms-blog,");
    offers("schedule --scheduler =", "lms,lms-blog,euler,euler_a,"); /* as bash cuts it */
    offers("schedule --scheduler = euler_", "euler_a,");
    offers("schedule --timestep-spacing ", "linspace,leading,trailing,");
    offers("render --backend ", "auto,ref,");
    offers("render --dtype ", "auto,f32,");
    offers("render --lens ", "latents,x0,noise,");
    offers("doctor --graphics ", "auto,sixel,kitty,blocks,text,none,");
    offers("studio --theme d", "dark,");
    offers("render --no-", "--no-config,");
    offers("render --output ", "");    /* a file */
    offers("rng --scheduler eul", ""); /* not an option of rng */
}

/* Every option of every command is offered. */
static void test_every_option(void **state)
{
    (void)state;
    for (int i = 0; lt_cli_command(i); i++) {
        int count;
        const lt_command *command = lt_cli_command(i);
        lt_option *o = lt_help_options(command, &count);
        for (int a = 0; a < count; a++) {
            char line[128], row[1024];
            lt_buf b = {0};
            char *words[] = {line, row};
            snprintf(line, sizeof line, "%s", command->name);
            snprintf(row, sizeof row, "--%s", o[a].name);
            lt_complete((const lt_backend_ops *const[]){NULL}, 2, words, &b);
            snprintf(row, sizeof row, "--%s\t%s\n", o[a].name, o[a].help);
            assert_non_null(strstr(b.data, row));
            lt_buf_done(&b);
        }
        free(o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commands),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_every_option),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
