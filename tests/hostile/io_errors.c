/* Makes calls on the files of one directory fail: preloaded into a server, and told what to do
 * through a file that the test writes at any time. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

enum call { NONE, READ, WRITE, SYNC, TRUNCATE, MAP };

/* The same as `Plan` in io_errors.py. */
struct plan {
    int call;     /* which kind of call fails; NONE for none */
    int after;    /* how many calls of that kind still succeed */
    int times;    /* how many fail then */
    int error;    /* errno, or 0: only half is written */
    int failed;   /* how many have failed */
    char only[32]; /* how the name of the file ends */
};

static struct plan *volatile plan;
static char directory[PATH_MAX];

__attribute__((constructor)) static void begin(void) {
    const char *file = getenv("IO_ERRORS_PLAN"), *where = getenv("IO_ERRORS_DIRECTORY");
    if (!file || !where || !realpath(where, directory)) return;
    int fd = open(file, O_RDWR);
    if (fd < 0) return;
    void *(*map)(void *, size_t, int, int, int, off_t) = dlsym(RTLD_NEXT, "mmap");
    void *shared = map(NULL, sizeof(struct plan), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (shared != MAP_FAILED) plan = shared;
}

static int concerns(int fd) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    size_t parent = strlen(directory), end = strlen(plan->only);
    return !strncmp(path, directory, parent) && path[parent] == '/' && (size_t)length >= end
           && !strcmp(path + length - end, plan->only);
}

/* Returns whether this call is one that fails. */
static int fails(enum call call, int fd) {
    if (!plan || plan->call != (int)call || !concerns(fd)) return 0;
    if (__sync_fetch_and_sub(&plan->after, 1) > 0) return 0;
    plan->after = 0;
    if (__sync_fetch_and_sub(&plan->times, 1) <= 0) {
        plan->call = NONE;
        return 0;
    }
    __sync_fetch_and_add(&plan->failed, 1);
    return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define READS(name, offset_type)                                                   \
    ssize_t name(int fd, void *to, size_t count, offset_type at) {                 \
        if (fails(READ, fd)) { errno = plan->error ? plan->error : EIO; return -1; } \
        return REAL(name)(fd, to, count, at);                                      \
    }
#define WRITES(name, offset_type)                                                  \
    ssize_t name(int fd, const void *from, size_t count, offset_type at) {         \
        if (fails(WRITE, fd)) {                                                    \
            if (!plan->error && count > 1) return REAL(name)(fd, from, count / 2, at); \
            errno = plan->error ? plan->error : EIO;                               \
            return -1;                                                             \
        }                                                                          \
        return REAL(name)(fd, from, count, at);                                    \
    }
#define SYNCS(name)                                                                \
    int name(int fd) {                                                             \
        if (fails(SYNC, fd)) { errno = plan->error ? plan->error : EIO; return -1; } \
        return REAL(name)(fd);                                                     \
    }
#define TRUNCATES(name, offset_type)                                               \
    int name(int fd, offset_type length) {                                         \
        if (fails(TRUNCATE, fd)) { errno = plan->error ? plan->error : EIO; return -1; } \
        return REAL(name)(fd, length);                                             \
    }
#define MAPS(name, offset_type)                                                    \
    void *name(void *at, size_t length, int protection, int flags, int fd, offset_type from) { \
        if (fd >= 0 && fails(MAP, fd)) { errno = ENOMEM; return MAP_FAILED; }      \
        return REAL(name)(at, length, protection, flags, fd, from);                \
    }

READS(pread, off_t)
READS(pread64, off64_t)
WRITES(pwrite, off_t)
WRITES(pwrite64, off64_t)
SYNCS(fsync)
SYNCS(fdatasync)
TRUNCATES(ftruncate, off_t)
TRUNCATES(ftruncate64, off64_t)
MAPS(mmap, off_t)
MAPS(mmap64, off64_t)
