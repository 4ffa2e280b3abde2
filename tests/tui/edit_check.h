/*
 * edit_check.h - what holds for every editor after every operation, for the tests and the fuzz
 * target. The functions end the program where it does not.
 */
#pragma once

#include "tui/edit.h"
#include "tui/edit_view.h"

/* Text that is hard to edit: joined, wide, reordered, hidden, broken. */
extern const char *const edit_torture[];
extern const size_t edit_torture_count;

/* The borders of clusters by one pass of utf8proc over the whole text; [*count + 1] offsets, owned
 * by the caller.  NULL where the text is not UTF-8. */
size_t *edit_borders(const char *s, size_t n, size_t *count);

void edit_check(const lt_edit *e, bool lines);
/* Lays the text out and looks at every glyph; then the cursor must follow a click on each. */
void edit_check_view(lt_edit *e, const lt_edit_window *window, lt_edit_view *view);
