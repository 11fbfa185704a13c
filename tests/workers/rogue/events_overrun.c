/* Says that it wrote more events than there was room for. */
#include "../hostile/good.h"

static aw_status silent(aw_instance *it, aw_setup *setup) {
  (void)it, (void)setup;
  return aw_status_OK;
}
static aw_status overrun(aw_instance *it, const aw_block *block) {
  (void)it;
  block->outputs[0].frames += 1000000;
  return aw_status_OK;
}
static void spoil(void) {
  ports[1].kind = aw_kind_EVENTS;
  worker.prepare = silent;
  worker.process = overrun;
}
