/* A disk that fails on command: loaded before libc, it lets calls on database files fail, or on those whose path contains
 * CARACAL_FAULTS_ON.
 *
 * The test writes its orders into the file named by CARACAL_FAULTS, which both sides see as shared memory:
 * eight 64-bit words in native order, see `faults.rs`.
 *
 * What reaches the disk is kept in the directory CARACAL_FAULTS_DISK: with every sync of a file its content, with every
 * sync of a directory its names. That is all that a power cut leaves, see `power.rs`. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ARMED, KIND, AT, FOREVER, SEEN, FIRED };
enum { NO_SPACE = 1, WRITE_ERROR, SHORT_WRITE, SYNC_ERROR, READ_ERROR, POWER_CUT };
#define CUT (1 << POWER_CUT)
#define WRITES (1 << NO_SPACE | 1 << WRITE_ERROR | 1 << SHORT_WRITE | CUT)
#define GROWS (1 << NO_SPACE | 1 << WRITE_ERROR | CUT)
#define SYNCS (1 << SYNC_ERROR | CUT)
#define READS (1 << READ_ERROR)

#define REAL(result, name, ...)                                                                    \
  static result (*real)(__VA_ARGS__);                                                              \
  if (!real)                                                                                       \
    real = (result(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

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

/* The path of a descriptor, if it is meant. */
static int named(int fd, char *path, size_t size) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, size - 1);
  if (length < 0)
    return 0;
  path[length] = 0;
  return strstr(path, meant) != NULL;
}

/* The fault that a call meets on this path, or 0. */
static int due_at(const char *path, int kinds) {
  if (!orders || !orders[ARMED] || !(1 << orders[KIND] & kinds) || !strstr(path, meant))
    return 0;
  uint64_t seen = __sync_add_and_fetch(&orders[SEEN], 1);
  if (seen != orders[AT] && !(orders[FOREVER] && seen > orders[AT]))
    return 0;
  __sync_add_and_fetch(&orders[FIRED], 1);
  return (int)orders[KIND];
}

static int due(int fd, int kinds) {
  char path[4096];
  if (!orders || !orders[ARMED] || !named(fd, path, sizeof path))
    return 0;
  return due_at(path, kinds);
}

/* Whether a file or directory is on disk as it is now: one that was synced while the power is there. */
static void reached_disk(int fd) {
  static __thread int within;
  const char *disk = getenv("CARACAL_FAULTS_DISK");
  char path[4096], kept[8192], staged[8300];
  struct stat of;
  if (within || !disk || !named(fd, path, sizeof path) || fstat(fd, &of))
    return;
  within = 1;
  int directory = S_ISDIR(of.st_mode);
  if (directory) {
    char *slash;
    size_t length = (size_t)snprintf(kept, sizeof kept, "%s/names-", disk);
    snprintf(kept + length, sizeof kept - length, "%s", path);
    while ((slash = strchr(kept + length, '/')))
      *slash = '!';
  } else {
    snprintf(kept, sizeof kept, "%s/content-%llu", disk, (unsigned long long)of.st_ino);
  }
  snprintf(staged, sizeof staged, "%s.%d", kept, gettid());
  FILE *to = fopen(staged, "w");
  if (to && directory) {
    DIR *names = opendir(path);
    for (struct dirent *entry; names && (entry = readdir(names));)
      if (entry->d_name[0] != '.' || entry->d_name[1])
        fprintf(to, "%d %llu %s\n", entry->d_type == DT_DIR, (unsigned long long)entry->d_ino, entry->d_name);
    if (names)
      closedir(names);
  } else if (to) {
    /* The descriptor itself where it can be read: closing another one would release the locks of this file. */
    int own = (fcntl(fd, F_GETFL) & O_ACCMODE) != O_WRONLY, from = own ? fd : open(path, O_RDONLY);
    REAL(ssize_t, "pread64", int, void *, size_t, off64_t);
    static __thread char some[1 << 16];
    off64_t at = 0;
    for (ssize_t got; from >= 0 && (got = real(from, some, sizeof some, at)) > 0; at += got)
      fwrite(some, 1, (size_t)got, to);
    if (!own && from >= 0)
      close(from);
  }
  if (to && fclose(to) == 0)
    renameat(AT_FDCWD, staged, AT_FDCWD, kept);
  within = 0;
}

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
    case POWER_CUT:                                                                                \
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

#define SYNC(name)                                                                                 \
  int name(int fd) {                                                                               \
    REAL(int, #name, int);                                                                         \
    if (due(fd, SYNCS))                                                                            \
      FAIL(EIO);                                                                                   \
    int synced = real(fd);                                                                         \
    if (synced == 0)                                                                               \
      reached_disk(fd);                                                                            \
    return synced;                                                                                 \
  }

SYNC(fsync)
SYNC(fdatasync)

#define NAMES(name, parameters, path, arguments, ...)                                              \
  int name parameters {                                                                            \
    REAL(int, #name, __VA_ARGS__);                                                                 \
    if (due_at(path, CUT))                                                                         \
      FAIL(EIO);                                                                                   \
    return real arguments;                                                                         \
  }

NAMES(rename, (const char *from, const char *to), to, (from, to), const char *, const char *)
NAMES(unlink, (const char *path), path, (path), const char *)
NAMES(mkdir, (const char *path, mode_t mode), path, (path, mode), const char *, mode_t)
OTHER(int, ftruncate, GROWS, EIO, (int fd, off_t size), (fd, size), int, off_t)
OTHER(int, ftruncate64, GROWS, EIO, (int fd, off64_t size), (fd, size), int, off64_t)
OTHER(ssize_t, read, READS, EIO, (int fd, void *to, size_t size), (fd, to, size), int, void *, size_t)
OTHER(ssize_t, pread, READS, EIO, (int fd, void *to, size_t size, off_t at), (fd, to, size, at), int, void *,
      size_t, off_t)
OTHER(ssize_t, pread64, READS, EIO, (int fd, void *to, size_t size, off64_t at), (fd, to, size, at), int,
      void *, size_t, off64_t)
