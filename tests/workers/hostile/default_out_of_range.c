/* A default above its own maximum. */
#include "good.h"

static void spoil(void) {
  params[0].default_num = 3;
}
