/*
 * forecast.h - how much memory work will take, said before it starts.
 *
 * The parts that grow with the work are known exactly: values are placed by the backend's own plan,
 * weights are counted, host arrays are multiplied out.  What is left (kernels that a backend makes,
 * stacks, pictures on their way to a file) is a small constant.
 */
#pragma once

#include "pipeline/engine.h"
#include "pipeline/room.h"
#include "pipeline/vae_tiles.h"

typedef struct lt_work {
    int prompts, per_prompt; /* pictures: the product */
    int width, height;       /* pixels */
    int steps;
    bool guided, own_generators;
    bool encode;         /* a picture becomes latents first */
    bool maps;           /* steps give their attention */
    size_t traced_steps; /* of a trace, which keeps everything of them; 0: no trace */
    size_t film_steps;   /* of a film; 0: no film */
    lt_tiling tiling;    /* of the VAE */
    int drawn;           /* pictures that the generator draws for, if that is more */
    bool beside_run;     /* a run of this engine stands between two steps: nothing of it is given
                            up for this work, which may only take tiles */
} lt_work;

/* Bytes that the work takes beyond what the process has now; with LT_TILING_AUTO without tiles. */
bool lt_forecast_bytes(lt_engine *e, const lt_work *work, lt_dtype dtype, size_t *out,
                       lt_error *err) LT_WARN_UNUSED;

/* LT_ERR_MEMORY if that is more than there is room for, with the size, the number of pictures, the
 * type or the tiling that would fit as the hint.  Before that what was compiled for other sizes is
 * dropped (lt_engine_trim), and where the device's own memory is short, pictures go through the
 * UNet in smaller groups (lt_engine_split); neither is done beside a run.  Sets lt_engine_tile: as
 * the work says, and with LT_TILING_AUTO if nothing but that makes it fit. */
bool lt_forecast_check(lt_engine *e, const lt_work *work, const lt_room *room,
                       lt_error *err) LT_WARN_UNUSED;

/* The same hint for a failed *err: of work that there seemed to be room for, and then there was
 * not.  It stays as it is where nothing smaller fits.  Returns false. */
bool lt_forecast_offer(lt_engine *e, const lt_work *work, const lt_room *room, lt_error *err);
