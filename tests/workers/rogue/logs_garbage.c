/* Logs what is not UTF-8, what is far too long, and a level that nobody knows, then refuses. */
#include "../hostile/good.h"

static char noise[1 << 16];
static aw_status rant(const aw_host *host, const aw_value *values, aw_instance **out) {
  (void)values, (void)out;
  memset(noise, 0xFF, sizeof noise);
  host->log(host->ctx, 77, noise, sizeof noise);
  host->log(host->ctx, aw_level_ERROR, noise, 0);
  host->log(host->ctx, aw_level_ERROR, noise, sizeof noise);
  return aw_status_ERROR;
}
static void spoil(void) {
  worker.create = rant;
}
