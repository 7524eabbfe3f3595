/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay.c: runs a fuzz target without a fuzzer, as a test.
 *
 *     fuzz_NAME [-n COUNT] [FILE|FOLDER...]
 *
 * Every file as it is (inputs that once failed live in tests/fuzz/corpus/NAME), then COUNT inputs
 * of seeded noise: a file with some bytes changed, cut or repeated, or bytes from nothing. Equal
 * runs, equal inputs; on a crash the input that caused it is in fuzz-crash.bin.
 */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "rng.h"

enum { INPUT_MAX = 4096, FILES_MAX = 1024 };

struct input {
    size_t size;
    uint8_t bytes[INPUT_MAX];
};

static struct input files[FILES_MAX];
static size_t file_count;
static struct input now_running;

static void keep_input(int signal_number)
{
    FILE *file = fopen("fuzz-crash.bin", "wb");
    if (file != NULL) {
        fwrite(now_running.bytes, 1, now_running.size, file);
        fclose(file);
    }
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static void run(const struct input *input)
{
    now_running = *input;
    /* An exact copy on the heap, so that a sanitizer sees one byte too far. */
    uint8_t *exact = malloc(input->size > 0 ? input->size : 1);
    if (exact == NULL)
        exit(2);
    memcpy(exact, input->bytes, input->size);
    LLVMFuzzerTestOneInput(exact, input->size);
    free(exact);
}

static void read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(2);
    }
    if (file_count < FILES_MAX) {
        struct input *input = &files[file_count++];
        input->size = fread(input->bytes, 1, INPUT_MAX, file);
    }
    fclose(file);
}

static void read_path(const char *path)
{
    DIR *folder = opendir(path);
    if (folder == NULL) {
        read_file(path);
        return;
    }
    struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) {
        char name[1024];
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.')
            read_file(name);
    }
    closedir(folder);
}

/* A file changed in a few places, or noise. */
static void invent(struct rng *rng, struct input *input)
{
    if (file_count > 0 && rng_below(rng, 4) != 0) {
        *input = files[rng_below(rng, (uint32_t)file_count)];
    } else {
        input->size = rng_below(rng, 512);
        for (size_t i = 0; i < input->size; i++)
            input->bytes[i] = (uint8_t)rng_next(rng);
    }
    for (uint32_t changes = rng_below(rng, 8); changes > 0 && input->size > 0; changes--) {
        uint32_t at = rng_below(rng, (uint32_t)input->size);
        switch (rng_below(rng, 4)) {
        case 0: /* one byte becomes another */
            input->bytes[at] = (uint8_t)rng_next(rng);
            break;
        case 1: /* one bit flips */
            input->bytes[at] ^= (uint8_t)(1u << rng_below(rng, 8));
            break;
        case 2: /* the tail is cut off */
            input->size = at;
            break;
        default: /* a piece is repeated */
            if (input->size * 2 - at <= INPUT_MAX) {
                memmove(input->bytes + input->size, input->bytes + at, input->size - at);
                input->size += input->size - at;
            }
        }
    }
}

int main(int argc, char **argv)
{
    unsigned long count = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-n") == 0 && i + 1 < argc)
            count = strtoul(argv[++i], NULL, 10);
        else
            read_path(argv[i]);
    }
    signal(SIGABRT, keep_input);
    signal(SIGSEGV, keep_input);
    for (size_t i = 0; i < file_count; i++)
        run(&files[i]);

    struct rng rng;
    rng_init(&rng, 1);
    for (unsigned long i = 0; i < count; i++) {
        static struct input invented;
        invent(&rng, &invented);
        run(&invented);
    }
    printf("%zu files, %lu invented inputs\n", file_count, count);
    return 0;
}
