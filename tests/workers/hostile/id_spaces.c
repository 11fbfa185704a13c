/* A worker whose id no graph file can name: it has spaces. */
#include "good.h"

static void spoil(void) {
  worker.id = "vic tim";
}
