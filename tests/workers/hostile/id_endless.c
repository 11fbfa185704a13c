/* A worker whose id is a megabyte long, with its end out of reach of any sane reader. */
#include "good.h"

static char endless[1 << 20];

static void spoil(void) {
  memset(endless, 'v', sizeof endless - 1);
  worker.id = endless;
}
