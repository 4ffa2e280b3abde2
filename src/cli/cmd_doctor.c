/* cmd_doctor.c - `latentty doctor`: what there is to compute on, what the terminal can show, and
 * how that is known. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "cli/devices.h"
#include "cli/output.h"
#include "cli/screen.h"
#include "gfx/graphics.h"
#include "gfx/probe.h"
#include "gfx/tty.h"

static const double patience = 1.0; /* seconds */

typedef struct findings {
    lt_term term;
    lt_graphics kind;
    bool utf8;
    char why[256];
    lt_buf asked, answered; /* with \e for ESC */
} findings;

static bool wanted(const lt_context *c, lt_graphics *out, lt_error *err)
{
    const char *name = lt_args_value(c->args, "graphics");
    *out = LT_GRAPHICS_AUTO;
    return !name || lt_graphics_find(name, out) ||
           lt_fail(err, LT_ERR_ARGUMENT, "--graphics auto",
                   "--graphics is '%s', expected auto, sixel, kitty, blocks, text or none", name);
}

static void shown(const lt_buf *raw, lt_buf *out)
{
    lt_buf_str(out, "");
    for (size_t i = 0; i < raw->len; i++)
        if (raw->data[i] == '\033')
            lt_buf_str(out, "\\e");
        else
            lt_buf_char(out, raw->data[i] ? raw->data[i] : ' ');
}

static bool look(findings *f, lt_error *err)
{
    lt_tty *tty;
    lt_buf typed = {0}, raw = {0}, questions = {0};
    if (!lt_tty_open(&tty, err))
        return lt_fail_hint(err, "latentty doctor, in a terminal");
    lt_tty_guard();
    bool ok = lt_probe_raw(tty, patience, &f->term, &typed, &raw, err);
    lt_tty_close(tty);
    if (ok) {
        lt_probe_questions(&f->term, &questions);
        shown(&questions, &f->asked);
        shown(&raw, &f->answered);
    }
    lt_buf_done(&questions);
    lt_buf_done(&typed);
    lt_buf_done(&raw);
    return ok;
}

static const char *variable(const char *value)
{
    return value && *value ? value : "not set";
}

/* What would bring sixel; NULL where pixels are there, or were not wanted. */
static const char *advice(const findings *f)
{
    const lt_term *t = &f->term;
    if (f->kind == LT_GRAPHICS_SIXEL || f->kind == LT_GRAPHICS_KITTY || t->dumb)
        return NULL;
    if (t->mux == LT_MUX_TMUX)
        return "run it outside tmux, or in a tmux of 3.4 or newer that was built with sixel";
    if (t->mux == LT_MUX_SCREEN)
        return "run it outside screen";
    if (strncmp(t->name, "XTerm(", 6) == 0)
        return "start xterm with -ti vt340, or put XTerm*decGraphicsID: vt340 into .Xresources";
    return "terminals with pixels: xterm -ti vt340, foot, mlterm, Konsole, WezTerm, kitty, Windows "
           "Terminal 1.22";
}

static void print_terminal(const lt_term *t)
{
    const lt_tty_size *s = &t->size;
    lt_output_line(stdout, "terminal    %s, TERM %s, COLORTERM %s", *t->name ? t->name : "no name",
                   variable(getenv("TERM")), variable(getenv("COLORTERM")));
    if (t->mux != LT_MUX_NONE)
        lt_output_line(stdout, "inside      %s", lt_mux_name(t->mux));
    lt_output_line(stdout, "size        %d columns, %d rows%s", s->cols, s->rows,
                   s->width ? "" : ", pixels not known");
    if (s->width)
        lt_output_line(stdout, "            %d x %d pixels, perhaps with a border", s->width,
                       s->height);
    lt_output_line(stdout, "cell        %d x %d pixels (%s)", t->cell_width, t->cell_height,
                   lt_cell_source_name(t->cell_source));
    lt_output_line(stdout, "colours     %s", lt_colours_name(t->colours));
}

static void print_abilities(const lt_term *t)
{
    if (t->sixel && t->registers)
        lt_output_line(stdout, "sixel       yes, %d colours", t->registers);
    else
        lt_output_line(stdout, "sixel       %s", t->sixel ? "yes" : "no");
    if (t->sixel && t->max_width)
        lt_output_line(stdout, "            at most %d x %d pixels", t->max_width, t->max_height);
    lt_output_line(stdout, "kitty       %s", t->kitty ? "yes" : "no");
    lt_output_line(stdout, "synchronized output %s", t->sync ? "yes" : "no");
}

