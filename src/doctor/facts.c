/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * facts.c: pieces of a bundle into rows, counters, owners and settings. A bundle may come from
 * anywhere: every length is checked, every number may be nonsense.
 */
#include "facts.h"

#include "age.h"
#include "check.h"
#include "diag.h"
#include "duration.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One more element; the memory grows by doubling. */
static void *grown(void *array, size_t count, size_t size)
{
    if (count != 0 && (count < 64 || (count & (count - 1)) != 0))
        return array;
    void *bigger = realloc(array, (count == 0 ? 64 : 2 * count) * size);
    CHECK(bigger != NULL);
    return bigger;
}

static int compare_cookies(const void *left, const void *right)
{
    const struct lastack_connection_row *a = left, *b = right;
    return (a->cookie > b->cookie) - (a->cookie < b->cookie);
}

static void read_rows(struct sample *sample, const struct piece *piece,
                      const struct retry_limits *limits, uint64_t *malformed)
{
    for (size_t at = 0; piece != NULL && at + 8 <= piece->length;) {
        uint32_t head[2];
        memcpy(head, piece->bytes + at, sizeof head);
        at += sizeof head;
        if (head[0] > piece->length - at) {
            ++*malformed;
            return;
        }
        sample->rows = grown(sample->rows, sample->row_count, sizeof *sample->rows);
        struct lastack_connection_row *row = &sample->rows[sample->row_count];
        if (diag_parse(piece->bytes + at, head[0], (uint8_t)head[1], row)) {
            retry_limits_apply(limits, row);
            sample->row_count++;
        } else {
            ++*malformed;
        }
        size_t padded = ((size_t)head[0] + 3) & ~(size_t)3;
        at = padded > piece->length - at ? piece->length : at + padded;
    }
}

static void read_sample(struct sample *sample, const struct bundle *bundle, int number,
                        const struct retry_limits *limits, uint64_t *malformed)
{
    static const char *const files[] = {"snmp", "netstat", "sockstat", "sockstat6"};
    char name[32];
    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "%d.%s", number, files[i]);
        const struct piece *piece = bundle_piece(bundle, name);
        if (piece == NULL)
            continue;
        if (i < 2)
            counters_parse_pairs(&sample->counters, piece->bytes);
        else
            counters_parse_sockstat(&sample->counters, piece->bytes);
    }
    snprintf(name, sizeof name, "%d.sockets", number);
    read_rows(sample, bundle_piece(bundle, name), limits, malformed);
    snprintf(name, sizeof name, "time_ns_%d", number);
    sample->time_ns = bundle_number(bundle, name, 0);
}

/* ---- pieces of lines ---- */

typedef void line_function(struct facts *facts, char *line);

static void each_line(struct facts *facts, const struct bundle *bundle, const char *name,
                      line_function *take)
{
    const struct piece *piece = bundle_piece(bundle, name);
    if (piece == NULL)
        return;
    char *copy = strdup(piece->bytes);
    CHECK(copy != NULL);
    char *next;
    for (char *line = copy; line != NULL && *line != '\0'; line = next) {
        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        take(facts, line);
    }
    free(copy);
}

static void take_owner(struct facts *facts, char *line)
{
    struct owner_process process = {0};
    struct owner_entry entry = {0};
    int skipped = 0;
    if (sscanf(line, "P %u %u %u %u %u %" SCNu64 " %n", &process.pid, &process.uid,
               &process.fd_count, &process.fd_limit, &process.parent, &process.netns,
               &skipped) == 6) {
        snprintf(process.comm, sizeof process.comm, "%.31s", line + skipped);
        owners_add_process(&facts->owners, &process);
    } else if (sscanf(line, "F %" SCNu64 " %u %d", &entry.inode, &entry.pid, &entry.fd) == 3) {
        owners_add(&facts->owners, &entry);
    }
}

static void take_setting(struct facts *facts, char *line)
{
    char *tab = strchr(line, '\t');
    if (tab == NULL)
        return;
    facts->settings = grown(facts->settings, facts->setting_count, sizeof *facts->settings);
    struct facts_setting *setting = &facts->settings[facts->setting_count++];
    snprintf(setting->name, sizeof setting->name, "%.*s", (int)min64(tab - line, 63), line);
    snprintf(setting->value, sizeof setting->value, "%.255s", tab + 1);
}

static void take_assignment(struct facts *facts, char *line)
{
    facts->assignments =
        grown(facts->assignments, facts->assignment_count, sizeof *facts->assignments);
    struct facts_assignment *assignment = &facts->assignments[facts->assignment_count];
    memset(assignment, 0, sizeof *assignment);
    int fields = sscanf(line, "%127[^\t]\t%d\t%95[^\t]\t%95[^\t]", assignment->file,
                        &assignment->line, assignment->name, assignment->value);
    facts->assignment_count += fields >= 3;
}

