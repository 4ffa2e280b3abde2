/* canvas.c - see canvas.h. */
#include "tui/canvas.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tui/draw.h"
#include "tui/wake.h"

enum { WAITING = 3 }; /* pictures of a row that may wait: two events can come at once */

/* A terminal that took the frame before within so many seconds is waited for. */
static const double prompt = 0.06;

static const double hold = 0.12;   /* seconds of line that a frame may take */
static const double rest = 3;      /* seconds before a whole frame is tried again */
static const double slice = 0.005; /* and that one call may wait for the line */

typedef struct wanted {
    lt_image *image; /* owned reference */
    bool coarse;
} wanted;

struct lt_canvas {
    lt_tty *tty; /* borrowed */
    lt_term term;
    lt_graphics kind;
    lt_encoder *encoder; /* owned */
    lt_pace pace;
    lt_rect area;
    lt_zoom zoom;

    wanted row[WAITING]; /* what waits, oldest first */
    int waiting;
    wanted shown;        /* what was sent last */
    int scale;           /* at which it was sent */
    lt_fit fit;          /* and where */
    lt_place place;      /* and where the cursor was put back */
    bool there;          /* on the screen */
    lt_buf frame;        /* owned */
    bool damaged, stale; /* to be sent again; to be made again, too */
    bool writing, cut;   /* the frame is on its way; without its middle */
    bool hurry;          /* something else is to be written */
    double next_full;    /* not before */
    size_t at, written;  /* bytes of it: the next, and how many went out */
    double began;
    double answer; /* seconds that the frame before took to be acknowledged */
    int skipped;
    lt_canvas_facts facts;
};

lt_canvas *lt_canvas_new(lt_tty *tty, const lt_term *term, lt_graphics kind)
{
    lt_canvas *c = lt_alloc(sizeof *c);
    c->tty = tty;
    c->term = *term;
    c->kind = kind;
    c->encoder = lt_encoder_new(term, kind);
    lt_pace_init(&c->pace, term->answered, term->ms / 1000);
    return c;
}

static void forget(wanted *w)
{
    lt_image_unref(w->image);
    *w = (wanted){0};
}

void lt_canvas_free(lt_canvas *c)
{
    if (!c)
        return;
    for (int i = 0; i < c->waiting; i++)
        forget(&c->row[i]);
    forget(&c->shown);
    lt_encoder_free(c->encoder);
    lt_buf_done(&c->frame);
    free(c);
}

void lt_canvas_term(lt_canvas *c, const lt_term *term)
{
    c->term = *term;
    lt_encoder_free(c->encoder);
    c->encoder = lt_encoder_new(term, c->kind);
    c->damaged = c->stale = true;
}

void lt_canvas_area(lt_canvas *c, lt_rect area, lt_zoom zoom)
{
    bool same = area.x == c->area.x && area.y == c->area.y && area.width == c->area.width &&
                area.height == c->area.height && zoom == c->zoom;
    c->area = area;
    c->zoom = zoom;
    if (!same)
        c->damaged = c->stale = true;
}

static void drop_first(lt_canvas *c)
{
    forget(&c->row[0]);
    c->waiting--;
    for (int i = 0; i < c->waiting; i++)
        c->row[i] = c->row[i + 1];
}

static const lt_image *newest(const lt_canvas *c)
{
    return c->waiting ? c->row[c->waiting - 1].image : c->shown.image;
}

void lt_canvas_show(lt_canvas *c, lt_image *image, bool each, bool coarse)
{
    if (image == newest(c))
        return;
    while (c->waiting > 0 && (!each || c->waiting == WAITING)) {
        c->skipped += each;
        drop_first(c);
    }
    if (!image) {
        forget(&c->shown);
        return;
    }
    c->row[c->waiting++] = (wanted){lt_image_ref(image), coarse};
}

void lt_canvas_damaged(lt_canvas *c)
{
    c->damaged = true;
}

bool lt_canvas_hide(lt_canvas *c)
{
    lt_buf bytes = {0};
    lt_error ignored;
    bool again = lt_frame_hide(c->encoder, &bytes);
    if (bytes.len)
        (void)lt_tty_write(c->tty, bytes.data, bytes.len, 1, &ignored);
    lt_buf_done(&bytes);
    c->damaged = true;
    c->there = false;
    return again;
}

static lt_fit fit_of(const lt_canvas *c, const lt_image *image)
{
    lt_frame_room room = {.cols = c->area.width, .rows = c->area.height, .zoom = c->zoom};
    return lt_fit_make(&c->term, c->kind, &room, image->width, image->height);
}

