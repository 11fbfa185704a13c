/* A table that ends in the middle of the pointers of version 1.1: nothing of these may be called. */
#include "../hostile/good.h"

static void spoil(void) {
  worker.size = (uint32_t)offsetof(aw_worker, extent) + 4;
  worker.extent = (uint64_t (*)(struct aw_instance *, uint32_t, uint64_t))(uintptr_t)0x1122334455667788;
  worker.rewind = (void (*)(struct aw_instance *))(uintptr_t)0x1122334455667788;
  worker.presets = (void *)16, worker.preset_count = 7;
}
