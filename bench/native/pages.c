/*
 * malloc as a peer of suite `frames`: the same workloads, over whatever malloc this is linked with.
 *
 * Prints the file that malloc comes from, then answers one line for each line of its input:
 *
 *   in   WORKLOAD BYTES THREADS LIVE BLOCKS MS
 *   out  ns a pair, one figure for each thread
 *
 *   repeat  malloc, free the same                  random  replace one of LIVE, chosen at random
 *   burst   LIVE mallocs, then LIVE frees          bulk    BLOCKS mallocs, then BLOCKS frees
 *
 * Threads are pinned, live as long as the program (their caches stay warm), start together and time
 * their own loops: whole passes until MS have gone by. Blocks are never written to. Compile with
 * -fno-builtin-malloc -fno-builtin-free, or the compiler removes what is to be measured.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define THREADS 2
/** Pairs between two looks at the clock. */
#define PASS 1000

struct job {
  char workload[16];
  size_t bytes;
  unsigned threads, live, blocks;
  double ms;
};

static struct job job;
static double answers[THREADS];
static pthread_barrier_t begin, end;
static atomic_uint arrived;

static void *take(void) {
  void *block = malloc(job.bytes);
  if (block == NULL) abort();
  return block;
}

static void repeat(void) {
  for (unsigned i = 0; i < PASS; i++) free(take());
}

static void replace(void **blocks, uint32_t *seed) {
  for (unsigned i = 0; i < PASS; i++) {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    void **at = &blocks[((uint64_t)*seed * job.live) >> 32];
    free(*at);
    *at = take();
  }
}

static void fill(void **blocks, unsigned count) {
  for (unsigned i = 0; i < count; i++) blocks[i] = take();
}

static void drain(void **blocks, unsigned count) {
  for (unsigned i = 0; i < count; i++) free(blocks[i]);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e9 + time.tv_nsec;
}

static int is(const char *workload) {
  return strcmp(job.workload, workload) == 0;
}

/** One pass of the workload. Returns its pairs. */
static unsigned pass(void **blocks, uint32_t *seed) {
  if (is("repeat")) {
    repeat();
    return PASS;
  }
  if (is("random")) {
    replace(blocks, seed);
    return PASS;
  }
  unsigned count = is("burst") ? job.live : job.blocks;
  fill(blocks, count);
  drain(blocks, count);
  return count;
}

static double measure(void **blocks) {
  uint32_t seed = 1;
  if (is("random")) fill(blocks, job.live);
  atomic_fetch_add(&arrived, 1);
  while (atomic_load(&arrived) < job.threads) continue;
  double pairs = 0, start = now(), time;
  do {
    pairs += pass(blocks, &seed);
    time = now() - start;
  } while (time < job.ms * 1e6);
  if (is("random")) drain(blocks, job.live);
  return time / pairs;
}

static void *serve(void *argument) {
  unsigned index = (unsigned)(uintptr_t)argument;
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  /* The first thread on the last CPU, as the workers of the other subjects are pinned. */
  CPU_SET((sysconf(_SC_NPROCESSORS_ONLN) - 1 - index) % sysconf(_SC_NPROCESSORS_ONLN), &cpus);
  pthread_setaffinity_np(pthread_self(), sizeof cpus, &cpus);
  void **blocks = NULL;
  for (;;) {
    pthread_barrier_wait(&begin);
    if (index < job.threads) {
      unsigned most = job.live > job.blocks ? job.live : job.blocks;
      blocks = realloc(blocks, most * sizeof *blocks);
      answers[index] = measure(blocks);
    }
    pthread_barrier_wait(&end);
  }
  return NULL;
}

int main(void) {
  Dl_info from = {0};
  dladdr((void *)malloc, &from);
  printf("%s\n", from.dli_fname == NULL ? "?" : from.dli_fname);
  fflush(stdout);
  pthread_barrier_init(&begin, NULL, THREADS + 1);
  pthread_barrier_init(&end, NULL, THREADS + 1);
  for (uintptr_t i = 0; i < THREADS; i++) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, serve, (void *)i) != 0) return 1;
  }
  while (scanf("%15s %zu %u %u %u %lf", job.workload, &job.bytes, &job.threads, &job.live,
               &job.blocks, &job.ms) == 6) {
    if (job.threads > THREADS) return 1;
    atomic_store(&arrived, 0);
    pthread_barrier_wait(&begin);
    pthread_barrier_wait(&end);
    for (unsigned i = 0; i < job.threads; i++) printf("%.3f ", answers[i]);
    printf("\n");
    fflush(stdout);
  }
  return 0;
}
