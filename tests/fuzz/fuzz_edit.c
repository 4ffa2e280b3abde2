/*
 * fuzz_edit.c - input: operations of the line editor, a byte each; from 0x80 on, how many of the
 * bytes that follow are inserted (even) or pasted (odd).
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/panic.h"
#include "fuzz.h"
#include "tui/edit_check.h"

enum { MOST_STEPS = 2000 }; /* each looks at the whole text */

static size_t step(lt_edit *e, const uint8_t *data, size_t size)
{
    unsigned byte = *data;
    if (byte < 0x80) {
        if (byte % (LT_EDIT_OPS + 2) < LT_EDIT_OPS)
            lt_edit_do(e, (lt_edit_op)(byte % (LT_EDIT_OPS + 2)));
        else
            lt_edit_vertical(e, 12, byte % (LT_EDIT_OPS + 2) == LT_EDIT_OPS ? -1 : 1);
        return 1;
    }
    size_t n = (byte - 0x80) / 2 < size - 1 ? (byte - 0x80) / 2 : size - 1;
    (byte & 1 ? lt_edit_paste : lt_edit_insert)(e, (const char *)data + 1, n);
    return 1 + n;
}

/* Back to the start and to the end again. */
static void check_time(lt_edit *e, bool lines)
{
    char *end = lt_strdup(lt_edit_text(e, NULL));
    int undone = 0, redone = 0;
    for (; lt_edit_do(e, LT_EDIT_UNDO); undone++)
        edit_check(e, lines);
    for (; redone < undone; redone++)
        LT_ASSERT(lt_edit_do(e, LT_EDIT_REDO));
    LT_ASSERT(strcmp(lt_edit_text(e, NULL), end) == 0);
    free(end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool lines = size && (*data & 1) == 0;
    lt_edit *e = lt_edit_new(lines);
    lt_edit_view rows = {0}, single = {0};
    int steps = 0;
    for (size_t i = 1; i < size && steps < MOST_STEPS; steps++) {
        i += step(e, data + i, size - i);
        edit_check(e, lines);
        if (steps % 16 == 0) {
            int width = 3 + steps / 16 % 20;
            edit_check_view(e, &(lt_edit_window){.width = width, .rows = 3, .wrap = true}, &rows);
            edit_check_view(e, &(lt_edit_window){.width = width, .rows = 1}, &single);
        }
    }
    check_time(e, lines);
    lt_edit_view_done(&rows);
    lt_edit_view_done(&single);
    lt_edit_free(e);
    return 0;
}
