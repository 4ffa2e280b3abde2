/*
 * studio.h - the state of the screen, and what its parts do with it; for the files of this folder.
 *
 * loop.c waits and feeds; events.c takes what the session says; act.c does what a key means;
 * view*.c draw what there is.  Whatever changes something sets `dirty`, and the loop draws once.
 */
#pragma once

#include "gfx/input.h"
#include "pipeline/linear.h"
#include "pipeline/meta.h"
#include "pipeline/whatif.h"
#include "store/writer.h"
#include "tui/attending.h"
#include "tui/beside.h"
#include "tui/canvas.h"
#include "tui/compare.h"
#include "tui/form.h"
#include "tui/gallery.h"
#include "tui/grid.h"
#include "tui/history.h"
#include "tui/keymap.h"
#include "tui/layout.h"
#include "tui/lens.h"
#include "tui/looking.h"
#include "tui/record.h"
#include "tui/reel.h"
#include "tui/saver.h"
#include "tui/tiles.h"
#include "tui/tokens.h"
#include "tui/tui.h"
#include "tui/vae.h"

/* Cells beside the text of a prompt: its label, and the count of its tokens. */
enum { LT_FIELD_LABEL = 9, LT_FIELD_COUNT = 13, LT_FIELD_BESIDE = 23 };

struct lt_tour; /* tour.h */
struct lt_lesson_entry;

/* Who gets the keys. */
typedef enum lt_focus {
    LT_FOCUS_PROMPT,
    LT_FOCUS_NEGATIVE,
    LT_FOCUS_VIEW,   /* steps, lenses, runs: what the view is of */
    LT_FOCUS_PARAMS, /* rows of the form */
    LT_FOCUS_RUNS,   /* the tree of runs in the panel */
    LT_FOCUS_LINE,   /* a line that was asked for */
} lt_focus;

/* What the middle of the screen shows while no page covers it. */
typedef enum lt_view {
    LT_VIEW_STEP,        /* one picture, with the panel beside it */
    LT_VIEW_GRID,        /* the pictures of several seeds */
    LT_VIEW_COMPARE,     /* two pictures and how they differ */
    LT_VIEW_GALLERY,     /* the history */
    LT_VIEW_TOKENS,      /* a prompt, token by token */
    LT_VIEW_AUTOENCODER, /* a picture, and what the VAE makes of it */
    LT_VIEW_NOISING,     /* its latents with noise */
} lt_view;

/* What a line is asked for. */
typedef enum lt_ask {
    LT_ASK_NOTHING,
    LT_ASK_VALUE,   /* of the chosen row of the form */
    LT_ASK_PICTURE, /* the path of a PNG to read settings from */
    LT_ASK_COMMAND,
    LT_ASK_SEARCH,  /* in the history of prompts */
    LT_ASK_FIND,    /* on the page of keys */
    LT_ASK_HISTORY, /* what runs of the history are about */
    LT_ASK_QUIT,    /* y or n */
    LT_ASK_SCALE,   /* of a what-if */
    LT_ASK_SEEDS,   /* how many the grid should have */
    LT_ASK_VARY,    /* how strongly */
    LT_ASK_LESSON,  /* which one */
} lt_ask;

typedef enum lt_note_kind { LT_NOTE_INFO, LT_NOTE_WARN, LT_NOTE_ERROR } lt_note_kind;

/* The tokens of a field as it is typed. */
typedef struct lt_count {
    lt_tokens tokens;
    unsigned long version; /* of the text that they are of, plus 1; 0: not counted yet */
} lt_count;

/* The row of messages. */
typedef struct lt_note {
    lt_note_kind kind;
    char text[512];
    lt_error error; /* of an error, with all of its message; code NONE: none yet */
    double until;   /* when it goes; 0: stays */
} lt_note;

