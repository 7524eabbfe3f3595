/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * owners.c: see owners.h.
 *
 *      inode 0, state            means
 *      TIME-WAIT                 a record
 *      SYN-RECEIVED              a listener's half-open request
 *      FIN-WAIT-1/2, CLOSING,    an orphan: the program has closed, TCP has not finished
 *        LAST-ACK
 *      ESTABLISHED, CLOSE-WAIT   complete, waiting in the accept queue
 *      anything else             the kernel's own
 */
#include "owners.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define INITIAL_PID_NAMESPACE 0xeffffffcu /* PROC_PID_INIT_INO of the kernel */

enum lastack_owner owner_class(const struct lastack_connection_row *row)
{
    if (row->inode != 0)
        return LASTACK_OWNER_PROCESS;
    switch ((enum tcp_state)row->state) {
    case TCP_TIME_WAIT:
        return LASTACK_OWNER_TIME_WAIT;
    case TCP_SYN_RECEIVED:
        return LASTACK_OWNER_SYN_REQUEST;
    case TCP_FIN_WAIT_1:
    case TCP_FIN_WAIT_2:
    case TCP_CLOSING:
    case TCP_LAST_ACK:
        return LASTACK_OWNER_ORPHAN;
    case TCP_ESTABLISHED:
    case TCP_CLOSE_WAIT:
        return row->protocol == LASTACK_PROTOCOL_TCP ? LASTACK_OWNER_ACCEPT_QUEUE
                                                     : LASTACK_OWNER_KERNEL;
    case TCP_SYN_SENT:
    case TCP_CLOSED:
    case TCP_LISTEN:
        return LASTACK_OWNER_KERNEL;
    }
    return LASTACK_OWNER_KERNEL;
}

/* ---- the table ---- */

static int grow(void **array, size_t count, size_t size)
{
    if (count != 0 && (count < 64 || (count & (count - 1)) != 0))
        return 0; /* capacity is 64, then powers of two */
    size_t capacity = count == 0 ? 64 : 2 * count;
    void *bigger = realloc(*array, capacity * size);
    if (bigger == NULL)
        return -ENOMEM;
    *array = bigger;
    return 0;
}

int owners_add(struct owners *owners, const struct owner_entry *entry)
{
    void *array = owners->entries;
    if (grow(&array, owners->entry_count, sizeof *entry) != 0)
        return -ENOMEM;
    owners->entries = array;
    owners->entries[owners->entry_count++] = *entry;
    return 0;
}

int owners_add_process(struct owners *owners, const struct owner_process *process)
{
    void *array = owners->processes;
    if (grow(&array, owners->process_count, sizeof *process) != 0)
        return -ENOMEM;
    owners->processes = array;
    owners->processes[owners->process_count++] = *process;
    return 0;
}

static int compare_entries(const void *left, const void *right)
{
    const struct owner_entry *a = left, *b = right;
    if (a->inode != b->inode)
        return a->inode < b->inode ? -1 : 1;
    if (a->pid != b->pid)
        return a->pid < b->pid ? -1 : 1;
    return (a->fd > b->fd) - (a->fd < b->fd);
}

static int compare_processes(const void *left, const void *right)
{
    const struct owner_process *a = left, *b = right;
    return (a->pid > b->pid) - (a->pid < b->pid);
}

void owners_sort(struct owners *owners)
{
    if (owners->process_count > 1)
        qsort(owners->processes, owners->process_count, sizeof *owners->processes,
              compare_processes);
    if (owners->entry_count > 1)
        qsort(owners->entries, owners->entry_count, sizeof *owners->entries, compare_entries);
    for (size_t i = 0; i < owners->entry_count; i++) {
        const struct owner_process *found = owners_process(owners, owners->entries[i].pid);
        owners->entries[i].process =
            found == NULL ? UINT32_MAX : (uint32_t)(found - owners->processes);
    }
}

void owners_free(struct owners *owners)
{
    free(owners->entries);
    free(owners->processes);
    memset(owners, 0, sizeof *owners);
}

const struct owner_entry *owners_find(const struct owners *owners, uint64_t inode, size_t *count)
{
    size_t low = 0;
    size_t high = owners->entry_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (owners->entries[middle].inode < inode)
            low = middle + 1;
        else
            high = middle;
    }
    size_t end = low;
    while (end < owners->entry_count && owners->entries[end].inode == inode)
        end++;
    *count = end - low;
    return end == low ? NULL : &owners->entries[low];
}

