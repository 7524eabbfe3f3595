/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * http_request.c: see http_request.h. Lines end in CRLF or a bare LF (RFC 9112 §2.2); a CR anywhere
 * else, a NUL, a folded line, a space before a colon refuse the request.
 */
#include "http_request.h"

#include <string.h>
#include <strings.h>

/* Text inside the request. */
struct span {
    const char *at;
    size_t length;
};

/* What the fields said, before it is judged. */
struct fields {
    unsigned hosts;
    bool has_length, length_is_bad, has_transfer_encoding, is_chunked;
    bool close, keep_alive, expects_continue, expects_other;
    uint64_t length;
};

static bool span_is(struct span span, const char *word)
{
    return span.length == strlen(word) && strncasecmp(span.at, word, span.length) == 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct span trimmed(struct span span)
{
    while (span.length > 0 && is_blank(span.at[0])) {
        span.at++;
        span.length--;
    }
    while (span.length > 0 && is_blank(span.at[span.length - 1]))
        span.length--;
    return span;
}

/* The next item of a comma-separated list (RFC 9110 §5.6.1); false at its end. */
static bool next_item(struct span *list, struct span *item)
{
    const char *comma;

    if (list->length == 0)
        return false;
    comma = memchr(list->at, ',', list->length);
    item->at = list->at;
    item->length = comma != NULL ? (size_t)(comma - list->at) : list->length;
    list->at += item->length + (comma != NULL);
    list->length -= item->length + (comma != NULL);
    *item = trimmed(*item);
    return true;
}

/* tchar of RFC 9110 §5.6.2: what methods and field names are made of. */
static bool is_token(struct span span)
{
    static const char others[] = "!#$%&'*+-.^_`|~";

    for (size_t i = 0; i < span.length; i++) {
        char c = span.at[i];
        bool is_alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

        if (!is_alnum && (c == '\0' || strchr(others, c) == NULL))
            return false;
    }
    return span.length > 0;
}

bool http_parse_number(const char *digits, size_t length, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned digit = (unsigned)(digits[i] - '0');

        if (digit > 9 || *value > (HTTP_NUMBER_MAX - digit) / 10)
            return false;
        *value = *value * 10 + digit;
    }
    return length > 0;
}

/* Takes one line off `rest`; false if its end has not arrived. */
static bool next_line(struct span *rest, struct span *line)
{
    const char *end = memchr(rest->at, '\n', rest->length);

    if (end == NULL)
        return false;
    line->at = rest->at;
    line->length = (size_t)(end - rest->at);
    rest->length -= line->length + 1;
    rest->at = end + 1;
    if (line->length > 0 && line->at[line->length - 1] == '\r')
        line->length--;
    return true;
}

/* ---- the request line ---- */

static enum http_method method_of(struct span word)
{
    static const char *const names[] = {"GET", "HEAD", "PUT", "POST"};

    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        if (word.length == strlen(names[i]) && memcmp(word.at, names[i], word.length) == 0)
            return (enum http_method)i; /* methods are case-sensitive */
    return HTTP_OTHER_METHOD;
}

/* The path of origin-form ("/x?q") or absolute-form ("http://host/x"), RFC 9112 §3.2. */
static unsigned take_path(struct span target, struct http_request *request)
{
    static const char scheme[] = "http://";
    const char *query;

    for (size_t i = 0; i < target.length; i++)
        if (target.at[i] <= ' ' || target.at[i] == 0x7f)
            return 400;
    if (target.length > strlen(scheme) && strncasecmp(target.at, scheme, strlen(scheme)) == 0) {
        const char *slash = memchr(target.at + strlen(scheme), '/', target.length - strlen(scheme));

        target.length = slash != NULL ? target.length - (size_t)(slash - target.at) : 1;
        target.at = slash != NULL ? slash : "/";
    }
    query = memchr(target.at, '?', target.length);
    if (query != NULL)
        target.length = (size_t)(query - target.at);
    if (target.length == 0 || (target.at[0] != '/' && !span_is(target, "*")))
        return 400;
    if (target.length >= sizeof request->path)
        return 414;
    memcpy(request->path, target.at, target.length);
    request->path[target.length] = '\0';
    return 0;
}

/* "METHOD SP target SP HTTP/1.x"; 0 or the status to refuse it with. */
static unsigned parse_request_line(struct span line, struct http_request *request)
{
    const char *first = memchr(line.at, ' ', line.length);
    struct span method, target, version;
    const char *second;

    if (first == NULL)
        return 400;
    method = (struct span){line.at, (size_t)(first - line.at)};
    target = (struct span){first + 1, line.length - method.length - 1};
    second = memchr(target.at, ' ', target.length);
    if (second == NULL || !is_token(method))
        return 400;
    version = (struct span){second + 1, target.length - (size_t)(second - target.at) - 1};
    target.length = (size_t)(second - target.at);
    if (version.length != 8 || memcmp(version.at, "HTTP/", 5) != 0 || version.at[6] != '.' ||
        version.at[5] < '0' || version.at[5] > '9' || version.at[7] < '0' || version.at[7] > '9')
        return 400;
    if (version.at[5] != '1')
        return 505;
    request->minor_version = (unsigned)(version.at[7] - '0');
    request->method = method_of(method);
    return take_path(target, request);
}