/* Words to choose from in the line of commands (command.h). */
typedef struct lt_completion {
    char **words;          /* owned, sorted */
    int count, at;         /* at: the one that stands in the line; -1: none of them */
    size_t start;          /* byte of the line where the word begins */
    unsigned long version; /* of the line as it was left, plus 1 */
} lt_completion;

/* All steps are being saved. */
typedef struct lt_saving {
    lt_reel *reel; /* borrowed; NULL: nothing */
    int image;     /* of it */
    const lt_look
        *look;       /* the lens and the gain of all of them: what is looked through meanwhile */
    int gain;        /* changes nothing */
    char *dir;       /* owned */
    int next, done;  /* frames that went to the saver, and those that were written */
    uint64_t series; /* 1, 2, ...: by which the saver's events are told from those of another */
} lt_saving;

typedef enum lt_compare_mode {
    LT_COMPARE_BESIDE, /* A, B and the difference */
    LT_COMPARE_FLICKER,
    LT_COMPARE_DIFFERENCE,
    LT_COMPARE_MODES,
} lt_compare_mode;

/* What is compared: B is what the studio looks at, A is here.  Runs by id, as they may go. */
typedef struct lt_comparing {
    uint64_t marked; /* the run that `m` marked; 0: none */
    int marked_step;
    uint64_t a, b; /* b, b_step: as they were when A followed them */
    int a_step, b_step;
    lt_compare_mode mode;
    int gain;          /* of the difference: 1, 2, 4, ... */
    bool second, held; /* flicker: B is shown; it does not go on */
    double flip_at;    /* when it does */
    lt_compare_steps steps;
    lt_image *sheet[2]; /* owned: what is shown; flicker: of A and of B */
    lt_image *of[2];    /* owned: the pictures that the sheets are of */
    lt_compare_mode made_mode;
    int made_gain, made_width, made_height, made_a, made_b; /* and the rest that they are of */
    bool measured;                                          /* both are there and have one size */
    lt_image_distance distance;                             /* between them */
} lt_comparing;

/* What the worker was asked to decode last: it makes one picture at a time, and of those that wait
 * the newest alone. */
typedef struct lt_asked {
    uint64_t id; /* of a run, or of a picture that is no run's; 0: nothing, or it has come */
    int step, image;
    lt_lens lens;
} lt_asked;

/* One step with another guidance.  It is over once another run or step is looked at. */
typedef struct lt_what_if {
    uint64_t id, owner; /* the run looked at, 0: none; the one that the step is of, before a fork */
    int step;
    double scale, own, top; /* now, the run's, the slider's end */
    double rest_at;         /* when a slider that moved counts as resting; 0: it rests */
    uint64_t asked;         /* the id of the picture that is wanted; 0: none */
    lt_image *image;        /* owned: the VAE's newest */
    double made;            /* the scale and the lens of it, or of what was asked for */
    lt_lens lens;
    bool guessed; /* on the screen is a linear preview */
    lt_what_if_numbers numbers;
} lt_what_if;

/* The lessons that there are, as they were listed last. */
typedef struct lt_lessons {
    struct lt_lesson_entry *all; /* owned */
    int count;
} lt_lessons;
void lt_lessons_done(lt_lessons *l); /* {0} is fine */