static void print_text(const findings *f)
{
    const lt_term *t = &f->term;
    const char *more = advice(f);
    print_terminal(t);
    lt_output_line(stdout, "text        %s", f->utf8 ? "UTF-8" : "not UTF-8, by the locale");
    print_abilities(t);
    lt_output_line(stdout, "asked       %s", f->asked.len ? f->asked.data : "nothing");
    if (t->answered)
        lt_output_line(stdout, "answered    %s", f->answered.data);
    else
        lt_output_line(stdout, "answered    not in %.0f ms%s%s", t->ms, f->answered.len ? ": " : "",
                       f->answered.data);
    if (t->answered)
        lt_output_line(stdout, "            after %.1f ms", t->ms);
    lt_output_line(stdout, "pictures    %s: %s", lt_graphics_name(f->kind), f->why);
    if (more)
        lt_output_line(stdout, "to get pixels: %s", more);
}

static void set(json_object *o, const char *key, const char *text)
{
    lt_output_set(o, key, lt_output_text(text));
}

static json_object *pair(int a, int b)
{
    return a > 0 && b > 0 ? lt_output_sizes((const int64_t[]){a, b}, 2) : NULL;
}

static void print_backends(const lt_context *c)
{
    lt_buf text = {0};
    lt_devices_text(c->backends, &text);
    for (const char *at = text.data; *at;) {
        size_t n = strcspn(at, "\n");
        lt_output_line(stdout, "%.*s", (int)n, at);
        at += n + (at[n] == '\n');
    }
    lt_buf_done(&text);
}

static void print_json(const lt_context *c, const findings *f)
{
    const lt_term *t = &f->term;
    json_object *o = json_object_new_object();
    lt_output_set(o, "backends", lt_devices_json(c->backends));
    set(o, "terminal", *t->name ? t->name : NULL);
    set(o, "term", getenv("TERM"));
    set(o, "colorterm", getenv("COLORTERM"));
    set(o, "mux", lt_mux_name(t->mux));
    lt_output_set(o, "size", pair(t->size.cols, t->size.rows));
    lt_output_set(o, "pixels", pair(t->size.width, t->size.height));
    lt_output_set(o, "cell", pair(t->cell_width, t->cell_height));
    set(o, "cell_source", lt_cell_source_name(t->cell_source));
    set(o, "colours", lt_colours_name(t->colours));
    lt_output_set(o, "utf8", json_object_new_boolean(f->utf8));
    lt_output_set(o, "sixel", json_object_new_boolean(t->sixel));
    lt_output_set(o, "registers", t->registers ? json_object_new_int(t->registers) : NULL);
    lt_output_set(o, "largest", pair(t->max_width, t->max_height));
    lt_output_set(o, "kitty", json_object_new_boolean(t->kitty));
    lt_output_set(o, "sync", json_object_new_boolean(t->sync));
    set(o, "asked", f->asked.data);
    set(o, "answered", f->answered.data);
    lt_output_set(o, "in_time", json_object_new_boolean(t->answered));
    lt_output_set(o, "ms", lt_output_number(t->ms));
    set(o, "graphics", lt_graphics_name(f->kind));
    set(o, "why", f->why);
    set(o, "advice", advice(f));
    lt_output_json(o);
}

static bool run(const lt_context *c, lt_error *err)
{
    findings f = {.utf8 = lt_screen_utf8()};
    lt_graphics wish;
    bool ok = wanted(c, &wish, err);
    if (ok && !c->json && !c->quiet)
        print_backends(c);
    ok = ok && look(&f, err);
    if (ok) {
        f.kind = lt_graphics_choose(&f.term, wish, f.utf8, f.why, sizeof f.why);
        if (c->json)
            print_json(c, &f);
        else if (!c->quiet)
            print_text(&f);
    }
    lt_buf_done(&f.asked);
    lt_buf_done(&f.answered);
    return ok;
}

static const lt_option options[] = {
    {"graphics", 0, "KIND", "auto", "auto, sixel, kitty, blocks, text or none", false},
};

const lt_command lt_command_doctor = {
    .name = "doctor",
    .summary = "what there is to compute on, and what the terminal can show",
    .synopsis = "[--graphics KIND] [options]",
    .about = "Lists the backends with what they compute on, or why one is not used.  Then asks the "
             "terminal what it is, as the screen does at its start, and prints the "
             "questions, the answers, and what was made of them: how pictures are shown and why, "
             "the size of a cell and who told it, colours and text.  That part needs a terminal, "
             "also if "
             "its output goes to a file.",
    .example = "latentty doctor",
    .options = options,
    .option_count = LT_COUNT(options),
    .run = run,
};
