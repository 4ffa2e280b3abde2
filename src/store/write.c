/* write.c - beginning runs, adding steps, and what is changed of a run later; see store.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/mem.h"
#include "store/floats.h"
#include "store/store_impl.h"

/* ---- a run ---- */

static const char *text(const char *s)
{
    return s ? s : "";
}

/* A fork begins at a step that its parent has, and that the parent was not robbed of. */
static bool check_parent(lt_store *s, const lt_store_run *run, lt_error *err)
{
    lt_store_facts parent;
    if (run->parent == 0)
        return true;
    if (!lt_store_facts_of(s, run->parent, &parent, err))
        return lt_fail_in(err, "cannot keep a fork");
    if (parent.ghost || run->parent_step < 0 || run->parent_step > parent.done)
        return lt_fail(err, LT_ERR_ARGUMENT, NULL,
                       "cannot keep a fork of run %lld at step %d: it has %d in the history",
                       (long long)run->parent, run->parent_step, parent.ghost ? 0 : parent.done);
    return true;
}

static void bind_text(sqlite3_stmt *st, const char *name, const char *value)
{
    sqlite3_bind_text(st, sqlite3_bind_parameter_index(st, name), text(value), -1,
                      SQLITE_TRANSIENT);
}

static void bind_int(sqlite3_stmt *st, const char *name, int64_t value)
{
    sqlite3_bind_int64(st, sqlite3_bind_parameter_index(st, name), value);
}

static void bind_real(sqlite3_stmt *st, const char *name, double value)
{
    sqlite3_bind_double(st, sqlite3_bind_parameter_index(st, name), value);
}

static void bind_run(lt_store *s, sqlite3_stmt *st, const lt_store_run *run)
{
    char *all = lt_format("%s\n%s\n%s\n%s\n%" PRIu64, text(run->prompt), text(run->negative),
                          text(run->model), text(run->sampler), run->seed);
    char *folded = lt_store_fold(all);
    if (run->parent != 0) {
        bind_int(st, ":parent", run->parent);
        bind_int(st, ":parent_step", run->parent_step);
        bind_int(st, ":done", run->parent_step);
    } else {
        bind_int(st, ":parent_step", 0);
        bind_int(st, ":done", 0);
    }
    bind_int(st, ":created", run->created ? run->created : lt_store_now());
    bind_text(st, ":owner", s->mark.token);
    bind_int(st, ":starred", run->starred);
    bind_real(st, ":seconds", run->seconds);
    bind_int(st, ":steps", run->steps);
    bind_int(st, ":width", run->width);
    bind_int(st, ":height", run->height);
    bind_int(st, ":seed", (int64_t)run->seed);
    bind_real(st, ":guidance", run->guidance);
    bind_text(st, ":sampler", run->sampler);
    bind_text(st, ":model", run->model);
    bind_text(st, ":model_hash", run->model_hash);
    bind_text(st, ":prompt", run->prompt);
    bind_text(st, ":negative", run->negative);
    bind_text(st, ":settings", run->settings);
    bind_text(st, ":folded", folded);
    free(folded);
    free(all);
}

static bool insert_run(lt_store *s, const lt_store_run *run, int64_t *id, lt_error *err)
{
    sqlite3_stmt *st;
    if (!lt_store_prepare(
            s,
            "INSERT INTO runs(parent, parent_step, done, created, owner, starred, seconds, steps, "
            "width, height, seed, guidance, sampler, model, model_hash, prompt, negative, "
            "settings, "
            "folded) VALUES(:parent, :parent_step, :done, :created, :owner, :starred, :seconds, "
            ":steps, :width, :height, :seed, :guidance, :sampler, :model, :model_hash, :prompt, "
            ":negative, :settings, :folded)",
            &st, err))
        return false;
    bind_run(s, st, run);
    bool ok = lt_store_finish_statement(s, st, err);
    if (ok)
        *id = sqlite3_last_insert_rowid(s->db);
    return ok;
}

bool lt_store_begin(lt_store *s, const lt_store_run *run, int64_t *id, lt_error *err)
{
    if (!lt_store_transaction(s, err))
        return false;
    return lt_store_end(s, check_parent(s, run, err) && insert_run(s, run, id, err), err);
}

/* ---- a step ---- */