/* ---- fields ---- */

static void take_length(struct span value, struct fields *fields)
{
    struct span item;
    uint64_t length;

    while (next_item(&value, &item)) {
        if (!http_parse_number(item.at, item.length, &length) ||
            (fields->has_length && fields->length != length))
            fields->length_is_bad = true;
        fields->length = length;
        fields->has_length = true;
    }
    if (!fields->has_length)
        fields->length_is_bad = true;
}

static void take_connection(struct span value, struct fields *fields)
{
    struct span item;

    while (next_item(&value, &item)) {
        fields->close |= span_is(item, "close");
        fields->keep_alive |= span_is(item, "keep-alive");
    }
}

static unsigned take_field(struct span line, struct fields *fields)
{
    const char *colon = memchr(line.at, ':', line.length);
    struct span name, value;

    if (colon == NULL || is_blank(line.at[0])) /* no field, or a folded line (§5.2) */
        return 400;
    name = (struct span){line.at, (size_t)(colon - line.at)};
    value = trimmed((struct span){colon + 1, line.length - name.length - 1});
    if (!is_token(name))
        return 400;
    if (memchr(value.at, '\r', value.length) != NULL ||
        memchr(value.at, '\0', value.length) != NULL)
        return 400;
    if (span_is(name, "host")) {
        fields->hosts++;
    } else if (span_is(name, "content-length")) {
        take_length(value, fields);
    } else if (span_is(name, "transfer-encoding")) {
        fields->is_chunked = !fields->has_transfer_encoding && span_is(value, "chunked");
        fields->has_transfer_encoding = true;
    } else if (span_is(name, "connection")) {
        take_connection(value, fields);
    } else if (span_is(name, "expect")) {
        fields->expects_continue |= span_is(value, "100-continue");
        fields->expects_other |= !span_is(value, "100-continue");
    }
    return 0;
}

/* What the fields mean together; 0 or the status to refuse them with. */
static unsigned judge(const struct fields *fields, struct http_request *request)
{
    if (request->minor_version > 0 ? fields->hosts != 1 : fields->hosts > 1)
        return 400;
    if (fields->length_is_bad || (fields->has_length && fields->has_transfer_encoding))
        return 400;
    if (fields->has_transfer_encoding && request->minor_version == 0)
        return 400;
    if (fields->has_transfer_encoding && !fields->is_chunked)
        return 501;
    if (fields->expects_other)
        return 417;
    request->has_length = fields->has_length;
    request->length = fields->length;
    request->is_chunked = fields->is_chunked;
    request->expects_continue = fields->expects_continue && request->minor_version > 0;
    request->keep_alive = !fields->close && (request->minor_version > 0 || fields->keep_alive);
    return 0;
}

static enum http_parse refuse(unsigned *status, unsigned code)
{
    *status = code;
    return HTTP_REFUSED;
}

enum http_parse http_request_parse(const char *text, size_t length, struct http_request *request,
                                   unsigned *status)
{
    struct span rest = {text, length}, line;
    struct fields fields = {0};
    unsigned code;

    memset(request, 0, sizeof *request);
    do { /* empty lines before a request are forgiven (§2.2) */
        if (!next_line(&rest, &line))
            return length < HTTP_HEAD_MAX ? HTTP_NEEDS_MORE : refuse(status, 414);
    } while (line.length == 0);
    code = parse_request_line(line, request);
    if (code != 0)
        return refuse(status, code);
    for (;;) {
        if (!next_line(&rest, &line))
            return length < HTTP_HEAD_MAX ? HTTP_NEEDS_MORE : refuse(status, 431);
        if (line.length == 0)
            break;
        code = take_field(line, &fields);
        if (code != 0)
            return refuse(status, code);
    }
    request->head_length = (size_t)(rest.at - text);
    code = judge(&fields, request);
    return code == 0 ? HTTP_PARSED : refuse(status, code);
}

const char *http_reason(unsigned status)
{
    static const struct {
        unsigned status;
        const char *text;
    } reasons[] = {
        {100, "Continue"},
        {200, "OK"},
        {400, "Bad Request"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {417, "Expectation Failed"},
        {431, "Request Header Fields Too Large"},
        {501, "Not Implemented"},
        {505, "HTTP Version Not Supported"},
    };

    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (reasons[i].status == status)
            return reasons[i].text;
    return "Error";
}
