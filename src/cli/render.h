/*
 * render.h - the parts of `latentty render`: one generation with its files.
 *
 * Order: lt_render_latents and lt_render_names check what the user gave, lt_render_size fits it to
 * the model, then for every step lt_render_frame, at the end lt_render_finish and lt_render_report.
 * A generation whose numbers are not finite in bf16 is made again from the start in f32.
 */
#pragma once

#include "cli/bar.h"
#include "cli/latents.h"
#include "image/apng.h"
#include "pipeline/meta.h"
#include "pipeline/run.h"
#include "pipeline/trace.h"

typedef struct lt_render_times {
    double load, begin; /* seconds: opening the model; text, noise and compiling */
    double *steps;      /* owned [steps] */
    double *decodes;    /* owned [decode_count]: one for each picture or frame */
    int step_count, decode_count;
    double start;
} lt_render_times;

enum { LT_RENDER_FRAME_LEVEL = 3 }; /* of compression: there are many frames */

typedef struct lt_render_animation {
    char *path;       /* owned, or NULL */
    int frame_ms;     /* each frame, but for the last */
    lt_writer writer; /* open during the run */
    lt_apng file;
} lt_render_animation;

/* The files of --attention, for picture III (from 0) and step KKK (from 1, the one that made frame
 * KKK): III-KKK.safetensors, III-wNN.png, III-words.txt. */
typedef struct lt_render_attention {
    const char *dir;         /* NULL: none */
    int made;                /* directories that were made for it; removed if they stay empty */
    lt_attention_maps **sum; /* owned [B]: of the steps so far */
    char **files;            /* owned: written */
    int file_count;
} lt_render_attention;

typedef struct lt_render {
    const lt_context *c;
    lt_params params;
    lt_engine *engine;
    lt_run *run;
    const lt_run_view *view; /* of run; NULL before it begins */
    lt_bar bar;
    lt_render_times times;
    const char *retried; /* the type that was too narrow, or NULL */

    char **paths; /* owned [path_count]: one for each picture */
    int path_count, written;

    char *sheet; /* owned: file for all pictures, or NULL */
    int columns; /* of the sheet; 0: chosen */

    lt_render_animation animation;
    lt_render_attention attention;
    const char *frames; /* directory, or NULL */
    lt_lens lens;
    int frame_count;
    int frames_made; /* directories that were made for them; removed if they stay empty */
    float *shown;    /* owned [B,C,h,w]: what the lens shows; NULL without frames or animation */

    lt_latents latents; /* owned; of --latents */
    lt_init_image init; /* owned; of --init-image */
    lt_trail trail;     /* owned: of the steps that were taken */

    const char *trace_path;
    lt_trace *trace;   /* owned; NULL without --trace */
    float *pixels;     /* owned, with a trace [B,3,H,W] */
    lt_image **images; /* owned [B]; kept for the trace and the sheet */
} lt_render;

/* Reads --latents; sets params.batch if it was not given. */
bool lt_render_latents(lt_render *r, lt_error *err) LT_WARN_UNUSED;
/* Names every file and checks that they can be written, and are different.  Makes the directory of
 * the frames. */
bool lt_render_names(lt_render *r, lt_error *err) LT_WARN_UNUSED;
/* Removes the directories that were made for frames, if there are none. */
void lt_render_names_undo(const lt_render *r);
/* With --latents: the size of the pictures follows from them. */
bool lt_render_size(lt_render *r, lt_error *err) LT_WARN_UNUSED;

/* What the files say of the run; borrowed from r. */
lt_meta lt_render_meta(const lt_render *r);

/* Decodes one picture, latents [C,h,w], into *out, and with a trace into r->pixels at `at`
 * pictures. */
bool lt_render_decode(lt_render *r, const float *latents, int at, lt_image **out,
                      lt_error *err) LT_WARN_UNUSED;
/* What the options say; after those of the pictures. */
bool lt_render_animation_read(lt_render *r, lt_error *err) LT_WARN_UNUSED;
/* Opens its file, writes a frame, closes it: nothing without --animation. */
bool lt_render_animation_begin(lt_render *r, lt_error *err) LT_WARN_UNUSED;
bool lt_render_animation_add(lt_render *r, const lt_image *picture, lt_error *err) LT_WARN_UNUSED;
bool lt_render_animation_end(lt_render *r, lt_error *err) LT_WARN_UNUSED;
/* Leaves no file, unless it was closed. */
void lt_render_animation_undo(lt_render *r);

/* True if every step is to be decoded. */
bool lt_render_shows(const lt_render *r);
/* The step's maps of every picture into the directory; nothing without --attention. */
bool lt_render_attention_step(lt_render *r, lt_error *err) LT_WARN_UNUSED;
/* At the end, the words over a picture, and the list of them. */
bool lt_render_attention_finish(lt_render *r, int i, const lt_image *picture,
                                lt_error *err) LT_WARN_UNUSED;
/* Frees the sums; undo: and removes the files. */
void lt_render_attention_forget(lt_render *r, bool undo);
/* True for a name that one of these files may have. */
bool lt_render_attention_names(const char *name);

/* Writes III-KKK.png of every picture, K being the steps done, or the animation's next frame;
 * nothing without --frames and --animation. */
bool lt_render_frame(lt_render *r, lt_error *err) LT_WARN_UNUSED;
/* Removes the frames that were written. */
void lt_render_frames_undo(lt_render *r);
/* LT_ERR_ARGUMENT if the sheet would be too large a picture. */
bool lt_render_sheet_check(const lt_render *r, lt_error *err) LT_WARN_UNUSED;
/* Writes it from r->images; nothing without --sheet. */
bool lt_render_sheet(const lt_render *r, lt_error *err) LT_WARN_UNUSED;
/* Decodes and writes the pictures, their last frames, the sheet and the trace. */
bool lt_render_finish(lt_render *r, lt_error *err) LT_WARN_UNUSED;

void lt_render_begun(const lt_render *r); /* says what is being made */
void lt_render_report(const lt_render *r);