static bool check_turn(const lt_store *s, int64_t id, const lt_store_facts *f, int k, lt_error *err)
{
    if (f->ghost || f->state != LT_STORE_UNFINISHED)
        return lt_fail(err, LT_ERR_ARGUMENT, NULL, "cannot add to run %lld: it is finished",
                       (long long)id);
    if (strcmp(f->owner, s->mark.token) != 0)
        return lt_fail(err, LT_ERR_ARGUMENT, NULL,
                       "cannot add to run %lld: it is another program's", (long long)id);
    if (k == 0 ? f->done > 0 || f->parent : k != f->done + 1)
        return lt_fail(err, LT_ERR_ARGUMENT, NULL,
                       "cannot add step %d to run %lld: the next one is %d", k, (long long)id,
                       f->done + 1);
    return true;
}

static bool insert_step(lt_store *s, int64_t id, const lt_store_step *step,
                        const lt_floats_packed *all, lt_error *err)
{
    sqlite3_stmt *st;
    if (!lt_store_prepare(s,
                          "INSERT INTO steps(run, k, seconds, latents, x0, eps_text, eps_uncond, "
                          "halves, crc) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
                          &st, err))
        return false;
    sqlite3_bind_int64(st, 1, id);
    sqlite3_bind_int(st, 2, step->k);
    sqlite3_bind_double(st, 3, step->seconds);
    sqlite3_bind_int64(st, 4, (int64_t)step->latents.count);
    sqlite3_bind_int64(st, 5, (int64_t)step->x0.count);
    sqlite3_bind_int64(st, 6, (int64_t)step->eps_text.count);
    sqlite3_bind_int64(st, 7, (int64_t)step->eps_uncond.count);
    sqlite3_bind_int(st, 8, all->halves);
    sqlite3_bind_int64(st, 9, (int64_t)crc32(0, all->bytes, (uInt)all->size));
    if (!lt_store_finish_statement(s, st, err) ||
        !lt_store_prepare(s, "INSERT INTO blobs(id, bytes) VALUES(?, ?)", &st, err))
        return false;
    sqlite3_bind_int64(st, 1, sqlite3_last_insert_rowid(s->db));
    sqlite3_bind_blob(st, 2, all->bytes, (int)all->size, SQLITE_STATIC);
    return lt_store_finish_statement(s, st, err);
}

static bool count_step(lt_store *s, int64_t id, const lt_store_step *step, lt_error *err)
{
    sqlite3_stmt *st;
    if (!lt_store_prepare(s, "UPDATE runs SET done = ?, seconds = seconds + ? WHERE id = ?", &st,
                          err))
        return false;
    sqlite3_bind_int(st, 1, step->k);
    sqlite3_bind_double(st, 2, step->seconds);
    sqlite3_bind_int64(st, 3, id);
    return lt_store_finish_statement(s, st, err);
}

bool lt_store_append(lt_store *s, int64_t id, const lt_store_step *step, lt_error *err)
{
    lt_store_facts facts;
    lt_floats_packed all;
    if (!lt_store_may_write(s, err) || !lt_floats_pack(step, &all, err))
        return false;
    bool ok = lt_store_transaction(s, err) &&
              lt_store_end(s,
                           lt_store_facts_of(s, id, &facts, err) &&
                               check_turn(s, id, &facts, step->k, err) &&
                               insert_step(s, id, step, &all, err) && count_step(s, id, step, err),
                           err);
    free(all.bytes);
    return ok;
}

/* ---- later ---- */

/* One change of a run that is there. */
static bool change(lt_store *s, int64_t id, const char *sql, int64_t value, lt_error *err)
{
    if (!lt_store_may_write(s, err) ||
        !lt_store_execute(s, sql, 2, (const int64_t[]){value, id}, err))
        return false;
    if (sqlite3_changes(s->db) > 0)
        return true;
    return lt_fail(err, LT_ERR_ARGUMENT, "latentty history list", "there is no run %lld",
                   (long long)id);
}

bool lt_store_finish(lt_store *s, int64_t id, lt_store_state state, lt_error *err)
{
    char *sql =
        lt_format("UPDATE runs SET state = ?, finished = %" PRId64 " WHERE id = ? AND ghost = 0",
                  lt_store_now());
    bool ok = change(s, id, sql, state, err);
    free(sql);
    return ok;
}

