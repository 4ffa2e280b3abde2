/* cmd_history.c - `latentty history`: the runs that the studio keeps, without a screen. */
#include <inttypes.h>
#include <string.h>

#include "cli/history.h"
#include "cli/output.h"
#include "cli/studio_options.h"
#include "pipeline/archive.h"

/* What the history knows of picture i; the only one has the run's star. */
static lt_store_picture picture_of(const lt_store_run *run, int count, int i)
{
    for (size_t k = 0; count > 1 && k < run->picture_count; k++)
        if (run->pictures[k].image == i)
            return run->pictures[k];
    return (lt_store_picture){.image = i, .starred = count == 1 && run->starred};
}

static json_object *picture_json(const lt_params *p, const lt_store_picture *picture)
{
    json_object *o = json_object_new_object();
    int i = picture->image, place;
    uint64_t other;
    double strength;
    lt_output_set(o, "i", json_object_new_int(i));
    lt_output_set(o, "seed", json_object_new_uint64(lt_params_seed(p, i, &place)));
    if (lt_params_variation(p, i, &other, &strength)) {
        lt_output_set(o, "variation_seed", json_object_new_uint64(other));
        lt_output_set(o, "variation_strength", lt_output_number(strength));
    }
    lt_output_set(o, "starred", json_object_new_boolean(picture->starred));
    if (picture->dropped)
        lt_output_set(o, "stopped_after", json_object_new_int(picture->last));
    return o;
}

/* Null where the run's settings cannot be read. */
static json_object *pictures_json(const lt_store_run *run)
{
    lt_params p;
    lt_error ignored;
    json_object *list = NULL;
    if (lt_archive_params(run, &p, &ignored)) {
        list = json_object_new_array();
        for (int i = 0, count = lt_params_images(&p); i < count; i++) {
            lt_store_picture picture = picture_of(run, count, i);
            json_object_array_add(list, picture_json(&p, &picture));
        }
    }
    lt_params_done(&p);
    return list;
}

/* The settings of a run of several pictures, to be released in any case; 0: it has one, or they
 * cannot be read. */
static int several(const lt_store_run *run, lt_params *p)
{
    lt_error ignored;
    int count = lt_archive_params(run, p, &ignored) ? lt_params_images(p) : 0;
    return count > 1 ? count : 0;
}

/* "[4 pictures, * 2 seed 8] ", or nothing. */
static void say_stars(const lt_store_run *run, lt_buf *out)
{
    lt_params p;
    int count = several(run, &p), starred = 0;
    lt_buf_str(out, "");
    if (count)
        lt_buf_format(out, "[%d pictures", count);
    for (int i = 0; i < count; i++)
        if (picture_of(run, count, i).starred) {
            lt_buf_format(out, ", %s%d ", starred++ ? "" : "* ", i + 1);
            lt_params_say_seed(&p, i, out);
        }
    lt_buf_str(out, count ? "] " : "");
    lt_params_done(&p);
}

static void show_pictures(const lt_store_run *run)
{
    lt_params p;
    int count = several(run, &p);
    if (count)
        lt_output_line(stdout, "pictures: %d", count);
    for (int i = 0; i < count; i++) {
        lt_store_picture picture = picture_of(run, count, i);
        lt_buf text = {0};
        lt_params_say_seed(&p, i, &text);
        if (picture.starred)
            lt_buf_str(&text, ", starred");
        if (picture.dropped)
            lt_buf_format(&text, ", stopped after step %d", picture.last);
        lt_output_line(stdout, "%3d: %s", i + 1, text.data);
        lt_buf_done(&text);
    }
    lt_params_done(&p);
}

static json_object *as_json(const lt_store_run *run)
{
    json_object *o = json_object_new_object(), *settings = json_tokener_parse(run->settings);
    lt_output_set(o, "id", json_object_new_int64(run->id));
    lt_output_set(o, "parent", run->parent ? json_object_new_int64(run->parent) : NULL);
    if (run->parent)
        lt_output_set(o, "forked_at_step", json_object_new_int(run->parent_step));
    lt_output_set(o, "created_ms", json_object_new_int64(run->created));
    lt_output_set(o, "state", lt_output_text(lt_store_state_name(run->state)));
    lt_output_set(o, "done", json_object_new_int(run->done));
    lt_output_set(o, "steps", json_object_new_int(run->steps));
    lt_output_set(o, "seconds", lt_output_number(run->seconds));
    lt_output_set(o, "starred", json_object_new_boolean(run->starred));
    lt_output_set(o, "prompt", lt_output_text(run->prompt));
    lt_output_set(o, "negative_prompt", lt_output_text(run->negative));
    lt_output_set(o, "seed", json_object_new_uint64(run->seed));
    lt_output_set(o, "pictures", pictures_json(run));
    lt_output_set(o, "guidance_scale", lt_output_number(run->guidance));
    lt_output_set(o, "scheduler", lt_output_text(run->sampler));
    lt_output_set(o, "width", json_object_new_int(run->width));
    lt_output_set(o, "height", json_object_new_int(run->height));
    lt_output_set(o, "model", lt_output_text(run->model));
    lt_output_set(o, "settings", settings);
    return o;
}

