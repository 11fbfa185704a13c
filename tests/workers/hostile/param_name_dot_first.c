/* A parameter in a group without a name. */
#include "good.h"

static void spoil(void) {
  params[0].name = ".gain";
}
