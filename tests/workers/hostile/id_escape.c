/* A worker whose id would write to the terminal: an escape sequence. */
#include "good.h"

static void spoil(void) {
  worker.id = "victim\x1b[2J";
}
