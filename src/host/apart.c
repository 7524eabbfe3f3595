/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * apart.c: see apart.h.
 */
#include "apart.h"

#include "check.h"

#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

bool apart_begin(struct apart *apart, apart_work *work, const void *context, size_t size,
                 struct trouble *trouble)
{
    int pair[2];

    CHECK(size <= APART_RESULT_MAX);
    if (pipe(pair) != 0)
        return trouble_set(trouble, errno, "make a pipe");
    (void)fflush(NULL); /* what is buffered must not be written twice */
    apart->child = fork();
    if (apart->child == 0) {
        _Alignas(16) unsigned char result[APART_RESULT_MAX] = {0};

        close(pair[0]);
        work(context, result);
        _exit(write(pair[1], result, size) == (ssize_t)size ? 0 : 1);
    }
    close(pair[1]);
    if (apart->child < 0) {
        close(pair[0]);
        return trouble_set(trouble, errno, "fork");
    }
    apart->fd = pair[0];
    return true;
}

bool apart_finish(struct apart *apart, void *result, size_t size, struct trouble *trouble)
{
    ssize_t got;

    do {
        got = read(apart->fd, result, size);
    } while (got < 0 && errno == EINTR);
    close(apart->fd);
    (void)waitpid(apart->child, NULL, 0); /* ECHILD: whoever waits for any child was first */
    return got == (ssize_t)size ||
           trouble_set(trouble, 0, "the process apart ended without a result");
}
