/* A worker that wants to hear the input more often than anybody has time for. */
#include "../hostile/good.h"

static aw_status insatiable(aw_instance *it, aw_setup *setup) {
  setup->rehearsals = UINT32_MAX, setup->rehearsals_why = NULL;
  return prepare(it, setup);
}

static void spoil(void) {
  worker.prepare = insatiable;
}