typedef struct lt_studio {
    const lt_tui_options *options;
    lt_tty *tty; /* owned, as what follows */
    lt_term term;
    lt_graphics graphics;
    char why[160]; /* that kind of graphics */
    lt_input_reader *input;
    lt_session *session;
    lt_model_facts *facts; /* NULL until a model is open */
    lt_canvas *canvas;
    lt_prompts *history, *commands; /* commands: of the line, in memory */
    lt_keymap *keymap;
    lt_conf_faults faults; /* of the file of keys */
    lt_form form;
    uint64_t form_run; /* the run that the form followed, or that was made of it; 0: none */
    int form_image;    /* of it */
    lt_reels reels;
    lt_linear_map linear;
    uint64_t next_id;
    lt_store_writer *writer; /* owned; NULL: runs are not kept */
    lt_await awaited;
    lt_saver *saver;     /* owned */
    lt_store *store;     /* owned, for looking; NULL until the history is open */
    int64_t interrupted; /* the run of the history that can go on; 0: none */
    lt_gallery gallery;
    bool queue_held;   /* what waits does not begin by itself, as the user stopped everything */
    char loading[128]; /* the model that is being opened; empty: none */

    lt_reel *reel; /* what is looked at; NULL: nothing yet */
    int image;     /* of it: in the grid, the chosen tile's */
    int step;
    bool follow;   /* the newest step */
    int look;      /* the lens: a row of lens.h */
    lt_lens lens;  /* what it decodes, or what other views do meanwhile */
    bool dragging; /* on the timeline */
    lt_asked asked;
    double pace; /* seconds that a step is held, live and in replay; 0: as it comes */
    bool replaying;
    double next_move; /* when the next step of a replay is due */
    double paced_at;  /* when that of a run that the pace holds is; 0: it is under way */
    double steer_at;  /* when a guidance that was changed meanwhile becomes a fork; 0: none was */
    bool paced_hold;  /* the run is held by the pace, not by the user */

    lt_layout layout;
    lt_layout_zoom zoom;
    lt_view view;
    lt_seed_grid grid;
    lt_focus focus, before; /* before: that the line was asked for */
    int row, top;           /* of the form: chosen, first shown */
    lt_ask ask;
    lt_edit *line;
    lt_completion completion;
    size_t searched; /* the prompt of the history that was found last */
    bool help, details, statistics;
    bool unread; /* there are mistakes in files of settings that have not been looked at */
    int help_top;
    char find[64]; /* what the page of keys is narrowed to */
    lt_note note;
    lt_saving saving;
    lt_what_if what_if;
    int page;           /* of a lens with several */
    int gain;           /* of the differences that lenses show; 0: the usual one */
    lt_looking looking; /* what the lens made, where it is put together */
    lt_look_numbers look_numbers;
    lt_beside beside;
    lt_attending attending;
    lt_comparing comparing;
    lt_token_view tokens;
    lt_lessons lessons;
    struct lt_tour *tour;       /* owned: the lesson that is given; NULL: none */
    int left_lesson, left_page; /* one that was left, and where, from 1; 0: none */
    lt_vae_view vae;
    lt_noising_view noising;
    lt_count prompt_count, negative_count;
    double clicked;      /* when a tile was, for double clicks */
    double stop_pressed; /* when Ctrl-C was */
    bool unseen;         /* the worker waits to hear that its picture is on the screen */
    bool dirty, quit, suspend;
    bool busy;         /* the worker was, when the screen was drawn */
    bool redraw;       /* everything, as the screen may be damaged */
    double now;        /* of this turn of the loop */
    double refresh_at; /* tmux: when the picture is sent again; 0: not */
} lt_studio;

/* ---- events.c ---- */
void lt_studio_events(lt_studio *s);

/* ---- act.c ---- */
void lt_studio_input(lt_studio *s, const lt_input_event *e);
void lt_studio_act(lt_studio *s, lt_action action);

/* ---- context.c ---- */
/* Where the next key goes, and what is true now. */
lt_keymap_context lt_studio_context(const lt_studio *s);
lt_keymap_context lt_studio_context_below(const lt_studio *s); /* the same without an asked line */
unsigned lt_studio_state(const lt_studio *s);
/* Of a run, for the user: one that the pace holds is running, as it goes on by itself. */
lt_reel_state lt_studio_state_of(const lt_studio *s, const lt_reel *r);
bool lt_studio_paused(const lt_studio *s); /* what is looked at, by the user */

