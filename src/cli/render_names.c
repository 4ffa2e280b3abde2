/* render_names.c - the files of `render`, known and checked before any work. */
#define _XOPEN_SOURCE 700
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "cli/names.h"
#include "cli/render.h"

enum { MOST_COPIES = 10000 };

static void forget_paths(lt_render *r)
{
    for (int i = 0; i < r->path_count; i++)
        free(r->paths[i]);
    free(r->paths);
    r->paths = NULL;
    r->path_count = 0;
}

static bool expand(lt_render *r, const char *template, lt_error *err)
{
    const lt_params *p = &r->params;
    int images = lt_params_images(p), place;
    forget_paths(r);
    r->paths = lt_alloc_array((size_t)images, sizeof *r->paths);
    for (int i = 0; i < images; i++) {
        lt_name_fields fields = {.seed = lt_params_seed(p, i, &place),
                                 .image = i,
                                 .prompt = i / lt_params_per_prompt(p)};
        lt_buf name = {0};
        lt_buf_str(&name, "");
        if (!lt_names_expand(template, &fields, &name, err)) {
            lt_buf_done(&name);
            return false;
        }
        r->paths[r->path_count++] = name.data;
    }
    return true;
}

/* The file of an option, owned by the caller; *out stays NULL without.  {seed} is the first
 * picture's. */
static bool name_one(const lt_render *r, const char *option, char **out, lt_error *err)
{
    const char *template = lt_args_value(r->c->args, option);
    int place;
    lt_name_fields fields = {.seed = lt_params_seed(&r->params, 0, &place)};
    lt_buf name = {0};
    if (!template)
        return true;
    lt_buf_str(&name, "");
    if (!lt_names_expand(template, &fields, &name, err)) {
        lt_buf_done(&name);
        return false;
    }
    *out = name.data;
    return lt_names_check_png(*out, err) || lt_fail_hint(err, "--%s FILE.png", option);
}

static bool any_exists(const lt_render *r)
{
    for (int i = 0; i < r->path_count; i++)
        if (lt_file_exists(r->paths[i]))
            return true;
    return false;
}

/* Without -o nothing is overwritten: the names get a number that is free. */
static bool default_names(lt_render *r, lt_error *err)
{
    const char *rest = lt_params_images(&r->params) > 1 ? "-{i}" : "";
    for (int copy = 1; copy < MOST_COPIES; copy++) {
        char *template = copy == 1 ? lt_format("latentty-{seed}%s.png", rest)
                                   : lt_format("latentty-{seed}-again%d%s.png", copy, rest);
        bool ok = expand(r, template, err);
        free(template);
        if (!ok || !any_exists(r))
            return ok;
    }
    return lt_fail(err, LT_ERR_ARGUMENT, "-o out.png", "no free name was found for the pictures");
}

/* A directory of many files, or none; *made: how many of its path were made. */
static bool make_dir(const char *path, int *made, lt_error *err)
{
    int missing = 0;
    if (!path)
        return true;
    char *copy = lt_strdup(path);
    for (char *dir = copy; !lt_dir_exists(dir) && *dir; dir = dirname(dir))
        missing++;
    free(copy);
    *made = missing;
    if (lt_dir_make(path, err))
        return true;
    err->code = LT_ERR_ARGUMENT;
    return false;
}

static void remove_dir(const char *path, int made)
{
    char *copy = lt_strdup(path), *dir = copy;
    for (int i = 0; i < made; i++, dir = dirname(dir))
        rmdir(dir);
    free(copy);
}

void lt_render_names_undo(const lt_render *r)
{
    if (r->frames && r->frame_count == 0)
        remove_dir(r->frames, r->frames_made);
    if (r->attention.dir && r->attention.file_count == 0)
        remove_dir(r->attention.dir, r->attention.made);
}

/* III-KKK.png, as frames are named. */
static bool is_frame_name(const char *name)
{
    size_t first = strspn(name, "0123456789");
    size_t second = name[first] == '-' ? strspn(name + first + 1, "0123456789") : 0;
    return first >= 3 && second >= 3 && strcmp(name + first + 1 + second, ".png") == 0;
}

/* Files that are too many to list; whatever is named like one in their directory collides. */
typedef struct many {
    const char *dir; /* NULL: none */
    bool (*names)(const char *name);
    const char *what, *option;
} many;

static bool check_many(const many *m, const lt_names *names, lt_error *err)
{
    if (!m->dir)
        return true;
    char *probe = lt_path_join(m->dir, "000-000.png");
    char *dir = realpath(m->dir, NULL);
    bool ok = lt_file_can_write(probe, err);
    if (!ok)
        err->code = LT_ERR_ARGUMENT;
    for (int i = 0; i < names->count && ok && dir; i++) {
        const char *slash = strrchr(names->items[i].key, '/');
        size_t n = slash ? (size_t)(slash - names->items[i].key) : 0;
        if (slash && n == strlen(dir) && strncmp(names->items[i].key, dir, n) == 0 &&
            m->names(slash + 1)) {
            ok = lt_fail(err, LT_ERR_ARGUMENT, NULL,
                         "'%s' is named like a %s in the directory of %ss", names->items[i].path,
                         m->what, m->what);
            lt_fail_hint(err, "another name, or another directory for --%s", m->option);
        }
    }
    free(dir);
    free(probe);
    return ok;
}

static bool check_different(const lt_render *r, lt_names *names, lt_error *err)
{
    if (lt_names_check(names, err))
        return true;
    return r->path_count > 1 ? lt_fail_hint(err, "-o 'out-{i}.png': {i}, {prompt_i} and {seed} "
                                                 "tell the pictures apart")
                             : false;
}

static bool claim(lt_render *r, lt_names *names, lt_error *err)
{
    many frames = {r->frames, is_frame_name, "frame", "frames"};
    many attention = {r->attention.dir, lt_render_attention_names, "map", "attention"};
    for (int i = 0; i < r->path_count; i++)
        if (!lt_names_check_png(r->paths[i], err) || !lt_names_add(names, r->paths[i], err))
            return false;
    if (r->params.latents)
        lt_names_keep(names, r->params.latents);
    if (r->params.init_image)
        lt_names_keep(names, r->params.init_image);
    return (!r->animation.path || lt_names_add(names, r->animation.path, err)) &&
           (!r->sheet || lt_names_add(names, r->sheet, err)) &&
           (!r->trace_path || lt_names_add(names, r->trace_path, err)) &&
           check_different(r, names, err) && check_many(&frames, names, err) &&
           check_many(&attention, names, err);
}

bool lt_render_names(lt_render *r, lt_error *err)
{
    const char *template = lt_args_value(r->c->args, "output");
    lt_names names = {0};
    bool ok = (template ? expand(r, template, err) : default_names(r, err)) &&
              name_one(r, "sheet", &r->sheet, err) &&
              name_one(r, "animation", &r->animation.path, err) &&
              make_dir(r->frames, &r->frames_made, err) &&
              make_dir(r->attention.dir, &r->attention.made, err) && claim(r, &names, err);
    lt_names_done(&names);
    return ok;
}