const struct owner_process *owners_process(const struct owners *owners, uint32_t pid)
{
    if (owners->process_count == 0)
        return NULL;
    struct owner_process key = {.pid = pid};
    return bsearch(&key, owners->processes, owners->process_count, sizeof key, compare_processes);
}

static void nobody(const struct owners *owners, struct lastack_connection_row *row)
{
    if (owners->denied > 0)
        row->owner_kind = LASTACK_OWNER_NO_PERMISSION;
    else if (owners->is_foreign_pid_space)
        row->owner_kind = LASTACK_OWNER_OTHER_NETNS;
    else
        row->owner_kind = LASTACK_OWNER_KERNEL;
}

void owners_apply(const struct owners *owners, struct lastack_connection_row *row)
{
    if (row->inode == 0)
        return; /* diag_parse has said why */
    size_t count;
    const struct owner_entry *entry = owners_find(owners, row->inode, &count);
    row->holders = (uint32_t)count;
    if (entry == NULL) {
        nobody(owners, row);
        return;
    }
    row->owner_kind = LASTACK_OWNER_PROCESS;
    row->pid = entry->pid;
    row->fd = entry->fd;
    if (entry->process < owners->process_count)
        memcpy(row->comm, owners->processes[entry->process].comm, sizeof row->comm);
}

/* ---- the walk ---- */

/* A small file of `directory`, NUL-terminated; false if it cannot be read. */
static bool read_small(int directory, const char *name, char *text, size_t size)
{
    int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t length = read(fd, text, size - 1);
    close(fd);
    if (length < 0)
        return false;
    text[length] = '\0';
    return true;
}

/* "socket:[123]" or "net:[123]" */
static uint64_t bracketed_inode(int directory, const char *name, const char *prefix)
{
    char link[64];
    ssize_t length = readlinkat(directory, name, link, sizeof link - 1);
    size_t skip = strlen(prefix);
    if (length < (ssize_t)skip + 2)
        return 0;
    link[length] = '\0';
    if (memcmp(link, prefix, skip) != 0 || !isdigit((unsigned char)link[skip]))
        return 0;
    char *end;
    unsigned long long inode = strtoull(link + skip, &end, 10);
    return strcmp(end, "]") == 0 ? inode : 0;
}

static void read_comm(int directory, char comm[32])
{
    char text[64];
    if (!read_small(directory, "comm", text, sizeof text))
        text[0] = '\0';
    size_t length = strlen(text);
    if (length > 0 && text[length - 1] == '\n')
        text[--length] = '\0';
    if (length > 31)
        length = 31;
    memset(comm, 0, 32);
    memcpy(comm, text, length);
}

static void read_limits(int directory, struct owner_process *process)
{
    char text[4096];
    const char *line;
    if (read_small(directory, "limits", text, sizeof text) &&
        (line = strstr(text, "Max open files")) != NULL)
        process->fd_limit = (uint32_t)strtoul(line + strlen("Max open files"), NULL, 10);
}

static void read_status(int directory, struct owner_process *process)
{
    char text[4096];
    const char *line;
    if (!read_small(directory, "status", text, sizeof text))
        return;
    /* Name: comes first and may hold anything but a newline, so look for whole lines only */
    if ((line = strstr(text, "\nPPid:")) != NULL)
        process->parent = (uint32_t)strtoul(line + strlen("\nPPid:"), NULL, 10);
    if ((line = strstr(text, "\nUid:")) != NULL)
        process->uid = (uint32_t)strtoul(line + strlen("\nUid:"), NULL, 10);
}

static bool parse_number(const char *text, uint32_t *number)
{
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (!isdigit((unsigned char)text[0]) || *end != '\0' || errno != 0 || value > INT32_MAX)
        return false;
    *number = (uint32_t)value;
    return true;
}

/* Ended or ending, or a thread of the kernel's: then no descriptors are hidden, it has none. What
 * may not be read of one that ended is EACCES, too. */
static bool has_memory(int directory)
{
    char text[64];
    return read_small(directory, "statm", text, sizeof text) && text[0] != '0';
}

