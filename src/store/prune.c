/* prune.c - purging runs, what forks still need of them, and keeping the file small. */
#include <stdlib.h>

#include "base/mem.h"
#include "store/store_impl.h"

/* ---- one run ---- */

/*
 * The last of a run's own steps that a run in sight reads, through however many purged ones between
 * them: each passes on only what lies before its own beginning.  -1: nobody reads any.
 */
static bool needed(lt_store *s, int64_t id, int64_t *last, lt_error *err)
{
    sqlite3_stmt *st;
    *last = -1;
    if (!lt_store_prepare(s,
                          "WITH RECURSIVE below(id, cap, ghost) AS ("
                          " SELECT id, parent_step, ghost FROM runs WHERE parent = ?"
                          " UNION ALL"
                          " SELECT r.id, min(b.cap, r.parent_step), r.ghost"
                          " FROM below b JOIN runs r ON r.parent = b.id WHERE b.ghost = 1)"
                          "SELECT coalesce(max(cap), -1) FROM below WHERE ghost = 0",
                          &st, err))
        return false;
    sqlite3_bind_int64(st, 1, id);
    int code = sqlite3_step(st);
    if (code == SQLITE_ROW)
        *last = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return code == SQLITE_ROW || lt_store_fail(s, "read", code, err);
}

/* Removes what nobody needs of a ghost, and then of those above it. */
static bool release(lt_store *s, int64_t id, lt_error *err)
{
    lt_store_facts f;
    int64_t last;
    for (; id; id = f.parent) {
        if (!lt_store_facts_of(s, id, &f, err))
            return false;
        if (!f.ghost)
            return true;
        if (!needed(s, id, &last, err) ||
            !lt_store_execute(s, "DELETE FROM steps WHERE run = ? AND k > ?", 2,
                              (const int64_t[]){id, last}, err) ||
            (last < 0 && !lt_store_execute(s, "DELETE FROM runs WHERE id = ?", 1, &id, err)))
            return false;
    }
    return true;
}

/* Within a transaction. */
static bool purge(lt_store *s, int64_t id, lt_error *err)
{
    return lt_store_execute(s,
                            "UPDATE runs SET ghost = 1, state = 2, starred = 0, prompt = '', "
                            "negative = '', settings = '', folded = '', seed = 0 WHERE id = ?",
                            1, &id, err) &&
           lt_store_execute(s, "DELETE FROM thumbs WHERE run = ?", 1, &id, err) &&
           lt_store_execute(s, "DELETE FROM pictures WHERE run = ?", 1, &id, err) &&
           release(s, id, err);
}

bool lt_store_purge(lt_store *s, int64_t id, lt_error *err)
{
    lt_store_facts f;
    if (!lt_store_transaction(s, err))
        return false;
    bool ok = lt_store_facts_of(s, id, &f, err);
    if (ok && f.ghost)
        ok = lt_fail(err, LT_ERR_ARGUMENT, NULL, "there is no run %lld", (long long)id);
    if (ok && lt_store_is_written(s, &f))
        ok = lt_fail(err, LT_ERR_ARGUMENT, "stop it first",
                     "cannot remove run %lld: it is being made", (long long)id);
    return lt_store_end(s, ok && purge(s, id, err), err);
}

/* ---- many ---- */

typedef struct candidates {
    int64_t *ids; /* owned */
    size_t count;
} candidates;

/* What is deleted comes first, then the oldest. */
static bool take_candidates(lt_store *s, const char *condition, candidates *out, lt_error *err)
{
    sqlite3_stmt *st;
    size_t room = 0;
    int code;
    *out = (candidates){0};
    if (!lt_store_may_write(s, err))
        return false;
    char *sql =
        lt_format("SELECT id FROM runs WHERE ghost = 0 AND %s ORDER BY deleted = 0, id", condition);
    bool ok = lt_store_prepare(s, sql, &st, err);
    free(sql);
    if (!ok)
        return false;
    while ((code = sqlite3_step(st)) == SQLITE_ROW) {
        if (out->count == room) {
            room = room ? 2 * room : 64;
            out->ids = lt_grow(out->ids, room, sizeof *out->ids);
        }
        out->ids[out->count++] = sqlite3_column_int64(st, 0);
    }
    sqlite3_finalize(st);
    return code == SQLITE_DONE || lt_store_fail(s, "read", code, err);
}

