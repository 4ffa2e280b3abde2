/* op_cases.h - every op and every pattern that is joined, at real and at odd shapes: what a backend
 * is compared with the reference on. */
#pragma once

#include "tensor/graph.h"

typedef struct op_case op_case;
typedef lt_tensor *build_case(lt_graph *g, const op_case *c);
struct op_case {
    lt_op op; /* what is tested; its tolerance applies */
    build_case *build;
    int n, h, w, c, o; /* o: outputs, heads, groups, tokens: as build says */
    int extra;
};

extern const op_case op_cases[];
extern const int op_cases_count;
/* A mean of 100 deviations leaves nothing of them in the few bits of a 16-bit type. */
bool op_case_is_far(const op_case *c);

/* Some with weights, for sources of every type at any address. */
extern const op_case op_source_cases[];
extern const int op_source_cases_count;
