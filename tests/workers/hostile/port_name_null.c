/* A port without a name. */
#include "good.h"

static void spoil(void) {
  ports[0].name = NULL;
}