/* Within a transaction. */
static bool is_there(lt_store *s, int64_t id, lt_error *err)
{
    lt_store_facts facts;
    if (!lt_store_facts_of(s, id, &facts, err))
        return false;
    return !facts.ghost ||
           lt_fail(err, LT_ERR_ARGUMENT, NULL, "there is no run %lld", (long long)id);
}

bool lt_store_star(lt_store *s, int64_t id, bool starred, lt_error *err)
{
    if (!lt_store_transaction(s, err))
        return false;
    bool ok =
        change(s, id, "UPDATE runs SET starred = ? WHERE id = ? AND ghost = 0", starred, err) &&
        (starred ||
         lt_store_execute(s, "UPDATE pictures SET starred = 0 WHERE run = ?", 1, &id, err));
    return lt_store_end(s, ok, err);
}

bool lt_store_star_picture(lt_store *s, int64_t id, int image, bool starred, lt_error *err)
{
    if (!lt_store_transaction(s, err))
        return false;
    bool ok = is_there(s, id, err) &&
              lt_store_execute(s,
                               "INSERT INTO pictures(run, image, starred) VALUES(?, ?, ?) "
                               "ON CONFLICT(run, image) DO UPDATE SET starred = excluded.starred",
                               3, (const int64_t[]){id, image, starred}, err) &&
              lt_store_execute(s,
                               "UPDATE runs SET starred = (SELECT max(starred) FROM pictures "
                               "WHERE run = runs.id) WHERE id = ?",
                               1, &id, err);
    return lt_store_end(s, ok, err);
}

bool lt_store_drop_picture(lt_store *s, int64_t id, int image, int last, lt_error *err)
{
    if (!lt_store_transaction(s, err))
        return false;
    bool ok = is_there(s, id, err) &&
              lt_store_execute(s,
                               "INSERT INTO pictures(run, image, last) VALUES(?, ?, ?) "
                               "ON CONFLICT(run, image) DO UPDATE SET last = excluded.last",
                               3, (const int64_t[]){id, image, last}, err);
    return lt_store_end(s, ok, err);
}

bool lt_store_delete(lt_store *s, int64_t id, bool deleted, lt_error *err)
{
    return change(s, id, "UPDATE runs SET deleted = ? WHERE id = ? AND ghost = 0",
                  deleted ? lt_store_now() : 0, err);
}

static bool put_thumbnail(lt_store *s, int64_t id, const void *png, size_t n, lt_error *err)
{
    sqlite3_stmt *st;
    if (n == 0)
        return lt_store_execute(s, "DELETE FROM thumbs WHERE run = ?", 1, &id, err);
    if (!lt_store_prepare(s, "INSERT OR REPLACE INTO thumbs(run, png) VALUES(?, ?)", &st, err))
        return false;
    sqlite3_bind_int64(st, 1, id);
    sqlite3_bind_blob64(st, 2, png, n, SQLITE_STATIC);
    return lt_store_finish_statement(s, st, err);
}

bool lt_store_set_thumbnail(lt_store *s, int64_t id, const void *png, size_t n, lt_error *err)
{
    if (!lt_store_transaction(s, err))
        return false;
    return lt_store_end(s, is_there(s, id, err) && put_thumbnail(s, id, png, n, err), err);
}

bool lt_store_adopt(lt_store *s, int64_t id, lt_error *err)
{
    lt_store_facts facts;
    sqlite3_stmt *st;
    if (!lt_store_transaction(s, err))
        return false;
    bool ok = lt_store_facts_of(s, id, &facts, err);
    bool own = ok && strcmp(facts.owner, s->mark.token) == 0;
    if (ok && (facts.ghost || facts.state != LT_STORE_UNFINISHED))
        ok = lt_fail(err, LT_ERR_ARGUMENT, NULL, "cannot go on with run %lld: it is finished",
                     (long long)id);
    if (ok && !own && lt_store_is_written(s, &facts))
        ok = lt_fail(err, LT_ERR_ARGUMENT, NULL,
                     "cannot go on with run %lld: another program is at it", (long long)id);
    ok = ok && lt_store_prepare(s, "UPDATE runs SET owner = ? WHERE id = ?", &st, err);
    if (ok) {
        sqlite3_bind_text(st, 1, s->mark.token, -1, SQLITE_STATIC);
        sqlite3_bind_int64(st, 2, id);
        ok = lt_store_finish_statement(s, st, err);
    }
    return lt_store_end(s, ok, err);
}
