/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * host_filter.h: filters from a command line, with the names of this host.
 */
#ifndef LASTACK_HOST_FILTER_H
#define LASTACK_HOST_FILTER_H

#include "filter.h"

/* Joins `words` with blanks and compiles. NULL: the message and a caret have gone to stderr, after
 * "lastack VERB: ". */
struct filter *host_filter(const char *verb, char **words, int count);

/* A tuple as people paste it: "192.0.2.1:80", "[::1]:80", "192.0.2.1.80" is not. False if it is
 * none. */
bool host_endpoint_parse(const char *text, struct lastack_endpoint *endpoint);

#endif
