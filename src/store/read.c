/* read.c - lists, single runs and their steps; see store.h. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "store/floats.h"
#include "store/store_impl.h"

void lt_store_run_done(lt_store_run *run)
{
    free(run->prompt);
    free(run->negative);
    free(run->settings);
    free(run->sampler);
    free(run->model);
    free(run->model_hash);
    free(run->thumbnail);
    free(run->pictures);
    *run = (lt_store_run){0};
}

void lt_store_page_done(lt_store_page *page)
{
    for (size_t i = 0; i < page->count; i++)
        lt_store_run_done(&page->runs[i]);
    free(page->runs);
    *page = (lt_store_page){0};
}

void lt_store_steps_free(lt_store_step *steps, size_t count)
{
    for (size_t i = 0; steps && i < count; i++)
        free(steps[i].block);
    free(steps);
}

/* ---- runs ---- */

static const char columns[] =
    "id, coalesce(parent, 0), parent_step, created, finished, state, prompt, negative, settings, "
    "sampler, model, model_hash, seed, steps, width, height, guidance, seconds, done, starred, "
    "deleted";
enum { PICTURE = 21 }; /* the column after those */

static char *column_text(sqlite3_stmt *st, int i)
{
    const char *s = (const char *)sqlite3_column_text(st, i);
    return lt_strdup(s ? s : "");
}

static bool copy_picture(sqlite3_stmt *st, lt_store_run *run, lt_error *err)
{
    const void *png = sqlite3_column_blob(st, PICTURE);
    int n = sqlite3_column_bytes(st, PICTURE);
    void *copy;
    if (!png || n <= 0)
        return true;
    if (!lt_try_alloc((size_t)n, "a small picture", &copy, err))
        return false;
    memcpy(copy, png, (size_t)n);
    run->thumbnail = copy;
    run->thumbnail_bytes = (size_t)n;
    return true;
}

static bool read_row(sqlite3_stmt *st, lt_store_run *run, lt_error *err)
{
    *run = (lt_store_run){
        .id = sqlite3_column_int64(st, 0),
        .parent = sqlite3_column_int64(st, 1),
        .parent_step = sqlite3_column_int(st, 2),
        .created = sqlite3_column_int64(st, 3),
        .finished = sqlite3_column_int64(st, 4),
        .state = (lt_store_state)sqlite3_column_int(st, 5),
        .prompt = column_text(st, 6),
        .negative = column_text(st, 7),
        .settings = column_text(st, 8),
        .sampler = column_text(st, 9),
        .model = column_text(st, 10),
        .model_hash = column_text(st, 11),
        .seed = (uint64_t)sqlite3_column_int64(st, 12),
        .steps = sqlite3_column_int(st, 13),
        .width = sqlite3_column_int(st, 14),
        .height = sqlite3_column_int(st, 15),
        .guidance = sqlite3_column_double(st, 16),
        .seconds = sqlite3_column_double(st, 17),
        .done = sqlite3_column_int(st, 18),
        .starred = sqlite3_column_int(st, 19) != 0,
        .deleted = sqlite3_column_int64(st, 20) != 0,
    };
    return copy_picture(st, run, err);
}

/* What is known of the pictures of a run; of more than any run has a strange file says nothing. */
static bool take_pictures(lt_store *s, sqlite3_stmt *st, lt_store_run *run, lt_error *err)
{
    int code;
    sqlite3_bind_int64(st, 1, run->id);
    while ((code = sqlite3_step(st)) == SQLITE_ROW) {
        run->pictures = lt_grow(run->pictures, run->picture_count + 1, sizeof *run->pictures);
        run->pictures[run->picture_count++] =
            (lt_store_picture){.image = sqlite3_column_int(st, 0),
                               .starred = sqlite3_column_int(st, 1) != 0,
                               .dropped = sqlite3_column_type(st, 2) != SQLITE_NULL,
                               .last = sqlite3_column_int(st, 2)};
    }
    sqlite3_reset(st);
    return code == SQLITE_DONE || lt_store_fail(s, "read", code, err);
}

static bool read_pictures(lt_store *s, lt_store_run *runs, size_t count, lt_error *err)
{
    sqlite3_stmt *st;
    bool ok = lt_store_prepare(s,
                               "SELECT image, starred, last FROM pictures WHERE run = ? AND "
                               "image BETWEEN 0 AND 65535 AND (starred = 1 OR last IS NOT NULL) "
                               "ORDER BY image",
                               &st, err);
    for (size_t i = 0; ok && i < count; i++)
        ok = take_pictures(s, st, &runs[i], err);
    sqlite3_finalize(st);
    return ok;
}

static char *next_word(char **rest)
{
    char *word = *rest + strspn(*rest, " \t\n");
    char *end = word + strcspn(word, " \t\n");
    *rest = *end ? end + 1 : end;
    *end = '\0';
    return *word ? word : NULL;
}

/*
 * The condition of a query.  Words are looked for in the folded column from end to end, without an
 * index: a history of 5 GB has some thousand runs, whose texts are looked through in milliseconds.
 * FTS5 would find words but not parts of them, and a file that has its tables cannot be written by
 * a SQLite that was built without.
 */
