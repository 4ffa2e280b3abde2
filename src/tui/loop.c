/* loop.c - opens the screen, waits, feeds, draws, and gives the screen back. */
#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tui/command.h"
#include "tui/draw.h"
#include "tui/tour.h"
#include "tui/view.h"
#include "tui/wake.h"

static const double handshake = 1;    /* seconds for a terminal's answers */
static const double too_late = 10;    /* and for those that come afterwards */
static const double attention = 0.25; /* seconds that a run waits for this thread, at most */

/* ---- opening ---- */

static bool open_terminal(lt_studio *s, lt_buf *typed, lt_error *err)
{
    const lt_tui_options *o = s->options;
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return lt_fail(err, LT_ERR_IO, "latentty render -p TEXT makes a picture without a screen",
                       "the studio needs a terminal for input and output");
    if (!lt_tty_open(&s->tty, err))
        return false;
    lt_tty_guard();
    if (!lt_probe(s->tty, handshake, &s->term, typed, err))
        return false;
    if (s->term.dumb)
        return lt_fail(err, LT_ERR_IO, "latentty render -p TEXT makes a picture without a screen",
                       "the studio needs a terminal that knows more than TERM='%s' says",
                       getenv("TERM") ? getenv("TERM") : "");
    if (o->cell_width > 0)
        lt_term_cell(&s->term, o->cell_width, o->cell_height);
    s->graphics = lt_graphics_choose(&s->term, o->graphics, o->utf8, s->why, sizeof s->why);
    return true;
}

static void modes(lt_studio *s)
{
    lt_tty_mode(s->tty, LT_MODE_SCREEN, true);
    (void)lt_tty_raw(s->tty, true);
    lt_draw_keep_line();
    lt_tty_mode(s->tty, LT_MODE_PASTE, true);
    lt_tty_mode(s->tty, LT_MODE_MOUSE, s->options->mouse);
}

static void open_history(lt_studio *s)
{
    lt_error note = {0};
    char *path = lt_prompts_path();
    s->history = lt_prompts_open(path, &note);
    s->commands = lt_prompts_open(NULL, &(lt_error){0});
    if (note.code != LT_ERR_NONE)
        lt_studio_say(s, LT_NOTE_WARN, "%s", note.message);
    free(path);
}

static bool open_all(lt_studio *s, lt_error *err)
{
    lt_buf typed = {0};
    bool ok = open_terminal(s, &typed, err);
    lt_wake_open(); /* before the worker, which inherits what is blocked */
    ok = ok && lt_session_open(s->options->backends, &s->session, err) &&
         lt_saver_open(&s->saver, err) && lt_draw_open(s->options->utf8, err);
    if (ok) {
        modes(s);
        s->input = lt_input_new(s->options->utf8);
        if (!s->term.answered)
            lt_input_expect(s->input, lt_clock() + too_late);
        lt_input_feed(s->input, typed.data, typed.len, lt_clock());
        s->canvas = lt_canvas_new(s->tty, &s->term, s->graphics);
        s->line = lt_edit_new(false);
        s->dirty = true;
        open_history(s);
        lt_studio_configure(s);
        lt_record_open(s);
    }
    lt_buf_done(&typed);
    return ok;
}

/* ---- one turn ---- */

static bool read_keys(lt_studio *s, lt_error *err)
{
    char bytes[4096];
    lt_input_event e;
    ptrdiff_t n;
    while ((n = lt_tty_read(s->tty, bytes, sizeof bytes, err)) > 0)
        lt_input_feed(s->input, bytes, (size_t)n, s->now);
    lt_input_tick(s->input, s->now);
    while (lt_input_next(s->input, &e))
        if (!s->quit || e.kind == LT_INPUT_ACK)
            lt_studio_input(s, &e);
    return n >= 0;
}

static void resize(lt_studio *s)
{
    lt_tty_size size;
    lt_tty_size_get(s->tty, &size);
    lt_term_resize(&s->term, &size);
    if (s->options->cell_width > 0)
        lt_term_cell(&s->term, s->options->cell_width, s->options->cell_height);
    lt_draw_resize(size.cols, size.rows);
    lt_canvas_term(s->canvas, &s->term);
    s->redraw = s->dirty = true;
}

/* What the terminal is about to answer must not reach the shell. */
static void settle(lt_studio *s)
{
    const double patience = 0.2; /* seconds */
    double end = lt_clock() + patience, left;
    int fd = lt_tty_fd(s->tty);
    lt_error ignored;
    lt_canvas_finish(s->canvas);
    while (lt_canvas_in_flight(s->canvas) && (left = end - lt_clock()) > 0) {
        lt_wake_wait(&fd, 1, false, left);
        s->now = lt_clock();
        if (!read_keys(s, &ignored))
            return;
    }
}

static void suspend(lt_studio *s)
{
    settle(s);
    (void)lt_canvas_hide(s->canvas);
    lt_draw_suspend();
    lt_tty_pause(s->tty);
    lt_wake_stop();
    lt_draw_resume();
    (void)lt_tty_raw(s->tty, true);
    lt_tty_resume(s->tty);
    s->suspend = false;
    resize(s);
}

/* tmux forgets a picture when text changes beside it; and without no-break spaces curses may take a
 * picture's cells for blanks. */