static lt_place place_of(const lt_canvas *c, const lt_fit *fit)
{
    return (lt_place){.row = c->area.y + (c->area.height - fit->rows) / 2,
                      .col = c->area.x + (c->area.width - fit->cols) / 2};
}

/* What a frame covers: of the last row and column of cells perhaps a part. */
static lt_rect pixels_of(const lt_canvas *c, const lt_place *place, const lt_fit *fit)
{
    bool cells = c->kind == LT_GRAPHICS_BLOCKS || c->kind == LT_GRAPHICS_TEXT;
    int w = c->term.cell_width, h = c->term.cell_height;
    return (lt_rect){place->col * w, place->row * h, cells ? fit->cols * w : fit->width,
                     cells ? fit->rows * h : fit->height};
}

bool lt_canvas_uncovers(const lt_canvas *c)
{
    const lt_image *next = c->waiting ? c->row[0].image : c->shown.image;
    if (!c->there || c->area.width <= 0 || (next && c->kind == LT_GRAPHICS_KITTY))
        return false;
    if (!next)
        return true;
    lt_fit fit = fit_of(c, next);
    lt_place place = place_of(c, &fit);
    lt_rect is = pixels_of(c, &place, &fit), was = pixels_of(c, &c->place, &c->fit);
    return is.x > was.x || is.y > was.y || is.x + is.width < was.x + was.width ||
           is.y + is.height < was.y + was.height;
}

void lt_canvas_acked(lt_canvas *c, double now)
{
    if (c->pace.in_flight)
        c->answer = now - c->pace.sent;
    lt_pace_acked(&c->pace, now);
}

/* A frame ends with the cursor as curses had it: one that is sent again must have it as it is now,
 * or what curses writes next lands elsewhere. */
static bool cursor_moved(const lt_canvas *c)
{
    int row, col;
    bool visible = lt_draw_cursor_at(&row, &col);
    return visible != c->place.cursor_visible || row != c->place.cursor_row ||
           col != c->place.cursor_col;
}

static bool encode(lt_canvas *c, int scale, lt_error *err)
{
    double start = lt_clock();
    lt_image *image = c->shown.image;
    c->fit = fit_of(c, image);
    lt_place place = place_of(c, &c->fit);
    place.cursor_visible = lt_draw_cursor_at(&place.cursor_row, &place.cursor_col);
    c->place = place;
    lt_quality quality = {.scale = scale, .adaptive = !c->shown.coarse && scale == 1};
    bool ok = lt_frame_encode(c->encoder, image, &c->fit, &place, quality, &c->frame, err);
    c->scale = scale;
    c->facts.encode = lt_clock() - start;
    return ok;
}

static void notes(lt_canvas *c, bool on)
{
    lt_tty_mode(c->tty, LT_MODE_STRING, on);
    if (!on || c->fit.kind == LT_GRAPHICS_KITTY)
        lt_tty_mode(c->tty, LT_MODE_LOAD, on);
    if (c->term.sync)
        lt_tty_mode(c->tty, LT_MODE_SYNC, on);
}

static void sent(lt_canvas *c)
{
    double now = lt_clock();
    notes(c, false);
    c->writing = false;
    if (c->cut)
        lt_pace_cut(&c->pace, c->frame.len, c->written, c->scale, c->began, now);
    else
        lt_pace_sent(&c->pace, c->frame.len, c->scale, c->began, now);
    if (c->cut && c->scale == 1) /* the line is no idle one */
        c->next_full = now + rest;
    c->damaged |= c->cut;
    c->stale |= c->cut;
    c->facts.bytes = c->written;
    c->facts.write = now - c->began;
    c->facts.scale = c->scale;
    c->facts.sent++;
}

/* True if less would be sent the next time: characters are always whole. */
static bool can_be_coarser(const lt_canvas *c)
{
    return c->scale < LT_SCALE_COARSEST &&
           (c->kind == LT_GRAPHICS_SIXEL || c->kind == LT_GRAPHICS_KITTY);
}

static bool hurried(const lt_canvas *c)
{
    return c->hurry || c->waiting > 0;
}

void lt_canvas_hurry(lt_canvas *c)
{
    c->hurry = true;
}

/* From here on only the end of the frame. */
static void cut(lt_canvas *c)
{
    size_t tail = lt_frame_tail(c->encoder);
    c->cut = c->at < tail;
    c->at = c->cut ? tail : c->at;
}

