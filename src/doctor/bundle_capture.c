/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bundle_capture.c: a live host into bundles: two samples, an interval apart, of every namespace
 * asked for.
 */
#include "bundle.h"

#include "check.h"
#include "diag.h"
#include "host_rows.h"
#include "host_setting.h"
#include "netns_walk.h"
#include "owners.h"
#include "small_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the checks and the reader want to know. A name that this kernel lacks is not saved. */
static const char *const setting_names[] = {
    "kernel.osrelease",
    "net.core.somaxconn",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_abort_on_overflow",
    "net.ipv4.tcp_ehash_entries",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_max_orphans",
    "net.ipv4.tcp_max_syn_backlog",
    "net.ipv4.tcp_max_tw_buckets",
    "net.ipv4.tcp_mem",
    "net.ipv4.tcp_orphan_retries",
    "net.ipv4.tcp_retries2",
    "net.ipv4.tcp_rfc1337",
    "net.ipv4.tcp_syn_linear_timeouts",
    "net.ipv4.tcp_syn_retries",
    "net.ipv4.tcp_synack_retries",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_timestamps",
    "net.ipv4.tcp_tw_recycle",
    "net.ipv4.tcp_tw_reuse",
    "net.ipv4.tcp_tw_reuse_delay",
    "net.netfilter.nf_conntrack_count",
    "net.netfilter.nf_conntrack_max",
    "net.netfilter.nf_conntrack_tcp_timeout_close_wait",
};

struct capture {
    struct bundle *bundle;
    char sockets[16]; /* the piece that answers go to */
    uint32_t protocol;
    int sample;
};

static bool add_answer(void *context, const void *payload, size_t length)
{
    struct capture *capture = context;
    uint32_t head[2] = {(uint32_t)length, capture->protocol};
    bundle_add(capture->bundle, capture->sockets, head, sizeof head);
    bundle_add(capture->bundle, capture->sockets, payload, length);
    bundle_add(capture->bundle, capture->sockets, "\0\0\0", -length & 3);
    return true;
}

static bool add_unix(void *context, const struct diag_unix *entry)
{
    struct capture *capture = context;
    if (entry->queued_bytes > 0) /* the others cannot hide a descriptor */
        bundle_addf(capture->bundle, "unix", "%u %u %u\n", entry->inode, entry->peer_inode,
                    entry->queued_bytes);
    return true;
}

static void add_file(struct capture *capture, const char *file)
{
    char path[64], name[16], *bytes;
    size_t length;
    snprintf(path, sizeof path, "/proc/thread-self/net/%s", file);
    snprintf(name, sizeof name, "%d.%s", capture->sample, file);
    if (small_file_read_bytes(path, &bytes, &length) != 0)
        return;
    bundle_add(capture->bundle, name, bytes, length);
    free(bytes);
}

static int add_sample(struct capture *capture)
{
    static const char *const files[] = {"snmp", "netstat", "sockstat", "sockstat6"};
    struct diag_request request = {
        .ipv4 = true, .ipv6 = true, .want_info = true, .states = DIAG_ALL_STATES};
    int status = 0;
    struct diag *diag = diag_open(&status);
    if (diag == NULL)
        return status;
    bundle_addf(capture->bundle, "meta", "time_ns_%d %" PRId64 "\n", capture->sample, host_now());
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        add_file(capture, files[i]);
    snprintf(capture->sockets, sizeof capture->sockets, "%d.sockets", capture->sample);
    bundle_add(capture->bundle, capture->sockets, "", 0);
    static const uint8_t protocols[] = {LASTACK_PROTOCOL_TCP, LASTACK_PROTOCOL_UDP};
    for (int i = 0; status == 0 && i < 2; i++) {
        request.protocol = (uint8_t)(capture->protocol = protocols[i]);
        status = diag_dump_raw(diag, &request, add_answer, capture);
    }
    if (capture->sample == 2) {
        diag_dump_unix(diag, add_unix, capture);
        bundle_addf(capture->bundle, "meta", "destroy %d\n", diag_probe_destroy(diag));
    }
    diag_close(diag);
    return status;
}

static void add_settings(struct bundle *bundle)
{
    for (size_t i = 0; i < sizeof setting_names / sizeof setting_names[0]; i++) {
        char value[HOST_SETTING_TEXT];
        if (host_setting_read(setting_names[i], value) == 0)
            bundle_addf(bundle, "settings", "%s\t%s\n", setting_names[i], value);
    }
}

static void add_assignment(void *context, const char *file, int line, const char *name,
                           const char *value)
{
    bundle_addf(context, "files", "%s\t%d\t%s\t%s\n", file, line, name, value);
}

static int capture_first(void *context, const struct netns *netns)
{
    struct capture capture = {.bundle = context, .sample = 1};
    bundle_addf(capture.bundle, "meta", "format 2\nbyte_order %d\nnetns %" PRIu64 "\nname %s\n",
                __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 1234 : 4321, netns->inode, netns->name);
    bundle_addf(capture.bundle, "meta", "wall_time_ns %" PRId64 "\n", host_wall_time());
    add_settings(capture.bundle);
    host_setting_files("", add_assignment, capture.bundle);
    return add_sample(&capture);
}

static int capture_second(void *context, const struct netns *netns)
{
    (void)netns;
    struct capture capture = {.bundle = context, .sample = 2};
    return add_sample(&capture);
}

/* ---- owners ---- */

