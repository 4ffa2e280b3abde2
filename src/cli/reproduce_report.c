/* reproduce_report.c - what `reproduce` says. */
#include <json-c/json.h>
#include <string.h>

#include "base/version.h"
#include "cli/output.h"
#include "cli/reproduce.h"

static int compared(const lt_reproduce *r)
{
    return r->origin.trail.frames < r->trail.frames ? r->origin.trail.frames : r->trail.frames;
}

int lt_reproduce_differs(const lt_reproduce *r)
{
    for (int k = 0; k < compared(r); k++)
        if (lt_trail_at(&r->origin.trail, k, 0) != lt_trail_at(&r->trail, k, 0))
            return k;
    return -1;
}

static bool identical(const lt_reproduce *r)
{
    return r->distance.max == 0;
}

static void print_json(const lt_reproduce *r)
{
    const lt_engine_info *about = lt_engine_about(r->engine);
    int first = lt_reproduce_differs(r);
    json_object *o = json_object_new_object();
    lt_output_set(o, "file", lt_output_text(r->path));
    lt_output_set(o, "identical", json_object_new_boolean(identical(r)));
    lt_output_set(o, "mean_difference", lt_output_number(r->distance.mae));
    lt_output_set(o, "max_difference", json_object_new_int(r->distance.max));
    lt_output_set(o, "psnr_db", lt_output_number(r->distance.psnr));
    lt_output_set(o, "width", json_object_new_int(r->made->width));
    lt_output_set(o, "height", json_object_new_int(r->made->height));
    lt_output_set(o, "steps", json_object_new_int(r->view->steps));
    lt_output_set(o, "shown_step", json_object_new_int(r->last));
    lt_output_set(o, "compared_frames", json_object_new_int(compared(r)));
    lt_output_set(o, "first_difference", first < 0 ? NULL : json_object_new_int(first));
    lt_output_set(o, "model", lt_output_text(about->model));
    lt_output_set(o, "backend", json_object_new_string(about->backend));
    lt_output_set(o, "dtype", json_object_new_string(lt_dtype_name(about->dtype)));
    lt_output_set(o, "version", json_object_new_string(LT_VERSION));
    lt_output_set(o, "made_by_version",
                  *r->origin.version ? lt_output_text(r->origin.version) : NULL);
    lt_output_set(o, "not_followed", lt_output_text(r->notes.len ? r->notes.data : NULL));
    lt_output_json(o);
}

/* Where the two runs part, as far as the file tells. */
static void print_first(const lt_reproduce *r)
{
    int first = lt_reproduce_differs(r);
    if (compared(r) == 0)
        lt_output_line(stdout, "the file has no fingerprints of its steps: which of them differs "
                               "first is not known");
    else if (first == 0)
        lt_output_line(stdout, "the noise before the first step differs");
    else if (first > 0)
        lt_output_line(stdout, "step %d of %d is the first whose latents differ", first,
                       r->view->steps);
    else if (compared(r) <= r->last)
        lt_output_line(stdout, "the latents up to step %d are equal; the file has no later ones",
                       compared(r) - 1);
    else
        lt_output_line(stdout, "the latents of every step are equal: the picture was decoded "
                               "otherwise, or changed afterwards");
}

static void print_text(const lt_reproduce *r)
{
    int first = lt_reproduce_differs(r);
    char psnr[LT_IMAGE_PSNR_TEXT];
    lt_image_psnr_text(&r->distance, psnr);
    if (!identical(r)) {
        lt_output_line(stdout, "%s: differs by %.4g in the mean, at most %d of 255, PSNR %s",
                       r->path, r->distance.mae, r->distance.max, psnr);
        print_first(r);
        return;
    }
    lt_output_line(stdout, "%s: identical", r->path);
    if (first >= 0)
        print_first(r); /* too little to be seen in 8 bits */
}

bool lt_reproduce_report(const lt_reproduce *r, lt_error *err)
{
    if (r->c->json)
        print_json(r);
    else if (!r->c->quiet)
        print_text(r);
    if (identical(r))
        return true;
    lt_fail(err, LT_ERR_FORMAT, NULL, "'%s' is not what its settings make here", r->path);
    if (*r->origin.version && strcmp(r->origin.version, LT_VERSION) != 0)
        lt_fail_hint(err, "latentty %s made it, this is %s", r->origin.version, LT_VERSION);
    return false;
}
