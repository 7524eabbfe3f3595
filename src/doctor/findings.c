/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * findings.c: see findings.h.
 */
#include "findings.h"

#include "check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct finding *findings_add(struct findings *findings, const char *check, enum severity severity,
                             enum confidence confidence)
{
    findings->list = realloc(findings->list, (findings->count + 1) * sizeof *findings->list);
    CHECK(findings->list != NULL);
    struct finding *finding = &findings->list[findings->count++];
    memset(finding, 0, sizeof *finding);
    finding->check = check;
    finding->severity = severity;
    finding->confidence = confidence;
    return finding;
}

void findings_free(struct findings *findings)
{
    free(findings->list);
    memset(findings, 0, sizeof *findings);
}

void findings_sort(struct findings *findings)
{
    for (size_t i = 1; i < findings->count; i++) { /* few, and the order among equals counts */
        struct finding moved = findings->list[i];
        size_t at = i;
        while (at > 0 && findings->list[at - 1].severity < moved.severity) {
            findings->list[at] = findings->list[at - 1];
            at--;
        }
        findings->list[at] = moved;
    }
}

void finding_evidence(struct finding *finding, const char *name, double value)
{
    CHECK(finding->evidence_count < EVIDENCE_MAX);
    finding->evidence[finding->evidence_count++] = (struct evidence){name, value};
}

static void write_text(char *text, size_t size, const char *format, va_list arguments)
{
    vsnprintf(text, size, format, arguments);
}

#define DEFINE_WRITER(field)                                                                       \
    void finding_##field(struct finding *finding, const char *format, ...)                         \
    {                                                                                              \
        va_list arguments;                                                                         \
        va_start(arguments, format);                                                               \
        write_text(finding->field, sizeof finding->field, format, arguments);                      \
        va_end(arguments);                                                                         \
    }

DEFINE_WRITER(summary)
DEFINE_WRITER(remedy)
DEFINE_WRITER(dont)

void finding_concerns(struct finding *finding, const struct lastack_connection_row *row)
{
    finding->pid = row->pid;
    memcpy(finding->comm, row->comm, sizeof finding->comm);
    finding->has_local = true;
    finding->local = row->local;
    finding->has_peer = row->remote.port != 0;
    finding->peer = row->remote;
}

const char *severity_text(enum severity severity)
{
    static const char *const texts[] = {"info", "warn", "crit"};
    return texts[severity];
}

const char *confidence_text(enum confidence confidence)
{
    static const char *const texts[] = {"low", "medium", "high"};
    return texts[confidence];
}
