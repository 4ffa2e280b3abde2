/* writer.c - see writer.h. */
#include "store/writer.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/panic.h"
#include "base/queue.h"
#include "store/floats.h"

enum { WAITING = 256 << 20 };

typedef enum job_kind {
    JOB_BEGIN,
    JOB_ADOPT,
    JOB_STEP,
    JOB_THUMBNAIL,
    JOB_DROP,
    JOB_FINISH,
    JOB_QUIT,
} job_kind;

typedef struct job {
    job_kind kind;
    uint64_t ticket, parent;
    int64_t id;
    lt_store_state state;
    lt_store_run *run;  /* owned */
    lt_store_step step; /* its block is owned */
    void *png;          /* owned */
    int image, last;    /* of JOB_DROP */
    size_t n;           /* bytes of step or png, counted as waiting */
} job;

struct lt_store_writer {
    char *path; /* owned; NULL: the usual place */
    int64_t largest;
    size_t most;
    lt_queue *jobs, *events; /* owned */
    atomic_size_t waiting;
    pthread_t thread;

    /* the caller's */
    uint64_t tickets;
    bool *cut;  /* owned [tickets]: steps of that run are not put any more */
    bool *told; /* owned [tickets]: and the caller took the event that says so */

    /* the thread's */
    lt_store *store; /* owned */
    int64_t *ids;    /* owned [known]: of tickets; 0: not in the history */
    bool *lost;      /* owned [known]: a step could not be written */
    size_t known;
};

static void send(lt_store_writer *w, const lt_store_event *e)
{
    lt_queue_put(w->events, e);
}

/* ---- the thread ---- */

static void remember(lt_store_writer *w, uint64_t ticket, int64_t id)
{
    w->ids = lt_grow(w->ids, ticket, sizeof *w->ids);
    w->lost = lt_grow(w->lost, ticket, sizeof *w->lost);
    w->known = ticket;
    w->ids[ticket - 1] = id;
    w->lost[ticket - 1] = id == 0;
}

static void trouble(lt_store_writer *w, const job *j, const lt_error *err)
{
    send(w, &(lt_store_event){.kind = LT_STORE_TROUBLE, .ticket = j->ticket, .error = *err});
}

/* The first step of a run that is not kept; j->step.k is 0 for the run itself. */
static void lose(lt_store_writer *w, const job *j, const lt_error *err)
{
    w->lost[j->ticket - 1] = true;
    send(w, &(lt_store_event){.kind = LT_STORE_LOST,
                              .ticket = j->ticket,
                              .id = w->ids[j->ticket - 1],
                              .step = j->step.k,
                              .error = *err});
}

static bool begin_run(lt_store_writer *w, job *j, int64_t *id, lt_error *err)
{
    if (j->kind == JOB_ADOPT) {
        *id = j->id;
        return lt_store_adopt(w->store, *id, err);
    }
    if (j->parent && (j->parent > w->known || w->ids[j->parent - 1] == 0))
        return lt_fail(err, LT_ERR_IO, NULL, "the run that it came from is not in the history");
    if (j->parent)
        j->run->parent = w->ids[j->parent - 1];
    return lt_store_begin(w->store, j->run, id, err);
}

static void begin(lt_store_writer *w, job *j)
{
    lt_error err = {0};
    int64_t id = 0;
    bool ok = begin_run(w, j, &id, &err);
    remember(w, j->ticket, ok ? id : 0);
    if (ok)
        send(w, &(lt_store_event){.kind = LT_STORE_BEGUN, .ticket = j->ticket, .id = id});
    else
        lose(w, j, &err);
}

static void prune(lt_store_writer *w, const job *j)
{
    lt_error err = {0};
    int gone = 0;
    if (w->largest <= 0)
        return;
    if (!lt_store_prune(w->store, w->largest, &gone, &err))
        trouble(w, j, &err);
    else if (gone)
        send(w, &(lt_store_event){.kind = LT_STORE_PRUNED, .step = gone});
}