static void add_condition(lt_buf *sql, const lt_store_query *q, int words)
{
    lt_buf_str(sql, q->deleted ? " WHERE ghost = 0 AND deleted > 0"
                               : " WHERE ghost = 0 AND deleted = 0");
    if (q->starred)
        lt_buf_str(sql, " AND starred = 1");
    for (int i = 0; i < words; i++)
        lt_buf_str(sql, " AND instr(folded, ?) > 0");
}

enum { MOST_WORDS = 32 }; /* what follows is not looked for */

/* Prepares head, the query's condition and tail with the words bound; more parameters follow. */
static bool prepare_query(lt_store *s, const char *head, const lt_store_query *q, const char *tail,
                          sqlite3_stmt **st, int *bound, lt_error *err)
{
    char *words[MOST_WORDS], *folded = lt_store_fold(q->search ? q->search : ""), *rest = folded;
    lt_buf sql = {0};
    int count = 0;
    while (count < MOST_WORDS && (words[count] = next_word(&rest)))
        count++;
    lt_buf_str(&sql, head);
    add_condition(&sql, q, count);
    lt_buf_str(&sql, tail);
    bool ok = lt_store_prepare(s, sql.data, st, err);
    for (int i = 0; ok && i < count; i++)
        sqlite3_bind_text(*st, i + 1, words[i], -1, SQLITE_TRANSIENT);
    *bound = count;
    lt_buf_done(&sql);
    free(folded);
    return ok;
}

static bool take_rows(lt_store *s, sqlite3_stmt *st, lt_store_page *out, lt_error *err)
{
    size_t room = 0;
    int code;
    bool ok = true;
    while (ok && (code = sqlite3_step(st)) == SQLITE_ROW) {
        if (out->count == room) {
            room = room ? 2 * room : 64;
            out->runs = lt_grow(out->runs, room, sizeof *out->runs);
        }
        ok = read_row(st, &out->runs[out->count++], err);
    }
    if (ok && code != SQLITE_DONE)
        ok = lt_store_fail(s, "read", code, err);
    return ok;
}

bool lt_store_list(lt_store *s, const lt_store_query *q, lt_store_page *out, lt_error *err)
{
    sqlite3_stmt *st;
    int n;
    *out = (lt_store_page){0};
    if (s->mode == LT_STORE_OFF)
        return true;
    char *head = lt_format("SELECT %s, %s FROM runs", columns,
                           q->thumbnails ? "(SELECT png FROM thumbs WHERE run = runs.id)" : "NULL");
    bool ok = prepare_query(s, head, q, " AND id < ? ORDER BY id DESC LIMIT ?", &st, &n, err);
    free(head);
    if (!ok)
        return false;
    sqlite3_bind_int64(st, n + 1, q->before > 0 ? q->before : INT64_MAX);
    sqlite3_bind_int(st, n + 2, q->limit > 0 ? q->limit : -1);
    ok = take_rows(s, st, out, err);
    sqlite3_finalize(st);
    ok = ok && read_pictures(s, out->runs, out->count, err);
    if (!ok)
        lt_store_page_done(out);
    return ok;
}

bool lt_store_count(lt_store *s, const lt_store_query *q, int64_t *out, lt_error *err)
{
    sqlite3_stmt *st;
    int n;
    *out = 0;
    if (s->mode == LT_STORE_OFF)
        return true;
    if (!prepare_query(s, "SELECT count(*) FROM runs", q, "", &st, &n, err))
        return false;
    int code = sqlite3_step(st);
    bool ok = code == SQLITE_ROW || lt_store_fail(s, "read", code, err);
    if (ok)
        *out = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return ok;
}

bool lt_store_read(lt_store *s, int64_t id, lt_store_run *out, lt_error *err)
{
    sqlite3_stmt *st;
    if (!lt_store_may_read(s, err))
        return false;
    char *sql = lt_format("SELECT %s, (SELECT png FROM thumbs WHERE run = runs.id) FROM runs "
                          "WHERE id = ? AND ghost = 0",
                          columns);
    bool ok = lt_store_prepare(s, sql, &st, err);
    free(sql);
    if (!ok)
        return false;
    sqlite3_bind_int64(st, 1, id);
    int code = sqlite3_step(st);
    if (code == SQLITE_ROW)
        ok = read_row(st, out, err);
    else if (code == SQLITE_DONE)
        ok = lt_fail(err, LT_ERR_ARGUMENT, "latentty history list", "there is no run %lld",
                     (long long)id);
    else
        ok = lt_store_fail(s, "read", code, err);
    sqlite3_finalize(st);
    ok = ok && read_pictures(s, out, 1, err);
    if (!ok && code == SQLITE_ROW)
        lt_store_run_done(out);
    return ok;
}

