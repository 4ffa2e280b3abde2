/* lesson_check.c - see lesson.h: what is seen only of a lesson as a whole. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tui/lesson.h"

/* The steps that a run of the lesson may have. */
typedef struct steps {
    double most; /* that a line sets; 0: none does */
    bool any;    /* a run may have others than those that are set */
    const char *path;
    lt_conf_faults *faults;
} steps;

/* What stands behind the words that the line begins with; NULL: it begins with others. */
static const char *behind(const char *line, const char *words)
{
    size_t n = strlen(words);
    return strncmp(line, words, n) == 0 && (line[n] == ' ' || !line[n])
               ? line + n + strspn(line + n, " ")
               : NULL;
}

static void beyond(const steps *s, double number, const char *what, int line)
{
    lt_error err = {0};
    if (s->any || s->most <= 0 || number <= s->most)
        return;
    lt_fail(&err, LT_ERR_FORMAT, "check: next steps N, where the learner sets them",
            "%s %.0f is never there: no run of the lesson has more than %.0f steps", what, number,
            s->most);
    lt_conf_fault(s->faults, s->path, line, &err);
}

static void look_at_command(steps *s, const char *line, int at)
{
    const char *set = behind(line, "set steps"), *to = behind(line, "goto");
    set = set ? set : behind(line, "steps");
    if (set)
        s->most = fmax(s->most, strtod(set, NULL));
    else if (to)
        beyond(s, strtod(to, NULL), "step", at);
    else if (behind(line, "open") || behind(line, "default steps"))
        s->any = true;
    else if (behind(line, "run") || behind(line, "random") || behind(line, "seeds"))
        s->any |= s->most <= 0;
}

static void look_at_test(steps *s, const lt_lesson_test *t, int at)
{
    bool setting = t->fact == LT_LESSON_IF_NEXT || t->fact == LT_LESSON_IF_THIS;
    if (setting && strcmp(t->text, "steps") == 0)
        s->most = fmax(s->most, strtod(t->value, NULL));
    else if (t->fact == LT_LESSON_IF_STEP)
        beyond(s, t->number, "step", at);
    else if (t->fact == LT_LESSON_IF_MADE)
        beyond(s, t->number, "made", at);
}

void lt_lesson_check_steps(const lt_lesson *l, const char *path, lt_conf_faults *f)
{
    steps s = {.path = path, .faults = f};
    for (int i = 0; i < l->count; i++) {
        const lt_lesson_page *p = &l->pages[i];
        for (int k = 0; k < p->deed_count; k++)
            if (p->deeds[k].command)
                look_at_command(&s, p->deeds[k].command, p->deeds[k].line);
            else
                look_at_test(&s, &p->deeds[k].until, p->deeds[k].line);
        for (int k = 0; k < p->check_count; k++)
            look_at_test(&s, &p->checks[k], p->checks[k].line);
    }
}