static void add_owners(struct bundle *bundle, const struct owners *owners)
{
    bundle_addf(bundle, "meta", "has_owners 1\ndenied %u\nforeign_pid_space %d\n", owners->denied,
                owners->is_foreign_pid_space);
    for (size_t i = 0; i < owners->process_count; i++) {
        const struct owner_process *process = &owners->processes[i];
        char comm[sizeof process->comm];
        memcpy(comm, process->comm, sizeof comm);
        for (char *at = comm; *at != '\0'; at++) /* one line each */
            *at = (unsigned char)*at < ' ' || *at == 127 ? '?' : *at;
        bundle_addf(bundle, "owners", "P %u %u %u %u %u %" PRIu64 " %s\n", process->pid,
                    process->uid, process->fd_count, process->fd_limit, process->parent,
                    process->netns, comm);
    }
    for (size_t i = 0; i < owners->entry_count; i++) {
        const struct owner_entry *entry = &owners->entries[i];
        bundle_addf(bundle, "owners", "F %" PRIu64 " %u %d\n", entry->inode, entry->pid, entry->fd);
    }
}

static int compare_u32(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

/* Inodes of all TCP sockets in both samples of all bundles, sorted. */
static uint32_t *known_inodes(const struct bundle *bundles, size_t bundle_count, size_t *count)
{
    uint32_t *inodes = NULL;
    size_t capacity = 0;
    *count = 0;
    for (size_t n = 0; n < 2 * bundle_count; n++) {
        const struct piece *piece =
            bundle_piece(&bundles[n / 2], n % 2 == 0 ? "1.sockets" : "2.sockets");
        for (size_t at = 0; piece != NULL && at + 8 <= piece->length;) {
            uint32_t head[2];
            struct lastack_connection_row row;
            memcpy(head, piece->bytes + at, sizeof head);
            if (*count == capacity) {
                capacity = 2 * capacity + 1024;
                inodes = realloc(inodes, capacity * sizeof *inodes);
                CHECK(inodes != NULL);
            }
            if (diag_parse(piece->bytes + at + 8, head[0], (uint8_t)head[1], &row))
                inodes[(*count)++] = (uint32_t)row.inode;
            at += 8 + ((head[0] + 3) & ~3u);
        }
    }
    if (*count > 1)
        qsort(inodes, *count, sizeof *inodes, compare_u32);
    return inodes;
}

/* TCP sockets that processes hold and no table lists: never bound, or closed by the peer's RST.
 * One that came up between the samples is in the second; one that was opened after it may be
 * listed here: the check wants many. */
static void add_leaks(struct bundle *bundles, size_t bundle_count, const struct owners *owners)
{
    size_t count;
    uint32_t *inodes = known_inodes(bundles, bundle_count, &count);
    for (size_t i = 0; i < owners->entry_count; i++) {
        const struct owner_entry *entry = &owners->entries[i];
        char protocol[16];
        uint32_t key = (uint32_t)entry->inode;
        if (count > 0 && bsearch(&key, inodes, count, sizeof key, compare_u32) != NULL)
            continue;
        if (!owner_protocol("/proc", entry->pid, entry->fd, protocol) ||
            strncmp(protocol, "TCP", 3) != 0)
            continue;
        for (size_t n = 0; n < bundle_count; n++) {
            bool is_here = entry->process < owners->process_count &&
                           owners->processes[entry->process].netns ==
                               (uint64_t)bundle_number(&bundles[n], "netns", 0);
            if (is_here)
                bundle_addf(&bundles[n], "leaks", "%" PRIu64 " %u %d %s\n", entry->inode,
                            entry->pid, entry->fd, protocol);
        }
    }
    free(inodes);
}

/* ---- all together ---- */

int bundle_capture(const struct bundle_options *options, struct bundle **bundles, size_t *count,
                   size_t *denied)
{
    struct netns *list;
    size_t list_count;
    *denied = 0;
    *count = 0;
    *bundles = NULL;
    int status = netns_list(&list, &list_count);
    if (status != 0)
        return status;
    if (!options->all_netns)
        list_count = 1;
    *bundles = calloc(list_count, sizeof **bundles);
    CHECK(*bundles != NULL);
    for (size_t i = 0; i < list_count && status == 0; i++) {
        int result = netns_run(&list[i], capture_first, &(*bundles)[*count]);
        if (result == 0) {
            list[*count] = list[i];
            ++*count;
        } else if (i == 0) {
            status = result;
        } else {
            bundle_free(&(*bundles)[*count]);
            *denied += result != -ESRCH;
        }
    }
    if (status == 0 && !host_sleep(options->interval_ns))
        status = -EINTR;
    size_t first_count = *count;
    *count = 0;
    for (size_t i = 0; i < first_count; i++) {
        if (status == 0)
            status = netns_run(&list[i], capture_second, &(*bundles)[i]);
        if (status == -ESRCH) { /* it ended between the samples: nothing to say about it */
            bundle_free(&(*bundles)[i]);
            status = 0;
        } else {
            (*bundles)[(*count)++] = (*bundles)[i];
        }
    }
    struct owners owners;
    if (status == 0 && owners_read(&owners, "/proc") == 0) {
        for (size_t i = 0; i < *count; i++)
            add_owners(&(*bundles)[i], &owners);
        add_leaks(*bundles, *count, &owners);
        owners_free(&owners);
    }
    free(list);
    return status;
}
