/*
 * conf.h - files of settings: lines of text, and what is wrong with them.
 *
 * A file is read as a whole; a mistake costs its own line only, and is told by its number.  A `#`
 * at the start of a line or after a blank begins a comment.  What stands between double quotes is
 * taken as it is, blanks and # too; a quote begins where a word does, and one that is not closed on
 * its line is a character like others.  Lines end with LF or CR LF; a byte order mark is passed
 * over.  One thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum {
    LT_CONF_FILE = 1 << 20,   /* bytes of a file */
    LT_CONF_LINE = 4096,      /* bytes of a line */
    LT_CONF_LINES = 10000,    /* that say something; reading ends there */
    LT_CONF_FAULTS_MOST = 50, /* that are kept in words */
};

/* What is wrong, in the order in which it was found.  Zero-initialise. */
typedef struct lt_conf_faults {
    int count;
    char first[512]; /* "latentty.conf:3: ...", with the name of the file alone */
    lt_buf all;      /* "/home/.../latentty.conf:3: ...", each with a newline behind it;
                        "and more" behind the last that is kept */
} lt_conf_faults;
void lt_conf_faults_done(lt_conf_faults *f); /* {0} is fine */
/* line 0: the file as a whole; then what err says names it. */
void lt_conf_fault(lt_conf_faults *f, const char *path, int line, const lt_error *err);

/* A line that says something. */
typedef struct lt_conf_line {
    int number; /* from 1 */
    char *text; /* owned: valid UTF-8 of at most LT_CONF_LINE bytes, without its comment and the
                   blanks around it, never empty */
} lt_conf_line;

typedef struct lt_conf {
    lt_conf_line *lines; /* owned */
    int count;
} lt_conf;

/* The lines of n bytes.  Those that are too long, hold a NUL or are not UTF-8 are faults, with
 * `path` as the name of the file.  Never fails; *out is the caller's to release. */
void lt_conf_parse(const char *bytes, size_t n, const char *path, lt_conf *out, lt_conf_faults *f);
/* The same of a file; one that is not there is empty, one that cannot be read is a fault. */
void lt_conf_read(const char *path, lt_conf *out, lt_conf_faults *f);
void lt_conf_done(lt_conf *c); /* {0} is fine */

/* Cuts "key = value" in two, in place; a value in quotes loses them.  False: there is no `=`. */
bool lt_conf_pair(char *text, char **key, char **value);
/* Takes the next word from *text, which moves behind it, in place; one in quotes loses them.  NULL:
 * there are no more. */
char *lt_conf_word(char **text);

/* $XDG_CONFIG_HOME/latentty/name, or under ~/.config; owned by the caller.  NULL where neither
 * variable is an absolute path. */
char *lt_conf_path(const char *name);
/* A path as it stands in such a file, where ~/ at its start is $HOME; owned by the caller. */
char *lt_conf_home(const char *path);
