/* render_report.c - what `render` says. */
#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/output.h"
#include "cli/render.h"

lt_meta lt_render_meta(const lt_render *r)
{
    lt_meta meta = lt_meta_of(r->engine, &r->params, r->run);
    meta.trail = &r->trail;
    return meta;
}

static const char *model_name(const lt_render *r)
{
    const char *model = lt_engine_about(r->engine)->model, *slash = strrchr(model, '/');
    return slash && slash[1] ? slash + 1 : model;
}

static void say_cut(const lt_render *r, const char *which, const lt_tokens *t, const char *text)
{
    if (t->used < t->total)
        lt_output_note(r->c, "warning: %s has %zu tokens, the model sees %zu; cut off: '%.300s'",
                       which, t->total, t->used, text + t->all[t->used].start);
}

void lt_render_begun(const lt_render *r)
{
    const lt_run_view *v = r->view;
    const lt_engine_info *about = lt_engine_about(r->engine);
    const lt_params *p = &r->params;
    char which[32];
    for (int i = 0; i < p->prompt_count; i++) {
        snprintf(which, sizeof which, "prompt %d", i + 1);
        say_cut(r, which, &v->prompts[i], p->prompts[i]);
    }
    if (p->negative_prompt)
        say_cut(r, "the negative prompt", v->negative, p->negative_prompt);
    char left_out[64] = "";
    if (v->init)
        snprintf(left_out, sizeof left_out, " (the last of %d: strength %g)",
                 v->schedule->begin + v->steps, lt_params_strength(p));
    lt_output_note(r->c,
                   "%d picture%s of %dx%d, %d step%s%s of %s, guidance %g, seed %" PRIu64
                   "%s; %s on %s in %s",
                   v->images, v->images == 1 ? "" : "s", v->width, v->height, v->steps,
                   v->steps == 1 ? "" : "s", left_out, v->sampler->name, v->guidance_scale,
                   p->seeds[0], p->own_generators && p->seed_count > 1 ? " and others" : "",
                   model_name(r), about->backend, lt_dtype_name(about->dtype));
}

static double sum(const double *x, int n)
{
    double all = 0;
    for (int i = 0; i < n; i++)
        all += x[i];
    return all;
}

static json_object *milliseconds(const double *seconds, int n)
{
    json_object *list = json_object_new_array();
    for (int i = 0; i < n; i++)
        json_object_array_add(list, lt_output_number(seconds[i] * 1e3));
    return list;
}

static json_object *pictures_json(const lt_render *r)
{
    json_object *list = json_object_new_array();
    lt_meta meta = lt_render_meta(r);
    for (int i = 0; i < r->view->images; i++) {
        json_object *o = json_object_new_object();
        lt_buf settings = {0};
        int place;
        lt_meta_json(&meta, i, &settings);
        lt_output_set(o, "file", lt_output_text(r->paths[i]));
        lt_output_set(o, "i", json_object_new_int(i));
        lt_output_set(o, "prompt_i", json_object_new_int(i / r->view->per_prompt));
        lt_output_set(o, "seed", json_object_new_uint64(lt_params_seed(&r->params, i, &place)));
        lt_output_set(o, "settings", json_tokener_parse(settings.data));
        json_object_array_add(list, o);
        lt_buf_done(&settings);
    }
    return list;
}

static json_object *times_json(const lt_render_times *t)
{
    json_object *o = json_object_new_object();
    lt_output_set(o, "load_ms", lt_output_number(t->load * 1e3));
    lt_output_set(o, "text_ms", lt_output_number(t->begin * 1e3));
    lt_output_set(o, "step_ms", milliseconds(t->steps, t->step_count));
    lt_output_set(o, "decode_ms", milliseconds(t->decodes, t->decode_count));
    lt_output_set(o, "total_ms", lt_output_number((lt_clock() - t->start) * 1e3));
    return o;
}

