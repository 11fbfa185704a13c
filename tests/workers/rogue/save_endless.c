/* `save` always needs a byte more than there is room for. */
#include "../hostile/good.h"

static aw_status save(aw_instance *it, uint8_t *data, size_t room, size_t *len) {
  (void)it, (void)data;
  *len = room + 1;
  return aw_status_SHORT;
}
static aw_status load(aw_instance *it, const uint8_t *data, size_t len) {
  (void)it, (void)data, (void)len;
  return aw_status_OK;
}
static void spoil(void) {
  worker.save = save;
  worker.load = load;
}
