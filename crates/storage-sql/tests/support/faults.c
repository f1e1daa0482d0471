/* A disk that fails on command: loaded before libc, it lets calls on database files fail, or on those whose path contains
 * CARACAL_FAULTS_ON.
 *
 * The test writes its orders into the file named by CARACAL_FAULTS, which both sides see as shared memory:
 * eight 64-bit words in native order, see `faults.rs`. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ARMED, KIND, AT, FOREVER, SEEN, FIRED };
enum { NO_SPACE = 1, WRITE_ERROR, SHORT_WRITE, SYNC_ERROR, READ_ERROR };
#define WRITES (1 << NO_SPACE | 1 << WRITE_ERROR | 1 << SHORT_WRITE)
#define GROWS (1 << NO_SPACE | 1 << WRITE_ERROR)
#define SYNCS (1 << SYNC_ERROR)
#define READS (1 << READ_ERROR)

static volatile uint64_t *orders;
static const char *meant = ".db";

__attribute__((constructor)) static void open_orders(void) {
  const char *path = getenv("CARACAL_FAULTS");
  if (getenv("CARACAL_FAULTS_ON"))
    meant = getenv("CARACAL_FAULTS_ON");
  int fd = path ? open(path, O_RDWR) : -1;
  if (fd < 0)
    return;
  void *shared = mmap(NULL, 64, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (shared != MAP_FAILED)
    orders = shared;
}

/* The fault that this call meets, or 0. */
static int due(int fd, int kinds) {
  if (!orders || !orders[ARMED] || !(1 << orders[KIND] & kinds))
    return 0;
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0)
    return 0;
  path[length] = 0;
  if (!strstr(path, meant))
    return 0;
  uint64_t seen = __sync_add_and_fetch(&orders[SEEN], 1);
  if (seen != orders[AT] && !(orders[FOREVER] && seen > orders[AT]))
    return 0;
  __sync_add_and_fetch(&orders[FIRED], 1);
  return (int)orders[KIND];
}

#define REAL(result, name, ...)                                                                    \
  static result (*real)(__VA_ARGS__);                                                              \
  if (!real)                                                                                       \
    real = (result(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

#define FAIL(with)                                                                                 \
  do {                                                                                             \
    errno = (with);                                                                                \
    return -1;                                                                                     \
  } while (0)

#define WRITE(name, parameters, whole, half, ...)                                                  \
  ssize_t name parameters {                                                                        \
    REAL(ssize_t, #name, __VA_ARGS__);                                                             \
    switch (due(fd, WRITES)) {                                                                     \
    case NO_SPACE:                                                                                 \
      FAIL(ENOSPC);                                                                                \
    case WRITE_ERROR:                                                                              \
      FAIL(EIO);                                                                                   \
    case SHORT_WRITE:                                                                              \
      return size < 2 ? 0 : real half;                                                             \
    default:                                                                                       \
      return real whole;                                                                           \
    }                                                                                              \
  }

WRITE(write, (int fd, const void *from, size_t size), (fd, from, size), (fd, from, size / 2), int, const void *,
      size_t)
WRITE(pwrite, (int fd, const void *from, size_t size, off_t at), (fd, from, size, at), (fd, from, size / 2, at),
      int, const void *, size_t, off_t)
WRITE(pwrite64, (int fd, const void *from, size_t size, off64_t at), (fd, from, size, at),
      (fd, from, size / 2, at), int, const void *, size_t, off64_t)

#define OTHER(result, name, kinds, with, parameters, arguments, ...)                               \
  result name parameters {                                                                         \
    REAL(result, #name, __VA_ARGS__);                                                              \
    if (due(fd, kinds))                                                                            \
      FAIL(with);                                                                                  \
    return real arguments;                                                                         \
  }

OTHER(int, fsync, SYNCS, EIO, (int fd), (fd), int)
OTHER(int, fdatasync, SYNCS, EIO, (int fd), (fd), int)
OTHER(int, ftruncate, GROWS, EIO, (int fd, off_t size), (fd, size), int, off_t)
OTHER(int, ftruncate64, GROWS, EIO, (int fd, off64_t size), (fd, size), int, off64_t)
OTHER(ssize_t, read, READS, EIO, (int fd, void *to, size_t size), (fd, to, size), int, void *, size_t)
OTHER(ssize_t, pread, READS, EIO, (int fd, void *to, size_t size, off_t at), (fd, to, size, at), int, void *,
      size_t, off_t)
OTHER(ssize_t, pread64, READS, EIO, (int fd, void *to, size_t size, off64_t at), (fd, to, size, at), int,
      void *, size_t, off64_t)
