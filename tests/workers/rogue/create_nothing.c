/* `create` says all is well and makes no instance. */
#include "../hostile/good.h"

static aw_status nothing(const aw_host *host, const aw_value *values, aw_instance **out) {
  (void)host, (void)values;
  *out = NULL;
  return aw_status_OK;
}
static void spoil(void) {
  worker.create = nothing;
}