/* ---- steps.c ---- */
void lt_studio_run(lt_studio *s, bool hold);
/* The screen turns to a run that is about to begin, with s->next_id. */
void lt_studio_begin_reel(lt_studio *s, const char *prompt, bool paced);
/* From the shown step on, with the form's prompts, guidance and sampler. */
void lt_studio_fork(lt_studio *s);
/* p becomes that of a run with the noise, the picture to begin with, the steps, the size and the
 * model of another, of one picture; own_noise: but its own seed. */
void lt_studio_as_parent(const lt_studio *s, lt_params *p, const lt_film *f, bool own_noise);
/* p with the seed, steps and size of a run, from its frame k on; k = 0: it makes the same noise. */
void lt_studio_branch(lt_studio *s, lt_params *p, lt_reel *parent, int k);
void lt_studio_goto(lt_studio *s, int step);
void lt_studio_step(lt_studio *s, int by);
void lt_studio_pause(lt_studio *s);
void lt_studio_pace(lt_studio *s, int by);
void lt_studio_pace_of(lt_studio *s, double seconds);
void lt_studio_show_run(lt_studio *s, lt_reel *r); /* its newest frame */
/* A run of the form begins: s->next_id.  What nobody changes from now on follows. */
void lt_studio_form_run(lt_studio *s);
/* After whatever may have shown another run: the form follows it, once its film is there and nobody
 * is at a prompt. */
void lt_studio_follow(lt_studio *s);
/* What happens by itself: seconds until then, negative if nothing does. */
double lt_studio_wait(const lt_studio *s);
void lt_studio_tick(lt_studio *s);
int lt_studio_steps(const lt_studio *s); /* of the run that is looked at; 0: none */

/* ---- resume.c ---- */
/* The run that was interrupted, the last time, goes on. */
void lt_studio_resume(lt_studio *s);

/* ---- steer.c ---- */
/* Guidance up or down for what follows: a run at work goes on with it, as a fork. */
void lt_studio_steer(lt_studio *s, int by);
/* A paused run is to go on: as a fork, if its guidance was changed; false: it was not. */
bool lt_studio_steer_on(lt_studio *s);
double lt_studio_steer_wait(const lt_studio *s); /* as lt_studio_wait */
void lt_studio_steer_tick(lt_studio *s);

/* ---- type.c ---- */
void lt_studio_ask(lt_studio *s, lt_ask what, const char *text);
const char *lt_studio_question(const lt_studio *s); /* what the line is asked for */
lt_edit *lt_studio_edit(lt_studio *s);              /* the editor that has the cursor; NULL: none */
void lt_studio_accept(lt_studio *s);
void lt_studio_cancel(lt_studio *s);
void lt_studio_type(lt_studio *s, lt_action action);
void lt_studio_insert(lt_studio *s, const char *text, size_t n, bool paste);
void lt_studio_remember(lt_studio *s, const char *prompt);

/* ---- mouse.c ---- */
void lt_studio_mouse(lt_studio *s, const lt_input_event *e);

/* ---- picture.c ---- */
/* Gives the canvas the picture that belongs on the screen, or asks for it.  each: lt_canvas_show */
void lt_studio_picture(lt_studio *s, bool each);
/* True if the film's pictures can be decoded: its model is open, or is being opened from now on. */
bool lt_studio_model_of(lt_studio *s, const lt_film *f);
/* Shows a guess for a moving slider; false where there is none.  latents: of this film's size. */
bool lt_studio_guess(lt_studio *s, const lt_film *f, const float *latents);
/* Asks for the picture of a frame, unless it was asked for last.  False, said, if it cannot be
 * made. */
bool lt_studio_ask_picture(lt_studio *s, const lt_reel *r, int step, int image);
/* The same through any lens. */
bool lt_studio_ask_through(lt_studio *s, const lt_reel *r, int step, int image, lt_lens lens);
/* Gives the worker latents [C,h,w] of this film to decode, in place of what it was asked for
 * before. */
