/*
 * A futex mutex as a peer: what threads get that fight for one lock in a native program.
 *
 * Prints its name, then answers one line for each line of its input:
 *
 *   in   KIND THREADS HOLD MS    KIND: plain, or timed: each wait is measured, which costs 50 ns
 *   out  ACQUISITIONS LONGEST    of each thread; longest wait in ns, 0 when not timed
 *
 * The mutex is pthread's, which is a futex and forbids no barging. Inside it a thread adds HOLD times
 * to a shared word, outside it does nothing. Threads are pinned and start together.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MOST_THREADS 2
/** Acquisitions between two looks at the clock. */
#define PASS 100

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static volatile unsigned shared;
static atomic_uint arrived;
static unsigned threads, hold;
static int is_timed;
static double ms;

struct answer {
  unsigned long acquisitions;
  double longest;
};
static struct answer answers[MOST_THREADS];

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e9 + time.tv_nsec;
}

static void acquire(struct answer *answer) {
  double start = is_timed ? now() : 0;
  pthread_mutex_lock(&mutex);
  double wait = is_timed ? now() - start : 0;
  for (unsigned i = 0; i < hold; i++) shared = shared + 1;
  pthread_mutex_unlock(&mutex);
  if (wait > answer->longest) answer->longest = wait;
}

static void *compete(void *argument) {
  unsigned index = (unsigned)(uintptr_t)argument;
  long count = sysconf(_SC_NPROCESSORS_ONLN);
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET((count - 1 - index % count) % count, &cpus);
  pthread_setaffinity_np(pthread_self(), sizeof cpus, &cpus);
  struct answer answer = {0, 0};
  atomic_fetch_add(&arrived, 1);
  while (atomic_load(&arrived) < threads) continue;
  double end = now() + ms * 1e6;
  do {
    for (unsigned i = 0; i < PASS; i++) acquire(&answer);
    answer.acquisitions += PASS;
  } while (now() < end);
  answers[index] = answer;
  return NULL;
}

int main(void) {
  char kind[16];
  printf("pthread mutex\n");
  fflush(stdout);
  while (scanf("%15s %u %u %lf", kind, &threads, &hold, &ms) == 4 && threads <= MOST_THREADS) {
    pthread_t others[MOST_THREADS];
    is_timed = strcmp(kind, "timed") == 0;
    atomic_store(&arrived, 0);
    for (uintptr_t i = 0; i < threads; i++) pthread_create(&others[i], NULL, compete, (void *)i);
    for (unsigned i = 0; i < threads; i++) pthread_join(others[i], NULL);
    for (unsigned i = 0; i < threads; i++) {
      printf("%lu %.0f ", answers[i].acquisitions, answers[i].longest);
    }
    printf("\n");
    fflush(stdout);
  }
  return 0;
}
