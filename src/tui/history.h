/*
 * history.h - the prompts that were run: a list, the keys Up and Down in it, searching, and a file.
 *
 * The file has one JSON string a line, the oldest first, mode 0600 in directories of 0700.  A
 * prompt is appended in one write under a lock, so that programs that run at once lose nothing;
 * each sees what the others wrote when it opens the file again.  A line that is no JSON string is
 * passed over.  At opening, a file that has grown to twice the limit is made again, without what is
 * repeated or passed over. Where the file cannot be read or written, the list lives in memory, and
 * a note says why.  One thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum { LT_PROMPTS_MOST = 1000 };

typedef struct lt_prompts lt_prompts;

/* $XDG_STATE_HOME/latentty/prompts, or under ~/.local/state; owned by the caller.  NULL where
 * neither variable is an absolute path. */
char *lt_prompts_path(void);

/* Never fails: the note tells why new prompts will not be in the file, and is left alone if they
 * will. path NULL: in memory, with a note that there is no home directory. */
lt_prompts *lt_prompts_open(const char *path, lt_error *note);
void lt_prompts_close(lt_prompts *p); /* NULL is fine */

size_t lt_prompts_count(const lt_prompts *p);
/* The newest is 0; borrowed until the next lt_prompts_add. */
const char *lt_prompts_get(const lt_prompts *p, size_t i);

/* The text is the newest from now on and is there once; blank text and text that lt_edit would
 * refuse are not kept.  Ends a walk.  False: it is in the list, but the note says why not in the
 * file; then the file is not tried again. */
bool lt_prompts_add(lt_prompts *p, const char *text, lt_error *note);

/* A walk: `current` is what is in the field now; the first step up keeps it as the unfinished line,
 * the last step down gives it back.  What equals it is stepped over.  NULL: there is nothing
 * further. */
const char *lt_prompts_up(lt_prompts *p, const char *current);
const char *lt_prompts_down(lt_prompts *p);
void lt_prompts_rest(lt_prompts *p); /* ends a walk where it is */

/* The first prompt from index `from` on, towards older ones, that contains the needle (find.h): its
 * index and the bytes that match. */
bool lt_prompts_search(const lt_prompts *p, const char *needle, size_t from, size_t *index,
                       size_t *start, size_t *end);
