/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * errors.h: what a refused call answers: a negative LASTACK_E number. They have the values of
 * Linux, so that programs port easily; nothing here needs errno.h.
 */
#ifndef LASTACK_ERRORS_H
#define LASTACK_ERRORS_H

#ifdef __cplusplus
extern "C" {
#endif

/* (name, number on Linux, text) */
#define LASTACK_ERRORS(X)                                                                          \
    X(EPERM, 1, "operation not permitted")                                                         \
    X(ENOENT, 2, "no such entry")                                                                  \
    X(EINTR, 4, "interrupted")                                                                     \
    X(EBADF, 9, "bad file descriptor")                                                             \
    X(EAGAIN, 11, "would block")                                                                   \
    X(ENOMEM, 12, "out of memory")                                                                 \
    X(EACCES, 13, "permission denied")                                                             \
    X(EFAULT, 14, "bad address")                                                                   \
    X(EEXIST, 17, "exists already")                                                                \
    X(EINVAL, 22, "invalid argument")                                                              \
    X(EMFILE, 24, "too many open descriptors")                                                     \
    X(ENOTTY, 25, "no such request for this")                                                      \
    X(ENOSPC, 28, "no space left")                                                                 \
    X(EPIPE, 32, "broken pipe")                                                                    \
    X(EDOM, 33, "argument out of domain")                                                          \
    X(ENOPROTOOPT, 92, "protocol option not available")                                            \
    X(EPROTONOSUPPORT, 93, "protocol not supported")                                               \
    X(EOPNOTSUPP, 95, "operation not supported")                                                   \
    X(EAFNOSUPPORT, 97, "address family not supported")                                            \
    X(EADDRINUSE, 98, "address already in use")                                                    \
    X(EADDRNOTAVAIL, 99, "cannot assign requested address")                                        \
    X(ENETDOWN, 100, "network is down")                                                            \
    X(ENETUNREACH, 101, "network is unreachable")                                                  \
    X(ECONNABORTED, 103, "connection aborted")                                                     \
    X(ECONNRESET, 104, "connection reset by peer")                                                 \
    X(ENOBUFS, 105, "no buffer space")                                                             \
    X(EISCONN, 106, "already connected")                                                           \
    X(ENOTCONN, 107, "not connected")                                                              \
    X(ESHUTDOWN, 108, "endpoint shut down")                                                        \
    X(ETIMEDOUT, 110, "connection timed out")                                                      \
    X(ECONNREFUSED, 111, "connection refused")                                                     \
    X(EHOSTDOWN, 112, "host is down")                                                              \
    X(EHOSTUNREACH, 113, "no route to host")                                                       \
    X(EALREADY, 114, "operation already in progress")                                              \
    X(EINPROGRESS, 115, "operation now in progress")                                               \
    X(EMSGSIZE, 90, "message too long")                                                            \
    X(EDESTADDRREQ, 89, "destination address required")                                            \
    X(ENONET, 64, "machine is not on the network")                                                 \
    X(EPROTO, 71, "protocol error")                                                                \
    X(ENOMSG, 42, "no message of that kind")                                                       \
    X(ENOTSOCK, 88, "not a socket")

enum lastack_error {
#define LASTACK_X(name, number, text) LASTACK_##name = number,
    LASTACK_ERRORS(LASTACK_X)
#undef LASTACK_X
};

/* "connection reset by peer"; error may be positive or negative. Never NULL. */
const char *lastack_error_text(int error);
/* "ECONNRESET"; never NULL. */
const char *lastack_error_name(int error);

#ifdef __cplusplus
}
#endif

#endif
