/*
 * lesson.h - a guided tour as data: a text file of pages, read and checked by line.
 *
 * Of each page: what it says, what it does (lines as behind `:`) and waits for, what the learner
 * should try, how that is seen, and which keys would do it.  assets/lessons/README.md is the manual
 * of the format, lesson.def its words.  Pure: what is on a screen is the caller's.  One thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/conf.h"
#include "tui/key.h"

enum {
    LT_LESSON_FILE = 64 << 10, /* bytes of a file */
    LT_LESSON_LINE = 500,      /* bytes of a line */
    LT_LESSON_PAGES = 40,
    LT_LESSON_EACH = 40,  /* lines of one kind on a page */
    LT_LESSON_TITLE = 18, /* cells */
    LT_LESSON_COLS = 44,  /* of the panel at 80x24 */
    LT_LESSON_ROWS = 15,
    LT_LESSON_LENSES = 8, /* the last of their digits */
    LT_LESSON_LENS_PAGES = 4,
    LT_LESSON_STEPS_MOST = 1000, /* of a run */
};

/* {name} in a text. */
typedef enum lt_lesson_number {
#define LT_LESSON_NUMBER(name, text, source, cells, help) LT_LESSON_##name,
#include "tui/lesson.def"
    LT_LESSON_NUMBERS
} lt_lesson_number;
/* Its name and what it is; NULL at the end. */
const char *lt_lesson_number_at(int i, const char **help);

/* What is waited for. */
typedef enum lt_lesson_fact {
#define LT_LESSON_FACT(name, text, argument, least, most, help) LT_LESSON_IF_##name,
#include "tui/lesson.def"
    LT_LESSON_FACTS
} lt_lesson_fact;
const char *lt_lesson_fact_at(int i, const char **help); /* likewise */

/* What the middle of the screen can show, by name: "step" (the first), "grid", "compare",
 * "history", "tokens", "autoencoder", "noising"; NULL at the end. */
const char *lt_lesson_view_at(int i);

typedef struct lt_lesson_test {
    lt_lesson_fact fact;
    int line;      /* of the file */
    bool counted;  /* there is a number */
    double number; /* VIEW: as in lt_lesson_view_at */
    char *text;    /* owned: of PROMPT, or the name of a setting; else NULL */
    char *value;   /* owned: of the setting; else NULL */
} lt_lesson_test;

/* A line of `do:` or `wait:`. */
typedef struct lt_lesson_deed {
    int line;      /* of the file */
    char *command; /* owned; NULL: it waits */
    lt_lesson_test until;
} lt_lesson_deed;

/* One of `keys:`. */
typedef struct lt_lesson_stroke {
    char *text; /* owned: typed as it is; NULL: a key */
    lt_key key;
} lt_lesson_stroke;

typedef struct lt_lesson_page {
    int line;                 /* of the file, where it begins */
    bool done;                /* of a reader: what it asks for was done; false */
    char *say, *try, *source; /* owned; "" where there is none.  Lines end with newlines */
    lt_lesson_deed *deeds;    /* owned, as the rest */
    int deed_count;
    lt_lesson_test *checks; /* all of them */
    int check_count;
    lt_lesson_stroke *keys;
    int key_count;
} lt_lesson_page;

typedef struct lt_lesson {
    char *title, *about; /* owned, never NULL */
    lt_lesson_page *pages;
    int count;
} lt_lesson;
void lt_lesson_done(lt_lesson *l); /* {0} is fine */

/* What only the studio knows.  A NULL checks nothing. */
typedef struct lt_lesson_vocabulary {
    bool (*command)(const char *line, lt_error *err);
    bool (*setting)(const char *name, const char *value, lt_error *err);
} lt_lesson_vocabulary;

/* Reads n bytes; `path` names them in the faults.  Never fails: *out is the caller's to release,
 * and worth showing if no faults came. */
void lt_lesson_parse(const char *bytes, size_t n, const char *path, const lt_lesson_vocabulary *v,
                     lt_lesson *out, lt_conf_faults *f);

/* ---- lesson_check.c ---- */

/* Of a lesson that was parsed: a step that is gone to, or waited for, and that no run of the lesson
 * has, as far as its lines say how many there are. */
void lt_lesson_check_steps(const lt_lesson *l, const char *path, lt_conf_faults *f);

/* ---- lesson_text.c ---- */

/* The length of the {name} that text begins with, and the number that it is.  LT_ERR_FORMAT: not
 * closed, or no number of that name. */
bool lt_lesson_named(const char *text, size_t *length, lt_lesson_number *out,
                     lt_error *err) LT_WARN_UNUSED;
/* Every {name} of a text is that of a number. */
bool lt_lesson_check_text(const char *text, lt_error *err) LT_WARN_UNUSED;

/* Appends the text with its numbers, as `value` adds them; false: it is not known now, and "..."
 * stands there. */
typedef bool lt_lesson_value(const void *user, lt_lesson_number which, lt_buf *out);
void lt_lesson_expand(const char *text, lt_lesson_value *value, const void *user, lt_buf *out);

/* The texts of a page with their numbers for good, as lt_lesson_expand adds them. */
void lt_lesson_fix(lt_lesson_page *p, lt_lesson_value *value, const void *user);

/* A page as lines of at most `width` cells: what it says, what to try, its source, with a blank
 * line between.  value NULL: with numbers as wide as they usually are.  Returns the lines;
 * try_at, source_at: where those begin; -1: there are none. */
int lt_lesson_lay_out(const lt_lesson_page *p, lt_lesson_value *value, const void *user, int width,
                      bool utf8, lt_buf *out, int *try_at, int *source_at);

/* `wait:` and `check:`. */
bool lt_lesson_test_parse(const char *text, const lt_lesson_vocabulary *v, lt_lesson_test *out,
                          lt_error *err) LT_WARN_UNUSED;
void lt_lesson_test_done(lt_lesson_test *t); /* {0} is fine */
