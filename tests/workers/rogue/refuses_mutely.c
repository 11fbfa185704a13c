/* `prepare` refuses and never says why. */
#include "../hostile/good.h"

static aw_status mute(aw_instance *it, aw_setup *setup) {
  (void)it, (void)setup;
  return aw_status_ERROR;
}
static void spoil(void) {
  worker.prepare = mute;
}
