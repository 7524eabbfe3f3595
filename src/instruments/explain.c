/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * explain.c: `lastack explain WHAT`: a connection, a port, a process, an error or a state, in
 * sentences.
 *
 *     CLOSE-WAIT  192.0.2.1:9100 <- 198.51.100.4:41822   pid 9801 node_exporter fd 7
 *       why    the peer closed, the owner has not
 *       ends   never: no timer runs
 *       whose  the program's here, always
 *       twin   FIN-WAIT-2, nobody: orphan
 *       do     ...
 *       don't  ...
 */
#include "instruments.h"

#include "color_option.h"
#include "explain.h"
#include "filter.h"
#include "host_filter.h"
#include "host_rows.h"
#include "json_names.h"
#include "row_json.h"
#include "stack_source.h"
#include "state_book.h"
#include "words.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char usage[] =
    "usage: lastack explain [options] LOCAL PEER | :PORT | PID | STATE | ERROR [:PORT]\n"
    "  lastack explain 192.0.2.1:9100 198.51.100.4:41822     one connection, and its other end if "
    "it is here\n"
    "  lastack explain :8080                                 who has the port\n"
    "  lastack explain 4711    (or pid=4711, port=8080)      what a process holds\n"
    "  lastack explain EADDRINUSE :8080                      which of the causes it is\n"
    "  lastack explain close-wait                            what a state means, and how many "
    "there are\n"
    "  --stack N   of a running lastack stack (all: of every one) instead of the host\n"
    "  --json      as an object\n"
    "exit status: 0, 1 nothing like that here, 2 usage, 4 not permitted\n";

static bool keep_row(void *context, const struct lastack_connection_row *row)
{
    struct explain *explain = context;
    if (explain->count == explain->capacity) {
        explain->capacity = explain->capacity == 0 ? 256 : 2 * explain->capacity;
        explain->list = realloc(explain->list, explain->capacity * sizeof *explain->list);
        if (explain->list == NULL)
            abort();
    }
    explain->list[explain->count++] = *row;
    return true;
}

static int read_host(struct explain *explain)
{
    struct host_query query = {.tcp = true,
                               .ipv4 = true,
                               .ipv6 = true,
                               .want_info = true,
                               .want_owners = true,
                               .states = DIAG_ALL_STATES};
    int status = host_rows_read(&explain->rows, &query, keep_row, explain);
    if (status != 0)
        fprintf(stderr, "lastack explain: sock_diag: %s\n", strerror(-status));
    return status == 0 ? STATUS_FINE : status == -EPERM ? STATUS_NOT_PERMITTED : STATUS_PARTLY;
}

static bool read_stack(void *context, const struct control_stack *stack,
                       struct control_client *client)
{
    static const struct host_query query = {
        .tcp = true, .ipv4 = true, .ipv6 = true, .states = DIAG_ALL_STATES};

    (void)stack;
    return stack_rows("explain", client, &query, keep_row, context);
}

static int read_rows(struct explain *explain)
{
    if (explain->stack == NULL)
        return read_host(explain);
    return stack_each("explain", explain->stack, read_stack, explain) < 0 ? STATUS_PARTLY
                                                                          : STATUS_FINE;
}

const char *explain_place(const struct explain *explain)
{
    return explain->stack != NULL ? "on this stack" : "in this network namespace";
}

static const char *source_of(const struct explain *explain)
{
    return explain->stack != NULL ? explain->stack : "host";
}

static const struct lastack_connection_row *twin_of(const struct explain *explain,
                                                    const struct lastack_connection_row *row)
{
    for (size_t i = 0; i < explain->count; i++) {
        const struct lastack_connection_row *other = &explain->list[i];
        if (other->local.port == row->remote.port && other->remote.port == row->local.port &&
            lastack_address_equal(&other->local.address, &row->remote.address) &&
            lastack_address_equal(&other->remote.address, &row->local.address))
            return other;
    }
    return NULL;
}

static void line(struct text *text, const char *name, const char *value)
{
    if (value[0] != '\0')
        text_addf(text, "  %-6s %s\n", name, value);
}

/* ---- a connection ---- */

void explain_add_tuple(struct text *text, const struct lastack_connection_row *row)
{
    char local[LASTACK_ENDPOINT_TEXT], remote[LASTACK_ENDPOINT_TEXT];
    lastack_endpoint_text(&row->local, local, sizeof local);
    lastack_endpoint_text(&row->remote, remote, sizeof remote);
    text_addf(text, "%s  %s", lastack_state_text((enum tcp_state)row->state), local);
    if (row->remote.port != 0)
        text_addf(text, " <- %s", remote);
    text_add(text, "  ");
    words_owner(text, row);
}