void lt_studio_decode(lt_studio *s, const lt_film *f, const lt_asked *what, const float *latents);
/* That is what was asked for, and it has not come. */
bool lt_studio_asked(const lt_studio *s, const lt_asked *what);
/* True if the picture of the shown step is on its way. */
bool lt_studio_decoding(const lt_studio *s);

/* ---- looking.c ---- */
void lt_studio_look(lt_studio *s, int row);
/* What the screen shows now: the lens that was chosen, or in views that cannot show it what is
 * decoded instead. */
const lt_look *lt_studio_through(const lt_studio *s);
/* A picture of frame k that this lens is made of and that is not there; false: all are. */
bool lt_studio_look_lacks(const lt_studio *s, const lt_reel *r, int k, int image,
                          lt_look_part *out);
bool lt_look_lacks(const lt_look *look, const lt_reel *r, int k, int image, lt_look_part *out);
/* A picture that it is made of for the shown step was asked for. */
bool lt_studio_look_waits(const lt_studio *s);
/* What a lens shows of frame k, with captions and this gain of differences (0: the usual one), the
 * caller's; NULL: something lacks, or it failed and that was said. */
lt_image *lt_studio_look_made(lt_studio *s, const lt_look *look, int gain, const lt_reel *r, int k,
                              int image);
/* What made the pictures that this is of; returns how many, 1 at least. */
int lt_look_meta(const lt_look *look, const lt_reel *r, int k, int image,
                 lt_meta_part out[LT_LOOK_PARTS]);
/* What lt_studio_picture does for a lens that is put together. */
void lt_studio_look_picture(lt_studio *s, bool each);
/* Its numbers, borrowed until something changes. */
const lt_look_numbers *lt_studio_look_numbers(lt_studio *s);
/* Its text; false: it has none. */
bool lt_studio_look_plot(const lt_studio *s, int width, int height, lt_buf *out);
bool lt_studio_look_act(lt_studio *s, lt_action action); /* false: it is none of its own */
/* What a row of lens.h shows of this step, borrowed from l, where it stays; NULL as above. */
lt_image *lt_studio_look_once(lt_studio *s, lt_looking *l, int row);

/* The film of the run that made a frame (lt_reels_maker); NULL: that is not open. */
const lt_film *lt_studio_maker(const lt_studio *s, const lt_reel *r, int frame);

/* ---- attending.c ---- */
/* What lens 6 shows of the shown step is found anew. */
void lt_studio_attend(lt_studio *s);
/* Asks for its maps if they are not there: after its picture, as maps take longer. */
void lt_studio_attention_ask(lt_studio *s);
/* The maps that lens 6 has of this frame, which s->attending is about then; NULL: not there. */
const lt_attention_maps *lt_studio_attention(const lt_studio *s, const lt_reel *r, int k,
                                             int image);
/* The same, with what is chosen of them. */
void lt_studio_attention_of(const lt_studio *s, const lt_reel *r, int k, int image,
                            lt_look_at *out);
/* What the run has of a step, with the word and the size that were chosen, and without asking. */
void lt_studio_attention_kept(const lt_studio *s, const lt_reel *r, int k, int image,
                              lt_look_at *out);
bool lt_studio_attention_waits(const lt_studio *s); /* it was asked for */
void lt_studio_attention_take(lt_studio *s, lt_reel *r, lt_event *e);
void lt_studio_attention_failed(lt_studio *s);
bool lt_studio_attention_act(lt_studio *s, lt_action action); /* false: it is none of its own */
void lt_studio_attention_word(lt_studio *s, int word);        /* chooses one */
/* A click in the picture, at a cell: the word that is looked at most there. */
void lt_studio_attention_click(lt_studio *s, int x, int y);
void lt_studio_attention_done(lt_studio *s);

/* ---- views.c ---- */
/* Leaves the view that is shown, unless it is this one; its picture is the caller's to show. */
void lt_studio_show_view(lt_studio *s, lt_view view);
void lt_studio_close_view(lt_studio *s); /* back to the step, with its picture */
bool lt_studio_vae(const lt_studio *s);  /* the autoencoder or noising is shown */