/* Another program may have starred or brought back the run since it was chosen: then it stays. */
static bool purge_chosen(lt_store *s, int64_t id, const char *condition, bool *gone, lt_error *err)
{
    lt_store_facts f;
    int64_t still = 0;
    *gone = false;
    if (!lt_store_transaction(s, err))
        return false;
    char *sql = lt_format("SELECT count(*) FROM runs WHERE id = %lld AND ghost = 0 AND %s",
                          (long long)id, condition);
    int code = lt_db_number(s->db, sql, &still);
    free(sql);
    bool ok = code == SQLITE_OK || lt_store_fail(s, "read", code, err);
    if (ok && still == 1) {
        ok = lt_store_facts_of(s, id, &f, err);
        *gone = ok && !lt_store_is_written(s, &f);
        ok = ok && (!*gone || purge(s, id, err));
    }
    return lt_store_end(s, ok, err);
}

/* Gives pages that hold nothing back to the file system. */
static bool shrink(lt_store *s, lt_error *err)
{
    int code = lt_db_run(s->db, "PRAGMA incremental_vacuum");
    if (code == SQLITE_OK) { /* what was freed leaves the file at a checkpoint */
        code = sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
        if ((code & 0xFF) == SQLITE_BUSY) /* somebody reads: a later one will do it */
            code = SQLITE_OK;
    }
    return code == SQLITE_OK || lt_store_fail(s, "write", code, err);
}

bool lt_store_bytes(lt_store *s, int64_t *out, lt_error *err)
{
    *out = 0;
    if (s->mode == LT_STORE_OFF)
        return true;
    int code = lt_db_number(s->db,
                            "SELECT (page_count - freelist_count) * page_size FROM "
                            "pragma_page_count, pragma_freelist_count, pragma_page_size",
                            out);
    return code == SQLITE_OK || lt_store_fail(s, "read", code, err);
}

/* Purges runs that meet the condition until at most `most` bytes are in use. */
static bool purge_all(lt_store *s, const candidates *c, const char *condition, int64_t most,
                      int *gone, lt_error *err)
{
    int64_t bytes;
    bool one;
    for (size_t i = 0; i < c->count; i++) {
        if (!lt_store_bytes(s, &bytes, err))
            return false;
        if (bytes <= most)
            break;
        if (!purge_chosen(s, c->ids[i], condition, &one, err))
            return false;
        *gone += one;
    }
    return *gone == 0 || shrink(s, err);
}

static bool purge_where(lt_store *s, const char *condition, int64_t most, int *gone, lt_error *err)
{
    candidates c;
    int ignored;
    gone = gone ? gone : &ignored;
    *gone = 0;
    bool ok =
        take_candidates(s, condition, &c, err) && purge_all(s, &c, condition, most, gone, err);
    free(c.ids);
    return ok;
}

bool lt_store_purge_deleted(lt_store *s, int64_t time, int *gone, lt_error *err)
{
    char *condition = lt_format("deleted > 0 AND deleted < %lld", (long long)time);
    bool ok = purge_where(s, condition, -1, gone, err);
    free(condition);
    return ok;
}

bool lt_store_prune(lt_store *s, int64_t most, int *gone, lt_error *err)
{
    int64_t bytes;
    most = most > 0 ? most : 0;
    if (gone)
        *gone = 0;
    if (!lt_store_may_write(s, err) || !lt_store_bytes(s, &bytes, err))
        return false;
    return bytes <= most || purge_where(s, "starred = 0", most, gone, err);
}