static void explain_row(const struct explain *explain, const struct lastack_connection_row *row)
{
    const struct state_page *page = state_book_page((enum tcp_state)row->state);
    const struct lastack_connection_row *twin = twin_of(explain, row);
    struct text text = {0}, part = {0};
    if (explain->is_json) {
        json_t *object = row_json(row, source_of(explain), true, NULL, 0);
        json_object_set_new(object, "means", json_string(page->what));
        json_object_set_new(object, "ends", json_string(page->ends));
        json_object_set_new(object, "whose", json_string(page->whose));
        json_object_set_new(object, "remedy", json_string(page->todo));
        json_object_set_new(object, "dont",
                            page->dont[0] == '\0' ? json_null() : json_string(page->dont));
        json_object_set_new(object, "twin",
                            twin == NULL ? json_null()
                                         : row_json(twin, source_of(explain), false, NULL, 0));
        json_line(stdout, object);
        return;
    }
    explain_add_tuple(&text, row);
    text_add(&text, "\n");
    words_why(&part, row);
    line(&text, "why", text_string(&part));
    text_clear(&part);
    words_timer(&part, row);
    line(&text, "timer", text_string(&part));
    line(&text, "ends", page->ends);
    line(&text, "whose", page->whose);
    text_clear(&part);
    if (twin != NULL)
        explain_add_tuple(&part, twin);
    else if (row->remote.port != 0)
        text_add(&part, explain->stack != NULL
                            ? "not on this stack"
                            : "not on this host, or in another network namespace");
    line(&text, "twin", text_string(&part));
    line(&text, "do", page->todo);
    line(&text, "don't", page->dont);
    printf("%s\n", text_string(&text));
    text_free(&part);
    text_free(&text);
}

static bool is_end(const struct lastack_endpoint *a, const struct lastack_endpoint *b)
{
    return a->port == b->port &&
           (lastack_is_any(&b->address) || lastack_address_equal(&a->address, &b->address));
}

static int explain_tuple(struct explain *explain, const struct lastack_endpoint *local,
                         const struct lastack_endpoint *remote)
{
    size_t found = 0;
    for (size_t i = 0; i < explain->count; i++) {
        const struct lastack_connection_row *row = &explain->list[i];
        if (is_end(&row->local, local) && is_end(&row->remote, remote)) {
            explain_row(explain, row);
            found++;
        }
    }
    if (found == 0 && explain->stack != NULL)
        fprintf(stderr, "lastack explain: no connection of this stack has that tuple\n");
    else if (found == 0)
        fprintf(
            stderr,
            "lastack explain: no TCP socket of this namespace has that tuple: over and forgotten, "
            "or on another "
            "host. A descriptor may still be open in a program (lastack doctor --check fd-leak)\n");
    return found > 0 ? STATUS_FINE : STATUS_FINDINGS;
}

/* ---- a port ---- */

enum { SHOWN_AT_MOST = 10, SHOWN_OF_A_STATE = 2 };

static bool has_port(const struct lastack_connection_row *row, uint16_t port)
{
    return row->local.port == port || row->remote.port == port;
}

static void count_states(const struct explain *explain, uint16_t port, size_t *states)
{
    for (size_t i = 0; i < explain->count; i++)
        states[explain->list[i].state & 15] += has_port(&explain->list[i], port);
}

/* The rows of one state, `most` of them; subtracts what it shows. */
static void explain_some(const struct explain *explain, uint16_t port, int state, size_t most,
                         size_t *left)
{
    for (size_t i = 0; i < explain->count && most > 0; i++) {
        if (explain->list[i].state != state || !has_port(&explain->list[i], port))
            continue;
        explain_row(explain, &explain->list[i]);
        most--;
        (*left)--;
    }
}

static void say_more(const size_t *left, uint16_t port)
{
    const char *comma = "and more: ";
    for (int state = TCP_ESTABLISHED; state <= TCP_CLOSING; state++) {
        if (left[state] == 0)
            continue;
        printf("%s%zu in %s", comma, left[state], lastack_state_text((enum tcp_state)state));
        comma = ", ";
    }
    if (comma[0] == ',')
        printf("\n  lastack ss -tanp sport = :%u or dport = :%u\n", port, port);
}

/*
 * The listener first, then state by state, and all of a busy port would be too many: thousands of
 * TIME-WAITs must not hide the one CLOSE-WAIT.
 */
