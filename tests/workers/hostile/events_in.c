/* An input of events; events are outputs only. */
#include "good.h"

static void spoil(void) {
  ports[0].kind = aw_kind_EVENTS;
}
