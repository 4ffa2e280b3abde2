/* grid.c - see grid.h. */
#include "tui/grid.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/panic.h"

static void forget_tiles(lt_seed_grid *g)
{
    for (int i = 0; i < g->count; i++) {
        lt_params_done(&g->tiles[i].params);
        lt_image_unref(g->tiles[i].shown);
    }
    g->count = 0;
}

void lt_grid_done(lt_seed_grid *g)
{
    forget_tiles(g);
    lt_mosaic_free(g->mosaic);
    *g = (lt_seed_grid){0};
}

void lt_grid_set(lt_seed_grid *g, const lt_params *batch, uint64_t id)
{
    int images = lt_params_images(batch);
    LT_ASSERT(images <= LT_GRID_MOST);
    forget_tiles(g);
    for (int i = 0; i < images; i++) {
        g->tiles[i] = (lt_tile){.id = id, .image = i};
        lt_params_copy(&g->tiles[i].params, batch);
        lt_params_pick(&g->tiles[i].params, i);
    }
    g->count = images;
    g->chosen = g->chosen < images ? g->chosen : 0;
    g->varies = !isnan(batch->variation_seed) && batch->seeds[0] == batch->seeds[images - 1];
    g->exact = -1;
    g->gave_up = false;
}

void lt_grid_spread(lt_params *p, int count, bool varies)
{
    p->seeds = lt_grow(p->seeds, (size_t)count, sizeof *p->seeds);
    for (int i = 1; i < count; i++)
        p->seeds[i] = p->seeds[0] + (varies ? 0 : (uint64_t)i);
    p->seed_count = count;
    p->own_generators = true;
    p->batch = 0;
}

void lt_grid_in_turns(lt_seed_grid *g, uint64_t id)
{
    for (int i = 0; i < g->count; i++)
        if (g->tiles[i].id == id) {
            g->tiles[i].id = 0;
            g->tiles[i].image = 0;
        }
}

int lt_grid_next(const lt_seed_grid *g)
{
    for (int i = 0; i < g->count; i++)
        if (g->tiles[i].id == 0 && !g->tiles[i].left_out)
            return i;
    return -1;
}

void lt_grid_leave_out(lt_seed_grid *g)
{
    for (int i = 0; i < g->count; i++)
        g->tiles[i].left_out |= g->tiles[i].id == 0;
}

bool lt_grid_has(const lt_seed_grid *g, uint64_t id)
{
    for (int i = 0; i < g->count; i++)
        if (g->tiles[i].id == id)
            return true;
    return false;
}

/* How far a tile's seed, or its variation, is after that of the first; both wrap, as they are
 * drawn. */
static uint32_t distance(const lt_seed_grid *g, int i)
{
    const lt_params *first = &g->tiles[0].params, *p = &g->tiles[i].params;
    if (g->varies)
        return (uint32_t)p->variation_seed - (uint32_t)first->variation_seed;
    return (uint32_t)(p->seeds[0] - first->seeds[0]);
}

void lt_grid_follow(const lt_seed_grid *g, lt_params *out)
{
    int last = 0;
    for (int i = 1; i < g->count; i++)
        last = distance(g, i) > distance(g, last) ? i : last;
    lt_params_copy(out, &g->tiles[last].params);
    if (!isnan(out->variation_seed))
        out->variation_seed = (double)((uint32_t)out->variation_seed + 1u);
    if (!g->varies)
        out->seeds[0]++;
}

void lt_grid_refill(lt_seed_grid *g, int i)
{
    lt_tile *t = &g->tiles[i];
    lt_params next;
    lt_grid_follow(g, &next);
    lt_params_done(&t->params);
    t->params = next;
    lt_image_unref(t->shown);
    t->shown = NULL;
    t->id = 0;
    t->image = 0;
    t->left_out = false;
}

void lt_grid_seed(const lt_tile *t, char to[LT_GRID_TEXT])
{
    lt_buf text = {0};
    lt_params_say_seed(&t->params, 0, &text);
    snprintf(to, LT_GRID_TEXT, "%s", text.data);
    lt_buf_done(&text);
}

static const char *state_of(const lt_tile *t, const lt_reel *r)
{
    if (!r)
        return t->left_out ? " stopped" : " waits";
    if (r->state == LT_REEL_FAILED)
        return " failed";
    return r->state == LT_REEL_STOPPED || (r->film && r->image[t->image].dropped) ? " stopped" : "";
}

static const char *star_of(const lt_tile *t, const lt_reel *r)
{
    return r && r->film && r->image[t->image].starred ? " *" : "";
}

/* Its variation, if it has one ('v'), else its seed ('s'). */
static char number_of(const lt_tile *t, uint64_t *out)
{
    int place;
    uint64_t other;
    double strength;
    *out = lt_params_seed(&t->params, 0, &place);
    if (!lt_params_variation(&t->params, 0, &other, &strength))
        return 's';
    *out = other;
    return 'v';
}

void lt_grid_caption(const lt_seed_grid *g, int i, const lt_reel *r, char to[LT_GRID_TEXT])
{
    const lt_tile *t = &g->tiles[i];
    uint64_t number;
    char mark = number_of(t, &number);
    snprintf(to, LT_GRID_TEXT, "%d %c%" PRIu64 "%s%s", i + 1, mark, number, star_of(t, r),
             state_of(t, r));
}

void lt_grid_brief(const lt_seed_grid *g, int i, const lt_reel *r, char to[LT_GRID_TEXT])
{
    enum { TOLD = 1000 /* a grid has neighbours that are all different below this */ };
    const lt_tile *t = &g->tiles[i];
    uint64_t number;
    char mark = number_of(t, &number);
    const char *state = state_of(t, r), *star = star_of(t, r);
    if (*state)
        snprintf(to, LT_GRID_TEXT, "%d%s%s", i + 1, star, state);
    else if (number < TOLD)
        snprintf(to, LT_GRID_TEXT, "%d %c%" PRIu64 "%s", i + 1, mark, number, star);
    else
        snprintf(to, LT_GRID_TEXT, "%d %c..%03" PRIu64 "%s", i + 1, mark, number % TOLD, star);
}