static void take_leak(struct facts *facts, char *line)
{
    uint64_t inode;
    struct facts_leak leak;
    if (sscanf(line, "%" SCNu64 " %u %d", &inode, &leak.pid, &leak.fd) != 3)
        return;
    facts->leaks = grown(facts->leaks, facts->leak_count, sizeof leak);
    facts->leaks[facts->leak_count++] = leak;
}

static void take_queue(struct facts *facts, char *line)
{
    struct facts_queue queue;
    if (sscanf(line, "%u %u %u", &queue.inode, &queue.peer_inode, &queue.bytes) != 3)
        return;
    facts->queues = grown(facts->queues, facts->queue_count, sizeof queue);
    facts->queues[facts->queue_count++] = queue;
}

/* ---- the whole ---- */

static int compare_ends(const struct lastack_endpoint *a, const struct lastack_endpoint *b)
{
    if (a->port != b->port)
        return a->port < b->port ? -1 : 1;
    return memcmp(a->address.bytes, b->address.bytes, sizeof a->address.bytes);
}

static int compare_tuples(const void *left, const void *right, void *context)
{
    const struct lastack_connection_row *rows = context;
    const struct lastack_connection_row *a = &rows[*(const uint32_t *)left];
    const struct lastack_connection_row *b = &rows[*(const uint32_t *)right];
    int order = compare_ends(&a->local, &b->local);
    return order != 0 ? order : compare_ends(&a->remote, &b->remote);
}

static void index_tuples(struct facts *facts)
{
    size_t count = facts->now.row_count;
    facts->by_tuple = malloc((count + 1) * sizeof *facts->by_tuple);
    CHECK(facts->by_tuple != NULL);
    for (size_t i = 0; i < count; i++)
        facts->by_tuple[i] = (uint32_t)i;
    if (count > 1)
        qsort_r(facts->by_tuple, count, sizeof *facts->by_tuple, compare_tuples, facts->now.rows);
}

static void list_listeners(struct facts *facts)
{
    for (size_t i = 0; i < facts->now.row_count; i++) {
        const struct lastack_connection_row *row = &facts->now.rows[i];
        if (row->state != TCP_LISTEN || row->protocol != LASTACK_PROTOCOL_TCP)
            continue;
        facts->listeners = grown(facts->listeners, facts->listener_count, sizeof *facts->listeners);
        facts->listeners[facts->listener_count++] = (uint32_t)i;
    }
}

static void join(struct facts *facts)
{
    int64_t fin_timeout = SEC(facts_number(facts, "net.ipv4.tcp_fin_timeout", 0, 60));
    for (size_t i = 0; i < facts->now.row_count; i++) {
        struct lastack_connection_row *row = &facts->now.rows[i];
        row->netns = facts->netns;
        row->age_ns = age_of_row(row, fin_timeout);
        const struct lastack_connection_row *earlier = facts_earlier(facts, row->cookie);
        if (earlier != NULL && earlier->state == row->state)
            row->age_ns = max64(row->age_ns, facts->now.time_ns - facts->before.time_ns);
        if (facts->has_owners)
            owners_apply(&facts->owners, row);
    }
}

static void read_limits(const struct facts *facts, struct retry_limits *limits)
{
    *limits = retry_limits_default;
    limits->retries2 = (uint32_t)facts_number(facts, "net.ipv4.tcp_retries2", 0, 15);
    limits->orphan_retries = (uint32_t)facts_number(facts, "net.ipv4.tcp_orphan_retries", 0, 0);
    if (limits->orphan_retries == 0)
        limits->orphan_retries = 8;
    limits->syn_retries = (uint32_t)facts_number(facts, "net.ipv4.tcp_syn_retries", 0, 6);
    limits->syn_linear = (uint32_t)facts_number(facts, "net.ipv4.tcp_syn_linear_timeouts", 0, 0);
    limits->synack_retries = (uint32_t)facts_number(facts, "net.ipv4.tcp_synack_retries", 0, 5);
    limits->keepalive_probes = (uint32_t)facts_number(facts, "net.ipv4.tcp_keepalive_probes", 0, 9);
    limits->keepalive_interval =
        (uint32_t)facts_number(facts, "net.ipv4.tcp_keepalive_intvl", 0, 75);
}

