/*
 * store_impl.h - what the files of src/store/ share; nobody else includes it.
 */
#pragma once

#include "store/db.h"
#include "store/live.h"
#include "store/store.h"

struct lt_store {
    sqlite3 *db; /* owned; NULL: off */
    char *path;  /* owned */
    lt_store_mode mode;
    lt_error why; /* where the mode is not LT_STORE_WRITES */
    lt_live mark; /* while the mode is */
    bool damaged; /* met since it was opened: set aside at the end */
};

/* Fills *err from the last fault of the connection, and remembers damage. */
bool lt_store_fail(lt_store *s, const char *what, int code, lt_error *err);

/* False with the reason where there is nothing to read, or to write. */
bool lt_store_may_read(const lt_store *s, lt_error *err);
bool lt_store_may_write(const lt_store *s, lt_error *err);

/* A statement of ours; *st is NULL where it fails. */
bool lt_store_prepare(lt_store *s, const char *sql, sqlite3_stmt **st, lt_error *err);
/* Runs a prepared statement that gives no rows, and finalizes it. */
bool lt_store_finish_statement(lt_store *s, sqlite3_stmt *st, lt_error *err);
/* The same for one whose parameters are all whole numbers. */
bool lt_store_execute(lt_store *s, const char *sql, int count, const int64_t *values,
                      lt_error *err);

bool lt_store_transaction(lt_store *s, lt_error *err);
/* Commits if ok, else rolls back; true if it is committed. */
bool lt_store_end(lt_store *s, bool ok, lt_error *err);

/* What begin, append and forks need to know of a run. */
typedef struct lt_store_facts {
    int64_t parent;
    int parent_step, done;
    lt_store_state state;
    bool ghost;
    char owner[24];
} lt_store_facts;
/* LT_ERR_ARGUMENT if there is no such row; ghosts are rows.  LT_ERR_FORMAT for one that goes round
 * in circles or counts backwards, as only a strange file has it. */
bool lt_store_facts_of(lt_store *s, int64_t id, lt_store_facts *out, lt_error *err);
/* True if another open store writes the run now. */
bool lt_store_is_written(const lt_store *s, const lt_store_facts *f);

/* Case folded, for the column and for what is looked for; owned by the caller. */
char *lt_store_fold(const char *s);