/* ---- runs.c ---- */
struct lt_tree_row;
struct lt_tree_row *lt_runs_tree(const lt_studio *s); /* the caller's, [reels.count] */
bool lt_runs_at_work(const lt_studio *s);
int lt_runs_waiting(const lt_studio *s);
void lt_runs_queue(lt_studio *s); /* the form's settings, when all that is before it is over */
/* The same with settings that are valid; the run, which may have begun. */
lt_reel *lt_runs_queue_up(lt_studio *s, const lt_params *p);
/* A run is over: the next one begins. */
void lt_runs_next(lt_studio *s, const lt_reel *over);
/* Sets the star of a run, or of one of its images, or takes it away; in the history, too, where a
 * starred run is never pruned. */
void lt_runs_star(lt_studio *s, lt_reel *r);
void lt_runs_star_image(lt_studio *s, lt_reel *r, int image);
void lt_runs_stored(lt_studio *s, lt_reel *r);    /* it is in the history now; so are its stars */
bool lt_runs_act(lt_studio *s, lt_action action); /* false: it is none of its own */

/* ---- gallery.c ---- */
void lt_gallery_open(lt_studio *s);
void lt_gallery_leave(lt_studio *s);                       /* its pictures are freed */
void lt_gallery_grown(lt_studio *s);                       /* a run came into the history */
void lt_gallery_resized(lt_studio *s);                     /* the layout may be another one */
const lt_store_run *lt_gallery_chosen(const lt_studio *s); /* borrowed; NULL: the page is empty */
/* A run of the history among those of the screen; NULL, said, if it cannot be. */
lt_reel *lt_gallery_reopen(lt_studio *s, int64_t id);
void lt_gallery_search(lt_studio *s, const char *text);
bool lt_gallery_act(lt_studio *s, lt_action action); /* false: it is none of its own */
void lt_gallery_click(lt_studio *s, int x, int y);
void lt_gallery_picture(lt_studio *s);

/* ---- save.c ---- */
void lt_studio_save(lt_studio *s);
/* What `s` saves, to a file that is not there yet. */
void lt_studio_save_as(lt_studio *s, const char *path);
void lt_studio_save_all(lt_studio *s);
void lt_studio_save_sheet(lt_studio *s); /* all tiles of the grid as one picture, with captions */
/* stem, "-2" where that is taken, suffix: a name that is free; the caller's. */
char *lt_studio_free_stem(const lt_studio *s, const char *stem, const char *suffix);
/* The same of "latentty-42", what, "-x0". */
char *lt_studio_free_name(const lt_studio *s, const char *what, const char *suffix);
/* A picture of its own to a name that is free, said now and once it is written; takes the texts
 * over.  It must not change any more. */
void lt_studio_save_image(lt_studio *s, const char *path, lt_image *image, lt_png_texts *texts);
/* The same of a sheet that is no picture of a run, to path or, NULL, to stem.png: the file says
 * what it is. */
void lt_studio_save_described(lt_studio *s, const char *stem, const char *path, lt_image *sheet,
                              const char *description);
/* What made frame k, seen through the lens that is decoded; borrows the reel's. */
lt_meta_part lt_studio_part(const lt_studio *s, const lt_reel *r, int k, int image);
void lt_studio_saved(lt_studio *s); /* what the saver says */
/* Saving all steps: each goes to the saver once its picture is there, few at a time. */
bool lt_studio_saving(const lt_studio *s); /* lt_studio_save_on has something to do */
void lt_studio_save_on(lt_studio *s);
void lt_studio_saving_over(lt_studio *s); /* it is given up */
void lt_studio_read_settings(lt_studio *s, const char *path);
/* Into the form; notes: what cannot be followed, "" if nothing. */
void lt_studio_take_settings(lt_studio *s, const lt_params *p, const char *notes);

