/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * owners.h: who holds a socket, and if nobody: why nobody.
 *
 *     /proc/PID/fd/N ──▶ "socket:[INODE]" ─▶ entries sorted by inode ─▶ owners_find: binary search
 *
 * The walk is dear (about 3 us a descriptor), so it is done only when somebody asks. Processes come
 * and go during it: whatever vanishes is passed over. Where we may not look is counted, because
 * "nobody" and "I may not know" are different answers.
 */
#ifndef LASTACK_OWNERS_H
#define LASTACK_OWNERS_H

#include <lastack/row.h>

struct owner_entry {
    uint64_t inode;
    uint32_t pid;
    int32_t fd;
    uint32_t process; /* index into owners.processes */
};

struct owner_process {
    uint32_t pid;
    uint32_t uid;
    uint32_t fd_count; /* descriptors of any kind */
    uint32_t fd_limit; /* RLIMIT_NOFILE, soft; 0 = unknown */
    uint32_t parent;
    uint64_t netns; /* inode, 0 = unknown */
    char comm[32];  /* as the kernel has it: may hold any byte but NUL */
};

struct owners {
    struct owner_entry *entries; /* sorted by inode, then pid, then fd */
    size_t entry_count;
    struct owner_process *processes; /* sorted by pid */
    size_t process_count;
    uint32_t denied;           /* living processes whose descriptors we may not see */
    bool is_foreign_pid_space; /* we are in a PID namespace: holders outside are invisible */
};

/* Walks `proc_root` ("/proc"). 0 or a negative errno (-ENOMEM, or /proc cannot be read). */
int owners_read(struct owners *owners, const char *proc_root);
void owners_free(struct owners *owners);

/* Builds the table from entries gathered elsewhere (a saved bundle): sorts them. */
int owners_add(struct owners *owners, const struct owner_entry *entry);
int owners_add_process(struct owners *owners, const struct owner_process *process);
void owners_sort(struct owners *owners);

/* The entries of an inode: a pointer to the first and their number; NULL and 0 if there are none.
 * */
const struct owner_entry *owners_find(const struct owners *owners, uint64_t inode, size_t *count);
const struct owner_process *owners_process(const struct owners *owners, uint32_t pid);

/* What inode and state alone tell, without looking into /proc. */
enum lastack_owner owner_class(const struct lastack_connection_row *row);

/* Fills in pid, fd, comm, holders and owner_kind. A socket that has an inode and no holder though
 * we saw every process becomes KERNEL: the kernel's own, or a descriptor parked in an AF_UNIX
 * queue. */
void owners_apply(const struct owners *owners, struct lastack_connection_row *row);

/* Does this descriptor still name that socket? */
bool owner_still_holds(const char *proc_root, uint32_t pid, int32_t fd, uint64_t inode);

/* Does a thread of that process run, or would it if the machine were not busy with others? */
bool owner_is_at_work(const char *proc_root, uint32_t pid);

/* What the socket behind a descriptor is: "TCP", "TCPv6", "UNIX" ... as the kernel calls its
 * protocol; false if it cannot be told. */
bool owner_protocol(const char *proc_root, uint32_t pid, int32_t fd, char protocol[16]);

#endif
