/* lesson_kept.c - the numbers that a lesson's page has shown. */
#include <stdlib.h>

#include "base/mem.h"
#include "tui/tour.h"

/* Of a comparison, of lens 6, or of the noising: they go with what they are of. */
static bool goes(lt_lesson_number which)
{
    return which >= LT_LESSON_PSNR && which <= LT_LESSON_START_STEPS;
}

bool lt_tour_kept_number(const void *studio, lt_lesson_number which, lt_buf *out)
{
    const lt_studio *s = studio;
    lt_tour *t = s->tour;
    lt_buf now = {0};
    if (lt_tour_number(s, which, &now) && now.len) {
        free(t->known[which]);
        t->known[which] = lt_strdup(now.data);
    } else if (!goes(which)) {
        free(t->known[which]);
        t->known[which] = NULL;
    }
    lt_buf_done(&now);
    if (t->known[which])
        lt_buf_str(out, t->known[which]);
    else
        t->lacks = true;
    return t->known[which] != NULL;
}

void lt_tour_forget_numbers(lt_tour *t)
{
    for (int i = 0; i < LT_LESSON_NUMBERS; i++) {
        free(t->known[i]);
        t->known[i] = NULL;
    }
}