/* ---- whatif.c ---- */
bool lt_studio_what_if(const lt_studio *s);       /* one is shown */
bool lt_studio_what_if_waits(const lt_studio *s); /* its picture was asked for */
bool lt_studio_what_if_act(lt_studio *s, lt_action action);
void lt_studio_what_if_set(lt_studio *s, double scale);
void lt_studio_what_if_type(lt_studio *s, const char *text);
/* What lt_studio_picture does meanwhile. */
void lt_studio_what_if_picture(lt_studio *s);
/* A picture that is no run's. */
void lt_studio_what_if_take(lt_studio *s, lt_event *e);
double lt_studio_what_if_wait(const lt_studio *s);
void lt_studio_what_if_tick(lt_studio *s);
void lt_studio_what_if_done(lt_studio *s);

/* ---- comparing.c ---- */
bool lt_studio_compare_act(lt_studio *s, lt_action action);
/* What is looked at, which has a film, with the step of another run that belongs to it. */
void lt_studio_compare_with(lt_studio *s, lt_reel *a);
bool lt_studio_compare_b(const lt_studio *s); /* there is something that is looked at */
/* The run that A is of; NULL if it is gone or has no film. */
lt_reel *lt_studio_compare_a(const lt_studio *s);
/* Its number in the title bar; 0: it is gone. */
int lt_studio_run_number(const lt_studio *s, uint64_t id);
/* What lt_studio_picture does meanwhile: asks for what is missing. */
void lt_studio_compare_picture(lt_studio *s);
double lt_studio_compare_wait(const lt_studio *s);
void lt_studio_compare_tick(lt_studio *s);
void lt_studio_compare_done(lt_studio *s);

/* ---- comparing_sheet.c ---- */
/* What belongs on the screen, made for so many pixels; borrowed, NULL: not all is there. */
lt_image *lt_studio_compare_sheet(lt_studio *s, int width, int height, bool captions);
/* As lt_studio_autoencoder_save. */
void lt_studio_compare_save(lt_studio *s, const char *path);
void lt_studio_compare_leave(lt_studio *s); /* the pictures are freed */

/* ---- tokens.c ---- */
bool lt_studio_tokens_act(lt_studio *s, lt_action action); /* false: it is none of its own */
/* The text that is looked at; borrowed. */
const char *lt_studio_tokens_text(const lt_studio *s);
/* s->tokens becomes that of the text as it is now; false: no model is open to cut it. */
bool lt_studio_tokens_follow(lt_studio *s);
void lt_studio_tokens_click(lt_studio *s, int row);
void lt_studio_tokens_done(lt_studio *s); /* the tokens, as they may be cut otherwise now */

/* ---- without.c ---- */
/* The run that is looked at once more without the chosen word: at once, or when what is at work is
 * over. */
void lt_studio_without(lt_studio *s);
void lt_studio_without_begun(lt_studio *s, lt_reel *r); /* it has: both side by side */

/* ---- token_vectors.c ---- */
/* What the open model's text encoder makes of the text that is looked at, borrowed; NULL: it was
 * asked for, or is once the text rests, or failed. */
const lt_encoding *lt_studio_token_vectors(lt_studio *s);
double lt_studio_token_vectors_wait(const lt_studio *s); /* as lt_studio_wait */
void lt_studio_token_vectors_tick(lt_studio *s);
void lt_studio_token_vectors_take(lt_studio *s, lt_event *e); /* LT_EVENT_TEXT */
void lt_studio_token_vectors_done(lt_studio *s);              /* another model is open now */

/* ---- vae.c ---- */
/* Opens one of them: of a file; without path of the picture that is shown, or that the other view
 * has already. */
