/*
 * ports.h - what a backend is given and asked for, checked in the same words by each: sources of
 * parameters before they are packed, tensors that are written and read.  Pure.
 */
#pragma once

#include "tensor/fuse.h"

/* LT_ERR_MODEL unless every parameter of g has numbers. */
bool lt_ports_check_sources(const lt_graph *g, lt_error *err) LT_WARN_UNUSED;

/* The fused graph's node for a tensor of the recorded graph that is to be written or read; NULL
 * with LT_ERR_ARGUMENT if it is not of that graph, has not `count` values, or is no input (or no
 * output). */
const lt_tensor *lt_ports_input(const lt_fused *f, const lt_graph *recorded, const lt_tensor *t,
                                size_t count, lt_error *err);
const lt_tensor *lt_ports_output(const lt_fused *f, const lt_graph *recorded, const lt_tensor *t,
                                 size_t count, lt_error *err);

/* Puts "conv2d 'down_blocks.0.conv1' [1,64,64,320]" in front of what went wrong; returns false. */
bool lt_ports_fail_at(const lt_tensor *t, lt_error *err);
