/* Writes to address 0 in `process`. */
#include "../hostile/good.h"

static float *volatile nowhere;
static aw_status crash(aw_instance *it, const aw_block *block) {
  (void)it, (void)block;
  *nowhere = 1;
  return aw_status_OK;
}
static void spoil(void) {
  worker.process = crash;
}
