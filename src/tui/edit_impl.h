/*
 * edit_impl.h - the inside of lt_edit, for edit.c (state, undo), edit_ops.c (operations) and
 * edit_view.c (rows).
 */
#pragma once

#include "tui/edit.h"

/* Edits of one kind in a row are undone together; LT_EDIT_ALONE is undone by itself. */
typedef enum lt_edit_kind {
    LT_EDIT_ALONE,
    LT_EDIT_TYPED,
    LT_EDIT_BACKSPACED,
    LT_EDIT_DELETED,
} lt_edit_kind;

typedef enum lt_edit_kill { LT_EDIT_NO_KILL, LT_EDIT_KILL_BACK, LT_EDIT_KILL_ON } lt_edit_kill;

typedef struct lt_edit_change {
    size_t at;
    char *removed, *added; /* owned */
    size_t removed_len, added_len;
    size_t cursor_before, cursor_after;
} lt_edit_change;

struct lt_edit {
    bool lines, refused;
    bool selected; /* all of the text */
    char *text;    /* owned, NUL-terminated */
    size_t len, cap;
    lt_edit_cluster *clusters; /* owned, [count + 1] */
    size_t count, cluster_cap;
    size_t cursor;
    unsigned long version;

    lt_edit_change *changes; /* owned, [change_count]; those from `applied` on are undone */
    size_t change_count, applied, change_bytes;
    lt_edit_kind group;     /* of the last edit, if the next one may join it */
    lt_edit_kill last_kill; /* of the last operation */
    char *killed;           /* owned, or NULL */
    size_t killed_len;
    int goal; /* column that moving up and down keeps to; -1: none */
};

/* Bytes start to end become the n bytes of s (clean, not in e->text); the cursor goes behind them.
 * False, and all stays, if they are the same, or, with `refused`, if that is too long. */
bool lt_edit_replace(lt_edit *e, size_t start, size_t end, const char *s, size_t n,
                     lt_edit_kind kind);
/* Puts the cursor elsewhere as part of the edit before. */
void lt_edit_place(lt_edit *e, size_t offset);
bool lt_edit_undo(lt_edit *e);
bool lt_edit_redo(lt_edit *e);