int facts_read(struct facts *facts, const struct bundle *bundle)
{
    struct retry_limits limits;
    memset(facts, 0, sizeof *facts);
    if (bundle_piece(bundle, "2.sockets") == NULL || bundle_number(bundle, "format", 0) == 0)
        return -EPROTO;
    each_line(facts, bundle, "settings", take_setting);
    each_line(facts, bundle, "files", take_assignment);
    each_line(facts, bundle, "owners", take_owner);
    each_line(facts, bundle, "leaks", take_leak);
    each_line(facts, bundle, "unix", take_queue);
    facts->has_owners = bundle_number(bundle, "has_owners", 0) != 0;
    facts->owners.denied = (uint32_t)bundle_number(bundle, "denied", 0);
    facts->owners.is_foreign_pid_space = bundle_number(bundle, "foreign_pid_space", 0) != 0;
    owners_sort(&facts->owners);
    facts->netns = (uint64_t)bundle_number(bundle, "netns", 0);
    facts->destroy_status = (int)bundle_number(bundle, "destroy", 0);
    read_limits(facts, &limits);
    read_sample(&facts->before, bundle, 1, &limits, &facts->malformed);
    read_sample(&facts->now, bundle, 2, &limits, &facts->malformed);
    double seconds = (double)(facts->now.time_ns - facts->before.time_ns) / 1e9;
    facts->seconds = seconds > 0.001 ? seconds : 0.001;
    if (facts->before.row_count > 1)
        qsort(facts->before.rows, facts->before.row_count, sizeof *facts->before.rows,
              compare_cookies);
    join(facts);
    index_tuples(facts);
    list_listeners(facts);
    return 0;
}

void facts_free(struct facts *facts)
{
    free(facts->before.rows);
    free(facts->now.rows);
    free(facts->settings);
    free(facts->assignments);
    free(facts->leaks);
    free(facts->queues);
    free(facts->by_tuple);
    free(facts->listeners);
    owners_free(&facts->owners);
    memset(facts, 0, sizeof *facts);
}

/* ---- questions ---- */

const char *facts_setting(const struct facts *facts, const char *name)
{
    for (size_t i = 0; i < facts->setting_count; i++)
        if (strcmp(facts->settings[i].name, name) == 0)
            return facts->settings[i].value;
    return NULL;
}

int64_t facts_number(const struct facts *facts, const char *name, int index, int64_t otherwise)
{
    const char *at = facts_setting(facts, name);
    int64_t number = otherwise;
    for (int i = 0; at != NULL && i <= index; i++) {
        char *end;
        number = strtoll(at, &end, 10);
        if (end == at)
            return otherwise;
        at = end;
    }
    return number;
}

int64_t facts_delta(const struct facts *facts, const char *group, const char *name)
{
    return counters_delta(&facts->before.counters, &facts->now.counters, group, name);
}

int64_t facts_value(const struct facts *facts, const char *group, const char *name)
{
    return counters_get(&facts->now.counters, group, name, NULL);
}

const struct lastack_connection_row *facts_twin(const struct facts *facts,
                                                const struct lastack_connection_row *row)
{
    size_t low = 0, high = facts->now.row_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct lastack_connection_row *other = &facts->now.rows[facts->by_tuple[middle]];
        int order = compare_ends(&other->local, &row->remote);
        if (order == 0)
            order = compare_ends(&other->remote, &row->local);
        if (order == 0 && other != row && other->protocol == row->protocol)
            return other;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const struct lastack_connection_row *facts_earlier(const struct facts *facts, uint64_t cookie)
{
    struct lastack_connection_row key = {.cookie = cookie};
    if (facts->before.row_count == 0 || cookie == 0)
        return NULL;
    return bsearch(&key, facts->before.rows, facts->before.row_count, sizeof key, compare_cookies);
}

const struct lastack_connection_row *facts_listener(const struct facts *facts, uint16_t port)
{
    for (size_t i = 0; i < facts->listener_count; i++) {
        const struct lastack_connection_row *row = &facts->now.rows[facts->listeners[i]];
        if (row->local.port == port)
            return row;
    }
    return NULL;
}

bool facts_port_is_reserved(const struct facts *facts, uint16_t port)
{
    const char *at = facts_setting(facts, "net.ipv4.ip_local_reserved_ports");
    while (at != NULL && *at != '\0') {
        char *end;
        long first = strtol(at, &end, 10);
        if (end == at)
            return false;
        long last = first;
        if (*end == '-')
            last = strtol(end + 1, &end, 10);
        if (port >= first && port <= last)
            return true;
        at = *end == ',' ? end + 1 : end + (*end == ' ');
        if (at == end && *end != '\0')
            return false;
    }
    return false;
}

struct port_range facts_ports(const struct facts *facts)
{
    struct port_range range = {
        .first = (uint16_t)facts_number(facts, "net.ipv4.ip_local_port_range", 0, 32768),
        .last = (uint16_t)facts_number(facts, "net.ipv4.ip_local_port_range", 1, 60999),
    };
    bool has_reserved = facts_setting(facts, "net.ipv4.ip_local_reserved_ports") != NULL &&
                        facts_setting(facts, "net.ipv4.ip_local_reserved_ports")[0] != '\0';
    if (range.last < range.first)
        range.last = range.first;
    range.available = (uint32_t)(range.last - range.first) + 1;
    for (uint32_t port = range.first; has_reserved && port <= range.last; port++)
        range.available -= facts_port_is_reserved(facts, (uint16_t)port);
    return range;
}