static int read_descriptors(struct owners *owners, int directory, struct owner_process *process)
{
    int fds = openat(directory, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fds < 0) {
        if ((errno == EACCES || errno == EPERM) && has_memory(directory))
            owners->denied++;
        return 0; /* gone, or a zombie */
    }
    DIR *stream = fdopendir(fds);
    if (stream == NULL) {
        const int error = errno;
        close(fds);
        return error == ENOMEM ? -ENOMEM : 0; /* gone meanwhile: its stat is ENOENT (Linux 6.2) */
    }
    int status = 0;
    bool is_denied = false;
    const struct dirent *item;
    while (status == 0 && (item = readdir(stream)) != NULL) {
        uint32_t fd;
        if (!parse_number(item->d_name, &fd))
            continue;
        process->fd_count++;
        errno = 0;
        uint64_t inode = bracketed_inode(dirfd(stream), item->d_name, "socket:[");
        is_denied = is_denied || errno == EACCES;
        struct owner_entry entry = {.inode = inode, .pid = process->pid, .fd = (int32_t)fd};
        if (inode != 0)
            status = owners_add(owners, &entry);
    }
    closedir(stream);
    owners->denied += is_denied && has_memory(directory);
    return status;
}

static int read_process(struct owners *owners, int root, const char *name, uint32_t pid)
{
    int directory = openat(root, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return 0;
    struct owner_process process = {.pid = pid};
    size_t before = owners->entry_count;
    int status = read_descriptors(owners, directory, &process);
    if (status == 0 && owners->entry_count > before) { /* others are of no interest */
        read_comm(directory, process.comm);
        read_status(directory, &process);
        read_limits(directory, &process);
        process.netns = bracketed_inode(directory, "ns/net", "net:[");
        status = owners_add_process(owners, &process);
    }
    close(directory);
    return status;
}

int owners_read(struct owners *owners, const char *proc_root)
{
    memset(owners, 0, sizeof *owners);
    DIR *stream = opendir(proc_root);
    if (stream == NULL)
        return -errno;
    uint64_t pid_namespace = bracketed_inode(dirfd(stream), "self/ns/pid", "pid:[");
    owners->is_foreign_pid_space = pid_namespace != 0 && pid_namespace != INITIAL_PID_NAMESPACE;
    int status = 0;
    const struct dirent *item;
    while (status == 0 && (item = readdir(stream)) != NULL) {
        uint32_t pid;
        if (parse_number(item->d_name, &pid))
            status = read_process(owners, dirfd(stream), item->d_name, pid);
    }
    closedir(stream);
    if (status == 0)
        owners_sort(owners);
    else
        owners_free(owners);
    return status;
}

bool owner_still_holds(const char *proc_root, uint32_t pid, int32_t fd, uint64_t inode)
{
    char path[300];
    if (pid == 0 || fd < 0 || inode == 0)
        return false;
    snprintf(path, sizeof path, "%s/%u/fd/%d", proc_root, pid, fd);
    return bracketed_inode(AT_FDCWD, path, "socket:[") == inode;
}

/* "812 (any) name) R 1 ...": R wants the processor, D waits for a page of its own. */
static bool is_thread_at_work(int tasks, const char *name)
{
    char path[64], text[512];
    const char *end;
    snprintf(path, sizeof path, "%.32s/stat", name);
    if (!read_small(tasks, path, text, sizeof text) || (end = strrchr(text, ')')) == NULL)
        return false;
    return end[1] == ' ' && (end[2] == 'R' || end[2] == 'D');
}

bool owner_is_at_work(const char *proc_root, uint32_t pid)
{
    char path[300];
    bool is_at_work = false;
    const struct dirent *item;
    snprintf(path, sizeof path, "%s/%u/task", proc_root, pid);
    DIR *tasks = opendir(path);
    if (tasks == NULL)
        return false;
    while (!is_at_work && (item = readdir(tasks)) != NULL)
        is_at_work = item->d_name[0] != '.' && is_thread_at_work(dirfd(tasks), item->d_name);
    closedir(tasks);
    return is_at_work;
}

bool owner_protocol(const char *proc_root, uint32_t pid, int32_t fd, char protocol[16])
{
    char path[300];
    snprintf(path, sizeof path, "%s/%u/fd/%d", proc_root, pid, fd);
    ssize_t length = getxattr(path, "system.sockprotoname", protocol, 15);
    protocol[length < 0 ? 0 : length] = '\0';
    return length > 0;
}
