/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * figure.c: figures as JSON.
 */
#include "figure.h"

#include <jansson.h>
#include <math.h>

struct figure figure_of(const char *bench, const char *op, uint64_t n)
{
    return (struct figure){
        .bench = bench,
        .op = op,
        .n = n,
        .batch = -1,
        .ns_per_op = -1,
        .instructions_per_op = -1,
        .bytes_per_record = -1,
        .ratio_lwip = -1,
        .gbit_per_s = -1,
    };
}

static void add_text(json_t *object, const char *name, const char *text)
{
    if (text != NULL)
        json_object_set_new(object, name, json_string(text));
}

/* Three decimals are more than the measurement knows. */
static void add_number(json_t *object, const char *name, double number)
{
    if (number >= 0)
        json_object_set_new(object, name, json_real(round(number * 1000) / 1000));
}

void figure_print_json(const struct figure *figure, FILE *out)
{
    json_t *object = json_object();

    add_text(object, "bench", figure->bench);
    add_text(object, "op", figure->op);
    add_text(object, "family", figure->family);
    add_text(object, "pages", figure->pages);
    json_object_set_new(object, "n", json_integer((json_int_t)figure->n));
    if (figure->batch >= 0)
        json_object_set_new(object, "batch", json_integer((json_int_t)figure->batch));
    add_number(object, "ns_per_op", figure->ns_per_op);
    add_number(object, "instructions_per_op", figure->instructions_per_op);
    add_number(object, "bytes_per_record", figure->bytes_per_record);
    add_number(object, "ratio_lwip", figure->ratio_lwip);
    add_number(object, "gbit_per_s", figure->gbit_per_s);
    json_dumpf(object, out, JSON_COMPACT | JSON_REAL_PRECISION(8));
    fputc('\n', out);
    json_decref(object);
    fflush(out);
}
