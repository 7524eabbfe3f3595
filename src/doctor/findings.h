/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * findings.h: what a check found: evidence in numbers, what it means, what to do, what not to do.
 */
#ifndef LASTACK_FINDINGS_H
#define LASTACK_FINDINGS_H

#include <lastack/row.h>

#include <stddef.h>

enum severity { SEVERITY_INFO, SEVERITY_WARN, SEVERITY_CRIT };
enum confidence { CONFIDENCE_LOW, CONFIDENCE_MEDIUM, CONFIDENCE_HIGH };

enum { EVIDENCE_MAX = 16 };

struct evidence {
    const char *name; /* lower_snake_case, the unit in the name */
    double value;
};

struct finding {
    const char *check; /* an id of checks.h */
    enum severity severity;
    enum confidence confidence;
    bool is_note; /* tells about the doctor itself: shown when asked for, never counted */
    char summary[480];
    char remedy[400];
    char dont[320];
    struct evidence evidence[EVIDENCE_MAX];
    size_t evidence_count;
    /* whom it concerns, as far as it concerns one: pid 0, ports 0 and no address else */
    uint32_t pid;
    char comm[32];
    bool has_local, has_peer;
    struct lastack_endpoint local, peer;
    uint64_t netns;
};

struct findings {
    struct finding *list;
    size_t count;
};

/* A new finding, everything else empty. Valid until the next one. */
struct finding *findings_add(struct findings *findings, const char *check, enum severity severity,
                             enum confidence confidence);
void findings_free(struct findings *findings);

/* Most severe first; order of arrival among equals. */
void findings_sort(struct findings *findings);

void finding_evidence(struct finding *finding, const char *name, double value);
void finding_summary(struct finding *finding, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void finding_remedy(struct finding *finding, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void finding_dont(struct finding *finding, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Takes process and addresses of a row. */
void finding_concerns(struct finding *finding, const struct lastack_connection_row *row);

const char *severity_text(enum severity severity);
const char *confidence_text(enum confidence confidence);

#endif