static int explain_port(const struct explain *explain, uint16_t port)
{
    size_t states[16] = {0}, total = 0;
    count_states(explain, port, states);
    for (int state = 0; state < 16; state++)
        total += states[state];
    if (total == 0) {
        fprintf(stderr, "lastack explain: nothing has port %u %s\n", port, explain_place(explain));
        return STATUS_FINDINGS;
    }
    const size_t most = total <= SHOWN_AT_MOST ? SHOWN_AT_MOST : SHOWN_OF_A_STATE;
    explain_some(explain, port, TCP_LISTEN, most, &states[TCP_LISTEN]);
    for (int state = TCP_ESTABLISHED; state <= TCP_CLOSING; state++)
        if (state != TCP_LISTEN)
            explain_some(explain, port, state, most, &states[state]);
    if (!explain->is_json)
        say_more(states, port);
    return STATUS_FINE;
}

/* ---- a process ---- */

static int explain_pid(const struct explain *explain, uint32_t pid)
{
    uint64_t states[16] = {0};
    size_t count = 0;
    for (size_t i = 0; i < explain->count; i++) {
        if (explain->list[i].pid != pid)
            continue;
        count++;
        states[explain->list[i].state & 15]++;
    }
    if (count == 0) {
        fprintf(stderr, "lastack explain: %s %u holds no TCP socket %s%s\n",
                explain->stack != NULL ? "owner" : "process", pid, explain_place(explain),
                explain->stack != NULL ? "" : ", or its descriptors may not be seen");
        return STATUS_FINDINGS;
    }
    const struct owner_process *process = owners_process(&explain->rows.owners, pid);
    struct text text = {0};
    text_addf(&text, "pid %u ", pid);
    text_add_safe(&text, process == NULL ? "" : process->comm, NULL);
    text_addf(&text, ": %zu TCP sockets", count);
    if (process != NULL)
        text_addf(&text, ", %u descriptors of at most %u", process->fd_count, process->fd_limit);
    if (!explain->is_json)
        printf("%s\n\n", text_string(&text));
    text_free(&text);
    for (int state = TCP_ESTABLISHED; state <= TCP_CLOSING; state++) {
        if (states[state] == 0)
            continue;
        if (!explain->is_json)
            printf("%" PRIu64 " in %s, for example:\n", states[state],
                   lastack_state_text((enum tcp_state)state));
        for (size_t i = 0; i < explain->count; i++) {
            if (explain->list[i].pid == pid && explain->list[i].state == state) {
                explain_row(explain, &explain->list[i]);
                break;
            }
        }
    }
    return STATUS_FINE;
}

/* ---- states and errors ---- */

static int explain_state(const struct explain *explain, enum tcp_state state)
{
    const struct state_page *page = state_book_page(state);
    size_t count = 0, unowned = 0;
    for (size_t i = 0; i < explain->count; i++) {
        count += explain->list[i].state == state;
        unowned += explain->list[i].state == state &&
                   (explain->stack != NULL ? explain->list[i].owner_kind != LASTACK_OWNER_PROCESS
                                           : explain->list[i].inode == 0);
    }
    if (explain->is_json) {
        json_line(stdout, json_pack("{s:o,s:s,s:s,s:s,s:s,s:s,s:I,s:I}", "state", json_state(state),
                                    "means", page->what, "ends", page->ends, "whose", page->whose,
                                    "remedy", page->todo, "dont", page->dont, "count",
                                    (json_int_t)count, "without_owner", (json_int_t)unowned));
        return STATUS_FINE;
    }
    struct text text = {0};
    text_addf(&text, "%s: %s.\n", lastack_state_text(state), page->what);
    line(&text, "ends", page->ends);
    line(&text, "whose", page->whose);
    line(&text, "do", page->todo);
    line(&text, "don't", page->dont);
    text_addf(&text, "  here   %zu of them now, %zu without a descriptor\n", count, unowned);
    fputs(text_string(&text), stdout);
    text_free(&text);
    return STATUS_FINE;
}

static int explain_error(const struct explain *explain, const struct error_page *page)
{
    if (explain->is_json) {
        json_line(stdout, json_pack("{s:s,s:s,s:s,s:s}", "error", page->name, "means", page->what,
                                    "causes", page->causes, "look", page->look));
        return STATUS_FINE;
    }
    printf("%s: %s\n%slook:  %s\n", page->name, page->what, page->causes, page->look);
    return STATUS_FINE;
}

/* One bit, and not a group. */
static bool state_of_name(const char *name, enum tcp_state *state)
{
    uint32_t mask = filter_state_mask(name);
    for (int i = TCP_ESTABLISHED; i <= TCP_CLOSING; i++) {
        *state = (enum tcp_state)i;
        if (mask == 1u << i)
            return true;
    }
    return false;
}