static void finish(lt_store_writer *w, const job *j, int64_t id)
{
    lt_error err = {0};
    if (!lt_store_finish(w->store, id, j->state, &err))
        trouble(w, j, &err);
    else
        send(w, &(lt_store_event){.kind = LT_STORE_FINISHED, .ticket = j->ticket, .id = id});
    prune(w, j);
}

static void append(lt_store_writer *w, const job *j, int64_t id)
{
    lt_error err = {0};
    if (w->lost[j->ticket - 1])
        return;
    if (lt_store_append(w->store, id, &j->step, &err))
        send(w, &(lt_store_event){
                    .kind = LT_STORE_KEPT, .ticket = j->ticket, .id = id, .step = j->step.k});
    else
        lose(w, j, &err);
}

static void handle(lt_store_writer *w, job *j)
{
    lt_error err = {0};
    if (j->kind == JOB_BEGIN || j->kind == JOB_ADOPT) {
        begin(w, j);
        return;
    }
    int64_t id = w->ids[j->ticket - 1];
    if (id == 0)
        return;
    switch (j->kind) {
    case JOB_STEP:
        append(w, j, id);
        break;
    case JOB_THUMBNAIL:
        if (!lt_store_set_thumbnail(w->store, id, j->png, j->n, &err))
            trouble(w, j, &err);
        break;
    case JOB_DROP:
        if (!lt_store_drop_picture(w->store, id, j->image, j->last, &err))
            trouble(w, j, &err);
        break;
    case JOB_FINISH:
        finish(w, j, id);
        break;
    default:
        break;
    }
}

static void job_done(job *j)
{
    if (j->run)
        lt_store_run_done(j->run);
    free(j->run);
    free(j->step.block);
    free(j->png);
}

static void *work(void *writer)
{
    lt_store_writer *w = writer;
    lt_store_event opened = {.kind = LT_STORE_OPENED};
    job j;
    w->store = lt_store_open(w->path, &opened.error);
    send(w, &opened);
    for (;;) {
        lt_queue_wait(w->jobs);
        if (!lt_queue_take(w->jobs, &j))
            continue;
        if (j.kind == JOB_QUIT)
            break;
        handle(w, &j);
        atomic_fetch_sub(&w->waiting, j.n);
        job_done(&j);
    }
    lt_store_close(w->store);
    return NULL;
}

/* ---- the caller's side ---- */

static void writer_free(lt_store_writer *w)
{
    lt_queue_free(w->jobs);
    lt_queue_free(w->events);
    free(w->path);
    free(w->cut);
    free(w->told);
    free(w->ids);
    free(w->lost);
    free(w);
}

bool lt_store_writer_open(const lt_store_writer_options *options, lt_store_writer **out,
                          lt_error *err)
{
    lt_store_writer *w = lt_alloc(sizeof *w);
    w->path = options->path ? lt_strdup(options->path) : NULL;
    w->most = options->waiting ? options->waiting : WAITING;
    w->largest = options->largest;
    bool ok = lt_queue_new(sizeof(job), &w->jobs, err) &&
              lt_queue_new(sizeof(lt_store_event), &w->events, err);
    if (ok && pthread_create(&w->thread, NULL, work, w) != 0)
        ok = lt_fail(err, LT_ERR_IO, NULL, "cannot start a thread");
    if (!ok) {
        writer_free(w);
        return false;
    }
    *out = w;
    return true;
}

static void put(lt_store_writer *w, const job *j)
{
    atomic_fetch_add(&w->waiting, j->n);
    lt_queue_put(w->jobs, j);
}

void lt_store_writer_close(lt_store_writer *w)
{
    if (!w)
        return;
    put(w, &(job){.kind = JOB_QUIT});
    LT_ASSERT(pthread_join(w->thread, NULL) == 0);
    writer_free(w);
}

static uint64_t new_ticket(lt_store_writer *w)
{
    w->cut = lt_grow(w->cut, ++w->tickets, sizeof *w->cut);
    w->told = lt_grow(w->told, w->tickets, sizeof *w->told);
    w->cut[w->tickets - 1] = w->told[w->tickets - 1] = false;
    return w->tickets;
}