static void refresh(lt_studio *s, bool drawn)
{
    const double pause = 0.2; /* seconds */
    bool forgets = s->term.mux == LT_MUX_TMUX && s->graphics == LT_GRAPHICS_SIXEL;
    if (!forgets && s->options->utf8)
        return;
    if (drawn && s->refresh_at <= 0)
        s->refresh_at = s->now + pause;
    if (s->refresh_at > 0 && s->now >= s->refresh_at) {
        s->refresh_at = 0;
        lt_canvas_damaged(s->canvas);
    }
}

static bool turn(lt_studio *s, lt_error *err)
{
    s->now = lt_clock();
    if (!read_keys(s, err))
        return false;
    if (!s->quit) /* else what could not be written is told at the end */
        lt_studio_saved(s);
    lt_studio_events(s);
    lt_studio_tick(s);
    if (lt_wake_resized()) {
        lt_canvas_finish(s->canvas);
        resize(s);
    }
    if (s->suspend || lt_wake_stopped())
        suspend(s);
    if (lt_canvas_uncovers(s->canvas))
        s->dirty = true;
    bool drawn = s->dirty;
    if (drawn && lt_canvas_writing(s->canvas)) { /* curses' bytes would land in the picture's */
        lt_canvas_hurry(s->canvas);
        drawn = false;
    }
    if (drawn) {
        s->dirty = false;
        lt_studio_draw(s);
    }
    refresh(s, drawn);
    if (!lt_canvas_flush(s->canvas, s->now, err))
        return false;
    if (s->unseen && !lt_canvas_expects(s->canvas, s->now) && !lt_studio_look_waits(s) &&
        !lt_beside_waits(s)) {
        s->unseen = false;
        lt_session_seen(s->session);
    }
    int skipped = lt_canvas_skipped(s->canvas);
    if (skipped && s->reel) {
        s->reel->skipped += skipped;
        s->dirty = true;
    }
    return true;
}

static void wait(const lt_studio *s)
{
    double patience = lt_record_behind(s);
    int descriptors[] = {lt_tty_fd(s->tty), patience > 0 ? -1 : lt_session_fd(s->session),
                         lt_saver_fd(s->saver), lt_record_fd(s)};
    double seconds = lt_studio_wait(s);
    if (patience > 0)
        seconds = lt_wake_sooner(seconds, patience);
    seconds = lt_wake_sooner(seconds, lt_input_wait(s->input, s->now));
    seconds = lt_wake_sooner(seconds, lt_canvas_wait(s->canvas, s->now));
    if (s->refresh_at > 0)
        seconds = lt_wake_sooner(seconds, lt_wake_until(s->refresh_at, s->now));
    bool writing = lt_canvas_writing(s->canvas);
    if (!s->dirty || writing)
        lt_wake_wait(descriptors, s->writer ? 4 : 3, writing, seconds);
}

static bool close_all(lt_studio *s, lt_error *err)
{
    /* the terminal first: the worker may need a moment to notice, and a disk for what waits; two
     * signals end that, too */
    if (s->canvas) {
        settle(s);
        (void)lt_canvas_hide(s->canvas);
    }
    lt_draw_close();
    lt_tty_close(s->tty);
    lt_wake_close();
    lt_session_close(s->session);
    bool saved = lt_saver_close(s->saver, err);
    lt_record_close(s);
    lt_canvas_free(s->canvas);
    lt_input_free(s->input);
    lt_prompts_close(s->history);
    lt_prompts_close(s->commands);
    lt_keymap_free(s->keymap);
    lt_conf_faults_done(&s->faults);
    lt_completion_done(&s->completion);
    lt_edit_free(s->line);
    lt_gallery_done(&s->gallery);
    lt_reels_done(&s->reels);
    lt_tour_done(s);
    lt_form_done(&s->form);
    lt_grid_done(&s->grid);
    lt_model_facts_free(s->facts);
    lt_tokens_done(&s->prompt_count.tokens);
    lt_tokens_done(&s->negative_count.tokens);
    free(s->saving.dir);
    lt_studio_what_if_done(s);
    lt_studio_compare_done(s);
    lt_studio_tokens_done(s);
    lt_studio_token_vectors_done(s);
    lt_looking_done(&s->looking);
    lt_look_numbers_done(&s->look_numbers);
    lt_beside_done(&s->beside);
    lt_studio_vae_done(s);
    lt_studio_attention_done(s);
    return saved;
}

bool lt_tui_run(const lt_tui_options *options, lt_error *err)
{
    lt_studio s = {.options = options, .now = lt_clock(), .attending = {.size = LT_ATTENTION_ALL}};
    lt_form_init(&s.form, options->params);
    bool ok = open_all(&s, err);
    if (ok) {
        lt_session_budget(s.session, options->preview_budget);
        lt_session_attend(s.session, attention);
        lt_session_load(s.session, options->params);
        if (options->lesson)
            lt_tour_open(&s, options->lesson);
        if (options->run)
            lt_studio_run(&s, false);
    }
    while (ok && !s.quit && !atomic_load(&options->stopped->cancel)) {
        ok = turn(&s, err);
        if (ok && !s.quit && !atomic_load(&options->stopped->cancel))
            wait(&s);
    }
    return close_all(&s, ok ? err : &(lt_error){0}) && ok;
}