/* ":8080", "8080", "port=8080", "192.0.2.1:8080" */
static bool take_port(const char *word, struct lastack_endpoint *wanted)
{
    char *end;
    const char *digits = word[0] == ':'                   ? word + 1
                         : strncmp(word, "port=", 5) == 0 ? word + 5
                                                          : word;
    unsigned long port = strtoul(digits, &end, 10);
    *wanted = (struct lastack_endpoint){0};
    if (isdigit((unsigned char)digits[0]) && *end == '\0' && port > 0 && port < 65536) {
        wanted->port = (uint16_t)port;
        return lastack_address_parse("::", &wanted->address);
    }
    return host_endpoint_parse(word, wanted) && wanted->port != 0;
}

static bool holds_sockets(const struct explain *explain, unsigned long pid)
{
    for (size_t i = 0; i < explain->count; i++)
        if (explain->list[i].pid == pid)
            return true;
    return false;
}

/* "4711", or "pid=4711"; not a number that no process can have. */
static bool take_pid(const char *word, uint32_t *pid)
{
    const char *digits = strncmp(word, "pid=", 4) == 0 ? word + 4 : word;
    const unsigned long number = strtoul(digits, NULL, 10); /* ULONG_MAX if it is far too large */
    if (digits[0] == '\0' || strspn(digits, "0123456789") != strlen(digits) || number == 0 ||
        number > INT32_MAX)
        return false;
    *pid = (uint32_t)number;
    return true;
}

static int complain(const char *word, const char *what)
{
    fprintf(stderr, "lastack explain: '%s' %s\n", word, what);
    return STATUS_USAGE;
}

static int explain_word(const struct explain *explain, const char *word)
{
    struct lastack_endpoint endpoint;
    enum tcp_state state;
    uint32_t pid;
    const struct error_page *page = state_book_error(word);

    if (page != NULL)
        return explain_error(explain, page);
    if (state_of_name(word, &state))
        return explain_state(explain, state);
    const bool is_pid = take_pid(word, &pid);
    if (is_pid && (word[0] == 'p' || pid > 65535 || holds_sockets(explain, pid)))
        return explain_pid(explain, pid);
    if (take_port(word, &endpoint))
        return explain_port(explain, endpoint.port);
    if (strncmp(word, "pid=", 4) == 0)
        return complain(word, "is no process: pid=1 to pid=2147483647");
    if (word[0] == ':' || strncmp(word, "port=", 5) == 0 ||
        strspn(word, "0123456789") == strlen(word))
        return complain(word, "is no port (1 to 65535) and no process");
    fprintf(stderr,
            "lastack explain: '%s' is no connection, :PORT, PID, state or error it knows (%s)\n",
            word, state_book_error_names());
    return STATUS_USAGE;
}

static int explain_two(struct explain *explain, char **words)
{
    struct lastack_endpoint first, second;
    enum tcp_state state;
    const struct error_page *page = state_book_error(words[0]);

    if (strcasecmp(words[0], "bind") == 0 ||
        (page != NULL && strcmp(page->name, "EADDRINUSE") == 0)) {
        if (take_port(words[1], &first))
            return explain_bind(explain, &first);
        return complain(words[1], "is no port: :8080, or 192.0.2.1:8080");
    }
    if (page != NULL || state_of_name(words[0], &state))
        return complain(words[1], "is more than it takes: only EADDRINUSE is asked of a port");
    if (!host_endpoint_parse(words[0], &first))
        return complain(words[0], "is no end of a connection: 192.0.2.1:80, [2001:db8::1]:80");
    if (!host_endpoint_parse(words[1], &second))
        return complain(words[1], "is no end of a connection: 192.0.2.1:80, [2001:db8::1]:80");
    return explain_tuple(explain, &first, &second);
}

int explain_main(int argc, char **argv)
{
    static const struct option options[] = {{"json", no_argument, NULL, 'j'},
                                            {"stack", required_argument, NULL, 's'},
                                            {"color", required_argument, NULL, 'c'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    struct explain explain = {0};
    bool has_color; /* nothing here has any */
    int option;
    optind = 1;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'h')
            return fputs(usage, stdout) < 0 ? STATUS_USAGE : STATUS_FINE;
        if (option == '?')
            return fputs(usage, stderr) < 0 ? STATUS_USAGE : STATUS_USAGE;
        if (option == 's')
            explain.stack = stack_option(optarg);
        if (option == 'c' && !color_option("explain", optarg, &has_color))
            return STATUS_USAGE;
        explain.is_json = explain.is_json || option == 'j';
    }
    if (argc - optind < 1 || argc - optind > 2)
        return fputs(usage, stderr) < 0 ? STATUS_USAGE : STATUS_USAGE;
    int status = read_rows(&explain);
    if (status == STATUS_FINE)
        status = argc - optind == 2 ? explain_two(&explain, argv + optind)
                                    : explain_word(&explain, argv[optind]);
    host_rows_free(&explain.rows);
    free(explain.list);
    return status;
}
