/* complete.c - see complete.h. */
#include "cli/complete.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/help.h"
#include "gfx/graphics.h"
#include "pipeline/lens.h"
#include "pipeline/vae_tiles.h"
#include "sample/sampler.h"
#include "tui/theme.h"
#include "tui/tour.h"

typedef struct request {
    const lt_backend_ops *const *backends;
    int count;
    char *const *words;
    const char *start; /* what the answers begin with */
    lt_buf *out;
} request;

static void offer(const request *r, const char *before, const char *word, const char *help)
{
    if (strncmp(word, r->start, strlen(r->start)) == 0)
        lt_buf_format(r->out, "%s%s\t%s\n", before, word, help);
}

/* ---- values ---- */

static const char *sampler_at(const request *r, int i)
{
    (void)r;
    const lt_sampler *s = lt_sampler_at(i);
    return s ? s->name : NULL;
}

static const char *spacing_at(const request *r, int i)
{
    (void)r;
    int spacing = LT_SPACING_UNSET + 1 + i;
    return spacing <= LT_SPACING_TRAILING ? lt_spacing_name((lt_spacing)spacing) : NULL;
}

/* Those that can be used here. */
static const char *backend_at(const request *r, int i)
{
    if (i == 0)
        return "auto";
    for (const lt_backend_ops *const *b = r->backends; *b; b++) {
        lt_error ignored;
        if ((!(*b)->usable || (*b)->usable(&ignored)) && --i == 0)
            return (*b)->name;
    }
    return NULL;
}

static bool computed(const request *r, lt_dtype dtype)
{
    bool fast;
    for (int i = 0; r->backends[i]; i++)
        if (r->backends[i]->supports(dtype, &fast))
            return true;
    return false;
}

static const char *dtype_at(const request *r, int i)
{
    if (i == 0)
        return "auto";
    for (int dtype = LT_F32; dtype <= LT_I32; dtype++)
        if (computed(r, (lt_dtype)dtype) && --i == 0)
            return lt_dtype_name((lt_dtype)dtype);
    return NULL;
}

static const char *tiling_at(const request *r, int i)
{
    (void)r;
    return i <= LT_TILING_OFF ? lt_tiling_name((lt_tiling)i) : NULL;
}

static const char *lens_at(const request *r, int i)
{
    (void)r;
    return lt_lens_at(i);
}

static const char *graphics_at(const request *r, int i)
{
    (void)r;
    return i < LT_GRAPHICS_COUNT ? lt_graphics_name((lt_graphics)i) : NULL;
}

static const char *theme_at(const request *r, int i)
{
    (void)r;
    return i < LT_THEME_COUNT ? lt_theme_name((lt_theme)i) : NULL;
}

/* The options whose values are words of ours. */
static const struct {
    const char *option;
    const char *(*at)(const request *r, int i);
} kinds[] = {
    {"scheduler", sampler_at}, {"timestep-spacing", spacing_at},
    {"backend", backend_at},   {"dtype", dtype_at},
    {"lens", lens_at},         {"graphics", graphics_at},
    {"theme", theme_at},       {"vae-tiling", tiling_at},
};

static void values(const request *r, const lt_option *o, const char *before)
{
    const char *word;
    for (int k = 0; k < LT_COUNT(kinds); k++)
        for (int i = 0; strcmp(kinds[k].option, o->name) == 0 && (word = kinds[k].at(r, i)); i++)
            offer(r, before, word, "");
}

/* ---- options ---- */

typedef struct table {
    const lt_option *options;
    int count;
} table;

static bool names(const lt_option *o, const char *word)
{
    if (word[0] == '-' && word[1] == '-')
        return strcmp(word + 2, o->name) == 0;
    return word[0] == '-' && o->letter && word[1] == o->letter && word[2] == '\0';
}

/* The option that `word` names and that takes a value; NULL if there is none. */
static const lt_option *valued(const table *t, const char *word)
{
    for (int i = 0; i < t->count; i++)
        if (t->options[i].metavar && names(&t->options[i], word))
            return &t->options[i];
    return NULL;
}

static bool given(const request *r, const lt_option *o)
{
    size_t n = strlen(o->name);
    for (int i = 1; i < r->count - 1; i++) {
        const char *word = r->words[i];
        bool with_value =
            strncmp(word, "--", 2) == 0 && strncmp(word + 2, o->name, n) == 0 && word[2 + n] == '=';
        if (with_value || names(o, word))
            return true;
    }
    return false;
}

static void options(const request *r, const table *t)
{
    for (int i = 0; i < t->count; i++) {
        const lt_option *o = &t->options[i];
        char word[64];
        snprintf(word, sizeof word, "--%s", o->name);
        if (o->many || !given(r, o))
            offer(r, "", word, o->help);
    }
}

/* "--name=", whose value comes in the same word: offers the whole word. */
static void inside(request *r, const table *t)
{
    const char *word = r->start, *equals = strchr(word, '=');
    for (int i = 0; i < t->count; i++) {
        char before[64];
        int n = snprintf(before, sizeof before, "--%s=", t->options[i].name);
        if (equals - word + 1 == n && strncmp(word, before, (size_t)n) == 0) {
            r->start = equals + 1;
            values(r, &t->options[i], before);
            return;
        }
    }
}

/* Their numbers, with their titles. */
static void lessons(const request *r)
{
    lt_lessons all;
    lt_error ignored;
    if (lt_lessons_list(&all, &ignored))
        for (int i = 0; i < all.count; i++) {
            char number[16];
            snprintf(number, sizeof number, "%d", all.all[i].number);
            offer(r, "", number, all.all[i].title);
        }
    lt_lessons_done(&all);
}

static void of_command(request *r, const lt_command *command, const table *t)
{
    int last = r->count - 1;
    for (int i = 1; i < last; i++)
        if (strcmp(r->words[i], "--") == 0)
            return;
    /* bash makes three words of --name=value */
    bool fresh = strcmp(r->start, "=") == 0;
    if (fresh)
        r->start = "";
    else if (last > 1 && strcmp(r->words[last - 1], "=") == 0)
        last--;
    const lt_option *o = last > 1 ? valued(t, r->words[last - 1]) : NULL;
    if (o)
        values(r, o, "");
    else if (fresh)
        return;
    else if (command == &lt_command_lesson && *r->start != '-' && last == 1)
        lessons(r);
    else if (strncmp(r->start, "--", 2) == 0 && strchr(r->start, '='))
        inside(r, t);
    else if (*r->start == '-' || (*r->start == '\0' && !command->operand))
        options(r, t);
}

/* ---- commands ---- */

static void commands(const request *r)
{
    for (int i = 0; lt_cli_command(i); i++)
        offer(r, "", lt_cli_command(i)->name, lt_cli_command(i)->summary);
}

void lt_complete(const lt_backend_ops *const *backends, int count, char *const *words, lt_buf *out)
{
    request r = {backends, count, words, count ? words[count - 1] : "", out};
    bool help = count == 2 && strcmp(words[0], "help") == 0;
    const lt_command *command = count > 1 ? lt_cli_find(words[0]) : NULL;
    if (count <= 1 || help)
        commands(&r);
    if (count <= 1) {
        offer(&r, "", "help", "what a command does, and its options");
        offer(&r, "", "--help", "the commands");
        offer(&r, "", "--version", "the version, and the backends that were built in");
    }
    if (command) {
        table t;
        lt_option *all = lt_help_options(command, &t.count);
        t.options = all;
        of_command(&r, command, &t);
        free(all);
    }
}
