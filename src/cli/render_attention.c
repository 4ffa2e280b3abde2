/* render_attention.c - where the steps looked for which word, as files of a directory. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "cli/render.h"
#include "cli/signals.h"
#include "image/png.h"

bool lt_render_attention_names(const char *name)
{
    size_t first = strspn(name, "0123456789");
    const char *rest = name + first;
    if (first < 3 || *rest++ != '-')
        return false;
    if (strcmp(rest, "words.txt") == 0)
        return true;
    bool word = *rest == 'w';
    rest += word;
    size_t digits = strspn(rest, "0123456789");
    return digits >= 2 && strcmp(rest + digits, word ? ".png" : ".safetensors") == 0;
}

/* The path of a file that is going to be written, the caller's. */
LT_PRINTF(2, 3) static char *path_of(const lt_render *r, const char *format, ...)
{
    char name[64];
    va_list args;
    va_start(args, format);
    vsnprintf(name, sizeof name, format, args);
    va_end(args);
    return lt_path_join(r->attention.dir, name);
}

/* It is written, or was not; takes the path over. */
static bool note(lt_render *r, char *path, bool ok)
{
    lt_render_attention *a = &r->attention;
    if (!ok) {
        free(path);
        return false;
    }
    a->files = lt_grow(a->files, (size_t)a->file_count + 1, sizeof *a->files);
    a->files[a->file_count++] = path;
    return true;
}

/* Tensors HxW [H,W,T], a resolution each. */
static bool save_maps(const lt_attention_maps *m, const char *prompt, const char *path,
                      lt_error *err)
{
    lt_trace *t = lt_trace_new();
    bool ok = lt_trace_meta(t, "prompt", prompt, err);
    for (int k = 0; k < m->count && ok; k++) {
        char name[32];
        const lt_attention_size *s = &m->size[k];
        lt_shape shape = {.ndim = 3, .dim = {s->h, s->w, m->tokens}};
        snprintf(name, sizeof name, "%dx%d", s->h, s->w);
        ok = lt_trace_add(t, name, shape, s->at, err);
    }
    ok = ok && lt_signals_check(err) && lt_trace_save(t, path, err);
    lt_trace_free(t);
    return ok;
}

static bool add_up(lt_render *r, int i, lt_error *err)
{
    const lt_attention_maps *now = r->view->attention[i];
    if (!r->attention.sum[i])
        return lt_attention_copy(now, &r->attention.sum[i], err);
    lt_attention_add(r->attention.sum[i], now);
    return true;
}

bool lt_render_attention_step(lt_render *r, lt_error *err)
{
    const lt_run_view *v = r->view;
    if (!r->attention.dir)
        return true;
    if (!r->attention.sum)
        r->attention.sum = lt_alloc_array((size_t)v->images, sizeof(lt_attention_maps *));
    for (int i = 0; i < v->images; i++) {
        char *path = path_of(r, "%03d-%03d.safetensors", i, v->done);
        bool ok = save_maps(v->attention[i], r->params.prompts[i / v->per_prompt], path, err);
        if (!note(r, path, ok) || !add_up(r, i, err))
            return false;
    }
    return true;
}

/* A row of the list: share, positions, the file, the word with the pieces of its tokens. */
static void list_word(const lt_render *r, int i, const lt_attention_maps *m, int w, int number,
                      lt_buf *out)
{
    const lt_word *word = &m->words.at[w];
    const lt_tokenizer *t = lt_engine_about(r->engine)->tokenizer;
    const lt_tokens *tokens = &r->view->prompts[i / r->view->per_prompt];
    char file[32] = "-";
    if (number)
        snprintf(file, sizeof file, "%03d-w%02d.png", i, number);
    lt_buf_format(out, "%.6f\t%d\t%d\t%s\t%s\t", lt_attention_share(m, LT_ATTENTION_ALL, word),
                  word->from, word->to - 1, file, word->text);
    for (int k = word->from; k < word->to && word->kind == LT_WORD_PROMPT; k++) {
        char piece[256];
        lt_tokenizer_readable(t, tokens->ids[k], piece, sizeof piece);
        lt_buf_format(out, "%s%s %" PRId32, k > word->from ? ", " : "", piece, tokens->ids[k]);
    }
    lt_buf_char(out, '\n');
}

static bool draw_word(lt_render *r, int i, const lt_attention_maps *m, const lt_word *word,
                      int number, const lt_image *picture, lt_error *err)
{
    lt_image *drawn;
    if (!lt_attention_draw(m, LT_ATTENTION_ALL, word, picture, &drawn, err))
        return false;
    char *path = path_of(r, "%03d-w%02d.png", i, number);
    bool ok = lt_signals_check(err) && lt_png_write(path, drawn, NULL, LT_RENDER_FRAME_LEVEL, err);
    lt_image_unref(drawn);
    return note(r, path, ok);
}

bool lt_render_attention_finish(lt_render *r, int i, const lt_image *picture, lt_error *err)
{
    bool ok = true;
    int number = 0;
    lt_buf list = {0};
    if (!r->attention.dir)
        return true;
    lt_attention_maps *m = r->attention.sum[i];
    lt_attention_divide(m, r->view->steps);
    lt_buf_str(&list, "share\tfirst\tlast\tfile\tword\ttokens\n");
    for (int w = 0; w < m->words.count && ok; w++) {
        bool word = m->words.at[w].kind == LT_WORD_PROMPT;
        number += word;
        ok = !word || draw_word(r, i, m, &m->words.at[w], number, picture, err);
        list_word(r, i, m, w, word ? number : 0, &list);
    }
    if (ok) {
        char *path = path_of(r, "%03d-words.txt", i);
        ok = note(r, path, lt_file_write(path, list.data, list.len, err));
    }
    lt_buf_done(&list);
    return ok;
}

void lt_render_attention_forget(lt_render *r, bool undo)
{
    lt_render_attention *a = &r->attention;
    for (int i = 0; a->sum && i < r->path_count; i++)
        lt_attention_free(a->sum[i]);
    free(a->sum);
    a->sum = NULL;
    for (int i = 0; undo && i < a->file_count; i++) {
        unlink(a->files[i]);
        free(a->files[i]);
    }
    a->file_count = undo ? 0 : a->file_count;
}
