/*
 * bench.h - how long the parts of a generation take, and how near the machine's best that is.
 *
 * The parts are those of a run: what comes before the first step, a prompt's encoding, a guided
 * step (the UNet with and without the prompt), the decoding of its pictures.  A part is called once
 * to warm up and then `repeat` times; as many calls again are measured step by step, of which the
 * fastest is kept.  Numbers in are made up: the time does not depend on them.
 *
 * Seconds are of lt_clock.  One thread; another may cancel through lt_progress.
 */
#pragma once

#include "pipeline/engine.h"

typedef struct lt_bench_options {
    int images; /* at least 1 */
    int h, w;   /* latents */
    int repeat; /* at least 1 */
} lt_bench_options;

/* Seconds of the calls of a part. */
typedef struct lt_bench_time {
    double least, median, most;
} lt_bench_time;

/* All steps of one kind of op in the fastest measured call. */
typedef struct lt_bench_kind {
    lt_op op;
    int count;
    double seconds;
    double flop; /* of the products among them; 0 where memory sets the pace */
} lt_bench_kind;

typedef struct lt_bench_part {
    lt_bench_time time;
    double seconds, flop; /* of the fastest measured call: its steps together */
    lt_bench_kind kinds[LT_OP_COUNT];
    int kind_count; /* those that take longest come first */
} lt_bench_part;

typedef struct lt_bench lt_bench;

/* Does what a run does before its first step: encodes two texts, compiles, draws noise.  e, whose
 * parts must all be loaded, must outlive the result. */
bool lt_bench_begin(lt_engine *e, const lt_bench_options *options, lt_bench **out,
                    lt_progress *progress, lt_error *err) LT_WARN_UNUSED;
void lt_bench_free(lt_bench *b); /* NULL is fine */

/* One prompt. */
bool lt_bench_text(lt_bench *b, lt_bench_time *out, lt_progress *progress,
                   lt_error *err) LT_WARN_UNUSED;
/* The noise of all pictures predicted, with the prompt and without. */
bool lt_bench_guided_step(lt_bench *b, lt_bench_part *out, lt_progress *progress,
                          lt_error *err) LT_WARN_UNUSED;
/* What a step of all pictures costs beside one of a single picture: both in turns, `repeat` times;
 * the median of the quotients. */
bool lt_bench_batch(lt_bench *b, double *out, lt_progress *progress, lt_error *err) LT_WARN_UNUSED;
/* What a step with its attention maps costs beside one without: both in turns, the median of the
 * quotients. */
bool lt_bench_attention(lt_bench *b, double *out, lt_progress *progress,
                        lt_error *err) LT_WARN_UNUSED;
/* All pictures, one after another, to the bytes that are shown (lt_engine_picture). */
bool lt_bench_decode(lt_bench *b, lt_bench_part *out, lt_progress *progress,
                     lt_error *err) LT_WARN_UNUSED;

/* A step with the decoding of all its pictures, that of the last one beside it where the engine can
 * do that. */
bool lt_bench_beside(lt_bench *b, lt_bench_time *out, lt_progress *progress,
                     lt_error *err) LT_WARN_UNUSED;

/* What a backend can do: FLOP/s of a product of two square matrices, the fastest of a few runs. */
enum { LT_BENCH_MATMUL_SIDE = 2048 };
bool lt_bench_matmul(const lt_backend_ops *ops, const lt_backend_options *options, double *out,
                     lt_progress *progress, lt_error *err) LT_WARN_UNUSED;

/* Most memory that this process has held so far: bytes of VmHWM, which counts what is resident of
 * mapped files; 0 where the system does not say. */
size_t lt_bench_peak_rss(void);
