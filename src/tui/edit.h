/*
 * edit.h - a line editor as data: text, cursor, undo.  It knows no keys and draws nothing;
 * edit_view.h says where its clusters are on the screen.
 *
 * The text is valid UTF-8 of at most LT_EDIT_LIMIT bytes and holds no controls but, in an editor of
 * lines, the newline.  The cursor stands on a border of clusters (cells.h), also after an edit that
 * joins two of them: then behind the joined one.  One thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LT_EDIT_LIMIT = 64 << 10 }; /* bytes */

typedef enum lt_edit_op {
#define LT_EDIT_OP(name) LT_EDIT_##name,
#include "tui/edit.def"
#undef LT_EDIT_OP
    LT_EDIT_OPS
} lt_edit_op;

typedef struct lt_edit lt_edit;
lt_edit *
lt_edit_new(bool lines); /* lines: newlines may be in the text, otherwise they become spaces */
void lt_edit_free(lt_edit *e); /* NULL is fine */

/* NUL-terminated; its bytes in *n, which may be NULL.  Until the next change. */
const char *lt_edit_text(const lt_edit *e, size_t *n);
size_t lt_edit_cursor(const lt_edit *e); /* byte offset */
/* Grows with every change of the text, so that what depends on it can be made again. */
unsigned long lt_edit_version(const lt_edit *e);

/* True if the text or the cursor changed. */
bool lt_edit_do(lt_edit *e, lt_edit_op op);
/* Text at the cursor: typed (what is typed in a row is undone by words) or pasted (undone at once).
 * CR, CR LF, NEL and Unicode's line ends become newlines, tabs spaces; other controls are left out,
 * a byte that is not UTF-8 becomes U+FFFD.  What would not fit is refused as a whole. */
bool lt_edit_insert(lt_edit *e, const char *s, size_t n);
bool lt_edit_paste(lt_edit *e, const char *s, size_t n);
/* All of the text becomes s, cleaned likewise; can be undone.  The cursor is at the end. */
bool lt_edit_set(lt_edit *e, const char *s);
/* As lt_edit_set, and, unless that was refused, nothing can be undone: for a text that is another
 * one now. */
void lt_edit_reset(lt_edit *e, const char *s);
/* All of the text, unless it is empty, is selected: what is typed or pasted next takes its place.
 * An operation, a move or another text ends that. */
void lt_edit_select(lt_edit *e);
bool lt_edit_selected(const lt_edit *e);
/* The cursor to the border of clusters at or after a byte offset, as for a click. */
bool lt_edit_move(lt_edit *e, size_t offset);

/* True if the last call was refused because the text would have become too long. */
bool lt_edit_refused(const lt_edit *e);

/* The clusters, and after the last one an entry with the text's length and no cells. */
typedef struct lt_edit_cluster {
    uint32_t start; /* byte offset */
    uint32_t cells; /* 1 or 2; a newline's is 1, for where it is drawn */
} lt_edit_cluster;
const lt_edit_cluster *lt_edit_clusters(const lt_edit *e, size_t *count);
/* Index of the cluster that holds the byte; the count for the end of the text and beyond. */
size_t lt_edit_index(const lt_edit *e, size_t offset);