bool lt_store_unfinished(lt_store *s, int64_t *id, lt_error *err)
{
    sqlite3_stmt *st;
    *id = 0;
    if (s->mode == LT_STORE_OFF)
        return true;
    if (!lt_store_prepare(s,
                          "SELECT id, owner FROM runs WHERE state = 0 AND ghost = 0 AND "
                          "deleted = 0 ORDER BY id DESC",
                          &st, err))
        return false;
    int code;
    while ((code = sqlite3_step(st)) == SQLITE_ROW && *id == 0) {
        const char *owner = (const char *)sqlite3_column_text(st, 1);
        if (!lt_live_runs(s->path, owner ? owner : ""))
            *id = sqlite3_column_int64(st, 0);
    }
    sqlite3_finalize(st);
    return code == SQLITE_DONE || code == SQLITE_ROW || lt_store_fail(s, "read", code, err);
}

/* ---- steps ---- */

static bool damaged_step(int64_t id, int k, lt_error *err)
{
    return lt_fail(err, LT_ERR_FORMAT, "delete the run, or make it again",
                   "step %d of run %lld is damaged in the history", k, (long long)id);
}

static bool read_step(sqlite3_stmt *st, int64_t id, lt_store_step *out, lt_error *err)
{
    const void *bytes = sqlite3_column_blob(st, 8);
    size_t n = (size_t)sqlite3_column_bytes(st, 8), counts[LT_FLOATS_PARTS];
    *out = (lt_store_step){.k = sqlite3_column_int(st, 0), .seconds = sqlite3_column_double(st, 1)};
    for (int i = 0; i < LT_FLOATS_PARTS; i++) {
        int64_t count = sqlite3_column_int64(st, 2 + i);
        if (count < 0 || count > LT_FLOATS_MOST)
            return damaged_step(id, out->k, err);
        counts[i] = (size_t)count;
    }
    lt_floats_packed all = {(unsigned char *)(uintptr_t)bytes, n, sqlite3_column_int(st, 6)};
    if (all.size != lt_floats_size(counts, all.halves) ||
        (int64_t)crc32(0, all.bytes, (uInt)n) != sqlite3_column_int64(st, 7))
        return damaged_step(id, out->k, err);
    return lt_floats_unpack(&all, counts, out, err);
}

typedef struct line {
    lt_store_step *steps; /* owned */
    size_t count, room;
} line;

/* The steps of one run itself, newest first, behind those that are there already. */
static bool read_own(lt_store *s, int64_t id, int first, int last, line *all, lt_error *err)
{
    sqlite3_stmt *st;
    bool ok = true;
    int code;
    if (!lt_store_prepare(s,
                          "SELECT k, seconds, latents, x0, eps_text, eps_uncond, halves, crc, "
                          "bytes FROM steps LEFT JOIN blobs USING(id) "
                          "WHERE run = ? AND k BETWEEN ? AND ? ORDER BY k DESC",
                          &st, err))
        return false;
    sqlite3_bind_int64(st, 1, id);
    sqlite3_bind_int(st, 2, first);
    sqlite3_bind_int(st, 3, last);
    while (ok && (code = sqlite3_step(st)) == SQLITE_ROW) {
        if (all->count == all->room) {
            all->room = all->room ? 2 * all->room : 32;
            all->steps = lt_grow(all->steps, all->room, sizeof *all->steps);
        }
        ok = read_step(st, id, &all->steps[all->count++], err);
    }
    if (ok && code != SQLITE_DONE)
        ok = lt_store_fail(s, "read", code, err);
    sqlite3_finalize(st);
    return ok;
}

static void reverse(lt_store_step *steps, size_t n)
{
    for (size_t i = 0; i < n / 2; i++) {
        lt_store_step other = steps[i];
        steps[i] = steps[n - 1 - i];
        steps[n - 1 - i] = other;
    }
}

/* Walks up through the ancestors, whose ids only fall (lt_store_facts_of). */
static bool read_line(lt_store *s, int64_t id, const lt_store_facts *run, int first, int last,
                      line *all, lt_error *err)
{
    lt_store_facts f = *run;
    for (;;) {
        int own = f.parent ? f.parent_step + 1 : 0;
        if (last >= own && !read_own(s, id, first > own ? first : own, last, all, err))
            return false;
        if (!f.parent || first >= own)
            return true;
        last = last < f.parent_step ? last : f.parent_step;
        id = f.parent;
        if (!lt_store_facts_of(s, id, &f, err))
            return false;
    }
}

bool lt_store_read_steps(lt_store *s, int64_t id, int first, int last, lt_store_step **steps,
                         size_t *count, lt_error *err)
{
    lt_store_facts f;
    line all = {0};
    *steps = NULL;
    *count = 0;
    if (!lt_store_may_read(s, err) || !lt_store_facts_of(s, id, &f, err))
        return false;
    if (f.ghost)
        return lt_fail(err, LT_ERR_ARGUMENT, "latentty history list", "there is no run %lld",
                       (long long)id);
    first = first > 0 ? first : 0;
    last = last < f.done ? last : f.done;
    if (!read_line(s, id, &f, first, last, &all, err)) {
        lt_store_steps_free(all.steps, all.count);
        return false;
    }
    reverse(all.steps, all.count);
    *steps = all.steps;
    *count = all.count;
    return true;
}
