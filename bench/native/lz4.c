/*
 * liblz4 as a peer: the same pages through its fast compressor and its safe decoder.
 *
 * Prints its name, then answers one line for each line of its input:
 *
 *   in   open PAGES BLOCKS   files: pages of PAGE bytes; for each a u32 and a block of that length
 *   out  BYTES               compressed size of all pages; 0: a block does not decode to its page
 *   in   compress MS         or decompress MS: again and again until MS of processor time are spent
 *   out  NS                  for a page
 */
#include <lz4.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PAGE 4096

static char *pages, *blocks;
static long count;
static char state[1 << 15], out[LZ4_COMPRESSBOUND(PAGE)];

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return time.tv_sec * 1e9 + time.tv_nsec;
}

static char *contents(const char *name, long *size) {
  FILE *file = fopen(name, "rb");
  if (file == NULL) exit(1);
  fseek(file, 0, SEEK_END);
  *size = ftell(file);
  rewind(file);
  char *bytes = malloc(*size);
  if (fread(bytes, 1, *size, file) != (size_t)*size) exit(1);
  fclose(file);
  return bytes;
}

static int compress(long page) {
  return LZ4_compress_fast_extState(state, pages + page * PAGE, out, PAGE, sizeof out, 1);
}

static const char *decompress(const char *block, int *size) {
  uint32_t length;
  memcpy(&length, block, 4);
  *size = LZ4_decompress_safe(block + 4, out, length, PAGE);
  return block + 4 + length;
}

static long open(const char *page_file, const char *block_file) {
  long bytes, size = 0;
  free(pages);
  free(blocks);
  pages = contents(page_file, &bytes);
  count = bytes / PAGE;
  blocks = contents(block_file, &bytes);
  const char *block = blocks;
  for (long page = 0; page < count; page++) {
    int length;
    block = decompress(block, &length);
    if (length != PAGE || memcmp(out, pages + page * PAGE, PAGE) != 0) return 0;
    size += compress(page);
  }
  return size;
}

static void pass(int is_compress) {
  const char *block = blocks;
  int size;
  for (long page = 0; page < count; page++) {
    if (is_compress) compress(page);
    else block = decompress(block, &size);
  }
}

int main(void) {
  static char line[8192], page_file[4096], block_file[4096];
  double ms;
  puts("lz4");
  fflush(stdout);
  if ((size_t)LZ4_sizeofState() > sizeof state) return 1;
  while (fgets(line, sizeof line, stdin)) {
    if (sscanf(line, "open %4095s %4095s", page_file, block_file) == 2) {
      printf("%ld\n", open(page_file, block_file));
    } else {
      int is_compress = sscanf(line, "compress %lf", &ms) == 1;
      if (!is_compress && sscanf(line, "decompress %lf", &ms) != 1) return 1;
      double start = now(), time;
      long passes = 0;
      do {
        pass(is_compress);
        passes++;
        time = now() - start;
      } while (time < ms * 1e6);
      printf("%f\n", time / passes / count);
    }
    fflush(stdout);
  }
}