static char *copy_text(const char *s)
{
    return s ? lt_strdup(s) : NULL;
}

uint64_t lt_store_writer_begin(lt_store_writer *w, const lt_store_run *run, uint64_t parent)
{
    lt_store_run *copy = lt_alloc(sizeof *copy);
    *copy = *run;
    copy->prompt = copy_text(run->prompt);
    copy->negative = copy_text(run->negative);
    copy->settings = copy_text(run->settings);
    copy->sampler = copy_text(run->sampler);
    copy->model = copy_text(run->model);
    copy->model_hash = copy_text(run->model_hash);
    copy->thumbnail = NULL;
    copy->pictures = NULL;
    copy->created = run->created ? run->created : lt_store_now();
    uint64_t ticket = new_ticket(w);
    put(w, &(job){.kind = JOB_BEGIN, .ticket = ticket, .parent = parent, .run = copy});
    return ticket;
}

uint64_t lt_store_writer_adopt(lt_store_writer *w, int64_t id)
{
    uint64_t ticket = new_ticket(w);
    put(w, &(job){.kind = JOB_ADOPT, .ticket = ticket, .id = id});
    return ticket;
}

/* From this step on the run is not kept. */
static void cut(lt_store_writer *w, uint64_t ticket, int step, const lt_error *why)
{
    w->cut[ticket - 1] = true;
    send(w,
         &(lt_store_event){.kind = LT_STORE_LOST, .ticket = ticket, .step = step, .error = *why});
}

void lt_store_writer_step(lt_store_writer *w, uint64_t ticket, const lt_store_step *step)
{
    lt_error err = {0};
    LT_ASSERT(ticket > 0 && ticket <= w->tickets);
    job j = {.kind = JOB_STEP, .ticket = ticket};
    if (w->cut[ticket - 1])
        return;
    j.n = lt_floats_bytes(step);
    if (j.n > w->most || atomic_load(&w->waiting) > w->most - j.n)
        lt_fail(&err, LT_ERR_IO, NULL,
                "the history is behind: %zu bytes wait for the disk; steps from %d on are not kept",
                atomic_load(&w->waiting), step->k);
    else if (lt_floats_copy(step, &j.step, &err)) {
        put(w, &j);
        return;
    }
    cut(w, ticket, step->k, &err);
}

void lt_store_writer_thumbnail(lt_store_writer *w, uint64_t ticket, const void *png, size_t n)
{
    lt_error err = {0};
    job j = {.kind = JOB_THUMBNAIL, .ticket = ticket, .n = n};
    LT_ASSERT(ticket > 0 && ticket <= w->tickets);
    if (!lt_try_alloc(n ? n : 1, "a small picture", &j.png, &err)) {
        trouble(w, &j, &err);
        return;
    }
    if (n)
        memcpy(j.png, png, n);
    put(w, &j);
}

void lt_store_writer_drop(lt_store_writer *w, uint64_t ticket, int image, int last)
{
    LT_ASSERT(ticket > 0 && ticket <= w->tickets);
    put(w, &(job){.kind = JOB_DROP, .ticket = ticket, .image = image, .last = last});
}

void lt_store_writer_finish(lt_store_writer *w, uint64_t ticket, lt_store_state state)
{
    LT_ASSERT(ticket > 0 && ticket <= w->tickets);
    put(w, &(job){.kind = JOB_FINISH, .ticket = ticket, .state = state});
}

int lt_store_writer_fd(const lt_store_writer *w)
{
    return lt_queue_fd(w->events);
}

bool lt_store_writer_poll(lt_store_writer *w, lt_store_event *out)
{
    while (lt_queue_take(w->events, out)) {
        if (out->kind != LT_STORE_LOST)
            return true;
        w->cut[out->ticket - 1] = true;
        bool again = w->told[out->ticket - 1]; /* both sides can lose a run */
        w->told[out->ticket - 1] = true;
        if (!again)
            return true;
    }
    return false;
}

size_t lt_store_writer_waiting(const lt_store_writer *w)
{
    return atomic_load(&w->waiting);
}
