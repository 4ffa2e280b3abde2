/*
 * fuzz_lesson.c - input: a lesson.  Whatever the file says, it becomes pages or mistakes with lines
 * of it, and every page can be laid out.
 */
#include <string.h>

#include "base/panic.h"
#include "base/text.h"
#include "fuzz.h"
#include "tui/cells.h"
#include "tui/command.h"
#include "tui/lesson.h"

static const lt_lesson_vocabulary studio = {lt_command_check, lt_command_check_setting};

static bool value(const void *user, lt_lesson_number which, lt_buf *out)
{
    (void)user;
    if (which % 3 == 0)
        return false;
    lt_buf_format(out, "%d", (int)which);
    return true;
}

static void check_page(const lt_lesson_page *p, int lines, bool faults)
{
    lt_buf out = {0};
    int try_at, source_at;
    LT_ASSERT(p->line > 0 && p->line <= lines + 1);
    LT_ASSERT(p->deed_count <= LT_LESSON_EACH && p->check_count <= LT_LESSON_EACH &&
              p->key_count <= LT_LESSON_EACH);
    for (int i = 0; i < p->deed_count; i++)
        LT_ASSERT(!p->deeds[i].command || *p->deeds[i].command);
    int n = lt_lesson_lay_out(p, NULL, NULL, LT_LESSON_COLS, true, &out, &try_at, &source_at);
    LT_ASSERT(faults || (n > 0 && n <= LT_LESSON_ROWS));
    LT_ASSERT(try_at < n && source_at < n);
    lt_buf_clear(&out);
    n = lt_lesson_lay_out(p, value, NULL, 30, false, &out, &try_at, &source_at);
    for (const char *at = out.data; at && *at; n--) {
        size_t length = strcspn(at, "\n");
        LT_ASSERT(lt_cells_width(at, length) <= 30);
        at += length + 1;
    }
    LT_ASSERT(n == 0);
    lt_buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lt_lesson l;
    lt_conf_faults f = {0};
    int lines = 1;
    for (size_t i = 0; i < size; i++)
        lines += data[i] == '\n';
    lt_lesson_parse((const char *)data, size, "x.txt", &studio, &l, &f);
    LT_ASSERT(l.title && l.about && l.count <= LT_LESSON_PAGES && (l.count || f.count));
    for (int i = 0; i < l.count; i++)
        check_page(&l.pages[i], lines, f.count > 0);
    LT_ASSERT((f.count == 0) == (f.first[0] == '\0'));
    LT_ASSERT(lt_text_valid(f.first, strlen(f.first), NULL));
    lt_lesson_done(&l);
    lt_conf_faults_done(&f);
    return 0;
}
