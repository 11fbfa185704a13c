/* Logs ten thousand lines in every `process`. */
#include "../hostile/good.h"

static const aw_host *lent;
static aw_status make(const aw_host *host, const aw_value *values, aw_instance **out) {
  lent = host;
  return create(host, values, out);
}
static aw_status flood(aw_instance *it, const aw_block *block) {
  for (int i = 0; i < 10000; i++) lent->log(lent->ctx, aw_level_INFO, "and on", 6);
  return process(it, block);
}
static void spoil(void) {
  worker.create = make;
  worker.process = flood;
}
