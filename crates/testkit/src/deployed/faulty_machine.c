/* The clock and the disk of a machine that is not well, for one process: this library is loaded before the C library, so the
   program under test is the one that is shipped. What is wrong is read from a file that the test writes into, and how often it
   was noticed is written there. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

struct machine {
  int64_t ahead_ns; /* of the wall clock */
  int64_t sync_ns;  /* what a sync takes longer */
  int64_t full;     /* whether files have no room */
  int64_t felt;     /* how often any of these was noticed */
};
static volatile struct machine *machine;

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("FAULTY_MACHINE");
  int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
  void *mapped = file < 0 ? MAP_FAILED : mmap(0, sizeof *machine, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  /* A test that believes the machine to be unwell would prove nothing. */
  if (mapped == MAP_FAILED) abort();
  close(file);
  machine = mapped;
}

static void feel(void) { __atomic_fetch_add(&machine->felt, 1, __ATOMIC_RELAXED); }

static int64_t wall_ns(void) {
  struct timespec now;
  syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
  int64_t ahead = machine ? machine->ahead_ns : 0;
  if (ahead) feel();
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec + ahead;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE) return syscall(SYS_clock_gettime, clock, now);
  int64_t ns = wall_ns();
  now->tv_sec = ns / 1000000000;
  now->tv_nsec = ns % 1000000000;
  return 0;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  (void)zone;
  int64_t ns = wall_ns();
  now->tv_sec = ns / 1000000000;
  now->tv_usec = ns / 1000 % 1000000;
  return 0;
}

time_t time(time_t *now) {
  time_t seconds = wall_ns() / 1000000000;
  if (now) *now = seconds;
  return seconds;
}

static void wait_for_disk(void) {
  int64_t ns = machine ? machine->sync_ns : 0;
  struct timespec late = {ns / 1000000000, ns % 1000000000};
  if (!ns) return;
  feel();
  nanosleep(&late, 0);
}

int fsync(int file) {
  wait_for_disk();
  return syscall(SYS_fsync, file);
}

int fdatasync(int file) {
  wait_for_disk();
  return syscall(SYS_fdatasync, file);
}

/* Sockets and pipes have room, and so has what the process says: it tells what went wrong. */
static int is_full(int file) {
  struct stat found;
  if (!machine || !machine->full || file <= STDERR_FILENO || fstat(file, &found) || !S_ISREG(found.st_mode)) return 0;
  feel();
  errno = ENOSPC;
  return 1;
}

ssize_t write(int file, const void *bytes, size_t count) {
  return is_full(file) ? -1 : syscall(SYS_write, file, bytes, count);
}

ssize_t writev(int file, const struct iovec *parts, int count) {
  return is_full(file) ? -1 : syscall(SYS_writev, file, parts, count);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t at) {
  return is_full(file) ? -1 : syscall(SYS_pwrite64, file, bytes, count, at);
}

int fallocate64(int file, int mode, off64_t at, off64_t length) {
  return is_full(file) ? -1 : syscall(SYS_fallocate, file, mode, at, length);
}

#ifdef __LP64__
ssize_t pwrite(int file, const void *bytes, size_t count, off_t at) { return pwrite64(file, bytes, count, at); }
int fallocate(int file, int mode, off_t at, off_t length) { return fallocate64(file, mode, at, length); }
#endif