static bool whole(const lt_context *c, const char *option, long long most, long long *out,
                  lt_error *err)
{
    const char *text = lt_args_value(c->args, option);
    if (!text || lt_args_whole(text, 0, most, out))
        return true;
    return lt_fail(err, LT_ERR_ARGUMENT, NULL, "--%s is '%s', expected a whole number", option,
                   text);
}

static void say_run(const lt_store_run *run)
{
    char date[LT_STORE_WHEN];
    lt_buf stars = {0};
    say_stars(run, &stars);
    lt_store_when(run->created, date);
    lt_output_line(stdout, "%6" PRId64 "%s %s  %-10s %4d/%-4d %9dx%-5d seed %-10" PRIu64 " %s%s",
                   run->id, run->starred ? "*" : " ", date, lt_store_state_name(run->state),
                   run->done, run->steps, run->width, run->height, run->seed, stars.data,
                   run->prompt);
    lt_buf_done(&stars);
}

static bool list(const lt_context *c, lt_store *s, lt_error *err)
{
    long long limit = 0;
    lt_store_page page = {0};
    lt_store_query q = {.search = lt_args_value(c->args, "search"),
                        .starred = lt_args_has(c->args, "starred"),
                        .deleted = lt_args_has(c->args, "deleted")};
    if (!whole(c, "limit", 1000000, &limit, err))
        return false;
    q.limit = (int)limit;
    if (!lt_store_list(s, &q, &page, err))
        return false;
    json_object *runs = c->json ? json_object_new_array() : NULL;
    for (size_t i = 0; i < page.count; i++) {
        if (runs)
            json_object_array_add(runs, as_json(&page.runs[i]));
        else
            say_run(&page.runs[i]);
    }
    if (runs) {
        json_object *o = json_object_new_object();
        lt_output_set(o, "runs", runs);
        lt_output_json(o);
    } else if (page.count == 0) {
        lt_output_note(c, "the history has no such run");
    }
    lt_store_page_done(&page);
    return true;
}

static bool show(const lt_context *c, lt_store *s, int64_t id, lt_error *err)
{
    char date[LT_STORE_WHEN];
    lt_store_run run = {0};
    if (!lt_store_read(s, id, &run, err))
        return false;
    if (c->json) {
        lt_output_json(as_json(&run));
    } else {
        lt_store_when(run.created, date);
        lt_output_line(stdout, "run %" PRId64 "%s, %s, %s", run.id, run.starred ? ", starred" : "",
                       date, run.deleted ? "deleted" : lt_store_state_name(run.state));
        if (run.parent)
            lt_output_line(stdout, "fork of run %" PRId64 " at step %d", run.parent,
                           run.parent_step);
        lt_output_line(stdout, "prompt: %s", run.prompt);
        lt_output_line(stdout, "negative prompt: %s", run.negative);
        lt_output_line(stdout, "steps: %d of %d, %.1f s", run.done, run.steps, run.seconds);
        lt_output_line(stdout, "guidance scale: %g", run.guidance);
        lt_output_line(stdout, "scheduler: %s", run.sampler);
        lt_output_line(stdout, "seed: %" PRIu64, run.seed);
        show_pictures(&run);
        lt_output_line(stdout, "size: %dx%d", run.width, run.height);
        lt_output_line(stdout, "model: %s", run.model);
    }
    lt_store_run_done(&run);
    return true;
}

/* --max-size, else the file of settings, else the studio's own limit. */
static bool read_limit(const lt_context *c, lt_tui_options *o, lt_error *err)
{
    const char *text = lt_args_value(c->args, "max-size");
    return lt_studio_options_read(c, o, err) &&
           (!text || lt_studio_history_max(o, "--max-size", text, err));
}

