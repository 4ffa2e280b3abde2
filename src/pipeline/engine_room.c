/* engine_room.c - what an engine gives up where memory is short; see engine.h. */
#include "pipeline/engine_impl.h"

bool lt_engine_trim(lt_engine *e, int h, int w)
{
    return lt_programs_trim(e->programs, h, w);
}

bool lt_engine_prepare_first(lt_engine *e, const lt_engine_load *load, lt_progress *progress,
                             lt_error *err)
{
    while (!lt_engine_prepare(e, load, progress, err)) {
        if (err->code != LT_ERR_MEMORY)
            return false;
        bool others = lt_engine_trim(e, load->h, load->w);
        lt_engine_trim(e, 0, 0);
        if (!others && (load->images == 1 || !lt_engine_split(e)))
            return false;
        *err = (lt_error){0};
    }
    return true;
}