void lt_studio_vae_open(lt_studio *s, lt_view view, const char *path);
void lt_studio_vae_loaded(lt_studio *s); /* another model is open: it encodes what is shown */
void lt_studio_vae_leave(lt_studio *s);  /* what was asked for is not wanted any more */
/* Encoded, or not, or what follows from it; false: it is of none of these views. */
bool lt_studio_vae_take(lt_studio *s, lt_event *e);
void lt_studio_vae_done(lt_studio *s);

/* ---- autoencoder.c ---- */
bool lt_studio_autoencoder_act(lt_studio *s, lt_action action); /* false: it is none of its own */
/* What belongs on the screen, made for so many pixels; borrowed, NULL: it is not there yet. */
lt_image *lt_studio_autoencoder_sheet(lt_studio *s, int width, int height, bool captions);
/* The same as large as the pictures are; path NULL: to a name that is free. */
void lt_studio_autoencoder_save(lt_studio *s, const char *path);

/* ---- noising.c ---- */
bool lt_studio_noising_act(lt_studio *s, lt_action action); /* false: it is none of its own */
/* The picture is encoded, or this view is shown: what lacks is asked for. */
void lt_studio_noising_ready(lt_studio *s);
void lt_studio_noising_forget(lt_studio *s); /* the picture is another one */
void lt_studio_noising_set(lt_studio *s, int t);
int lt_studio_noising_last(const lt_studio *s); /* T - 1 */
/* Where Enter begins. */
bool lt_studio_noising_start(const lt_studio *s, lt_noising_start *out, lt_error *err);
bool lt_studio_noising_take(lt_studio *s, lt_event *e);
bool lt_studio_noising_saved(lt_studio *s, const lt_saved *e); /* false: it is none of its own */
double lt_studio_noising_wait(const lt_studio *s);             /* as lt_studio_wait */
void lt_studio_noising_tick(lt_studio *s);
void lt_studio_noising_done(lt_studio *s);

/* ---- noising_sheet.c ---- */
/* As lt_studio_autoencoder_sheet. */
lt_image *lt_studio_noising_sheet(lt_studio *s, int width, int height, bool captions);
/* As lt_studio_autoencoder_save. */
void lt_studio_noising_save(lt_studio *s, const char *path);

/* ---- grid_act.c ---- */
bool lt_studio_grid_act(lt_studio *s, lt_action action); /* false: not one of the grid's */
/* The pictures of a run of several, such as one of the history, become the grid; false: it is of
 * one, or of more than a grid has. */
bool lt_studio_grid_open(lt_studio *s, lt_reel *r);
void lt_studio_grid_make(lt_studio *s, const char *count);    /* as it was typed */
void lt_studio_grid_vary(lt_studio *s, const char *strength); /* around the picture shown */
/* A run of no memory is one of several pictures that goes on in turns: true, and it said so. */
bool lt_studio_grid_turns(lt_studio *s, lt_reel *r);
void lt_studio_grid_over(lt_studio *s, const lt_reel *r); /* a run ended: the next one's turn */
void lt_studio_grid_click(lt_studio *s, int x, int y);
/* The frame that a tile shows; -1: none yet.  r: its run, or NULL. */
int lt_studio_grid_frame(const lt_studio *s, const lt_tile *t, lt_reel **r);

/* ---- grid_view.c ---- */
void lt_studio_grid_show(lt_studio *s); /* to the canvas; asks for what is missing */

/* ---- configure.c ---- */
/* Reads the user's keys; says how many mistakes there were in files of settings, and the first. */
void lt_studio_configure(lt_studio *s);
/* All of them, a line each. */
void lt_studio_mistakes(const lt_studio *s, lt_buf *out);

/* ---- notes.c ---- */
void lt_studio_say(lt_studio *s, lt_note_kind kind, const char *format, ...) LT_PRINTF(3, 4);
void lt_studio_fault(lt_studio *s, const lt_error *err);
void lt_studio_unsay(lt_studio *s); /* an information, as it was about what is no longer shown */