static void print_json(const lt_render *r)
{
    const lt_run_view *v = r->view;
    const lt_engine_info *about = lt_engine_about(r->engine);
    lt_memory memory = lt_engine_memory(r->engine);
    json_object *o = json_object_new_object(), *bytes = json_object_new_object(),
                *seeds = json_object_new_array();
    for (int i = 0; i < r->params.seed_count; i++)
        json_object_array_add(seeds, json_object_new_uint64(r->params.seeds[i]));
    lt_output_set(o, "model", lt_output_text(about->model));
    lt_output_set(o, "backend", json_object_new_string(about->backend));
    lt_output_set(o, "dtype", json_object_new_string(lt_dtype_name(about->dtype)));
    lt_output_set(o, "retried_from", lt_output_text(r->retried));
    lt_output_set(o, "width", json_object_new_int(v->width));
    lt_output_set(o, "height", json_object_new_int(v->height));
    lt_output_set(o, "images", json_object_new_int(v->images));
    lt_output_set(o, "steps", json_object_new_int(v->steps));
    lt_output_set(o, "guidance_scale", lt_output_number(v->guidance_scale));
    lt_output_set(o, "scheduler", json_object_new_string(v->sampler->name));
    lt_output_set(o, "timestep_spacing",
                  json_object_new_string(lt_spacing_name(v->schedule->config.timestep_spacing)));
    lt_output_set(o, "vae_tiling", json_object_new_boolean(v->tiled));
    lt_output_set(o, "seeds", seeds);
    lt_output_set(o, "pictures", pictures_json(r));
    lt_output_set(o, "latents", lt_output_text(r->params.latents));
    lt_output_set(o, "init_image", lt_output_text(r->params.init_image));
    lt_output_set(o, "strength", v->init ? lt_output_number(lt_params_strength(&r->params)) : NULL);
    lt_output_set(o, "steps_left_out", json_object_new_int(v->schedule->begin));
    lt_output_set(o, "frames_dir", lt_output_text(r->frames));
    lt_output_set(o, "frames", json_object_new_int(r->frame_count));
    lt_output_set(o, "attention_dir", lt_output_text(r->attention.dir));
    lt_output_set(o, "attention_files", json_object_new_int(r->attention.file_count));
    lt_output_set(o, "sheet", lt_output_text(r->sheet));
    lt_output_set(o, "animation", lt_output_text(r->animation.path));
    lt_output_set(o, "trace", lt_output_text(r->trace_path));
    lt_output_set(o, "times", times_json(&r->times));
    lt_output_set(bytes, "weights", json_object_new_uint64(memory.weights));
    lt_output_set(bytes, "activations", json_object_new_uint64(memory.activations));
    lt_output_set(o, "memory_bytes", bytes);
    lt_output_json(o);
}

static void wrote(const char *path)
{
    if (path)
        lt_output_line(stdout, "wrote %s", path);
}

void lt_render_report(const lt_render *r)
{
    const lt_render_times *t = &r->times;
    if (r->c->json) {
        print_json(r);
        return;
    }
    double steps = sum(t->steps, t->step_count);
    lt_output_note(
        r->c, "%.2f s: model %.2f, text %.2f, %d step%s %.2f (%.1f ms each), decoding %.2f",
        lt_clock() - t->start, t->load, t->begin, t->step_count, t->step_count == 1 ? "" : "s",
        steps, t->step_count ? steps * 1e3 / t->step_count : 0.0, sum(t->decodes, t->decode_count));
    if (r->c->quiet)
        return;
    for (int i = 0; i < r->path_count; i++)
        wrote(r->paths[i]);
    wrote(r->sheet);
    wrote(r->animation.path);
    if (r->frames)
        lt_output_line(stdout, "wrote %d frames to %s", r->frame_count, r->frames);
    if (r->attention.dir)
        lt_output_line(stdout, "wrote %d files of attention to %s", r->attention.file_count,
                       r->attention.dir);
    wrote(r->trace_path);
}
