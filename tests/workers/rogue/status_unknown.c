/* `process` returns a status that nobody knows. */
#include "../hostile/good.h"

static aw_status odd(aw_instance *it, const aw_block *block) {
  (void)it, (void)block;
  return 42;
}
static void spoil(void) {
  worker.process = odd;
}
