/* cmd_lesson.c - `latentty lesson`: the guided tours, and the check of one. */
#include <string.h>

#include "cli/output.h"
#include "cli/studio.h"
#include "cli/studio_options.h"
#include "tui/cells.h"
#include "tui/tour.h"

static bool list(const lt_context *c, lt_error *err)
{
    lt_lessons all;
    if (!lt_lessons_list(&all, err)) {
        lt_lessons_done(&all);
        return false;
    }
    json_object *rows = c->json ? json_object_new_array() : NULL;
    int wide = 0, digits = all.all[all.count - 1].number > 9 ? 2 : 1;
    for (int i = 0; i < all.count; i++) {
        int cells = lt_cells_width(all.all[i].title, strlen(all.all[i].title));
        wide = cells > wide ? cells : wide;
    }
    for (int i = 0; i < all.count; i++) {
        const lt_lesson_entry *e = &all.all[i];
        if (!rows) {
            int cells = lt_cells_width(e->title, strlen(e->title));
            lt_output_line(stdout, "%*d  %s%*s  %s", digits, e->number, e->title, wide - cells, "",
                           e->about);
            continue;
        }
        json_object *row = json_object_new_object();
        lt_output_set(row, "number", json_object_new_int(e->number));
        lt_output_set(row, "title", lt_output_text(e->title));
        lt_output_set(row, "about", lt_output_text(e->about));
        lt_output_set(row, "file", lt_output_text(e->path));
        json_object_array_add(rows, row);
    }
    if (rows) {
        json_object *o = json_object_new_object();
        lt_output_set(o, "lessons", rows);
        lt_output_json(o);
    }
    lt_lessons_done(&all);
    return true;
}

/* The mistakes go to stderr, a line each, as those of a compiler. */
static bool check(const lt_context *c, const char *path, lt_error *err)
{
    lt_lesson lesson;
    lt_conf_faults faults = {0};
    bool ok = lt_lesson_read(path, &lesson, &faults, err);
    if (ok && !faults.count && !c->quiet)
        lt_output_line(stdout, "%s: lesson '%s', %d pages, nothing is wrong", path, lesson.title,
                       lesson.count);
    for (char *at = faults.all.data, *end; at && *at; at = end) {
        end = at + strcspn(at, "\n");
        if (*end)
            *end++ = '\0';
        lt_output_line(stderr, "%s", at);
    }
    if (ok && faults.count)
        ok = lt_fail(err, LT_ERR_FORMAT, NULL, "'%s' has %d mistake%s", path, faults.count,
                     faults.count == 1 ? "" : "s");
    lt_conf_faults_done(&faults);
    lt_lesson_done(&lesson);
    return ok;
}

/* What is wrong with it is told here, before there is a screen. */
static bool open(const lt_context *c, const char *word, lt_error *err)
{
    int number, page;
    lt_lesson lesson;
    bool ok = lt_lesson_load(word, &lesson, &number, &page, err);
    lt_lesson_done(&lesson);
    return ok && lt_studio_begin(c, word, err);
}

static bool run(const lt_context *c, lt_error *err)
{
    const char *file = lt_args_value(c->args, "check");
    const char *word = c->args->operand_count ? c->args->operands[0] : NULL;
    bool lists = lt_args_has(c->args, "list");
    if (word && (file || lists))
        return lt_fail(err, LT_ERR_ARGUMENT, NULL, "'%s' is left over: --%s takes no lesson", word,
                       file ? "check" : "list");
    if (file)
        return check(c, file, err);
    if (lists)
        return list(c, err);
    if (!word)
        return lt_fail(err, LT_ERR_ARGUMENT, "latentty lesson --list",
                       "lesson needs a number, or a file");
    return open(c, word, err);
}

static const lt_option options[] = {
    {"list", 0, NULL, NULL, "the lessons that there are", false},
    {"check", 0, "FILE", NULL, "says what is wrong with a lesson, line by line", false},
    {"prompt", 'p', "TEXT", NULL, "what the picture shows, to begin with", false},
    {"seed", 0, "S", "random", "seed of the runs", false},
    LT_STUDIO_OPTIONS,
};
static const char *const settings[] = {LT_SETTINGS_OF_A_PICTURE, LT_SETTINGS_OF_A_MODEL, NULL};

const lt_command lt_command_lesson = {
    .name = "lesson",
    .summary = "guided tours of the studio: what happens in every step, and why",
    .synopsis = "N[.PAGE]|FILE|--list|--check FILE [options]",
    .about = "Opens the studio with a lesson beside the picture: it says what is true and where "
             "that is written, shows it on a run, and lets you try it. N is its number in the "
             "list, 3.8 its eighth page; a FILE is a lesson of your own, which is plain text: the "
             "README beside the "
             "lessons, which --list --json names, is the manual. In the studio F2 lists them.",
    .operands = 1,
    .example = "latentty lesson 4",
    .options = options,
    .option_count = LT_COUNT(options),
    .settings = settings,
    .configured = true,
    .run = run,
};