static bool write_on(lt_canvas *c, double seconds, lt_error *err)
{
    if (!c->cut && hurried(c) && lt_clock() - c->began > hold && can_be_coarser(c))
        cut(c);
    ptrdiff_t n = lt_tty_write(c->tty, c->frame.data + c->at, c->frame.len - c->at, seconds, err);
    if (n < 0)
        return false;
    c->at += (size_t)n;
    c->written += (size_t)n;
    if (c->at == c->frame.len)
        sent(c);
    return true;
}

static bool send(lt_canvas *c, lt_error *err)
{
    if (!c->frame.len)
        return true;
    notes(c, true);
    c->writing = c->there = true;
    c->cut = c->hurry = false;
    c->at = c->written = 0;
    c->began = lt_clock();
    return write_on(c, slice, err);
}

bool lt_canvas_writing(const lt_canvas *c)
{
    return c->writing;
}

void lt_canvas_finish(lt_canvas *c)
{
    lt_error ignored;
    if (!c->writing)
        return;
    if (c->kind == LT_GRAPHICS_SIXEL || c->kind == LT_GRAPHICS_KITTY)
        cut(c);
    (void)!write_on(c, 0.5, &ignored);
    c->writing = false;
}

bool lt_canvas_in_flight(const lt_canvas *c)
{
    return c->pace.in_flight && c->pace.unanswered == 0;
}

/* True if there is a frame to make: a picture that waits, the whole one after a coarse one, or the
 * same one for another place. */
static bool choose(lt_canvas *c, double now, int *scale)
{
    *scale = lt_pace_scale(&c->pace);
    if (c->waiting) {
        forget(&c->shown);
        c->shown = c->row[0];
        c->row[0] = (wanted){0};
        drop_first(c);
        return true;
    }
    if (!c->shown.image)
        return false;
    if (now >= c->next_full && lt_pace_full_due(&c->pace, now)) {
        *scale = 1;
        return true;
    }
    return c->stale || (c->damaged && cursor_moved(c));
}

bool lt_canvas_flush(lt_canvas *c, double now, lt_error *err)
{
    int scale;
    if (c->writing)
        return write_on(c, 0, err);
    if (c->kind == LT_GRAPHICS_NONE || c->area.width <= 0 || !lt_pace_may_send(&c->pace, now))
        return true;
    if (choose(c, now, &scale)) {
        if (!encode(c, scale, err))
            return false;
    } else if (!c->damaged || !c->shown.image) {
        return true;
    }
    c->damaged = c->stale = false;
    return send(c, err);
}

bool lt_canvas_expects(const lt_canvas *c, double now)
{
    if (c->waiting == 0 || c->kind == LT_GRAPHICS_NONE || c->area.width <= 0)
        return false;
    if (c->writing)
        return now - c->began < prompt;
    return !c->pace.in_flight || (c->answer < prompt && now - c->pace.written < prompt);
}

static double later(double seconds)
{
    return seconds > 0 ? seconds : 0;
}

double lt_canvas_wait(const lt_canvas *c, double now)
{
    if (c->writing) /* the terminal's readiness wakes, or the end of its time */
        return c->cut || !hurried(c) || !can_be_coarser(c) ? -1 : later(c->began + hold - now);
    if (c->kind == LT_GRAPHICS_NONE || c->area.width <= 0)
        return -1;
    double full = c->shown.image && !c->waiting ? lt_pace_full_wait(&c->pace, now) : -1;
    if (full >= 0 && full < c->next_full - now)
        full = c->next_full - now;
    if (lt_canvas_expects(c, now) && c->pace.in_flight)
        full = lt_wake_sooner(full, c->pace.written + prompt - now);
    if (c->waiting || (c->shown.image && (c->damaged || c->stale)))
        return lt_wake_sooner(lt_pace_wait(&c->pace, now), full);
    return full;
}

int lt_canvas_skipped(lt_canvas *c)
{
    int n = c->skipped;
    c->facts.skipped += n;
    c->skipped = 0;
    return n;
}

lt_rect lt_canvas_where(const lt_canvas *c)
{
    if (!c->shown.image)
        return (lt_rect){0};
    return (lt_rect){.x = c->area.x + (c->area.width - c->fit.cols) / 2,
                     .y = c->area.y + (c->area.height - c->fit.rows) / 2,
                     .width = c->fit.cols,
                     .height = c->fit.rows};
}

lt_canvas_facts lt_canvas_about(const lt_canvas *c)
{
    lt_canvas_facts f = c->facts;
    f.kind = c->kind;
    f.round_trip = c->pace.round_trip;
    return f;
}
