/* A live parameter, and no `set_param`. */
#include "good.h"

static void spoil(void) {
  worker.set_param = NULL;
}