static bool prune(const lt_context *c, lt_store *s, lt_error *err)
{
    lt_tui_options options; /* where history.max-size is read */
    int deleted = 0, gone = 0;
    int64_t before, after;
    if (!read_limit(c, &options, err) || !lt_store_bytes(s, &before, err) ||
        !lt_store_purge_deleted(s, lt_store_now() + 1, &deleted, err) ||
        (options.history_max > 0 && !lt_store_prune(s, options.history_max, &gone, err)) ||
        !lt_store_bytes(s, &after, err))
        return false;
    if (c->json) {
        json_object *o = json_object_new_object();
        lt_output_set(o, "runs", json_object_new_int(deleted + gone));
        lt_output_set(o, "bytes_before", json_object_new_int64(before));
        lt_output_set(o, "bytes", json_object_new_int64(after));
        lt_output_json(o);
    } else {
        lt_output_line(stdout, "%d runs left the history: %.1f MiB, before %.1f MiB",
                       deleted + gone, (double)after / 1048576, (double)before / 1048576);
    }
    return true;
}

/* The id behind "show" and "export". */
static bool id_of(const lt_context *c, int64_t *out, lt_error *err)
{
    long long id = 0;
    if (c->args->operand_count < 2)
        return lt_fail(err, LT_ERR_ARGUMENT, "latentty history list", "history %s needs a run's id",
                       c->args->operands[0]);
    if (!lt_args_whole(c->args->operands[1], 1, INT64_MAX, &id))
        return lt_fail(err, LT_ERR_ARGUMENT, "latentty history list",
                       "'%s' is no id of a run: a whole number", c->args->operands[1]);
    *out = id;
    return true;
}

static bool act(const lt_context *c, lt_store *s, lt_error *err)
{
    int64_t id = 0;
    const char *what = c->args->operands[0];
    bool takes_id = strcmp(what, "show") == 0 || strcmp(what, "export") == 0;
    if (takes_id)
        return id_of(c, &id, err) &&
               (*what == 's' ? show(c, s, id, err) : lt_history_export(c, s, id, err));
    if (c->args->operand_count > 1)
        return lt_fail(err, LT_ERR_ARGUMENT, NULL,
                       "'%s' is left over: history %s takes options only", c->args->operands[1],
                       what);
    return strcmp(what, "list") == 0 ? list(c, s, err) : prune(c, s, err);
}

static bool run(const lt_context *c, lt_error *err)
{
    static const char *const known[] = {"list", "show", "export", "prune"};
    lt_error note = {0};
    const char *what = c->args->operands[0];
    bool ok = false;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        ok |= strcmp(what, known[i]) == 0;
    if (!ok)
        return lt_fail(err, LT_ERR_ARGUMENT, NULL,
                       "history knows no '%s', expected list, show, export or prune", what);
    lt_store *s = lt_store_open(NULL, &note);
    if (lt_store_mode_of(s) == LT_STORE_OFF) {
        lt_store_close(s);
        *err = note;
        return false;
    }
    if (note.code != LT_ERR_NONE)
        lt_output_note(c, "%s", note.message);
    ok = act(c, s, err);
    lt_store_close(s);
    return ok;
}

static const lt_option options[] = {
    {"search", 0, "WORDS", NULL, "list: runs whose prompt, model, sampler or seed have all words",
     false},
    {"starred", 0, NULL, NULL, "list: only those", false},
    {"deleted", 0, NULL, NULL, "list: the deleted ones that can still be brought back", false},
    {"limit", 0, "N", "all", "list: the newest N", false},
    {"output", 'o', "DIR", "latentty-run-ID", "export: a directory that is not there yet", false},
    {"animation", 0, NULL, NULL, "export: all steps as animation.png, too", false},
    {"max-size", 0, "SIZE", "history.max-size, or 5G",
     "prune: the oldest runs go until it is no larger, such as 500M; starred ones stay", false},
};
static const char *const settings[] = {"backend", "dtype", "device", "threads", NULL};

const lt_command lt_command_history = {
    .name = "history",
    .summary = "the runs that the studio keeps: list, show, export, prune",
    .synopsis = "list|show ID|export ID|prune [options]",
    .about =
        "The studio keeps every run with all of its steps. list shows them, newest first, and "
        "which "
        "pictures of a run are starred; show all that is known of one; export decodes its steps "
        "into a directory, with the settings and a trace of its numbers; prune removes what was "
        "deleted, and the oldest runs until the rest fits.",
    .operand = "list, show, export or prune",
    .operands = 2,
    .example = "latentty history export 12 -o fox",
    .options = options,
    .option_count = LT_COUNT(options),
    .settings = settings,
    .configured = true,
    .run = run,
};
